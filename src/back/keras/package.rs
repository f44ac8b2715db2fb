//! From an outline to the view of the whole package.

use super::body::{Writer, Written, is_set, visit};
use super::calls::{self, Plain, Word};
use super::python::{Comment, Indent, PyFloat, PyIdent, PyNumber, PyStr};
use super::sign::Signs;
use super::view::{
    Argument, Convolution, Defaults, Function, Layer, Line, Meaning, Needs, Package, Parameter, Stage, Statement,
    Weights,
};
use crate::back::Unsupported;
use crate::ir::dialect::{Init, Layout};
use crate::ir::op::{self, PoolKind};
use crate::ir::{Address, Label, Op, ParameterKind, Place};
use crate::outline::{self, Definition, Field, Outline, Step, Value};
use crate::valid::Checked;
use std::collections::BTreeMap;

/// The package called `name` for `network`.
pub(super) fn package(
    network: &Checked,
    outline: &Outline,
    name: PyIdent,
    header: Comment,
) -> Result<Package, Unsupported> {
    let signs = Signs::of(network);
    let mut needs = needs(network);
    let stem = Writer::part(network, &signs, &mut needs, 1).write(&outline.stem)?.lines;
    let top = Writer::part(network, &signs, &mut needs, 2).write(&outline.head)?.lines;
    let mut blocks = Vec::new();
    for (index, definition) in outline.definitions.iter().enumerate() {
        let calls: Vec<_> = outline.stages.iter().flat_map(|stage| &stage.calls).collect();
        let calls: Vec<_> = calls.into_iter().filter(|call| call.definition == index).collect();
        let written = Writer::block(network, &signs, &mut needs, definition, calls.clone()).write(&definition.body)?;
        blocks.push(Block::new(definition, &calls, written, &name));
    }
    let (defaults, has_top) = defaults(network, &outline.head);
    Ok(Package {
        header,
        dialect: Comment::new(&network.graph().dialect.name),
        weights: weights(network),
        needs,
        input: PyStr::new(network.graph().input().map_or("", |input| network.name(input))),
        defaults,
        stem,
        stages: outline.stages.iter().map(|stage| calls_of(network, stage, &blocks)).collect(),
        top: if has_top { top } else { Vec::new() },
        pools: [PoolKind::Average, PoolKind::Maximum].map(|kind| pool(network, kind)),
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
        match &layer.node.op {
            Op::Conv2d(conv) => {
                convolutions = true;
                biased |= conv.bias;
            }
            Op::BatchNorm(_) => norms = true,
            Op::Linear(_) => linears = true,
            Op::AdaptivePool(pool) if !pool.is_global() => needs.adaptive_pool = Some(pool.kind),
            Op::Pad(op::Pad::Channels { .. }) => needs.zero_channels = true,
            Op::AdaptivePool(_)
            | Op::Pad(op::Pad::Spatial(_))
            | Op::Input(_)
            | Op::Activation(_)
            | Op::MaxPool(_)
            | Op::Flatten(_)
            | Op::Add(_)
            | Op::Subsample(_)
            | Op::Dropout(_)
            | Op::AvgPool(_)
            | Op::Blur(_)
            | Op::ChannelConv(_)
            | Op::Concat(_)
            | Op::DropPath(_)
            | Op::GroupNorm(_)
            | Op::LayerNorm(_)
            | Op::LayerScale(_)
            | Op::Multiply(_)
            | Op::PathSoftmax(_)
            | Op::Slice(_) => {}
        }
    }
    let frames = u64::try_from(network.graph().len()).unwrap_or(u64::MAX).saturating_mul(2) + PYTHON_FRAMES;
    needs.recursion = Some(PyNumber::Literal(frames)).filter(|_| network.graph().len() > SHALLOW);
    let own = |init: Init| needs.dots || init != Init::GlorotUniform;
    let convolution = Convolution { init: dialect.convolution_init, no_bias: !biased };
    needs.convolution = Some(convolution).filter(|convolution| convolutions && own(convolution.init));
    needs.linear = Some(dialect.linear_init).filter(|init| linears && own(*init));
    needs.norm = norms && needs.dots;
    needs
}

fn weights(network: &Checked) -> Weights {
    let dialect = &network.graph().dialect;
    let names = &dialect.names.parameters;
    let kinds = [
        ("kernel", ParameterKind::Kernel),
        ("bias", ParameterKind::Bias),
        ("gamma", ParameterKind::Scale),
        ("beta", ParameterKind::Shift),
        ("moving_mean", ParameterKind::Mean),
        ("moving_variance", ParameterKind::Variance),
    ];
    let head = network.parameters().filter_map(|(parameter, _)| {
        let layer = network.layer(parameter.node);
        let in_head = layer.node.origin.address.place == Place::Head;
        in_head.then(|| PyStr::new(&format!("{}{}", layer.name, names.suffix(parameter.kind))))
    });
    Weights {
        suffixes: kinds.map(|(keras, kind)| (PyStr::new(keras), PyStr::new(names.suffix(kind)))).to_vec(),
        torch: dialect.names.layout == Layout::Torch,
        ignored: names.ignored.iter().map(|ending| PyStr::new(ending)).collect(),
        top: head.collect(),
    }
}

/// The defaults of the network's function, and whether it has a top: whether `head` is more than a pool to a vector,
/// which `pooling` says without one.
fn defaults(network: &Checked, head: &[Step]) -> (Defaults, bool) {
    let ops: Vec<_> = head.iter().map(|step| &step.item().op).collect();
    let pooling = match ops.as_slice() {
        [Op::AdaptivePool(pool), Op::Flatten(_)] if pool.is_global() => Some(pool.kind),
        _ => None,
    };
    let classes = head.iter().find_map(|step| match (&step.item().op, step.item().role) {
        (Op::Linear(linear), Label::LOGITS) => Some(PyNumber::Literal(linear.features)),
        _ => None,
    });
    let include_top = !ops.is_empty() && pooling.is_none();
    let input = network.graph().input().map(|input| network.shape(input));
    let [height, width] = input.and_then(crate::ir::Shape::size).unwrap_or_default();
    let channels = input.map_or(0, crate::ir::Shape::channels);
    let [height, width, channels] = [height, width, channels].map(PyNumber::Literal);
    (Defaults { include_top, height, width, channels, pooling, classes }, include_top)
}

/// The pool that stands in the top's place.
fn pool(network: &Checked, kind: PoolKind) -> Statement {
    let role = match kind {
        PoolKind::Average => Label::POOL,
        PoolKind::Maximum => Label::MAX_POOL,
    };
    let address = Address { place: Place::Head, branch: Label::HEAD, unit: 0, role, sequence: 0 };
    let name = PyStr::new(&network.graph().name_of(&address));
    let x = PyIdent::fresh("x", &[]);
    let layer = Layer::GlobalPool { kind, keep: false };
    Statement { indent: Indent(2), line: Line::Layer { target: x.clone(), operand: x, name, layer } }
}

fn calls_of(network: &Checked, stage: &outline::Stage, blocks: &[Block]) -> Stage {
    let last = stage.calls.last().and_then(|call| call.nodes.last()).map(|node| network.shape(*node));
    let [height, width] = last.and_then(crate::ir::Shape::size).unwrap_or_default();
    let shape = [height, width, last.map_or(0, crate::ir::Shape::channels)].map(PyNumber::Literal);
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
    fn new(definition: &Definition, calls: &[&outline::Call], written: Written, network: &PyIdent) -> Self {
        let name = PyIdent::fresh(&format!("{}_block", definition.name), &[network]);
        let mut parameters = Vec::new();
        for (index, (known, ident)) in definition.parameters.iter().zip(&written.parameters).enumerate() {
            if written.uses.contains_key(&index) {
                let default = default(known, index, calls);
                let text = known.meaning == outline::Meaning::Text;
                let meaning = meaning(definition, known, index);
                parameters.push((Some(index), Parameter { name: ident.clone(), default, keyword_only: text, meaning }));
            }
        }
        let mut suffixed = false;
        visit(&definition.body, &mut |item| suffixed |= matches!(item.name, outline::Name::Suffix(_)));
        if suffixed {
            let name = PyIdent::fresh("name", &[]);
            parameters.push((None, Parameter { name, default: None, keyword_only: true, meaning: Meaning::Block }));
        }
        parameters.sort_by_key(|(_, parameter)| (parameter.keyword_only, parameter.default.is_some()));
        let (indices, parameters): (Vec<_>, Vec<_>) = parameters.into_iter().unzip();
        let strides: Vec<_> = parameters.iter().filter(|parameter| parameter.meaning == Meaning::Stride).collect();
        let function = Function {
            name,
            block: Comment::new(&definition.name),
            channels: channels(&definition.body, &written.parameters),
            stride: strides.first().map(|parameter| parameter.name.clone()),
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
            let idle = index.is_some_and(|index| self.is_idle(call, index));
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

    /// Whether everything that the parameter `index` says is about layers that `call` does not have.
    fn is_idle(&self, call: &outline::Call, index: usize) -> bool {
        let uses = self.uses.get(&index).map_or(&[][..], Vec::as_slice);
        uses.iter().all(|guard| guard.is_some_and(|guard| !is_set(call, guard)))
    }
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

fn meaning(definition: &Definition, parameter: &outline::Parameter, index: usize) -> Meaning {
    let mut roles = Vec::new();
    let mut shortcut = true;
    visit(&definition.body, &mut |item| {
        let named = item.name == outline::Name::Parameter(index);
        if named || item.guard == Some(index) {
            roles.push(Comment::new(item.op.name()));
            shortcut &= item.branch == Label::SKIP;
        }
    });
    match parameter.meaning {
        outline::Meaning::Flag if shortcut => Meaning::Shortcut(roles),
        outline::Meaning::Flag => Meaning::Flag(roles),
        outline::Meaning::Text => Meaning::Layer(roles.into_iter().next().unwrap_or(Comment::new("layer"))),
        outline::Meaning::Number(Field::Inputs | Field::Filters) => Meaning::Filters,
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

/// The channels that the last convolution gives which every use of the block has.
fn channels(steps: &[Step], parameters: &[PyIdent]) -> Option<PyNumber> {
    let name = |index: &usize| parameters.get(*index).cloned();
    steps.iter().rev().find_map(|step| match step {
        Step::Join { branches, .. } => channels(branches.first()?, parameters),
        Step::Item(item) if item.guard.is_some() => None,
        Step::Item(item) => match item.fields.get(&Field::Filters)? {
            outline::Expression::Literal(value) => Some(PyNumber::Literal(*value)),
            outline::Expression::Parameter(index) => Some(PyNumber::Variable(name(index)?)),
            outline::Expression::Multiple(factor, index) => Some(PyNumber::Multiple(*factor, name(index)?)),
            outline::Expression::Half(index) => Some(PyNumber::Half(name(index)?)),
            outline::Expression::Real(_) => None,
        },
    })
}
