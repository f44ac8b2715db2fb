//! `resnetc sweep` as a program: what it prints, what it refuses before anything runs, how it ends.

use crate::describe::architectures;
use assert_cmd::Command;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

struct Answer {
    code: i32,
    out: String,
    err: String,
}

fn resnetc(arguments: &[&str], input: &str) -> Answer {
    let mut command = Command::cargo_bin("resnetc").unwrap();
    let output = command.current_dir(architectures()).args(arguments).write_stdin(input).output().unwrap();
    Answer {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The call and all that it answers.
fn shown(arguments: &[&str]) -> String {
    let Answer { code, out, err } = resnetc(arguments, "");
    let quoted = arguments
        .iter()
        .map(|word| if word.contains(['*', ' ', '<', '(', '[']) { format!("'{word}'") } else { (*word).to_owned() });
    format!("$ resnetc {}\n{err}--\n{out}-- {code}", quoted.collect::<Vec<_>>().join(" "))
}

#[test]
fn rows_come_in_the_order_of_the_grid() {
    insta::assert_snapshot!(shown(&[
        "sweep",
        "resnet50.toml",
        "--set",
        "stage.3.blocks=4..=6",
        "--set",
        "input.size=160,224x192"
    ]));
}

#[test]
fn what_does_not_compile_is_a_row_that_says_so() {
    let sweep =
        ["sweep", "resnet18.toml", "--set", "stage.*.filters*=0.25,1", "--set", "block.shortcut=A,B,se(reduction = 4)"];
    insta::assert_snapshot!(shown(&sweep));
    insta::assert_snapshot!(shown(&[&sweep[..], &["--format", "jsonl"]].concat()));
}

#[test]
fn a_small_grid_is_a_table() {
    let sweep = ["sweep", "resnet50d.resnet", "--set", "classes=10", "--set", "block.groups=1,2,3"];
    insta::assert_snapshot!(shown(&[&sweep[..], &["--format", "table"]].concat()));
    insta::assert_snapshot!(shown(&[&sweep[..], &["--format", "markdown"]].concat()));
}

#[test]
fn filters_keep_what_is_within_bounds_and_what_nothing_beats() {
    let sweep = [
        "sweep",
        "resnet50.toml",
        "--set",
        "stage.3.blocks=1..=30",
        "--set",
        "stage.*.filters*=0.5,0.75,1",
        "--set",
        "block.groups=1,2,4",
    ];
    let bounds =
        ["--where", "macs <= 1.2e9", "--where", "parameters>5_000_000", "--pareto", "max:parameters,macs,memory"];
    insta::assert_snapshot!(shown(&[&sweep[..], &bounds, &["--format", "table"]].concat()));
    // All of equals stay.
    let equal = [
        "sweep",
        "resnet18.toml",
        "--set",
        "dialect=torchvision,paper",
        "--set",
        "stem.filters=32,64",
        "--pareto",
        "macs",
    ];
    insta::assert_snapshot!(shown(&equal));
}

#[test]
fn a_budget_is_held_and_an_expectation_is_not() {
    let text = "name = \"r\"\ndialect = \"torchvision\"\ndepth = 18\n[expect]\nparameters = 1\n[budget]\nmax_macs = 2_000_000_000\n";
    let answer = resnetc(&["sweep", "-", "--set", "depth=18,34", "--format", "table"], text);
    assert_eq!(answer.code, 0);
    insta::assert_snapshot!(answer.out);
    assert_eq!(answer.err, "r: 2 variants: depth (2)\n2 evaluated, 1 over budget\n");
    let answer = resnetc(&["sweep", "-", "--set", "depth=18,34", "--pareto", "max:macs"], text);
    assert_eq!(answer.out.lines().count(), 2, "what exceeds its budget is on no front");
}

/// Settings and what is said of them before anything runs.
#[test]
fn settings_that_mean_nothing_are_refused_at_once() {
    let sets = [
        "stage.3.block=1",
        "stages.3.blocks=1",
        "stage.5.blocks=1",
        "stage.0.blocks=1",
        "stage.*.groups",
        "block.filters=1,2",
        "block.blocks=1",
        "block.group=2",
        "stem.groups=2",
        "depth=50",
        "classes=10",
        "input.size=big",
        "input.size=1x2x3",
        "stage.1.blocks=3..=1",
        "stage.1.blocks=1..=3 step 0",
        "stage.1.blocks=0.5..=1",
        "stage.1.blocks=1..=99999999999",
        "stage.1.blocks=",
        "stage.1.blocks=2,,3",
        "stage.1.filters*=-1",
        "stage.1.filters*=half",
        "block.shortcut*=2",
        "block.kind=3",
        "dialect=[1]",
        "nonsense=1",
    ];
    let mut all = String::new();
    for set in sets {
        let answer = resnetc(&["sweep", "resnet50.toml", "--set", set], "");
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{set}");
        let said = answer.err.replace("\nFor more information, try '--help'.\n", "");
        all += &format!("--set '{set}'\n{}\n\n", said.trim_end());
    }
    insta::assert_snapshot!(all);
    let twice = ["sweep", "resnet50.toml", "--set", "stage.*.filters=8,16", "--set", "stage.2.filters=8"];
    insta::assert_snapshot!(shown(&twice));
}

#[test]
fn bounds_and_objectives_that_mean_nothing_are_refused_at_once() {
    let mut all = String::new();
    for (flag, text) in [
        ("--where", "mac<=1"),
        ("--where", "macs"),
        ("--where", "macs<=many"),
        ("--where", "macs<0"),
        ("--where", "macs<=-1"),
        ("--pareto", "parameter,macs"),
        ("--pareto", "least:macs"),
        ("--threads", "0"),
    ] {
        let answer = resnetc(&["sweep", "resnet50.toml", "--set", "stage.1.blocks=1", flag, text], "");
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{flag} {text}");
        let said = answer.err.replace("\nFor more information, try '--help'.\n", "");
        all += &format!("{flag} '{text}'\n{}\n\n", said.trim_end());
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_grid_that_is_too_large_is_not_begun() {
    let sizes = "input.size=1..=1000";
    let large =
        ["sweep", "resnet50.toml", "--set", sizes, "--set", "head.classes=1..=1000", "--set", "stem.filters=1..=100"];
    insta::assert_snapshot!(shown(&large));
    insta::assert_snapshot!(shown(&["sweep", "resnet50.toml", "--set", sizes, "--max-variants", "10"]));
    let table = resnetc(&["sweep", "resnet18.toml", "--set", "head.classes=1..=20000", "--format", "table"], "");
    assert_eq!((table.code, table.out.as_str()), (2, ""));
    assert!(table.err.contains("a table has at most 10000 rows"), "{}", table.err);
}

#[test]
fn a_description_that_no_value_mends_is_the_answer_no() {
    let answer = resnetc(&["sweep", "-", "--set", "depth=18"], "name = \"r\"\ndialect = \"torchvision\"\ndepht = 18\n");
    assert_eq!((answer.code, answer.out.as_str()), (1, ""));
    assert!(answer.err.starts_with("error[E0201]: a description has no key `depht`"), "{}", answer.err);
}

#[test]
fn threads_change_nothing_that_is_printed() {
    let sweep = |threads| {
        let set = ["--set", "stage.*.blocks=1..=8", "--set", "head.classes=1..=300"];
        resnetc(&[&["sweep", "resnet18.toml"], &set[..], &["--threads", threads]].concat(), "").out
    };
    let one = sweep("1");
    assert_eq!(one.lines().count(), 2401);
    assert!(sweep("2") == one && sweep("7") == one);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_resnetc"))
        .current_dir(architectures())
        .args(["sweep", "resnet18.toml", "--set", "head.classes=1..=1000000", "--threads", "2"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with("head.classes,parameters,"), "{line}");
    drop(reader);
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{err}");
    assert!(err.starts_with("resnet18: 1,000,000 variants: head.classes (1,000,000)\n"), "{err}");
    assert!(!err.contains("panicked"), "{err}");
}
