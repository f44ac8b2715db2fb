//! Series and parallel parts of a block.

use crate::ir::NodeId;
use crate::valid::Checked;
use std::collections::BTreeSet;

/// A run of nodes, each reading the one before.
pub type Body = Vec<Part>;

/// A node of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A node with one operand.
    Node(NodeId),
    /// Branches that read the same value, and the node that joins them.
    Join(Vec<Body>, NodeId),
}

/// Decomposes the part of the network that consists of `nodes`, which reads one value from outside.
pub(super) fn decompose(network: &Checked, nodes: &[NodeId]) -> Result<Body, NodeId> {
    let inside: BTreeSet<_> = nodes.iter().copied().collect();
    let Some(&first) = nodes.first() else { return Ok(Vec::new()) };
    let walker = Walker { network, inside };
    let mut body = Body::new();
    let end = match network.layer(first).operands.first() {
        Some(&value) => walker.follow(value, &mut body)?,
        None => None,
    };
    match end {
        None => Ok(body),
        Some(stray) => Err(stray),
    }
}

struct Walker<'a> {
    network: &'a Checked,
    inside: BTreeSet<NodeId>,
}

impl Walker<'_> {
    /// Follows `value` to the end of the block, or to a join that it does not open; that join is returned.
    fn follow(&self, mut value: NodeId, body: &mut Body) -> Result<Option<NodeId>, NodeId> {
        loop {
            let readers: Vec<_> =
                self.network.graph().readers(value).into_iter().filter(|id| self.inside.contains(id)).collect();
            match readers.as_slice() {
                [] => return Ok(None),
                [only] if self.operands(*only) == 1 => {
                    body.push(Part::Node(*only));
                    value = *only;
                }
                [only] => return Ok(Some(*only)),
                several => {
                    let (branches, node) = self.join(value, several)?;
                    body.push(Part::Join(branches, node));
                    value = node;
                }
            }
        }
    }

    fn operands(&self, id: NodeId) -> usize {
        self.network.graph().operands(id).len()
    }

    /// The branches from `value` through each of `readers` to the one node where all of them meet.
    fn join(&self, value: NodeId, readers: &[NodeId]) -> Result<(Vec<Body>, NodeId), NodeId> {
        let mut ends = Vec::new();
        for &reader in readers {
            let mut branch = Body::new();
            let (last, end) = if self.operands(reader) == 1 {
                branch.push(Part::Node(reader));
                let end = self.follow(reader, &mut branch)?.ok_or(reader)?;
                (last_node(&branch).unwrap_or(value), end)
            } else {
                (value, reader)
            };
            ends.push((end, last, branch));
        }
        let node = ends.first().map_or(value, |(end, ..)| *end);
        let operands = self.network.graph().operands(node);
        if operands.len() != ends.len() || ends.iter().any(|(end, ..)| *end != node) {
            return Err(node);
        }
        let branch_of = |operand: NodeId| {
            ends.iter().find(|(_, last, _)| *last == operand).map(|(.., branch)| branch.clone()).ok_or(node)
        };
        let branches: Result<Vec<_>, _> = operands.into_iter().map(branch_of).collect();
        Ok((branches?, node))
    }
}

fn last_node(body: &Body) -> Option<NodeId> {
    match body.last()? {
        Part::Node(node) | Part::Join(_, node) => Some(*node),
    }
}
