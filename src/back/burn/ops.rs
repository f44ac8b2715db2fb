//! What an op becomes: a layer that is a field, or a call in `forward`.

use super::imports::Imports;
use super::layout::{Code, Expr};
use super::quote::{RustIdent, RustType};
use crate::ir::op::{Activation, AdaptivePool, BatchNorm, Conv2d, Dropout, MaxPool, Pad, PoolKind};
use crate::ir::{Label, Op, Sides};
use crate::outline::{Expression, Field, Item};

/// What burn's `BatchNormConfig` has unless it is told.
const BURN_EPSILON: f64 = 1e-5;
const BURN_MOMENTUM: f64 = 0.1;

/// An op in the generated code.
#[derive(Debug)]
pub(super) enum Made {
    /// A burn module.
    Layer(Layer),
    /// An expression.
    Call(Call),
}

/// A burn module.
#[derive(Debug)]
pub(super) struct Layer {
    /// What the field is called if nothing else is.
    pub(super) name: RustIdent,
    pub(super) ty: RustType,
    pub(super) init: Expr,
    /// Whether it begins a statement of its own.
    pub(super) begins: bool,
}

/// An expression without weights. Its numbers are literals or fields of `self`.
#[derive(Debug)]
pub(super) struct Call {
    /// The name of a flag that guards it.
    pub(super) name: RustIdent,
    /// Whether it begins a statement of its own.
    pub(super) begins: bool,
    /// The numbers that it needs: what a field for each is called, and where it comes from.
    pub(super) numbers: Vec<(RustIdent, Number)>,
    pub(super) form: Form,
}

/// How a call is written.
#[derive(Debug)]
pub(super) enum Form {
    Function(&'static str),
    Softmax,
    AdaptiveMax([u64; 2]),
    Add,
    Flatten,
    GlobalMax,
    PadSides(Sides),
    /// One number: the padding on all sides.
    PadEvenly,
    /// Two numbers: zero channels before and after.
    PadChannels,
    /// One number: the step.
    Subsample,
}

/// A number in generated code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) code: Code,
    /// Its value where it is a literal.
    pub(super) literal: Option<u64>,
}

impl Number {
    fn literal(value: u64) -> Self {
        Self { code: Code::new(format_args!("{value}")), literal: Some(value) }
    }

    fn is(&self, value: u64) -> bool {
        self.literal == Some(value)
    }
}

/// Where the numbers of an item come from.
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    pub(super) item: &'a Item,
    /// The definition's parameters as variables.
    pub(super) parameters: &'a [RustIdent],
}

impl Numbers<'_> {
    /// `field` of the item, or `value` where the item says nothing about it.
    fn get(&self, field: Field, value: u64) -> Number {
        match self.item.fields.get(&field) {
            Some(&expression) => self.number(expression),
            None => Number::literal(value),
        }
    }

    fn pair(&self, field: Field, [height, width]: [u64; 2]) -> [Number; 2] {
        [self.get(field, height), self.get(field, width)]
    }

    fn number(&self, expression: Expression) -> Number {
        let parameter = |index: usize| self.parameters.get(index);
        match expression {
            Expression::Literal(value) => Number::literal(value),
            Expression::Real(value) => Number { code: Code::new(format_args!("{value:?}")), literal: None },
            Expression::Parameter(index) => match parameter(index) {
                Some(name) => Number { code: Code::new(format_args!("{name}")), literal: None },
                None => Number::literal(0),
            },
            Expression::Multiple(factor, index) => match parameter(index) {
                Some(name) => Number { code: Code::new(format_args!("{factor} * {name}")), literal: None },
                None => Number::literal(0),
            },
            Expression::Half(index) => match parameter(index) {
                Some(name) => Number { code: Code::new(format_args!("{name} / 2")), literal: None },
                None => Number::literal(0),
            },
        }
    }
}

