//! The layers of a network by address.

use crate::ir::{Label, NodeId, NodeMap, Place};
use crate::valid::Checked;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// Which layer of a place. An address's sequence is not part of it, since it counts layers that another network lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The branch.
    pub branch: Label,
    /// The unit of the branch; 0 where nothing is numbered.
    pub unit: u32,
    /// What the layer does in its unit.
    pub role: Label,
    /// Which of the layers with all these in common, from 0.
    pub repeat: u32,
}

/// Which layer of a network.
pub(super) type Key = (Place, Slot);

/// A network's layers, to be found by key.
pub(super) struct Index<'a> {
    pub(super) network: &'a Checked,
    places: BTreeMap<Place, Vec<(Slot, NodeId)>>,
    /// The node, and its position in its place.
    nodes: HashMap<Key, (NodeId, usize)>,
    /// The key of each node, in topological order.
    order: Vec<(NodeId, Key)>,
}

impl<'a> Index<'a> {
    pub(super) fn new(network: &'a Checked) -> Self {
        let mut places: BTreeMap<Place, Vec<_>> = BTreeMap::new();
        let mut nodes = HashMap::with_capacity(network.order().len());
        let mut order = Vec::with_capacity(network.order().len());
        let mut repeats: HashMap<Key, u32> = HashMap::new();
        for layer in network.layers() {
            let address = layer.node.origin.address;
            let first = Slot { branch: address.branch, unit: address.unit, role: address.role, repeat: 0 };
            let repeat = repeats.entry((address.place, first)).or_default();
            let slot = Slot { repeat: *repeat, ..first };
            *repeat += 1;
            let place = places.entry(address.place).or_default();
            nodes.insert((address.place, slot), (layer.id, place.len()));
            place.push((slot, layer.id));
            order.push((layer.id, (address.place, slot)));
        }
        Self { network, places, nodes, order }
    }

    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        self.places.keys().copied()
    }

    /// The layers of `place`, in topological order.
    pub(super) fn layers(&self, place: Place) -> &[(Slot, NodeId)] {
        self.places.get(&place).map_or(&[], Vec::as_slice)
    }

    /// The node, and its position in its place.
    pub(super) fn find(&self, key: Key) -> Option<(NodeId, usize)> {
        self.nodes.get(&key).copied()
    }

    /// For each node, by its index, the layer with a partner in `other` whose value it stands for: itself, or where
    /// only this network has it, what its first operand stands for. So a layer put in between moves no edge but its own.
    pub(super) fn anchors(&self, other: &Self) -> NodeMap<Option<Key>> {
        let mut anchors = NodeMap::new(self.network.graph());
        for &(node, key) in &self.order {
            let anchor = if other.nodes.contains_key(&key) {
                Some(key)
            } else {
                let operands = self.network.graph().operands(node);
                operands.first().and_then(|operand| *anchors.at(*operand))
            };
            anchors.insert(node, anchor);
        }
        anchors
    }
}

impl fmt::Display for Slot {
    /// `main.conv1`, `join.add`, `input`: the words by which name tables select, and the unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { branch, unit, role, repeat } = self;
        write!(f, "{branch}")?;
        if branch != role {
            write!(f, ".{role}")?;
        }
        if *unit > 0 {
            write!(f, "{unit}")?;
        }
        if *repeat > 0 {
            write!(f, "#{}", repeat + 1)?;
        }
        Ok(())
    }
}
