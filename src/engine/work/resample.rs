//! Windows of fixed weights: pools, blurs, spatial padding, subsampling. All are separable: what an output pixel reads is a run of rows by a
//! run of columns, and a row's factor times a column's.

use crate::engine::BLOCK;
use crate::engine::extent::{Extent, size};
use crate::ir::op::{AdaptivePool, AvgPool, Blur, PoolKind};
use crate::ir::shape::{Sides, Window};

/// The pixels that an output row or column reads, each with its factor.
type Line = Vec<(usize, f32)>;

/// A separable window.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Resample {
    width: usize,
    rows: Vec<Line>,
    columns: Vec<Line>,
    kind: PoolKind,
}

impl Resample {
    pub(in crate::engine) fn max_pool(window: &Window, input: Extent, output: Extent) -> Self {
        Self::windows(input, output, PoolKind::Maximum, |axis, at| seen(window, input, axis, at, |_| 1.0))
    }

    pub(in crate::engine) fn avg_pool(pool: &AvgPool, input: Extent, output: Extent) -> Self {
        let window = &pool.window;
        Self::windows(input, output, PoolKind::Average, |axis, at| {
            seen(window, input, axis, at, |seen| {
                let counted = if pool.count_padding { padded(window, input, axis, at) } else { seen };
                1.0 / as_float(counted)
            })
        })
    }

    pub(in crate::engine) fn adaptive_pool(pool: AdaptivePool, input: Extent, output: Extent) -> Self {
        Self::windows(input, output, pool.kind, |axis, at| {
            let (side, cells) = (sides(input)[axis], sides(output)[axis]);
            let cell = at * side / cells..((at + 1) * side).div_ceil(cells);
            let factor = if pool.kind == PoolKind::Average { 1.0 / as_float(cell.len()) } else { 1.0 };
            cell.map(|place| (place, factor)).collect()
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "binomial coefficients over a power of two are exact")]
    pub(in crate::engine) fn blur(blur: Blur, input: Extent, output: Extent) -> Self {
        let Window { stride, padding, .. } = blur.window;
        let before = [padding.top, padding.left].map(size);
        let row = blur.row();
        Self::windows(input, output, PoolKind::Average, |axis, at| {
            let side = sides(input)[axis];
            let place = |tap: usize| {
                // Reflected at the border, which is not repeated.
                let place = (at * size(stride[axis]) + tap).abs_diff(before[axis]);
                if place < side { place } else { 2 * (side - 1) - place }
            };
            row.iter().enumerate().map(|(tap, factor)| (place(tap), *factor as f32)).collect()
        })
    }

    pub(in crate::engine) fn pad(padding: Sides, input: Extent, output: Extent) -> Self {
        let before = [padding.top, padding.left].map(size);
        Self::windows(input, output, PoolKind::Average, |axis, at| {
            let place = at.checked_sub(before[axis]).filter(|place| *place < sides(input)[axis]);
            place.map(|place| (place, 1.0)).into_iter().collect()
        })
    }

    pub(in crate::engine) fn subsample(stride: usize, input: Extent, output: Extent) -> Self {
        Self::windows(input, output, PoolKind::Average, |_, at| vec![(at * stride, 1.0)])
    }

    fn windows(input: Extent, output: Extent, kind: PoolKind, line: impl Fn(usize, usize) -> Line) -> Self {
        let [rows, columns] = [0, 1].map(|axis| (0..sides(output)[axis]).map(|at| line(axis, at)).collect());
        Self { width: input.width, rows, columns, kind }
    }

    /// From a block of an image to a block of the output.
    pub(super) fn apply(&self, input: &[f32], out: &mut [f32]) {
        let (pixels, _) = input.as_chunks::<BLOCK>();
        let (mut out, _) = out.as_chunks_mut::<BLOCK>();
        for row in &self.rows {
            let (here, rest) = out.split_at_mut(self.columns.len().min(out.len()));
            out = rest;
            for (to, column) in here.iter_mut().zip(&self.columns) {
                *to = match self.kind {
                    PoolKind::Maximum => self.maximum(pixels, row, column),
                    PoolKind::Average => self.sum(pixels, row, column),
                };
            }
        }
    }

    #[inline]
    fn maximum(&self, pixels: &[[f32; BLOCK]], rows: &Line, columns: &Line) -> [f32; BLOCK] {
        let mut most = [f32::NEG_INFINITY; BLOCK];
        for (row, _) in rows {
            let pixels = &pixels[row * self.width..];
            for (column, _) in columns {
                // What is no number stays, as in torch.
                most.iter_mut()
                    .zip(&pixels[*column])
                    .for_each(|(most, value)| *most = if *value > *most || value.is_nan() { *value } else { *most });
            }
        }
        most
    }

    /// A sum of sums of rows: shorter sums lose less to rounding.
    #[inline]
    fn sum(&self, pixels: &[[f32; BLOCK]], rows: &Line, columns: &Line) -> [f32; BLOCK] {
        let mut sum = [0.0; BLOCK];
        for (row, down) in rows {
            let pixels = &pixels[row * self.width..];
            let mut of_row = [0.0; BLOCK];
            for (column, right) in columns {
                of_row.iter_mut().zip(&pixels[*column]).for_each(|(sum, value)| *sum += right * value);
            }
            sum.iter_mut().zip(of_row).for_each(|(sum, of_row)| *sum += down * of_row);
        }
        sum
    }
}

fn sides(extent: Extent) -> [usize; 2] {
    [extent.height, extent.width]
}

#[expect(clippy::cast_precision_loss, reason = "a side is far below 2^24")]
fn as_float(count: usize) -> f32 {
    count as f32
}

/// Where a window's kernel lies along an axis, from the first row or column of the padding.
fn places(window: &Window, axis: usize, at: usize) -> impl Iterator<Item = usize> {
    let [kernel, stride, dilation] = [window.kernel, window.stride, window.dilation].map(|pair| size(pair[axis]));
    (0..kernel).map(move |tap| at * stride + tap * dilation)
}

/// What a window sees of the map along an axis, with a factor that follows from how much it is.
fn seen(window: &Window, input: Extent, axis: usize, at: usize, factor: impl Fn(usize) -> f32) -> Line {
    let before = size([window.padding.top, window.padding.left][axis]);
    let inside = places(window, axis, at).filter_map(|place| place.checked_sub(before));
    let inside: Vec<_> = inside.filter(|place| *place < sides(input)[axis]).collect();
    let factor = factor(inside.len());
    inside.into_iter().map(|place| (place, factor)).collect()
}

/// How much a window sees of the padded map along an axis.
fn padded(window: &Window, input: Extent, axis: usize, at: usize) -> usize {
    let Sides { top, bottom, left, right } = window.padding;
    let [before, after] = [[top, bottom], [left, right]][axis].map(size);
    places(window, axis, at).filter(|place| *place < before + sides(input)[axis] + after).count()
}
