//! Memory of tensors, of float32 unless it says otherwise: weights, the peak of inference, what training keeps.
//!
//! Both walks take the nodes in topological order and visit each edge a constant number of times. Both can take a network
//! piece by piece: what follows a value asks no more of what made it than a [`Tensor`] says.

use super::trace::{Step, Table, Trace};
use crate::ir::op::{self, Activation};
use crate::ir::{Dtype, NodeId, Op, Operands, Shape, Sides};
use crate::valid::Checked;

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

/// How an op's value comes to be in memory.
enum Storage {
    /// In a tensor of its own.
    Fresh,
    /// Over its first operand, if nobody reads that later.
    InPlace,
    /// It is its first operand, or a part of it, seen differently or unchanged.
    View,
}

/// Inference: batch norm, add and the activations that the reference implementations run in place do so; a flatten and a
/// slice are views, dropout and stochastic depth do nothing; padding and subsampling make tensors of their own, as layers
/// and strided slices do.
fn inference_storage(op: &Op) -> Storage {
    match op {
        Op::BatchNorm(_)
        | Op::Activation(Activation::Relu | Activation::Relu6 | Activation::Silu | Activation::HardSwish)
        | Op::Add(_) => Storage::InPlace,
        Op::Flatten(_) | Op::Dropout(_) | Op::DropPath(_) | Op::Slice(_) => Storage::View,
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
        | Op::PathSoftmax(_) => Storage::Fresh,
    }
}

/// What is in memory of the value that a piece of a network begins to read, or leaves: the tensor that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tensor {
    /// The tensor's elements for one image: more than the value's, where that is a part of it.
    pub elements: u128,
    /// Inference: it is the network's input, which is never freed. Training: an op has saved it.
    pub kept: bool,
}

/// What a walk over inference finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inference {
    /// The largest sum of live elements, for one image.
    pub peak: u128,
    /// The tensor that holds the last value.
    pub exit: Tensor,
}

/// What lives while one layer is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The layer.
    pub node: NodeId,
    /// Elements that live while it is computed, for one image.
    pub elements: u128,
}

/// Visits every step in topological order with the elements that live during it, for one image, and with which tensors do,
/// each under the step that made it; returns the tensor that holds the last value. A tensor is freed after the last step
/// that reads it or a view of it. Kept are the last value, since it is read by what follows, and the network's input: the
/// first value, unless the walk begins to read one that `entry` holds.
fn walk(trace: &Trace<'_>, entry: Option<Tensor>, mut visit: impl FnMut(usize, u128, &Table<bool>)) -> Tensor {
    let mut owners = Table::<usize>::new(trace);
    // How often the tensor of each owner will still be read.
    let mut reads = Table::<usize>::new(trace);
    let mut lives = Table::<bool>::new(trace);
    let size = |owner: usize| entry.filter(|_| owner == 0).map_or(trace.shape(owner).elements(), |it| it.elements);
    let last = trace.len().saturating_sub(1);
    let is_input = |at: usize| at == 0 && entry.is_none_or(|it| it.kept);
    let mut elements = 0;
    for (at, step) in trace.steps().iter().enumerate() {
        let first = step.operands.first().map(|&operand| owners.get(operand));
        let here = |owner: usize| step.operands.iter().filter(|operand| owners.get(**operand) == owner).count();
        let reused = match inference_storage(step.op) {
            Storage::Fresh => None,
            Storage::View => first,
            Storage::InPlace => {
                first.filter(|&owner| reads.get(owner) == here(owner) && size(owner) == step.input.elements())
            }
        };
        let owner = reused.unwrap_or(at);
        if reused.is_none() {
            lives.set(owner, true);
            elements += size(owner);
        }
        visit(at, elements, &lives);
        owners.set(at, owner);
        reads.set(owner, reads.get(owner) + step.readers + usize::from(at == last || is_input(at)));
        for operand in step.operands.iter().map(|&operand| owners.get(operand)) {
            reads.set(operand, reads.get(operand).saturating_sub(1));
            if reads.get(operand) == 0 && lives.get(operand) {
                lives.set(operand, false);
                elements -= size(operand);
            }
        }
    }
    let owner = owners.get(last);
    Tensor { elements: size(owner), kept: is_input(owner) }
}

