//! The engine: a checked network as a plan that this processor runs fast, in float32, for inference.
//!
//! In: a [`Checked`] network, best with its batch norms folded, and the weights. Out: an [`Engine`], made once: steps in order ([`plan`]),
//! a place in memory for each value, weights packed as the kernels read them. Nothing is decided at run time. The result is the same bit
//! for bit for any number of threads, since each number is summed by one thread in an order that does not depend on the others.
//!
//! ```text
//! Checked, weights ── plan ──▶ steps, places ── kernel::crew ──▶ tasks ── work ──▶ tiles ── kernel ──▶ numbers
//! ```
//!
//! **Values** lie in blocks of sixteen channels, [N][C / 16][H][W][16], as in ONNX Runtime: so sixteen channels of a pixel are a line of the
//! cache and one or two registers, pixels are neighbours whatever the number of channels, and depthwise convolutions, pools and sums
//! need no shuffling. With channels last, rows of 512 and more channels would lie a multiple of 2 KiB apart, and evict each other from
//! the first cache.
//!
//! **Threads** take tasks of a step from a counter and wait for one another between steps ([`kernel`]).

#![expect(
    clippy::indexing_slicing,
    reason = "places come from the plan, which is made for the values that they are in"
)]

mod extent;
#[expect(unsafe_code, reason = "kernels in intrinsics, and memory that tasks write in parts")]
mod kernel;
mod plan;
mod work;

pub use kernel::Isa;
pub use plan::Planning;

use crate::diagnostic::Refusal;
use crate::ir::NodeId;
use crate::valid::Checked;
use crate::weights::Supply;
use extent::Extent;
use kernel::{Crew, Floats, Found, Part, Span};
use plan::{Plan, Step};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use work::{Reads, Scratch, Source, Task, Work};

/// Channels of a block.
const BLOCK: usize = 16;

/// How an engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The most that it may ask of the processor.
    pub isa: Isa,
    /// The most threads, the caller's among them.
    pub threads: NonZeroUsize,
    /// How the network is planned.
    pub planning: Planning,
}

impl Default for Options {
    /// The best instructions there are, a thread for each core.
    fn default() -> Self {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { isa: Isa::best(), threads, planning: Planning::Fused }
    }
}

/// A network that is ready to run.
#[derive(Debug)]
pub struct Engine {
    plan: Plan,
    input: Extent,
    found: Found,
    threads: NonZeroUsize,
    /// Memory of runs that are over, for the next.
    idle: Mutex<Vec<Room>>,
}

/// The memory of a run.
#[derive(Debug, Default)]
struct Room {
    values: Floats,
    scratches: Vec<Scratch>,
}

impl Engine {
    /// `checked` with the weights of `supply`.
    ///
    /// # Errors
    /// That a tensor is missing or has another shape.
    pub fn new(checked: &Checked, supply: impl Supply, options: Options) -> Result<Self, Refusal> {
        let found = Found::at_most(options.isa);
        let plan = Plan::new(checked, supply, found, options.planning)?;
        let input = Extent::of(checked.input_shape());
        Ok(Self { plan, input, found, threads: options.threads, idle: Mutex::default() })
    }

    /// The network's value for `images` images, N x C x H x W: N x C x H x W or N x features.
    ///
    /// # Panics
    /// If `input` is not of that size.
    #[must_use]
    pub fn run(&self, input: &[f32], images: usize) -> Vec<f32> {
        let mut room = self.enter();
        self.fill(input, images, &mut room);
        let output = self.value(self.plan.output, images, &room);
        self.leave(room);
        output
    }

    /// The value of every node, N x C x H x W or N x features, in the order of [`Checked::order`]. Of a plan that fuses, values that
    /// later ones lie over are not what they were: plan [`Planning::Apart`].
    ///
    /// # Panics
    /// As [`Engine::run`].
    #[must_use]
    pub fn values(&self, input: &[f32], images: usize) -> Vec<Vec<f32>> {
        let mut room = self.enter();
        self.fill(input, images, &mut room);
        let values =
            self.plan.nodes.iter().map(|value| value.map_or(Vec::new(), |value| self.value(value, images, &room)));
        let values = values.collect();
        self.leave(room);
        values
    }

    /// Bytes of memory that is planned for the values of so many images, the input among them, which its owner keeps.
    #[must_use]
    pub fn planned_bytes(&self, images: usize) -> usize {
        (self.plan.floats + self.input.numbers()) * images * size_of::<f32>()
    }

    /// The node that each step begins with, in order; the others that it computes only finish what that makes.
    pub fn steps(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.plan.steps.iter().map(|step| step.first)
    }

