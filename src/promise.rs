//! What a description promises of its network: the figures of `[expect]` and the limits of `[budget]`.
//!
//! In: a description, the input that it was written for, and the network that it became. Out: nothing, or every promise
//! that the network breaks. Promises hold at the description's own input; with another one, those that depend on it are
//! skipped: multiply-accumulates and memory always, parameters where they follow the input's channels or where a linear
//! layer reads a map that no pool has brought to a fixed size.

use crate::analysis::group::percent;
use crate::analysis::memory::FLOAT;
use crate::analysis::{self, Analysis, Figures, Group, Level, Parameters, convention};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::ir::{NodeId, NodeMap, Op, Place};
use crate::source::{Span, Spanned};
use crate::spec::{Budget, Expect, Input, Spec};
use crate::valid::Checked;
use std::cell::LazyCell;

/// Holds `network`, which `spec` became, to what `spec` promises at the input `described`.
///
/// # Errors
/// The promises that it breaks.
pub fn check(spec: &Spec, described: &Input, network: &Checked) -> Result<(), Report> {
    if spec.expect == Expect::default() && spec.budget == Budget::default() {
        return Ok(());
    }
    let channels = described.channels.value == spec.input.channels.value;
    let size = described.height.value == spec.input.height.value && described.width.value == spec.input.width.value;
    let held = Held { parameters: channels && (size || !parameters_follow_size(network)), cost: channels && size };
    // Promises that are kept need less.
    let analysis = LazyCell::new(|| analysis::analyse(network, 1));
    let mut report = Report::default();
    if spec.expect != Expect::default() {
        expect(&spec.expect, held, network, &analysis, &mut report);
    }
    if spec.budget != Budget::default() {
        budget(spec, held, network, &analysis, &mut report);
    }
    report.or(())
}

/// Which promises can be held at this input.
#[derive(Debug, Clone, Copy)]
struct Held {
    parameters: bool,
    cost: bool,
}

/// Whether a linear layer reads a vector whose length depends on the size of the input.
fn parameters_follow_size(network: &Checked) -> bool {
    let mut follows = NodeMap::new(network.graph());
    for layer in network.layers() {
        let read = layer.operands.iter().any(|id| *follows.at(*id));
        let value = match layer.node.op {
            Op::Input(_) => true,
            Op::AdaptivePool(_) => false,
            Op::Linear(_) if read => return true,
            Op::Conv2d(_)
            | Op::BatchNorm(_)
            | Op::Activation(_)
            | Op::MaxPool(_)
            | Op::Linear(_)
            | Op::Flatten(_)
            | Op::Add(_)
            | Op::Pad(_)
            | Op::Subsample(_)
            | Op::Dropout(_)
            | Op::AvgPool(_)
            | Op::Blur(_)
            | Op::ChannelConv(_)
            | Op::Concat(_)
            | Op::DropPath(_)
            | Op::GroupNorm(_)
            | Op::LayerNorm(_)
            | Op::LayerScale(_)
            | Op::Multiply(_)
            | Op::PathSoftmax(_)
            | Op::Slice(_) => read,
        };
        follows.insert(layer.id, value);
    }
    false
}

fn expect(
    expect: &Expect,
    held: Held,
    network: &Checked,
    analysis: &LazyCell<Analysis, impl FnOnce() -> Analysis>,
    report: &mut Report,
) {
    let (parameters, macs) = analysis::headline(network);
    let figures = [
        ("parameters", expect.parameters, held.parameters, parameters.trainable),
        ("total_parameters", expect.total_parameters, held.parameters, parameters.total()),
        ("macs", expect.macs, held.cost, macs),
    ];
    for (name, stated, held, found) in figures {
        let Some(stated) = stated.filter(|stated| held && u128::from(stated.value) != found) else { continue };
        let error = Diagnostic::error(
            Code::ExpectationNotMet,
            stated.span,
            format!("`{name}` is {}, and the network has {found} ({})", stated.value, difference(stated.value, found)),
            format!("the network has {found}"),
        );
        let error = match other_meaning(name, stated.value.into(), analysis) {
            Some(meaning) => error.note(format!("{} is {meaning}", stated.value)),
            None => error,
        };
        report.push(
            error
                .help(format!("if this network is the one that is meant, write `{name} = {found}`"))
                .fix(stated.span, found.to_string()),
        );
    }
}

/// "1 more", "12 fewer".
fn difference(stated: u64, found: u128) -> String {
    let stated = u128::from(stated);
    let word = if found > stated { "more" } else { "fewer" };
    format!("{} {word}", found.abs_diff(stated))
}

/// What the stated figure is, where it is another figure of this very network.
fn other_meaning(name: &str, stated: u128, analysis: &Analysis) -> Option<String> {
    let Parameters { trainable, .. } = analysis.parameters;
    match name {
        "parameters" => (stated == analysis.parameters.total())
            .then(|| "the total with batch-norm statistics, which is `total_parameters`".to_owned()),
        "total_parameters" => {
            (stated == trainable).then(|| "the number without batch-norm statistics, which is `parameters`".to_owned())
        }
        _ => analysis.counts.iter().find(|count| count.total() == stated).map(|count| {
            let convention::Convention { name, counts, .. } = count.convention;
            format!("what the convention `{name}` counts: {counts}")
        }),
    }
}

