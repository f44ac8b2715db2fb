use crate::ir::shape::{Shape, ShapeError, Window};
use serde::Serialize;

/// The maximum over a window; padding counts as minus infinity, and no window lies wholly in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MaxPool {
    /// Kernel, stride, padding and rounding.
    pub window: Window,
}

impl MaxPool {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        let Shape::Map { channels, height, width } = input else { return Err(ShapeError::NotAMap(input)) };
        let [height, width] = self.window.pool([height, width])?;
        Ok(Shape::Map { channels, height, width })
    }
}
