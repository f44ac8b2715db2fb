//! `resnetc flops` and `resnetc summary` as programs: their JSON, their tables, their exit codes.

use crate::describe::architectures;
use assert_cmd::Command;
use serde_json::{Value, json};

fn resnetc(arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("resnetc").unwrap().current_dir(architectures()).args(arguments).assert()
}

fn output(arguments: &[&str]) -> String {
    String::from_utf8(resnetc(arguments).success().get_output().stdout.clone()).unwrap()
}

fn shown(arguments: &[&str]) -> String {
    format!("$ resnetc {}\n{}", arguments.join(" "), output(arguments))
}

#[test]
fn flops_prints_the_figures_and_the_parts() {
    insta::assert_snapshot!(shown(&["flops", "resnet18.toml"]));
}

#[test]
fn flops_says_why_every_convention_differs_from_macs() {
    insta::assert_snapshot!(shown(&["flops", "resnet50.toml", "--convention", "all"]));
}

#[test]
fn flops_counts_the_parts_under_the_convention_that_is_asked_for() {
    insta::assert_snapshot!(shown(&[
        "flops",
        "keras_resnet50.toml",
        "--convention",
        "full",
        "--batch",
        "8",
        "--by",
        "block",
        "--format",
        "markdown"
    ]));
}

#[test]
fn flops_as_csv_is_one_table_without_digit_groups() {
    insta::assert_snapshot!(shown(&["flops", "vgg16.toml", "--format", "csv", "--by", "layer"]));
    insta::assert_snapshot!(shown(&["flops", "vgg16.toml", "--format", "csv", "--convention", "all"]));
}

#[test]
fn equal_blocks_are_one_row_unless_they_are_asked_for() {
    insta::assert_snapshot!(shown(&["flops", "resnet152.toml", "--by", "block"]));
    insta::assert_snapshot!(shown(&["flops", "cifar_resnet20.toml", "--by", "layer", "--sort", "macs"]));
    let unfolded = output(&["flops", "resnet152.toml", "--by", "block", "--unfold"]);
    assert!(unfolded.contains("\nlayer3.35 "), "{unfolded}");
}

#[test]
fn rows_are_sorted_by_what_they_cost() {
    let first = |sort: &str, convention: &str| {
        let arguments =
            ["flops", "vgg16.toml", "--format", "csv", "--by", "stage", "--convention", convention, "--sort", sort];
        let rows = output(&arguments);
        let names: Vec<_> = rows.lines().skip(1).map(|row| row.split(',').next().unwrap().to_owned()).collect();
        names
    };
    // Parameters: head 123,642,856, then 7,079,424, 5,899,776, 1,475,328, 221,440 and 38,720.
    assert_eq!(first("parameters", "macs"), ["head", "stage 5", "stage 4", "stage 3", "stage 2", "stage 1"]);
    // Stages 3 and 4 have 4,624,220,160 each.
    assert_eq!(first("macs", "macs"), ["stage 3", "stage 4", "stage 2", "stage 1", "stage 5", "head"]);
    assert_eq!(first("share", "activations-fvcore")[0], "stage 1");
    assert_eq!(first("network", "macs")[0], "stage 1");
}

