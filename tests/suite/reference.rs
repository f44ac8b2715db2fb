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
    let mut values: BTreeMap<NodeId, Vec<f64>> = BTreeMap::new();
    for layer in network.layers() {
        let operands: Vec<_> = layer.operands.iter().map(|operand| values[operand].as_slice()).collect();
        let value = match operands.as_slice() {
            [] => image.iter().map(|value| f64::from(*value)).collect(),
            [left, right] => left.iter().zip(*right).map(|(left, right)| left + right).collect(),
            [x] => apply(&layer, x, weights),
            _ => panic!("{} has too many operands", layer.name),
        };
        assert_eq!(value.len() as u128, layer.output.elements(), "{}", layer.name);
        values.insert(layer.id, value);
    }
    values.remove(&network.output()).unwrap()
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
        Op::Activation(Activation::Relu) => x.iter().map(|value| value.max(0.0)).collect(),
        Op::Activation(Activation::Softmax) => {
            let sum: f64 = x.iter().map(|value| value.exp()).sum();
            x.iter().map(|value| value.exp() / sum).collect()
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
            let (matrix, bias) = (present(ParameterKind::Kernel), present(ParameterKind::Bias));
            let row = |row: &[f64]| row.iter().zip(x).map(|(weight, value)| weight * value).sum::<f64>();
            matrix.chunks(x.len()).zip(bias).map(|(weights, bias)| row(weights) + bias).collect()
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
        Op::Flatten(_) | Op::Dropout(_) => x.to_vec(),
        Op::Activation(_)
        | Op::AvgPool(_)
        | Op::Blur(_)
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::DropPath(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_)
        | Op::Slice(_)
        | Op::Input(_)
        | Op::Add(_) => panic!("{} does not have one operand", layer.name),
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
