//! `resnetc run` and `resnetc bench` as a user meets them.

use assert_cmd::Command;
use std::path::Path;

const NETWORK: &str = r#"name = "tiny"
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
stride = 2

[head]
pool = "avg"
classes = 6
"#;

fn resnetc() -> Command {
    assert_cmd::cargo::cargo_bin_cmd!("resnetc")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The exit code and what was printed, paths cut down to their file names.
fn outcome(command: &mut Command, folder: &Path) -> String {
    let output = command.output().unwrap();
    let code = output.status.code().unwrap();
    let printed = format!("exit {code}\n{}{}", text(&output.stdout), text(&output.stderr));
    printed.replace(&format!("{}/", folder.display()), "")
}

#[cfg(not(feature = "live"))]
#[test]
fn without_the_live_model_the_commands_say_how_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("net.toml"), NETWORK).unwrap();
    for arguments in [vec!["run", "net.toml", "--input", "x.npy"], vec!["bench", "net.toml"]] {
        let outcome = outcome(resnetc().current_dir(&folder).args(arguments), folder.path());
        assert!(outcome.starts_with("exit 2\n") && outcome.contains("--features live"), "{outcome}");
    }
}

#[cfg(feature = "live")]
mod live {
    use super::{NETWORK, outcome, resnetc};
    use crate::fill::fill;
    use crate::networks::{compile, filled};
    use crate::npy;
    use serde_json::Value;
    use tempfile::TempDir;

