//! From a definition of the outline to the file that defines the block.

use super::body::{Body, File, Scope};
use super::imports::Imports;
use super::layout::{self, Code, Expr};
use super::load::Method;
use super::ops;
use super::quote::{self, BESIDE_PARAMETERS, Comment, RustIdent, RustType};
use super::view::{BlockView, LoadView, ParameterView};
use crate::back::Unsupported;
use crate::back::names::Names;
use crate::ir::op::Pad;
use crate::ir::{Op, Shape};
use crate::outline::{Call, Definition, Expression, Field, Meaning, Name, Parameter, Step, Value, visit};
use crate::valid::Checked;
use std::collections::{BTreeMap, BTreeSet};

/// The most arguments of a function that clippy is content with.
const ARGUMENTS: usize = 7;

/// A definition in Rust.
#[derive(Debug)]
pub(super) struct Block<'a> {
    definition: &'a Definition,
    calls: Vec<&'a Call>,
    pub(super) ty: RustType,
    pub(super) module: RustIdent,
    parameters: Vec<RustIdent>,
    /// The parameters that making the block reads.
    used: BTreeSet<usize>,
    /// Where each parameter is used.
    about: Vec<About>,
    /// Whether a layer's name is made from the block's.
    takes_name: bool,
    /// The dimensions of what it reads and of what it makes.
    pub(super) ranks: (u64, u64),
    pub(super) methods: Vec<Method>,
    pub(super) imports: Imports,
}

/// The layers and flags with which a parameter is used.
#[derive(Debug, Clone, Default)]
struct About {
    /// The flags of the layers that use it; `None` stands for a layer that is always there.
    guards: BTreeSet<Option<usize>>,
    /// The first layer of which it is a field.
    layers: BTreeMap<Field, RustIdent>,
    /// Whether a layer with weights is named by it.
    weights: bool,
}

impl<'a> Block<'a> {
    /// The definition that `calls` use; its names are taken of `types` and `modules`.
    pub(super) fn new(
        definition: &'a Definition,
        calls: Vec<&'a Call>,
        types: &mut Names,
        modules: &mut Names,
    ) -> Self {
        let ty = RustType::of_block(&definition.name, types);
        let module = RustIdent::of_module(&definition.name, modules);
        let mut names = Names::default();
        let ident = |parameter: &Parameter| RustIdent::new(&parameter.name).take(BESIDE_PARAMETERS, &mut names);
        let parameters = definition.parameters.iter().map(ident).collect();
        let mut about = vec![About::default(); definition.parameters.len()];
        let mut takes_name = false;
        visit(&definition.body, &mut |item| {
            for (field, expression) in &item.fields {
                if let Some(about) = index(*expression).and_then(|index| about.get_mut(index)) {
                    about.guards.insert(item.guard);
                    if matches!(expression, Expression::Parameter(_)) && ops::is_layer(&item.op) {
                        let layer = || RustIdent::numbered(item.role.as_str(), item.unit);
                        about.layers.entry(*field).or_insert_with(layer);
                    }
                }
            }
            if ops::method(&item.op).is_none() {
                return;
            }
            match &item.name {
                Name::Suffix(_) => takes_name = true,
                Name::Parameter(index) => about.iter_mut().skip(*index).take(1).for_each(|about| about.weights = true),
                Name::Whole(_) => {}
            }
        });
        let (used, methods, imports, ranks) = (BTreeSet::new(), Vec::new(), Imports::default(), (4, 4));
        Self { definition, calls, ty, module, parameters, used, about, takes_name, ranks, methods, imports }
    }

