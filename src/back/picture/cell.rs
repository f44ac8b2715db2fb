//! What a box says of a layer.

use super::drawing::Role;
use crate::ir::op::{self, Pad, PoolKind};
use crate::ir::shape::Window;
use crate::ir::{Op, Shape};

/// What a layer is in a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) role: Role,
    /// What it does.
    pub(super) title: String,
    /// What else is to be known of it.
    pub(super) notes: Vec<String>,
}

/// Whether a layer belongs to the one before it: papers draw both as one box.
pub(super) fn follows(op: &Op) -> bool {
    match op {
        Op::BatchNorm(_)
        | Op::LayerNorm(_)
        | Op::GroupNorm(_)
        | Op::Activation(_)
        | Op::Dropout(_)
        | Op::DropPath(_)
        | Op::LayerScale(_)
        | Op::PathSoftmax(_)
        | Op::Flatten(_) => true,
        Op::Input(_)
        | Op::Conv2d(_)
        | Op::MaxPool(_)
        | Op::AdaptivePool(_)
        | Op::Linear(_)
        | Op::Add(_)
        | Op::Pad(_)
        | Op::Subsample(_)
        | Op::AvgPool(_)
        | Op::Blur(_)
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::Multiply(_)
        | Op::Slice(_) => false,
    }
}

/// Whether a layer belongs to the window that reads it.
pub(super) fn leads(op: &Op, next: Option<&Op>) -> bool {
    matches!(op, Op::Pad(Pad::Spatial(_))) && next.is_some_and(|next| next.window().is_some())
}

/// What a box says of `op`, which reads `input`.
pub(super) fn word(op: &Op, input: Shape) -> Word {
    let plain = |title: String| Word { role: Role::Plain, title, notes: Vec::new() };
    let small = |title: &str| Word { role: Role::Small, title: title.to_owned(), notes: Vec::new() };
    let join = |title: &str| Word { role: Role::Join, title: title.to_owned(), notes: Vec::new() };
    let weighted = |title: String| Word { role: Role::Weighted, title, notes: Vec::new() };
    match op {
        Op::Input(_) => Word { role: Role::Input, title: format!("input, {input}"), notes: Vec::new() },
        Op::Conv2d(conv) => convolution(conv, input),
        Op::Linear(linear) => weighted(format!("linear, {}", linear.features)),
        Op::ChannelConv(conv) => weighted(format!("conv over channels, {}", conv.kernel)),
        Op::BatchNorm(_) => small("batch norm"),
        Op::LayerNorm(_) => small("layer norm"),
        Op::GroupNorm(_) => small("group norm"),
        Op::Activation(activation) => small(&activation.name().replace('_', " ")),
        Op::Dropout(_) => small("dropout"),
        Op::DropPath(_) => small("drop path"),
        Op::LayerScale(_) => small("layer scale"),
        Op::PathSoftmax(softmax) => small(&format!("softmax over {} paths", softmax.paths)),
        Op::Flatten(_) => small("flatten"),
        Op::MaxPool(pool) => windowed(plain(format!("{} max pool", size(&pool.window))), &pool.window),
        Op::AvgPool(pool) => windowed(plain(format!("{} average pool", size(&pool.window))), &pool.window),
        Op::Blur(blur) => windowed(plain(format!("{} blur", size(&blur.window))), &blur.window),
        Op::AdaptivePool(pool) => plain(adaptive(pool)),
        Op::Subsample(subsample) => plain(format!("subsample, /{}", subsample.stride)),
        Op::Pad(Pad::Spatial(_)) => plain("zero pad".to_owned()),
        Op::Pad(Pad::Channels { before, after }) => plain(format!("+ {} zero channels", before.saturating_add(*after))),
        Op::Slice(slice) => {
            plain(format!("channels {}-{}", slice.start, slice.start.saturating_add(slice.length).saturating_sub(1)))
        }
        Op::Add(_) => join("add"),
        Op::Multiply(_) => join("multiply"),
        Op::Concat(_) => join("concat"),
    }
}

fn convolution(conv: &op::Conv2d, input: Shape) -> Word {
    let depthwise = conv.groups > 1 && conv.groups == input.channels();
    let kind = if depthwise { "depthwise conv" } else { "conv" };
    let mut notes = Vec::new();
    if conv.groups > 1 && !depthwise {
        notes.push(format!("{} groups", conv.groups));
    }
    let title = format!("{} {kind}, {}", size(&conv.window), conv.filters);
    windowed(Word { role: Role::Weighted, title, notes }, &conv.window)
}

fn adaptive(pool: &op::AdaptivePool) -> String {
    let kind = match pool.kind {
        PoolKind::Average => "average",
        PoolKind::Maximum => "max",
    };
    let [height, width] = pool.output;
    if pool.is_global() { format!("global {kind} pool") } else { format!("{kind} pool to {height}x{width}") }
}

/// `3x3`.
fn size(window: &Window) -> String {
    let [height, width] = window.kernel;
    format!("{height}x{width}")
}

/// Adds the stride and the dilation of a window where they are not 1.
fn windowed(mut word: Word, window: &Window) -> Word {
    if window.stride != [1, 1] {
        word.title = format!("{}, /{}", word.title, both(window.stride));
    }
    if window.dilation != [1, 1] {
        word.notes.insert(0, format!("dilation {}", both(window.dilation)));
    }
    word
}

/// `2`, or `2x1` where height and width differ.
fn both([height, width]: [u64; 2]) -> String {
    if height == width { height.to_string() } else { format!("{height}x{width}") }
}
