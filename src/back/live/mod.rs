//! The live model: a checked network as a burn [`Module`], which runs, trains, and loads and saves its weights.
//!
//! In: a [`Checked`] network and a device, with or without [`Weights`]. Out: a [`Model`]. Its layers are burn's own
//! modules in a `Vec`; beside them stands the plan: the ops in topological order, each knowing which of its operands it
//! is the last to read. Such a value is handed over, so that burn may update it in place and memory follows the
//! network's live tensors.
//!
//! Inference in float32 on the processor runs on the [`engine`](crate::engine), which is made of the same weights when the first images
//! come, batch norms folded, and again when they have changed. All else goes through burn's own ops: training, other devices, other
//! types, images of another size.
//!
//! On an autodiff device the model trains: batch norms use and update batch statistics, dropout drops elements and
//! stochastic depth whole images. Call `model.valid()` for inference.

mod build;
mod inference;
mod layer;
mod memory;
mod source;
mod step;

pub use layer::{BatchNorm, ChannelConv, DropPath, Gain, GroupNorm, Layer, LayerNorm};

pub use memory::{affordable, estimate, estimate_plain};

use crate::diagnostic::Refusal;
use crate::engine;
use crate::ir::{NodeId, Parameter};
use crate::valid::Checked;
use crate::weights::{self, Fresh, Supply, Weights};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use inference::Inference;
use source::{Current, Source, Taken};
use step::Step;

/// A network that runs.
#[derive(Module, Debug)]
pub struct Model {
    layers: Vec<Layer>,
    inference: Inference,
    #[module(skip)]
    plan: Plan,
}

/// What the model does, in order.
#[derive(Debug, Clone)]
struct Plan {
    steps: Vec<Step>,
    /// The node that each layer is.
    nodes: Vec<NodeId>,
    /// Height and width of the images, where the description asks for the size of its maps.
    size: Option<[usize; 2]>,
}

/// What a network gives, or a node in it.
#[derive(Debug, Clone)]
pub enum Value {
    /// A feature map: N, C, H, W.
    Map(Tensor<4>),
    /// Vectors: N, features.
    Vector(Tensor<2>),
}

impl Checked {
    /// The network as a live model with fresh weights, those of [`weights::init`] with [`weights::SEED`].
    ///
    /// # Errors
    /// That its weights need more memory than there is.
    pub fn instantiate(&self, device: &Device) -> Result<Model, Refusal> {
        self.instantiate_from(device, Fresh::new(self, weights::SEED))
    }

    /// The network as a live model with these weights, which must be all of its own.
    ///
    /// # Errors
    /// That a tensor is missing or has another shape, or that there is too little memory.
    pub fn instantiate_with(&self, device: &Device, weights: Weights) -> Result<Model, Refusal> {
        affordable(weights::bytes(self), None)?;
        build::complete(self, &weights)?;
        build::model(self, device, Source::new(Taken(weights)), false)
    }

    /// The network as a live model with the weights of `supply`. A parameter is asked for when it is first used, and inference on the
    /// processor uses none: there the weights are in memory once, as the engine packs them.
    ///
    /// # Errors
    /// That the statistics of a batch norm are missing or have another shape, or that there is too little memory.
    ///
    /// # Panics
    /// The model panics when `supply` does not give another parameter that is asked for; after [`Model::prepare`] it is known to
    /// have them.
    pub fn instantiate_from(&self, device: &Device, supply: impl Supply + Send + 'static) -> Result<Model, Refusal> {
        affordable(weights::bytes(self), None)?;
        build::model(self, device, Source::new(supply), true)
    }
}

impl Model {
    /// The model with an engine that runs as `options` say; without them burn's own ops compute everything.
    #[must_use]
    pub fn with_engine(self, options: Option<engine::Options>) -> Self {
        Self { inference: self.inference.with_options(options), ..self }
    }

    /// Makes the engine now, rather than when the first images come.
    ///
    /// # Errors
    /// That what supplies the weights does not give them.
    pub fn prepare(&self) -> Result<(), Refusal> {
        self.inference.prepare(self.current())
    }

    /// The value of the network's last node for images `input`, N x C x H x W.
    ///
    /// # Panics
    /// If `input` is not one that the network was checked for: only N is free.
    #[must_use]
    pub fn forward(&self, input: Tensor<4>) -> Value {
        match self.inference.run(self.current(), &input) {
            Some(value) => value,
            None => self.trace(input, |_, _| ()),
        }
    }

    /// The same by burn's own ops, showing `see` the value of every node with its place in [`Checked::order`].
    ///
    /// # Panics
    /// As [`Model::forward`].
    #[must_use]
    pub fn trace(&self, input: Tensor<4>, mut see: impl FnMut(usize, &Value)) -> Value {
        if let Some(size) = self.plan.size {
            assert_eq!(
                input.dims()[2..],
                size,
                "the description asks for the size of its maps: compile it anew for another"
            );
        }
        let mut input = Some(input);
        let mut values: Vec<Option<Value>> = vec![None; self.plan.steps.len()];
        for (at, step) in self.plan.steps.iter().enumerate() {
            let operands = step.operands.iter().map(|operand| operand.fetch(&mut values));
            let value = step.kernel.apply(operands, &self.layers, &mut input);
            see(at, &value);
            if let Some(slot) = values.get_mut(at) {
                *slot = Some(value);
            }
        }
        values.pop().flatten().expect("the last step of a checked network is its output")
    }

    fn current(&self) -> Current<'_> {
        Current { layers: &self.layers, nodes: &self.plan.nodes, source: self.inference.source() }
    }

    /// The model's weights as they are now, to be written with [`weights::write`].
    #[must_use]
    pub fn weights(&self) -> Weights {
        let layers = self.layers.iter().zip(&self.plan.nodes);
        layers
            .flat_map(|(layer, &node)| {
                layer.tensors().into_iter().map(move |(kind, array)| (Parameter { node, kind }, array))
            })
            .collect()
    }
}

impl Value {
    /// Its dimensions, N first.
    #[must_use]
    pub fn dims(&self) -> Vec<usize> {
        match self {
            Self::Map(map) => map.dims().to_vec(),
            Self::Vector(vector) => vector.dims().to_vec(),
        }
    }

    /// The feature map, if it is one.
    #[must_use]
    pub fn into_map(self) -> Option<Tensor<4>> {
        match self {
            Self::Map(map) => Some(map),
            Self::Vector(_) => None,
        }
    }

    /// The vectors, if that is what it is: logits, probabilities, pooled features.
    #[must_use]
    pub fn into_vector(self) -> Option<Tensor<2>> {
        match self {
            Self::Map(_) => None,
            Self::Vector(vector) => Some(vector),
        }
    }

    /// The numbers, row-major.
    #[must_use]
    pub fn into_data(self) -> TensorData {
        match self {
            Self::Map(map) => map.into_data(),
            Self::Vector(vector) => vector.into_data(),
        }
    }
}
