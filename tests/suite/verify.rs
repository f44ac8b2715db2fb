//! `resnetc verify` as a user meets it: it agrees where there is nothing to find, and finds what was put there.

use crate::describe;
use crate::fill::fill;
use crate::networks::{cifar, compile, filled, small};
use crate::npy;
use crate::python::python;
use assert_cmd::Command;
use resnetc::ir::ParameterKind;
use resnetc::valid::Checked;
use resnetc::weights::{Fresh, Tensor, Weights, collect, images};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// A folder with a description.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("net.toml"), text).unwrap();
    folder
}

fn verify(folder: &Path) -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("resnetc");
    command.current_dir(folder).args(["verify", "net.toml"]);
    // What else a machine has takes its time; one back end of Keras will do.
    command.env("KERAS_BACKEND", "jax").env("RESNETC_PYTHON", python());
    command
}

/// What Python does before anything else.
fn meddle(command: &mut Command, folder: &Path, text: &str) {
    std::fs::write(folder.join("sitecustomize.py"), text).unwrap();
    command.env("PYTHONPATH", folder);
}

/// The exit code and the answer as JSON.
fn answer(command: &mut Command) -> (i32, Value) {
    let output = command.args(["--format", "json"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    let json = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{error}"));
    (output.status.code().unwrap(), json)
}

/// The exit code, what was printed and what was complained of; numbers that depend on the machine are cut out.
fn printed(command: &mut Command, folder: &Path) -> String {
    let output = command.output().unwrap();
    let [text, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    let printed = format!("exit {}\n{text}{error}", output.status.code().unwrap());
    printed.replace(&format!("{}/", folder.display()), "").replace(&python().display().to_string(), "PYTHON")
}

/// The text of a description that ships, whichever its language.
fn text_of(name: &str) -> String {
    let path = describe::shipped().into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == name));
    std::fs::read_to_string(path.unwrap()).unwrap()
}

/// The back ends that a build has: with the live model one more.
fn own() -> usize {
    usize::from(cfg!(feature = "live"))
}

#[test]
fn what_ships_is_verified() {
    // One of each kind that small machines run in a moment; all of them are `make verify-all`.
    let chosen = ["cifar_resnet20", "custom_gated", "regnet_y_400mf"];
    let all = std::env::var_os("RESNETC_VERIFY_ALL").is_some();
    let mut verified = 0;
    for path in describe::shipped() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if !all && !chosen.contains(&name) {
            continue;
        }
        for form in [&[][..], &["--fold-batch-norm"]] {
            let mut command = assert_cmd::cargo::cargo_bin_cmd!("resnetc");
            command.arg("verify").arg(&path).args(form).env("RESNETC_PYTHON", python());
            if !all {
                command.env("KERAS_BACKEND", "jax");
            }
            let (code, answer) = answer(&mut command);
            assert_eq!((code, &answer["verdict"]), (0, &json!("verified")), "{name} {form:?}: {answer:#}");
            // What is drawn makes every output depend on every tensor.
            assert_eq!((&answer["compared_beside"], &answer["not_compared"]), (&json!([]), &json!([])), "{name}");
            let ran = answer["runtimes"].as_array().unwrap().iter().filter(|runtime| runtime["status"] == "ran");
            assert!(ran.count() >= 2 + own(), "{name}: {answer:#}");
        }
        verified += 1;
    }
    assert!(verified >= chosen.len());
}

#[test]
fn weights_and_images_of_any_size_may_be_given() {
    let folder = folder(&small("keras"));
    let network = compile(&small("keras"));
    std::fs::write(folder.path().join("w.safetensors"), resnetc::weights::write(&network, &filled(&network)).unwrap())
        .unwrap();
    let shape = [3, 3, 41, 38];
    npy::write(&folder.path().join("x.npy"), &shape, &fill("input", &shape));
    let given = ["--weights", "w.safetensors", "--input", "x.npy"];
    let (code, answer) = answer(verify(folder.path()).args(given));
    assert_eq!((code, &answer["input"]), (0, &json!([3, 3, 41, 38])), "{answer:#}");
    assert_eq!(answer["runtimes"].as_array().unwrap().last().unwrap()["output_shape"], json!([3, 10]));
    // What does not fit is refused as it is elsewhere.
    npy::write(&folder.path().join("x.npy"), &[1, 2, 41, 38], &fill("input", &[1, 2, 41, 38]));
    let output = verify(folder.path()).args(given).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "nothing was compared");
    assert!(String::from_utf8_lossy(&output.stderr).contains("E0703"), "{output:?}");
    // Nobody can be blamed for what was none to begin with.
    let mut images = fill("input", &shape);
    images[1000] = f32::NAN;
    npy::write(&folder.path().join("x.npy"), &shape, &images);
    let text = printed(verify(folder.path()).args(given), folder.path());
    assert!(text.starts_with("exit 2\n") && text.contains("at [0, 0, 26, 12] it has NaN"), "{text}");
}

