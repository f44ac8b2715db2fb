//! Shape rules beyond 224: our `Op::infer` against ONNX shape inference, over odd and non-square maps, strides,
//! four-sided padding, dilation, ceil mode and groups.
//!
//! One difference is known and is ONNX's: where the kernel covers more than the padded map, its inference divides a
//! negative number and may come out with a size, even a negative one; ours says that the map vanishes. Before opset 22
//! ONNX counted in ceil mode a window that starts in the padding after the map; torch, Caffe, ONNX Runtime and we
//! never did, and from opset 22 on it does not either. A pool's window that lies wholly in padding is a place like others
//! to ONNX; ours refuses it, and every pool whose windows all see something has the shape of ONNX.

use crate::describe::{HE, TORCH};
use crate::onnx::{Case, Input, ask};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use resnetc::ir::op::{self, AvgPool, Blur, Conv2d, Flatten, Linear, MaxPool, Pad, Slice, Subsample};
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
            Op::Conv2d(Conv2d { filters: filters * groups, window, groups, bias, init: HE })
        }),
        4 => any::<bool>().prop_flat_map(window).prop_map(|window| Op::MaxPool(MaxPool { window })),
        1 => sides(9).prop_map(|sides| Op::Pad(Pad::Spatial(sides))),
        1 => (0..=9_u64, 0..=9_u64).prop_map(|(before, after)| Op::Pad(Pad::Channels { before, after })),
        1 => (1..=9_u64).prop_map(|stride| Op::Subsample(Subsample { stride })),
        1 => Just(Op::Flatten(Flatten)),
        3 => (any::<bool>().prop_flat_map(window), any::<bool>()).prop_map(|(window, count_padding)| {
            Op::AvgPool(AvgPool { window: Window { dilation: [1, 1], ..window }, count_padding })
        }),
        1 => (1..=5_u64, 1..=3_u64).prop_map(|(size, stride)| Op::Blur(Blur::new(size, stride))),
        1 => (0..=3_u64, 1..=4_u64).prop_map(|(start, length)| Op::Slice(Slice { start, length })),
        1 => (1..=9_u64, any::<bool>()).prop_map(|(features, bias)| Op::Linear(Linear { features, bias, init: TORCH })),
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
            Case::new("Conv", attributes, inputs)
        }
        Op::MaxPool(pool) => {
            let mut attributes = attributes(pool.window);
            attributes.push(("ceil_mode", json!(u8::from(pool.window.ceil))));
            Case::new("MaxPool", attributes, vec![input])
        }
        Op::Pad(pad) => {
            let pads = match pad {
                Pad::Spatial(Sides { top, bottom, left, right }) => [0, 0, top, left, 0, 0, bottom, right],
                Pad::Channels { before, after } => [0, before, 0, 0, 0, after, 0, 0],
            };
            let pads = pads.map(|side| side as i64).to_vec();
            Case::new("Pad", Vec::new(), vec![input, Input::Integers(pads)])
        }
        Op::Subsample(Subsample { stride }) => {
            let slice = [vec![0, 0], vec![i64::MAX; 2], vec![2, 3], vec![stride as i64; 2]];
            let slice = slice.into_iter().map(Input::Integers);
            Case::new("Slice", Vec::new(), std::iter::once(input).chain(slice).collect())
        }
        Op::Flatten(_) => Case::new("Flatten", vec![("axis", json!(1))], vec![input]),
        Op::AvgPool(AvgPool { window, count_padding }) => {
            let mut attributes = attributes(window);
            attributes.push(("ceil_mode", json!(u8::from(window.ceil))));
            attributes.push(("count_include_pad", json!(u8::from(count_padding))));
            Case::new("AveragePool", attributes, vec![input])
        }
        Op::Blur(blur) => {
            let Window { stride, padding, kernel, .. } = blur.window;
            let [height, width] = kernel;
            let pads = [0, 0, padding.top, padding.left, 0, 0, padding.bottom, padding.right].map(|side| side as i64);
            let pad = vec![input, Input::Integers(pads.to_vec())];
            let row: Vec<f32> = blur.row().iter().map(|value| *value as f32).collect();
            let filter = row.iter().flat_map(|down| row.iter().map(move |right| down * right));
            let filter: Vec<f32> = filter.collect::<Vec<_>>().repeat(shape.channels() as usize);
            let attributes = vec![("strides", json!(stride)), ("group", json!(shape.channels()))];
            let kernel = Input::Floats(vec![shape.channels(), 1, height, width], filter);
            Case::new("Pad", vec![("mode", json!("reflect"))], pad).then("Conv", attributes, vec![kernel])
        }
        Op::Slice(Slice { start, length }) => {
            let slice = [start, start + length, 1, 1].map(|value| Input::Integers(vec![value as i64]));
            Case::new("Slice", Vec::new(), std::iter::once(input).chain(slice).collect())
        }
        // At each position: a convolution of 1 x 1.
        Op::Linear(Linear { features, bias, .. }) => {
            let kernel = reshaped(tensor("op.weight", vec![features, shape.channels()]), &[1, 1]);
            let bias = bias.then(|| tensor("op.bias", vec![features]));
            Case::new("Conv", Vec::new(), [input, kernel].into_iter().chain(bias).collect())
        }
        ref other => panic!("{} is not generated", other.name()),
    }
}

