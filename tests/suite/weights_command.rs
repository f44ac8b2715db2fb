//! `resnetc weights` as a user meets it, and what converting does to a network.

use crate::describe::{file, shipped};
use crate::fill::fill;
use crate::networks::{compile, filled, small};
use crate::reference;
use assert_cmd::Command;
use resnetc::diagnostic::{Code, Report};
use resnetc::ir::ParameterKind;
use resnetc::source::Source;
use resnetc::valid::Checked;
use resnetc::weights::{self, Derivation, Tensor, Weights, collect, expected, translate};
use resnetc::{Options, dialect, front};
use std::path::Path;

/// A description under the names of another dialect, if that tells its layers apart.
fn tried(text: &str, path: &str, names: &str) -> Result<Checked, Report> {
    let source = Source::new(path, text);
    let spec = front::parse(&source, &mut Report::default()).unwrap();
    let names = dialect::lookup(names, &spec.definitions).unwrap();
    resnetc::named(&spec, &names, &Options::default())
}

fn named(text: &str, path: &str, names: &str) -> Checked {
    tried(text, path, names).unwrap_or_else(|report| panic!("{path}: {report:?}"))
}

fn translated(from: &Checked, to: &Checked, weights: &Weights) -> Weights {
    collect(to, translate(from, to).unwrap().map.over(weights)).unwrap()
}

#[test]
fn weights_go_to_every_dialects_names_and_back_bit_for_bit() {
    // The large ones have the blocks of the small ones, and take minutes: `make verify-all`.
    let most = if std::env::var_os("RESNETC_VERIFY_ALL").is_some() { u128::MAX } else { 60 << 20 };
    let (mut networks, mut refused) = (0, Vec::new());
    for path in shipped() {
        let (text, path) = (std::fs::read_to_string(&path).unwrap(), path.display().to_string());
        let own = resnetc::compile(&Source::new(path.as_str(), text.as_str())).unwrap();
        if weights::bytes(&own) > most {
            continue;
        }
        networks += 1;
        let filled = filled(&own);
        // Biases that have no place in between would come back as another mean.
        let rounded = expected(&own).iter().any(|entry| entry.parameter.kind == ParameterKind::Bias)
            && own.graph().dialect.convolution_bias;
        for names in dialect::NAMES {
            let other = match tried(&text, &path, names) {
                Ok(other) => other,
                Err(report) => {
                    // Its table has no words for what this description's own blocks do.
                    let codes: Vec<_> = report.diagnostics().iter().map(|diagnostic| diagnostic.code).collect();
                    assert_eq!(codes, [Code::DuplicateName], "{path} as {names}");
                    refused.push(format!("{} as {names}", own.graph().name));
                    continue;
                }
            };
            let there = translated(&own, &other, &filled);
            let file = weights::write(&other, &there).unwrap();
            assert_eq!(weights::read(&other, &file).unwrap(), there, "{path} as {names}");
            if !rounded {
                assert_eq!(translated(&other, &own, &there), filled, "{path} as {names} and back");
            }
        }
    }
    assert_eq!(refused, ["custom_gated as keras"]);
    assert!(networks >= 19, "of {networks} networks only");
}

#[test]
fn a_torchvision_network_has_keras_own_names_and_shapes() {
    for (torchvision, keras) in [("resnet50", "keras_resnet50"), ("vgg16", "keras_vgg16")] {
        let renamed = named(&file(torchvision), torchvision, "keras");
        // Keras's own names are held against keras.applications elsewhere.
        let keras = compile(&file(keras));
        let tensors = |network: &Checked| {
            let mut tensors: Vec<_> = expected(network).into_iter().map(|entry| (entry.name, entry.shape)).collect();
            tensors.sort();
            tensors
        };
        assert_eq!(tensors(&renamed), tensors(&keras), "{torchvision}");
    }
}

#[test]
fn biases_that_the_other_dialect_lacks_change_no_output() {
    let text = small("keras");
    let (from, to) = (compile(&text), named(&text, "small", "torchvision"));
    let filled = filled(&from);
    let translation = translate(&from, &to).unwrap();
    assert_eq!(translation.surplus, []);
    let shifted = translation.map.iter().filter(|(_, how)| matches!(how, Derivation::ShiftedMean { .. })).count();
    assert_eq!(shifted, from.layers().filter(|layer| layer.node.op.name() == "batch_norm").count());
    let image = fill("input", &from.input_shape().dimensions());
    let run = |network: &Checked, weights: &Weights| {
        let values = weights.iter().map(|(p, tensor)| ((p.node, p.kind), tensor.values.clone())).collect();
        reference::run(network, &values, &image)
    };
    let (expected, found) = (run(&from, &filled), run(&to, &translated(&from, &to, &filled)));
    for (expected, found) in expected.iter().zip(&found) {
        // A mean is rounded to float32 once.
        assert!((expected - found).abs() < 1e-6 * expected.abs().max(1e-3), "{expected} {found}");
    }
}

const NETWORK: &str = r#"name = "tiny"
dialect = "torchvision"

[input]
channels = 3
size = [8, 8]

[stem]
kind = "cifar"
filters = 4

[[stage]]
kind = "basic"
filters = 4
blocks = 1

