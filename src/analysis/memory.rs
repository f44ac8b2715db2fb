//! Memory of float32 tensors: weights, the peak of inference, what training keeps.
//!
//! Both walks take the nodes in topological order and visit each edge a constant number of times.

use crate::ir::{NodeId, Op, op};
use crate::valid::{Checked, Layer};

/// Bytes of one element.
pub const FLOAT: u128 = 4;
/// Bytes of one index of a max pool, int64 in PyTorch.
const INDEX: u128 = 8;

/// Memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Parameters and statistics.
    pub weights_bytes: u128,
    /// The largest sum of live tensors during inference, the input kept.
    pub inference_peak_bytes: u128,
    /// What a PyTorch training step keeps for the backward pass, relus and adds in place.
    pub training_saved_bytes: u128,
}

/// The peak of inference and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peak {
    /// The node during which it is reached, the first if there are several.
    pub node: NodeId,
    /// Elements that live then, for one image.
    pub elements: u128,
}

/// How an op's value comes to be in memory during inference.
enum Storage {
    /// In a tensor of its own.
    Fresh,
    /// Over its first operand, if nobody reads that later.
    InPlace,
    /// It is its first operand, seen differently or unchanged.
    View,
}

/// Inference: batch norm, relu and add work in place; a flatten is a view and a dropout does nothing; padding and
/// subsampling make tensors of their own, as layers and slices do.
fn inference_storage(op: &Op) -> Storage {
    match op {
        Op::BatchNorm(_) | Op::Activation(op::Activation::Relu | op::Activation::Relu6) | Op::Add(_) => {
            Storage::InPlace
        }
        Op::Flatten(_) | Op::Dropout(_) | Op::DropPath(_) => Storage::View,
        Op::Input(_)
        | Op::Conv2d(_)
        | Op::Activation(_)
        | Op::MaxPool(_)
        | Op::AdaptivePool(_)
        | Op::Linear(_)
        | Op::Pad(_)
        | Op::Subsample(_)
        | Op::AvgPool(_)
        | Op::Blur(_)
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_)
        | Op::Slice(_) => Storage::Fresh,
    }
}

/// A table with one entry for every node.
struct Table<T>(Vec<T>);

impl<T: Copy + Default> Table<T> {
    fn new(network: &Checked) -> Self {
        Self(vec![T::default(); network.graph().bound()])
    }

    fn get(&self, id: NodeId) -> T {
        self.0.get(id.index()).copied().unwrap_or_default()
    }

    fn set(&mut self, id: NodeId, value: T) {
        if let Some(slot) = self.0.get_mut(id.index()) {
            *slot = value;
        }
    }
}

/// The largest sum of live elements over the topological order, for one image. A tensor is freed after the last node
/// that reads it or a view of it; the input and the output are kept.
#[must_use]
pub fn inference_peak(network: &Checked) -> Peak {
    let (owners, last_uses) = lifetimes(network);
    let mut live = 0;
    let mut peak = Peak { node: network.output(), elements: 0 };
    for (position, layer) in network.layers().enumerate() {
        let dies = |owner: NodeId| last_uses.get(owner) == position;
        let first = layer.operands.first().map(|&operand| owners.get(operand));
        let in_place = matches!(inference_storage(&layer.node.op), Storage::InPlace) && first.is_some_and(dies);
        if !in_place && owners.get(layer.id) == layer.id {
            live += layer.output.elements();
        }
        if live > peak.elements {
            peak = Peak { node: layer.id, elements: live };
        }
        let mut freed = if in_place { first } else { None };
        for owner in layer.operands.iter().map(|&operand| owners.get(operand)) {
            if dies(owner) && freed != Some(owner) {
                live -= network.shape(owner).elements();
                freed = Some(owner);
            }
        }
    }
    peak
}

/// For every node the one that owns its tensor, and for every owner the position of the last node that reads it.
fn lifetimes(network: &Checked) -> (Table<NodeId>, Table<usize>) {
    let mut owners = Table::<NodeId>::new(network);
    let mut last_uses = Table::<usize>::new(network);
    for (position, layer) in network.layers().enumerate() {
        for &operand in &layer.operands {
            last_uses.set(owners.get(operand), position);
        }
        let owner = match (inference_storage(&layer.node.op), layer.operands.first()) {
            (Storage::View, Some(&operand)) => owners.get(operand),
            _ => layer.id,
        };
        owners.set(layer.id, owner);
    }
    let forever = usize::MAX;
    last_uses.set(owners.get(network.output()), forever);
    if let Some(input) = network.graph().input() {
        last_uses.set(owners.get(input), forever);
    }
    (owners, last_uses)
}

