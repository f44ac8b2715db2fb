//! What each op of the family costs, against the tools' own counts of networks of three nodes (`tests/golden/ops.json`).

use crate::build::{Net, conv, global_mean, window};
use crate::describe::{NORM, TORCH};
use resnetc::analysis::{Analysis, analyse};
use resnetc::ir::op::Activation;
use resnetc::ir::{Label, NodeId, Op, op};
use serde_json::Value;

/// Adds the op called `name` in the golden file.
fn apply(net: &mut Net, name: &str, value: NodeId) -> NodeId {
    let activation = Activation::ALL.into_iter().find(|activation| activation.name() == name);
    let one = |net: &mut Net, op: Op| net.then(op, value);
    let join = |net: &mut Net, op: Op, other: NodeId| net.add(op, Label::JOIN, &[value, other]);
    match name {
        _ if activation.is_some() => one(net, Op::Activation(activation.unwrap())),
        "batch_norm" => one(net, Op::BatchNorm(NORM)),
        "layer_norm" => one(net, Op::LayerNorm(op::LayerNorm { epsilon: 1e-5, scale: 1.0 })),
        "group_norm" => one(net, Op::GroupNorm(op::GroupNorm { groups: 3, epsilon: 1e-5, scale: 1.0 })),
        "avg_pool" => one(net, Op::AvgPool(op::AvgPool { window: window(3, 2), count_padding: true })),
        "adaptive_avg_pool" => one(net, global_mean()),
        "blur 1" => one(net, Op::Blur(op::Blur::new(3, 1))),
        "blur 2" => one(net, Op::Blur(op::Blur::new(3, 2))),
        "pool, channel_conv" => {
            let pooled = net.then(global_mean(), value);
            net.then(Op::ChannelConv(op::ChannelConv { kernel: 3, init: TORCH }), pooled)
        }
        "linear" => one(net, Op::Linear(op::Linear { features: 5, bias: true, init: TORCH })),
        "layer_scale" => one(net, Op::LayerScale(op::LayerScale { init: 0.1 })),
        "path_softmax" => one(net, Op::PathSoftmax(op::PathSoftmax { paths: 2 })),
        "slice" => one(net, Op::Slice(op::Slice { start: 2, length: 5 })),
        "concat" => join(net, Op::Concat(op::Concat), value),
        "drop_path" => one(net, Op::DropPath(op::DropPath { rate: 0.2 })),
        "multiply" => join(net, Op::Multiply(op::Multiply), value),
        "pool, gate" => {
            let pooled = net.then(global_mean(), value);
            join(net, Op::Multiply(op::Multiply), pooled)
        }
        other => panic!("an op that no test describes: {other}"),
    }
}

/// A 1x1 convolution, what `body` adds, and another one.
fn between(body: impl Fn(&mut Net, NodeId) -> NodeId, batch: u32) -> Analysis {
    let (mut net, input) = Net::new(3, [9, 8]);
    let first = net.then(conv(12, 1, 1), input);
    let value = body(&mut net, first);
    net.then(conv(4, 1, 1), value);
    analyse(&net.finish(), batch)
}

#[test]
fn the_tools_agree_on_every_op() {
    let golden: Value = serde_json::from_str(include_str!("../golden/ops.json")).unwrap();
    let base = between(|_, value| value, 1);
    for (convention, count) in golden["base"].as_object().unwrap() {
        assert_eq!(base.count(convention), u128::from(count.as_u64().unwrap()), "{convention}");
    }
    for (name, figures) in golden["ops"].as_object().unwrap() {
        let op = |net: &mut Net, value| apply(net, name, value);
        let (one, two) = (between(op, 1), between(op, 2));
        // The layer alone: what both networks have of convolutions is the outer two's.
        let outer = |cost: &Analysis| 2 * (cost.layers[1].macs + cost.layers.last().unwrap().macs);
        for (figure, count) in figures.as_object().unwrap() {
            let found = match figure.as_str() {
                "training-saved-bytes" => two.memory.training_saved_bytes,
                "tf-profiler" => one.count("tf-profiler") - outer(&one),
                convention => one.count(convention),
            };
            assert_eq!(found, u128::from(count.as_u64().unwrap()), "{figure} of {name}");
        }
    }
}

