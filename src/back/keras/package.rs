//! From an outline to the view of the whole package.

use super::body::{Writer, Written};
use super::calls::{self, Plain, Word};
use super::channels;
use super::head::{self, Head};
use super::known::Known;
use super::layer::draws_bias;
use super::python::{Comment, PyFloat, PyIdent, PyNumber, PyStr};
use super::view::{Argument, Convolution, Function, Kind, Meaning, Needs, Package, Parameter, Stage, Weights};
use crate::back::Unsupported;
use crate::back::names::Names;
use crate::ir::dialect::Layout;
use crate::ir::op::{PoolKind, RunningVariance};
use crate::ir::{Draw, Label, NodeId, Op, ParameterKind, Shape};
use crate::outline::{self, Definition, Expression, Field, Outline, Value, visit};
use crate::valid::Checked;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The package called `name` for `network`.
pub(super) fn package(
    network: &Checked,
    outline: &Outline,
    name: PyIdent,
    header: Comment,
) -> Result<Package, Unsupported> {
    let classifier = network.classifier();
    let known = Known::of(network, classifier);
    let head = Head::of(network, &known.order, classifier, &outline.head);
    let mut needs = needs(network);
    let stem = Writer::part(&known, &mut needs, 1).write(&outline.stem)?.lines;
    let neck = Writer::part(&known, &mut needs, 1).write(head.neck)?.lines;
    let top = Writer::part(&known, &mut needs, 2).write(head.top)?.lines;
    let mut blocks: Vec<Block> = Vec::new();
    let mut names = Names::of([name.to_string()]);
    for ((definition, calls), kind) in outline.definitions.iter().zip(outline.uses()).zip(kinds(&outline.definitions)) {
        let written = Writer::block(&known, &mut needs, definition, calls.clone()).write(&definition.body)?;
        let ident = PyIdent::take(&format!("{}_block", definition.name), &mut names);
        blocks.push(Block::new(network, ident, (definition, kind), &calls, written));
    }
    let mut top_nodes = BTreeSet::new();
    visit(head.top, &mut |item| _ = top_nodes.insert(item.node));
    Ok(Package {
        header,
        dialect: Comment::new(&network.graph().dialect.name),
        weights: weights(network, &needs, &top_nodes),
        defaults: head.defaults(network, classifier, &needs),
        needs,
        input: PyStr::new(network.graph().input().map_or("", |input| network.name(input))),
        stem,
        stages: outline.stages.iter().map(|stage| calls_of(network, stage, &blocks)).collect(),
        neck,
        top,
        pools: [PoolKind::Average, PoolKind::Maximum].map(|kind| head::pool(&known, &top_nodes, kind)),
        blocks: blocks.into_iter().map(|block| block.function).collect(),
        name,
    })
}

/// Python's own limit of recursion.
const PYTHON_FRAMES: u64 = 1000;
/// Nodes of a network that Keras takes in within that limit, what calls it and layers that pad included.
const SHALLOW: usize = 500;

/// What the ops of `network` need to have defined.
fn needs(network: &Checked) -> Needs {
    let dialect = &network.graph().dialect;
    let mut needs = Needs::default();
    let (mut biased, mut convolutions, mut linears, mut norms) = (false, false, false, false);
    for layer in network.layers() {
        needs.dots |= layer.name.contains('.') && !layer.node.op.parameters(layer.input).is_empty();
        if let Op::Conv2d(conv) = layer.node.op {
            convolutions |= conv.init.kernel == dialect.convolution_init.kernel;
            biased |= conv.bias;
            needs.drawn_bias |= draws_bias(conv.bias, conv.init);
        }
        if let Op::Linear(linear) = layer.node.op {
            linears |= linear.init.kernel == dialect.linear_init.kernel;
            needs.drawn_bias |= draws_bias(linear.bias, linear.init);
        }
        if let Op::ChannelConv(conv) = layer.node.op {
            needs.channel_conv = Some(dialect.channel_conv_init.kernel);
            needs.channel_convs |= conv.init.kernel != dialect.channel_conv_init.kernel;
        }
        if let Op::BatchNorm(norm) = layer.node.op {
            norms = true;
            needs.unbiased |= norm.running_variance == RunningVariance::Unbiased;
        }
    }
    let frames = u64::try_from(network.graph().len()).unwrap_or(u64::MAX).saturating_mul(2) + PYTHON_FRAMES;
    needs.recursion = Some(PyNumber::Literal(frames)).filter(|_| network.graph().len() > SHALLOW);
    let own = |init: Draw| needs.dots || init != Draw::GlorotUniform;
    let convolution = Convolution { init: dialect.convolution_init.kernel, no_bias: !biased };
    needs.convolution = Some(convolution).filter(|convolution| convolutions && own(convolution.init));
    needs.linear = Some(dialect.linear_init.kernel).filter(|init| linears && own(*init));
    needs.norm = norms && needs.dots;
    needs
}

