//! On which tensors the output depends, for these weights and images.
//!
//! A comparison tells nothing of a layer whose weights change no output: behind a softmax over one class, before factors of zero, where
//! every image is zero. Channels that count are followed from the output back, op by op, through the values that they have.

use super::trace::{Trace, Value};
use resnetc::ir::op::{Activation, Pad};
use resnetc::ir::{NodeId, Op, Parameter, ParameterKind};
use resnetc::valid::Layer;
use std::collections::{BTreeMap, BTreeSet};

/// What is seen of a network by who looks at some of its values.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Influence {
    /// The tensors of which another value changes something.
    seen: BTreeSet<Parameter>,
    /// Whether other images change something.
    pub(super) images: bool,
    /// The channels of nodes of which another value changes something; nodes with none are left out.
    reached: BTreeMap<NodeId, Vec<bool>>,
}

impl Influence {
    /// What is seen by who looks at the values of `roots`.
    pub(super) fn on(trace: &Trace<'_>, roots: &[NodeId]) -> Self {
        Self::following(trace, roots, &BTreeSet::new()).0
    }

    /// [`Influence::on`], and the nodes that were looked at beside: the last ones of `carriers` of which nothing was seen.
    fn following(trace: &Trace<'_>, roots: &[NodeId], carriers: &BTreeSet<NodeId>) -> (Self, Vec<NodeId>) {
        let (mut walk, mut beside) = (Self::default(), Vec::new());
        for root in roots {
            walk.look_at(trace, *root);
        }
        for node in trace.network.order().iter().rev() {
            if carriers.contains(node) && !walk.reached.contains_key(node) {
                beside.push(*node);
                walk.look_at(trace, *node);
            }
            let Some(need) = walk.reached.get(node).cloned() else { continue };
            let layer = trace.network.layer(*node);
            for (operand, need) in layer.operands.iter().zip(walk.before(trace, &layer, &need)) {
                walk.reach(*operand, need);
            }
        }
        (walk, beside)
    }

    /// The tensors that are not seen.
    pub(super) fn unseen(&self, trace: &Trace<'_>) -> Vec<Parameter> {
        trace.network.parameters().map(|(parameter, _)| parameter).filter(|one| !self.seen.contains(one)).collect()
    }

    /// Whether no tensor is seen of those that there are.
    pub(super) fn is_blind(&self, trace: &Trace<'_>) -> bool {
        self.seen.is_empty() && trace.network.parameters().next().is_some()
    }

    /// The nodes to look at beside `roots`, so that what can be seen is.
    pub(super) fn hidden(&self, trace: &Trace<'_>, roots: &[NodeId]) -> Vec<NodeId> {
        let unseen: BTreeSet<_> = self.unseen(trace).into_iter().map(|parameter| parameter.node).collect();
        let mut carriers = BTreeSet::new();
        for layer in trace.network.layers() {
            if unseen.contains(&layer.id) || layer.operands.iter().any(|operand| carriers.contains(operand)) {
                carriers.insert(layer.id);
            }
        }
        Self::following(trace, roots, &carriers).1
    }

    fn look_at(&mut self, trace: &Trace<'_>, node: NodeId) {
        self.reach(node, vec![true; trace.value(node).channels]);
    }

    fn reach(&mut self, node: NodeId, need: Vec<bool>) {
        if !need.contains(&true) {
            return;
        }
        match self.reached.get_mut(&node) {
            Some(known) => known.iter_mut().zip(need).for_each(|(known, need)| *known |= need),
            None => drop(self.reached.insert(node, need)),
        }
    }

    fn see(&mut self, layer: &Layer<'_>, kind: ParameterKind, is_seen: bool) {
        if is_seen {
            self.seen.insert(Parameter { node: layer.id, kind });
        }
    }

