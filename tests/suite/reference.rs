//! A network in double precision, written as the definitions have it: slow, and nothing that could be shared with a
//! back end.

use crate::fill::fill;
use resnetc::ir::op::{Activation, Pad, PoolKind};
use resnetc::ir::shape::Window;
use resnetc::ir::{NodeId, Op, ParameterKind, Shape};
use resnetc::valid::{Checked, Layer};
use std::collections::BTreeMap;

/// The values of a network's parameters, in the layouts of the IR.
pub type Weights = BTreeMap<(NodeId, ParameterKind), Vec<f32>>;

/// Weights filled as `fill.py` would under torch's names of parameters, whatever the dialect's are.
pub fn weights(network: &Checked) -> Weights {
    let value = |(parameter, shape): (resnetc::ir::Parameter, Vec<u64>)| {
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
            several => join(network, &layer, several),
        };
        assert_eq!(value.len() as u128, layer.output.elements(), "{}", layer.name);
        values.insert(layer.id, value);
    }
    values
}

/// The value of a node that joins branches.
fn join(network: &Checked, layer: &Layer<'_>, operands: &[&[f64]]) -> Vec<f64> {
    // A gate has one value for each channel of the others.
    let positions = layer.output.positions() as usize;
    let at = |operand: usize, index: usize| {
        let gate = network.shape(layer.operands[operand]).positions() as usize != positions;
        operands[operand][if gate { index / positions } else { index }]
    };
    let each = 0..layer.output.elements() as usize;
    let all = |index: usize| (0..operands.len()).map(move |operand| at(operand, index));
    match layer.node.op {
        Op::Add(_) => each.map(|index| all(index).sum()).collect(),
        Op::Multiply(_) => each.map(|index| all(index).product()).collect(),
        Op::Concat(_) => operands.concat(),
        ref op => panic!("{op:?} joins nothing"),
    }
}

/// Normalises groups of values, each with its mean and variance.
fn normalise(values: &[f64], groups: &[Vec<usize>], epsilon: f64) -> Vec<f64> {
    let mut out = values.to_vec();
    for group in groups {
        let count = group.len() as f64;
        let mean = group.iter().map(|at| values[*at]).sum::<f64>() / count;
        let variance = group.iter().map(|at| (values[*at] - mean).powi(2)).sum::<f64>() / count;
        for at in group {
            out[*at] = (values[*at] - mean) / (variance + epsilon).sqrt();
        }
    }
    out
}