    /// A folder with the tiny network, its weights, and two images of another size than the description's.
    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("net.toml"), NETWORK).unwrap();
        let checked = compile(NETWORK);
        let bytes = resnetc::weights::write(&checked, &filled(&checked)).unwrap();
        std::fs::write(folder.path().join("w.safetensors"), bytes).unwrap();
        npy::write(&folder.path().join("x.npy"), &[2, 3, 9, 7], &fill("input", &[2, 3, 9, 7]));
        folder
    }

    fn run(folder: &TempDir, arguments: &[&str]) -> String {
        outcome(resnetc().current_dir(folder).args(arguments), folder.path())
    }

    #[test]
    fn without_an_output_file_the_largest_values_are_printed() {
        let folder = folder();
        let arguments = ["run", "net.toml", "--weights", "w.safetensors", "--input", "x.npy"];
        let table = run(&folder, &arguments);
        assert!(table.starts_with("exit 0\ntiny: 2 x 6\n"), "{table}");
        assert_eq!(table.lines().count(), 3 + 10, "a header and five lines an image:\n{table}");
        let output = resnetc().current_dir(&folder).args(arguments).args(["--format", "json"]).output().unwrap();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["shape"], serde_json::json!([2, 6]));
        let top = json["images"][1]["top"].as_array().unwrap();
        assert_eq!(top.len(), 5);
        assert!(top.windows(2).all(|pair| pair[0]["value"].as_f64() >= pair[1]["value"].as_f64()));
    }

    #[test]
    fn fresh_weights_are_announced_and_always_the_same() {
        let folder = folder();
        let first = run(&folder, &["run", "net.toml", "--input", "x.npy"]);
        assert!(first.contains("fresh, from a fixed seed"), "{first}");
        assert_eq!(first, run(&folder, &["run", "net.toml", "--input", "x.npy", "--threads", "1"]));
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused_with_what_would() {
        let folder = folder();
        let mut outcomes = Vec::new();
        for shape in [&[2_u64, 9, 7, 3][..], &[3, 9, 7], &[9, 7, 3], &[2, 1, 9, 7], &[5], &[0, 3, 9, 7], &[1, 3, 1, 1]]
        {
            let count = shape.iter().product::<u64>() as usize;
            npy::write(&folder.path().join("x.npy"), shape, &vec![0.0; count]);
            outcomes.push(run(&folder, &["run", "net.toml", "--input", "x.npy"]));
        }
        // The last one fits.
        assert!(outcomes.pop().unwrap().starts_with("exit 0"));
        insta::assert_snapshot!("input_does_not_fit", outcomes.join("\n"));
    }

    #[test]
    fn what_is_no_array_is_refused_wherever_it_breaks() {
        let folder = folder();
        let whole = std::fs::read(folder.path().join("x.npy")).unwrap();
        let header = |text: &str| {
            [b"\x93NUMPY\x01\x00".as_slice(), &(text.len() as u16).to_le_bytes(), text.as_bytes()].concat()
        };
        let huge = "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808, 4), }";
        let broken = [
            Vec::new(),
            whole[..40].to_vec(),
            whole[..whole.len() - 1].to_vec(),
            header(huge),
            header(&format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {}", "(".repeat(9000))),
            header("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }"),
            header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }"),
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(),
        ];
        let outcomes = broken.map(|bytes| {
            std::fs::write(folder.path().join("x.npy"), bytes).unwrap();
            run(&folder, &["run", "net.toml", "--input", "x.npy"])
        });
        insta::assert_snapshot!("input_unreadable", outcomes.join("\n"));
    }

    #[test]
    fn float64_float16_and_fortran_order_are_the_same_images() {
        let folder = folder();
        let values: Vec<f32> = fill("input", &[2, 3, 9, 7]).iter().map(|v| half::f16::from_f32(*v).to_f32()).collect();
        npy::write(&folder.path().join("x.npy"), &[2, 3, 9, 7], &values);
        let expected = run(&folder, &["run", "net.toml", "--input", "x.npy"]);
        let write = |descr: &str, fortran: &str, data: Vec<u8>| {
            let text = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': (2, 3, 9, 7), }}\n");
            let length = (text.len() as u16).to_le_bytes();
            let bytes = [b"\x93NUMPY\x01\x00".as_slice(), &length, text.as_bytes(), &data].concat();
            std::fs::write(folder.path().join("x.npy"), bytes).unwrap();
            run(&folder, &["run", "net.toml", "--input", "x.npy"])
        };
        let double = values.iter().flat_map(|&v| f64::from(v).to_be_bytes()).collect();
        assert_eq!(write(">f8", "False", double), expected);
        let half = values.iter().flat_map(|&v| half::f16::from_f32(v).to_le_bytes()).collect();
        assert_eq!(write("<f2", "False", half), expected);
        let mut columns = Vec::new();
        for x in 0..7 {
            for y in 0..9 {
                for c in 0..3 {
                    columns.extend((0..2).flat_map(|n| values[((n * 3 + c) * 9 + y) * 7 + x].to_le_bytes()));
                }
            }
        }
        assert_eq!(write("<f4", "True", columns), expected);
    }

    #[test]
    fn weights_that_do_not_fit_are_an_object_in_json() {
        let folder = folder();
        let text = NETWORK.replace("classes = 6", "classes = 7");
        std::fs::write(folder.path().join("net.toml"), text).unwrap();
        let arguments = ["run", "net.toml", "--weights", "w.safetensors", "--input", "x.npy"];
        let output =
            resnetc().current_dir(&folder).args(arguments).args(["--message-format", "json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json[0]["code"], "E0701");
        assert_eq!(json[0]["file"], "w.safetensors");
        assert_eq!(json[0]["notes"].as_array().unwrap().len(), 2, "{json}");
    }

    #[test]
    fn a_map_that_vanishes_at_the_arrays_size_is_an_error_in_the_description() {
        let folder = folder();
        std::fs::write(
            folder.path().join("net.toml"),
            NETWORK.replace("\"cifar\"", "\"imagenet\"").replace("dialect = \"torchvision\"", "dialect = \"paper\""),
        )
        .unwrap();
        npy::write(&folder.path().join("x.npy"), &[1, 3, 1, 1], &[0.0; 3]);
        let outcome = run(&folder, &["run", "net.toml", "--input", "x.npy"]);
        assert!(outcome.starts_with("exit 1\n") && outcome.contains("E0302"), "{outcome}");
    }

    #[test]
    fn bench_reports_what_it_measured() {
        let folder = folder();
        let arguments = ["bench", "net.toml", "--batch", "3", "--runs", "4", "--threads", "2", "--format", "json"];
        let output = resnetc().current_dir(&folder).args(arguments).output().unwrap();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&json["name"], &json["batch"], &json["threads"]), (&"tiny".into(), &3.into(), &2.into()));
        let (ms, rate) = (json["median_ms"].as_f64().unwrap(), json["images_per_second"].as_f64().unwrap());
        assert!(ms > 0.0 && (rate - 3000.0 / ms).abs() < 1e-6 * rate);
        if cfg!(target_os = "linux") {
            assert!(json["peak_bytes"].as_u64().unwrap() > 1 << 20);
        }
        for how in [&[][..], &["--plain"]] {
            let table = run(&folder, &[&["bench", "net.toml", "--runs", "1"], how].concat());
            assert!(table.contains("median ms") && table.contains("tiny"), "{table}");
        }
    }
}
