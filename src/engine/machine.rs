//! What this machine can do at most, measured: the roof under which layers are shown.

use super::Options;
use super::kernel::{self, Found};
use std::hint::black_box;
use std::time::Instant;

/// Rounds of arithmetic in a measurement: some milliseconds.
const ROUNDS: usize = 1 << 20;
/// Floats that are read in a measurement, far more than caches hold.
const FLOATS: usize = 1 << 25;
/// Measurements, of which the best counts.
const TRIES: usize = 5;

/// What a machine can do at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// FLOP/s in float32.
    pub peak: f64,
    /// Bytes a second that are read from memory.
    pub bandwidth: f64,
}

/// Measures what this machine can do with the instructions and threads of `options`, in about a tenth of a second.
#[must_use]
pub fn measure(options: Options) -> Limits {
    let found = Found::at_most(options.isa);
    let threads = options.threads.get();
    let arithmetic = best(|| {
        side_by_side(threads, |_| {
            let mut sink = black_box([1.0; 16]);
            let count = kernel::multiply(found, ROUNDS, &mut sink);
            black_box(sink);
            count
        })
    });
    let memory = vec![1.0_f32; FLOATS];
    let each = FLOATS.div_ceil(threads);
    let reading = best(|| {
        side_by_side(threads, |thread| {
            let part = memory.get(thread * each..((thread + 1) * each).min(FLOATS)).unwrap_or_default();
            black_box(found.compile_for(|| sum(part)));
            size_of_val(part)
        })
    });
    Limits { peak: arithmetic, bandwidth: reading }
}

/// The most a second that `work` has done, which says how much that was.
#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn best(work: impl Fn() -> usize) -> f64 {
    let rate = |_| {
        let start = Instant::now();
        let count = work();
        count as f64 / start.elapsed().as_secs_f64().max(1e-9)
    };
    (0..TRIES).map(rate).fold(0.0, f64::max)
}

/// The sum of what so many threads do at the same time.
fn side_by_side(threads: usize, work: impl Fn(usize) -> usize + Sync) -> usize {
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_default()).sum()
    })
}

/// A sum in lanes, so that it takes no longer than reading does.
#[inline]
fn sum(floats: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 64];
    let (whole, rest) = floats.as_chunks::<64>();
    for chunk in whole {
        lanes.iter_mut().zip(chunk).for_each(|(lane, float)| *lane += float);
    }
    lanes.iter().chain(rest).sum()
}
