//! The vocabulary of counting rules: what a convention can say about an op.

use crate::ir::op::{self, Activation};
use crate::ir::{Extents, Op, ParameterKind, Shape, Spelling};

/// One op at work on one image: what a rule may look at.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The op.
    pub op: &'a Op,
    /// How the implementation writes it.
    pub spelling: Spelling,
    /// The shape of its first operand.
    pub input: Shape,
    /// The shape of its value.
    pub output: Shape,
    /// How many operands it has.
    pub operands: usize,
    /// Whether training moves a parameter of it.
    pub is_trained: bool,
    /// Whether a gradient with respect to its operand is needed: not where no parameter stands before it.
    pub input_gradient: bool,
}

/// A rule for a convolution's or linear layer's matrix product, bias apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// This many operations per multiply-accumulate.
    Macs(u128),
    /// One for each element of the matrix, whatever it is multiplied with.
    Weights,
    /// Forward and backward: 6 per multiply-accumulate, 2 fewer where the input needs no gradient, 2 fewer where a fixed
    /// filter has none.
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
    /// N for every operand beside the first.
    Joins,
    /// What a norm takes that finds the means by itself.
    Norm {
        /// This many times N.
        outputs: u128,
        /// And this many times C.
        channels: u128,
        /// And this many times its means: one at each position of a layer norm, one for each group of a group norm.
        means: u128,
    },
}

/// One rule per op. Ops that move values and compute nothing (input, flatten, padding, subsampling, concatenation, slices,
/// dropout and stochastic depth in inference) have none, because no tool counts them: in torch they are functions or views
/// and not modules, and the modules that there are (`ZeroPad2d`, `Dropout`, `Flatten`) are listed as free.
///
/// The filter of a [`op::Blur`] and a convolution along the channels are convolutions to every convention.
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
    /// Layer norm.
    pub layer_norm: Term,
    /// Group norm.
    pub group_norm: Term,
    /// A factor for each channel.
    pub layer_scale: Term,
    /// Relu.
    pub relu: Term,
    /// Relu6.
    pub relu6: Term,
    /// Silu.
    pub silu: Term,
    /// Gelu.
    pub gelu: Term,
    /// Sigmoid.
    pub sigmoid: Term,
    /// Hard sigmoid.
    pub hard_sigmoid: Term,
    /// Hard swish.
    pub hard_swish: Term,
    /// Softmax.
    pub softmax: Term,
    /// Softmax over paths.
    pub path_softmax: Term,
    /// A max pool with a window.
    pub max_pool: Term,
    /// An average pool with a window.
    pub average_pool: Term,
    /// A pool to a fixed size that averages.
    pub adaptive_average: Term,
    /// A pool to a fixed size that takes the maximum.
    pub adaptive_maximum: Term,
    /// The sum of branches.
    pub add: Term,
    /// The product of branches.
    pub multiply: Term,
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
    /// Layer norms.
    LayerNorm,
    /// Group norms.
    GroupNorm,
    /// Layer scales.
    LayerScale,
    /// Relus.
    Relu,
    /// Relu6s.
    Relu6,
    /// Silus.
    Silu,
    /// Gelus.
    Gelu,
    /// Sigmoids.
    Sigmoid,
    /// Hard sigmoids.
    HardSigmoid,
    /// Hard swishes.
    HardSwish,
    /// Softmaxes.
    Softmax,
    /// Softmaxes over paths.
    PathSoftmax,
    /// Max pools.
    MaxPool,
    /// Average pools with a window.
    AveragePool,
    /// Average pools to a fixed size.
    AdaptiveAverage,
    /// Max pools to a fixed size.
    AdaptiveMaximum,
    /// Sums of branches.
    Add,
    /// Products of branches.
    Multiply,
}

impl Part {
    /// Every part, in the order in which they are listed.
    pub const ALL: [Self; 22] = [
        Self::Products,
        Self::ConvolutionBias,
        Self::LinearBias,
        Self::BatchNorm,
        Self::LayerNorm,
        Self::GroupNorm,
        Self::LayerScale,
        Self::Relu,
        Self::Relu6,
        Self::Silu,
        Self::Gelu,
        Self::Sigmoid,
        Self::HardSigmoid,
        Self::HardSwish,
        Self::Softmax,
        Self::PathSoftmax,
        Self::MaxPool,
        Self::AveragePool,
        Self::AdaptiveAverage,
        Self::AdaptiveMaximum,
        Self::Add,
        Self::Multiply,
    ];

