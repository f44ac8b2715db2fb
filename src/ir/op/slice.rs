use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;

/// A run of channels of a map, or of features of a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Slice {
    /// The first, from 0.
    pub start: u64,
    /// How many, at least 1.
    pub length: u64,
}

impl Slice {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        if self.length == 0 {
            return Err(ShapeError::Zero("channels"));
        }
        let end = self.start.checked_add(self.length).filter(|end| *end <= input.channels());
        if end.is_none() {
            return Err(ShapeError::Slice { start: self.start, length: self.length, channels: input.channels() });
        }
        Ok(match input {
            Shape::Map { height, width, .. } => Shape::Map { channels: self.length, height, width },
            Shape::Vector(_) => Shape::Vector(self.length),
        })
    }
}
