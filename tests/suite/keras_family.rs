//! Keras packages of graphs that have every op of the IR in every kind of block: they compute what the definitions say.

use crate::describe::{HE, NORM, TORCH};
use crate::fill::fill;
use crate::keras::{ruff, run, run_on, small, write};
use crate::python;
use crate::random;
use crate::reference::{self, Weights};
use crate::strangers;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use resnetc::back::keras::emit;
use resnetc::ir::dialect::Layout;
use resnetc::ir::graph::{Kinds, StageKind};
use resnetc::ir::names::{NameTable, Rows, Selector, Template};
use resnetc::ir::op::{Activation, AdaptivePool, Pad, PoolKind};
use resnetc::ir::shape::Window;
use resnetc::ir::{Address, Dialect, Graph, Label, NodeId, Op, Origin, ParameterKind, Place, Sides, op};
use resnetc::pass::fold_batch_norm;
use resnetc::source::Source;
use resnetc::valid::{self, Checked};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Writes a graph op by op; each has a unit of its own in its part of the network.
struct Net {
    graph: Graph,
    place: Place,
    branch: Label,
    unit: u32,
    current: NodeId,
    kinds: Kinds,
}

type Branch<'a> = &'a dyn Fn(&mut Net);

impl Net {
    fn new(name: &str, layout: Layout, [channels, height, width]: [u64; 3]) -> Self {
        let mut graph = Graph::new(name, Arc::new(dialect(layout)));
        let address = Address { place: Place::Input, branch: Label::INPUT, unit: 0, role: Label::INPUT, sequence: 0 };
        let input = op::Input { channels, size: [height, width] };
        let current = graph.add(Op::Input(input), origin(address), &[]);
        Self { graph, place: Place::Stem, branch: Label::STEM, unit: 0, current, kinds: Kinds::default() }
    }

    fn add(&mut self, op: Op, role: Label, operands: &[NodeId]) -> &mut Self {
        self.unit += 1;
        let address = Address { place: self.place, branch: self.branch, unit: self.unit, role, sequence: self.unit };
        self.current = self.graph.add(op, origin(address), operands);
        self
    }

    fn op(&mut self, op: Op) -> &mut Self {
        let role = Label::new(op.name()).unwrap();
        self.add(op, role, &[self.current])
    }

    fn called(&mut self, role: &str, op: Op) -> &mut Self {
        self.add(op, Label::new(role).unwrap(), &[self.current])
    }

    fn branch(&mut self, label: &str) -> &mut Self {
        self.branch = Label::new(label).unwrap();
        self
    }

    /// So that the units of a block do not depend on what is optional before it.
    fn at(&mut self, unit: u32) -> &mut Self {
        self.unit = unit - 1;
        self
    }