    /// The channels that count of each operand of `layer`, of whose own channels those of `need` count.
    fn before(&mut self, trace: &Trace<'_>, layer: &Layer<'_>, need: &[bool]) -> Vec<Vec<bool>> {
        let input = trace.operand(layer);
        let first = match &layer.node.op {
            Op::Input(_) => {
                self.images = true;
                return Vec::new();
            }
            Op::Conv2d(conv) => self.weighted(trace, layer, need, conv.groups, conv.bias),
            Op::Linear(linear) => self.weighted(trace, layer, need, 1, linear.bias),
            Op::BatchNorm(_) => self.batch_norm(trace, layer, need),
            Op::GroupNorm(norm) => {
                let width = input.channels / usize::try_from(norm.groups).unwrap_or(1).max(1);
                self.group_norm(trace, layer, need, width)
            }
            Op::LayerNorm(_) => self.layer_norm(trace, layer, need),
            Op::LayerScale(_) => {
                let gain = trace.tensor(layer, ParameterKind::Gain);
                self.see(layer, ParameterKind::Gain, meet(need, &input.any(is_not_zero)));
                both(need, &gain.into_iter().map(is_not_zero).collect::<Vec<_>>())
            }
            Op::ChannelConv(_) => self.channel_conv(trace, layer, need),
            Op::Activation(Activation::Softmax) => shared(need, &trace.value(layer.id), 1),
            Op::PathSoftmax(softmax) => {
                let paths = usize::try_from(softmax.paths).unwrap_or(1).max(1);
                shared(need, &trace.value(layer.id), input.channels / paths)
            }
            Op::Activation(activation) => both(need, &alive(*activation, &input, &trace.value(layer.id))),
            Op::Multiply(_) => return factors(trace, layer, need),
            Op::Concat(_) => return parts(trace, layer, need),
            Op::Slice(slice) => {
                let start = usize::try_from(slice.start).unwrap_or(0);
                let before = std::iter::repeat_n(false, start);
                let mut channels: Vec<_> = before.chain(need.iter().copied()).collect();
                channels.resize(input.channels, false);
                channels
            }
            Op::Pad(Pad::Channels { before, .. }) => {
                let before = usize::try_from(*before).unwrap_or(0);
                need.iter().copied().skip(before).take(input.channels).collect()
            }
            Op::Flatten(_) => need.chunks(input.positions.max(1)).map(|channel| channel.contains(&true)).collect(),
            Op::Add(_)
            | Op::AdaptivePool(_)
            | Op::AvgPool(_)
            | Op::Blur(_)
            | Op::DropPath(_)
            | Op::Dropout(_)
            | Op::MaxPool(_)
            | Op::Pad(Pad::Spatial(_))
            | Op::Subsample(_) => return vec![need.to_vec(); layer.operands.len()],
        };
        vec![first]
    }

    /// A convolution or linear layer.
    fn weighted(&mut self, trace: &Trace<'_>, layer: &Layer<'_>, need: &[bool], groups: u64, bias: bool) -> Vec<bool> {
        let input = trace.operand(layer);
        let kernel = trace.tensor(layer, ParameterKind::Kernel);
        let lit = input.any(is_not_zero);
        let groups = usize::try_from(groups).unwrap_or(1).max(1);
        let (inputs, outputs) = ((input.channels / groups).max(1), (need.len() / groups).max(1));
        let taps = (kernel.len() / (need.len() * inputs).max(1)).max(1);
        let mut channels = vec![false; input.channels];
        let mut is_seen = false;
        for (output, row) in kernel.chunks(inputs * taps).enumerate().filter(|(at, _)| need.get(*at) == Some(&true)) {
            let first = output / outputs * inputs;
            is_seen |= lit.iter().skip(first).take(inputs).any(|lit| *lit);
            let read = channels.iter_mut().skip(first);
            for (channel, taps) in read.zip(row.chunks(taps)) {
                *channel |= taps.iter().copied().any(is_not_zero);
            }
        }
        self.see(layer, ParameterKind::Kernel, is_seen);
        self.see(layer, ParameterKind::Bias, bias);
        channels
    }

    fn batch_norm(&mut self, trace: &Trace<'_>, layer: &Layer<'_>, need: &[bool]) -> Vec<bool> {
        let input = trace.operand(layer);
        let [scale, mean] = [ParameterKind::Scale, ParameterKind::Mean].map(|kind| trace.tensor(layer, kind));
        let differs = |(channel, mean): (usize, &f32)| input.channel(channel).any(|value| is_not_zero(value - mean));
        let moved: Vec<_> = mean.iter().enumerate().map(differs).collect();
        let through = both(need, &scale.into_iter().map(is_not_zero).collect::<Vec<_>>());
        self.see(layer, ParameterKind::Shift, true);
        self.see(layer, ParameterKind::Scale, meet(need, &moved));
        self.see(layer, ParameterKind::Mean, through.contains(&true));
        self.see(layer, ParameterKind::Variance, meet(&through, &moved));
        through
    }

