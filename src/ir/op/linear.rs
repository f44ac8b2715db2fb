use crate::ir::init::Init;
use crate::ir::parameter::{ParameterKind, Tensors};
use crate::ir::shape::{Shape, ShapeError};
use crate::limits;
use serde::Serialize;
use smallvec::smallvec;

/// A fully connected layer: y = W x + b, W [out, in]; of a map, over the channels at each position by itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Linear {
    /// Output features.
    pub features: u64,
    /// Whether a bias is added.
    pub bias: bool,
    /// How it is drawn.
    pub init: Init,
}

impl Linear {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        if self.features == 0 {
            return Err(ShapeError::Zero("features"));
        }
        if self.features > limits::CHANNELS {
            return Err(ShapeError::Channels(self.features));
        }
        Ok(match input {
            Shape::Map { height, width, .. } => Shape::Map { channels: self.features, height, width },
            Shape::Vector(_) => Shape::Vector(self.features),
        })
    }

    pub(super) fn parameters(self, input: Shape) -> Tensors {
        let kernel = (ParameterKind::Kernel, smallvec![self.features, input.channels()]);
        let bias = self.bias.then(|| (ParameterKind::Bias, smallvec![self.features]));
        std::iter::once(kernel).chain(bias).collect()
    }

    pub(super) fn macs(self, input: Shape) -> u128 {
        u128::from(self.features) * input.elements()
    }
}
