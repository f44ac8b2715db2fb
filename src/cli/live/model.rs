//! From a checked network and a weight file to the live model, within the memory that there is.

use crate::cli::npy::Array;
use crate::cli::say::granted;
use crate::cli::{Failure, Global, engine, memory, weights};
use burn::tensor::{Device, Tensor, TensorData};
use resnetc::back::live::{self, Model, Value};
use resnetc::engine::{Engine, Options, size};
use resnetc::valid::Checked;
use resnetc::weights::{SEED, collect};
use std::num::NonZeroUsize;
use std::path::Path;

/// The live model for batches of `batch`, on an engine with these options or, without any, on burn's own ops. `file` has its weights;
/// without one they are fresh.
pub(super) fn load(
    checked: Checked,
    file: Option<&Path>,
    fold: bool,
    batch: u64,
    options: Option<Options>,
    global: Global,
) -> Result<Model, Failure> {
    let bytes = match options {
        Some(_) => live::estimate(&checked, batch),
        None => live::estimate_plain(&checked, batch),
    };
    granted(live::affordable(bytes, memory::free()), None, global)?;
    let (checked, supply) = weights::load(checked, file, SEED, fold, global)?;
    if options.is_some() {
        let model = granted(checked.instantiate_from(&Device::flex(), supply), file, global)?.with_engine(options);
        granted(model.prepare(), file, global)?;
        return Ok(model);
    }
    let tensors = granted(collect(&checked, supply), file, global)?;
    Ok(granted(checked.instantiate_with(&Device::flex(), tensors), file, global)?.with_engine(None))
}

/// The engine of a network alone, and the network as it runs; `file` and `fold` as for [`load`].
pub(super) fn engine(
    checked: Checked,
    file: Option<&Path>,
    fold: bool,
    options: Options,
    global: Global,
) -> Result<(Checked, Engine), Failure> {
    let (network, supply) = weights::load(checked, file, SEED, fold, global)?;
    let engine = granted(Engine::new(&network, supply, options), file, global)?;
    Ok((network, engine))
}

/// Lets the threads run that are asked for, or as many as the machine has; the engine's options.
pub(super) fn options(arguments: engine::Arguments) -> Result<Options, Failure> {
    if let Some(threads) = arguments.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
        pool.map_err(|error| Failure::unasked(format!("cannot start {threads} threads"), error))?;
    }
    let threads = NonZeroUsize::new(rayon::current_num_threads()).unwrap_or(NonZeroUsize::MIN);
    Ok(Options { threads, winograd: !arguments.no_winograd, ..Options::default() })
}

/// Images N, C, H, W as burn has them.
pub(super) fn tensor(images: Array) -> Tensor<4> {
    let mut sides = [1; 4];
    for (side, &value) in sides.iter_mut().zip(&images.shape) {
        *side = size(value);
    }
    Tensor::from_data(TensorData::new(images.values, sides), &Device::flex())
}

/// A value as an array.
pub(super) fn array(value: Value) -> Array {
    let shape = value.dims().iter().map(|&side| side as u64).collect();
    Array { shape, values: value.into_data().try_into_vec().expect("a live model computes in float32") }
}
