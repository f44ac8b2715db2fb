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
mod fixed;
mod frame;
mod layer;
mod machine;
mod matching;
mod mistaken;
pub mod piece;
mod reading;
mod rows;
mod scope;
mod slips;
mod view;

pub use arguments::Arguments;
pub use calls::{Calls, position_of, write_out, write_short};
pub use frame::{Position, Question, STRIDE, Told};
pub use scope::{Blocks, Index};

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::dialect;
use crate::ir::graph::{Kinds, StageKind};
use crate::ir::{self, Address, Dialect, Graph, Op, Place, op};
use crate::limits;
use crate::source::Spanned;
use crate::spec::{Input, Spec, Stage, name};
use builder::{Builder, Halt};
use machine::{Machine, Start};
use std::sync::Arc;

/// Lowers `spec` to a graph of at most `limit` nodes; with `names`, under the names of that dialect instead of its own.
///
/// There is none where a block, a dialect or a limit refuses something in the description, or where `report` says that the
/// front end did; everything is in `report` then.
pub fn lower(spec: &Spec, names: Option<&Dialect>, limit: usize, report: &mut Report) -> Option<Graph> {
    let index = Index::new(&spec.definitions);
    let blocks = Blocks::new(&index);
    let dialect = check_definitions(spec, blocks, report);
    let calls = resolve(spec, blocks, limit, report)?;
    let dialect = match names {
        Some(names) => Arc::new(named(&*dialect?, names)),
        None => dialect?,
    };
    build(spec, dialect, blocks, limit, &calls, report).map_err(|error| report.push(*error)).ok()
}

/// Checks what does not depend on the numbers of a description: its name, its blocks, its dialects. Gives its dialect.
pub fn check_definitions(spec: &Spec, blocks: Blocks<'_>, report: &mut Report) -> Option<Arc<Dialect>> {
    report.extend(name::check(&spec.name, spec.form.words()));
    definitions::check(&spec.definitions, blocks, report);
    rows::check(&spec.definitions, report);
    dialect::check(&spec.definitions, &spec.dialect.value, report);
    dialect::resolve(&spec.dialect, &spec.definitions, spec.form.words(), report)
}

/// The calls of `spec`, with a value for each parameter of the blocks that they name; none where anything in `report` is an
/// error.
pub fn resolve<'a>(spec: &Spec, blocks: Blocks<'a>, limit: usize, report: &mut Report) -> Option<Calls<'a>> {
    check_input(&spec.input, report);
    let calls = calls::resolve(spec, blocks, report);
    check_total(spec, limit, report);
    calls.filter(|_| !report.has_errors())
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
    spec: &Spec,
    dialect: Arc<Dialect>,
    blocks: Blocks<'a>,
    limit: usize,
    calls: &Calls<'a>,
    report: &mut Report,
) -> Result<Graph, Box<Diagnostic>> {
    let graph = Graph::new(&spec.name.value, Arc::clone(&dialect));
    let mut machine = Machine::new(Builder::new(graph, limit), dialect, blocks, spec.form.words());
    let expanded = expand(spec, &mut machine, calls);
    report.extend(machine.warnings());
    match expanded {
        Ok(()) | Err(Halt::Shape(_)) => {
            let fixed = fixed::of(&machine.builder.graph, &machine.shapes_asked());
            let mut graph = machine.builder.graph;
            graph.fixed = fixed;
            Ok(graph)
        }
        Err(Halt::Error(error)) => Err(error),
    }
}

fn expand<'a>(spec: &Spec, machine: &mut Machine<'a>, calls: &Calls<'a>) -> Result<(), Halt> {
    let input =
        op::Input { channels: spec.input.channels.value, size: [spec.input.height.value, spec.input.width.value] };
    let span = spec.input.channels.span.to(spec.input.width.span);
    let mut at = machine.builder.add(Op::Input(input), ir::Origin { span, address: Address::INPUT }, &[])?;
    let blocks: Vec<_> = spec.stages.iter().map(Stage::length).collect();
    let (mut previous, mut told) = (None::<Told<'_>>, None);
    for (part, position) in positions(&blocks) {
        let Some(call) = calls.of(part) else { continue };
        let kinds = &mut machine.builder.graph.kinds;
        let name = call.block.name();
        // What a stage is told, the next one can ask for.
        if position.index == 0 {
            previous = told.take().or(previous);
            enter(kinds, part, name, &position);
        }
        let start = Start { at, position, previous: previous.clone(), first: told.clone() };
        let end = machine.expand(call, start)?;
        at = end.at;
        if matches!(part, Part::Stage(_)) {
            told = end.told.or(told);
        }
    }
    Ok(())
}

/// Notes in `kinds` that a block called `name` stands first in a part of the network.
fn enter(kinds: &mut Kinds, part: Part, name: &str, position: &Position) {
    kinds.blocks = u32::try_from(position.total).unwrap_or(u32::MAX);
    match part {
        Part::Stem => name.clone_into(&mut kinds.stem),
        Part::Stage(_) => {
            let first = u32::try_from(position.number).unwrap_or(u32::MAX);
            kinds.stages.push(StageKind { name: name.to_owned(), first });
        }
        Part::Head => name.clone_into(&mut kinds.head),
    }
}

/// A part of a network: a call of the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// What stands before the stages.
    Stem,
    /// A stage, from 0.
    Stage(usize),
    /// What stands after the stages.
    Head,
}

/// Where each block of a network stands whose stages have so many `blocks`, in order.
pub fn positions(blocks: &[u64]) -> impl Iterator<Item = (Part, Position)> + Clone + '_ {
    let total = blocks.iter().sum();
    let stages = blocks.len() as u64;
    let stem = Position { place: Place::Stem, index: 0, blocks: 1, number: 0, total, stage: 0, stages };
    let head = Position { place: Place::Head, number: total, stage: stages, ..stem };
    let mut number = 0;
    let in_stages = (0_u32..).zip(blocks).enumerate().flat_map(move |(at, (stage, &blocks))| {
        let first = number;
        number += blocks;
        (0..blocks).map(move |index| {
            let place = Place::Block { stage, block: u32::try_from(index).unwrap_or(u32::MAX) };
            let position = Position { place, index, blocks, number: first + index, total, stage: stage.into(), stages };
            (Part::Stage(at), position)
        })
    });
    std::iter::once((Part::Stem, stem)).chain(in_stages).chain(std::iter::once((Part::Head, head)))
}

/// What to do where the library's block called `name` lacks something.
fn copied(name: &str) -> String {
    format!("write a block that has it: `resnetc explain {name}` prints a text to start from")
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
