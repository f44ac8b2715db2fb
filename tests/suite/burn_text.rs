//! burn source as text: as rustfmt would have it, as a person would write it, and refused where it cannot be written.

use crate::describe::architectures;
use crate::networks::{cifar, compile, small};
use crate::random::{Tree, network, series};
use crate::sketch::{Draw, Sketch};
use crate::sketches;
use crate::strangers;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use resnetc::back::burn::emit;
use resnetc::ir::dialect::Layout;
use resnetc::ir::op::{Add, AvgPool};
use resnetc::ir::shape::Window;
use resnetc::ir::{Op, Sides};
use resnetc::source::Source;
use resnetc::valid::{self, Checked};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PLAIN_VGG: &str = "name = \"vgg\"\ndialect = \"keras\"\nstem.kind = \"none\"\nblock.kind = \"vgg\"\n\
    [input]\nchannels = 2\nsize = [21, 18]\n[[stage]]\nfilters = 6\nblocks = 1\n\
    [[stage]]\nfilters = 10\nblocks = 3\nnorm = true\n\
    [head]\nhidden = [20, 12]\ndropout = 0.5\nclasses = 7\nactivation = \"softmax\"";

/// A line that is longer than rustfmt's where something is bound.
const BLURRED: &str = "use dialect timm\nnetwork blurred {\ninput 3 x 30 x 46\nstem cifar(8)\nstage soft(8) * 2\n\
    stage soft(12) * 2 stride 2\nhead classifier(5)\n}\n\
    block soft(filters: channels, stride: integer(1..2) = 1) {\nblur(stride, size = 4)\n\
    join add {\na { conv 3x3 (filters) norm }\nb { conv 1x1 (filters) norm act(sigmoid) }\n}\n}";

/// Dialects, strides in either place, groups, dilation, options A to C and none, chains, heads with and without a top.
pub fn networks() -> Vec<Checked> {
    let dialects = ["torchvision", "keras", "paper"];
    let named = |text: String, from: &str, name: String| text.replacen(from, &name, 1);
    let all = dialects.map(|dialect| named(small(dialect), "name = \"small\"", format!("name = \"small_{dialect}\"")));
    let split = named(cifar(), "name = \"cifar8\"", "name = \"cifar_split\"".to_owned()).replacen(
        "shortcut = \"A\"",
        "shortcut = \"A\"\nzeros = \"split\"",
        1,
    );
    let option_c = named(cifar(), "name = \"cifar8\"", "name = \"cifar_c\"".to_owned()).replacen(
        "shortcut = \"A\"",
        "shortcut = \"C\"",
        1,
    );
    let plain = named(cifar(), "name = \"cifar8\"", "name = \"cifar_plain\"".to_owned()).replacen(
        "kind = \"basic\"\nshortcut = \"A\"",
        "kind = \"plain\"",
        1,
    );
    let torch_vgg = PLAIN_VGG.replacen("keras", "torchvision", 1).replacen("\"vgg\"", "\"torch_vgg\"", 1);
    let pooled = torch_vgg.replacen("torch_vgg", "pooled_vgg", 1).replacen(
        "[head]",
        "[head]\npool = \"avg\"\npool_size = [2, 3]",
        1,
    );
    let maximum =
        cifar().replacen("cifar8", "maximum", 1).replacen("pool = \"avg\"\nclasses = 10", "pool = \"max\"", 1);
    let map =
        cifar().replacen("cifar8", "feature_map", 1).replacen("pool = \"avg\"\nclasses = 10", "pool = \"none\"", 1);
    let rest = [cifar(), split, option_c, plain, PLAIN_VGG.to_owned(), torch_vgg, pooled, maximum, map];
    let blurred = resnetc::compile(&Source::new("blurred.resnet", BLURRED)).unwrap();
    all.into_iter().chain(rest).map(|text| compile(&text)).chain([blurred]).chain(strangers::networks()).collect()
}

