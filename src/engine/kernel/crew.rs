//! Threads that go through a plan together.
//!
//! Every thread runs through all the steps and takes tasks of a step until none is left; then it waits until those that others took are
//! done. Steps that are joined are taken together, a task of each after the other. So nobody is woken for a layer, and no layer waits for a
//! thread that has not come yet: one alone finishes the plan, and those that a busy pool sends late find less to do, or nothing.

use super::Floats;
use super::pixels::Pixels;
use super::rectangle::{Grid, Rectangle};
use super::tiles::{Tiles, Tiling};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Looks at what is not there yet before another thread is let to the processor.
const SPINS: u32 = 2000;

/// What a step reads and writes, in floats from the start of the memory.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Span {
    /// What it reads; none of it is written.
    pub(in crate::engine) operands: Vec<Range<usize>>,
    /// What is added to what it writes, element by element: apart from it, or the same memory.
    pub(in crate::engine) residual: Option<Range<usize>>,
    /// What it writes.
    pub(in crate::engine) out: Range<usize>,
    /// How that is split into tasks.
    pub(in crate::engine) split: Split,
    /// Whether each of its tasks follows that of the step before which has the same positions, and reads what that has made. Beside that it
    /// reads only its residual, which it may write over.
    pub(in crate::engine) is_joined: bool,
}

/// How what a step writes is split into tasks.
#[derive(Debug, Clone)]
pub(in crate::engine) enum Split {
    /// So many floats each, one after another.
    Chunks(usize),
    /// Rectangles.
    Grid(Grid),
    /// Square tiles of maps.
    Tiling(Tiling),
}

/// What a task reads.
#[derive(Clone, Copy)]
pub(in crate::engine) enum Inputs<'a> {
    /// Values.
    Values(&'a [&'a [f32]]),
    /// What the task has made in the step before.
    Made(Pixels<'a>),
}

/// The part of what a step writes that is a task's.
pub(in crate::engine) enum Part<'a> {
    Chunk(&'a mut [f32]),
    Rectangle(Rectangle<'a>),
    Tiles(Tiles<'a>),
}

impl Span {
    /// How many tasks it has.
    fn tasks(&self) -> usize {
        match &self.split {
            Split::Chunks(each) => self.out.len().div_ceil((*each).max(1)),
            Split::Grid(grid) => grid.tasks(),
            Split::Tiling(tiling) => tiling.tasks(),
        }
    }

    /// Panics unless what it writes is apart from what it reads, and all lies in `len` floats.
    fn check(&self, len: usize) {
        let apart = |range: &Range<usize>| are_apart(range, &self.out);
        for range in self.operands.iter().chain(&self.residual).chain([&self.out]) {
            assert!(range.start <= range.end && range.end <= len, "a step reaches beyond its memory");
        }
        assert!(self.operands.iter().all(apart), "a step writes over what it reads");
        if let Some(residual) = &self.residual {
            assert!(residual.len() == self.out.len(), "a residual has the size of what it is added to");
            assert!(apart(residual) || *residual == self.out, "a step writes over a part of its residual");
        }
        let reach = match &self.split {
            Split::Chunks(_) => 0,
            Split::Grid(grid) => grid.reach(),
            Split::Tiling(tiling) => tiling.reach(),
        };
        assert!(reach <= self.out.len(), "a step's parts reach beyond what it writes");
    }
}

fn are_apart(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.end <= other.start || other.end <= one.start
}

/// The steps whose tasks follow one another.
fn chains(spans: &[Span]) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    spans.chunk_by(|_, next| next.is_joined).map(move |chain| {
        let start = end;
        end += chain.len();
        start..end
    })
}

/// Panics unless tasks of these steps that have the same number have the same positions, with all blocks, and no step writes what another
/// reads or writes, but for what a task hands to its own next step.
fn check_chain(chain: &[Span]) {
    for (at, span) in chain.iter().enumerate().skip(1) {
        let is_alike = match (&chain[at - 1].split, &span.split) {
            (Split::Grid(one), Split::Grid(other)) => one.shares_positions(other),
            _ => false,
        };
        assert!(is_alike && span.operands.is_empty(), "tasks that follow one another have the same positions");
        for before in &chain[..at] {
            let mut others = before.operands.iter().chain(&before.residual).chain([&before.out]);
            assert!(others.all(|other| are_apart(other, &span.out)), "a step writes over what others still read");
            let residual = span.residual.as_ref();
            assert!(residual.is_none_or(|range| are_apart(range, &before.out)), "a step adds what others still write");
        }
    }
}

/// How far a step is.
#[derive(Debug, Default)]
struct Progress {
    taken: AtomicUsize,
    done: AtomicUsize,
}

/// One run through a plan.
pub(in crate::engine) struct Crew<'a> {
    memory: *mut f32,
    spans: &'a [Span],
    progress: Vec<Progress>,
    is_abandoned: AtomicBool,
    life: PhantomData<&'a mut [f32]>,
}

// SAFETY: the memory is borrowed for as long as the crew lives, and `work` gives each part of it to one thread at a time, or to any
// number that only read.
unsafe impl Sync for Crew<'_> {}

