//! Inputs that went wrong once, in `tests/cases`: what each does now. A file a kind of fault.

use resnetc::source::Source;
use std::path::PathBuf;

mod generated;
mod language;
mod library;
mod messages;
mod robust;
mod scale;

/// Where the case is.
pub fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(file)
}

/// The text of a case that is a description.
pub fn source(file: &str) -> Source {
    Source::new(file, std::fs::read_to_string(path(file)).unwrap())
}

/// Cases whose mends are under way: each leaves the list with its test.
const WAITING: &[&str] = &[
    "ansi_layer_name.resnet",
    "ansi_machine_name.toml",
    "base_row_before_own.resnet",
    "block_called_none.resnet",
    "branch_condition.resnet",
    "burn_cubic.resnet",
    "csv_formula_layer_name.resnet",
    "false_recursion.resnet",
    "gate_of_vectors.resnet",
    "graph_quadratic.resnet",
    "height_decides_padding.resnet",
    "height_of_a_vector.resnet",
    "keras_name_of_64_letters.toml",
    "keras_quadratic.resnet",
    "names_that_fit_nothing.resnet",
    "norm_of_a_block.toml",
    "pipe_in_layer_name.resnet",
    "pool_rounds_down.resnet",
    "prelu.resnet",
    "stage_stride_default.resnet",
    "upsample.resnet",
    "variable_named_like_a_layer.resnet",
    "weightless_name_first.resnet",
    "whole_fraction.resnet",
];

#[test]
fn every_case_has_a_test() {
    let folder = |name: &str| std::fs::read_dir(format!("{}/tests/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let paths = folder("suite/cases").map(|entry| entry.unwrap().path());
    let tests: String = paths.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for entry in folder("cases") {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_read = tests.contains(&format!("\"{name}\"")) || WAITING.contains(&name.as_str());
        assert!(is_read, "no test reads {name}");
    }
}
