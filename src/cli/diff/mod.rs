//! `resnetc diff`: how two networks differ, in structure and in cost.

mod cost;

use super::network::{Input, with_batch};
use super::output::{self, Format, Grid, grouped};
use super::{Failure, Global, files, say};
use resnetc::analysis::{self, Analysis};
use resnetc::compare::{self, Change, Comparison, Difference, Names, Setting, Side, Slot, Stretch};
use resnetc::ir::Shape;
use resnetc::valid::Checked;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Say how two networks differ: layers, shapes, cost
///
/// Layers are paired by their addresses (place, label, unit, role), never by the lines of the descriptions: a layer under
/// another label or in another role is another one. The names that a table makes of addresses are no difference.
/// Exits with 0 where the networks are equal, with 1 where they differ, and with 2 where a description cannot be read or
/// is faulty.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The first description; `-` is standard input
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The second description
    #[arg(value_name = "B")]
    b: PathBuf,
    #[command(flatten)]
    input: Input,
    /// How the answer is printed; CSV is the differences alone, JSON lists all their layers
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    format: Format,
}

/// The most layers that a cell lists.
const LISTED: usize = 4;

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let networks = compile(arguments, global)?;
    let [a, b] = &networks;
    let comparison = compare::compare(a, b);
    let analyses = [a, b].map(|network| analysis::analyse(network, 1));
    let format = arguments.format;
    let text = match changes(&comparison, format).render(format) {
        None => json(&networks, &analyses, &comparison)?,
        Some(rows) if format == Format::Csv => rows,
        Some(rows) => {
            let mut parts = vec![titles(&networks, format)];
            if comparison.is_equal() {
                let layers = counted(comparison.paired, "layer");
                parts.push(format!("The networks are equal: {layers}, op by op, edge by edge and shape by shape.\n"));
            } else {
                parts.push(rows);
            }
            parts.extend(renamed(comparison.paired, &comparison.names).map(|line| format.line(&line)));
            if !comparison.is_equal() {
                parts.push(cost::grid(&analyses).render(format).unwrap_or_default());
                parts.push(cost::by_stage(&networks, &analyses).render(format).unwrap_or_default());
            }
            parts.join("\n")
        }
    };
    output::print(&text)?;
    if comparison.is_equal() { Ok(()) } else { Err(Failure::No) }
}

/// Both networks, or everything that is wrong with either.
fn compile(arguments: &Arguments, global: Global) -> Result<[Checked; 2], Failure> {
    files::one_standard_input([&arguments.a, &arguments.b])?;
    let sources = [files::read_description(&arguments.a)?, files::read_description(&arguments.b)?];
    let options = arguments.input.options(global);
    let mut diagnostics = Vec::new();
    let [a, b] = sources.map(|source| {
        resnetc::compile_with(&source, &options)
            .inspect(|network| say::warn(network, &source, global))
            .map_err(|report| say::collect(&report, &source, global, &mut diagnostics))
            .ok()
    });
    if let (Some(a), Some(b)) = (a, b) {
        return Ok([a, b]);
    }
    say::print_diagnostics(diagnostics, global)?;
    Err(Failure::unasked("cannot compare", "a description is faulty"))
}

fn titles(networks: &[Checked; 2], format: Format) -> String {
    let title = |(side, network): (&str, &Checked)| {
        let graph = network.graph();
        let input = with_batch(1, network.input_shape());
        format.line(&format!("{side}: {}, dialect {}, input {input}", graph.name, graph.dialect.name))
    };
    ["A", "B"].into_iter().zip(networks).map(title).collect()
}

fn changes(comparison: &Comparison, format: Format) -> Grid {
    let most = if format == Format::Csv { usize::MAX } else { LISTED };
    let row = |change: &Change| {
        let Change { stretch, layers, difference } = change;
        let layers = match difference {
            Difference::Only { whole: Some(count), .. } if *count == layers.len() && *count > most => {
                format!("all {count} layers")
            }
            _ => list(layers.iter().map(Slot::to_string), most),
        };
        let [a, b] = values(difference, most);
        vec![stretch.to_string(), layers, what(difference).to_owned(), a, b]
    };
    let rows = comparison.changes.iter().map(row).collect();
    Grid { header: vec!["where", "layers", "difference", "A", "B"], rows, numeric: vec![false; 5] }
}

/// What differs, in a word.
pub(super) fn what(difference: &Difference) -> &str {
    match difference {
        Difference::Only { side: Side::A, .. } => "only in A",
        Difference::Only { side: Side::B, .. } => "only in B",
        Difference::Op(_) => "op",
        Difference::Field { name, .. } => name,
        Difference::Shape(_) => "output shape",
        Difference::Operands(_) => "reads",
    }
}

pub(super) fn values(difference: &Difference, most: usize) -> [String; 2] {
    let none = || "-".to_owned();
    match difference {
        Difference::Only { side, ops, .. } => {
            let ops = list(ops.iter().map(|op| (*op).to_owned()), most);
            match side {
                Side::A => [ops, none()],
                Side::B => [none(), ops],
            }
        }
        Difference::Op(ops) => ops.map(str::to_owned),
        Difference::Field { values, .. } => {
            values.each_ref().map(|value| value.as_ref().map_or_else(none, Setting::to_string))
        }
        Difference::Shape(shapes) => shapes.map(|shape| with_batch(1, shape)),
        Difference::Operands(operands) => {
            operands.each_ref().map(|operands| list(operands.iter().map(ToString::to_string), most))
        }
    }
}

