//! The roofline: a lower bound on the time that a machine needs (Williams, Waterman and Patterson 2009).
//!
//! In: a [`Checked`] network, a dtype, a batch; a machine's peak and bandwidth. Out: for each layer the flops and the bytes of a
//! convolution or linear layer, and the time under which none can be done: the larger of flops / peak and bytes / bandwidth.
//! Each layer is taken to read its weights and its input from memory and to write its output there; other layers are
//! taken to cost nothing. Layers run one after the other, so a network needs no less than their sum, unless kernels are fused,
//! values stay in a cache, or an algorithm such as Winograd's does with fewer multiplications.

use crate::ir::Dtype;
use crate::valid::Checked;
use std::iter::Sum;
use std::ops::AddAssign;

/// What a layer does and moves; nothing for what is neither a convolution nor a linear layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Twice the multiply-accumulates.
    pub flops: u128,
    /// Bytes of weights, inputs and outputs.
    pub bytes: u128,
}

/// A machine's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roof {
    /// FLOP/s, above 0.
    pub peak: u64,
    /// Bytes of memory a second, above 0.
    pub bandwidth: u64,
}

/// A lower bound on time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bound {
    /// Seconds.
    pub seconds: f64,
    /// Seconds of them of layers that wait for memory.
    pub memory_seconds: f64,
    /// How many layers it is of.
    pub layers: usize,
    /// How many of them wait for memory.
    pub memory_layers: usize,
}

#[expect(clippy::cast_precision_loss, reason = "a ratio of sizes, not a count")]
fn float(count: u128) -> f64 {
    count as f64
}

impl Traffic {
    /// Arithmetic intensity in FLOP/byte; none where nothing moves.
    #[must_use]
    pub fn intensity(self) -> Option<f64> {
        (self.bytes > 0).then(|| float(self.flops) / float(self.bytes))
    }
}

impl Roof {
    /// The intensity in FLOP/byte below which memory is the bound.
    #[must_use]
    pub fn ridge(self) -> f64 {
        float(self.peak.into()) / float(self.bandwidth.into())
    }

    /// The bound of one layer.
    #[must_use]
    pub fn bound(self, layer: Traffic) -> Bound {
        if layer == Traffic::default() {
            return Bound::default();
        }
        let arithmetic = float(layer.flops) / float(self.peak.into());
        let memory = float(layer.bytes) / float(self.bandwidth.into());
        let waits = memory > arithmetic;
        let seconds = arithmetic.max(memory);
        Bound {
            seconds,
            memory_seconds: if waits { seconds } else { 0.0 },
            layers: 1,
            memory_layers: usize::from(waits),
        }
    }
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, other: Self) {
        self.flops += other.flops;
        self.bytes += other.bytes;
    }
}

impl AddAssign for Bound {
    fn add_assign(&mut self, other: Self) {
        self.seconds += other.seconds;
        self.memory_seconds += other.memory_seconds;
        self.layers += other.layers;
        self.memory_layers += other.memory_layers;
    }
}

impl Sum for Traffic {
    fn sum<I: Iterator<Item = Self>>(layers: I) -> Self {
        layers.fold(Self::default(), |mut sum, layer| {
            sum += layer;
            sum
        })
    }
}

impl Sum for Bound {
    fn sum<I: Iterator<Item = Self>>(layers: I) -> Self {
        layers.fold(Self::default(), |mut sum, layer| {
            sum += layer;
            sum
        })
    }
}

/// What every layer does and moves for a batch, in topological order.
#[must_use]
pub fn traffic(network: &Checked, dtype: Dtype, batch: u32) -> Vec<Traffic> {
    let images = u128::from(batch);
    let layers = network.layers().map(|layer| {
        let macs = layer.node.op.macs(layer.input, layer.output);
        if macs == 0 {
            return Traffic::default();
        }
        let parameters = layer.node.op.parameters(layer.input);
        let weights: u128 =
            parameters.iter().map(|(_, shape)| shape.iter().copied().map(u128::from).product::<u128>()).sum();
        let values = layer.input.elements() + layer.output.elements();
        Traffic { flops: 2 * images * macs, bytes: dtype.bytes() * (weights + images * values) }
    });
    layers.collect()
}
