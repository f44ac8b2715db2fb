//! The peak of inference against a plain interpreter that really allocates: a value is a counted reference to a buffer, an op
//! that works in place does so where nobody else holds the buffer, and a buffer that the last reference leaves is freed.

use crate::describe::shipped;
use crate::random::{network, series};
use proptest::prelude::*;
use resnetc::analysis::{analyse, memory};
use resnetc::ir::op::Activation;
use resnetc::ir::{NodeId, Op};
use resnetc::source::Source;
use resnetc::valid::{Checked, Layer};
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

/// Bytes that are allocated, now and at most.
#[derive(Default)]
struct Meter {
    live: Cell<usize>,
    peak: Cell<usize>,
}

/// Allocated floats, which the meter sees come and go.
struct Buffer {
    floats: Vec<f32>,
    meter: Rc<Meter>,
}

impl Buffer {
    fn allocate(elements: usize, meter: &Rc<Meter>) -> Rc<Self> {
        let buffer = Self { floats: vec![0.0; elements], meter: Rc::clone(meter) };
        meter.live.set(meter.live.get() + buffer.bytes());
        meter.peak.set(meter.peak.get().max(meter.live.get()));
        Rc::new(buffer)
    }

    fn bytes(&self) -> usize {
        size_of_val(self.floats.as_slice())
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.meter.live.set(self.meter.live.get() - self.bytes());
    }
}

/// The value of `layer`, whose operands are in `operands`: these are the references of the op alone, which gives them back.
fn execute(layer: &Layer<'_>, mut operands: Vec<Rc<Buffer>>, meter: &Rc<Meter>) -> Rc<Buffer> {
    let fresh = || Buffer::allocate(elements(layer.output.elements()), meter);
    match layer.node.op {
        Op::BatchNorm(_)
        | Op::Add(_)
        | Op::Activation(Activation::Relu | Activation::Relu6 | Activation::Silu | Activation::HardSwish) => {
            let first = operands.swap_remove(0);
            // A value may be added to itself: what is read at a position is read before it is written.
            operands.retain(|operand| !Rc::ptr_eq(operand, &first));
            let is_whole = first.floats.len() == elements(layer.output.elements());
            if is_whole && Rc::strong_count(&first) == 1 { first } else { fresh() }
        }
        Op::Flatten(_) | Op::Dropout(_) | Op::DropPath(_) | Op::Slice(_) => operands.swap_remove(0),
        Op::Input(_)
        | Op::Conv2d(_)
        | Op::Activation(Activation::Gelu | Activation::HardSigmoid | Activation::Sigmoid | Activation::Softmax)
        | Op::MaxPool(_)
        | Op::AdaptivePool(_)
        | Op::Linear(_)
        | Op::Pad(_)
        | Op::Subsample(_)
        | Op::AvgPool(_)
        | Op::Blur(_)
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_) => fresh(),
    }
}

fn elements(elements: u128) -> usize {
    usize::try_from(elements).unwrap()
}

/// Runs `network` on one image, which its caller keeps. Returns the most bytes that were allocated during each layer.
fn run(network: &Checked) -> Vec<usize> {
    let meter = Rc::new(Meter::default());
    let image = Buffer::allocate(elements(network.input_shape().elements()), &meter);
    let mut values = Values::new();
    let mut most = Vec::new();
    for layer in network.layers() {
        meter.peak.set(meter.live.get());
        let operands: Vec<_> = layer.operands.iter().map(|operand| read(&mut values, *operand)).collect();
        let value = if operands.is_empty() { Rc::clone(&image) } else { execute(&layer, operands, &meter) };
        values.insert(layer.id, (value, network.graph().readers(layer.id).len()));
        most.push(meter.peak.get());
    }
    assert_eq!(values.into_keys().collect::<Vec<_>>(), [network.output()], "all else was freed");
    most
}

/// The values that will still be read, with how often.
type Values = HashMap<NodeId, (Rc<Buffer>, usize)>;

/// A reference to the value of `id`, the last one if it is not read again.
fn read(values: &mut Values, id: NodeId) -> Rc<Buffer> {
    let (buffer, reads) = values.remove(&id).unwrap();
    if reads > 1 {
        values.insert(id, (Rc::clone(&buffer), reads - 1));
    }
    buffer
}

fn check(network: &Checked) {
    let name = &network.graph().name;
    let allocated = run(network);
    let peak = allocated.iter().max().copied().unwrap();
    assert_eq!(analyse(network, 1).memory.inference_peak_bytes, peak as u128, "{name}");
    let told = memory::timeline(network).into_iter().map(|moment| elements(moment.elements) * size_of::<f32>());
    assert_eq!(told.collect::<Vec<_>>(), allocated, "{name}");
}

#[test]
fn the_inference_peak_of_all_that_ships_is_what_is_really_allocated() {
    for path in shipped() {
        let source = Source::new(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        check(&resnetc::compile(&source).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_inference_peak_of_any_network_is_what_is_really_allocated(trees in series(true), blocks in 1..4_u32) {
        check(&network(&[("block", &trees, blocks)]));
    }
}
