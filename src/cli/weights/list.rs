//! `resnetc weights list`: the tensors of a weight file.

use super::{Described, size};
use crate::cli::output::{self, Format, Grid};
use crate::cli::{Failure, Global};
use resnetc::ir::ParameterKind;
use resnetc::pass::fold_batch_norm;
use resnetc::weights::{Entry, expected};
use serde_json::json;
use std::path::PathBuf;

/// List the tensors that a weight file of a network has: names, shapes, layouts
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The description; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Under the names and in the layouts of this dialect [default: the description's]
    #[arg(long, value_name = "DIALECT")]
    names: Option<String>,
    /// Of the form for inference, whose batch norms are folded into the convolutions
    #[arg(long)]
    fold_batch_norm: bool,
    /// How the list is printed
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let network = Described::read(&arguments.file, global)?.named(arguments.names.as_deref(), global)?;
    let network = if arguments.fold_batch_norm { fold_batch_norm(network).0 } else { network };
    let graph = network.graph();
    let entries = expected(&network);
    let rows = entries.iter().map(|entry| {
        vec![entry.name.clone(), sides(&entry.shape), layout(entry).to_owned(), kind(entry.parameter.kind).to_owned()]
    });
    let grid =
        Grid { header: vec!["tensor", "shape", "layout", "parameter"], rows: rows.collect(), numeric: vec![false; 4] };
    let text = match grid.render(arguments.format) {
        Some(rows) if arguments.format == Format::Csv => rows,
        Some(rows) => {
            let title = format!("{}: names of {}, {}", graph.name, graph.dialect.name, size(&entries));
            format!("{}\n{rows}", arguments.format.line(&title))
        }
        None => {
            let tensors: Vec<_> = entries
                .iter()
                .map(|entry| {
                    json!({
                        "name": entry.name,
                        "shape": entry.shape,
                        "layout": layout(entry),
                        "parameter": kind(entry.parameter.kind),
                        "layer": network.name(entry.parameter.node),
                    })
                })
                .collect();
            output::json(&json!({ "name": graph.name, "dialect": graph.dialect.name, "tensors": tensors }))?
        }
    };
    output::print(&text)
}

/// `64 x 3 x 7 x 7`.
fn sides(shape: &[u64]) -> String {
    shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ")
}

/// What the sides are, in the frameworks' letters.
fn layout(entry: &Entry) -> &'static str {
    match (entry.parameter.kind, entry.shape.len(), entry.permuted) {
        (ParameterKind::Kernel, 4, None) => "O, I, H, W",
        (ParameterKind::Kernel, 4, Some(_)) => "H, W, I, O",
        (ParameterKind::Kernel, 2, None) => "out, in",
        (ParameterKind::Kernel, 2, Some(_)) => "in, out",
        (ParameterKind::Kernel, ..) => "O, I, W",
        _ => "C",
    }
}

/// The parameter's name in papers.
fn kind(kind: ParameterKind) -> &'static str {
    match kind {
        ParameterKind::Kernel => "kernel",
        ParameterKind::Bias => "bias",
        ParameterKind::Scale => "gamma",
        ParameterKind::Shift => "beta",
        ParameterKind::Mean => "running mean",
        ParameterKind::Variance => "running variance",
        ParameterKind::Gain => "layer scale",
    }
}
