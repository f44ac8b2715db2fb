use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;

/// A softmax over paths (selective kernels, Li et al., arXiv 1903.06586): of P x C channels, channel c of every path
/// becomes exp(x) over the sum of exp over the paths. Channel p C + c is channel c of path p.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PathSoftmax {
    /// P.
    pub paths: u64,
}

impl PathSoftmax {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        let Shape::Map { channels, .. } = input else { return Err(ShapeError::NotAMap(input)) };
        if channels.checked_rem(self.paths) == Some(0) {
            Ok(input)
        } else {
            Err(ShapeError::Groups { groups: self.paths, inputs: channels, outputs: channels })
        }
    }
}
