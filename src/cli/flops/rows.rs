//! The network in parts: stages, blocks or layers, each with its costs and its share.

use super::Order;
use super::roofline::{self, Roofline};
use crate::cli::depth::Depth;
use crate::cli::network::with_batch;
use crate::cli::output::{Grid, grouped};
use resnetc::analysis::fold::{Run, fold};
use resnetc::analysis::group::percent;
use resnetc::analysis::{self, Analysis, Convention, Group, Level, convention};
use resnetc::ir::Shape;
use resnetc::valid::Checked;
use serde::Serialize;
use std::cmp::Reverse;

/// What the rows are to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) by: Depth,
    /// Whether equal blocks that follow each other are one row.
    pub(super) folded: bool,
    pub(super) order: Order,
    /// Another count beside macs, of which the shares are then.
    pub(super) convention: Option<&'static Convention>,
}

/// A row.
pub(super) struct Part {
    name: String,
    /// Of a layer, its op.
    op: Option<&'static str>,
    /// How many blocks it stands for.
    times: usize,
    output: Shape,
    /// Its layers, as positions in the analysis.
    layers: Vec<usize>,
    parameters: u128,
    macs: u128,
    /// Under the other convention.
    count: Option<u128>,
}

/// The parts of a network, and what their shares are shares of.
pub(super) struct Parts<'a> {
    wanted: Wanted,
    batch: u32,
    whole: u128,
    rows: Vec<Part>,
    roofline: &'a Roofline<'a>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(network: &Checked, analysis: &Analysis, roofline: &'a Roofline<'a>, wanted: Wanted) -> Self {
        let chosen = wanted.convention.filter(|chosen| **chosen != convention::MACS);
        let counts = chosen.map(|chosen| analysis::by_layer(network, chosen, analysis.batch));
        let mut parts = match wanted.by {
            Depth::Stage => groups(analysis::group(network, &analysis.layers, Level::Stage)),
            Depth::Block => blocks(network, analysis, wanted.folded),
            Depth::Layer => layers(network, analysis, wanted.folded),
        };
        for part in &mut parts {
            let rows = part.layers.iter().filter_map(|&position| analysis.layers.get(position));
            (part.parameters, part.macs) =
                rows.fold((0, 0), |(parameters, macs), row| (parameters + row.parameters.total(), macs + row.macs));
            let counts = counts.as_ref();
            part.count =
                counts.map(|counts| part.layers.iter().filter_map(|&position| counts.get(position)).copied().sum());
        }
        match wanted.order {
            Order::Network => {}
            Order::Parameters => parts.sort_by_key(|part| Reverse(part.parameters)),
            Order::Macs => parts.sort_by_key(|part| Reverse(part.macs)),
            Order::Share => parts.sort_by_key(|part| Reverse(part.share())),
            Order::Bound => {
                let seconds = |part: &Part| roofline.bound(&part.layers).map_or(0.0, |bound| bound.seconds);
                parts.sort_by(|left, right| seconds(right).total_cmp(&seconds(left)));
            }
        }
        let whole = chosen.map_or(analysis.macs(), |chosen| analysis.count(chosen.name));
        Self { wanted: Wanted { convention: chosen, ..wanted }, batch: analysis.batch, whole, rows: parts, roofline }
    }

    pub(super) fn grid(&self) -> Grid {
        let folded = self.wanted.folded && self.wanted.by != Depth::Stage;
        let by_layer = self.wanted.by == Depth::Layer;
        let mut columns = match self.wanted.by {
            Depth::Stage | Depth::Block => vec![("part", false), ("layers", true)],
            Depth::Layer => vec![("layer", false), ("op", false)],
        };
        columns.extend(folded.then_some(("x", true)));
        columns.extend([("output shape", true), ("total parameters", true), ("macs", true)]);
        columns.extend(self.wanted.convention.map(|chosen| (chosen.name, true)));
        columns.push(("share", true));
        if self.roofline.machine.is_some() {
            columns.extend([("flop/byte", true), ("lower bound ms", true), ("memory-bound", true)]);
        }
        let row = |part: &Part| {
            let what = part.op.filter(|_| by_layer).map_or_else(|| part.layers.len().to_string(), str::to_owned);
            let mut cells = vec![part.name.clone(), what];
            cells.extend(folded.then(|| part.times.to_string()));
            cells.extend([with_batch(self.batch, part.output), grouped(part.parameters), grouped(part.macs)]);
            cells.extend(part.count.map(grouped));
            cells.push(percent(part.share(), self.whole));
            if let Some(bound) = self.roofline.bound(&part.layers) {
                cells.extend(roofline::cells(self.roofline.traffic(&part.layers), &bound));
            }
            cells
        };
        let rows = self.rows.iter().map(row).collect();
        let (header, numeric) = columns.into_iter().unzip();
        Grid { header, rows, numeric }
    }

    pub(super) fn json(&self) -> Vec<Json<'_>> {
        self.rows.iter().map(|part| self.part_json(part)).collect()
    }

    fn part_json<'p>(&self, part: &'p Part) -> Json<'p> {
        let (traffic, bound) = (self.roofline.traffic(&part.layers), self.roofline.bound(&part.layers));
        Json {
            name: &part.name,
            op: part.op,
            layers: part.layers.len(),
            output_shape: [vec![self.batch.into()], part.output.dimensions()].concat(),
            parameters: part.parameters,
            macs: part.macs,
            count: part.count,
            bytes_moved: traffic.bytes,
            arithmetic_intensity: traffic.intensity(),
            lower_bound_ms: bound.map(|bound| 1e3 * bound.seconds),
            memory_bound_ms: bound.map(|bound| 1e3 * bound.memory_seconds),
        }
    }
}

