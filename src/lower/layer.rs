//! From a layer and its arguments to ops: one arm a layer of `library/layers/`.

use super::builder::Halt;
use super::fixed::Aspect;
use super::frame::Context;
use super::machine::Machine;
use crate::diagnostic::{Code, Diagnostic};
use crate::dialect;
use crate::ir::dialect::PaddingStyle;
use crate::ir::op::{self, Activation, PoolKind};
use crate::ir::shape::Window;
use crate::ir::{Init, Label, NodeId, Op, Sides};
use crate::lang::Value;
use crate::lang::eval::Evaluated;
use crate::source::Span;

/// The arguments of a layer, each checked against its declaration.
pub(super) struct Arguments<'a> {
    pub(super) values: Vec<(&'a str, Value)>,
}

impl Arguments<'_> {
    fn get(&self, name: &str) -> &Value {
        self.values.iter().find(|(known, _)| *known == name).map_or(&Value::Boolean(false), |(_, value)| value)
    }

    fn integer(&self, name: &str) -> u64 {
        as_integer(self.get(name))
    }

    fn float(&self, name: &str) -> f64 {
        match self.get(name) {
            Value::Float(value) => *value,
            other => {
                let whole = u32::try_from(as_integer(other)).unwrap_or(u32::MAX);
                f64::from(whole)
            }
        }
    }

    fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Value::Boolean(true))
    }

    fn word(&self, name: &str) -> &str {
        match self.get(name) {
            Value::Text(word) => word,
            _ => "",
        }
    }

    fn pair(&self, name: &str) -> [u64; 2] {
        match self.get(name) {
            Value::List(items) => match items.as_ref() {
                [height, width] => [as_integer(height), as_integer(width)],
                _ => [1; 2],
            },
            value => [as_integer(value); 2],
        }
    }

    /// Padding that was said: not `same`.
    fn sides(&self, name: &str) -> Option<Sides> {
        match self.get(name) {
            Value::Text(_) => None,
            Value::List(items) => match items.as_ref() {
                [top, bottom, left, right] => {
                    let [top, bottom, left, right] = [top, bottom, left, right].map(as_integer);
                    Some(Sides { top, bottom, left, right })
                }
                _ => Some(Sides::all(0)),
            },
            value => Some(Sides::all(as_integer(value))),
        }
    }

    /// How the layer is drawn.
    fn init(&self, has_bias: bool, span: Span) -> Evaluated<Init> {
        dialect::init::read(self.get("init"), span).map(|init| init.of_layer(has_bias))
    }

    fn kind(&self) -> PoolKind {
        if self.word("kind") == "max" { PoolKind::Maximum } else { PoolKind::Average }
    }

    fn window(&self, padding: Sides) -> Window {
        let (kernel, stride, ceil) = (self.pair("kernel"), self.pair("stride"), self.flag("ceil"));
        Window { kernel, stride, dilation: [1; 2], padding, ceil }
    }
}

fn as_integer(value: &Value) -> u64 {
    match value {
        Value::Integer(value) => u64::try_from(*value).unwrap_or_default(),
        _ => 0,
    }
}

/// What a layer reads, and how it is called.
pub(super) struct Reading<'r, 'a> {
    pub(super) context: &'r mut Context<'a>,
    /// The tensor that it reads.
    pub(super) at: NodeId,
    /// Its role, if it is not the usual one.
    pub(super) role: Option<Label>,
    pub(super) span: Span,
}

impl Reading<'_, '_> {
    /// Adds `op` with its usual role, or the one that was written.
    fn push(&mut self, machine: &mut Machine<'_>, usual: Label, op: Op) -> Result<NodeId, Halt> {
        self.before(machine, self.role.unwrap_or(usual), op)
    }

    /// Adds a node called `role` that the layer reads in place of what it would have read.
    fn before(&mut self, machine: &mut Machine<'_>, role: Label, op: Op) -> Result<NodeId, Halt> {
        let branch = self.context.branch;
        self.at = machine.node(self.context, branch, role, op, &[self.at], self.span)?;
        Ok(self.at)
    }
}

