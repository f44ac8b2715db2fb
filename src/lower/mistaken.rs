//! A layer's name that means another layer elsewhere.

use super::builder::Builder;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::ir::shape::Window;
use crate::ir::{NodeId, Op, Shape};
use crate::lang::Value;
use crate::lang::ast::Block;
use crate::source::Span;

/// DenseNet's layer, and in Keras the fully connected one.
const DENSE: &str = "dense";

/// The least height or width of a window that takes a map to one pixel and is taken for its end: transitions of a DenseNet
/// on small images have 2 x 2.
const WHOLE_MAP: u64 = 4;

/// The warning for a call of `block` that can only be meant as a fully connected layer: DenseNet's, on a vector or a map that
/// was pooled to one pixel. It reads the tensor `at`, `growth` is what it is told first.
pub(super) fn check(
    builder: &Builder,
    at: NodeId,
    block: &Block,
    growth: Option<&Value>,
    span: Span,
) -> Option<Diagnostic> {
    if !block.is_library || block.name() != DENSE || !ends_map(builder, at) {
        return None;
    }
    let features = growth.map_or_else(|| "features".to_owned(), Value::to_string);
    let message = format!("`{DENSE}` is DenseNet's layer, and the map before it is pooled to one pixel");
    let warning = Diagnostic::error(Code::DenseForLinear, span, message, "it adds channels to those that it reads")
        .help(format!("write `linear({features})`: a fully connected layer"));
    Some(Diagnostic { severity: Severity::Warning, ..warning })
}

/// Whether the tensor `at` is a vector, or was made of one pixel for each channel by what looks at no other.
fn ends_map(builder: &Builder, at: NodeId) -> bool {
    if matches!(builder.shape(at), Shape::Vector(_)) {
        return true;
    }
    let mut at = Some(at);
    while let Some((id, node)) = at.and_then(|id| Some((id, builder.graph.get(id)?))) {
        let operand = builder.graph.operands(id).first().copied();
        match &node.op {
            Op::AdaptivePool(pool) => return pool.is_global(),
            Op::AvgPool(pool) => return is_whole(builder, id, pool.window),
            Op::MaxPool(pool) => return is_whole(builder, id, pool.window),
            Op::Activation(_)
            | Op::BatchNorm(_)
            | Op::Dropout(_)
            | Op::DropPath(_)
            | Op::GroupNorm(_)
            | Op::LayerNorm(_)
            | Op::LayerScale(_)
            | Op::Linear(_) => at = operand,
            Op::Conv2d(conv) if conv.window.kernel == [1, 1] => at = operand,
            Op::Add(_)
            | Op::Blur(_)
            | Op::ChannelConv(_)
            | Op::Concat(_)
            | Op::Conv2d(_)
            | Op::Flatten(_)
            | Op::Input(_)
            | Op::Multiply(_)
            | Op::Pad(_)
            | Op::PathSoftmax(_)
            | Op::Slice(_)
            | Op::Subsample(_) => return false,
        }
    }
    false
}

/// Whether a pool with this window gives one pixel of a map that is more than a few.
fn is_whole(builder: &Builder, id: NodeId, window: Window) -> bool {
    let is_pixel = builder.shape(id).size() == Some([1, 1]);
    is_pixel && window.kernel.into_iter().any(|side| side >= WHOLE_MAP)
}
