//! The answer as JSON.

use super::Answer;
use super::memory::{Fits, Memory};
use super::rows::Parts;
use super::{roofline, rows};
use crate::cli::Failure;
use crate::cli::output;
use resnetc::analysis::figure::difference;
use resnetc::analysis::{self, Count};
use resnetc::ir::Shape;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Json<'a> {
    name: &'a str,
    dialect: &'a str,
    input: Vec<u64>,
    parameters: Parameters,
    macs: u128,
    flops: u128,
    activations: u128,
    conventions: BTreeMap<&'a str, u128>,
    explanations: BTreeMap<&'a str, Explanation>,
    memory: Memory<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fits: Option<Fits>,
    receptive_field: Field,
    /// Bytes that convolutions and linear layers move, and flops over them.
    bytes_moved: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    arithmetic_intensity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roofline: Option<roofline::Json<'a>>,
    /// The rows, where they are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<Vec<rows::Json<'a>>>,
    layers: Vec<Layer<'a>>,
}

/// Who reports a convention, why its count is not macs, and what the count is made of.
#[derive(Serialize)]
struct Explanation {
    reported_by: &'static str,
    why: String,
    parts: BTreeMap<&'static str, u128>,
}

impl Explanation {
    fn new(count: &Count, macs: u128) -> Self {
        Self {
            reported_by: count.convention.reported_by,
            why: difference(count, macs),
            parts: count.parts().map(|(part, sum)| (part.label(), sum)).collect(),
        }
    }
}

/// Numbers of parameters in JSON.
#[derive(Serialize)]
pub(in crate::cli) struct Parameters {
    trainable: u128,
    non_trainable: u128,
    total: u128,
}

impl From<analysis::Parameters> for Parameters {
    fn from(parameters: analysis::Parameters) -> Self {
        let analysis::Parameters { trainable, non_trainable } = parameters;
        Self { trainable, non_trainable, total: parameters.total() }
    }
}

#[derive(Serialize)]
struct Field {
    size: u128,
    stride: u128,
}

#[derive(Serialize)]
struct Layer<'a> {
    path: &'a str,
    op: &'a str,
    output_shape: Vec<u64>,
    /// Trainable, as the word means in a description's `[expect]`.
    parameters: u128,
    non_trainable_parameters: u128,
    macs: u128,
}

pub(super) fn text(answer: &Answer<'_>) -> Result<String, Failure> {
    let Answer { arguments, network, analysis, needs, roofline } = *answer;
    let all: Vec<_> = (0..analysis.layers.len()).collect();
    let traffic = roofline.traffic(&all);
    let parts = arguments.by.map(|_| answer.parts());
    let shape = |shape: Shape| [vec![analysis.batch.into()], shape.dimensions()].concat();
    let json = Json {
        name: &network.graph().name,
        dialect: &network.graph().dialect.name,
        input: shape(network.input_shape()),
        parameters: analysis.parameters.into(),
        macs: analysis.macs(),
        flops: analysis.flops(),
        activations: analysis.activations(),
        conventions: analysis.counts.iter().map(|count| (count.convention.name, count.total())).collect(),
        explanations: analysis
            .counts
            .iter()
            .map(|count| (count.convention.name, Explanation::new(count, analysis.macs())))
            .collect(),
        memory: Memory::new(network, needs, analysis.batch.into()),
        fits: arguments.fits.map(|budget| Fits::new(needs, budget)),
        receptive_field: Field { size: analysis.receptive_field.size, stride: analysis.receptive_field.stride },
        bytes_moved: traffic.bytes,
        arithmetic_intensity: traffic.intensity(),
        roofline: roofline.json(),
        parts: parts.as_ref().map(Parts::json),
        layers: analysis
            .layers
            .iter()
            .map(|layer| Layer {
                path: network.name(layer.node),
                op: layer.op,
                output_shape: shape(layer.output),
                parameters: layer.parameters.trainable,
                non_trainable_parameters: layer.parameters.non_trainable,
                macs: layer.macs,
            })
            .collect(),
    };
    output::json(&json)
}
