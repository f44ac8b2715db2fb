//! Shape inference over the whole graph, and the words for what fails.

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::ir::graph::Remark;
use crate::ir::shape::Window;
use crate::ir::{Graph, Node, NodeId, Op, Operands, Shape, ShapeError};
use crate::limits;

/// The shape of every node, indexed by [`NodeId::index`].
pub(super) fn infer(graph: &Graph, order: &[NodeId], names: &[String]) -> Result<Vec<Option<Shape>>, Report> {
    let mut shapes: Vec<Option<Shape>> = vec![None; graph.bound()];
    for &id in order {
        let Some(node) = graph.get(id) else { continue };
        let operands = graph.operands(id);
        let inputs: Operands<_> =
            operands.iter().filter_map(|operand| shapes.get(operand.index()).copied().flatten()).collect();
        let shape = node.op.infer(&inputs).map_err(|error| {
            let name = names.get(id.index()).map_or("", String::as_str);
            Report::from(explain(graph, node, name, &operands, &inputs, error))
        })?;
        if let Some(slot) = shapes.get_mut(id.index()) {
            *slot = Some(shape);
        }
    }
    Ok(shapes)
}

fn explain(
    graph: &Graph,
    node: &Node,
    name: &str,
    operands: &[NodeId],
    inputs: &[Shape],
    error: ShapeError,
) -> Diagnostic {
    let span = node.origin.span;
    match error {
        ShapeError::Differ { left, right } => differ(graph, node, operands, inputs, [left, right]),
        ShapeError::Vanishes { size, window } => vanishes(node, name, size, window),
        ShapeError::Groups { groups, inputs, outputs } => groups_do_not_divide(node, name, groups, inputs, outputs),
        ShapeError::NotAMap(found) => Diagnostic::error(
            Code::WrongRank,
            span,
            format!("`{name}` needs a feature map"),
            format!("it reads a vector of {found} features"),
        )
        .help("keep the map: move this before the flatten or the pool that ends it"),
        ShapeError::NotPooled(found) => Diagnostic::error(
            Code::WrongRank,
            span,
            format!("`{name}` needs a map of 1 x 1"),
            format!("it reads {found}"),
        )
        .help("pool the map first: `global_pool`"),
        ShapeError::Even(kernel) => Diagnostic::error(
            Code::OutOfRange,
            span,
            format!("the kernel of `{name}` is {kernel}"),
            "expected an odd number",
        ),
        ShapeError::Slice { start, length, channels } => Diagnostic::error(
            Code::SliceOutside,
            span,
            format!("`{name}` takes channels that are not there"),
            format!("it takes channels {start} to {} of {channels}", start.saturating_add(length).saturating_sub(1)),
        )
        .note("channels are counted from 0"),
        ShapeError::Operands { expected, found } => Diagnostic::error(
            Code::MalformedGraph,
            span,
            format!("`{name}` has {found} operands"),
            format!("expected {expected}"),
        ),
        ShapeError::Channels(found) => Diagnostic::error(
            Code::TooManyChannels,
            span,
            format!("`{name}` would have {found} channels"),
            format!("the limit is {}", limits::CHANNELS),
        )
        .help("use fewer filters, a smaller expansion or a smaller input"),
        ShapeError::Features(found) => Diagnostic::error(
            Code::TooManyChannels,
            span,
            format!("`{name}` would have {found} features"),
            format!("the limit is {}", limits::FEATURES),
        )
        .help("pool the map first, or use a smaller input"),
        ShapeError::Side(found) => Diagnostic::error(
            Code::MapTooLarge,
            span,
            format!("a side of `{name}` would be {found}"),
            format!("the limit is {}", limits::SIDE),
        ),
        ShapeError::Zero(what) => Diagnostic::error(
            Code::OutOfRange,
            span,
            format!("`{name}` has no {what}"),
            format!("{what} come out as 0"),
        )
        .help("use more filters"),
    }
}

/// Branches that do not go together. Where an argument chose the shortcut, the message is about that argument; elsewhere
/// it shows every branch with its shape and its line.
fn differ(graph: &Graph, node: &Node, operands: &[NodeId], shapes: &[Shape], [left, right]: [Shape; 2]) -> Diagnostic {
    let remark = graph.remark.as_ref().filter(|remark| graph.get(remark.node).is_some_and(|known| known == node));
    match remark.and_then(|remark| remark.projection.as_deref()) {
        Some(projection) => shortcut_differs(graph, node, operands, [left, right], projection),
        None => branches_differ(graph, node, operands, shapes, remark),
    }
}