    fn join(&mut self, op: Op, branches: &[Branch<'_>]) -> &mut Self {
        let (start, around) = (self.current, self.branch);
        let mut ends = Vec::new();
        for write in branches {
            self.current = start;
            write(self);
            ends.push(self.current);
        }
        self.branch = around;
        let role = Label::new(op.name()).unwrap();
        self.add(op, role, &ends)
    }

    fn stage(&mut self, kind: &str, blocks: &[Branch<'_>]) -> &mut Self {
        let stage = u32::try_from(self.kinds.stages.len()).unwrap();
        self.kinds.stages.push(StageKind { name: kind.to_owned(), first: 0 });
        for (block, write) in (0..).zip(blocks) {
            (self.place, self.branch, self.unit) = (Place::Block { stage, block }, Label::MAIN, 0);
            write(self);
        }
        self
    }

    fn head(&mut self) -> &mut Self {
        (self.place, self.branch, self.unit) = (Place::Head, Label::HEAD, 0);
        self
    }

    fn check(mut self) -> Checked {
        self.graph.kinds = self.kinds;
        valid::check(self.graph).unwrap_or_else(|report| panic!("{report:?}"))
    }
}

fn origin(address: Address) -> Origin {
    Origin { span: Source::new("family", "family").span(0..6), address }
}

/// A dialect with names for everything: torchvision's choices with dots, or keras' with weights in the order of files
/// of Keras.
fn dialect(layout: Layout) -> Dialect {
    let (name, text, block) = match layout {
        Layout::Torch => ("torchvision", "{block}.{branch}.{role}{unit}", "layer{stage + 1}.{index}"),
        Layout::Keras => ("keras", "{block}_{branch}_{role}{unit}", "conv{stage + 2}_block{index + 1}"),
    };
    let mut dialect = (*resnetc::dialect::find(name).unwrap()).clone();
    let template = |text| Template::parse(text).unwrap();
    let row = (Selector { branch: None, role: None }, template(text));
    let common = Rows { block: Some(template(block)), rows: vec![row], ..Rows::default() };
    dialect.names = NameTable { common, sections: Vec::new(), ..dialect.names };
    dialect
}

fn square(kernel: u64, stride: u64) -> Window {
    Window { kernel: [kernel; 2], stride: [stride; 2], dilation: [1; 2], padding: Sides::all(kernel / 2), ceil: false }
}

fn bare(kernel: u64, stride: u64) -> Window {
    Window { padding: Sides::all(0), ..square(kernel, stride) }
}

fn conv(filters: u64, window: Window, groups: u64, bias: bool) -> Op {
    Op::Conv2d(op::Conv2d { filters, window, groups, bias, init: HE })
}

fn point(filters: u64) -> Op {
    conv(filters, square(1, 1), 1, false)
}

fn norm() -> Op {
    Op::BatchNorm(NORM)
}

fn layer_norm() -> Op {
    Op::LayerNorm(op::LayerNorm { epsilon: 1e-6, scale: 1.0 })
}

fn act(activation: Activation) -> Op {
    Op::Activation(activation)
}

fn relu() -> Op {
    act(Activation::Relu)
}

fn max_pool(window: Window) -> Op {
    Op::MaxPool(op::MaxPool { window })
}

fn avg_pool(window: Window, count_padding: bool) -> Op {
    Op::AvgPool(op::AvgPool { window, count_padding })
}

fn global(kind: PoolKind) -> Op {
    Op::AdaptivePool(AdaptivePool { kind, output: [1, 1] })
}

fn slice(start: u64, length: u64) -> Op {
    Op::Slice(op::Slice { start, length })
}

fn linear(features: u64) -> Op {
    Op::Linear(op::Linear { features, bias: true, init: TORCH })
}

fn flatten() -> Op {
    Op::Flatten(op::Flatten)
}

const ADD: Op = Op::Add(op::Add);
const MULTIPLY: Op = Op::Multiply(op::Multiply);
const CONCAT: Op = Op::Concat(op::Concat);

fn identity(_: &mut Net) {}

/// Pools with every padding, rounding, count and step, of maps of these sizes.
fn pools(layout: Layout, size: [u64; 2]) -> Checked {
    let mut net = Net::new("pools", layout, [3, size[0], size[1]]);
    let ceil = |window: Window| Window { ceil: true, ..window };
    let uneven = Window { padding: Sides { top: 0, bottom: 1, left: 2, right: 1 }, ..square(3, 2) };
    let oblong = Window { kernel: [3, 2], stride: [1, 2], padding: Sides::all(1), ..square(3, 1) };
    let dilated = Window { dilation: [2, 3], ..square(3, 1) };
    let late = Window { kernel: [3; 2], stride: [4; 2], padding: Sides::all(1), ..square(3, 1) };
    let windows = [
        square(3, 2),
        bare(2, 2),
        ceil(bare(2, 2)),
        ceil(bare(3, 3)),
        ceil(bare(2, 3)),
        ceil(square(3, 2)),
        uneven,
        ceil(uneven),
        oblong,
        ceil(oblong),
        dilated,
        ceil(late),
        late,
    ];
    let to_vector = |net: &mut Net| {
        net.op(global(PoolKind::Average)).op(flatten());
    };
    let mut branches: Vec<Box<dyn Fn(&mut Net)>> = Vec::new();
    for window in windows {
        branches.push(Box::new(move |net| {
            net.op(max_pool(window));
            to_vector(net);
        }));
        for count in [false, true] {
            branches.push(Box::new(move |net| {
                net.op(avg_pool(window, count));
                to_vector(net);
            }));
        }
    }
    let branches: Vec<Branch<'_>> = branches.iter().map(|branch| &**branch as Branch<'_>).collect();
    net.op(conv(2, square(3, 1), 1, true)).join(CONCAT, &branches);
    net.check()
}

/// Squeeze and excitation, convolutions along channels, gates first and last, strides that vary.
fn gates(layout: Layout) -> Checked {
    let mut net = Net::new("gates", layout, [3, 13, 11]);
    let block = |net: &mut Net, filters: u64, stride: u64, kernel: u64, projection: bool| {
        let gate = |net: &mut Net| {
            net.branch("se").op(global(PoolKind::Average)).op(conv(filters / 4, square(1, 1), 1, true)).op(relu());
            net.op(conv(filters, square(1, 1), 1, true)).op(act(Activation::Sigmoid));
        };
        let main = |net: &mut Net| {
            net.branch("main").op(conv(filters, square(3, stride), 2, false)).op(norm()).op(relu());
            net.join(MULTIPLY, &[&identity, &gate]);
        };
        let skip = |net: &mut Net| {
            net.branch("skip").at(30);
            if projection {
                net.op(conv(filters, square(1, stride), 1, false)).op(norm());
            }
        };
        let eca = |net: &mut Net| {
            net.branch("eca")
                .op(global(PoolKind::Maximum))
                .op(Op::ChannelConv(op::ChannelConv { kernel, init: TORCH }));
            net.op(act(Activation::HardSigmoid));
        };
        net.join(ADD, &[&main, &skip]).at(40).op(relu()).join(MULTIPLY, &[&eca, &identity]);
    };
    net.op(point(8));
    net.stage("gated", &[&|net| block(net, 8, 1, 3, false), &|net| block(net, 16, 2, 5, true)]);
    net.stage("gated", &[&|net| block(net, 12, 3, 3, true), &|net| block(net, 12, 1, 3, false)]);
    net.head().op(global(PoolKind::Average)).op(flatten()).called("logits", linear(7));
    net.check()
}

/// Dense blocks and transitions; the last norm stands in the head.
fn dense(layout: Layout) -> Checked {
    let mut net = Net::new("dense", layout, [3, 15, 14]);
    let layer = |net: &mut Net| {
        let main = |net: &mut Net| {
            net.op(norm()).op(relu()).op(point(16)).op(norm()).op(relu()).op(conv(4, square(3, 1), 1, false));
        };
        net.join(CONCAT, &[&identity, &main]);
    };
    let transition = |net: &mut Net| {
        net.op(norm()).op(relu()).op(point(6)).op(avg_pool(bare(2, 2), false));
    };
    net.op(conv(8, square(7, 2), 1, false)).op(norm()).op(relu()).op(max_pool(square(3, 2)));
    net.stage("dense", &[&layer, &layer, &layer]).stage("transition", &[&transition]).stage("dense", &[&layer, &layer]);
    net.head().op(norm()).op(relu()).op(global(PoolKind::Average)).op(flatten()).op(linear(5));
    net.check()
}

/// `ConvNeXt`: patches, layer norms, linear layers on maps, layer scale, stochastic depth.
fn modern(layout: Layout) -> Checked {
    let mut net = Net::new("modern", layout, [3, 37, 32]);
    let block = |net: &mut Net, filters: u64, rate: f64| {
        let main = |net: &mut Net| {
            net.op(conv(filters, square(7, 1), filters, true)).op(layer_norm()).op(linear(4 * filters));
            net.op(act(Activation::Gelu)).op(Op::Linear(op::Linear {
                features: filters,
                bias: filters == 6,
                init: TORCH,
            }));
            net.op(Op::LayerScale(op::LayerScale { init: 1e-6 }));
            if rate > 0.0 {
                net.op(Op::DropPath(op::DropPath { rate }));
            }
        };
        net.join(ADD, &[&main, &identity]);
    };
    let shrink = |net: &mut Net| {
        net.op(layer_norm()).op(conv(10, bare(2, 2), 1, true));
    };
    net.op(conv(6, bare(4, 4), 1, true)).op(layer_norm());
    net.stage("modern", &[&|net| block(net, 6, 0.0), &|net| block(net, 6, 0.05), &|net| block(net, 6, 0.1)]);
    net.stage("shrink", &[&shrink]).stage("modern", &[&|net| block(net, 10, 0.15)]);
    net.head().op(global(PoolKind::Average)).op(layer_norm()).op(flatten()).called("logits", linear(9));
    net.check()
}

/// Depthwise convolutions: strided, dilated, both, with several outputs for each channel, oblong, and one that in
/// another block is an ordinary one.
fn depthwise(layout: Layout) -> Checked {
    let mut net = Net::new("depthwise", layout, [4, 33, 30]);
    let inverted = |net: &mut Net, inputs: u64, stride: u64, activation: Activation| {
        let wide = 3 * inputs;
        let main = |net: &mut Net| {
            net.op(point(wide)).op(norm()).op(act(activation)).op(conv(wide, square(3, stride), wide, false));
            net.op(norm()).op(act(activation)).op(point(inputs)).op(norm());
        };
        if stride == 1 {
            net.join(ADD, &[&identity, &main])
        } else {
            main(net);
            net
        };
    };
    let grouped = |net: &mut Net, groups: u64| {
        net.op(conv(8, square(3, 1), groups, false));
    };
    let both = Window { dilation: [2; 2], padding: Sides::all(2), ..square(3, 2) };
    let oblong =
        Window { kernel: [3, 5], stride: [1, 2], padding: Sides { top: 1, bottom: 1, left: 2, right: 2 }, ..both };
    let oblong = Window { dilation: [1; 2], ..oblong };
    net.op(conv(8, square(3, 2), 4, true)).op(conv(8, both, 8, true)).op(conv(16, oblong, 8, false)).op(point(4));
    net.stage(
        "inverted",
        &[&|net| inverted(net, 4, 1, Activation::Relu6), &|net| inverted(net, 4, 1, Activation::Relu6)],
    );
    net.stage("residual", &[&|net| inverted(net, 4, 1, Activation::HardSwish)]);
    net.stage("strided", &[&|net| inverted(net, 4, 2, Activation::Silu)]);
    net.stage("grouped", &[&|net| grouped(net, 4), &|net| grouped(net, 4)]);
    net.check()
}

/// Selective kernels, and splits whose parts read each other.
fn split(layout: Layout) -> Checked {
    let mut net = Net::new("split", layout, [6, 9, 10]);
    let selective = |net: &mut Net, filters: u64, paths: u64| {
        let path = |net: &mut Net, dilation: u64| {
            let window = Window { dilation: [dilation; 2], padding: Sides::all(dilation), ..square(3, 1) };
            net.op(conv(filters, window, 1, false)).op(norm()).op(relu());
        };
        let weights = |net: &mut Net| {
            net.branch("attention").op(global(PoolKind::Average)).op(point(4)).op(relu()).op(point(paths * filters));
            net.op(Op::PathSoftmax(op::PathSoftmax { paths }));
        };
        let mut all: Vec<Box<dyn Fn(&mut Net)>> = Vec::new();
        let mut parts: Vec<Box<dyn Fn(&mut Net)>> = Vec::new();
        for at in 0..paths {
            all.push(Box::new(move |net| path(net, at + 1)));
            parts.push(Box::new(move |net| {
                net.op(slice(at * filters, filters));
            }));
        }
        let all: Vec<Branch<'_>> = all.iter().map(|branch| &**branch as Branch<'_>).collect();
        let parts: Vec<Branch<'_>> = parts.iter().map(|branch| &**branch as Branch<'_>).collect();
        net.join(CONCAT, &all).join(MULTIPLY, &[&weights, &identity]).join(ADD, &parts);
    };
    // The second part of the channels reads the first one's result.
    let hierarchical = |net: &mut Net| {
        let first = |net: &mut Net| {
            net.op(slice(0, 2)).op(conv(2, square(3, 1), 1, false)).op(norm());
        };
        let rest = |net: &mut Net| {
            net.op(slice(2, 4));
        };
        let kept = |net: &mut Net| {
            net.op(slice(0, 2));
        };
        let left = |net: &mut Net| {
            net.op(slice(0, 2));
        };
        let right = |net: &mut Net| {
            net.op(slice(2, 2));
        };
        let sum = |net: &mut Net| {
            net.join(ADD, &[&left, &right]).op(conv(2, square(3, 1), 1, false));
        };
        let last = |net: &mut Net| {
            net.op(slice(4, 2));
        };
        net.join(CONCAT, &[&first, &rest]).join(CONCAT, &[&kept, &sum, &last]);
    };
    net.stage("selective", &[&|net| selective(net, 6, 2), &|net| selective(net, 6, 2)]);
    net.stage("hierarchical", &[&hierarchical]).stage("selective", &[&|net| selective(net, 8, 3)]);
    net.head().op(slice(1, 5)).op(global(PoolKind::Maximum)).op(flatten()).op(slice(1, 3));
    net.check()
}

