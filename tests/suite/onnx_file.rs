//! ONNX files: accepted by ONNX's checker, their shapes and outputs those of the network.

use crate::build::Net;
use crate::describe::shipped;
use crate::family::members;
use crate::fill::fill;
use crate::golden::{assert_golden, difference};
use crate::networks::filled;
use crate::python::python;
use crate::{npy, reference, sketches, strangers};
use resnetc::back::onnx;
use resnetc::ir::{Op, op};
use resnetc::pass::fold_batch_norm;
use resnetc::source::Source;
use resnetc::valid::Checked;
use resnetc::weights::{self, Weights};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A Python with ONNX and ONNX Runtime.
struct Runtime {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
}

impl Runtime {
    fn new() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/onnx_run.py");
        let mut command = Command::new(python());
        let mut child = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, questions, answers, folder: tempfile::tempdir().unwrap() }
    }

    /// What `network` makes of `images`, once its file was found to be what it should be.
    fn run(&mut self, network: &Checked, weights: &Weights, images: usize) -> Vec<f32> {
        let [path, output] = ["model.onnx", "out.npy"].map(|name| self.folder.path().join(name));
        let name = &network.graph().name;
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
        onnx::emit(network, weights, &mut file).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        file.into_inner().unwrap();
        writeln!(self.questions, "{}\t{}\t{images}", path.display(), output.display()).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{name}: onnx_run.py ended: {:?}", self.child.wait());
        check(network, &serde_json::from_str(&line).unwrap());
        npy::read(&output).1
    }
}

/// ONNX's shape of every layer is the network's, and every parameter is there.
fn check(network: &Checked, answer: &Value) {
    for layer in network.layers() {
        let expected: Vec<Value> =
            std::iter::once(json!("N")).chain(layer.output.dimensions().into_iter().map(|side| json!(side))).collect();
        assert_eq!(answer["shapes"][layer.name], json!(expected), "{}: {}", network.graph().name, layer.name);
    }
    assert_eq!(answer["outputs"], json!([network.name(network.output())]));
    for entry in weights::expected(network) {
        let found: Vec<u64> = serde_json::from_value(answer["tensors"][&entry.name].clone()).unwrap();
        let sides = |shape: &[u64]| shape.iter().copied().filter(|side| *side != 1).collect::<Vec<_>>();
        assert_eq!(sides(&found), sides(&entry.ir_shape), "{}: {}", network.graph().name, entry.name);
    }
}

fn description(path: &PathBuf) -> Checked {
    let source = Source::new(path.display().to_string(), std::fs::read_to_string(path).unwrap());
    resnetc::compile(&source).unwrap()
}

#[test]
fn the_family_gives_the_outputs_of_its_namesakes_in_onnx_runtime() {
    let mut runtime = Runtime::new();
    for (network, weights, expected) in members() {
        let name = network.graph().name.clone();
        assert_golden(&name, &expected, &runtime.run(&network, &weights, 1));
    }
}

#[test]
fn every_other_architecture_is_accepted() {
    let mut runtime = Runtime::new();
    for path in shipped().iter().filter(|path| path.extension().is_some_and(|ending| ending == "toml")) {
        let network = description(path);
        let logits = runtime.run(&network, &filled(&network), 1);
        // Through 1202 layers the weights of `fill.py` leave float32.
        let is_finite = logits.iter().all(|logit| logit.is_finite());
        assert!(is_finite || network.graph().name == "cifar_resnet1202", "{}", path.display());
    }
}

/// What the definition of `network` makes of two images, in double precision.
fn defined(network: &Checked) -> Vec<f32> {
    let weights = reference::weights(network);
    let images = fill("input", &[vec![2], network.input_shape().dimensions()].concat());
    let each = images.len() / 2;
    images.chunks(each).flat_map(|image| reference::run(network, &weights, image)).map(|v| v as f32).collect()
}

#[test]
fn every_op_computes_what_its_definition_says() {
    let mut runtime = Runtime::new();
    let networks = sketches::all().into_iter().chain(strangers::networks());
    let mut ops = std::collections::BTreeSet::new();
    for network in networks {
        let name = network.graph().name.clone();
        ops.extend(network.layers().map(|layer| layer.node.op.name()));
        let expected = defined(&network);
        let weights = filled(&network);
        let error = difference(&expected, &runtime.run(&network, &weights, 2));
        assert!(error < 5e-6, "{name} differs by {error}");
        let (folded, map) = fold_batch_norm(network.clone());
        let error = difference(&expected, &runtime.run(&folded, &map.apply(&weights), 2));
        assert!(error < 5e-6, "{name}, folded, differs by {error}");
    }
}

#[test]
fn the_command_writes_the_file_and_knows_when_it_is_stale() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let network = strangers::networks().remove(1);
    let name = format!("{}.onnx", network.graph().name);
    let stranger = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/strangers/gated.resnet");
    std::fs::write(path("w.safetensors"), weights::write(&network, &filled(&network)).unwrap()).unwrap();
    let build = |arguments: &[&str]| {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("resnetc");
        command.current_dir(folder.path()).args(["build", stranger, "-o", "."]).args(arguments).assert()
    };
    let weighted = ["--target", "onnx", "--weights", "w.safetensors"];
    build(&weighted).success().stdout(format!("wrote ./{name}\n"));
    let mut expected = Vec::new();
    onnx::emit(&network, &filled(&network), &mut expected).unwrap();
    assert!(std::fs::read(path(&name)).unwrap() == expected);
    build(&[&weighted[..], &["--check"]].concat()).success().stdout("");
    // Fresh weights are others; the file is ours to overwrite; the same seed gives the same bytes.
    build(&["--target", "onnx", "--check"]).code(1).stdout(format!("stale ./{name}\n"));
    build(&["--target", "onnx", "--seed", "7"]).success();
    build(&["--target", "onnx", "--seed", "7", "--check"]).success();
    build(&["--target", "onnx", "--fold-batch-norm"]).success();
    build(&["--weights", "w.safetensors"]).code(2);
    std::fs::write(path(&name), "mine").unwrap();
    build(&["--target", "onnx"]).code(2);
    assert_eq!(std::fs::read(path(&name)).unwrap(), b"mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing temporary is left");
}

#[test]
fn an_adaptive_pool_of_many_uneven_cells_is_refused() {
    let emit = |size: u64, cells: u64| {
        let (mut net, input) = Net::new(1, [size, size]);
        net.then(Op::AdaptivePool(op::AdaptivePool { kind: op::PoolKind::Average, output: [cells, cells] }), input);
        let network = net.finish();
        onnx::emit(&network, &Weights::default(), &mut std::io::sink())
    };
    for (size, cells) in [(300, 256), (600, 300), (257, 256)] {
        assert!(emit(size, cells).is_ok(), "{size} to {cells}");
    }
    let Err(onnx::EmitError::Unsupported(refusal)) = emit(300, 257) else { panic!("257 of 300 rows are written") };
    assert!(refusal.reason.contains("257 x 257 from 300 x 300"), "{}", refusal.reason);
}