/// Tells the others when its thread panics: they would wait for ever.
struct Alarm<'a>(&'a AtomicBool);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Release);
        }
    }
}

impl<'a> Crew<'a> {
    /// A run through `spans` in `memory`.
    ///
    /// # Panics
    /// If a span writes what it reads, or reaches beyond the memory, or is joined to one that it cannot follow.
    pub(in crate::engine) fn new(memory: &'a mut Floats, spans: &'a [Span]) -> Self {
        let memory = memory.get_mut();
        for span in spans {
            span.check(memory.len());
        }
        for chain in chains(spans) {
            check_chain(&spans[chain]);
        }
        let progress = spans.iter().map(|_| Progress::default()).collect();
        let is_abandoned = AtomicBool::new(false);
        Self { memory: memory.as_mut_ptr(), spans, progress, is_abandoned, life: PhantomData }
    }

    /// Works until all is done: `body` does a task of a step, given what it reads and its part of what the step writes; `note` is told when
    /// a step is done.
    pub(in crate::engine) fn work(
        &self,
        mut body: impl FnMut(usize, usize, Inputs<'_>, Part<'_>),
        mut note: impl FnMut(usize),
    ) {
        let _alarm = Alarm(&self.is_abandoned);
        let mut operands = Vec::new();
        for chain in chains(self.spans) {
            let (span, progress) = (&self.spans[chain.start], &self.progress[chain.start]);
            let tasks = span.tasks();
            operands.clear();
            // SAFETY: the range lies in the memory (`check`). Nothing writes there before all tasks of the chain are done (`check_chain`),
            // and the slices are not used after that.
            operands.extend(
                span.operands
                    .iter()
                    .map(|range| unsafe { std::slice::from_raw_parts(self.memory.add(range.start), range.len()) }),
            );
            loop {
                let task = progress.taken.fetch_add(1, Ordering::Relaxed);
                if task >= tasks {
                    break;
                }
                // SAFETY: `fetch_add` gives each task to one thread, once.
                body(chain.start, task, Inputs::Values(&operands), unsafe { self.part(span, task) });
                for at in chain.start + 1..chain.end {
                    // SAFETY: this thread alone has the task, of which the step before is done, and nothing writes again what that made.
                    let made = unsafe { self.made(&self.spans[at - 1], task) };
                    // SAFETY: as above; the positions are those of the step before, what is written nothing else reads, and the residual
                    // was there before the chain (`check_chain`).
                    body(at, task, Inputs::Made(made), unsafe { self.part(&self.spans[at], task) });
                }
                progress.done.fetch_add(1, Ordering::Release);
            }
            if !self.wait(progress, tasks) {
                return;
            }
            chain.for_each(&mut note);
        }
    }

    /// What the task `task` has made.
    ///
    /// # Safety
    /// It is done, and nothing writes it while it is looked at.
    unsafe fn made<'b>(&'b self, span: &'b Span, task: usize) -> Pixels<'b> {
        // SAFETY: the caller's.
        match unsafe { self.part(span, task) } {
            Part::Rectangle(rectangle) => Pixels::made(rectangle),
            Part::Chunk(_) | Part::Tiles(_) => unreachable!("a chain is of rectangles"),
        }
    }

    /// The part of the task `task`.
    ///
    /// # Safety
    /// This thread alone has the task, what it reads and adds is there, and nothing uses an earlier part of it any more.
    unsafe fn part<'b>(&'b self, span: &'b Span, task: usize) -> Part<'b> {
        // SAFETY: both ranges lie in the memory (`check`).
        let out = unsafe { self.memory.add(span.out.start) };
        let residual = span.residual.as_ref().map(|range| unsafe { self.memory.add(range.start).cast_const() });
        match &span.split {
            Split::Chunks(each) => {
                let start = task * each;
                let len = (span.out.len() - start).min(*each);
                // SAFETY: it lies in what the step writes, which is in the memory and which nothing reads meanwhile (`check`); the
                // tasks' chunks are apart.
                let chunk = unsafe { std::slice::from_raw_parts_mut(out.add(start), len) };
                Part::Chunk(chunk)
            }
            Split::Grid(grid) => {
                // SAFETY: the grid's rectangles are apart and lie in what the step writes (`check`).
                Part::Rectangle(unsafe { Rectangle::new(grid, task, out, residual) })
            }
            Split::Tiling(tiling) => {
                // SAFETY: the tiles are apart and lie in what the step writes (`check`).
                Part::Tiles(unsafe { Tiles::new(tiling, task, out, residual) })
            }
        }
    }

    /// Waits until the tasks of a step are done; false if they never will be.
    fn wait(&self, progress: &Progress, tasks: usize) -> bool {
        let mut looks = 0;
        while progress.done.load(Ordering::Acquire) < tasks {
            if self.is_abandoned.load(Ordering::Acquire) {
                return false;
            }
            looks += 1;
            if looks % SPINS == 0 { std::thread::yield_now() } else { std::hint::spin_loop() }
        }
        true
    }
}