    /// The file.
    ///
    /// # Errors
    /// What about the block cannot be written.
    pub(super) fn view(&mut self, network: &Checked, header: &Comment) -> Result<BlockView, Unsupported> {
        self.ranks = self.ranks(network)?;
        let texts = self.named_layers().map(|(_, name)| name.clone()).collect();
        let nodes = self.definition.nodes(&self.calls);
        let scope = Scope { network, parameters: &self.parameters, texts: &texts, nodes: &nodes };
        let mut file = File { types: Names::of([self.ty.to_string()]), ..File::default() };
        file.imports.prelude();
        let mut body = Body::new(&scope, &mut file, self.ranks.0);
        body.steps(&self.definition.body);
        for load in &body.loads {
            load.methods(&mut |method| self.methods.push(method));
        }
        let owner = Code::new(format_args!("self"));
        let lines: Vec<_> = body.loads.iter().map(|load| load.write(8, &owner)).collect();
        let (made, takes_device, forward) = (body.made, body.takes_device, body.flow.finish());
        let fields = body.fields;
        if let Some(reason) = file.refusal {
            return Err(self.unsupported(network, reason));
        }
        if !lines.is_empty() {
            file.imports.weights("Weights");
        }
        self.used = file.used;
        self.imports = file.imports;
        let parts = file.parts;
        let load = (!lines.is_empty()).then(|| LoadView {
            is_long: 2 + usize::from(self.takes_name) + texts.len() > ARGUMENTS,
            signature: self.signature(),
            lines,
        });
        Ok(BlockView {
            header: header.clone(),
            module_doc: Comment::new(&format!("The block `{}`.", self.definition.name)),
            doc: self.doc(network),
            imports: self.imports.lines(),
            config: self.ty.config(),
            parameters: self.configuration(),
            destructure: self.destructure(),
            make: Expr::Struct(self.ty.clone(), made).line(8, format_args!(""), ""),
            takes_device,
            fields,
            ranks: self.ranks,
            forward,
            parts,
            load,
            ty: self.ty.clone(),
        })
    }

    fn unsupported(&self, network: &Checked, reason: &str) -> Unsupported {
        let node = self.calls.first().and_then(|call| call.nodes.last().copied()).unwrap_or_else(|| network.output());
        Unsupported { node, reason: reason.to_owned() }
    }

    /// The dimensions of what the block reads and of what it makes, the same wherever it is used.
    fn ranks(&self, network: &Checked) -> Result<(u64, u64), Unsupported> {
        let of_call = |call: &&Call| ends(network, call).map(|(read, made)| (rank(read), rank(made)));
        let mut ranks = self.calls.iter().filter_map(of_call);
        let first = ranks.next().unwrap_or((4, 4));
        if ranks.all(|ranks| ranks == first) {
            return Ok(first);
        }
        Err(self.unsupported(network, "its block reads maps in one place and vectors in another"))
    }

    fn doc(&self, network: &Checked) -> Vec<Comment> {
        let expression = |expression: Expression| match expression {
            Expression::Literal(value) => value.to_string(),
            Expression::Real(value) => format!("{value:?}"),
            Expression::Parameter(index) => format!("`{}`", self.name(index)),
            Expression::Multiple(factor, index) => format!("{factor} `{}`", self.name(index)),
            Expression::Half(index) => format!("`{}` / 2", self.name(index)),
        };
        let mut inputs = None;
        let outputs = channels(&self.definition.body, Channels::Read, &mut inputs);
        let inputs = inputs.map_or_else(|| "C".to_owned(), expression);
        let outputs = match outputs {
            Channels::Read => inputs.clone(),
            Channels::Made(channels) => expression(channels),
            Channels::Unknown => "C'".to_owned(),
        };
        let keeps = |call: &&Call| ends(network, call).is_none_or(|(read, made)| read.size() == made.size());
        let size = if self.calls.iter().all(keeps) { " x H x W" } else { " x H' x W'" };
        let map = |rank: u64, size: &'static str| if rank == 4 { size } else { "" };
        let text = format!(
            "{} {} block: N x {inputs}{} to N x {outputs}{}.",
            if quote::article(&self.definition.name) == "a" { "A" } else { "An" },
            self.definition.name,
            map(self.ranks.0, " x H x W"),
            map(self.ranks.1, size)
        );
        layout::paragraph(0, &text)
    }

    fn name(&self, parameter: usize) -> String {
        self.parameters.get(parameter).map_or_else(String::new, RustIdent::to_string)
    }

    fn configuration(&self) -> Vec<ParameterView> {
        let named = self.definition.parameters.iter().zip(&self.parameters).enumerate();
        named
            .filter(|(at, _)| self.used.contains(at))
            .filter_map(|(at, (parameter, name))| {
                let ty = match parameter.meaning {
                    Meaning::Number(field) if field.is_real() => Code::new(format_args!("f64")),
                    Meaning::Number(_) => Code::new(format_args!("usize")),
                    Meaning::Flag => Code::new(format_args!("bool")),
                    Meaning::Text => return None,
                };
                let default = default(parameter);
                Some(ParameterView { doc: self.meaning(at, parameter), default, name: name.clone(), ty })
            })
            .collect()
    }