    /// What a sentence calls it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Products => "convolutions and linear layers",
            Self::ConvolutionBias => "convolution bias",
            Self::LinearBias => "linear bias",
            Self::BatchNorm => "batch norm",
            Self::LayerNorm => "layer norm",
            Self::GroupNorm => "group norm",
            Self::LayerScale => "layer scale",
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::Sigmoid => "sigmoid",
            Self::HardSigmoid => "hard sigmoid",
            Self::HardSwish => "hard swish",
            Self::Softmax => "softmax",
            Self::PathSoftmax => "softmax over paths",
            Self::MaxPool => "max pool",
            Self::AveragePool => "average pool",
            Self::AdaptiveAverage => "adaptive average pool",
            Self::AdaptiveMaximum => "adaptive max pool",
            Self::Add => "add",
            Self::Multiply => "multiply",
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
            Op::LayerNorm(_) => only(Part::LayerNorm, self.layer_norm),
            Op::GroupNorm(_) => only(Part::GroupNorm, self.group_norm),
            Op::LayerScale(_) => only(Part::LayerScale, self.layer_scale),
            Op::Activation(activation) => {
                let (part, term) = self.activation(*activation);
                only(part, term)
            }
            Op::PathSoftmax(_) => only(Part::PathSoftmax, self.path_softmax),
            Op::Blur(_) | Op::ChannelConv(_) => [Some((Part::Products, self.convolution.count(work))), None],
            Op::MaxPool(_) => only(Part::MaxPool, self.max_pool),
            Op::AvgPool(_) => only(Part::AveragePool, self.average_pool),
            Op::AdaptivePool(op) => match op.kind {
                op::PoolKind::Average => only(Part::AdaptiveAverage, self.adaptive_average),
                op::PoolKind::Maximum => only(Part::AdaptiveMaximum, self.adaptive_maximum),
            },
            Op::Add(_) => only(Part::Add, self.add),
            Op::Multiply(_) => only(Part::Multiply, self.multiply),
            Op::Input(_)
            | Op::Flatten(_)
            | Op::Pad(_)
            | Op::Subsample(_)
            | Op::Dropout(_)
            | Op::Concat(_)
            | Op::DropPath(_)
            | Op::Slice(_) => [None, None],
        }
    }

    fn activation(&self, activation: Activation) -> (Part, Term) {
        match activation {
            Activation::Relu => (Part::Relu, self.relu),
            Activation::Relu6 => (Part::Relu6, self.relu6),
            Activation::Silu => (Part::Silu, self.silu),
            Activation::Gelu => (Part::Gelu, self.gelu),
            Activation::Sigmoid => (Part::Sigmoid, self.sigmoid),
            Activation::HardSigmoid => (Part::HardSigmoid, self.hard_sigmoid),
            Activation::HardSwish => (Part::HardSwish, self.hard_swish),
            Activation::Softmax => (Part::Softmax, self.softmax),
        }
    }
}

impl Product {
    fn count(self, work: &Work<'_>) -> u128 {
        let macs = work.op.macs(work.input, work.output);
        match self {
            Self::Macs(times) => times * macs,
            Self::Weights => work.op.parameters(work.input).into_iter().map(elements_of_kernel).sum(),
            Self::Training => 2 * macs * (1 + u128::from(work.is_trained) + u128::from(work.input_gradient)),
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
            Self::Joins => u128::try_from(work.operands.saturating_sub(1)).unwrap_or(u128::MAX) * outputs,
            Self::Norm { outputs: each, channels, means } => {
                each * outputs + channels * u128::from(work.output.channels()) + means * self::means(work)
            }
        }
    }
}

/// The elements of a parameter that is a kernel.
fn elements_of_kernel((kind, shape): (ParameterKind, Extents)) -> u128 {
    match kind {
        ParameterKind::Kernel => shape.into_iter().map(u128::from).product(),
        ParameterKind::Bias
        | ParameterKind::Scale
        | ParameterKind::Shift
        | ParameterKind::Mean
        | ParameterKind::Variance
        | ParameterKind::Gain => 0,
    }
}

/// The means that a norm takes of one image.
fn means(work: &Work<'_>) -> u128 {
    if let Op::GroupNorm(norm) = work.op { norm.groups.into() } else { work.input.positions() }
}

/// K: the elements of an op's window; 1 where it has none.
fn window(op: &Op) -> u128 {
    op.window().map_or(1, |window| window.kernel.into_iter().map(u128::from).product())
}
