//! From a checked network and its weights to burn's modules and the plan.

use super::step::{Kernel, Operand, Step};
use super::{ChannelConv, DropPath, Gain, GroupNorm, Layer, LayerNorm, Model, Plan};
use crate::diagnostic::{Code, Refusal};
use crate::ir::op::{self, Op};
use crate::ir::{NodeId, Parameter, ParameterKind, Shape};
use crate::valid::Checked;
use crate::weights::{Weights, oihw_to_hwio};
use burn::module::{Param, RunningState};
use burn::nn::conv::{Conv1d, Conv2d};
use burn::nn::{BatchNorm, DropoutConfig, Linear, PaddingConfig1d, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::HashMap;

pub(super) fn model(checked: &Checked, device: &Device, weights: Weights) -> Result<Model, Refusal> {
    let mut builder = Builder { checked, device, weights, layers: Vec::new(), nodes: Vec::new() };
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
    Ok(Model { layers, plan: Plan { steps, nodes } })
}

/// For every node, the reader that comes last, and in which of its operands.
fn last_readers(checked: &Checked) -> HashMap<NodeId, (NodeId, usize)> {
    let readings = checked.layers().flat_map(|layer| {
        layer.operands.into_iter().enumerate().map(move |(slot, operand)| (operand, (layer.id, slot)))
    });
    readings.collect()
}

/// As burn counts. What does not fit has been refused, because it would not fit into memory either.
pub(super) fn size(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

struct Builder<'a> {
    checked: &'a Checked,
    device: &'a Device,
    weights: Weights,
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
            Op::Conv2d(op) => self.convolution(id, *op)?,
            Op::BatchNorm(op) => self.batch_norm(id, *op)?,
            Op::Linear(op) => match self.checked.layer(id).input {
                Shape::Map { .. } => self.pointwise(id, *op)?,
                Shape::Vector(_) => self.linear(id, *op)?,
            },
            Op::Dropout(op) => Layer::Dropout(DropoutConfig::new(op.rate).init()),
            Op::DropPath(op) => Layer::DropPath(DropPath { dropout: DropoutConfig::new(op.rate).init() }),
            Op::ChannelConv(op) => self.channel_conv(id, *op)?,
            Op::LayerNorm(op) => {
                let [gamma, beta] = self.affine(id)?;
                Layer::LayerNorm(LayerNorm { gamma, beta, epsilon: op.epsilon })
            }
            Op::GroupNorm(op) => {
                let [gamma, beta] = self.affine(id)?;
                Layer::GroupNorm(GroupNorm { gamma, beta, groups: size(op.groups), epsilon: op.epsilon })
            }
            Op::LayerScale(_) => {
                let factors = self.take(id, ParameterKind::Gain)?;
                Layer::Gain(Gain { factors: self.parameter(factors) })
            }
        };
        self.layers.push(layer);
        self.nodes.push(id);
        Ok(Kernel::Layer(self.layers.len() - 1))
    }

    fn convolution(&mut self, id: NodeId, op: op::Conv2d) -> Result<Layer, Refusal> {
        let weight = self.take(id, ParameterKind::Kernel)?;
        let padding = op.window.padding;
        let [top, left, bottom, right] = [padding.top, padding.left, padding.bottom, padding.right].map(size);
        Ok(Layer::Conv2d(Conv2d {
            weight: self.parameter::<4>(weight),
            bias: self.bias(id, op.bias)?,
            stride: op.window.stride.map(size),
            kernel_size: op.window.kernel.map(size),
            dilation: op.window.dilation.map(size),
            groups: size(op.groups),
            padding: PaddingConfig2d::Explicit(top, left, bottom, right),
        }))
    }

    fn batch_norm(&mut self, id: NodeId, op: op::BatchNorm) -> Result<Layer, Refusal> {
        let op::BatchNorm { epsilon, momentum } = op;
        let [gamma, beta] = self.affine(id)?;
        let [mean, variance] = [ParameterKind::Mean, ParameterKind::Variance].map(|kind| self.take(id, kind));
        Ok(Layer::BatchNorm(BatchNorm {
            gamma,
            beta,
            training: Param::from_bool(true),
            running_mean: RunningState::new(Tensor::from_data(mean?, self.device)),
            running_var: RunningState::new(Tensor::from_data(variance?, self.device)),
            momentum,
            epsilon,
        }))
    }

    /// A norm's gamma and beta.
    fn affine(&mut self, id: NodeId) -> Result<[Param<Tensor<1>>; 2], Refusal> {
        let [gamma, beta] = [ParameterKind::Scale, ParameterKind::Shift].map(|kind| self.take(id, kind));
        Ok([self.parameter(gamma?), self.parameter(beta?)])
    }

    fn bias(&mut self, id: NodeId, is_there: bool) -> Result<Option<Param<Tensor<1>>>, Refusal> {
        let bias = if is_there { Some(self.take(id, ParameterKind::Bias)?) } else { None };
        Ok(bias.map(|bias| self.parameter(bias)))
    }

    fn channel_conv(&mut self, id: NodeId, op: op::ChannelConv) -> Result<Layer, Refusal> {
        let weight = self.take(id, ParameterKind::Kernel)?;
        let before = size(op.kernel / 2);
        let conv = Conv1d {
            weight: self.parameter(weight),
            bias: None,
            stride: 1,
            kernel_size: size(op.kernel),
            dilation: 1,
            groups: 1,
            padding: PaddingConfig1d::Explicit(before, before),
        };
        Ok(Layer::ChannelConv(ChannelConv { conv }))
    }

    /// A linear layer at each position of a map.
    fn pointwise(&mut self, id: NodeId, op: op::Linear) -> Result<Layer, Refusal> {
        let matrix: Tensor<2> = Tensor::from_data(self.take(id, ParameterKind::Kernel)?, self.device);
        Ok(Layer::Pointwise(Conv2d {
            weight: Param::from_tensor(matrix.unsqueeze_dims(&[2, 3])),
            bias: self.bias(id, op.bias)?,
            stride: [1, 1],
            kernel_size: [1, 1],
            dilation: [1, 1],
            groups: 1,
            padding: PaddingConfig2d::Valid,
        }))
    }

    fn linear(&mut self, id: NodeId, op: op::Linear) -> Result<Layer, Refusal> {
        let [outputs, inputs] = self.shape(id, ParameterKind::Kernel)[..] else {
            return Err(self.refusal(id, ParameterKind::Kernel));
        };
        let matrix = self.take(id, ParameterKind::Kernel)?;
        let values = matrix.try_into_vec::<f32>().map_err(|_| self.refusal(id, ParameterKind::Kernel))?;
        let transposed = oihw_to_hwio(&values, [outputs, inputs, 1, 1]);
        let weight = self.parameter(TensorData::new(transposed, [size(inputs), size(outputs)]));
        Ok(Layer::Linear(Linear { weight, bias: self.bias(id, op.bias)? }))
    }

    fn parameter<const D: usize>(&self, data: TensorData) -> Param<Tensor<D>> {
        Param::from_tensor(Tensor::from_data(data, self.device))
    }

    /// The shape that a parameter of the node `id` must have.
    fn shape(&self, id: NodeId, kind: ParameterKind) -> Vec<u64> {
        let layer = self.checked.layer(id);
        let parameters = layer.node.op.parameters(layer.input);
        parameters.into_iter().find(|(own, _)| *own == kind).map(|(_, shape)| shape).unwrap_or_default()
    }

    /// A parameter's tensor, out of the weights.
    fn take(&mut self, id: NodeId, kind: ParameterKind) -> Result<TensorData, Refusal> {
        let shape = self.shape(id, kind);
        let tensor = self.weights.take(Parameter { node: id, kind });
        let sides: Vec<_> = shape.iter().copied().map(size).collect();
        match tensor.filter(|tensor| tensor.shape == shape && tensor.values.len() == sides.iter().product::<usize>()) {
            Some(tensor) => Ok(TensorData::new(tensor.values, sides)),
            None => Err(self.refusal(id, kind)),
        }
    }

    fn refusal(&self, id: NodeId, kind: ParameterKind) -> Refusal {
        let suffix = self.checked.graph().dialect.names.parameters.suffix(kind);
        let name = self.checked.name(id);
        Refusal::new(Code::WeightsDoNotFit, format!("the weights have no `{name}{suffix}` of the network's shape"))
            .note("weights that were read for one network do not fit another, nor its folded form")
    }
}
