use crate::ir::shape::Shape;
use serde::Serialize;

/// The network's input: N x C x H x W.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Input {
    /// C.
    pub channels: u64,
    /// H and W.
    pub size: [u64; 2],
}

impl Input {
    pub(super) fn shape(self) -> Shape {
        let [height, width] = self.size;
        Shape::Map { channels: self.channels, height, width }
    }
}
