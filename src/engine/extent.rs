//! How a value lies in memory.

use super::BLOCK;
use crate::ir::Shape;

/// The shape of a value for one image. In memory it is blocks of sixteen channels, [C / 16, H, W, 16], the last filled up with channels
/// that mean nothing and that nothing sums over. A vector is a map of 1 x 1: its features lie one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Extent {
    pub(super) fn of(shape: Shape) -> Self {
        let [height, width] = shape.size().unwrap_or([1, 1]).map(size);
        Self { channels: size(shape.channels()), height, width }
    }

    pub(super) fn blocks(self) -> usize {
        self.channels.div_ceil(BLOCK)
    }

    pub(super) fn positions(self) -> usize {
        self.height * self.width
    }

    /// Floats of a block of channels.
    pub(super) fn plane(self) -> usize {
        self.positions() * BLOCK
    }

    /// Floats of an image.
    pub(super) fn floats(self) -> usize {
        self.blocks() * self.plane()
    }

    /// Numbers of an image, without what fills up the last block.
    pub(super) fn numbers(self) -> usize {
        self.channels * self.positions()
    }

    /// Where a channel is at a position.
    pub(super) fn at(self, channel: usize, position: usize) -> usize {
        channel / BLOCK * self.plane() + position * BLOCK + channel % BLOCK
    }

    /// Blocks from an image C, H, W.
    pub(super) fn pack(self, image: &[f32], out: &mut [f32]) {
        out.fill(0.0);
        let blocks = out.chunks_exact_mut(self.plane().max(1));
        for (planes, block) in image.chunks(self.plane().max(1)).zip(blocks) {
            for (channel, plane) in planes.chunks(self.positions().max(1)).enumerate() {
                for (to, from) in block.iter_mut().skip(channel).step_by(BLOCK).zip(plane) {
                    *to = *from;
                }
            }
        }
    }

    /// An image C, H, W from blocks.
    pub(super) fn unpack(self, blocks: &[f32], image: &mut [f32]) {
        let planes = image.chunks_mut(self.plane().max(1));
        for (planes, block) in planes.zip(blocks.chunks_exact(self.plane().max(1))) {
            for (channel, plane) in planes.chunks_mut(self.positions().max(1)).enumerate() {
                for (to, from) in plane.iter_mut().zip(block.iter().skip(channel).step_by(BLOCK)) {
                    *to = *from;
                }
            }
        }
    }
}

/// As memory counts. What does not fit is refused where the weights are, because it would not fit into memory either.
#[must_use]
pub fn size(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
