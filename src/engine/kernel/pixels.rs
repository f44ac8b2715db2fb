//! What tiles read.

use super::rectangle::Rectangle;
use super::tile::{Operands, Tile, taps};
use std::marker::PhantomData;
use std::ops::Range;

/// Blocks of pixels that nobody writes: a slice, or what a task has made of a value of which other tasks make the rest.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Pixels<'a> {
    first: *const f32,
    inside: Inside,
    life: PhantomData<&'a [f32]>,
}

/// What may be read.
#[derive(Debug, Clone, Copy)]
enum Inside {
    /// So many floats.
    Floats(usize),
    /// Some positions of so many blocks, this far apart in floats.
    Part { blocks: usize, block_step: usize, start: usize, end: usize },
}

impl<'a> From<&'a [f32]> for Pixels<'a> {
    fn from(floats: &'a [f32]) -> Self {
        Self { first: floats.as_ptr(), inside: Inside::Floats(floats.len()), life: PhantomData }
    }
}

impl<'a> Pixels<'a> {
    /// What has been written of a rectangle, which is given up for it.
    ///
    /// # Panics
    /// If it has not all blocks, or its positions do not lie one after another.
    pub(in crate::engine) fn made(rectangle: Rectangle<'a>) -> Self {
        let Rectangle { blocks, positions, block_step, position_step, out, .. } = rectangle;
        assert!(blocks.start == 0 && position_step == 16, "what is read at once has all blocks");
        let Range { start, end } = positions;
        let inside = Inside::Part { blocks: blocks.end, block_step, start, end };
        Self { first: out, inside, life: PhantomData }
    }

    /// Without the first blocks, of those that are `step` floats apart.
    ///
    /// # Panics
    /// If there are not as many.
    pub(in crate::engine) fn without(self, count: usize, step: usize) -> Self {
        let inside = match self.inside {
            Inside::Floats(floats) => {
                assert!(count * step <= floats, "there are not so many blocks");
                Inside::Floats(floats - count * step)
            }
            Inside::Part { blocks, block_step, start, end } => {
                assert!(count <= blocks && step == block_step, "there are not so many blocks");
                Inside::Part { blocks: blocks - count, block_step, start, end }
            }
        };
        // What lies there is looked at by `holds` before anything is read.
        Self { first: self.first.wrapping_add(count * step), inside, ..self }
    }

    pub(super) fn as_ptr(&self) -> *const f32 {
        self.first
    }

    /// Whether all that the tile reads lies in what may be read.
    pub(super) fn holds(&self, operands: &Operands<'_>, tile: &Tile) -> bool {
        let ((_, reach), end) = (taps(operands), operands.channels.end.max(1));
        let pixels = (tile.rows - 1) * operands.row + (tile.width() - 1) * 16;
        match self.inside {
            Inside::Floats(floats) => tile.start + pixels + reach + (end - 1) / 16 * operands.block + 15 < floats,
            Inside::Part { blocks, block_step, start, end: last } => {
                tile.rows == 1
                    && reach == 0
                    && operands.block == block_step
                    && end <= 16 * blocks
                    && tile.start.is_multiple_of(16)
                    && start <= tile.start / 16
                    && tile.start / 16 + tile.width() <= last
            }
        }
    }
}
