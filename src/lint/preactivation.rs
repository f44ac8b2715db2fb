//! Blocks that begin with norm and activation, behind a stem that ends so, or before a head that does not begin so.

use super::warning;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{NodeId, Op, Place};
use crate::library;
use crate::spec::{Call, Spec};
use crate::valid::{Checked, Layer};
use std::collections::BTreeMap;

/// Warns of a stem or a head that does not go with the pre-activation blocks beside it.
pub(super) fn check(spec: &Spec, network: &Checked) -> Option<Diagnostic> {
    let blocks = blocks(network);
    let is_preactivated =
        |nodes: Option<(&Place, &Vec<NodeId>)>| nodes.is_some_and(|(_, nodes)| begins(network, nodes));
    let first = blocks.first_key_value().filter(|block| is_preactivated(Some(*block)));
    let stem = first.and_then(|(_, nodes)| entry(network, nodes)).is_some_and(|entry| is_activated(network, entry));
    let head = is_preactivated(blocks.last_key_value()) && begins_bare(network);
    let [twice, never] = [
        "its norm and activation come a second time in the first block",
        "the last sum comes here without a norm and an activation",
    ];
    let instead = |place, call: &Call, without: &str| {
        let name = call.kind.name().map_or("", |kind| kind.value.as_str());
        library::preactivated(place, name).map_or_else(|| without.to_owned(), |name| format!("`{name}`"))
    };
    let other_stem = || instead(library::Place::Stem, &spec.stem, "one that ends with its convolution");
    let other_head = || instead(library::Place::Head, &spec.head, "one that begins with `norm act`");
    let [at_stem, at_head] = [spec.stem.span, spec.head.span];
    let message = |what: &str| format!("the blocks begin with norm and activation, and {what}");
    Some(match (stem, head) {
        (false, false) => return None,
        (true, false) => warning(Code::PreactivationEnds, at_stem, message("the stem ends with them"), twice)
            .help(format!("the stem that belongs to them is {}", other_stem())),
        (false, true) => warning(Code::PreactivationEnds, at_head, message("the head does not"), never)
            .help(format!("the head that belongs to them is {}", other_head())),
        (true, true) => {
            let message = message("the stem ends with them, and the head has none");
            warning(Code::PreactivationEnds, at_stem, message, twice).label(at_head, never).help(format!(
                "what belongs to them: the stem {}, the head {}",
                other_stem(),
                other_head()
            ))
        }
    })
}

/// The nodes of each block of the stages.
fn blocks(network: &Checked) -> BTreeMap<Place, Vec<NodeId>> {
    let mut blocks: BTreeMap<Place, Vec<NodeId>> = BTreeMap::new();
    for layer in network.layers() {
        let place = layer.node.origin.address.place;
        if let Place::Block { .. } = place {
            blocks.entry(place).or_default().push(layer.id);
        }
    }
    blocks
}

/// The value that the nodes of a block read first.
fn entry(network: &Checked, nodes: &[NodeId]) -> Option<NodeId> {
    network.layer(*nodes.first()?).operands.first().copied()
}

/// Whether a block ends with a sum, and in front of its convolutions stand a norm and an activation of what it reads.
fn begins(network: &Checked, nodes: &[NodeId]) -> bool {
    let (Some(entry), Some(last)) = (entry(network, nodes), nodes.last()) else { return false };
    let is_normed = |id: &&NodeId| {
        let layer = network.layer(**id);
        is_norm(&layer) && layer.operands.contains(&entry)
    };
    let is_activated = |id: &NodeId| {
        let readers = network.graph().readers(*id);
        !readers.is_empty() && readers.iter().all(|reader| is_activation(&network.layer(*reader)))
    };
    matches!(network.layer(*last).node.op, Op::Add(_)) && nodes.iter().filter(is_normed).any(is_activated)
}

/// Whether the value `at`, seen through pools, comes from a norm and an activation.
fn is_activated(network: &Checked, at: NodeId) -> bool {
    let mut layer = network.layer(at);
    while is_pool(&layer) {
        let Some(operand) = layer.operands.first() else { return false };
        layer = network.layer(*operand);
    }
    let normed = |operand: &NodeId| is_norm(&network.layer(*operand));
    is_activation(&layer) && layer.operands.first().is_some_and(normed)
}

/// Whether the head has layers, and none of those in front of its weights is a norm.
fn begins_bare(network: &Checked) -> bool {
    let mut layers = network.layers().filter(|layer| layer.node.origin.address.place == Place::Head).peekable();
    let has_weights = |layer: &Layer<'_>| !layer.node.op.parameters(layer.input).is_empty();
    layers.peek().is_some() && layers.find(has_weights).is_none_or(|layer| !is_norm(&layer))
}

fn is_norm(layer: &Layer<'_>) -> bool {
    matches!(layer.node.op, Op::BatchNorm(_) | Op::GroupNorm(_) | Op::LayerNorm(_))
}

fn is_activation(layer: &Layer<'_>) -> bool {
    matches!(layer.node.op, Op::Activation(_))
}

fn is_pool(layer: &Layer<'_>) -> bool {
    matches!(
        layer.node.op,
        Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::AdaptivePool(_)
            | Op::Blur(_)
            | Op::Pad(_)
            | Op::Subsample(_)
            | Op::Dropout(_)
    )
}
