//! Which instructions there are.

/// A set of instructions that there are kernels for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What every processor has that Rust compiles for.
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 (F), and AVX2 and FMA.
    Avx512,
}

impl Isa {
    /// Every one, the best first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Portable];

    /// Whether this processor has it.
    #[must_use]
    pub fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = || std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
            match self {
                Self::Portable => true,
                Self::Avx2 => avx2(),
                Self::Avx512 => avx2() && std::is_x86_feature_detected!("avx512f"),
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Self::Portable
        }
    }

    /// The best that this processor has.
    #[must_use]
    pub fn best() -> Self {
        Self::ALL.into_iter().find(|isa| isa.is_available()).unwrap_or(Self::Portable)
    }

    /// The most pixels and blocks of channels whose sums the registers hold, with two blocks of weights and a value.
    pub(in crate::engine) fn tile(self) -> [usize; 2] {
        match self {
            Self::Portable => [2, 1],
            Self::Avx2 => [6, 1],
            Self::Avx512 => [14, 2],
        }
    }
}

/// A set of instructions that this processor was found to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Found(Isa);

impl Found {
    /// `isa`, or what comes next to it that this processor has.
    pub(in crate::engine) fn at_most(isa: Isa) -> Self {
        let lesser = Isa::ALL.into_iter().filter(|other| *other <= isa);
        Self(lesser.into_iter().find(|isa| isa.is_available()).unwrap_or(Isa::Portable))
    }

    pub(in crate::engine) fn isa(self) -> Isa {
        self.0
    }

    /// Does `work`, compiled for these instructions as far as it is inlined.
    #[inline]
    pub(in crate::engine) fn compile_for<T>(self, work: impl FnOnce() -> T) -> T {
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx2,fma")]
            fn avx2<T>(work: impl FnOnce() -> T) -> T {
                work()
            }
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512<T>(work: impl FnOnce() -> T) -> T {
                work()
            }
            match self.0 {
                Isa::Portable => work(),
                // SAFETY: a `Found` is made only of what the processor has.
                Isa::Avx2 => unsafe { avx2(work) },
                // SAFETY: as above.
                Isa::Avx512 => unsafe { avx512(work) },
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        work()
    }
}

/// Defines `portable`, `avx2` and `avx512`: a function that is generic in its lanes, compiled for the instructions of each. They are as
/// safe to call as that, where the processor has them.
macro_rules! compiled {
    ($body:ident<$($count:ident),*>($($argument:ident: $kind:ty),* $(,)?) $(-> $result:ty)?) => {
        unsafe fn portable<$(const $count: usize),*>($($argument: $kind),*) $(-> $result)? {
            // SAFETY: the caller's.
            unsafe { $body::<crate::engine::kernel::lanes::Portable, $($count),*>($($argument),*) }
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2<$(const $count: usize),*>($($argument: $kind),*) $(-> $result)? {
            // SAFETY: the caller's.
            unsafe { $body::<crate::engine::kernel::lanes::Avx2, $($count),*>($($argument),*) }
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512<$(const $count: usize),*>($($argument: $kind),*) $(-> $result)? {
            // SAFETY: the caller's.
            unsafe { $body::<crate::engine::kernel::lanes::Avx512, $($count),*>($($argument),*) }
        }
    };
}

/// What an expression is worth for the instructions that were found; only those can be that there are.
macro_rules! by_isa {
    ($found:expr, $portable:expr, $avx2:expr, $avx512:expr) => {
        match $found.isa() {
            $crate::engine::kernel::Isa::Portable => $portable,
            #[cfg(target_arch = "x86_64")]
            $crate::engine::kernel::Isa::Avx2 => $avx2,
            #[cfg(target_arch = "x86_64")]
            $crate::engine::kernel::Isa::Avx512 => $avx512,
            #[cfg(not(target_arch = "x86_64"))]
            $crate::engine::kernel::Isa::Avx2 | $crate::engine::kernel::Isa::Avx512 => {
                unreachable!("another processor does not have it")
            }
        }
    };
}

pub(super) use {by_isa, compiled};