/// Pre-activation with group norm and blur; the classifier is a convolution before the map is flattened.
fn preactivated(layout: Layout) -> Checked {
    preactivated_with(layout, Some(6))
}

fn preactivated_with(layout: Layout, classes: Option<u64>) -> Checked {
    let mut net = Net::new("preactivated", layout, [3, 17, 20]);
    let group_norm = |groups: u64| Op::GroupNorm(op::GroupNorm { groups, epsilon: 1e-5, scale: 1.0 });
    let block = |net: &mut Net, filters: u64, stride: u64, groups: u64| {
        let main = |net: &mut Net| {
            net.op(conv(filters, square(3, 1), 1, false)).op(group_norm(groups)).op(relu());
            if stride > 1 {
                net.op(Op::Blur(op::Blur::new(3, stride)));
            }
            net.at(20).op(conv(filters, square(3, 1), 1, false));
        };
        let skip = |net: &mut Net| {
            net.branch("skip").at(30);
            if stride > 1 {
                net.op(avg_pool(Window { ceil: true, ..bare(2, 2) }, false)).op(point(filters));
            }
        };
        net.op(group_norm(2)).op(relu()).join(ADD, &[&main, &skip]);
    };
    let both = |net: &mut Net| {
        let padded = |net: &mut Net| {
            net.op(Op::Pad(Pad::Channels { before: 1, after: 2 }));
        };
        let shifted = |net: &mut Net| {
            let sides = Sides { top: 1, bottom: 0, left: 2, right: 0 };
            net.op(Op::Pad(Pad::Spatial(sides))).op(Op::Blur(op::Blur::new(5, 1)));
            net.op(conv(11, Window { kernel: [2, 3], padding: Sides::all(0), ..square(2, 1) }, 1, false));
        };
        net.join(ADD, &[&padded, &shifted]);
    };
    net.op(conv(8, square(7, 2), 1, true)).op(Op::Blur(op::Blur::new(4, 1))).op(max_pool(square(3, 1)));
    net.stage("preactivated", &[&|net| block(net, 8, 1, 4), &|net| block(net, 8, 2, 2)]).stage("both", &[&both]);
    net.head().op(norm()).op(relu()).op(global(PoolKind::Average));
    if let Some(classes) = classes {
        net.op(conv(classes, square(1, 1), 1, true));
    }
    net.op(flatten());
    net.check()
}

