//! The memory that a network needs, by dtype and by use, for any batch.
//!
//! In: a [`Checked`] network, its parameters, a dtype. Out: exact bytes as a constant and what each image adds, so the
//! largest batch for a budget is a division. What is counted are tensors of the network: weights, values, what backward
//! needs, gradients, an optimiser's state. Kernels' workspace, what an allocator rounds up or keeps, the framework itself
//! and its context on a device are not.

use super::memory::{self, Kept, Moment};
use super::trace::Trace;
use super::{Memory, Parameters};
use crate::ir::Dtype;
use crate::valid::Checked;

/// What training keeps beside a parameter and its gradient, as `torch.optim` has it, its counters of steps left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optimizer {
    /// Plain gradient descent: nothing.
    Sgd,
    /// Gradient descent with momentum: a running mean of the gradients.
    Momentum,
    /// Adam and AdamW: running means of the gradients and of their squares.
    Adam,
}

impl Optimizer {
    /// Every optimiser.
    pub const ALL: [Self; 3] = [Self::Sgd, Self::Momentum, Self::Adam];

    /// What tables call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sgd => "sgd",
            Self::Momentum => "momentum",
            Self::Adam => "adam",
        }
    }

    /// How many numbers it keeps for each trainable parameter.
    #[must_use]
    pub fn numbers(self) -> u128 {
        match self {
            Self::Sgd => 0,
            Self::Momentum => 1,
            Self::Adam => 2,
        }
    }
}

/// The memory of a network in one dtype.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// What weights, values, gradients and an optimiser's state are kept as.
    pub dtype: Dtype,
    /// Where inference needs the most, for one image.
    pub peak: Moment,
    parameters: Parameters,
    kept: Kept,
}

/// Bytes that grow with the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Bytes whatever the batch.
    pub fixed: u128,
    /// Bytes that each image adds.
    pub per_image: u128,
}

/// The largest batch for a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// Not even one image: so many bytes are missing.
    Short(u128),
    /// So many images and no more.
    Images(u128),
    /// Images need no memory.
    Any,
}

impl Needs {
    /// What `network`, which `trace` is a trace of and which has `parameters`, needs in float32.
    pub(super) fn new(network: &Checked, trace: &Trace<'_>, parameters: Parameters) -> Self {
        let peak = memory::peak(network, &memory::moments(network, trace));
        Self { dtype: Dtype::Float32, peak, parameters, kept: memory::training(trace, None).kept }
    }

    /// The same in another dtype.
    #[must_use]
    pub fn of(self, dtype: Dtype) -> Self {
        Self { dtype, ..self }
    }

    /// The headline figures for a batch.
    #[must_use]
    pub fn memory(&self, batch: u128) -> Memory {
        Memory {
            weights_bytes: self.weights(),
            inference_peak_bytes: self.inference().bytes(batch) - self.weights(),
            training_saved_bytes: self.kept.bytes(self.dtype, batch),
        }
    }

    /// Bytes of parameters and statistics.
    #[must_use]
    pub fn weights(&self) -> u128 {
        self.dtype.bytes() * self.parameters.total()
    }

    /// Bytes of gradients: one number for each trainable parameter.
    #[must_use]
    pub fn gradients(&self) -> u128 {
        self.dtype.bytes() * self.parameters.trainable
    }

    /// Bytes of an optimiser's state.
    #[must_use]
    pub fn state(&self, optimizer: Optimizer) -> u128 {
        optimizer.numbers() * self.gradients()
    }

    /// Inference: weights, and the most that live tensors take.
    #[must_use]
    pub fn inference(&self) -> Need {
        Need { fixed: self.weights(), per_image: self.dtype.bytes() * self.peak.elements }
    }

    /// Training: weights, gradients, the optimiser's state, and what a step keeps for backward, all at once.
    #[must_use]
    pub fn training(&self, optimizer: Optimizer) -> Need {
        let once = self.kept.bytes(self.dtype, 0);
        Need {
            fixed: self.weights() + self.gradients() + self.state(optimizer) + once,
            per_image: self.kept.bytes(self.dtype, 1) - once,
        }
    }
}

impl Need {
    /// The bytes for a batch.
    #[must_use]
    pub fn bytes(self, batch: u128) -> u128 {
        self.fixed + batch * self.per_image
    }

    /// The largest batch whose bytes are no more than `budget`.
    #[must_use]
    pub fn largest(self, budget: u128) -> Fit {
        match budget.checked_sub(self.bytes(1)) {
            None => Fit::Short(self.bytes(1) - budget),
            Some(rest) => rest.checked_div(self.per_image).map_or(Fit::Any, |more| Fit::Images(1 + more)),
        }
    }
}
