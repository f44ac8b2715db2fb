//! Weights: what a network expects, and what is said about a file that does not fit.

use crate::build::{Net, dialect, zoo};
use crate::networks::{compile, filled, of_depth, small};
use resnetc::diagnostic::Refusal;
use resnetc::ir::dialect::Layout;
use resnetc::ir::{Op, op};
use resnetc::weights::{self, Misfit, Unreadable};
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::Value;

pub fn golden() -> Value {
    serde_json::from_str(&golden_text()).unwrap()
}

fn golden_text() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/torchvision_logits.json")).unwrap()
}

/// A safetensors file of zeros.
fn zeros(tensors: &[(&str, Dtype, &[usize])]) -> Vec<u8> {
    let bytes = vec![0; 1 << 20];
    let views = tensors.iter().map(|&(name, dtype, shape)| {
        let length = shape.iter().product::<usize>() * dtype.bitsize() / 8;
        (name, TensorView::new(dtype, shape.to_vec(), &bytes[..length]).unwrap())
    });
    serialize(views, None).unwrap()
}

const TINY: &str = r#"name = "tiny"
dialect = "torchvision"

[input]
channels = 3
size = [8, 8]

[stem]
kind = "cifar"
filters = 4

[[stage]]
kind = "plain"
filters = 4
blocks = 1
stride = 1

[head]
pool = "avg"
classes = 2
"#;

fn refusal_of(bytes: &[u8]) -> String {
    let misfit = weights::read(&compile(TINY), bytes).unwrap_err();
    Refusal::from(misfit).to_string()
}

#[test]
fn expects_the_names_and_shapes_of_torchvision_in_its_order() {
    let golden = golden();
    for depth in [18, 50] {
        let name = format!("resnet{depth}");
        let expected: Vec<(String, Vec<u64>)> = weights::expected(&compile(&of_depth(depth, "torchvision")))
            .into_iter()
            .map(|entry| (entry.name, entry.shape))
            .collect();
        let tensors = golden["models"][&name]["tensors"].as_object().unwrap();
        let mut torchvision: Vec<(String, Vec<u64>)> = tensors
            .iter()
            .map(|(name, shape)| (name.clone(), serde_json::from_value(shape.clone()).unwrap()))
            .collect();
        // The JSON reader sorts its keys; the file has torchvision's order.
        let text = golden_text();
        let model = &text[text.find(&format!("\"{name}\"")).unwrap()..];
        torchvision.sort_by_key(|(name, _)| model.find(&format!("\"{name}\"")).unwrap());
        assert_eq!(expected, torchvision, "{name}");
    }
}

#[test]
fn keras_layouts_are_hwio_and_a_linear_after_a_flatten_reads_hwc() {
    let checked = compile(&small("keras"));
    let expected = weights::expected(&checked);
    let entry = |name: &str| expected.iter().find(|entry| entry.name == name).unwrap();
    assert_eq!(entry("conv1_conv/kernel").shape, [7, 7, 3, 8]);
    assert_eq!(entry("conv1_conv/kernel").permuted, Some([8, 3, 7, 7]));
    assert_eq!(entry("fc1/kernel").shape, [24 * 3 * 2, 20]);
    assert_eq!(entry("fc1/kernel").permuted, Some([20, 24, 3, 2]));
    assert_eq!(entry("predictions/kernel").shape, [20, 10]);
    assert_eq!(entry("predictions/kernel").permuted, Some([10, 20, 1, 1]));
    assert_eq!(entry("conv1_bn/moving_variance").permuted, None);
}

/// Of every op, in the layouts of torch and of Keras.
#[test]
fn the_parameters_of_every_op_come_back_from_a_file() {
    let mut keras = dialect();
    keras.names.layout = Layout::Keras;
    for dialect in [dialect(), keras] {
        let checked = zoo(dialect, 0.0);
        let weights = filled(&checked);
        let bytes = weights::write(&checked, &weights).unwrap();
        assert_eq!(weights::read(&checked, &bytes).unwrap(), weights);
    }
}

