//! The vocabulary of counting rules: what a convention can say about an op.

use crate::ir::{Op, Shape, op};

/// One op at work on one image: what a rule may look at.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The op.
    pub op: &'a Op,
    /// The shape of its first operand.
    pub input: Shape,
    /// The shape of its value.
    pub output: Shape,
    /// Whether a gradient with respect to its operand is needed: not where no parameter stands before it.
    pub input_gradient: bool,
}

/// A rule for a convolution's or linear layer's matrix product, bias apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// This many operations per multiply-accumulate.
    Macs(u128),
    /// Forward and backward: 6 per multiply-accumulate, 4 where the input needs no gradient.
    Training,
    /// Not work but values: one per output element.
    Outputs,
}

/// A rule for everything else. N is the elements of the output, I of the input, K of the window, C the channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// 0.
    Nothing,
    /// This many times N.
    Outputs(u128),
    /// I.
    Inputs,
    /// I + N.
    InputsAndOutputs,
    /// This many times C.
    Channels(u128),
    /// K N.
    Windows,
    /// (K - 1) N: what it takes to compare K values.
    Comparisons,
}

/// One rule per op. Ops that move values and compute nothing (input, flatten, padding, subsampling, dropout in
/// inference) have none, because no tool counts them: in torch they are functions or views and not modules, and the
/// modules that there are (`ZeroPad2d`, `Dropout`, `Flatten`) are listed as free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// A convolution's products.
    pub convolution: Product,
    /// A convolution's bias, where it has one.
    pub convolution_bias: Term,
    /// A linear layer's products.
    pub linear: Product,
    /// A linear layer's bias.
    pub linear_bias: Term,
    /// Batch norm.
    pub batch_norm: Term,
    /// Relu.
    pub relu: Term,
    /// Softmax.
    pub softmax: Term,
    /// A max pool with a window.
    pub max_pool: Term,
    /// A pool to a fixed size that averages.
    pub adaptive_average: Term,
    /// A pool to a fixed size that takes the maximum.
    pub adaptive_maximum: Term,
    /// The sum of two branches.
    pub add: Term,
}

/// What a count is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Products of convolutions and linear layers.
    Products,
    /// Biases of convolutions.
    ConvolutionBias,
    /// Biases of linear layers.
    LinearBias,
    /// Batch norms.
    BatchNorm,
    /// Relus.
    Relu,
    /// Softmaxes.
    Softmax,
    /// Max pools.
    MaxPool,
    /// Average pools to a fixed size.
    AdaptiveAverage,
    /// Max pools to a fixed size.
    AdaptiveMaximum,
    /// Sums of branches.
    Add,
}

impl Part {
    /// Every part, in the order in which they are listed.
    pub const ALL: [Self; 10] = [
        Self::Products,
        Self::ConvolutionBias,
        Self::LinearBias,
        Self::BatchNorm,
        Self::Relu,
        Self::Softmax,
        Self::MaxPool,
        Self::AdaptiveAverage,
        Self::AdaptiveMaximum,
        Self::Add,
    ];

    /// What a sentence calls it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Products => "convolutions and linear layers",
            Self::ConvolutionBias => "convolution bias",
            Self::LinearBias => "linear bias",
            Self::BatchNorm => "batch norm",
            Self::Relu => "relu",
            Self::Softmax => "softmax",
            Self::MaxPool => "max pool",
            Self::AdaptiveAverage => "adaptive average pool",
            Self::AdaptiveMaximum => "adaptive max pool",
            Self::Add => "add",
        }
    }
}

impl Rules {
    /// What one op adds to the count, for one image: its main part, and its bias where it has one.
    #[must_use]
    pub fn count(&self, work: &Work<'_>) -> [Option<(Part, u128)>; 2] {
        let only = |part, term: Term| [Some((part, term.count(work))), None];
        match work.op {
            Op::Conv2d(op) => {
                let bias = op.bias.then(|| (Part::ConvolutionBias, self.convolution_bias.count(work)));
                [Some((Part::Products, self.convolution.count(work))), bias]
            }
            Op::Linear(op) => [
                Some((Part::Products, self.linear.count(work))),
                op.bias.then(|| (Part::LinearBias, self.linear_bias.count(work))),
            ],
            Op::BatchNorm(_) => only(Part::BatchNorm, self.batch_norm),
            Op::Activation(op::Activation::Relu) => only(Part::Relu, self.relu),
            Op::Activation(op::Activation::Softmax) => only(Part::Softmax, self.softmax),
            Op::Blur(_) | Op::ChannelConv(_) => [Some((Part::Products, self.convolution.count(work))), None],
            Op::MaxPool(_) => only(Part::MaxPool, self.max_pool),
            Op::AdaptivePool(op) => match op.kind {
                op::PoolKind::Average => only(Part::AdaptiveAverage, self.adaptive_average),
                op::PoolKind::Maximum => only(Part::AdaptiveMaximum, self.adaptive_maximum),
            },
            Op::Add(_) => only(Part::Add, self.add),
            Op::Input(_)
            | Op::Activation(_)
            | Op::Flatten(_)
            | Op::Pad(_)
            | Op::Subsample(_)
            | Op::Dropout(_)
            | Op::AvgPool(_)
            | Op::Concat(_)
            | Op::DropPath(_)
            | Op::GroupNorm(_)
            | Op::LayerNorm(_)
            | Op::LayerScale(_)
            | Op::Multiply(_)
            | Op::PathSoftmax(_)
            | Op::Slice(_) => [None, None],
        }
    }
}

impl Product {
    fn count(self, work: &Work<'_>) -> u128 {
        let macs = work.op.macs(work.input, work.output);
        match self {
            Self::Macs(times) => times * macs,
            Self::Training if work.input_gradient => 6 * macs,
            Self::Training => 4 * macs,
            Self::Outputs => work.output.elements(),
        }
    }
}

impl Term {
    fn count(self, work: &Work<'_>) -> u128 {
        let outputs = work.output.elements();
        match self {
            Self::Nothing => 0,
            Self::Outputs(times) => times * outputs,
            Self::Inputs => work.input.elements(),
            Self::InputsAndOutputs => work.input.elements() + outputs,
            Self::Channels(times) => times * u128::from(work.output.channels()),
            Self::Windows => window(work.op) * outputs,
            Self::Comparisons => window(work.op).saturating_sub(1) * outputs,
        }
    }
}

/// K: the elements of an op's window; 1 where it has none.
fn window(op: &Op) -> u128 {
    op.window().map_or(1, |window| window.kernel.into_iter().map(u128::from).product())
}
