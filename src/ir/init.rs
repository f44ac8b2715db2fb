//! How fresh parameters are drawn: the rule of a layer, and the distribution that it comes to for a tensor.

use super::op::{self, Op};
use super::parameter::ParameterKind;
use super::shape::Shape;
use serde::{Serialize, Serializer};
use std::fmt;

/// How a fresh layer is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Init {
    /// The kernel of a convolution, the matrix of a linear layer.
    pub kernel: Draw,
    /// The bias, where there is one.
    pub bias: BiasDraw,
}

/// How a kernel is drawn. Its fan in is inputs / groups x kernel elements, its fan out outputs x kernel elements: like
/// torch's, it does not divide by the groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Draw {
    /// Normal, variance 2 / fan out (He et al. 2015; torchvision's residual networks).
    KaimingNormalFanOut,
    /// Normal, variance 2 / fan in (Caffe's MSRAFiller as it stands; torchvision's DenseNet).
    KaimingNormalFanIn,
    /// Uniform in plus or minus sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010; Keras).
    GlorotUniform,
    /// Uniform in plus or minus 1 / sqrt(fan in) (torch's layers as they stand).
    UniformFanIn,
    /// Uniform in plus or minus 1 / sqrt(fan out) (EfficientNet's classifier).
    UniformFanOut,
    /// Normal with this standard deviation.
    Normal(f64),
    /// Normal with this standard deviation; a value beyond plus or minus 2 is drawn again (torch's
    /// `trunc_normal_`). Keras's `TruncatedNormal`, which cuts at two deviations, is another.
    TruncNormal(f64),
    /// Zeros: a branch that begins as nothing.
    Zero,
}

/// How a bias is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BiasDraw {
    /// Zeros.
    Zero,
    /// Uniform in plus or minus 1 / sqrt(fan in of the kernel) (torch's layers as they stand).
    UniformFanIn,
}

/// What a fresh tensor is drawn from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distribution {
    /// One value.
    Constant(f64),
    /// Normal about 0.
    Normal {
        /// The standard deviation.
        deviation: f64,
    },
    /// Between `centre` minus and plus `bound`.
    Uniform {
        /// The mean.
        centre: f64,
        /// The largest difference from it.
        bound: f64,
    },
}

impl Draw {
    /// The largest deviation of a truncated normal distribution. It puts torch's cut, at plus and minus 2, at eight deviations:
    /// about one value in 10^15 lies beyond, which float32 does not show.
    pub const MOST_TRUNCATED: f64 = 0.25;
    /// The largest deviation.
    pub const MOST: f64 = 1e6;

    /// How a bias is drawn beside such a kernel where nothing says so.
    #[must_use]
    pub fn usual_bias(self) -> BiasDraw {
        match self {
            Self::UniformFanIn => BiasDraw::UniformFanIn,
            Self::KaimingNormalFanOut
            | Self::KaimingNormalFanIn
            | Self::GlorotUniform
            | Self::UniformFanOut
            | Self::Normal(_)
            | Self::TruncNormal(_)
            | Self::Zero => BiasDraw::Zero,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::KaimingNormalFanOut => "kaiming_normal_fan_out",
            Self::KaimingNormalFanIn => "kaiming_normal_fan_in",
            Self::GlorotUniform => "glorot_uniform",
            Self::UniformFanIn => "uniform_fan_in",
            Self::UniformFanOut => "uniform_fan_out",
            Self::Normal(_) => "normal",
            Self::TruncNormal(_) => "trunc_normal",
            Self::Zero => "zero",
        }
    }

    /// The standard deviation that it is told, if it is.
    #[must_use]
    pub fn deviation(self) -> Option<f64> {
        match self {
            Self::Normal(deviation) | Self::TruncNormal(deviation) => Some(deviation),
            Self::KaimingNormalFanOut
            | Self::KaimingNormalFanIn
            | Self::GlorotUniform
            | Self::UniformFanIn
            | Self::UniformFanOut
            | Self::Zero => None,
        }
    }

    fn of(self, fans: Fans) -> Distribution {
        let normal = |variance: f64| Distribution::Normal { deviation: variance.sqrt() };
        let uniform = |bound: f64| Distribution::Uniform { centre: 0.0, bound };
        match self {
            Self::KaimingNormalFanOut => normal(2.0 / fans.outputs),
            Self::KaimingNormalFanIn => normal(2.0 / fans.inputs),
            Self::GlorotUniform => uniform((6.0 / (fans.inputs + fans.outputs)).sqrt()),
            Self::UniformFanIn => uniform(fans.inputs.sqrt().recip()),
            Self::UniformFanOut => uniform(fans.outputs.sqrt().recip()),
            Self::Normal(deviation) | Self::TruncNormal(deviation) => Distribution::Normal { deviation },
            Self::Zero => Distribution::Constant(0.0),
        }
    }
}