/// Joins within joins, parts that only some blocks have, branches that begin with them, blocks that do; labels that are
/// words of Python or of the package.
fn nested(layout: Layout) -> Checked {
    let mut net = Net::new("nested", layout, [4, 8, 7]);
    let block = |net: &mut Net, number: u32| {
        let odd = number % 2 == 1;
        let inner = |net: &mut Net| {
            net.branch("lambda");
            if odd {
                net.called("class", norm());
            }
            net.at(2).called("l", act(Activation::Silu));
        };
        let deep = |net: &mut Net| {
            net.branch("layers").join(ADD, &[&identity, &inner, &identity]);
        };
        let gate = |net: &mut Net| {
            net.branch("x").at(40).op(global(PoolKind::Average)).op(act(Activation::Sigmoid));
        };
        let second = |net: &mut Net| {
            net.branch("name").at(50);
            if number == 2 {
                net.called("keras", norm());
            }
            net.at(52).join(MULTIPLY, &[&identity, &gate]);
            net.op(conv(4, square(1 + 2 * (u64::from(number) % 2), 1), 1, false));
        };
        let third = |net: &mut Net| {
            net.branch("skip").at(60);
            if odd {
                net.called("zip", point(4));
            }
        };
        if number > 0 {
            net.called("name", act(Activation::Relu6));
        }
        net.at(10).join(ADD, &[&deep, &second, &third, &identity]).at(70);
        if number != 1 {
            net.called("Blur", norm());
        }
        net.at(71).join(MULTIPLY, &[&identity, &identity]).at(72).op(layer_norm());
    };
    net.join(
        CONCAT,
        &[&identity, &|net| {
            net.op(point(3));
        }],
    )
    .op(point(4));
    net.stage("nested", &[&|net| block(net, 0), &|net| block(net, 1), &|net| block(net, 2)]);
    net.stage("import", &[&|net| block(net, 3), &|net| block(net, 0)]);
    net.stage("nested_2", &[&|net| block(net, 1)]);
    net.check()
}

