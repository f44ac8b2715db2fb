use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;

/// The elementwise product of two or more operands, equal in shape, or one of them a gate: of the same channels, 1 x 1,
/// which scales each channel of the other (Hu et al., arXiv 1709.01507).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Multiply;

impl Multiply {
    pub(super) fn infer(self, inputs: &[Shape]) -> Result<Shape, ShapeError> {
        super::joined(inputs, |left, right| {
            let same_channels = left.channels() == right.channels();
            match (left.size(), right.size()) {
                _ if left == right => Ok(left),
                (Some(_), Some([1, 1])) if same_channels => Ok(left),
                (Some([1, 1]), Some(_)) if same_channels => Ok(right),
                _ => Err(ShapeError::Differ { left, right }),
            }
        })
    }
}
