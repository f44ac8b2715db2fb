use crate::ir::parameter::{ParameterKind, Tensors, per_channel};
use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;

/// Which variance of a batch goes into the running one. A batch is normalised with the biased one in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunningVariance {
    /// The mean square of the differences from the mean (Keras).
    Biased,
    /// m / (m - 1) of that for m values of a channel (Ioffe and Szegedy 2015, algorithm 2; PyTorch, Caffe).
    Unbiased,
}

/// Batch normalisation over the channels (Ioffe and Szegedy 2015): (x - mean) / sqrt(variance + epsilon) * scale + shift.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BatchNorm {
    /// Added to the variance.
    pub epsilon: f64,
    /// Weight of the new batch in the running statistics: torch's momentum, 1 minus Keras's.
    pub momentum: f64,
    /// The factors before training.
    pub scale: f64,
    /// Which variance of a batch enters the running one.
    pub running_variance: RunningVariance,
}

/// The factors with which a norm begins, where they are not those that every framework gives it: 1.
#[must_use]
pub fn unusual_scale(scale: f64) -> Option<f64> {
    (scale.to_bits() != 1_f64.to_bits()).then_some(scale)
}

impl BatchNorm {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        match input {
            Shape::Map { .. } => Ok(input),
            Shape::Vector(_) => Err(ShapeError::NotAMap(input)),
        }
    }

    pub(super) fn parameters(self, input: Shape) -> Tensors {
        let kinds = [ParameterKind::Scale, ParameterKind::Shift, ParameterKind::Mean, ParameterKind::Variance];
        per_channel(kinds, input.channels())
    }
}
