//! The first layer at which two runtimes part.

use super::case::{Case, Outcome};
use super::condition::Allowance;
use super::difference::{self, Difference};
use super::runtime::Runtime;
use crate::cli::Failure;
use resnetc::ir::dialect::Layout;
use resnetc::ir::{NodeId, Op, Shape};
use resnetc::valid::Checked;
use std::collections::BTreeMap;

/// Where two runtimes part.
pub(super) enum Divergence {
    /// At this node, though each value that it reads and that both show agrees.
    At { node: NodeId, difference: Difference, operands: Vec<(NodeId, f64)> },
    /// Nowhere, once they show their layers: what runs then is another program.
    Vanished,
    /// One of them does not run when it shows its layers; why.
    Unknown(String),
}

/// The most bytes of values that a runtime shows at a time.
const BYTES: u64 = 1 << 30;

/// Compares layer by layer in topological order, as many at a time as memory allows.
pub(super) fn search(case: &Case, runtimes: [Runtime; 2], allowance: &Allowance) -> Result<Divergence, Failure> {
    let network = &case.network;
    let mut known = BTreeMap::new();
    for places in groups(network, case.batch()) {
        let mut values = Vec::new();
        for runtime in runtimes {
            match runtime.run(case, &places)? {
                Outcome::Ran { values: shown, .. } => values.push(shown),
                Outcome::Absent(why) | Outcome::Failed(why) => {
                    return Ok(Divergence::Unknown(format!("{} does not show its layers: {why}", runtime.name())));
                }
            }
        }
        let [left, right] = values.as_slice() else { continue };
        for place in places {
            let (Some(&node), Some(left), Some(right)) =
                (network.order().get(place), left.get(&place), right.get(&place))
            else {
                continue;
            };
            let difference = difference::of_node(network, node, left, right);
            if difference.value > allowance.of_node(node) {
                let operands = network.layer(node).operands.iter().copied();
                let operands = operands.filter_map(|operand| Some((operand, *known.get(&operand)?))).collect();
                return Ok(Divergence::At { node, difference, operands });
            }
            known.insert(node, difference.value);
        }
    }
    Ok(Divergence::Vanished)
}

/// The places of the network's values, in groups that fit into memory.
fn groups(network: &Checked, batch: u64) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut bytes = u64::MAX;
    for (place, layer) in network.layers().enumerate() {
        if is_ordered_alike(network, layer.id) {
            let elements = layer.output.dimensions().into_iter().product::<u64>();
            let own = elements.saturating_mul(4).saturating_mul(batch);
            bytes = bytes.saturating_add(own);
            if bytes > BYTES {
                groups.push(Vec::new());
                bytes = own;
            }
            groups.last_mut().expect("a group was begun").push(place);
        }
    }
    groups
}

/// Whether every runtime has the elements of a value in one order. A flattened map is C, H, W here and may be H, W, C in Keras
/// until a linear layer has read it.
pub(super) fn is_ordered_alike(network: &Checked, node: NodeId) -> bool {
    let layer = network.layer(node);
    match layer.output {
        Shape::Map { .. } => true,
        Shape::Vector(_) => {
            let reorders = matches!(layer.node.op, Op::Linear(_));
            let flattened = matches!(layer.node.op, Op::Flatten(_)) || network.flattened_map(node).is_some();
            let permuted = flattened && network.graph().dialect.names.layout == Layout::Keras;
            node == network.output() || reorders || !permuted
        }
    }
}
