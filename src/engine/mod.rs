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
//! **Threads** take tasks of a step from a counter and wait for one another between steps that are not joined ([`kernel`]). They are those
//! of rayon's pool: a run is over when the pool has come to all of its parts, so a pool that is busy with something else holds it up.
//!
//! **Numbers** are meant to be finite, and of one size. What is not stays in its image, but a group of a convolution may see it in others:
//! groups that share a block are summed together, with zeros. In Winograd's form all pixels of a tile see what one of them reads, and
//! lose to rounding what is small beside it.

#![expect(
    clippy::indexing_slicing,
    reason = "places come from the plan, which is made for the values that they are in"
)]

mod extent;
#[expect(unsafe_code, reason = "kernels in intrinsics, and memory that tasks write in parts")]
mod kernel;
pub mod machine;
mod muster;
mod plan;
mod work;

pub use extent::size;
pub use kernel::Isa;
pub use plan::Planning;

use crate::diagnostic::Refusal;
use crate::ir::NodeId;
use crate::valid::Checked;
use crate::weights::Supply;
use extent::Extent;
use kernel::{Crew, Floats, Found, Inputs, Part, Span};
use muster::Muster;
use plan::{Plan, Step};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use work::{Pass, PassKind, Reads, Scratch, Source, Task, Work};

/// Channels of a block.
pub(crate) const BLOCK: usize = 16;
/// Runs whose memory is kept for others.
const IDLE: usize = 2;

/// How an engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The most that it may ask of the processor.
    pub isa: Isa,
    /// The most threads, the caller's among them.
    pub threads: NonZeroUsize,
    /// How the network is planned.
    pub planning: Planning,
    /// Whether convolutions of 3 x 3 may be computed by Winograd's minimal filtering, where that is faster: with up to four times the
    /// rounding error of the direct form.
    pub winograd: bool,
}

impl Default for Options {
    /// The best instructions there are, a thread for each core.
    fn default() -> Self {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { isa: Isa::best(), threads, planning: Planning::Fused, winograd: true }
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
        let plan = Plan::new(checked, supply, found, options)?;
        let input = Extent::of(checked.input_shape());
        Ok(Self { plan, input, found, threads: options.threads, idle: Mutex::default() })
    }

    /// The network's value for `images` images, N x C x H x W: N x C x H x W or N x features.
    ///
    /// # Panics
    /// If `input` is not of that size.
    #[must_use]
    pub fn run(&self, input: &[f32], images: usize) -> Vec<f32> {
        if images == 0 {
            return Vec::new();
        }
        let mut room = self.enter();
        self.fill(input, images, &mut room);
        let output = self.value(self.plan.output, images, &room);
        self.leave(room);
        output
    }

    /// The value of every node, N x C x H x W or N x features, in the order of [`Checked::order`].
    ///
    /// # Panics
    /// As [`Engine::run`], and if the network was not planned [`Planning::Apart`]: elsewhere later values lie over earlier ones.
    #[must_use]
    pub fn values(&self, input: &[f32], images: usize) -> Vec<Vec<f32>> {
        assert!(self.plan.planning == Planning::Apart, "only a plan that keeps values apart has them all");
        if images == 0 {
            return vec![Vec::new(); self.plan.nodes.len()];
        }
        let mut room = self.enter();
        self.fill(input, images, &mut room);
        let values =
            self.plan.nodes.iter().map(|value| value.map_or(Vec::new(), |value| self.value(value, images, &room)));
        let values = values.collect();
        self.leave(room);
        values
    }

    /// Bytes of memory that is planned for the values of so many images; the input is its owner's.
    #[must_use]
    pub fn planned_bytes(&self, images: usize) -> usize {
        self.plan.floats * images * size_of::<f32>()
    }

    /// Bytes of memory that the kernels use beside the values of so many images, threads' own memory apart.
    #[must_use]
    pub fn workspace_bytes(&self, images: usize) -> usize {
        self.passes(images).map(|(_, pass)| pass.workspace).max().unwrap_or(0) * size_of::<f32>()
    }

    /// The nodes that each step computes, in order: one, and those that only finish what it makes.
    pub fn steps(&self) -> impl Iterator<Item = &[NodeId]> {
        self.plan.steps.iter().map(|step| &step.nodes[..])
    }

    /// The nodes of each step that is joined to the one before: a task of it follows, by the same thread, the task that makes all that it
    /// reads.
    pub fn joined(&self) -> impl Iterator<Item = &[NodeId]> {
        self.plan.steps.iter().filter(|step| step.is_joined).map(|step| &step.nodes[..])
    }

    /// The time that each step took in each of `runs` passes over the same images, in the order of [`Engine::steps`], in seconds; of steps
    /// that are joined the first has the time of all. [`Planning::Timed`] joins none.
    ///
    /// # Panics
    /// As [`Engine::run`].
    #[must_use]
    pub fn times(&self, input: &[f32], images: usize, runs: usize) -> Vec<Vec<f64>> {
        let mut times = vec![Vec::with_capacity(runs); self.plan.steps.len()];
        let mut room = self.enter();
        for _ in 0..runs {
            for times in &mut times {
                times.push(0.0);
            }
            let mut before = Instant::now();
            self.fill_noting(input, images, &mut room, |step| {
                let now = Instant::now();
                if let Some(time) = times[step].last_mut() {
                    *time += now.duration_since(before).as_secs_f64();
                }
                before = now;
            });
        }
        self.leave(room);
        times
    }

