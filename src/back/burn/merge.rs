//! Padding layers before convolutions become the convolutions' own padding: both write zeros, and no one who writes
//! for burn by hand keeps them apart.

use crate::ir::op::Pad;
use crate::ir::{Graph, NodeId, Op, Sides};

/// Merges every spatial pad whose only reader is a convolution into it.
pub(super) fn padding(mut graph: Graph) -> Graph {
    let ids: Vec<_> = graph.ids().collect();
    for id in ids {
        let Some((reader, sides)) = mergeable(&graph, id) else { continue };
        if let Some(Op::Conv2d(conv)) = graph.get_mut(reader).map(|node| &mut node.op) {
            let own = &mut conv.window.padding;
            *own = Sides {
                top: own.top + sides.top,
                bottom: own.bottom + sides.bottom,
                left: own.left + sides.left,
                right: own.right + sides.right,
            };
            graph.bypass(id);
        }
    }
    graph
}

fn mergeable(graph: &Graph, id: NodeId) -> Option<(NodeId, Sides)> {
    let Op::Pad(Pad::Spatial(sides)) = graph.get(id)?.op else { return None };
    match graph.readers(id).as_slice() {
        [reader] => matches!(graph.get(*reader)?.op, Op::Conv2d(_)).then_some((*reader, sides)),
        _ => None,
    }
}
