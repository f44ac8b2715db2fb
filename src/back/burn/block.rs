//! From a definition of the outline to the file that defines the block.

use super::body::{Body, Scope};
use super::imports::Imports;
use super::layout::{self, Code, Expr};
use super::load::Method;
use super::quote::{Comment, RustIdent, RustType};
use super::view::{BlockView, LoadView, ParameterView};
use crate::ir::{Op, Shape};
use crate::outline::{Call, Definition, Expression, Field, Item, Meaning, Name, Parameter, Step, Value};
use crate::valid::Checked;
use std::collections::BTreeSet;

/// A definition in Rust.
#[derive(Debug)]
pub(super) struct Block<'a> {
    definition: &'a Definition,
    pub(super) ty: RustType,
    pub(super) module: RustIdent,
    parameters: Vec<RustIdent>,
    /// For each parameter whether a layer with weights is named by it.
    names_weights: Vec<bool>,
    /// Whether a layer's name is made from the block's.
    takes_name: bool,
    pub(super) methods: Vec<Method>,
    pub(super) imports: Imports,
}

impl<'a> Block<'a> {
    pub(super) fn new(definition: &'a Definition) -> Self {
        let ty = RustType::of_block(&definition.name);
        let module = RustIdent::new(&definition.name).with("block");
        let parameters = definition.parameters.iter().map(|parameter| RustIdent::new(&parameter.name)).collect();
        let mut names_weights = vec![false; definition.parameters.len()];
        let mut takes_name = false;
        items(&definition.body, &mut |item| {
            if !has_weights(&item.op) {
                return;
            }
            match &item.name {
                Name::Suffix(_) => takes_name = true,
                Name::Parameter(index) => names_weights.iter_mut().skip(*index).take(1).for_each(|named| *named = true),
                Name::Whole(_) => {}
            }
        });
        let (methods, imports) = (Vec::new(), Imports::default());
        Self { definition, ty, module, parameters, names_weights, takes_name, methods, imports }
    }

    /// The file, for a network in which `first` is the definition's first use.
    pub(super) fn view(&mut self, network: &Checked, first: &Call, header: &Comment) -> BlockView {
        let scope = Scope { network, block: &first.name, parameters: &self.parameters, classes: None };
        let mut imports = Imports::default();
        imports.prelude();
        let mut body = Body::new(&scope);
        body.steps(&self.definition.body, &mut imports);
        for load in &body.loads {
            load.methods(&mut |method| self.methods.push(method));
        }
        let owner = Code::new(format_args!("self"));
        let lines: Vec<_> = body.loads.iter().map(|load| load.write(8, &owner)).collect();
        if !lines.is_empty() {
            imports.weights("Weights");
        }
        let load = (!lines.is_empty()).then(|| LoadView { signature: self.signature(), lines });
        let view = BlockView {
            header: header.clone(),
            module_doc: Comment::new(&format!("The block `{}`.", self.definition.name)),
            doc: self.doc(),
            imports: imports.lines(),
            config: self.ty.config(),
            parameters: self.configuration(),
            destructure: self.destructure(),
            make: Expr::Struct(self.ty.clone(), body.made).line(8, format_args!(""), ""),
            fields: body.fields,
            forward: body.flow.finish(),
            parts: body.parts,
            load,
            ty: self.ty.clone(),
        };
        self.imports = imports;
        view
    }

    fn doc(&self) -> Vec<Comment> {
        let expression = |expression: Expression| match expression {
            Expression::Literal(value) => value.to_string(),
            Expression::Real(value) => value.to_string(),
            Expression::Parameter(index) => format!("`{}`", self.name(index)),
            Expression::Multiple(factor, index) => format!("{factor} `{}`", self.name(index)),
            Expression::Half(index) => format!("`{}` / 2", self.name(index)),
        };
        let ends = ends(&self.definition.body);
        let channels = |at: Option<Expression>| at.map_or_else(|| "C".to_owned(), expression);
        let (inputs, outputs) = (channels(ends.0), channels(ends.1));
        let outputs = if ends.1.is_none() { &inputs } else { &outputs };
        let text = format!(
            "A {} block: N x {inputs} x H x W to N x {outputs} x {}.",
            self.definition.name,
            if keeps_size(&self.definition.body) { "H x W" } else { "H' x W'" }
        );
        layout::paragraph(0, &text)
    }

    fn name(&self, parameter: usize) -> String {
        self.parameters.get(parameter).map_or_else(String::new, RustIdent::to_string)
    }