/// Vectors in every order: gates and sums of flattened maps, several linear layers that read one.
fn vectors(layout: Layout) -> Checked {
    let mut net = Net::new("vectors", layout, [3, 5, 4]);
    let first = |net: &mut Net| {
        net.op(linear(60)).op(act(Activation::Softmax));
    };
    let second = |net: &mut Net| {
        net.op(linear(60));
    };
    let sums = |net: &mut Net| {
        let left = |net: &mut Net| {
            net.op(flatten());
        };
        let right = |net: &mut Net| {
            net.op(conv(3, square(3, 1), 1, true)).op(flatten()).op(relu());
        };
        net.join(ADD, &[&left, &right]).op(Op::Dropout(op::Dropout { rate: 0.5 }));
        net.op(Op::DropPath(op::DropPath { rate: 0.25 })).join(MULTIPLY, &[&first, &second]);
    };
    net.op(conv(3, square(3, 1), 1, false)).stage("vectors", &[&sums]);
    net.head()
        .op(layer_norm())
        .op(Op::Linear(op::Linear { features: 8, bias: false, init: TORCH }))
        .op(relu())
        .op(slice(2, 5));
    net.op(linear(4)).op(act(Activation::Softmax));
    net.check()
}

/// A flattened map in the order of the graph, although linear layers may have another.
fn ordered(layout: Layout) -> Checked {
    let mut net = Net::new("ordered", layout, [3, 5, 4]);
    let whole = |net: &mut Net| {
        net.op(flatten());
    };
    let part = |net: &mut Net| {
        net.op(point(2)).op(flatten()).op(slice(5, 6)).op(linear(8));
    };
    net.op(conv(4, square(3, 2), 1, false)).join(CONCAT, &[&whole, &part]);
    net.head().op(layer_norm());
    net.check()
}

