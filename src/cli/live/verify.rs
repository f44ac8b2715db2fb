//! The live model among the runtimes that are compared.

use super::model::{self, array, tensor};
use crate::cli::npy::Array;
use crate::cli::verify::case::{Case, Outcome};
use crate::cli::{Failure, engine, memory};
use resnetc::back::live;
use resnetc::engine::{Options, Planning, size};
use std::collections::{BTreeMap, BTreeSet};

/// Runs the case; the values of the nodes at `places` come back: the network's own from the model as it always runs, those of
/// others from the same engine, planned so that it keeps each.
pub(in crate::cli) fn run(case: &Case, places: &[usize]) -> Result<Outcome, Failure> {
    let inner: BTreeSet<_> = places.iter().copied().filter(|place| *place != case.last()).collect();
    let kept = case.network.layers().map(|layer| layer.output.elements()).sum::<u128>();
    let shown = if inner.is_empty() { 0 } else { kept.saturating_mul(2 * 4 * u128::from(case.batch())) };
    let needed = live::estimate(&case.network, case.batch()).saturating_add(shown);
    if let Err(refusal) = live::affordable(needed, memory::free()) {
        return Ok(Outcome::Absent(refusal.message));
    }
    let all = if inner.is_empty() { Vec::new() } else { apart(case)? };
    let mut values: BTreeMap<_, _> = all.into_iter().enumerate().filter(|(place, _)| inner.contains(place)).collect();
    if places.contains(&case.last()) {
        let options = Some(model::options(engine::Arguments::default())?);
        let model =
            model::load(case.network.clone(), Some(&case.weights_file()), false, case.batch(), options, case.global)?;
        values.insert(case.last(), array(model.forward(tensor(case.images.clone()))));
    }
    Ok(Outcome::Ran { version: format!("resnetc {}", env!("CARGO_PKG_VERSION")), values })
}

/// The value of every node.
fn apart(case: &Case) -> Result<Vec<Array>, Failure> {
    let file = case.weights_file();
    let options = Options { planning: Planning::Apart, ..Options::default() };
    let (network, engine) = model::engine(case.network.clone(), Some(&file), false, options, case.global)?;
    let images = size(case.batch());
    let values = engine.values(&case.images.values, images);
    let shape = |shape: resnetc::ir::Shape| [vec![case.batch()], shape.dimensions()].concat();
    Ok(network.layers().zip(values).map(|(layer, values)| Array { shape: shape(layer.output), values }).collect())
}
