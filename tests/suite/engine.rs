//! The engine: the numbers of the definitions, whatever the processor and the number of threads.

use crate::fill::fill;
use crate::golden::difference;
use crate::networks::{compile, filled, small};
use crate::shapes::cases;
use crate::{reference, sketches, strangers};
use resnetc::engine::{Engine, Isa, Options, Planning};
use resnetc::ir::{Op, Shape, op};
use resnetc::pass::fold_batch_norm;
use resnetc::valid::Checked;
use resnetc::weights::Weights;
use std::num::NonZeroUsize;

fn options(isa: Isa, threads: usize) -> Options {
    Options { isa, threads: NonZeroUsize::new(threads).unwrap(), ..Options::default() }
}

fn images(network: &Checked, count: u64) -> Vec<f32> {
    fill("input", &[vec![count], network.input_shape().dimensions()].concat())
}

/// What the engine makes of `count` images.
fn run(network: &Checked, weights: &Weights, options: Options, count: u64) -> Vec<f32> {
    Engine::new(network, weights, options).unwrap().run(&images(network, count), count as usize)
}

/// What the definition makes of them, in double precision.
fn defined(network: &Checked, count: u64) -> Vec<f32> {
    let weights = reference::weights(network);
    let images = images(network, count);
    let each = images.len() / count as usize;
    images.chunks(each).flat_map(|image| reference::run(network, &weights, image)).map(|v| v as f32).collect()
}

fn assert_near(network: &Checked, expected: &[f32], found: &[f32], how: &str) {
    let error = difference(expected, found);
    assert!(error < 5e-6, "{}, {how}, differs by {error}", network.graph().name);
}

#[test]
fn every_op_computes_what_its_definition_says_on_every_processor() {
    let networks = sketches::all().into_iter().chain(strangers::networks());
    for network in networks.chain(["torchvision", "keras"].map(|dialect| compile(&small(dialect)))) {
        let weights = filled(&network);
        let (folded, map) = fold_batch_norm(network.clone());
        let folded_weights = map.apply(&weights);
        for count in [1, 3] {
            let expected = defined(&network, count);
            for isa in Isa::ALL {
                for threads in [1, 2] {
                    let how = format!("{isa:?}, {threads} threads, {count} images");
                    let options = options(isa, threads);
                    assert_near(&network, &expected, &run(&network, &weights, options, count), &how);
                    assert_near(
                        &network,
                        &expected,
                        &run(&folded, &folded_weights, options, count),
                        &format!("{how}, folded"),
                    );
                }
            }
        }
    }
}

#[test]
fn every_value_of_a_plan_that_keeps_them_is_its_nodes() {
    for network in sketches::all().into_iter().chain(strangers::networks()) {
        let options = Options { planning: Planning::Apart, ..Options::default() };
        let values = Engine::new(&network, &filled(&network), options).unwrap().values(&images(&network, 1), 1);
        let defined = reference::values(&network, &reference::weights(&network), &images(&network, 1));
        for (id, value) in network.order().iter().zip(values) {
            let expected: Vec<f32> = defined[id].iter().map(|value| *value as f32).collect();
            let error = difference(&expected, &value);
            assert!(error < 5e-6, "{}: {} differs by {error}", network.graph().name, network.name(*id));
        }
    }
}

/// A network of one op.
fn single(op: Op, shape: Shape) -> Checked {
    let Shape::Map { channels, height, width } = shape else { panic!("{shape} is no map") };
    let (mut net, input) = crate::build::Net::new(channels, [height, width]);
    net.then(op, input);
    net.finish()
}

#[test]
fn windows_of_every_kind_give_the_numbers_of_their_definition() {
    let fitting = cases(1500, 23).into_iter().filter(|(op, shape)| op.infer(&[*shape]).is_ok());
    let mut count = 0;
    for (op, shape) in fitting {
        let network = single(op, shape);
        let (weights, expected) = (filled(&network), defined(&network, 2));
        // A window in the padding alone has no maximum.
        if expected.iter().any(|value| !value.is_finite()) {
            continue;
        }
        count += 1;
        for isa in Isa::ALL {
            let op = &network.layer(network.output()).node.op;
            assert_near(&network, &expected, &run(&network, &weights, options(isa, 2), 2), &format!("{isa:?} {op:?}"));
        }
    }
    assert!(count > 500);
}

#[test]
fn convolutions_of_many_channels_and_groups_give_the_numbers_of_their_definition() {
    // Channels, filters, groups, kernel, stride, dilation, height, width.
    let table: [[u64; 8]; 13] = [
        [40, 72, 1, 3, 1, 1, 9, 31],
        [64, 40, 1, 1, 1, 1, 7, 7],
        [48, 33, 1, 1, 2, 1, 9, 15],
        [64, 64, 1, 3, 2, 1, 14, 14],
        [32, 96, 1, 3, 1, 2, 7, 7],
        [96, 96, 96, 3, 1, 1, 15, 20],
        [40, 40, 40, 5, 2, 1, 15, 20],
        [24, 48, 24, 3, 1, 1, 8, 8],
        [128, 128, 32, 3, 1, 1, 14, 5],
        [72, 72, 3, 3, 2, 1, 13, 13],
        [64, 128, 2, 3, 1, 1, 7, 7],
        [3, 20, 1, 7, 2, 1, 33, 41],
        [17, 16, 1, 4, 4, 1, 16, 16],
    ];
    for [channels, filters, groups, kernel, stride, dilation, height, width] in table {
        let padding = resnetc::ir::Sides::all(dilation * (kernel - 1) / 2);
        let [kernel, stride, dilation] = [kernel, stride, dilation].map(|side| [side; 2]);
        let window = resnetc::ir::shape::Window { kernel, stride, dilation, padding, ceil: false };
        let conv = op::Conv2d { filters, window, groups, bias: true };
        let network = single(Op::Conv2d(conv), Shape::Map { channels, height, width });
        let (weights, expected) = (filled(&network), defined(&network, 2));
        for isa in Isa::ALL {
            assert_near(
                &network,
                &expected,
                &run(&network, &weights, options(isa, 2), 2),
                &format!("{isa:?} {conv:?}"),
            );
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for name in ["cifar_resnet20.toml", "mobilenet_v2.resnet"] {
        let network = crate::networks::compile_file(&crate::describe::architectures().join(name));
        let weights = filled(&network);
        let (network, map) = fold_batch_norm(network);
        let weights = map.apply(&weights);
        let one = run(&network, &weights, options(Isa::best(), 1), 2);
        for threads in [2, 3, 5] {
            assert!(run(&network, &weights, options(Isa::best(), threads), 2) == one, "{name} on {threads} threads");
        }
    }
}