    fn configuration(&self) -> Vec<ParameterView> {
        let named = self.definition.parameters.iter().zip(&self.parameters);
        named
            .filter_map(|(parameter, name)| {
                let ty = match parameter.meaning {
                    Meaning::Number(field) if field.is_real() => Code::new(format_args!("f64")),
                    Meaning::Number(_) => Code::new(format_args!("usize")),
                    Meaning::Flag => Code::new(format_args!("bool")),
                    Meaning::Text => return None,
                };
                let default = default(parameter);
                Some(ParameterView { doc: meaning(parameter), default, name: name.clone(), ty })
            })
            .collect()
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
        (!self.configuration().is_empty()).then(|| pattern.line(8, format_args!("let "), " = *self;"))
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
        self.parameters.iter().enumerate().filter(|(at, _)| self.names_weights.get(*at) == Some(&true))
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
                Some(Value::Number(value)) => Code::new(format_args!("{value}")),
                Some(Value::Real(value)) => Code::new(format_args!("{value:?}")),
                Some(Value::Flag(flag)) => Code::new(format_args!("{flag}")),
                Some(Value::Text(_)) | None => continue,
            };
            match default(parameter) {
                None => required.push(value),
                Some(default) if default != value && self.matters(at, call) => {
                    optional.push(Code::new(format_args!("with_{name}({value})")));
                }
                Some(_) => {}
            }
        }
        let required: Vec<_> = required.iter().map(Code::to_string).collect();
        let head = Code::new(format_args!("{}::new({})", self.ty.config(), required.join(", ")));
        if optional.is_empty() { Expr::Atom(head) } else { Expr::Chain(head, optional) }
    }

    /// Whether the parameter `at` says anything in `call`: it does not where all that it is about is left out.
    fn matters(&self, at: usize, call: &Call) -> bool {
        let mut guards = BTreeSet::new();
        items(&self.definition.body, &mut |item| {
            let about = item.fields.values().any(|expression| match expression {
                Expression::Literal(_) | Expression::Real(_) => false,
                Expression::Parameter(index) | Expression::Multiple(_, index) | Expression::Half(index) => *index == at,
            });
            if about {
                guards.insert(item.guard);
            }
        });
        let is_set = |guard: &Option<usize>| {
            guard.is_none_or(|guard| matches!(call.arguments.get(guard), Some(Value::Flag(true))))
        };
        guards.is_empty() || guards.iter().any(is_set)
    }
}

fn has_weights(op: &Op) -> bool {
    !op.parameters(Shape::Vector(1)).is_empty()
}

/// Calls `see` with every item, the joining ones after their branches.
fn items(steps: &[Step], see: &mut impl FnMut(&Item)) {
    for step in steps {
        match step {
            Step::Item(item) => see(item),
            Step::Join { branches, item } => {
                for branch in branches {
                    items(branch, see);
                }
                see(item);
            }
        }
    }
}

/// The channels that a body reads and writes, as far as its convolutions say.
fn ends(steps: &[Step]) -> (Option<Expression>, Option<Expression>) {
    let (mut first, mut last) = (None, None);
    for step in steps {
        match step {
            Step::Item(item) => {
                first = first.or(item.fields.get(&Field::Inputs).copied());
                last = item.fields.get(&Field::Filters).copied().or(last);
            }
            Step::Join { branches, .. } => {
                let (read, written) = branches.first().map_or((None, None), |branch| ends(branch));
                first = first.or(read);
                last = written.or(last);
            }
        }
    }
    (first, last)
}

/// Whether nothing in a body has a stride.
fn keeps_size(steps: &[Step]) -> bool {
    let mut keeps = true;
    items(steps, &mut |item| {
        keeps &= item.fields.get(&Field::Stride).is_none_or(|stride| *stride == Expression::Literal(1));
    });
    keeps
}

/// What a parameter is in most blocks.
fn default(parameter: &Parameter) -> Option<Code> {
    match parameter.meaning {
        Meaning::Number(Field::Stride | Field::Dilation | Field::Groups) => Some(Code::new(format_args!("1"))),
        Meaning::Number(Field::Before | Field::After) => Some(Code::new(format_args!("0"))),
        Meaning::Flag => Some(Code::new(format_args!("false"))),
        Meaning::Number(
            Field::Inputs
            | Field::Filters
            | Field::Padding
            | Field::Kernel
            | Field::Start
            | Field::Length
            | Field::Paths
            | Field::Rate
            | Field::Init
            | Field::Epsilon,
        )
        | Meaning::Text => None,
    }
}

fn meaning(parameter: &Parameter) -> Comment {
    let text = match parameter.meaning {
        Meaning::Number(Field::Inputs) => "Channels of the input.".to_owned(),
        Meaning::Number(Field::Filters) => "Output channels of convolutions.".to_owned(),
        Meaning::Number(Field::Stride) => "The step with which the block goes over its input.".to_owned(),
        Meaning::Number(Field::Dilation) => "Distance between the elements of a dilated kernel.".to_owned(),
        Meaning::Number(Field::Padding) => "Zeros on every side.".to_owned(),
        Meaning::Number(Field::Groups) => "Groups of a grouped convolution.".to_owned(),
        Meaning::Number(Field::Before) => "Zero channels before those of the shortcut.".to_owned(),
        Meaning::Number(Field::After) => "Zero channels after those of the shortcut.".to_owned(),
        Meaning::Number(Field::Kernel) => "The size of a window.".to_owned(),
        Meaning::Number(Field::Start) => "The first channel of a slice.".to_owned(),
        Meaning::Number(Field::Length) => "Channels of a slice.".to_owned(),
        Meaning::Number(Field::Paths) => "Paths of a softmax over paths.".to_owned(),
        Meaning::Number(Field::Rate) => "The probability of dropping in training.".to_owned(),
        Meaning::Number(Field::Init) => "What the factors of a layer scale begin with.".to_owned(),
        Meaning::Number(Field::Epsilon) => "What a norm adds to the variance.".to_owned(),
        Meaning::Flag => format!("Whether the block has its `{}`.", parameter.name),
        Meaning::Text => "The name of a layer.".to_owned(),
    };
    Comment::new(&text)
}