fn weights(network: &Checked, needs: &Needs, top: &BTreeSet<NodeId>) -> Weights {
    let dialect = &network.graph().dialect;
    let names = &dialect.names.parameters;
    let kinds = [
        ("kernel", ParameterKind::Kernel),
        ("bias", ParameterKind::Bias),
        ("gamma", ParameterKind::Scale),
        ("beta", ParameterKind::Shift),
        ("moving_mean", ParameterKind::Mean),
        ("moving_variance", ParameterKind::Variance),
        ("gain", ParameterKind::Gain),
    ];
    let kinds = kinds.into_iter().filter(|(_, kind)| *kind != ParameterKind::Gain || needs.layer_scale);
    let of_top = network
        .parameters()
        .filter(|(parameter, _)| top.contains(&parameter.node))
        .map(|(parameter, _)| PyStr::new(&names.tensor(network.name(parameter.node), parameter.kind)));
    Weights {
        suffixes: kinds.map(|(keras, kind)| (PyStr::new(keras), PyStr::new(names.suffix(kind)))).collect(),
        torch: dialect.names.layout == Layout::Torch,
        ignored: names.ignored.iter().map(|ending| PyStr::new(ending)).collect(),
        top: of_top.collect(),
    }
}

fn calls_of(network: &Checked, stage: &outline::Stage, blocks: &[Block]) -> Stage {
    let last = stage.calls.last().and_then(|call| call.nodes.last()).map(|node| network.shape(*node));
    let sides = last.and_then(Shape::size).into_iter().flatten();
    let shape = sides.chain(last.map(Shape::channels)).map(PyNumber::Literal).collect();
    let plain: Vec<_> = stage.calls.iter().filter_map(|call| Some(blocks.get(call.definition)?.call(call))).collect();
    Stage { number: PyNumber::Literal(u64::from(stage.number) + 1), shape, calls: calls::fold(&plain) }
}

/// A block's function, and how it is called.
#[derive(Debug)]
struct Block {
    function: Function,
    /// The outline's index of each parameter of the function but the block's name.
    indices: Vec<Option<usize>>,
    uses: BTreeMap<usize, Vec<Option<usize>>>,
}

impl Block {
    fn new(
        network: &Checked,
        name: PyIdent,
        (definition, kind): (&Definition, Kind),
        calls: &[&outline::Call],
        written: Written,
    ) -> Self {
        let mut parameters = Vec::new();
        let said = said(definition).into_iter();
        for (index, ((known, ident), said)) in
            definition.parameters.iter().zip(&written.parameters).zip(said).enumerate()
        {
            if written.uses.contains_key(&index) {
                let uses = written.uses.get(&index).map_or(&[][..], Vec::as_slice);
                let idle = calls.iter().any(|call| is_idle(call, uses)).then_some(Argument::None);
                let default = default(known, index, calls).or(idle);
                let text = known.meaning == outline::Meaning::Text;
                let meaning = meaning(known, said);
                parameters.push((Some(index), Parameter { name: ident.clone(), default, keyword_only: text, meaning }));
            }
        }
        let mut suffixed = false;
        visit(&definition.body, &mut |item| suffixed |= matches!(item.name, outline::Name::Suffix(_)));
        if suffixed {
            let name = PyIdent::fresh("name");
            parameters.push((None, Parameter { name, default: None, keyword_only: true, meaning: Meaning::Block }));
        }
        parameters.sort_by_key(|(_, parameter)| (parameter.keyword_only, parameter.default.is_some()));
        let (indices, parameters): (Vec<_>, Vec<_>) = parameters.into_iter().unzip();
        let strided = |index: &Option<usize>| index.is_some_and(|index| divides(network, definition, calls, index));
        let stride = indices.iter().position(strided).and_then(|at| parameters.get(at));
        let function = Function {
            name,
            kind,
            channels: channels::of(&definition.body, &|index| {
                written.parameters.get(index).filter(|_| written.uses.contains_key(&index)).cloned()
            }),
            stride: stride.map(|parameter| parameter.name.clone()),
            parameters,
            body: written.lines,
        };
        Self { function, indices, uses: written.uses }
    }

