//! The most arithmetic that a thread can do: products that wait for nothing.

use super::lanes::Lanes;
use super::{Found, Isa};

/// Does so many rounds of independent products, and says how many floating-point operations those were. The sums are written to
/// `sink`, so that nothing can be left out.
pub(in crate::engine) fn multiply(found: Found, rounds: usize, sink: &mut [f32; 16]) -> usize {
    match found.isa() {
        // SAFETY: a `Found` is only of what the processor has.
        Isa::Portable => unsafe { products::<super::lanes::Portable, 2>(rounds, sink) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { avx2(rounds, sink) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx512 => unsafe { avx512(rounds, sink) },
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 => unreachable!("another processor does not have it"),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(rounds: usize, sink: &mut [f32; 16]) -> usize {
    // SAFETY: the caller's.
    unsafe { products::<super::lanes::Avx2, 6>(rounds, sink) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512(rounds: usize, sink: &mut [f32; 16]) -> usize {
    // SAFETY: the caller's.
    unsafe { products::<super::lanes::Avx512, 12>(rounds, sink) }
}

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
