//! A network's cost, added up from pieces that follow one another.
//!
//! In: a piece, that is a run of nodes of which all but the first value is made in the piece, and all but the last value
//! is read in it; and the [`State`] of the value that enters. Out: what the piece adds, and the state of the value that
//! leaves. A block of the description is such a piece, since its statements see nothing but the current tensor. So equal
//! blocks that read equal states need not be measured twice, and the sum of the pieces is exactly what
//! [`super::analyse`] finds: both are made of the same walks.

use super::field::{self, PIXEL, ReceptiveField};
use super::memory::{self, FLOAT, Kept, Memory, Tensor};
use super::trace::Trace;
use super::{Analysis, Parameters, convention};
use crate::ir::{Dtype, Shape};

/// What a piece asks of the value that it begins to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// Its shape.
    pub shape: Shape,
    /// The tensor that holds it in inference.
    inference: Tensor,
    /// The tensor that holds it in training.
    training: Tensor,
    /// Whether a gradient is needed of it.
    trained: bool,
}

impl State {
    /// A network's input.
    #[must_use]
    pub fn input(shape: Shape) -> Self {
        let tensor = |kept| Tensor { elements: shape.elements(), kept };
        Self { shape, inference: tensor(true), training: tensor(false), trained: false }
    }
}

/// What a piece adds to a network, for one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    parameters: Parameters,
    macs: u128,
    flops: u128,
    activations: u128,
    /// Elements that live at its peak, the network's input only where the piece reads that.
    peak: u128,
    reads_input: bool,
    saved: Kept,
    fields: [ReceptiveField; 2],
}

/// Measures the piece `trace`, whose first step stands for the value that enters, which is in the state `entry`.
#[must_use]
pub fn measure(trace: &Trace<'_>, entry: &State) -> (Piece, State) {
    let inference = memory::inference(trace, Some(entry.inference));
    let training = memory::training(trace, Some((entry.training, entry.trained)));
    let mut piece = Piece {
        parameters: Parameters::default(),
        macs: 0,
        flops: 0,
        activations: 0,
        peak: inference.peak,
        reads_input: entry.inference.kept,
        saved: training.kept,
        fields: field::fields(trace),
    };
    super::each(trace, entry.trained, |work, parameters| {
        piece.parameters += parameters;
        piece.macs += convention::MACS.count(work);
        piece.flops += convention::FLOPS.count(work);
        piece.activations += convention::ACTIVATIONS_FVCORE.count(work);
    });
    let shape = trace.shape(trace.len().saturating_sub(1));
    let exit = State { shape, inference: inference.exit, training: training.exit, trained: training.trained };
    (piece, exit)
}

/// What a network costs for one image, in the figures that can be added up from pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// The parameters.
    pub parameters: Parameters,
    /// Multiply-accumulates of convolutions and linear layers.
    pub macs: u128,
    /// Twice the multiply-accumulates.
    pub flops: u128,
    /// Output elements of convolutions and linear layers.
    pub activations: u128,
    /// The memory.
    pub memory: Memory,
    /// The receptive field of the last feature map.
    pub receptive_field: ReceptiveField,
}

impl Figures {
    /// The memory that inference needs: the weights and the peak of live tensors.
    #[must_use]
    pub fn memory_bytes(&self) -> u128 {
        self.memory.weights_bytes + self.memory.inference_peak_bytes
    }
}

impl From<&Analysis> for Figures {
    fn from(analysis: &Analysis) -> Self {
        Self {
            parameters: analysis.parameters,
            macs: analysis.macs(),
            flops: analysis.flops(),
            activations: analysis.activations(),
            memory: analysis.memory,
            receptive_field: analysis.receptive_field,
        }
    }
}

/// Pieces added up.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    input: u128,
    peak: u128,
    parameters: Parameters,
    macs: u128,
    flops: u128,
    activations: u128,
    saved: Kept,
    fields: [ReceptiveField; 2],
}

impl Sum {
    /// A network that is nothing but its input.
    #[must_use]
    pub fn new(input: Shape) -> Self {
        let input = input.elements();
        Self {
            input,
            peak: input,
            parameters: Parameters::default(),
            macs: 0,
            flops: 0,
            activations: 0,
            saved: Kept::default(),
            fields: [PIXEL; 2],
        }
    }

    /// Adds the piece that follows.
    pub fn add(&mut self, piece: &Piece) {
        let beside = if piece.reads_input { 0 } else { self.input };
        self.peak = self.peak.max(beside + piece.peak);
        self.parameters += piece.parameters;
        self.macs += piece.macs;
        self.flops += piece.flops;
        self.activations += piece.activations;
        self.saved += piece.saved;
        let [vertical, horizontal] = self.fields;
        let [down, right] = piece.fields;
        self.fields = [vertical.then(down), horizontal.then(right)];
    }

    /// The figures.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures {
            parameters: self.parameters,
            macs: self.macs,
            flops: self.flops,
            activations: self.activations,
            memory: Memory {
                weights_bytes: FLOAT * self.parameters.total(),
                inference_peak_bytes: FLOAT * self.peak,
                training_saved_bytes: self.saved.bytes(Dtype::Float32, 1),
            },
            receptive_field: field::larger(self.fields),
        }
    }
}