fn family() -> Vec<Checked> {
    let networks: [fn(Layout) -> Checked; 9] =
        [gates, dense, modern, depthwise, split, preactivated, nested, vectors, ordered];
    let pools = [[9, 8], [10, 11], [12, 13]].into_iter().map(|size| pools(Layout::Torch, size));
    let others = [Layout::Torch, Layout::Keras].into_iter().flat_map(|layout| networks.map(|network| network(layout)));
    let named = |(number, network): (usize, Checked)| {
        let mut graph = network.into_graph();
        graph.name = format!("{}_{number}", graph.name);
        valid::check(graph).unwrap()
    };
    pools.chain(others).enumerate().map(named).chain(strangers::networks()).collect()
}

/// Networks of random blocks.
fn random_networks(count: usize) -> Vec<Checked> {
    let mut runner = TestRunner::deterministic();
    let mut trees = || random::series(true).new_tree(&mut runner).unwrap().current();
    let network = |number: usize| {
        let (first, second) = (trees(), trees());
        let mut graph =
            random::network(&[("first", &first, 3), ("second", &second, 2), ("first", &first, 1)]).into_graph();
        graph.name = format!("random_{number}");
        valid::check(graph).unwrap()
    };
    (0..count).map(network).collect()
}

/// What a network is run on, and what comes out by the definitions.
struct Case {
    network: Checked,
    weights: Weights,
    images: Vec<f32>,
    expected: Vec<f64>,
    /// The mean size of the outputs.
    scale: f64,
}

