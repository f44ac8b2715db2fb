//! Convolutions and linear layers: `filters` sums of what a window reads, then a residual, then an activation, in one pass over the output.
//!
//! A task has some rows of some blocks of an image's output. What it reads is copied into a band ([`Band`]), but for a convolution of
//! 1 x 1 that reads every pixel once; a linear layer reads images as pixels. Then for each panel of weights, one or two blocks of output
//! channels, the rows are summed tile by tile. The weights are packed once, in the order in which tiles read them.

use super::band::{Band, Source};
use super::even::{Strip, even_size, strips};
use super::panel::{Packed, Panel};
use super::winograd::{Sums, Winograd};
use super::{Pass, PassKind};
use crate::engine::BLOCK;
use crate::engine::extent::Extent;
use crate::engine::kernel::{
    self, Ahead, Bound, Floats, Found, Grid, Held, Operands, Pixels, Rectangle, Split, Taps, Tile, Tiles,
};
use crate::ir::op::Activation;
use std::ops::Range;

/// Floats of a task's band, and of its weights: together half of a cache of 1 MiB.
const BAND: usize = 48 * 1024;
const WEIGHTS: usize = 96 * 1024;
/// Floats of a band where the weights are the larger part: they should be read once.
const LARGE: usize = 128 * 1024;
/// Floats of weights that stay in the first cache while all tiles are summed.
const NEAR: usize = 4 * 1024;
/// Tasks of an image at least, so that threads which are not equally fast end at about the same time.
const TASKS: usize = 8;
/// Rows of a task where rows overlap, about.
const ROWS: usize = 4;

/// How a convolution reads its operand.
#[derive(Debug)]
pub(super) enum Reading {
    /// Through a band.
    Band(Band),
    /// As it is: every pixel once.
    Whole,
    /// Images as the pixels of one map.
    Images,
    /// In tiles, by Winograd's minimal filtering.
    Tiles(Winograd),
}

/// A convolution that is ready to run.
#[derive(Debug)]
pub(in crate::engine) struct Conv {
    pub(super) input: Extent,
    pub(super) output: Extent,
    pub(super) reading: Reading,
    pub(super) taps: Taps,
    pub(super) packed: Packed,
    pub(super) activation: Option<Activation>,
    /// Rows and blocks of a task.
    pub(super) rows_each: usize,
    pub(super) blocks_each: usize,
}

/// A thread's own memory.
#[derive(Debug, Default)]
pub(in crate::engine) struct Scratch {
    /// Sums that are not finished.
    sums: Floats,
    /// What tiles read.
    band: Copied,
}

/// What tiles read.
#[derive(Debug, Default)]
struct Copied {
    floats: Floats,
    /// What it holds: of which step, image, blocks and first row.
    holds: Option<[usize; 5]>,
}

impl Scratch {
    /// Forgets what it holds: another run has other values.
    pub(in crate::engine) fn forget(&mut self) {
        self.band.holds = None;
    }
}

impl Copied {
    /// The first `len` floats, as `fill` makes them unless they are there.
    fn filled(&mut self, what: [usize; 5], len: usize, fill: impl FnOnce(&mut [f32])) -> &[f32] {
        self.floats.hold(len);
        if self.holds != Some(what) {
            fill(&mut self.floats.get_mut()[..len]);
            self.holds = Some(what);
        }
        &self.floats.get()[..len]
    }
}

/// What a task has beside its convolution.
pub(in crate::engine) struct Task<'a> {
    pub(in crate::engine) found: Found,
    /// The number of its step.
    pub(in crate::engine) step: usize,
    /// The operand, of all images.
    pub(in crate::engine) source: Source<'a>,
    pub(in crate::engine) images: usize,
}

impl Conv {
    /// A convolution from one extent to another.
    pub(super) fn new([input, output]: [Extent; 2], reading: Reading, packed: Packed, threads: usize) -> Self {
        let taps = if let Reading::Band(band) = &reading { band.taps() } else { Taps::new(vec![0]) };
        let conv = Self { input, output, reading, taps, packed, activation: None, rows_each: 1, blocks_each: 1 };
        conv.divided(threads)
    }

