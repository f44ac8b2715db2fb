use crate::ir::parameter::ParameterKind;
use crate::ir::shape::{Shape, ShapeError};
use crate::limits;

/// A fully connected layer with bias: y = W x + b, W [out, in].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linear {
    /// Output features.
    pub features: u64,
}

impl Linear {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        match input {
            Shape::Map { .. } => Err(ShapeError::NotAVector(input)),
            Shape::Vector(_) if self.features == 0 => Err(ShapeError::Zero("features")),
            Shape::Vector(_) if self.features > limits::CHANNELS => Err(ShapeError::Channels(self.features)),
            Shape::Vector(_) => Ok(Shape::Vector(self.features)),
        }
    }

    pub(super) fn parameters(self, input: Shape) -> Vec<(ParameterKind, Vec<u64>)> {
        vec![(ParameterKind::Kernel, vec![self.features, input.channels()]), (ParameterKind::Bias, vec![self.features])]
    }

    pub(super) fn macs(self, input: Shape) -> u128 {
        u128::from(self.features) * input.elements()
    }
}
