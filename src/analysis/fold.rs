//! Blocks in a row that cost the same, layer by layer.

use super::{Group, Row};
use crate::ir::{Op, Place, Stretch};
use crate::valid::Checked;

/// Groups in a row that are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run<'a> {
    /// Where they are.
    pub stretch: Stretch,
    /// They, at least one.
    pub groups: Vec<&'a Group>,
}

/// The groups, which are blocks, with those as one run that follow each other in a stage and do the same on the same shapes.
#[must_use]
pub fn fold<'a>(network: &Checked, rows: &[Row], groups: &'a [Group]) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'a>> = Vec::new();
    for group in groups {
        let joined = runs.last_mut().filter(|run| {
            run.groups.last().is_some_and(|before| follows(before, group) && equal(network, rows, before, group))
        });
        match (joined, group.place) {
            (Some(run), Place::Block { block, .. }) => {
                if let Stretch::Blocks { blocks: Some([_, last]), .. } = &mut run.stretch {
                    *last = block;
                }
                run.groups.push(group);
            }
            _ => runs.push(Run { stretch: Stretch::at(group.place), groups: vec![group] }),
        }
    }
    runs
}

/// Whether `next` is the block after `before` in one stage.
fn follows(before: &Group, next: &Group) -> bool {
    match (before.place, next.place) {
        (Place::Block { stage, block }, Place::Block { stage: same, block: next }) => {
            stage == same && block.checked_add(1) == Some(next)
        }
        _ => false,
    }
}

fn equal(network: &Checked, rows: &[Row], left: &Group, right: &Group) -> bool {
    let layer = |position: &usize| rows.get(*position).map(|row| network.layer(row.node));
    let alike = |(left, right): (&usize, &usize)| match (layer(left), layer(right)) {
        (Some(left), Some(right)) => {
            (left.input, left.output) == (right.input, right.output) && work_alike(&left.node.op, &right.node.op)
        }
        _ => false,
    };
    left.layers.len() == right.layers.len() && left.layers.iter().zip(&right.layers).all(alike)
}

/// Whether two ops do the same work on the same shapes: the rates at which something is dropped do not matter.
fn work_alike(left: &Op, right: &Op) -> bool {
    match (left, right) {
        (Op::DropPath(_), Op::DropPath(_)) | (Op::Dropout(_), Op::Dropout(_)) => true,
        (left, right) => left == right,
    }
}
