//! Blocks of one structure, and how a block finds its group among thousands.
//!
//! A block is of the first group that it fits. What it can be told by is looked up: groups that it may fit have its joins, and
//! its ops at the steps that all of them have; of a block that lacks one of those, the step that the fewest have as it has it.

use super::Field;
use super::field;
use super::unify::{Key, Merged, Run};
use crate::ir::NodeId;
use crate::valid::Checked;
use std::collections::{BTreeSet, HashMap};

/// Of the steps of a group a block has on average at least one in so many: a definition of which every use leaves nearly
/// everything out says nothing, and each call would have to say what it leaves out.
const SPARSE: usize = 16;

/// Blocks of one structure.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) kind: &'a str,
    pub(super) body: Run,
    /// How many blocks it has.
    pub(super) size: usize,
    /// How many steps its body has, and all its blocks together.
    steps: usize,
    nodes: usize,
}

/// The groups of a network's blocks.
pub(super) struct Groups<'a> {
    all: Vec<Group<'a>>,
    alike: HashMap<(&'a str, Vec<Joint>), Alike>,
    ops: Ops<'a>,
}

/// A join: in which run of steps, what it is there, how many branches it has.
type Joint = (usize, Key, Bare, usize);

/// Groups whose joins are the same.
#[derive(Debug, Default)]
struct Alike {
    all: Vec<usize>,
    /// The steps that the first blocks of all have in common.
    common: Vec<Place>,
    /// The ops of each at those.
    ops: Vec<Vec<Bare>>,
    /// Which have these ops at those.
    by_ops: HashMap<Vec<Bare>, Vec<usize>>,
    /// How many have a step.
    having: HashMap<Place, usize>,
    /// Which have it with this op.
    with: HashMap<Known, BTreeSet<usize>>,
}

/// A step: in which run, what it is there.
type Place = (usize, Key);

/// A step and its op.
type Known = (usize, Key, Bare);

/// An op without what blocks of a structure may differ in.
type Bare = u32;

/// The steps of a block, and the joins among them.
#[derive(Debug, Default)]
struct Traits {
    steps: Vec<Known>,
    joins: Vec<Joint>,
    runs: usize,
}

/// What ops are without the fields that back ends write.
struct Ops<'a> {
    network: &'a Checked,
    fields: &'a [Field],
    /// By the text that tells them apart.
    known: HashMap<String, Bare>,
    of_node: HashMap<NodeId, Bare>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(network: &'a Checked, fields: &'a [Field]) -> Self {
        let ops = Ops { network, fields, known: HashMap::new(), of_node: HashMap::new() };
        Self { all: Vec::new(), alike: HashMap::new(), ops }
    }

    pub(super) fn into_vec(self) -> Vec<Group<'a>> {
        self.all
    }

    /// Takes `block` into the first group of its `kind` that it fits, or into one of its own; which that is.
    pub(super) fn place(&mut self, kind: &'a str, block: Run) -> usize {
        let mut traits = Traits::default();
        traits.take(&block, &mut self.ops);
        let Traits { steps, joins, .. } = traits;
        let alike = self.alike.entry((kind, joins)).or_default();
        // No group has these, so any that takes the block gets as many at least.
        let new = steps.iter().filter(|(run, key, _)| !alike.having.contains_key(&(*run, *key))).count();
        let fits = |at: &usize| {
            self.all.get(*at).is_some_and(|group| {
                let added = || steps.iter().filter(|step| !alike.has(step, *at)).count();
                group.is_worth(new, steps.len())
                    && self.ops.fit(&group.body, &block)
                    && group.is_worth(added(), steps.len())
            })
        };
        let ops: HashMap<Place, Bare> = steps.iter().map(|(run, key, op)| ((*run, *key), *op)).collect();
        let at = match (alike.ops_of(&ops), alike.narrowest(&steps)) {
            (Some(ops), _) => alike.by_ops.get(&ops).into_iter().flatten().copied().find(fits),
            (None, Some(few)) => few.iter().copied().find(fits),
            (None, None) => alike.all.iter().copied().find(fits),
        };
        let at = at.unwrap_or_else(|| {
            alike.begin(self.all.len(), &steps, &ops);
            self.all.push(Group { kind, body: Run::default(), size: 0, steps: 0, nodes: 0 });
            self.all.len() - 1
        });
        if let Some(group) = self.all.get_mut(at) {
            group.nodes += steps.len();
            group.steps += alike.add(steps, at);
            group.body.merge(block, group.size);
            group.size += 1;
        }
        at
    }
}

impl Group<'_> {
    /// Whether a block of so many steps, some of them `added` to those of the group, does not make it too sparse.
    fn is_worth(&self, added: usize, steps: usize) -> bool {
        (self.steps + added) * (self.size + 1) <= SPARSE * (self.nodes + steps)
    }
}

