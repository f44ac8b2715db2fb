//! From a checked network and its weights to burn's modules and the plan.

use super::inference::Inference;
use super::source::Source;
use super::step::{Kernel, Operand, Step};
use super::{BatchNorm, ChannelConv, DropPath, Gain, GroupNorm, Layer, LayerNorm, Model, Plan};
use crate::diagnostic::{Code, Refusal};
use crate::engine::size;
use crate::ir::op::{self, Op, RunningVariance};
use crate::ir::{NodeId, Parameter, ParameterKind, Shape};
use crate::valid::Checked;
use crate::weights::{self, Entry, Weights, expected, oihw_to_hwio, supplied};
use burn::module::{Param, ParamId, RunningState};
use burn::nn::conv::{Conv1d, Conv2d};
use burn::nn::{DropoutConfig, Linear, PaddingConfig1d, PaddingConfig2d};
use burn::tensor::{Device, Shape as Sides, Tensor, TensorData};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Whether weights are those of `checked`.
///
/// # Errors
/// That a tensor is missing or has another shape.
pub(super) fn complete(checked: &Checked, weights: &Weights) -> Result<(), Refusal> {
    let fits = |entry: &Entry| {
        let count = entry.ir_shape.iter().copied().map(size).product::<usize>();
        let tensor = weights.get(entry.parameter);
        tensor.is_some_and(|tensor| tensor.shape == entry.ir_shape && tensor.values.len() == count)
    };
    let Some(Entry { name, .. }) = expected(checked).into_iter().find(|entry| !fits(entry)) else { return Ok(()) };
    let message = format!("the weights have no `{name}` of the network's shape");
    let note = "weights that were read for one network do not fit another, nor its folded form";
    Err(Refusal::new(Code::WeightsDoNotFit, message).note(note))
}

/// `checked` as a model whose parameters come from `source` when they are first used. Where that gives them `again`, inference need not
/// use them.
///
/// # Errors
/// That the statistics of a batch norm are missing or have another shape.
pub(super) fn model(checked: &Checked, device: &Device, source: Source, again: bool) -> Result<Model, Refusal> {
    let network = Arc::new(checked.clone());
    let inference = Inference::new(network.clone(), again.then(|| source.clone()));
    let entries = expected(checked).into_iter().map(|entry| (entry.parameter, entry)).collect();
    let mut builder = Builder { network, device, source, entries, layers: Vec::new(), nodes: Vec::new() };
    let mut steps = Vec::with_capacity(checked.order().len());
    let places: HashMap<NodeId, usize> = (0..).zip(checked.order()).map(|(place, &id)| (id, place)).collect();
    let last_readers = last_readers(checked);
    for (layer, &id) in checked.layers().zip(checked.order()) {
        let kernel = builder.kernel(id, &layer.node.op)?;
        let operands = layer.operands.iter().enumerate().filter_map(|(slot, operand)| {
            let last = last_readers.get(operand) == Some(&(id, slot));
            Some(Operand { step: *places.get(operand)?, last })
        });
        steps.push(Step { kernel, operands: operands.collect() });
    }
    let Builder { layers, nodes, .. } = builder;
    let made_for = checked.input_shape().size().filter(|_| checked.graph().fixed.size);
    let plan = Plan { steps, nodes, size: made_for.map(|sides| sides.map(size)) };
    Ok(Model { layers, inference, plan })
}

/// For every node, the reader that comes last, and in which of its operands.
fn last_readers(checked: &Checked) -> HashMap<NodeId, (NodeId, usize)> {
    let readings = checked
        .layers()
        .flat_map(|layer| layer.operands.iter().enumerate().map(move |(slot, &operand)| (operand, (layer.id, slot))));
    readings.collect()
}

struct Builder<'a> {
    network: Arc<Checked>,
    device: &'a Device,
    source: Source,
    entries: BTreeMap<Parameter, Entry>,
    layers: Vec<Layer>,
    nodes: Vec<NodeId>,
}

