//! How fast a description becomes numbers, and that the time grows linearly with the network.
//!
//! Elements are nodes: equal throughput from ResNet-18 to 100,000 nodes is linear growth.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use resnetc::Options;
use resnetc::analysis::analyse;
use resnetc::source::Source;
use std::fmt::Write;
use std::hint::black_box;

fn shipped(name: &str) -> (String, Source) {
    let path = format!("{}/architectures/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    (name.to_owned(), Source::new(name, std::fs::read_to_string(path).unwrap()))
}

/// A ResNet of bottlenecks in the DSL, with these blocks in its stages.
fn program(name: &str, stages: [u32; 4]) -> (String, Source) {
    let [first, second, third, fourth] = stages;
    let text = format!(
        "use dialect torchvision\nnetwork {name}(classes = 1000) {{\n input 3 x 224 x 224\n stem imagenet(64)\n \
         stage bottleneck(64) * {first}\n stage bottleneck(128) * {second} stride 2\n \
         stage bottleneck(256) * {third} stride 2\n stage bottleneck(512) * {fourth} stride 2\n \
         head classifier(classes, pool = avg)\n}}\n"
    );
    (format!("{name} (DSL)"), Source::new(format!("{name}.resnet"), text))
}

/// What a block of the description's own costs: the bottleneck, written in it.
fn own_block() -> (String, Source) {
    let library = include_str!("../library/blocks/bottleneck.resnet");
    let (name, network) = program("resnet152", [3, 8, 36, 3]);
    let text = format!("{}\n{library}", network.text());
    (format!("{name}, own block"), Source::new("own.resnet", text))
}

/// Parsing, checking and lowering, which is what a description costs before anything is asked of it.
fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    let options = Options { limit: 1_000_000, ..Options::default() };
    let networks = [
        shipped("resnet152"),
        program("resnet50", [3, 4, 6, 3]),
        program("resnet152", [3, 8, 36, 3]),
        own_block(),
        program("resnet1502", [30, 80, 360, 30]),
        program("resnet15002", [300, 800, 3600, 300]),
    ];
    for (name, source) in networks {
        let network = resnetc::compile_with(&source, &options).unwrap();
        let nodes = network.graph().len();
        group.throughput(Throughput::Elements(nodes as u64));
        group.bench_function(BenchmarkId::new(name, nodes), |bencher| {
            bencher.iter(|| resnetc::compile_with(black_box(&source), &options).unwrap());
        });
    }
    group.finish();
}

/// Stages of 100 basic blocks with shortcut B, seven nodes each: 14,285 blocks are 100,000 nodes.
fn deep(blocks: u32) -> (String, Source) {
    let mut text = String::from(
        "name = \"deep\"\ndialect = \"torchvision\"\n[input]\nchannels = 3\nsize = [32, 32]\n[stem]\nkind = \"cifar\"\n\
         [block]\nkind = \"basic\"\nfilters = 16\n",
    );
    let mut left = blocks;
    while left > 0 {
        let stage = left.min(100);
        let _ = writeln!(text, "[[stage]]\nblocks = {stage}");
        left -= stage;
    }
    text.push_str("[head]\npool = \"avg\"\nclasses = 10\n");
    (format!("{blocks} blocks"), Source::new("deep", text))
}

fn compile_and_analyse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile and analyse");
    let options = Options { limit: 1_000_000, ..Options::default() };
    let networks = [
        shipped("resnet18"),
        shipped("resnet50"),
        shipped("resnet152"),
        shipped("cifar_resnet1202"),
        deep(1_428),
        deep(14_285),
    ];
    for (name, source) in networks {
        let network = resnetc::compile_with(&source, &options).unwrap();
        let nodes = network.graph().len();
        group.throughput(Throughput::Elements(nodes as u64));
        group.bench_function(BenchmarkId::new(name, nodes), |bencher| {
            bencher.iter(|| {
                let network = resnetc::compile_with(black_box(&source), &options).unwrap();
                black_box(analyse(&network, 1))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, compile, compile_and_analyse);
criterion_main!(benches);
