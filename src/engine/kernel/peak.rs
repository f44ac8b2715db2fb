//! The most arithmetic that a thread can do: products that wait for nothing.

use super::Found;
use super::isa::{by_isa, compiled};
use super::lanes::Lanes;

/// Does so many rounds of independent products, and says how many floating-point operations those were. The sums are written to
/// `sink`, so that nothing can be left out.
pub(in crate::engine) fn multiply(found: Found, rounds: usize, sink: &mut [f32; 16]) -> usize {
    // SAFETY: a `Found` is only of what the processor has.
    unsafe { by_isa!(found, portable::<2>(rounds, sink), avx2::<6>(rounds, sink), avx512::<12>(rounds, sink)) }
}

compiled!(products<N>(rounds: usize, sink: &mut [f32; 16]) -> usize);

/// `N` chains of products and additions side by side, more than the processor needs to hide how long each takes.
///
/// # Safety
/// The processor has `V`.
#[inline(always)]
unsafe fn products<V: Lanes, const N: usize>(rounds: usize, sink: &mut [f32; 16]) -> usize {
    // SAFETY: the sink is sixteen floats.
    unsafe {
        let (factor, summand) = (V::splat(0.999), V::splat(1e-3));
        let mut sums = [V::load(sink.as_ptr()); N];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = summand.plus_product(*sum, factor);
            }
        }
        sums.iter().fold(V::splat(0.0), |all, sum| all.plus(*sum)).store(sink.as_mut_ptr());
    }
    2 * 16 * N * rounds
}
