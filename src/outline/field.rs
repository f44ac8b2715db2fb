//! The fields of ops: the numbers in which blocks of one structure may differ.

use super::Field;
use crate::ir::shape::{Sides, Window};
use crate::ir::{NodeId, Op, op};
use crate::valid::Checked;

/// The op with every [`Field`] blanked, so that what remains must be equal. Windows that are not square keep theirs.
pub(super) fn strip(op: &Op) -> Op {
    let mut op = op.clone();
    match &mut op {
        Op::Conv2d(conv) => {
            conv.filters = 0;
            conv.groups = 0;
            blank(&mut conv.window);
        }
        Op::MaxPool(pool) => blank(&mut pool.window),
        Op::AvgPool(pool) => blank(&mut pool.window),
        Op::Blur(blur) => blank(&mut blur.window),
        Op::Linear(linear) => linear.features = 0,
        Op::Subsample(subsample) => subsample.stride = 0,
        Op::Pad(op::Pad::Channels { before, after }) => {
            *before = 0;
            *after = 0;
        }
        Op::Pad(op::Pad::Spatial(sides)) => {
            if even(*sides).is_some() {
                *sides = Sides::all(0);
            }
        }
        Op::Input(_)
        | Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::AdaptivePool(_)
        | Op::Flatten(_)
        | Op::Add(_)
        | Op::Dropout(_)
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
    op
}

fn blank(window: &mut Window) {
    if square(window.stride).is_some() {
        window.stride = [0; 2];
    }
    if square(window.dilation).is_some() {
        window.dilation = [0; 2];
    }
    if even(window.padding).is_some() {
        window.padding = Sides::all(0);
    }
}

fn square([height, width]: [u64; 2]) -> Option<u64> {
    (height == width).then_some(height)
}

fn even(sides: Sides) -> Option<u64> {
    (sides == Sides::all(sides.top)).then_some(sides.top)
}

/// The value of a node's field, where it has it.
pub(super) fn value(network: &Checked, node: NodeId, field: Field) -> Option<u64> {
    let layer = network.layer(node);
    let inputs = layer.input.channels();
    match (&layer.node.op, field) {
        (Op::Conv2d(_) | Op::BatchNorm(_) | Op::Linear(_), Field::Inputs) => Some(inputs),
        (Op::Conv2d(conv), Field::Filters) => Some(conv.filters),
        (Op::Conv2d(conv), Field::Groups) => Some(conv.groups),
        (Op::Linear(linear), Field::Filters) => Some(linear.features),
        (Op::Subsample(subsample), Field::Stride) => Some(subsample.stride),
        (Op::Pad(op::Pad::Channels { before, .. }), Field::Before) => Some(*before),
        (Op::Pad(op::Pad::Channels { after, .. }), Field::After) => Some(*after),
        (Op::Pad(op::Pad::Spatial(sides)), Field::Padding) => even(*sides),
        (
            Op::Conv2d(op::Conv2d { window, .. })
            | Op::MaxPool(op::MaxPool { window })
            | Op::AvgPool(op::AvgPool { window, .. })
            | Op::Blur(op::Blur { window }),
            field,
        ) => match field {
            Field::Stride => square(window.stride),
            Field::Dilation => square(window.dilation),
            Field::Padding => even(window.padding),
            Field::Inputs | Field::Filters | Field::Groups | Field::Before | Field::After => None,
        },
        _ => None,
    }
}
