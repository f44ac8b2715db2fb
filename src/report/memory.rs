//! The memory of inference, layer by layer.

use super::hue;
use super::view::{Count, Curve, Live, Memory, Peak, Share, Stretch};
use crate::analysis::Group;
use crate::analysis::memory::{self, FLOAT, Moment};
use crate::back::picture::Text;
use crate::valid::Checked;

/// The most steps that a curve has: more would be finer than a screen.
const STEPS: usize = 600;
/// The most tensors that are listed.
const LISTED: usize = 12;

/// What lives during each layer, with the largest moment.
pub(super) fn memory(network: &Checked, stages: &[Group]) -> Memory {
    let timeline = memory::timeline(network);
    let peak = memory::peak(network, &timeline);
    let position = timeline.iter().position(|moment| moment.node == peak.node).unwrap_or(0);
    let layer = network.layer(peak.node);
    let mut live: Vec<_> = memory::live_at(network, peak.node)
        .into_iter()
        .map(|node| Live {
            name: Text::new(network.name(node)),
            shape: network.shape(node),
            bytes: Count(FLOAT * network.shape(node).elements()),
        })
        .collect();
    live.sort_by_key(|live| std::cmp::Reverse(live.bytes));
    let more = live.len().saturating_sub(LISTED);
    live.truncate(LISTED);
    let length = timeline.len();
    Memory {
        peak: Peak {
            layer: Text::new(layer.name),
            op: Text::new(layer.node.op.name()),
            number: Count(position as u128 + 1),
            bytes: Count(FLOAT * peak.elements),
            // The middle of its step.
            across: Share { part: 2 * position as u128 + 1, whole: 2 * length as u128 },
        },
        layers: Count(length as u128),
        curve: curve(&timeline, peak.elements),
        stretches: stretches(stages, length),
        live,
        more: Count(more as u128),
    }
}

/// The timeline in at most [`STEPS`] steps of equal width, each as high as the largest moment in it.
fn curve(timeline: &[Moment], peak: u128) -> Curve {
    let length = timeline.len();
    let steps = length.clamp(1, STEPS);
    let height = |step: usize| {
        let [from, to] = [step, step + 1].map(|step| step * length / steps);
        let most = timeline.iter().take(to).skip(from).map(|moment| moment.elements).max().unwrap_or(0);
        most * Curve::HEIGHT / peak.max(1)
    };
    Curve { heights: (0..steps).map(height).collect() }
}

/// The layers of each stage, as parts of all layers; the input is the first of them.
fn stretches(stages: &[Group], length: usize) -> Vec<Stretch> {
    let mut from = 0;
    let mut stretches = Vec::new();
    for stage in stages {
        let to = stage.layers.iter().max().map_or(from, |last| last + 1);
        let part = |layers: usize| Share { part: layers as u128, whole: length as u128 };
        stretches.push(Stretch {
            hue: hue(stage.place),
            name: Text::new(&stage.name),
            from: part(from),
            length: part(to - from),
        });
        from = to;
    }
    stretches
}
