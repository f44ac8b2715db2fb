//! How the weights of a rewritten network derive from those of the original.

use super::{Misfit, Supply, Tensor, Weights};
use crate::ir::{NodeId, Parameter, ParameterKind};
use std::collections::BTreeMap;

/// How one new parameter derives from old ones. Arithmetic is in float64, rounded once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Derivation {
    /// It is the old one.
    Same(Parameter),
    /// A kernel whose outputs are scaled as the batch norm `norm` scales its channels: w gamma / sqrt(variance +
    /// epsilon).
    ScaledKernel {
        /// The old kernel.
        kernel: Parameter,
        /// The norm.
        norm: NodeId,
        /// Its epsilon.
        epsilon: f64,
    },
    /// The bias that is left of a batch norm: (b - mean) gamma / sqrt(variance + epsilon) + beta.
    FoldedBias {
        /// The old bias b; zero where there was none.
        bias: Option<Parameter>,
        /// The norm.
        norm: NodeId,
        /// Its epsilon.
        epsilon: f64,
    },
    /// The running mean of a batch norm that takes over the bias of the convolution before it: mean - b.
    ShiftedMean {
        /// The old mean.
        mean: Parameter,
        /// The bias that has no place any more.
        bias: Parameter,
    },
    /// A bias where there was none, [channels].
    Zeros {
        /// How many there are.
        count: u64,
    },
}

/// For every parameter of a rewritten network, how it derives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WeightMap {
    derivations: BTreeMap<Parameter, Derivation>,
}

impl FromIterator<(Parameter, Derivation)> for WeightMap {
    fn from_iter<I: IntoIterator<Item = (Parameter, Derivation)>>(derivations: I) -> Self {
        Self { derivations: derivations.into_iter().collect() }
    }
}

impl WeightMap {
    /// How `parameter` derives.
    #[must_use]
    pub fn get(&self, parameter: Parameter) -> Option<Derivation> {
        self.derivations.get(&parameter).copied()
    }

    /// Every new parameter and how it derives.
    pub fn iter(&self) -> impl Iterator<Item = (Parameter, &Derivation)> {
        self.derivations.iter().map(|(parameter, derivation)| (*parameter, derivation))
    }

    /// The weights of the rewritten network, given all those of the original; what derives from a tensor that `old`
    /// lacks is left out.
    #[must_use]
    pub fn apply(&self, old: &Weights) -> Weights {
        let derived = self.derivations.iter().map(|(&new, derivation)| (new, derivation.derive(&mut &*old)));
        // Memory can always be read.
        derived.filter_map(|(new, tensor)| Some((new, tensor.ok().flatten()?))).collect()
    }

    /// The weights of the rewritten network, each derived from those of the original when it is asked for.
    #[must_use]
    pub fn over<S: Supply>(self, old: S) -> Rewritten<S> {
        Rewritten { map: self, old }
    }
}

/// The weights of a rewritten network, derived one at a time.
#[derive(Debug)]
pub struct Rewritten<S> {
    map: WeightMap,
    old: S,
}

impl<S: Supply> Supply for Rewritten<S> {
    fn tensor(&mut self, parameter: Parameter) -> Result<Option<Tensor>, Misfit> {
        match self.map.get(parameter) {
            Some(derivation) => derivation.derive(&mut self.old),
            None => Ok(None),
        }
    }
}

impl Derivation {
    /// The new tensor; `None` where `old` lacks one that it derives from.
    fn derive(self, old: &mut impl Supply) -> Result<Option<Tensor>, Misfit> {
        match self {
            Self::Same(parameter) => old.tensor(parameter),
            Self::ScaledKernel { kernel, norm, epsilon } => {
                let (Some(mut tensor), Some(scales)) = (old.tensor(kernel)?, scales(norm, epsilon, old)?) else {
                    return Ok(None);
                };
                let size = tensor.values.len().checked_div(scales.len()).unwrap_or_default().max(1);
                for (output, scale) in tensor.values.chunks_mut(size).zip(scales) {
                    for weight in output {
                        *weight = round(f64::from(*weight) * scale);
                    }
                }
                Ok(Some(tensor))
            }
            Self::FoldedBias { bias, norm, epsilon } => {
                let mut of = |kind| old.tensor(Parameter { node: norm, kind });
                let (Some(mut tensor), Some(mean)) = (of(ParameterKind::Shift)?, of(ParameterKind::Mean)?) else {
                    return Ok(None);
                };
                let Some(scales) = scales(norm, epsilon, old)? else { return Ok(None) };
                let bias = match bias {
                    Some(bias) => old.tensor(bias)?.map(|bias| bias.values).unwrap_or_default(),
                    None => Vec::new(),
                };
                let biases = bias.into_iter().chain(std::iter::repeat(0.0));
                for (((shift, mean), scale), bias) in tensor.values.iter_mut().zip(mean.values).zip(scales).zip(biases)
                {
                    *shift = round((f64::from(bias) - f64::from(mean)) * scale + f64::from(*shift));
                }
                Ok(Some(tensor))
            }
            Self::ShiftedMean { mean, bias } => {
                let (Some(mut tensor), Some(bias)) = (old.tensor(mean)?, old.tensor(bias)?) else { return Ok(None) };
                for (mean, bias) in tensor.values.iter_mut().zip(bias.values) {
                    *mean = round(f64::from(*mean) - f64::from(bias));
                }
                Ok(Some(tensor))
            }
            Self::Zeros { count } => {
                let length = usize::try_from(count).unwrap_or(usize::MAX);
                Ok(Some(Tensor { shape: vec![count], values: vec![0.0; length] }))
            }
        }
    }
}

/// gamma / sqrt(variance + epsilon) for every channel.
fn scales(norm: NodeId, epsilon: f64, old: &mut impl Supply) -> Result<Option<Vec<f64>>, Misfit> {
    let mut of = |kind| old.tensor(Parameter { node: norm, kind });
    let (Some(scale), Some(variance)) = (of(ParameterKind::Scale)?, of(ParameterKind::Variance)?) else {
        return Ok(None);
    };
    let channels = scale.values.into_iter().zip(variance.values);
    Ok(Some(channels.map(|(gamma, variance)| f64::from(gamma) / (f64::from(variance) + epsilon).sqrt()).collect()))
}

#[expect(clippy::cast_possible_truncation, reason = "the one rounding to the nearest float32")]
fn round(value: f64) -> f32 {
    value as f32
}
