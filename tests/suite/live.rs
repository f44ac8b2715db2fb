//! The live model: the numbers of torchvision and of ONNX Runtime, training, loading and saving.

use crate::build::{Net, dialect, zoo};
use crate::describe::{NORM, TORCH};
use crate::fill::fill;
use crate::golden::{assert_golden, difference};
use crate::init;
use crate::live_engine::both;
use crate::networks::{cifar, compile, filled, of_depth, small};
use crate::npy;
use crate::onnx::{Case, Input, ask};
use crate::random::{LEAVES, leaf};
use crate::shapes::{cases, onnx, reshaped};
use crate::weights::golden;
use burn::module::{Module, ModuleMapper, Param};
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::{Device, Gradients, Tensor, TensorData, activation};
use proptest::prelude::*;
use resnetc::Options;
use resnetc::back::live::{Model, Value};
use resnetc::ir::op::{self, Activation, AdaptivePool, BatchNorm, Linear, PoolKind};
use resnetc::ir::{Address, Graph, Label, Op, Origin, ParameterKind, Place, Shape};
use resnetc::pass::fold_batch_norm;
use resnetc::source::{Source, Span};
use resnetc::valid::{self, Checked};
use resnetc::weights::{self, Weights};
use serde_json::json;

/// The images that every framework agrees on: `fill("input", shape)`.
pub fn images(shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(fill("input", &shape.map(|side| side as u64)), shape), device)
}

pub fn input_shape(checked: &Checked, batch: usize) -> [usize; 4] {
    let sides = checked.shape(checked.graph().input().unwrap()).dimensions();
    [batch, sides[0] as usize, sides[1] as usize, sides[2] as usize]
}

pub fn floats(value: Value) -> Vec<f32> {
    value.into_data().try_to_vec().unwrap()
}

/// What `checked` gives with `weights` for `batch` images, on the engine and by burn's own ops.
pub fn output(checked: &Checked, weights: Weights, batch: usize) -> Vec<f32> {
    let device = Device::flex();
    let model = checked.instantiate_with(&device, weights).unwrap();
    both(&model, images(input_shape(checked, batch), &device), &checked.graph().name)
}

/// A safetensors file of the tensors that torchvision lists, filled from their names.
fn golden_weights(name: &str) -> Vec<u8> {
    let golden = golden();
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = golden["models"][name]["tensors"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, shape)| {
            let shape: Vec<u64> = serde_json::from_value(shape.clone()).unwrap();
            let bytes = fill(name, &shape).into_iter().flat_map(f32::to_le_bytes).collect();
            (name.clone(), shape.iter().map(|&side| side as usize).collect(), bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes).unwrap();
        (name.as_str(), view)
    });
    safetensors::serialize(views, None).unwrap()
}

#[test]
fn resnet18_and_50_give_torchvisions_logits_through_the_library() {
    for (name, depth) in [("resnet18", 18), ("resnet50", 50)] {
        let checked = compile(&of_depth(depth, "torchvision"));
        let weights = weights::read(&checked, &golden_weights(name)).unwrap();
        let golden = &golden()["models"][name];
        assert_golden(name, golden, &output(&checked, weights.clone(), 2));
        let (folded, map) = fold_batch_norm(checked);
        assert_golden(name, golden, &output(&folded, map.apply(&weights), 2));
    }
}

#[test]
fn resnet18_and_50_give_torchvisions_logits_through_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let shape = [2, 3, 224, 224];
    npy::write(&path("x.npy"), &shape, &fill("input", &shape));
    for (name, depth) in [("resnet18", 18), ("resnet50", 50)] {
        std::fs::write(path("net.toml"), of_depth(depth, "torchvision")).unwrap();
        std::fs::write(path("w.safetensors"), golden_weights(name)).unwrap();
        for fold in [false, true] {
            let mut command = assert_cmd::cargo::cargo_bin_cmd!("resnetc");
            command.arg("run").arg(path("net.toml")).arg("--weights").arg(path("w.safetensors"));
            command.arg("--input").arg(path("x.npy")).arg("--output").arg(path("y.npy"));
            command.args(fold.then_some("--fold-batch-norm")).assert().success();
            let (header, logits) = npy::read(&path("y.npy"));
            assert!(header.contains("'shape': (2, 1000,)"), "{header}");
            assert_golden(name, &golden()["models"][name], &logits);
        }
    }
}

