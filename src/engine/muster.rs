//! A processor for each thread of a run.
//!
//! A system that wakes a thread where no processor is free just then puts it in line behind another, and looks for a better place when
//! its clock ticks, which may be a hundred times a second: a pass of a small network takes less. Threads of a run wait for one
//! another at every step, so that two in one line take as long as one alone. So the thread that called the others lets those run that
//! are in line behind it until all have come, and one of the others that finds itself where another of the run is goes elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How often a thread goes elsewhere in a run: what it sees of the others may be old.
const MOVES: usize = 3;

/// What no processor is called.
const NONE: usize = usize::MAX;

/// For each thread of a run the processor on which it was seen last, [`NONE`] before it has come.
#[derive(Debug)]
pub(super) struct Muster(Vec<AtomicUsize>);

/// A thread of a run, the first of which calls the others.
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

    /// The thread `number`.
    pub(super) fn member(&self, number: usize) -> Member<'_> {
        Member { muster: self, number, moves: MOVES }
    }
}

impl Member<'_> {
    /// Looks where the others are: when it has come, or has called them, and between two steps.
    pub(super) fn look(&mut self) {
        if self.number == 0 {
            // The application's own thread is not sent anywhere.
            if self.others().any(|other| other == NONE) {
                std::thread::yield_now();
            }
        } else if self.moves > 0 {
            let here = processor();
            if self.others().any(|other| other == here) {
                self.moves -= 1;
                go_where_none_is(self.others());
            }
        }
        if let Some(place) = self.muster.0.get(self.number) {
            place.store(processor(), Ordering::Relaxed);
        }
    }

    /// Where the others are.
    fn others(&self) -> impl Iterator<Item = usize> {
        let places = self.muster.0.iter().enumerate();
        places.filter(|(other, _)| *other != self.number).map(|(_, place)| place.load(Ordering::Relaxed))
    }
}

#[cfg(target_os = "linux")]
fn processor() -> usize {
    rustix::thread::sched_getcpu()
}

/// Goes to a processor that this thread may use and that is none of these; where there is none or it cannot be had, nothing is done.
/// Afterwards the thread may use those that it could before.
#[cfg(target_os = "linux")]
fn go_where_none_is(places: impl Iterator<Item = usize>) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let Ok(usable) = sched_getaffinity(None) else { return };
    let mut free = usable;
    places.filter(|place| *place < CpuSet::MAX_CPU).for_each(|place| free.unset(place));
    if free.count() > 0 && sched_setaffinity(None, &free).is_ok() {
        let _ = sched_setaffinity(None, &usable);
    }
}

/// Other systems are left to it.
#[cfg(not(target_os = "linux"))]
fn processor() -> usize {
    0
}

#[cfg(not(target_os = "linux"))]
fn go_where_none_is(_: impl Iterator<Item = usize>) {}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::{go_where_none_is, processor};
    use rustix::thread::sched_getaffinity;

    #[test]
    fn who_goes_elsewhere_may_still_use_every_processor_that_it_could() {
        let before = sched_getaffinity(None).unwrap();
        for places in [vec![], vec![processor()], vec![usize::MAX], (0..2000).collect()] {
            go_where_none_is(places.into_iter());
            assert_eq!(sched_getaffinity(None).unwrap(), before);
        }
    }
}