#[test]
fn rows_in_json_are_never_folded() {
    let text = output(&["flops", "resnet152.toml", "--by", "block", "--convention", "fvcore", "--format", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    let parts = json["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 1 + 3 + 8 + 36 + 3 + 1);
    let sum = |key: &str| parts.iter().map(|part| part[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum("macs"), json["macs"]);
    assert_eq!(sum("count"), json["conventions"]["fvcore"]);
    assert_eq!(sum("total_parameters"), json["parameters"]["total"]);
}

#[test]
fn summary_shows_where_the_graph_branches() {
    insta::assert_snapshot!(shown(&["summary", "resnet34_a.toml"]));
}

#[test]
fn summary_folds_to_blocks_and_stages() {
    insta::assert_snapshot!(shown(&["summary", "keras_resnet50.toml", "--depth", "2"]));
    insta::assert_snapshot!(shown(&["summary", "vgg19_bn.toml", "--depth", "1", "--format", "markdown"]));
}

#[test]
fn summary_writes_shapes_with_channels_last_where_it_is_asked_to() {
    insta::assert_snapshot!(shown(&["summary", "keras_resnet50.toml", "--depth", "stage", "--layout", "nhwc"]));
    let text = output(&["summary", "keras_resnet50.toml", "--layout", "nhwc", "--format", "json"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["input"], json!([1, 224, 224, 3]));
    assert_eq!(json["layers"][2]["output_shape"], json!([1, 112, 112, 64]));
    assert_eq!(json["layers"].as_array().unwrap().last().unwrap()["output_shape"], json!([1, 1000]));
}

#[test]
fn depths_are_words_or_numbers() {
    for (word, number) in [("stage", "1"), ("block", "2"), ("layer", "3")] {
        let summary = |depth| output(&["summary", "densenet121.resnet", "--depth", depth]);
        assert_eq!(summary(word), summary(number));
    }
}

/// torchinfo 1.8.0 of torchvision 0.29's models at batch 1: total_output_bytes and total_param_bytes.
#[test]
fn summary_has_the_sizes_of_torchinfo() {
    for (model, forward_backward, parameters) in
        [("resnet50.toml", 177_831_744, 102_228_128), ("vgg16.toml", 108_453_696, 553_430_176)]
    {
        let text = output(&["summary", model, "--format", "json"]);
        let json: Value = serde_json::from_str(&text).unwrap();
        let input = 4 * 3 * 224 * 224;
        let size = json!({
            "input_bytes": input,
            "forward_backward_bytes": forward_backward,
            "parameters_bytes": parameters,
            "total_bytes": input + forward_backward + parameters,
        });
        assert_eq!(json["size"], size);
    }
}

#[test]
fn flops_json_has_the_keys_that_scripts_rely_on() {
    let text = output(&["flops", "resnet50.toml", "--format", "json", "--batch", "2", "--input", "3x225x193"]);
    let json: Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = vec![
        "name",
        "dialect",
        "input",
        "parameters",
        "macs",
        "flops",
        "activations",
        "conventions",
        "explanations",
        "memory",
        "receptive_field",
        "bytes_moved",
        "arithmetic_intensity",
        "layers",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(json["input"], json!([2, 3, 225, 193]));
    assert_eq!(json["parameters"], json!({ "trainable": 25_557_032, "non_trainable": 53_120, "total": 25_610_152 }));
    assert_eq!(json["conventions"].as_object().unwrap().len(), 14);
    assert_eq!(json["conventions"]["macs"], json["macs"]);
    assert_eq!(json["conventions"]["flops"], json["flops"]);
    assert_eq!(json["conventions"]["activations-fvcore"], json["activations"]);
    assert_eq!(
        json["explanations"]["fvcore"],
        json!({
            "reported_by": "fvcore, timm's GMACs",
            "why": "+41,326,336 batch norm, +229,376 adaptive average pool",
            "parts": { "convolutions and linear layers": json["macs"], "batch norm": 41_326_336, "adaptive average pool": 229_376 },
        })
    );
    for (name, total) in json["conventions"].as_object().unwrap() {
        let parts = json["explanations"][name]["parts"].as_object().unwrap();
        assert_eq!(parts.values().map(|part| part.as_u64().unwrap()).sum::<u64>(), total.as_u64().unwrap(), "{name}");
    }
    assert_eq!(json["memory"]["weights_bytes"], json!(4 * 25_610_152));
    assert_eq!(json["receptive_field"], json!({ "size": 427, "stride": 32 }));
    assert_eq!(
        json["layers"][1],
        json!({
            "path": "conv1",
            "op": "conv2d",
            "output_shape": [2, 64, 113, 97],
            "parameters": 9_408,
            "non_trainable_parameters": 0,
            "macs": 2 * 64 * 113 * 97 * 147,
        })
    );
}

#[test]
fn integers_beyond_64_bits_stay_exact_in_json() {
    let text = output(&[
        "flops",
        "cifar_resnet1202.toml",
        "--input",
        "3x65536x65536",
        "--batch",
        "1048576",
        "--format",
        "json",
    ]);
    let line = text.lines().find(|line| line.starts_with("  \"macs\"")).unwrap();
    let macs: u128 = line.trim_end_matches(',').split(": ").nth(1).unwrap().parse().unwrap();
    // The stem, 400 convolutions at each of three sizes less the two that change channels, and the classifier.
    let side: u128 = 65_536;
    let same = 9 * 16 * 16 * side * side;
    let image = 9 * 3 * 16 * side * side + 400 * same + 2 * (same / 2 + 399 * same) + 640;
    assert_eq!(macs, image << 20);
}

#[test]
fn a_wrong_question_exits_with_2() {
    let near = resnetc(&["flops", "resnet18.toml", "--convention", "fvcor"]).code(2).get_output().stderr.clone();
    assert!(String::from_utf8(near).unwrap().contains("a similar value exists: 'fvcore'"));
    for wrong in [
        &["flops", "absent.toml"][..],
        &["flops", "resnet18.toml", "--batch", "0"],
        &["flops", "resnet18.toml", "--input", "3x224"],
        &["flops", "resnet18.toml", "--input", "3x224x-1"],
        &["flops", "resnet18.toml", "--input", "0x224x224"],
        &["summary", "resnet18.toml", "--depth", "4"],
    ] {
        resnetc(wrong).code(2);
    }
}

#[test]
fn an_input_that_the_network_cannot_read_exits_with_1() {
    resnetc(&["summary", "vgg16.toml", "--input", "3x16x16"]).code(1);
}
