//! What a weight file of a network holds: names, shapes, layouts.

use crate::ir::dialect::Layout;
use crate::ir::{NodeId, Op, Parameter, ParameterKind};
use crate::valid::Checked;

/// One tensor of a weight file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The parameter that it is.
    pub parameter: Parameter,
    /// The dialect's name of it.
    pub name: String,
    /// Its shape in the file.
    pub shape: Vec<u64>,
    /// Its shape in the IR's layout.
    pub ir_shape: Vec<u64>,
    /// For a kernel of a dialect whose files have H, W, I, O (and H, W, channels, outputs of each for a depthwise
    /// convolution): the extent O, I, H, W of the same tensor.
    pub permuted: Option<[u64; 4]>,
}

/// The tensors of a weight file for `checked`, in topological order and, within a layer, in the frameworks' order.
#[must_use]
pub fn expected(checked: &Checked) -> Vec<Entry> {
    let dialect = &checked.graph().dialect;
    let suffixes = &dialect.names.parameters;
    checked
        .parameters()
        .map(|(parameter, extents)| {
            let ir_shape = extents.into_vec();
            let name = suffixes.tensor(checked.name(parameter.node), parameter.kind);
            let permuted = match (dialect.names.layout, parameter.kind) {
                (Layout::Keras, ParameterKind::Kernel) => Some(oihw(checked, parameter.node, &ir_shape)),
                (Layout::Torch | Layout::Keras, _) => None,
            };
            let shape = match permuted {
                // A factor for each channel of C, H, W, as PyTorch multiplies them.
                None if (dialect.names.layout, parameter.kind) == (Layout::Torch, ParameterKind::Gain) => {
                    ir_shape.iter().copied().chain([1, 1]).collect()
                }
                None => ir_shape.clone(),
                Some([outputs, inputs, height, width]) if ir_shape.len() == 4 => {
                    // Of a depthwise convolution Keras has channels and outputs of each, which is the same order.
                    let channels = depthwise_channels(checked, parameter.node).unwrap_or(inputs);
                    vec![height, width, channels, outputs * inputs / channels.max(1)]
                }
                Some(_) => ir_shape.iter().rev().copied().collect(),
            };
            Entry { parameter, name, shape, ir_shape, permuted }
        })
        .collect()
}

/// The channels of a convolution that convolves each by itself.
fn depthwise_channels(checked: &Checked, node: NodeId) -> Option<u64> {
    let layer = checked.layer(node);
    let channels = layer.input.channels();
    matches!(layer.node.op, Op::Conv2d(conv) if conv.groups == channels).then_some(channels)
}

/// A kernel's extent as O, I, H, W: a convolution's own, and [out, C, H, W] where a linear layer reads a flattened map.
fn oihw(checked: &Checked, node: NodeId, shape: &[u64]) -> [u64; 4] {
    match *shape {
        [outputs, inputs, height, width] => [outputs, inputs, height, width],
        [outputs, inputs] => {
            let [channels, height, width] = checked.flattened_map(node).unwrap_or([inputs, 1, 1]);
            [outputs, channels, height, width]
        }
        _ => [shape.iter().product(), 1, 1, 1],
    }
}
