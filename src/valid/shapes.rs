//! Shape inference over the whole graph, and the words for what fails.

use super::joins::{self, Join};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::ir::shape::{Axis, Window};
use crate::ir::{Graph, Node, NodeId, NodeMap, Operands, Place, Shape, ShapeError, Sides};
use crate::limits;

/// The shape of every node.
pub(super) fn infer(graph: &Graph, order: &[NodeId], names: &NodeMap<String>) -> Result<NodeMap<Shape>, Report> {
    let mut shapes = NodeMap::new(graph);
    for &id in order {
        let Some(node) = graph.get(id) else { continue };
        let operands = node.operands();
        let inputs: Operands<_> = operands.iter().map(|&operand| *shapes.at(operand)).collect();
        let shape = node.op.infer(&inputs).map_err(|error| {
            Report::from(match error {
                ShapeError::Differ { left, right } => {
                    joins::differ(&Join { graph, id, node, operands, inputs: &inputs, shapes: &shapes }, [left, right])
                }
                error => explain(node, names.at(id), error, graph.dialect.stem_pool_padding),
            })
        })?;
        shapes.insert(id, shape);
    }
    Ok(shapes)
}

fn explain(node: &Node, name: &str, error: ShapeError, of_stem: Sides) -> Diagnostic {
    let span = node.origin.span;
    match error {
        // Which branches they are is known to the join.
        ShapeError::Differ { left, right } => Diagnostic::error(
            Code::BranchesDiffer,
            span,
            format!("the operands of `{name}` do not go together"),
            format!("{left} and {right}"),
        ),
        ShapeError::Vanishes { size, window } => vanishes(node, name, size, window),
        ShapeError::OnlyPadding { axis, size, window, blind, windows } => {
            only_padding(node, name, Blind { axis, size, window, at: blind, windows }, of_stem)
        }
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

/// A window that sees nothing of the map.
#[derive(Debug, Clone, Copy)]
struct Blind {
    axis: Axis,
    size: u64,
    window: Window,
    at: u64,
    windows: u64,
}

fn only_padding(node: &Node, name: &str, blind: Blind, of_stem: Sides) -> Diagnostic {
    let Blind { axis, size, window, at, windows } = blind;
    let Sides { top, bottom, left, right } = window.padding;
    let (lines, from, before) = match axis {
        Axis::Vertical => ("rows", "top", top),
        Axis::Horizontal => ("columns", "left", left),
    };
    let first = i128::from(at) * i128::from(axis.of(window.stride)) - i128::from(before);
    let last = first + i128::from(axis.of(window.extent())) - 1;
    let error = Diagnostic::error(
        Code::OnlyPadding,
        node.origin.span,
        format!("a window of `{name}` lies wholly in padding"),
        format!(
            "window {} of {windows} from the {from} covers {lines} {first} to {last}, and the map has 0 to {}",
            at + 1,
            size - 1
        ),
    )
    .note("padding is no value of the map: there is no maximum and no mean of such a window");
    let [height, width] = window.extent().map(|extent| extent - 1);
    let most =
        Sides { top: top.min(height), bottom: bottom.min(height), left: left.min(width), right: right.min(width) };
    let written = if most == Sides::all(most.top) {
        most.top.to_string()
    } else {
        format!("[{}, {}, {}, {}]", most.top, most.bottom, most.left, most.right)
    };
    let key = if node.origin.address.place == Place::Stem && window.padding == of_stem {
        "in the dialect `stem_pool_padding"
    } else {
        "`padding"
    };
    error.help(format!("pad by less than the window on each side: {key} = {written}`, for example"))
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
