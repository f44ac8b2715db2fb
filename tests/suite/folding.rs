//! Batch-norm folding: which norms it takes, and what becomes of the weights.

use crate::describe::{HE, NORM};
use crate::networks::{cifar, compile, filled, of_depth, small};
use resnetc::ir::op::{BatchNorm, Conv2d, Input};
use resnetc::ir::shape::Window;
use resnetc::ir::{Address, Graph, Label, Op, Origin, ParameterKind, Place, Sides, op};
use resnetc::pass::fold_batch_norm;
use resnetc::source::Span;
use resnetc::valid::{self, Checked};

fn count(checked: &Checked, name: &str) -> usize {
    checked.layers().filter(|layer| layer.node.op.name() == name).count()
}

#[test]
fn every_norm_of_a_resnet_folds_and_the_bias_takes_its_place() {
    for (text, norms) in [(of_depth(50, "torchvision"), 53), (of_depth(50, "keras"), 53), (cifar(), 7)] {
        let checked = compile(&text);
        assert_eq!(count(&checked, "batch_norm"), norms);
        let names: Vec<_> =
            checked.layers().filter(|l| l.node.op.name() != "batch_norm").map(|l| l.name.to_owned()).collect();
        let (folded, _) = fold_batch_norm(checked);
        assert_eq!(count(&folded, "batch_norm"), 0);
        assert_eq!(folded.layers().map(|layer| layer.name.to_owned()).collect::<Vec<_>>(), names);
        for layer in folded.layers() {
            assert!(!matches!(layer.node.op, Op::Conv2d(Conv2d { bias: false, .. })), "{} has no bias", layer.name);
        }
    }
}

#[test]
fn folded_weights_are_the_norms_arithmetic_in_float64_rounded_once() {
    for dialect in ["torchvision", "keras"] {
        let checked = compile(&small(dialect));
        let old = filled(&checked);
        let (folded, map) = fold_batch_norm(checked.clone());
        let new = map.apply(&old);
        assert_eq!(new.iter().count(), folded.parameters().count());
        let norm = checked.layers().find(|layer| layer.node.op.name() == "batch_norm").unwrap();
        let Op::BatchNorm(BatchNorm { epsilon, .. }) = norm.node.op else { panic!() };
        let of = |node, kind| old.get(resnetc::ir::Parameter { node, kind }).map(|tensor| tensor.values.clone());
        let convolution = norm.operands[0];
        let [gamma, beta, mean, variance] =
            [ParameterKind::Scale, ParameterKind::Shift, ParameterKind::Mean, ParameterKind::Variance]
                .map(|kind| of(norm.id, kind).unwrap());
        let kernel = of(convolution, ParameterKind::Kernel).unwrap();
        let bias = of(convolution, ParameterKind::Bias).unwrap_or_else(|| vec![0.0; gamma.len()]);
        let per_output = kernel.len() / gamma.len();
        for channel in 0..gamma.len() {
            let scale = f64::from(gamma[channel]) / (f64::from(variance[channel]) + epsilon).sqrt();
            let expected = (f64::from(bias[channel]) - f64::from(mean[channel])) * scale + f64::from(beta[channel]);
            let new = |kind| &new.get(resnetc::ir::Parameter { node: convolution, kind }).unwrap().values;
            assert_eq!(new(ParameterKind::Bias)[channel], expected as f32, "{dialect} {channel}");
            let output = channel * per_output..(channel + 1) * per_output;
            for (old, new) in kernel[output.clone()].iter().zip(&new(ParameterKind::Kernel)[output]) {
                assert_eq!(*new, (f64::from(*old) * scale) as f32, "{dialect} {channel}");
            }
        }
    }
}

/// A graph of 8 x 9 x 9 maps whose nodes are added by `build`.
fn graph(build: impl FnOnce(&mut dyn FnMut(Op, &[usize]) -> usize)) -> Checked {
    let mut graph = Graph::new("by_hand", resnetc::dialect::find("torchvision").unwrap());
    let mut ids = Vec::new();
    build(&mut |op, operands| {
        let at = ids.len();
        let address = Address {
            place: Place::Block { stage: 0, block: 0 },
            branch: Label::SKIP,
            unit: 0,
            role: Label::CONV,
            sequence: at as u32,
        };
        let operands: Vec<_> = operands.iter().map(|&at| ids[at]).collect();
        ids.push(graph.add(op, Origin { span: Span::default(), address }, &operands));
        at
    });
    valid::check(graph).unwrap()
}

fn convolution() -> Op {
    let window = Window { kernel: [3; 2], stride: [1; 2], dilation: [1; 2], padding: Sides::all(1), ceil: false };
    Op::Conv2d(Conv2d { filters: 8, window, groups: 2, bias: false, init: HE })
}

fn norm() -> Op {
    Op::BatchNorm(NORM)
}

fn input() -> Op {
    Op::Input(Input { channels: 8, size: [9, 9] })
}

/// A norm that reads the input, one that reads a convolution that something else reads too, one that reads a sum, and
/// one that closes the network after a convolution.
fn mixed() -> Checked {
    graph(|add| {
        let image = add(input(), &[]);
        let first = add(norm(), &[image]);
        let shared = add(convolution(), &[first]);
        let normed = add(norm(), &[shared]);
        let sum = add(Op::Add(op::Add), &[normed, shared]);
        let after_sum = add(norm(), &[sum]);
        let last = add(convolution(), &[after_sum]);
        add(norm(), &[last]);
    })
}

#[test]
fn a_norm_folds_only_into_a_convolution_that_nothing_else_reads() {
    let (folded, map) = fold_batch_norm(mixed());
    assert_eq!(count(&folded, "batch_norm"), 3);
    let names: Vec<_> = folded.layers().map(|layer| (layer.name, layer.node.op.name())).collect();
    assert_eq!(names.last().unwrap(), &("layer1.0.downsample.6", "conv2d"), "the closing norm went into it");
    assert_eq!(map.apply(&filled(&mixed())).iter().count(), folded.parameters().count());
}

#[cfg(feature = "live")]
#[test]
fn the_numbers_stay() {
    use crate::golden::difference;
    use crate::live::output;
    let texts = [small("torchvision"), small("keras"), small("paper"), cifar()];
    for checked in texts.iter().map(|text| compile(text)).chain([mixed()]) {
        let weights = filled(&checked);
        let plain = output(&checked, weights.clone(), 2);
        let (folded, map) = fold_batch_norm(checked);
        let folded = output(&folded, map.apply(&weights), 2);
        assert!(difference(&plain, &folded) < 2e-6, "{}", difference(&plain, &folded));
    }
}
