//! Blocks of one structure become one definition.
//!
//! Two blocks unify if the nodes that both have differ only in [`Field`]s. Nodes are aligned by branch, unit and role, and
//! where a body has several of one, by which of them it is. Aligned blocks are [`Merged`] steps: for each the nodes of the
//! blocks that have it.

use super::body::{Body, Part};
use super::group::{Group, Groups};
use super::write::Writer;
use super::{Call, Definition, Field, Step};
use crate::ir::{Address, Label, NodeId};
use crate::valid::Checked;
use std::collections::HashMap;

/// A block of the network.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) stage: u32,
    pub(super) body: Body,
}

/// What aligns nodes of different blocks: unique in a run of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
#[derive(Debug)]
pub(super) enum Merged {
    Node(Key, Members),
    Join(Key, Vec<Run>, Members),
}

/// Steps one after the other, and where each stands.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) steps: Vec<Merged>,
    places: HashMap<Key, usize>,
}

/// The body of a part that stands alone: everything literal.
pub(super) fn alone(network: &Checked, body: &Body, fields: &[Field]) -> Vec<Step> {
    let body = lift(network, body);
    let mut writer = Writer::new(network, fields, 1, &body.steps);
    writer.alone = true;
    writer.steps(&body.steps)
}

/// The definitions that `blocks` are uses of, and for each block the call.
pub(super) fn definitions(network: &Checked, blocks: &[Instance], fields: &[Field]) -> (Vec<Definition>, Vec<Call>) {
    let mut groups = Groups::new(network, fields);
    let mut places = Vec::new();
    for block in blocks {
        let kind = network.graph().kinds.stages.get(block.stage as usize).map_or("block", |stage| stage.name.as_str());
        places.push(groups.place(kind, lift(network, &block.body)));
    }
    let (mut definitions, mut calls) = (Vec::new(), Vec::new());
    for (name, group) in named(groups.into_vec()) {
        let mut writer = Writer::new(network, fields, group.size, &group.body.steps);
        // What every block has comes first: parameters are named after it.
        writer.collect(&group.body.steps, true);
        writer.collect(&group.body.steps, false);
        let body = writer.steps(&group.body.steps);
        calls.push(writer.calls(&group.body.steps).into_iter());
        definitions.push(Definition { name, kind: group.kind.to_owned(), parameters: writer.parameters, body });
    }
    // The calls of a group are in the order of its blocks.
    let call = |definition: usize| Some(Call { definition, ..calls.get_mut(definition)?.next()? });
    (definitions, places.into_iter().filter_map(call).collect())
}

/// The groups with their names: those of a kind are numbered from the second.
fn named(groups: Vec<Group<'_>>) -> impl Iterator<Item = (String, Group<'_>)> {
    let mut numbers = HashMap::new();
    groups.into_iter().map(move |group| {
        let number = numbers.entry(group.kind).or_insert(0_usize);
        *number += 1;
        let name = if *number == 1 { group.kind.to_owned() } else { format!("{}_{number}", group.kind) };
        (name, group)
    })
}

/// `body` as a block that is the first of its group.
fn lift(network: &Checked, body: &Body) -> Run {
    let mut counts = HashMap::new();
    let mut run = Run::default();
    for part in body {
        let (Part::Node(node) | Part::Join(_, node)) = part;
        let Address { branch, unit, role, .. } = network.layer(*node).node.origin.address;
        let next = counts.entry((branch, unit, role)).or_insert(0);
        let key = Key { branch, unit, role, ordinal: *next };
        *next += 1;
        let members = vec![(0, *node)];
        run.push(match part {
            Part::Node(_) => Merged::Node(key, members),
            Part::Join(branches, _) => {
                Merged::Join(key, branches.iter().map(|branch| lift(network, branch)).collect(), members)
            }
        });
    }
    run
}

impl Run {
    /// Where the step that aligns with `key` stands.
    pub(super) fn find(&self, key: Key) -> Option<(usize, &Merged)> {
        let at = *self.places.get(&key)?;
        Some((at, self.steps.get(at)?))
    }

    fn push(&mut self, step: Merged) {
        self.places.insert(step.key(), self.steps.len());
        self.steps.push(step);
    }

    /// Takes in `block` as the block at `index`; its steps that align with some stand in the order of those, and the others
    /// come to stand where the block has them.
    pub(super) fn merge(&mut self, block: Self, index: usize) {
        let is_known = block.steps.iter().all(|step| self.places.contains_key(&step.key()));
        if is_known {
            for step in block.steps {
                let at = self.places.get(&step.key());
                if let Some(known) = at.and_then(|at| self.steps.get_mut(*at)) {
                    known.absorb(step, index);
                }
            }
            return;
        }
        let old = std::mem::take(self);
        let (mut places, mut steps) = (old.places, old.steps.into_iter());
        for mut step in block.steps {
            if places.remove(&step.key()).is_none() {
                step.belong(index);
                self.push(step);
                continue;
            }
            for mut known in steps.by_ref() {
                let is_it = known.key() == step.key();
                if is_it {
                    known.absorb(step, index);
                    self.push(known);
                    break;
                }
                self.push(known);
            }
        }
        steps.for_each(|known| self.push(known));
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

    /// Takes in `other`, which aligns with it, of the block at `index`.
    fn absorb(&mut self, mut other: Self, index: usize) {
        other.belong(index);
        match (self, other) {
            (Self::Node(_, members), Self::Node(_, others)) => members.extend(others),
            (Self::Join(_, mine, members), Self::Join(_, theirs, others)) => {
                members.extend(others);
                for (mine, theirs) in mine.iter_mut().zip(theirs) {
                    mine.merge(theirs, index);
                }
            }
            // Only what fits is merged.
            (Self::Node(..), Self::Join(..)) | (Self::Join(..), Self::Node(..)) => {}
        }
    }

    /// Makes the step one of the block at `index`.
    fn belong(&mut self, index: usize) {
        let (Self::Node(_, members) | Self::Join(.., members)) = self;
        for (block, _) in members {
            *block = index;
        }
    }
}
