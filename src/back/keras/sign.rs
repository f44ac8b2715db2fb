//! Which values can never be negative: there, zeros beside a map are no larger than minus infinity to a max pool.

use crate::ir::{NodeId, NodeMap, Op};
use crate::valid::Checked;

/// For every node whether its value is known not to be negative.
#[derive(Debug)]
pub(super) struct Signs(NodeMap<bool>);

impl Signs {
    /// Reads them off the graph, operands first.
    pub(super) fn of(network: &Checked) -> Self {
        let mut signs = Self(NodeMap::new(network.graph()));
        for layer in network.layers() {
            let of_operands = || layer.operands.iter().all(|operand| signs.never_negative(*operand));
            let never = match layer.node.op {
                Op::Activation(activation) => activation.is_never_negative(),
                // A window of a max pool has an element of the map, and what a pad adds is zero.
                Op::MaxPool(_)
                | Op::AvgPool(_)
                | Op::Blur(_)
                | Op::Concat(_)
                | Op::DropPath(_)
                | Op::Multiply(_)
                | Op::Slice(_)
                | Op::AdaptivePool(_)
                | Op::Subsample(_)
                | Op::Flatten(_)
                | Op::Dropout(_)
                | Op::Pad(_)
                | Op::Add(_) => of_operands(),
                Op::PathSoftmax(_) => true,
                Op::Input(_)
                | Op::Conv2d(_)
                | Op::BatchNorm(_)
                | Op::Linear(_)
                | Op::ChannelConv(_)
                | Op::GroupNorm(_)
                | Op::LayerNorm(_)
                | Op::LayerScale(_) => false,
            };
            signs.0.insert(layer.id, never);
        }
        signs
    }

    /// Whether the value of `node` is known not to be negative.
    pub(super) fn never_negative(&self, node: NodeId) -> bool {
        *self.0.at(node)
    }
}
