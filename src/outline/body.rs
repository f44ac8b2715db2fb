//! Series and parallel parts of a block.

use crate::ir::NodeId;
use crate::valid::Checked;
use std::collections::{BTreeMap, BTreeSet, HashMap};

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

/// Decomposes the part of the network that consists of `nodes` and reads `value`, which stands outside of it.
pub(super) fn decompose(network: &Checked, nodes: &[NodeId], value: NodeId) -> Result<Body, NodeId> {
    let inside: BTreeSet<_> = nodes.iter().copied().collect();
    let walker = Walker { network, inside };
    let mut body = Body::new();
    match walker.follow(value, &mut body)? {
        Some(stray) => Err(stray),
        None if count(&body) < nodes.len() => Err(nodes.first().copied().unwrap_or(value)),
        None => Ok(body),
    }
}

struct Walker<'a> {
    network: &'a Checked,
    inside: BTreeSet<NodeId>,
}

/// A branch of a fork as far as it has been followed.
#[derive(Debug, Clone)]
struct Branch {
    body: Body,
    /// The value at its end: the fork's where it computes nothing.
    last: NodeId,
    /// The join that reads it.
    end: NodeId,
}

impl Walker<'_> {
    /// Follows `value` to the end of the block, or to a join that it does not open; that join is returned.
    fn follow(&self, mut value: NodeId, body: &mut Body) -> Result<Option<NodeId>, NodeId> {
        loop {
            let readers: Vec<_> =
                self.network.graph().readers(value).into_iter().filter(|id| self.inside.contains(id)).collect();
            match readers.as_slice() {
                [] => return Ok(None),
                [only] if self.operands(*only).len() == 1 => {
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

    fn operands(&self, id: NodeId) -> &[NodeId] {
        self.network.graph().operands(id)
    }

    /// The branches from `value` through each of `readers` to the one node where all of them meet. Some of them may meet
    /// before: they are a join within a branch.
    fn join(&self, value: NodeId, readers: &[NodeId]) -> Result<(Vec<Body>, NodeId), NodeId> {
        // The branches that have come to each join, and those joins to which all have.
        let mut open: BTreeMap<NodeId, Vec<Branch>> = BTreeMap::new();
        let mut complete = Vec::new();
        let arrive = |open: &mut BTreeMap<NodeId, Vec<Branch>>, branch: Branch| {
            let end = branch.end;
            let met = open.entry(end).or_default();
            met.push(branch);
            (met.len() == self.operands(end).len()).then_some(end)
        };
        for &reader in readers {
            let branch = if self.operands(reader).len() == 1 {
                self.branch(vec![Part::Node(reader)], reader)?
            } else {
                Branch { body: Body::new(), last: value, end: reader }
            };
            complete.extend(arrive(&mut open, branch));
        }
        loop {
            let stray = || open.keys().next().copied().unwrap_or(value);
            let node = complete.pop().ok_or_else(stray)?;
            let branches =
                self.in_order(open.remove(&node).expect("a join to which all branches have come is open"), node)?;
            if open.is_empty() {
                return Ok((branches, node));
            }
            complete.extend(arrive(&mut open, self.branch(vec![Part::Join(branches, node)], node)?));
        }
    }

    /// Follows a branch that begins with `body`, at whose end is the value `last`.
    fn branch(&self, mut body: Body, last: NodeId) -> Result<Branch, NodeId> {
        let end = self.follow(last, &mut body)?.ok_or(last)?;
        Ok(Branch { last: last_node(&body).unwrap_or(last), body, end })
    }

    /// The bodies of `met` in the order of the operands of `node`; of one value there may be several that are empty.
    fn in_order(&self, met: Vec<Branch>, node: NodeId) -> Result<Vec<Body>, NodeId> {
        let mut bodies: HashMap<_, _> = met.into_iter().map(|branch| (branch.last, branch.body)).collect();
        let body_of = |operand| bodies.get_mut(operand).map(std::mem::take).ok_or(node);
        self.operands(node).iter().map(body_of).collect()
    }
}

/// The node whose value a body leaves; `None` where it is empty.
#[must_use]
pub fn last_node(body: &Body) -> Option<NodeId> {
    match body.last()? {
        Part::Node(node) | Part::Join(_, node) => Some(*node),
    }
}

fn count(body: &Body) -> usize {
    let of_part = |part: &Part| match part {
        Part::Node(_) => 1,
        Part::Join(branches, _) => 1 + branches.iter().map(count).sum::<usize>(),
    };
    body.iter().map(of_part).sum()
}
