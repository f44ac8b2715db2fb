//! The layers that have state: burn's own where burn has them, and those that it lacks.

use super::Value;
use crate::ir::ParameterKind;
use crate::weights::Tensor as Array;
use burn::module::{Flag, Module, Param, RunningState};
use burn::nn::conv::{Conv1d, Conv2d};
use burn::nn::{Dropout, Linear};
use burn::tensor::Tensor;
use burn::tensor::module::{batch_norm, batch_norm_train};

/// A layer with state.
#[derive(Module, Debug)]
pub enum Layer {
    /// A convolution; its kernel is O, I, H, W.
    Conv2d(Conv2d),
    /// A batch norm.
    BatchNorm(BatchNorm),
    /// A linear layer; its matrix is [in, out], the transpose of the IR's.
    Linear(Linear),
    /// A linear layer at each position of a map, as a convolution of 1 x 1; its matrix is [out, in, 1, 1].
    Pointwise(Conv2d),
    /// Dropout, which acts in training only.
    Dropout(Dropout),
    /// A convolution along the channels.
    ChannelConv(ChannelConv),
    /// Stochastic depth, which acts in training only.
    DropPath(DropPath),
    /// A layer norm over the channels.
    LayerNorm(LayerNorm),
    /// A group norm.
    GroupNorm(GroupNorm),
    /// A layer scale.
    Gain(Gain),
}

/// A batch norm.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// The factor for each channel.
    pub gamma: Param<Tensor<1>>,
    /// The summand for each channel.
    pub beta: Param<Tensor<1>>,
    /// Whether it trains where its device does.
    pub training: Param<Flag>,
    /// The running mean.
    pub running_mean: RunningState<Tensor<1>>,
    /// The running variance.
    pub running_var: RunningState<Tensor<1>>,
    /// The weight of the new batch in the running statistics.
    pub momentum: f64,
    /// Added to the variance.
    pub epsilon: f64,
    /// Whether the running variance is the population's, m / (m - 1) times a batch's own.
    pub unbiased: bool,
}

/// A convolution along the channels of a 1 x 1 map.
#[derive(Module, Debug)]
pub struct ChannelConv {
    /// Over N x 1 x C; its kernel is 1, 1, k.
    pub conv: Conv1d,
}

/// Stochastic depth.
#[derive(Module, Debug)]
pub struct DropPath {
    /// Draws one number an image: whether it is dropped.
    pub dropout: Dropout,
}

/// A layer norm over the channels, at each position of a map by itself.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// The factor for each channel.
    pub gamma: Param<Tensor<1>>,
    /// The summand for each channel.
    pub beta: Param<Tensor<1>>,
    /// Added to the variance.
    pub epsilon: f64,
}

/// A group norm.
#[derive(Module, Debug)]
pub struct GroupNorm {
    /// The factor for each channel.
    pub gamma: Param<Tensor<1>>,
    /// The summand for each channel.
    pub beta: Param<Tensor<1>>,
    /// Groups into which the channels are split.
    pub groups: usize,
    /// Added to the variance.
    pub epsilon: f64,
}

/// A layer scale.
#[derive(Module, Debug)]
pub struct Gain {
    /// The factor for each channel.
    pub factors: Param<Tensor<1>>,
}

impl Layer {
    pub(super) fn forward(&self, value: Value) -> Value {
        match self {
            Self::Conv2d(layer) | Self::Pointwise(layer) => Value::Map(layer.forward(value.map())),
            Self::BatchNorm(layer) => Value::Map(layer.forward(value.map())),
            Self::Linear(layer) => Value::Vector(layer.forward(value.vector())),
            Self::Dropout(layer) => value.elementwise(|map| layer.forward(map), |vector| layer.forward(vector)),
            Self::ChannelConv(layer) => Value::Map(layer.forward(value.map())),
            Self::DropPath(layer) => value.elementwise(|map| layer.forward(map), |vector| layer.forward(vector)),
            Self::LayerNorm(layer) => {
                value.elementwise(|map| layer.forward(map), |vector| layer.forward_vector(vector))
            }
            Self::GroupNorm(layer) => Value::Map(layer.forward(value.map())),
            Self::Gain(layer) => Value::Map(layer.forward(value.map())),
        }
    }

    /// One of its tensors; for a statistic no parameter is made that nobody has asked for yet.
    pub(super) fn tensor(&self, kind: ParameterKind) -> Option<Array> {
        match (self, kind) {
            (Self::BatchNorm(norm), ParameterKind::Mean) => Some(array(norm.running_mean.value_sync())),
            (Self::BatchNorm(norm), ParameterKind::Variance) => Some(array(norm.running_var.value_sync())),
            _ => self.tensors().into_iter().find(|(own, _)| *own == kind).map(|(_, tensor)| tensor),
        }
    }

    /// Its tensors in the IR's layout.
    pub(super) fn tensors(&self) -> Vec<(ParameterKind, Array)> {
        match self {
            Self::Conv2d(Conv2d { weight, bias, .. }) => with_bias(array(weight.val()), bias.as_ref()),
            Self::Linear(Linear { weight, bias }) => with_bias(array(weight.val().transpose()), bias.as_ref()),
            Self::Pointwise(Conv2d { weight, bias, .. }) => {
                with_bias(array(weight.val().flatten::<2>(1, 3)), bias.as_ref())
            }
            Self::BatchNorm(BatchNorm { gamma, beta, running_mean, running_var, .. }) => vec![
                (ParameterKind::Scale, array(gamma.val())),
                (ParameterKind::Shift, array(beta.val())),
                (ParameterKind::Mean, array(running_mean.value_sync())),
                (ParameterKind::Variance, array(running_var.value_sync())),
            ],
            Self::LayerNorm(LayerNorm { gamma, beta, .. }) | Self::GroupNorm(GroupNorm { gamma, beta, .. }) => {
                vec![(ParameterKind::Scale, array(gamma.val())), (ParameterKind::Shift, array(beta.val()))]
            }
            Self::ChannelConv(ChannelConv { conv }) => with_bias(array(conv.weight.val()), None),
            Self::Gain(Gain { factors }) => vec![(ParameterKind::Gain, array(factors.val()))],
            Self::Dropout(_) | Self::DropPath(_) => Vec::new(),
        }
    }
}