impl Builder<'_> {
    fn kernel(&mut self, id: NodeId, op: &Op) -> Result<Kernel, Refusal> {
        let layer = match op {
            Op::Input(_) => return Ok(Kernel::Input),
            Op::Activation(activation) => return Ok(Kernel::Activation(*activation)),
            Op::MaxPool(pool) => return Ok(Kernel::MaxPool(pool.window)),
            Op::AdaptivePool(pool) => return Ok(Kernel::AdaptivePool(*pool)),
            Op::Flatten(_) => return Ok(Kernel::Flatten),
            Op::Add(_) => return Ok(Kernel::Add),
            Op::Multiply(_) => return Ok(Kernel::Multiply),
            Op::Concat(_) => return Ok(Kernel::Concat),
            Op::Slice(slice) => return Ok(Kernel::Slice(*slice)),
            Op::AvgPool(pool) => return Ok(Kernel::AvgPool(*pool)),
            Op::Blur(blur) => return Ok(Kernel::Blur(*blur)),
            Op::PathSoftmax(softmax) => return Ok(Kernel::PathSoftmax(size(softmax.paths))),
            Op::Pad(pad) => return Ok(Kernel::Pad(*pad)),
            Op::Subsample(subsample) => return Ok(Kernel::Subsample(size(subsample.stride))),
            Op::Conv2d(op) => self.convolution(id, *op),
            Op::BatchNorm(op) => self.batch_norm(id, *op)?,
            Op::Linear(op) => match self.network.layer(id).input {
                Shape::Map { .. } => self.pointwise(id, *op),
                Shape::Vector(_) => self.linear(id, *op),
            },
            Op::Dropout(op) => Layer::Dropout(DropoutConfig::new(op.rate).init()),
            Op::DropPath(op) => Layer::DropPath(DropPath { dropout: DropoutConfig::new(op.rate).init() }),
            Op::ChannelConv(op) => self.channel_conv(id, *op),
            Op::LayerNorm(op) => {
                let [gamma, beta] = self.affine(id);
                Layer::LayerNorm(LayerNorm { gamma, beta, epsilon: op.epsilon })
            }
            Op::GroupNorm(op) => {
                let [gamma, beta] = self.affine(id);
                Layer::GroupNorm(GroupNorm { gamma, beta, groups: size(op.groups), epsilon: op.epsilon })
            }
            Op::LayerScale(_) => Layer::Gain(Gain { factors: self.parameter(id, ParameterKind::Gain, Arranged::Same) }),
        };
        self.layers.push(layer);
        self.nodes.push(id);
        Ok(Kernel::Layer(self.layers.len() - 1))
    }

    fn convolution(&self, id: NodeId, op: op::Conv2d) -> Layer {
        let padding = op.window.padding;
        let [top, left, bottom, right] = [padding.top, padding.left, padding.bottom, padding.right].map(size);
        Layer::Conv2d(Conv2d {
            weight: self.parameter(id, ParameterKind::Kernel, Arranged::Same),
            bias: self.bias(id, op.bias),
            stride: op.window.stride.map(size),
            kernel_size: op.window.kernel.map(size),
            dilation: op.window.dilation.map(size),
            groups: size(op.groups),
            padding: PaddingConfig2d::Explicit(top, left, bottom, right),
        })
    }

    fn batch_norm(&self, id: NodeId, op: op::BatchNorm) -> Result<Layer, Refusal> {
        let op::BatchNorm { epsilon, momentum, running_variance, .. } = op;
        let [gamma, beta] = self.affine(id);
        let [mean, variance] = [ParameterKind::Mean, ParameterKind::Variance].map(|kind| self.statistic(id, kind));
        Ok(Layer::BatchNorm(BatchNorm {
            gamma,
            beta,
            training: Param::from_bool(true),
            running_mean: RunningState::new(mean?),
            running_var: RunningState::new(variance?),
            momentum,
            epsilon,
            unbiased: running_variance == RunningVariance::Unbiased,
        }))
    }

    /// A norm's gamma and beta.
    fn affine(&self, id: NodeId) -> [Param<Tensor<1>>; 2] {
        [ParameterKind::Scale, ParameterKind::Shift].map(|kind| self.parameter(id, kind, Arranged::Same))
    }

    fn bias(&self, id: NodeId, is_there: bool) -> Option<Param<Tensor<1>>> {
        is_there.then(|| self.parameter(id, ParameterKind::Bias, Arranged::Same))
    }

    fn channel_conv(&self, id: NodeId, op: op::ChannelConv) -> Layer {
        let before = size(op.kernel / 2);
        let conv = Conv1d {
            weight: self.parameter(id, ParameterKind::Kernel, Arranged::Same),
            bias: None,
            stride: 1,
            kernel_size: size(op.kernel),
            dilation: 1,
            groups: 1,
            padding: PaddingConfig1d::Explicit(before, before),
        };
        Layer::ChannelConv(ChannelConv { conv })
    }

    /// A linear layer at each position of a map.
    fn pointwise(&self, id: NodeId, op: op::Linear) -> Layer {
        Layer::Pointwise(Conv2d {
            weight: self.parameter(id, ParameterKind::Kernel, Arranged::Window),
            bias: self.bias(id, op.bias),
            stride: [1, 1],
            kernel_size: [1, 1],
            dilation: [1, 1],
            groups: 1,
            padding: PaddingConfig2d::Valid,
        })
    }

    fn linear(&self, id: NodeId, op: op::Linear) -> Layer {
        let weight = self.parameter(id, ParameterKind::Kernel, Arranged::Transposed);
        Layer::Linear(Linear { weight, bias: self.bias(id, op.bias) })
    }

    /// A parameter, whose values are asked for when they are first used.
    fn parameter<const D: usize>(&self, node: NodeId, kind: ParameterKind, arranged: Arranged) -> Param<Tensor<D>> {
        let entry = self.entry(node, kind);
        let (network, mut source) = (self.network.clone(), self.source.clone());
        let sides = arranged.sides(&entry.ir_shape);
        let shape = Sides::from(sides.clone());
        let init = move |device: &Device, requires_gradient| {
            let tensor = supplied(&network, &entry, &mut source).expect("weights are given when they are asked for");
            let values = arranged.values(tensor);
            let tensor = Tensor::from_data(TensorData::new(values, sides), device);
            tensor.set_require_grad(requires_gradient)
        };
        Param::uninitialized(ParamId::new(), init, self.device.clone(), true, shape)
    }

    fn statistic(&self, node: NodeId, kind: ParameterKind) -> Result<Tensor<1>, Refusal> {
        let tensor = supplied(&self.network, &self.entry(node, kind), &mut self.source.clone())?;
        let count = tensor.values.len();
        Ok(Tensor::from_data(TensorData::new(tensor.values, [count]), self.device))
    }

    /// A parameter of a node among the network's.
    fn entry(&self, node: NodeId, kind: ParameterKind) -> Entry {
        let entry = self.entries.get(&Parameter { node, kind });
        entry.cloned().expect("an op's parameters are the network's")
    }
}

/// How burn has a parameter.
#[derive(Debug, Clone, Copy)]
enum Arranged {
    /// As the IR.
    Same,
    /// A matrix as a window of 1 x 1.
    Window,
    /// A matrix with inputs before outputs.
    Transposed,
}

impl Arranged {
    fn sides(self, shape: &[u64]) -> Vec<usize> {
        let sides = shape.iter().copied().map(size);
        match self {
            Self::Same => sides.collect(),
            Self::Window => sides.chain([1, 1]).collect(),
            Self::Transposed => sides.rev().collect(),
        }
    }

    fn values(self, tensor: weights::Tensor) -> Vec<f32> {
        match (self, &tensor.shape[..]) {
            (Self::Transposed, &[outputs, inputs]) => oihw_to_hwio(&tensor.values, [outputs, inputs, 1, 1]),
            (Self::Same | Self::Window | Self::Transposed, _) => tensor.values,
        }
    }
}
