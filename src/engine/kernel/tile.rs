//! A tile of a convolution: some pixels of one or two blocks of channels, summed in registers over all that they read.

use super::isa::{by_isa, compiled};
use super::lanes::Lanes;
use super::pixels::Pixels;
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
    pub(in crate::engine) source: Pixels<'a>,
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
    /// Lines of the cache for each tap of each whole block of channels.
    pace: usize,
}

impl<'a> Ahead<'a> {
    /// Nothing.
    pub(in crate::engine) const NONE: Self = Self { floats: &[], pace: 0 };

    /// `floats`, a share for each of the tiles, which have so many taps of whole blocks each.
    pub(in crate::engine) fn shared(floats: &'a [f32], tiles: &[Tile], taps: usize) -> impl Iterator<Item = Self> {
        let count = tiles.iter().map(|tile| tile.count).sum::<usize>();
        let pace = floats.len().div_ceil(16).div_ceil(count).div_ceil(taps.max(1));
        let mut rest = floats;
        tiles.iter().map(move |tile| {
            let (share, after) = rest.split_at(rest.len().min(pace * taps * tile.count * 16));
            rest = after;
            if share.is_empty() { Self::NONE } else { Self { floats: share, pace } }
        })
    }
}

/// The sums of tiles while some of their channels are summed after others: for each tile, panel and pixel the output channels.
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

/// Which sums: tiles of `rows` x `columns` pixels, `count` of them beside one another, of `blocks` blocks, and of as many after these for
/// each of `panels`.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Tile {
    pub(in crate::engine) rows: usize,
    pub(in crate::engine) columns: usize,
    pub(in crate::engine) count: usize,
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

impl Tile {
    /// Columns of all tiles.
    pub(super) fn width(&self) -> usize {
        self.columns * self.count
    }
}

/// Sums the tiles and writes them into their places in `to`, or holds their sums.
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
    assert!(start <= end && operands.source.holds(operands, tile), "a tile reads beyond its source");
    let filters = tile.panels * tile.blocks * 16;
    let weights = (end - start) * operands.taps.len() * filters;
    assert!(weights <= operands.weights.len(), "a tile reads beyond its weights");
    assert!(filters <= operands.bias.len(), "a tile reads beyond its bias");
    let sums = tile.rows * tile.width() * filters;
    assert!(held.begins && held.ends || sums <= held.sums.len(), "a tile reads or writes beyond its sums");
    check_writes(tile, to);
}

/// The offsets of the taps, and the largest.
pub(super) fn taps<'a>(operands: &Operands<'a>) -> (&'a [usize], usize) {
    (&operands.taps.offsets, operands.taps.reach)
}

/// Panics unless `tile` lies in `to`.
pub(super) fn check_writes(tile: &Tile, to: &Rectangle<'_>) {
    let position = tile.position + (tile.rows - 1) * tile.row + tile.width();
    let is_inside = tile.count <= to.positions.len()
        && to.blocks.start <= tile.block
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
    // SAFETY: every offset below is within what `check` asserts of the source, the bias and the sums.
    unsafe {
        let mut ahead = operands.ahead.floats.as_ptr();
        let mut place = held.sums.as_mut_ptr();
        for number in 0..tile.count {
            let first = operands.source.as_ptr().add(tile.start + 16 * Q * number);
            let mut weights = operands.weights.as_ptr();
            for panel in 0..tile.panels {
                // One way to begin: two would meet in memory.
                let bias = operands.bias.as_ptr().add(16 * B * panel);
                let (before, step) = if held.begins { (bias, 0) } else { (place.cast_const(), 16 * B) };
                let mut sums: [[V; B]; P] =
                    std::array::from_fn(|p| std::array::from_fn(|b| V::load(before.add(p * step + 16 * b))));
                (weights, ahead) = plus_all::<V, P, Q, B>(&mut sums, operands, first, weights, ahead);
                if held.ends {
                    let position = tile.position + Q * number;
                    write::<V, P, Q, B>(&sums, operands.bound, tile, [position, tile.block + panel * B], to);
                } else {
                    for (p, sums) in sums.iter().enumerate() {
                        for (b, sum) in sums.iter().enumerate() {
                            sum.store(place.add(16 * (p * B + b)));
                        }
                    }
                }
                place = place.wrapping_add(16 * B * P);
            }
        }
    }
}

