//! What the numbers of a network are kept as.

/// A floating-point type: that of weights, statistics, values, gradients and an optimiser's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Dtype {
    /// IEEE 754, 64 bits.
    Float64,
    /// IEEE 754, 32 bits.
    #[default]
    Float32,
    /// The upper half of a 32-bit float.
    Bfloat16,
    /// IEEE 754, 16 bits.
    Float16,
}

impl Dtype {
    /// Every dtype, the widest first.
    pub const ALL: [Self; 4] = [Self::Float64, Self::Float32, Self::Bfloat16, Self::Float16];

    /// What PyTorch calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Float64 => "float64",
            Self::Float32 => "float32",
            Self::Bfloat16 => "bfloat16",
            Self::Float16 => "float16",
        }
    }

    /// Bytes of one element.
    #[must_use]
    pub fn bytes(self) -> u128 {
        match self {
            Self::Float64 => 8,
            Self::Float32 => 4,
            Self::Bfloat16 | Self::Float16 => 2,
        }
    }
}
