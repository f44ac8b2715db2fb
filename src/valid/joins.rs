//! Branches that do not go together, in words.

use super::repair::Trial;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::graph::Remark;
use crate::ir::{Graph, Node, NodeId, NodeMap, Op, Shape};

/// A join whose operands have shapes that do not go together.
pub(super) struct Join<'a> {
    pub(super) graph: &'a Graph,
    pub(super) id: NodeId,
    pub(super) node: &'a Node,
    pub(super) operands: &'a [NodeId],
    /// The shapes of the operands.
    pub(super) inputs: &'a [Shape],
    /// The shapes of the nodes before the join.
    pub(super) shapes: &'a NodeMap<Shape>,
}

/// Branches that do not go together. Where an argument chose the shortcut, the message is about that argument; elsewhere
/// it shows every branch with its shape and its line.
pub(super) fn differ(join: &Join<'_>, [left, right]: [Shape; 2]) -> Diagnostic {
    let remark = join.graph.remark.as_ref().filter(|remark| remark.node == join.id);
    match remark.and_then(|remark| Some((remark, remark.projection.as_deref()?))) {
        Some((remark, projection)) => shortcut_differs(join, remark, [left, right], projection),
        None => branches_differ(join, remark),
    }
}

fn branches_differ(join: &Join<'_>, remark: Option<&Remark>) -> Diagnostic {
    let Join { graph, node, .. } = *join;
    let block = graph.block_name(&node.origin.address);
    let (verb, rule) = match node.op {
        Op::Concat(_) => ("concatenated", "a concat needs one height and one width"),
        Op::Multiply(_) => ("multiplied", "a product needs equal shapes, or a gate: the same channels, 1 x 1"),
        _ => ("added", "an add needs equal shapes"),
    };
    let message = format!("the branches of `{block}` cannot be {verb}");
    let mut error = Diagnostic::error(Code::BranchesDiffer, node.origin.span, message, rule)
        .note("shapes are channels x height x width; a vector has features alone");
    for (slot, (&operand, shape)) in join.operands.iter().zip(join.inputs).enumerate() {
        let Some(origin) = graph.get(operand).map(|node| node.origin) else { continue };
        let written = remark.and_then(|remark| remark.branches.get(slot));
        let label = written.map_or(origin.address.branch, |(label, _)| *label);
        // What a branch without layers hands on was made elsewhere; the branch itself is what can be changed.
        let is_empty = written.is_some() && remark.is_some_and(|remark| remark.start == operand);
        let span = written.filter(|_| is_empty).map_or(origin.span, |(_, span)| *span);
        error = error.label(span, format!("`{label}` gives {shape}"));
    }
    repaired(error, remark.and_then(|remark| Trial::new(join, remark)).as_ref(), join)
}

/// `error` with the change that makes the branches go together, or, where none is found, with how they differ.
fn repaired(error: Diagnostic, trial: Option<&Trial<'_>>, join: &Join<'_>) -> Diagnostic {
    let Some(repair) = trial.and_then(Trial::find) else {
        // The library's blocks go together with themselves: what a description hands them does not.
        let is_library = join.graph.remark.as_ref().is_some_and(|remark| remark.node == join.id && !remark.is_own);
        return error.help(if is_library {
            "an argument changes the shape of a branch: leave it out, or give another block".to_owned()
        } else {
            difference(join)
        });
    };
    let error = match repair.place {
        Some((span, text)) if error.secondary.iter().all(|label| label.span != span) => error.label(span, text),
        _ => error,
    };
    error.help(repair.help)
}

/// What has to become equal.
fn difference(join: &Join<'_>) -> String {
    let is_vector = |shape: &Shape| matches!(shape, Shape::Vector(_));
    let is_equal = |of: &dyn Fn(&Shape) -> Option<[u64; 2]>| {
        join.inputs.windows(2).all(|pair| pair.first().map(of) == pair.last().map(of))
    };
    if join.inputs.iter().any(is_vector) && !join.inputs.iter().all(is_vector) {
        return match join.node.op {
            Op::Multiply(_) => "end every branch with a map: one of 1 x 1 is stretched".to_owned(),
            _ => "end every branch with a map, or every branch with a vector; only `join multiply` stretches a map of 1 x 1"
                .to_owned(),
        };
    }
    if is_equal(&|shape| shape.size()) {
        let channels = join.inputs.first().map_or(1, |first| first.channels());
        return format!("end every branch with as many channels, {channels} for example");
    }
    let sizes: Vec<_> = join.inputs.iter().filter_map(|shape| shape.size()).collect();
    let far = |side: usize| {
        let extents = || sizes.iter().filter_map(|size| size.get(side).copied());
        // A stride of 2 leaves about half; what a border takes is less.
        let (least, most) = (extents().min().unwrap_or(1), extents().max().unwrap_or(1));
        most.saturating_mul(3) >= least.saturating_mul(5)
    };
    if far(0) || far(1) {
        "the branches have different strides: give all of them the same".to_owned()
    } else {
        "the branches differ in what they lose at the border or by rounding: an input whose sides are multiples of all strides \
         leaves nothing to be rounded"
            .to_owned()
    }
}

fn shortcut_differs(join: &Join<'_>, remark: &Remark, [left, right]: [Shape; 2], projection: &str) -> Diagnostic {
    let Join { graph, node, operands, .. } = *join;
    let block = graph.block_name(&node.origin.address);
    let span_of = |slot: usize| {
        operands.get(slot).and_then(|&id| graph.get(id)).map_or(node.origin.span, |node| node.origin.span)
    };
    // An add comes from the argument that chose its shortcut.
    let shortcut = node.origin.span;
    let mut error = Diagnostic::error(
        Code::BranchesDiffer,
        shortcut,
        format!("the branches of `{block}` cannot be added"),
        format!("the shortcut gives {right}"),
    )
    .label(span_of(0), format!("the main branch gives {left}"))
    .note("shapes are channels x height x width; an add needs them equal");
    if span_of(1) != shortcut {
        error = error.label(span_of(1), format!("the shortcut reads {right} from here"));
    }
    let trial = Trial::new(join, remark);
    // A block of the description's own is mended where it is written.
    if let Some(repair) = trial.as_ref().and_then(Trial::find) {
        let error = match repair.place {
            Some((span, text)) if error.secondary.iter().all(|label| label.span != span) => error.label(span, text),
            _ => error,
        };
        return error.help(repair.help);
    }
    if !trial.as_ref().is_some_and(|trial| trial.projects(1)) {
        return error.help(difference(join));
    }
    let (main, skip) = (left.channels(), right.channels());
    if left.size() != right.size() {
        return error.help(format!("write `{projection}`, which gives {left}")).fix(shortcut, projection);
    }
    if skip > main {
        error
            .note(format!("zeros can be put beside channels, but {} of {skip} cannot be taken away", skip - main))
            .help(format!(
                "write `{projection}`, which projects {skip} channels to {main}, \
                 or raise `filters` until {skip} channels come out"
            ))
            .fix(shortcut, projection)
    } else {
        error.help(format!("write `{projection}`, which projects {skip} channels to {main}")).fix(shortcut, projection)
    }
}
