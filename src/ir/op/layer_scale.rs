use crate::ir::parameter::{ParameterKind, Tensors, per_channel};
use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;

/// A learned factor for each channel (Touvron et al., arXiv 2103.17239).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LayerScale {
    /// The factors before training.
    pub init: f64,
}

impl LayerScale {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        match input {
            Shape::Map { .. } => Ok(input),
            Shape::Vector(_) => Err(ShapeError::NotAMap(input)),
        }
    }

    pub(super) fn parameters(self, input: Shape) -> Tensors {
        per_channel([ParameterKind::Gain], input.channels())
    }
}
