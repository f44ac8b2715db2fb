//! The long form of a description is the same network.

use proptest::prelude::*;
use resnetc::diagnostic::{Report, render};
use resnetc::source::Source;
use resnetc::valid::Checked;
use resnetc::{front, lower};
use std::fmt::Write;

fn compile(text: &str) -> Checked {
    let source = Source::new("expand.toml", text);
    resnetc::compile(&source).unwrap_or_else(|report| panic!("{}\n{text}", render::text(&report, &source, false)))
}

fn long_form(text: &str) -> String {
    let mut report = Report::default();
    let spec = front::toml::parse(&Source::new("expand.toml", text), &mut report).unwrap();
    assert!(report.is_empty());
    front::toml::print(&lower::write_out(&spec)).unwrap()
}

/// Everything about a network but where it was written.
fn content(network: &Checked) -> String {
    let graph = network.graph();
    let mut out = format!(
        "{} {} {:?}\n",
        graph.name,
        graph.dialect.name,
        graph.kinds.stages.iter().map(|stage| &stage.name).collect::<Vec<_>>()
    );
    for layer in network.layers() {
        let address = layer.node.origin.address;
        writeln!(out, "{} {address:?} {:?} {:?} {:?}", layer.name, layer.node.op, layer.operands, layer.output)
            .unwrap();
    }
    out
}

fn assert_same(text: &str) {
    let long = long_form(text);
    assert_eq!(content(&compile(&long)), content(&compile(text)), "{text}\n{long}");
    assert_eq!(long_form(&long), long, "the long form is its own long form");
    assert!(!long.contains("[block]") && !long.contains("depth"));
}

/// Stages of any blocks that agree, under defaults that some of them override.
fn description() -> impl Strategy<Value = String> {
    let choice = |words: &'static [&'static str]| prop::sample::select(words);
    let stage = (choice(&["", "basic", "bottleneck", "plain", "vgg"]), 1..5_u64, 1..3_u64, any::<bool>());
    let defaults = (choice(&["basic", "bottleneck"]), choice(&["", "A", "B", "C", "none"]), any::<bool>());
    let top = (choice(&["torchvision", "keras", "paper"]), choice(&["imagenet", "cifar", "none"]), 33..70_u64);
    let head = (choice(&["avg", "max", "none"]), any::<bool>(), any::<bool>());
    (top, defaults, prop::collection::vec(stage, 1..4), head).prop_map(|(top, defaults, stages, head)| {
        let (dialect, stem, size) = top;
        let (kind, shortcut, stride) = defaults;
        let mut text = format!("name = \"any\"\ndialect = \"{dialect}\"\n[input]\nchannels = 3\nsize = [{size}, 48]\n");
        write!(text, "[stem]\nkind = \"{stem}\"\n[block]\nkind = \"{kind}\"\n").unwrap();
        if !shortcut.is_empty() {
            writeln!(text, "shortcut = \"{shortcut}\"").unwrap();
        }
        if stride {
            writeln!(text, "stride = 2").unwrap();
        }
        for (number, (own, blocks, stride, says_stride)) in (1..).zip(stages) {
            // Option A cannot lose channels: every stage has more than the one before.
            writeln!(text, "[[stage]]\nfilters = {}\nblocks = {blocks}", 64_u64 << (2 * number)).unwrap();
            if !own.is_empty() {
                writeln!(text, "kind = \"{own}\"").unwrap();
            }
            if own == "plain" {
                writeln!(text, "shortcut = \"none\"").unwrap();
            }
            if own == "vgg" {
                writeln!(text, "stride = 2\nnorm = {says_stride}").unwrap();
            } else if says_stride {
                writeln!(text, "stride = {stride}").unwrap();
            }
        }
        let (pool, classes, dropout) = head;
        writeln!(text, "[head]\npool = \"{pool}\"").unwrap();
        if classes {
            writeln!(text, "classes = 10\nactivation = \"softmax\"\nhidden = [7, 5]").unwrap();
            if dropout {
                writeln!(text, "dropout = 0.25").unwrap();
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_long_form_of_any_description_is_the_same_network(text in description()) {
        assert_same(&text);
    }
}

#[test]
fn the_long_form_of_every_depth_is_the_same_network() {
    for depth in [18, 34, 50, 101, 152, 200] {
        assert_same(&format!("name = \"r\"\ndialect = \"torchvision\"\ndepth = {depth}\n"));
    }
    assert_same(
        "name = \"r\"\ndialect = \"torchvision\"\ndepth = 20\n[stem]\nkind = \"cifar\"\n[block]\nshortcut = \"A\"",
    );
    assert_same("name = \"r\"\ndialect = \"paper\"\ndepth = 34\n[block]\nkind = \"plain\"\n");
}

#[test]
fn the_long_form_of_every_architecture_is_the_same_network() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("architectures");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            assert_same(&std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn promises_stay_in_the_long_form() {
    let text = "name = \"r\"\ndialect = \"torchvision\"\ndepth = 18\n[head]\npool = \"avg\"\nclasses = 1000\n\
                [expect]\nparameters = 11_689_512\n[budget]\nmax_macs = 2_000_000_000\n";
    let long = long_form(text);
    assert!(long.contains("[expect]\nparameters = 11689512\n"), "{long}");
    assert!(long.contains("[budget]\nmax_macs = 2000000000\n"), "{long}");
}
