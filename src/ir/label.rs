//! Labels: the words that say what a branch is and what a node does in it.

use std::fmt;

/// An identifier of at most [`Label::LENGTH`] ASCII bytes, held in place: an [`super::Address`] has two, and every node
/// an address.
///
/// A block's author chooses them; a name table selects by them. The constants are those that the compiler itself writes
/// or reads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label {
    bytes: [u8; Self::LENGTH],
}

impl Label {
    /// The most bytes of a label.
    pub const LENGTH: usize = 24;

    /// The branch and role of the network's input.
    pub const INPUT: Self = Self::of("input");
    /// The branch before the stages.
    pub const STEM: Self = Self::of("stem");
    /// The branch of a block's residual function.
    pub const MAIN: Self = Self::of("main");
    /// The branch of a block's shortcut.
    pub const SKIP: Self = Self::of("skip");
    /// The branch of the node where branches meet.
    pub const JOIN: Self = Self::of("join");
    /// The branch of what stands in a block outside any other.
    pub const BLOCK: Self = Self::of("block");
    /// A branch whose nodes are numbered through the whole network (VGG).
    pub const CHAIN: Self = Self::of("chain");
    /// The branch after the stages.
    pub const HEAD: Self = Self::of("head");
    /// Zero padding of the feature map before a convolution.
    pub const PAD: Self = Self::of("pad");
    /// Zero padding of the feature map before a pool.
    pub const POOL_PAD: Self = Self::of("pool_pad");
    /// A convolution.
    pub const CONV: Self = Self::of("conv");
    /// A normalisation.
    pub const NORM: Self = Self::of("norm");
    /// An activation.
    pub const ACT: Self = Self::of("act");
    /// A pool; in a head, one that averages.
    pub const POOL: Self = Self::of("pool");
    /// A head's pool that takes the maximum.
    pub const MAX_POOL: Self = Self::of("max_pool");
    /// The sum of branches.
    pub const ADD: Self = Self::of("add");
    /// The branches' channels together.
    pub const CONCAT: Self = Self::of("concat");
    /// The product of branches.
    pub const MULTIPLY: Self = Self::of("multiply");
    /// A run of channels.
    pub const SLICE: Self = Self::of("slice");
    /// Stochastic depth.
    pub const DROP_PATH: Self = Self::of("drop_path");
    /// A factor for each channel.
    pub const LAYER_SCALE: Self = Self::of("layer_scale");
    /// A low-pass filter.
    pub const BLUR: Self = Self::of("blur");
    /// A softmax over paths.
    pub const SOFTMAX: Self = Self::of("softmax");
    /// The feature map as a vector.
    pub const FLATTEN: Self = Self::of("flatten");
    /// Dropout.
    pub const DROPOUT: Self = Self::of("dropout");
    /// A hidden linear layer.
    pub const LINEAR: Self = Self::of("linear");
    /// The branch of a head with hidden layers (VGG).
    pub const CLASSIFIER: Self = Self::of("classifier");
    /// Subsampling of the identity (shortcut A).
    pub const SUBSAMPLE: Self = Self::of("subsample");
    /// Zero channels beside the identity's (shortcut A).
    pub const ZEROS: Self = Self::of("zeros");
    /// The last linear layer.
    pub const LOGITS: Self = Self::of("logits");

    const fn of(text: &str) -> Self {
        match Self::new(text) {
            Some(label) => label,
            None => Self { bytes: [0; Self::LENGTH] },
        }
    }

    /// `text` as a label; none where it is empty, too long, or no identifier.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "a constant function has no iterators; the lengths are compared first")]
    pub const fn new(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.is_empty() || text.len() > Self::LENGTH || !text[0].is_ascii_alphabetic() {
            return None;
        }
        let mut bytes = [0; Self::LENGTH];
        let mut at = 0;
        while at < text.len() {
            if !(text[at].is_ascii_alphanumeric() || text[at] == b'_') {
                return None;
            }
            bytes[at] = text[at];
            at += 1;
        }
        Some(Self { bytes })
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let word = self.bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        std::str::from_utf8(word).unwrap_or_default()
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
