//! Random networks of random ops: blocks made of series and parallel parts, as a description could have them.

use proptest::prelude::*;
use resnetc::ir::graph::{Kinds, StageKind};
use resnetc::ir::names::{NameTable, Rows, Selector, Template};
use resnetc::ir::op::{Activation, AdaptivePool, PoolKind};
use resnetc::ir::shape::Window;
use resnetc::ir::{Address, Dialect, Graph, Label, NodeId, Op, Origin, Place, Shape, Sides, op};
use resnetc::source::Source;
use resnetc::valid::{self, Checked};
use std::sync::Arc;

/// A part of a block, before it is known what it reads.
#[derive(Debug, Clone)]
pub enum Tree {
    /// An op of this kind in the branch with this label; where it is optional, only every other block has it.
    Leaf { kind: u8, label: u8, optional: bool },
    /// Branches from one value to one join.
    Join { kind: u8, branches: Vec<Vec<Tree>> },
}

/// Which leaves there are.
pub const LEAVES: u8 = 25;

/// A few of them in a row, joins among them.
pub fn series(optional: bool) -> impl Strategy<Value = Vec<Tree>> {
    let leaf = (0..LEAVES, 0..3_u8, prop::bool::weighted(if optional { 0.2 } else { 0.0 }))
        .prop_map(|(kind, label, optional)| Tree::Leaf { kind, label, optional });
    let tree = leaf.prop_recursive(3, 24, 4, |inner| {
        let branches = prop::collection::vec(prop::collection::vec(inner, 0..4), 2..4);
        (0..4_u8, branches).prop_map(|(kind, branches)| Tree::Join { kind, branches })
    });
    prop::collection::vec(tree, 1..5)
}

/// A network with a stem, blocks of these kinds, in which block i differs in numbers from the others, and a head.
pub fn network(kinds: &[(&str, &[Tree], u32)]) -> Checked {
    let mut builder = Builder::new();
    let stem = builder.current;
    builder.place = Place::Stem;
    let conv = builder.conv(8, 3, 1);
    builder.current = builder.leaf(conv, Label::STEM, stem);
    for (stage, (kind, trees, blocks)) in (0..).zip(kinds) {
        builder.kinds.stages.push(StageKind { name: (*kind).to_owned(), first: 0 });
        for block in 0..*blocks {
            (builder.place, builder.block) = (Place::Block { stage, block }, block);
            builder.sequence = 0;
            // A block is never empty.
            builder.current = builder.leaf(Op::Activation(Activation::Relu), Label::BLOCK, builder.current);
            builder.current = builder.series(trees, builder.current);
        }
    }
    builder.place = Place::Head;
    builder.sequence = 0;
    let pool = Op::AdaptivePool(AdaptivePool { kind: PoolKind::Average, output: [1, 1] });
    let value = builder.leaf(pool, Label::HEAD, builder.current);
    let value = builder.leaf(Op::Flatten(op::Flatten), Label::HEAD, value);
    builder.leaf(Op::Linear(op::Linear { features: 5, bias: true }), Label::HEAD, value);
    let Builder { mut graph, kinds, .. } = builder;
    graph.kinds = kinds;
    valid::check(graph).unwrap_or_else(|report| panic!("{report:?}"))
}

struct Builder {
    graph: Graph,
    shapes: Vec<Shape>,
    kinds: Kinds,
    place: Place,
    /// The block's number in its stage.
    block: u32,
    sequence: u32,
    current: NodeId,
}

impl Builder {
    fn new() -> Self {
        let mut graph = Graph::new("random", Arc::new(dialect()));
        let origin =
            origin(Address { place: Place::Input, branch: Label::INPUT, unit: 0, role: Label::INPUT, sequence: 0 });
        let input = op::Input { channels: 3, size: [9, 8] };
        let current = graph.add(Op::Input(input), origin, &[]);
        let shape = Shape::Map { channels: 3, height: 9, width: 8 };
        let (place, kinds) = (Place::Stem, Kinds::default());
        Self { graph, shapes: vec![shape], kinds, place, block: 0, sequence: 0, current }
    }

    fn add(&mut self, op: Op, branch: Label, role: Label, operands: &[NodeId]) -> NodeId {
        let shapes: Vec<_> = operands.iter().map(|id| self.shapes[id.index()]).collect();
        let shape = op.infer(&shapes).unwrap_or_else(|error| panic!("{op:?} of {shapes:?}: {error:?}"));
        let address = Address { place: self.place, branch, unit: 0, role, sequence: self.sequence };
        self.sequence += 1;
        self.shapes.push(shape);
        self.graph.add(op, origin(address), operands)
    }

    fn leaf(&mut self, op: Op, branch: Label, value: NodeId) -> NodeId {
        let role = Label::new(op.name()).unwrap();
        self.add(op, branch, role, &[value])
    }

    fn shape(&self, id: NodeId) -> Shape {
        self.shapes[id.index()]
    }

    fn series(&mut self, trees: &[Tree], mut value: NodeId) -> NodeId {
        for tree in trees {
            value = self.tree(tree, value);
        }
        value
    }