/// Inference of a whole network, or of a piece that begins to read a value that `entry` holds. Of a piece, the peak counts
/// `entry` and what is made in it: that the network's input stays beside, where `entry` is not it, is for who adds up.
#[must_use]
pub fn inference(trace: &Trace<'_>, entry: Option<Tensor>) -> Inference {
    let mut peak = 0;
    let exit = walk(trace, entry, |_, elements, _| peak = peak.max(elements));
    Inference { peak, exit }
}

/// What lives during each layer of inference, in topological order, for one image.
#[must_use]
pub fn timeline(network: &Checked) -> Vec<Moment> {
    moments(network, &Trace::of(network))
}

/// [`timeline`] of a network of which `trace` is the trace.
pub(super) fn moments(network: &Checked, trace: &Trace<'_>) -> Vec<Moment> {
    let mut order = network.order().iter();
    let mut moments = Vec::with_capacity(trace.len());
    walk(trace, None, |_, elements, _| moments.extend(order.next().map(|&node| Moment { node, elements })));
    moments
}

/// The tensors that live during the layer `node` of inference, each as the layer that made it, in the order of the network.
#[must_use]
pub fn live_at(network: &Checked, node: NodeId) -> Vec<NodeId> {
    let order = network.order();
    let mut live = Vec::new();
    walk(&Trace::of(network), None, |at, _, lives| {
        if order.get(at) == Some(&node) {
            live.extend(
                order.iter().take(at + 1).enumerate().filter(|(owner, _)| lives.get(*owner)).map(|(_, &id)| id),
            );
        }
    });
    live
}

/// The largest sum of the [`timeline`], and the first layer that has it.
#[must_use]
pub fn inference_peak(network: &Checked) -> Moment {
    peak(network, &timeline(network))
}

/// The largest of the moments of `network`, the first if there are several.
#[must_use]
pub fn peak(network: &Checked, timeline: &[Moment]) -> Moment {
    let start = Moment { node: network.output(), elements: 0 };
    timeline.iter().fold(start, |peak, moment| if moment.elements > peak.elements { *moment } else { peak })
}

/// What an op keeps for the backward pass.
#[derive(Default)]
struct Saved {
    /// The operands whose buffers it keeps.
    operands: Operands<usize>,
    /// Its value's buffer.
    value: bool,
    /// What it keeps of its own.
    own: Kept,
}

/// What a training step keeps for the backward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// Elements for each image.
    pub elements: u128,
    /// Statistics for each image: float32, or what is wider.
    pub statistics: u128,
    /// Statistics for each batch.
    pub once: u128,
    /// Bytes for each image of what is no float: indices and masks.
    pub bytes: u128,
}

impl Kept {
    /// All bytes for a batch. On a GPU, batch norm and layer norm keep means and deviations in float32 also where they work
    /// on narrower floats (`toAccumulateType` in PyTorch's `Normalization.cu` and `layer_norm_kernel.cu`); on a CPU, which
    /// is no place to train in those, they do not.
    #[must_use]
    pub fn bytes(&self, dtype: Dtype, batch: u128) -> u128 {
        let statistic = dtype.bytes().max(FLOAT);
        batch * (dtype.bytes() * self.elements + statistic * self.statistics + self.bytes) + statistic * self.once
    }
}

impl std::ops::AddAssign for Kept {
    fn add_assign(&mut self, other: Self) {
        self.elements += other.elements;
        self.statistics += other.statistics;
        self.once += other.once;
        self.bytes += other.bytes;
    }
}

