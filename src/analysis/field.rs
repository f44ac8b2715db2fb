//! The receptive field: how much of the input one value of the last feature map can see.

use super::trace::Trace;
use crate::ir::Op;

/// Size and stride in pixels of the input, along the longest path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceptiveField {
    /// The side of the window of the input that one value sees, padding and what lies beyond the input included.
    pub size: u128,
    /// The distance between the windows of neighbouring values.
    pub stride: u128,
}

/// One value itself.
pub const PIXEL: ReceptiveField = ReceptiveField { size: 1, stride: 1 };

/// The receptive field of windows that may not be square: of height and width, the larger.
#[must_use]
pub fn larger([vertical, horizontal]: [ReceptiveField; 2]) -> ReceptiveField {
    vertical.max(horizontal)
}

/// How much of the value that enters one value of the last feature map sees, in height and in width.
///
/// A window with extent k at stride s turns (size, stride) into (size + (k - 1) stride, s stride); a join takes the
/// larger of its branches; a pool to a fixed size and what follows it no longer look at the map and change nothing.
#[must_use]
pub fn fields(trace: &Trace<'_>) -> [ReceptiveField; 2] {
    let mut fields: Vec<[ReceptiveField; 2]> = Vec::with_capacity(trace.len());
    for step in trace.steps() {
        let seen = step.operands.iter().filter_map(|&operand| fields.get(operand).copied());
        let field = seen.reduce(|left, right| both(left, right, ReceptiveField::max)).unwrap_or([PIXEL; 2]);
        fields.push(after(step.op, field));
    }
    fields.last().copied().unwrap_or([PIXEL; 2])
}

/// Height and width combined one by one.
fn both(
    [height, width]: [ReceptiveField; 2],
    [other_height, other_width]: [ReceptiveField; 2],
    combine: impl Fn(ReceptiveField, ReceptiveField) -> ReceptiveField,
) -> [ReceptiveField; 2] {
    [combine(height, other_height), combine(width, other_width)]
}

impl ReceptiveField {
    fn max(self, other: Self) -> Self {
        Self { size: self.size.max(other.size), stride: self.stride.max(other.stride) }
    }

    /// What `piece` sees through this: (S, T) before (s, t) is (S + (s - 1) T, t T). Since every step adds a multiple of the
    /// stride that it finds and multiplies it, and the larger of two branches is the same whatever was before both, that is
    /// what the steps of the piece do one by one.
    #[must_use]
    pub fn then(self, piece: Self) -> Self {
        let reach = self.stride.saturating_mul(piece.size.saturating_sub(1));
        Self { size: self.size.saturating_add(reach), stride: self.stride.saturating_mul(piece.stride) }
    }

    /// Strides multiply without bound, one pixel maps can be strided for ever; beyond 2^128 it is all the same.
    fn through(self, extent: u64, stride: u64) -> Self {
        let reach = self.stride.saturating_mul(u128::from(extent).saturating_sub(1));
        Self { size: self.size.saturating_add(reach), stride: self.stride.saturating_mul(stride.into()) }
    }
}

fn after(op: &Op, [vertical, horizontal]: [ReceptiveField; 2]) -> [ReceptiveField; 2] {
    let window = match op {
        Op::Conv2d(op) => op.window,
        Op::MaxPool(op) => op.window,
        Op::AvgPool(op) => op.window,
        Op::Blur(op) => op.window,
        Op::Subsample(op) => return [vertical, horizontal].map(|field| field.through(1, op.stride)),
        Op::Input(_)
        | Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::AdaptivePool(_)
        | Op::Linear(_)
        | Op::Flatten(_)
        | Op::Add(_)
        | Op::Pad(_)
        | Op::Dropout(_)
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::DropPath(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_)
        | Op::Slice(_) => return [vertical, horizontal],
    };
    let ([height, width], [down, right]) = (window.extent(), window.stride);
    [vertical.through(height, down), horizontal.through(width, right)]
}
