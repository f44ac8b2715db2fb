//! `resnetc summary`: the layer table, as Keras's users and torchinfo's know it.

use super::flops::Parameters;
use super::network::{Network, with_batch};
use super::output::{self, Format, Grid, decimal, grouped};
use super::{Failure, Global, files};
use resnetc::analysis::{self, Analysis, Level};
use resnetc::ir::{NodeId, Place, Shape};
use resnetc::valid::Checked;
use serde::Serialize;

/// List the layers of a network with their output shapes, parameters and multiply-accumulates
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    network: Network,
    /// How deep to look: 1 for stages, 2 for blocks, 3 for layers
    #[arg(long, default_value_t = LAYERS, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    depth: u8,
    /// How the table is printed; CSV is the rows alone
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    format: Format,
}

/// The depth that shows every layer.
const LAYERS: u8 = 3;

#[derive(Serialize)]
struct Summary<'a> {
    name: &'a str,
    dialect: &'a str,
    input: Vec<u64>,
    layers: Vec<Row<'a>>,
    parameters: Parameters,
    macs: u128,
}

/// A layer, or the layers of a block or stage together.
#[derive(Serialize)]
struct Row<'a> {
    path: String,
    op: String,
    output_shape: Vec<u64>,
    parameters: u128,
    macs: u128,
    /// What it reads, where that is not simply the row above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    connected_to: Vec<&'a str>,
    #[serde(skip)]
    shape: Shape,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let network = arguments.network.compile(global)?;
    let analysis = analysis::analyse(&network, 1);
    let rows = match arguments.depth {
        1 => groups(&network, &analysis, Level::Stage),
        2 => groups(&network, &analysis, Level::Block),
        _ => layers(&network, &analysis),
    };
    let summary = Summary {
        name: &network.graph().name,
        dialect: &network.graph().dialect.name,
        input: with_one(network.input_shape()),
        layers: rows,
        parameters: analysis.parameters.into(),
        macs: analysis.macs(),
    };
    let text = match grid(&summary, arguments.depth == LAYERS).render(arguments.format) {
        None => output::json(&summary)?,
        Some(rows) if arguments.format == Format::Csv => rows,
        Some(rows) => format!("{}\n{rows}\n{}", title(&network), totals(&analysis, arguments.format)),
    };
    files::print(&text)
}

fn title(network: &Checked) -> String {
    let graph = network.graph();
    format!("{}: dialect {}, input {}\n", graph.name, graph.dialect.name, with_batch(1, network.input_shape()))
}

fn totals(analysis: &Analysis, format: Format) -> String {
    let analysis::Parameters { trainable, non_trainable } = analysis.parameters;
    let figures = [
        ("total parameters", analysis.parameters.total()),
        ("trainable parameters", trainable),
        ("non-trainable parameters", non_trainable),
        ("macs", analysis.macs()),
    ];
    let rows = figures.map(|(name, figure)| vec![name.to_owned(), grouped(figure), decimal(figure)]).to_vec();
    let grid = Grid { header: vec!["figure", "exact", "rounded"], rows, numeric: vec![false, true, true] };
    grid.render(format).unwrap_or_default()
}

fn grid(summary: &Summary<'_>, connected: bool) -> Grid {
    let mut header = vec!["layer", "op", "output shape", "parameters", "macs"];
    let mut numeric = vec![false, false, true, true, true];
    if connected {
        header.push("connected to");
        numeric.push(false);
    }
    let rows = summary.layers.iter().map(|row| {
        let mut cells = vec![
            row.path.clone(),
            row.op.clone(),
            with_batch(1, row.shape),
            grouped(row.parameters),
            grouped(row.macs),
        ];
        cells.extend(connected.then(|| row.connected_to.join(", ")));
        cells
    });
    Grid { header, rows: rows.collect(), numeric }
}

fn with_one(shape: Shape) -> Vec<u64> {
    [vec![1], shape.dimensions()].concat()
}

fn layers<'a>(network: &'a Checked, analysis: &Analysis) -> Vec<Row<'a>> {
    let mut above: Option<NodeId> = None;
    let row = |layer: &analysis::Row| {
        let operands = network.graph().operands(layer.node);
        let chained = operands.as_slice() == above.as_slice();
        above = Some(layer.node);
        Row {
            path: network.name(layer.node).to_owned(),
            op: layer.op.to_owned(),
            output_shape: with_one(layer.output),
            parameters: layer.parameters.total(),
            macs: layer.macs,
            connected_to: if chained { Vec::new() } else { operands.iter().map(|&id| network.name(id)).collect() },
            shape: layer.output,
        }
    };
    analysis.layers.iter().map(row).collect()
}

fn groups<'a>(network: &Checked, analysis: &Analysis, level: Level) -> Vec<Row<'a>> {
    let groups = analysis::group(network, &analysis.layers, level);
    let blocks = analysis::group(network, &analysis.layers, Level::Block);
    let kind_of = |stage: u32| {
        let kind = usize::try_from(stage).ok().and_then(|stage| network.graph().kinds.stages.get(stage));
        kind.map_or("block", |stage| stage.name.as_str())
    };
    let row = |group: analysis::Group| {
        let op = match (group.place, level) {
            (Place::Input, _) => "input".to_owned(),
            (Place::Stem, _) => "stem".to_owned(),
            (Place::Head, _) => "head".to_owned(),
            (Place::Block { stage, .. }, Level::Block) => kind_of(stage).to_owned(),
            (Place::Block { stage, .. }, Level::Stage) => {
                let same = |place| matches!(place, Place::Block { stage: other, .. } if other == stage);
                format!("{} x {}", blocks.iter().filter(|block| same(block.place)).count(), kind_of(stage))
            }
        };
        Row {
            path: group.name,
            op,
            output_shape: with_one(group.output),
            parameters: group.parameters.total(),
            macs: group.macs,
            connected_to: Vec::new(),
            shape: group.output,
        }
    };
    groups.into_iter().map(row).collect()
}