/// What PyTorch's backward formulas ask for where a gradient is needed, `trained` saying of which values. Of a map, C is
/// its channels and P its positions.
///
/// A convolution, a linear layer, an average pool and a norm keep their input: a batch norm also 2 C statistics of the batch, a
/// layer norm 2 P and a group norm 2 floats a group of each image. A max pool keeps its input and the indices of the maxima.
/// Relu, sigmoid and softmax keep their value, the other activations what they read: run in place, they keep a copy of it
/// first. A product keeps each operand for the gradient of the others, a layer scale what it scales. Dropout keeps its mask
/// of one byte each, stochastic depth a float an image. A blur keeps what it reads for the gradient of the reflection, and
/// the padded map as any convolution. A global mean, a sum, concatenation, views and padding keep nothing.
fn saved(trace: &Trace<'_>, layer: &Step<'_>, at: usize, trained: &Table<bool>) -> Saved {
    let outputs = layer.output.elements();
    let (nothing, none) = (Saved::default(), Kept::default());
    if !trained.get(at) {
        return nothing;
    }
    let operand = || Saved { operands: layer.operands.clone(), ..Saved::default() };
    match layer.op {
        Op::Conv2d(_)
        | Op::Linear(_)
        | Op::AvgPool(_)
        | Op::ChannelConv(_)
        | Op::LayerScale(_)
        | Op::Activation(
            Activation::Relu6 | Activation::Silu | Activation::Gelu | Activation::HardSigmoid | Activation::HardSwish,
        ) => operand(),
        Op::BatchNorm(_) => Saved { own: Kept { once: 2 * u128::from(layer.output.channels()), ..none }, ..operand() },
        Op::LayerNorm(_) => Saved { own: Kept { statistics: 2 * layer.input.positions(), ..none }, ..operand() },
        Op::GroupNorm(norm) => Saved { own: Kept { elements: 2 * u128::from(norm.groups), ..none }, ..operand() },
        Op::Activation(Activation::Relu | Activation::Sigmoid | Activation::Softmax) | Op::PathSoftmax(_) => {
            Saved { value: true, ..nothing }
        }
        Op::MaxPool(_) => Saved { own: Kept { bytes: INDEX * outputs, ..none }, ..operand() },
        Op::AdaptivePool(op) => match op.kind {
            op::PoolKind::Average if op.is_global() => nothing,
            op::PoolKind::Average => operand(),
            op::PoolKind::Maximum => Saved { own: Kept { bytes: INDEX * outputs, ..none }, ..operand() },
        },
        Op::Dropout(dropout) if dropout.rate > 0.0 => Saved { own: Kept { bytes: outputs, ..none }, ..nothing },
        Op::DropPath(drop) if drop.rate > 0.0 => Saved { own: Kept { elements: 1, ..none }, ..nothing },
        Op::Blur(blur) => {
            Saved { own: Kept { elements: padded(layer.input, blur.window.padding), ..none }, ..operand() }
        }
        Op::Multiply(_) => product(trace, layer, trained),
        Op::Input(_)
        | Op::Flatten(_)
        | Op::Add(_)
        | Op::Pad(_)
        | Op::Subsample(_)
        | Op::Concat(_)
        | Op::Dropout(_)
        | Op::DropPath(_)
        | Op::Slice(_) => nothing,
    }
}

/// The elements of a map with padding; none where there is no padding, since nothing is made then.
fn padded(shape: Shape, sides: Sides) -> u128 {
    match shape.size() {
        Some([height, width]) if !sides.is_zero() => {
            let side = |parts: [u64; 3]| parts.into_iter().map(u128::from).sum::<u128>();
            let rows = side([height, sides.top, sides.bottom]);
            u128::from(shape.channels()) * rows * side([width, sides.left, sides.right])
        }
        Some(_) | None => 0,
    }
}

