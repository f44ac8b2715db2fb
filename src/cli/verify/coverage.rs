//! What a comparison could have found: where the outputs would agree whatever the runtimes do, nothing is verified.

use super::case::{Case, Outcome};
use super::condition::Allowance;
use super::difference::{self, Difference};
use super::divergence::is_ordered_alike;
use super::influence::Influence;
use super::runtime::Runtime;
use super::trace::Trace;
use crate::cli::Failure;
use crate::cli::npy::Array;
use resnetc::ir::NodeId;
use std::collections::{BTreeMap, BTreeSet};

/// What was compared of a network.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// Why the comparison tells nothing, where it does not.
    pub(super) nothing: Option<String>,
    /// The nodes whose values were compared beside the output, which does not depend on what is before them.
    pub(super) beside: Vec<NodeId>,
    /// The tensors on which nothing depends that was compared.
    pub(super) missed: Vec<String>,
    /// Whether it was looked into.
    pub(super) is_known: bool,
}

/// Where two runtimes part though their outputs agree.
pub(super) struct Parting {
    pub(super) runtimes: [Runtime; 2],
    pub(super) node: NodeId,
    pub(super) difference: Difference,
}

/// The value that all elements of `output` have, each image's alike.
pub(super) fn constant(output: &Array, images: &Array) -> Option<f32> {
    let [first, rest @ ..] = output.values.as_slice() else { return None };
    let most = output.values.iter().fold(0.0, |most, value| value.abs().max(most));
    let is_one = rest.iter().all(|value| (value - first).abs() <= 1e-6 * most);
    let count = usize::try_from(output.shape.first().copied().unwrap_or(1)).unwrap_or(usize::MAX);
    // One number for each image is constant if it is the same for others.
    let is_told = output.values.len() > count || differ(images);
    (is_one && is_told).then_some(*first)
}

/// Whether some image is another than the first.
fn differ(images: &Array) -> bool {
    let count = usize::try_from(images.shape.first().copied().unwrap_or(1)).unwrap_or(usize::MAX);
    let mut each = images.values.chunks(images.values.len().checked_div(count).unwrap_or(1).max(1));
    each.next().is_some_and(|first| each.any(|image| image != first))
}

/// What the outputs of the runtimes that `ran`, which agree, depend on; where that is not all, further values are compared.
pub(super) fn look(
    case: &Case,
    trace: Option<&Trace<'_>>,
    allowance: &Allowance,
    ran: &[(Runtime, &Array)],
) -> Result<(Coverage, Option<Parting>), Failure> {
    let mut coverage = Coverage::default();
    let constant = ran.iter().find_map(|(_, output)| constant(output, &case.images));
    coverage.nothing = constant.map(|value| format!("every element of the output is {value}, {}", case.blame()));
    let Some(trace) = trace else { return Ok((coverage, None)) };
    coverage.is_known = true;
    let output = case.network.output();
    let of_output = Influence::on(trace, &[output]);
    if coverage.nothing.is_none() && of_output.is_blind(trace) {
        coverage.nothing = Some(format!("no weight moves the output, {}", case.blame()));
    }
    let hidden = if coverage.nothing.is_none() { of_output.hidden(trace, &[output]) } else { Vec::new() };
    let shown = if hidden.is_empty() { Shown::default() } else { show(case, ran, &hidden, allowance)? };
    let roots: Vec<_> = [output].into_iter().chain(shown.nodes.iter().copied()).collect();
    let found = Influence::on(trace, &roots);
    if coverage.nothing.is_none() && !found.images {
        let why = "the output is the same for every image, and nothing else that could be compared depends on them";
        coverage.nothing = Some(format!("{why}, {}", case.blame()));
    }
    coverage.beside = shown.nodes;
    let names: BTreeMap<_, _> =
        resnetc::weights::expected(&case.network).into_iter().map(|entry| (entry.parameter, entry.name)).collect();
    coverage.missed = found.unseen(trace).into_iter().filter_map(|one| names.get(&one).cloned()).collect();
    Ok((coverage, shown.parting))
}

/// What came of comparing inner values.
#[derive(Default)]
struct Shown {
    /// Those that programs of two back ends have.
    nodes: Vec<NodeId>,
    parting: Option<Parting>,
}

/// Compares the values of `hidden`, as far as the runtimes show them.
fn show(case: &Case, ran: &[(Runtime, &Array)], hidden: &[NodeId], allowance: &Allowance) -> Result<Shown, Failure> {
    let order = case.network.order();
    let wanted: BTreeSet<_> = hidden.iter().copied().filter(|node| is_ordered_alike(&case.network, *node)).collect();
    let places: Vec<_> =
        (0..order.len()).filter(|at| order.get(*at).is_some_and(|node| wanted.contains(node))).collect();
    let mut values = Vec::new();
    for (runtime, _) in ran {
        if let Outcome::Ran { values: found, .. } = runtime.run(case, &places)? {
            values.push((*runtime, found));
        }
    }
    let mut shown = Shown::default();
    for (place, node) in places.iter().filter_map(|place| Some((place, *order.get(*place)?))) {
        let having: Vec<_> = values.iter().filter_map(|(runtime, found)| Some((*runtime, found.get(place)?))).collect();
        let Some(((first, value), others)) = having.split_first() else { continue };
        for (other, found) in others {
            let difference = difference::of_node(&case.network, node, value, found);
            if difference.value > allowance.of_node(node) && shown.parting.is_none() {
                shown.parting = Some(Parting { runtimes: [*first, *other], node, difference });
            }
        }
        if others.iter().any(|(other, _)| !other.is_like(*first)) {
            shown.nodes.push(node);
        }
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::constant;
    use crate::cli::npy::Array;

    fn array(shape: &[u64], values: &[f32]) -> Array {
        Array { shape: shape.to_vec(), values: values.to_vec() }
    }

    #[test]
    fn an_output_is_constant_where_no_image_and_no_class_differs() {
        let images = array(&[2, 1, 1, 1], &[1.0, 2.0]);
        assert_eq!(constant(&array(&[2, 2], &[0.0; 4]), &images), Some(0.0));
        assert_eq!(constant(&array(&[2, 1], &[1.0; 2]), &images), Some(1.0));
        assert_eq!(constant(&array(&[2, 2], &[0.5, 0.5, 0.5, 0.4]), &images), None);
        // The same image twice, or one, has one output.
        let alike = array(&[2, 1, 1, 1], &[1.0, 1.0]);
        assert_eq!(constant(&array(&[2, 1], &[3.0; 2]), &alike), None);
        assert_eq!(constant(&array(&[1, 1], &[3.0]), &array(&[1, 1, 1, 1], &[1.0])), None);
    }
}
