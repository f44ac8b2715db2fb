//! Convolutions of 3 x 3 and stride 1 by Winograd's minimal filtering, in two passes.
//!
//! The first transforms what the tiles read into products' left sides, the second multiplies them by the transformed weights, transforms
//! the sums back and finishes them as any convolution does. Between the two the values lie in memory of the run, in groups of tiles
//! whose size suits the second cache: [group][C / 16][point][tile][16]. Larger maps and batches are done a part at a time, so that this memory
//! stays bounded.

use super::even::{Strip, strips};
use super::panel::{Kernel, Panel};
use crate::engine::BLOCK;
use crate::engine::extent::Extent;
use crate::engine::kernel::{
    self, Ahead, Bound, Finish, Floats, Form, Found, Held, Operands, Rectangle, Split, Spot, Taps, Tile, Tiles, Tiling,
};
use crate::ir::Sides;
use crate::ir::shape::Window;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use std::ops::Range;

/// Floats of the values that are in memory at a time.
const PART: usize = 1 << 20;
/// Floats of a group's values: together with a panel's sums not much more than half of a cache of 512 KiB.
const GROUP: usize = 72 * 1024;
/// The least and the most tiles of a group.
const LEAST: usize = 16;
const MOST: usize = 24;

/// A convolution that is ready to run in this form.
#[derive(Debug)]
pub(super) struct Winograd {
    form: Form,
    input: Extent,
    output: Extent,
    /// Rows above and columns before the map.
    padding: [usize; 2],
    /// For each panel and each pair of points the weights of its channels: [point][C][filters].
    weights: Vec<Floats>,
    /// Tiles of a group.
    group: usize,
    taps: Taps,
    zeros: Floats,
}

/// What a task of the second pass reads and knows.
pub(super) struct Sums<'a> {
    pub(super) found: Found,
    /// The values of the part.
    pub(super) values: &'a [f32],
    /// The first tile of the part.
    pub(super) first: usize,
    pub(super) bias: &'a [f32],
    pub(super) bound: Bound,
}

impl Winograd {
    /// `kernel` O, I, 3, 3 for panels of filters.
    pub(super) fn new(form: Form, kernel: &[f32], panels: &[Panel], ends: [Extent; 2], padding: Sides) -> Self {
        let [input, output] = ends;
        let inputs = input.channels;
        let weights = panels.into_par_iter().map(|panel| transformed(form, kernel, inputs, output.channels, panel));
        let mut weights_of_panels = Vec::new();
        weights.collect_into_vec(&mut weights_of_panels);
        let most = panels.iter().map(|panel| panel.blocks).max().unwrap_or(1);
        Self {
            form,
            input,
            output,
            padding: [padding.top, padding.left].map(crate::engine::extent::size),
            weights: weights_of_panels,
            group: group(form, input, tiles(form, output)),
            taps: Taps::new(vec![0]),
            zeros: Floats::zeros(most * BLOCK),
        }
    }

    /// Floats of a pair of points in a group's block.
    fn step(&self) -> usize {
        self.group * BLOCK
    }

    /// Floats of a group's block of channels.
    fn block(&self) -> usize {
        self.form.pairs() * self.step()
    }

    fn tiling(&self, tiles: Range<usize>, blocks_each: usize) -> Tiling {
        let Extent { height, width, .. } = self.output;
        let side = self.form.side();
        Tiling { height, width, blocks: self.output.blocks(), side, tiles, tiles_each: self.group, blocks_each }
    }

    /// The parts that are done one after another for so many images.
    pub(super) fn parts(&self, images: usize) -> impl Iterator<Item = Range<usize>> {
        let tiles = self.tiling(0..0, 1).of_image() * images;
        let each = self.group * (PART / (self.block() * self.input.blocks())).max(1);
        (0..tiles.div_ceil(each)).map(move |part| part * each..((part + 1) * each).min(tiles))
    }

    /// Floats of the values of a part.
    pub(super) fn floats(&self, tiles: &Range<usize>) -> usize {
        tiles.len().div_ceil(self.group) * self.input.blocks() * self.block()
    }

    /// How the first pass is split: a group's block of channels at a time.
    pub(super) fn spread_split(&self) -> Split {
        Split::Chunks(self.block())
    }

    /// How the second pass over `tiles` is split.
    pub(super) fn sum_split(&self, tiles: Range<usize>, blocks_each: usize) -> Split {
        Split::Tiling(self.tiling(tiles, blocks_each))
    }

