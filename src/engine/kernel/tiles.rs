//! Where square tiles of a map go.

use std::marker::PhantomData;
use std::ops::Range;

/// What a step writes as square tiles of maps in blocks of channels, and how many tiles and blocks a task has. Tiles are numbered row by
/// row, image after image; those at the lower and right border reach beyond the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Tiling {
    pub(in crate::engine) height: usize,
    pub(in crate::engine) width: usize,
    pub(in crate::engine) blocks: usize,
    /// Pixels of a tile along a side.
    pub(in crate::engine) side: usize,
    /// The tiles that are written.
    pub(in crate::engine) tiles: Range<usize>,
    /// Tiles of a task, at least 1.
    pub(in crate::engine) tiles_each: usize,
    /// Blocks of a task, at least 1.
    pub(in crate::engine) blocks_each: usize,
}

/// Where a tile lies in its map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Spot {
    pub(in crate::engine) image: usize,
    /// Its first row and column.
    pub(in crate::engine) row: usize,
    pub(in crate::engine) column: usize,
}

impl Tiling {
    /// Tiles of an image.
    pub(in crate::engine) fn of_image(&self) -> usize {
        self.height.div_ceil(self.side) * self.width.div_ceil(self.side)
    }

    pub(in crate::engine) fn spot(&self, tile: usize) -> Spot {
        let (image, tile) = (tile / self.of_image(), tile % self.of_image());
        let columns = self.width.div_ceil(self.side);
        Spot { image, row: tile / columns * self.side, column: tile % columns * self.side }
    }

    fn groups(&self) -> usize {
        self.tiles.len().div_ceil(self.tiles_each)
    }

    pub(super) fn tasks(&self) -> usize {
        self.groups() * self.blocks.div_ceil(self.blocks_each)
    }

    /// The floats that the images of its tiles cover.
    pub(super) fn reach(&self) -> usize {
        self.tiles.end.div_ceil(self.of_image()) * self.blocks * self.height * self.width * 16
    }
}

/// A task's tiles: of each some blocks.
pub(in crate::engine) struct Tiles<'a> {
    pub(super) blocks: Range<usize>,
    pub(super) range: Range<usize>,
    tiling: &'a Tiling,
    /// The first block at the first position of the first image.
    pub(super) out: *mut f32,
    /// The same of what is added.
    pub(super) residual: Option<*const f32>,
    life: PhantomData<&'a mut [f32]>,
}

/// The part of a tile that lies in its map.
pub(super) struct Place {
    /// Of its first pixel, in floats.
    pub(super) offset: usize,
    /// From a row to the next, in floats.
    pub(super) row: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl<'a> Tiles<'a> {
    /// The tiles of the task `task`: all runs of blocks of a group come one after another, so that what it reads stays in the cache.
    ///
    /// # Safety
    /// `out` is valid for what `tiling` reaches, and so is `residual`; no other tiles of the task are made.
    pub(super) unsafe fn new(tiling: &'a Tiling, task: usize, out: *mut f32, residual: Option<*const f32>) -> Self {
        let runs = tiling.blocks.div_ceil(tiling.blocks_each);
        let (group, run) = (task / runs, task % runs);
        let part = |at: usize, each: usize, all: Range<usize>| {
            (all.start + at * each)..(all.start + (at + 1) * each).min(all.end)
        };
        Self {
            blocks: part(run, tiling.blocks_each, 0..tiling.blocks),
            range: part(group, tiling.tiles_each, tiling.tiles.clone()),
            tiling,
            out,
            residual,
            life: PhantomData,
        }
    }

    pub(in crate::engine) fn blocks(&self) -> Range<usize> {
        self.blocks.clone()
    }

    pub(in crate::engine) fn tiles(&self) -> Range<usize> {
        self.range.clone()
    }

    pub(super) fn side(&self) -> usize {
        self.tiling.side
    }

    /// Shows `each` what has been written, a tile's row at a time.
    pub(in crate::engine) fn for_each(&mut self, mut each: impl FnMut(&mut [f32])) {
        for (block, tile) in self.blocks.clone().flat_map(|block| self.range.clone().map(move |tile| (block, tile))) {
            let place = self.place(tile, block);
            for row in 0..place.rows {
                // SAFETY: the pixels lie in the tile, which is this task's alone and was written before.
                let row = unsafe {
                    std::slice::from_raw_parts_mut(self.out.add(place.offset + row * place.row), place.columns * 16)
                };
                each(row);
            }
        }
    }

    /// Where the tile is in the memory.
    pub(super) fn place(&self, tile: usize, block: usize) -> Place {
        let Tiling { height, width, blocks, side, .. } = *self.tiling;
        let Spot { image, row, column } = self.tiling.spot(tile);
        Place {
            offset: (((image * blocks + block) * height + row) * width + column) * 16,
            row: width * 16,
            rows: side.min(height - row),
            columns: side.min(width - column),
        }
    }
}
