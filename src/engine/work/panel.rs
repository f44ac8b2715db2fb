//! Weights in the order in which tiles read them.

use crate::engine::BLOCK;
use crate::engine::kernel::Floats;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::ops::Range;

/// One or two blocks of output channels, and where their weights are.
#[derive(Debug, Clone)]
pub(super) struct Panel {
    /// The first block.
    pub(super) block: usize,
    pub(super) blocks: usize,
    /// The input channels that they sum over.
    pub(super) channels: Range<usize>,
    weights: Range<usize>,
}

/// A convolution's weights and bias.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) panels: Vec<Panel>,
    /// Blocks of a panel, but for the last.
    pub(super) most: usize,
    pub(super) is_depthwise: bool,
    weights: Floats,
    bias: Floats,
}

/// A kernel O, I / groups, taps.
pub(super) struct Kernel<'a> {
    pub(super) weights: &'a [f32],
    pub(super) bias: Option<&'a [f32]>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) groups: usize,
    pub(super) taps: usize,
}

impl Kernel<'_> {
    /// The input channels that the output channels of these blocks read.
    fn channels(&self, blocks: Range<usize>) -> Range<usize> {
        let (width, height) = (self.inputs / self.groups, self.outputs / self.groups);
        let last = (blocks.end * BLOCK).min(self.outputs) - 1;
        blocks.start * BLOCK / height * width..(last / height + 1) * width
    }
}

impl Packed {
    /// The panels of `kernel`, of at most `most` blocks, without weights.
    pub(super) fn unfilled(kernel: &Kernel<'_>, most: usize) -> Self {
        let is_depthwise = kernel.groups == kernel.inputs && kernel.inputs == kernel.outputs && kernel.groups > 1;
        // Two blocks of narrow groups would have twice the channels, half of them zeros.
        let is_narrow = kernel.groups > 1 && kernel.outputs / kernel.groups < 2 * BLOCK;
        let most = if is_narrow { 1 } else { most };
        let blocks = kernel.outputs.div_ceil(BLOCK);
        let mut panels = Vec::new();
        let mut len = 0;
        for block in (0..blocks).step_by(most) {
            let of = block..(block + most).min(blocks);
            let channels = kernel.channels(of.clone());
            let summed = if is_depthwise { 1 } else { channels.len() };
            let end = len + summed * kernel.taps * of.len() * BLOCK;
            panels.push(Panel { block, blocks: of.len(), channels, weights: len..end });
            len = end;
        }
        let mut bias = Floats::zeros(blocks * BLOCK);
        if let Some(given) = kernel.bias {
            bias.get_mut()[..given.len()].copy_from_slice(given);
        }
        Self { panels, most, is_depthwise, weights: Floats::default(), bias }
    }

    /// With the weights of `kernel`, of which it was made.
    pub(super) fn filled(mut self, kernel: &Kernel<'_>) -> Self {
        self.weights = Floats::zeros(self.panels.last().map_or(0, |panel| panel.weights.end));
        let mut rest = self.weights.get_mut();
        let parts = self.panels.iter().map(|panel| {
            let (out, after) = std::mem::take(&mut rest).split_at_mut(panel.weights.len());
            rest = after;
            (panel, out)
        });
        parts.collect::<Vec<_>>().into_par_iter().for_each(|(panel, out)| {
            if self.is_depthwise { kernel.pack_depthwise(panel, out) } else { kernel.pack(panel, out) }
        });
        self
    }

    pub(super) fn floats(&self) -> usize {
        self.weights.get().len()
    }

    /// The weights of panels that follow one another.
    pub(super) fn weights(&self, panels: &[Panel]) -> &[f32] {
        let ends = panels.first().zip(panels.last());
        ends.map_or(&[], |(first, last)| &self.weights.get()[first.weights.start..last.weights.end])
    }

    /// The bias of every block.
    pub(super) fn biases(&self) -> &[f32] {
        self.bias.get()
    }

    /// The bias from the blocks of a panel on.
    pub(super) fn bias(&self, panel: &Panel) -> &[f32] {
        &self.bias.get()[panel.block * BLOCK..]
    }

    /// The panels of some blocks, together if they read the same channels.
    pub(super) fn within(&self, blocks: Range<usize>) -> impl Iterator<Item = &[Panel]> {
        let panels = &self.panels[blocks.start / self.most..blocks.end.div_ceil(self.most)];
        panels.chunk_by(|one, other| one.channels == other.channels)
    }

    /// `panels`, as many together as have no more than `floats` weights; one by one where each channel is by itself.
    pub(super) fn near<'a>(&self, panels: &'a [Panel], floats: usize) -> impl Iterator<Item = &'a [Panel]> {
        let each = panels.first().map_or(1, |panel| panel.weights.len().max(1));
        let most = if self.is_depthwise { 1 } else { (floats / each).max(1) };
        panels.chunk_by(|one, other| one.blocks == other.blocks).flat_map(move |panels| panels.chunks(most))
    }

    /// The blocks of input channels that these panels read.
    pub(super) fn reads(&self, panels: &[Panel]) -> Range<usize> {
        let channels = panels.first().map_or(0..0, |panel| panel.channels.clone());
        channels.start / BLOCK..channels.end.div_ceil(BLOCK)
    }
}

impl Kernel<'_> {
    /// For each block of input channels, tap and channel of the block: the weights of the output channels, zeros where these are of
    /// another group.
    fn pack(&self, panel: &Panel, out: &mut [f32]) {
        let (width, height) = (self.inputs / self.groups, self.outputs / self.groups);
        let outputs = panel.block * BLOCK..(panel.block + panel.blocks) * BLOCK;
        let Range { start, end } = panel.channels;
        for (lane, output) in outputs.clone().enumerate().take_while(|(_, output)| *output < self.outputs) {
            let own = output / height * width..(output / height + 1) * width;
            let weights = &self.weights[output * width * self.taps..][..width * self.taps];
            let mut rows = 0;
            for block in start / BLOCK..end.div_ceil(BLOCK) {
                let inputs = start.max(block * BLOCK)..end.min((block + 1) * BLOCK);
                for input in inputs.start.max(own.start)..inputs.end.min(own.end) {
                    let taps = &weights[(input - own.start) * self.taps..][..self.taps];
                    for (tap, weight) in taps.iter().enumerate() {
                        out[(rows + tap * inputs.len() + input - inputs.start) * outputs.len() + lane] = *weight;
                    }
                }
                rows += self.taps * inputs.len();
            }
        }
    }

    /// For each tap the weights of the block's channels.
    fn pack_depthwise(&self, panel: &Panel, out: &mut [f32]) {
        let channels = panel.block * BLOCK..((panel.block + 1) * BLOCK).min(self.outputs);
        for (tap, row) in out.chunks_exact_mut(BLOCK).enumerate() {
            for (channel, to) in channels.clone().zip(row) {
                *to = self.weights[channel * self.taps + tap];
            }
        }
    }
}