    /// A single value of a group is its own mean: nothing of it goes through.
    fn group_norm(&mut self, trace: &Trace<'_>, layer: &Layer<'_>, need: &[bool], width: usize) -> Vec<bool> {
        let (input, width) = (trace.operand(layer), width.max(1));
        let scale = trace.tensor(layer, ParameterKind::Scale);
        let groups = (input.channels / width).max(1);
        let mut varied = vec![false; groups];
        for (at, group) in input.groups(width).enumerate() {
            if let Some(varied) = varied.get_mut(at % groups) {
                *varied |= differ(group.iter().copied());
            }
        }
        let of_channels: Vec<_> = varied.into_iter().flat_map(|varied| std::iter::repeat_n(varied, width)).collect();
        self.see(layer, ParameterKind::Shift, true);
        self.see(layer, ParameterKind::Scale, meet(need, &of_channels));
        let through = both(need, &scale.into_iter().map(is_not_zero).collect::<Vec<_>>());
        let several = width * input.positions > 1;
        let group = |group: &[bool]| std::iter::repeat_n(several && group.contains(&true), width);
        through.chunks(width).flat_map(group).collect()
    }

    fn layer_norm(&mut self, trace: &Trace<'_>, layer: &Layer<'_>, need: &[bool]) -> Vec<bool> {
        let input = trace.operand(layer);
        let scale = trace.tensor(layer, ParameterKind::Scale);
        let image = (input.channels * input.positions).max(1);
        let varied = input.values.chunks_exact(image).any(|image| {
            (0..input.positions).any(|at| differ(image.iter().copied().skip(at).step_by(input.positions.max(1))))
        });
        self.see(layer, ParameterKind::Shift, true);
        self.see(layer, ParameterKind::Scale, varied);
        let through = both(need, &scale.into_iter().map(is_not_zero).collect::<Vec<_>>());
        vec![input.channels > 1 && through.contains(&true); input.channels]
    }

    fn channel_conv(&mut self, trace: &Trace<'_>, layer: &Layer<'_>, need: &[bool]) -> Vec<bool> {
        let input = trace.operand(layer);
        let kernel = trace.tensor(layer, ParameterKind::Kernel);
        let half = kernel.len() / 2;
        self.see(layer, ParameterKind::Kernel, input.any(is_not_zero).contains(&true));
        let reads = |channel: usize| {
            // Tap t of output o reads channel o + t - half.
            let output = |tap: usize| (channel + half).checked_sub(tap).and_then(|output| need.get(output));
            kernel.iter().enumerate().any(|(tap, weight)| is_not_zero(*weight) && output(tap) == Some(&true))
        };
        (0..input.channels).map(reads).collect()
    }
}

fn is_not_zero(value: f32) -> bool {
    value != 0.0
}

fn both(one: &[bool], other: &[bool]) -> Vec<bool> {
    one.iter().zip(other).map(|(one, other)| *one && *other).collect()
}

fn meet(one: &[bool], other: &[bool]) -> bool {
    both(one, other).contains(&true)
}

#[expect(clippy::float_cmp, reason = "what a norm takes as equal is")]
fn differ(mut values: impl Iterator<Item = f32>) -> bool {
    values.next().is_some_and(|first| values.any(|value| value != first))
}

/// The channels of which some element goes through an activation: its slope there is not zero.
fn alive(activation: Activation, input: &Value<'_>, output: &Value<'_>) -> Vec<bool> {
    let is_alive = |(read, made): (f32, f32)| match activation {
        Activation::Relu => read > 0.0,
        Activation::Relu6 => read > 0.0 && read < 6.0,
        Activation::HardSigmoid => read > -3.0 && read < 3.0,
        Activation::HardSwish => read > -3.0,
        Activation::Sigmoid | Activation::Softmax => made > 0.0 && made < 1.0,
        Activation::Silu | Activation::Gelu => made != 0.0 || read.abs() < 1.0,
    };
    (0..input.channels).map(|channel| input.channel(channel).zip(output.channel(channel)).any(is_alive)).collect()
}

