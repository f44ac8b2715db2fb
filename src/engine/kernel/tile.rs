//! A tile of a convolution: some pixels of one or two blocks of channels, summed in registers over all that they read.

use super::isa::{by_isa, compiled};
use super::lanes::Lanes;
use super::rectangle::Rectangle;
use super::{Bound, Found};
use std::ops::Range;

/// Where a kernel's taps lie in a source, in floats.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Taps {
    offsets: Vec<usize>,
    reach: usize,
}

impl Taps {
    pub(in crate::engine) fn new(offsets: Vec<usize>) -> Self {
        let reach = offsets.iter().copied().max().unwrap_or(0);
        Self { offsets, reach }
    }

    pub(in crate::engine) fn len(&self) -> usize {
        self.offsets.len()
    }
}

/// What sums read: a source of blocks of pixels, sixteen channels each, and weights.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Operands<'a> {
    pub(in crate::engine) source: &'a [f32],
    /// From a block of the source to the next, in floats.
    pub(in crate::engine) block: usize,
    /// From a row of the tile to the next, in floats of the source.
    pub(in crate::engine) row: usize,
    pub(in crate::engine) taps: &'a Taps,
    /// The first, and one past the last, of the channels that are summed over; the source begins with the block of channel 0.
    pub(in crate::engine) channels: &'a Range<usize>,
    /// For each block of input channels, tap and channel: the weights of the output channels.
    pub(in crate::engine) weights: &'a [f32],
    /// Of the output channels.
    pub(in crate::engine) bias: &'a [f32],
    /// What is read after this tile or others beside it.
    pub(in crate::engine) ahead: Ahead<'a>,
    pub(in crate::engine) bound: Bound,
}

/// Floats that are brought near the processor while a tile is summed.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Ahead<'a> {
    floats: &'a [f32],
    /// Lines of the cache for each tap of each block of channels.
    pace: usize,
}

impl<'a> Ahead<'a> {
    /// Nothing.
    pub(in crate::engine) const NONE: Self = Self { floats: &[], pace: 0 };

    /// `floats`, a share for each of `tiles`, which have so many taps of blocks each.
    pub(in crate::engine) fn shared(floats: &'a [f32], tiles: usize, taps: usize) -> impl Iterator<Item = Self> {
        let pace = floats.len().div_ceil(16).div_ceil(tiles).div_ceil(taps);
        let mut shares = floats.chunks((pace * taps * 16).max(1));
        std::iter::repeat_with(move || shares.next().map_or(Self::NONE, |floats| Self { floats, pace }))
    }
}

/// The sums of a tile while some of its channels are summed after others: for each pixel the output channels.
pub(in crate::engine) struct Held<'a> {
    pub(in crate::engine) sums: &'a mut [f32],
    /// Whether the sums begin here, with the bias.
    pub(in crate::engine) begins: bool,
    /// Whether they end here, and are written.
    pub(in crate::engine) ends: bool,
}

impl Held<'_> {
    /// All channels at once.
    pub(in crate::engine) fn never() -> Self {
        Self { sums: &mut [], begins: true, ends: true }
    }
}

/// Which sums: `rows` x `columns` pixels of `blocks` blocks, and of as many after these, for each of `panels`.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Tile {
    pub(in crate::engine) rows: usize,
    pub(in crate::engine) columns: usize,
    pub(in crate::engine) blocks: usize,
    /// Panels of weights, one after another as their blocks are.
    pub(in crate::engine) panels: usize,
    /// Where the first tap of the first pixel lies in the source, in floats; the next pixel's is sixteen further.
    pub(in crate::engine) start: usize,
    /// The first block, of the output.
    pub(in crate::engine) block: usize,
    /// The first position, of the output.
    pub(in crate::engine) position: usize,
    /// From a row of the tile to the next, in positions of the output.
    pub(in crate::engine) row: usize,
}

/// Sums the tile and writes it into its place in `to`, or holds its sums.
///
/// # Panics
/// If it reads beyond the operands, or does not lie in the rectangle, or does not fit into what holds it.
pub(in crate::engine) fn sum(
    found: Found,
    operands: &Operands<'_>,
    tile: &Tile,
    held: &mut Held<'_>,
    to: &mut Rectangle<'_>,
) {
    check(operands, tile, held, to);
    // SAFETY: `check` has held every read and write against what there is, and a `Found` is only of what the processor has.
    unsafe { choose(found, operands, tile, held, to) }
}

