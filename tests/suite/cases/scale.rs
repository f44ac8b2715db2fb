//! Networks of as many nodes as there may be, distributed in every way that made some command slow: what grew with the square
//! of the nodes, or their cube, took minutes here. The bound is of the processor's seconds, many times what is needed.

use super::path;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Nodes of a network, the input and what a block has beside left out.
const NODES: usize = 99_000;

/// Seconds of the processor after which a command is stopped: the slowest needs a tenth, without optimisation.
const SECONDS: usize = 60;

fn assert_ends(arguments: &[&str], at: &Path) {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -t {SECONDS}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_resnetc")]);
    let output = command.args(arguments).current_dir(at).stdin(Stdio::null()).stdout(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {} {said}", output.status);
}

const BUILDS: [&[&str]; 2] =
    [&["build", "net.resnet", "--target", "burn", "--force"], &["build", "net.resnet", "--target", "keras", "--force"]];

const DRAWINGS: [&[&str]; 4] = [
    &["graph", "net.resnet"],
    &["graph", "net.resnet", "--depth", "layer", "--unfold"],
    &["graph", "net.resnet", "--depth", "layer", "--format", "dot"],
    &["report", "net.resnet", "-o", "-"],
];

/// Asserts that `commands` of the network `text` end, which is `net.resnet` for them.
fn assert_all_end(text: &str, commands: &[&[&str]]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("net.resnet"), text).unwrap();
    for command in commands {
        assert_ends(command, folder.path());
    }
}

/// The case with as many layers as there may be.
fn grown(case: &str, layers: &str) -> String {
    let text = fs::read_to_string(path(case)).unwrap();
    assert_eq!(text.matches(layers).count(), 1, "{text}");
    text.replace(layers, &format!("0..{NODES}"))
}

#[test]
fn a_block_of_norms_grows_to_the_limit() {
    assert_all_end(&grown("burn_cubic.resnet", "0..4000"), &BUILDS);
}

#[test]
fn a_block_of_activations_grows_to_the_limit() {
    assert_all_end(&grown("keras_quadratic.resnet", "0..16000"), &BUILDS);
}

#[test]
fn a_picture_of_units_grows_to_the_limit() {
    assert_all_end(&grown("graph_quadratic.resnet", "0..10000"), &DRAWINGS);
}

/// A network whose stages are `stages`.
fn network(stages: &str, blocks: &str) -> String {
    format!("use dialect keras\nnetwork big {{\n    input 8 x 32 x 32\n    stem none\n{stages}}}\n{blocks}\n")
}

/// A network of one block, which consists of `body`.
fn one(body: &str) -> String {
    network("    stage own(8)\n", &format!("block own(filters: channels) {{ {body} }}"))
}

/// `call` as stages of `blocks` blocks in all.
fn stages(blocks: usize, call: &str) -> String {
    let whole = format!("    stage {call} * 10000\n").repeat(blocks / 10_000);
    format!("{whole}    stage {call} * {}\n", blocks % 10_000)
}

/// A block of blocks, each of which is the innermost branch of joins in joins of the one before.
fn nested(depth: usize, count: usize) -> String {
    let level =
        |inner: &str| (0..20).fold(inner.to_owned(), |inner, _| format!("join add {{ a {{ {inner} }} b {{}} }}"));
    let mut blocks = format!("block own(filters: channels) {{ for i in 0..{count} {{ deep0(filters) }} }}\n");
    for at in 0..depth {
        let inner = if at + 1 < depth { format!("deep{}(filters)", at + 1) } else { "act".to_owned() };
        let _ = writeln!(blocks, "block deep{at}(filters: channels) {{ {} }}", level(&inner));
    }
    network("    stage own(8)\n", &blocks)
}

#[test]
fn what_flattened_maps_are_read_by_grows_to_the_limit() {
    assert_all_end(&one(&format!("flatten for i in 0..{NODES} {{ act }} linear(8)")), &BUILDS);
    assert_all_end(&one(&format!("flatten for i in 0..{} {{ unit i {{ linear(8) act }} }}", NODES / 2)), &BUILDS);
}

#[test]
fn joins_in_joins_grow_to_the_limit() {
    assert_all_end(&nested(25, NODES / 500 - 1), &[&BUILDS[..], &DRAWINGS[..]].concat());
}

#[test]
fn blocks_of_which_no_two_are_alike_grow_to_the_limit() {
    let odd = "block own(filters: channels) { conv 1x1 (filters, dilation = [1, index + 2]) }";
    assert_all_end(&network(&stages(NODES, "own(8)"), odd), &BUILDS);
}

#[test]
fn blocks_that_share_hardly_anything_grow_to_the_limit() {
    let sparse = "block own(filters: channels) { for i in 0..20 { unit 20 * index + i { norm } } }";
    assert_all_end(&network(&stages(NODES / 20, "own(8)"), sparse), &BUILDS);
}

#[test]
fn layers_of_which_no_two_have_one_number_grow_to_the_limit() {
    let count = NODES / 2;
    assert_all_end(&one(&format!("for i in 0..{count} {{ unit i {{ conv 1x1 ({count} + i) act }} }}")), &BUILDS);
}