fn origin(sequence: u32) -> Origin {
    let place = Place::Block { stage: 0, block: 0 };
    let address = Address { place, branch: Label::SKIP, unit: 0, role: Label::CONV, sequence };
    Origin { span: Span::default(), address }
}

/// A network of one op, or of one and a flatten before it.
fn single(op: Op, shape: Shape, flatten: bool) -> Checked {
    let mut graph = Graph::new("single", resnetc::dialect::find("torchvision").unwrap());
    let Shape::Map { channels, height, width } = shape else { panic!() };
    let input = Op::Input(op::Input { channels, size: [height, width] });
    let mut last = graph.add(input, origin(0), &[]);
    if flatten {
        last = graph.add(Op::Flatten(op::Flatten), origin(1), &[last]);
    }
    graph.add(op, origin(2), &[last]);
    valid::check(graph).unwrap()
}

/// Our values beside ONNX Runtime's. Our parameters are filled as tensors called `op.weight`, `op.bias` and so on.
fn assert_same_numbers(networks: &[Checked], questions: &[Case], bound: f64) {
    for ((checked, question), answer) in networks.iter().zip(questions).zip(ask(questions, true)) {
        let weights = checked.parameters().map(|(parameter, shape)| {
            let leaf = match parameter.kind {
                ParameterKind::Gain => "layer_scale",
                ParameterKind::Kernel | ParameterKind::Scale => "weight",
                ParameterKind::Bias | ParameterKind::Shift => "bias",
                ParameterKind::Mean => "running_mean",
                ParameterKind::Variance => "running_var",
            };
            (parameter, weights::Tensor { values: fill(&format!("op.{leaf}"), &shape), shape: shape.into_vec() })
        });
        let ours = output(checked, weights.collect(), 2);
        let theirs = answer.values.unwrap();
        let op = &checked.layer(checked.output()).node.op;
        assert!(difference(&theirs, &ours) < bound, "{} {op:?}: {}", question.op(), difference(&theirs, &ours));
    }
}

fn scalar(value: f32) -> Input {
    Input::Floats(Vec::new(), vec![value])
}

fn filled_input(name: &str, shape: Vec<u64>) -> Input {
    let values = fill(name, &shape);
    Input::Floats(shape, values)
}

#[test]
fn windows_pads_and_slices_give_the_numbers_of_onnx_runtime() {
    let mut fitting: Vec<_> = cases(600, 23).into_iter().filter(|(op, shape)| op.infer(&[*shape]).is_ok()).collect();
    // ONNX Runtime takes no pool whose window may lie in the padding alone.
    fitting.retain(|(op, _)| match op {
        Op::MaxPool(op::MaxPool { window }) | Op::AvgPool(op::AvgPool { window, .. }) => {
            let [height, width] = window.kernel;
            let padding = window.padding;
            padding.top.max(padding.bottom) < height && padding.left.max(padding.right) < width
        }
        _ => true,
    });
    assert!(fitting.len() > 300);
    let networks: Vec<_> = fitting.iter().map(|(op, shape)| single(op.clone(), *shape, false)).collect();
    let questions: Vec<_> = fitting.iter().map(|(op, shape)| onnx(op, *shape, filled_input)).collect();
    assert_same_numbers(&networks, &questions, 1e-6);
}

