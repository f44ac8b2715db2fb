//! What burn 0.22 cannot do.

use crate::ir::Op;
use crate::valid::Layer;

/// Why `layer` cannot be a layer of burn, if so.
pub(super) fn refusal(layer: &Layer<'_>) -> Option<&'static str> {
    match &layer.node.op {
        Op::AvgPool(pool) => (pool.window.dilation != [1; 2])
            .then_some("burn's average pool has no dilation; write a depthwise convolution"),
        Op::Conv2d(conv) => conv.window.ceil.then_some("burn's convolution rounds its size down; pad it instead"),
        Op::Blur(blur) => {
            let is_plain = blur.window.dilation == [1; 2] && !blur.window.ceil;
            (!is_plain).then_some("a blur has neither dilation nor ceil mode")
        }
        // burn counts the elements of the whole batch where it means to count its dimensions.
        Op::GroupNorm(_) => (layer.input.elements() <= 2)
            .then_some("burn's group norm takes no map of fewer than three elements; normalise before it is pooled"),
        Op::Input(_)
        | Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::MaxPool(_)
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
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_)
        | Op::Slice(_) => None,
    }
}
