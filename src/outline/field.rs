//! The fields of ops: the numbers in which blocks of one structure may differ.

use super::{Field, Value};
use crate::ir::shape::{Sides, Window};
use crate::ir::{NodeId, Op, op};
use crate::valid::Checked;

/// A field in its op.
enum Slot<'a> {
    Count(&'a mut u64),
    /// The same in both dimensions.
    Square(&'a mut [u64; 2]),
    /// The same on all sides.
    Even(&'a mut Sides),
    Real(&'a mut f64),
}

/// `op` with every one of `fields` blanked, so that what remains must be equal. Windows that are not square keep theirs.
pub(super) fn strip(op: &Op, fields: &[Field]) -> Op {
    let mut op = op.clone();
    for &field in fields {
        if let Some(slot) = slot(&mut op, field) {
            slot.blank();
        }
    }
    op
}

/// The value of a node's field, where it has it.
pub(super) fn value(network: &Checked, node: NodeId, field: Field) -> Option<Value> {
    let layer = network.layer(node);
    match field {
        Field::Inputs => writes_inputs(&layer.node.op).then(|| Value::Number(layer.input.channels())),
        _ => slot(&mut layer.node.op.clone(), field)?.value(),
    }
}

/// Whether `node` convolves each of its channels by itself.
pub(super) fn is_depthwise(network: &Checked, node: NodeId) -> bool {
    let layer = network.layer(node);
    matches!(layer.node.op, Op::Conv2d(conv) if conv.groups > 1 && conv.groups == layer.input.channels())
}

impl Slot<'_> {
    fn value(self) -> Option<Value> {
        match self {
            Self::Count(count) => Some(Value::Number(*count)),
            Self::Square([height, width]) => (height == width).then_some(Value::Number(*height)),
            Self::Even(sides) => (*sides == Sides::all(sides.top)).then_some(Value::Number(sides.top)),
            Self::Real(real) => Some(Value::Real(*real)),
        }
    }

    fn blank(self) {
        match self {
            Self::Count(count) => *count = 0,
            Self::Square(pair) if pair[0] == pair[1] => *pair = [0; 2],
            Self::Even(sides) if *sides == Sides::all(sides.top) => *sides = Sides::all(0),
            Self::Square(_) | Self::Even(_) => {}
            Self::Real(real) => *real = 0.0,
        }
    }
}

/// Whether some target writes the channels that `op` reads: where they give the shape of a parameter.
fn writes_inputs(op: &Op) -> bool {
    match op {
        Op::Conv2d(_) | Op::BatchNorm(_) | Op::Linear(_) | Op::GroupNorm(_) | Op::LayerNorm(_) | Op::LayerScale(_) => {
            true
        }
        Op::Input(_)
        | Op::Activation(_)
        | Op::MaxPool(_)
        | Op::AdaptivePool(_)
        | Op::Flatten(_)
        | Op::Add(_)
        | Op::Pad(_)
        | Op::Subsample(_)
        | Op::Dropout(_)
        | Op::AvgPool(_)
        | Op::Blur(_)
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::DropPath(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_)
        | Op::Slice(_) => false,
    }
}

fn slot(op: &mut Op, field: Field) -> Option<Slot<'_>> {
    match (op, field) {
        (
            Op::Conv2d(op::Conv2d { filters: count, .. }) | Op::Linear(op::Linear { features: count, .. }),
            Field::Filters,
        )
        | (
            Op::Conv2d(op::Conv2d { groups: count, .. }) | Op::GroupNorm(op::GroupNorm { groups: count, .. }),
            Field::Groups,
        )
        | (Op::Subsample(op::Subsample { stride: count }), Field::Stride)
        | (Op::Pad(op::Pad::Channels { before: count, .. }), Field::Before)
        | (Op::Pad(op::Pad::Channels { after: count, .. }), Field::After)
        | (Op::ChannelConv(op::ChannelConv { kernel: count, .. }), Field::Kernel)
        | (Op::PathSoftmax(op::PathSoftmax { paths: count }), Field::Paths)
        | (Op::Slice(op::Slice { start: count, .. }), Field::Start)
        | (Op::Slice(op::Slice { length: count, .. }), Field::Length) => Some(Slot::Count(count)),
        (Op::Pad(op::Pad::Spatial(sides)), Field::Padding) => Some(Slot::Even(sides)),
        (
            Op::BatchNorm(op::BatchNorm { epsilon: real, .. })
            | Op::GroupNorm(op::GroupNorm { epsilon: real, .. })
            | Op::LayerNorm(op::LayerNorm { epsilon: real, .. }),
            Field::Epsilon,
        )
        | (Op::LayerScale(op::LayerScale { init: real }), Field::Init)
        | (Op::DropPath(op::DropPath { rate: real }) | Op::Dropout(op::Dropout { rate: real }), Field::Rate) => {
            Some(Slot::Real(real))
        }
        (
            Op::Conv2d(op::Conv2d { window, .. })
            | Op::MaxPool(op::MaxPool { window })
            | Op::AvgPool(op::AvgPool { window, .. })
            | Op::Blur(op::Blur { window }),
            field,
        ) => of_window(window, field),
        // What is no field is structure: it must be equal.
        (
            Op::Input(_)
            | Op::BatchNorm(_)
            | Op::Activation(_)
            | Op::AdaptivePool(_)
            | Op::Linear(_)
            | Op::Flatten(_)
            | Op::Add(_)
            | Op::Pad(_)
            | Op::Subsample(_)
            | Op::Dropout(_)
            | Op::ChannelConv(_)
            | Op::Concat(_)
            | Op::DropPath(_)
            | Op::GroupNorm(_)
            | Op::LayerNorm(_)
            | Op::LayerScale(_)
            | Op::Multiply(_)
            | Op::PathSoftmax(_)
            | Op::Slice(_),
            _,
        ) => None,
    }
}

fn of_window(window: &mut Window, field: Field) -> Option<Slot<'_>> {
    match field {
        Field::Kernel => Some(Slot::Square(&mut window.kernel)),
        Field::Stride => Some(Slot::Square(&mut window.stride)),
        Field::Dilation => Some(Slot::Square(&mut window.dilation)),
        Field::Padding => Some(Slot::Even(&mut window.padding)),
        Field::Inputs
        | Field::Filters
        | Field::Groups
        | Field::Before
        | Field::After
        | Field::Start
        | Field::Length
        | Field::Paths
        | Field::Rate
        | Field::Init
        | Field::Epsilon => None,
    }
}