/// A limit, the figure that it bounds, and what each part of the network adds to the figure.
struct Limit<'a> {
    name: &'static str,
    stated: Option<Spanned<u64>>,
    held: bool,
    found: u128,
    share: &'a dyn Fn(&Group) -> u128,
    note: Option<String>,
}

fn budget(spec: &Spec, held: Held, network: &Checked, analysis: &Analysis, report: &mut Report) {
    let groups = analysis::group(network, &analysis.layers, Level::Stage);
    let peak = analysis.needs.peak.node;
    let memory = |group: &Group| memory_share(peak, analysis, group);
    let memory_note = format!(
        "memory is {} bytes of weights and {} bytes at the peak of inference, which is at `{}` and counted there",
        analysis.memory.weights_bytes,
        analysis.memory.inference_peak_bytes,
        network.name(peak)
    );
    let limits = [
        Limit {
            name: "max_parameters",
            stated: spec.budget.max_parameters,
            held: held.parameters,
            found: analysis.parameters.trainable,
            share: &|group| group.parameters.trainable,
            note: None,
        },
        Limit {
            name: "max_macs",
            stated: spec.budget.max_macs,
            held: held.cost,
            found: analysis.macs(),
            share: &|group| group.macs,
            note: None,
        },
        Limit {
            name: "max_memory",
            stated: spec.budget.max_memory,
            held: held.cost,
            found: analysis.memory.weights_bytes + analysis.memory.inference_peak_bytes,
            share: &memory,
            note: Some(memory_note),
        },
    ];
    for limit in limits {
        let over = limit.stated.filter(|stated| limit.held && limit.found > u128::from(stated.value));
        if let Some(stated) = over {
            report.push(over_budget(spec, &limit, stated, &groups));
        }
    }
}

fn over_budget_message(name: &str, stated: u64, found: u128) -> String {
    format!("`{name}` is {stated}, and the network has {found} ({})", difference(stated, found))
}

/// What [`check`] says first of a network with these figures, at the description's own input, that exceeds `budget`.
#[must_use]
pub fn first_over_budget(budget: &Budget, figures: &Figures) -> Option<String> {
    let limits = [
        ("max_parameters", budget.max_parameters, figures.parameters.trainable),
        ("max_macs", budget.max_macs, figures.macs),
        ("max_memory", budget.max_memory, figures.memory_bytes()),
    ];
    let over = limits.into_iter().filter_map(|(name, stated, found)| {
        stated.filter(|stated| found > u128::from(stated.value)).map(|stated| (name, stated, found))
    });
    let (name, stated, found) = over.min_by_key(|(_, stated, _)| stated.span)?;
    Some(over_budget_message(name, stated.value, found))
}

/// The bytes that a part of the network takes: its weights, and where the peak of inference is, the peak.
fn memory_share(peak: NodeId, analysis: &Analysis, group: &Group) -> u128 {
    let here = group.layers.iter().filter_map(|&position| analysis.layers.get(position)).any(|row| row.node == peak);
    let tensors = if here { analysis.memory.inference_peak_bytes } else { 0 };
    FLOAT * group.parameters.total() + tensors
}

fn over_budget(spec: &Spec, limit: &Limit<'_>, stated: Spanned<u64>, groups: &[Group]) -> Diagnostic {
    let Limit { name, found, share, .. } = *limit;
    let mut error = Diagnostic::error(
        Code::OverBudget,
        stated.span,
        over_budget_message(name, stated.value, found),
        format!("the network has {found}"),
    );
    // The first of several that are equal: `max_by_key` would take the last.
    if let Some(costliest) = groups.iter().rev().max_by_key(|group| share(group)) {
        let part = share(costliest);
        let (span, article, what) = part_of(spec, costliest.place);
        let place = format!("{article}{}", costliest.name);
        error = error
            .label(span, format!("{place} has most of it: {part}, which is {}", percent(part, found)))
            .help(format!("use fewer {what} in {place}, or raise `{name}` to {found}"));
    }
    match &limit.note {
        Some(note) => error.note(note),
        None => error,
    }
}

/// Where the part of the network at `place` was written, its article, and what makes it large.
fn part_of(spec: &Spec, place: Place) -> (Span, &'static str, &'static str) {
    match place {
        Place::Input | Place::Stem => (spec.stem.span, "the ", "`filters`"),
        Place::Block { stage, .. } => {
            let stage = usize::try_from(stage).ok().and_then(|stage| spec.stages.get(stage));
            (stage.map_or(spec.stem.span, |stage| stage.call.span), "", "`filters` or `blocks`")
        }
        Place::Head => (spec.head.span, "the ", "`hidden` features or `classes`"),
    }
}