    /// Decides what a task is, for so many threads.
    fn divided(mut self, threads: usize) -> Self {
        let panels = self.packed.panels.len();
        let tasks = TASKS.max(2 * threads);
        if let Reading::Tiles(_) = self.reading {
            self.blocks_each = even_size(panels, tasks, threads) * self.packed.most;
            return self;
        }
        let weights = self.packed.floats() / panels.max(1);
        let mut runs = panels.div_ceil((WEIGHTS / weights.max(1)).max(1));
        let height = self.height();
        let is_heavy = self.packed.floats() > self.input.floats();
        let mut bands = height.div_ceil(self.rows_that_fit(if is_heavy { LARGE } else { BAND }));
        let least = if let Reading::Band(_) = self.reading { ROWS } else { 1 };
        while runs * bands < tasks {
            let by_panels = panels / runs >= 2;
            let by_rows = height / bands >= 2 * least;
            match (by_panels, by_rows) {
                (true, true) if is_heavy => runs *= 2,
                (_, true) => bands *= 2,
                (true, false) => runs *= 2,
                (false, false) => break,
            }
        }
        // One direction alone can make their number come out even; with both there are many.
        self.rows_each = if runs == 1 { even_size(height, bands, threads) } else { height.div_ceil(bands) };
        let panels_each = if bands == 1 { even_size(panels, runs, threads) } else { panels.div_ceil(runs) };
        self.blocks_each = panels_each * self.packed.most;
        self
    }

    /// Rows that are shared out: pixels where these are read as they are.
    fn height(&self) -> usize {
        match self.reading {
            Reading::Band(_) => self.output.height,
            Reading::Whole => self.output.positions(),
            Reading::Images | Reading::Tiles(_) => 1,
        }
    }

    /// Positions of a row.
    fn width(&self) -> usize {
        if let Reading::Band(_) = self.reading { self.output.width } else { 1 }
    }

    /// Rows of which what is read takes no more than `floats`.
    fn rows_that_fit(&self, floats: usize) -> usize {
        // A depthwise convolution reads one block at a time.
        let blocks = if self.packed.is_depthwise { 1 } else { self.input.blocks() };
        match &self.reading {
            Reading::Band(band) => {
                (1..=self.output.height).rev().find(|rows| blocks * band.block(*rows) <= floats).unwrap_or(1)
            }
            Reading::Whole => (floats / (blocks * BLOCK)).max(BLOCK),
            Reading::Images | Reading::Tiles(_) => 1,
        }
    }

    /// The passes over its output for so many images, each with how it is split.
    pub(in crate::engine) fn passes(&self, images: usize) -> Vec<Pass> {
        let Reading::Tiles(winograd) = &self.reading else {
            return vec![Pass { kind: PassKind::Whole, split: Split::Grid(self.grid(images)), workspace: 0 }];
        };
        let of_part = |tiles: Range<usize>| {
            let (workspace, sum) = (winograd.floats(&tiles), winograd.sum_split(tiles.clone(), self.blocks_each));
            let spread = PassKind::Spread(tiles.clone());
            [
                Pass { kind: spread, split: winograd.spread_split(), workspace },
                Pass { kind: PassKind::Sum(tiles), split: sum, workspace },
            ]
        };
        winograd.parts(images).flat_map(of_part).collect()
    }

    /// A task of the first pass of two: what the tiles read, transformed.
    pub(in crate::engine) fn spread(&self, task: &Task<'_>, tiles: &Range<usize>, number: usize, out: &mut [f32]) {
        let (Reading::Tiles(winograd), Source::Blocks(source)) = (&self.reading, task.source) else {
            unreachable!("only tiles are transformed, of maps in blocks");
        };
        winograd.spread(task.found, source, tiles, number, out);
    }

    /// A task of the second pass of two: sums of `values`, finished.
    pub(in crate::engine) fn sum(
        &self,
        found: Found,
        first: usize,
        values: &[f32],
        scratch: &mut Scratch,
        to: &mut Tiles<'_>,
    ) {
        let Reading::Tiles(winograd) = &self.reading else { unreachable!("only tiles have two passes") };
        let panels = to.blocks().start / self.packed.most..to.blocks().end.div_ceil(self.packed.most);
        let given = Sums { found, values, first, bias: self.packed.biases(), bound: self.bound() };
        winograd.sum(&given, (panels.start, &self.packed.panels[panels.clone()]), &mut scratch.sums, to);
        if let (Some(activation), Bound::None) = (self.activation, given.bound) {
            to.for_each(|values| super::pointwise::activate(activation, values));
        }
    }

    /// How its output is split for so many images.
    fn grid(&self, images: usize) -> Grid {
        let Self { output, blocks_each, .. } = *self;
        let grid = Grid {
            images,
            blocks: output.blocks(),
            positions: output.positions(),
            image_step: output.floats(),
            block_step: output.plane(),
            position_step: BLOCK,
            blocks_each,
            positions_each: self.rows_each * self.width(),
        };
        match self.reading {
            Reading::Band(_) | Reading::Whole | Reading::Tiles(_) => grid,
            Reading::Images => Grid {
                images: 1,
                positions: images,
                block_step: BLOCK,
                position_step: output.floats(),
                positions_each: images,
                ..grid
            },
        }
    }

