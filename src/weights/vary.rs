//! How weights are drawn of which every one counts.
//!
//! A kernel is drawn so that what it gives is of about the size 1, whatever the size of what it reads: so a hundred blocks that each
//! add to a sum overflow no more than one. For this the mean and the mean square of every value are estimated, as if its elements were
//! normal and independent (He et al. 2015, "Delving Deep into Rectifiers", section 2.2).

use crate::ir::op::{Activation, Conv2d, Linear, PoolKind};
use crate::ir::{Distribution, NodeId, Op, Parameter, ParameterKind};
use crate::valid::{Checked, Layer};
use std::collections::BTreeMap;
use std::f64::consts::TAU;

/// The estimated moments of every value of a network whose images have mean 0 and mean square 1.
pub(super) struct Values(BTreeMap<NodeId, Moments>);

#[derive(Debug, Clone, Copy)]
struct Moments {
    mean: f64,
    square: f64,
}

/// A norm's factors, from 0.5 to 1.
const FACTORS: Moments = Moments { mean: 0.75, square: 7.0 / 12.0 };
/// The mean square of shifts, from -0.1 to 0.1.
const SHIFTS: f64 = 0.01 / 3.0;
/// One over a deviation whose square is from 0.5 to 1.5: of the square, the logarithm of 3.
const PER_DEVIATION: Moments = Moments { mean: 1.035_276, square: 1.098_612 };

impl Values {
    pub(super) fn of(checked: &Checked) -> Self {
        let mut values = Self(BTreeMap::new());
        for layer in checked.layers() {
            let moments = values.after(&layer);
            values.0.insert(layer.id, moments);
        }
        values
    }

    fn get(&self, node: NodeId) -> Moments {
        self.0.get(&node).copied().unwrap_or(Moments::centred(1.0))
    }

    fn after(&self, layer: &Layer<'_>) -> Moments {
        let operands: Vec<_> = layer.operands.iter().map(|operand| self.get(*operand)).collect();
        let first = operands.first().copied().unwrap_or(Moments::centred(1.0));
        match &layer.node.op {
            Op::Input(_) | Op::ChannelConv(_) => Moments::centred(1.0),
            Op::Conv2d(Conv2d { bias, .. }) | Op::Linear(Linear { bias, .. }) => {
                Moments::centred(if *bias { 1.0 + SHIFTS } else { 1.0 })
            }
            Op::GroupNorm(_) | Op::LayerNorm(_) => Moments::centred(FACTORS.square + SHIFTS),
            Op::BatchNorm(_) => first.shifted().times(PER_DEVIATION).times(FACTORS).shifted(),
            Op::LayerScale(_) => first.times(FACTORS),
            Op::Activation(
                Activation::Relu | Activation::Relu6 | Activation::Silu | Activation::Gelu | Activation::HardSwish,
            ) => first.rectified(),
            Op::Activation(Activation::Sigmoid | Activation::HardSigmoid) => Moments { mean: 0.5, square: 0.3 },
            Op::Activation(Activation::Softmax) => Moments::shared(layer.output.channels()),
            Op::PathSoftmax(op) => Moments::shared(op.paths),
            Op::AdaptivePool(pool) if pool.kind == PoolKind::Average => first.averaged(),
            Op::AvgPool(_) | Op::Blur(_) => first.averaged(),
            Op::MaxPool(_) | Op::AdaptivePool(_) => Moments { mean: 1.5 * first.mean, square: 2.0 * first.square },
            Op::Add(_) => operands.into_iter().reduce(Moments::plus).unwrap_or(first),
            Op::Multiply(_) => operands.into_iter().reduce(Moments::times).unwrap_or(first),
            Op::Concat(_) => Moments::mixed(&operands),
            Op::DropPath(_) | Op::Dropout(_) | Op::Flatten(_) | Op::Pad(_) | Op::Slice(_) | Op::Subsample(_) => first,
        }
    }

    /// What the tensor `parameter` of `shape` is drawn from.
    #[expect(clippy::cast_precision_loss, reason = "a fan is far below 2^53")]
    pub(super) fn distribution(&self, checked: &Checked, parameter: Parameter, shape: &[u64]) -> Distribution {
        let uniform = |centre, bound| Distribution::Uniform { centre, bound };
        match parameter.kind {
            ParameterKind::Kernel => {
                let fan_in = shape.iter().skip(1).product::<u64>() as f64;
                let operand = checked.layer(parameter.node).operands.first().map(|operand| self.get(*operand).square);
                uniform(0.0, (3.0 / (fan_in * operand.unwrap_or(1.0))).sqrt())
            }
            ParameterKind::Bias | ParameterKind::Shift | ParameterKind::Mean => uniform(0.0, 0.1),
            ParameterKind::Scale | ParameterKind::Gain => uniform(0.75, 0.25),
            ParameterKind::Variance => uniform(1.0, 0.5),
        }
    }
}

impl Moments {
    fn centred(square: f64) -> Self {
        Self { mean: 0.0, square }
    }

    /// Of values of which `count` share 1.
    #[expect(clippy::cast_precision_loss, reason = "channels are far below 2^53")]
    fn shared(count: u64) -> Self {
        let mean = (count.max(1) as f64).recip();
        Self { mean, square: mean * mean }
    }

    fn variance(self) -> f64 {
        (self.square - self.mean * self.mean).max(0.0)
    }

    fn shifted(self) -> Self {
        Self { square: self.square + SHIFTS, ..self }
    }

    fn plus(self, other: Self) -> Self {
        Self { mean: self.mean + other.mean, square: self.square + other.square + 2.0 * self.mean * other.mean }
    }

    fn times(self, other: Self) -> Self {
        Self { mean: self.mean * other.mean, square: self.square * other.square }
    }

    /// What is negative set to zero. The normal distribution's integral is a logistic function to two digits.
    fn rectified(self) -> Self {
        let deviation = self.variance().sqrt();
        if deviation <= f64::EPSILON {
            return Self { mean: self.mean.max(0.0), square: self.mean.max(0.0).powi(2) };
        }
        let z = self.mean / deviation;
        let density = (-0.5 * z * z).exp() / TAU.sqrt();
        let integral = (1.0 + (-1.702 * z).exp()).recip();
        Self {
            mean: self.mean * integral + deviation * density,
            square: self.square * integral + self.mean * deviation * density,
        }
    }

    /// Means over neighbours, which are alike in part.
    fn averaged(self) -> Self {
        Self { square: self.mean * self.mean + 0.3 * self.variance(), ..self }
    }

    /// Of values side by side, as if of one size.
    #[expect(clippy::cast_precision_loss, reason = "operands are few")]
    fn mixed(of: &[Self]) -> Self {
        let sum = of
            .iter()
            .fold(Self::centred(0.0), |sum, one| Self { mean: sum.mean + one.mean, square: sum.square + one.square });
        let count = of.len().max(1) as f64;
        Self { mean: sum.mean / count, square: sum.square / count }
    }
}
