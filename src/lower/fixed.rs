//! What of the input a network is made for: where a description asks for the size of a map, or for channels that are the input's, another
//! input has other ops.

use crate::ir::graph::Fixed;
use crate::ir::op::Pad;
use crate::ir::{Graph, NodeId, Op};
use std::collections::{BTreeMap, BTreeSet};

/// What a description asked of the tensor at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aspect {
    /// Its channels, or features.
    Channels,
    /// Its height or width.
    Size,
}

/// On what of the input a shape depends.
#[derive(Debug, Clone, Copy, Default)]
struct Dependence {
    /// Its channels: on the input's channels, and on its size.
    channels: Fixed,
    /// Its height and width, on the input's.
    size: bool,
}

/// What the ops of `graph` depend on, where this was `asked`.
pub(super) fn of(graph: &Graph, asked: &BTreeSet<(NodeId, Aspect)>) -> Fixed {
    let mut known: BTreeMap<NodeId, Dependence> = BTreeMap::new();
    let mut fixed = Fixed::default();
    for node in graph.ids() {
        let Some(op) = graph.get(node).map(|node| &node.op) else { continue };
        let operands = graph.operands(node);
        let operands = operands.iter().filter_map(|operand| known.get(operand));
        let read = operands.fold(Dependence::default(), |all, one| Dependence {
            channels: all.channels.or(one.channels),
            size: all.size || one.size,
        });
        // Each group has filters of its own, whatever it reads.
        if matches!(op, Op::Conv2d(conv) if conv.groups > 1) {
            fixed = fixed.or(read.channels);
        }
        let own = after(op, read);
        if asked.contains(&(node, Aspect::Channels)) {
            fixed = fixed.or(own.channels);
        }
        fixed.size |= own.size && asked.contains(&(node, Aspect::Size));
        known.insert(node, own);
    }
    fixed
}

/// On what the shape that `op` gives depends, where what it reads depends on `read`.
fn after(op: &Op, read: Dependence) -> Dependence {
    match op {
        Op::Input(_) => Dependence { channels: Fixed { channels: true, size: false }, size: true },
        Op::Conv2d(_) | Op::Linear(_) | Op::Slice(_) => Dependence { channels: Fixed::default(), ..read },
        Op::AdaptivePool(_) => Dependence { size: false, ..read },
        Op::Flatten(_) => {
            let channels = Fixed { size: read.channels.size || read.size, ..read.channels };
            Dependence { channels, size: false }
        }
        Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::MaxPool(_)
        | Op::Add(_)
        | Op::Pad(Pad::Spatial(_) | Pad::Channels { .. })
        | Op::Subsample(_)
        | Op::Dropout(_)
        | Op::AvgPool(_)
        | Op::Blur(_)
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::DropPath(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_) => read,
    }
}