fn check(operands: &Operands<'_>, tile: &Tile, held: &Held<'_>, to: &Rectangle<'_>) {
    let Range { start, end } = *operands.channels;
    let pixels = (tile.rows - 1) * operands.row + (tile.columns - 1) * 16;
    let last = tile.start + pixels + operands.taps.reach + end.saturating_sub(1) / 16 * operands.block + 15;
    assert!(start <= end && last < operands.source.len(), "a tile reads beyond its source");
    let filters = tile.panels * tile.blocks * 16;
    let weights = (end - start) * operands.taps.len() * filters;
    assert!(weights <= operands.weights.len(), "a tile reads beyond its weights");
    assert!(filters <= operands.bias.len(), "a tile reads beyond its bias");
    let sums = tile.rows * tile.columns * filters;
    assert!(held.begins && held.ends || sums <= held.sums.len(), "a tile reads or writes beyond its sums");
    check_writes(tile, to);
}

/// The offsets of the taps, and the largest.
pub(super) fn taps<'a>(operands: &Operands<'a>) -> (&'a [usize], usize) {
    (&operands.taps.offsets, operands.taps.reach)
}

/// Panics unless `tile` lies in `to`.
pub(super) fn check_writes(tile: &Tile, to: &Rectangle<'_>) {
    let position = tile.position + (tile.rows - 1) * tile.row + tile.columns;
    let is_inside = to.blocks.start <= tile.block
        && tile.block + tile.panels * tile.blocks <= to.blocks.end
        && to.positions.start <= tile.position
        && position <= to.positions.end;
    assert!(is_inside, "a tile writes beyond its rectangle");
}

/// Calls the function for this many rows, columns and blocks.
macro_rules! by_shape {
    ($function:ident($operands:ident, $tile:ident, $held:ident, $to:ident), $(($rows:literal, $columns:literal, $blocks:literal)),*) => {
        match ($tile.rows, $tile.columns, $tile.blocks) {
            // SAFETY: the caller's.
            $(($rows, $columns, $blocks) => unsafe { $function::<{ $rows * $columns }, $columns, $blocks>($operands, $tile, $held, $to) },)*
            _ => unreachable!("tiles are no larger than the registers hold"),
        }
    };
}

unsafe fn choose(found: Found, operands: &Operands<'_>, tile: &Tile, held: &mut Held<'_>, to: &mut Rectangle<'_>) {
    by_isa!(
        found,
        by_shape!(portable(operands, tile, held, to), (1, 1, 1), (1, 2, 1), (2, 1, 1)),
        by_shape!(
            avx2(operands, tile, held, to),
            (1, 1, 1),
            (1, 2, 1),
            (1, 3, 1),
            (1, 4, 1),
            (1, 5, 1),
            (1, 6, 1),
            (2, 1, 1),
            (2, 2, 1),
            (2, 3, 1)
        ),
        by_shape!(
            avx512(operands, tile, held, to),
            (1, 1, 1),
            (1, 2, 1),
            (1, 3, 1),
            (1, 4, 1),
            (1, 5, 1),
            (1, 6, 1),
            (1, 7, 1),
            (1, 8, 1),
            (1, 9, 1),
            (1, 10, 1),
            (1, 11, 1),
            (1, 12, 1),
            (1, 13, 1),
            (1, 14, 1),
            (2, 1, 1),
            (2, 2, 1),
            (2, 3, 1),
            (2, 4, 1),
            (2, 5, 1),
            (2, 6, 1),
            (2, 7, 1),
            (1, 1, 2),
            (1, 2, 2),
            (1, 3, 2),
            (1, 4, 2),
            (1, 5, 2),
            (1, 6, 2),
            (1, 7, 2),
            (1, 8, 2),
            (1, 9, 2),
            (1, 10, 2),
            (1, 11, 2),
            (1, 12, 2),
            (1, 13, 2),
            (1, 14, 2),
            (2, 1, 2),
            (2, 2, 2),
            (2, 3, 2),
            (2, 4, 2),
            (2, 5, 2),
            (2, 6, 2),
            (2, 7, 2)
        )
    );
}

