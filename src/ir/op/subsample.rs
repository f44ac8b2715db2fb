use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;

/// Every `stride`-th pixel in both dimensions, from the first: shortcut A's identity (He et al. 2015, section 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Subsample {
    /// The step.
    pub stride: u64,
}

impl Subsample {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        let Shape::Map { channels, height, width } = input else { return Err(ShapeError::NotAMap(input)) };
        if self.stride == 0 {
            return Err(ShapeError::Zero("stride"));
        }
        Ok(Shape::Map { channels, height: height.div_ceil(self.stride), width: width.div_ceil(self.stride) })
    }
}