/// Another epsilon in one batch norm of an ONNX file, as a faulty runtime would have it.
const ONNX_EPSILON: &str = r#"
import onnx
import onnxruntime

Session = onnxruntime.InferenceSession

def meddled(path, *arguments, **options):
    model = onnx.load(path)
    for node in model.graph.node:
        if node.name == "layer2.0.bn1":
            (attribute,) = [one for one in node.attribute if one.name == "epsilon"]
            attribute.f = 0.1
    return Session(model.SerializeToString(), *arguments, **options)

onnxruntime.InferenceSession = meddled
"#;

/// And in Keras, where layers are made by the generated package.
const KERAS_EPSILON: &str = r#"
from keras import layers

init = layers.BatchNormalization.__init__

def meddled(self, *arguments, **options):
    if options["name"] == "layer2.0.bn1":
        options["epsilon"] = 0.1
    init(self, *arguments, **options)

layers.BatchNormalization.__init__ = meddled
"#;

#[test]
fn the_layer_at_which_two_runtimes_part_is_found() {
    for (meddler, odd) in [(ONNX_EPSILON, "onnx"), (KERAS_EPSILON, "keras on jax")] {
        let folder = folder(&cifar());
        let mut command = verify(folder.path());
        meddle(&mut command, folder.path(), meddler);
        let (code, answer) = answer(&mut command);
        assert_eq!((code, &answer["verdict"]), (1, &json!("different")), "{answer:#}");
        let mut found = 0;
        for pair in answer["differences"].as_array().unwrap() {
            let involved = pair["between"].as_array().unwrap().contains(&odd.into());
            assert_eq!(pair["difference"].as_f64().unwrap() > 1e-5, involved, "{answer:#}");
            if let Some(first) = pair["first"].as_object() {
                assert_eq!((&first["path"], &first["op"]), (&json!("layer2.0.bn1"), &json!("batch_norm")));
                let operands = first["operands"].as_array().unwrap();
                assert_eq!((operands.len(), &operands[0]["path"]), (1, &json!("layer2.0.conv1")));
                assert!(operands[0]["difference"].as_f64().unwrap() < 1e-6);
                found += 1;
            }
        }
        // Who agrees with one of a pair that was searched parts where it does.
        assert_eq!(found, 1, "{answer:#}");
    }
}

#[cfg(feature = "live")]
#[test]
fn what_differs_is_printed_for_people() {
    let folder = folder(&cifar());
    let mut command = verify(folder.path());
    meddle(&mut command, folder.path(), ONNX_EPSILON);
    insta::with_settings!({ filters => vec![
        (r"\d\.\de-[789]", "[tiny]"),
        (r"\d\.\de-\d", "[difference]"),
        (r"has -?\d+\.\d+ and onnx -?\d+\.\d+", "has [one] and onnx [another]"),
        (r"at \[\d+, \d+, \d+, \d+\]", "at [N, C, H, W]"),
        (r"(Keras|ONNX Runtime|resnetc) \d+\.\d+\.\d+ *", "$1 [version]  "),
    ], omit_expression => true }, {
        insta::assert_snapshot!(printed(&mut command, folder.path()));
    });
}