/// Channels of which those that are `every` apart share 1: where one has all of it, none moves another.
fn shared(need: &[bool], output: &Value<'_>, every: usize) -> Vec<bool> {
    let every = every.max(1);
    let open = both(need, &output.any(|share| share > 0.0 && share < 1.0));
    let of_run = |run: usize| open.iter().skip(run).step_by(every).any(|open| *open);
    let runs: Vec<_> = (0..every).map(of_run).collect();
    runs.iter().copied().cycle().take(need.len()).collect()
}

/// Of each factor the channels that the others do not take to zero.
fn factors(trace: &Trace<'_>, layer: &Layer<'_>, need: &[bool]) -> Vec<Vec<bool>> {
    let lit: Vec<_> = layer.operands.iter().map(|operand| trace.value(*operand).any(is_not_zero)).collect();
    let others = |own: usize| lit.iter().enumerate().filter(move |(at, _)| *at != own).map(|(_, lit)| lit);
    (0..lit.len()).map(|own| others(own).fold(need.to_vec(), |need, lit| both(&need, lit))).collect()
}

fn parts(trace: &Trace<'_>, layer: &Layer<'_>, need: &[bool]) -> Vec<Vec<bool>> {
    let mut rest = need;
    let mut parts = Vec::new();
    for operand in layer.operands {
        let (part, tail) = rest.split_at_checked(trace.value(*operand).channels).unwrap_or((rest, &[]));
        parts.push(part.to_vec());
        rest = tail;
    }
    parts
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::similar_names, reason = "tests")]
mod tests {
    use super::Influence;
    use crate::cli::npy::Array;
    use crate::cli::verify::trace::Trace;
    use resnetc::ir::ParameterKind;
    use resnetc::source::Source;
    use resnetc::valid::Checked;
    use resnetc::weights::{Fresh, Weights, collect, expected, images};
    use std::collections::BTreeMap;

    /// A network that ends in a block of these statements.
    fn network(statements: &str) -> Checked {
        let text = format!(
            "use dialect torchvision\nnetwork n {{ input 3 x 8 x 8 stem cifar(4) stage basic(4) head top }}\n\
             block top() {{ {statements} }}\n"
        );
        resnetc::compile(&Source::new("n.resnet", text)).unwrap_or_else(|report| panic!("{report:?}"))
    }

    /// What is seen of the network with drawn weights, of which those of some tensors are others.
    struct Seen {
        unseen: Vec<String>,
        is_blind: bool,
        images: bool,
        /// What else to look at, and what is unseen then.
        hidden: Vec<String>,
        missed: Vec<String>,
    }

    fn seen(network: &Checked, others: &[(&str, f32)], factor: f32) -> Seen {
        let names: BTreeMap<_, _> = expected(network).into_iter().map(|entry| (entry.parameter, entry.name)).collect();
        let drawn = collect(network, Fresh::varied(network, 0)).unwrap();
        let of_tensor = |name: &str| others.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let weights: Weights = drawn
            .iter()
            .map(|(parameter, tensor)| {
                let mut tensor = tensor.clone();
                if let Some(value) = of_tensor(&names[&parameter]) {
                    tensor.values.fill(value);
                }
                (parameter, tensor)
            })
            .collect();
        let shape = [vec![2], network.input_shape().dimensions()].concat();
        let values = images(&shape, 0).values.into_iter().map(|value| value * factor).collect();
        let weights = Box::new(Memory(weights));
        let trace = Trace::new(network, &Array { shape, values }, 2, weights).unwrap_or_else(|_| panic!("it runs"));
        let output = network.output();
        let found = Influence::on(&trace, &[output]);
        let hidden = found.hidden(&trace, &[output]);
        let all = Influence::on(&trace, &[vec![output], hidden.clone()].concat());
        let named = |found: &Influence| found.unseen(&trace).iter().map(|one| names[one].clone()).collect();
        Seen {
            unseen: named(&found),
            is_blind: found.is_blind(&trace),
            images: found.images,
            hidden: hidden.iter().map(|node| network.name(*node).to_owned()).collect(),
            missed: named(&all),
        }
    }

