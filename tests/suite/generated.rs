//! The committed output, `tests/golden/generated`: fresh, and the networks that it comes from.

use crate::describe::architectures;
use crate::fill::fill;
use crate::golden::difference;
use crate::networks::filled;
use crate::{npy, python, reference};
use assert_cmd::cargo::cargo_bin_cmd;
use resnetc::back::{burn, keras};
use resnetc::source::Source;
use resnetc::valid::Checked;
use resnetc::weights;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Descriptions whose crates and packages are committed: plain convolutions, depthwise ones with gates, a block and a
/// dialect that the library does not have. `make golden` writes them.
pub const DESCRIPTIONS: [&str; 3] = ["resnet18.toml", "efficientnet_b0.resnet", "custom_gated.resnet"];

/// Where the output for `target` stands.
pub fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/generated").join(target)
}

fn compile(file: &str, text: String) -> Checked {
    let source = Source::new(file, text);
    resnetc::compile(&source)
        .unwrap_or_else(|report| panic!("{}", resnetc::diagnostic::render::text(&report, &source, false)))
}

/// Their networks, with inputs that are small enough for arithmetic in double precision.
pub fn networks() -> Vec<Checked> {
    let small = |file: &str| {
        let text = fs::read_to_string(architectures().join(file)).unwrap();
        let text = text.replace("[224, 224]", "[64, 48]").replace("3 x 224 x 224", "3 x 64 x 48");
        let promise = text.find("\n[expect]").or_else(|| text.find("\n    expect {"));
        let (before, after) = promise.map_or((text.as_str(), ""), |at| text.split_at(at));
        // Only multiply-accumulates depend on the size of the input.
        let after: String =
            after.lines().filter(|line| !line.contains("macs =")).map(|line| format!("{line}\n")).collect();
        compile(file, format!("{before}{after}"))
    };
    DESCRIPTIONS.map(small).to_vec()
}

#[test]
fn the_committed_output_is_what_build_writes() {
    for target in ["burn", "keras"] {
        let mut known = BTreeSet::new();
        for description in DESCRIPTIONS {
            let path = architectures().join(description);
            let mut resnetc = cargo_bin_cmd!("resnetc");
            resnetc.args(["build", "--check", "--target", target, "-o"]).arg(folder(target)).arg(&path);
            let output = resnetc.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "run `make golden`:\n{said}");
            let network = compile(description, fs::read_to_string(&path).unwrap());
            let files = if target == "burn" { burn::emit(&network) } else { keras::emit(&network) };
            known.extend(files.unwrap().into_iter().map(|file| folder(target).join(file.path)));
        }
        let mut folders = vec![folder(target)];
        while let Some(at) = folders.pop() {
            for path in fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    assert!(known.contains(&path), "nothing writes {}", path.display());
                }
            }
        }
    }
}

#[test]
fn the_committed_packages_compute_what_their_definitions_say() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: String| place.path().join(name);
    let (mut jobs, mut expected) = (Vec::new(), Vec::new());
    for network in networks() {
        let name = &network.graph().name;
        let [file, input, output] = ["safetensors", "in.npy", "out.npy"].map(|ending| at(format!("{name}.{ending}")));
        fs::write(&file, weights::write(&network, &filled(&network)).unwrap()).unwrap();
        let shape = [vec![1], network.input_shape().dimensions()].concat();
        let image = fill("input", &shape);
        npy::write(&input, &shape, &image);
        jobs.push(json!({ "name": name, "weights": file, "input": input, "output": output, "arguments": {} }));
        let defined = reference::run(&network, &reference::weights(&network), &image);
        expected.push((output, defined.into_iter().map(|value| value as f32).collect::<Vec<_>>()));
    }
    let list = at("jobs.json".to_owned());
    fs::write(&list, Value::from(jobs).to_string()).unwrap();
    python::script("keras_run.py", &[&folder("keras"), &list]);
    for (output, expected) in expected {
        let error = difference(&expected, &npy::read(&output).1);
        assert!(error < 5e-6, "{}: {error}", output.display());
    }
}
