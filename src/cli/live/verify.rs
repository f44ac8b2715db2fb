//! The live model among the runtimes that are compared.

use super::model::{self, array, tensor};
use crate::cli::Failure;
use crate::cli::verify::case::{Case, Outcome};
use resnetc::back::live;
use std::collections::{BTreeMap, BTreeSet};

/// Runs the case; the values of the nodes at `places` come back.
pub(in crate::cli) fn run(case: &Case, places: &[usize]) -> Result<Outcome, Failure> {
    let free = model::kibibytes("/proc/meminfo", "MemAvailable:").map(|free| u128::from(free) * 1024);
    if let Err(refusal) = live::affordable(live::estimate(&case.network, case.batch()), free) {
        return Ok(Outcome::Absent(refusal.message));
    }
    let places: BTreeSet<_> = places.iter().collect();
    let model = model::load(case.network.clone(), Some(&case.weights_file()), false, case.batch(), case.global)?;
    let mut values = BTreeMap::new();
    let _ = model.trace(tensor(case.images.clone()), |place, value| {
        if places.contains(&place) {
            values.insert(place, array(value.clone()));
        }
    });
    Ok(Outcome::Ran { version: format!("resnetc {}", env!("CARGO_PKG_VERSION")), values })
}
