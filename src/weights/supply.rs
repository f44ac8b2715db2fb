//! Where tensors come from, one at a time, so that nobody holds more of a network's weights than he works on.

use super::{Differences, Entry, Misfit, Tensor, Weights, expected};
use crate::ir::Parameter;
use crate::valid::Checked;

/// Where tensors come from: memory, a file ([`super::open`]), a seed ([`super::Fresh`]), a rewrite of any of them
/// ([`super::WeightMap::over`]).
pub trait Supply {
    /// The tensor of `parameter` in the IR's layout; `None` where there is none.
    ///
    /// # Errors
    /// That a file cannot be read any more.
    fn tensor(&mut self, parameter: Parameter) -> Result<Option<Tensor>, Misfit>;
}

impl<S: Supply + ?Sized> Supply for &mut S {
    fn tensor(&mut self, parameter: Parameter) -> Result<Option<Tensor>, Misfit> {
        (**self).tensor(parameter)
    }
}

impl<S: Supply + ?Sized> Supply for Box<S> {
    fn tensor(&mut self, parameter: Parameter) -> Result<Option<Tensor>, Misfit> {
        (**self).tensor(parameter)
    }
}

impl Supply for &Weights {
    fn tensor(&mut self, parameter: Parameter) -> Result<Option<Tensor>, Misfit> {
        Ok(self.get(parameter).cloned())
    }
}

/// The tensor of `entry`, which is one of `checked`.
///
/// # Errors
/// That `supply` has none, or one of another shape.
pub fn supplied(checked: &Checked, entry: &Entry, supply: &mut impl Supply) -> Result<Tensor, Misfit> {
    let mut differences = Differences { network: checked.graph().name.clone(), ..Differences::default() };
    match supply.tensor(entry.parameter)? {
        Some(tensor) if tensor.shape == entry.ir_shape => return Ok(tensor),
        Some(tensor) => differences.misshapen.push((entry.name.clone(), entry.ir_shape.clone(), tensor.shape)),
        None => differences.missing.push((entry.name.clone(), entry.ir_shape.clone())),
    }
    Err(Misfit::Different(differences))
}

/// All the weights of `checked`, in memory.
///
/// # Errors
/// That `supply` lacks a tensor, or has one of another shape.
pub fn collect(checked: &Checked, mut supply: impl Supply) -> Result<Weights, Misfit> {
    let entries = expected(checked).into_iter();
    entries.map(|entry| Ok((entry.parameter, supplied(checked, &entry, &mut supply)?))).collect()
}