    fn tree(&mut self, tree: &Tree, value: NodeId) -> NodeId {
        match tree {
            Tree::Leaf { optional: true, .. } if self.block.is_multiple_of(2) => value,
            Tree::Leaf { kind, label, .. } => {
                let branch = [Label::MAIN, Label::SKIP, Label::new("Side").unwrap()][usize::from(*label)];
                let op = self.op(*kind, self.shape(value));
                self.leaf(op, branch, value)
            }
            Tree::Join { kind, branches } => self.join(*kind, branches, value),
        }
    }

    fn join(&mut self, kind: u8, branches: &[Vec<Tree>], value: NodeId) -> NodeId {
        let mut ends = Vec::new();
        for (number, branch) in branches.iter().enumerate() {
            // A branch of which a block has nothing is the identity in all of them or in none.
            let has_node = branch.iter().any(|tree| !matches!(tree, Tree::Leaf { optional: true, .. }));
            let mut end = if has_node { self.series(branch, value) } else { value };
            let gates = kind == 3 && number > 0;
            if gates {
                let pool = Op::AdaptivePool(AdaptivePool { kind: PoolKind::Average, output: [1, 1] });
                end = self.leaf(pool, Label::SKIP, end);
                end = self.leaf(
                    Op::ChannelConv(op::ChannelConv { kernel: 3 + 2 * u64::from(self.block) }),
                    Label::SKIP,
                    end,
                );
            }
            if end != value && kind != 2 {
                let conv = self.conv(self.shape(value).channels(), 1, 1);
                end = self.leaf(conv, Label::SKIP, end);
            }
            ends.push(end);
        }
        let op = match kind {
            0 => Op::Add(op::Add),
            2 => Op::Concat(op::Concat),
            _ => Op::Multiply(op::Multiply),
        };
        let role = Label::new(op.name()).unwrap();
        let joined = self.add(op, Label::JOIN, role, &ends);
        // Nested joins would multiply the channels.
        let conv = self.conv(4, 1, 1);
        if kind == 2 { self.leaf(conv, Label::JOIN, joined) } else { joined }
    }

    fn conv(&self, filters: u64, kernel: u64, groups: u64) -> Op {
        let window = window(kernel, 1);
        Op::Conv2d(op::Conv2d { filters, window, groups, bias: false })
    }

    /// The op of a kind for what reads `shape`, keeping height and width.
    fn op(&self, kind: u8, shape: Shape) -> Op {
        let block = u64::from(self.block);
        let real = f64::from(self.block + 1);
        let (channels, even) = (shape.channels(), shape.channels().is_multiple_of(2));
        match kind {
            0 => self.conv(4 + 2 * block, 1, 1),
            1 => self.conv(6, 1 + 2 * (block % 2), 1),
            2 => self.conv(channels, 3, channels),
            3 => Op::BatchNorm(op::BatchNorm { epsilon: 1e-5 * real, momentum: 0.1 }),
            4 => Op::LayerNorm(op::LayerNorm { epsilon: 1e-6 * real }),
            5 => Op::GroupNorm(op::GroupNorm { groups: if even { 2 } else { 1 }, epsilon: 1e-5 }),
            6 => Op::MaxPool(op::MaxPool { window: window(3, 1) }),
            7 => Op::AvgPool(op::AvgPool { window: window(3, 1), count_padding: true }),
            8 => Op::AvgPool(op::AvgPool { window: window(1 + 2 * (block % 3), 1), count_padding: false }),
            9 => Op::Blur(op::Blur::new(3, 1)),
            10 => Op::LayerScale(op::LayerScale { init: 1e-6 * real }),
            11 => Op::DropPath(op::DropPath { rate: 0.01 * f64::from(self.block) }),
            12 => Op::Dropout(op::Dropout { rate: 0.1 * real }),
            13 => Op::PathSoftmax(op::PathSoftmax { paths: if even { 2 } else { 1 } }),
            14 => Op::Slice(op::Slice { start: 0, length: channels.div_ceil(2) }),
            15 => Op::Slice(op::Slice { start: channels / 2, length: channels - channels / 2 }),
            16 => Op::Linear(op::Linear { features: 4 + block, bias: kind == 16 }),
            17 => Op::Pad(op::Pad::Channels { before: block, after: 1 }),
            _ => Op::Activation(Activation::ALL[usize::from(kind - 18) % Activation::ALL.len()]),
        }
    }
}

fn window(kernel: u64, stride: u64) -> Window {
    let padding = Sides::all(kernel / 2);
    Window { kernel: [kernel; 2], stride: [stride; 2], dilation: [1; 2], padding, ceil: false }
}

fn origin(address: Address) -> Origin {
    Origin { span: Source::new("random", "random").span(0..6), address }
}

/// torchvision's, but for names, which must be unique whatever the labels.
fn dialect() -> Dialect {
    let mut dialect = (*resnetc::dialect::find("torchvision").unwrap()).clone();
    let template = |text| Template::parse(text).unwrap();
    let row = (Selector { branch: None, role: None }, template("{block}.{branch}_{sequence}"));
    let common = Rows { block: Some(template("layer{stage + 1}.{index}")), rows: vec![row] };
    dialect.names = NameTable { common, sections: Vec::new(), ..dialect.names };
    dialect
}
