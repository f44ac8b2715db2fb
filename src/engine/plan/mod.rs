//! From a network to the steps that compute it.
//!
//! A step computes one node, or several where that saves a pass over memory: what only one op reads, and that op works on each element by
//! itself, is finished by the step that makes it. A convolution takes in an addition and an activation in this way, anything that works
//! on single elements any number of others like it. An addition goes to the last of its operands, when the others are there.

mod memory;

use super::Options;
use super::extent::Extent;
use super::kernel::Found;
use super::work::{Builder, Made, Pointwise, Work};
use crate::ir::op::Activation;
use crate::ir::{NodeId, Op};
use crate::valid::{Checked, Layer};
use crate::weights::{Misfit, Supply};
use std::collections::BTreeMap;

/// How a network is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Planning {
    /// To be fast: ops are fused, and memory is used again.
    #[default]
    Fused,
    /// As that, but one step after another: to see how long each takes.
    Timed,
    /// To be looked at: every node's value is computed and kept.
    Apart,
}

/// The steps of a network, in order.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) values: Vec<Value>,
    /// The value of each node that has one, in the network's order.
    pub(super) nodes: Vec<Option<usize>>,
    /// The value that the network returns.
    pub(super) output: usize,
    /// Floats of memory for each image.
    pub(super) floats: usize,
    pub(super) planning: Planning,
}

/// One pass over a value.
#[derive(Debug)]
pub(super) struct Step {
    /// The nodes that it computes, one after another.
    pub(super) nodes: Vec<NodeId>,
    pub(super) work: Work,
    /// The values that it reads; none where it reads the network's input.
    pub(super) operands: Vec<usize>,
    /// The value that a convolution adds.
    pub(super) residual: Option<usize>,
    /// The value that it makes.
    pub(super) value: usize,
    /// Whether it makes it in the place of the residual or of the first operand.
    pub(super) in_place: bool,
    /// Whether each of its tasks follows the task of the step before that makes all that it reads.
    pub(super) is_joined: bool,
}

/// A value in memory.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) extent: Extent,
    /// Where it lies in the memory of one image, in floats.
    pub(super) offset: usize,
}

impl Plan {
    /// Plans `checked` with the weights of `supply`.
    ///
    /// # Errors
    /// That a tensor is missing or has another shape.
    pub(super) fn new(checked: &Checked, supply: impl Supply, found: Found, options: Options) -> Result<Self, Misfit> {
        let planning = options.planning;
        let places = checked.order().iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let nodes = vec![None; checked.order().len()];
        let mut planner = Planner {
            checked,
            builder: Builder::new(checked, supply, found, options),
            planning,
            places,
            nodes,
            steps: Vec::new(),
            values: Vec::new(),
        };
        for layer in checked.layers() {
            if planner.value(layer.id).is_none() {
                planner.add(&layer)?;
            }
        }
        let output = planner.value(checked.output()).expect("every node has been planned");
        let Planner { steps, values, nodes, .. } = planner;
        let mut plan = Self { steps, values, nodes, output, floats: 0, planning };
        if planning != Planning::Apart {
            plan.read_the_input_as_given();
        }
        plan.place();
        if planning == Planning::Fused {
            plan.join();
        }
        Ok(plan)
    }

    /// Has convolutions of 1 x 1 follow, task by task, the convolution whose output they read, where that takes no more memory: what is
    /// read has just been written, and nobody waits for all of it.
    fn join(&mut self) {
        let mut steps = Vec::new();
        for at in 1..self.steps.len() {
            self.steps[at].is_joined = self.can_join(at);
            steps.extend(self.steps[at].is_joined.then_some(at));
        }
        self.join_within(&steps, self.floats);
        self.place();
        for at in steps {
            if let ([.., before], [step, ..]) = self.steps.split_at_mut(at)
                && let (true, Work::Conv(before), Work::Conv(conv)) = (step.is_joined, &before.work, &mut step.work)
            {
                conv.follow(before);
            }
        }
    }

    /// Joins those of `steps` with which so many floats are enough: all at once, or else each half of them by itself, since placing takes
    /// long in networks of a thousand layers.
    fn join_within(&mut self, steps: &[usize], floats: usize) {
        self.set_joined(steps, true);
        self.place();
        if self.floats <= floats {
            return;
        }
        self.set_joined(steps, false);
        if let (first, last @ [_, ..]) = steps.split_at(steps.len().div_ceil(2)) {
            self.join_within(first, floats);
            self.join_within(last, floats);
        }
    }

