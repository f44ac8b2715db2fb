//! A network in double precision, written as the definitions have it: slow, and nothing that could be shared with a
//! back end.

use crate::fill::fill;
use resnetc::ir::op::{Activation, Pad, PoolKind};
use resnetc::ir::shape::Window;
use resnetc::ir::{NodeId, Op, ParameterKind, Shape, Sides};
use resnetc::valid::{Checked, Layer};
use std::collections::BTreeMap;

/// The values of a network's parameters, in the layouts of the IR.
pub type Weights = BTreeMap<(NodeId, ParameterKind), Vec<f32>>;

/// Weights filled as `fill.py` would under torch's names of parameters, whatever the dialect's are.
pub fn weights(network: &Checked) -> Weights {
    let value = |(parameter, shape): (resnetc::ir::Parameter, resnetc::ir::Extents)| {
        let leaf = match parameter.kind {
            ParameterKind::Gain => "layer_scale",
            ParameterKind::Kernel | ParameterKind::Scale => "weight",
            ParameterKind::Bias | ParameterKind::Shift => "bias",
            ParameterKind::Mean => "running_mean",
            ParameterKind::Variance => "running_var",
        };
        let name = format!("{}.{leaf}", network.name(parameter.node));
        ((parameter.node, parameter.kind), fill(&name, &shape))
    };
    network.parameters().map(value).collect()
}

/// The output for one image, C x H x W.
pub fn run(network: &Checked, weights: &Weights, image: &[f32]) -> Vec<f64> {
    values(network, weights, image).remove(&network.output()).unwrap()
}

/// The value of every node for one image.
pub fn values(network: &Checked, weights: &Weights, image: &[f32]) -> BTreeMap<NodeId, Vec<f64>> {
    let mut values: BTreeMap<NodeId, Vec<f64>> = BTreeMap::new();
    for layer in network.layers() {
        let operands: Vec<_> = layer.operands.iter().map(|operand| values[operand].as_slice()).collect();
        let value = match operands.as_slice() {
            [] => image.iter().map(|value| f64::from(*value)).collect(),
            [x] => apply(&layer, x, weights),
            several => join(&layer, several),
        };
        assert_eq!(value.len() as u128, layer.output.elements(), "{}", layer.name);
        values.insert(layer.id, value);
    }
    values
}

/// What joins branches. A gate, which has one element where a map has a plane, is read once for all of the plane.
fn join(layer: &Layer<'_>, operands: &[&[f64]]) -> Vec<f64> {
    let all = |at: usize| {
        let length = layer.output.elements() as usize;
        operands.iter().map(move |operand| operand[at / (length / operand.len())])
    };
    let each = 0..layer.output.elements() as usize;
    match layer.node.op {
        Op::Add(_) => each.map(|at| all(at).sum()).collect(),
        Op::Multiply(_) => each.map(|at| all(at).product()).collect(),
        Op::Concat(_) => operands.concat(),
        ref op => panic!("{} takes no several operands", op.name()),
    }
}