/// What an op keeps for the backward pass.
struct Saved {
    /// Its operand's buffer.
    operand: bool,
    /// Its value's buffer.
    value: bool,
    /// Bytes of its own for each image.
    own: u128,
    /// Bytes of its own for each batch.
    once: u128,
}

/// What PyTorch's backward formulas ask for: a convolution, a linear layer and a batch norm their input (the norm also
/// the batch's mean and inverse deviation), a relu and a softmax their output, a max pool its input and the indices of
/// the maxima, dropout its mask of one byte each. A global mean, a sum, views and padding ask for nothing.
fn saved(layer: &Layer<'_>) -> Saved {
    let outputs = layer.output.elements();
    let nothing = Saved { operand: false, value: false, own: 0, once: 0 };
    let operand = Saved { operand: true, ..nothing };
    match &layer.node.op {
        Op::Conv2d(_)
        | Op::Linear(_)
        | Op::AvgPool(_)
        | Op::ChannelConv(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_) => operand,
        Op::BatchNorm(_) => Saved { once: 2 * FLOAT * u128::from(layer.output.channels()), ..operand },
        Op::PathSoftmax(_) | Op::Activation(_) => Saved { value: true, ..nothing },
        Op::MaxPool(_) => Saved { own: INDEX * outputs, ..operand },
        Op::AdaptivePool(op) => match op.kind {
            op::PoolKind::Average if op.is_global() => nothing,
            op::PoolKind::Average => operand,
            op::PoolKind::Maximum => Saved { own: INDEX * outputs, ..operand },
        },
        Op::Dropout(_) => Saved { own: outputs, ..nothing },
        Op::Input(_)
        | Op::Flatten(_)
        | Op::Add(_)
        | Op::Pad(_)
        | Op::Subsample(_)
        | Op::Blur(_)
        | Op::Concat(_)
        | Op::DropPath(_)
        | Op::Slice(_) => nothing,
    }
}

/// Training: relu and add work in place, flatten is a view; everything else makes a tensor of its own.
fn training_storage(op: &Op) -> Storage {
    match op {
        Op::Activation(op::Activation::Relu | op::Activation::Relu6) | Op::Add(_) => Storage::InPlace,
        Op::Flatten(_) => Storage::View,
        Op::Input(_)
        | Op::Conv2d(_)
        | Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::MaxPool(_)
        | Op::AdaptivePool(_)
        | Op::Linear(_)
        | Op::Pad(_)
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
        | Op::PathSoftmax(_)
        | Op::Slice(_) => Storage::Fresh,
    }
}

/// The bytes that a training step keeps: the union of what the ops save. A buffer that an op has saved is not written
/// over: where a relu or an add would have to, it makes a tensor of its own.
#[must_use]
pub fn training_saved(network: &Checked, batch: u128) -> u128 {
    let mut buffers = Table::<NodeId>::new(network);
    let mut kept = Table::<bool>::new(network);
    let (mut elements, mut own, mut once) = (0, 0, 0);
    let mut keep = |kept: &mut Table<bool>, buffer: NodeId| {
        if !kept.get(buffer) {
            kept.set(buffer, true);
            elements += network.shape(buffer).elements();
        }
    };
    for layer in network.layers() {
        let first = layer.operands.first().map(|&operand| buffers.get(operand));
        let saved = saved(&layer);
        let reused = match training_storage(&layer.node.op) {
            Storage::Fresh => None,
            Storage::View => first,
            Storage::InPlace => first.filter(|&buffer| !kept.get(buffer) && !is_shared(network, &layer)),
        };
        buffers.set(layer.id, reused.unwrap_or(layer.id));
        if let Some(buffer) = first.filter(|_| saved.operand) {
            keep(&mut kept, buffer);
        }
        if saved.value {
            keep(&mut kept, buffers.get(layer.id));
        }
        own += saved.own;
        once += saved.once;
    }
    batch * (FLOAT * elements + own) + once
}

/// Whether anybody else reads the first operand of `layer`.
fn is_shared(network: &Checked, layer: &Layer<'_>) -> bool {
    layer.operands.first().is_some_and(|&operand| network.graph().readers(operand).len() > 1)
}

/// Memory of `network` for a batch, with `parameters` parameters and statistics.
#[must_use]
pub(super) fn measure(network: &Checked, parameters: u128, batch: u128) -> Memory {
    Memory {
        weights_bytes: FLOAT * parameters,
        inference_peak_bytes: FLOAT * batch * inference_peak(network).elements,
        training_saved_bytes: training_saved(network, batch),
    }
}
