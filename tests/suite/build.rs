//! Networks built by hand, op for op.

use crate::describe::{HE, NORM, TORCH};
use resnetc::ir::graph::Kinds;
use resnetc::ir::names::{NameTable, Rows, Selector, Template};
use resnetc::ir::op::Activation;
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
    Op::Conv2d(op::Conv2d { filters, window: window(kernel, 1), groups, bias: false, init: HE })
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
    let common = Rows { block: Some(template("layer{stage + 1}.{index}")), rows: vec![row], ..Rows::default() };
    dialect.names = NameTable { common, sections: Vec::new(), ..dialect.names };
    dialect
}

/// A network with every op, each where some member of the family has it: squeeze and excitation, channel attention,
/// ConvNeXt's block, selective kernels, blurred and averaged subsampling, gates of every activation.
pub fn zoo(dialect: Dialect, rate: f64) -> Checked {
    let (mut net, input) = Net::of(dialect, 3, [19, 17]);
    let act = |activation| Op::Activation(activation);
    let biased = |filters| match conv(filters, 1, 1) {
        Op::Conv2d(conv) => Op::Conv2d(op::Conv2d { bias: true, ..conv }),
        _ => unreachable!(),
    };
    let linear = |features, bias| Op::Linear(op::Linear { features, bias, init: TORCH });
    let run =
        |net: &mut Net, value: NodeId, ops: &[Op]| ops.iter().fold(value, |value, op| net.then(op.clone(), value));
    let norm = Op::BatchNorm(NORM);
    let mut x = run(&mut net, input, &[conv(8, 3, 1), norm, act(Activation::Relu6)]);
    let squeezed = [global_mean(), biased(4), act(Activation::Relu), biased(8), act(Activation::HardSigmoid)];
    let gate = run(&mut net, x, &squeezed);
    x = net.add(Op::Multiply(op::Multiply), Label::JOIN, &[x, gate]);
    x = run(&mut net, x, &[conv(8, 3, 8), Op::Blur(op::Blur::new(3, 2))]);
    let inverted = [
        conv(8, 7, 8),
        Op::LayerNorm(op::LayerNorm { epsilon: 1e-6, scale: 1.0 }),
        linear(32, true),
        act(Activation::Gelu),
        linear(8, false),
        Op::LayerScale(op::LayerScale { init: 0.5 }),
        Op::DropPath(op::DropPath { rate }),
    ];
    let main = run(&mut net, x, &inverted);
    x = net.add(Op::Add(op::Add), Label::JOIN, &[main, x]);
    let attention =
        [global_mean(), Op::ChannelConv(op::ChannelConv { kernel: 3, init: TORCH }), act(Activation::Sigmoid)];
    let gate = run(&mut net, x, &attention);
    x = net.add(Op::Multiply(op::Multiply), Label::JOIN, &[gate, x]);
    let (near, far) = (run(&mut net, x, &[conv(8, 3, 1)]), run(&mut net, x, &[conv(8, 5, 2), act(Activation::Silu)]));
    let both = net.add(Op::Concat(op::Concat), Label::JOIN, &[near, far]);
    let halves = |net: &mut Net, value| {
        let half = |net: &mut Net, start| net.then(Op::Slice(op::Slice { start, length: 8 }), value);
        let halves = [half(net, 0), half(net, 8)];
        net.add(Op::Add(op::Add), Label::JOIN, &halves)
    };
    let sum = halves(&mut net, both);
    let selection = [global_mean(), conv(4, 1, 1), conv(16, 1, 1), Op::PathSoftmax(op::PathSoftmax { paths: 2 })];
    let gate = run(&mut net, sum, &selection);
    let chosen = net.add(Op::Multiply(op::Multiply), Label::JOIN, &[both, gate]);
    x = halves(&mut net, chosen);
    let norm = Op::GroupNorm(op::GroupNorm { groups: 2, epsilon: 1e-5, scale: 1.0 });
    x = run(&mut net, x, &[norm, act(Activation::HardSwish)]);
    let mut pool = window(3, 2);
    pool.ceil = true;
    let averages = |count_padding| Op::AvgPool(op::AvgPool { window: pool, count_padding });
    let (with, without) = (net.then(averages(true), x), net.then(averages(false), x));
    let most = net.then(Op::MaxPool(op::MaxPool { window: pool }), x);
    x = net.add(Op::Concat(op::Concat), Label::JOIN, &[with, without, most]);
    let padded = [Op::Pad(op::Pad::Spatial(Sides::all(1))), Op::Pad(op::Pad::Channels { before: 1, after: 1 })];
    x = run(&mut net, x, &padded);
    x = run(&mut net, x, &[Op::Subsample(op::Subsample { stride: 2 }), conv(6, 3, 1), act(Activation::Silu)]);
    x = run(&mut net, x, &[Op::Flatten(op::Flatten), linear(12, true)]);
    let vectors =
        [Op::LayerNorm(op::LayerNorm { epsilon: 1e-5, scale: 1.0 }), Op::Slice(op::Slice { start: 2, length: 9 })];
    x = run(&mut net, x, &vectors);
    x = net.add(Op::Concat(op::Concat), Label::JOIN, &[x, x]);
    run(&mut net, x, &[Op::Dropout(op::Dropout { rate }), linear(10, true), act(Activation::Softmax)]);
    net.finish()
}
