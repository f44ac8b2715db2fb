//! One op of the plan.

use super::build::size;
use super::{Layer, Value};
use crate::ir::Sides;
use crate::ir::op::{Activation, AdaptivePool, Pad, PoolKind};
use crate::ir::shape::Window;
use burn::tensor::module::{adaptive_avg_pool2d, max_pool2d};
use burn::tensor::ops::{MaxPoolOptions, PadMode};
use burn::tensor::{Tensor, activation, s};

/// An op and where its operands are.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) kernel: Kernel,
    pub(super) operands: Vec<Operand>,
}

/// A value of an earlier step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operand {
    pub(super) step: usize,
    /// Whether nothing reads it after this.
    pub(super) last: bool,
}

impl Operand {
    pub(super) fn fetch(self, values: &mut [Option<Value>]) -> Value {
        let slot = values.get_mut(self.step);
        let value = slot.and_then(|slot| if self.last { slot.take() } else { slot.clone() });
        value.expect("in topological order every operand is there until its last reader takes it")
    }
}

/// What a step computes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kernel {
    Input,
    /// The layer with this index.
    Layer(usize),
    Activation(Activation),
    MaxPool(Window),
    AdaptivePool(AdaptivePool),
    Flatten,
    Add,
    Pad(Pad),
    Subsample(usize),
}

impl Kernel {
    pub(super) fn apply(
        self,
        mut operands: impl Iterator<Item = Value>,
        layers: &[Layer],
        input: &mut Option<Tensor<4>>,
    ) -> Value {
        let mut next = || operands.next().expect("a checked op has its operands");
        match self {
            Self::Input => Value::Map(input.take().expect("a checked network has one input")),
            Self::Layer(at) => layers.get(at).expect("the plan is made with its layers").forward(next()),
            Self::Activation(op) => next().elementwise(|map| activate(op, map), |vector| activate(op, vector)),
            Self::MaxPool(window) => Value::Map(max_pool2d(next().map(), options(window))),
            Self::AdaptivePool(AdaptivePool { kind, output }) => {
                let (map, output) = (next().map(), output.map(size));
                Value::Map(match kind {
                    PoolKind::Average => average(map, output),
                    PoolKind::Maximum => maximum(map, output),
                })
            }
            Self::Flatten => Value::Vector(next().map().flatten(1, 3)),
            Self::Add => {
                let left = next();
                left.add(next())
            }
            Self::Pad(pad) => Value::Map(padded(next().map(), pad)),
            Self::Subsample(stride) => Value::Map(subsampled(next().map(), stride)),
        }
    }
}

impl Layer {
    fn forward(&self, value: Value) -> Value {
        match self {
            Self::Conv2d(layer) => Value::Map(layer.forward(value.map())),
            Self::BatchNorm(layer) => Value::Map(layer.forward(value.map())),
            Self::Linear(layer) => Value::Vector(layer.forward(value.vector())),
            Self::Dropout(layer) => value.elementwise(|map| layer.forward(map), |vector| layer.forward(vector)),
        }
    }
}

impl Value {
    fn map(self) -> Tensor<4> {
        self.into_map().expect("a checked op that takes a map gets one")
    }

    fn vector(self) -> Tensor<2> {
        self.into_vector().expect("a checked op that takes a vector gets one")
    }

    fn elementwise(
        self,
        of_map: impl FnOnce(Tensor<4>) -> Tensor<4>,
        of_vector: impl FnOnce(Tensor<2>) -> Tensor<2>,
    ) -> Self {
        match self {
            Self::Map(map) => Self::Map(of_map(map)),
            Self::Vector(vector) => Self::Vector(of_vector(vector)),
        }
    }

    fn add(self, other: Self) -> Self {
        match self {
            Self::Map(map) => Self::Map(map.add(other.map())),
            Self::Vector(vector) => Self::Vector(vector.add(other.vector())),
        }
    }
}

fn activate<const D: usize>(op: Activation, x: Tensor<D>) -> Tensor<D> {
    match op {
        Activation::Relu => activation::relu(x),
        Activation::Softmax => activation::softmax(x, 1),
        Activation::Relu6
        | Activation::Silu
        | Activation::Gelu
        | Activation::Sigmoid
        | Activation::HardSigmoid
        | Activation::HardSwish => x,
    }
}

fn options(window: Window) -> MaxPoolOptions<2> {
    let Window { kernel, stride, dilation, padding, ceil } = window;
    let Sides { top, bottom, left, right } = padding;
    let mut options = MaxPoolOptions::new(kernel.map(size));
    options.stride = stride.map(size);
    options.dilation = dilation.map(size);
    options.padding = [(size(top), size(bottom)), (size(left), size(right))];
    options.ceil_mode = ceil;
    options
}

/// Adaptive average pooling. Of a whole map the mean is taken in two steps, rows first: the sums are shorter, so they
/// lose less to rounding.
fn average(map: Tensor<4>, output: [usize; 2]) -> Tensor<4> {
    if output == [1, 1] { map.mean_dim(3).mean_dim(2) } else { adaptive_avg_pool2d(map, output) }
}

/// Adaptive max pooling, which burn does not have: a maximum over rows, then one over columns.
fn maximum(map: Tensor<4>, [rows, columns]: [usize; 2]) -> Tensor<4> {
    let [_, _, height, width] = map.dims();
    let map = maximum_along(map, 2, height, rows);
    maximum_along(map, 3, width, columns)
}

/// Cell i of n along an axis of size s covers floor(i s / n) up to ceil((i + 1) s / n), as in torch.
fn maximum_along(map: Tensor<4>, axis: usize, side: usize, cells: usize) -> Tensor<4> {
    if cells == side {
        return map;
    }
    let cell = |i: usize| {
        let start = i * side / cells;
        let end = ((i + 1) * side).div_ceil(cells);
        map.clone().narrow(axis, start, end - start).max_dim(axis)
    };
    Tensor::cat((0..cells).map(cell).collect(), axis)
}

fn padded(map: Tensor<4>, pad: Pad) -> Tensor<4> {
    let zeros = PadMode::Constant(0.0);
    match pad {
        Pad::Spatial(Sides { top, bottom, left, right }) => {
            map.pad([(size(top), size(bottom)), (size(left), size(right))], zeros)
        }
        Pad::Channels { before, after } => map.pad([(size(before), size(after)), (0, 0), (0, 0)], zeros),
    }
}

fn subsampled(map: Tensor<4>, stride: usize) -> Tensor<4> {
    let stride = isize::try_from(stride).unwrap_or(isize::MAX);
    map.slice(s![.., .., ..;stride, ..;stride])
}
