use crate::ir::shape::{Shape, ShapeError};
use serde::Serialize;

/// A pool whose output has a fixed size: cell i of n along an axis of length L covers floor(i L / n) to
/// ceil((i + 1) L / n), torch's rule. [1, 1] is global pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AdaptivePool {
    /// Mean or maximum.
    pub kind: PoolKind,
    /// Output height and width.
    pub output: [u64; 2],
}

/// What a pool computes of its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolKind {
    /// The mean.
    Average,
    /// The maximum.
    Maximum,
}

impl AdaptivePool {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        let Shape::Map { channels, .. } = input else { return Err(ShapeError::NotAMap(input)) };
        let [height, width] = self.output;
        if height == 0 || width == 0 {
            return Err(ShapeError::Zero("pool size"));
        }
        Ok(Shape::Map { channels, height, width })
    }

    /// Whether each channel becomes one number.
    #[must_use]
    pub fn is_global(self) -> bool {
        self.output == [1, 1]
    }

    pub(super) fn name(self) -> &'static str {
        match self.kind {
            PoolKind::Average => "adaptive_avg_pool",
            PoolKind::Maximum => "adaptive_max_pool",
        }
    }
}
