//! Published numbers, exactly: every row of `golden/published.json` that this compiler can describe.

use crate::describe::{RESNET_50, Residual, architectures, compile, file, vgg};
use resnetc::analysis::{Analysis, analyse};
use resnetc::source::Source;
use serde_json::Value;

fn golden(table: &str) -> Vec<(String, Vec<Value>)> {
    let published: Value = serde_json::from_str(include_str!("../golden/published.json")).unwrap();
    let rows = published[table].as_object().unwrap().iter().filter(|(name, _)| *name != "note");
    rows.map(|(name, row)| (name.clone(), row.as_array().unwrap().clone())).collect()
}

fn cost(text: &str) -> Analysis {
    analyse(&compile(text), 1)
}

/// 10^9 multiply-accumulates rounded to three decimals, as torchvision's table prints them.
fn gmacs(analysis: &Analysis) -> f64 {
    (analysis.macs() as f64 / 1e6).round() / 1e3
}

/// The families of the table that no block of the library describes yet.
const LATER: [&str; 7] =
    ["densenet121", "mobilenet_v2", "efficientnet_b0", "convnext_tiny", "ResNet50V2", "ResNet101V2", "ResNet152V2"];

fn torchvision(row: &str) -> String {
    match row {
        "resnext50_32x4d" => Residual { block: "groups = 32\nwidth_per_group = 4", ..RESNET_50 }.text(),
        "resnext101_32x8d" => {
            Residual { block: "groups = 32\nwidth_per_group = 8", blocks: &[3, 4, 23, 3], ..RESNET_50 }.text()
        }
        "wide_resnet50_2" => Residual { block: "width_per_group = 128", ..RESNET_50 }.text(),
        "vgg11" => vgg([1, 1, 2, 2, 2], false, [3, 224, 224]),
        "vgg11_bn" => vgg([1, 1, 2, 2, 2], true, [3, 224, 224]),
        "vgg13" => vgg([2, 2, 2, 2, 2], false, [3, 224, 224]),
        shipped => file(shipped),
    }
}

#[test]
fn torchvision_table_is_reproduced() {
    for (row, figures) in golden("torchvision") {
        if LATER.contains(&row.as_str()) {
            continue;
        }
        let cost = cost(&torchvision(&row));
        assert_eq!(cost.parameters.trainable, u128::from(figures[0].as_u64().unwrap()), "{row}");
        assert_eq!(gmacs(&cost), figures[1].as_f64().unwrap(), "{row}");
    }
}

#[test]
fn keras_applications_are_reproduced() {
    for (row, figures) in golden("keras") {
        let text = match row.as_str() {
            later if LATER.contains(&later) => continue,
            "ResNet50 without top" => without_promises("keras_resnet50")
                .replace("pool = \"avg\"\nclasses = 1000\nactivation = \"softmax\"", "pool = \"none\""),
            "ResNet50 with 10 classes" => without_promises("keras_resnet50").replace("classes = 1000", "classes = 10"),
            shipped => file(&format!("keras_{}", shipped.to_lowercase())),
        };
        let cost = cost(&text);
        let [total, trainable, non_trainable] = [0, 1, 2].map(|at| u128::from(figures[at].as_u64().unwrap()));
        assert_eq!(cost.parameters.total(), total, "{row}");
        assert_eq!(cost.parameters.trainable, trainable, "{row}");
        assert_eq!(cost.parameters.non_trainable, non_trainable, "{row}");
        if let Some(macs) = figures[3].as_u64() {
            assert_eq!(cost.macs(), u128::from(macs), "{row}");
        }
    }
}

/// The text of a description that ships, up to its `[expect]`.
fn without_promises(name: &str) -> String {
    file(name).split("[expect]").next().unwrap().to_owned()
}

fn paper(row: &str) -> String {
    let cifar = |depth: &str| file(&format!("cifar_{depth}"));
    let words: Vec<_> = row.split(' ').collect();
    match words.as_slice() {
        ["cifar", depth, "A"] => cifar(depth),
        ["cifar", depth, "B"] => {
            cifar(depth).split("[expect]").next().unwrap().replace("shortcut = \"A\"", "shortcut = \"B\"")
        }
        [depth, "v1"] => file(&format!("paper_{depth}")),
        ["resnet34", "shortcut", "A"] => file("resnet34_a"),
        ["resnet34", "shortcut", "B"] => without_promises("resnet34_a").replace("\"A\"", "\"B\""),
        ["resnet34", "shortcut", "C"] => file("resnet34_c"),
        ["plain34"] => file("plain34"),
        _ => panic!("a row that no test describes: {row}"),
    }
}

#[test]
fn paper_is_reproduced() {
    for (row, figures) in golden("paper") {
        let cost = cost(&paper(&row));
        assert_eq!(cost.parameters.trainable, u128::from(figures[0].as_u64().unwrap()), "{row}");
        if let Some(macs) = figures[1].as_u64() {
            assert_eq!(cost.macs(), u128::from(macs), "{row}");
        }
    }
}

const SHIPPED: [&str; 28] = [
    "cifar_resnet110",
    "cifar_resnet1202",
    "cifar_resnet20",
    "cifar_resnet32",
    "cifar_resnet44",
    "cifar_resnet56",
    "custom_resnet38",
    "keras_resnet101",
    "keras_resnet152",
    "keras_resnet50",
    "keras_vgg16",
    "keras_vgg19",
    "paper_resnet101",
    "paper_resnet152",
    "paper_resnet50",
    "plain18",
    "plain34",
    "resnet101",
    "resnet152",
    "resnet18",
    "resnet200",
    "resnet34",
    "resnet34_a",
    "resnet34_c",
    "resnet50",
    "vgg16",
    "vgg19",
    "vgg19_bn",
];

#[test]
fn every_architecture_ships_and_compiles_under_its_own_name() {
    let mut found: Vec<_> = std::fs::read_dir(architectures())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().unwrap().strip_suffix(".toml").map(str::to_owned))
        .collect();
    found.sort();
    assert_eq!(found, SHIPPED);
    for name in found {
        assert_eq!(compile(&file(&name)).graph().name, name);
    }
}

#[test]
fn every_architecture_with_published_figures_is_held_to_them() {
    for name in SHIPPED {
        let spec =
            resnetc::front::toml::parse(&Source::new(name, file(name)), &mut resnetc::diagnostic::Report::default())
                .unwrap();
        let unpublished = ["plain18", "custom_resnet38"].contains(&name);
        assert_eq!(spec.expect.parameters.is_none(), unpublished, "{name}");
    }
}

#[test]
fn a_depth_is_the_same_network_as_its_stages_written_out() {
    let written_out = compile(&file("resnet50"));
    let (head, _) = file("resnet34").split_once("[block]").map(|(head, tail)| (head.to_owned(), tail.len())).unwrap();
    let sugar = head.replace("resnet34", "resnet50").replace("34", "50")
        + "[block]\nshortcut = \"B\"\n[head]\npool = \"avg\"\nclasses = 1000\n";
    let sugar = compile(&sugar);
    assert_eq!(analyse(&sugar, 1).layers, analyse(&written_out, 1).layers);
}
