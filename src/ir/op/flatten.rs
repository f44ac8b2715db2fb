use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;

/// A feature map as a vector, in the order C, H, W.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Flatten;

impl Flatten {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        match input {
            Shape::Map { .. } => {
                let features = input.elements();
                u64::try_from(features).map(Shape::Vector).map_err(|_| ShapeError::Features(features))
            }
            Shape::Vector(_) => Err(ShapeError::NotAMap(input)),
        }
    }
}
