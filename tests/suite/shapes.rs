//! Shape rules beyond 224: our `Op::infer` against ONNX shape inference, over odd and non-square maps, strides,
//! four-sided padding, dilation, ceil mode and groups.
//!
//! One difference is known and is ONNX's: where the kernel covers more than the padded map, its inference divides a
//! negative number and may come out with a size, even a negative one; ours says that the map vanishes. Before opset 22
//! ONNX counted in ceil mode a window that starts in the padding after the map; torch, Caffe, ONNX Runtime and we
//! never did, and from opset 22 on it does not either.

use crate::onnx::{Case, Input, ask};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use resnetc::ir::op::{Conv2d, Flatten, MaxPool, Pad, Subsample};
use resnetc::ir::shape::Window;
use resnetc::ir::{Op, Shape, ShapeError, Sides};
use serde_json::json;

/// How many cases are compared.
const CASES: usize = 3000;

fn sides(most: u64) -> impl Strategy<Value = Sides> {
    (0..=most, 0..=most, 0..=most, 0..=most).prop_map(|(top, bottom, left, right)| Sides { top, bottom, left, right })
}

fn pair(least: u64, most: u64) -> impl Strategy<Value = [u64; 2]> {
    [least..=most, least..=most]
}

fn window(ceil: bool) -> impl Strategy<Value = Window> {
    (pair(1, 7), pair(1, 5), pair(1, 3), sides(4)).prop_map(move |(kernel, stride, dilation, padding)| Window {
        kernel,
        stride,
        dilation,
        padding,
        ceil,
    })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (window(false), 1..=6_u64, 1..=4_u64, any::<bool>()).prop_map(|(window, filters, groups, bias)| {
            Op::Conv2d(Conv2d { filters: filters * groups, window, groups, bias })
        }),
        4 => any::<bool>().prop_flat_map(window).prop_map(|window| Op::MaxPool(MaxPool { window })),
        1 => sides(9).prop_map(|sides| Op::Pad(Pad::Spatial(sides))),
        1 => (0..=9_u64, 0..=9_u64).prop_map(|(before, after)| Op::Pad(Pad::Channels { before, after })),
        1 => (1..=9_u64).prop_map(|stride| Op::Subsample(Subsample { stride })),
        1 => Just(Op::Flatten(Flatten)),
    ]
}

/// N x C x H x W, N = 2, C a multiple of the op's groups, H and W at most `side`.
fn case(side: u64) -> impl Strategy<Value = (Op, Shape)> {
    (op(), 1..=5_u64, 1..=side, 1..=side).prop_map(|(op, channels, height, width)| {
        let groups = if let Op::Conv2d(op) = op { op.groups } else { 1 };
        (op, Shape::Map { channels: channels * groups, height, width })
    })
}

fn attributes(window: Window) -> Vec<(&'static str, serde_json::Value)> {
    let Sides { top, bottom, left, right } = window.padding;
    vec![
        ("kernel_shape", json!(window.kernel)),
        ("strides", json!(window.stride)),
        ("dilations", json!(window.dilation)),
        ("pads", json!([top, left, bottom, right])),
    ]
}

/// The same op as an ONNX node; `tensor` makes its inputs, the network's own called `input`.
pub fn onnx(op: &Op, shape: Shape, tensor: impl Fn(&str, Vec<u64>) -> Input) -> Case {
    let input = tensor("input", [vec![2], shape.dimensions()].concat());
    match *op {
        Op::Conv2d(conv) => {
            let kernel = vec![conv.filters, conv.group_inputs(shape), conv.window.kernel[0], conv.window.kernel[1]];
            let mut attributes = attributes(conv.window);
            attributes.push(("group", json!(conv.groups)));
            let bias = conv.bias.then(|| tensor("op.bias", vec![conv.filters]));
            let inputs = [input, tensor("op.weight", kernel)].into_iter().chain(bias).collect();
            Case { op: "Conv", attributes, inputs }
        }
        Op::MaxPool(pool) => {
            let mut attributes = attributes(pool.window);
            attributes.push(("ceil_mode", json!(u8::from(pool.window.ceil))));
            Case { op: "MaxPool", attributes, inputs: vec![input] }
        }
        Op::Pad(pad) => {
            let pads = match pad {
                Pad::Spatial(Sides { top, bottom, left, right }) => [0, 0, top, left, 0, 0, bottom, right],
                Pad::Channels { before, after } => [0, before, 0, 0, 0, after, 0, 0],
            };
            let pads = pads.map(|side| side as i64).to_vec();
            Case { op: "Pad", attributes: Vec::new(), inputs: vec![input, Input::Integers(pads)] }
        }
        Op::Subsample(Subsample { stride }) => {
            let slice = [vec![0, 0], vec![i64::MAX; 2], vec![2, 3], vec![stride as i64; 2]];
            let slice = slice.into_iter().map(Input::Integers);
            Case { op: "Slice", attributes: Vec::new(), inputs: std::iter::once(input).chain(slice).collect() }
        }
        Op::Flatten(_) => Case { op: "Flatten", attributes: vec![("axis", json!(1))], inputs: vec![input] },
        ref other => panic!("{} is not generated", other.name()),
    }
}

/// The same `count` cases every time.
pub fn cases(count: usize, side: u64) -> Vec<(Op, Shape)> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).map(|_| case(side).new_tree(&mut runner).unwrap().current()).collect()
}

#[test]
fn shapes_are_those_of_onnx_at_any_size_stride_padding_and_rounding() {
    let cases = cases(CASES, 61);
    let questions: Vec<_> = cases.iter().map(|(op, shape)| onnx(op, *shape, |_, shape| Input::Shape(shape))).collect();
    let (mut compared, mut vanished, mut rounded_up) = (0, 0, 0);
    for ((op, shape), answer) in cases.iter().zip(ask(&questions, false)) {
        match op.infer(&[*shape]) {
            Ok(ours) => {
                let ours: Vec<_> = std::iter::once(2).chain(ours.dimensions()).map(|side| side as i64).collect();
                assert_eq!(answer.shape, Some(ours), "{op:?} of {shape}");
                compared += 1;
                if let Op::MaxPool(MaxPool { window }) = op {
                    let size = shape.size().unwrap();
                    let floor = Window { ceil: false, ..*window };
                    rounded_up += usize::from(floor.slide(size) != window.slide(size));
                }
            }
            Err(ShapeError::Vanishes { size, window }) => {
                let Sides { top, bottom, left, right } = window.padding;
                let padded = [size[0] + top + bottom, size[1] + left + right];
                let extent = window.extent();
                assert!(extent[0] > padded[0] || extent[1] > padded[1], "{op:?} of {shape} vanishes");
                vanished += 1;
            }
            Err(error) => panic!("{op:?} of {shape}: {error:?}"),
        }
    }
    // The generator reaches what the test is about.
    assert!(compared > CASES / 2 && vanished > 50 && rounded_up > 100, "{compared} {vanished} {rounded_up}");
}
