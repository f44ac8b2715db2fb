//! Networks built by hand, op for op.

use resnetc::ir::graph::Kinds;
use resnetc::ir::names::{NameTable, Rows, Selector, Template};
use resnetc::ir::shape::Window;
use resnetc::ir::{Address, Dialect, Graph, Label, NodeId, Op, Origin, Place, Shape, Sides, op};
use resnetc::source::Source;
use resnetc::valid::{self, Checked};
use std::sync::Arc;

/// A network that is being built.
pub struct Net {
    graph: Graph,
    shapes: Vec<Shape>,
    pub kinds: Kinds,
    pub place: Place,
    sequence: u32,
}

impl Net {
    /// A network that begins with this input, and the input.
    pub fn new(channels: u64, size: [u64; 2]) -> (Self, NodeId) {
        Self::of(dialect(), channels, size)
    }

    /// One in this dialect, whose names must be unique.
    pub fn of(dialect: Dialect, channels: u64, size: [u64; 2]) -> (Self, NodeId) {
        let graph = Graph::new("built", Arc::new(dialect));
        let mut net = Self { graph, shapes: Vec::new(), kinds: Kinds::default(), place: Place::Input, sequence: 0 };
        let input = net.add(Op::Input(op::Input { channels, size }), Label::INPUT, &[]);
        net.place = Place::Stem;
        (net, input)
    }

    /// Adds a node to the current place; its role is what its op is called.
    pub fn add(&mut self, op: Op, branch: Label, operands: &[NodeId]) -> NodeId {
        let shapes: Vec<_> = operands.iter().map(|id| self.shape(*id)).collect();
        let shape = op.infer(&shapes).unwrap_or_else(|error| panic!("{op:?} of {shapes:?}: {error:?}"));
        let role = Label::new(op.name()).unwrap();
        let address = Address { place: self.place, branch, unit: 0, role, sequence: self.sequence };
        self.sequence += 1;
        self.shapes.push(shape);
        let span = Source::new("built", "built").span(0..5);
        self.graph.add(op, Origin { span, address }, operands)
    }

    /// Adds a node with one operand to the stem.
    pub fn then(&mut self, op: Op, operand: NodeId) -> NodeId {
        self.add(op, Label::STEM, &[operand])
    }

    /// Moves to another place.
    pub fn enter(&mut self, place: Place) {
        self.place = place;
        self.sequence = 0;
    }

    pub fn shape(&self, id: NodeId) -> Shape {
        self.shapes[id.index()]
    }

    pub fn finish(mut self) -> Checked {
        self.graph.kinds = self.kinds;
        valid::check(self.graph).unwrap_or_else(|report| panic!("{report:?}"))
    }
}

/// A square convolution without bias that keeps the size of a map at stride 1.
pub fn conv(filters: u64, kernel: u64, groups: u64) -> Op {
    Op::Conv2d(op::Conv2d { filters, window: window(kernel, 1), groups, bias: false })
}

pub fn window(kernel: u64, stride: u64) -> Window {
    let padding = Sides::all(kernel / 2);
    Window { kernel: [kernel; 2], stride: [stride; 2], dilation: [1; 2], padding, ceil: false }
}

pub fn global_mean() -> Op {
    Op::AdaptivePool(op::AdaptivePool { kind: op::PoolKind::Average, output: [1, 1] })
}

/// torchvision's, but for names, which are unique whatever the labels.
pub fn dialect() -> Dialect {
    let mut dialect = (*resnetc::dialect::find("torchvision").unwrap()).clone();
    let template = |text| Template::parse(text).unwrap();
    let row = (Selector { branch: None, role: None }, template("{block}.{branch}_{sequence}"));
    let common = Rows { block: Some(template("layer{stage + 1}.{index}")), rows: vec![row] };
    dialect.names = NameTable { common, sections: Vec::new(), ..dialect.names };
    dialect
}
