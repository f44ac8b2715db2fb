use crate::ir::parameter::{ParameterKind, Tensors, per_channel};
use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;

/// Group normalisation (Wu and He, arXiv 1803.08494): mean and variance over each group of channels and all positions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GroupNorm {
    /// Groups into which the channels are split.
    pub groups: u64,
    /// Added to the variance.
    pub epsilon: f64,
    /// The factors before training.
    pub scale: f64,
}

impl GroupNorm {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        let Shape::Map { channels, .. } = input else { return Err(ShapeError::NotAMap(input)) };
        if channels.checked_rem(self.groups) == Some(0) {
            Ok(input)
        } else {
            Err(ShapeError::Groups { groups: self.groups, inputs: channels, outputs: channels })
        }
    }

    pub(super) fn parameters(self, input: Shape) -> Tensors {
        per_channel([ParameterKind::Scale, ParameterKind::Shift], input.channels())
    }
}