impl From<Draw> for Init {
    /// With the usual bias.
    fn from(kernel: Draw) -> Self {
        Self { kernel, bias: kernel.usual_bias() }
    }
}

impl Init {
    /// For a layer that has a bias or has none, of which nothing need be said.
    #[must_use]
    pub fn of_layer(self, has_bias: bool) -> Self {
        if has_bias { self } else { self.kernel.into() }
    }
}

impl BiasDraw {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::UniformFanIn => "uniform_fan_in",
        }
    }

    fn of(self, fans: Fans) -> Distribution {
        match self {
            Self::Zero => Distribution::Constant(0.0),
            Self::UniformFanIn => Draw::UniformFanIn.of(fans),
        }
    }
}

/// A kernel's fans.
#[derive(Debug, Clone, Copy)]
struct Fans {
    inputs: f64,
    outputs: f64,
}

impl Fans {
    /// Of a kernel [out, in / groups, …].
    #[expect(clippy::cast_precision_loss, reason = "a fan is far below 2^53")]
    fn of(shape: &[u64]) -> Self {
        let [outputs, inputs, elements @ ..] = shape else {
            unreachable!("a kernel has outputs and inputs: {shape:?}")
        };
        let elements = elements.iter().product::<u64>();
        Self { inputs: (inputs * elements) as f64, outputs: (outputs * elements) as f64 }
    }
}

impl Distribution {
    /// The mean.
    #[must_use]
    pub fn mean(self) -> f64 {
        match self {
            Self::Constant(value) => value,
            Self::Normal { .. } => 0.0,
            Self::Uniform { centre, .. } => centre,
        }
    }

    /// The standard deviation.
    #[must_use]
    pub fn deviation(self) -> f64 {
        match self {
            Self::Constant(_) => 0.0,
            Self::Normal { deviation } => deviation,
            Self::Uniform { bound, .. } => bound / 3_f64.sqrt(),
        }
    }
}

impl Op {
    /// The distribution of its parameter of this kind before training, where it reads `input`.
    ///
    /// # Panics
    /// Never: a layer that is drawn has a kernel.
    #[must_use]
    pub fn fresh(&self, kind: ParameterKind, input: Shape) -> Distribution {
        let constant = Distribution::Constant;
        match (self, kind) {
            (
                Self::Conv2d(op::Conv2d { init, .. })
                | Self::Linear(op::Linear { init, .. })
                | Self::ChannelConv(op::ChannelConv { init, .. }),
                ParameterKind::Kernel | ParameterKind::Bias,
            ) => {
                let parameters = self.parameters(input);
                let kernel = parameters.iter().find(|(kind, _)| *kind == ParameterKind::Kernel);
                let (_, shape) = kernel.expect("a layer that is drawn has a kernel");
                let fans = Fans::of(shape);
                if kind == ParameterKind::Kernel { init.kernel.of(fans) } else { init.bias.of(fans) }
            }
            (
                Self::BatchNorm(op::BatchNorm { scale, .. })
                | Self::GroupNorm(op::GroupNorm { scale, .. })
                | Self::LayerNorm(op::LayerNorm { scale, .. }),
                ParameterKind::Scale,
            ) => constant(*scale),
            (Self::LayerScale(op::LayerScale { init }), ParameterKind::Gain) => constant(*init),
            (_, ParameterKind::Variance | ParameterKind::Scale | ParameterKind::Gain) => constant(1.0),
            (_, ParameterKind::Kernel | ParameterKind::Bias | ParameterKind::Shift | ParameterKind::Mean) => {
                constant(0.0)
            }
        }
    }
}

impl fmt::Display for Init {
    /// As a description has it: `kaiming_normal_fan_out`, `normal(0.01)`, `uniform_fan_in(bias = zero)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bias = (self.bias != self.kernel.usual_bias()).then(|| format!("bias = {}", self.bias.word()));
        let arguments: Vec<_> =
            self.kernel.deviation().map(|deviation| format!("{deviation:?}")).into_iter().chain(bias).collect();
        f.write_str(self.kernel.word())?;
        if arguments.is_empty() { Ok(()) } else { write!(f, "({})", arguments.join(", ")) }
    }
}

impl Serialize for Init {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