#[test]
fn norms_activations_linear_and_pools_give_the_numbers_of_onnx_runtime() {
    let shape = Shape::Map { channels: 6, height: 12, width: 15 };
    let input = || filled_input("input", vec![2, 6, 12, 15]);
    let pool = |kind, output| Op::AdaptivePool(AdaptivePool { kind, output });
    let case = Case::new;
    let act = |activation| single(Op::Activation(activation), shape, false);
    let transposed = || case("Transpose", vec![("perm", json!([0, 2, 3, 1]))], vec![input()]);
    let per_channel = |name: &str| filled_input(name, vec![6]);
    let reshape = |shape: &[i64]| Input::Integers(shape.to_vec());
    let norm_inputs = ["input", "op.weight", "op.bias", "op.running_mean", "op.running_var"];
    let norm_inputs =
        norm_inputs.map(|name| filled_input(name, if name == "input" { vec![2, 6, 12, 15] } else { vec![6] }));
    let window = |kernel: [u64; 2]| vec![("kernel_shape", json!(kernel)), ("strides", json!(kernel))];
    let flat = vec![
        filled_input("input", vec![2, 1080]),
        filled_input("op.weight", vec![7, 1080]),
        filled_input("op.bias", vec![7]),
    ];
    let table = vec![
        (
            single(Op::BatchNorm(BatchNorm { epsilon: 1e-3, ..NORM }), shape, false),
            case("BatchNormalization", vec![("epsilon", json!(1e-3))], norm_inputs.into()),
        ),
        (act(Activation::Relu), case("Relu", vec![], vec![input()])),
        (act(Activation::Relu6), case("Clip", vec![], vec![input(), scalar(0.0), scalar(6.0)])),
        (act(Activation::Gelu), case("Gelu", vec![], vec![input()])),
        (act(Activation::Sigmoid), case("Sigmoid", vec![], vec![input()])),
        (act(Activation::HardSigmoid), case("HardSigmoid", vec![("alpha", json!(1.0 / 6.0))], vec![input()])),
        (act(Activation::HardSwish), case("HardSwish", vec![], vec![input()])),
        (act(Activation::Softmax), case("Softmax", vec![("axis", json!(1))], vec![input()])),
        (
            single(Op::LayerNorm(op::LayerNorm { epsilon: 1e-6, scale: 1.0 }), shape, false),
            transposed()
                .then(
                    "LayerNormalization",
                    vec![("epsilon", json!(1e-6))],
                    vec![per_channel("op.weight"), per_channel("op.bias")],
                )
                .then("Transpose", vec![("perm", json!([0, 3, 1, 2]))], vec![]),
        ),
        (
            single(Op::GroupNorm(op::GroupNorm { groups: 3, epsilon: 1e-5, scale: 1.0 }), shape, false),
            case(
                "GroupNormalization",
                vec![("epsilon", json!(1e-5)), ("num_groups", json!(3))],
                vec![input(), per_channel("op.weight"), per_channel("op.bias")],
            ),
        ),
        (
            single(Op::LayerScale(op::LayerScale { init: 1.0 }), shape, false),
            case("Mul", vec![], vec![input(), reshaped(per_channel("op.layer_scale"), &[1, 1])]),
        ),
        (
            single(Op::PathSoftmax(op::PathSoftmax { paths: 3 }), shape, false),
            case("Reshape", vec![], vec![input(), reshape(&[2, 3, 2, 12, 15])])
                .then("Softmax", vec![("axis", json!(1))], vec![])
                .then("Reshape", vec![], vec![reshape(&[2, 6, 12, 15])]),
        ),
        (
            single(Op::Linear(Linear { features: 7, bias: true, init: TORCH }), shape, true),
            case("Gemm", vec![("transB", json!(1))], flat),
        ),
        (single(pool(PoolKind::Average, [1, 1]), shape, false), case("GlobalAveragePool", vec![], vec![input()])),
        (single(pool(PoolKind::Maximum, [1, 1]), shape, false), case("GlobalMaxPool", vec![], vec![input()])),
        (single(pool(PoolKind::Average, [4, 5]), shape, false), case("AveragePool", window([3, 3]), vec![input()])),
        (single(pool(PoolKind::Maximum, [3, 5]), shape, false), case("MaxPool", window([4, 3]), vec![input()])),
    ];
    let (networks, questions): (Vec<_>, Vec<_>) = table.into_iter().unzip();
    assert_same_numbers(&networks, &questions, 1e-6);
}

