//! Where a model's weights come from, and where they are now.

use super::Layer;
use super::inference::primitive;
use crate::ir::{NodeId, Parameter};
use crate::weights::{Misfit, Supply, Tensor, Weights};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor as BurnTensor;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A supply that a model's parameters share, each of which asks it once, if at all.
#[derive(Clone)]
pub(super) struct Source(Arc<Mutex<dyn Supply + Send>>);

impl Source {
    pub(super) fn new(supply: impl Supply + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(supply)))
    }
}

impl Supply for Source {
    fn tensor(&mut self, parameter: Parameter) -> Result<Option<Tensor>, Misfit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).tensor(parameter)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// Weights that are handed out, each once: never in memory twice.
pub(super) struct Taken(pub(super) Weights);

impl Supply for Taken {
    fn tensor(&mut self, parameter: Parameter) -> Result<Option<Tensor>, Misfit> {
        Ok(self.0.take(parameter))
    }
}

/// A model's weights as they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Current<'a> {
    pub(super) layers: &'a Vec<Layer>,
    /// The node that each layer is.
    pub(super) nodes: &'a [NodeId],
    /// What gives the parameters' values too, as long as nothing has changed them: then they need not be in memory.
    pub(super) source: Option<&'a Source>,
}

impl Supply for Current<'_> {
    fn tensor(&mut self, parameter: Parameter) -> Result<Option<Tensor>, Misfit> {
        match self.source {
            Some(source) if parameter.kind.is_trainable() => source.clone().tensor(parameter),
            _ => {
                let mut layers = self.layers.iter().zip(self.nodes);
                let layer = layers.find(|(_, node)| **node == parameter.node).map(|(layer, _)| layer);
                Ok(layer.and_then(|layer| layer.tensor(parameter.kind)))
            }
        }
    }
}

impl Current<'_> {
    /// The statistics of the batch norms, which models that were cloned from one another share.
    pub(super) fn statistics(&self) -> Vec<BurnTensor<1>> {
        let norms = self.layers.iter().filter_map(|layer| match layer {
            Layer::BatchNorm(norm) => Some([norm.running_mean.value(), norm.running_var.value()]),
            _ => None,
        });
        norms.flatten().collect()
    }

    /// Whether all are float32 in this machine's memory, for inference.
    pub(super) fn are_plain(&self) -> bool {
        struct Plain(bool);
        impl ModuleVisitor for Plain {
            fn visit_float<const D: usize>(&mut self, param: &Param<BurnTensor<D>>) {
                let is_there = param.is_initialized();
                self.0 &= if is_there { primitive(param.base()).is_some() } else { !param.lazy_device().is_autodiff() };
            }
        }
        let mut plain = Plain(true);
        self.layers.visit(&mut plain);
        plain.0
    }
}
