//! What makes branches go together: changes of their ops, each tried before it is proposed.
//!
//! In: a join that has no shape, and what is known of how it was written. Out: the first change under which the join has a
//! shape, in the words of the language. A change that does not help is never proposed, so a help that is printed works.

use super::joins::Join;
use crate::ir::graph::Remark;
use crate::ir::op::{AdaptivePool, Conv2d, Flatten, Linear, PoolKind};
use crate::ir::shape::Window;
use crate::ir::{Draw, Label, NodeId, Op, Shape, Sides};
use crate::source::Span;
use std::collections::BTreeMap;

/// The most nodes that the branches of a join may have for changes to be tried: each is tried over all of them.
const NODES: u32 = 1_000;
/// The most layers of a branch that are changed in turn.
const LAYERS: usize = 32;
/// The most rows or columns of padding that are tried beyond those that there are.
const PADDING: u64 = 6;

/// A change of the branches, in words.
pub(super) struct Repair {
    /// What to write.
    pub(super) help: String,
    /// The layer that is to be changed, and its part in the mismatch.
    pub(super) place: Option<(Span, String)>,
}

/// The branches of a join, to be changed on trial.
pub(super) struct Trial<'a> {
    join: &'a Join<'a>,
    remark: &'a Remark,
    branches: Vec<Branch>,
}

/// A branch: what it is called, its nodes, the shape that it gives.
#[derive(Debug, Clone)]
struct Branch {
    label: Label,
    first: NodeId,
    /// The node whose value it gives: the join's start where the branch is empty.
    last: NodeId,
    shape: Shape,
}

/// A change of an op.
#[derive(Debug, Clone)]
enum Change {
    /// The node computes this.
    Replace(NodeId, Op),
    /// The node hands on what it reads.
    Remove(NodeId),
    /// The branch goes on with this.
    Append(usize, Vec<Op>),
}

/// Changes that belong together, and what to write for them.
#[derive(Debug, Clone)]
struct Edit {
    changes: Vec<Change>,
    words: String,
    place: Option<(Span, String)>,
}

/// What is made equal of the branches' shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Size,
    All,
}

impl<'a> Trial<'a> {
    /// Nothing where the branches are too large, or nothing is known of how they were written.
    pub(super) fn new(join: &'a Join<'a>, remark: &'a Remark) -> Option<Self> {
        let index = |id: NodeId| u32::try_from(id.index()).unwrap_or(u32::MAX);
        if index(join.id).saturating_sub(index(remark.start)) > NODES {
            return None;
        }
        let mut first = NodeId::new(remark.start.index() + 1);
        let mut branches = Vec::new();
        for ((&last, &shape), (label, _)) in join.operands.iter().zip(join.inputs).zip(&remark.branches) {
            branches.push(Branch { label: *label, first, last, shape });
            if last != remark.start {
                first = NodeId::new(last.index() + 1);
            }
        }
        Some(Self { join, remark, branches })
    }

    /// The first change that makes the branches go together.
    pub(super) fn find(&self) -> Option<Repair> {
        let rank = || self.ranks();
        let size = || self.sizes();
        let channels = || self.channels(&[]);
        let edits: [&dyn Fn() -> Option<Vec<Edit>>; 3] = [&rank, &size, &channels];
        let edits = edits.iter().find_map(|find| find().filter(|edits| self.holds(edits, Part::All)))?;
        let words: Vec<_> = edits.iter().map(|edit| edit.words.as_str()).collect();
        Some(Repair { help: words.join(", and "), place: edits.iter().find_map(|edit| edit.place.clone()) })
    }

    /// Whether the part of the branches' shapes is right after `edits`.
    fn holds(&self, edits: &[Edit], part: Part) -> bool {
        let Some(ends) = self.ends(edits) else { return false };
        match part {
            Part::All => self.join.node.op.infer(&ends).is_ok(),
            Part::Size => {
                let sizes = ends.iter().map(|shape| shape.size()).filter(|size| !self.is_stretched(*size));
                let sizes: Vec<_> = sizes.collect();
                sizes.windows(2).all(|pair| pair.first() == pair.last())
            }
        }
    }

    /// Whether the join stretches a map of this size.
    fn is_stretched(&self, size: Option<[u64; 2]>) -> bool {
        matches!(self.join.node.op, Op::Multiply(_)) && size == Some([1, 1])
    }

