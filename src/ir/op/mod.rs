//! The ops, one file each: what it computes, its shape rule, its multiply-accumulates, its parameters.
//!
//! A new op is one file here, one variant of [`Op`], and then what the compiler asks for: every consumer matches
//! exhaustively.

mod activation;
mod adaptive_pool;
mod add;
mod avg_pool;
mod blur;
mod channel_conv;
mod concat;
mod conv2d;
mod drop_path;
mod dropout;
mod flatten;
mod group_norm;
mod input;
mod layer_norm;
mod layer_scale;
mod linear;
mod max_pool;
mod multiply;
mod norm;
mod pad;
mod path_softmax;
mod slice;
mod subsample;

pub use activation::Activation;
pub use adaptive_pool::{AdaptivePool, PoolKind};
pub use add::Add;
pub use avg_pool::AvgPool;
pub use blur::{Blur, MOST as LARGEST_BLUR};
pub use channel_conv::ChannelConv;
pub use concat::Concat;
pub use conv2d::Conv2d;
pub use drop_path::DropPath;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use group_norm::GroupNorm;
pub use input::Input;
pub use layer_norm::LayerNorm;
pub use layer_scale::LayerScale;
pub use linear::Linear;
pub use max_pool::MaxPool;
pub use multiply::Multiply;
pub use norm::{BatchNorm, RunningVariance, unusual_scale};
pub use pad::Pad;
pub use path_softmax::PathSoftmax;
pub use slice::Slice;
pub use subsample::Subsample;

use super::parameter::Tensors;
use super::shape::{Shape, ShapeError, Window};
use super::spelling::Spelling;
use serde::Serialize;

/// One operation of a network.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The network's input.
    Input(Input),
    /// A two-dimensional convolution.
    Conv2d(Conv2d),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// An activation.
    Activation(Activation),
    /// A max pool.
    MaxPool(MaxPool),
    /// A pool to a fixed output size.
    AdaptivePool(AdaptivePool),
    /// A fully connected layer.
    Linear(Linear),
    /// A feature map as a vector.
    Flatten(Flatten),
    /// The elementwise sum of branches.
    Add(Add),
    /// Zeros around a map or beside its channels.
    Pad(Pad),
    /// Every n-th pixel.
    Subsample(Subsample),
    /// Dropout.
    Dropout(Dropout),
    /// The mean over a window.
    AvgPool(AvgPool),
    /// A fixed low-pass filter.
    Blur(Blur),
    /// A convolution along the channels.
    ChannelConv(ChannelConv),
    /// The channels of several branches.
    Concat(Concat),
    /// Stochastic depth.
    DropPath(DropPath),
    /// Group normalisation.
    GroupNorm(GroupNorm),
    /// Layer normalisation over the channels.
    LayerNorm(LayerNorm),
    /// A learned factor for each channel.
    LayerScale(LayerScale),
    /// The elementwise product of branches.
    Multiply(Multiply),
    /// A softmax over paths.
    PathSoftmax(PathSoftmax),
    /// A run of channels.
    Slice(Slice),
}

impl Op {
    /// The output's shape.
    ///
    /// # Errors
    /// Why there is none.
    pub fn infer(&self, inputs: &[Shape]) -> Result<Shape, ShapeError> {
        let shape = match (self, inputs) {
            (Self::Input(op), []) => Ok(op.shape()),
            (Self::Add(op), inputs) if inputs.len() >= 2 => op.infer(inputs),
            (Self::Multiply(op), inputs) if inputs.len() >= 2 => op.infer(inputs),
            (Self::Concat(op), inputs) if inputs.len() >= 2 => op.infer(inputs),
            (Self::Conv2d(op), &[input]) => op.infer(input),
            (Self::BatchNorm(op), &[input]) => op.infer(input),
            (Self::Activation(op), &[input]) => Ok(op.infer(input)),
            (Self::MaxPool(op), &[input]) => op.infer(input),
            (Self::AdaptivePool(op), &[input]) => op.infer(input),
            (Self::Linear(op), &[input]) => op.infer(input),
            (Self::Flatten(op), &[input]) => op.infer(input),
            (Self::Pad(op), &[input]) => op.infer(input),
            (Self::Subsample(op), &[input]) => op.infer(input),
            (Self::Dropout(op), &[input]) => Ok(op.infer(input)),
            (Self::AvgPool(op), &[input]) => op.infer(input),
            (Self::Blur(op), &[input]) => op.infer(input),
            (Self::ChannelConv(op), &[input]) => op.infer(input),
            (Self::DropPath(op), &[input]) => Ok(op.infer(input)),
            (Self::GroupNorm(op), &[input]) => op.infer(input),
            (Self::LayerNorm(op), &[input]) => Ok(op.infer(input)),
            (Self::LayerScale(op), &[input]) => op.infer(input),
            (Self::PathSoftmax(op), &[input]) => op.infer(input),
            (Self::Slice(op), &[input]) => op.infer(input),
            (op, _) => Err(ShapeError::Operands { expected: op.arity(), found: inputs.len() }),
        };
        shape?.within_limits()
    }

