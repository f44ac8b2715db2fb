//! Folding: what differs alike in one layer after the other, one block after the other, is one change.

use super::{Change, Difference, Slot, Stretch};
use crate::ir::Place;
use std::collections::{BTreeMap, HashMap};

/// One difference of one layer.
pub(super) struct Fact {
    pub(super) place: Place,
    /// The layer's position in its place.
    pub(super) position: usize,
    pub(super) slot: Slot,
    pub(super) difference: Difference,
}

/// Where a change is first seen: the order in which changes are listed.
type Start = (Place, usize);

/// The blocks of some stages, as it is being found out which.
#[derive(Clone, Copy)]
struct Run {
    start: Start,
    stages: [u32; 2],
    /// The same blocks in every stage, if they are the same.
    blocks: Option<[u32; 2]>,
    /// Whether they are all blocks of every stage.
    all: bool,
}

/// Folds `facts`, which stand in the order of the network, into changes in the same order; `blocks` is how many blocks
/// each stage has in the network that has more of them.
pub(super) fn fold(facts: Vec<Fact>, blocks: &BTreeMap<u32, u32>) -> Vec<Change> {
    let mut rows: Vec<(Start, Change, Vec<usize>)> = Vec::new();
    let mut known: HashMap<(Stretch, Difference), usize> = HashMap::new();
    for (slot, difference, starts) in by_layer(facts) {
        for (stretch, start) in stretches(&starts, blocks) {
            let row = *known.entry((stretch, bare(&difference))).or_insert_with(|| {
                let change = Change { stretch, layers: Vec::new(), difference: bare(&difference) };
                rows.push((start, change, Vec::new()));
                rows.len() - 1
            });
            let Some((first, change, positions)) = rows.get_mut(row) else { continue };
            let (_, position) = start;
            // Layers of a change in the order in which its first place has them.
            let at = positions.partition_point(|&other| other <= position);
            positions.insert(at, position);
            change.layers.insert(at, slot);
            if let (Difference::Only { ops, .. }, Difference::Only { ops: own, .. }) =
                (&mut change.difference, &difference)
            {
                ops.splice(at..at, own.iter().copied());
            }
            *first = start.min(*first);
        }
    }
    rows.sort_by_key(|(start, ..)| *start);
    rows.into_iter().map(|(_, change, _)| change).collect()
}

/// For each layer and difference, where they are, in the order of the network.
fn by_layer(facts: Vec<Fact>) -> Vec<(Slot, Difference, Vec<Start>)> {
    let mut groups: Vec<(Slot, Difference, Vec<Start>)> = Vec::new();
    let mut known: HashMap<(Slot, Difference), usize> = HashMap::new();
    for Fact { place, position, slot, difference } in facts {
        let group = *known.entry((slot, difference)).or_insert_with_key(|(slot, difference)| {
            groups.push((*slot, difference.clone(), Vec::new()));
            groups.len() - 1
        });
        if let Some((.., starts)) = groups.get_mut(group) {
            starts.push((place, position));
        }
    }
    groups
}

/// The difference without what layers that share a change may have of their own.
fn bare(difference: &Difference) -> Difference {
    match difference {
        Difference::Only { side, whole, .. } => Difference::Only { side: *side, whole: *whole, ops: Vec::new() },
        Difference::Op(_) | Difference::Field { .. } | Difference::Shape(_) | Difference::Operands(_) => {
            difference.clone()
        }
    }
}

/// Places in ascending order as stretches: blocks in a row, then stages in a row that have the same blocks or all.
fn stretches(starts: &[Start], counts: &BTreeMap<u32, u32>) -> Vec<(Stretch, Start)> {
    let mut stretches = Vec::new();
    let mut runs: Vec<Run> = Vec::new();
    for &start in starts {
        let (place, _) = start;
        match place {
            Place::Input | Place::Stem | Place::Head => stretches.push((Stretch::at(place), start)),
            Place::Block { stage, block } => match runs.last_mut() {
                Some(Run { stages: [_, same], blocks: Some([_, last]), .. })
                    if *same == stage && last.checked_add(1) == Some(block) =>
                {
                    *last = block;
                }
                _ => runs.push(Run { start, stages: [stage; 2], blocks: Some([block; 2]), all: false }),
            },
        }
    }
    for run in &mut runs {
        let [stage, _] = run.stages;
        run.all = run.blocks == counts.get(&stage).map(|count| [0, count.saturating_sub(1)]);
    }
    let joined = runs.into_iter().fold(Vec::new(), |mut joined: Vec<Run>, run| {
        match joined.last().and_then(|before| before.join(run)) {
            Some(both) => {
                joined.pop();
                joined.push(both);
            }
            None => joined.push(run),
        }
        joined
    });
    stretches.extend(
        joined.into_iter().map(|Run { start, stages, blocks, .. }| (Stretch::Blocks { stages, blocks }, start)),
    );
    stretches
}

impl Run {
    /// Both as one, if `next` is the same blocks of the stage that follows.
    fn join(self, next: Self) -> Option<Self> {
        let ([first, last], [stage, end]) = (self.stages, next.stages);
        let blocks = self.blocks.filter(|_| self.blocks == next.blocks);
        let all = self.all && next.all;
        let follows = last.checked_add(1) == Some(stage);
        (follows && (all || blocks.is_some())).then_some(Self { stages: [first, end], blocks, all, ..self })
    }
}