    /// What the parameter `at` says, and of which layer, where several say the same of different ones.
    fn meaning(&self, at: usize, parameter: &Parameter) -> Comment {
        let alike = |other: &&Parameter| other.meaning == parameter.meaning;
        let (Meaning::Number(field @ (Field::Inputs | Field::Filters)), true) =
            (parameter.meaning, self.definition.parameters.iter().filter(alike).nth(1).is_some())
        else {
            return meaning(parameter);
        };
        let layer = self.about.get(at).and_then(|about| about.layers.get(&field));
        match (field, layer) {
            (Field::Inputs, Some(layer)) => Comment::new(&format!("Channels that `{layer}` reads.")),
            (_, Some(layer)) => Comment::new(&format!("Channels that `{layer}` makes.")),
            (_, None) => meaning(parameter),
        }
    }

    fn destructure(&self) -> Option<Code> {
        let fields: Vec<_> = self
            .configuration()
            .into_iter()
            .map(|parameter| {
                let value = Expr::atom(format_args!("{}", parameter.name));
                (parameter.name, value)
            })
            .collect();
        let pattern = Expr::Struct(RustType::new("Self"), fields);
        (!self.configuration().is_empty()).then(|| pattern.pattern(8, "*self"))
    }

    fn signature(&self) -> Code {
        let name = self.takes_name.then(|| Expr::atom(format_args!("name: &str")));
        let layers = self.named_layers().map(|(_, name)| Expr::atom(format_args!("{name}: &str")));
        let before = [Expr::atom(format_args!("&mut self")), Expr::atom(format_args!("weights: &mut Weights"))];
        let arguments = before.into_iter().chain(name).chain(layers).collect();
        Expr::Call(Code::new(format_args!("fn load")), arguments).line(4, format_args!("pub(crate) "), " {")
    }

    /// The parameters that name layers with weights.
    fn named_layers(&self) -> impl Iterator<Item = (usize, &RustIdent)> {
        self.parameters.iter().enumerate().filter(|(at, _)| self.about.get(*at).is_some_and(|about| about.weights))
    }

    /// The names that a call hands to the block's `load`, in the order of its parameters.
    pub(super) fn names<'c>(&self, call: &'c Call) -> Vec<&'c str> {
        let layers = self.named_layers().map(|(at, _)| match call.arguments.get(at) {
            Some(Value::Text(name)) => name.as_str(),
            Some(Value::Number(_) | Value::Real(_) | Value::Flag(_)) | None => "",
        });
        self.takes_name.then_some(call.name.as_str()).into_iter().chain(layers).collect()
    }

    /// The configuration that makes the block that `call` stands for.
    pub(super) fn configure(&self, call: &Call) -> Expr {
        let (mut required, mut optional) = (Vec::new(), Vec::new());
        let named = self.definition.parameters.iter().zip(&self.parameters).enumerate();
        for (at, (parameter, name)) in named {
            let value = match call.arguments.get(at) {
                _ if !self.used.contains(&at) => continue,
                Some(Value::Number(value)) => Code::new(format_args!("{value}")),
                Some(Value::Real(value)) => Code::new(format_args!("{value:?}")),
                Some(Value::Flag(flag)) => Code::new(format_args!("{flag}")),
                Some(Value::Text(_)) | None => continue,
            };
            match default(parameter) {
                None => required.push(value),
                Some(default) if default != value && self.matters(at, call) => {
                    optional.push(Expr::atom(format_args!("with_{name}({value})")));
                }
                Some(_) => {}
            }
        }
        let function = Code::new(format_args!("{}::new", self.ty.config()));
        let head = Expr::Call(function, required.into_iter().map(Expr::Atom).collect());
        if optional.is_empty() { head } else { Expr::Chain(Box::new(head), optional) }
    }

    /// Whether the parameter `at` says anything in `call`: it does not where all that it is about is left out.
    fn matters(&self, at: usize, call: &Call) -> bool {
        let is_there = |guard: &Option<usize>| guard.is_none_or(|guard| call.is_set(guard));
        self.about.get(at).is_none_or(|about| about.guards.is_empty() || about.guards.iter().any(is_there))
    }
}

/// The parameter in `expression`.
fn index(expression: Expression) -> Option<usize> {
    match expression {
        Expression::Literal(_) | Expression::Real(_) => None,
        Expression::Parameter(index) | Expression::Multiple(_, index) | Expression::Half(index) => Some(index),
    }
}

/// The shapes that the block which `call` stands for reads and makes.
fn ends(network: &Checked, call: &Call) -> Option<(Shape, Shape)> {
    // The first node of every branch at its beginning reads what the block reads.
    let (first, last) = (*call.nodes.first()?, *call.nodes.last()?);
    let value = network.layer(first).operands.first().copied()?;
    Some((network.shape(value), network.shape(last)))
}

