//! The engine: the numbers of the definitions, whatever the processor and the number of threads.

use crate::describe::HE;
use crate::fill::fill;
use crate::golden::difference;
use crate::networks::{compile, filled, small};
use crate::shapes::cases;
use crate::{reference, sketches, strangers};
use resnetc::analysis::memory::inference_peak;
use resnetc::engine::{Engine, Isa, Options, Planning};
use resnetc::ir::shape::Window;
use resnetc::ir::{Op, Shape, Sides, op};
use resnetc::pass::fold_batch_norm;
use resnetc::valid::Checked;
use resnetc::weights::{Fresh, Weights};
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
    let table: [[u64; 8]; 15] = [
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
        [64, 64, 2, 1, 1, 1, 1, 1],
        [32, 32, 1, 17, 1, 1, 18, 18],
    ];
    for [channels, filters, groups, kernel, stride, dilation, height, width] in table {
        let padding = Sides::all(dilation * (kernel - 1) / 2);
        let [kernel, stride, dilation] = [kernel, stride, dilation].map(|side| [side; 2]);
        let window = Window { kernel, stride, dilation, padding, ceil: false };
        let conv = op::Conv2d { filters, window, groups, bias: true, init: HE };
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

#[test]
fn what_is_joined_changes_no_bit_and_takes_no_more_memory() {
    // Across blocks, and after depthwise convolutions.
    for (name, count, least) in
        [("resnet50.toml", 1, 4), ("mobilenet_v2.resnet", 2, 6), ("regnet_x_400mf.resnet", 3, 2)]
    {
        let network = crate::networks::compile_file(&crate::describe::architectures().join(name));
        let (folded, map) = fold_batch_norm(network.clone());
        let engine = |planning, threads| {
            let options = Options { planning, ..options(Isa::best(), threads) };
            Engine::new(&folded, map.clone().over(Fresh::new(&network, 1)), options).unwrap()
        };
        let apart = engine(Planning::Timed, 1);
        let images = images(&folded, count);
        let expected = apart.run(&images, count as usize);
        assert_eq!(apart.joined().count(), 0);
        for threads in [1, 2, 3] {
            let joined = engine(Planning::Fused, threads);
            for step in joined.joined() {
                let Op::Conv2d(conv) = &folded.layer(step[0]).node.op else { panic!("no convolution is joined") };
                assert_eq!((conv.window.kernel, conv.window.stride), ([1; 2], [1; 2]));
            }
            assert!(joined.joined().count() >= least, "{name}: {} are joined", joined.joined().count());
            assert!(joined.planned_bytes(1) <= apart.planned_bytes(1));
            assert!(joined.run(&images, count as usize) == expected, "{name} with {threads} threads");
        }
    }
}

#[test]
fn joined_convolutions_of_groups_and_with_residuals_give_the_numbers_of_their_definition() {
    let (mut net, input) = crate::build::Net::new(20, [9, 11]);
    let pointwise = |filters, groups| crate::build::conv(filters, 1, groups);
    let wide = net.then(pointwise(72, 1), input);
    let grouped = net.then(pointwise(72, 2), wide);
    let beside = net.then(pointwise(40, 1), input);
    let narrow = net.then(pointwise(40, 4), grouped);
    let sum = net.add(Op::Add(op::Add {}), resnetc::ir::Label::STEM, &[beside, narrow]);
    net.then(pointwise(24, 1), sum);
    let network = net.finish();
    let (weights, expected) = (filled(&network), defined(&network, 2));
    for (isa, threads) in Isa::ALL.into_iter().flat_map(|isa| [1, 2, 3].map(|threads| (isa, threads))) {
        let engine = Engine::new(&network, &weights, options(isa, threads)).unwrap();
        assert!(engine.joined().count() > 1, "{isa:?}, {threads} threads: {} are joined", engine.joined().count());
        assert_near(&network, &expected, &engine.run(&images(&network, 2), 2), &format!("{isa:?}, {threads} threads"));
    }
}

/// A convolution of 3 x 3 and stride 1.
fn three_by_three([channels, filters, height, width]: [u64; 4], padding: Sides) -> Checked {
    let window = Window { kernel: [3; 2], stride: [1; 2], dilation: [1; 2], padding, ceil: false };
    let conv = op::Conv2d { filters, window, groups: 1, bias: true, init: HE };
    single(Op::Conv2d(conv), Shape::Map { channels, height, width })
}

/// The largest difference from the definition in double precision.
fn largest_error(network: &Checked, found: &[f32], count: u64) -> f64 {
    let weights = reference::weights(network);
    let images = images(network, count);
    let each = images.len() / count as usize;
    let expected = images.chunks(each).flat_map(|image| reference::run(network, &weights, image));
    expected.zip(found).map(|(expected, found)| (expected - f64::from(*found)).abs()).fold(0.0, f64::max)
}

#[test]
fn winograds_form_loses_no_more_than_four_times_what_the_direct_one_loses() {
    // Both forms: the first three are computed in tiles of four outputs a side, the others of two.
    for shape in [[32, 48, 12, 13], [64, 64, 28, 30], [40, 33, 17, 9], [256, 256, 7, 7], [256, 200, 8, 6]] {
        let network = three_by_three(shape, Sides::all(1));
        let weights = filled(&network);
        for isa in Isa::ALL {
            let options = options(isa, 2);
            let direct = run(&network, &weights, Options { winograd: false, ..options }, 2);
            let ours = run(&network, &weights, options, 2);
            assert!(direct != ours, "{shape:?} is computed in the direct form");
            let [direct, ours] = [direct, ours].map(|found| largest_error(&network, &found, 2));
            assert!(ours <= 4.0 * direct, "{isa:?} {shape:?}: {ours:e} and directly {direct:e}");
        }
    }
}

#[test]
fn winograds_tiles_meet_every_border() {
    for padding in [[0, 0, 0, 0], [1, 0, 0, 1], [2, 1, 0, 2], [0, 2, 2, 1]] {
        let [top, bottom, left, right] = padding;
        for [height, width] in [[12, 13], [9, 22], [16, 16], [30, 5]] {
            let network = three_by_three([33, 40, height, width], Sides { top, bottom, left, right });
            let (weights, expected) = (filled(&network), defined(&network, 2));
            for isa in Isa::ALL {
                let found = run(&network, &weights, options(isa, 2), 2);
                assert_near(&network, &expected, &found, &format!("{isa:?} {padding:?} {height} x {width}"));
            }
        }
    }
}

#[test]
fn what_is_too_much_at_once_is_transformed_in_parts() {
    let network = three_by_three([64, 16, 28, 30], Sides::all(1));
    let (weights, expected) = (filled(&network), defined(&network, 11));
    let engine = Engine::new(&network, &weights, options(Isa::best(), 2)).unwrap();
    assert!(engine.workspace_bytes(11) < 11 * engine.workspace_bytes(1));
    assert_near(&network, &expected, &engine.run(&images(&network, 11), 11), "in parts");
}

#[test]
fn planned_memory_is_no_more_than_the_analysis_says() {
    for name in ["resnet18.toml", "resnet50.toml", "vgg11.resnet", "densenet121.resnet", "mobilenet_v2.resnet"] {
        let network = crate::networks::compile_file(&crate::describe::architectures().join(name));
        let (folded, map) = fold_batch_norm(network.clone());
        let weights = map.over(Fresh::new(&network, 1));
        let engine = Engine::new(&folded, weights, Options::default()).unwrap();
        for count in [1, 3] {
            let peak = inference_peak(&folded).elements * 4 * count as u128;
            let planned = engine.planned_bytes(count) as u128;
            assert!(planned <= peak, "{name}: {planned} are planned for {count} images, the analysis says {peak}");
        }
    }
}

#[test]
fn steps_compute_every_layer_once_but_for_views() {
    let network = crate::networks::compile_file(&crate::describe::architectures().join("resnet18.toml"));
    let (folded, map) = fold_batch_norm(network.clone());
    let engine = Engine::new(&folded, map.over(Fresh::new(&network, 1)), Options::default()).unwrap();
    let nodes: Vec<_> = engine.steps().flatten().copied().collect();
    let places: Vec<_> = nodes.iter().map(|id| folded.order().iter().position(|other| other == id).unwrap()).collect();
    let once: std::collections::BTreeSet<_> = places.iter().collect();
    assert_eq!(once.len(), places.len());
    // The input is read where it is, flattening one pixel moves nothing.
    let left_out = folded.layers().filter(|layer| !nodes.contains(&layer.id)).map(|layer| layer.node.op.name());
    assert_eq!(left_out.collect::<Vec<_>>(), ["input", "flatten"]);
    assert_eq!(engine.times(&images(&folded, 1), 1, 1).len(), engine.steps().count());
}

#[test]
fn a_gate_of_many_channels_is_a_factor_for_each() {
    // More channels than a block of the map has elements.
    let (mut net, input) = crate::build::Net::new(160, [3, 3]);
    let pool = op::AdaptivePool { kind: op::PoolKind::Average, output: [1, 1] };
    let gate = net.then(Op::AdaptivePool(pool), input);
    net.add(Op::Multiply(op::Multiply), resnetc::ir::Label::STEM, &[input, gate]);
    let network = net.finish();
    let (weights, expected) = (filled(&network), defined(&network, 2));
    for planning in [Planning::Fused, Planning::Apart] {
        let options = Options { planning, ..Options::default() };
        assert_near(&network, &expected, &run(&network, &weights, options, 2), &format!("{planning:?}"));
    }
}

#[test]
fn what_is_no_number_stays_in_a_maximum() {
    let padding = Sides::all(0);
    let window = Window { kernel: [3; 2], stride: [1; 2], dilation: [1; 2], padding, ceil: false };
    let network = single(Op::MaxPool(op::MaxPool { window }), Shape::Map { channels: 3, height: 3, width: 3 });
    for place in 0..9 {
        let mut image = images(&network, 1);
        image[9 + place] = f32::NAN;
        let found = Engine::new(&network, &filled(&network), Options::default()).unwrap().run(&image, 1);
        assert_eq!(found.iter().map(|value| value.is_nan()).collect::<Vec<_>>(), [false, true, false], "{place}");
    }
}

#[test]
fn no_images_have_no_values() {
    let network = compile(&small("torchvision"));
    let engine = Engine::new(&network, &filled(&network), Options::default()).unwrap();
    assert!(engine.run(&[], 0).is_empty());
}

#[test]
fn activations_have_their_limits_far_from_zero() {
    let of = |activation| single(Op::Activation(activation), Shape::Map { channels: 1, height: 1, width: 6 });
    let image = [-1e38, -100.0, -88.0, 88.0, 100.0, 1e38];
    let found = |activation| {
        let network = of(activation);
        Engine::new(&network, &filled(&network), Options::default()).unwrap().run(&image, 1)
    };
    let expected = |of: fn(f64) -> f64| image.map(|x| of(f64::from(x)) as f32);
    for (activation, expected) in [
        (op::Activation::Sigmoid, expected(|x| 1.0 / (1.0 + (-x).exp()))),
        (op::Activation::Silu, expected(|x| x / (1.0 + (-x).exp()))),
    ] {
        for (found, expected) in found(activation).iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-6 * expected.abs() + 1e-30, "{activation:?}: {found} {expected}");
        }
    }
}