#[test]
fn adaptive_pools_of_any_size_follow_their_definition() {
    // torch: cell i of n along an axis of size s covers floor(i s / n) up to ceil((i + 1) s / n).
    let (height, width) = (11, 6);
    let map = fill("input", &[2, 3, height, width]);
    for output_size in [[7, 7], [1, 1], [11, 6], [4, 1], [1, 5], [13, 9]] {
        for kind in [PoolKind::Average, PoolKind::Maximum] {
            let shape = Shape::Map { channels: 3, height, width };
            let op = Op::AdaptivePool(AdaptivePool { kind, output: output_size });
            let ours = output(&single(op, shape, false), Weights::default(), 2);
            let cell = |i: u64, size: u64, cells: u64| (i * size / cells)..((i + 1) * size).div_ceil(cells);
            let mut expected = Vec::new();
            for plane in map.chunks((height * width) as usize) {
                for i in 0..output_size[0] {
                    for j in 0..output_size[1] {
                        let values: Vec<f32> = cell(i, height, output_size[0])
                            .flat_map(|y| cell(j, width, output_size[1]).map(move |x| plane[(y * width + x) as usize]))
                            .collect();
                        expected.push(match kind {
                            PoolKind::Average => values.iter().sum::<f32>() / values.len() as f32,
                            PoolKind::Maximum => values.iter().copied().fold(f32::NEG_INFINITY, f32::max),
                        });
                    }
                }
            }
            assert!(difference(&expected, &ours) < 1e-6, "{kind:?} {output_size:?}");
        }
    }
}

#[test]
fn it_has_the_parameters_that_the_network_has() {
    let texts = [of_depth(50, "torchvision"), small("torchvision"), small("keras"), cifar()];
    for checked in texts.iter().map(|text| compile(text)).chain([zoo(dialect(), 0.2)]) {
        let total: u64 = checked.parameters().map(|(_, shape)| shape.iter().product::<u64>()).sum();
        let model = checked.instantiate_with(&Device::flex(), filled(&checked)).unwrap();
        assert_eq!(model.num_params() as u64, total);
        assert_eq!(model.weights(), filled(&checked));
    }
}

#[test]
fn the_one_line_of_the_readme_works() {
    let source = Source::new("cifar.toml", cifar());
    let device = Device::flex();
    let model = resnetc::compile(&source).unwrap().instantiate(&device).unwrap();
    assert_eq!(model.forward(images([3, 3, 32, 32], &device)).into_vector().unwrap().dims(), [3, 10]);
}

#[test]
fn a_network_without_a_top_gives_its_feature_map() {
    let source = Source::new("bare.toml", "name = \"bare\"\ndialect = \"keras\"\ndepth = 18\n");
    let options = Options { input: Some([4, 65, 97]), ..Options::default() };
    let device = Device::flex();
    let model = resnetc::compile_with(&source, &options).unwrap().instantiate(&device).unwrap();
    assert_eq!(model.forward(images([2, 4, 65, 97], &device)).into_map().unwrap().dims(), [2, 512, 3, 4]);
}

/// Steps down the gradient, and counts the parameters that have one.
struct Descent {
    gradients: Gradients,
    rate: f64,
    reached: usize,
}

impl ModuleMapper for Descent {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = param.val().grad(&self.gradients) else { return param };
        assert!(gradient.clone().abs().sum().into_scalar::<f32>() > 0.0, "a gradient is zero everywhere");
        self.reached += gradient.shape().num_elements();
        let rate = self.rate;
        param.map(|tensor| Tensor::from_inner(tensor.inner() - gradient * rate).require_grad())
    }
}

