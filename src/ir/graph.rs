//! The graph: petgraph's stable digraph of nodes, each of which holds its operands in order. An edge stands for a read of a
//! value, for whoever asks who reads it.

use super::names::Context;
use super::node_map::NodeMap;
use super::op::{AdaptivePool, PoolKind};
use super::{Address, Dialect, Label, Op, Place, Spelling};
use crate::source::Span;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use smallvec::SmallVec;
use std::sync::Arc;

/// A node's identity, stable under rewriting.
pub type NodeId = NodeIndex<u32>;

/// What a node reads, in order: mostly one value or two, for which nothing is allocated.
pub type Operands<T> = SmallVec<[T; 2]>;

/// An op and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it computes.
    pub op: Op,
    /// Where it came from.
    pub origin: Origin,
    /// Whether it stands in a branch of a product.
    pub in_gate: bool,
    operands: Operands<NodeId>,
}

impl Node {
    /// The nodes whose values it reads, in order.
    #[must_use]
    pub fn operands(&self) -> &[NodeId] {
        &self.operands
    }
}

/// Where a node came from: the place in the description for messages, the place in the network for names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The place in the description.
    pub span: Span,
    /// The place in the network.
    pub address: Address,
}

/// A network: one input, one output, ops between them.
#[derive(Debug, Clone)]
pub struct Graph {
    /// The network's name.
    pub name: String,
    /// The dialect that pinned its ops and names its layers.
    pub dialect: Arc<Dialect>,
    /// The blocks that were expanded.
    pub kinds: Kinds,
    /// What is known about a join whose branches do not go together, which is then the last node.
    pub remark: Option<Remark>,
    /// What of the input its description asked for: with another its ops would be others.
    pub fixed: Fixed,
    nodes: StableDiGraph<Node, ()>,
    input: Option<NodeId>,
    output: Option<NodeId>,
}

/// A join as it was written, for the message about branches that do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The join.
    pub node: NodeId,
    /// The node whose value every branch reads. The nodes of the branches are those between the two, branch by branch.
    pub start: NodeId,
    /// Whether the join stands in the description itself, where its branches can be changed.
    pub is_own: bool,
    /// Its branches: the label of each, and where it was written.
    pub branches: Vec<(Label, Span)>,
    /// The nodes of the branches that a layer of the description itself has made.
    pub own: Vec<NodeId>,
    /// The whole numbers that have a name where the join stands, the innermost last.
    pub numbers: Vec<(String, u64)>,
    /// What to write in place of the argument that the join's span is, so that a projection makes the shapes equal.
    pub projection: Option<String>,
}

/// Parts of an input on which something depends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fixed {
    /// Its channels.
    pub channels: bool,
    /// Its height or width.
    pub size: bool,
}

impl Fixed {
    /// Where it depends on either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { channels: self.channels || other.channels, size: self.size || other.size }
    }
}

/// What the blocks of a network are called in the library.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds {
    /// The stem.
    pub stem: String,
    /// The blocks of each stage.
    pub stages: Vec<StageKind>,
    /// The head.
    pub head: String,
    /// How many blocks there are in all.
    pub blocks: u32,
}

/// The block of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageKind {
    /// Its name in the library.
    pub name: String,
    /// The number of the stage's first block among all blocks of the network, from 0.
    pub first: u32,
}

impl Kinds {
    /// The block that is expanded at `place`.
    #[must_use]
    pub fn context(&self, place: Place) -> Context<'_> {
        match place {
            Place::Input => Context::default(),
            Place::Stem => Context { kind: &self.stem, ..Context::default() },
            Place::Head => {
                let stage = u32::try_from(self.stages.len()).unwrap_or(u32::MAX);
                Context { kind: &self.head, number: self.blocks, stage, ..Context::default() }
            }
            Place::Block { stage, block } => self.stages.get(stage as usize).map_or_else(Context::default, |kind| {
                Context { kind: &kind.name, number: kind.first.saturating_add(block), stage, ..Context::default() }
            }),
        }
    }
}

impl Graph {
    /// An empty network.
    #[must_use]
    pub fn new(name: impl Into<String>, dialect: Arc<Dialect>) -> Self {
        Self {
            name: name.into(),
            dialect,
            kinds: Kinds::default(),
            remark: None,
            fixed: Fixed::default(),
            nodes: StableDiGraph::new(),
            input: None,
            output: None,
        }
    }

