//! From a checked network and a weight file to the live model, within the memory that there is.

use crate::cli::files::granted;
use crate::cli::npy::Array;
use crate::cli::{Failure, Global, weights};
use burn::tensor::{Device, Tensor, TensorData};
use resnetc::back::live::{self, Model, Value};
use resnetc::valid::Checked;
use resnetc::weights::{SEED, collect};
use std::path::Path;

/// The live model for batches of `batch`. `file` has its weights; without one they are fresh.
pub(super) fn load(
    checked: Checked,
    file: Option<&Path>,
    fold: bool,
    batch: u64,
    global: Global,
) -> Result<Model, Failure> {
    let free = kibibytes("/proc/meminfo", "MemAvailable:").map(|free| u128::from(free) * 1024);
    granted(live::affordable(live::estimate(&checked, batch), free), None, global)?;
    let (checked, supply) = weights::load(checked, file, SEED, fold, global)?;
    let tensors = granted(collect(&checked, supply), file, global)?;
    granted(checked.instantiate_with(&Device::flex(), tensors), file, global)
}

/// The number of KiB after `key` in one of Linux's status files; elsewhere there is none.
pub(super) fn kibibytes(file: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// Lets burn use this many threads, or as many as the machine has; how many those are.
pub(super) fn start_threads(threads: Option<u16>) -> Result<usize, Failure> {
    if let Some(threads) = threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
        pool.map_err(|error| Failure::unasked(format!("cannot start {threads} threads"), error))?;
    }
    Ok(rayon::current_num_threads())
}

/// Images N, C, H, W as burn has them.
pub(super) fn tensor(images: Array) -> Tensor<4> {
    let mut sides = [1; 4];
    for (side, &value) in sides.iter_mut().zip(&images.shape) {
        *side = usize::try_from(value).unwrap_or(usize::MAX);
    }
    Tensor::from_data(TensorData::new(images.values, sides), &Device::flex())
}

/// A value as an array.
pub(super) fn array(value: Value) -> Array {
    let data = value.into_data();
    Array { shape: data.shape().iter().map(|&side| side as u64).collect(), values: data.iter::<f32>().collect() }
}