#[test]
fn a_step_down_the_gradient_lowers_the_loss_and_reaches_every_parameter() {
    let texts = [cifar(), small("torchvision").replace("dropout = 0.5\n", "")];
    for checked in texts.iter().map(|text| compile(text)).chain([zoo(dialect(), 0.0)]) {
        let device = Device::flex().autodiff();
        let mut model: Model = checked.instantiate_with(&device, filled(&checked)).unwrap();
        let trainable: u64 = checked
            .parameters()
            .filter(|(parameter, _)| parameter.kind.is_trainable())
            .map(|(_, shape)| shape.iter().product::<u64>())
            .sum();
        let before = model.weights();
        let loss = |model: &Model| {
            let output = model.forward(images(input_shape(&checked, 4), &device)).into_vector().unwrap();
            // The negative logarithm of the probability of class 3.
            let last = &checked.layer(checked.output()).node.op;
            let logits = if matches!(last, Op::Activation(Activation::Softmax)) {
                output.log()
            } else {
                activation::log_softmax(output, 1)
            };
            logits.narrow(1, 3, 1).mean().neg()
        };
        let mut losses = Vec::new();
        for _ in 0..3 {
            let loss = loss(&model);
            losses.push(loss.clone().into_scalar::<f32>());
            let mut descent = Descent { gradients: loss.backward(), rate: 1e-3, reached: 0 };
            model = model.map(&mut descent);
            assert_eq!(descent.reached as u64, trainable);
        }
        assert!(losses[0] > losses[1] && losses[1] > losses[2], "{losses:?}");
        let after = model.weights();
        for ((parameter, before), (_, after)) in before.iter().zip(after.iter()) {
            assert_ne!(before, after, "{:?} of {} has not moved", parameter.kind, checked.name(parameter.node));
        }
    }
}

#[test]
fn every_op_gives_the_numbers_of_double_precision() {
    let checked = zoo(dialect(), 0.2);
    let expected = in_double_precision(&checked);
    let error = difference(&expected, &output(&checked, filled(&checked), 1));
    assert!(error < 5e-6, "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_op_gives_the_numbers_of_double_precision_at_any_size(
        kind in 0..LEAVES, block in 0..3_u32, channels in 4..13_u64, height in 5..15_u64, width in 5..15_u64,
    ) {
        let (mut net, input) = Net::new(channels, [height, width]);
        let op = leaf(kind, block, net.shape(input));
        net.then(op.clone(), input);
        let checked = net.finish();
        let expected = in_double_precision(&checked);
        let error = difference(&expected, &output(&checked, filled(&checked), 1));
        prop_assert!(error < 2e-6, "{op:?}: {error}");
    }
}

/// What the reference gives for one image.
fn in_double_precision(checked: &Checked) -> Vec<f32> {
    let image = fill("input", &input_shape(checked, 1).map(|side| side as u64));
    let values = crate::reference::run(checked, &crate::reference::weights(checked), &image);
    values.into_iter().map(|value| value as f32).collect()
}

#[test]
fn a_step_of_training_moves_the_statistics_by_the_dialects_rule() {
    for checked in init::norms() {
        let (shape, values) = init::batch();
        let device = Device::flex().autodiff();
        let model = checked.instantiate(&device).unwrap();
        let shape = [shape[0], shape[1], shape[2], shape[3]].map(|side| side as usize);
        let _ = model.forward(Tensor::from_data(TensorData::new(values, shape), &device));
        let weights = model.weights();
        let of = |kind| weights.iter().find(|(parameter, _)| parameter.kind == kind).unwrap().1.values.clone();
        let found = [ParameterKind::Mean, ParameterKind::Variance].into_iter().flat_map(of);
        let found: Vec<_> = found.map(f64::from).collect();
        let expected = init::after_a_step(&checked);
        assert!(init::are_close(&found, &expected), "{}: {found:?}, not {expected:?}", checked.graph().name);
    }
}

#[test]
fn stochastic_depth_drops_whole_images_in_training_only() {
    let (mut net, input) = Net::new(3, [4, 5]);
    net.then(Op::DropPath(op::DropPath { rate: 0.25 }), input);
    let checked = net.finish();
    let device = Device::flex().autodiff();
    let model = checked.instantiate(&device).unwrap();
    let shape = [400, 3, 4, 5];
    let images = fill("input", &shape.map(|side| side as u64));
    let run = |model: &Model, device: &Device| {
        floats(model.forward(Tensor::from_data(TensorData::new(images.clone(), shape), device)))
    };
    let trained = run(&model, &device);
    let mut dropped = 0;
    for (before, after) in images.chunks(60).zip(trained.chunks(60)) {
        let is_dropped = after[0] == 0.0;
        dropped += usize::from(is_dropped);
        for (before, after) in before.iter().zip(after) {
            let expected = if is_dropped { 0.0 } else { before / 0.75 };
            assert!((after - expected).abs() <= 1e-6 * expected.abs(), "{before} {after}");
        }
    }
    // 100 of 400, within five standard deviations.
    assert!((57..=143).contains(&dropped), "{dropped}");
    assert_eq!(run(&model.valid(), &Device::flex()), images);
}

