//! What is known of a network before a line is written.

use super::flatten::{self, Order};
use super::sign::Signs;
use crate::ir::NodeId;
use crate::valid::Checked;
use std::collections::BTreeSet;

/// A network, and what its graph says about values and names.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) network: &'a Checked,
    /// Which values are never negative.
    pub(super) signs: Signs,
    /// In which order maps are flattened.
    pub(super) order: Order,
    /// The layer whose outputs are the classes.
    pub(super) classifier: Option<NodeId>,
    /// Names that layers of the graph have.
    names: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    pub(super) fn of(network: &'a Checked, classifier: Option<NodeId>) -> Self {
        let names = network.order().iter().map(|node| network.name(*node)).collect();
        Self { network, signs: Signs::of(network), order: flatten::order(network), classifier, names }
    }

    /// What a layer is called that stands beside each of `nodes`: the end of its name, which no layer of the graph has.
    pub(super) fn beside(&self, nodes: &[NodeId], ending: &str) -> String {
        let taken = |ending: &str| {
            nodes.iter().any(|node| self.names.contains(format!("{}{ending}", self.network.name(*node)).as_str()))
        };
        let mut free = ending.to_owned();
        for number in 2..=self.names.len() + 2 {
            if !taken(&free) {
                break;
            }
            free = format!("{ending}_{number}");
        }
        free
    }

    /// `name`, or the first of `name_2`, … that no layer of the graph has.
    pub(super) fn unused(&self, name: &str) -> String {
        let numbered = (2..=self.names.len() + 2).map(|number| format!("{name}_{number}"));
        std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !self.names.contains(name.as_str()))
            .unwrap_or_default()
    }
}
