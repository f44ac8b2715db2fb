use crate::ir::shape::{Shape, ShapeError, Window};
use serde::Serialize;

/// The mean over a window; none lies wholly in padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AvgPool {
    /// Kernel, stride, padding and rounding.
    pub window: Window,
    /// Whether padding counts as zeros (torch's `count_include_pad`); otherwise the mean is over what the window sees of
    /// the map. What a window of ceil mode sees beyond the padded map is never counted.
    pub count_padding: bool,
}

impl AvgPool {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        let Shape::Map { channels, height, width } = input else { return Err(ShapeError::NotAMap(input)) };
        let [height, width] = self.window.pool([height, width])?;
        Ok(Shape::Map { channels, height, width })
    }
}