    fn enter(&self) -> Room {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn leave(&self, room: Room) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(room);
        }
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

    /// Computes every step, and says when each pass of one is done.
    fn fill_noting(&self, input: &[f32], images: usize, room: &mut Room, mut note: impl FnMut(usize)) {
        assert_eq!(Some(input.len()), self.input.numbers().checked_mul(images), "the input is N x C x H x W");
        // Nothing that a step reads or writes lies further: no place below can be too large to count.
        assert!(self.plan.floats.checked_mul(images).is_some(), "the values are more than can be counted");
        let passes: Vec<_> = self.passes(images).collect();
        let values = self.plan.floats * images;
        let spans: Vec<_> =
            passes.iter().map(|(step, pass)| self.span(&self.plan.steps[*step], pass, images)).collect();
        let run = Run { passes: &passes, images, input };
        room.values.hold(values + passes.iter().map(|(_, pass)| pass.workspace).max().unwrap_or(0));
        room.scratches.resize_with(self.threads.get(), Scratch::default);
        let crew = Crew::new(&mut room.values, &spans);
        let Some((first, others)) = room.scratches.split_first_mut() else { return };
        let (crew, muster) = (&crew, &Muster::of(1 + others.len()));
        let mut caller = muster.member(0);
        rayon::in_place_scope(|scope| {
            for (number, scratch) in others.iter_mut().enumerate() {
                scope.spawn(move |_| {
                    let mut member = muster.member(1 + number);
                    member.look();
                    self.work(crew, run, scratch, |_| member.look());
                });
            }
            caller.look();
            self.work(crew, run, first, |pass| {
                caller.look();
                note(passes[pass].0);
            });
        });
    }

    /// The passes of all steps, each with its step.
    fn passes(&self, images: usize) -> impl Iterator<Item = (usize, Pass)> + '_ {
        let steps = self.plan.steps.iter().enumerate();
        steps.flat_map(move |(at, step)| {
            let output = self.plan.values[step.value].extent;
            step.work.passes(output, images).into_iter().map(move |pass| (at, pass))
        })
    }

    /// A thread's part of it all.
    fn work(&self, crew: &Crew<'_>, run: Run<'_>, scratch: &mut Scratch, note: impl FnMut(usize)) {
        scratch.forget();
        crew.work(|pass, task, inputs, part| self.task(run, pass, task, inputs, part, scratch), note);
    }

    fn span(&self, step: &Step, pass: &Pass, images: usize) -> Span {
        let reads = if step.is_joined { &[] } else { step.reads() };
        let operands = reads.iter().map(|value| self.place(*value, images)).collect();
        let residual = step.residual.map(|value| self.place(value, images));
        let out = self.place(step.value, images);
        let values = self.plan.floats * images;
        let workspace = values..values + pass.workspace;
        let split = pass.split.clone();
        match pass.kind {
            PassKind::Whole => Span { operands, residual, out, split, is_joined: step.is_joined },
            PassKind::Spread(_) => Span { operands, residual: None, out: workspace, split, is_joined: false },
            PassKind::Sum(_) => Span { operands: vec![workspace], residual, out, split, is_joined: false },
        }
    }
}

/// What every task of a run is given.
#[derive(Clone, Copy)]
struct Run<'a> {
    passes: &'a [(usize, Pass)],
    images: usize,
    /// The network's input.
    input: &'a [f32],
}

impl Engine {
    /// Does a task of a pass.
    fn task(&self, run: Run<'_>, pass: usize, task: usize, inputs: Inputs<'_>, part: Part<'_>, scratch: &mut Scratch) {
        let Run { passes, images, input } = run;
        let (number, pass) = &passes[pass];
        let step = &self.plan.steps[*number];
        let (operands, source) = match inputs {
            Inputs::Values(operands) => {
                (operands, operands.first().map_or(Source::Planes(input), |operand| Source::Blocks(operand)))
            }
            Inputs::Made(pixels) => (&[][..], Source::Made(pixels)),
        };
        let of_conv = || Task { found: self.found, step: *number, source, images };
        match (part, &step.work, &pass.kind) {
            (Part::Rectangle(mut to), Work::Conv(conv), PassKind::Whole) => conv.run(&of_conv(), scratch, &mut to),
            (Part::Chunk(out), Work::Conv(conv), PassKind::Spread(tiles)) => conv.spread(&of_conv(), tiles, task, out),
            (Part::Tiles(mut to), Work::Conv(conv), PassKind::Sum(tiles)) => {
                conv.sum(self.found, tiles.start, operands[0], scratch, &mut to);
            }
            (Part::Chunk(out), work, _) => {
                let extents: Vec<_> = step.reads().iter().map(|value| self.plan.values[*value].extent).collect();
                let reads = Reads { input, operands, extents: &extents, in_place: step.in_place };
                let output = self.plan.values[step.value].extent;
                self.found.compile_for(|| work.run(task, &reads, output, out));
            }
            (Part::Rectangle(_) | Part::Tiles(_), ..) => unreachable!("only convolutions write rectangles and tiles"),
        }
    }
}
