//! Where in a network a node stands, in the papers' words.

/// The address of a node: unique in a graph that [`crate::lower`] made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// The part of the network.
    pub place: Place,
    /// The branch within it.
    pub branch: Branch,
    /// The unit within the branch: the conv, norm and activation that belong together share a number, from 1 in the
    /// main branch as in the papers. 0 where nothing is numbered.
    pub unit: u32,
    /// What the node does in its unit.
    pub role: Role,
    /// Position in the branch, from 0; in a chain and in a classifier, position in the whole run of them.
    pub sequence: u32,
}

/// The part of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The input.
    Input,
    /// Before the stages.
    Stem,
    /// A block.
    Block {
        /// The stage, from 0.
        stage: u32,
        /// The block in the stage, from 0.
        block: u32,
    },
    /// After the stages.
    Head,
}

/// The branch of a place. Its name is the left half of a selector in a name table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Branch {
    /// The input node.
    Input,
    /// The stem.
    Stem,
    /// The residual function of a block.
    Main,
    /// The shortcut of a block.
    Skip,
    /// Where a block's branches meet, and what follows.
    Join,
    /// A block without a join whose layers are numbered through the whole network (VGG).
    Chain,
    /// Pooling and a single linear layer.
    Head,
    /// Pooled features through hidden layers (VGG).
    Classifier,
}

/// What a node does in its unit. Its name is the right half of a selector in a name table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The input.
    Input,
    /// Zero padding of the feature map before a convolution.
    Pad,
    /// Zero padding of the feature map before a pool.
    PoolPad,
    /// A convolution.
    Conv,
    /// A normalisation.
    Norm,
    /// An activation.
    Act,
    /// A pool; in a head, one that averages.
    Pool,
    /// A head's pool that takes the maximum.
    MaxPool,
    /// Subsampling of the identity (shortcut A).
    Subsample,
    /// Zero channels beside the identity's (shortcut A).
    Zeros,
    /// The sum of a block's branches.
    Add,
    /// The feature map as a vector.
    Flatten,
    /// Dropout.
    Dropout,
    /// A hidden linear layer.
    Linear,
    /// The last linear layer.
    Logits,
}

impl Branch {
    /// The word that selects it in a name table.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Stem => "stem",
            Self::Main => "main",
            Self::Skip => "skip",
            Self::Join => "join",
            Self::Chain => "chain",
            Self::Head => "head",
            Self::Classifier => "classifier",
        }
    }
}

impl Role {
    /// The word that selects it in a name table.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Pad => "pad",
            Self::PoolPad => "pool_pad",
            Self::Conv => "conv",
            Self::Norm => "norm",
            Self::Act => "act",
            Self::Pool => "pool",
            Self::MaxPool => "max_pool",
            Self::Subsample => "subsample",
            Self::Zeros => "zeros",
            Self::Add => "add",
            Self::Flatten => "flatten",
            Self::Dropout => "dropout",
            Self::Linear => "linear",
            Self::Logits => "logits",
        }
    }
}