#[test]
fn a_convolution_along_channels_and_a_linear_layer_of_a_map_have_the_shapes_of_their_frameworks() {
    let mut keras = dialect();
    keras.names.layout = Layout::Keras;
    // torch.nn.Conv1d(1, 1, 3), Linear(8, 32) and a layer scale; keras.layers.Conv1D(1, 3), Dense(32).
    let torch = (dialect(), [1, 1, 3], vec![8, 1, 1], [32, 8]);
    for (dialect, along, scale, linear) in [torch, (keras, [3, 1, 1], vec![8], [8, 32])] {
        let checked = zoo(dialect, 0.0);
        let expected = weights::expected(&checked);
        let shapes = |op: &str| -> Vec<Vec<u64>> {
            let of_op = |entry: &&weights::Entry| checked.layer(entry.parameter.node).node.op.name() == op;
            expected.iter().filter(of_op).map(|entry| entry.shape.clone()).collect()
        };
        assert_eq!(shapes("channel_conv"), [along.to_vec()]);
        assert_eq!(shapes("layer_scale"), [scale]);
        assert_eq!(shapes("linear")[..2], [linear.to_vec(), vec![32]]);
        assert_eq!(shapes("layer_norm")[..2], [vec![8], vec![8]]);
    }
}

/// torchvision's ConvNeXt has [C, 1, 1], timm's [C].
#[test]
fn a_layer_scale_may_have_dimensions_of_one_after_its_channels() {
    let (mut net, input) = Net::new(5, [4, 4]);
    net.then(Op::LayerScale(op::LayerScale { init: 1e-6 }), input);
    let checked = net.finish();
    let name = &weights::expected(&checked)[0].name;
    for shape in [&[5][..], &[5, 1, 1], &[1, 5, 1, 1]] {
        assert!(weights::read(&checked, &zeros(&[(name, Dtype::F32, shape)])).is_ok(), "{shape:?}");
    }
    for shape in [&[5, 5][..], &[1], &[4, 1, 1]] {
        let misfit = weights::read(&checked, &zeros(&[(name, Dtype::F32, shape)])).unwrap_err();
        assert!(matches!(misfit, Misfit::Different(_)), "{shape:?}");
    }
    let drawn = weights::init(&checked, 0);
    let (_, tensor) = drawn.iter().next().unwrap();
    assert_eq!((tensor.shape.as_slice(), tensor.values.as_slice()), (&[5][..], &[1e-6; 5][..]));
}

#[test]
fn the_permutation_is_numpys_transpose() {
    // numpy.arange(24).reshape(2, 3, 2, 2).transpose(2, 3, 1, 0).ravel()
    let values: Vec<f32> = (0..24_u8).map(f32::from).collect();
    let hwio = weights::oihw_to_hwio(&values, [2, 3, 2, 2]);
    let numpy = [0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23_u8];
    assert_eq!(hwio, numpy.map(f32::from));
    assert_eq!(weights::hwio_to_oihw(&hwio, [2, 3, 2, 2]), values);
}

#[test]
fn weights_come_back_from_a_file_bit_for_bit_in_every_dialect() {
    for dialect in ["torchvision", "keras", "paper"] {
        let checked = compile(&small(dialect));
        let weights = filled(&checked);
        let bytes = weights::write(&checked, &weights).unwrap();
        assert_eq!(weights::read(&checked, &bytes).unwrap(), weights, "{dialect}");
        assert_eq!(weights::write(&checked, &weights).unwrap(), bytes, "the same weights give the same bytes");
    }
}

#[test]
fn a_file_of_other_floats_is_rounded_to_float32() {
    let checked = compile(TINY);
    let weights = filled(&checked);
    let bytes = |dtype: Dtype, convert: &dyn Fn(f32) -> Vec<u8>| {
        let data: Vec<(String, Vec<usize>, Vec<u8>)> = weights::expected(&checked)
            .into_iter()
            .map(|entry| {
                let values = &weights.get(entry.parameter).unwrap().values;
                let shape = entry.shape.iter().map(|&side| side as usize).collect();
                (entry.name, shape, values.iter().flat_map(|&value| convert(value)).collect())
            })
            .collect();
        let views = data
            .iter()
            .map(|(name, shape, data)| (name.as_str(), TensorView::new(dtype, shape.clone(), data).unwrap()));
        serialize(views, None).unwrap()
    };
    let double = bytes(Dtype::F64, &|value| f64::from(value).to_le_bytes().to_vec());
    assert_eq!(weights::read(&checked, &double).unwrap(), weights);
    let half = bytes(Dtype::F16, &|value| half::f16::from_f32(value).to_le_bytes().to_vec());
    let brain = bytes(Dtype::BF16, &|value| half::bf16::from_f32(value).to_le_bytes().to_vec());
    for (bytes, rounding) in [(half, 1.0 / 2048.0), (brain, 1.0 / 256.0)] {
        let read = weights::read(&checked, &bytes).unwrap();
        for ((_, read), (_, original)) in read.iter().zip(weights.iter()) {
            for (read, original) in read.values.iter().zip(&original.values) {
                assert!((read - original).abs() <= original.abs() * rounding + 1e-7, "{read} {original}");
            }
        }
    }
}