    /// The shapes that the branches give after `edits`; nothing where an op then has no shape.
    fn ends(&self, edits: &[Edit]) -> Option<Vec<Shape>> {
        let (mut changed, mut appended) = (BTreeMap::new(), BTreeMap::new());
        for change in edits.iter().flat_map(|edit| &edit.changes) {
            match change {
                Change::Replace(id, op) => drop(changed.insert(*id, Some(op))),
                Change::Remove(id) => drop(changed.insert(*id, None)),
                Change::Append(slot, ops) => drop(appended.insert(*slot, ops)),
            }
        }
        let mut shapes: BTreeMap<NodeId, Shape> = BTreeMap::new();
        let known = |shapes: &BTreeMap<NodeId, Shape>, id: NodeId| {
            shapes.get(&id).copied().or_else(|| self.join.shapes.get(id).copied())
        };
        for id in (self.remark.start.index() + 1..self.join.id.index()).map(NodeId::new) {
            let node = self.join.graph.get(id)?;
            let operands = self.join.graph.operands(id);
            let inputs: Vec<_> = operands.iter().map(|&operand| known(&shapes, operand)).collect::<Option<_>>()?;
            let shape = match changed.get(&id) {
                Some(Some(op)) => op.infer(&inputs).ok()?,
                Some(None) => *inputs.first()?,
                None => node.op.infer(&inputs).ok()?,
            };
            shapes.insert(id, shape);
        }
        let end = |(slot, branch): (usize, &Branch)| {
            let end = known(&shapes, branch.last)?;
            let ops = appended.get(&slot).map(|ops| ops.as_slice()).unwrap_or_default();
            ops.iter().try_fold(end, |shape, op| op.infer(&[shape]).ok())
        };
        self.branches.iter().enumerate().map(end).collect()
    }

