use crate::ir::shape::Shape;

/// An activation function, elementwise but for softmax, which is over the channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// exp(x) over its sum along the channels.
    Softmax,
}

impl Activation {
    pub(super) fn infer(self, input: Shape) -> Shape {
        input
    }

    /// Whether no value of it is negative, whatever it reads.
    #[must_use]
    pub fn is_never_negative(self) -> bool {
        match self {
            Self::Relu | Self::Softmax => true,
        }
    }

    /// The word for it, in tables and in Keras.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Softmax => "softmax",
        }
    }
}