/// `conv1, conv2, conv3, conv4 and 3 more`.
fn list(items: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let more = items.len().saturating_sub(most);
    let listed: Vec<_> = items.take(most).collect();
    let listed = listed.join(", ");
    if more == 0 { listed } else { format!("{listed} and {more} more") }
}

fn counted(count: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(count as u128), if count == 1 { "" } else { "s" })
}

/// One line about names, where there is something to say.
fn renamed(paired: usize, names: &Names) -> Option<String> {
    let Names { layers, weights, renamed_weights, example } = names;
    let [a, b] = example.as_ref()?;
    let of = |part: usize, whole: usize, what| format!("{} of {}", grouped(part as u128), counted(whole, what));
    let counts = format!("{} and {}", of(*layers, paired, "common layer"), of(*renamed_weights, *weights, "weight"));
    Some(format!("Names differ in {counts}, as `{a}` and `{b}`."))
}

#[derive(Serialize)]
struct Json<'a> {
    equal: bool,
    a: Title<'a>,
    b: Title<'a>,
    changes: Vec<JsonChange<'a>>,
    names: JsonNames<'a>,
    cost: BTreeMap<&'static str, cost::Figure>,
    parts: Vec<cost::Stage>,
}

#[derive(Serialize)]
struct Title<'a> {
    name: &'a str,
    dialect: &'a str,
    input: Vec<u64>,
    layers: usize,
}

#[derive(Serialize)]
struct JsonChange<'a> {
    /// In words; the stages and blocks of it follow, counted from 1, both ends included.
    r#where: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stages: Option<[u32; 2]>,
    /// Absent where all blocks of stages with different numbers of them differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<[u32; 2]>,
    layers: Vec<String>,
    /// `only`, `op`, `field`, `output_shape` or `reads`.
    difference: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    a: Option<Value<'a>>,
    b: Option<Value<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Ops(&'a [&'static str]),
    Op(&'static str),
    Setting(&'a Setting),
    Shape(Vec<u64>),
    Operands(Vec<String>),
}

#[derive(Serialize)]
struct JsonNames<'a> {
    common_layers: usize,
    renamed_layers: usize,
    common_weights: usize,
    renamed_weights: usize,
    example: &'a Option<[String; 2]>,
}

fn json(networks: &[Checked; 2], analyses: &[Analysis; 2], comparison: &Comparison) -> Result<String, Failure> {
    let [a, b] = networks.each_ref().map(|network| Title {
        name: &network.graph().name,
        dialect: &network.graph().dialect.name,
        input: with_one(network.input_shape()),
        layers: network.order().len(),
    });
    let Names { layers, weights, renamed_weights, example } = &comparison.names;
    output::json(&Json {
        equal: comparison.is_equal(),
        a,
        b,
        changes: comparison.changes.iter().map(JsonChange::from).collect(),
        names: JsonNames {
            common_layers: comparison.paired,
            renamed_layers: *layers,
            common_weights: *weights,
            renamed_weights: *renamed_weights,
            example,
        },
        cost: cost::json(analyses),
        parts: cost::stages_json(networks, analyses),
    })
}

fn with_one(shape: Shape) -> Vec<u64> {
    [vec![1], shape.dimensions()].concat()
}

impl<'a> From<&'a Change> for JsonChange<'a> {
    fn from(Change { stretch, layers, difference }: &'a Change) -> Self {
        let from_1 = |ends: [u32; 2]| ends.map(|end| end.saturating_add(1));
        let (stages, blocks) = match *stretch {
            Stretch::Blocks { stages, blocks } => (Some(from_1(stages)), blocks.map(from_1)),
            Stretch::Input | Stretch::Stem | Stretch::Head => (None, None),
        };
        let (kind, field, [a, b]) = match difference {
            Difference::Only { side: Side::A, ops, .. } => ("only", None, [Some(Value::Ops(ops)), None]),
            Difference::Only { side: Side::B, ops, .. } => ("only", None, [None, Some(Value::Ops(ops))]),
            Difference::Op(ops) => ("op", None, ops.map(|op| Some(Value::Op(op)))),
            Difference::Field { name, values } => {
                ("field", Some(name.as_str()), values.each_ref().map(|value| value.as_ref().map(Value::Setting)))
            }
            Difference::Shape(shapes) => {
                ("output_shape", None, shapes.map(|shape| Some(Value::Shape(with_one(shape)))))
            }
            Difference::Operands(operands) => {
                let words = |operands: &Vec<_>| operands.iter().map(ToString::to_string).collect();
                ("reads", None, operands.each_ref().map(|operands| Some(Value::Operands(words(operands)))))
            }
        };
        let layers = layers.iter().map(Slot::to_string).collect();
        Self { r#where: stretch.to_string(), stages, blocks, layers, difference: kind, field, a, b }
    }
}
