//! From a [`Checked`] network to what it costs.
//!
//! In: a network and a batch size. Out: exact integers: parameters, multiply-accumulates, the count of every tool's
//! convention, memory, receptive field, and a row for every layer. Every walk is linear in the number of nodes.
//!
//! Totals are `u128` and cannot overflow: the limits keep a layer below 2^78 multiply-accumulates, and a graph that fits
//! into memory has fewer than 2^40 layers.

pub mod convention;
pub mod field;
pub mod figure;
pub mod fold;
pub mod group;
pub mod memory;
pub mod need;
pub mod piece;
pub mod roofline;
pub mod rule;
pub mod trace;

pub use convention::{Convention, Count};
pub use field::ReceptiveField;
pub use group::{Group, Level, group};
pub use memory::Memory;
pub use need::{Fit, Need, Needs, Optimizer};
pub use piece::Figures;

use crate::ir::{NodeId, ParameterKind, Shape};
use crate::valid::Checked;
use rule::Work;
use trace::{Step, Table, Trace};

/// What a network costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    /// Images at a time; everything but parameters, weights and receptive field grows with it.
    pub batch: u32,
    /// The parameters.
    pub parameters: Parameters,
    /// The count under every convention, in the order of [`convention::ALL`].
    pub counts: Vec<Count>,
    /// What memory it needs, in float32, whatever the batch.
    pub needs: Needs,
    /// The memory of this batch.
    pub memory: Memory,
    /// The receptive field of the last feature map.
    pub receptive_field: ReceptiveField,
    /// Every layer in topological order.
    pub layers: Vec<Row>,
}

/// Numbers of parameters: always all three, because users of different frameworks expect different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parameters {
    /// Those that training moves by gradient; what PyTorch's users quote.
    pub trainable: u128,
    /// Statistics of batch norms.
    pub non_trainable: u128,
}

/// A layer and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The node.
    pub node: NodeId,
    /// What tables call its op.
    pub op: &'static str,
    /// The shape of its value.
    pub output: Shape,
    /// Its parameters.
    pub parameters: Parameters,
    /// Its multiply-accumulates for the batch.
    pub macs: u128,
}

impl Parameters {
    /// Both kinds; what Keras's users quote.
    #[must_use]
    pub fn total(self) -> u128 {
        self.trainable + self.non_trainable
    }

    fn add(&mut self, kind: ParameterKind, shape: &[u64]) {
        let count: u128 = shape.iter().copied().map(u128::from).product();
        if kind.is_trainable() {
            self.trainable += count;
        } else {
            self.non_trainable += count;
        }
    }
}

impl std::ops::AddAssign for Parameters {
    fn add_assign(&mut self, other: Self) {
        self.trainable += other.trainable;
        self.non_trainable += other.non_trainable;
    }
}

impl Analysis {
    /// The count under the convention called `name`; 0 for a name that no convention has.
    #[must_use]
    pub fn count(&self, name: &str) -> u128 {
        self.counts.iter().find(|count| count.convention.name == name).map_or(0, Count::total)
    }

    /// Multiply-accumulates of convolutions and linear layers.
    #[must_use]
    pub fn macs(&self) -> u128 {
        self.count(convention::MACS.name)
    }

    /// Twice [`Analysis::macs`].
    #[must_use]
    pub fn flops(&self) -> u128 {
        self.count(convention::FLOPS.name)
    }

    /// Output elements of convolutions and linear layers.
    #[must_use]
    pub fn activations(&self) -> u128 {
        self.count(convention::ACTIVATIONS_FVCORE.name)
    }
}

/// What `network` costs for `batch` images at a time.
#[must_use]
pub fn analyse(network: &Checked, batch: u32) -> Analysis {
    let images = u128::from(batch);
    let trace = Trace::of(network);
    let mut counts: Vec<_> = convention::ALL.iter().map(Count::new).collect();
    let mut parameters = Parameters::default();
    let mut layers = Vec::with_capacity(network.order().len());
    let mut order = network.order().iter();
    each(&trace, false, |work, own| {
        for count in &mut counts {
            count.add(work, images);
        }
        parameters += own;
        let macs = images * work.op.macs(work.input, work.output);
        let row = |&node| Row { node, op: work.op.name(), output: work.output, parameters: own, macs };
        layers.extend(order.next().map(row));
    });
    let needs = Needs::new(network, &trace, parameters);
    let memory = needs.memory(images);
    let receptive_field = field::larger(field::fields(&trace));
    Analysis { batch, parameters, counts, needs, memory, receptive_field, layers }
}

/// The parameters of `network` and its multiply-accumulates for one image: what is asked most, without the rest.
#[must_use]
pub fn headline(network: &Checked) -> (Parameters, u128) {
    let (mut parameters, mut macs) = (Parameters::default(), 0);
    each(&Trace::of(network), false, |work, own| {
        parameters += own;
        macs += convention::MACS.count(work);
    });
    (parameters, macs)
}

/// What each layer adds to the count of `convention`, in topological order.
#[must_use]
pub fn by_layer(network: &Checked, convention: &Convention, batch: u32) -> Vec<u128> {
    let mut counts = Vec::with_capacity(network.order().len());
    each(&Trace::of(network), false, |work, _| counts.push(u128::from(batch) * convention.count(work)));
    counts
}

/// Visits every step with its work and its parameters; `entry` says whether a gradient is needed of the value that enters.
fn each(trace: &Trace<'_>, entry: bool, mut visit: impl FnMut(&Work<'_>, Parameters)) {
    let mut trained = Table::<bool>::new(trace);
    for (at, step) in trace.steps().iter().enumerate() {
        let input_gradient = entry && at == 0 || step.operands.iter().any(|&operand| trained.get(operand));
        let mut parameters = Parameters::default();
        for (kind, shape) in step.op.parameters(step.input) {
            parameters.add(kind, &shape);
        }
        let is_trained = parameters.trainable > 0;
        let &Step { op, spelling, input, output, .. } = step;
        let operands = step.operands.len();
        visit(&Work { op, spelling, input, output, operands, is_trained, input_gradient }, parameters);
        trained.set(at, input_gradient || is_trained);
    }
}
