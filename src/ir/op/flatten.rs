use crate::ir::shape::{Shape, ShapeError};

/// A feature map as a vector, in the order C, H, W.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flatten;

impl Flatten {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        match input {
            // A vector longer than 2^64 cannot be held anywhere; what a linear layer may read is far less.
            Shape::Map { .. } => u64::try_from(input.elements())
                .ok()
                .filter(|features| u32::try_from(*features).is_ok())
                .map(Shape::Vector)
                .ok_or(ShapeError::Channels(input.elements())),
            Shape::Vector(_) => Err(ShapeError::NotAMap(input)),
        }
    }
}
