//! The roofline: what moves, how long it takes at least, and what is said about a machine's file.

use crate::describe::{RESNET_50, Residual, architectures, compile, file};
use assert_cmd::Command;
use resnetc::analysis::roofline::{Bound, Roof, Traffic, traffic};
use resnetc::front::toml::parse_machine;
use resnetc::ir::Dtype;
use resnetc::source::Source;
use std::path::{Path, PathBuf};

fn machines() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("machines")
}

const PI: Roof = Roof { peak: 153_600_000_000, bandwidth: 17_068_000_000 };

#[test]
fn the_machines_that_ship_are_read_and_say_where_their_numbers_are_from() {
    let mut files: Vec<_> = std::fs::read_dir(machines()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut peaks = Vec::new();
    for path in &files {
        let text = std::fs::read_to_string(path).unwrap();
        let source = Source::new(path.display().to_string(), text.clone());
        let machine = parse_machine(&source).unwrap();
        for figure in text.lines().filter(|line| line.contains('=') && !line.starts_with("name")) {
            assert!(figure.contains('#') || figure.starts_with("float64"), "{}: {figure}", path.display());
        }
        peaks.push((machine.name.value.clone(), machine.peak("float32").unwrap(), machine.bandwidth.value));
    }
    let expected = [
        ("NVIDIA A100 SXM", 19_500_000_000_000, 2_039_000_000_000),
        ("NVIDIA H100 SXM", 66_900_000_000_000, 3_350_000_000_000),
        ("Intel Core i5-7200U", 198_400_000_000, 34_100_000_000),
        ("Raspberry Pi 5", PI.peak, PI.bandwidth),
    ];
    assert_eq!(peaks, expected.map(|(name, peak, bandwidth)| (name.to_owned(), peak, bandwidth)));
}

#[test]
fn every_dtype_can_have_a_peak() {
    let peaks = Dtype::ALL.map(|dtype| format!("{} = 1e9\n", dtype.name())).concat();
    let text = format!("name = \"m\"\nbandwidth = 1e9\n[peak]\n{peaks}");
    let machine = parse_machine(&Source::new("m.toml", text)).unwrap();
    assert!(Dtype::ALL.iter().all(|dtype| machine.peak(dtype.name()) == Ok(1_000_000_000)));
}

#[test]
fn a_layer_is_bound_by_what_takes_longer() {
    let roof = Roof { peak: 100, bandwidth: 10 };
    assert!((roof.ridge() - 10.0).abs() < f64::EPSILON);
    let bound = |flops, bytes| roof.bound(Traffic { flops, bytes });
    let waits = Bound { seconds: 2.0, memory_seconds: 2.0, layers: 1, memory_layers: 1 };
    assert_eq!(bound(199, 20), waits);
    assert_eq!(bound(200, 20), Bound { memory_seconds: 0.0, memory_layers: 0, ..waits });
    assert_eq!(bound(400, 20), Bound { seconds: 4.0, memory_seconds: 0.0, memory_layers: 0, ..waits });
    assert_eq!(bound(0, 0), Bound::default());
}

fn reproduces(text: &str, batch: u32, dtype: Dtype, moved: Traffic, seconds: f64, layers: [usize; 2]) {
    let layers_of = traffic(&compile(text), dtype, batch);
    assert_eq!(layers_of.iter().copied().sum::<Traffic>(), moved, "{text}");
    let bound: Bound = layers_of.into_iter().map(|layer| PI.bound(layer)).sum();
    assert!((bound.seconds - seconds).abs() < 1e-12, "{text}: {}", bound.seconds);
    assert_eq!([bound.layers, bound.memory_layers], layers, "{text}");
}

/// torchvision 0.29's models with forward hooks on every `Conv2d` and `Linear`: elements of parameters, input and output.
#[test]
fn what_moves_is_what_hooks_on_the_models_of_torchvision_see() {
    let moved = |flops, bytes| Traffic { flops, bytes };
    let single = Dtype::Float32;
    reproduces(&file("resnet18"), 1, single, moved(3_628_146_688, 65_391_168), 0.023_734_659_329_739_862, [21, 1]);
    reproduces(&file("resnet50"), 1, single, moved(8_178_368_512, 189_133_376), 0.053_698_831_178_814_174, [54, 1]);
    reproduces(&file("vgg16"), 1, single, moved(30_940_528_640, 644_117_568), 0.228_812_404_180_923_33, [16, 3]);
    // The same peak, and half the bytes.
    let half = Dtype::Bfloat16;
    reproduces(&file("resnet18"), 8, half, moved(29_025_173_504, 98_045_904), 0.188_974_169_880_478_08, [21, 1]);
    let resnext = Residual { block: "groups = 32\nwidth_per_group = 4", ..RESNET_50 }.text();
    reproduces(&resnext, 8, half, moved(67_687_677_952, 503_561_168), 0.440_704_609_039_918_54, [54, 1]);
}

fn resnetc(arguments: &[&str], input: &str, folder: &Path) -> (i32, String, String) {
    let output =
        Command::cargo_bin("resnetc").unwrap().current_dir(folder).args(arguments).write_stdin(input).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn shown(arguments: &[&str]) -> String {
    let (code, out, err) = resnetc(arguments, "", &architectures());
    assert_eq!((code, err.as_str()), (0, ""));
    format!("$ resnetc {}\n{out}", arguments.join(" "))
}

#[test]
fn a_network_on_a_machine_is_a_table() {
    insta::assert_snapshot!(shown(&["flops", "resnet50.toml", "--machine", "../machines/raspberry_pi_5.toml"]));
    insta::assert_snapshot!(shown(&[
        "flops",
        "resnet50.toml",
        "--machine",
        "../machines/h100_sxm.toml",
        "--dtype",
        "bfloat16",
        "--batch",
        "256",
        "--by",
        "stage",
        "--sort",
        "bound",
        "--format",
        "markdown"
    ]));
}

#[test]
fn the_rows_of_a_machine_are_csv_and_json() {
    let machine = "../machines/laptop_avx2.toml";
    insta::assert_snapshot!(shown(&[
        "flops",
        "resnet18.toml",
        "--machine",
        machine,
        "--by",
        "block",
        "--format",
        "csv"
    ]));
    let (_, text, _) = resnetc(
        &["flops", "resnet18.toml", "--machine", machine, "--by", "stage", "--format", "json"],
        "",
        &architectures(),
    );
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let roofline = &json["roofline"];
    assert_eq!(roofline["machine"], "Intel Core i5-7200U");
    let parts = json["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 6);
    let sum: f64 = parts.iter().map(|part| part["lower_bound_ms"].as_f64().unwrap()).sum();
    assert!((sum - roofline["lower_bound_ms"].as_f64().unwrap()).abs() < 1e-9);
}

fn refused(machine: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("machine.toml"), machine).unwrap();
    let network = architectures().join("resnet18.toml");
    let arguments = ["flops", network.to_str().unwrap(), "--machine", "machine.toml", "--dtype", "float16"];
    let (code, out, err) = resnetc(&arguments, "", folder.path());
    assert_eq!((code, out.as_str()), (1, ""));
    format!("{machine}---\n{err}")
}

#[test]
fn a_faulty_machine_is_answered_as_a_faulty_description_is() {
    let texts = [
        "",
        "name = \"m\"\nbandwith = 1e9\npeak = 3\n",
        "name = \"m\"\nbandwidth = 0\n[peak]\nfloat16 = -1\n",
        "name = \"m\"\nbandwidth = 1.5\n[peak]\nfloat8 = 1e12\n",
        "name = \"m\"\nbandwidth = 1e9\n[peak]\n",
        "name = \"m\"\nbandwidth = 1e9\n[peak]\nfloat32 = 1e12\nbfloat16 = 2e12\n",
        "name = \"m\"\nbandwidth = 1e9\n[peak\n",
    ];
    insta::assert_snapshot!(texts.map(refused).join("\n"));
}

#[test]
fn sorting_by_time_needs_a_machine() {
    let (code, _, err) = resnetc(&["flops", "resnet18.toml", "--sort", "bound"], "", &architectures());
    assert_eq!(
        (code, err.as_str()),
        (2, "error: `--sort bound` sorts by time on a machine: say which with `--machine FILE`\n")
    );
}
