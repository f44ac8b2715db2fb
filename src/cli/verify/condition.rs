//! How far rounding alone may take the values of two runtimes apart.
//!
//! A norm divides by the deviation of what it reads. Where a group is a single value, or values that are nearly alike, that is the root of
//! epsilon, and the last bits of the values come out hundreds of times larger: beside what the norm gives, which is then little but its
//! shift, they count. The bound of such a norm, and of what it is part of, is as much wider as its own numbers say.

use super::difference::TOLERANCE;
use super::trace::{Trace, Value};
use resnetc::ir::{NodeId, Op, ParameterKind};
use resnetc::valid::Layer;
use std::collections::BTreeMap;

/// Half of the distance from 1 to the next float32.
const ROUNDING: f64 = 1.0 / 16_777_216.0;
/// By how many roundings a single value of a group may differ from its own mean.
const OF_ONE: f64 = 4.0 * ROUNDING;
/// By how many roundings two runtimes part before a norm, of the largest value of the group.
const OF_SEVERAL: f64 = 16.0 * ROUNDING;

/// How far two values of each node may be apart, as a part of three times their root mean square.
#[derive(Debug, Default)]
pub(super) struct Allowance(BTreeMap<NodeId, f64>);

impl Allowance {
    pub(super) fn of(trace: &Trace<'_>) -> Self {
        let mut allowance = Self::default();
        let mut sizes = BTreeMap::new();
        for layer in trace.network.layers() {
            let size = root_mean_square(trace.value(layer.id).values);
            sizes.insert(layer.id, size);
            let part = |operand: &NodeId| {
                let share = sizes.get(operand).copied().unwrap_or(0.0) / size;
                match &layer.node.op {
                    Op::Add(_) if size > 0.0 => share,
                    Op::Conv2d(_) | Op::Linear(_) if size > 0.0 => share * gain(trace, &layer),
                    _ => 1.0,
                }
            };
            let excess = |operand: &NodeId| match allowance.of_node(*operand) - TOLERANCE {
                excess if excess > 0.0 => excess * part(operand),
                _ => 0.0,
            };
            let read: f64 = layer.operands.iter().map(excess).sum();
            let own = match &layer.node.op {
                Op::GroupNorm(norm) => magnified(trace, &layer, Members::Group(norm.groups), norm.epsilon, read),
                Op::LayerNorm(norm) => magnified(trace, &layer, Members::Channels, norm.epsilon, read),
                _ => read,
            };
            if own > 0.0 {
                allowance.0.insert(layer.id, TOLERANCE + own);
            }
        }
        allowance
    }

    /// How far two values of `node` may be apart.
    pub(super) fn of_node(&self, node: NodeId) -> f64 {
        self.0.get(&node).copied().unwrap_or(TOLERANCE)
    }
}

/// By how much a convolution or linear layer enlarges what is independent from element to element.
#[expect(clippy::cast_precision_loss, reason = "a fan is far below 2^53")]
fn gain(trace: &Trace<'_>, layer: &Layer<'_>) -> f64 {
    let kernel = trace.tensor(layer, ParameterKind::Kernel);
    let outputs = trace.value(layer.id).channels.max(1);
    ((kernel.len() / outputs) as f64).sqrt() * root_mean_square(&kernel)
}

/// What a norm takes the mean of.
#[derive(Clone, Copy)]
enum Members {
    /// One of so many runs of channels, at all positions.
    Group(u64),
    /// All channels, at one position.
    Channels,
}

/// By how much more than usual a norm's values may be apart whose operand's are by `read` more.
fn magnified(trace: &Trace<'_>, layer: &Layer<'_>, members: Members, epsilon: f64, read: f64) -> f64 {
    let (input, output) = (trace.operand(layer), trace.value(layer.id));
    let scale = trace.tensor(layer, ParameterKind::Scale);
    let factor = root_mean_square(&scale);
    let before = 3.0 * read * root_mean_square(input.values);
    let (mut sum, mut number) = (0.0, 0.0);
    each(members, input, &mut |group| {
        let [count, mean, square, largest] = moments(group);
        let deviation = ((square - mean * mean).max(0.0) + epsilon).sqrt();
        let apart = if count > 1.0 { OF_SEVERAL * largest + before } else { OF_ONE * largest };
        sum += count * (factor * apart / deviation).powi(2);
        number += count;
    });
    let size = 3.0 * root_mean_square(output.values);
    if size > 0.0 && number > 0.0 { ((sum / number).sqrt() / size - TOLERANCE).max(0.0) } else { 0.0 }
}

/// Shows the elements of every group.
fn each(members: Members, input: Value<'_>, see: &mut dyn FnMut(&mut dyn Iterator<Item = f32>)) {
    match members {
        Members::Group(groups) => {
            let width = input.channels / usize::try_from(groups).unwrap_or(1).max(1);
            input.groups(width).for_each(|group| see(&mut group.iter().copied()));
        }
        Members::Channels => {
            for image in input.groups(input.channels) {
                for at in 0..input.positions {
                    see(&mut image.iter().copied().skip(at).step_by(input.positions));
                }
            }
        }
    }
}

/// How many there are, their mean and mean square, and the largest without its sign.
fn moments(values: &mut dyn Iterator<Item = f32>) -> [f64; 4] {
    let [count, sum, squares, largest] =
        values.map(f64::from).fold([0.0; 4], |[count, sum, squares, largest], value| {
            [count + 1.0, sum + value, squares + value * value, value.abs().max(largest)]
        });
    let count = f64::max(count, 1.0);
    [count, sum / count, squares / count, largest]
}

fn root_mean_square(values: &[f32]) -> f64 {
    let [_, _, square, _] = moments(&mut values.iter().copied());
    square.sqrt()
}