fn rank(shape: Shape) -> u64 {
    match shape {
        Shape::Map { .. } => 4,
        Shape::Vector(_) => 2,
    }
}

/// The channels of a value in a body.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Channels {
    /// Those that the body reads.
    Read,
    Made(Expression),
    Unknown,
}

/// The channels after `steps`, which read `value`; `inputs` becomes what a step says about those that the body reads.
fn channels(steps: &[Step], mut value: Channels, inputs: &mut Option<Expression>) -> Channels {
    for step in steps {
        let item = step.item();
        if let (Channels::Read, Step::Item(item)) = (value, step) {
            *inputs = inputs.or(item.fields.get(&Field::Inputs).copied());
        }
        let field =
            |field: Field| item.fields.get(&field).map_or(Channels::Unknown, |channels| Channels::Made(*channels));
        let branches = match step {
            Step::Item(_) => &[][..],
            Step::Join { branches, .. } => branches,
        };
        let ends: Vec<_> = branches.iter().map(|branch| channels(branch, value, inputs)).collect();
        value = match &item.op {
            Op::Conv2d(_) | Op::Linear(_) => field(Field::Filters),
            Op::Slice(_) => field(Field::Length),
            Op::Add(_) | Op::Multiply(_) => {
                let made = ends.iter().find(|end| matches!(end, Channels::Made(_)));
                let known = made.or_else(|| ends.iter().find(|end| **end != Channels::Unknown));
                known.copied().unwrap_or(Channels::Unknown)
            }
            Op::Concat(_) | Op::Flatten(_) | Op::Pad(Pad::Channels { .. }) => Channels::Unknown,
            Op::Pad(Pad::Spatial(_))
            | Op::Input(_)
            | Op::BatchNorm(_)
            | Op::Activation(_)
            | Op::MaxPool(_)
            | Op::AdaptivePool(_)
            | Op::Subsample(_)
            | Op::Dropout(_)
            | Op::AvgPool(_)
            | Op::Blur(_)
            | Op::ChannelConv(_)
            | Op::DropPath(_)
            | Op::GroupNorm(_)
            | Op::LayerNorm(_)
            | Op::LayerScale(_)
            | Op::PathSoftmax(_) => value,
        };
    }
    value
}

/// What a parameter is in most blocks.
fn default(parameter: &Parameter) -> Option<Code> {
    match parameter.meaning {
        Meaning::Number(Field::Stride | Field::Dilation | Field::Groups) => Some(Code::new(format_args!("1"))),
        Meaning::Number(Field::Before | Field::After) => Some(Code::new(format_args!("0"))),
        Meaning::Number(Field::Rate) => Some(Code::new(format_args!("0.0"))),
        Meaning::Flag => Some(Code::new(format_args!("false"))),
        Meaning::Number(
            Field::Inputs
            | Field::Filters
            | Field::Kernel
            | Field::Padding
            | Field::Start
            | Field::Length
            | Field::Paths
            | Field::Init
            | Field::Epsilon,
        )
        | Meaning::Text => None,
    }
}

fn meaning(parameter: &Parameter) -> Comment {
    let text = match parameter.meaning {
        Meaning::Number(Field::Inputs) => "Channels of the input.",
        Meaning::Number(Field::Filters) => "Output channels of convolutions.",
        Meaning::Number(Field::Kernel) => "The size of a window.",
        Meaning::Number(Field::Stride) => "The step with which the block goes over its input.",
        Meaning::Number(Field::Dilation) => "Distance between the elements of a dilated kernel.",
        Meaning::Number(Field::Padding) => "Zeros on every side.",
        Meaning::Number(Field::Groups) => "Groups of a grouped convolution.",
        Meaning::Number(Field::Before) => "Zero channels before those of the shortcut.",
        Meaning::Number(Field::After) => "Zero channels after those of the shortcut.",
        Meaning::Number(Field::Start) => "The first channel of a slice.",
        Meaning::Number(Field::Length) => "Channels of a slice.",
        Meaning::Number(Field::Paths) => "Paths that a softmax weighs.",
        Meaning::Number(Field::Rate) => "The probability with which something is dropped in training.",
        Meaning::Number(Field::Init) => "What the factors of a layer scale are before training.",
        Meaning::Number(Field::Epsilon) => "What a norm adds to the variance.",
        Meaning::Flag => return Comment::new(&format!("Whether the block has its `{}`.", parameter.name)),
        Meaning::Text => "The name of a layer.",
    };
    Comment::new(text)
}
