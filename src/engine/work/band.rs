//! The part of a map that some rows of a convolution's output read, in a form in which every tap of neighbouring pixels is a
//! neighbour: with its padding, and for a stride s every s-th column together.
//!
//! A copy costs a read and a write for each element, where 2 k^2 times the output's channels are computed of it: below two in a hundred of
//! the time from 64 channels on. In exchange the kernels know no borders, no strides and no dilation, and their source stays in the cache of
//! the second level.

use crate::engine::BLOCK;
use crate::engine::extent::{Extent, size};
use crate::engine::kernel::{Pixels, Taps};
use crate::ir::shape::Window;
use std::ops::Range;

/// Where a convolution reads.
#[derive(Debug, Clone)]
pub(super) struct Band {
    input: Extent,
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    /// Rows above and columns before the map.
    padding: [usize; 2],
    /// Columns of one phase: those whose number gives the same rest by the stride.
    phase: usize,
    /// The phases that taps read.
    phases: Vec<usize>,
}

/// A map that is read: in blocks, or as the network's input is given, C, H, W.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) enum Source<'a> {
    Blocks(&'a [f32]),
    Planes(&'a [f32]),
    /// What the same task has made of a map, in blocks.
    Made(Pixels<'a>),
}

impl Band {
    pub(super) fn new(window: &Window, input: Extent, output: Extent) -> Self {
        let [kernel, stride, dilation] = [window.kernel, window.stride, window.dilation].map(|pair| pair.map(size));
        let columns = (output.width - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1;
        let padding = [size(window.padding.top), size(window.padding.left)];
        let mut phases: Vec<_> = (0..kernel[1]).map(|tap| tap * dilation[1] % stride[1]).collect();
        phases.sort_unstable();
        phases.dedup();
        Self { input, kernel, stride, dilation, padding, phase: columns.div_ceil(stride[1]), phases }
    }

    /// Whether a map may be read as it is.
    pub(super) fn is_whole(&self, window: &Window) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && window.padding.is_zero()
    }

    /// Floats of a row.
    fn row(&self) -> usize {
        self.phases.len() * self.phase * BLOCK
    }

    /// Rows of the map from one that is copied to the next: of those between the rows of a kernel of one row none is read.
    fn skip(&self) -> usize {
        if self.kernel[0] == 1 { self.stride[0] } else { 1 }
    }

    /// From a row of the output to the next, in floats.
    pub(super) fn step(&self) -> usize {
        self.stride[0] / self.skip() * self.row()
    }

    /// Floats of a block of channels, for so many rows of the output.
    pub(super) fn block(&self, rows: usize) -> usize {
        (rows.max(1) - 1) * self.step() + ((self.kernel[0] - 1) * self.dilation[0] + 1) * self.row()
    }

    pub(super) fn taps(&self) -> Taps {
        let [height, width] = self.kernel;
        let offset = |down: usize, right: usize| {
            let column = right * self.dilation[1];
            let phase = self.phases.binary_search(&(column % self.stride[1])).expect("a tap's phase is read");
            let place = phase * self.phase + column / self.stride[1];
            down * self.dilation[0] * self.row() + place * BLOCK
        };
        Taps::new((0..height).flat_map(|down| (0..width).map(move |right| offset(down, right))).collect())
    }

    /// Copies what the rows `rows` of the output read of the blocks `blocks`.
    pub(super) fn fill(&self, source: Source<'_>, blocks: Range<usize>, rows: Range<usize>, out: &mut [f32]) {
        let floats = self.block(rows.len());
        for (block, out) in blocks.zip(out.chunks_exact_mut(floats)) {
            for (down, out) in out.chunks_exact_mut(self.row()).enumerate() {
                let down = down * self.skip();
                if self.reads_row(down) {
                    let row = (rows.start * self.stride[0] + down).checked_sub(self.padding[0]);
                    self.fill_row(source, block, row.filter(|row| *row < self.input.height), out);
                }
            }
        }
    }

    /// Whether any tap of any pixel reads the row that lies so far below the first.
    fn reads_row(&self, down: usize) -> bool {
        let ([kernel, _], [stride, _], [dilation, _]) = (self.kernel, self.stride, self.dilation);
        (0..kernel).any(|tap| down.checked_sub(tap * dilation).is_some_and(|rest| rest.is_multiple_of(stride)))
    }

    /// Copies a row, or zeros where the map has none.
    fn fill_row(&self, source: Source<'_>, block: usize, row: Option<usize>, out: &mut [f32]) {
        for (phase, out) in self.phases.iter().zip(out.chunks_exact_mut(self.phase * BLOCK)) {
            let (out, _) = out.as_chunks_mut::<BLOCK>();
            match row {
                None => out.fill([0.0; BLOCK]),
                Some(row) => self.fill_phase(source, block, row, *phase, out),
            }
        }
    }

    /// Copies the columns of a phase, zeros around them.
    fn fill_phase(&self, source: Source<'_>, block: usize, row: usize, phase: usize, out: &mut [[f32; BLOCK]]) {
        let stride = self.stride[1];
        // Column c of the phase is column c s + phase - padding of the map.
        let before = self.padding[1].saturating_sub(phase).div_ceil(stride).min(out.len());
        let first = (before * stride + phase).saturating_sub(self.padding[1]);
        let inside = self.input.width.saturating_sub(first).div_ceil(stride).min(out.len() - before);
        let (left, rest) = out.split_at_mut(before);
        let (middle, right) = rest.split_at_mut(inside);
        left.fill([0.0; BLOCK]);
        right.fill([0.0; BLOCK]);
        match source {
            Source::Blocks(map) => {
                let start = block * self.input.plane() + row * self.input.width * BLOCK;
                let (columns, _) = map[start..][..self.input.width * BLOCK].as_chunks::<BLOCK>();
                if stride == 1 {
                    middle.copy_from_slice(&columns[first..first + inside]);
                } else {
                    let columns = columns.iter().skip(first).step_by(stride);
                    middle.iter_mut().zip(columns).for_each(|(to, from)| *to = *from);
                }
            }
            Source::Made(_) => unreachable!("a band reads rows that other tasks make"),
            Source::Planes(map) => {
                let channels = block * BLOCK..self.input.channels.min((block + 1) * BLOCK);
                for (lane, channel) in channels.enumerate() {
                    let start = channel * self.input.positions() + row * self.input.width;
                    let columns = map[start..][..self.input.width].iter().skip(first).step_by(stride);
                    middle.iter_mut().zip(columns).for_each(|(to, from)| to[lane] = *from);
                }
            }
        }
    }
}