    /// A task of the first pass: the values of a group's block.
    pub(super) fn spread(&self, found: Found, source: &[f32], tiles: &Range<usize>, task: usize, out: &mut [f32]) {
        let (group, block) = (task / self.input.blocks(), task % self.input.blocks());
        let tiling = self.tiling(tiles.clone(), 1);
        let first = tiles.start + group * self.group;
        let mut border = Border::default();
        for (at, tile) in (first..(first + self.group).min(tiles.end)).enumerate() {
            let spot = tiling.spot(tile);
            let map = &source[spot.image * self.input.floats()..][block * self.input.plane()..][..self.input.plane()];
            let out = &mut out[at * BLOCK..];
            if let Some(start) = self.inside(spot) {
                let place = [start, self.input.width * BLOCK];
                kernel::spread_tile(found, self.form, map, place, out, self.step());
            } else {
                let place = [0, 6 * BLOCK];
                kernel::spread_tile(found, self.form, border.filled(self, map, spot), place, out, self.step());
            }
        }
    }

    /// Where in a block the tile begins to read, if all that it reads lies in the map.
    fn inside(&self, spot: Spot) -> Option<usize> {
        let [row, column] = [spot.row.checked_sub(self.padding[0])?, spot.column.checked_sub(self.padding[1])?];
        let side = self.form.points();
        let is_inside = row + side <= self.input.height && column + side <= self.input.width;
        is_inside.then_some((row * self.input.width + column) * BLOCK)
    }

    /// A task of the second pass: some tiles of some panels, whose sums pass through `scratch`.
    pub(super) fn sum(&self, given: &Sums<'_>, panels: (usize, &[Panel]), scratch: &mut Floats, to: &mut Tiles<'_>) {
        let tiles = to.tiles();
        let (first, panels) = panels;
        let values = &given.values[(tiles.start - given.first) / self.group * self.input.blocks() * self.block()..];
        for (panel, weights) in panels.iter().zip(&self.weights[first..]) {
            let filters = panel.blocks * BLOCK;
            let pixels = pixels(given.found, tiles.len(), panel.blocks);
            scratch.hold(self.form.pairs() * filters * tiles.len());
            let sums = scratch.get_mut();
            let all = weights.get();
            let each = all.len() / self.form.pairs();
            for (pair, weights) in all.chunks_exact(each).enumerate() {
                let operands = Operands {
                    source: values[pair * self.step()..].into(),
                    block: self.block(),
                    row: 0,
                    taps: &self.taps,
                    channels: &(0..self.input.channels),
                    weights,
                    bias: self.zeros.get(),
                    ahead: Ahead::NONE,
                    bound: Bound::None,
                };
                let place = &mut sums[pair * filters * tiles.len()..][..filters * tiles.len()];
                let ahead = all.get((pair + 1) * each..(pair + 2) * each).unwrap_or_default();
                let mut to = Rectangle::of(place, panel.blocks, tiles.len());
                self.multiply(given.found, &operands, ahead, &pixels, &mut to);
            }
            for block in 0..panel.blocks {
                for (at, tile) in tiles.clone().enumerate() {
                    let finish = Finish {
                        sums: &sums[(block * tiles.len() + at) * BLOCK..],
                        step: filters * tiles.len(),
                        bias: &given.bias[(panel.block + block) * BLOCK..],
                        bound: given.bound,
                        block: panel.block + block,
                        tile,
                    };
                    kernel::finish_tile(given.found, self.form, &finish, to);
                }
            }
        }
    }

    /// Sums over the channels of one pair of points, tiles as pixels, while the weights of the next are brought near.
    fn multiply(&self, found: Found, operands: &Operands<'_>, ahead: &[f32], tiles: &[Tile], to: &mut Rectangle<'_>) {
        for (tile, ahead) in tiles.iter().zip(Ahead::shared(ahead, tiles, self.input.channels / BLOCK)) {
            kernel::sum(found, &Operands { ahead, ..*operands }, tile, &mut Held::never(), to);
        }
    }
}

/// Tiles of so many pixels, each of which is a tile of the map.
fn pixels(found: Found, len: usize, blocks: usize) -> Vec<Tile> {
    let [most, _] = found.isa().tile();
    let tile = |Strip { first, columns, count }| {
        let start = first * BLOCK;
        Tile { rows: 1, columns, count, blocks, panels: 1, start, block: 0, position: first, row: 0 }
    };
    strips(len, most).map(tile).collect()
}

