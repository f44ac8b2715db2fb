//! `resnetc summary`: the layer table, as Keras's users and torchinfo's know it.

use super::depth::Depth;
use super::flops::Parameters;
use super::network::Network;
use super::output::{self, Format, Grid, decimal, grouped};
use super::{Failure, Global};
use clap::ValueEnum;
use resnetc::analysis::{self, Analysis, Level};
use resnetc::ir::{Dtype, NodeId, Place, Shape};
use resnetc::valid::Checked;
use serde::Serialize;

/// List the layers of a network with their output shapes, parameters and multiply-accumulates
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    network: Network,
    /// How deep to look; 1, 2 and 3 mean the same
    #[arg(long, value_enum, default_value = "layer", value_name = "PART")]
    depth: Depth,
    /// The order in which shapes are written: batch, channels, height, width as in PyTorch, or channels last as in Keras
    #[arg(long, value_enum, default_value = "nchw", value_name = "LAYOUT")]
    layout: Layout,
    /// How the table is printed; CSV is the rows alone
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    format: Format,
}

/// The order of a shape's dimensions; a vector has but two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Layout {
    Nchw,
    Nhwc,
}

impl Layout {
    fn name(self) -> &'static str {
        match self {
            Self::Nchw => "nchw",
            Self::Nhwc => "nhwc",
        }
    }

    /// The dimensions of one image of `shape`.
    fn dimensions(self, shape: Shape) -> Vec<u64> {
        let mut dimensions = shape.dimensions();
        if self == Self::Nhwc {
            dimensions.rotate_left(1);
        }
        [vec![1], dimensions].concat()
    }
}

/// `1 x 64 x 112 x 112`.
fn written(dimensions: &[u64]) -> String {
    let words: Vec<_> = dimensions.iter().map(u64::to_string).collect();
    words.join(" x ")
}

#[derive(Serialize)]
struct Summary<'a> {
    name: &'a str,
    dialect: &'a str,
    layout: &'static str,
    input: Vec<u64>,
    layers: Vec<Row<'a>>,
    parameters: Parameters,
    macs: u128,
    size: Size,
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
}

/// The sizes that torchinfo shows, in float32.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the keys that scripts read")]
struct Size {
    input_bytes: u128,
    forward_backward_bytes: u128,
    parameters_bytes: u128,
    total_bytes: u128,
}

impl Size {
    fn new(network: &Checked, analysis: &Analysis) -> Self {
        let float = Dtype::Float32.bytes();
        let weighted = analysis.layers.iter().filter(|layer| layer.parameters.trainable > 0);
        let values: u128 = weighted.map(|layer| layer.output.elements()).sum();
        let input_bytes = float * network.input_shape().elements();
        let forward_backward_bytes = 2 * float * values;
        let parameters_bytes = float * analysis.parameters.trainable;
        let total_bytes = input_bytes + forward_backward_bytes + parameters_bytes;
        Self { input_bytes, forward_backward_bytes, parameters_bytes, total_bytes }
    }
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let network = arguments.network.compile(global)?;
    let analysis = analysis::analyse(&network, 1);
    let layout = arguments.layout;
    let rows = match arguments.depth {
        Depth::Stage => groups(&network, &analysis, Level::Stage, layout),
        Depth::Block => groups(&network, &analysis, Level::Block, layout),
        Depth::Layer => layers(&network, &analysis, layout),
    };
    let summary = Summary {
        name: &network.graph().name,
        dialect: &network.graph().dialect.name,
        layout: layout.name(),
        input: layout.dimensions(network.input_shape()),
        layers: rows,
        parameters: analysis.parameters.into(),
        macs: analysis.macs(),
        size: Size::new(&network, &analysis),
    };
    let text = match grid(&summary, arguments.depth == Depth::Layer).render(arguments.format) {
        None => output::json(&summary)?,
        Some(rows) if arguments.format == Format::Csv => rows,
        Some(rows) => {
            let totals = totals(&analysis, &summary.size).render(arguments.format).unwrap_or_default();
            format!("{}\n{rows}\n{totals}", arguments.format.line(&title(&summary)))
        }
    };
    output::print(&text)
}

fn title(summary: &Summary<'_>) -> String {
    format!("{}: dialect {}, input {}", summary.name, summary.dialect, written(&summary.input))
}

fn totals(analysis: &Analysis, size: &Size) -> Grid {
    let analysis::Parameters { trainable, non_trainable } = analysis.parameters;
    let count =
        |name: &str, figure, meaning: &str| vec![name.to_owned(), grouped(figure), decimal(figure), meaning.to_owned()];
    let bytes = |name: &str, figure, meaning: &str| {
        let rounded = decimal(figure);
        let rounded = if rounded.is_empty() { rounded } else { rounded + "B" };
        vec![name.to_owned(), grouped(figure), rounded, meaning.to_owned()]
    };
    let rows = vec![
        count("total parameters", analysis.parameters.total(), ""),
        count("trainable parameters", trainable, ""),
        count("non-trainable parameters", non_trainable, "batch-norm statistics"),
        count("macs", analysis.macs(), ""),
        bytes("input bytes", size.input_bytes, "float32, as all bytes here"),
        bytes(
            "forward and backward bytes",
            size.forward_backward_bytes,
            "torchinfo's: outputs of layers with parameters, twice",
        ),
        bytes("parameters bytes", size.parameters_bytes, "trainable"),
        bytes("total bytes", size.total_bytes, "torchinfo's estimate; `flops --memory` says what a step keeps"),
    ];
    Grid { header: vec!["figure", "exact", "rounded", "meaning"], rows, numeric: vec![false, true, true, false] }
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
            written(&row.output_shape),
            grouped(row.parameters),
            grouped(row.macs),
        ];
        cells.extend(connected.then(|| row.connected_to.join(", ")));
        cells
    });
    Grid { header, rows: rows.collect(), numeric }
}

fn layers<'a>(network: &'a Checked, analysis: &Analysis, layout: Layout) -> Vec<Row<'a>> {
    let mut above: Option<NodeId> = None;
    let row = |layer: &analysis::Row| {
        let operands = network.graph().operands(layer.node);
        let chained = operands == above.as_slice();
        above = Some(layer.node);
        Row {
            path: network.name(layer.node).to_owned(),
            op: layer.op.to_owned(),
            output_shape: layout.dimensions(layer.output),
            parameters: layer.parameters.total(),
            macs: layer.macs,
            connected_to: if chained { Vec::new() } else { operands.iter().map(|&id| network.name(id)).collect() },
        }
    };
    analysis.layers.iter().map(row).collect()
}

fn groups<'a>(network: &Checked, analysis: &Analysis, level: Level, layout: Layout) -> Vec<Row<'a>> {
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
            output_shape: layout.dimensions(group.output),
            parameters: group.parameters.total(),
            macs: group.macs,
            connected_to: Vec::new(),
        }
    };
    groups.into_iter().map(row).collect()
}