    /// The layers of a branch that the description itself has, the last first.
    fn layers(&self, slot: usize) -> impl Iterator<Item = (NodeId, &'a Op, Shape)> + '_ {
        let branch = self.branches.get(slot);
        let own = self.remark.own.iter().rev().copied();
        let own = own.filter(move |id| branch.is_some_and(|branch| (branch.first..=branch.last).contains(id)));
        own.take(LAYERS).filter_map(|id| {
            let operand = self.join.graph.operands(id).first().copied()?;
            let input = *self.join.shapes.get(operand)?;
            Some((id, &self.join.graph.get(id)?.op, input))
        })
    }

    fn label(&self, slot: usize) -> Label {
        self.branches.get(slot).map_or(Label::MAIN, |branch| branch.label)
    }

    fn span(&self, id: NodeId) -> Span {
        self.join.graph.get(id).map_or(self.join.node.origin.span, |node| node.origin.span)
    }

    fn is_empty(&self, slot: usize) -> bool {
        self.branches.get(slot).is_some_and(|branch| branch.last == self.remark.start)
    }

    // ---- rank

    /// Maps and vectors together: the flatten goes, or what is left a map is pooled and flattened.
    fn ranks(&self) -> Option<Vec<Edit>> {
        let is_vector = |branch: &Branch| matches!(branch.shape, Shape::Vector(_));
        let vectors = self.branches.iter().filter(|branch| is_vector(branch)).count();
        if vectors == 0 || vectors == self.branches.len() {
            return None;
        }
        let slots = |wanted: bool| {
            let slots = self.branches.iter().enumerate().filter(move |(_, branch)| is_vector(branch) == wanted);
            slots.map(|(slot, _)| slot).collect::<Vec<_>>()
        };
        let kept = slots(true).into_iter().map(|slot| self.without_flatten(slot)).collect::<Option<Vec<_>>>();
        let flat = || slots(false).into_iter().map(|slot| self.flattened(slot)).collect::<Vec<_>>();
        let candidates = kept.into_iter().chain([flat()]);
        candidates.into_iter().find_map(|edits| self.completed(edits))
    }

    /// The branch without its flattening.
    fn without_flatten(&self, slot: usize) -> Option<Edit> {
        let layers: Vec<_> = self.layers(slot).collect();
        let flattens: Vec<_> = layers.iter().filter(|(_, op, _)| matches!(op, Op::Flatten(_))).collect();
        let (first, ..) = flattens.first()?;
        let has_linear = layers.iter().any(|(_, op, _)| matches!(op, Op::Linear(_)));
        let also = if has_linear { ": `linear` reads a map too, pixel by pixel" } else { "" };
        let stretch = match (&self.join.node.op, has_linear) {
            (Op::Multiply(_), true) => ", and `multiply` stretches one of 1 x 1",
            (Op::Multiply(_), false) => ": `multiply` stretches a map of 1 x 1",
            _ => "",
        };
        Some(Edit {
            changes: flattens.iter().map(|(id, ..)| Change::Remove(*id)).collect(),
            words: format!("leave out the `flatten` of `{}`{also}{stretch}", self.label(slot)),
            place: Some((self.span(*first), "this makes a vector of the map".to_owned())),
        })
    }

    /// The branch, pooled and flattened at its end.
    fn flattened(&self, slot: usize) -> Edit {
        let is_pixel = self.branches.get(slot).is_some_and(|branch| branch.shape.size() == Some([1, 1]));
        let pool = Op::AdaptivePool(AdaptivePool { kind: PoolKind::Average, output: [1, 1] });
        let ops = if is_pixel { vec![Op::Flatten(Flatten)] } else { vec![pool, Op::Flatten(Flatten)] };
        let written = if is_pixel { "flatten" } else { "global_pool flatten" };
        Edit {
            changes: vec![Change::Append(slot, ops)],
            words: format!("end `{}` with `{written}`", self.label(slot)),
            place: None,
        }
    }

    // ---- height and width

    /// Maps of different height or width.
    fn sizes(&self) -> Option<Vec<Edit>> {
        let sizes: Vec<_> = self.branches.iter().map(|branch| branch.shape.size()).collect::<Option<_>>()?;
        let rounds = |slot: usize, size: [u64; 2]| self.rounded(slot, size);
        let pads = |slot: usize, size: [u64; 2]| self.padded(slot, size);
        let projects = |slot: usize, size: [u64; 2]| self.projected(slot, size);
        let strides = |slot: usize, size: [u64; 2]| self.strided(slot, size);
        let rounding: [&dyn Fn(usize, [u64; 2]) -> Option<Edit>; 2] = [&rounds, &pads];
        let stepping: [&dyn Fn(usize, [u64; 2]) -> Option<Edit>; 2] = [&projects, &strides];
        let kinds = if self.have_one_stride() { rounding } else { stepping };
        // The largest map first: to lose nothing is what is meant.
        let mut targets = sizes.clone();
        targets.sort_unstable_by(|left, right| right.cmp(left));
        targets.dedup();
        if !self.have_one_stride() {
            targets.reverse();
        }
        let all = |kind: &&dyn Fn(usize, [u64; 2]) -> Option<Edit>, target: [u64; 2]| {
            let others = sizes.iter().enumerate();
            let others = others.filter(|(_, size)| **size != target && !self.is_stretched(Some(**size)));
            others.map(|(slot, _)| kind(slot, target)).collect::<Option<Vec<_>>>()
        };
        kinds.iter().find_map(|kind| {
            let edits = targets.iter().filter_map(|&target| all(kind, target));
            edits.into_iter().find_map(|edits| self.completed(edits))
        })
    }

    /// `edits`, and what makes the channels equal after them where they are not.
    fn completed(&self, edits: Vec<Edit>) -> Option<Vec<Edit>> {
        if edits.is_empty() || !self.holds(&edits, Part::Size) {
            return None;
        }
        if self.holds(&edits, Part::All) { Some(edits) } else { self.channels(&edits) }
    }

    /// Whether the branches step alike, so that only borders and rounding make their sizes differ.
    fn have_one_stride(&self) -> bool {
        let strides: Vec<_> = self.branches.iter().map(|branch| self.stride_of(branch)).collect();
        strides.windows(2).all(|pair| pair.first() == pair.last())
    }

    /// The product of the strides on the way through a branch.
    fn stride_of(&self, branch: &Branch) -> [u64; 2] {
        let mut stride = [1_u64; 2];
        let mut at = branch.last;
        while at > self.remark.start {
            let Some(node) = self.join.graph.get(at) else { break };
            let [height, width] = match &node.op {
                Op::Subsample(op) => [op.stride; 2],
                op => op.window().map_or([1; 2], |window| window.stride),
            };
            let [down, right] = stride;
            stride = [down.saturating_mul(height), right.saturating_mul(width)];
            let Some(&operand) = self.join.graph.operands(at).first() else { break };
            at = operand;
        }
        stride
    }

    /// The branch with a pool that rounds the other way.
    fn rounded(&self, slot: usize, size: [u64; 2]) -> Option<Edit> {
        self.layers(slot).find_map(|(id, op, input)| {
            let op = match *op {
                Op::MaxPool(mut pool) => {
                    pool.window.ceil = !pool.window.ceil;
                    Op::MaxPool(pool)
                }
                Op::AvgPool(mut pool) => {
                    pool.window.ceil = !pool.window.ceil;
                    Op::AvgPool(pool)
                }
                _ => return None,
            };
            let ceil = op.window()?.ceil;
            let edit = Edit {
                words: format!("write `ceil = {ceil}` in the `{}` of `{}`", layer(&op)?, self.label(slot)),
                place: Some((
                    self.span(id),
                    format!("this rounds {} {}", side(input), if ceil { "down" } else { "up" }),
                )),
                changes: vec![Change::Replace(id, op)],
            };
            self.reaches(&edit, slot, size).then_some(edit)
        })
    }

    /// The branch with other padding.
    fn padded(&self, slot: usize, size: [u64; 2]) -> Option<Edit> {
        let wholly = self.layers(slot).find_map(|(id, op, _)| {
            let window = op.window()?;
            let same = same_padding(window)?;
            let edit = Edit {
                changes: vec![Change::Replace(id, with_padding(op, same)?)],
                words: self.padding_words(slot, op, "same")?,
                place: Some((self.span(id), "this loses rows and columns at the border".to_owned())),
            };
            (self.written(id, window) != same && self.reaches(&edit, slot, size)).then_some(edit)
        });
        wholly.or_else(|| self.layers(slot).find_map(|(id, op, _)| self.padded_by_numbers(slot, size, id, op)))
    }

    fn padded_by_numbers(&self, slot: usize, size: [u64; 2], id: NodeId, op: &Op) -> Option<Edit> {
        let window = op.window()?;
        let now = self.branches.get(slot)?.shape.size()?;
        let tried = |side: usize| if now.get(side) == size.get(side) { 0..=0 } else { 0..=PADDING };
        let pairs = tried(0).flat_map(|down| tried(1).map(move |right| [down, right]));
        pairs.filter(|pair| *pair != [0, 0]).find_map(|[down, right]| {
            let add = |to: Sides| Sides { bottom: to.bottom + down, right: to.right + right, ..to };
            let written = add(self.written(id, window));
            let Sides { top, bottom, left, right } = written;
            let sides = if top == bottom && top == left && top == right {
                top.to_string()
            } else {
                format!("[{top}, {bottom}, {left}, {right}]")
            };
            let edit = Edit {
                changes: vec![Change::Replace(id, with_padding(op, add(window.padding))?)],
                words: self.padding_words(slot, op, &sides)?,
                place: Some((self.span(id), "this ends before the last row or column".to_owned())),
            };
            self.reaches(&edit, slot, size).then_some(edit)
        })
    }

    fn padding_words(&self, slot: usize, op: &Op, padding: &str) -> Option<String> {
        Some(format!("write `padding = {padding}` in the `{}` of `{}`", layer(op)?, self.label(slot)))
    }

    /// The padding that was written for a window: in a dialect that pads by layers it stands in one before it.
    fn written(&self, id: NodeId, window: &Window) -> Sides {
        let before = self.join.graph.operands(id).first().copied();
        let before = before.and_then(|before| self.join.graph.get(before));
        let pad = before.filter(|node| node.origin.span == self.span(id)).map(|node| &node.op);
        let own = window.padding;
        match pad {
            Some(Op::Pad(crate::ir::op::Pad::Spatial(pad))) => Sides {
                top: own.top + pad.top,
                bottom: own.bottom + pad.bottom,
                left: own.left + pad.left,
                right: own.right + pad.right,
            },
            _ => own,
        }
    }

    /// An empty branch with the projection that the other branches' steps need.
    fn projected(&self, slot: usize, size: [u64; 2]) -> Option<Edit> {
        let branch = self.branches.get(slot).filter(|_| self.is_empty(slot) && self.remark.is_own)?;
        let stride = step(branch.shape.size()?, size)?;
        let filters = match self.join.node.op {
            Op::Concat(_) => branch.shape.channels(),
            _ => self.reference(slot)?.channels(),
        };
        let edit = self.projection(slot, stride, filters);
        self.reaches(&edit, slot, size).then_some(edit)
    }

    fn projection(&self, slot: usize, stride: u64, filters: u64) -> Edit {
        let (step, out) = (self.number("stride", stride), self.number("filters", filters));
        Edit {
            changes: vec![Change::Append(slot, vec![pointwise(filters, stride)])],
            words: format!("project there: `{} {{ B({step}, {out}) }}`", self.label(slot)),
            place: None,
        }
    }

    /// `number`, or the name that it has: `usual` where that is one, else the first parameter that is it.
    fn number(&self, usual: &str, number: u64) -> String {
        let value =
            |name: &str| self.remark.numbers.iter().rev().find(|(known, _)| known == name).map(|(_, value)| *value);
        if value(usual) == Some(number) { usual.to_owned() } else { number.to_string() }
    }

    /// The branch with a layer that steps as the other branches do.
    fn strided(&self, slot: usize, size: [u64; 2]) -> Option<Edit> {
        let [height, width] = self.branches.get(slot)?.shape.size()?;
        self.layers(slot).find_map(|(id, op, _)| {
            let stride = step([height, width], size)?;
            let edit = Edit {
                changes: vec![Change::Replace(id, with_stride(op, stride)?)],
                words: format!(
                    "write `stride = {}` in the `{}` of `{}`, as the other branches step",
                    self.number("stride", stride),
                    layer(op)?,
                    self.label(slot)
                ),
                place: None,
            };
            self.reaches(&edit, slot, size).then_some(edit)
        })
    }

    /// Whether the branch gives a map of `size` after `edit`.
    fn reaches(&self, edit: &Edit, slot: usize, size: [u64; 2]) -> bool {
        let ends = self.ends(std::slice::from_ref(edit));
        ends.and_then(|ends| ends.get(slot)?.size()) == Some(size)
    }

    // ---- channels

    /// The shape that the branch at `slot` is to be like: that of the first other one that no join stretches.
    fn reference(&self, slot: usize) -> Option<Shape> {
        let others = self.branches.iter().enumerate().filter(|(other, _)| *other != slot);
        others
            .map(|(_, branch)| branch.shape)
            .find(|shape| !self.is_stretched(shape.size()))
            .or(Some(self.branches.first()?.shape))
    }

    /// What makes the channels equal, after `edits`.
    fn channels(&self, edits: &[Edit]) -> Option<Vec<Edit>> {
        if matches!(self.join.node.op, Op::Concat(_)) {
            return None;
        }
        let ends = self.ends(edits)?;
        // A branch that is only handed on follows the others, a stretched one what it scales, the last follow the first.
        let leads =
            |slot: &usize| (!self.is_empty(*slot), ends.get(*slot).is_some_and(|end| !self.is_stretched(end.size())));
        let mut slots: Vec<_> = (0..ends.len()).collect();
        slots.sort_by_key(|slot| std::cmp::Reverse(leads(slot)));
        if matches!(self.join.node.op, Op::Multiply(_)) {
            slots.sort_by_key(|slot| ends.get(*slot).is_some_and(|end| self.is_stretched(end.size())));
        }
        let leader = slots.first().copied()?;
        let filters = ends.get(leader)?.channels();
        let mut all = edits.to_vec();
        for slot in slots.into_iter().filter(|slot| ends.get(*slot).is_some_and(|end| end.channels() != filters)) {
            let edit = self.refiltered(slot, filters, *ends.get(slot)?, &all)?;
            all.push(edit);
        }
        Some(all)
    }

    /// The branch with `filters` channels: by its last layer that makes channels, or by another at its end.
    fn refiltered(&self, slot: usize, filters: u64, end: Shape, before: &[Edit]) -> Option<Edit> {
        let label = self.label(slot);
        if self.is_empty(slot) && self.remark.is_own && matches!(end, Shape::Map { .. }) {
            return Some(self.projection(slot, 1, filters));
        }
        let out = self.number("filters", filters);
        let last = self.layers(slot).find_map(|(id, op, _)| {
            let (changed, word) = match *op {
                Op::Conv2d(conv) => (Op::Conv2d(Conv2d { filters, ..conv }), "filters"),
                Op::Linear(linear) => (Op::Linear(Linear { features: filters, ..linear }), "features"),
                _ => return None,
            };
            let words = format!("write `{word} = {out}` in the last `{}` of `{label}`", layer(op)?);
            Some(Edit { changes: vec![Change::Replace(id, changed)], words, place: None })
        });
        let fits = |edit: &Edit| {
            let ends = self.ends(&[before, std::slice::from_ref(edit)].concat());
            ends.and_then(|ends| ends.get(slot).copied()).is_some_and(|end| end.channels() == filters)
        };
        last.filter(fits).or_else(|| {
            let (op, written) = match end {
                Shape::Map { .. } => (pointwise(filters, 1), format!("conv 1x1 ({out})")),
                Shape::Vector(_) => (
                    Op::Linear(Linear { features: filters, bias: true, init: Draw::UniformFanIn.into() }),
                    format!("linear({out})"),
                ),
            };
            let words = format!("end `{label}` with `{written}`");
            self.remark.is_own.then(|| Edit { changes: vec![Change::Append(slot, vec![op])], words, place: None })
        })
    }

    /// Whether the branch at `slot`, replaced by a projection from where all begin, goes with the others.
    pub(super) fn projects(&self, slot: usize) -> bool {
        let start = self.join.shapes.get(self.remark.start).copied();
        let Some((start, reference)) = start.zip(self.reference(slot)) else { return false };
        let projected = start.size().zip(reference.size()).and_then(|(from, to)| {
            let stride = step(from, to)?;
            pointwise(reference.channels(), stride).infer(&[start]).ok()
        });
        let ends = self
            .branches
            .iter()
            .enumerate()
            .map(|(at, branch)| if at == slot { projected } else { Some(branch.shape) });
        ends.collect::<Option<Vec<_>>>().is_some_and(|ends| self.join.node.op.infer(&ends).is_ok())
    }
}

/// The stride that takes a map of one size to another, as a convolution that keeps its border does.
fn step(from: [u64; 2], to: [u64; 2]) -> Option<u64> {
    let fits = |stride: u64| from.iter().zip(&to).all(|(from, to)| from.div_ceil(stride) == *to);
    let ([height, _], [wanted, _]) = (from, to);
    let nearest = height.checked_div(wanted)?;
    (nearest.max(1)..=nearest.saturating_add(1)).find(|stride| fits(*stride))
}

fn pointwise(filters: u64, stride: u64) -> Op {
    let window = Window { kernel: [1; 2], stride: [stride; 2], dilation: [1; 2], padding: Sides::all(0), ceil: false };
    Op::Conv2d(Conv2d { filters, window, groups: 1, bias: false, init: Draw::KaimingNormalFanOut.into() })
}

/// What the language calls the layer that is `op`, of those that are changed.
fn layer(op: &Op) -> Option<&'static str> {
    match op {
        Op::Conv2d(_) => Some("conv"),
        Op::MaxPool(_) => Some("max_pool"),
        Op::AvgPool(_) => Some("avg_pool"),
        Op::Linear(_) => Some("linear"),
        _ => None,
    }
}