    /// How many operands it takes; the least of them for what joins branches.
    #[must_use]
    pub fn arity(&self) -> usize {
        match self {
            Self::Input(_) => 0,
            Self::Add(_) | Self::Multiply(_) | Self::Concat(_) => 2,
            Self::Conv2d(_)
            | Self::BatchNorm(_)
            | Self::Activation(_)
            | Self::MaxPool(_)
            | Self::AdaptivePool(_)
            | Self::Linear(_)
            | Self::Flatten(_)
            | Self::Pad(_)
            | Self::Subsample(_)
            | Self::Dropout(_)
            | Self::AvgPool(_)
            | Self::Blur(_)
            | Self::ChannelConv(_)
            | Self::DropPath(_)
            | Self::GroupNorm(_)
            | Self::LayerNorm(_)
            | Self::LayerScale(_)
            | Self::PathSoftmax(_)
            | Self::Slice(_) => 1,
        }
    }

    /// Its parameters and their shapes, in the order in which frameworks list them, for an operand of shape `input`.
    #[must_use]
    pub fn parameters(&self, input: Shape) -> Tensors {
        match self {
            Self::Conv2d(op) => op.parameters(input),
            Self::BatchNorm(op) => op.parameters(input),
            Self::Linear(op) => op.parameters(input),
            Self::ChannelConv(op) => op.parameters(),
            Self::GroupNorm(op) => op.parameters(input),
            Self::LayerNorm(op) => op.parameters(input),
            Self::LayerScale(op) => op.parameters(input),
            Self::Input(_)
            | Self::Activation(_)
            | Self::MaxPool(_)
            | Self::AdaptivePool(_)
            | Self::Flatten(_)
            | Self::Add(_)
            | Self::Pad(_)
            | Self::Subsample(_)
            | Self::Dropout(_)
            | Self::AvgPool(_)
            | Self::Blur(_)
            | Self::Concat(_)
            | Self::DropPath(_)
            | Self::Multiply(_)
            | Self::PathSoftmax(_)
            | Self::Slice(_) => Tensors::new(),
        }
    }

    /// The window that it slides over its operand, if it does.
    #[must_use]
    pub fn window(&self) -> Option<&Window> {
        match self {
            Self::Conv2d(op) => Some(&op.window),
            Self::MaxPool(op) => Some(&op.window),
            Self::AvgPool(op) => Some(&op.window),
            Self::Blur(op) => Some(&op.window),
            Self::Input(_)
            | Self::BatchNorm(_)
            | Self::Activation(_)
            | Self::AdaptivePool(_)
            | Self::Linear(_)
            | Self::Flatten(_)
            | Self::Add(_)
            | Self::Pad(_)
            | Self::Subsample(_)
            | Self::Dropout(_)
            | Self::ChannelConv(_)
            | Self::Concat(_)
            | Self::DropPath(_)
            | Self::GroupNorm(_)
            | Self::LayerNorm(_)
            | Self::LayerScale(_)
            | Self::Multiply(_)
            | Self::PathSoftmax(_)
            | Self::Slice(_) => None,
        }
    }

    /// Multiply-accumulates for one image, bias not counted.
    #[must_use]
    pub fn macs(&self, input: Shape, output: Shape) -> u128 {
        match self {
            Self::Conv2d(op) => op.macs(input, output),
            Self::Linear(op) => op.macs(input),
            Self::Blur(op) => op.macs(output),
            Self::ChannelConv(op) => op.macs(output),
            Self::Input(_)
            | Self::BatchNorm(_)
            | Self::Activation(_)
            | Self::MaxPool(_)
            | Self::AdaptivePool(_)
            | Self::Flatten(_)
            | Self::Add(_)
            | Self::Pad(_)
            | Self::Subsample(_)
            | Self::Dropout(_)
            | Self::AvgPool(_)
            | Self::Concat(_)
            | Self::DropPath(_)
            | Self::GroupNorm(_)
            | Self::LayerNorm(_)
            | Self::LayerScale(_)
            | Self::Multiply(_)
            | Self::PathSoftmax(_)
            | Self::Slice(_) => 0,
        }
    }

