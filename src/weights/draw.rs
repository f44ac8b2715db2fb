//! Fresh weights, drawn as each layer says.
//!
//! Every tensor has a generator of its own, seeded by the seed and the tensor's name: the same seed gives the same
//! weights run after run, and another layer in the network changes no tensor of the others.

use super::vary::Values;
use super::{Entry, Misfit, Supply, Tensor, Weights, expected};
use crate::ir::{Distribution, Parameter};
use crate::valid::Checked;
use std::collections::BTreeMap;
use std::f64::consts::TAU;

/// Fresh weights for `checked` from `seed`.
///
/// Each tensor is drawn from its [`distribution`]. How much memory they take is [`super::bytes`]; the caller answers for it.
#[must_use]
pub fn init(checked: &Checked, seed: u64) -> Weights {
    let Fresh { recipes, seed } = Fresh::new(checked, seed);
    recipes.into_iter().map(|(parameter, recipe)| (parameter, recipe.draw(seed))).collect()
}

/// What a parameter of `checked` begins as: what every back end draws from, as its layer says ([`crate::ir::Init`]).
#[must_use]
pub fn distribution(checked: &Checked, parameter: Parameter) -> Distribution {
    let layer = checked.layer(parameter.node);
    layer.node.op.fresh(parameter.kind, layer.input)
}

/// Normal values of mean 0 and variance 1: images to try a network on, row-major in any `shape`.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "drawn in float64, rounded once")]
pub fn images(shape: &[u64], seed: u64) -> Tensor {
    let mut generator = Generator::new(seed, "images");
    let values = (0..shape.iter().product()).map(|_| generator.normal() as f32).collect();
    Tensor { shape: shape.to_vec(), values }
}

/// The weights of [`init`], each drawn when it is asked for.
#[derive(Debug)]
pub struct Fresh {
    recipes: BTreeMap<Parameter, Recipe>,
    seed: u64,
}

impl Fresh {
    /// Fresh weights for `checked` from `seed`.
    #[must_use]
    pub fn new(checked: &Checked, seed: u64) -> Self {
        Self::drawn(checked, seed, |entry| distribution(checked, entry.parameter))
    }

    /// Weights for `checked` from `seed` of which every one counts, for comparing programs. Among those that training begins
    /// with many are alike, zero or one, and may be swapped or forgotten unseen; here all differ, and values keep their size
    /// through any depth.
    #[must_use]
    pub fn varied(checked: &Checked, seed: u64) -> Self {
        let values = Values::of(checked);
        Self::drawn(checked, seed, |entry| values.distribution(checked, entry.parameter, &entry.ir_shape))
    }

    /// Each tensor from a distribution of its own.
    fn drawn(checked: &Checked, seed: u64, of: impl Fn(&Entry) -> Distribution) -> Self {
        let recipes = expected(checked).into_iter().map(|entry| {
            let distribution = of(&entry);
            (entry.parameter, Recipe { name: entry.name, shape: entry.ir_shape, distribution })
        });
        Self { recipes: recipes.collect(), seed }
    }
}

impl Supply for Fresh {
    fn tensor(&mut self, parameter: Parameter) -> Result<Option<Tensor>, Misfit> {
        Ok(self.recipes.get(&parameter).map(|recipe| recipe.draw(self.seed)))
    }
}

/// How a tensor is drawn.
#[derive(Debug)]
struct Recipe {
    name: String,
    shape: Vec<u64>,
    distribution: Distribution,
}

impl Recipe {
    fn draw(&self, seed: u64) -> Tensor {
        let mut generator = Generator::new(seed, &self.name);
        let value = |_| self.distribution.draw(&mut generator);
        Tensor { shape: self.shape.clone(), values: (0..self.shape.iter().product()).map(value).collect() }
    }
}

impl Distribution {
    #[expect(clippy::cast_possible_truncation, reason = "drawn in float64, rounded once")]
    fn draw(self, generator: &mut Generator) -> f32 {
        match self {
            Self::Constant(value) => value as f32,
            Self::Normal { deviation } => (generator.normal() * deviation) as f32,
            Self::Uniform { centre, bound } => (centre + (2.0 * generator.uniform() - 1.0) * bound) as f32,
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
