//! From a [`Spec`] to a [`Graph`].
//!
//! In: a description whose words and numbers are unchecked. Out: a graph in which every block has been expanded, or a
//! report of everything in the description that is refused. Where a shape does not work out, lowering stops and hands on
//! the graph so far: [`crate::valid::check`] meets the same node and says what is wrong, so that there is one place where
//! shape errors are worded.

mod arguments;
mod builder;
mod calls;
mod definitions;
mod layer;
mod machine;
mod matching;
mod scope;

pub use calls::{write_out, write_short};

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::dialect;
use crate::ir::graph::StageKind;
use crate::ir::{self, Address, Dialect, Graph, Label, Op, Place, op};
use crate::limits;
use crate::source::Spanned;
use crate::spec::{Input, Spec, name};
use builder::{Builder, Halt};
use calls::Calls;
use machine::{Machine, Position, Told};
use scope::{Blocks, Index};
use std::sync::Arc;

/// Lowers `spec` to a graph of at most `limit` nodes; with `names`, under the names of that dialect instead of its own.
///
/// There is none where a block, a dialect or a limit refuses something in the description, or where `report` says that the
/// front end did; everything is in `report` then.
pub fn lower(spec: &Spec, names: Option<&Dialect>, limit: usize, report: &mut Report) -> Option<Graph> {
    report.extend(name::check(&spec.name, spec.form.words()));
    let index = Index::new(&spec.definitions);
    let blocks = Blocks::new(&index);
    definitions::check(&spec.definitions, blocks, report);
    dialect::check(&spec.definitions, &spec.dialect.value, report);
    let dialect = dialect::resolve(&spec.dialect, &spec.definitions, spec.form.words(), report);
    check_input(&spec.input, report);
    let calls = calls::resolve(spec, blocks, report);
    check_total(spec, limit, report);
    if report.has_errors() {
        return None;
    }
    let dialect = match names {
        Some(names) => Arc::new(named(&*dialect?, names)),
        None => dialect?,
    };
    build(spec, dialect, blocks, limit, &calls?).map_err(|error| report.push(*error)).ok()
}

/// What `dialect` means in the words of `names`: its names, and what of the layers belongs to them. Whether convolutions have
/// a bias that a norm takes away again, and whether padding and activations are layers, changes no number of the output.
fn named(dialect: &Dialect, names: &Dialect) -> Dialect {
    Dialect {
        name: names.name.clone(),
        convolution_bias: names.convolution_bias,
        padding: names.padding,
        activation: names.activation,
        names: names.names.clone(),
        ..dialect.clone()
    }
}

fn build<'a>(
    spec: &'a Spec,
    dialect: Arc<Dialect>,
    blocks: Blocks<'a>,
    limit: usize,
    calls: &'a Calls<'a>,
) -> Result<Graph, Box<Diagnostic>> {
    let graph = Graph::new(&spec.name.value, Arc::clone(&dialect));
    let mut machine = Machine::new(Builder::new(graph, limit), dialect, blocks, spec.form.words());
    match expand(spec, &mut machine, calls) {
        Ok(()) | Err(Halt::Shape) => Ok(machine.builder.graph),
        Err(Halt::Error(error)) => Err(error),
    }
}

fn expand<'a>(spec: &'a Spec, machine: &mut Machine<'a>, calls: &'a Calls<'a>) -> Result<(), Halt> {
    let address = Address { place: Place::Input, branch: Label::INPUT, unit: 0, role: Label::INPUT, sequence: 0 };
    let input =
        op::Input { channels: spec.input.channels.value, size: [spec.input.height.value, spec.input.width.value] };
    let span = spec.input.channels.span.to(spec.input.width.span);
    machine.builder.add(Op::Input(input), ir::Origin { span, address }, &[])?;
    let blocks_of = |stage: &crate::spec::Stage| stage.blocks.map_or(0, |blocks| blocks.value);
    let total = spec.stages.iter().map(blocks_of).sum();
    let stages = spec.stages.len() as u64;
    let alone = Position { place: Place::Stem, index: 0, blocks: 1, number: 0, total, stage: 0, stages };
    calls.stem.block.name().clone_into(&mut machine.builder.graph.kinds.stem);
    machine.expand(&calls.stem, None, alone)?;
    let (mut previous, mut first) = (None::<Told<'_>>, 0_u64);
    for (stage, (described, call)) in (0_u32..).zip(spec.stages.iter().zip(&calls.stages)) {
        let blocks = blocks_of(described);
        let kind = StageKind { name: call.block.name().to_owned(), first: u32::try_from(first).unwrap_or(u32::MAX) };
        machine.builder.graph.kinds.stages.push(kind);
        let mut told = previous.clone();
        for index in 0..blocks {
            let place = Place::Block { stage, block: u32::try_from(index).unwrap_or(u32::MAX) };
            let position = Position { place, index, blocks, number: first + index, total, stage: stage.into(), stages };
            told = machine.expand(call, previous.clone(), position)?.or(told);
        }
        first += blocks;
        previous = told;
    }
    machine.builder.graph.kinds.blocks = u32::try_from(total).unwrap_or(u32::MAX);
    calls.head.block.name().clone_into(&mut machine.builder.graph.kinds.head);
    machine.expand(&calls.head, previous, Position { place: Place::Head, number: total, stage: stages, ..alone })?;
    Ok(())
}

fn check_input(input: &Input, report: &mut Report) {
    let Input { channels, height, width } = input;
    check_range("channels", channels, limits::CHANNELS, Code::TooManyChannels, report);
    check_range("height", height, limits::SIDE, Code::MapTooLarge, report);
    check_range("width", width, limits::SIDE, Code::MapTooLarge, report);
}

/// Reports `value` unless it is from 1 to `limit`.
fn check_range(what: &str, value: &Spanned<u64>, limit: u64, code: Code, report: &mut Report) {
    let code = match value.value {
        0 => Code::OutOfRange,
        over if over > limit => code,
        _ => return,
    };
    report.push(Diagnostic::error(
        code,
        value.span,
        format!("`{what}` is {}", value.value),
        format!("expected a whole number from 1 to {limit}"),
    ));
}

/// A block that adds nothing still takes time: more blocks than nodes are refused before the first is expanded.
fn check_total(spec: &Spec, limit: usize, report: &mut Report) {
    let blocks = || spec.stages.iter().filter_map(|stage| stage.blocks);
    let total: u128 = blocks().map(|blocks| u128::from(blocks.value)).sum();
    if let Some(last) = blocks().next_back().filter(|_| !report.has_errors() && total > limit as u128) {
        report.push(
            Diagnostic::error(
                Code::TooManyNodes,
                last.span,
                format!("the network has {total} blocks, and the limit is {limit} nodes"),
                "the limit is exceeded here at the latest",
            )
            .help("use fewer blocks, or raise the limit with `--limit`"),
        );
    }
}
