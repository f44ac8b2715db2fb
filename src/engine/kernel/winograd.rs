//! The transforms of Winograd's minimal filtering (Lavin and Gray 2016, arXiv 1509.09308), for kernels of 3 x 3 and stride 1.
//!
//! A tile of m x m outputs is a polynomial product evaluated at m + 1 points and infinity in each direction: (m + 2)^2 products for each
//! pair of channels in place of 9 m^2. The points decide the error. For m = 4 they are 0, +-3/4 and +-3/2, of which every factor below is
//! exact in binary; the usual 0, +-1 and +-2 lose three times as much (Barabasz et al. 2020, arXiv 1803.10986, on why).

use super::isa::{by_isa, compiled};
use super::lanes::Lanes;
use super::tiles::Tiles;
use super::{Bound, Found};

/// The side m of a tile of outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Form {
    /// m = 2: 4 products for 9.
    Two,
    /// m = 4: 9 products for 36.
    Four,
}

/// The points of `Form::Four` beside 0 and infinity are those with either sign.
const POINTS: [f32; 2] = [0.75, 1.5];

impl Form {
    /// Outputs of a tile along a side.
    pub(in crate::engine) fn side(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Products of a tile along a side, which is also how many inputs it reads.
    pub(in crate::engine) fn points(self) -> usize {
        self.side() + 2
    }

    /// Pairs of points: products of a tile for each pair of channels.
    pub(in crate::engine) fn pairs(self) -> usize {
        self.points() * self.points()
    }

    /// The transform of a kernel's row or column: a value for each point.
    pub(in crate::engine) fn of_kernel(self, [first, middle, last]: [f64; 3]) -> [f64; 6] {
        match self {
            Self::Two => {
                let (ends, middle) = (f64::midpoint(first, last), middle / 2.0);
                [first, ends + middle, ends - middle, last, 0.0, 0.0]
            }
            Self::Four => {
                let [p, q] = POINTS.map(f64::from);
                let [square, other] = [p * p, q * q];
                // The product of a point's distances from the others.
                let [near, far] = [2.0 * square * (square - other), 2.0 * other * (other - square)];
                let at = |point: f64| first + point * middle + point * point * last;
                [first / (square * other), at(p) / near, at(-p) / near, at(q) / far, at(-q) / far, last]
            }
        }
    }
}

/// Transforms sixteen channels of what a tile reads. Its first pixel lies at `start` in `source`, rows are `row` floats apart, pixels
/// sixteen; the transform's values are written to `out`, `step` floats apart.
///
/// # Panics
/// If it reads or writes beyond the slices.
pub(in crate::engine) fn spread_tile(
    found: Found,
    form: Form,
    source: &[f32],
    [start, row]: [usize; 2],
    out: &mut [f32],
    step: usize,
) {
    compiled!(spread<A>(from: *const f32, row: usize, to: *mut f32, step: usize));
    let side = form.points();
    assert!(start + (side - 1) * (row + 16) + 16 <= source.len(), "a tile reads beyond its source");
    assert!((side * side - 1) * step + 16 <= out.len(), "a tile is written beyond its place");
    let to = out.as_mut_ptr();
    // SAFETY: all that is read and written lies in the slices, and a `Found` is only of what the processor has.
    unsafe {
        let from = source.as_ptr().add(start);
        match form {
            Form::Two => by_isa!(
                found,
                portable::<4>(from, row, to, step),
                avx2::<4>(from, row, to, step),
                avx512::<4>(from, row, to, step)
            ),
            Form::Four => by_isa!(
                found,
                portable::<6>(from, row, to, step),
                avx2::<6>(from, row, to, step),
                avx512::<6>(from, row, to, step)
            ),
        }
    }
}

/// What the last transform of a tile reads.
pub(in crate::engine) struct Finish<'a> {
    /// The sums of the tile, sixteen channels for each pair of points.
    pub(in crate::engine) sums: &'a [f32],
    /// From a pair of points to the next, in floats.
    pub(in crate::engine) step: usize,
    pub(in crate::engine) bias: &'a [f32],
    pub(in crate::engine) bound: Bound,
    pub(in crate::engine) block: usize,
    pub(in crate::engine) tile: usize,
}

/// Transforms the sums of a tile back, and writes what lies in the map into its place in `to`: with bias, residual and bound.
///
/// # Panics
/// If it reads beyond the slices, or if the tile is none of `to`.
pub(in crate::engine) fn finish_tile(found: Found, form: Form, given: &Finish<'_>, to: &mut Tiles<'_>) {
    compiled!(finish<M, A>(given: &Finish<'_>, to: &mut Tiles<'_>));
    let side = form.points();
    assert!((side * side - 1) * given.step + 16 <= given.sums.len(), "a tile reads beyond its sums");
    assert!(given.bias.len() >= 16, "a tile reads beyond its bias");
    assert!(to.side() == form.side(), "a tile has the side of its map's tiles");
    assert!(to.range.contains(&given.tile) && to.blocks.contains(&given.block), "the tile is another task's");
    // SAFETY: all that is read lies in the slices, the tile is the task's, and a `Found` is only of what the processor has.
    unsafe {
        match form {
            Form::Two => {
                by_isa!(found, portable::<2, 4>(given, to), avx2::<2, 4>(given, to), avx512::<2, 4>(given, to));
            }
            Form::Four => {
                by_isa!(found, portable::<4, 6>(given, to), avx2::<4, 6>(given, to), avx512::<4, 6>(given, to));
            }
        }
    }
}

