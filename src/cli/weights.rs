//! The weights that a command is given, or fresh ones.

use super::files::{granted, read};
use super::{Failure, Global};
use resnetc::pass::fold_batch_norm;
use resnetc::valid::Checked;
use resnetc::weights::{self, Weights};
use std::path::Path;

/// The network and its weights: those of a file, or fresh ones from `seed`; with `fold`, of its form for inference.
pub(super) fn load(
    network: Checked,
    file: Option<&Path>,
    seed: u64,
    fold: bool,
    global: Global,
) -> Result<(Checked, Weights), Failure> {
    let tensors = match file {
        Some(path) => granted(weights::read(&network, &read(path)?), Some(path), global)?,
        None => weights::init(&network, seed),
    };
    if !fold {
        return Ok((network, tensors));
    }
    let (folded, map) = fold_batch_norm(network);
    let folded_tensors = map.apply(&tensors);
    Ok((folded, folded_tensors))
}
