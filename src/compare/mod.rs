//! From two [`Checked`] networks to what differs between them.
//!
//! In: two networks, A and B. Out: a [`Comparison`]: the differences in the order of the network, equal ones over many
//! layers and blocks folded into one. Layers are paired by their addresses (place, branch, unit, role), never by a line
//! of a description or by a name, so that networks of different dialects compare.
//!
//! Guaranteed: where nothing differs, every layer of either network has a partner in the other with an equal op, the
//! same operands and the same shape. The time is linear in the number of layers, apart from sorting what differs.

mod field;
mod fold;
mod index;

pub use crate::ir::Stretch;
pub use field::Setting;
pub use index::Slot;

use crate::ir::{NodeId, NodeMap, Place, Shape};
use crate::valid::Checked;
use fold::Fact;
use index::Index;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What differs between two networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The differences in the order of the network.
    pub changes: Vec<Change>,
    /// How many layers have a partner in the other network.
    pub paired: usize,
    /// How the names of those layers differ, which is no difference of structure.
    pub names: Names,
}

/// One difference, of some layers over a stretch of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where: each of `layers` differs so in every place of it.
    pub stretch: Stretch,
    /// Which layers of the place.
    pub layers: Vec<Slot>,
    /// How.
    pub difference: Difference,
}

/// How a layer differs. Pairs are A, B.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Difference {
    /// Only one network has it.
    Only {
        /// Which network.
        side: Side,
        /// How many layers the place has, where the other network lacks the place.
        whole: Option<usize>,
        /// What each of the layers computes.
        ops: Vec<&'static str>,
    },
    /// It computes something else; fields that both ops have are compared beside this.
    Op([&'static str; 2]),
    /// A field of its op; `None` where only the other's op has the field.
    Field {
        /// The field's name.
        name: String,
        /// Its values.
        values: [Option<Setting>; 2],
    },
    /// The shape of its value.
    Shape([Shape; 2]),
    /// What it reads, layers that only one network has apart: they are taken to hand on their first operand.
    Operands([Vec<Operand>; 2]),
}

/// The fields of ops that decide no output of a network whose weights are given.
const OF_TRAINING: [&str; 5] = ["init", "momentum", "rate", "running_variance", "scale"];

impl Difference {
    /// Whether it shows only in how a network begins and trains: given the same weights, both compute the same.
    #[must_use]
    pub fn is_of_training(&self) -> bool {
        matches!(self, Self::Field { name, .. } if OF_TRAINING.contains(&name.as_str()))
    }
}

/// One of two networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The first.
    A,
    /// The second.
    B,
}

/// What a layer reads, as seen from the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operand {
    /// Where it is.
    pub position: Position,
    /// Which layer of that place.
    pub slot: Slot,
}

/// Where an operand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Position {
    /// In the same place.
    Here,
    /// So many blocks before, in the same stage.
    Before(u32),
    /// Elsewhere.
    At(Place),
}

/// How names differ. Weights are the tensors that both of a pair of layers have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Pairs of layers with two names.
    pub layers: usize,
    /// Pairs of weights.
    pub weights: usize,
    /// Pairs of weights with two names.
    pub renamed_weights: usize,
    /// The first two names that differ: of weights if they do, of layers otherwise.
    pub example: Option<[String; 2]>,
}

impl Comparison {
    /// Whether the networks have the same structure, whatever their layers are called.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.changes.is_empty()
    }
}

impl fmt::Display for Operand {
    /// `main.norm2`, `join.act of 1 block before`, `join.act of stage 1, block 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, slot } = self;
        match position {
            Position::Here => write!(f, "{slot}"),
            Position::Before(1) => write!(f, "{slot} of 1 block before"),
            Position::Before(blocks) => write!(f, "{slot} of {blocks} blocks before"),
            Position::At(place) => write!(f, "{slot} of {}", Stretch::at(*place)),
        }
    }
}

/// Compares `a` with `b`.
#[must_use]
pub fn compare(a: &Checked, b: &Checked) -> Comparison {
    let (a, b) = (Index::new(a), Index::new(b));
    let pairing = Pairing { anchors: [a.anchors(&b), b.anchors(&a)], a: &a, b: &b };
    let places: BTreeSet<Place> = a.places().chain(b.places()).collect();
    let (mut facts, mut names, mut paired) = (Vec::new(), Names::default(), 0);
    let mut blocks = BTreeMap::new();
    for &place in &places {
        if let Place::Block { stage, block } = place {
            blocks.insert(stage, block + 1);
        }
        for (position, (slot, nodes)) in pairing.aligned(place).into_iter().enumerate() {
            if let [Some(left), Some(right)] = nodes {
                paired += 1;
                names.compare([&a, &b], [left, right]);
            }
            let fact = |difference| Fact { place, position, slot, difference };
            facts.extend(pairing.differences(place, nodes).into_iter().map(fact));
        }
    }
    Comparison { changes: fold::fold(facts, &blocks), paired, names }
}

