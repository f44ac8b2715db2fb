//! A tile of a depthwise convolution: some pixels of one block of channels, each channel by itself.

use super::Found;
use super::isa::{by_isa, compiled};
use super::lanes::Lanes;
use super::rectangle::Rectangle;
use super::tile::{Operands, Tile, check_writes, taps, write};

/// Sums a tile of one row and one block and writes it into its place in `to`. The weights are sixteen for each tap.
///
/// # Panics
/// If it reads beyond the operands or does not lie in the rectangle.
pub(in crate::engine) fn depthwise(found: Found, operands: &Operands<'_>, tile: &Tile, to: &mut Rectangle<'_>) {
    assert!([tile.rows, tile.count, tile.blocks, tile.panels] == [1; 4], "a depthwise tile is a row of one block");
    assert!(operands.source.holds(operands, tile), "a tile reads beyond its source");
    assert!(taps(operands).0.len() * 16 <= operands.weights.len(), "a tile reads beyond its weights");
    assert!(operands.bias.len() >= 16, "a tile reads beyond its bias");
    check_writes(tile, to);
    // SAFETY: every read and write has been held against what there is, and a `Found` is only of what the processor has.
    unsafe { by_isa!(found, portable(operands, tile, to), avx2(operands, tile, to), avx512(operands, tile, to)) }
}

compiled!(of_width<>(operands: &Operands<'_>, tile: &Tile, to: &mut Rectangle<'_>));

/// Seven pixels at a time, then two, then one.
///
/// # Safety
/// What [`depthwise`] asserts, and that the processor has `V`.
#[inline(always)]
unsafe fn of_width<V: Lanes>(operands: &Operands<'_>, tile: &Tile, to: &mut Rectangle<'_>) {
    let mut done = 0;
    while done < tile.columns {
        let part = Tile { start: tile.start + 16 * done, position: tile.position + done, ..*tile };
        // SAFETY: the part lies in the tile.
        done += unsafe {
            match tile.columns - done {
                7.. => summed::<V, 7>(operands, &part, to),
                2..7 => summed::<V, 2>(operands, &part, to),
                _ => summed::<V, 1>(operands, &part, to),
            }
        };
    }
}

#[inline(always)]
unsafe fn summed<V: Lanes, const Q: usize>(operands: &Operands<'_>, tile: &Tile, to: &mut Rectangle<'_>) -> usize {
    // SAFETY: every offset is within what `depthwise` asserts.
    unsafe {
        let mut sums = [V::load(operands.bias.as_ptr()); Q];
        let first = operands.source.as_ptr().add(tile.start);
        for (at, &tap) in taps(operands).0.iter().enumerate() {
            let factors = V::load(operands.weights.as_ptr().add(16 * at));
            for (q, sum) in sums.iter_mut().enumerate() {
                *sum = sum.plus_product(V::load(first.add(tap + 16 * q)), factors);
            }
        }
        write::<V, Q, Q, 1>(&sums.map(|sum| [sum]), operands.bound, tile, [tile.position, tile.block], to);
    }
    Q
}
