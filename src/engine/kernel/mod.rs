//! What runs fast, and the only place for `unsafe`: kernels in intrinsics, and memory that threads write in parts.
//!
//! In: slices, and where in them a tile reads and writes. Every function that the engine calls checks these places first, so that no
//! caller can make one reach beyond its slices, and a part of the memory is given to one task only; what remains to be justified
//! stands at each block.
#![expect(clippy::inline_always, reason = "what is called with vectors must be compiled for the caller's instructions")]

mod crew;
mod depthwise;
mod floats;
mod isa;
mod lanes;
mod peak;
mod pixels;
mod rectangle;
mod tile;
mod tiles;
mod winograd;

pub(super) use crew::{Crew, Inputs, Part, Span, Split};
pub(super) use depthwise::depthwise;
pub(super) use floats::Floats;
pub(super) use isa::Found;
pub use isa::Isa;
pub(super) use peak::multiply;
pub(super) use pixels::Pixels;
pub(super) use rectangle::{Grid, Rectangle};
pub(super) use tile::{Ahead, Held, Operands, Taps, Tile, sum};
pub(super) use tiles::{Spot, Tiles, Tiling};
pub(super) use winograd::{Finish, Form, finish_tile, spread_tile};

/// How sums are bounded before they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    None,
    /// At least 0.
    Below,
    /// At least 0 and at most 6.
    Both,
}

impl Bound {
    /// The least and the largest value that it lets pass.
    fn ends(self) -> (f32, f32) {
        match self {
            Self::None => (f32::NEG_INFINITY, f32::INFINITY),
            Self::Below => (0.0, f32::INFINITY),
            Self::Both => (0.0, 6.0),
        }
    }
}