/// What `op` adds to `full`, for 12 x 9 x 8.
fn full(name: &str) -> u128 {
    let cost = between(|net, value| apply(net, name, value), 1);
    let products = 2 * cost.macs();
    cost.count("full") - products
}

#[test]
fn full_counts_every_operation() {
    let (outputs, positions) = (12 * 72, 72);
    for (name, operations) in [
        ("relu", outputs),
        ("relu6", 2 * outputs),
        ("sigmoid", 4 * outputs),
        ("silu", 5 * outputs),
        ("gelu", 5 * outputs),
        ("hard_sigmoid", 4 * outputs),
        ("hard_swish", 5 * outputs),
        ("layer_norm", 7 * outputs + 3 * positions),
        ("group_norm", 7 * outputs + 3 * 3),
        ("layer_scale", outputs),
        ("path_softmax", 3 * outputs),
        ("avg_pool", 9 * 12 * 5 * 4),
        ("pool, gate", 2 * outputs),
        ("multiply", outputs),
        ("linear", 5 * positions),
        ("slice", 0),
        ("concat", 0),
        ("drop_path", 0),
    ] {
        assert_eq!(full(name), operations, "{name}");
    }
    let three = between(|net, value| net.add(Op::Add(op::Add), Label::JOIN, &[value; 3]), 1);
    assert_eq!(three.count("full") - three.flops(), 2 * outputs);
    assert_eq!(three.count("tf-profiler") - three.flops(), 2 * outputs);
}

/// torch, measured: a product of three keeps the product of the first two as well.
#[test]
fn products_keep_what_the_others_gradients_need() {
    let (map, input) = (4 * 12 * 72, 4 * 3 * 72);
    let saved = |body: fn(&mut Net, NodeId) -> NodeId| between(body, 1).memory.training_saved_bytes;
    let three = saved(|net, value| net.add(Op::Multiply(op::Multiply), Label::JOIN, &[value; 3]));
    // The input, the factor, the first product, the second.
    assert_eq!(three, input + 3 * map);
    // Of a gate that nothing trains, and that is trained by nothing, only the gate is kept.
    let (mut net, input) = Net::new(12, [9, 8]);
    let gate = net.then(global_mean(), input);
    let gate = net.then(conv(12, 1, 1), gate);
    let product = net.add(Op::Multiply(op::Multiply), Label::JOIN, &[input, gate]);
    net.then(Op::Activation(Activation::Sigmoid), product);
    // The convolution's input, the map for the gate's gradient, and the sigmoid: the gate itself scales what needs none.
    assert_eq!(analyse(&net.finish(), 1).memory.training_saved_bytes, 4 * 12 + map + map);
}

#[test]
fn nothing_is_kept_before_the_first_parameter() {
    let (mut net, input) = Net::new(3, [9, 8]);
    let value = net.then(Op::Blur(op::Blur::new(3, 1)), input);
    let value = net.then(Op::MaxPool(op::MaxPool { window: window(3, 1) }), value);
    net.then(conv(2, 1, 1), value);
    let cost = analyse(&net.finish(), 1);
    assert_eq!(cost.memory.training_saved_bytes, 4 * 3 * 72);
    // The filter's products are forward only, those of the convolution forward and for its weights.
    assert_eq!(cost.count("train"), 2 * (3 * 72 * 9) + 4 * (2 * 3 * 72));
}

#[test]
fn a_slice_keeps_the_map_that_it_is_part_of() {
    let (mut net, input) = Net::new(2, [4, 4]);
    let map = net.then(conv(8, 1, 1), input);
    let left = net.then(Op::Slice(op::Slice { start: 0, length: 4 }), map);
    let right = net.then(Op::Slice(op::Slice { start: 4, length: 4 }), map);
    // Over a part of a map nothing is written.
    let right = net.then(Op::Activation(Activation::Relu), right);
    net.add(Op::Add(op::Add), Label::JOIN, &[left, right]);
    assert_eq!(analyse(&net.finish(), 1).memory.inference_peak_bytes, 4 * 16 * (2 + 8 + 4 + 4));
}
