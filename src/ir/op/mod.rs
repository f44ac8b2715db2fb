//! The ops, one file each: what it computes, its shape rule, its multiply-accumulates, its parameters.
//!
//! A new op is one file here, one variant of [`Op`], and then what the compiler asks for: every consumer matches
//! exhaustively.

mod activation;
mod adaptive_pool;
mod add;
mod conv2d;
mod dropout;
mod flatten;
mod input;
mod linear;
mod max_pool;
mod norm;
mod pad;
mod subsample;

pub use activation::Activation;
pub use adaptive_pool::{AdaptivePool, PoolKind};
pub use add::Add;
pub use conv2d::Conv2d;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use input::Input;
pub use linear::Linear;
pub use max_pool::MaxPool;
pub use norm::BatchNorm;
pub use pad::Pad;
pub use subsample::Subsample;

use super::parameter::ParameterKind;
use super::shape::{Shape, ShapeError, Window};

/// One operation of a network.
#[derive(Debug, Clone, PartialEq)]
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
    /// The elementwise sum of two branches.
    Add(Add),
    /// Zeros around a map or beside its channels.
    Pad(Pad),
    /// Every n-th pixel.
    Subsample(Subsample),
    /// Dropout.
    Dropout(Dropout),
}

impl Op {
    /// The output's shape.
    ///
    /// # Errors
    /// Why there is none.
    pub fn infer(&self, inputs: &[Shape]) -> Result<Shape, ShapeError> {
        let shape = match (self, inputs) {
            (Self::Input(op), []) => Ok(op.shape()),
            (Self::Add(op), &[left, right]) => op.infer(left, right),
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
            (op, _) => Err(ShapeError::Operands { expected: op.arity(), found: inputs.len() }),
        };
        shape?.within_limits()
    }

    /// How many operands it takes.
    #[must_use]
    pub fn arity(&self) -> usize {
        match self {
            Self::Input(_) => 0,
            Self::Add(_) => 2,
            Self::Conv2d(_)
            | Self::BatchNorm(_)
            | Self::Activation(_)
            | Self::MaxPool(_)
            | Self::AdaptivePool(_)
            | Self::Linear(_)
            | Self::Flatten(_)
            | Self::Pad(_)
            | Self::Subsample(_)
            | Self::Dropout(_) => 1,
        }
    }

    /// Its parameters and their shapes, in the order in which frameworks list them, for an operand of shape `input`.
    #[must_use]
    pub fn parameters(&self, input: Shape) -> Vec<(ParameterKind, Vec<u64>)> {
        match self {
            Self::Conv2d(op) => op.parameters(input),
            Self::BatchNorm(op) => op.parameters(input),
            Self::Linear(op) => op.parameters(input),
            Self::Input(_)
            | Self::Activation(_)
            | Self::MaxPool(_)
            | Self::AdaptivePool(_)
            | Self::Flatten(_)
            | Self::Add(_)
            | Self::Pad(_)
            | Self::Subsample(_)
            | Self::Dropout(_) => Vec::new(),
        }
    }

    /// The window that it slides over its operand, if it does.
    #[must_use]
    pub fn window(&self) -> Option<&Window> {
        match self {
            Self::Conv2d(op) => Some(&op.window),
            Self::MaxPool(op) => Some(&op.window),
            Self::Input(_)
            | Self::BatchNorm(_)
            | Self::Activation(_)
            | Self::AdaptivePool(_)
            | Self::Linear(_)
            | Self::Flatten(_)
            | Self::Add(_)
            | Self::Pad(_)
            | Self::Subsample(_)
            | Self::Dropout(_) => None,
        }
    }

    /// Multiply-accumulates for one image, bias not counted.
    #[must_use]
    pub fn macs(&self, input: Shape, output: Shape) -> u128 {
        match self {
            Self::Conv2d(op) => op.macs(input, output),
            Self::Linear(op) => op.macs(input),
            Self::Input(_)
            | Self::BatchNorm(_)
            | Self::Activation(_)
            | Self::MaxPool(_)
            | Self::AdaptivePool(_)
            | Self::Flatten(_)
            | Self::Add(_)
            | Self::Pad(_)
            | Self::Subsample(_)
            | Self::Dropout(_) => 0,
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
        }
    }
}