impl Part {
    fn new(name: String, op: Option<&'static str>, times: usize, output: Shape, layers: Vec<usize>) -> Self {
        Self { name, op, times, output, layers, parameters: 0, macs: 0, count: None }
    }

    /// What its share is of.
    fn share(&self) -> u128 {
        self.count.unwrap_or(self.macs)
    }
}

fn groups(groups: Vec<Group>) -> Vec<Part> {
    groups.into_iter().map(|group| Part::new(group.name, None, 1, group.output, group.layers)).collect()
}

fn blocks(network: &Checked, analysis: &Analysis, folded: bool) -> Vec<Part> {
    let blocks = analysis::group(network, &analysis.layers, Level::Block);
    if !folded {
        return groups(blocks);
    }
    let part = |run: &Run<'_>| {
        let layers = run.groups.iter().flat_map(|group| group.layers.iter().copied()).collect();
        let output = run.groups.first()?.output;
        Some(Part::new(run.stretch.to_string(), None, run.groups.len(), output, layers))
    };
    fold(network, &analysis.layers, &blocks).iter().filter_map(part).collect()
}

/// The layers; of equal blocks those of the first, each with its like in the others.
fn layers(network: &Checked, analysis: &Analysis, folded: bool) -> Vec<Part> {
    let blocks = analysis::group(network, &analysis.layers, Level::Block);
    let runs = if folded { fold(network, &analysis.layers, &blocks) } else { Vec::new() };
    // The layers that each position stands for: itself, with its like; nothing where another stands for it.
    let mut stands: Vec<Vec<usize>> = (0..analysis.layers.len()).map(|position| vec![position]).collect();
    for run in &runs {
        let Some((first, others)) = run.groups.split_first() else { continue };
        for group in others {
            for (&position, &like) in first.layers.iter().zip(&group.layers) {
                if let Some(own) = stands.get_mut(position) {
                    own.push(like);
                }
                if let Some(other) = stands.get_mut(like) {
                    other.clear();
                }
            }
        }
    }
    let rows = analysis.layers.iter().zip(stands).filter(|(_, layers)| !layers.is_empty());
    rows.map(|(row, layers)| {
        Part::new(network.name(row.node).to_owned(), Some(row.op), layers.len(), row.output, layers)
    })
    .collect()
}

/// A row in JSON.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<&'static str>,
    layers: usize,
    output_shape: Vec<u64>,
    /// In all, as in the tables.
    #[serde(rename = "total_parameters")]
    parameters: u128,
    macs: u128,
    /// Under the convention that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u128>,
    bytes_moved: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    arithmetic_intensity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower_bound_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bound_ms: Option<f64>,
}
