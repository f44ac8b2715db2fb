//! Where a tile of sums goes.

use std::marker::PhantomData;
use std::ops::Range;

/// What a step writes as images of blocks of positions, and how many blocks and positions a task has. A block at a position is sixteen
/// floats; steps are in floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Grid {
    pub(in crate::engine) images: usize,
    pub(in crate::engine) blocks: usize,
    pub(in crate::engine) positions: usize,
    /// From an image to the next.
    pub(in crate::engine) image_step: usize,
    /// From a block to the next.
    pub(in crate::engine) block_step: usize,
    /// From a position to the next.
    pub(in crate::engine) position_step: usize,
    /// Blocks of a task, at least 1.
    pub(in crate::engine) blocks_each: usize,
    /// Positions of a task, at least 1.
    pub(in crate::engine) positions_each: usize,
}

impl Grid {
    fn bands(&self) -> usize {
        self.positions.div_ceil(self.positions_each)
    }

    /// Whether the tasks of `other` have the same positions as these with the same number, and both have all blocks.
    pub(super) fn shares_positions(&self, other: &Self) -> bool {
        let positions = |grid: &Self| (grid.images, grid.positions, grid.positions_each);
        let has_all = |grid: &Self| grid.blocks <= grid.blocks_each;
        positions(self) == positions(other) && has_all(self) && has_all(other)
    }

    pub(super) fn tasks(&self) -> usize {
        self.images * self.bands() * self.blocks.div_ceil(self.blocks_each)
    }

    /// The floats that its rectangles cover. They are apart where no step is shorter than what lies between.
    pub(super) fn reach(&self) -> usize {
        let [blocks, positions] = [(self.blocks, self.block_step), (self.positions, self.position_step)];
        let (inner, outer) =
            if self.block_step < self.position_step { (blocks, positions) } else { (positions, blocks) };
        let covered = |(count, step): (usize, usize)| count.saturating_sub(1) * step;
        let is_apart = |(count, step): (usize, usize), covered: usize| count < 2 || step >= covered + 16;
        assert!(is_apart(inner, 0) && is_apart(outer, covered(inner)), "blocks of a grid lie in each other");
        let image = covered(outer) + covered(inner) + 16;
        assert!(self.images < 2 || self.image_step >= image, "images of a grid lie in each other");
        covered((self.images, self.image_step)) + image
    }
}

/// A task's part of a grid: some blocks of some positions of an image.
pub(in crate::engine) struct Rectangle<'a> {
    pub(super) image: usize,
    pub(super) blocks: Range<usize>,
    pub(super) positions: Range<usize>,
    pub(super) block_step: usize,
    pub(super) position_step: usize,
    /// The first block at the first position of its image.
    pub(super) out: *mut f32,
    /// The same of what is added.
    pub(super) residual: Option<*const f32>,
    life: PhantomData<&'a mut [f32]>,
}

impl<'a> Rectangle<'a> {
    /// All of `out`, which is blocks of so many positions one after another.
    ///
    /// # Panics
    /// If it is not as large.
    pub(in crate::engine) fn of(out: &'a mut [f32], blocks: usize, positions: usize) -> Self {
        assert!(blocks * positions * 16 <= out.len(), "blocks reach beyond their memory");
        Self {
            image: 0,
            blocks: 0..blocks,
            positions: 0..positions,
            block_step: positions * 16,
            position_step: 16,
            out: out.as_mut_ptr(),
            residual: None,
            life: PhantomData,
        }
    }

    /// The rectangle of the task `task`: the images and bands of a run of blocks come one after another, so that its weights stay in
    /// the cache.
    ///
    /// # Safety
    /// `out` is valid for what `grid` covers, and so is `residual`; no other rectangle of the task is used any more.
    pub(super) unsafe fn new(grid: &Grid, task: usize, out: *mut f32, residual: Option<*const f32>) -> Self {
        let bands = grid.bands();
        let (run, rest) = (task / (bands * grid.images), task % (bands * grid.images));
        let (image, band) = (rest / bands, rest % bands);
        let part = |at: usize, each: usize, all: usize| at * each..((at + 1) * each).min(all);
        let offset = image * grid.image_step;
        Self {
            image,
            blocks: part(run, grid.blocks_each, grid.blocks),
            positions: part(band, grid.positions_each, grid.positions),
            block_step: grid.block_step,
            position_step: grid.position_step,
            // SAFETY: the image lies in what the grid covers.
            out: unsafe { out.add(offset) },
            residual: residual.map(|residual| unsafe { residual.add(offset) }),
            life: PhantomData,
        }
    }
}

impl Rectangle<'_> {
    pub(in crate::engine) fn image(&self) -> usize {
        self.image
    }

    pub(in crate::engine) fn blocks(&self) -> Range<usize> {
        self.blocks.clone()
    }

    pub(in crate::engine) fn positions(&self) -> Range<usize> {
        self.positions.clone()
    }

    /// Shows `each` what has been written of a block, a run of positions at a time.
    ///
    /// # Panics
    /// If the block is none of the rectangle's.
    pub(in crate::engine) fn for_each(&mut self, block: usize, mut each: impl FnMut(&mut [f32])) {
        assert!(self.blocks.contains(&block), "the block is another task's");
        let is_run = self.position_step == 16;
        let (count, len) = if is_run { (1, self.positions.len() * 16) } else { (self.positions.len(), 16) };
        for at in 0..count {
            let offset = block * self.block_step + (self.positions.start + at) * self.position_step;
            // SAFETY: the positions lie in the rectangle, whose memory is this task's alone and was written before.
            each(unsafe { std::slice::from_raw_parts_mut(self.out.add(offset), len) });
        }
    }
}