/// Adds the layer called `name`.
pub(super) fn add(
    machine: &mut Machine<'_>,
    mut reading: Reading<'_, '_>,
    name: &str,
    arguments: &Arguments<'_>,
) -> Result<NodeId, Halt> {
    let span = reading.span;
    let (usual, op) = match name {
        "conv" => return convolution(machine, reading, arguments),
        "max_pool" => return max_pool(machine, reading, arguments),
        "norm" => {
            let (epsilon, scale) = (arguments.float("epsilon"), arguments.float("scale"));
            let (momentum, running_variance) = (arguments.float("momentum"), machine.dialect.running_variance);
            (Label::NORM, Op::BatchNorm(op::BatchNorm { epsilon, momentum, scale, running_variance }))
        }
        "layer_norm" => {
            let (epsilon, scale) = (arguments.float("epsilon"), arguments.float("scale"));
            (Label::NORM, Op::LayerNorm(op::LayerNorm { epsilon, scale }))
        }
        "group_norm" => {
            let (epsilon, scale) = (arguments.float("epsilon"), arguments.float("scale"));
            (Label::NORM, Op::GroupNorm(op::GroupNorm { groups: arguments.integer("groups"), epsilon, scale }))
        }
        "act" => {
            let kind = Activation::ALL.into_iter().find(|kind| kind.name() == arguments.word("kind"));
            (Label::ACT, Op::Activation(kind.unwrap_or(Activation::Relu)))
        }
        "avg_pool" => {
            let padding = same_or_said(arguments, "padding", [1; 2], span)?;
            let (window, count_padding) = (arguments.window(padding), arguments.flag("count_padding"));
            (Label::POOL, Op::AvgPool(op::AvgPool { window, count_padding }))
        }
        "global_pool" => (Label::POOL, Op::AdaptivePool(op::AdaptivePool { kind: arguments.kind(), output: [1, 1] })),
        "adaptive_pool" => {
            let (kind, output) = (arguments.kind(), arguments.pair("size"));
            (Label::POOL, Op::AdaptivePool(op::AdaptivePool { kind, output }))
        }
        "linear" => {
            let (features, bias) = (arguments.integer("features"), arguments.flag("bias"));
            (Label::LINEAR, Op::Linear(op::Linear { features, bias, init: arguments.init(bias, span)? }))
        }
        "flatten" => (Label::FLATTEN, Op::Flatten(op::Flatten)),
        "dropout" => (Label::DROPOUT, Op::Dropout(op::Dropout { rate: arguments.float("rate") })),
        "drop_path" => (Label::DROP_PATH, Op::DropPath(op::DropPath { rate: arguments.float("rate") })),
        "layer_scale" => (Label::LAYER_SCALE, Op::LayerScale(op::LayerScale { init: arguments.float("init") })),
        "pad" => {
            let Some(sides) = arguments.sides("padding") else {
                let message = "`pad` has no kernel for which `same` would be enough";
                let error = Diagnostic::error(Code::NotApplicable, span, message, "it needs numbers");
                let help = "say the padding: `pad(1)`, or top, bottom, left, right: `pad([0, 1, 0, 1])`";
                return Err(Box::new(error.help(help)).into());
            };
            (Label::PAD, Op::Pad(op::Pad::Spatial(sides)))
        }
        "zero_channels" => {
            let (before, after) = (arguments.integer("before"), arguments.integer("after"));
            (Label::ZEROS, Op::Pad(op::Pad::Channels { before, after }))
        }
        "subsample" => (Label::SUBSAMPLE, Op::Subsample(op::Subsample { stride: arguments.integer("stride") })),
        "slice" => {
            let (start, length) = (arguments.integer("start"), arguments.integer("length"));
            (Label::SLICE, Op::Slice(op::Slice { start, length }))
        }
        "split" => (
            Label::SLICE,
            Op::Slice(split(machine.ask_shape(reading.at, Aspect::Channels).channels(), arguments, span)?),
        ),
        "channel_conv" => {
            let (kernel, init) = (arguments.integer("kernel"), arguments.init(false, span)?);
            (Label::CONV, Op::ChannelConv(op::ChannelConv { kernel, init }))
        }
        "blur" => {
            let blur = op::Blur::new(arguments.integer("size"), arguments.integer("stride"));
            (Label::BLUR, Op::Blur(blur))
        }
        _ => (Label::SOFTMAX, Op::PathSoftmax(op::PathSoftmax { paths: arguments.integer("paths") })),
    };
    reading.push(machine, usual, op)
}