fn apply(layer: &Layer<'_>, x: &[f64], weights: &Weights) -> Vec<f64> {
    let tensor = |kind| weights.get(&(layer.id, kind)).map(|values| values.iter().map(|v| f64::from(*v)).collect());
    let present = |kind| -> Vec<f64> { Option::unwrap(tensor(kind)) };
    match &layer.node.op {
        Op::Conv2d(conv) => {
            let map = Map::new(layer.input, x);
            let (kernel, bias): (_, Option<Vec<f64>>) = (present(ParameterKind::Kernel), tensor(ParameterKind::Bias));
            let (inputs, outputs) = (map.channels / conv.groups as i64, (conv.filters / conv.groups) as i64);
            let area = (conv.window.kernel[0] * conv.window.kernel[1]) as usize;
            over(layer.output, |channel, row, column| {
                let mut sum = bias.as_ref().map_or(0.0, |bias| bias[channel as usize]);
                for input in 0..inputs {
                    let at = (channel * inputs + input) as usize * area;
                    window(&conv.window, row, column, |index, y, x| {
                        let value = map.get(channel / outputs * inputs + input, y, x).unwrap_or(0.0);
                        sum += kernel[at + index] * value;
                    });
                }
                sum
            })
        }
        Op::BatchNorm(norm) => {
            let [scale, shift] = [ParameterKind::Scale, ParameterKind::Shift].map(present);
            let [mean, variance] = [ParameterKind::Mean, ParameterKind::Variance].map(present);
            let map = Map::new(layer.input, x);
            over(layer.output, |channel, row, column| {
                let at = channel as usize;
                let value = map.get(channel, row, column).unwrap() - mean[at];
                value / (variance[at] + norm.epsilon).sqrt() * scale[at] + shift[at]
            })
        }
        Op::LayerNorm(norm) => {
            let groups: Vec<_> = (0..x.len()).map(|at| at % layer.input.positions() as usize).collect();
            normalised(layer, x, &groups, norm.epsilon, [ParameterKind::Scale, ParameterKind::Shift].map(present))
        }
        Op::GroupNorm(norm) => {
            let groups: Vec<_> = (0..x.len()).map(|at| at / (x.len() / norm.groups as usize)).collect();
            normalised(layer, x, &groups, norm.epsilon, [ParameterKind::Scale, ParameterKind::Shift].map(present))
        }
        Op::LayerScale(_) => {
            let gain = present(ParameterKind::Gain);
            x.iter().enumerate().map(|(at, value)| value * gain[channel(layer, at)]).collect()
        }
        Op::Activation(Activation::Softmax) => softmax(x, |at| at % layer.input.positions() as usize),
        Op::Activation(activation) => x.iter().map(|value| activate(*activation, *value)).collect(),
        Op::PathSoftmax(op) => {
            let one = x.len() / op.paths as usize;
            softmax(x, |at| at % one)
        }
        Op::Slice(slice) => {
            let plane = layer.input.positions() as usize;
            x[slice.start as usize * plane..(slice.start + slice.length) as usize * plane].to_vec()
        }
        Op::ChannelConv(conv) => {
            let kernel = present(ParameterKind::Kernel);
            let half = kernel.len() as i64 / 2;
            assert_eq!(kernel.len() as u64, conv.kernel);
            let at = |channel: i64| x.get(usize::try_from(channel).ok()?);
            let sum = |channel: i64| {
                (0_i64..).zip(&kernel).map(|(tap, weight)| weight * at(channel + tap - half).unwrap_or(&0.0)).sum()
            };
            (0..x.len() as i64).map(sum).collect()
        }
        Op::Blur(blur) => {
            let map = Map::new(layer.input, x);
            let row: Vec<f64> = match blur.window.kernel[0] {
                1 => vec![1.0],
                2 => vec![0.5, 0.5],
                3 => vec![0.25, 0.5, 0.25],
                4 => vec![0.125, 0.375, 0.375, 0.125],
                5 => vec![0.0625, 0.25, 0.375, 0.25, 0.0625],
                other => panic!("no filter of {other} is written down"),
            };
            // Row -1 is row 1, row H is row H - 2.
            let reflected = |at: i64, size: i64| (size - 1 - (size - 1 - at.abs()).abs()).abs();
            over(layer.output, |channel, top, left| {
                let mut sum = 0.0;
                window(&blur.window, top, left, |index, y, x| {
                    let value = map.get(channel, reflected(y, map.height), reflected(x, map.width)).unwrap();
                    sum += row[index / row.len()] * row[index % row.len()] * value;
                });
                sum
            })
        }
        Op::AvgPool(pool) => {
            let map = Map::new(layer.input, x);
            let Sides { top, bottom, left, right } = pool.window.padding;
            let inside =
                |at: i64, before: u64, size: i64, after: u64| (-(before as i64)..size + after as i64).contains(&at);
            over(layer.output, |channel, row, column| {
                let (mut sum, mut count) = (0.0, 0.0);
                window(&pool.window, row, column, |_, y, x| {
                    let padding = inside(y, top, map.height, bottom) && inside(x, left, map.width, right);
                    let value = map.get(channel, y, x);
                    sum += value.unwrap_or(0.0);
                    count += f64::from(u8::from(value.is_some() || pool.count_padding && padding));
                });
                if count > 0.0 { sum / count } else { 0.0 }
            })
        }
        Op::MaxPool(pool) => {
            let map = Map::new(layer.input, x);
            over(layer.output, |channel, row, column| {
                let mut largest = f64::NEG_INFINITY;
                window(&pool.window, row, column, |_, y, x| {
                    largest = largest.max(map.get(channel, y, x).unwrap_or(f64::NEG_INFINITY));
                });
                largest
            })
        }
        Op::AdaptivePool(pool) => {
            let map = Map::new(layer.input, x);
            let [rows, columns] = pool.output.map(|cells| cells as i64);
            let cell = |size: i64, cells: i64, at: i64| at * size / cells..((at + 1) * size + cells - 1) / cells;
            over(layer.output, |channel, row, column| {
                let positions =
                    cell(map.height, rows, row).flat_map(|y| cell(map.width, columns, column).map(move |x| (y, x)));
                let values: Vec<_> = positions.map(|(y, x)| map.get(channel, y, x).unwrap()).collect();
                match pool.kind {
                    PoolKind::Average => values.iter().sum::<f64>() / values.len() as f64,
                    PoolKind::Maximum => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
                }
            })
        }
        Op::Linear(_) => {
            let (matrix, bias): (_, Option<Vec<f64>>) = (present(ParameterKind::Kernel), tensor(ParameterKind::Bias));
            let (inputs, positions) = (layer.input.channels() as usize, layer.input.positions() as usize);
            let mut values = Vec::new();
            for (output, row) in matrix.chunks(inputs).enumerate() {
                for position in 0..positions {
                    let products = row.iter().enumerate().map(|(at, weight)| weight * x[at * positions + position]);
                    values.push(products.sum::<f64>() + bias.as_ref().map_or(0.0, |bias| bias[output]));
                }
            }
            values
        }
        Op::Pad(Pad::Spatial(sides)) => {
            let map = Map::new(layer.input, x);
            let (top, left) = (sides.top as i64, sides.left as i64);
            over(layer.output, |channel, row, column| map.get(channel, row - top, column - left).unwrap_or(0.0))
        }
        Op::Pad(Pad::Channels { before, .. }) => {
            let map = Map::new(layer.input, x);
            over(layer.output, |channel, row, column| map.get(channel - *before as i64, row, column).unwrap_or(0.0))
        }
        Op::Subsample(subsample) => {
            let map = Map::new(layer.input, x);
            let step = subsample.stride as i64;
            over(layer.output, |channel, row, column| map.get(channel, row * step, column * step).unwrap())
        }
        Op::Flatten(_) | Op::Dropout(_) | Op::DropPath(_) => x.to_vec(),
        Op::Input(_) | Op::Add(_) | Op::Multiply(_) | Op::Concat(_) => panic!("{} has one operand", layer.name),
    }
}

