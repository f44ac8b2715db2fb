//! Blocks of one structure become one definition.
//!
//! Two blocks unify if the nodes that both have differ only in [`Field`]s. Nodes are aligned by branch, unit and role, and
//! where a body has several of one, by which of them it is. Aligned blocks are [`Merged`] steps: for each the nodes of the
//! blocks that have it.

use super::body::{Body, Part};
use super::field;
use super::write::Writer;
use super::{Call, Definition, Field, Step};
use crate::ir::{Address, Label, NodeId};
use crate::valid::Checked;
use std::collections::BTreeMap;

/// A block of the network.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) stage: u32,
    pub(super) body: Body,
}

/// What aligns nodes of different blocks: unique in a run of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) branch: Label,
    pub(super) unit: u32,
    pub(super) role: Label,
    /// The how-manieth of these in the run, from 0.
    pub(super) ordinal: u32,
}

/// The nodes of a step: which block of the group has which, ascending.
pub(super) type Members = Vec<(usize, NodeId)>;

/// A step of several blocks.
#[derive(Debug, Clone)]
pub(super) enum Merged {
    Node(Key, Members),
    Join(Key, Vec<Vec<Merged>>, Members),
}

/// The body of a part that stands alone: everything literal.
pub(super) fn alone(network: &Checked, body: &Body, fields: &[Field]) -> Vec<Step> {
    let body = lift(network, body, 0);
    let mut writer = Writer::new(network, fields, 1, &body);
    writer.alone = true;
    writer.steps(&body)
}

/// The definitions that `blocks` are uses of, and for each block the call.
pub(super) fn definitions(network: &Checked, blocks: &[Instance], fields: &[Field]) -> (Vec<Definition>, Vec<Call>) {
    let mut groups: Vec<Group> = Vec::new();
    let mut places = Vec::new();
    for block in blocks {
        let kind = network.graph().kinds.stages.get(block.stage as usize).map_or("block", |stage| stage.name.as_str());
        let lifted = lift(network, &block.body, 0);
        let found =
            groups.iter().position(|group| group.kind == kind && Fit { network, fields }.fits(&group.body, &lifted));
        let at = found.unwrap_or_else(|| {
            let before = groups.iter().filter(|group| group.kind == kind).count();
            let name = if before == 0 { kind.to_owned() } else { format!("{kind}_{}", before + 1) };
            groups.push(Group { kind: kind.to_owned(), name, body: Vec::new(), size: 0 });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            places.push((at, group.size));
            merge(&mut group.body, lift(network, &block.body, group.size));
            group.size += 1;
        }
    }
    let written: Vec<_> = groups.iter().map(|group| group.write(network, fields)).collect();
    let call = |&(definition, within): &(usize, usize)| {
        let (_, calls) = written.get(definition)?;
        calls.get(within).map(|call| Call { definition, ..call.clone() })
    };
    let calls = places.iter().filter_map(call).collect();
    (written.into_iter().map(|(definition, _)| definition).collect(), calls)
}

/// Blocks of one structure.
struct Group {
    kind: String,
    name: String,
    body: Vec<Merged>,
    size: usize,
}

impl Group {
    fn write(&self, network: &Checked, fields: &[Field]) -> (Definition, Vec<Call>) {
        let mut writer = Writer::new(network, fields, self.size, &self.body);
        // What every block has comes first: parameters are named after it.
        writer.collect(&self.body, true);
        writer.collect(&self.body, false);
        let body = writer.steps(&self.body);
        let calls = writer.calls(&self.body);
        let (name, kind) = (self.name.clone(), self.kind.clone());
        (Definition { name, kind, parameters: writer.parameters, body }, calls)
    }
}

/// `body` as the block at `index` of a group.
fn lift(network: &Checked, body: &Body, index: usize) -> Vec<Merged> {
    let mut counts = BTreeMap::new();
    let mut key = |node: NodeId| {
        let Address { branch, unit, role, .. } = network.layer(node).node.origin.address;
        let next = counts.entry((branch, unit, role)).or_insert(0);
        let ordinal = *next;
        *next += 1;
        Key { branch, unit, role, ordinal }
    };
    let one = |part: &Part| match part {
        Part::Node(node) => Merged::Node(key(*node), vec![(index, *node)]),
        Part::Join(branches, node) => {
            let branches = branches.iter().map(|branch| lift(network, branch, index)).collect();
            Merged::Join(key(*node), branches, vec![(index, *node)])
        }
    };
    body.iter().map(one).collect()
}

/// Where in `body`, not before `from`, the step that aligns with `step` stands.
fn aligned(body: &[Merged], step: &Merged, from: usize) -> Option<usize> {
    body.iter().skip(from).position(|known| known.key() == step.key()).map(|at| at + from)
}

/// When two bodies unify.
#[derive(Clone, Copy)]
struct Fit<'a> {
    network: &'a Checked,
    fields: &'a [Field],
}