#[test]
fn dropout_drops_in_training_only() {
    let checked = compile(&small("torchvision"));
    let device = Device::flex().autodiff();
    let model = checked.instantiate_with(&device, filled(&checked)).unwrap();
    let run = |model: &Model, device: &Device| floats(model.forward(images(input_shape(&checked, 2), device)));
    assert_ne!(run(&model, &device), run(&model, &device));
    let valid = model.valid();
    assert_eq!(run(&valid, &Device::flex()), run(&valid, &Device::flex()));
}

#[test]
fn weights_go_through_burns_store_and_records_and_out_under_the_dialects_names() {
    let checked = compile(&small("torchvision"));
    let device = Device::flex();
    let model = checked.instantiate_with(&device, filled(&checked)).unwrap();
    let mut store = SafetensorsStore::from_bytes(None);
    model.save_into(&mut store).unwrap();
    let mut other = checked.instantiate(&device).unwrap();
    assert_ne!(other.weights(), filled(&checked));
    let mut store = SafetensorsStore::from_bytes(Some(store.get_bytes().unwrap()));
    let result = other.load_from(&mut store).unwrap();
    assert!(result.missing.is_empty() && result.unused.is_empty() && result.errors.is_empty(), "{result:?}");
    assert_eq!(other.weights(), filled(&checked));
    let other = checked.instantiate(&device).unwrap().load_record(model.clone().into_record());
    assert_eq!(other.weights(), filled(&checked));
    let bytes = weights::write(&checked, &model.weights()).unwrap();
    assert_eq!(weights::read(&checked, &bytes).unwrap(), filled(&checked));
}

#[test]
fn weights_of_another_network_are_refused() {
    let checked = compile(&cifar());
    let (folded, _) = fold_batch_norm(checked.clone());
    let refusal = folded.instantiate_with(&Device::flex(), filled(&checked)).unwrap_err();
    insta::assert_snapshot!("refused_weights", refusal.to_string());
}

#[test]
fn a_network_that_no_memory_holds_is_refused_before_it_is_made() {
    let text = cifar()
        .replace("depth = 8", "[[stage]]\nfilters = 1048576\nblocks = 2\nstride = 1")
        .replace("[[stage]]", "[input]\nchannels = 3\nsize = [32, 32]\n\n[[stage]]");
    let refusal =
        compile(&text.replace("shortcut = \"A\"", "shortcut = \"B\"")).instantiate(&Device::flex()).unwrap_err();
    assert_eq!(refusal.code.number(), "E0607");
    assert!(refusal.message.contains("MiB"), "{refusal}");
}

#[test]
fn generated_keras_is_the_live_model() {
    let networks: Vec<_> = ["keras_resnet50", "cifar_resnet20", "resnet34_c", "plain18"]
        // Logits: softmax turns a difference between them into one as large as the largest of them.
        .map(|name| compile(&crate::describe::file(name).replace("\"softmax\"", "\"none\"")))
        .into_iter()
        .chain(["torchvision", "keras", "paper"].map(|dialect| {
            compile(&small(dialect).replacen("name = \"small\"", &format!("name = \"small_{dialect}\""), 1))
        }))
        .collect();
    let weights: Vec<_> = networks.iter().map(crate::reference::weights).collect();
    let shapes: Vec<[u64; 4]> =
        networks.iter().map(|network| input_shape(network, 1).map(|side| side as u64)).collect();
    let inputs: Vec<_> = shapes.iter().map(|shape| fill("input", shape)).collect();
    let jobs: Vec<_> = networks
        .iter()
        .zip(&weights)
        .zip(shapes.iter().zip(&inputs))
        .map(|((network, weights), (shape, input))| (network, weights, input.as_slice(), *shape, json!({})))
        .collect();
    for (network, found) in networks.iter().zip(crate::keras::run(&jobs)) {
        let error = difference(&output(network, filled(network), 1), &found);
        assert!(error < 5e-6, "{}: Keras and the live model differ by {error}", network.graph().name);
    }
}
