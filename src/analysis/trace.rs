//! A network, or a piece of one, as the walks of the analysis read it: steps in topological order, values by position.

use crate::ir::{Graph, NodeId, NodeMap, Op, Operands, Shape, Spelling};
use crate::valid::Checked;

/// One op and what it reads.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    /// The op.
    pub op: &'a Op,
    /// How the implementation writes it.
    pub spelling: Spelling,
    /// The positions of its operands, in order.
    pub operands: Operands<usize>,
    /// The shape of its first operand; of itself for the first step.
    pub input: Shape,
    /// The shape of its value.
    pub output: Shape,
    /// How often its value is read in this trace.
    pub readers: usize,
}

/// Steps in topological order. The first makes the value that enters: a network's input, or what a piece reads of the
/// network before it; the value of the last is what is handed on.
#[derive(Debug, Clone)]
pub struct Trace<'a> {
    steps: Vec<Step<'a>>,
}

impl<'a> Trace<'a> {
    /// All of a network.
    #[must_use]
    pub fn of(network: &'a Checked) -> Self {
        Self::new(network.graph(), network.order(), |id| network.shape(id))
    }

    /// The nodes of `graph` in `order`, which is topological, with their shapes.
    pub fn new(graph: &'a Graph, order: &[NodeId], shape: impl Fn(NodeId) -> Shape) -> Self {
        let mut positions = NodeMap::new(graph);
        let mut steps: Vec<Step<'_>> = Vec::with_capacity(order.len());
        for &id in order {
            let Some(node) = graph.get(id) else { continue };
            let operands: Operands<usize> = node.operands().iter().map(|&operand| *positions.at(operand)).collect();
            for &operand in &operands {
                if let Some(step) = steps.get_mut(operand) {
                    step.readers += 1;
                }
            }
            let output = shape(id);
            let input = operands.first().and_then(|&operand| steps.get(operand)).map_or(output, |step| step.output);
            positions.insert(id, steps.len());
            steps.push(Step { op: &node.op, spelling: graph.spelling(id), operands, input, output, readers: 0 });
        }
        Self { steps }
    }

    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &[Step<'a>] {
        &self.steps
    }

    /// How many steps there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The shape of the value at `position`.
    #[must_use]
    pub fn shape(&self, position: usize) -> Shape {
        self.steps.get(position).map_or(Shape::Vector(1), |step| step.output)
    }

    /// How often the value at `position` is read in this trace.
    #[must_use]
    pub fn readers(&self, position: usize) -> usize {
        self.steps.get(position).map_or(0, |step| step.readers)
    }
}

/// A table with one entry for every value of a trace.
#[derive(Debug)]
pub(super) struct Table<T>(Vec<T>);

impl<T: Copy + Default> Table<T> {
    pub(super) fn new(trace: &Trace<'_>) -> Self {
        Self(vec![T::default(); trace.len()])
    }

    pub(super) fn get(&self, position: usize) -> T {
        self.0.get(position).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, position: usize, value: T) {
        if let Some(slot) = self.0.get_mut(position) {
            *slot = value;
        }
    }
}