impl Fit<'_> {
    /// Whether `block` unifies with `body`: the steps that align stand in the same order and differ only in fields, and
    /// both join where one does.
    fn fits(self, body: &[Merged], block: &[Merged]) -> bool {
        let joins = |steps: &[Merged], others: &[Merged]| {
            let mut joins = steps.iter().filter(|step| matches!(step, Merged::Join(..)));
            joins.all(|join| aligned(others, join, 0).is_some())
        };
        let alike = |step: &Merged| match aligned(body, step, 0).and_then(|at| body.get(at)) {
            None => true,
            Some(known) => match (known, step) {
                (Merged::Node(..), Merged::Node(..)) => self.alike(known.first(), step.first()),
                (Merged::Join(_, mine, _), Merged::Join(_, others, _)) => {
                    mine.len() == others.len()
                        && self.alike(known.first(), step.first())
                        && mine.iter().zip(others).all(|(mine, other)| self.fits(mine, other))
                }
                (Merged::Node(..), Merged::Join(..)) | (Merged::Join(..), Merged::Node(..)) => false,
            },
        };
        let in_order = block.iter().filter_map(|step| aligned(body, step, 0)).is_sorted_by(|left, right| left < right);
        in_order && joins(body, block) && joins(block, body) && block.iter().all(alike)
    }

    /// Whether two ops differ in nothing but fields.
    fn alike(self, left: NodeId, right: NodeId) -> bool {
        let bare = |id: NodeId| field::strip(&self.network.layer(id).node.op, self.fields);
        bare(left) == bare(right)
    }
}

/// Takes `block`, which [`Fit::fits`], into `body`; steps that are new stand where the block has them.
fn merge(body: &mut Vec<Merged>, block: Vec<Merged>) {
    let mut from = 0;
    for step in block {
        let at = aligned(body, &step, from);
        match at.and_then(|at| body.get_mut(at)) {
            Some(known) => known.absorb(step),
            None => body.insert(from, step),
        }
        from = at.unwrap_or(from) + 1;
    }
}

impl Merged {
    pub(super) fn key(&self) -> Key {
        match self {
            Self::Node(key, _) | Self::Join(key, ..) => *key,
        }
    }

    pub(super) fn members(&self) -> &Members {
        match self {
            Self::Node(_, members) | Self::Join(.., members) => members,
        }
    }

    /// The node of the first block that has the step.
    pub(super) fn first(&self) -> NodeId {
        self.members().first().map(|(_, node)| *node).unwrap_or_default()
    }

    /// For each of `size` blocks its node, where it has one.
    pub(super) fn slots(&self, size: usize) -> Vec<Option<NodeId>> {
        let mut slots = vec![None; size];
        for (block, node) in self.members() {
            if let Some(slot) = slots.get_mut(*block) {
                *slot = Some(*node);
            }
        }
        slots
    }

    fn absorb(&mut self, other: Self) {
        match (self, other) {
            (Self::Node(_, members), Self::Node(_, others)) => members.extend(others),
            (Self::Join(_, mine, members), Self::Join(_, theirs, others)) => {
                members.extend(others);
                for (mine, theirs) in mine.iter_mut().zip(theirs) {
                    merge(mine, theirs);
                }
            }
            // Only what fits is merged.
            (Self::Node(..), Self::Join(..)) | (Self::Join(..), Self::Node(..)) => {}
        }
    }
}