/// A tensor with more dimensions after its own.
pub fn reshaped(input: Input, more: &[u64]) -> Input {
    match input {
        Input::Shape(shape) => Input::Shape([&shape, more].concat()),
        Input::Floats(shape, values) => Input::Floats([&shape, more].concat(), values),
        Input::Integers(values) => Input::Integers(values),
    }
}

/// Whether some window sees no element of a map of `size`, element by element.
fn is_blind(window: &Window, size: [u64; 2], windows: [u64; 2]) -> bool {
    let Sides { top, left, .. } = window.padding;
    let before = [top, left];
    (0..2).any(|axis| {
        let place = |at: u64, element: u64| {
            (at * window.stride[axis] + element * window.dilation[axis]) as i64 - before[axis] as i64
        };
        (0..windows[axis])
            .any(|at| (0..window.kernel[axis]).all(|element| !(0..size[axis] as i64).contains(&place(at, element))))
    })
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
    let (mut compared, mut vanished, mut rounded_up, mut blind) = (0, 0, 0, 0);
    for ((op, shape), answer) in cases.iter().zip(ask(&questions, false)) {
        let pooled = match op {
            Op::MaxPool(MaxPool { window }) | Op::AvgPool(AvgPool { window, .. }) => Some(window),
            _ => None,
        };
        let windows = pooled.and_then(|window| Some((window, shape.size()?, window.slide(shape.size()?).ok()?)));
        let expected = windows.is_some_and(|(window, size, windows)| is_blind(window, size, windows));
        assert_eq!(matches!(op.infer(&[*shape]), Err(ShapeError::OnlyPadding { .. })), expected, "{op:?} of {shape}");
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
                let reflects = matches!(op, Op::Blur(_)) && top >= size[0].min(size[1]);
                assert!(extent[0] > padded[0] || extent[1] > padded[1] || reflects, "{op:?} of {shape} vanishes");
                vanished += 1;
            }
            Err(ShapeError::OnlyPadding { .. }) => blind += 1,
            Err(ShapeError::Slice { start, length, channels }) => {
                assert!(start + length > channels, "{op:?} of {shape}")
            }
            Err(error) => panic!("{op:?} of {shape}: {error:?}"),
        }
    }
    // The generator reaches what the test is about.
    let reached = compared > CASES / 2 && vanished > 50 && rounded_up > 100 && blind > 100;
    assert!(reached, "{compared} {vanished} {rounded_up} {blind}");
}

#[test]
fn joins_have_the_shapes_of_onnx() {
    let map = |channels, height, width| Shape::Map { channels, height, width };
    let cases = [
        (Op::Concat(op::Concat), "Concat", vec![map(3, 5, 7), map(4, 5, 7), map(1, 5, 7)]),
        (Op::Concat(op::Concat), "Concat", vec![Shape::Vector(3), Shape::Vector(9)]),
        (Op::Concat(op::Concat), "Concat", vec![map(3, 5, 7), map(4, 5, 8)]),
        (Op::Multiply(op::Multiply), "Mul", vec![map(3, 5, 7), map(3, 5, 7)]),
        (Op::Multiply(op::Multiply), "Mul", vec![map(3, 5, 7), map(3, 1, 1)]),
        (Op::Multiply(op::Multiply), "Mul", vec![map(3, 1, 1), map(3, 5, 7)]),
        (Op::Multiply(op::Multiply), "Mul", vec![map(3, 5, 7), map(4, 1, 1)]),
        (Op::Multiply(op::Multiply), "Mul", vec![Shape::Vector(5), Shape::Vector(5)]),
        (Op::Add(op::Add), "Sum", vec![map(3, 5, 7), map(3, 5, 7), map(3, 5, 7)]),
        (Op::Add(op::Add), "Sum", vec![map(3, 5, 7), map(2, 5, 7)]),
    ];
    let tensor = |shape: &Shape| Input::Shape([vec![2], shape.dimensions()].concat());
    let question = |(_, name, shapes): &(Op, &'static str, Vec<Shape>)| {
        let attributes = if *name == "Concat" { vec![("axis", json!(1))] } else { Vec::new() };
        Case::new(name, attributes, shapes.iter().map(tensor).collect())
    };
    let questions: Vec<_> = cases.iter().map(question).collect();
    for ((op, _, shapes), answer) in cases.iter().zip(ask(&questions, false)) {
        let ours = op.infer(shapes).ok();
        let ours =
            ours.map(|shape| [vec![2], shape.dimensions()].concat().into_iter().map(|side| side as i64).collect());
        assert_eq!(ours, answer.shape, "{op:?} of {shapes:?}");
    }
}