/// # Safety
/// What [`spread_tile`] asserts, and that the processor has `V`.
#[inline(always)]
unsafe fn spread<V: Lanes, const A: usize>(from: *const f32, row: usize, to: *mut f32, step: usize) {
    // SAFETY: every offset is within what `spread_tile` asserts.
    unsafe {
        let mut columns = [[V::splat(0.0); A]; A];
        for (x, column) in columns.iter_mut().enumerate() {
            *column = of_inputs::<V, A>(std::array::from_fn(|y| V::load(from.add(y * row + x * 16))));
        }
        for (y, row) in turned(&columns).into_iter().enumerate() {
            let values = of_inputs::<V, A>(row);
            for (x, value) in values.into_iter().enumerate() {
                value.store(to.add((y * A + x) * step));
            }
        }
    }
}

/// # Safety
/// What [`finish_tile`] asserts, and that the processor has `V`.
#[inline(always)]
unsafe fn finish<V: Lanes, const M: usize, const A: usize>(given: &Finish<'_>, to: &mut Tiles<'_>) {
    let (low, high) = given.bound.ends();
    let place = to.place(given.tile, given.block);
    // SAFETY: every offset of the sums is within what `finish_tile` asserts; the pixels that are written lie in the tile, which is its
    // task's alone, and the residual is as large.
    unsafe {
        let sums = given.sums.as_ptr();
        let mut columns = [[V::splat(0.0); M]; A];
        for (x, column) in columns.iter_mut().enumerate() {
            *column = of_sums::<V, M, A>(std::array::from_fn(|y| V::load(sums.add((y * A + x) * given.step))));
        }
        let (bias, low, high) = (V::load(given.bias.as_ptr()), V::splat(low), V::splat(high));
        for (y, row) in turned(&columns).into_iter().enumerate().take(place.rows) {
            let values = of_sums::<V, M, A>(row);
            for (x, value) in values.into_iter().enumerate().take(place.columns) {
                let at = place.offset + y * place.row + x * 16;
                let value = value.plus(bias);
                let value = to.residual.map_or(value, |residual| value.plus(V::load(residual.add(at))));
                value.or_more(low).or_less(high).store(to.out.add(at));
            }
        }
    }
}

/// Rows in place of columns.
#[inline(always)]
fn turned<V: Copy, const A: usize, const N: usize>(columns: &[[V; N]; A]) -> [[V; A]; N] {
    std::array::from_fn(|y| std::array::from_fn(|x| columns[x][y]))
}

/// The transform of a row or column of inputs.
///
/// # Safety
/// The processor has `V`.
#[inline(always)]
unsafe fn of_inputs<V: Lanes, const A: usize>(d: [V; A]) -> [V; A] {
    let mut result = d;
    // SAFETY: the caller's.
    unsafe {
        if A == 4 {
            result[0] = d[0].minus(d[2]);
            result[1] = d[1].plus(d[2]);
            result[2] = d[2].minus(d[1]);
            result[3] = d[3].minus(d[1]);
        } else {
            let [p, q] = POINTS;
            let [square, other] = [p * p, q * q];
            let even = |square: f32| d[4].plus_product(d[2], V::splat(-square));
            let odd = |square: f32| d[3].plus_product(d[1], V::splat(-square));
            let ends = |first: V, middle: V, last: V| {
                last.plus_product(middle, V::splat(-square - other)).plus_product(first, V::splat(square * other))
            };
            result[0] = ends(d[0], d[2], d[4]);
            result[1] = even(other).plus_product(odd(other), V::splat(p));
            result[2] = even(other).plus_product(odd(other), V::splat(-p));
            result[3] = even(square).plus_product(odd(square), V::splat(q));
            result[4] = even(square).plus_product(odd(square), V::splat(-q));
            result[5] = ends(d[1], d[3], d[5]);
        }
    }
    result
}

/// The transform of a row or column of sums to outputs.
///
/// # Safety
/// The processor has `V`.
#[inline(always)]
unsafe fn of_sums<V: Lanes, const M: usize, const A: usize>(m: [V; A]) -> [V; M] {
    // SAFETY: the caller's.
    unsafe {
        let mut result = [m[0]; M];
        let (sum, difference) = (m[1].plus(m[2]), m[1].minus(m[2]));
        if A == 4 {
            result[0] = m[0].plus(sum);
            result[1] = difference.plus(m[3]);
        } else {
            let [p, q] = POINTS;
            let (far_sum, far_difference) = (m[3].plus(m[4]), m[3].minus(m[4]));
            result[0] = m[0].plus(sum).plus(far_sum);
            result[1] = difference.times(V::splat(p)).plus_product(far_difference, V::splat(q));
            result[2] = sum.times(V::splat(p * p)).plus_product(far_sum, V::splat(q * q));
            result[3] =
                m[5].plus_product(difference, V::splat(p * p * p)).plus_product(far_difference, V::splat(q * q * q));
        }
        result
    }
}