    /// How implementations in PyTorch write it, unless they say otherwise.
    #[must_use]
    pub fn usual_spelling(&self) -> Spelling {
        match self {
            Self::Conv2d(_)
            | Self::BatchNorm(_)
            | Self::Activation(_)
            | Self::MaxPool(_)
            | Self::AdaptivePool(_)
            | Self::Linear(_)
            | Self::Flatten(_)
            | Self::Dropout(_)
            | Self::AvgPool(_)
            | Self::ChannelConv(_)
            | Self::DropPath(_)
            | Self::GroupNorm(_)
            | Self::LayerNorm(_) => Spelling::Module,
            Self::Blur(_) | Self::Pad(_) | Self::PathSoftmax(_) => Spelling::Function,
            Self::Input(_)
            | Self::Add(_)
            | Self::Subsample(_)
            | Self::Concat(_)
            | Self::LayerScale(_)
            | Self::Multiply(_)
            | Self::Slice(_) => Spelling::Method,
        }
    }

    /// Whether element i of its value comes from element i of each operand, so that a flattened map stays in its order.
    #[must_use]
    pub fn keeps_order(&self) -> bool {
        match self {
            Self::Activation(_) | Self::Add(_) | Self::Multiply(_) | Self::Dropout(_) | Self::DropPath(_) => true,
            Self::Input(_)
            | Self::Conv2d(_)
            | Self::BatchNorm(_)
            | Self::MaxPool(_)
            | Self::AdaptivePool(_)
            | Self::Linear(_)
            | Self::Flatten(_)
            | Self::Pad(_)
            | Self::Subsample(_)
            | Self::AvgPool(_)
            | Self::Blur(_)
            | Self::ChannelConv(_)
            | Self::Concat(_)
            | Self::GroupNorm(_)
            | Self::LayerNorm(_)
            | Self::LayerScale(_)
            | Self::PathSoftmax(_)
            | Self::Slice(_) => false,
        }
    }

    /// Which one of its kind it is, as names of layers say it: the function of an activation, `bn`, `ln` and `gn` for norms,
    /// `max` and `avg` for pools; its layer's usual role elsewhere.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Input(_) => "input",
            Self::Conv2d(_) | Self::ChannelConv(_) => "conv",
            Self::BatchNorm(_) => "bn",
            Self::LayerNorm(_) => "ln",
            Self::GroupNorm(_) => "gn",
            Self::Activation(op) => op.name(),
            Self::MaxPool(_) => "max",
            Self::AvgPool(_) => "avg",
            Self::AdaptivePool(op) => match op.kind {
                PoolKind::Average => "avg",
                PoolKind::Maximum => "max",
            },
            Self::Linear(_) => "linear",
            Self::Flatten(_) => "flatten",
            Self::Add(_) => "add",
            Self::Concat(_) => "concat",
            Self::Multiply(_) => "multiply",
            Self::Pad(Pad::Spatial(_)) => "pad",
            Self::Pad(Pad::Channels { .. }) => "zeros",
            Self::Subsample(_) => "subsample",
            Self::Dropout(_) => "dropout",
            Self::DropPath(_) => "drop_path",
            Self::Blur(_) => "blur",
            Self::LayerScale(_) => "layer_scale",
            Self::PathSoftmax(_) => "softmax",
            Self::Slice(_) => "slice",
        }
    }

    /// What tables and JSON call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Input(_) => "input",
            Self::Conv2d(_) => "conv2d",
            Self::BatchNorm(_) => "batch_norm",
            Self::Activation(op) => op.name(),
            Self::MaxPool(_) => "max_pool",
            Self::AdaptivePool(op) => op.name(),
            Self::Linear(_) => "linear",
            Self::Flatten(_) => "flatten",
            Self::Add(_) => "add",
            Self::Pad(op) => op.name(),
            Self::Subsample(_) => "subsample",
            Self::Dropout(_) => "dropout",
            Self::AvgPool(_) => "avg_pool",
            Self::Blur(_) => "blur",
            Self::ChannelConv(_) => "channel_conv",
            Self::Concat(_) => "concat",
            Self::DropPath(_) => "drop_path",
            Self::GroupNorm(_) => "group_norm",
            Self::LayerNorm(_) => "layer_norm",
            Self::LayerScale(_) => "layer_scale",
            Self::Multiply(_) => "multiply",
            Self::PathSoftmax(_) => "path_softmax",
            Self::Slice(_) => "slice",
        }
    }
}

/// The shape of several operands joined two at a time, from the first on.
fn joined(inputs: &[Shape], join: impl Fn(Shape, Shape) -> Result<Shape, ShapeError>) -> Result<Shape, ShapeError> {
    let mut rest = inputs.iter().copied();
    let first = rest.next().ok_or(ShapeError::Operands { expected: 2, found: 0 })?;
    rest.try_fold(first, join)
}
