//! Fresh weights, drawn as the dialect says.
//!
//! Every tensor has a generator of its own, seeded by the seed and the tensor's name: the same seed gives the same
//! weights run after run, and another layer in the network changes no tensor of the others.

use super::{Entry, Tensor, Weights, expected};
use crate::ir::dialect::{Dialect, Init};
use crate::ir::{Op, ParameterKind, op};
use crate::valid::Checked;
use std::f64::consts::TAU;

/// Fresh weights for `checked` from `seed`.
///
/// Kernels are drawn from the distribution that the dialect names for convolutions or linear layers; biases are zero
/// but for [`Init::UniformFanIn`], which draws them like the matrix; a norm begins as gamma 1, beta 0, a batch norm with
/// mean 0 and variance 1, a layer scale as its op says. How much memory they take is [`super::bytes`]; the caller answers for it.
#[must_use]
pub fn init(checked: &Checked, seed: u64) -> Weights {
    expected(checked)
        .into_iter()
        .map(|entry| {
            let values = draw(checked, &entry, seed);
            (entry.parameter, Tensor { shape: entry.ir_shape, values })
        })
        .collect()
}

fn draw(checked: &Checked, entry: &Entry, seed: u64) -> Vec<f32> {
    let Dialect { convolution_init, linear_init, .. } = *checked.graph().dialect;
    let layer = checked.layer(entry.parameter.node);
    let is_convolution = matches!(layer.node.op, Op::Conv2d(_) | Op::ChannelConv(_));
    let init = if is_convolution { convolution_init } else { linear_init };
    let count = entry.ir_shape.iter().product::<u64>();
    let mut generator = Generator::new(seed, &entry.name);
    match entry.parameter.kind {
        ParameterKind::Kernel => {
            let distribution = Distribution::new(init, &entry.ir_shape);
            (0..count).map(|_| distribution.draw(&mut generator)).collect()
        }
        ParameterKind::Bias if init == Init::UniformFanIn => {
            let kernel = layer.node.op.parameters(layer.input).into_iter().next().map(|(_, shape)| shape);
            let distribution = Distribution::new(init, &kernel.unwrap_or_default());
            (0..count).map(|_| distribution.draw(&mut generator)).collect()
        }
        ParameterKind::Bias | ParameterKind::Shift | ParameterKind::Mean => (0..count).map(|_| 0.0).collect(),
        ParameterKind::Scale | ParameterKind::Variance => (0..count).map(|_| 1.0).collect(),
        ParameterKind::Gain => {
            let Op::LayerScale(op::LayerScale { init }) = layer.node.op else { return Vec::new() };
            #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
            (0..count).map(|_| init as f32).collect()
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Distribution {
    Normal { deviation: f64 },
    Uniform { bound: f64 },
}

impl Distribution {
    /// What `init` means for a kernel of `shape` [out, in / groups, …].
    #[expect(clippy::cast_precision_loss, reason = "a fan is far below 2^53")]
    fn new(init: Init, shape: &[u64]) -> Self {
        let outputs = shape.first().copied().unwrap_or(1);
        let fan_in = shape.iter().skip(1).product::<u64>() as f64;
        let fan_out = (outputs * shape.iter().skip(2).product::<u64>()) as f64;
        match init {
            Init::KaimingNormalFanOut => Self::Normal { deviation: (2.0 / fan_out).sqrt() },
            Init::KaimingNormalFanIn => Self::Normal { deviation: (2.0 / fan_in).sqrt() },
            Init::GlorotUniform => Self::Uniform { bound: (6.0 / (fan_in + fan_out)).sqrt() },
            Init::UniformFanIn => Self::Uniform { bound: fan_in.sqrt().recip() },
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "drawn in float64, rounded once")]
    fn draw(self, generator: &mut Generator) -> f32 {
        match self {
            Self::Normal { deviation } => (generator.normal() * deviation) as f32,
            Self::Uniform { bound } => ((2.0 * generator.uniform() - 1.0) * bound) as f32,
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Debug)]
struct Generator {
    state: u64,
    /// The second of a pair of normal numbers.
    spare: Option<f64>,
}

impl Generator {
    /// Seeded by `seed` and the FNV-1a hash of `name`.
    fn new(seed: u64, name: &str) -> Self {
        let hash = name
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
        let mut generator = Self { state: seed, spare: None };
        generator.state = generator.next() ^ hash;
        generator
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = self.state;
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1), 53 bits.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normal with mean 0 and variance 1 (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let (sine, cosine) = (TAU * self.uniform()).sin_cos();
        self.spare = Some(radius * sine);
        radius * cosine
    }
}