compiled!(summed<P, Q, B>(operands: &Operands<'_>, tile: &Tile, held: &mut Held<'_>, to: &mut Rectangle<'_>));

/// The kernel itself: `P` pixels of `B` blocks, in one or two rows of `Q`.
///
/// # Safety
/// What [`check`] asserts, and that the processor has `V`.
#[inline(always)]
unsafe fn summed<V: Lanes, const P: usize, const Q: usize, const B: usize>(
    operands: &Operands<'_>,
    tile: &Tile,
    held: &mut Held<'_>,
    to: &mut Rectangle<'_>,
) {
    let Operands { block, row, .. } = *operands;
    let Range { start, end } = *operands.channels;
    // SAFETY: every offset below is within what `check` asserts of the source, the weights, the bias and the sums.
    unsafe {
        let mut weights = operands.weights.as_ptr();
        let mut ahead = operands.ahead.floats.as_ptr();
        let first = operands.source.as_ptr().add(tile.start);
        for panel in 0..tile.panels {
            let place = held.sums.as_mut_ptr().wrapping_add(panel * 16 * B * P);
            // One way to begin: two would meet in memory.
            let (before, step) = if held.begins {
                (operands.bias.as_ptr().add(panel * 16 * B), 0)
            } else {
                (place.cast_const(), 16 * B)
            };
            let mut sums: [[V; B]; P] =
                std::array::from_fn(|p| std::array::from_fn(|b| V::load(before.add(p * step + 16 * b))));
            let mut channel = start;
            while channel < end {
                let here = channel / 16;
                let next = end.min(16 * here + 16);
                for &tap in &operands.taps.offsets {
                    let mut from = first.add(here * block + tap + channel % 16);
                    for _ in 0..operands.ahead.pace {
                        V::bring_near(ahead);
                        ahead = ahead.wrapping_add(16);
                    }
                    // What a loop costs beside its products is no matter to a core of its own, but a fifth of the time where another
                    // thread has half of its decoders.
                    let mut left = next - channel;
                    while left >= 8 {
                        plus_channels::<V, P, Q, B, 8>(&mut sums, &mut from, row, &mut weights);
                        left -= 8;
                    }
                    if left & 4 != 0 {
                        plus_channels::<V, P, Q, B, 4>(&mut sums, &mut from, row, &mut weights);
                    }
                    if left & 2 != 0 {
                        plus_channels::<V, P, Q, B, 2>(&mut sums, &mut from, row, &mut weights);
                    }
                    if left & 1 != 0 {
                        plus_channels::<V, P, Q, B, 1>(&mut sums, &mut from, row, &mut weights);
                    }
                }
                channel = next;
            }
            if held.ends {
                write::<V, P, Q, B>(&sums, operands.bound, tile, tile.block + panel * B, to);
            } else {
                for (p, sums) in sums.iter().enumerate() {
                    for (b, sum) in sums.iter().enumerate() {
                        sum.store(place.add(16 * (p * B + b)));
                    }
                }
            }
        }
    }
}

/// Adds the products of `N` channels at one tap.
///
/// # Safety
/// As for [`summed`].
#[inline(always)]
unsafe fn plus_channels<V: Lanes, const P: usize, const Q: usize, const B: usize, const N: usize>(
    sums: &mut [[V; B]; P],
    from: &mut *const f32,
    row: usize,
    weights: &mut *const f32,
) {
    // SAFETY: the caller's.
    unsafe {
        for n in 0..N {
            let factors: [V; B] = std::array::from_fn(|b| V::load(weights.add(16 * (n * B + b))));
            for (p, sums) in sums.iter_mut().enumerate() {
                let value = V::splat(*from.add(n + if p < Q { 16 * p } else { row + 16 * (p - Q) }));
                for (sum, factor) in sums.iter_mut().zip(factors) {
                    *sum = sum.plus_product(value, factor);
                }
            }
        }
        *weights = weights.add(16 * B * N);
        *from = from.add(N);
    }
}

/// Adds the residual, bounds the sums and writes them from the block `block` on.
///
/// # Safety
/// As for [`summed`].
#[inline(always)]
pub(super) unsafe fn write<V: Lanes, const P: usize, const Q: usize, const B: usize>(
    sums: &[[V; B]; P],
    bound: Bound,
    tile: &Tile,
    block: usize,
    to: &mut Rectangle<'_>,
) {
    let (low, high) = bound.ends();
    let first = tile.position * to.position_step + block * to.block_step;
    let [row, column] = [tile.row, 1].map(|positions| positions * to.position_step);
    // SAFETY: the tile lies in the rectangle, which is its task's alone; the residual is as large.
    unsafe {
        let (low, high) = (V::splat(low), V::splat(high));
        let out = to.out.add(first);
        // The bodies must be small enough to be unrolled: an array that is indexed by a variable is kept in memory from its first sum on.
        if let Some(residual) = to.residual {
            let residual = residual.add(first);
            for (p, sums) in sums.iter().enumerate() {
                for (b, sum) in sums.iter().enumerate() {
                    let at = if p < Q { p * column } else { row + (p - Q) * column } + b * to.block_step;
                    sum.plus(V::load(residual.add(at))).or_more(low).or_less(high).store(out.add(at));
                }
            }
        } else {
            for (p, sums) in sums.iter().enumerate() {
                for (b, sum) in sums.iter().enumerate() {
                    let at = if p < Q { p * column } else { row + (p - Q) * column } + b * to.block_step;
                    sum.or_more(low).or_less(high).store(out.add(at));
                }
            }
        }
    }
}