    /// Does a task.
    pub(in crate::engine) fn run(&self, task: &Task<'_>, scratch: &mut Scratch, to: &mut Rectangle<'_>) {
        let Scratch { sums, band } = scratch;
        for panels in self.packed.within(to.blocks()) {
            let blocks = self.packed.reads(panels);
            let (source, start, block, row) = self.source(task, band, to, blocks.clone());
            for panels in self.packed.near(panels, NEAR) {
                let Panel { channels: Range { start: first, end }, .. } = &panels[0];
                let operands = Operands {
                    source,
                    block,
                    row,
                    taps: &self.taps,
                    channels: &(first - BLOCK * blocks.start..end - BLOCK * blocks.start),
                    weights: self.packed.weights(panels),
                    bias: self.packed.bias(&panels[0]),
                    ahead: Ahead::NONE,
                    bound: self.bound(),
                };
                self.panels(task.found, &operands, start, panels, sums, to);
                for panel in panels {
                    self.activate(panel, to);
                }
            }
        }
    }

    fn bound(&self) -> Bound {
        match self.activation {
            Some(Activation::Relu) => Bound::Below,
            Some(Activation::Relu6) => Bound::Both,
            _ => Bound::None,
        }
    }

    /// The activations that are no bounds.
    fn activate(&self, panel: &Panel, to: &mut Rectangle<'_>) {
        if let (Some(activation), Bound::None) = (self.activation, self.bound()) {
            for block in panel.block..panel.block + panel.blocks {
                to.for_each(block, |values| super::pointwise::activate(activation, values));
            }
        }
    }

    /// The source, where in it the task's first pixel is, and the steps from a block and from a row to the next.
    fn source<'a>(
        &self,
        task: &Task<'a>,
        scratch: &'a mut Copied,
        to: &Rectangle<'_>,
        blocks: Range<usize>,
    ) -> (Pixels<'a>, usize, usize, usize) {
        let first = to.positions().start;
        match &self.reading {
            Reading::Band(band) => {
                let rows = first / self.output.width..to.positions().end.div_ceil(self.output.width);
                let block = band.block(rows.len());
                let source = task.source.image(to.image(), self.input);
                let what = [task.step, to.image(), blocks.start, blocks.end, rows.start];
                let filled = scratch.filled(what, blocks.len() * block, |out| band.fill(source, blocks, rows, out));
                (filled.into(), 0, block, band.step())
            }
            Reading::Whole => {
                let step = self.input.plane();
                let pixels: Pixels<'_> = match task.source.image(to.image(), self.input) {
                    Source::Blocks(map) => map.into(),
                    Source::Made(pixels) => pixels,
                    Source::Planes(_) => unreachable!("only bands read planes"),
                };
                (pixels.without(blocks.start, step), first * BLOCK, step, 0)
            }
            Reading::Images => {
                let Source::Blocks(vectors) = task.source else { unreachable!("only bands read planes") };
                let len = self.input.floats() * task.images;
                let filled = scratch.filled([task.step, 0, 0, 0, 0], len, |out| transpose(vectors, task.images, out));
                (filled[blocks.start * task.images * BLOCK..].into(), 0, task.images * BLOCK, 0)
            }
            Reading::Tiles(_) => unreachable!("tiles have passes of their own"),
        }
    }

    /// Sums the rectangle's part of panels, some channels of all tiles at a time where these have many weights: so a weight comes into
    /// the first cache once, and not once for each tile.
    fn panels(
        &self,
        found: Found,
        operands: &Operands<'_>,
        start: usize,
        panels: &[Panel],
        sums: &mut Floats,
        to: &mut Rectangle<'_>,
    ) {
        let panel = &panels[0];
        if self.packed.is_depthwise {
            let width = self.output.width;
            for row in 0..to.positions().len() / width {
                let position = to.positions().start + row * width;
                let (columns, start) = (width, row * operands.row);
                let block = panel.block;
                let tile =
                    Tile { rows: 1, columns, count: 1, blocks: 1, panels: 1, start, block, position, row: width };
                kernel::depthwise(found, operands, &tile, to);
            }
            return;
        }
        let filters = panel.blocks * BLOCK;
        let Range { start: first, end } = *operands.channels;
        let each = (NEAR / (self.taps.len() * filters)).next_multiple_of(BLOCK).max(BLOCK);
        let tiles = self.tiles(found, operands.row, start, panels, to.positions());
        // Several panels have few weights: all channels at once.
        if panels.len() > 1 || end - first <= each {
            for tile in tiles {
                kernel::sum(found, operands, &tile, &mut Held::never(), to);
            }
            return;
        }
        let tiles: Vec<_> = tiles.collect();
        let weights_before = |channel: usize| (channel - first) * self.taps.len() * filters;
        sums.hold(to.positions().len() * filters);
        // A part of the channels ends where a block does.
        let mut channels = first..end.min(first / BLOCK * BLOCK + each);
        loop {
            let following = channels.end..end.min(channels.end + each);
            let ahead = &operands.weights[weights_before(following.start)..weights_before(following.end)];
            let (begins, ends) = (channels.start == first, channels.end == end);
            let mut rest = sums.get_mut();
            let whole = (channels.end / BLOCK).saturating_sub(channels.start.div_ceil(BLOCK));
            let aheads = Ahead::shared(ahead, &tiles, whole * self.taps.len());
            for (tile, ahead) in tiles.iter().zip(aheads) {
                let (own, after) = rest.split_at_mut(tile.rows * tile.columns * tile.count * filters);
                rest = after;
                let operands = Operands {
                    channels: &channels,
                    weights: &operands.weights[weights_before(channels.start)..],
                    ahead,
                    ..*operands
                };
                kernel::sum(found, &operands, tile, &mut Held { sums: own, begins, ends }, to);
            }
            if ends {
                return;
            }
            channels = following;
        }
    }

    /// The tiles of some positions.
    fn tiles(
        &self,
        found: Found,
        step: usize,
        start: usize,
        panels: &[Panel],
        positions: Range<usize>,
    ) -> impl Iterator<Item = Tile> {
        let [most, _] = found.isa().tile();
        // Pixels that are read as they are have no rows.
        let width = if let Reading::Band(_) = self.reading { self.output.width } else { positions.len() };
        let rows = positions.len() / width;
        let together = if 2 * width <= most && rows > 1 { 2 } else { 1 };
        let (block, blocks, panels) = (panels[0].block, panels[0].blocks, panels.len());
        (0..rows).step_by(together).flat_map(move |row| {
            strips(width, most).map(move |Strip { first, columns, count }| Tile {
                rows: together.min(rows - row),
                columns,
                count,
                blocks,
                panels,
                start: start + row * step + first * BLOCK,
                block,
                position: positions.start + row * width + first,
                row: width,
            })
        })
    }
}

