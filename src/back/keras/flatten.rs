//! In which order a map is flattened: C, H, W as in the graph, unless the weights that read it are kept in the order of
//! H, W, C, which is Keras' own.

use crate::ir::dialect::Layout;
use crate::ir::op::{AdaptivePool, Pad};
use crate::ir::shape::Shape;
use crate::ir::{NodeId, Op};
use crate::valid::{Checked, Layer};
use std::collections::{BTreeMap, BTreeSet};

/// How flattened maps are ordered.
#[derive(Debug)]
pub(super) struct Order {
    /// Vectors in the order H, W, C.
    channels_last: BTreeSet<NodeId>,
    /// Values that are maps of 1 x 1, whatever the input's size.
    pooled: BTreeSet<NodeId>,
    /// Linear layers whose weights are kept in the order H, W, C of a vector that is not.
    torn: BTreeSet<NodeId>,
}

impl Order {
    /// Whether the map that `node` flattens has to be brought into the order C, H, W.
    pub(super) fn is_moved(&self, network: &Checked, node: NodeId) -> bool {
        let of_pooled = network.layer(node).operands.iter().all(|operand| self.pooled.contains(operand));
        !(of_pooled || self.channels_last.contains(&node))
    }

    /// Whether `node` is a map of 1 x 1 at every size.
    pub(super) fn is_pooled(&self, node: NodeId) -> bool {
        self.pooled.contains(&node)
    }

    /// Whether the linear layer `node` has weights in another order than what it reads.
    pub(super) fn is_torn(&self, node: NodeId) -> bool {
        self.torn.contains(&node)
    }
}

/// The order of every vector of `network`.
pub(super) fn order(network: &Checked) -> Order {
    let pooled = pooled(network);
    let channels_last = match network.graph().dialect.names.layout {
        Layout::Torch => BTreeSet::new(),
        Layout::Keras => channels_last(network),
    };
    let torn = |layer: &Layer<'_>| {
        let map = network.flattened_map(layer.id).filter(|[_, height, width]| (*height, *width) != (1, 1));
        let last = layer.operands.iter().all(|operand| channels_last.contains(operand));
        network.graph().dialect.names.layout == Layout::Keras
            && matches!(layer.node.op, Op::Linear(_))
            && map.is_some()
            && !last
    };
    let torn = network.layers().filter(torn).map(|layer| layer.id).collect();
    Order { channels_last, pooled, torn }
}

/// The vectors that nothing but linear layers read, through what takes each element by itself.
fn channels_last(network: &Checked) -> BTreeSet<NodeId> {
    let mut maps: BTreeMap<NodeId, Shape> = BTreeMap::new();
    for layer in network.layers() {
        let mut of_operands = layer.operands.iter().map(|operand| maps.get(operand).copied());
        let map = if matches!(layer.node.op, Op::Flatten(_)) {
            Some(layer.input)
        } else {
            let first = of_operands.next().flatten().filter(|_| layer.node.op.keeps_order());
            first.filter(|first| of_operands.all(|other| other == Some(*first)))
        };
        maps.extend(map.map(|map| (layer.id, map)));
    }
    let flattens = |id: NodeId| matches!(network.layer(id).node.op, Op::Flatten(_));
    let stays = |id: NodeId| {
        let readers = network.graph().readers(id);
        let weighed =
            |reader: &NodeId| maps.contains_key(reader) || matches!(network.layer(*reader).node.op, Op::Linear(_));
        !readers.is_empty()
            && readers.iter().all(weighed)
            && (flattens(id) || network.graph().operands(id).iter().all(|operand| maps.contains_key(operand)))
    };
    // What one of them is read by, or reads, that is none, is none either.
    let mut left: Vec<_> = maps.keys().copied().filter(|id| !stays(*id)).collect();
    while let Some(id) = left.pop() {
        if maps.remove(&id).is_some() {
            left.extend(network.graph().operands(id));
            left.extend(network.graph().readers(id).into_iter().filter(|reader| !flattens(*reader)));
        }
    }
    maps.into_keys().collect()
}

/// The maps that are 1 x 1 whatever the input's size.
fn pooled(network: &Checked) -> BTreeSet<NodeId> {
    let mut pooled = BTreeSet::new();
    for layer in network.layers() {
        let stays = match &layer.node.op {
            Op::AdaptivePool(AdaptivePool { output: [1, 1], .. }) | Op::ChannelConv(_) => true,
            Op::Conv2d(conv) if conv.window.kernel == [1, 1] && conv.window.padding.is_zero() => {
                layer.operands.iter().all(|operand| pooled.contains(operand))
            }
            Op::BatchNorm(_)
            | Op::Activation(_)
            | Op::Linear(_)
            | Op::Add(_)
            | Op::Pad(Pad::Channels { .. })
            | Op::Subsample(_)
            | Op::Dropout(_)
            | Op::Concat(_)
            | Op::DropPath(_)
            | Op::GroupNorm(_)
            | Op::LayerNorm(_)
            | Op::LayerScale(_)
            | Op::Multiply(_)
            | Op::PathSoftmax(_)
            | Op::Slice(_) => layer.operands.iter().all(|operand| pooled.contains(operand)),
            Op::Input(_)
            | Op::Conv2d(_)
            | Op::MaxPool(_)
            | Op::AdaptivePool(_)
            | Op::Flatten(_)
            | Op::Pad(Pad::Spatial(_))
            | Op::AvgPool(_)
            | Op::Blur(_) => false,
        };
        if stays {
            pooled.insert(layer.id);
        }
    }
    pooled
}