/// The op of `numbers.item` in Rust; what it needs goes to `imports`.
pub(super) fn make(numbers: &Numbers<'_>, classes: Option<&Code>, imports: &mut Imports) -> Made {
    match &numbers.item.op {
        Op::Conv2d(conv) => Made::Layer(convolution(numbers, *conv, imports)),
        Op::BatchNorm(norm) => Made::Layer(batch_norm(numbers, *norm, imports)),
        Op::MaxPool(pool) => Made::Layer(max_pool(numbers, *pool, imports)),
        Op::Dropout(dropout) => Made::Layer(drop_out(numbers, *dropout, imports)),
        Op::Linear(linear) => Made::Layer(linear_layer(numbers, linear.features, classes, imports)),
        Op::AdaptivePool(AdaptivePool { kind: PoolKind::Average, output: [height, width] }) => {
            imports.pool("AdaptiveAvgPool2d");
            Made::Layer(Layer {
                name: RustIdent::new("avg_pool"),
                ty: RustType::new("AdaptiveAvgPool2d"),
                init: chain(format_args!("AdaptiveAvgPool2dConfig::new([{height}, {width}])"), vec![call("init()")]),
                begins: true,
            })
        }
        Op::AdaptivePool(pool @ AdaptivePool { kind: PoolKind::Maximum, output }) => {
            if pool.is_global() {
                Made::Call(plain("max_pool", true, Form::GlobalMax))
            } else {
                imports.layers("adaptive_max_pool2d");
                Made::Call(plain("max_pool", true, Form::AdaptiveMax(*output)))
            }
        }
        Op::Activation(Activation::Relu) => {
            imports.activation("relu");
            Made::Call(plain("relu", false, Form::Function("relu")))
        }
        Op::Activation(Activation::Softmax) => {
            imports.activation("softmax");
            Made::Call(plain("softmax", false, Form::Softmax))
        }
        Op::Flatten(_) => Made::Call(plain("flatten", false, Form::Flatten)),
        Op::Pad(pad) => {
            imports.pad_mode();
            Made::Call(padding(numbers, *pad))
        }
        Op::Subsample(subsample) => {
            let step = (RustIdent::new("stride"), numbers.get(Field::Stride, subsample.stride));
            Made::Call(Call { numbers: vec![step], ..plain("subsample", true, Form::Subsample) })
        }
        // The input stands in no body, and the sum is written by whoever writes its branches.
        Op::Input(_)
        | Op::Add(_)
        | Op::Activation(_)
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
        | Op::Slice(_) => Made::Call(plain("add", true, Form::Add)),
    }
}

fn plain(name: &str, begins: bool, form: Form) -> Call {
    Call { name: RustIdent::new(name), begins, numbers: Vec::new(), form }
}

fn call(text: &'static str) -> Code {
    Code::new(format_args!("{text}"))
}

fn chain(head: std::fmt::Arguments<'_>, calls: Vec<Code>) -> Expr {
    Expr::Chain(Code::new(head), calls)
}

fn convolution(numbers: &Numbers<'_>, conv: Conv2d, imports: &mut Imports) -> Layer {
    imports.convolution();
    let (inputs, filters) = (numbers.get(Field::Inputs, 0).code, numbers.get(Field::Filters, conv.filters).code);
    let [height, width] = conv.window.kernel;
    let mut calls = Vec::new();
    let [rows, columns] = numbers.pair(Field::Stride, conv.window.stride);
    if !(rows.is(1) && columns.is(1)) {
        calls.push(Code::new(format_args!("with_stride([{}, {}])", rows.code, columns.code)));
    }
    let [rows, columns] = numbers.pair(Field::Dilation, conv.window.dilation);
    if !(rows.is(1) && columns.is(1)) {
        calls.push(Code::new(format_args!("with_dilation([{}, {}])", rows.code, columns.code)));
    }
    calls.extend(explicit_padding(numbers, conv.window.padding, imports));
    let groups = numbers.get(Field::Groups, conv.groups);
    if !groups.is(1) {
        calls.push(Code::new(format_args!("with_groups({})", groups.code)));
    }
    if !conv.bias {
        calls.push(call("with_bias(false)"));
    }
    calls.push(call("fresh(device)"));
    Layer {
        name: RustIdent::numbered("conv", numbers.item.unit),
        ty: RustType::new("Conv2d"),
        init: chain(format_args!("Conv2dConfig::new([{inputs}, {filters}], [{height}, {width}])"), calls),
        begins: true,
    }
}

/// The call that pads a window, where there is something to pad.
fn explicit_padding(numbers: &Numbers<'_>, sides: Sides, imports: &mut Imports) -> Option<Code> {
    let side = |side: u64| numbers.get(Field::Padding, side);
    let (top, left, bottom, right) = (side(sides.top), side(sides.left), side(sides.bottom), side(sides.right));
    if [&top, &left, &bottom, &right].iter().all(|side| side.is(0)) {
        return None;
    }
    imports.nn("PaddingConfig2d");
    let (top, left, bottom, right) = (top.code, left.code, bottom.code, right.code);
    Some(Code::new(format_args!("with_padding(PaddingConfig2d::Explicit({top}, {left}, {bottom}, {right}))")))
}

fn batch_norm(numbers: &Numbers<'_>, norm: BatchNorm, imports: &mut Imports) -> Layer {
    imports.nn("BatchNorm");
    imports.nn("BatchNormConfig");
    let channels = numbers.get(Field::Inputs, 0).code;
    let mut calls = Vec::new();
    if norm.epsilon.to_bits() != BURN_EPSILON.to_bits() {
        calls.push(Code::new(format_args!("with_epsilon({:?})", norm.epsilon)));
    }
    if norm.momentum.to_bits() != BURN_MOMENTUM.to_bits() {
        calls.push(Code::new(format_args!("with_momentum({:?})", norm.momentum)));
    }
    calls.push(call("init(device)"));
    Layer {
        name: RustIdent::numbered("norm", numbers.item.unit),
        ty: RustType::new("BatchNorm"),
        init: chain(format_args!("BatchNormConfig::new({channels})"), calls),
        begins: false,
    }
}

