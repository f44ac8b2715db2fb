//! From a [`Spec`] to a [`Graph`].
//!
//! In: a description whose words and numbers are unchecked. Out: a graph in which every block has been expanded, or a
//! report of everything in the description that the library refuses. Where a shape does not work out, lowering stops
//! and hands on the graph so far: [`crate::valid::check`] meets the same node and says what is wrong, so that there is
//! one place where shape errors are worded.

mod arguments;
mod block;
mod head;

pub use block::{Block, Conv, Halt};

use crate::diagnostic::{Code, Diagnostic, Report, suggest};
use crate::dialect;
use crate::ir::{self, Address, Branch, Dialect, Graph, Op, Place, Role, op};
use crate::library;
use crate::limits;
use crate::source::Spanned;
use crate::spec::{Input, Spec, Stage};
use arguments::Arguments;
use block::Builder;

/// Lowers `spec` to a graph of at most `limit` nodes.
///
/// # Errors
/// Everything in the description that the library, a dialect or a limit refuses.
pub fn lower(spec: &Spec, limit: usize) -> Result<Graph, Report> {
    let mut report = Report::default();
    let dialect = find_dialect(&spec.dialect, &mut report);
    check_input(&spec.input, &mut report);
    check_blocks(&spec.stages, limit, &mut report);
    head::check(&spec.head, &mut report);
    let stem = Arguments::resolve(&spec.stem, library::Place::Stem, &mut report);
    let stages: Vec<_> =
        spec.stages.iter().map(|stage| Arguments::resolve(&stage.call, library::Place::Stage, &mut report)).collect();
    let (Some(dialect), Some(stem), Some(stages)) = (dialect, stem, stages.into_iter().collect::<Option<Vec<_>>>())
    else {
        return Err(report);
    };
    report.or(())?;
    build(spec, dialect, limit, &stem, &stages)
}

fn build(
    spec: &Spec,
    dialect: &'static Dialect,
    limit: usize,
    stem: &Arguments,
    stages: &[Arguments],
) -> Result<Graph, Report> {
    let mut builder = Builder::new(Graph::new(&spec.name.value, dialect), limit);
    let result = expand(spec, &mut builder, stem, stages);
    match result {
        Ok(()) | Err(Halt::Shape) => Ok(builder.finish()),
        Err(Halt::Nodes(span)) => Err(Diagnostic::error(
            Code::TooManyNodes,
            span,
            format!("the network has more than {limit} nodes"),
            "the limit is reached here",
        )
        .help(format!("use fewer blocks, or raise the limit: `--limit {}`", limit.saturating_mul(10)))
        .into()),
    }
}

fn expand(spec: &Spec, builder: &mut Builder, stem: &Arguments, stages: &[Arguments]) -> Result<(), Halt> {
    let address = Address { place: Place::Input, branch: Branch::Input, unit: 0, role: Role::Input, sequence: 0 };
    let input =
        op::Input { channels: spec.input.channels.value, size: [spec.input.height.value, spec.input.width.value] };
    let span = spec.input.channels.span.to(spec.input.width.span);
    builder.add(Op::Input(input), ir::Origin { span, address }, &[])?;
    (stem.definition.expand)(&mut Block::stem(builder, stem))?;
    for (number, (stage, arguments)) in (0..).zip(spec.stages.iter().zip(stages)) {
        builder.graph.block_kinds.push(arguments.definition.name.to_owned());
        let previous = usize::try_from(number).ok().and_then(|at| at.checked_sub(1)).and_then(|at| stages.get(at));
        for index in 0..stage.blocks.value {
            let mut block = Block::stage(builder, arguments, previous, number, [index, stage.blocks.value]);
            (arguments.definition.expand)(&mut block)?;
        }
    }
    head::expand(&spec.head, builder)
}

fn find_dialect(name: &Spanned<String>, report: &mut Report) -> Option<&'static Dialect> {
    let found = dialect::find(&name.value);
    if found.is_none() {
        report.push(suggest::unknown_word(
            "dialect",
            &name.value,
            name.span,
            dialect::ALL.iter().map(|dialect| dialect.name),
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
        format!("{what} is {}", value.value),
        format!("expected from 1 to {limit}"),
    ));
}

fn check_blocks(stages: &[Stage], limit: usize, report: &mut Report) {
    for stage in stages {
        check_range("blocks", &stage.blocks, limits::BLOCKS, Code::TooManyBlocks, report);
    }
    let total: u128 = stages.iter().map(|stage| u128::from(stage.blocks.value)).sum();
    if let Some(last) = stages.last().filter(|_| report.is_empty() && total > limit as u128) {
        report.push(
            Diagnostic::error(
                Code::TooManyNodes,
                last.blocks.span,
                format!("the network has {total} blocks, each of at least one node, and the limit is {limit} nodes"),
                "the limit is exceeded here at the latest",
            )
            .help("use fewer blocks, or raise the limit with `--limit`"),
        );
    }
}
