//! The family's outputs against the libraries that its members are named after, in float64.

use crate::family::{network, text};
use crate::fill::fill;
use crate::live::{assert_golden, output};
use resnetc::pass::fold_batch_norm;
use resnetc::valid::Checked;
use resnetc::weights::{self, Tensor, Weights};
use serde_json::Value;

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

#[test]
fn every_member_gives_the_outputs_of_its_namesake() {
    let golden: Value = serde_json::from_str(include_str!("../golden/family_logits.json")).unwrap();
    let members = golden["networks"].as_object().unwrap();
    assert_eq!(members.len(), 38);
    for (name, expected) in members {
        // Rounding of the logits shows magnified in the softmax's probabilities.
        let network = network(name, text(name).replace("activation = softmax", "activation = none"));
        let weights = filled(&network, expected["gain"].as_f64().unwrap_or(1.0) as f32);
        assert_golden(name, expected, &output(&network, weights.clone(), 1));
        let (folded, map) = fold_batch_norm(network);
        assert_golden(&format!("{name}, folded"), expected, &output(&folded, map.apply(&weights), 1));
    }
}
