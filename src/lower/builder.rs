//! A graph that grows, and the shape of each of its nodes.

use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Address, Graph, NodeId, Op, Origin, Shape, op};
use crate::source::Span;

/// Why lowering stops early.
#[derive(Debug)]
pub(super) enum Halt {
    /// The node just added has no output shape; [`crate::valid::check`] will say why.
    Shape,
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
    pub(super) limit: usize,
    /// Nodes of the network that are not in this graph: of a piece, those before it.
    before: usize,
    pub(super) current: NodeId,
}

impl Builder {
    pub(super) fn new(graph: Graph, limit: usize) -> Self {
        Self { graph, shapes: Vec::new(), limit, before: 0, current: NodeId::new(0) }
    }

    /// A builder of a piece that reads a value of shape `entry`, which `before` nodes have made: a node without a meaning of
    /// its own stands for it.
    pub(super) fn piece(mut graph: Graph, limit: usize, entry: Shape, before: usize) -> Self {
        let input = op::Input { channels: entry.channels(), size: entry.size().unwrap_or([1; 2]) };
        let current = graph.add(Op::Input(input), Origin { span: Span::default(), address: Address::INPUT }, &[]);
        Self { graph, shapes: vec![entry], limit, before: before.saturating_sub(1), current }
    }

    pub(super) fn into_graph(self) -> (Graph, Vec<Shape>) {
        (self.graph, self.shapes)
    }

    pub(super) fn shape(&self, id: NodeId) -> Option<Shape> {
        self.shapes.get(id.index()).copied()
    }

    /// The shape of the current node's value.
    pub(super) fn current_shape(&self) -> Shape {
        self.shape(self.current).unwrap_or(Shape::Vector(1))
    }

    pub(super) fn add(&mut self, op: Op, origin: Origin, operands: &[NodeId]) -> Result<(), Halt> {
        if self.before + self.graph.len() >= self.limit {
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
        let inputs: Vec<_> = operands.iter().filter_map(|&operand| self.shape(operand)).collect();
        let shape = op.infer(&inputs);
        self.current = self.graph.add(op, origin, operands);
        self.shapes.push(shape.map_err(|_| Halt::Shape)?);
        Ok(())
    }
}
