use crate::ir::shape::Shape;
use serde::Serialize;

/// An activation function, elementwise but for softmax, which is over the channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6) (MobileNetV2, arXiv 1801.04381).
    Relu6,
    /// x times sigmoid of x (EfficientNet, arXiv 1905.11946; also called swish).
    Silu,
    /// x times the normal distribution function of x, exact and not by tanh (ConvNeXt, arXiv 2201.03545).
    Gelu,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// min(max(x + 3, 0), 6) / 6 (MobileNetV3, arXiv 1905.02244).
    HardSigmoid,
    /// x times hard sigmoid of x.
    HardSwish,
    /// exp(x) over its sum along the channels.
    Softmax,
}

impl Activation {
    /// Every one, in the order in which messages list them.
    pub const ALL: [Self; 8] = [
        Self::Relu,
        Self::Relu6,
        Self::Silu,
        Self::Gelu,
        Self::Sigmoid,
        Self::HardSigmoid,
        Self::HardSwish,
        Self::Softmax,
    ];

    pub(super) fn infer(self, input: Shape) -> Shape {
        input
    }

    /// Whether no value of it is negative, whatever it reads.
    #[must_use]
    pub fn is_never_negative(self) -> bool {
        match self {
            Self::Relu | Self::Relu6 | Self::Sigmoid | Self::HardSigmoid | Self::Softmax => true,
            Self::Silu | Self::Gelu | Self::HardSwish => false,
        }
    }

    /// The word for it, in descriptions and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::Sigmoid => "sigmoid",
            Self::HardSigmoid => "hard_sigmoid",
            Self::HardSwish => "hard_swish",
            Self::Softmax => "softmax",
        }
    }
}
