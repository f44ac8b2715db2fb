//! `resnetc flops`: what a network costs, under every tool's convention.

use super::network::{Network, with_batch};
use super::output::{self, Format, Grid, decimal, grouped};
use super::{Failure, Global, files};
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use resnetc::analysis::figure::{self, Figure, difference};
use resnetc::analysis::group::{Group, percent};
use resnetc::analysis::{self, Analysis, Convention, Count, Level, convention};
use resnetc::ir::Shape;
use resnetc::valid::Checked;
use serde::Serialize;
use std::collections::BTreeMap;

/// Say what a network costs: parameters, multiply-accumulates, memory, receptive field
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    network: Network,
    /// Images at a time
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    batch: u32,
    /// Count as this tool does too; `all` lists every convention and why it differs from macs
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(convention_names()))]
    convention: Option<String>,
    /// What the rows are [default: stage]
    #[arg(long, value_enum, value_name = "PART")]
    by: Option<By>,
    /// How the answer is printed; CSV is the rows alone, or with `--convention all` the conventions, JSON has every convention and every layer
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Stage,
    Block,
    Layer,
}

const ALL: &str = "all";

fn convention_names() -> Vec<&'static str> {
    convention::ALL.iter().map(|convention| convention.name).chain([ALL]).collect()
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let network = arguments.network.compile(global)?;
    let analysis = analysis::analyse(&network, arguments.batch);
    let all = arguments.convention.as_deref() == Some(ALL);
    let chosen = arguments.convention.as_deref().and_then(convention::find);
    let format = arguments.format;
    if format == Format::Json {
        return files::print(&json(&network, &analysis)?);
    }
    let mut tables = Vec::new();
    if format != Format::Csv {
        tables.push(title(&network, &analysis));
        tables.push(figures(&analysis, chosen).render(format).unwrap_or_default());
    }
    if all {
        tables.push(conventions(&analysis).render(format).unwrap_or_default());
    }
    if !all || format != Format::Csv && arguments.by.is_some() {
        let rows = rows(&network, &analysis, chosen, arguments.by.unwrap_or(By::Stage));
        tables.push(rows.render(format).unwrap_or_default());
    }
    files::print(&tables.join("\n"))
}

fn title(network: &Checked, analysis: &Analysis) -> String {
    let graph = network.graph();
    let input = network.input_shape();
    format!("{}: dialect {}, input {} x {input}, float32\n", graph.name, graph.dialect.name, analysis.batch)
}

/// The headline figures.
fn figures(analysis: &Analysis, chosen: Option<&Convention>) -> Grid {
    let row =
        |figure: &Figure| vec![figure.name.to_owned(), grouped(figure.value), figure.rounded(), figure.meaning.clone()];
    let mut rows: Vec<_> = figure::headline(analysis).iter().map(row).collect();
    let listed = [convention::MACS, convention::FLOPS, convention::ACTIVATIONS_FVCORE];
    if let Some(chosen) = chosen.filter(|chosen| !listed.contains(chosen)) {
        let count = analysis.count(chosen.name);
        let last = rows.iter().position(|row| row.first().is_some_and(|name| name == "weights bytes"));
        let row = vec![chosen.name.to_owned(), grouped(count), decimal(count), chosen.counts.to_owned()];
        rows.insert(last.unwrap_or(rows.len()), row);
    }
    Grid { header: vec!["figure", "exact", "rounded", "meaning"], rows, numeric: vec![false, true, true, false] }
}

/// Every convention and why it differs from macs.
fn conventions(analysis: &Analysis) -> Grid {
    let macs = analysis.macs();
    let row = |count: &Count| {
        let Convention { name, reported_by, .. } = *count.convention;
        vec![
            name.to_owned(),
            grouped(count.total()),
            decimal(count.total()),
            reported_by.to_owned(),
            difference(count, macs),
        ]
    };
    Grid {
        header: vec!["convention", "exact", "rounded", "reported by", "why it differs from macs"],
        rows: analysis.counts.iter().map(row).collect(),
        numeric: vec![false, true, true, false, false],
    }
}

