//! Networks drawn by hand: blocks that the library does not have, in every shape that a description's own can take.

use crate::describe::{HE, NORM, TORCH};
use resnetc::ir::dialect::Layout;
use resnetc::ir::graph::StageKind;
use resnetc::ir::names::{Rows, Selector, Template};
use resnetc::ir::op::{
    Activation, AdaptivePool, AvgPool, Conv2d, Flatten, GroupNorm, LayerNorm, Linear, MaxPool, PoolKind, Slice,
};
use resnetc::ir::shape::Window;
use resnetc::ir::{Address, Graph, Label, NodeId, Op, Origin, Place, Sides, op};
use resnetc::source::Source;
use resnetc::valid::{self, Checked};
use std::sync::Arc;

/// What draws a branch.
pub type Draw<'a> = &'a dyn Fn(&mut Sketch);

/// A network that is being drawn.
pub struct Sketch {
    graph: Graph,
    place: Place,
    branch: Label,
    unit: u32,
    sequence: u32,
    value: NodeId,
}

impl Sketch {
    /// A network that reads `input`, C x H x W; every layer has a name of its own, weights are laid out as `layout` says.
    pub fn new(name: &str, layout: Layout, [channels, height, width]: [u64; 3]) -> Self {
        let mut dialect = (*resnetc::dialect::find("torchvision").unwrap()).clone();
        let row = Template::parse("{block}.{branch}.{role}{unit}_{sequence}").unwrap();
        let rows = vec![(Selector { branch: None, role: None }, row)];
        dialect.names.layout = layout;
        dialect.names.parameters.gain = ".layer_scale".to_owned();
        dialect.names.common = Rows { rows, ..Rows::default() };
        let mut sketch = Self {
            graph: Graph::new(name, Arc::new(dialect)),
            place: Place::Input,
            branch: Label::INPUT,
            unit: 0,
            sequence: 0,
            value: NodeId::default(),
        };
        sketch.graph.kinds.stem = "stem".to_owned();
        sketch.graph.kinds.head = "head".to_owned();
        sketch.add("input", Op::Input(op::Input { channels, size: [height, width] }), &[]);
        sketch
    }

    fn add(&mut self, role: &str, op: Op, operands: &[NodeId]) {
        let role = Label::new(role).unwrap();
        let address =
            Address { place: self.place, branch: self.branch, unit: self.unit, role, sequence: self.sequence };
        self.sequence += 1;
        let span = Source::new("sketch", "sketch").span(0..6);
        self.value = self.graph.add(op, Origin { span, address }, operands);
    }

    fn part(&mut self, place: Place, branch: &str, draw: Draw<'_>) -> &mut Self {
        (self.place, self.branch, self.unit, self.sequence) = (place, Label::new(branch).unwrap(), 0, 0);
        draw(self);
        self
    }

    pub fn stem(&mut self, draw: Draw<'_>) -> &mut Self {
        self.part(Place::Stem, "stem", draw)
    }

    pub fn head(&mut self, draw: Draw<'_>) -> &mut Self {
        self.part(Place::Head, "head", draw)
    }

    /// A stage of blocks called `kind`.
    pub fn stage(&mut self, kind: &str, blocks: &[Draw<'_>]) -> &mut Self {
        let stage = self.graph.kinds.stages.len() as u32;
        self.graph.kinds.stages.push(StageKind { name: kind.to_owned(), first: 0 });
        for (block, draw) in (0..).zip(blocks) {
            self.part(Place::Block { stage, block }, "main", *draw);
        }
        self
    }

    pub fn checked(&self) -> Checked {
        valid::check(self.graph.clone()).unwrap_or_else(|report| panic!("{report:?}"))
    }

    /// Channels of the current value.
    pub fn channels(&self) -> u64 {
        fn of(graph: &Graph, id: NodeId) -> resnetc::ir::Shape {
            let operands: Vec<_> = graph.operands(id).iter().map(|&operand| of(graph, operand)).collect();
            graph.get(id).unwrap().op.infer(&operands).unwrap()
        }
        of(&self.graph, self.value).channels()
    }

    pub fn unit(&mut self, unit: u32) -> &mut Self {
        self.unit = unit;
        self
    }

    pub fn op(&mut self, role: &str, op: Op) -> &mut Self {
        let value = self.value;
        self.add(role, op, &[value]);
        self
    }

    /// Branches by name, an empty name being that of the branch around them, and what joins them.
    pub fn join(&mut self, op: Op, branches: &[(&str, Draw<'_>)]) -> &mut Self {
        let (source, outer, unit) = (self.value, self.branch, self.unit);
        let mut operands = Vec::new();
        for (name, draw) in branches {
            self.value = source;
            self.branch = Label::new(name).unwrap_or(outer);
            draw(self);
            operands.push(self.value);
        }
        let role = op.name().to_owned();
        self.branch = Label::JOIN;
        self.unit = unit;
        self.add(&role, op, &operands);
        self.branch = outer;
        self
    }

    pub fn conv(&mut self, filters: u64, kernel: u64, stride: u64) -> &mut Self {
        self.conv2d(filters, kernel, stride, 1, false)
    }

    pub fn conv2d(&mut self, filters: u64, kernel: u64, stride: u64, groups: u64, bias: bool) -> &mut Self {
        let padding = Sides::all((kernel - 1) / 2);
        let window = Window { kernel: [kernel; 2], stride: [stride; 2], dilation: [1; 2], padding, ceil: false };
        self.op("conv", Op::Conv2d(Conv2d { filters, window, groups, bias, init: HE }))
    }

    pub fn norm(&mut self) -> &mut Self {
        self.op("norm", Op::BatchNorm(NORM))
    }

    pub fn layer_norm(&mut self) -> &mut Self {
        self.op("norm", Op::LayerNorm(LayerNorm { epsilon: 1e-6, scale: 1.0 }))
    }

    pub fn group_norm(&mut self, groups: u64) -> &mut Self {
        self.op("norm", Op::GroupNorm(GroupNorm { groups, epsilon: 1e-5, scale: 1.0 }))
    }

    pub fn act(&mut self, activation: Activation) -> &mut Self {
        self.op("act", Op::Activation(activation))
    }

    pub fn relu(&mut self) -> &mut Self {
        self.act(Activation::Relu)
    }

    pub fn linear(&mut self, role: &str, features: u64, bias: bool) -> &mut Self {
        self.op(role, Op::Linear(Linear { features, bias, init: TORCH }))
    }

    pub fn pool(&mut self) -> &mut Self {
        self.op("pool", Op::AdaptivePool(AdaptivePool { kind: PoolKind::Average, output: [1, 1] }))
    }

    pub fn flatten(&mut self) -> &mut Self {
        self.op("flatten", Op::Flatten(Flatten))
    }

    pub fn slice(&mut self, start: u64, length: u64) -> &mut Self {
        self.op("slice", Op::Slice(Slice { start, length }))
    }

    pub fn max_pool(&mut self, kernel: u64, stride: u64) -> &mut Self {
        let padding = Sides::all((kernel - 1) / 2);
        let window = Window { kernel: [kernel; 2], stride: [stride; 2], dilation: [1; 2], padding, ceil: false };
        self.op("max_pool", Op::MaxPool(MaxPool { window }))
    }

    pub fn avg_pool(&mut self, kernel: u64, stride: u64, padding: Sides, ceil: bool, count_padding: bool) -> &mut Self {
        let window = Window { kernel: [kernel; 2], stride: [stride; 2], dilation: [1; 2], padding, ceil };
        self.op("avg_pool", Op::AvgPool(AvgPool { window, count_padding }))
    }
}
