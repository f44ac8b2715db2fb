//! Random programs of the DSL beside an interpreter of the text that shares nothing with the compiler.
//!
//! A program is drawn as a tree ([`tree`], [`draw`]), printed, and compiled; [`walk`] executes the tree as the sentences of the
//! reference have it. Both must come to the same layers with the same operands, shapes, labels, units and sequences, or both
//! must refuse. Shapes are asked about in every place where an expression may stand.

mod draw;
mod tree;
mod walk;

use resnetc::diagnostic::Severity;
use resnetc::ir::{Op, Shape};
use resnetc::source::Source;
use resnetc::valid::Checked;
use tree::Program;
use walk::{Node, Work};

/// The layers of a compiled network, in the order in which they were added.
fn layers(network: &Checked) -> Vec<Node> {
    let mut layers: Vec<_> = network.layers().collect();
    layers.sort_by_key(|layer| layer.id);
    let node = |layer: &resnetc::valid::Layer<'_>| {
        let address = layer.node.origin.address;
        Node {
            work: work(&layer.node.op),
            operands: layer.operands.iter().map(|operand| operand.index()).collect(),
            shape: shape(layer.output),
            label: address.branch.to_string(),
            unit: address.unit.into(),
            sequence: address.sequence.into(),
            name: layer.name.to_owned(),
        }
    };
    layers.iter().skip(1).map(node).collect()
}

fn shape(shape: Shape) -> [i64; 3] {
    match shape {
        Shape::Map { channels, height, width } => [channels, height, width].map(|side| side as i64),
        Shape::Vector(_) => panic!("the programs make no vectors"),
    }
}

fn work(op: &Op) -> Work {
    let square = |[height, width]: [u64; 2]| {
        assert_eq!(height, width);
        height as i64
    };
    match op {
        Op::Conv2d(conv) => {
            let window = conv.window;
            let (kernel, dilation) = (square(window.kernel), square(window.dilation));
            let padding = (dilation * (kernel / 2)) as u64;
            assert_eq!(window.padding, resnetc::ir::Sides::all(padding));
            Work::Conv { filters: conv.filters as i64, kernel, stride: square(window.stride), dilation }
        }
        Op::BatchNorm(_) => Work::Norm,
        Op::Activation(_) => Work::Act,
        Op::MaxPool(pool) => Work::MaxPool { stride: square(pool.window.stride) },
        Op::AdaptivePool(_) => Work::GlobalPool,
        Op::Add(_) => Work::Join("add"),
        Op::Concat(_) => Work::Join("concat"),
        Op::Multiply(_) => Work::Join("multiply"),
        other => panic!("the programs have no {}", other.name()),
    }
}

/// Whether `program` compiles, or where the two part.
fn compare(program: &Program) -> Result<bool, String> {
    let source = Source::new("random.resnet", program.to_string());
    match (walk::run(program), resnetc::compile(&source)) {
        (Ok(expected), Ok(network)) => {
            let found = layers(&network);
            let first = expected.iter().zip(&found).position(|(left, right)| left != right);
            let at = first.unwrap_or(expected.len().min(found.len()));
            if expected == found {
                return Ok(true);
            }
            Err(format!("layer {} is\n{:?}, expected\n{:?}", at + 1, found.get(at), expected.get(at)))
        }
        (Err(reason), Ok(_)) => Err(format!("it compiles, though {reason}")),
        (Ok(_), Err(report)) => {
            let diagnostics = report.diagnostics();
            let error = diagnostics.iter().find(|error| error.severity == Severity::Error).unwrap();
            let line = source.text()[..error.primary.span.range().start].lines().count();
            Err(format!("line {line}: {}, {}", error.message, error.primary.text))
        }
        (Err(_), Err(_)) => Ok(false),
    }
}

#[test]
fn a_program_comes_to_the_layers_that_its_text_says() {
    // `RESNETC_PROGRAMS=FROM..TO` draws others.
    let range = std::env::var("RESNETC_PROGRAMS").unwrap_or_else(|_| "0..300".to_owned());
    let (from, to) = range.split_once("..").unwrap();
    let seeds = from.parse::<u64>().unwrap()..to.parse().unwrap();
    let (mut compiled, mut apart) = (0, Vec::new());
    for seed in seeds.clone() {
        let program = draw::program(seed);
        match compare(&program) {
            Ok(compiles) => compiled += usize::from(compiles),
            Err(reason) => apart.push((program.to_string(), format!("program {seed}: {reason}"))),
        }
    }
    // The shortest says most.
    apart.sort_by_key(|(text, _)| text.len());
    if let Some((text, reason)) = apart.first() {
        panic!("{} programs are compiled otherwise than they say:\n{text}\n{reason}", apart.len());
    }
    assert!(compiled * 10 > seeds.clone().count() * 8, "only {compiled} of {} compile", seeds.count());
}
