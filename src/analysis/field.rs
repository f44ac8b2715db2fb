//! The receptive field: how much of the input one value of the last feature map can see.

use crate::ir::Op;
use crate::valid::Checked;

/// Size and stride in pixels of the input, along the longest path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceptiveField {
    /// The side of the window of the input that one value sees, padding and what lies beyond the input included.
    pub size: u128,
    /// The distance between the windows of neighbouring values.
    pub stride: u128,
}

const PIXEL: ReceptiveField = ReceptiveField { size: 1, stride: 1 };

/// The receptive field of the last feature map; of windows that are not square, the larger side.
///
/// A window with extent k at stride s turns (size, stride) into (size + (k - 1) stride, s stride); a join takes the
/// larger of its branches; a pool to a fixed size and what follows it no longer look at the map and change nothing.
#[must_use]
pub fn receptive_field(network: &Checked) -> ReceptiveField {
    let mut fields = vec![[PIXEL; 2]; network.graph().bound()];
    for layer in network.layers() {
        let seen = layer.operands.iter().filter_map(|operand| fields.get(operand.index()).copied());
        let field = seen.reduce(|left, right| both(left, right, ReceptiveField::max)).unwrap_or([PIXEL; 2]);
        let field = after(&layer.node.op, field);
        if let Some(slot) = fields.get_mut(layer.id.index()) {
            *slot = field;
        }
    }
    let [vertical, horizontal] = fields.get(network.output().index()).copied().unwrap_or([PIXEL; 2]);
    vertical.max(horizontal)
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
