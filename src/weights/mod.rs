//! Weights: the tensors of a network, and the files that hold them.
//!
//! In memory a tensor has the IR's layout (convolution O, I, H, W; linear out, in; a flattened map in the order C, H,
//! W) and belongs to a [`Parameter`]; in a file it has the dialect's name and layout. [`expected`] is the join of the
//! two, and everything here goes through it. Tensors come from a [`Supply`], one at a time: a file ([`open`]), a seed
//! ([`Fresh`]), memory ([`Weights`]), or one of these behind a [`WeightMap`], which carries weights over a rewrite of the graph
//! or to another dialect's names ([`translate`]). They go to a file ([`save`]), to memory ([`collect`]), or to a back end.
//!
//! Guaranteed of [`Weights`] that [`collect`] made: every parameter of the network is there, in its shape.

mod draw;
mod expect;
mod fault;
mod header;
mod layout;
mod map;
mod misfit;
mod read;
mod supply;
mod translate;
mod vary;
mod write;

pub use draw::{Fresh, distribution, images, init};
pub use expect::{Entry, expected};
pub use fault::{Fault, FaultKind, unusable};
pub use layout::{hwio_to_oihw, oihw_to_hwio};
pub use map::{Derivation, Rewritten, WeightMap};
pub use misfit::{Differences, Misfit, Unreadable};
pub use read::{Float, Reader, open, read};
pub use supply::{Supply, collect, supplied};
pub use translate::{Translation, Unpaired, translate};
pub(crate) use write::write_values;
pub use write::{SaveError, save, write};

use crate::ir::{Extents, Parameter};
use crate::valid::Checked;
use std::collections::BTreeMap;

/// The seed of fresh weights where none is named.
pub const SEED: u64 = 0;

/// A dense tensor of float32, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Its dimensions.
    pub shape: Vec<u64>,
    /// As many values as the product of the dimensions.
    pub values: Vec<f32>,
}

/// The tensors of a network, each in the IR's layout.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    tensors: BTreeMap<Parameter, Tensor>,
}

impl Weights {
    /// The tensor of `parameter`.
    #[must_use]
    pub fn get(&self, parameter: Parameter) -> Option<&Tensor> {
        self.tensors.get(&parameter)
    }

    /// Takes the tensor of `parameter` out.
    pub fn take(&mut self, parameter: Parameter) -> Option<Tensor> {
        self.tensors.remove(&parameter)
    }

    /// Every tensor, in the order of their parameters.
    pub fn iter(&self) -> impl Iterator<Item = (Parameter, &Tensor)> {
        self.tensors.iter().map(|(parameter, tensor)| (*parameter, tensor))
    }
}

impl FromIterator<(Parameter, Tensor)> for Weights {
    fn from_iter<I: IntoIterator<Item = (Parameter, Tensor)>>(tensors: I) -> Self {
        Self { tensors: tensors.into_iter().collect() }
    }
}

/// Bytes that the weights of `checked` take in memory.
#[must_use]
pub fn bytes(checked: &Checked) -> u128 {
    let elements = |shape: Extents| shape.into_iter().map(u128::from).fold(1_u128, u128::saturating_mul);
    checked.parameters().map(|(_, shape)| elements(shape)).fold(0_u128, u128::saturating_add).saturating_mul(4)
}
