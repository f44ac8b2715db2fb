//! Random networks of random ops: blocks made of series and parallel parts, as a description could have them.

use crate::build::{Net, conv, global_mean, window};
use crate::describe::{NORM, TORCH};
use proptest::prelude::*;
use resnetc::ir::graph::StageKind;
use resnetc::ir::op::Activation;
use resnetc::ir::{Label, NodeId, Op, Place, Shape, op};
use resnetc::valid::Checked;

/// A part of a block, before it is known what it reads.
#[derive(Debug, Clone)]
pub enum Tree {
    /// An op of this kind in the branch with this label; where it is optional, only every other block has it.
    Leaf { kind: u8, label: u8, optional: bool },
    /// Branches from one value to one join.
    Join { kind: u8, branches: Vec<Vec<Tree>> },
}

/// Which leaves there are.
pub const LEAVES: u8 = 26;

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
    let (net, input) = Net::new(3, [9, 8]);
    let mut builder = Builder { net, block: 0 };
    let mut value = builder.leaf(conv(8, 3, 1), Label::STEM, input);
    for (stage, (kind, trees, blocks)) in (0..).zip(kinds) {
        builder.net.kinds.stages.push(StageKind { name: (*kind).to_owned(), first: 0 });
        for block in 0..*blocks {
            builder.net.enter(Place::Block { stage, block });
            builder.block = block;
            // A block is never empty.
            value = builder.leaf(Op::Activation(Activation::Relu), Label::BLOCK, value);
            value = builder.series(trees, value);
        }
    }
    builder.net.enter(Place::Head);
    for op in [global_mean(), Op::Flatten(op::Flatten), Op::Linear(op::Linear { features: 5, bias: true, init: TORCH })]
    {
        value = builder.leaf(op, Label::HEAD, value);
    }
    builder.net.finish()
}

struct Builder {
    net: Net,
    /// The block's number in its stage.
    block: u32,
}

impl Builder {
    fn leaf(&mut self, op: Op, branch: Label, value: NodeId) -> NodeId {
        self.net.add(op, branch, &[value])
    }

    fn shape(&self, id: NodeId) -> Shape {
        self.net.shape(id)
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
                let op = leaf(*kind, self.block, self.shape(value));
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
                end = self.leaf(global_mean(), Label::SKIP, end);
                end = self.leaf(
                    Op::ChannelConv(op::ChannelConv { kernel: 3 + 2 * u64::from(self.block), init: TORCH }),
                    Label::SKIP,
                    end,
                );
            }
            if end != value && kind != 2 {
                let conv = conv(self.shape(value).channels(), 1, 1);
                end = self.leaf(conv, Label::SKIP, end);
            }
            ends.push(end);
        }
        let op = match kind {
            0 => Op::Add(op::Add),
            2 => Op::Concat(op::Concat),
            _ => Op::Multiply(op::Multiply),
        };
        let joined = self.net.add(op, Label::JOIN, &ends);
        // Nested joins would multiply the channels.
        let conv = conv(4, 1, 1);
        if kind == 2 { self.leaf(conv, Label::JOIN, joined) } else { joined }
    }
}

/// The op of a kind for what reads `shape`, keeping height and width.
pub fn leaf(kind: u8, block: u32, shape: Shape) -> Op {
    let real = f64::from(block + 1);
    let block = u64::from(block);
    let (channels, even) = (shape.channels(), shape.channels().is_multiple_of(2));
    match kind {
        0 => conv(4 + 2 * block, 1, 1),
        1 => conv(6, 1 + 2 * (block % 2), 1),
        2 => conv(channels, 3, channels),
        3 => Op::BatchNorm(op::BatchNorm { epsilon: 1e-5 * real, ..NORM }),
        4 => Op::LayerNorm(op::LayerNorm { epsilon: 1e-6 * real, scale: 1.0 }),
        5 => Op::GroupNorm(op::GroupNorm { groups: if even { 2 } else { 1 }, epsilon: 1e-5, scale: 1.0 }),
        6 => Op::MaxPool(op::MaxPool { window: window(3, 1) }),
        7 => Op::AvgPool(op::AvgPool { window: window(3, 1), count_padding: true }),
        8 => Op::AvgPool(op::AvgPool { window: window(1 + 2 * (block % 3), 1), count_padding: false }),
        9 => Op::Blur(op::Blur::new(3, 1)),
        10 => Op::LayerScale(op::LayerScale { init: 1e-6 * real }),
        11 => Op::DropPath(op::DropPath { rate: 0.01 * (real - 1.0) }),
        12 => Op::Dropout(op::Dropout { rate: 0.1 * real }),
        13 => Op::PathSoftmax(op::PathSoftmax { paths: if even { 2 } else { 1 } }),
        14 => Op::Slice(op::Slice { start: 0, length: channels.div_ceil(2) }),
        15 => Op::Slice(op::Slice { start: channels / 2, length: channels - channels / 2 }),
        16 => Op::Linear(op::Linear { features: 4 + block, bias: true, init: TORCH }),
        17 => Op::Pad(op::Pad::Channels { before: block, after: 1 }),
        _ => Op::Activation(Activation::ALL[usize::from(kind - 18) % Activation::ALL.len()]),
    }
}