/// The networks that ship, in either language.
pub fn shipped() -> Vec<Checked> {
    let mut paths: Vec<_> = fs::read_dir(architectures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let compiled = |path: &PathBuf| {
        let source = Source::new(path.display().to_string(), fs::read_to_string(path).unwrap());
        resnetc::compile(&source).unwrap_or_else(|report| panic!("{}: {report:?}", path.display()))
    };
    paths.iter().map(compiled).collect()
}

/// Networks that nobody drew: always the same ones.
pub fn random_networks(count: usize) -> Vec<Checked> {
    let mut runner = TestRunner::deterministic();
    let mut trees = || series(true).new_tree(&mut runner).unwrap().current();
    let network = |number| {
        let normal = Tree::Leaf { kind: 4, label: 0, optional: false };
        let [one, other] = [trees(), trees()].map(|trees| [vec![normal.clone()], trees].concat());
        let mut graph = network(&[("one", &one, 3), ("other", &other, 2), ("one", &one, 2)]).into_graph();
        graph.name = format!("random_{number}");
        valid::check(graph).unwrap()
    };
    (0..count).map(network).collect()
}

/// A workspace that holds the crates of `networks`.
pub fn workspace<'n>(networks: impl Iterator<Item = &'n Checked>, folder: &Path) {
    let _ = fs::remove_dir_all(folder.join("crates"));
    let mut manifest = String::new();
    for network in networks {
        for file in emit(network).unwrap() {
            let path = folder.join("crates").join(file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            assert!(!path.exists(), "two networks are called {}", network.graph().name);
            if path.ends_with("Cargo.toml") {
                manifest.clone_from(&file.text);
            }
            fs::write(path, file.text).unwrap();
        }
    }
    // Profiles count in the root of a workspace only.
    let profiles = &manifest[manifest.find("[profile").unwrap()..];
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n\n{profiles}");
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
}

#[test]
fn crates_are_as_rustfmt_formats_them() {
    let folder = tempfile::tempdir().unwrap();
    let networks: Vec<_> =
        networks().into_iter().chain(sketches::all()).chain(random_networks(60)).chain(shipped()).collect();
    workspace(networks.iter(), folder.path());
    let mut changes = String::new();
    for network in &networks {
        let crate_folder = folder.path().join("crates").join(&network.graph().name);
        let mut rustfmt = Command::new("rustfmt");
        rustfmt.args(["--check", "--edition", "2024", "src/lib.rs", "src/main.rs"]).current_dir(&crate_folder);
        let checked = rustfmt.output().unwrap();
        if !checked.status.success() {
            changes += &String::from_utf8_lossy(&checked.stdout);
            changes += &String::from_utf8_lossy(&checked.stderr);
        }
    }
    assert!(changes.is_empty(), "{changes}");
}

#[test]
fn crates_read_as_a_person_would_write_them() {
    for name in ["resnet18", "keras_resnet50", "cifar_resnet1202", "vgg19_bn"] {
        let description = crate::describe::file(name);
        let files = emit(&compile(&description)).unwrap();
        let text: Vec<_> = files.iter().map(|file| format!("==> {}\n{}", file.path, file.text)).collect();
        insta::with_settings!({ description => description, omit_expression => true }, {
            insta::assert_snapshot!(format!("burn_{name}"), text.join("\n"));
        });
    }
}

/// Why burn cannot have the network.
fn refusal(network: &Checked) -> String {
    emit(network).unwrap_err().reason
}

#[test]
fn what_cannot_be_written_is_refused() {
    let dilated = Sketch::new("dilated", Layout::Torch, [3, 9, 9])
        .stage(
            "pools",
            &[&|s: &mut Sketch| {
                let (padding, ceil) = (Sides::all(0), false);
                let window = Window { kernel: [3; 2], stride: [1; 2], dilation: [2; 2], padding, ceil };
                s.op("pool", Op::AvgPool(AvgPool { window, count_padding: true }));
            }],
        )
        .checked();
    assert!(refusal(&dilated).starts_with("burn's average pool has no dilation"));

    let tiny = Sketch::new("tiny", Layout::Torch, [2, 4, 4])
        .head(&|s| {
            s.pool().group_norm(1).flatten();
        })
        .checked();
    assert!(refusal(&tiny).starts_with("burn's group norm takes no map of fewer than three elements"));

    let linear = |s: &mut Sketch| {
        s.linear("linear", 4, true);
    };
    let flat = |s: &mut Sketch| {
        s.flatten();
    };
    let both = Sketch::new("both", Layout::Torch, [4, 1, 1])
        .stage("linear", &[&linear])
        .stage("flat", &[&flat])
        .stage("linear", &[&linear])
        .checked();
    assert_eq!(refusal(&both), "its block reads maps in one place and vectors in another");

    let sometimes = |flattens: bool| {
        move |s: &mut Sketch| {
            let body: Draw<'_> = &move |s| {
                if flattens {
                    s.flatten();
                }
                s.linear("linear", 4, true);
            };
            s.join(Op::Add(Add), &[("main", body), ("main", body)]);
        }
    };
    let optional = Sketch::new("optional", Layout::Torch, [4, 1, 1])
        .stage("flat", &[&sometimes(false), &sometimes(true)])
        .checked();
    assert_eq!(refusal(&optional), "its block reads maps in one place and vectors in another");

    let flattened = |s: &mut Sketch| {
        s.flatten().linear("linear", 16, true);
    };
    let sizes = |layout| {
        Sketch::new("sizes", layout, [1, 2, 4])
            .stage("flat", &[&flattened])
            .stage(
                "other",
                &[&|s: &mut Sketch| {
                    s.relu();
                }],
            )
            .checked()
    };
    assert!(emit(&sizes(Layout::Keras)).is_ok());
}