impl Case {
    fn new(network: Checked, mut weights: Weights, gain: f32) -> Self {
        for ((_, kind), values) in &mut weights {
            if *kind == ParameterKind::Kernel {
                values.iter_mut().for_each(|value| *value *= gain);
            }
        }
        let images = fill("input", &Self::shape(&network));
        let expected = Self::run(&network, &weights, &images);
        let scale = (expected.iter().map(|value| value * value).sum::<f64>() / expected.len() as f64).sqrt();
        Self { network, weights, images, expected, scale }
    }

    fn shape(network: &Checked) -> [u64; 4] {
        let dimensions = network.input_shape().dimensions();
        [2, dimensions[0], dimensions[1], dimensions[2]]
    }

    fn run(network: &Checked, weights: &Weights, images: &[f32]) -> Vec<f64> {
        images.chunks(images.len() / 2).flat_map(|image| reference::run(network, weights, image)).collect()
    }

    fn difference(&self, found: impl Iterator<Item = f64>) -> f64 {
        found.zip(&self.expected).map(|(found, value)| (found - value).abs()).fold(0.0, f64::max) / self.scale
    }

    /// How far the outputs move when every parameter moves by about as much as float32 rounds.
    fn condition(&self) -> f64 {
        let moved = |(at, value): (usize, &f32)| value * (1.0 + 1e-6 * [1.0, -1.0, 0.5][at % 3]);
        let weights = self.weights.iter().map(|(key, values)| (*key, values.iter().enumerate().map(moved).collect()));
        let weights = weights.collect();
        self.difference(Self::run(&self.network, &weights, &self.images).into_iter())
    }
}

/// Runs the packages of `cases` and holds them against the definitions.
fn hold(cases: &[(Case, f64)]) {
    let jobs: Vec<_> = cases
        .iter()
        .map(|(case, _)| (&case.network, &case.weights, case.images.as_slice(), Case::shape(&case.network), json!({})))
        .collect();
    for backend in python::backends() {
        for (output, (case, bound)) in run_on(backend, &jobs).iter().zip(cases) {
            assert_eq!(output.len(), case.expected.len());
            let worst = case.difference(output.iter().map(|value| f64::from(*value)));
            let name = &case.network.graph().name;
            assert!(worst < *bound, "{name} on {backend} differs by {worst:e}, more than {bound:e}");
        }
    }
}

#[test]
fn packages_of_the_family_compute_what_the_definitions_say() {
    let case = |network: Checked| (Case::new(network.clone(), reference::weights(&network), 1.0), 2e-5);
    hold(&family().into_iter().map(case).collect::<Vec<_>>());
}