/// A convolution; in a dialect that pads by layers, a strided one gets its padding as a node of its own.
fn convolution(
    machine: &mut Machine<'_>,
    mut reading: Reading<'_, '_>,
    arguments: &Arguments<'_>,
) -> Result<NodeId, Halt> {
    let (kernel, stride, dilation) = (arguments.pair("kernel"), arguments.pair("stride"), arguments.pair("dilation"));
    let mut padding = same_or_said(arguments, "padding", dilation, reading.span)?;
    if machine.dialect.padding == PaddingStyle::Layer && stride != [1; 2] && !padding.is_zero() {
        reading.before(machine, Label::PAD, Op::Pad(op::Pad::Spatial(padding)))?;
        padding = Sides::all(0);
    }
    let window = Window { kernel, stride, dilation, padding, ceil: false };
    let (filters, groups) = (arguments.integer("filters"), arguments.integer("groups"));
    let bias = arguments.flag("bias");
    let init = arguments.init(bias, reading.span)?;
    let conv = op::Conv2d { filters, window, groups, bias, init };
    reading.push(machine, Label::CONV, Op::Conv2d(conv))
}

/// A max pool; in a dialect that pads by layers its padding is a node that writes zeros, not minus infinity.
fn max_pool(
    machine: &mut Machine<'_>,
    mut reading: Reading<'_, '_>,
    arguments: &Arguments<'_>,
) -> Result<NodeId, Halt> {
    let mut padding = same_or_said(arguments, "padding", [1; 2], reading.span)?;
    if machine.dialect.padding == PaddingStyle::Layer && !padding.is_zero() {
        reading.before(machine, Label::POOL_PAD, Op::Pad(op::Pad::Spatial(padding)))?;
        padding = Sides::all(0);
    }
    let op = Op::MaxPool(op::MaxPool { window: arguments.window(padding) });
    reading.push(machine, Label::POOL, op)
}

/// The padding that is said, or the one that keeps the size at stride 1, which only an odd kernel has.
fn same_or_said(arguments: &Arguments<'_>, name: &str, dilation: [u64; 2], span: Span) -> Evaluated<Sides> {
    if let Some(sides) = arguments.sides(name) {
        return Ok(sides);
    }
    let [height, width] = arguments.pair("kernel");
    if height.is_multiple_of(2) || width.is_multiple_of(2) {
        let message = format!("a kernel of {height} x {width} has no `same` padding");
        let error = Diagnostic::error(Code::NotApplicable, span, message, "an even kernel cannot keep the size")
            .help("say the padding: `padding = 0`, or top, bottom, left, right: `padding = [0, 1, 0, 1]`");
        // Nobody's kernel is that large: others name the channels that come in, before those that come out.
        let is_channels = height == width && height >= 16;
        return Err(Box::new(if is_channels {
            error
                .note("filters come first, then the kernel: the channels that come in are those of the tensor before")
                .help("write `conv 3x3 (64)`, with the filters alone in the brackets")
        } else {
            error
        }));
    }
    let [down, right] = dilation;
    let [vertical, horizontal] = [down * (height / 2), right * (width / 2)];
    Ok(Sides { top: vertical, bottom: vertical, left: horizontal, right: horizontal })
}

/// One of several equal runs of `channels`.
fn split(channels: u64, arguments: &Arguments<'_>, span: Span) -> Evaluated<op::Slice> {
    let (parts, index) = (arguments.integer("parts"), arguments.integer("index"));
    if parts == 0 || !channels.is_multiple_of(parts) {
        let message = format!("{channels} channels do not split into {parts} equal parts");
        return Err(Box::new(
            Diagnostic::error(Code::NotWhole, span, message, "the parts would not be equal")
                .help("use a number of parts that divides the channels, or `slice(start, length)`"),
        ));
    }
    let length = channels / parts;
    if index >= parts {
        let message = format!("there is no part {index} of {parts}");
        return Err(Box::new(Diagnostic::error(
            Code::OutOfRange,
            span,
            message,
            format!("expected 0 to {}", parts - 1),
        )));
    }
    Ok(op::Slice { start: index * length, length })
}