/// Two networks side by side.
struct Pairing<'a> {
    a: &'a Index<'a>,
    b: &'a Index<'a>,
    /// For each node of A and of B the node with a partner whose value it stands for.
    anchors: [NodeMap<Option<index::Key>>; 2],
}

impl Pairing<'_> {
    /// The layers of `place` in order, what only B has before the first common layer that follows it there.
    fn aligned(&self, place: Place) -> Vec<(Slot, [Option<NodeId>; 2])> {
        let mut aligned = Vec::new();
        let others = self.b.layers(place);
        let only_b = |range: &[(Slot, NodeId)]| -> Vec<_> {
            let alone = range.iter().filter(|(slot, _)| self.a.find((place, *slot)).is_none());
            alone.map(|&(slot, node)| (slot, [None, Some(node)])).collect()
        };
        let mut next = 0;
        for &(slot, node) in self.a.layers(place) {
            let partner = self.b.find((place, slot));
            if let Some((_, at)) = partner.filter(|(_, at)| *at >= next) {
                aligned.extend(only_b(others.get(next..at).unwrap_or_default()));
                next = at + 1;
            }
            aligned.push((slot, [Some(node), partner.map(|(node, _)| node)]));
        }
        aligned.extend(only_b(others.get(next..).unwrap_or_default()));
        aligned
    }

    fn differences(&self, place: Place, nodes: [Option<NodeId>; 2]) -> Vec<Difference> {
        let only = |side, index: &Index<'_>, other: &Index<'_>, node| {
            let ops = vec![index.network.layer(node).node.op.name()];
            let whole = other.layers(place).is_empty().then(|| index.layers(place).len());
            vec![Difference::Only { side, whole, ops }]
        };
        match nodes {
            [Some(left), Some(right)] => self.between(place, left, right),
            [Some(node), None] => only(Side::A, self.a, self.b, node),
            [None, Some(node)] => only(Side::B, self.b, self.a, node),
            [None, None] => Vec::new(),
        }
    }

    /// How a layer differs from its partner.
    fn between(&self, place: Place, left: NodeId, right: NodeId) -> Vec<Difference> {
        let (left, right) = (self.a.network.layer(left), self.b.network.layer(right));
        let (op, other) = (&left.node.op, &right.node.op);
        let mut differences = Vec::new();
        if op.name() != other.name() {
            differences.push(Difference::Op([op.name(), other.name()]));
        }
        if op != other {
            let fields = field::differences(op, other).into_iter();
            differences.extend(fields.map(|(name, values)| Difference::Field { name, values }));
        }
        let [in_a, in_b] = &self.anchors;
        let (read, other) = (operands(in_a, left.operands), operands(in_b, right.operands));
        if read != other {
            let seen = |keys: Vec<index::Key>| keys.into_iter().map(|key| Operand::seen_from(place, key)).collect();
            differences.push(Difference::Operands([seen(read), seen(other)]));
        }
        if left.output != right.output {
            differences.push(Difference::Shape([left.output, right.output]));
        }
        differences
    }
}

fn operands(anchors: &NodeMap<Option<index::Key>>, operands: &[NodeId]) -> Vec<index::Key> {
    operands.iter().filter_map(|operand| *anchors.at(*operand)).collect()
}

impl Operand {
    fn seen_from(place: Place, (from, slot): index::Key) -> Self {
        let position = match (place, from) {
            (place, from) if place == from => Position::Here,
            (Place::Block { stage, block }, Place::Block { stage: same, block: before }) if stage == same => {
                block.checked_sub(before).map_or(Position::At(from), Position::Before)
            }
            (_, from) => Position::At(from),
        };
        Self { position, slot }
    }
}

impl Names {
    fn compare(&mut self, [a, b]: [&Index<'_>; 2], [left, right]: [NodeId; 2]) {
        let (left, right) = (a.network.layer(left), b.network.layer(right));
        let renamed = left.name != right.name;
        self.layers += usize::from(renamed);
        let suffixes = [a, b].map(|index| &index.network.graph().dialect.names.parameters);
        let [mine, others] = suffixes;
        let theirs = right.node.op.parameters(right.input);
        for (kind, _) in left.node.op.parameters(left.input) {
            if !theirs.iter().any(|(other, _)| *other == kind) {
                continue;
            }
            self.weights += 1;
            let names = [mine.tensor(left.name, kind), others.tensor(right.name, kind)];
            let [name, other] = &names;
            if name != other {
                if self.renamed_weights == 0 {
                    self.example = Some(names);
                }
                self.renamed_weights += 1;
            }
        }
        if renamed && self.example.is_none() {
            self.example = Some([left.name.to_owned(), right.name.to_owned()]);
        }
    }
}
