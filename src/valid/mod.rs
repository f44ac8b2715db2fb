//! From a [`Graph`] to a [`Checked`] network: the only way to get one, and back ends take nothing else.
//!
//! Guaranteed of a [`Checked`]: it has one input and one output, no cycle, no node that does not lead to the output,
//! every op has its operands, every value a shape within the limits, and every name is unique. Past this point the
//! only errors that a user can see are that the network breaks its own `[expect]` or `[budget]`, and that a target cannot
//! express an op.

mod clash;
mod classifier;
mod joins;
mod repair;
mod shapes;

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::ir::names::{Context, NameTable};
use crate::ir::{Address, Extents, Graph, Node, NodeId, NodeMap, Op, Parameter, Shape};
use crate::source::Span;
use std::collections::HashMap;

/// A network that is well formed.
#[derive(Debug, Clone)]
pub struct Checked {
    graph: Graph,
    order: Vec<NodeId>,
    shapes: NodeMap<Shape>,
    names: NodeMap<String>,
    /// For every value that is a flattened map, C, H, W of it.
    flattened: NodeMap<[u64; 3]>,
    output: NodeId,
    /// What was found in the description that cannot be meant.
    pub warnings: Report,
}

/// A node of a [`Checked`] network with what is known about it.
#[derive(Debug, Clone)]
pub struct Layer<'a> {
    /// Its identity.
    pub id: NodeId,
    /// The op and its origin.
    pub node: &'a Node,
    /// The dialect's name of it, unique in the network.
    pub name: &'a str,
    /// Its operands in order.
    pub operands: &'a [NodeId],
    /// The shape of its first operand; of itself for the input.
    pub input: Shape,
    /// The shape of its value.
    pub output: Shape,
}

/// Checks `graph`.
///
/// # Errors
/// What is wrong with it, worded for the person who wrote the description.
pub fn check(graph: Graph) -> Result<Checked, Report> {
    let output = graph.output().ok_or_else(|| malformed(Span::default(), "it has no nodes"))?;
    let order = graph.topological_order().ok_or_else(|| malformed(Span::default(), "it has a cycle"))?;
    let names = names(&graph)?;
    let shapes = shapes::infer(&graph, &order, &names)?;
    check_ends(&graph, &order, output)?;
    let flattened = flattened(&graph, &order, &shapes);
    let checked = Checked { graph, order, shapes, names, flattened, output, warnings: Report::default() };
    check_tensors(&checked)?;
    Ok(checked)
}

impl Checked {
    /// The graph.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The graph, to be rewritten and checked again.
    #[must_use]
    pub fn into_graph(self) -> Graph {
        self.graph
    }

    /// The nodes in topological order, always the same one.
    #[must_use]
    pub fn order(&self) -> &[NodeId] {
        &self.order
    }

    /// The node whose value the network returns.
    #[must_use]
    pub fn output(&self) -> NodeId {
        self.output
    }

    /// The shape of the network's input.
    ///
    /// # Panics
    /// Never: a checked network has an input.
    #[must_use]
    pub fn input_shape(&self) -> Shape {
        self.shape(self.graph.input().expect("a checked network has an input"))
    }

    /// Everything about the node `id`.
    ///
    /// # Panics
    /// If `id` is not a node of this network.
    #[must_use]
    pub fn layer(&self, id: NodeId) -> Layer<'_> {
        let node = self.graph.get(id).expect("ids come from this network");
        let operands = node.operands();
        let output = self.shape(id);
        let input = operands.first().map_or(output, |&operand| self.shape(operand));
        Layer { id, node, name: self.name(id), operands, input, output }
    }

    /// Every layer in topological order.
    pub fn layers(&self) -> impl Iterator<Item = Layer<'_>> {
        self.order.iter().map(|&id| self.layer(id))
    }

    /// The shape of a node's value.
    ///
    /// # Panics
    /// If `id` is not a node of this network.
    #[must_use]
    pub fn shape(&self, id: NodeId) -> Shape {
        *self.shapes.at(id)
    }

    /// The dialect's name of a node.
    ///
    /// # Panics
    /// If `id` is not a node of this network.
    #[must_use]
    pub fn name(&self, id: NodeId) -> &str {
        self.names.at(id)
    }

    /// C, H, W of the map whose flattened values the node `id` reads, through layers that keep their order.
    #[must_use]
    pub fn flattened_map(&self, id: NodeId) -> Option<[u64; 3]> {
        let operand = *self.graph.operands(id).first()?;
        self.flattened.get(operand).copied()
    }

    /// Every parameter and its shape in the IR's layout, in topological order.
    pub fn parameters(&self) -> impl Iterator<Item = (Parameter, Extents)> {
        self.layers().flat_map(|layer| {
            let parameters = layer.node.op.parameters(layer.input);
            parameters.into_iter().map(move |(kind, shape)| (Parameter { node: layer.id, kind }, shape))
        })
    }
}

fn names(graph: &Graph) -> Result<NodeMap<String>, Report> {
    let nodes: Vec<_> = graph.ids().filter_map(|id| Some((id, graph.get(id)?))).collect();
    let layers = nodes.iter().map(|(_, node)| {
        let address = node.origin.address;
        (Named::new(address, &node.op), graph.kinds.context(address.place))
    });
    let layers: Vec<_> = layers.collect();
    let given = name_layers(layers.iter().copied(), &graph.dialect.names)
        .map_err(|clash| clash::explain(graph, &nodes, &layers, &clash))?;
    let mut names = NodeMap::new(graph);
    for ((id, node), name) in nodes.iter().zip(given) {
        if name.is_empty() {
            let message =
                format!("the table of names of the dialect `{}` gives this layer no name", graph.dialect.name);
            let error = Diagnostic::error(Code::UnknownName, node.origin.span, message, "its name is empty");
            return Err(error.help("write something into the row: `\"{block}.{role}\"`").into());
        }
        names.insert(*id, name);
    }
    Ok(names)
}

