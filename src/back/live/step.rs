//! One op of the plan.

use super::{Layer, Value};
use crate::engine::size;
use crate::ir::Sides;
use crate::ir::op::{Activation, AdaptivePool, AvgPool, Blur, Pad, PoolKind, Slice};
use crate::ir::shape::Window;
use burn::tensor::module::{adaptive_avg_pool2d, avg_pool2d, conv2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions, PadMode};
use burn::tensor::{Tensor, TensorData, activation, s};

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
    Multiply,
    Concat,
    Pad(Pad),
    Subsample(usize),
    AvgPool(AvgPool),
    Blur(Blur),
    /// Over so many paths.
    PathSoftmax(usize),
    Slice(Slice),
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
                let first = next();
                operands.fold(first, |sum, operand| sum.join(operand, Tensor::add, Tensor::add))
            }
            Self::Multiply => {
                let first = next();
                operands.fold(first, |product, operand| product.join(operand, Tensor::mul, Tensor::mul))
            }
            Self::Concat => concatenated(operands.collect()),
            Self::Pad(pad) => Value::Map(padded(next().map(), pad)),
            Self::Subsample(stride) => Value::Map(subsampled(next().map(), stride)),
            Self::AvgPool(pool) => Value::Map(avg_pool2d(next().map(), average_options(pool))),
            Self::Blur(blur) => Value::Map(blurred(next().map(), blur)),
            Self::PathSoftmax(paths) => Value::Map(softmax_over_paths(next().map(), paths)),
            Self::Slice(Slice { start, length }) => {
                let (start, length) = (size(start), size(length));
                next().elementwise(|map| map.narrow(1, start, length), |vector| vector.narrow(1, start, length))
            }
        }
    }
}

impl Value {
    pub(super) fn map(self) -> Tensor<4> {
        self.into_map().expect("a checked op that takes a map gets one")
    }

    pub(super) fn vector(self) -> Tensor<2> {
        self.into_vector().expect("a checked op that takes a vector gets one")
    }

    pub(super) fn elementwise(
        self,
        of_map: impl FnOnce(Tensor<4>) -> Tensor<4>,
        of_vector: impl FnOnce(Tensor<2>) -> Tensor<2>,
    ) -> Self {
        match self {
            Self::Map(map) => Self::Map(of_map(map)),
            Self::Vector(vector) => Self::Vector(of_vector(vector)),
        }
    }

    /// Joined with another value of its kind.
    fn join(
        self,
        other: Self,
        of_maps: impl FnOnce(Tensor<4>, Tensor<4>) -> Tensor<4>,
        of_vectors: impl FnOnce(Tensor<2>, Tensor<2>) -> Tensor<2>,
    ) -> Self {
        match self {
            Self::Map(map) => Self::Map(of_maps(map, other.map())),
            Self::Vector(vector) => Self::Vector(of_vectors(vector, other.vector())),
        }
    }
}

fn activate<const D: usize>(op: Activation, x: Tensor<D>) -> Tensor<D> {
    match op {
        Activation::Relu => activation::relu(x),
        Activation::Relu6 => activation::relu6(x),
        Activation::Silu => activation::silu(x),
        Activation::Gelu => activation::gelu(x),
        Activation::Sigmoid => activation::sigmoid(x),
        Activation::HardSigmoid => activation::hard_sigmoid(x, 1.0 / 6.0, 0.5),
        Activation::HardSwish => activation::hard_swish(x),
        Activation::Softmax => activation::softmax(x, 1),
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

fn average_options(AvgPool { window, count_padding }: AvgPool) -> AvgPoolOptions<2> {
    let Window { kernel, stride, padding: Sides { top, bottom, left, right }, ceil, .. } = window;
    let mut options = AvgPoolOptions::new(kernel.map(size));
    options.stride = stride.map(size);
    options.padding = [(size(top), size(bottom)), (size(left), size(right))];
    options.count_include_pad = count_padding;
    options.ceil_mode = ceil;
    options
}

/// Each channel convolved with the filter, over a map that is padded by reflection.
fn blurred(map: Tensor<4>, blur: Blur) -> Tensor<4> {
    let Sides { top, bottom, left, right } = blur.window.padding;
    let row = blur.row();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "products of binomial coefficients over a power of two are exact"
    )]
    let filter: Vec<f32> = row.iter().flat_map(|down| row.iter().map(move |right| (down * right) as f32)).collect();
    let [_, channels, ..] = map.dims();
    let filter = TensorData::new(filter, [1, 1, row.len(), row.len()]);
    let filter = Tensor::<4>::from_data(filter, &map.device()).repeat_dim(0, channels);
    let map = if blur.window.padding.is_zero() {
        map
    } else {
        map.pad([(size(top), size(bottom)), (size(left), size(right))], PadMode::Reflect)
    };
    conv2d(map, filter, None, ConvOptions::new(blur.window.stride.map(size), [0, 0], [1, 1], channels))
}

fn softmax_over_paths(map: Tensor<4>, paths: usize) -> Tensor<4> {
    let [images, channels, height, width] = map.dims();
    activation::softmax(map.reshape([images, paths, channels / paths, height * width]), 1)
        .reshape([images, channels, height, width])
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

/// The channels of maps or the features of vectors, one after another.
fn concatenated(operands: Vec<Value>) -> Value {
    if let Some(Value::Vector(_)) = operands.first() {
        Value::Vector(Tensor::cat(operands.into_iter().map(Value::vector).collect(), 1))
    } else {
        Value::Map(Tensor::cat(operands.into_iter().map(Value::map).collect(), 1))
    }
}

fn subsampled(map: Tensor<4>, stride: usize) -> Tensor<4> {
    let stride = isize::try_from(stride).unwrap_or(isize::MAX);
    map.slice(s![.., .., ..;stride, ..;stride])
}
