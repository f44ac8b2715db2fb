//! The family against the libraries that its members are named after: parameters, multiply-accumulates, and the name and
//! shape of every tensor, exactly.
//!
//! `tests/golden/family.json` holds what torchvision, timm and Keras themselves count.

use crate::describe::{architectures, shipped};
use crate::fill::fill;
use resnetc::analysis::analyse;
use resnetc::ir::Op;
use resnetc::ir::op::{DropPath, Dropout};
use resnetc::source::Source;
use resnetc::valid::{Checked, Layer};
use resnetc::weights::{self, Tensor, Weights};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/family.json")).unwrap()
}

fn text(name: &str) -> String {
    std::fs::read_to_string(architectures().join(name).with_extension("resnet")).unwrap()
}

fn network(name: &str, text: String) -> Checked {
    let source = Source::new(format!("{name}.resnet"), text);
    resnetc::compile(&source).unwrap_or_else(|report| panic!("{name}: {report:?}"))
}

/// Every parameter filled from its name in a weight file; the factors of norms times `gain`, as `family.py` does.
fn filled(network: &Checked, gain: f32) -> Weights {
    let tensor = |entry: weights::Entry| {
        let mut values = fill(&entry.name, &entry.ir_shape);
        if entry.name.ends_with(".weight") && entry.shape.len() == 1 {
            values.iter_mut().for_each(|value| *value *= gain);
        }
        (entry.parameter, Tensor { shape: entry.ir_shape, values })
    };
    weights::expected(network).into_iter().map(tensor).collect()
}

/// Every member, with the weights under which `family_logits.json` has its namesake's outputs, and those.
pub fn members() -> impl Iterator<Item = (Checked, Weights, Value)> {
    let golden: Value = serde_json::from_str(include_str!("../golden/family_logits.json")).unwrap();
    let members = golden["networks"].as_object().unwrap().clone();
    assert_eq!(members.len(), 38);
    members.into_iter().map(|(name, expected)| {
        // Rounding of the logits shows magnified in the softmax's probabilities.
        let network = network(&name, text(&name).replace("activation = softmax", "activation = none"));
        let weights = filled(&network, expected["gain"].as_f64().unwrap_or(1.0) as f32);
        (network, weights, expected)
    })
}

/// `name shape`, a line a tensor, sorted.
fn tensors(network: &Checked) -> Vec<String> {
    let line = |entry: weights::Entry| {
        let sides: Vec<_> = entry.shape.iter().map(u64::to_string).collect();
        format!("{} {}", entry.name, sides.join("x"))
    };
    let mut lines: Vec<_> = weights::expected(network).into_iter().map(line).collect();
    lines.sort();
    lines
}

/// The rates of dropout and stochastic depth, in order.
fn drops(network: &Checked) -> Vec<f64> {
    let rate = |layer: Layer<'_>| match layer.node.op {
        Op::Dropout(Dropout { rate }) | Op::DropPath(DropPath { rate }) => Some(rate),
        _ => None,
    };
    network.layers().filter_map(rate).collect()
}

#[test]
fn every_member_has_the_counts_and_the_tensors_of_its_namesake() {
    let golden = golden();
    let members = golden["networks"].as_object().unwrap();
    assert_eq!(members.len(), 38);
    let mut wrong = Vec::new();
    for (name, expected) in members {
        let network = network(name, text(name));
        let cost = analyse(&network, 1);
        let fixed_filters = expected["blur_macs"].as_u64().unwrap_or(0);
        let figures = [
            ("parameters", cost.parameters.trainable, expected["parameters"].as_u64().unwrap()),
            ("total_parameters", cost.parameters.total(), expected["total_parameters"].as_u64().unwrap()),
            ("macs", cost.macs(), expected["macs"].as_u64().unwrap() + fixed_filters),
        ];
        for (what, found, expected) in figures {
            if found != u128::from(expected) {
                wrong.push(format!("{name}: {what} is {found}, not {expected}"));
            }
        }
        let drops = drops(&network);
        let expected_drops: Vec<f64> = expected.get("drops").map_or_else(Vec::new, |rates| {
            rates.as_array().unwrap().iter().map(|rate| rate.as_f64().unwrap()).collect()
        });
        let is_near = |(found, expected): (&f64, &f64)| (found - expected).abs() < 1e-12;
        if drops.len() != expected_drops.len() || !drops.iter().zip(&expected_drops).all(is_near) {
            wrong.push(format!("{name}: drops {drops:?}, not {expected_drops:?}"));
        }
        let lines = tensors(&network);
        let digest = Sha256::digest(lines.join("\n") + "\n");
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if lines.len() as u64 != expected["tensors"].as_u64().unwrap() {
            wrong.push(format!("{name}: {} tensors, not {}", lines.len(), expected["tensors"]));
        } else if digest != expected["tensors_sha256"].as_str().unwrap() {
            wrong.push(format!("{name}: a tensor has another name or shape: {:?} …", &lines[..4]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_program_that_ships_is_called_after_its_file() {
    for path in shipped() {
        let source = Source::new(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        let network = resnetc::compile(&source).unwrap();
        assert_eq!(network.graph().name, path.file_stem().unwrap().to_str().unwrap());
    }
}
