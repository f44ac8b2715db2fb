//! What every runtime is asked, and what it answers.

use crate::cli::Global;
use crate::cli::npy::Array;
use crate::cli::scratch::Folder;
use resnetc::back::Unsupported;
use resnetc::valid::Checked;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A network with images, and a temporary folder with its weights.
pub(in crate::cli) struct Case {
    pub(in crate::cli) network: Checked,
    pub(in crate::cli) images: Array,
    /// Whether weights, and images, were given rather than drawn.
    pub(super) given: [bool; 2],
    /// The Keras package, once it is written, or what it cannot express.
    pub(super) package: OnceCell<Result<PathBuf, Unsupported>>,
    pub(super) folder: Folder,
    /// The Python that runtimes are looked for in.
    pub(in crate::cli) python: PathBuf,
    /// How long each may take there.
    pub(super) time_limit: Duration,
    pub(in crate::cli) global: Global,
}

/// What came of running it.
pub(in crate::cli) enum Outcome {
    Ran {
        version: String,
        /// Values by their nodes' places in [`Checked::order`].
        values: BTreeMap<usize, Array>,
    },
    /// This machine does not have it, or it cannot express the network; why.
    Absent(String),
    /// It could not run what was written for it; why.
    Failed(String),
}

impl Case {
    /// The weights, which fit the network.
    pub(in crate::cli) fn weights_file(&self) -> PathBuf {
        self.folder.path().join("weights.safetensors")
    }

    pub(super) fn images_file(&self) -> PathBuf {
        self.folder.path().join("images.npy")
    }

    /// The number of images.
    pub(in crate::cli) fn batch(&self) -> u64 {
        self.images.shape.first().copied().unwrap_or(1)
    }

    /// At what it lies that an output says little.
    pub(super) fn blame(&self) -> &'static str {
        match self.given {
            [true, true] => "with these weights and images",
            [true, false] => "with these weights",
            [false, true] => "with these images",
            [false, false] => "whatever weights and images are drawn",
        }
    }

    /// The place of the network's output.
    pub(in crate::cli) fn last(&self) -> usize {
        self.network.order().len().saturating_sub(1)
    }
}

impl Outcome {
    /// Whether every element that was given is a finite number.
    pub(super) fn is_finite(&self) -> bool {
        match self {
            Self::Ran { values, .. } => values.values().flat_map(|array| &array.values).all(|value| value.is_finite()),
            Self::Absent(_) | Self::Failed(_) => false,
        }
    }

    /// The value of the node at `place`.
    pub(super) fn value(&self, place: usize) -> Option<&Array> {
        match self {
            Self::Ran { values, .. } => values.get(&place),
            Self::Absent(_) | Self::Failed(_) => None,
        }
    }
}
