//! What a step of a plan computes.

mod band;
mod build;
mod channels;
mod conv;
mod even;
mod panel;
mod pointwise;
mod resample;
mod winograd;

pub(super) use band::Source;
pub(super) use build::{Builder, Made};
pub(super) use channels::{Gather, Mix};
pub(super) use conv::{Conv, Scratch, Task};
pub(super) use pointwise::Pointwise;
pub(super) use resample::Resample;

use super::extent::Extent;
use super::kernel::Split;
use std::ops::Range;

/// What a step computes.
#[derive(Debug)]
pub(super) enum Work {
    /// The network's input in blocks.
    Pack,
    /// A convolution or linear layer, with what was fused into it.
    Conv(Box<Conv>),
    /// The first operand, and then in place one after another.
    Pointwise(Vec<Pointwise>),
    /// Each channel by itself.
    Resample(Resample),
    /// The channels of an image together.
    Mix(Mix),
    /// Channels moved about.
    Gather(Gather),
}

/// One pass over what a step writes.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) kind: PassKind,
    pub(super) split: Split,
    /// Floats of the run's own memory that it reads or writes.
    pub(super) workspace: usize,
}

/// What a pass does.
#[derive(Debug, Clone)]
pub(super) enum PassKind {
    /// All that the step does.
    Whole,
    /// Transforms what these tiles read, into the run's own memory.
    Spread(Range<usize>),
    /// Sums that for these tiles.
    Sum(Range<usize>),
}

/// The operands of a task that is no convolution's.
pub(super) struct Reads<'a> {
    /// The network's input, of all images.
    pub(super) input: &'a [f32],
    /// Values, of all images.
    pub(super) operands: &'a [&'a [f32]],
    /// The extents of them.
    pub(super) extents: &'a [Extent],
    /// Whether the first operand is not among them, because it is in the place of what is written.
    pub(super) in_place: bool,
}

impl Reads<'_> {
    /// The operands of one image.
    fn of(&self, image: usize) -> Vec<&[f32]> {
        self.operands
            .iter()
            .zip(self.extents)
            .map(|(operand, extent)| &operand[image * extent.floats()..][..extent.floats()])
            .collect()
    }
}

impl Work {
    /// The passes over what it writes for so many images.
    pub(super) fn passes(&self, output: Extent, images: usize) -> Vec<Pass> {
        let each = match self {
            Self::Conv(conv) => return conv.passes(images),
            Self::Pointwise(_) | Self::Resample(_) | Self::Gather(_) => output.plane(),
            Self::Pack | Self::Mix(_) => output.floats(),
        };
        vec![Pass { kind: PassKind::Whole, split: Split::Chunks(each), workspace: 0 }]
    }

    /// Does a task that is no convolution's: a block of an image, or an image.
    pub(super) fn run(&self, task: usize, reads: &Reads<'_>, output: Extent, out: &mut [f32]) {
        let (image, block) = (task / output.blocks(), task % output.blocks());
        match self {
            Self::Conv(_) => unreachable!("a convolution writes rectangles"),
            Self::Pack => output.pack(&reads.input[task * output.numbers()..][..output.numbers()], out),
            Self::Pointwise(chain) => {
                let operands = reads.of(image);
                let others = if reads.in_place { &operands[..] } else { &operands[1..] };
                if !reads.in_place {
                    out.copy_from_slice(&operands[0][block * output.plane()..][..output.plane()]);
                }
                for pointwise in chain {
                    pointwise.apply(block, others, output, out);
                }
            }
            Self::Resample(resample) => {
                let plane = reads.extents[0].plane();
                resample.apply(&reads.of(image)[0][block * plane..][..plane], out);
            }
            Self::Gather(gather) => gather.apply(block, &reads.of(image), output, out),
            Self::Mix(mix) => mix.apply(reads.extents[0], reads.of(task)[0], out),
        }
    }
}