/// Adds the products of all channels at all taps for a tile whose first pixel is at `first`; says where the weights after theirs are,
/// and what is to be brought near next.
///
/// What a loop costs beside its products is no matter to a core of its own, but a fifth of the time where another thread has half of its
/// decoders: so whole blocks, which most are, have their own loop.
///
/// # Safety
/// As for [`summed`].
#[inline(always)]
unsafe fn plus_all<V: Lanes, const P: usize, const Q: usize, const B: usize>(
    sums: &mut [[V; B]; P],
    operands: &Operands<'_>,
    first: *const f32,
    mut weights: *const f32,
    mut ahead: *const f32,
) -> (*const f32, *const f32) {
    let Operands { block, row, channels: &Range { start, end }, .. } = *operands;
    let inner = start.next_multiple_of(16).min(end);
    let (before, whole, after) = (inner - start, (end - inner) / 16, (end - inner) % 16);
    // SAFETY: the caller's.
    unsafe {
        if before > 0 {
            let from = first.add(start / 16 * block + start % 16);
            for &tap in &operands.taps.offsets {
                weights = plus_part::<V, P, Q, B>(sums, from.add(tap), row, weights, before);
            }
        }
        let mut from = first.wrapping_add(inner / 16 * block);
        for _ in 0..whole {
            for &tap in &operands.taps.offsets {
                for _ in 0..operands.ahead.pace {
                    V::bring_near(ahead);
                    ahead = ahead.wrapping_add(16);
                }
                for half in [0, 8] {
                    weights = plus_channels::<V, P, Q, B, 8>(sums, from.add(tap + half), row, weights);
                }
            }
            from = from.wrapping_add(block);
        }
        if after > 0 {
            for &tap in &operands.taps.offsets {
                weights = plus_part::<V, P, Q, B>(sums, from.add(tap), row, weights, after);
            }
        }
    }
    (weights, ahead)
}

/// Adds the products of the channels of a part of a block at one tap, and says where the weights after theirs are.
///
/// # Safety
/// As for [`summed`].
#[inline(always)]
unsafe fn plus_part<V: Lanes, const P: usize, const Q: usize, const B: usize>(
    sums: &mut [[V; B]; P],
    mut from: *const f32,
    row: usize,
    mut weights: *const f32,
    count: usize,
) -> *const f32 {
    // SAFETY: the caller's.
    unsafe {
        for _ in 0..count / 4 {
            weights = plus_channels::<V, P, Q, B, 4>(sums, from, row, weights);
            from = from.add(4);
        }
        if count & 2 != 0 {
            weights = plus_channels::<V, P, Q, B, 2>(sums, from, row, weights);
            from = from.add(2);
        }
        if count & 1 != 0 {
            weights = plus_channels::<V, P, Q, B, 1>(sums, from, row, weights);
        }
        weights
    }
}

/// Adds the products of `N` channels at one tap, and says where the weights after theirs are.
///
/// # Safety
/// As for [`summed`].
#[inline(always)]
unsafe fn plus_channels<V: Lanes, const P: usize, const Q: usize, const B: usize, const N: usize>(
    sums: &mut [[V; B]; P],
    from: *const f32,
    row: usize,
    weights: *const f32,
) -> *const f32 {
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
        weights.add(16 * B * N)
    }
}

/// Adds the residual, bounds the sums and writes them from a position and block on.
///
/// # Safety
/// As for [`summed`].
#[inline(always)]
pub(super) unsafe fn write<V: Lanes, const P: usize, const Q: usize, const B: usize>(
    sums: &[[V; B]; P],
    bound: Bound,
    tile: &Tile,
    [position, block]: [usize; 2],
    to: &mut Rectangle<'_>,
) {
    let (low, high) = bound.ends();
    let first = position * to.position_step + block * to.block_step;
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
