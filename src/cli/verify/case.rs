//! What every runtime is asked, and what it answers.

use crate::cli::Global;
use crate::cli::npy::Array;
use crate::cli::scratch::Folder;
use resnetc::valid::Checked;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A network with images, and a temporary folder with its weights.
pub(in crate::cli) struct Case {
    pub(in crate::cli) network: Checked,
    pub(in crate::cli) images: Array,
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
