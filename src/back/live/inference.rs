//! Inference in this machine's memory: the engine, made of a model's weights as they are.
//!
//! In: a model's weights, and images as burn has them. Out: the network's value, where the engine computes it. Guaranteed: it is that
//! of the present weights. burn changes parameters only by making one module of another ([`Module::map`] and its like), so the
//! engine is a module as well, and none of these hands it on. The statistics of batch norms are shared by clones and change in
//! place; they are compared with those that went into the engine at each pass.

use super::Value;
use super::source::{Current, Source};
use crate::diagnostic::Refusal;
use crate::engine::{Engine, Options, size};
use crate::ir::Shape;
use crate::pass::fold_batch_norm;
use crate::valid::Checked;
use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::module::{Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor};
use burn::tensor::{DType, Device, Tensor, TensorData};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What computes inference.
#[derive(Clone)]
pub(super) struct Inference {
    network: Arc<Checked>,
    /// None where burn's own ops compute everything.
    options: Option<Options>,
    /// Where the weights came from, as long as nothing has changed them.
    source: Option<Source>,
    /// Made at the first pass, for every clone of the model.
    ready: Arc<Mutex<Option<Arc<Ready>>>>,
}

/// What the weights were made into.
struct Ready {
    /// None where the engine cannot have them.
    engine: Option<Engine>,
    /// The statistics among them.
    statistics: Vec<Tensor<1>>,
}

impl Inference {
    pub(super) fn new(network: Arc<Checked>, source: Option<Source>) -> Self {
        Self { network, options: Some(Options::default()), source, ready: Arc::default() }
    }

    pub(super) fn with_options(self, options: Option<Options>) -> Self {
        Self { options, ready: Arc::default(), ..self }
    }

    pub(super) fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    /// Makes the engine of the weights, if it is not made and can have them.
    pub(super) fn prepare(&self, weights: Current<'_>) -> Result<(), Refusal> {
        self.options.map_or(Ok(()), |options| self.ready(weights, options).map(drop))
    }

    /// The network's value for `input`; none where that is for burn's own ops to compute.
    pub(super) fn run(&self, weights: Current<'_>, input: &Tensor<4>) -> Option<Value> {
        let options = self.options?;
        let [images, own @ ..] = input.dims();
        let input = primitive(input.clone()).filter(|_| sides(self.network.input_shape()).eq(own))?;
        let input = if input.is_contiguous() { input } else { input.to_contiguous() };
        let ready = self.ready(weights, options).expect("the weights are the network's and can be read");
        let engine = ready.engine.as_ref()?;
        Some(self.value(engine.run(input.as_slice()?, images), images))
    }

    fn value(&self, values: Vec<f32>, images: usize) -> Value {
        let shape = self.network.shape(self.network.output());
        let all: Vec<_> = [images].into_iter().chain(sides(shape)).collect();
        let data = TensorData::new(values, all);
        match shape {
            Shape::Map { .. } => Value::Map(Tensor::from_data(data, &Device::flex())),
            Shape::Vector(_) => Value::Vector(Tensor::from_data(data, &Device::flex())),
        }
    }

    /// What the weights are made into.
    ///
    /// Nothing is locked meanwhile: a thread of a pool that waits for a part of the work may be given another pass to do.
    fn ready(&self, weights: Current<'_>, options: Options) -> Result<Arc<Ready>, Refusal> {
        let statistics = weights.statistics();
        if let Some(ready) = self.still_ready(&statistics) {
            return Ok(ready);
        }
        let engine = if weights.are_plain() {
            let (folded, map) = fold_batch_norm((*self.network).clone());
            Some(Engine::new(&folded, map.over(weights), options)?)
        } else {
            None
        };
        let ready = Arc::new(Ready { engine, statistics });
        *self.ready.lock().unwrap_or_else(PoisonError::into_inner) = Some(ready.clone());
        Ok(ready)
    }

    /// What was made of weights with the same statistics; anything else is given up.
    fn still_ready(&self, statistics: &[Tensor<1>]) -> Option<Arc<Ready>> {
        let mut slot = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take_if(|ready| !ready.statistics.iter().zip(statistics).all(|(then, now)| are_equal(then, now)));
        slot.clone()
    }

    /// For other weights.
    fn anew(self) -> Self {
        Self { source: None, ready: Arc::default(), ..self }
    }
}

impl Module for Inference {
    fn visit<V: ModuleVisitor>(&self, _: &mut V) {}

    fn map<M: ModuleMapper>(self, _: &mut M) -> Self {
        self.anew()
    }

    fn to_device(self, _: &Device) -> Self {
        self.anew()
    }

    fn fork(self, _: &Device) -> Self {
        self.anew()
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        devices
    }

    fn materialize(self) -> Self {
        self.anew()
    }

    fn valid(&self) -> Self {
        self.clone().anew()
    }

    fn train(self) -> Self {
        self.anew()
    }
}

impl fmt::Debug for Inference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inference").field("options", &self.options).finish_non_exhaustive()
    }
}

impl ModuleDisplayDefault for Inference {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&if self.options.is_some() { "engine" } else { "burn" }.to_owned()).optional()
    }
}

impl ModuleDisplay for Inference {}

/// The sides of a value after N.
fn sides(shape: Shape) -> impl Iterator<Item = usize> {
    shape.dimensions().into_iter().map(size)
}

/// The tensor as flex has it, if it is float32 and of no use to autodiff.
pub(super) fn primitive<const D: usize>(tensor: Tensor<D>) -> Option<FloatTensor<Flex>> {
    if tensor.dtype() == DType::F32 { tensor.try_into_primitive::<Flex>().ok() } else { None }
}

/// Whether both are float32 in this machine's memory, and the same to the bit.
fn are_equal(one: &Tensor<1>, other: &Tensor<1>) -> bool {
    let [one, other] = [one, other].map(|tensor| primitive(tensor.clone()));
    one.zip(other).is_some_and(|(one, other)| {
        let [one, other] = [&one, &other].map(|tensor| tensor.as_slice::<f32>().unwrap_or_default());
        one.iter().map(|value| value.to_bits()).eq(other.iter().map(|value| value.to_bits()))
    })
}
