//! What is computed of each element by itself: activations, factors and summands for each channel, sums and products of branches.

use crate::engine::BLOCK;
use crate::engine::extent::Extent;
use crate::ir::op::Activation;
use std::f32::consts::FRAC_1_SQRT_2;

/// Something done to each element of a value, in place.
#[derive(Debug, Clone)]
pub(in crate::engine) enum Pointwise {
    Activation(Activation),
    /// For each channel a factor and a summand: a batch norm, a layer scale. As long as the blocks.
    Affine {
        scale: Vec<f32>,
        shift: Vec<f32>,
    },
    /// The operand with this place among the step's others is added.
    Add(usize),
    /// It is multiplied, element by element or a factor for each channel.
    Multiply(usize),
}

impl Pointwise {
    /// Does it to the block `block` of an image of `extent`, given the other operands of that image.
    pub(super) fn apply(&self, block: usize, others: &[&[f32]], extent: Extent, values: &mut [f32]) {
        let channels = block * BLOCK..(block + 1) * BLOCK;
        let plane = extent.plane();
        match self {
            Self::Activation(activation) => activate(*activation, values),
            Self::Affine { scale, shift } => {
                let (scale, shift) = (&scale[channels.clone()], &shift[channels]);
                for pixel in values.as_chunks_mut::<BLOCK>().0 {
                    for ((value, scale), shift) in pixel.iter_mut().zip(scale).zip(shift) {
                        *value = *value * scale + shift;
                    }
                }
            }
            Self::Add(other) => {
                let other = &others[*other][block * plane..][..plane];
                values.iter_mut().zip(other).for_each(|(value, other)| *value += other);
            }
            Self::Multiply(other) if others[*other].len() < extent.floats() => {
                let gate = &others[*other][channels];
                for pixel in values.as_chunks_mut::<BLOCK>().0 {
                    pixel.iter_mut().zip(gate).for_each(|(value, gate)| *value *= gate);
                }
            }
            Self::Multiply(other) => {
                let other = &others[*other][block * plane..][..plane];
                values.iter_mut().zip(other).for_each(|(value, other)| *value *= other);
            }
        }
    }
}

/// Applies an activation of single elements; softmax is none.
#[inline]
pub(super) fn activate(activation: Activation, values: &mut [f32]) {
    match activation {
        Activation::Relu => each(values, |x| if x < 0.0 { 0.0 } else { x }),
        Activation::Relu6 => each(values, |x| x.clamp(0.0, 6.0)),
        Activation::Silu => each(values, |x| x * sigmoid(x)),
        Activation::Gelu => each(values, |x| 0.5 * x * (1.0 + erf(x * FRAC_1_SQRT_2))),
        Activation::Sigmoid => each(values, sigmoid),
        Activation::HardSigmoid => each(values, hard_sigmoid),
        Activation::HardSwish => each(values, |x| x * hard_sigmoid(x)),
        Activation::Softmax => {}
    }
}

#[inline]
fn each(values: &mut [f32], of: impl Fn(f32) -> f32) {
    for value in values {
        *value = of(*value);
    }
}

#[inline]
fn hard_sigmoid(x: f32) -> f32 {
    (x + 3.0).clamp(0.0, 6.0) / 6.0
}

/// Nothing where its value is below the smallest float: [`exp`] has an end there.
#[inline]
fn sigmoid(x: f32) -> f32 {
    let value = 1.0 / (1.0 + exp(-x));
    if x < -87.3 { 0.0 } else { value }
}

/// e^x within two units of the last place, without branches, so that loops over it become vectors: 2^n e^r with n the nearest integer to
/// x / ln 2 and |r| at most ln 2 / 2, e^r by its Taylor polynomial of degree 7 (relative error 4e-9).
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "n is from -126 to 127")]
pub(super) fn exp(x: f32) -> f32 {
    // Adding and taking away 1.5 x 2^23 rounds to an integer.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.3, 88.3);
    let n = x * std::f32::consts::LOG2_E + ROUND - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let terms = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let power = terms.into_iter().fold(0.0, |sum, term| sum * r + term);
    power * f32::from_bits(((n as i32 + 127) as u32) << 23)
}

/// The error function, within 2e-7 (Abramowitz and Stegun 7.1.26 is not near enough): below 1 its Taylor series, above that 1 minus
/// e^(-x^2) times a polynomial in 1 / (1 + x / 2) (Numerical Recipes, erfcc, relative error 1.2e-7).
#[inline]
fn erf(x: f32) -> f32 {
    const SERIES: [f32; 11] = [
        1.0 / 76_204_800.0,
        -1.0 / 6_894_720.0,
        1.0 / 685_440.0,
        -1.0 / 75_600.0,
        1.0 / 9360.0,
        -1.0 / 1320.0,
        1.0 / 216.0,
        -1.0 / 42.0,
        1.0 / 10.0,
        -1.0 / 3.0,
        1.0,
    ];
    const TAIL: [f32; 10] = [
        0.170_872_77,
        -0.822_152_2,
        1.488_515_9,
        -1.135_204,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_7,
        -1.265_512_2,
    ];
    let square = x * x;
    let near = SERIES.into_iter().fold(0.0_f32, |sum, term| sum * square + term) * x * std::f32::consts::FRAC_2_SQRT_PI;
    let size = x.abs();
    let t = 1.0 / (1.0 + 0.5 * size);
    let power = TAIL.into_iter().fold(0.0, |sum, term| sum * t + term);
    let far = (1.0 - t * exp(power - square)).copysign(x);
    if size < 1.0 { near } else { far }
}
