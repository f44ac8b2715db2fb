//! Sixteen floats, as each kind of processor holds them.

/// The arithmetic that a tile needs, on sixteen floats at once.
///
/// # Safety
/// The methods of an implementer may be called only where its processor's features were found, and pointers must be valid for
/// sixteen floats.
pub(super) trait Lanes: Copy {
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// Brings a line of the cache near, if there is one; any address will do.
    fn bring_near(from: *const f32);
    /// `self + a * b`, rounded once where the processor can.
    unsafe fn plus_product(self, a: Self, b: Self) -> Self;
    unsafe fn plus(self, other: Self) -> Self;
    unsafe fn minus(self, other: Self) -> Self;
    unsafe fn times(self, other: Self) -> Self;
    /// The larger of each two; where either is no number, what `self` has.
    unsafe fn or_more(self, other: Self) -> Self;
    /// The smaller of each two; where either is no number, what `self` has.
    unsafe fn or_less(self, other: Self) -> Self;
}

/// Without intrinsics: what the compiler makes of it.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 16]);

impl Portable {
    #[inline(always)]
    fn with(self, other: Self, each: impl Fn(f32, f32) -> f32) -> Self {
        let mut result = self;
        for (value, other) in result.0.iter_mut().zip(other.0) {
            *value = each(*value, other);
        }
        result
    }
}

impl Lanes for Portable {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 16])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's pointer is valid for sixteen floats, and an array of them needs no other alignment.
        Self(unsafe { from.cast::<[f32; 16]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as for `load`.
        unsafe { to.cast::<[f32; 16]>().write(self.0) }
    }

    #[inline(always)]
    fn bring_near(_: *const f32) {}

    #[inline(always)]
    unsafe fn plus_product(self, a: Self, b: Self) -> Self {
        self.with(a.with(b, |a, b| a * b), |sum, product| sum + product)
    }

    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn minus(self, other: Self) -> Self {
        self.with(other, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn times(self, other: Self) -> Self {
        self.with(other, |a, b| a * b)
    }

    #[inline(always)]
    unsafe fn or_more(self, other: Self) -> Self {
        self.with(other, |a, b| if b > a { b } else { a })
    }

    #[inline(always)]
    unsafe fn or_less(self, other: Self) -> Self {
        self.with(other, |a, b| if b < a { b } else { a })
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![expect(
        clippy::undocumented_unsafe_blocks,
        reason = "each is one intrinsic, of the features that the caller found"
    )]

    use super::Lanes;
    use std::arch::x86_64::{
        __m256, __m512, _MM_HINT_T0, _mm_prefetch, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps,
        _mm256_min_ps, _mm256_mul_ps, _mm256_set1_ps, _mm256_storeu_ps, _mm256_sub_ps, _mm512_add_ps, _mm512_fmadd_ps,
        _mm512_loadu_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_set1_ps, _mm512_storeu_ps, _mm512_sub_ps,
    };

    /// With AVX-512 (F).
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx512(__m512);

    impl Lanes for Avx512 {
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            Self(unsafe { _mm512_set1_ps(value) })
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { _mm512_loadu_ps(from) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm512_storeu_ps(to, self.0) }
        }

        #[inline(always)]
        fn bring_near(from: *const f32) {
            unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
        }

        #[inline(always)]
        unsafe fn plus_product(self, a: Self, b: Self) -> Self {
            Self(unsafe { _mm512_fmadd_ps(a.0, b.0, self.0) })
        }

        #[inline(always)]
        unsafe fn plus(self, other: Self) -> Self {
            Self(unsafe { _mm512_add_ps(self.0, other.0) })
        }

        #[inline(always)]
        unsafe fn minus(self, other: Self) -> Self {
            Self(unsafe { _mm512_sub_ps(self.0, other.0) })
        }

        #[inline(always)]
        unsafe fn times(self, other: Self) -> Self {
            Self(unsafe { _mm512_mul_ps(self.0, other.0) })
        }

        // Where either is no number, the instruction gives its second operand.
        #[inline(always)]
        unsafe fn or_more(self, other: Self) -> Self {
            Self(unsafe { _mm512_max_ps(other.0, self.0) })
        }

        #[inline(always)]
        unsafe fn or_less(self, other: Self) -> Self {
            Self(unsafe { _mm512_min_ps(other.0, self.0) })
        }
    }

    /// With AVX2 and FMA.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2([__m256; 2]);

    impl Lanes for Avx2 {
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            Self([unsafe { _mm256_set1_ps(value) }; 2])
        }

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))] })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            let [low, high] = self.0;
            unsafe {
                _mm256_storeu_ps(to, low);
                _mm256_storeu_ps(to.add(8), high);
            }
        }

        #[inline(always)]
        fn bring_near(from: *const f32) {
            unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
        }

        #[inline(always)]
        unsafe fn plus_product(self, a: Self, b: Self) -> Self {
            let ([low, high], [a_low, a_high], [b_low, b_high]) = (self.0, a.0, b.0);
            Self(unsafe { [_mm256_fmadd_ps(a_low, b_low, low), _mm256_fmadd_ps(a_high, b_high, high)] })
        }

        #[inline(always)]
        unsafe fn plus(self, other: Self) -> Self {
            let ([low, high], [more_low, more_high]) = (self.0, other.0);
            Self(unsafe { [_mm256_add_ps(low, more_low), _mm256_add_ps(high, more_high)] })
        }

        #[inline(always)]
        unsafe fn minus(self, other: Self) -> Self {
            let ([low, high], [less_low, less_high]) = (self.0, other.0);
            Self(unsafe { [_mm256_sub_ps(low, less_low), _mm256_sub_ps(high, less_high)] })
        }

        #[inline(always)]
        unsafe fn times(self, other: Self) -> Self {
            let ([low, high], [other_low, other_high]) = (self.0, other.0);
            Self(unsafe { [_mm256_mul_ps(low, other_low), _mm256_mul_ps(high, other_high)] })
        }

        #[inline(always)]
        unsafe fn or_more(self, other: Self) -> Self {
            let ([low, high], [other_low, other_high]) = (self.0, other.0);
            Self(unsafe { [_mm256_max_ps(other_low, low), _mm256_max_ps(other_high, high)] })
        }

        #[inline(always)]
        unsafe fn or_less(self, other: Self) -> Self {
            let ([low, high], [other_low, other_high]) = (self.0, other.0);
            Self(unsafe { [_mm256_min_ps(other_low, low), _mm256_min_ps(other_high, high)] })
        }
    }
}
