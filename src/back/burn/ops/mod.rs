//! What an op becomes: a layer that is a field, or a call in `forward`.

mod call;
mod layer;
mod number;

pub(super) use call::Call;
pub(super) use layer::Layer;
pub(super) use number::{Number, Numbers};

use super::flow::Joint;
use super::imports::Imports;
use super::layout::Code;
use super::load::Method;
use crate::ir::Op;
use crate::ir::op::{Activation, PoolKind};

/// An op in the generated code.
#[derive(Debug)]
pub(super) enum Made {
    /// A module.
    Layer(Layer),
    /// An expression.
    Call(Call),
    /// What stands in no body or is written by whoever writes its branches.
    Nothing,
}

/// The order of the dimensions of a map that an op reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// N, C, H, W.
    ChannelsFirst,
    /// N, H, W, C: what burn does along the last dimension.
    ChannelsLast,
    Either,
}

/// The op of `numbers.item` in Rust; what it needs goes to `imports`.
pub(super) fn make(numbers: &mut Numbers<'_>, classes: Option<&Code>, imports: &mut Imports) -> Made {
    let item = numbers.item;
    match &item.op {
        Op::Conv2d(conv) => Made::Layer(layer::convolution(numbers, *conv, classes, imports)),
        Op::BatchNorm(norm) => Made::Layer(layer::batch_norm(numbers, *norm, imports)),
        Op::LayerNorm(norm) => Made::Layer(layer::layer_norm(numbers, *norm, imports)),
        Op::GroupNorm(norm) => Made::Layer(layer::group_norm(numbers, *norm, imports)),
        Op::LayerScale(scale) => Made::Layer(layer::layer_scale(numbers, *scale, imports)),
        Op::ChannelConv(conv) => Made::Layer(layer::channel_conv(numbers, *conv, imports)),
        Op::MaxPool(pool) => Made::Layer(layer::max_pool(numbers, *pool, imports)),
        Op::AvgPool(pool) => Made::Layer(layer::avg_pool(numbers, *pool, imports)),
        Op::Dropout(dropout) => Made::Layer(layer::dropout(numbers, *dropout, imports)),
        Op::DropPath(path) => Made::Layer(layer::drop_path(numbers, *path, imports)),
        Op::Linear(linear) => Made::Layer(layer::linear(numbers, *linear, classes, imports)),
        Op::AdaptivePool(pool) => match pool.kind {
            PoolKind::Average => Made::Layer(layer::adaptive_pool(*pool, imports)),
            PoolKind::Maximum => Made::Call(call::adaptive_max_pool(*pool, imports)),
        },
        Op::Activation(activation) => Made::Call(call::activation(*activation, imports)),
        Op::Flatten(_) => Made::Call(call::flatten()),
        Op::Pad(pad) => Made::Call(call::padding(numbers, *pad, imports)),
        Op::Subsample(subsample) => Made::Call(call::subsample(numbers, *subsample)),
        Op::Slice(slice) => Made::Call(call::slice(numbers, *slice)),
        Op::PathSoftmax(softmax) => Made::Call(call::path_softmax(numbers, *softmax, imports)),
        Op::Blur(blur) => Made::Call(call::blur(numbers, *blur, imports)),
        Op::Input(_) | Op::Add(_) | Op::Multiply(_) | Op::Concat(_) => Made::Nothing,
    }
}

/// How a join is written.
pub(super) fn joint(op: &Op) -> Option<Joint> {
    match op {
        Op::Add(_) => Some(Joint::Sum),
        Op::Multiply(_) => Some(Joint::Product),
        Op::Concat(_) => Some(Joint::Concatenation),
        Op::Input(_)
        | Op::Conv2d(_)
        | Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::MaxPool(_)
        | Op::AdaptivePool(_)
        | Op::Linear(_)
        | Op::Flatten(_)
        | Op::Pad(_)
        | Op::Subsample(_)
        | Op::Dropout(_)
        | Op::AvgPool(_)
        | Op::Blur(_)
        | Op::ChannelConv(_)
        | Op::DropPath(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::PathSoftmax(_)
        | Op::Slice(_) => None,
    }
}

/// The order of dimensions that `op` wants of a map.
pub(super) fn order(op: &Op) -> Order {
    match op {
        Op::Linear(_) | Op::LayerNorm(_) => Order::ChannelsLast,
        Op::Activation(activation) if *activation != Activation::Softmax => Order::Either,
        Op::Dropout(_) | Op::DropPath(_) => Order::Either,
        Op::Input(_)
        | Op::Activation(_)
        | Op::Conv2d(_)
        | Op::BatchNorm(_)
        | Op::MaxPool(_)
        | Op::AdaptivePool(_)
        | Op::Flatten(_)
        | Op::Add(_)
        | Op::Pad(_)
        | Op::Subsample(_)
        | Op::AvgPool(_)
        | Op::Blur(_)
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::GroupNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_)
        | Op::Slice(_) => Order::ChannelsFirst,
    }
}

/// How the weights of `op` are loaded, if it has any; a linear layer's in the order that the IR has.
pub(super) fn method(op: &Op) -> Option<Method> {
    match op {
        Op::Conv2d(_) => Some(Method::Convolution),
        Op::BatchNorm(_) => Some(Method::BatchNorm),
        Op::Linear(_) => Some(Method::Linear),
        Op::ChannelConv(_) => Some(Method::ChannelConv),
        Op::GroupNorm(_) => Some(Method::GroupNorm),
        Op::LayerNorm(_) => Some(Method::LayerNorm),
        Op::LayerScale(_) => Some(Method::LayerScale),
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
        | Op::Concat(_)
        | Op::DropPath(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_)
        | Op::Slice(_) => None,
    }
}

/// Whether `op` is a field of the struct that it stands in.
pub(super) fn is_layer(op: &Op) -> bool {
    match op {
        Op::AdaptivePool(pool) => pool.kind == PoolKind::Average,
        Op::Conv2d(_)
        | Op::BatchNorm(_)
        | Op::MaxPool(_)
        | Op::Linear(_)
        | Op::Dropout(_)
        | Op::AvgPool(_)
        | Op::ChannelConv(_)
        | Op::DropPath(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_) => true,
        Op::Input(_)
        | Op::Activation(_)
        | Op::Flatten(_)
        | Op::Add(_)
        | Op::Pad(_)
        | Op::Subsample(_)
        | Op::Blur(_)
        | Op::Concat(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_)
        | Op::Slice(_) => false,
    }
}

/// Whether the call that `op` becomes has numbers.
pub(super) fn has_numbers(op: &Op) -> bool {
    match op {
        Op::Pad(_) | Op::Subsample(_) | Op::Slice(_) | Op::PathSoftmax(_) | Op::Blur(_) => true,
        Op::Input(_)
        | Op::Conv2d(_)
        | Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::MaxPool(_)
        | Op::AdaptivePool(_)
        | Op::Linear(_)
        | Op::Flatten(_)
        | Op::Add(_)
        | Op::Dropout(_)
        | Op::AvgPool(_)
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::DropPath(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_) => false,
    }
}
