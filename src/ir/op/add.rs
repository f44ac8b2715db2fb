use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;

/// The elementwise sum of two or more equal shapes; there is no broadcasting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Add;

impl Add {
    pub(super) fn infer(self, inputs: &[Shape]) -> Result<Shape, ShapeError> {
        super::joined(
            inputs,
            |left, right| {
                if left == right { Ok(left) } else { Err(ShapeError::Differ { left, right }) }
            },
        )
    }
}