/// What a tile at the border reads, zeros where the map has none.
struct Border([f32; 36 * BLOCK]);

impl Default for Border {
    fn default() -> Self {
        Self([0.0; 36 * BLOCK])
    }
}

impl Border {
    fn filled(&mut self, winograd: &Winograd, map: &[f32], spot: Spot) -> &[f32] {
        let Extent { height, width, .. } = winograd.input;
        let side = winograd.form.points();
        self.0.fill(0.0);
        for (y, out) in self.0.chunks_exact_mut(6 * BLOCK).enumerate().take(side) {
            let Some(row) = (spot.row + y).checked_sub(winograd.padding[0]).filter(|row| *row < height) else {
                continue;
            };
            let before = winograd.padding[1].saturating_sub(spot.column).min(side);
            let column = (spot.column + before).saturating_sub(winograd.padding[1]);
            let count = (side - before).min(width.saturating_sub(column));
            let from = &map[(row * width + column.min(width)) * BLOCK..][..count * BLOCK];
            out[before * BLOCK..][..count * BLOCK].copy_from_slice(from);
        }
        &self.0
    }
}

/// The weights of a panel's filters, transformed in float64 and rounded once: [point][C][filters].
#[expect(clippy::cast_possible_truncation, reason = "rounded once")]
fn transformed(form: Form, kernel: &[f32], inputs: usize, outputs: usize, panel: &Panel) -> Floats {
    let filters = panel.blocks * BLOCK;
    let points = form.points();
    let mut weights = Floats::zeros(form.pairs() * inputs * filters);
    let out = weights.get_mut();
    let (kernels, _) = kernel.as_chunks::<9>();
    for filter in panel.block * BLOCK..outputs.min((panel.block + panel.blocks) * BLOCK) {
        for (channel, kernel) in kernels[filter * inputs..][..inputs].iter().enumerate() {
            let rows = [0, 3, 6].map(|row| form.of_kernel([0, 1, 2].map(|column| f64::from(kernel[row + column]))));
            let [first, middle, last] = rows;
            for (x, ((first, middle), last)) in first.into_iter().zip(middle).zip(last).enumerate().take(points) {
                let column = form.of_kernel([first, middle, last]);
                for (y, value) in column.into_iter().enumerate().take(points) {
                    let row = (y * points + x) * inputs + channel;
                    out[row * filters + filter - panel.block * BLOCK] = value as f32;
                }
            }
        }
    }
    weights
}

/// The form in which a convolution is fastest for one image, if it is not the direct one.
///
/// The unit of time is a product and its addition. Measured on a Zen 3, one thread, at the shapes of ResNet-18: the transforms of a
/// tile's channel, in and out alike, take as long as 205 of these (two outputs a side) and 490 (four), and a weight that comes
/// from beyond the second cache as long as 8.
pub(super) fn best(window: &Window, kernel: &Kernel<'_>, [input, output]: [Extent; 2]) -> Option<Form> {
    const WEIGHT: usize = 8;
    let is_possible = window.kernel == [3, 3] && window.stride == [1, 1] && window.dilation == [1, 1];
    if !is_possible || kernel.groups > 1 || kernel.inputs < BLOCK || kernel.outputs < BLOCK {
        return None;
    }
    let pairs = kernel.inputs * kernel.outputs;
    let direct = 9 * pairs * (output.positions() + WEIGHT);
    let time = |form: Form| {
        let transform = if form == Form::Two { 205 } else { 490 };
        let tiles = tiles(form, output);
        let groups = tiles.div_ceil(group(form, input, tiles));
        form.pairs() * pairs * (tiles + WEIGHT * groups) + tiles * (kernel.inputs + kernel.outputs) * transform
    };
    let form = [Form::Two, Form::Four].into_iter().min_by_key(|form| time(*form))?;
    (time(form) < direct).then_some(form)
}

/// Tiles of an image.
fn tiles(form: Form, output: Extent) -> usize {
    output.height.div_ceil(form.side()) * output.width.div_ceil(form.side())
}

/// Tiles of a group, when there are so many in all: as many as the cache holds, and groups of about one size. Where few tiles read many
/// channels, weights are the larger part, and all tiles are one group.
fn group(form: Form, input: Extent, tiles: usize) -> usize {
    let each = form.pairs() * input.blocks() * BLOCK;
    let most = (GROUP / each).clamp(LEAST, MOST);
    let groups = tiles.div_ceil(most).max(1);
    tiles.div_ceil(groups).next_multiple_of(6)
}