#[test]
fn without_a_runtime_of_others_nothing_is_verified() {
    let folder = folder(&cifar());
    let nowhere = folder.path().join("nowhere");
    let mut command = verify(folder.path());
    let text = printed(command.arg("--python").arg(&nowhere), folder.path());
    assert!(text.starts_with("exit 2\n"), "{text}");
    assert!(text.contains("error: not verified: no runtime but resnetc's own could be asked"), "{text}");
    assert!(
        text.contains("without keras on jax, onnx: there is no `nowhere`: name a Python with `--python`"),
        "{text}"
    );
    let mut command = verify(folder.path());
    meddle(&mut command, folder.path(), "import sys\nsys.modules['keras'] = sys.modules['onnxruntime'] = None\n");
    let (code, answer) = answer(&mut command);
    assert_eq!((code, &answer["verdict"]), (2, &json!("not verified")), "{answer:#}");
    let runtimes = answer["runtimes"].as_array().unwrap();
    // A Python without anything.
    let mut command = verify(folder.path());
    let plain = "import sys\nsys.path[:] = [one for one in sys.path if 'site-packages' not in one]\n";
    meddle(&mut command, folder.path(), plain);
    let text = printed(&mut command, folder.path());
    assert!(text.starts_with("exit 2\n"), "{text}");
    assert!(text.contains("without keras on jax: No module named 'keras' in `PYTHON`"), "{text}");
    assert!(text.contains("`pip install numpy onnxruntime keras jax safetensors`"), "{text}");
    for runtime in ["keras", "onnxruntime"] {
        let why = format!("import of {runtime} halted");
        assert!(runtimes.iter().any(|one| one["reason"].as_str().is_some_and(|reason| reason.contains(&why))));
    }
}

#[test]
fn a_runtime_that_fails_is_a_difference() {
    let folder = folder(&cifar());
    let mut command = verify(folder.path());
    let fails = "import onnxruntime\ndef refuse(*_, **__):\n    raise RuntimeError('no such op: Flatten')\n\
                 onnxruntime.InferenceSession = refuse\n";
    meddle(&mut command, folder.path(), fails);
    let text = printed(&mut command, folder.path());
    assert!(text.starts_with("exit 1\n"), "{text}");
    assert!(text.contains("failed: onnx: RuntimeError: no such op: Flatten"), "{text}");
    let mut command = verify(folder.path());
    meddle(&mut command, folder.path(), "import os\nos._exit(3)\n");
    let (code, answer) = answer(&mut command);
    assert_eq!((code, &answer["verdict"]), (1, &json!("failed")), "{answer:#}");
}

#[test]
fn a_runtime_that_hangs_is_left_behind() {
    let folder = folder(&cifar());
    let mut command = verify(folder.path());
    meddle(&mut command, folder.path(), "import time\ntime.sleep(600)\n");
    let text = printed(command.args(["--time-limit", "1"]), folder.path());
    assert!(text.starts_with("exit 2\n"), "{text}");
    assert!(text.contains("without keras on jax, onnx: it took more than 1 s\n"), "{text}");
}

/// A folder with a network that ends in a block of these statements, and the network.
fn ending_in(dialect: &str, statements: &str) -> (TempDir, Checked) {
    let text = format!(
        "use dialect {dialect}\nnetwork net {{ input 3 x 8 x 8 stem cifar(4) stage basic(4) head top }}\n\
         block top() {{ {statements} }}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("net.resnet"), &text).unwrap();
    (folder, compile(&text))
}

/// `verify` of the network in `folder`, on JAX and ONNX Runtime.
fn verify_ending(folder: &Path) -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("resnetc");
    command.current_dir(folder).args(["verify", "net.resnet"]);
    command.env("KERAS_BACKEND", "jax").env("RESNETC_PYTHON", python());
    command
}