/// From images of blocks to blocks of images.
fn transpose(vectors: &[f32], images: usize, out: &mut [f32]) {
    let features = vectors.len() / images;
    for (image, vector) in vectors.chunks_exact(features).enumerate() {
        for (block, values) in vector.chunks_exact(BLOCK).enumerate() {
            out[(block * images + image) * BLOCK..][..BLOCK].copy_from_slice(values);
        }
    }
}

impl Source<'_> {
    /// The map of one image.
    fn image(self, image: usize, extent: Extent) -> Self {
        match self {
            Self::Blocks(maps) => Self::Blocks(&maps[image * extent.floats()..][..extent.floats()]),
            Self::Planes(maps) => Self::Planes(&maps[image * extent.numbers()..][..extent.numbers()]),
            Self::Made(pixels) => Self::Made(pixels),
        }
    }
}

impl Conv {
    /// Whether it reads an operand that is given C, H, W as well as one in blocks.
    pub(in crate::engine) fn reads_planes(&self) -> bool {
        matches!(self.reading, Reading::Band(_))
    }

    /// Whether each of its tasks can follow the one of `before` that makes all that it reads.
    pub(in crate::engine) fn can_follow(&self, before: &Self) -> bool {
        let has_all = |conv: &Self| conv.blocks_each >= conv.output.blocks();
        let is_rectangles = matches!(before.reading, Reading::Band(_) | Reading::Whole);
        matches!(self.reading, Reading::Whole) && is_rectangles && has_all(self) && has_all(before)
    }

    /// Has its tasks follow those of `before`.
    pub(in crate::engine) fn follow(&mut self, before: &Self) {
        self.rows_each = before.rows_each * before.width();
    }

    /// Whether its sums are written as they are.
    pub(in crate::engine) fn is_bare(&self) -> bool {
        self.activation.is_none()
    }

    /// Has its sums pass through an activation.
    pub(in crate::engine) fn finish(&mut self, activation: Activation) {
        self.activation = Some(activation);
    }
}