    fn set_joined(&mut self, steps: &[usize], is_joined: bool) {
        for at in steps {
            self.steps[*at].is_joined = is_joined;
        }
    }

    fn can_join(&self, at: usize) -> bool {
        let (step, before) = (&self.steps[at], &self.steps[at - 1]);
        let chain = &self.steps[self.chain(at - 1)..at];
        let adds_theirs = chain.iter().any(|before| step.residual == Some(before.value));
        let reads_that_alone = step.operands == [before.value] && !adds_theirs;
        match (&before.work, &step.work) {
            (Work::Conv(before), Work::Conv(conv)) => reads_that_alone && conv.can_follow(before),
            _ => false,
        }
    }

    /// The first of the steps that are joined to one another up to this one.
    fn chain(&self, at: usize) -> usize {
        (0..=at).rev().find(|at| !self.steps[*at].is_joined).unwrap_or(0)
    }

    /// Leaves out the step that packs the input, if only convolutions read it that copy what they read anyway.
    fn read_the_input_as_given(&mut self) {
        let Some(input) = self.steps.iter().find(|step| matches!(step.work, Work::Pack)).map(|step| step.value) else {
            return;
        };
        let can = |step: &Step| match &step.work {
            Work::Conv(conv) => conv.reads_planes() && step.residual != Some(input),
            _ => false,
        };
        if self.output != input && self.steps.iter().filter(|step| step.uses(input)).all(can) {
            self.steps.retain(|step| step.value != input);
            for step in &mut self.steps {
                step.operands.retain(|operand| *operand != input);
            }
        }
    }
}

struct Planner<'a, S> {
    checked: &'a Checked,
    builder: Builder<'a, S>,
    planning: Planning,
    places: BTreeMap<NodeId, usize>,
    /// The value of each node in the network's order, as far as it is planned.
    nodes: Vec<Option<usize>>,
    steps: Vec<Step>,
    values: Vec<Value>,
}

impl<S: Supply> Planner<'_, S> {
    fn value(&self, id: NodeId) -> Option<usize> {
        let place = self.places.get(&id)?;
        self.nodes.get(*place).copied().flatten()
    }

    fn set(&mut self, id: NodeId, value: usize) {
        let slot = self.places.get(&id).and_then(|place| self.nodes.get_mut(*place));
        *slot.expect("ids come from this network") = Some(value);
    }

    /// The values of nodes, if all are planned.
    fn planned(&self, ids: &[NodeId]) -> Option<Vec<usize>> {
        ids.iter().map(|id| self.value(*id)).collect()
    }

    /// Adds the step that computes `layer`, and takes into it what it can finish.
    fn add(&mut self, layer: &Layer<'_>) -> Result<(), Misfit> {
        let mut operands = self.planned(layer.operands).expect("operands come before their readers");
        let work = match self.builder.make(layer)? {
            Made::View => {
                self.set(layer.id, operands.first().copied().expect("a view has an operand"));
                return Ok(());
            }
            Made::Work(work) => work,
            Made::Pointwise(pointwise) => {
                let extent = Extent::of(layer.output);
                let base = operands
                    .iter()
                    .position(|value| self.values.get(*value).is_some_and(|value| value.extent == extent));
                let base = operands.remove(base.expect("one operand has the shape of the output"));
                let chain = chained(&pointwise, 0, operands.len());
                operands.insert(0, base);
                Work::Pointwise(chain)
            }
        };
        let value = self.values.len();
        self.values.push(Value { extent: Extent::of(layer.output), offset: 0 });
        self.set(layer.id, value);
        let mut step =
            Step { nodes: vec![layer.id], work, operands, residual: None, value, in_place: false, is_joined: false };
        if self.planning != Planning::Apart {
            while let Some(reader) = self.reader(&step) {
                if !self.absorb(&mut step, reader)? {
                    break;
                }
            }
        }
        self.steps.push(step);
        Ok(())
    }

    /// The node that alone reads what `step` makes.
    fn reader(&self, step: &Step) -> Option<NodeId> {
        let last = step.last();
        match self.checked.graph().readers(last)[..] {
            [reader] if last != self.checked.output() => Some(reader),
            _ => None,
        }
    }

    /// Takes `reader` into `step`, if it can.
    fn absorb(&mut self, step: &mut Step, reader: NodeId) -> Result<bool, Misfit> {
        let layer = self.checked.layer(reader);
        let others: Vec<_> = layer.operands.iter().copied().filter(|operand| *operand != step.last()).collect();
        let Some(others) = self.planned(&others) else { return Ok(false) };
        let is_as_large = self.values.get(step.value).is_some_and(|value| value.extent == Extent::of(layer.output));
        if !is_as_large || !step.can_take(&layer.node.op, others.len()) {
            return Ok(false);
        }
        match self.builder.make(&layer)? {
            Made::View => {}
            Made::Work(_) => return Ok(false),
            Made::Pointwise(pointwise) => step.take(&pointwise, &others),
        }
        step.nodes.push(reader);
        self.set(reader, step.value);
        Ok(true)
    }
}

