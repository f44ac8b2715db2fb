//! A processor for each thread of a run.
//!
//! A system that wakes a thread where no processor is free just then puts it in line behind another, and looks for a better place when
//! its clock ticks, which may be a hundred times a second: a pass of a small network takes less. Threads of a run wait for one
//! another at every step, so that two in one line take as long as one alone. So the thread that called the others lets those run that
//! are in line behind it until all have come, and whoever finds itself where another of the run is goes elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How often a thread goes elsewhere in a run: what it sees of the others may be old.
const MOVES: usize = 3;

/// What no processor is called.
const NONE: usize = usize::MAX;

/// For each thread of a run the processor on which it was seen last, [`NONE`] before it has come.
#[derive(Debug)]
pub(super) struct Muster(Vec<AtomicUsize>);

/// A thread of a run, the first of which called the others.
#[derive(Debug)]
pub(super) struct Member<'a> {
    muster: &'a Muster,
    number: usize,
    moves: usize,
}

impl Muster {
    /// For so many threads.
    pub(super) fn of(threads: usize) -> Self {
        Self((0..threads).map(|_| AtomicUsize::new(NONE)).collect())
    }

    /// The thread `number`, which has come.
    pub(super) fn come(&self, number: usize) -> Member<'_> {
        let mut member = Member { muster: self, number, moves: MOVES };
        member.look();
        member
    }
}

impl Member<'_> {
    /// Looks where the others are, between two steps.
    pub(super) fn look(&mut self) {
        let Self { muster: Muster(places), number, .. } = *self;
        let here = processor();
        if here == NONE {
            return;
        }
        let is_one_at = |at: usize| {
            places.iter().enumerate().any(|(other, place)| other != number && place.load(Ordering::Relaxed) == at)
        };
        if number == 0 && is_one_at(NONE) {
            std::thread::yield_now();
        }
        if is_one_at(here) && self.moves > 0 {
            self.moves -= 1;
            go_elsewhere();
        }
        if let Some(place) = places.get(number) {
            place.store(processor(), Ordering::Relaxed);
        }
    }
}

#[cfg(target_os = "linux")]
fn processor() -> usize {
    rustix::thread::sched_getcpu()
}

/// Goes to another of the processors that this thread may use; where that cannot be had, nothing is lost but time.
#[cfg(target_os = "linux")]
fn go_elsewhere() {
    use rustix::thread::{sched_getaffinity, sched_getcpu, sched_setaffinity};
    let Ok(usable) = sched_getaffinity(None) else { return };
    let mut others = usable;
    others.unset(sched_getcpu());
    if others.count() > 0 && sched_setaffinity(None, &others).is_ok() {
        let _ = sched_setaffinity(None, &usable);
    }
}

/// Other systems are left to it.
#[cfg(not(target_os = "linux"))]
fn processor() -> usize {
    NONE
}

#[cfg(not(target_os = "linux"))]
fn go_elsewhere() {}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::go_elsewhere;
    use rustix::thread::sched_getaffinity;

    #[test]
    fn who_goes_elsewhere_may_still_use_every_processor_that_it_could() {
        let before = sched_getaffinity(None).unwrap();
        for _ in 0..4 {
            go_elsewhere();
            assert_eq!(sched_getaffinity(None).unwrap(), before);
        }
    }
}