impl Alike {
    fn has(&self, step: &Known, group: usize) -> bool {
        self.with.get(step).is_some_and(|groups| groups.contains(&group))
    }

    /// The ops of a block at the steps that all groups have, if there are any and it has them.
    fn ops_of(&self, ops: &HashMap<Place, Bare>) -> Option<Vec<Bare>> {
        let own = self.common.iter().map(|step| ops.get(step).copied()).collect::<Option<Vec<_>>>()?;
        (!own.is_empty()).then_some(own)
    }

    /// Notes that `group` begins with a block of these `steps`.
    fn begin(&mut self, group: usize, steps: &[Known], ops: &HashMap<Place, Bare>) {
        if self.all.is_empty() {
            self.common = steps.iter().map(|(run, key, _)| (*run, *key)).collect();
        }
        let is_kept: Vec<_> = self.common.iter().map(|step| ops.contains_key(step)).collect();
        if is_kept.contains(&false) {
            let kept = |ops: &mut Vec<Bare>| retain(ops, &is_kept);
            self.ops.iter_mut().for_each(kept);
            retain(&mut self.common, &is_kept);
            self.by_ops.clear();
            for (group, ops) in self.all.iter().zip(&self.ops) {
                self.by_ops.entry(ops.clone()).or_default().push(*group);
            }
        }
        let own: Vec<_> = self.common.iter().filter_map(|step| ops.get(step).copied()).collect();
        self.all.push(group);
        self.by_ops.entry(own.clone()).or_default().push(group);
        self.ops.push(own);
    }

    /// The groups, fewest, among which a block with `steps` must be: of those that all have some step, as it has it.
    /// `None` where there is no step that all have.
    fn narrowest(&self, steps: &[Known]) -> Option<&BTreeSet<usize>> {
        const NONE: &BTreeSet<usize> = &BTreeSet::new();
        let in_all = |(run, key, _): &&Known| self.having.get(&(*run, *key)) == Some(&self.all.len());
        let groups = |step: &Known| self.with.get(step).unwrap_or(NONE);
        steps.iter().filter(in_all).map(groups).min_by_key(|groups| groups.len())
    }

    /// Notes that `group` has `steps`; how many it had not.
    fn add(&mut self, steps: Vec<Known>, group: usize) -> usize {
        let mut added = 0;
        for step in steps {
            if self.with.entry(step).or_default().insert(group) {
                *self.having.entry((step.0, step.1)).or_insert(0) += 1;
                added += 1;
            }
        }
        added
    }
}

/// Keeps the items that are marked.
fn retain<T>(items: &mut Vec<T>, is_kept: &[bool]) {
    let mut kept = is_kept.iter();
    items.retain(|_| kept.next().is_some_and(|kept| *kept));
}

impl Traits {
    fn take(&mut self, run: &Run, ops: &mut Ops<'_>) {
        let number = self.runs;
        self.runs += 1;
        for step in &run.steps {
            let bare = ops.bare(step.first());
            self.steps.push((number, step.key(), bare));
            if let Merged::Join(key, branches, _) = step {
                self.joins.push((number, *key, bare, branches.len()));
                for branch in branches {
                    self.take(branch, ops);
                }
            }
        }
    }
}

impl Ops<'_> {
    fn bare(&mut self, node: NodeId) -> Bare {
        *self.of_node.entry(node).or_insert_with(|| {
            let text = format!("{:?}", field::strip(&self.network.layer(node).node.op, self.fields));
            let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
            *self.known.entry(text).or_insert(next)
        })
    }

    /// Whether `block`, which has the joins of `body`, unifies with it: the steps that align stand in the same order and
    /// differ only in fields.
    fn fit(&self, body: &Run, block: &Run) -> bool {
        let mut from = 0;
        block.steps.iter().all(|step| {
            let Some((at, known)) = body.find(step.key()) else { return matches!(step, Merged::Node(..)) };
            let in_order = at >= from;
            from = at + 1;
            in_order
                && self.of_node.get(&known.first()) == self.of_node.get(&step.first())
                && self.fit_inside(known, step)
        })
    }

    fn fit_inside(&self, known: &Merged, step: &Merged) -> bool {
        match (known, step) {
            (Merged::Node(..), Merged::Node(..)) => true,
            (Merged::Join(_, mine, _), Merged::Join(_, others, _)) => {
                mine.iter().zip(others).all(|(mine, other)| self.fit(mine, other))
            }
            (Merged::Node(..), Merged::Join(..)) | (Merged::Join(..), Merged::Node(..)) => false,
        }
    }
}