fn branches_differ(
    graph: &Graph,
    node: &Node,
    operands: &[NodeId],
    shapes: &[Shape],
    remark: Option<&Remark>,
) -> Diagnostic {
    let block = graph.block_name(&node.origin.address);
    let (verb, rule) = match node.op {
        Op::Concat(_) => ("concatenated", "a concat needs one height and one width"),
        Op::Multiply(_) => ("multiplied", "a product needs equal shapes, or a gate: the same channels, 1 x 1"),
        _ => ("added", "an add needs equal shapes"),
    };
    let message = format!("the branches of `{block}` cannot be {verb}");
    let mut error = Diagnostic::error(Code::BranchesDiffer, node.origin.span, message, rule)
        .note("shapes are channels x height x width");
    for (slot, (&operand, shape)) in operands.iter().zip(shapes).enumerate() {
        let Some(origin) = graph.get(operand).map(|node| node.origin) else { continue };
        let written = remark.and_then(|remark| remark.branches.get(slot));
        let label = written.map_or(origin.address.branch, |(label, _)| *label);
        // What a branch without layers hands on was made elsewhere; the branch itself is what can be changed.
        let is_empty = written.is_some() && origin.address.branch != label;
        let span = written.filter(|_| is_empty).map_or(origin.span, |(_, span)| *span);
        error = error.label(span, format!("`{label}` gives {shape}"));
    }
    let channels = match node.op {
        Op::Add(_) => {
            shapes.windows(2).all(|pair| matches!(pair, [left, right] if left.channels() == right.channels()))
        }
        _ => true,
    };
    match (mismatch(shapes), shapes.first()) {
        (Some(mismatch), _) if channels => error.help(mismatch.help()),
        (Some(mismatch), Some(first)) => error
            .note(format!(
                "the channels differ too: each branch must end with as many, {} for example",
                first.channels()
            ))
            .help(mismatch.help()),
        (None, Some(first)) => {
            error.help(format!("end every branch with {0} channels: `conv 1x1 ({0})`, for example", first.channels()))
        }
        (_, None) => error,
    }
}

/// How the heights and widths of branches come to differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mismatch {
    /// By a factor: steps.
    Stride,
    /// By a few rows or columns: what a window loses at the border.
    Padding,
}

impl Mismatch {
    fn help(self) -> &'static str {
        match self {
            Self::Stride => "the branches have different strides: give all of them the same",
            Self::Padding => {
                "one branch loses rows or columns at the border: a kernel of odd size keeps them without `padding`, or with \
                 `padding = same`"
            }
        }
    }
}

/// How heights and widths differ, if they do.
fn mismatch(shapes: &[Shape]) -> Option<Mismatch> {
    let sizes: Vec<_> = shapes.iter().map(|shape| shape.size()).collect();
    if sizes.windows(2).all(|pair| matches!(pair, [left, right] if left == right)) {
        return None;
    }
    let is_step = |side: usize| {
        let extents = || sizes.iter().flatten().filter_map(|size| size.get(side).copied());
        // A stride of 2 leaves about half; what a border takes is less.
        let (least, most) = (extents().min().unwrap_or(1), extents().max().unwrap_or(1));
        most.saturating_mul(3) >= least.saturating_mul(5)
    };
    Some(if is_step(0) || is_step(1) { Mismatch::Stride } else { Mismatch::Padding })
}

fn shortcut_differs(
    graph: &Graph,
    node: &Node,
    operands: &[NodeId],
    [left, right]: [Shape; 2],
    projection: &str,
) -> Diagnostic {
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
    let (main, skip) = (left.channels(), right.channels());
    if let Some(mismatch) = mismatch(&[left, right]) {
        match mismatch {
            Mismatch::Stride => error.help(format!(
                "the branches have different strides: give both the same `stride`, or write `{projection}`"
            )),
            Mismatch::Padding => error.help(mismatch.help()),
        }
    } else if skip > main {
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

fn vanishes(node: &Node, name: &str, [height, width]: [u64; 2], window: Window) -> Diagnostic {
    let padding = window.padding;
    let [extent_height, extent_width] = window.extent();
    let error = Diagnostic::error(
        Code::MapVanishes,
        node.origin.span,
        "the feature map shrinks to nothing",
        format!("`{name}` reads {height} x {width} and its window is {extent_height} x {extent_width}"),
    )
    .help("use a larger input, or fewer strides and pools before this");
    if padding.is_zero() {
        return error;
    }
    error.note(format!(
        "padding adds {} rows and {} columns",
        padding.top.saturating_add(padding.bottom),
        padding.left.saturating_add(padding.right)
    ))
}

fn groups_do_not_divide(node: &Node, name: &str, groups: u64, inputs: u64, outputs: u64) -> Diagnostic {
    let divides = |groups: u64| groups != 0 && inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups);
    let below = (1..groups.min(inputs.min(outputs).saturating_add(1))).rev().find(|&groups| divides(groups));
    let above = (groups.saturating_add(1)..=inputs.min(outputs)).find(|&groups| divides(groups));
    let near: Vec<_> = below.into_iter().chain(above).map(|groups| format!("`{groups}`")).collect();
    let error = Diagnostic::error(
        Code::GroupsDoNotDivide,
        node.origin.span,
        format!("{groups} groups do not divide the channels of `{name}`"),
        format!("it maps {inputs} channels to {outputs}"),
    )
    .note("a grouped convolution needs input and output channels to be multiples of its groups");
    if near.is_empty() { error } else { error.help(format!("nearest that divide: {}", near.join(" and "))) }
}