#[test]
fn everything_that_does_not_fit_is_said_at_once() {
    let f32 = Dtype::F32;
    let file = zeros(&[
        ("conv1.weight", f32, &[4, 3, 5, 5]),
        ("bn1.weight", f32, &[4]),
        ("bn1.bias", Dtype::I64, &[4]),
        ("bn1.running_mean", f32, &[4]),
        ("bn1.running_var", f32, &[4]),
        ("bn1.num_batches_tracked", Dtype::I64, &[]),
        ("layer1.0.conv1.wieght", f32, &[4, 4, 3, 3]),
        ("fc.weight", f32, &[2, 4]),
        ("fc.bias", f32, &[2]),
    ]);
    insta::assert_snapshot!("misfit", refusal_of(&file));
}

#[test]
fn a_prefix_on_every_name_is_recognised() {
    let checked = compile(TINY);
    let entries: Vec<_> =
        weights::expected(&checked).into_iter().map(|entry| (format!("module.{}", entry.name), entry.shape)).collect();
    let shapes: Vec<(&str, Vec<usize>)> = entries
        .iter()
        .map(|(name, shape)| (name.as_str(), shape.iter().map(|&side| side as usize).collect()))
        .collect();
    let tensors: Vec<_> = shapes.iter().map(|(name, shape)| (*name, Dtype::F32, shape.as_slice())).collect();
    let text = refusal_of(&zeros(&tensors));
    assert!(text.contains("the names of the file begin with `module.`"), "{text}");
    assert!(text.contains("and 7 more missing"), "{text}");
}

#[test]
fn a_backbone_s_prefix_and_what_it_lacks_are_told() {
    let checked = compile(TINY);
    let entries: Vec<_> = weights::expected(&checked)
        .into_iter()
        .filter(|entry| !entry.name.starts_with("fc."))
        .map(|entry| (format!("backbone.{}", entry.name), entry.shape))
        .collect();
    let shapes: Vec<(&str, Vec<usize>)> = entries
        .iter()
        .map(|(name, shape)| (name.as_str(), shape.iter().map(|&side| side as usize).collect()))
        .collect();
    let mut tensors: Vec<_> = shapes.iter().map(|(name, shape)| (*name, Dtype::F32, shape.as_slice())).collect();
    tensors.push(("backbone.bn1.num_batches_tracked", Dtype::I64, &[]));
    let text = refusal_of(&zeros(&tensors));
    assert!(text.contains("the names of the file begin with `backbone.`, those of the network do not"), "{text}");
    assert!(
        text.contains("`fc.bias`") && text.contains("`fc.weight`") && text.contains("are then still missing"),
        "{text}"
    );
    assert!(
        text.contains("{k.removeprefix('backbone.'): v for k, v in s.load_file('weights.safetensors').items()"),
        "{text}"
    );
}

#[test]
fn a_tensor_of_another_shape_is_no_misspelling() {
    let text = refusal_of(&zeros(&[("conv1.wieght", Dtype::F32, &[9, 9])]));
    assert!(text.contains("unexpected `conv1.wieght`") && !text.contains("missing is `conv1.weight`"), "{text}");
}

