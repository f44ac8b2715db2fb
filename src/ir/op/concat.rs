use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;

/// The channels of two or more maps of one size, one after another; features of vectors alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Concat;

impl Concat {
    pub(super) fn infer(self, inputs: &[Shape]) -> Result<Shape, ShapeError> {
        super::joined(inputs, |left, right| match (left, right) {
            (Shape::Map { channels, height, width }, Shape::Map { channels: more, .. })
                if left.size() == right.size() =>
            {
                Ok(Shape::Map { channels: channels.saturating_add(more), height, width })
            }
            (Shape::Vector(features), Shape::Vector(more)) => Ok(Shape::Vector(features.saturating_add(more))),
            _ => Err(ShapeError::Differ { left, right }),
        })
    }
}