/// The network in parts, each with its share of the chosen count.
fn rows(network: &Checked, analysis: &Analysis, chosen: Option<&'static Convention>, by: By) -> Grid {
    let chosen = chosen.filter(|chosen| **chosen != convention::MACS);
    let shares = Shares {
        batch: analysis.batch,
        counts: chosen.map(|chosen| analysis::by_layer(network, chosen, analysis.batch)),
        whole: chosen.map_or(analysis.macs(), |chosen| analysis.count(chosen.name)),
    };
    let ([part, what], rows) = match by {
        By::Stage => (["part", "layers"], shares.of_groups(network, analysis, Level::Stage)),
        By::Block => (["part", "layers"], shares.of_groups(network, analysis, Level::Block)),
        By::Layer => (["layer", "op"], shares.of_layers(network, analysis)),
    };
    let mut header = vec![part, what, "output shape", "total parameters", "macs"];
    let mut numeric = vec![false, by != By::Layer, true, true, true];
    header.extend(chosen.map(|chosen| chosen.name));
    numeric.extend(chosen.map(|_| true));
    header.push("share");
    numeric.push(true);
    Grid { header, rows, numeric }
}

/// What the shares of a table are shares of: macs, or another count with what each layer adds to it.
struct Shares {
    batch: u32,
    counts: Option<Vec<u128>>,
    whole: u128,
}

impl Shares {
    fn of_groups(&self, network: &Checked, analysis: &Analysis, level: Level) -> Vec<Vec<String>> {
        let groups = analysis::group(network, &analysis.layers, level);
        let row = |group: &Group| {
            let what = group.layers.len().to_string();
            let count = self.count(&group.layers);
            self.row([&group.name, &what], group.output, group.parameters.total(), group.macs, count)
        };
        groups.iter().map(row).collect()
    }

    fn of_layers(&self, network: &Checked, analysis: &Analysis) -> Vec<Vec<String>> {
        let row = |(position, layer): (usize, &analysis::Row)| {
            let names = [network.name(layer.node), layer.op];
            self.row(names, layer.output, layer.parameters.total(), layer.macs, self.count(&[position]))
        };
        analysis.layers.iter().enumerate().map(row).collect()
    }

    /// What the layers at `positions` add to the other count, if there is one.
    fn count(&self, positions: &[usize]) -> Option<u128> {
        let counts = self.counts.as_ref()?;
        Some(positions.iter().filter_map(|&position| counts.get(position)).sum())
    }

    fn row(&self, names: [&str; 2], output: Shape, parameters: u128, macs: u128, count: Option<u128>) -> Vec<String> {
        let mut cells = names.map(str::to_owned).to_vec();
        cells.extend([with_batch(self.batch, output), grouped(parameters), grouped(macs)]);
        cells.extend(count.map(grouped));
        cells.push(percent(count.unwrap_or(macs), self.whole));
        cells
    }
}

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
    memory: Memory,
    receptive_field: Field,
    layers: Vec<Layer<'a>>,
}

/// Numbers of parameters in JSON.
#[derive(Serialize)]
pub(super) struct Parameters {
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
#[expect(clippy::struct_field_names, reason = "the keys that scripts rely on")]
struct Memory {
    weights_bytes: u128,
    inference_peak_bytes: u128,
    training_saved_bytes: u128,
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

fn json(network: &Checked, analysis: &Analysis) -> Result<String, Failure> {
    let analysis::Memory { weights_bytes, inference_peak_bytes, training_saved_bytes } = analysis.memory;
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
        memory: Memory { weights_bytes, inference_peak_bytes, training_saved_bytes },
        receptive_field: Field { size: analysis.receptive_field.size, stride: analysis.receptive_field.stride },
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