/// Operands are multiplied two at a time from the first on: each product keeps a side where the other needs a gradient, and
/// all but the last product are tensors that the next one may keep.
fn product(trace: &Trace<'_>, layer: &Step<'_>, trained: &Table<bool>) -> Saved {
    let mut saved = Saved::default();
    let Some((&first, rest)) = layer.operands.split_first() else { return saved };
    let (mut needs, mut shape) = (trained.get(first), trace.shape(first));
    for (position, &operand) in rest.iter().enumerate() {
        if needs {
            saved.operands.push(operand);
        }
        if trained.get(operand) {
            match position {
                0 => saved.operands.push(first),
                _ => saved.own.elements += shape.elements(),
            }
        }
        needs |= trained.get(operand);
        shape = layer.op.infer(&[shape, trace.shape(operand)]).unwrap_or(shape);
    }
    saved
}

/// Training: relu and add work in place, flatten and slices are views; everything else makes a tensor of its own, other
/// activations too, since those that work in place keep a copy of what they write over.
fn training_storage(op: &Op) -> Storage {
    match op {
        Op::Activation(Activation::Relu) | Op::Add(_) => Storage::InPlace,
        Op::Flatten(_) | Op::Slice(_) => Storage::View,
        Op::Dropout(op::Dropout { rate }) | Op::DropPath(op::DropPath { rate }) if *rate <= 0.0 => Storage::View,
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
        | Op::PathSoftmax(_) => Storage::Fresh,
    }
}

/// What a walk over training finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Training {
    /// What a step keeps for the backward pass.
    pub kept: Kept,
    /// The tensor that holds the last value.
    pub exit: Tensor,
    /// Whether a gradient is needed of the last value.
    pub trained: bool,
}

/// Training of a whole network, or of a piece that begins to read a value that a tensor holds, of which a gradient is needed
/// or not. What a step keeps is the union of what the ops save. A buffer that an op has saved is not written over: where a
/// relu or an add would have to, it makes a tensor of its own.
#[must_use]
pub fn training(trace: &Trace<'_>, entry: Option<(Tensor, bool)>) -> Training {
    let mut buffers = Table::<usize>::new(trace);
    let mut kept = Table::<bool>::new(trace);
    let mut trained = Table::<bool>::new(trace);
    let size = |at: usize| entry.filter(|_| at == 0).map_or(trace.shape(at).elements(), |(tensor, _)| tensor.elements);
    let (mut elements, mut sum) = (0, Kept::default());
    let mut keep = |kept: &mut Table<bool>, buffer: usize| {
        if !kept.get(buffer) {
            kept.set(buffer, true);
            elements += size(buffer);
        }
    };
    if let Some((tensor, needed)) = entry {
        kept.set(0, tensor.kept);
        trained.set(0, needed);
    }
    for (at, step) in trace.steps().iter().enumerate().skip(usize::from(entry.is_some())) {
        let is_trained = step.op.parameters(step.input).iter().any(|(kind, _)| kind.is_trainable());
        trained.set(at, is_trained || step.operands.iter().any(|operand| trained.get(*operand)));
        let first = step.operands.first().map(|&operand| buffers.get(operand));
        let saved = saved(trace, step, at, &trained);
        let reused = match training_storage(step.op) {
            Storage::Fresh => None,
            Storage::View => first,
            Storage::InPlace => first.filter(|&buffer| {
                !kept.get(buffer) && !is_shared(trace, step) && size(buffer) == step.input.elements()
            }),
        };
        buffers.set(at, reused.unwrap_or(at));
        for &operand in &saved.operands {
            keep(&mut kept, buffers.get(operand));
        }
        if saved.value {
            keep(&mut kept, buffers.get(at));
        }
        sum += saved.own;
    }
    let last = trace.len().saturating_sub(1);
    let buffer = buffers.get(last);
    let exit = Tensor { elements: size(buffer), kept: kept.get(buffer) };
    Training { kept: Kept { elements: sum.elements + elements, ..sum }, exit, trained: trained.get(last) }
}

/// Whether anybody else reads the first operand of `step`.
fn is_shared(trace: &Trace<'_>, step: &Step<'_>) -> bool {
    step.operands.first().is_some_and(|&operand| trace.readers(operand) > 1)
}