#[test]
fn an_output_that_nothing_moves_is_not_verified() {
    let (folder, _) = ending_in("torchvision", "global_pool flatten linear(1) act(softmax)");
    let (code, found) = answer(&mut verify_ending(folder.path()));
    assert_eq!((code, &found["verdict"]), (2, &json!("not verified")), "{found:#}");
    assert_eq!(found["reason"], json!("every element of the output is 1, whatever weights and images are drawn"));

    let (folder, network) = ending_in("torchvision", "global_pool flatten linear(3)");
    let save = |keep: &dyn Fn(ParameterKind) -> bool| {
        let weights = collect(&network, Fresh::varied(&network, 0)).unwrap();
        let weights: Weights = weights
            .iter()
            .map(|(parameter, tensor)| {
                let values =
                    tensor.values.iter().map(|value| if keep(parameter.kind) { *value } else { 0.0 }).collect();
                (parameter, Tensor { shape: tensor.shape.clone(), values })
            })
            .collect();
        std::fs::write(folder.path().join("w.safetensors"), resnetc::weights::write(&network, &weights).unwrap())
            .unwrap();
    };
    save(&|_| false);
    let text = printed(verify_ending(folder.path()).args(["--weights", "w.safetensors"]), folder.path());
    assert!(text.starts_with("exit 2\n"), "{text}");
    assert!(text.contains("error: not verified: every element of the output is 0, with these weights"), "{text}");
    assert!(!text.contains("\nverified"), "{text}");
    // Biases move the output, but no image does.
    save(&|kind| kind != ParameterKind::Kernel);
    let (code, found) = answer(verify_ending(folder.path()).args(["--weights", "w.safetensors"]));
    assert_eq!((code, &found["verdict"]), (2, &json!("not verified")), "{found:#}");
    assert!(found["reason"].as_str().unwrap().starts_with("the output is the same for every image"), "{found:#}");

    let text = "use dialect torchvision\nnetwork net { input 3 x 8 x 8 stem none stage own() head none }\n\
                block own() { conv 3x3 (4) act global_pool flatten linear(3, bias = false) }\n";
    std::fs::write(folder.path().join("net.resnet"), text).unwrap();
    npy::write(&folder.path().join("x.npy"), &[2, 3, 8, 8], &[0.0; 384]);
    let (code, found) = answer(verify_ending(folder.path()).args(["--input", "x.npy"]));
    assert_eq!((code, &found["verdict"]), (2, &json!("not verified")), "{found:#}");
    assert_eq!(found["reason"], json!("every element of the output is 0, with these images"));
}

#[test]
fn the_output_of_the_whole_program_is_compared_whatever_layer_is_last() {
    for (dialect, top, shape) in [
        ("torchvision", "global_pool channel_conv(3)", json!([2, 4, 1, 1])),
        ("torchvision", "conv 3x3 (4, stride = 2, dilation = 2, padding = 2)", json!([2, 4, 4, 4])),
        ("keras", "conv 1x1 (6) act", json!([2, 6, 8, 8])),
        ("keras", "flatten", json!([2, 256])),
    ] {
        let (folder, _) = ending_in(dialect, top);
        let (code, found) = answer(&mut verify_ending(folder.path()));
        assert_eq!((code, &found["verdict"]), (0, &json!("verified")), "{top}: {found:#}");
        let ran = found["runtimes"].as_array().unwrap().iter().filter(|runtime| runtime["status"] == "ran");
        assert!(ran.clone().count() >= 2 && ran.clone().all(|runtime| runtime["output_shape"] == shape), "{found:#}");
    }
}

/// A package whose model gives another value than its layer of this name: what it does behind is the model's too.
const KERAS_BEHIND: &str = r#"
from keras import layers

call = layers.Reshape.call

def meddled(self, inputs):
    return call(self, inputs) * (1.5 if self.name.endswith("_map") else 1.0)

layers.Reshape.call = meddled
"#;

#[test]
fn what_a_package_does_behind_its_last_named_layer_is_seen() {
    let (folder, _) = ending_in("torchvision", "global_pool channel_conv(3)");
    let mut command = verify_ending(folder.path());
    meddle(&mut command, folder.path(), KERAS_BEHIND);
    let (code, found) = answer(&mut command);
    assert_eq!((code, &found["verdict"]), (1, &json!("different")), "{found:#}");
    // Where Keras parts from one runtime it parts from the others: it is looked for once.
    let located = found["differences"].as_array().unwrap().iter().filter(|pair| !pair["first"].is_null());
    let located: Vec<_> = located.map(|pair| &pair["first"]["op"]).collect();
    assert_eq!(located, ["channel_conv"], "{found:#}");
}

/// What ONNX Runtime is given, with a tensor or an attribute changed a little.
fn onnx_with(change: &str) -> String {
    format!(
        "import onnx\nimport onnx.numpy_helper as helper\nimport onnxruntime\n\nSession = onnxruntime.InferenceSession\n\n\
         def meddled(path, *arguments, **options):\n    model = onnx.load(path)\n{change}    \
         return Session(model.SerializeToString(), *arguments, **options)\n\nonnxruntime.InferenceSession = meddled\n"
    )
}

/// The shift of a norm off by 1e-4.
const SHIFT: &str = "    for tensor in model.graph.initializer:\n        if tensor.name.endswith('norm.bias'):\n            \
                     values = helper.to_array(tensor) + 1e-4\n            \
                     tensor.CopyFrom(helper.from_array(values.astype('float32'), tensor.name))\n";