    /// The least time that each step took in `runs` passes over the same images, in the order of [`Engine::steps`], in seconds.
    ///
    /// # Panics
    /// As [`Engine::run`].
    #[must_use]
    pub fn times(&self, input: &[f32], images: usize, runs: usize) -> Vec<f64> {
        let mut least = vec![f64::INFINITY; self.plan.steps.len()];
        let mut room = self.enter();
        for _ in 0..runs {
            let mut before = Instant::now();
            self.fill_noting(input, images, &mut room, |step| {
                let now = Instant::now();
                least[step] = now.duration_since(before).as_secs_f64().min(least[step]);
                before = now;
            });
        }
        self.leave(room);
        least
    }

    fn enter(&self) -> Room {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn leave(&self, room: Room) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(room);
    }

    /// Where a value of so many images is.
    fn place(&self, value: usize, images: usize) -> Range<usize> {
        let value = &self.plan.values[value];
        value.offset * images..(value.offset + value.extent.floats()) * images
    }

    fn value(&self, value: usize, images: usize, room: &Room) -> Vec<f32> {
        let extent = self.plan.values[value].extent;
        let blocks = &room.values.get()[self.place(value, images)];
        let mut numbers = vec![0.0; extent.numbers() * images];
        let each = numbers.chunks_exact_mut(extent.numbers().max(1));
        each.zip(blocks.chunks_exact(extent.floats().max(1))).for_each(|(image, blocks)| extent.unpack(blocks, image));
        numbers
    }

    /// Computes every step.
    fn fill(&self, input: &[f32], images: usize, room: &mut Room) {
        self.fill_noting(input, images, room, |_| ());
    }

    /// Computes every step, and says when each is done.
    fn fill_noting(&self, input: &[f32], images: usize, room: &mut Room, note: impl FnMut(usize)) {
        assert_eq!(input.len(), self.input.numbers() * images, "the input is N x C x H x W");
        let spans: Vec<_> = self.plan.steps.iter().map(|step| self.span(step, images)).collect();
        let Room { values, scratches } = room;
        values.hold(self.plan.floats * images);
        scratches.resize_with(self.threads.get(), Scratch::default);
        let crew = Crew::new(values, &spans);
        let Some((first, others)) = scratches.split_first_mut() else { return };
        rayon::in_place_scope(|scope| {
            for scratch in others {
                scope.spawn(|_| self.work(&crew, input, images, scratch, |_| ()));
            }
            self.work(&crew, input, images, first, note);
        });
    }

    /// A thread's part of it all.
    fn work(&self, crew: &Crew<'_>, input: &[f32], images: usize, scratch: &mut Scratch, note: impl FnMut(usize)) {
        scratch.forget();
        let task = |step, task, operands: &[&[f32]], part: Part<'_>| {
            self.task(step, task, &Given { images, input, operands }, part, scratch);
        };
        crew.work(task, note);
    }

    fn span(&self, step: &Step, images: usize) -> Span {
        let skipped = usize::from(step.in_place && matches!(step.work, Work::Pointwise(_)));
        Span {
            operands: step.operands.iter().skip(skipped).map(|value| self.place(*value, images)).collect(),
            residual: step.residual.map(|value| self.place(value, images)),
            out: self.place(step.value, images),
            split: step.work.split(self.plan.values[step.value].extent, images),
        }
    }
}

/// What a task is given.
struct Given<'a> {
    images: usize,
    /// The network's input.
    input: &'a [f32],
    /// The values that its step reads.
    operands: &'a [&'a [f32]],
}

impl Engine {
    /// Does a task of a step.
    fn task(&self, step: usize, task: usize, given: &Given<'_>, part: Part<'_>, scratch: &mut Scratch) {
        let Given { images, input, operands } = *given;
        let number = step;
        let step = &self.plan.steps[step];
        match (part, &step.work) {
            (Part::Rectangle(mut rectangle), Work::Conv(conv)) => {
                let source = operands.first().map_or(Source::Planes(input), |operand| Source::Blocks(operand));
                let task = Task { found: self.found, step: number, source, images };
                conv.run(&task, scratch, &mut rectangle);
            }
            (Part::Chunk(out), work) => {
                let skipped = usize::from(step.in_place);
                let extents: Vec<_> =
                    step.operands.iter().skip(skipped).map(|value| self.plan.values[*value].extent).collect();
                let reads = Reads { input, operands, extents: &extents, in_place: step.in_place };
                let output = self.plan.values[step.value].extent;
                self.found.compile_for(|| work.run(task, &reads, output, out));
            }
            (Part::Rectangle(_), _) => unreachable!("only convolutions write rectangles"),
        }
    }
}