    /// Adds a node that takes `operands` in order; it becomes the output, and the input if it is the first.
    pub fn add(&mut self, op: Op, origin: Origin, operands: &[NodeId]) -> NodeId {
        let id = self.nodes.add_node(Node { op, origin, in_gate: false, operands: operands.into() });
        for &operand in operands {
            self.nodes.add_edge(operand, id, ());
        }
        self.input.get_or_insert(id);
        self.output = Some(id);
        id
    }

    /// The node `id`, if it is in the graph.
    #[must_use]
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.node_weight(id)
    }

    /// The node `id`, to be changed in place.
    pub fn get_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.node_weight_mut(id)
    }

    /// Says that the node `id` stands in a branch of a product.
    pub fn put_in_gate(&mut self, id: NodeId) {
        if let Some(node) = self.get_mut(id) {
            node.in_gate = true;
        }
    }

    /// The dialect's name of a node at `address` that is `op`.
    #[must_use]
    pub fn name_of(&self, address: &Address, op: &Op) -> String {
        self.dialect.names.name(address, Context { op: op.kind(), ..self.kinds.context(address.place) })
    }

    /// How the implementation that the dialect is of writes the node `id`: as a row of the names says, or the dialect of the
    /// mean of a gate, or as everybody writes such an op.
    #[must_use]
    pub fn spelling(&self, id: NodeId) -> Spelling {
        let Some(node) = self.get(id) else { return Spelling::default() };
        let address = &node.origin.address;
        let row = self.dialect.names.spelling(address, self.kinds.context(address.place));
        row.unwrap_or_else(|| match node.op {
            Op::AdaptivePool(AdaptivePool { kind: PoolKind::Average, output: [1, 1] }) if node.in_gate => {
                self.dialect.gate_mean
            }
            ref op => op.usual_spelling(),
        })
    }

    /// The dialect's name of the block at `address`.
    #[must_use]
    pub fn block_name(&self, address: &Address) -> String {
        self.dialect.names.block_name(address, self.kinds.context(address.place))
    }

    /// Removes `id` and lets its consumers read its first operand instead.
    pub fn bypass(&mut self, id: NodeId) {
        let Some(&operand) = self.operands(id).first() else { return };
        for reader in self.readers(id) {
            self.nodes.add_edge(operand, reader, ());
            let operands = self.get_mut(reader).map(|node| node.operands.iter_mut());
            operands.into_iter().flatten().filter(|read| **read == id).for_each(|read| *read = operand);
        }
        if self.output == Some(id) {
            self.output = Some(operand);
        }
        self.nodes.remove_node(id);
    }

    /// The operands of `id`, in order; of a node that is not in the graph none.
    #[must_use]
    pub fn operands(&self, id: NodeId) -> &[NodeId] {
        self.get(id).map_or(&[], Node::operands)
    }

    /// The nodes that read `id`, each once for every operand, ascending.
    #[must_use]
    pub fn readers(&self, id: NodeId) -> Vec<NodeId> {
        let mut readers: Vec<_> = self.nodes.neighbors(id).collect();
        readers.sort_unstable();
        readers
    }

    /// Every node, ascending: the order in which they were added.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes.node_indices()
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.node_count()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One more than the largest index in use: the length of a table indexed by [`NodeId::index`].
    #[must_use]
    pub fn bound(&self) -> usize {
        self.ids().last().map_or(0, |id| id.index() + 1)
    }

    /// The node that reads the network's input.
    #[must_use]
    pub fn input(&self) -> Option<NodeId> {
        self.input
    }

    /// The node whose value the network returns.
    #[must_use]
    pub fn output(&self) -> Option<NodeId> {
        self.output
    }

    /// A topological order, always the same one: of the nodes that are ready, the one added first. `None` for a cycle.
    #[must_use]
    pub fn topological_order(&self) -> Option<Vec<NodeId>> {
        let mut waiting = NodeMap::new(self);
        let mut ready = std::collections::BinaryHeap::new();
        for id in self.ids() {
            let operands = self.operands(id).len();
            waiting.insert(id, operands);
            if operands == 0 {
                ready.push(std::cmp::Reverse(id));
            }
        }
        let mut order = Vec::with_capacity(self.len());
        while let Some(std::cmp::Reverse(id)) = ready.pop() {
            order.push(id);
            for reader in self.nodes.neighbors(id) {
                let left = waiting.at(reader) - 1;
                waiting.insert(reader, left);
                if left == 0 {
                    ready.push(std::cmp::Reverse(reader));
                }
            }
        }
        (order.len() == self.len()).then_some(order)
    }
}
