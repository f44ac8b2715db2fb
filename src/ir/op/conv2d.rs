use crate::ir::init::Init;
use crate::ir::parameter::{ParameterKind, Tensors};
use crate::ir::shape::{Shape, ShapeError, Window};
use serde::Serialize;
use smallvec::smallvec;

/// A two-dimensional convolution (cross-correlation, as every framework has it) with zero padding.
///
/// Input N x C x H x W, kernel [filters, C / groups, kernel height, kernel width].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Conv2d {
    /// Output channels.
    pub filters: u64,
    /// Kernel, stride, dilation and padding; never in ceil mode.
    pub window: Window,
    /// Groups into which input and output channels are split.
    pub groups: u64,
    /// Whether a bias is added.
    pub bias: bool,
    /// How it is drawn.
    pub init: Init,
}

impl Conv2d {
    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        let Shape::Map { channels, height, width } = input else { return Err(ShapeError::NotAMap(input)) };
        if self.filters == 0 {
            return Err(ShapeError::Zero("filters"));
        }
        let divides = |count: u64| count.checked_rem(self.groups) == Some(0);
        if !(divides(channels) && divides(self.filters)) {
            return Err(ShapeError::Groups { groups: self.groups, inputs: channels, outputs: self.filters });
        }
        let [height, width] = self.window.slide([height, width])?;
        Ok(Shape::Map { channels: self.filters, height, width })
    }

    /// Input channels that each output channel sees.
    #[must_use]
    pub fn group_inputs(self, input: Shape) -> u64 {
        input.channels() / self.groups.max(1)
    }

    pub(super) fn parameters(self, input: Shape) -> Tensors {
        let [height, width] = self.window.kernel;
        let kernel = (ParameterKind::Kernel, smallvec![self.filters, self.group_inputs(input), height, width]);
        let bias = self.bias.then(|| (ParameterKind::Bias, smallvec![self.filters]));
        std::iter::once(kernel).chain(bias).collect()
    }

    pub(super) fn macs(self, input: Shape, output: Shape) -> u128 {
        let [height, width] = self.window.kernel;
        output.elements() * u128::from(self.group_inputs(input)) * u128::from(height) * u128::from(width)
    }
}
