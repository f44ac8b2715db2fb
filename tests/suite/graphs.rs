//! Graphs that no description makes, built by hand, get the errors that only they can get.

use crate::describe::{HE, TORCH};
use resnetc::diagnostic::{Code, Diagnostic};
use resnetc::ir::shape::Window;
use resnetc::ir::{Address, Graph, Label, NodeId, Op, Origin, Place, Shape, Sides, op};
use resnetc::source::Source;
use resnetc::valid;

struct Builder(Graph);

impl Builder {
    /// A graph whose input has these channels, 8 x 8.
    fn new(channels: u64) -> (Self, NodeId) {
        let mut builder = Self(Graph::new("built", resnetc::dialect::find("torchvision").unwrap()));
        let input = builder.add(Op::Input(op::Input { channels, size: [8, 8] }), 0, &[]);
        (builder, input)
    }

    fn add(&mut self, op: Op, sequence: u32, operands: &[NodeId]) -> NodeId {
        let address = Address { place: Place::Stem, branch: Label::CHAIN, unit: 0, role: Label::CONV, sequence };
        let span = Source::new("built", "built").span(0..5);
        self.0.add(op, Origin { span, address }, operands)
    }

    fn refusal(self) -> Diagnostic {
        let report = valid::check(self.0).unwrap_err();
        assert_eq!(report.diagnostics().len(), 1);
        report.diagnostics()[0].clone()
    }
}

fn convolution(filters: u64, groups: u64) -> Op {
    let window = Window { kernel: [3; 2], stride: [1; 2], dilation: [1; 2], padding: Sides::all(1), ceil: false };
    Op::Conv2d(op::Conv2d { filters, window, groups, bias: false, init: HE })
}

#[test]
fn groups_that_do_not_divide_name_their_neighbours() {
    let (mut builder, input) = Builder::new(64);
    builder.add(convolution(64, 3), 1, &[input]);
    let error = builder.refusal();
    assert_eq!(error.code, Code::GroupsDoNotDivide);
    assert_eq!(error.message, "3 groups do not divide the channels of `features.1`");
    assert_eq!(error.primary.text, "it maps 64 channels to 64");
    assert_eq!(error.help.as_deref(), Some("nearest that divide: `2` and `4`"));
}

#[test]
fn groups_above_the_channels_name_the_nearest_below() {
    let (mut builder, input) = Builder::new(12);
    builder.add(convolution(18, 100), 1, &[input]);
    assert_eq!(builder.refusal().help.as_deref(), Some("nearest that divide: `6`"));
}

#[test]
fn zero_groups_are_refused() {
    let (mut builder, input) = Builder::new(12);
    builder.add(convolution(18, 0), 1, &[input]);
    assert_eq!(builder.refusal().code, Code::GroupsDoNotDivide);
}

#[test]
fn a_linear_layer_on_a_map_works_at_each_position() {
    let (mut builder, input) = Builder::new(3);
    builder.add(Op::Linear(op::Linear { features: 10, bias: true, init: TORCH }), 1, &[input]);
    let network = resnetc::valid::check(builder.0).unwrap();
    assert_eq!(network.shape(network.output()), Shape::Map { channels: 10, height: 8, width: 8 });
}

#[test]
fn a_convolution_along_channels_needs_a_pooled_map() {
    let (mut builder, input) = Builder::new(3);
    builder.add(Op::ChannelConv(op::ChannelConv { kernel: 3, init: TORCH }), 1, &[input]);
    let error = builder.refusal();
    assert_eq!(error.code, Code::WrongRank);
    assert_eq!(error.primary.text, "it reads 3 x 8 x 8");
}

#[test]
fn a_convolution_on_a_vector_is_refused() {
    let (mut builder, input) = Builder::new(3);
    let vector = builder.add(Op::Flatten(op::Flatten), 1, &[input]);
    builder.add(convolution(4, 1), 2, &[vector]);
    let error = builder.refusal();
    assert_eq!(error.code, Code::WrongRank);
    assert_eq!(error.primary.text, "it reads a vector of 192 features");
}

#[test]
fn a_graph_that_is_no_network_is_refused() {
    let empty = Builder(Graph::new("empty", resnetc::dialect::find("torchvision").unwrap())).refusal();
    assert_eq!(empty.code, Code::MalformedGraph);

    let (mut builder, _) = Builder::new(3);
    builder.add(Op::Input(op::Input { channels: 3, size: [8, 8] }), 1, &[]);
    assert_eq!(builder.refusal().code, Code::MalformedGraph);

    let (mut builder, input) = Builder::new(3);
    builder.add(convolution(4, 1), 1, &[input]);
    builder.add(convolution(4, 1), 2, &[input]);
    let unread = builder.refusal();
    assert_eq!(unread.code, Code::MalformedGraph);
    assert!(unread.message.contains("never used"), "{}", unread.message);

    let (mut builder, input) = Builder::new(3);
    builder.add(Op::Add(op::Add), 1, &[input]);
    assert_eq!(builder.refusal().code, Code::MalformedGraph);
}

#[test]
fn two_layers_with_one_name_are_refused() {
    let (mut builder, input) = Builder::new(3);
    let first = builder.add(convolution(4, 1), 1, &[input]);
    builder.add(convolution(4, 1), 1, &[first]);
    let error = builder.refusal();
    assert_eq!(error.code, Code::DuplicateName);
    assert_eq!(error.message, "two layers are called `features.1`");
}
