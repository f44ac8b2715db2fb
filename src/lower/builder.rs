//! A graph that grows, and the shape of each of its nodes.

use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Address, Graph, NodeId, Op, Origin, Shape, op};
use crate::source::Span;

/// Why lowering stops early.
#[derive(Debug)]
pub(super) enum Halt {
    /// This node, which was just added, has no output shape; [`crate::valid::check`] will say why.
    Shape(NodeId),
    /// What is wrong.
    Error(Box<Diagnostic>),
}

impl From<Box<Diagnostic>> for Halt {
    fn from(error: Box<Diagnostic>) -> Self {
        Self::Error(error)
    }
}

#[derive(Debug)]
pub(super) struct Builder {
    pub(super) graph: Graph,
    shapes: Vec<Shape>,
    /// How many layers and joins there may be; the input is none.
    pub(super) limit: usize,
    /// Layers and joins of the network that are not in this graph: of a piece, those before it.
    before: usize,
}

impl Builder {
    pub(super) fn new(graph: Graph, limit: usize) -> Self {
        Self { graph, shapes: Vec::new(), limit, before: 0 }
    }

    /// A builder of a piece that reads a value of shape `entry`, which `before` layers and joins have made, and the node
    /// without a meaning of its own that stands for it.
    pub(super) fn piece(mut graph: Graph, limit: usize, entry: Shape, before: usize) -> (Self, NodeId) {
        let input = op::Input { channels: entry.channels(), size: entry.size().unwrap_or([1; 2]) };
        let start = graph.add(Op::Input(input), Origin { span: Span::default(), address: Address::INPUT }, &[]);
        (Self { graph, shapes: vec![entry], limit, before }, start)
    }

    pub(super) fn into_graph(self) -> (Graph, Vec<Shape>) {
        (self.graph, self.shapes)
    }

    /// The shape of the value of a node that has one.
    pub(super) fn shape(&self, id: NodeId) -> Shape {
        *self.shapes.get(id.index()).expect("a node without a shape ends the expansion")
    }

    pub(super) fn add(&mut self, op: Op, origin: Origin, operands: &[NodeId]) -> Result<NodeId, Halt> {
        if self.before + self.graph.len() > self.limit {
            let limit = self.limit;
            return Err(Halt::Error(Box::new(
                Diagnostic::error(
                    Code::TooManyNodes,
                    origin.span,
                    format!("the network has more than {limit} nodes"),
                    "the limit is reached here",
                )
                .help(format!("use fewer blocks, or raise the limit: `--limit {}`", limit.saturating_mul(10))),
            )));
        }
        let inputs: Vec<_> = operands.iter().map(|&operand| self.shape(operand)).collect();
        let shape = op.infer(&inputs);
        let node = self.graph.add(op, origin, operands);
        self.shapes.push(shape.map_err(|_| Halt::Shape(node))?);
        Ok(node)
    }
}
