//! `resnetc flops`: what a network costs, under every tool's convention.

mod json;
mod memory;
mod roofline;
mod rows;

pub(super) use json::Parameters;

use super::depth::Depth;
use super::network::Network;
use super::output::{Format, Grid, decimal, grouped};
use super::{Failure, Global, bytes, number, output};
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use resnetc::analysis::figure::{self, Figure, difference};
use resnetc::analysis::{self, Analysis, Convention, Count, Needs, convention};
use resnetc::valid::Checked;
use roofline::Roofline;
use rows::{Parts, Wanted};
use std::path::PathBuf;

/// Say what a network costs: parameters, multiply-accumulates, memory, receptive field
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    network: Network,
    /// Images at a time
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = number::within(1..=1_u32 << 20))]
    batch: u32,
    /// What weights, values, gradients and an optimiser's state are kept as
    #[arg(long, value_enum, default_value = "float32", value_name = "DTYPE")]
    dtype: memory::Float,
    /// Count as this tool does too; `all` lists every convention and why it differs from macs
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(convention_names()))]
    convention: Option<String>,
    /// Say what memory is needed for inference, and for training with each optimiser
    #[arg(long)]
    memory: bool,
    /// Say how large a batch fits into so much memory, as 16GiB; exits with 1 where not even one image does. Kernels' workspace,
    /// what an allocator rounds up and the framework itself are not counted
    #[arg(long, value_name = "BYTES", value_parser = bytes::parse)]
    fits: Option<u128>,
    /// Say how long it takes at least on the machine that this file describes (see machines/), with the arithmetic intensity
    #[arg(long, value_name = "FILE")]
    machine: Option<PathBuf>,
    /// What the rows are [default: stage]
    #[arg(long, value_enum, value_name = "PART")]
    by: Option<Depth>,
    /// List each of the blocks that are equal; without it those that follow each other are one row of what they cost together
    /// (never in CSV and JSON)
    #[arg(long)]
    unfold: bool,
    /// The order of the rows: as in the network, or the largest first
    #[arg(long, value_enum, default_value = "network", value_name = "FIGURE")]
    sort: Order,
    /// How the answer is printed; CSV is one table, the rows if --by asks for them, else what else is asked for; JSON has every convention and every layer
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    Network,
    Parameters,
    Macs,
    /// Of macs, or of the convention
    Share,
    /// Of time on the machine
    Bound,
}

const ALL: &str = "all";

fn convention_names() -> Vec<&'static str> {
    convention::ALL.iter().map(|convention| convention.name).chain([ALL]).collect()
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let network = arguments.network.compile(global)?;
    let mut analysis = analysis::analyse(&network, arguments.batch);
    let needs = analysis.needs.of(arguments.dtype.into());
    analysis.memory = needs.memory(arguments.batch.into());
    let machine = arguments.machine.as_deref();
    let machine = machine.map(|path| roofline::read(path, &arguments.network, arguments.dtype, global)).transpose()?;
    if arguments.sort == Order::Bound && machine.is_none() {
        return Err(Failure::Unasked(
            "`--sort bound` sorts by time on a machine: say which with `--machine FILE`".to_owned().into(),
        ));
    }
    let roofline = Roofline::new(&network, &needs, arguments.batch, machine.as_ref());
    let answer = Answer { arguments, network: &network, analysis: &analysis, needs: &needs, roofline: &roofline };
    let text = match arguments.format {
        Format::Json => json::text(&answer)?,
        Format::Csv => {
            let tables = answer.tables();
            let table = if arguments.by.is_some() { tables.last() } else { tables.first() };
            table.and_then(|table| table.render(Format::Csv)).unwrap_or_default()
        }
        Format::Table | Format::Markdown => {
            let chosen = arguments.convention.as_deref().and_then(convention::find);
            let tables = [figures(&analysis, chosen)].into_iter().chain(answer.tables());
            let tables = tables.map(|table| table.render(arguments.format).unwrap_or_default());
            let mut parts: Vec<_> =
                [arguments.format.line(&title(&network, &analysis, &needs))].into_iter().chain(tables).collect();
            if arguments.memory || arguments.fits.is_some() {
                parts.push(memory::UNCOUNTED.to_owned());
            }
            parts.join("\n")
        }
    };
    output::print(&text)?;
    match arguments.fits {
        Some(budget) if !memory::fits_at_all(&needs, budget) => Err(Failure::No),
        Some(_) | None => Ok(()),
    }
}

/// What is asked, and what is known of the network.
struct Answer<'a> {
    arguments: &'a Arguments,
    network: &'a Checked,
    analysis: &'a Analysis,
    needs: &'a Needs,
    roofline: &'a Roofline<'a>,
}

impl Answer<'_> {
    /// What is asked for beside the headline figures; the rows where nothing else is, or where they are asked for.
    fn tables(&self) -> Vec<Grid> {
        let Self { arguments, network, analysis, needs, roofline } = *self;
        let mut tables = Vec::new();
        tables.extend(arguments.fits.map(|budget| memory::fits(needs, budget)));
        if arguments.memory {
            tables.push(memory::needs(network, analysis, needs));
        }
        tables.extend(roofline.grid());
        if arguments.convention.as_deref() == Some(ALL) {
            tables.push(conventions(analysis));
        }
        if tables.is_empty() || arguments.by.is_some() {
            tables.push(self.parts().grid());
        }
        tables
    }

    /// The rows.
    fn parts(&self) -> Parts<'_> {
        let arguments = self.arguments;
        let folded = !arguments.unfold && matches!(arguments.format, Format::Table | Format::Markdown);
        let convention = arguments.convention.as_deref().and_then(convention::find);
        let wanted = Wanted { by: arguments.by.unwrap_or(Depth::Stage), folded, order: arguments.sort, convention };
        Parts::new(self.network, self.analysis, self.roofline, wanted)
    }
}

fn title(network: &Checked, analysis: &Analysis, needs: &Needs) -> String {
    let graph = network.graph();
    let input = network.input_shape();
    let dtype = needs.dtype.name();
    format!("{}: dialect {}, input {} x {input}, {dtype}", graph.name, graph.dialect.name, analysis.batch)
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