    /// The call as Python has it: the first number by its place, the others by name where they say something.
    fn call(&self, call: &outline::Call) -> Plain {
        let mut positional = None;
        let mut keywords = Vec::new();
        for (place, (index, parameter)) in self.indices.iter().zip(&self.function.parameters).enumerate() {
            let value = match index {
                None => Value::Text(call.name.clone()),
                Some(index) => call.arguments.get(*index).cloned().unwrap_or(Value::Number(0)),
            };
            let uses = index.and_then(|index| self.uses.get(&index));
            let idle = uses.is_some_and(|uses| is_idle(call, uses));
            if parameter.default.is_some() && (idle || parameter.default == Some(as_default(&value))) {
                continue;
            }
            let word = match value {
                Value::Number(number) => Word::Number(number),
                Value::Real(real) => Word::Real(real),
                Value::Flag(flag) => Word::Flag(flag),
                Value::Text(text) => Word::Text(text),
            };
            if place == 0 && parameter.default.is_none() && !parameter.keyword_only {
                positional = Some(word);
            } else {
                keywords.push((parameter.name.clone(), word));
            }
        }
        Plain { block: self.function.name.clone(), positional, keywords }
    }
}

/// What the blocks are: those of one kind and of several structures are numbered.
fn kinds(definitions: &[Definition]) -> Vec<Kind> {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    let mut numbers = Vec::new();
    for definition in definitions {
        let count = counts.entry(&definition.kind).or_insert(0);
        *count += 1;
        numbers.push(*count);
    }
    let kind = |(definition, number): (&Definition, u64)| {
        let form = counts.get(definition.kind.as_str()).filter(|count| **count > 1);
        let form = form.map(|count| [number, *count].map(PyNumber::Literal));
        Kind { name: Comment::new(&definition.kind), form }
    };
    definitions.iter().zip(numbers).map(kind).collect()
}

/// Whether everything that a parameter of these uses says is about layers that `call` does not have.
fn is_idle(call: &outline::Call, uses: &[Option<usize>]) -> bool {
    uses.iter().all(|guard| guard.is_some_and(|guard| !call.is_set(guard)))
}

/// What a parameter is where a call says nothing.
fn default(parameter: &outline::Parameter, index: usize, calls: &[&outline::Call]) -> Option<Argument> {
    let number = |value| Some(Argument::Number(PyNumber::Literal(value)));
    match parameter.meaning {
        outline::Meaning::Flag => Some(Argument::False),
        outline::Meaning::Text => {
            let absent = |call: &&outline::Call| call.arguments.get(index) == Some(&Value::Text(String::new()));
            calls.iter().any(absent).then_some(Argument::None)
        }
        outline::Meaning::Number(Field::Stride | Field::Dilation | Field::Groups) => number(1),
        outline::Meaning::Number(Field::Padding | Field::Before | Field::After) => number(0),
        outline::Meaning::Number(
            Field::Inputs
            | Field::Filters
            | Field::Kernel
            | Field::Start
            | Field::Length
            | Field::Paths
            | Field::Rate
            | Field::Init
            | Field::Epsilon,
        ) => None,
    }
}