/// Its epsilon ten times as large.
const EPSILON: &str = "    for node in model.graph.node:\n        if node.op_type in ('InstanceNormalization', 'LayerNormalization'):\n            \
                       for one in node.attribute:\n                if one.name == 'epsilon':\n                    one.f *= 10\n";

#[test]
fn what_norms_of_few_values_magnify_is_rounding_and_nothing_else_is() {
    for top in ["global_pool group_norm(4) flatten", "global_pool group_norm(4) flatten linear(3)"] {
        let (folder, _) = ending_in("torchvision", top);
        let (code, found) = answer(&mut verify_ending(folder.path()));
        assert_eq!((code, &found["verdict"]), (0, &json!("verified")), "{top}: {found:#}");
        assert!(found["tolerance"].as_f64().unwrap() < 1e-2, "{found:#}");
        assert!(!found["compared_beside"].as_array().unwrap().is_empty(), "{found:#}");
    }
    for (top, change, bound) in [
        ("global_pool group_norm(4) flatten", SHIFT, 1e-3),
        ("group_norm(2)", SHIFT, 1.1e-5),
        ("group_norm(2)", EPSILON, 1.1e-5),
        ("global_pool group_norm(2) flatten", EPSILON, 1.1e-5),
    ] {
        let (folder, _) = ending_in("torchvision", top);
        let mut command = verify_ending(folder.path());
        meddle(&mut command, folder.path(), &onnx_with(change));
        let (code, found) = answer(&mut command);
        assert_eq!((code, &found["verdict"]), (1, &json!("different")), "{top} {change}: {found:#}");
        assert!(found["tolerance"].as_f64().unwrap() < bound, "{top}: {found:#}");
    }
}

#[test]
fn drawn_weights_all_count() {
    let shipped = resnetc::source::Source::new("convnext_tiny.resnet", text_of("convnext_tiny"));
    let convnext = resnetc::compile(&shipped).unwrap();
    for network in [compile(&small("keras")), compile(&small("torchvision")), compile(&cifar()), convnext] {
        let drawn = collect(&network, Fresh::varied(&network, 0)).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for (_, tensor) in drawn.iter() {
            let bits: Vec<_> = tensor.values.iter().map(|value| value.to_bits()).collect();
            assert!(bits.len() < 2 || bits.iter().any(|one| *one != bits[0]), "{tensor:?}");
            assert!(seen.insert(bits), "two tensors are alike");
        }
        assert_eq!(drawn, collect(&network, Fresh::varied(&network, 0)).unwrap());
        assert_ne!(drawn, collect(&network, Fresh::varied(&network, 1)).unwrap());
    }
    let [mean, square] = images(&[4, 3, 50, 50], 0)
        .values
        .iter()
        .fold([0.0, 0.0], |[sum, squares], value| [sum + value / 30_000.0, squares + value * value / 30_000.0]);
    assert!(mean.abs() < 0.02 && (square - 1.0).abs() < 0.03, "{mean} {square}");
}

#[cfg(feature = "live")]
#[test]
fn drawn_weights_keep_values_at_their_size_through_any_depth() {
    use burn::tensor::{Device, Tensor as Values, TensorData};
    // 110 layers of additions, and 19 without a norm or a shortcut.
    for name in ["cifar_resnet110", "vgg19", "resnetv2_50", "mobilenet_v2"] {
        let source = resnetc::source::Source::new(name, text_of(name));
        let options = resnetc::Options { input: Some([3, 32, 32]), ..resnetc::Options::default() };
        let network = resnetc::compile_with(&source, &options).unwrap();
        let device = Device::flex();
        let weights = collect(&network, Fresh::varied(&network, 0)).unwrap();
        let model = network.instantiate_with(&device, weights).unwrap();
        let images = TensorData::new(images(&[1, 3, 32, 32], 0).values, [1, 3, 32, 32]);
        let _ = model.trace(Values::<4>::from_data(images, &device), |place, value| {
            let values: Vec<f32> = value.clone().into_data().iter::<f32>().collect();
            let square: f32 = values.iter().map(|value| value * value / values.len() as f32).sum();
            let layer = network.layer(network.order()[place]).name;
            assert!((1e-3..1e4).contains(&square), "{name}: the mean square of `{layer}` is {square}");
        });
    }
}