    struct Memory(Weights);

    impl resnetc::weights::Supply for Memory {
        fn tensor(
            &mut self,
            parameter: resnetc::ir::Parameter,
        ) -> Result<Option<resnetc::weights::Tensor>, resnetc::weights::Misfit> {
            (&self.0).tensor(parameter)
        }
    }

    #[test]
    fn with_drawn_weights_every_tensor_counts_of_a_network_that_has_no_dead_end() {
        for top in [
            "",
            "global_pool flatten linear(4)",
            "global_pool channel_conv(3) act(sigmoid)",
            "join multiply { main {} gate { global_pool conv 1x1 (4, bias = true) act(sigmoid) } } act(hard_swish)",
            "conv 1x1 (8) path_softmax(2) group_norm(2) act(gelu)",
            "layer_norm linear(6) act(silu) layer_scale conv 3x3 (6, groups = 6) max_pool 2x2 flatten linear(3) act(softmax)",
            "join concat { a { slice(0, 1) } b { slice(1, 3) norm act(relu6) } } zero_channels(2, 3) blur avg_pool 2x2",
        ] {
            let network = network(top);
            let Seen { unseen, is_blind, images, hidden, .. } = seen(&network, &[], 1.0);
            assert_eq!((unseen, is_blind, images, hidden), (Vec::new(), false, true, Vec::new()), "{top}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_blind() {
        for top in [
            "global_pool flatten linear(1) act(softmax)",
            "conv 1x1 (1) path_softmax(1)",
            "join multiply { a {} b { zero_channels(0, 4) slice(4, 4) } }",
        ] {
            let Seen { is_blind, images, hidden, missed, .. } = seen(&network(top), &[], 1.0);
            assert!(is_blind && !images && !hidden.is_empty(), "{top}");
            assert_eq!(missed, Vec::<String>::new(), "{top}: all is seen from `{hidden:?}`");
        }
        let silent = network("global_pool flatten linear(1, bias = false)");
        let zeros: Vec<_> = expected(&silent).into_iter().map(|entry| entry.name).collect();
        let zeros: Vec<_> = zeros.iter().map(|name| (name.as_str(), 0.0)).collect();
        assert!(!seen(&silent, &zeros, 1.0).images);
    }

    #[test]
    fn a_group_of_one_value_gives_its_shift() {
        let Seen { unseen, is_blind, images, hidden, missed } =
            seen(&network("global_pool group_norm(4) flatten"), &[], 1.0);
        assert!(!is_blind && !images && unseen.len() > 10);
        assert_eq!((hidden, missed), (vec!["avgpool".to_owned()], vec!["head.norm.weight".to_owned()]));
    }

    #[test]
    fn a_branch_that_counts_for_nothing_is_seen_by_itself() {
        let network = network("global_pool flatten linear(4)");
        let last = [("layer1.0.bn2.weight", 0.0)];
        let Seen { unseen, images, missed, .. } = seen(&network, &last, 1.0);
        assert!(images && unseen.contains(&"layer1.0.conv1.weight".to_owned()), "{unseen:?}");
        assert!(!unseen.contains(&"layer1.0.bn2.bias".to_owned()) && !unseen.contains(&"conv1.weight".to_owned()));
        assert_eq!(missed, ["layer1.0.bn2.running_mean", "layer1.0.bn2.running_var"]);
        // A relu that is never open, and one that is always bounded.
        let dead = seen(&network, &[("layer1.0.bn1.bias", -1e3)], 1.0);
        assert_eq!(dead.hidden, ["layer1.0.bn1"]);
        assert!(dead.unseen.contains(&"layer1.0.conv2.weight".to_owned()));
    }

    #[test]
    fn images_of_zeros_show_no_kernel() {
        let network = network("global_pool flatten linear(4)");
        let Seen { unseen, .. } = seen(&network, &[], 0.0);
        assert_eq!(unseen, ["conv1.weight"]);
        let kernels = expected(&network).into_iter().filter(|entry| entry.parameter.kind == ParameterKind::Kernel);
        assert!(kernels.count() > 1);
    }
}