/// One addition or product for each of `count` other operands, the first of which has the place `first` among them.
fn chained(pointwise: &Pointwise, first: usize, count: usize) -> Vec<Pointwise> {
    match pointwise {
        Pointwise::Add(_) => (first..first + count).map(Pointwise::Add).collect(),
        Pointwise::Multiply(_) => (first..first + count).map(Pointwise::Multiply).collect(),
        Pointwise::Activation(_) | Pointwise::Affine { .. } => vec![pointwise.clone()],
    }
}

impl Step {
    /// The values that its tasks are given: all but the one in whose place single elements are computed.
    pub(super) fn reads(&self) -> &[usize] {
        let skipped = usize::from(self.in_place && matches!(self.work, Work::Pointwise(_)));
        self.operands.get(skipped..).unwrap_or_default()
    }

    /// Whether it reads the value.
    pub(super) fn uses(&self, value: usize) -> bool {
        self.operands.contains(&value) || self.residual == Some(value)
    }

    /// The last node that it computes.
    fn last(&self) -> NodeId {
        *self.nodes.last().expect("a step computes a node")
    }

    /// Whether it can finish what it makes by `op`, which has so many other operands.
    fn can_take(&self, op: &Op, others: usize) -> bool {
        let (is_convolution, is_bare, is_plain) = match &self.work {
            Work::Conv(conv) => (true, conv.is_bare(), self.residual.is_none()),
            Work::Pointwise(_) => (false, true, true),
            Work::Pack | Work::Resample(_) | Work::Mix(_) | Work::Gather(_) => return false,
        };
        match op {
            Op::Activation(activation) => *activation != Activation::Softmax && is_bare,
            Op::Add(_) => !is_convolution || is_bare && is_plain && others == 1,
            Op::Multiply(_) | Op::BatchNorm(_) | Op::LayerScale(_) => !is_convolution,
            Op::Dropout(_) | Op::DropPath(_) => true,
            Op::Input(_)
            | Op::Conv2d(_)
            | Op::MaxPool(_)
            | Op::AdaptivePool(_)
            | Op::Linear(_)
            | Op::Flatten(_)
            | Op::Pad(_)
            | Op::Subsample(_)
            | Op::AvgPool(_)
            | Op::Blur(_)
            | Op::ChannelConv(_)
            | Op::Concat(_)
            | Op::GroupNorm(_)
            | Op::LayerNorm(_)
            | Op::PathSoftmax(_)
            | Op::Slice(_) => false,
        }
    }

    /// Finishes what it makes by `pointwise`, whose other operands are `others`.
    fn take(&mut self, pointwise: &Pointwise, others: &[usize]) {
        match (&mut self.work, pointwise) {
            (Work::Conv(conv), Pointwise::Activation(activation)) => conv.finish(*activation),
            (Work::Conv(_), _) => self.residual = others.first().copied(),
            (Work::Pointwise(chain), _) => {
                chain.extend(chained(pointwise, self.operands.len() - 1, others.len()));
                self.operands.extend(others);
            }
            (Work::Pack | Work::Resample(_) | Work::Mix(_) | Work::Gather(_), _) => {}
        }
    }
}