#[test]
fn counters_that_a_table_does_not_ignore_are_told() {
    let own = "use dialect mine\ndialect mine extends torchvision { names = mine }\nnames mine { layout = torch parameters { kernel \".w\" \
        bias \".b\" scale \".g\" shift \".s\" mean \".m\" variance \".v\" } *.* \"{block}.{branch}.{role}{sequence}\" block \"b{number}\" }\n\
        network t { input 3 x 8 x 8 stem cifar(4) stage basic(4) }";
    let source = resnetc::source::Source::new("t.resnet", own);
    let checked = resnetc::compile(&source).unwrap();
    let entries: Vec<_> = weights::expected(&checked).into_iter().map(|entry| (entry.name, entry.shape)).collect();
    let shapes: Vec<(&str, Vec<usize>)> = entries
        .iter()
        .map(|(name, shape)| (name.as_str(), shape.iter().map(|&side| side as usize).collect()))
        .collect();
    let mut tensors: Vec<_> = shapes.iter().map(|(name, shape)| (*name, Dtype::F32, shape.as_slice())).collect();
    tensors.push(("b0.bn.num_batches_tracked", Dtype::I64, &[]));
    let misfit = weights::read(&checked, &zeros(&tensors)).unwrap_err().to_string();
    assert!(misfit.contains("write `ignored \".num_batches_tracked\"` among the `parameters`"), "{misfit}");
    let mended = own.replace("variance \".v\"", "variance \".v\" ignored \".num_batches_tracked\"");
    let checked = resnetc::compile(&resnetc::source::Source::new("t.resnet", mended)).unwrap();
    assert!(weights::read(&checked, &zeros(&tensors)).is_ok());
}

#[test]
fn other_formats_are_named_and_come_with_the_line_that_converts_them() {
    let read = |bytes: &[u8]| match weights::read(&compile(TINY), bytes) {
        Err(Misfit::Unreadable(unreadable)) => unreadable,
        other => panic!("{other:?}"),
    };
    assert_eq!(read(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."), Unreadable::Pickle);
    let archive = |member: &str| [b"PK\x03\x04".as_slice(), &[0; 26], member.as_bytes()].concat();
    assert_eq!(read(&archive("resnet18/data.pkl")), Unreadable::Pickle);
    assert_eq!(read(&archive("metadata.json")), Unreadable::KerasArchive);
    assert_eq!(read(b"\x89HDF\r\n\x1a\n"), Unreadable::Hdf5);
    assert!(refusal_of(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.").contains("torch.load("));
    assert!(refusal_of(&archive("metadata.json")).contains("keras.saving.load_model("));
}

#[test]
fn a_damaged_file_is_refused_wherever_it_is_cut() {
    let checked = compile(TINY);
    let bytes = weights::write(&checked, &filled(&checked)).unwrap();
    for length in (0..bytes.len()).step_by(97).chain([1, 7, 8, 9, bytes.len() - 1]) {
        let error = weights::read(&checked, &bytes[..length]).unwrap_err();
        assert!(matches!(error, Misfit::Unreadable(Unreadable::Corrupt(_))), "{length}: {error}");
    }
}

#[test]
fn fresh_weights_depend_on_the_seed_and_the_name_and_have_the_dialects_variance() {
    let checked = compile(&of_depth(18, "torchvision"));
    let weights = weights::init(&checked, 7);
    assert_eq!(weights, weights::init(&checked, 7));
    let entries = weights::expected(&checked);
    let tensor = |name: &str| {
        let entry = entries.iter().find(|entry| entry.name == name).unwrap();
        &weights.get(entry.parameter).unwrap().values
    };
    let moments = |values: &[f32]| {
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
        (mean, values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / values.len() as f64)
    };
    // Kaiming normal, fan out: 2 / (512 x 3 x 3).
    let (mean, variance) = moments(tensor("layer4.1.conv1.weight"));
    let expected = 2.0 / (512.0 * 9.0);
    assert!(mean.abs() < 1e-4 && (variance / expected - 1.0).abs() < 0.01, "{mean} {variance} {expected}");
    assert_ne!(tensor("layer4.1.conv1.weight"), tensor("layer4.1.conv2.weight"));
    // Uniform in 1 / sqrt(512): variance 1 / (3 x 512); the bias too.
    let (_, variance) = moments(tensor("fc.weight"));
    assert!((variance * 3.0 * 512.0 - 1.0).abs() < 0.01, "{variance}");
    assert!(tensor("fc.weight").iter().chain(tensor("fc.bias")).all(|v| v.abs() <= 512_f32.sqrt().recip()));
    assert!(tensor("fc.bias").iter().any(|&v| v != 0.0));
    assert!(tensor("bn1.weight").iter().chain(tensor("bn1.running_var")).all(|&v| v == 1.0));
    assert!(tensor("bn1.bias").iter().chain(tensor("bn1.running_mean")).all(|&v| v == 0.0));
    assert_ne!(weights, weights::init(&checked, 8));
}