[head]
pool = "avg"
classes = 6
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.put("net.toml", NETWORK.as_bytes());
        let network = compile(NETWORK);
        folder.put("w.safetensors", &weights::write(&network, &filled(&network)).unwrap());
        folder
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.0.path().join(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).unwrap()
    }

    /// What a command writes to standard output.
    fn piped(&self, arguments: &str) -> Vec<u8> {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("resnetc"));
        command.current_dir(&self.0).arg("weights").args(arguments.split_whitespace()).output().unwrap().stdout
    }

    /// The exit code and what was printed.
    fn weights(&self, arguments: &str) -> String {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("resnetc"));
        let output = command.current_dir(&self.0).arg("weights").args(arguments.split_whitespace()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        format!("exit {}\n{}{}", output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }
}

#[test]
fn the_command_lists_checks_and_converts() {
    let folder = Folder::new();
    let mut shown = String::new();
    for arguments in [
        "list net.toml",
        "list net.toml --names keras --format csv",
        "list net.toml --names flax",
        "check net.toml w.safetensors",
        "check net.toml w.safetensors --names keras",
        "convert net.toml w.safetensors --to keras -o k.safetensors",
        "convert net.toml w.safetensors --to keras -o k.safetensors",
        "check net.toml k.safetensors --names keras",
        "check net.toml k.safetensors",
        "convert net.toml k.safetensors --from keras -o back.safetensors",
        "convert net.toml w.safetensors -o folded.safetensors --fold-batch-norm",
        "list net.toml --fold-batch-norm",
        "check net.toml folded.safetensors",
        "check net.toml folded.safetensors --fold-batch-norm",
        "convert net.toml folded.safetensors --to keras -o folded_keras.safetensors --fold-batch-norm",
        "check net.toml folded_keras.safetensors --names keras --fold-batch-norm",
        "convert net.toml net.toml -o x.safetensors",
        "convert net.toml none.safetensors -o x.safetensors",
        "convert net.toml w.safetensors -o none/x.safetensors",
    ] {
        shown += &format!("$ resnetc weights {arguments}\n{}\n", folder.weights(arguments));
    }
    insta::assert_snapshot!(shown);
    assert!(folder.read("back.safetensors") == folder.read("w.safetensors"), "byte for byte");
    assert!(folder.piped("convert net.toml w.safetensors --to keras -o -") == folder.read("k.safetensors"));
    let mut names: Vec<_> = Path::read_dir(folder.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let expected = [
        "back.safetensors",
        "folded.safetensors",
        "folded_keras.safetensors",
        "k.safetensors",
        "net.toml",
        "w.safetensors",
    ];
    assert_eq!(names, expected, "nothing half-written is left");
}

#[test]
fn values_that_no_network_can_use_are_named() {
    let text = small("torchvision");
    let network = compile(&text);
    let spoilt = |name: &str, places: &[(usize, f32)]| {
        let tensor = |(entry, mut tensor): (weights::Entry, Tensor)| {
            if entry.name == name {
                places.iter().for_each(|&(at, value)| tensor.values[at] = value);
            }
            (entry.parameter, tensor)
        };
        let whole = filled(&network);
        let tensors =
            expected(&network).into_iter().map(|entry| (entry.clone(), whole.get(entry.parameter).unwrap().clone()));
        tensors.map(tensor).collect::<Weights>()
    };
    let folder = tempfile::tempdir().unwrap();
    let (description, file) = (folder.path().join("net.toml"), folder.path().join("net.safetensors"));
    std::fs::write(&description, &text).unwrap();
    let answer = |weights: &Weights, command: &[&str]| {
        std::fs::write(&file, weights::write(&network, weights).unwrap()).unwrap();
        let mut resnetc = Command::cargo_bin("resnetc").unwrap();
        let output = resnetc.args(command).arg(&description).arg(&file).output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout),
        )
    };
    let check = ["weights", "check"];
    assert_eq!(answer(&spoilt("", &[]), &check).0, 0);
    let cases = [
        (
            spoilt("conv1.weight", &[(30, f32::NAN), (31, f32::NAN)]),
            "`conv1.weight`: 2 values are not numbers, the first at [0, 0, 4, 2]",
        ),
        (
            spoilt("bn1.running_var", &[(3, -1e-9)]),
            "`bn1.running_var`: 1 value is a negative variance, the first at [3]",
        ),
        (
            spoilt("bn1.running_mean", &[(2, f32::NEG_INFINITY)]),
            "`bn1.running_mean`: 1 value is infinite, the first at [2]",
        ),
    ];
    for (weights, told) in &cases {
        let (code, said) = answer(weights, &check);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("E0704") && said.contains(told), "{said}");
        let (code, said) = answer(weights, &["--message-format", "json", "weights", "check"]);
        assert_eq!(code, 1, "{said}");
        serde_json::from_str::<serde_json::Value>(said.trim()).unwrap();
        assert!(said.contains("\"E0704\"") && said.contains(told), "{said}");
    }
    // A conversion keeps every bit, and says what it keeps.
    let output = folder.path().join("converted.safetensors");
    let (weights, told) = &cases[0];
    let (code, said) = answer(weights, &["weights", "convert", "--output", output.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("note: the weights have 2 values that `small` cannot use: `conv1.weight`"), "{said}");
    assert!(said.contains(told), "{said}");
    let converted = weights::read(&network, &std::fs::read(&output).unwrap()).unwrap();
    assert_eq!(weights::write(&network, &converted).unwrap(), weights::write(&network, weights).unwrap());
    // A mean may be negative, and so may a factor.
    assert_eq!(answer(&spoilt("bn1.running_mean", &[(2, -4.0)]), &check).0, 0);
    assert_eq!(answer(&spoilt("bn1.weight", &[(2, -4.0)]), &check).0, 0);
}