/// The channel of the element `at` of what `layer` reads.
fn channel(layer: &Layer<'_>, at: usize) -> usize {
    at / layer.input.positions() as usize
}

/// Mean 0 and variance 1 over the elements of each group, then scale and shift of their channels.
fn normalised(layer: &Layer<'_>, x: &[f64], groups: &[usize], epsilon: f64, [scale, shift]: [Vec<f64>; 2]) -> Vec<f64> {
    let mean = |values: &[f64]| -> Vec<f64> {
        let mut sums = vec![(0.0, 0.0); x.len()];
        for (value, group) in values.iter().zip(groups) {
            sums[*group].0 += value;
            sums[*group].1 += 1.0;
        }
        groups.iter().map(|group| sums[*group].0 / sums[*group].1).collect()
    };
    let centred: Vec<_> = x.iter().zip(mean(x)).map(|(value, mean)| value - mean).collect();
    let squares: Vec<_> = centred.iter().map(|value| value * value).collect();
    let deviations = mean(&squares).into_iter().map(|variance| (variance + epsilon).sqrt());
    let unit = centred.iter().zip(deviations).map(|(value, deviation)| value / deviation).enumerate();
    unit.map(|(at, value)| value * scale[channel(layer, at)] + shift[channel(layer, at)]).collect()
}