fn max_pool(numbers: &Numbers<'_>, pool: MaxPool, imports: &mut Imports) -> Layer {
    imports.pool("MaxPool2d");
    let window = pool.window;
    let [height, width] = window.kernel;
    let mut calls = Vec::new();
    let [rows, columns] = numbers.pair(Field::Stride, window.stride);
    if !(rows.is(height) && columns.is(width)) {
        calls.push(Code::new(format_args!("with_strides([{}, {}])", rows.code, columns.code)));
    }
    calls.extend(explicit_padding(numbers, window.padding, imports));
    let [rows, columns] = numbers.pair(Field::Dilation, window.dilation);
    if !(rows.is(1) && columns.is(1)) {
        calls.push(Code::new(format_args!("with_dilation([{}, {}])", rows.code, columns.code)));
    }
    if window.ceil {
        calls.push(call("with_ceil_mode(true)"));
    }
    calls.push(call("init()"));
    Layer {
        name: RustIdent::new("max_pool"),
        ty: RustType::new("MaxPool2d"),
        init: chain(format_args!("MaxPool2dConfig::new([{height}, {width}])"), calls),
        begins: true,
    }
}

fn drop_out(numbers: &Numbers<'_>, dropout: Dropout, imports: &mut Imports) -> Layer {
    imports.nn("Dropout");
    imports.nn("DropoutConfig");
    Layer {
        name: RustIdent::numbered("dropout", numbers.item.unit),
        ty: RustType::new("Dropout"),
        init: chain(format_args!("DropoutConfig::new({:?})", dropout.rate), vec![call("init()")]),
        begins: false,
    }
}

fn linear_layer(numbers: &Numbers<'_>, features: u64, classes: Option<&Code>, imports: &mut Imports) -> Layer {
    imports.linear();
    let inputs = numbers.get(Field::Inputs, 0).code;
    let (name, features) = match (numbers.item.role, classes) {
        (Label::LOGITS, Some(classes)) => (RustIdent::new("classifier"), classes.clone()),
        _ => (RustIdent::numbered("hidden", numbers.item.unit), numbers.get(Field::Filters, features).code),
    };
    Layer {
        name,
        ty: RustType::new("Linear"),
        init: chain(format_args!("LinearConfig::new({inputs}, {features})"), vec![call("fresh(device)")]),
        begins: true,
    }
}

fn padding(numbers: &Numbers<'_>, pad: Pad) -> Call {
    match pad {
        Pad::Spatial(_) if numbers.item.fields.contains_key(&Field::Padding) => {
            let by = (RustIdent::new("padding"), numbers.get(Field::Padding, 0));
            Call { numbers: vec![by], ..plain("pad", true, Form::PadEvenly) }
        }
        Pad::Spatial(sides) => plain("pad", true, Form::PadSides(sides)),
        Pad::Channels { before, after } => {
            let before = (RustIdent::new("before"), numbers.get(Field::Before, before));
            let after = (RustIdent::new("after"), numbers.get(Field::After, after));
            Call { numbers: vec![before, after], ..plain("zeros", true, Form::PadChannels) }
        }
    }
}

impl Form {
    /// Writes the call on `value`, its numbers being `numbers`; methods bind tighter than a sum, functions do not care.
    pub(super) fn write(&self, value: &Code, numbers: &[Code]) -> Code {
        let number = |index: usize| numbers.get(index).cloned().unwrap_or_else(|| call("0"));
        match self {
            Self::Function(name) => Code::new(format_args!("{name}({value})")),
            Self::Softmax => Code::new(format_args!("softmax({value}, 1)")),
            Self::AdaptiveMax([height, width]) => {
                Code::new(format_args!("adaptive_max_pool2d({value}, [{height}, {width}])"))
            }
            Self::Add => value.clone(),
            Self::Flatten => Code::new(format_args!("{value}.flatten::<2>(1, 3)")),
            Self::GlobalMax => Code::new(format_args!("{value}.max_dim(2).max_dim(3)")),
            Self::PadSides(Sides { top, bottom, left, right }) => {
                Code::new(format_args!("{value}.pad([({top}, {bottom}), ({left}, {right})], PadMode::Constant(0.0))"))
            }
            Self::PadEvenly => {
                let by = number(0);
                Code::new(format_args!("{value}.pad([({by}, {by}), ({by}, {by})], PadMode::Constant(0.0))"))
            }
            Self::PadChannels => {
                let (before, after) = (number(0), number(1));
                Code::new(format_args!("{value}.pad([({before}, {after}), (0, 0), (0, 0)], PadMode::Constant(0.0))"))
            }
            Self::Subsample => {
                let step = number(0);
                Code::new(format_args!("{value}.slice(s![.., .., ..;{step}, ..;{step}])"))
            }
        }
    }

    /// Whether it is a method, which an infix expression cannot take without brackets.
    pub(super) fn is_method(&self) -> bool {
        match self {
            Self::Function(_) | Self::Softmax | Self::AdaptiveMax(_) | Self::Add => false,
            Self::Flatten
            | Self::GlobalMax
            | Self::PadSides(_)
            | Self::PadEvenly
            | Self::PadChannels
            | Self::Subsample => true,
        }
    }
}