/// `op` with another window, where it is a layer whose window can be written.
fn with_window(op: &Op, change: impl Fn(&mut Window)) -> Option<Op> {
    let mut op = op.clone();
    match &mut op {
        Op::Conv2d(conv) => change(&mut conv.window),
        Op::MaxPool(pool) => change(&mut pool.window),
        Op::AvgPool(pool) => change(&mut pool.window),
        _ => return None,
    }
    Some(op)
}

fn with_padding(op: &Op, padding: Sides) -> Option<Op> {
    with_window(op, |window| window.padding = padding)
}

fn with_stride(op: &Op, stride: u64) -> Option<Op> {
    with_window(op, |window| window.stride = [stride; 2])
}

/// The padding that keeps the size at stride 1, which only an odd kernel has.
fn same_padding(window: &Window) -> Option<Sides> {
    let [height, width] = window.kernel;
    let [down, right] = window.dilation;
    let (vertical, horizontal) = (down.checked_mul(height / 2)?, right.checked_mul(width / 2)?);
    let is_odd = !height.is_multiple_of(2) && !width.is_multiple_of(2);
    is_odd.then_some(Sides { top: vertical, bottom: vertical, left: horizontal, right: horizontal })
}

/// `15 x 15` of a map.
fn side(shape: Shape) -> String {
    shape.size().map_or_else(|| shape.to_string(), |[height, width]| format!("{height} x {width}"))
}