/// Over the elements for which `place` is the same; the largest of them is taken off, lest exponentials overflow.
fn softmax(x: &[f64], place: impl Fn(usize) -> usize) -> Vec<f64> {
    let mut largest = vec![f64::NEG_INFINITY; x.len()];
    for (at, value) in x.iter().enumerate() {
        largest[place(at)] = largest[place(at)].max(*value);
    }
    let powers: Vec<_> = x.iter().enumerate().map(|(at, value)| (value - largest[place(at)]).exp()).collect();
    let mut sums = vec![0.0; x.len()];
    for (at, power) in powers.iter().enumerate() {
        sums[place(at)] += power;
    }
    powers.iter().enumerate().map(|(at, power)| power / sums[place(at)]).collect()
}

fn activate(activation: Activation, x: f64) -> f64 {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    let hard_sigmoid = (x + 3.0).clamp(0.0, 6.0) / 6.0;
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Silu => x * sigmoid,
        Activation::Gelu => x * normal_distribution(x),
        Activation::Sigmoid => sigmoid,
        Activation::HardSigmoid => hard_sigmoid,
        Activation::HardSwish => x * hard_sigmoid,
        Activation::Softmax => panic!("softmax is not elementwise"),
    }
}

/// The normal distribution function, by its Taylor series: phi(x) (x + x^3 / 3 + x^5 / (3 5) + …) beyond a half.
fn normal_distribution(x: f64) -> f64 {
    let (mut term, mut sum, mut odd) = (x.abs(), 0.0, 1.0);
    while term > 1e-17 * sum {
        sum += term;
        odd += 2.0;
        term *= x * x / odd;
    }
    let density = (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
    if x.abs() > 8.0 { f64::from(u8::from(x > 0.0)) } else { 0.5 + (density * sum).copysign(x) }
}

#[test]
fn the_normal_distribution_is_that_of_the_tables() {
    // scipy.stats.norm.cdf
    for (x, expected) in [
        (0.0, 0.5),
        (1.0, 0.841_344_746_068_542_9),
        (-1.0, 0.158_655_253_931_457_05),
        (2.5, 0.993_790_334_674_223_8),
        (-6.0, 9.865_876_450_376_946e-10),
        (9.0, 1.0),
    ] {
        let found = normal_distribution(x);
        assert!((found - expected).abs() < 1e-15, "{x}: {found}");
    }
}

struct Map<'a> {
    values: &'a [f64],
    channels: i64,
    height: i64,
    width: i64,
}

impl<'a> Map<'a> {
    fn new(shape: Shape, values: &'a [f64]) -> Self {
        let [height, width] = shape.size().unwrap().map(|side| side as i64);
        Self { values, channels: shape.channels() as i64, height, width }
    }

    fn get(&self, channel: i64, row: i64, column: i64) -> Option<f64> {
        let inside = (0..self.channels).contains(&channel)
            && (0..self.height).contains(&row)
            && (0..self.width).contains(&column);
        inside.then(|| self.values[((channel * self.height + row) * self.width + column) as usize])
    }
}

fn over(shape: Shape, mut value: impl FnMut(i64, i64, i64) -> f64) -> Vec<f64> {
    let [height, width] = shape.size().unwrap();
    let mut values = Vec::new();
    for channel in 0..shape.channels() {
        for row in 0..height {
            for column in 0..width {
                values.push(value(channel as i64, row as i64, column as i64));
            }
        }
    }
    values
}

/// Shows the elements of the window at an output's `row` and `column`: which of the kernel, and where in the map.
fn window(window: &Window, row: i64, column: i64, mut see: impl FnMut(usize, i64, i64)) {
    let [height, width] = window.kernel;
    for y in 0..height as i64 {
        for x in 0..width as i64 {
            let at = |position: i64, stride: u64, padding: u64, offset: i64, dilation: u64| {
                position * stride as i64 - padding as i64 + offset * dilation as i64
            };
            let [vertical, horizontal] = window.stride;
            see(
                (y * width as i64 + x) as usize,
                at(row, vertical, window.padding.top, y, window.dilation[0]),
                at(column, horizontal, window.padding.left, x, window.dilation[1]),
            );
        }
    }
}
