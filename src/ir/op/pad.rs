use crate::ir::shape::{Shape, ShapeError, Sides};
use serde::Serialize;

/// Zeros around a feature map or beside its channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pad {
    /// Rows and columns of zeros.
    Spatial(Sides),
    /// Channels of zeros.
    Channels {
        /// Before the map's own.
        before: u64,
        /// After them.
        after: u64,
    },
}

impl Pad {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        let Shape::Map { channels, height, width } = input else { return Err(ShapeError::NotAMap(input)) };
        let sum = |parts: [u64; 3]| parts.into_iter().try_fold(0_u64, u64::checked_add).unwrap_or(u64::MAX);
        let (channels, height, width) = match self {
            Self::Spatial(Sides { top, bottom, left, right }) => {
                (channels, sum([height, top, bottom]), sum([width, left, right]))
            }
            Self::Channels { before, after } => (sum([channels, before, after]), height, width),
        };
        Ok(Shape::Map { channels, height, width })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Spatial(_) => "zero_pad",
            Self::Channels { .. } => "channel_pad",
        }
    }
}