fn as_default(value: &Value) -> Argument {
    match value {
        Value::Number(number) => Argument::Number(PyNumber::Literal(*number)),
        Value::Real(real) => Argument::Real(PyFloat(*real)),
        Value::Flag(true) => Argument::True,
        Value::Flag(false) => Argument::False,
        Value::Text(text) if text.is_empty() => Argument::None,
        Value::Text(text) => Argument::Text(PyStr::new(text)),
    }
}

/// What a parameter says something of.
#[derive(Debug, Clone, Default)]
struct Said {
    /// The layers that it names, or that are there where it says so.
    roles: Vec<Comment>,
    /// Whether some of these are in no shortcut.
    beside: bool,
    /// The layers whose channels it is.
    channels: Vec<Comment>,
}

/// What each parameter of `definition` says something of.
fn said(definition: &Definition) -> Vec<Said> {
    let mut said = vec![Said::default(); definition.parameters.len()];
    visit(&definition.body, &mut |item| {
        let named = match &item.name {
            outline::Name::Parameter(index) => Some(*index),
            outline::Name::Suffix(_) | outline::Name::Whole(_) => None,
        };
        for index in named.into_iter().chain(item.guard) {
            if let Some(said) = said.get_mut(index) {
                said.roles.push(Comment::new(item.op.name()));
                said.beside |= item.branch != Label::SKIP;
            }
        }
        if let Some(Expression::Parameter(index)) = item.fields.get(&Field::Filters) {
            let layer = match &item.name {
                outline::Name::Suffix(suffix) => Comment::new(suffix.trim_start_matches(['.', '_', ':'])),
                outline::Name::Whole(name) => Comment::new(name),
                outline::Name::Parameter(_) => Comment::new(item.op.name()),
            };
            said.iter_mut().skip(*index).take(1).for_each(|said| said.channels.push(layer.clone()));
        }
    });
    said
}

fn meaning(parameter: &outline::Parameter, said: Said) -> Meaning {
    let Said { roles, beside, channels } = said;
    match parameter.meaning {
        outline::Meaning::Flag if !beside => Meaning::Shortcut(roles),
        outline::Meaning::Flag => Meaning::Flag(roles),
        outline::Meaning::Text => Meaning::Layer(roles.into_iter().next().unwrap_or(Comment::new("layer"))),
        outline::Meaning::Number(Field::Inputs | Field::Filters) => Meaning::Filters(channels),
        outline::Meaning::Number(Field::Stride) => Meaning::Stride,
        outline::Meaning::Number(Field::Dilation) => Meaning::Dilation,
        outline::Meaning::Number(Field::Padding) => Meaning::Padding,
        outline::Meaning::Number(Field::Groups) => Meaning::Groups,
        outline::Meaning::Number(Field::Before) => Meaning::Before,
        outline::Meaning::Number(Field::After) => Meaning::After,
        outline::Meaning::Number(Field::Kernel) => Meaning::Kernel,
        outline::Meaning::Number(Field::Start) => Meaning::Start,
        outline::Meaning::Number(Field::Length) => Meaning::Length,
        outline::Meaning::Number(Field::Paths) => Meaning::Paths,
        outline::Meaning::Number(Field::Rate) => Meaning::Rate,
        outline::Meaning::Number(Field::Init) => Meaning::Init,
        outline::Meaning::Number(Field::Epsilon) => Meaning::Epsilon,
    }
}

/// Whether the stride parameter `index` divides the sides of the map, rounded up, in every call.
fn divides(network: &Checked, definition: &Definition, calls: &[&outline::Call], index: usize) -> bool {
    let of_stride = |parameter: &outline::Parameter| parameter.meaning == outline::Meaning::Number(Field::Stride);
    definition.parameters.get(index).is_some_and(of_stride)
        && calls.iter().all(|call| {
            let first = call.nodes.first().map(|node| network.layer(*node).input);
            let sides = |shape: Option<Shape>| shape.and_then(Shape::size);
            let last = call.nodes.last().map(|node| network.shape(*node));
            let (Some(before), Some(after)) = (sides(first), sides(last)) else { return false };
            let Some(Value::Number(stride)) = call.arguments.get(index) else { return false };
            before.map(|side| side.div_ceil((*stride).max(1))) == after
        })
}
