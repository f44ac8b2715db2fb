use crate::ir::parameter::{ParameterKind, Tensors, per_channel};
use crate::ir::shape::Shape;
use serde::Serialize;

/// Layer normalisation over the channels, at each position of a map by itself (Ba et al., arXiv 1607.06450, as ConvNeXt
/// uses it): (x - mean) / sqrt(variance + epsilon) * scale + shift, the variance not corrected for bias.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LayerNorm {
    /// Added to the variance.
    pub epsilon: f64,
    /// The factors before training.
    pub scale: f64,
}

impl LayerNorm {
    pub(super) fn infer(self, input: Shape) -> Shape {
        input
    }

    pub(super) fn parameters(self, input: Shape) -> Tensors {
        per_channel([ParameterKind::Scale, ParameterKind::Shift], input.channels())
    }
}
