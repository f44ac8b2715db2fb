//! Ops that are expressions of `forward`.

use super::super::imports::{Helper, Imports};
use super::super::layout::Code;
use super::super::quote::RustIdent;
use super::number::{Number, Numbers};
use crate::ir::Sides;
use crate::ir::op::{Activation, AdaptivePool, Blur, Pad, PathSoftmax, Slice, Subsample};
use crate::outline::Field;

/// An expression without weights. Its numbers are literals or fields of `self`.
#[derive(Debug)]
pub(in super::super) struct Call {
    /// The name of a flag that guards it.
    pub(in super::super) name: RustIdent,
    /// Whether it begins a statement of its own.
    pub(in super::super) begins: bool,
    /// The numbers that it needs: what a field for each is called, and where it comes from.
    pub(in super::super) numbers: Vec<(RustIdent, Number)>,
    pub(in super::super) form: Form,
}

/// How a call is written.
#[derive(Debug)]
pub(in super::super) enum Form {
    Function(&'static str),
    Softmax,
    HardSigmoid,
    AdaptiveMax([u64; 2]),
    Flatten,
    GlobalMax,
    PadSides(Sides),
    /// One number: the padding on all sides.
    PadEvenly,
    /// Two numbers: zero channels before and after.
    PadChannels,
    /// One number: the step.
    Subsample,
    /// Two numbers: the first channel and how many.
    Slice,
    /// One number: the paths.
    PathSoftmax,
    /// Seven numbers: size; steps down and across; padding above, below, before and after.
    Blur,
}

impl Call {
    fn new(name: &str, form: Form) -> Self {
        Self { name: RustIdent::new(name), begins: true, numbers: Vec::new(), form }
    }

    /// A call that a person writes around the one before it.
    fn inline(self) -> Self {
        Self { begins: false, ..self }
    }

    fn with(self, numbers: impl IntoIterator<Item = (&'static str, Number)>) -> Self {
        let numbers = numbers.into_iter().map(|(name, number)| (RustIdent::new(name), number)).collect();
        Self { numbers, ..self }
    }
}

pub(super) fn activation(activation: Activation, imports: &mut Imports) -> Call {
    let function = activation.name();
    imports.activation(function);
    let form = match activation {
        Activation::Softmax => Form::Softmax,
        Activation::HardSigmoid => Form::HardSigmoid,
        Activation::Relu
        | Activation::Relu6
        | Activation::Silu
        | Activation::Gelu
        | Activation::Sigmoid
        | Activation::HardSwish => Form::Function(function),
    };
    Call::new("activation", form).inline()
}

pub(super) fn adaptive_max_pool(pool: AdaptivePool, imports: &mut Imports) -> Call {
    if pool.is_global() {
        return Call::new("max_pool", Form::GlobalMax);
    }
    imports.helper(Helper::AdaptiveMaxPool);
    Call::new("max_pool", Form::AdaptiveMax(pool.output))
}

pub(super) fn flatten() -> Call {
    Call::new("flatten", Form::Flatten).inline()
}

pub(super) fn padding(numbers: &mut Numbers<'_>, pad: Pad, imports: &mut Imports) -> Call {
    imports.ops("PadMode");
    match pad {
        Pad::Spatial(_) if numbers.item.fields.contains_key(&Field::Padding) => {
            Call::new("pad", Form::PadEvenly).with([("padding", numbers.get(Field::Padding, 0))])
        }
        Pad::Spatial(sides) => Call::new("pad", Form::PadSides(sides)),
        Pad::Channels { before, after } => {
            let before = ("before", numbers.get(Field::Before, before));
            let after = ("after", numbers.get(Field::After, after));
            Call::new("zeros", Form::PadChannels).with([before, after])
        }
    }
}

pub(super) fn subsample(numbers: &mut Numbers<'_>, subsample: Subsample) -> Call {
    Call::new("subsample", Form::Subsample).with([("stride", numbers.get(Field::Stride, subsample.stride))])
}

pub(super) fn slice(numbers: &mut Numbers<'_>, slice: Slice) -> Call {
    let (start, length) = (numbers.get(Field::Start, slice.start), numbers.get(Field::Length, slice.length));
    Call::new("slice", Form::Slice).with([("start", start), ("length", length)])
}

pub(super) fn path_softmax(numbers: &mut Numbers<'_>, softmax: PathSoftmax, imports: &mut Imports) -> Call {
    imports.helper(Helper::PathSoftmax);
    Call::new("path_softmax", Form::PathSoftmax).with([("paths", numbers.get(Field::Paths, softmax.paths))]).inline()
}

pub(super) fn blur(numbers: &mut Numbers<'_>, blur: Blur, imports: &mut Imports) -> Call {
    imports.helper(Helper::Blur);
    let [size, _] = numbers.pair(Field::Kernel, blur.window.kernel);
    let [rows, columns] = numbers.pair(Field::Stride, blur.window.stride);
    let Sides { top, bottom, left, right } = blur.window.padding;
    let padding = [top, bottom, left, right].map(|side| ("padding", numbers.get(Field::Padding, side)));
    let window = [("size", size), ("stride", rows), ("stride", columns)];
    Call::new("blur", Form::Blur).with(window.into_iter().chain(padding))
}

impl Form {
    /// Writes the call on `value`, its numbers being `numbers`; methods bind tighter than a sum, functions do not care.
    pub(in super::super) fn write(&self, value: &Code, numbers: &[Code]) -> Code {
        let number = |index: usize| numbers.get(index).map_or_else(|| "0".to_owned(), Code::to_string);
        match self {
            Self::Function(name) => Code::new(format_args!("{name}({value})")),
            Self::Softmax => Code::new(format_args!("softmax({value}, 1)")),
            Self::HardSigmoid => Code::new(format_args!("hard_sigmoid({value}, 1.0 / 6.0, 0.5)")),
            Self::AdaptiveMax([height, width]) => {
                Code::new(format_args!("adaptive_max_pool2d({value}, [{height}, {width}])"))
            }
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
            Self::Slice => {
                let (start, length) = (number(0), number(1));
                Code::new(format_args!("{value}.narrow(1, {start}, {length})"))
            }
            Self::PathSoftmax => Code::new(format_args!("path_softmax({value}, {})", number(0))),
            Self::Blur => {
                let (size, rows, columns) = (number(0), number(1), number(2));
                let (top, bottom, left, right) = (number(3), number(4), number(5), number(6));
                Code::new(format_args!(
                    "blur({value}, {size}, [{rows}, {columns}], [({top}, {bottom}), ({left}, {right})])"
                ))
            }
        }
    }

    /// Whether it is a method, which an infix expression cannot take without brackets.
    pub(in super::super) fn is_method(&self) -> bool {
        match self {
            Self::Function(_)
            | Self::Softmax
            | Self::HardSigmoid
            | Self::AdaptiveMax(_)
            | Self::PathSoftmax
            | Self::Blur => false,
            Self::Flatten
            | Self::GlobalMax
            | Self::PadSides(_)
            | Self::PadEvenly
            | Self::PadChannels
            | Self::Subsample
            | Self::Slice => true,
        }
    }
}
