//! How the weights of a rewritten network derive from those of the original.

use super::{Tensor, Weights};
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

    /// The weights of the rewritten network, given all those of the original; what derives from a tensor that `old`
    /// lacks is left out.
    #[must_use]
    pub fn apply(&self, old: &Weights) -> Weights {
        let derived = self.derivations.iter().filter_map(|(&new, &derivation)| Some((new, derive(derivation, old)?)));
        derived.collect()
    }
}

fn derive(derivation: Derivation, old: &Weights) -> Option<Tensor> {
    match derivation {
        Derivation::Same(parameter) => old.get(parameter).cloned(),
        Derivation::ScaledKernel { kernel, norm, epsilon } => {
            let Tensor { shape, values } = old.get(kernel)?;
            let scales = scales(norm, epsilon, old)?;
            let outputs = values.chunks(values.len().checked_div(scales.len())?.max(1)).zip(scales);
            let values = outputs.flat_map(|(output, scale)| output.iter().map(move |&w| round(f64::from(w) * scale)));
            Some(Tensor { shape: shape.clone(), values: values.collect() })
        }
        Derivation::FoldedBias { bias, norm, epsilon } => {
            let of = |kind| old.get(Parameter { node: norm, kind });
            let (mean, shift) = (of(ParameterKind::Mean)?, of(ParameterKind::Shift)?);
            let biases = match bias {
                Some(bias) => old.get(bias)?.values.as_slice(),
                None => &[],
            };
            let biases = biases.iter().copied().chain(std::iter::repeat(0.0));
            let channels = biases.zip(&mean.values).zip(&shift.values).zip(scales(norm, epsilon, old)?);
            let values = channels.map(|(((bias, &mean), &shift), scale)| {
                round((f64::from(bias) - f64::from(mean)) * scale + f64::from(shift))
            });
            Some(Tensor { shape: mean.shape.clone(), values: values.collect() })
        }
    }
}

/// gamma / sqrt(variance + epsilon) for every channel.
fn scales(norm: NodeId, epsilon: f64, old: &Weights) -> Option<Vec<f64>> {
    let of = |kind| old.get(Parameter { node: norm, kind });
    let (scale, variance) = (of(ParameterKind::Scale)?, of(ParameterKind::Variance)?);
    let channels = scale.values.iter().zip(&variance.values);
    Some(channels.map(|(&gamma, &variance)| f64::from(gamma) / (f64::from(variance) + epsilon).sqrt()).collect())
}

#[expect(clippy::cast_possible_truncation, reason = "the one rounding to the nearest float32")]
fn round(value: f64) -> f32 {
    value as f32
}
