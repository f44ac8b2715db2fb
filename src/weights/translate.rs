//! Weights under another dialect's names: one network, lowered under two tables of names, its layers paired.

use super::{Derivation, Misfit, Supply, WeightMap};
use crate::ir::{NodeId, Op, Parameter, ParameterKind};
use crate::valid::{Checked, Layer};
use std::collections::{BTreeMap, BTreeSet};

/// How weights go from one dialect's names to another's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Translation {
    /// How each tensor derives.
    pub map: WeightMap,
    /// Biases that have no place in the new weights, nor a batch norm behind them that could take them over: they must be
    /// zero, see [`Translation::lost`].
    pub surplus: Vec<Parameter>,
}

/// The first layers that stand in one place and are not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpaired {
    /// The layer under the old names, where there is one.
    pub from: Option<NodeId>,
    /// The layer under the new names, where there is one.
    pub to: Option<NodeId>,
}

impl Translation {
    /// The surplus biases that are not all zero: what the new weights would not say.
    ///
    /// # Errors
    /// That `supply` cannot be read.
    pub fn lost(&self, supply: &mut impl Supply) -> Result<Vec<Parameter>, Misfit> {
        let mut lost = Vec::new();
        for &bias in &self.surplus {
            let tensor = supply.tensor(bias)?;
            lost.extend(tensor.is_some_and(|bias| bias.values.iter().any(|value| *value != 0.0)).then_some(bias));
        }
        Ok(lost)
    }
}

/// How the weights of `to` derive from those of `from`, which is the same network under another dialect's names.
///
/// Layers with parameters are paired in the order in which the network has them. A bias that only the new names know is
/// zero; one that only the old names know goes into the mean of the batch norm behind it.
///
/// # Errors
/// The first layers that do not go together: the two are different networks.
pub fn translate(from: &Checked, to: &Checked) -> Result<Translation, Unpaired> {
    let mut pairs = Vec::new();
    let (mut left, mut right) = (weighted(from), weighted(to));
    loop {
        match (left.next(), right.next()) {
            (None, None) => break,
            (Some(left), Some(right)) if alike(&left, &right) => pairs.push((left, right)),
            (left, right) => {
                return Err(Unpaired { from: left.map(|layer| layer.id), to: right.map(|layer| layer.id) });
            }
        }
    }
    let mut translation = Translation::default();
    let mut shifted = BTreeMap::new();
    let mut derivations = BTreeMap::new();
    for (old, new) in &pairs {
        let known: BTreeSet<_> = old.node.op.parameters(old.input).into_iter().map(|(kind, _)| kind).collect();
        let parameters = new.node.op.parameters(new.input);
        if known.contains(&ParameterKind::Bias) && parameters.iter().all(|(kind, _)| *kind != ParameterKind::Bias) {
            let bias = Parameter { node: old.id, kind: ParameterKind::Bias };
            match norm_behind(from, old.id) {
                Some(norm) => drop(shifted.insert(norm, bias)),
                None => translation.surplus.push(bias),
            }
        }
        for (kind, shape) in parameters {
            let parameter = Parameter { node: old.id, kind };
            let derivation = match (known.contains(&kind), shifted.get(&old.id)) {
                (true, Some(&bias)) if kind == ParameterKind::Mean => Derivation::ShiftedMean { mean: parameter, bias },
                (true, _) => Derivation::Same(parameter),
                (false, _) => Derivation::Zeros { count: shape.iter().product() },
            };
            derivations.insert(Parameter { node: new.id, kind }, derivation);
        }
    }
    translation.map = derivations.into_iter().collect();
    Ok(translation)
}

/// The layers that have parameters.
fn weighted(network: &Checked) -> impl Iterator<Item = Layer<'_>> {
    network.layers().filter(|layer| !layer.node.op.parameters(layer.input).is_empty())
}

/// Whether two layers are one under two names: the same place, the same tensors but for a bias.
fn alike(left: &Layer<'_>, right: &Layer<'_>) -> bool {
    let place = |layer: &Layer<'_>| {
        let address = layer.node.origin.address;
        (address.place, address.branch, address.unit, address.role)
    };
    let tensors = |layer: &Layer<'_>| {
        let mut parameters = layer.node.op.parameters(layer.input);
        parameters.retain(|(kind, _)| *kind != ParameterKind::Bias);
        parameters
    };
    place(left) == place(right) && tensors(left) == tensors(right)
}

/// The batch norm that alone reads the convolution `id`.
fn norm_behind(network: &Checked, id: NodeId) -> Option<NodeId> {
    let &[norm] = network.graph().readers(id).as_slice() else { return None };
    matches!(network.graph().get(norm)?.op, Op::BatchNorm(_)).then_some(norm)
}