/// What of a layer decides its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Named {
    /// Where it stands.
    pub address: Address,
    /// Whether it has weights, whose names files know.
    pub has_weights: bool,
    /// What it is: [`Op::kind`].
    pub kind: &'static str,
}

impl Named {
    /// A layer that is `op`.
    #[must_use]
    pub fn new(address: Address, op: &Op) -> Self {
        Self { address, has_weights: !op.parameters(Shape::Vector(1)).is_empty(), kind: op.kind() }
    }
}

/// Two layers that would have one name, as positions among the layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The layer that had the name first.
    pub first: usize,
    /// The layer that would have it too.
    pub second: usize,
    /// The name.
    pub name: String,
}

/// The names of `layers`, which are given in the order in which they were added, each with the block that it is of.
///
/// A row of a table gives layers with weights the names that weight files know. They come first: any other layer is told
/// apart from them, and from those before it, by a number.
///
/// # Errors
/// Two that cannot be told apart.
pub fn name_layers<'k>(
    layers: impl Iterator<Item = (Named, Context<'k>)>,
    table: &NameTable,
) -> Result<Vec<String>, Clash> {
    let given: Vec<_> = layers
        .map(|(Named { address, has_weights, kind }, context)| {
            let context = Context { op: kind, ..context };
            let is_known = has_weights && table.row(&address, context).is_some();
            (table.name(&address, context), is_known)
        })
        .collect();
    let mut seen: HashMap<String, usize> = HashMap::with_capacity(given.len());
    for (at, (name, _)) in given.iter().enumerate().filter(|(_, (_, is_known))| *is_known) {
        if let Some(first) = seen.insert(name.clone(), at) {
            return Err(Clash { first, second: at, name: name.clone() });
        }
    }
    // How often a name was taken before: the next number to try.
    let mut taken: HashMap<String, u32> = HashMap::new();
    let mut names = Vec::with_capacity(given.len());
    for (at, (mut name, is_known)) in given.into_iter().enumerate() {
        while !is_known && seen.contains_key(name.as_str()) {
            let number = taken.entry(name.clone()).or_insert(1);
            *number += 1;
            name = format!("{name}_{number}");
        }
        seen.insert(name.clone(), at);
        names.push(name);
    }
    Ok(names)
}

/// For every value that is a flattened map, its elements in that order, the map.
fn flattened(graph: &Graph, order: &[NodeId], shapes: &NodeMap<Shape>) -> NodeMap<[u64; 3]> {
    let mut maps = NodeMap::new(graph);
    for &id in order {
        let (Some(node), Some(&operand)) = (graph.get(id), graph.operands(id).first()) else { continue };
        let map = match (&node.op, *shapes.at(operand)) {
            (Op::Flatten(_), Shape::Map { channels, height, width }) => Some([channels, height, width]),
            (op, _) => maps.get(operand).copied().filter(|_| op.keeps_order()),
        };
        if let Some(map) = map {
            maps.insert(id, map);
        }
    }
    maps
}

fn check_ends(graph: &Graph, order: &[NodeId], output: NodeId) -> Result<(), Report> {
    let mut inputs = 0;
    for &id in order {
        let Some(node) = graph.get(id) else { continue };
        inputs += usize::from(matches!(node.op, Op::Input(_)));
        if id != output && graph.readers(id).is_empty() {
            return Err(malformed(node.origin.span, "the value of this node is never used"));
        }
    }
    if inputs == 1 { Ok(()) } else { Err(malformed(Span::default(), &format!("it has {inputs} inputs"))) }
}

/// Whether every tensor of a weight file has a name of its own. Layers do; so do tensors, where what a table appends is one
/// word behind a separator.
fn check_tensors(checked: &Checked) -> Result<(), Report> {
    let graph = checked.graph();
    let suffixes = &graph.dialect.names.parameters;
    if suffixes.are_words() {
        return Ok(());
    }
    let mut seen = HashMap::new();
    for (Parameter { node, kind }, _) in checked.parameters() {
        let name = suffixes.tensor(checked.name(node), kind);
        let layer = checked.layer(node);
        let span = layer.node.origin.span;
        if let Some(first) = seen.insert(name.clone(), layer.name) {
            let message = format!("two tensors are called `{name}`");
            let label = format!("one is of `{first}`, the other of `{}`", layer.name);
            let error = Diagnostic::error(Code::DuplicateName, span, message, label);
            let note = format!(
                "the dialect `{}` appends {:?} to the name of a layer",
                graph.dialect.name,
                suffixes.suffix(kind)
            );
            return Err(error
                .note(note)
                .help("begin each row of `parameters` with a point: `scale \".weight\"`")
                .into());
        }
    }
    Ok(())
}

fn malformed(span: Span, why: &str) -> Report {
    Diagnostic::error(Code::MalformedGraph, span, format!("the graph is not a network: {why}"), why)
        .note("no description leads here: the graph was made or rewritten by a program")
        .into()
}
