//! Every value of a network for the case's weights and images, from the engine: what is known of an output's making.

use super::case::Case;
use crate::cli::npy::Array;
use crate::cli::{Failure, say};
use resnetc::diagnostic::Refusal;
use resnetc::engine::{Engine, Options, Planning, size};
use resnetc::ir::{NodeId, Parameter, ParameterKind};
use resnetc::valid::{Checked, Layer};
use resnetc::weights::{self, Supply};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;

/// The most bytes of values that are looked at.
const MOST: u128 = 4 << 30;
/// The most images that are looked at.
const IMAGES: u64 = 2;

/// The values of every node, and the weights.
pub(super) struct Trace<'a> {
    pub(super) network: &'a Checked,
    values: BTreeMap<NodeId, Vec<f32>>,
    weights: RefCell<Box<dyn Supply>>,
}

/// The value of a node for all images.
#[derive(Clone, Copy)]
pub(super) struct Value<'t> {
    pub(super) values: &'t [f32],
    pub(super) channels: usize,
    /// Elements of a channel of an image.
    pub(super) positions: usize,
}

impl<'a> Trace<'a> {
    /// Runs the case; none where its values would take too much memory.
    pub(super) fn of(case: &'a Case) -> Result<Option<Self>, Failure> {
        let network = &case.network;
        let kept = network.layers().map(|layer| layer.output.elements()).sum::<u128>();
        // Once where the engine keeps them, once as they are read.
        let bytes = |images: u64| kept.saturating_mul(2 * 4 * u128::from(images));
        let images = case.batch().min(IMAGES);
        let Some(images) = [images, 1].into_iter().find(|images| bytes(*images) <= MOST) else { return Ok(None) };
        let file = File::open(case.weights_file())
            .map_err(|error| Failure::unasked("cannot read the temporary folder", error))?;
        let reader = say::granted(weights::open(network, file), None, case.global)?;
        say::granted(Self::new(network, &case.images, size(images), Box::new(reader)), None, case.global).map(Some)
    }

    /// Runs the first `images` of an array.
    pub(super) fn new(
        network: &'a Checked,
        array: &Array,
        images: usize,
        mut weights: Box<dyn Supply>,
    ) -> Result<Self, Refusal> {
        let options = Options { planning: Planning::Apart, ..Options::default() };
        let engine = Engine::new(network, &mut weights, options)?;
        let each = size(array.shape.iter().skip(1).product());
        let values = engine.values(array.values.get(..each * images).unwrap_or(&array.values), images);
        let values = network.order().iter().copied().zip(values).collect();
        Ok(Self { network, values, weights: RefCell::new(weights) })
    }

    pub(super) fn value(&self, node: NodeId) -> Value<'_> {
        let shape = self.network.shape(node);
        let positions = usize::try_from(shape.positions()).unwrap_or(usize::MAX);
        let values = self.values.get(&node).map_or(&[][..], Vec::as_slice);
        Value { values, channels: size(shape.channels()), positions }
    }

    /// The value that `layer` reads first.
    pub(super) fn operand(&self, layer: &Layer<'_>) -> Value<'_> {
        self.value(layer.operands.first().copied().unwrap_or(layer.id))
    }

    /// The values of a parameter, which the op of `layer` has.
    pub(super) fn tensor(&self, layer: &Layer<'_>, kind: ParameterKind) -> Vec<f32> {
        let parameter = Parameter { node: layer.id, kind };
        let tensor = self.weights.borrow_mut().tensor(parameter);
        tensor.ok().flatten().map(|tensor| tensor.values).expect("the file was written for this network")
    }
}

impl<'t> Value<'t> {
    /// A channel of every image.
    pub(super) fn channel(self, channel: usize) -> impl Iterator<Item = f32> + 't {
        let runs = self.values.chunks_exact(self.positions.max(1)).skip(channel).step_by(self.channels.max(1));
        runs.flatten().copied()
    }

    /// Whether each channel has an element of which `is` holds.
    pub(super) fn any(self, is: impl Fn(f32) -> bool) -> Vec<bool> {
        (0..self.channels).map(|channel| self.channel(channel).any(&is)).collect()
    }

    /// The elements of groups of so many channels: image by image, group by group.
    pub(super) fn groups(self, width: usize) -> impl Iterator<Item = &'t [f32]> {
        self.values.chunks_exact((width * self.positions).max(1))
    }
}