fn with_bias(kernel: Array, bias: Option<&Param<Tensor<1>>>) -> Vec<(ParameterKind, Array)> {
    let bias = bias.map(|bias| (ParameterKind::Bias, array(bias.val())));
    std::iter::once((ParameterKind::Kernel, kernel)).chain(bias).collect()
}

fn array<const D: usize>(tensor: Tensor<D>) -> Array {
    let shape = tensor.dims().map(|side| side as u64).to_vec();
    let values = tensor.into_data().try_into_vec_as().expect("floats of any width can be float32");
    Array { shape, values }
}

impl BatchNorm {
    fn forward(&self, map: Tensor<4>) -> Tensor<4> {
        let device = map.device();
        let (gamma, beta) = (self.gamma.val(), self.beta.val());
        if !(device.is_autodiff() && self.training.is_enabled()) {
            let [mean, variance] =
                [&self.running_mean, &self.running_var].map(|state| state.value().to_device(&device));
            return batch_norm(map, gamma, beta, mean, variance, self.epsilon);
        }
        let [images, _, height, width] = map.dims();
        let normal = batch_norm_train(map, gamma, beta, self.epsilon);
        self.take(&self.running_mean, normal.mean);
        self.take(&self.running_var, normal.variance * self.correction(images * height * width));
        normal.output
    }

    /// What a variance of so many values is times in the running one. Of one value nothing is known of the population's.
    #[expect(clippy::cast_precision_loss, reason = "a map in memory has fewer than 2^53 values")]
    fn correction(&self, values: usize) -> f64 {
        if self.unbiased { values as f64 / values.saturating_sub(1).max(1) as f64 } else { 1.0 }
    }

    /// Takes a batch's statistic into the running one.
    fn take(&self, running: &RunningState<Tensor<1>>, new: Tensor<1>) {
        let old = running.value_sync().to_device(&new.device());
        running.update((old * (1.0 - self.momentum) + new * self.momentum).detach());
    }
}

impl ChannelConv {
    fn forward(&self, map: Tensor<4>) -> Tensor<4> {
        let [images, channels, height, width] = map.dims();
        self.conv.forward(map.reshape([images, 1, channels])).reshape([images, channels, height, width])
    }
}

impl DropPath {
    fn forward<const D: usize>(&self, value: Tensor<D>) -> Tensor<D> {
        let device = value.device();
        if !device.is_autodiff() {
            return value;
        }
        let mut shape = [1; D];
        shape[..1].copy_from_slice(&value.dims()[..1]);
        value * self.dropout.forward(Tensor::ones(shape, &device))
    }
}

impl LayerNorm {
    fn forward(&self, map: Tensor<4>) -> Tensor<4> {
        let map = normalised(map, mean_of_channels, self.epsilon);
        map * by_channel(&self.gamma) + by_channel(&self.beta)
    }

    fn forward_vector(&self, vector: Tensor<2>) -> Tensor<2> {
        let vector = normalised(vector, |vector| vector.mean_dim(1), self.epsilon);
        vector * self.gamma.val().unsqueeze() + self.beta.val().unsqueeze()
    }
}

impl GroupNorm {
    fn forward(&self, map: Tensor<4>) -> Tensor<4> {
        let [images, channels, height, width] = map.dims();
        let groups = map.reshape([images * self.groups, channels / self.groups, height, width]);
        // Shorter sums lose less to rounding.
        let groups = normalised(groups, |groups| groups.mean_dim(3).mean_dim(2).mean_dim(1), self.epsilon);
        groups.reshape([images, channels, height, width]) * by_channel(&self.gamma) + by_channel(&self.beta)
    }
}

impl Gain {
    fn forward(&self, map: Tensor<4>) -> Tensor<4> {
        map * by_channel(&self.factors)
    }
}

/// A number for each channel, to be used with maps.
fn by_channel(parameter: &Param<Tensor<1>>) -> Tensor<4> {
    let parameter = parameter.val();
    let [channels] = parameter.dims();
    parameter.reshape([1, channels, 1, 1])
}

/// `value` with mean 0 and variance 1 where `mean` takes means.
fn normalised<const D: usize>(value: Tensor<D>, mean: impl Fn(Tensor<D>) -> Tensor<D>, epsilon: f64) -> Tensor<D> {
    let centred = value.clone() - mean(value);
    let variance = mean(centred.clone().square());
    centred / (variance + epsilon).sqrt()
}

/// The mean over the channels of each position, in two steps where the channels can be split: the sums are shorter, so
/// they lose less to rounding.
fn mean_of_channels(map: Tensor<4>) -> Tensor<4> {
    let [images, channels, height, width] = map.dims();
    let parts = (1..=channels.isqrt()).rev().find(|parts| channels.is_multiple_of(*parts)).unwrap_or(1);
    let means = map.reshape([images * parts, channels / parts, height, width]).mean_dim(1);
    means.reshape([images, parts, height, width]).mean_dim(1)
}
