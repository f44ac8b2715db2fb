//! From a [`Spec`] to a [`Graph`].
//!
//! In: a description whose words and numbers are unchecked. Out: a graph in which every block has been expanded, or a
//! report of everything in the description that the library refuses. Where a shape does not work out, lowering stops
//! and hands on the graph so far: [`crate::valid::check`] meets the same node and says what is wrong, so that there is
//! one place where shape errors are worded.

mod arguments;
mod block;
mod calls;
mod head;

pub use block::{Block, Conv, Halt};
pub use calls::write_out;

use crate::diagnostic::{Code, Diagnostic, Report, suggest};
use crate::dialect;
use crate::ir::graph::StageKind;
use crate::ir::{self, Address, Dialect, Graph, Label, Op, Place, op};
use crate::limits;
use crate::source::Spanned;
use crate::spec::{Input, Spec, name};
use block::Builder;
use calls::Calls;
use std::sync::Arc;

/// Lowers `spec` to a graph of at most `limit` nodes.
///
/// There is none where the library, a dialect or a limit refuses something in the description, or where `report` says
/// that the front end did; everything is in `report` then.
pub fn lower(spec: &Spec, limit: usize, report: &mut Report) -> Option<Graph> {
    report.extend(name::check(&spec.name));
    let dialect = find_dialect(&spec.dialect, report);
    check_input(&spec.input, report);
    head::check(&spec.head, report);
    let calls = calls::resolve(spec, report);
    check_total(spec, limit, report);
    if !report.is_empty() {
        return None;
    }
    build(spec, dialect?, limit, &calls?).map_err(|error| report.push(error)).ok()
}

fn build(spec: &Spec, dialect: Arc<Dialect>, limit: usize, calls: &Calls) -> Result<Graph, Diagnostic> {
    let mut builder = Builder::new(Graph::new(&spec.name.value, dialect), limit);
    match expand(spec, &mut builder, calls) {
        Ok(()) | Err(Halt::Shape) => Ok(builder.finish()),
        Err(Halt::Nodes(span)) => Err(Diagnostic::error(
            Code::TooManyNodes,
            span,
            format!("the network has more than {limit} nodes"),
            "the limit is reached here",
        )
        .help(format!("use fewer blocks, or raise the limit: `--limit {}`", limit.saturating_mul(10)))),
    }
}

fn expand(spec: &Spec, builder: &mut Builder, calls: &Calls) -> Result<(), Halt> {
    let address = Address { place: Place::Input, branch: Label::INPUT, unit: 0, role: Label::INPUT, sequence: 0 };
    let input =
        op::Input { channels: spec.input.channels.value, size: [spec.input.height.value, spec.input.width.value] };
    let span = spec.input.channels.span.to(spec.input.width.span);
    builder.add(Op::Input(input), ir::Origin { span, address }, &[])?;
    (calls.stem.definition().expand)(&mut Block::stem(builder, &calls.stem))?;
    let mut previous = None;
    let mut first = 0_u32;
    for (number, (stage, arguments)) in (0..).zip(spec.stages.iter().zip(&calls.stages)) {
        let name = arguments.definition().name.to_owned();
        builder.graph.kinds.stages.push(StageKind { name, first });
        let blocks = stage.blocks.map_or(0, |blocks| blocks.value);
        for index in 0..blocks {
            let mut block = Block::stage(builder, arguments, previous, number, [index, blocks]);
            (arguments.definition().expand)(&mut block)?;
        }
        first = first.saturating_add(u32::try_from(blocks).unwrap_or(u32::MAX));
        previous = Some(arguments);
    }
    head::expand(&spec.head, builder)
}

fn find_dialect(name: &Spanned<String>, report: &mut Report) -> Option<Arc<Dialect>> {
    let found = dialect::find(&name.value);
    if found.is_none() {
        report.push(suggest::unknown_word(
            format!("there is no dialect {}", suggest::quoted(&name.value)),
            &name.value,
            name.span,
            dialect::NAMES.into_iter(),
        ));
    }
    found
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

/// Every block has a node: more blocks than nodes are refused before the first is expanded.
fn check_total(spec: &Spec, limit: usize, report: &mut Report) {
    let blocks = || spec.stages.iter().filter_map(|stage| stage.blocks);
    let total: u128 = blocks().map(|blocks| u128::from(blocks.value)).sum();
    if let Some(last) = blocks().next_back().filter(|_| report.is_empty() && total > limit as u128) {
        report.push(
            Diagnostic::error(
                Code::TooManyNodes,
                last.span,
                format!("the network has {total} blocks, each of at least one node, and the limit is {limit} nodes"),
                "the limit is exceeded here at the latest",
            )
            .help("use fewer blocks, or raise the limit with `--limit`"),
        );
    }
}
