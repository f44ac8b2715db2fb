//! What two networks cost, side by side.

use crate::cli::output::{Grid, grouped};
use resnetc::analysis::group::percent;
use resnetc::analysis::{self, Analysis, Group, Level};
use resnetc::ir::Place;
use resnetc::valid::Checked;
use serde::Serialize;
use std::collections::BTreeMap;

/// The figures of both: key in JSON, name in tables, value.
fn figures(analysis: &Analysis) -> [(&'static str, &'static str, u128); 10] {
    let Analysis { parameters, memory, receptive_field, .. } = analysis;
    [
        ("trainable_parameters", "trainable parameters", parameters.trainable),
        ("non_trainable_parameters", "non-trainable parameters", parameters.non_trainable),
        ("total_parameters", "total parameters", parameters.total()),
        ("macs", "macs", analysis.macs()),
        ("flops", "flops", analysis.flops()),
        ("activations", "activations", analysis.activations()),
        ("weights_bytes", "weights bytes", memory.weights_bytes),
        ("inference_peak_bytes", "inference peak bytes", memory.inference_peak_bytes),
        ("training_saved_bytes", "training saved bytes", memory.training_saved_bytes),
        ("receptive_field", "receptive field", receptive_field.size),
    ]
}

/// The difference with its sign, and the same as a part of `a`; there is no percentage of nothing.
fn difference(a: u128, b: u128) -> [String; 2] {
    let sign = match b.cmp(&a) {
        std::cmp::Ordering::Less => "-",
        std::cmp::Ordering::Equal => "",
        std::cmp::Ordering::Greater => "+",
    };
    let share = if a == 0 { String::new() } else { format!("{sign}{}", percent(a.abs_diff(b), a)) };
    [format!("{sign}{}", grouped(a.abs_diff(b))), share]
}

/// The figures.
pub(super) fn grid(analyses: &[Analysis; 2]) -> Grid {
    let [a, b] = analyses.each_ref().map(figures);
    let row = |((_, name, a), (_, _, b)): ((_, &str, u128), (_, _, u128))| {
        let [difference, share] = difference(a, b);
        vec![name.to_owned(), grouped(a), grouped(b), difference, share]
    };
    Grid {
        header: vec!["figure", "A", "B", "difference", "percent"],
        rows: a.into_iter().zip(b).map(row).collect(),
        numeric: vec![false, true, true, true, true],
    }
}

/// Stems, stages and heads in the order of the network, each with that of either network that has one.
fn stages(networks: &[Checked; 2], analyses: &[Analysis; 2]) -> Vec<(String, [Option<Group>; 2])> {
    let mut parts = BTreeMap::<Place, (String, [Option<Group>; 2])>::new();
    for (side, (network, analysis)) in networks.iter().zip(analyses).enumerate() {
        for group in analysis::group(network, &analysis.layers, Level::Stage) {
            let (_, sides) = parts.entry(group.place).or_insert_with(|| (group.name.clone(), [None, None]));
            if let Some(slot) = sides.get_mut(side) {
                *slot = Some(group);
            }
        }
    }
    parts.into_values().collect()
}

/// The multiply-accumulates and the parameters of each stage.
pub(super) fn by_stage(networks: &[Checked; 2], analyses: &[Analysis; 2]) -> Grid {
    let cells = |sides: &[Option<Group>; 2], value: &dyn Fn(&Group) -> u128| {
        let [a, b] = sides.each_ref().map(|group| group.as_ref().map(value));
        let cell = |value: Option<u128>| value.map_or_else(|| "-".to_owned(), grouped);
        let [difference, _] = difference(a.unwrap_or(0), b.unwrap_or(0));
        [cell(a), cell(b), difference]
    };
    let row = |(name, sides): &(String, [Option<Group>; 2])| {
        let mut row = vec![name.clone()];
        row.extend(cells(sides, &|group| group.macs));
        row.extend(cells(sides, &|group| group.parameters.total()));
        row
    };
    Grid {
        header: vec!["part", "A macs", "B macs", "difference", "A parameters", "B parameters", "difference"],
        rows: stages(networks, analyses).iter().map(row).collect(),
        numeric: vec![false, true, true, true, true, true, true],
    }
}

/// A figure of both in JSON.
#[derive(Serialize)]
pub(super) struct Figure {
    a: u128,
    b: u128,
    difference: i128,
}

impl Figure {
    fn new(a: u128, b: u128) -> Self {
        let signed = |count: u128| i128::try_from(count).unwrap_or(i128::MAX);
        Self { a, b, difference: signed(b).saturating_sub(signed(a)) }
    }
}

/// The figures in JSON.
pub(super) fn json(analyses: &[Analysis; 2]) -> BTreeMap<&'static str, Figure> {
    let [a, b] = analyses.each_ref().map(figures);
    a.into_iter().zip(b).map(|((key, _, a), (_, _, b))| (key, Figure::new(a, b))).collect()
}

/// A stage in JSON; a network without it has 0 of everything.
#[derive(Serialize)]
pub(super) struct Stage {
    part: String,
    macs: Figure,
    total_parameters: Figure,
}

/// The stages in JSON.
pub(super) fn stages_json(networks: &[Checked; 2], analyses: &[Analysis; 2]) -> Vec<Stage> {
    let figure = |sides: &[Option<Group>; 2], value: &dyn Fn(&Group) -> u128| {
        let [a, b] = sides.each_ref().map(|group| group.as_ref().map_or(0, value));
        Figure::new(a, b)
    };
    let stage = |(part, sides): (String, [Option<Group>; 2])| Stage {
        macs: figure(&sides, &|group| group.macs),
        total_parameters: figure(&sides, &|group| group.parameters.total()),
        part,
    };
    stages(networks, analyses).into_iter().map(stage).collect()
}
