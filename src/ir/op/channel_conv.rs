use crate::ir::init::Init;
use crate::ir::parameter::{ParameterKind, Tensors};
use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;
use smallvec::smallvec;

/// A one-dimensional convolution along the channels of a 1 x 1 map, zeros beyond either end, no bias (ECA, Wang et al.,
/// arXiv 1910.03151).
///
/// Input N x C x 1 x 1, kernel [1, 1, k].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChannelConv {
    /// k, odd.
    pub kernel: u64,
    /// How it is drawn.
    pub init: Init,
}

impl ChannelConv {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        match input {
            Shape::Map { height: 1, width: 1, .. } if !self.kernel.is_multiple_of(2) => Ok(input),
            Shape::Map { height: 1, width: 1, .. } => Err(ShapeError::Even(self.kernel)),
            Shape::Map { .. } | Shape::Vector(_) => Err(ShapeError::NotPooled(input)),
        }
    }

    pub(super) fn parameters(self) -> Tensors {
        smallvec![(ParameterKind::Kernel, smallvec![1, 1, self.kernel])]
    }

    pub(super) fn macs(self, output: Shape) -> u128 {
        output.elements() * u128::from(self.kernel)
    }
}
