//! The parameters of a network: which node has which, and their shapes in the IR's own layout.

use super::NodeId;
use smallvec::{SmallVec, smallvec};

/// A parameter's extent along each axis. No parameter has more axes than four, so that asking for them allocates nothing.
pub type Extents = SmallVec<[u64; 4]>;

/// The parameters of a node with their extents: four at most, those of a batch norm.
pub type Tensors = SmallVec<[(ParameterKind, Extents); 4]>;

/// A number for each of `channels`, of every one of `kinds`.
pub(super) fn per_channel<const N: usize>(kinds: [ParameterKind; N], channels: u64) -> Tensors {
    kinds.into_iter().map(|kind| (kind, smallvec![channels])).collect()
}

/// One parameter tensor of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Parameter {
    /// The node that owns it.
    pub node: NodeId,
    /// Which of its parameters.
    pub kind: ParameterKind,
}

/// Which parameter of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParameterKind {
    /// A convolution's kernel, [out, in / groups, height, width]; a linear layer's matrix, [out, in], whose input axis
    /// follows C, H, W after a flatten.
    Kernel,
    /// A convolution's or linear layer's bias, [out].
    Bias,
    /// A norm's gamma, [channels].
    Scale,
    /// A norm's beta, [channels].
    Shift,
    /// A batch norm's running mean, [channels].
    Mean,
    /// A batch norm's running variance, [channels].
    Variance,
    /// A layer scale's factors, [channels].
    Gain,
}

impl ParameterKind {
    /// Whether training moves it by gradient; statistics are moved by the data.
    #[must_use]
    pub fn is_trainable(self) -> bool {
        match self {
            Self::Kernel | Self::Bias | Self::Scale | Self::Shift | Self::Gain => true,
            Self::Mean | Self::Variance => false,
        }
    }
}