#[test]
fn packages_of_random_blocks_compute_what_the_definitions_say() {
    let case = |network: Checked| {
        let weights = reference::weights(&network);
        let case = Case::new(network, weights, 0.4);
        let condition = case.condition();
        (case, 1e-5 + 10.0 * condition)
    };
    // Products of products leave float32.
    let tame = |(case, bound): &(Case, f64)| (1e-6..1e6).contains(&case.scale) && *bound < 1e-3;
    let cases: Vec<_> = random_networks(40).into_iter().map(case).filter(tame).take(12).collect();
    assert_eq!(cases.len(), 12);
    hold(&cases);
}

/// The classifier of this head is a convolution: other classes are another one, and without a top it is passed over in
/// a file; the norm before it stays.
#[test]
fn a_convolution_may_be_the_classifier() {
    let networks = [Some(3), None, Some(6)].map(|classes| preactivated_with(Layout::Torch, classes));
    let [three, none, six] = networks.map(|network| Case::new(network.clone(), reference::weights(&network), 1.0));
    let shape = Case::shape(&six.network);
    // All have one name: the package is that of the last.
    let jobs = [
        (&three.network, &three.weights, three.images.as_slice(), shape, json!({"classes": 3})),
        (&six.network, &six.weights, six.images.as_slice(), shape, json!({"include_top": false, "pooling": "avg"})),
        (&six.network, &six.weights, six.images.as_slice(), shape, json!({})),
    ];
    for (output, case) in run(&jobs).iter().zip([three, none, six]) {
        assert_eq!(output.len(), case.expected.len());
        assert!(case.difference(output.iter().map(|value| f64::from(*value))) < 2e-5);
    }
}

#[test]
fn packages_of_the_family_are_as_ruff_formats_them() {
    let folder = tempfile::tempdir().unwrap();
    for network in family().into_iter().chain(random_networks(60)) {
        write(&network, folder.path());
        write(&fold_batch_norm(network).0, &folder.path().join("folded"));
    }
    ruff(folder.path());
}

/// What computes as the definitions say is also saved, and loaded in a new process.
#[test]
fn what_is_saved_and_loaded_has_every_layer_that_a_package_defines() {
    let classes = |text: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix("class "));
        lines.filter_map(|line| line.split_once('(')).map(|(name, _)| name.to_owned()).collect()
    };
    let texts: Vec<_> = family().iter().chain(&small()).map(|network| emit(network).unwrap().remove(0).text).collect();
    let found: BTreeSet<_> = texts.iter().flat_map(|text| classes(text)).collect();
    let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/back/keras/templates/layers.py"));
    let pools = ["AdaptiveAveragePool", "AdaptiveMaxPool"].map(str::to_owned);
    let named = classes(&template.unwrap()).into_iter().filter(|name| !name.contains('{'));
    assert_eq!(found, named.chain(pools).collect());
}

#[test]
fn what_keras_cannot_name_or_order_is_refused() {
    // A linear layer whose weights are in the order of H, W, C reads what a norm reads in the order of C, H, W.
    let mut net = Net::new("torn", Layout::Keras, [2, 3, 4]);
    let normed = |net: &mut Net| {
        net.op(layer_norm());
    };
    let weighed = |net: &mut Net| {
        net.op(linear(24));
    };
    net.op(flatten()).join(ADD, &[&weighed, &normed]);
    let error = emit(&net.check()).unwrap_err();
    assert!(error.reason.contains("order"), "{}", error.reason);

    // PyTorch's names have no dots, so a colon stands for one.
    for (template, sign) in [("{block}/{branch}/{role}{unit}", "`/`"), ("{block}.{branch}:{role}{unit}", "`:`")] {
        let mut graph = gates(Layout::Torch).into_graph();
        let mut dialect = (*graph.dialect).clone();
        dialect.names.common.rows[0].1 = Template::parse(template).unwrap();
        graph.dialect = Arc::new(dialect);
        let error = emit(&valid::check(graph).unwrap()).unwrap_err();
        assert!(error.reason.contains(sign), "{}", error.reason);
    }
}