/// The normal distribution function, by the series of the error function: exact to double precision for |x| < 6.
fn normal_distribution(x: f64) -> f64 {
    if x < -8.0 {
        return 0.0;
    }
    if x > 8.0 {
        return 1.0;
    }
    let (mut term, mut sum, mut n) = (x, x, 0.0);
    while term.abs() > 1e-18 * sum.abs() {
        n += 1.0;
        term *= x * x / (2.0 * n + 1.0);
        sum += term;
    }
    0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

fn activate(activation: Activation, layer: &Layer<'_>, x: &[f64]) -> Vec<f64> {
    let hard_sigmoid = |x: f64| (x + 3.0).clamp(0.0, 6.0) / 6.0;
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let function = |x: f64| match activation {
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Silu => x * sigmoid(x),
        Activation::Gelu => x * normal_distribution(x),
        Activation::Sigmoid => sigmoid(x),
        Activation::HardSigmoid => hard_sigmoid(x),
        Activation::HardSwish => x * hard_sigmoid(x),
        Activation::Softmax => x.exp(),
    };
    let values: Vec<_> = x.iter().map(|x| function(*x)).collect();
    if activation != Activation::Softmax {
        return values;
    }
    let positions = layer.output.positions() as usize;
    let sum = |position: usize| values.iter().skip(position).step_by(positions).sum::<f64>();
    let sums: Vec<_> = (0..positions).map(sum).collect();
    values.iter().enumerate().map(|(at, value)| value / sums[at % positions]).collect()
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
        Op::GroupNorm(_) | Op::LayerNorm(_) => {
            let [scale, shift] = [ParameterKind::Scale, ParameterKind::Shift].map(present);
            let (channels, positions) = (layer.input.channels() as usize, layer.input.positions() as usize);
            let (groups, epsilon) = match layer.node.op {
                Op::GroupNorm(norm) => {
                    let size = x.len() / norm.groups as usize;
                    let group = |group: usize| (group * size..(group + 1) * size).collect();
                    ((0..norm.groups as usize).map(group).collect::<Vec<_>>(), norm.epsilon)
                }
                Op::LayerNorm(norm) => {
                    let group = |position| (0..channels).map(|channel| channel * positions + position).collect();
                    ((0..positions).map(group).collect(), norm.epsilon)
                }
                _ => unreachable!(),
            };
            let normal = normalise(x, &groups, epsilon);
            let scaled = |(at, value): (usize, f64)| value * scale[at / positions] + shift[at / positions];
            normal.into_iter().enumerate().map(scaled).collect()
        }
        Op::LayerScale(_) => {
            let (gain, positions) = (present(ParameterKind::Gain), layer.input.positions() as usize);
            x.iter().enumerate().map(|(at, value)| value * gain[at / positions]).collect()
        }
        Op::Activation(activation) => activate(*activation, layer, x),
        Op::PathSoftmax(softmax) => {
            let size = x.len() / softmax.paths as usize;
            let sum = |at: usize| x.iter().skip(at).step_by(size).map(|value| value.exp()).sum::<f64>();
            x.iter().enumerate().map(|(at, value)| value.exp() / sum(at % size)).collect()
        }
        Op::Slice(slice) => {
            let positions = layer.input.positions() as usize;
            x[slice.start as usize * positions..][..slice.length as usize * positions].to_vec()
        }
        Op::ChannelConv(conv) => {
            let (kernel, half) = (present(ParameterKind::Kernel), conv.kernel as usize / 2);
            let tap = |channel: usize, at: usize| {
                (channel + at)
                    .checked_sub(half)
                    .and_then(|channel| x.get(channel))
                    .map_or(0.0, |value| value * kernel[at])
            };
            (0..x.len()).map(|channel| (0..kernel.len()).map(|at| tap(channel, at)).sum()).collect()
        }
        Op::AvgPool(pool) => {
            let map = Map::new(layer.input, x);
            let sides = pool.window.padding;
            let (top, bottom, left, right) = if pool.count_padding {
                (sides.top as i64, sides.bottom as i64, sides.left as i64, sides.right as i64)
            } else {
                (0, 0, 0, 0)
            };
            over(layer.output, |channel, row, column| {
                let (mut sum, mut count) = (0.0, 0.0);
                window(&pool.window, row, column, |_, y, x| {
                    if (-top..map.height + bottom).contains(&y) && (-left..map.width + right).contains(&x) {
                        sum += map.get(channel, y, x).unwrap_or(0.0);
                        count += 1.0;
                    }
                });
                sum / count
            })
        }
        Op::Blur(blur) => {
            let map = Map::new(layer.input, x);
            let size = blur.window.kernel[0];
            // Binomial coefficients as products, not by the triangle.
            let choose = |k: u64| (0..k).map(|i| (size - 1 - i) as f64 / (i + 1) as f64).product::<f64>();
            let row: Vec<_> = (0..size).map(|k| choose(k) / 2_f64.powi(size as i32 - 1)).collect();
            let mirror = |at: i64, length: i64| if at < 0 { -at } else { (2 * (length - 1) - at).min(at) };
            over(layer.output, |channel, y, x| {
                let mut sum = 0.0;
                window(&blur.window, y, x, |index, y, x| {
                    let value = map.get(channel, mirror(y, map.height), mirror(x, map.width)).unwrap();
                    sum += value * row[index / size as usize] * row[index % size as usize];
                });
                sum
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
        Op::Linear(linear) => {
            let (matrix, bias): (_, Option<Vec<f64>>) = (present(ParameterKind::Kernel), tensor(ParameterKind::Bias));
            let (inputs, positions) = (layer.input.channels() as usize, layer.input.positions() as usize);
            let dot = |output: usize, position: usize| {
                let inputs = matrix[output * inputs..][..inputs].iter().zip(x.iter().skip(position).step_by(positions));
                inputs.map(|(weight, value)| weight * value).sum::<f64>()
            };
            let value = |at: usize| {
                let (output, position) = (at / positions, at % positions);
                dot(output, position) + bias.as_ref().map_or(0.0, |bias| bias[output])
            };
            (0..linear.features as usize * positions).map(value).collect()
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
        Op::Concat(_) | Op::Multiply(_) | Op::Input(_) | Op::Add(_) => {
            panic!("{} does not have one operand", layer.name)
        }
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
