//! From ops to ONNX's operators, version 20.
//!
//! The node that gives a layer's value has the layer's name, and so has the value; what a layer needs beside has that name
//! and a word after a colon. Tensors of the weight file have the names that they have there.

use super::proto::{Attribute, FLOAT, Graph, INT64, Node, Tensor, Value};
use super::write::{Stored, Values};
use crate::back::Unsupported;
use crate::back::names::Names;
use crate::ir::op::{Activation, AdaptivePool, AvgPool, Blur, Conv2d, GroupNorm, Linear, PoolKind};
use crate::ir::shape::{Shape, Sides, Window};
use crate::ir::{NodeId, Op, Parameter, ParameterKind};
use crate::valid::{Checked, Layer};
use crate::weights::{self, Entry};
use std::collections::{BTreeMap, HashSet};

/// A graph and its tensors.
pub(super) struct Lowered {
    pub graph: Graph,
    pub tensors: Vec<Stored>,
}

/// The graph whose outputs are the head's and the values of `shown`.
pub(super) fn lower(network: &Checked, shown: &[NodeId]) -> Result<Lowered, Unsupported> {
    let entries: BTreeMap<_, _> =
        weights::expected(network).into_iter().map(|entry| (entry.parameter, entry)).collect();
    let tensor_names: HashSet<_> = entries.values().map(|entry| entry.name.clone()).collect();
    let mut lowering = Lowering {
        taken: Names::of(tensor_names.iter().cloned().chain(network.layers().map(|layer| layer.name.to_owned()))),
        tensor_names,
        entries,
        values: BTreeMap::new(),
        nodes: Vec::new(),
        tensors: Vec::new(),
    };
    let mut input = Vec::new();
    let mut known = BTreeMap::new();
    for layer in network.layers() {
        let name = lowering.value_of(layer.name);
        let value = Value::of_images(&name, layer.output.dimensions().into_iter().map(signed));
        lowering.values.insert(layer.id, name.clone());
        if matches!(layer.node.op, Op::Input(_)) {
            input.push(value);
        } else {
            lowering.layer(&layer, &name)?;
            if let Some(node) = lowering.nodes.last_mut() {
                layer.name.clone_into(&mut node.name);
            }
            known.insert(layer.id, value);
        }
    }
    let outputs = [network.output()].into_iter().chain(shown.iter().copied());
    let output = outputs.filter_map(|node| known.remove(&node)).collect();
    let known = network.order().iter().filter_map(|node| known.remove(node)).collect();
    let graph = Graph { node: lowering.nodes, name: network.graph().name.clone(), input, output, value_info: known };
    Ok(Lowered { graph, tensors: lowering.tensors })
}

struct Lowering {
    /// What a weight file has of each parameter.
    entries: BTreeMap<Parameter, Entry>,
    /// The names that it has there.
    tensor_names: HashSet<String>,
    /// Every name in the graph.
    taken: Names,
    values: BTreeMap<NodeId, String>,
    nodes: Vec<Node>,
    tensors: Vec<Stored>,
}

/// The most rows, and columns, of an adaptive pool whose cells are not alike.
const CELLS: u64 = 256;

/// As ONNX counts. The compiler's limits keep every size far below.
fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn kernel_shape(kernel: [u64; 2]) -> Attribute {
    Attribute::integers("kernel_shape", kernel.map(signed))
}

fn strides(stride: [u64; 2]) -> Attribute {
    Attribute::integers("strides", stride.map(signed))
}

fn pads(Sides { top, bottom, left, right }: Sides) -> Attribute {
    Attribute::integers("pads", [top, left, bottom, right].map(signed))
}

#[expect(clippy::cast_possible_truncation, reason = "ONNX has attributes in float32")]
fn epsilon(value: f64) -> Attribute {
    Attribute::float("epsilon", value as f32)
}

impl Lowering {
    /// What the value of a layer is called: as the layer, unless a tensor is.
    fn value_of(&mut self, layer: &str) -> String {
        if self.tensor_names.contains(layer) { self.fresh(&format!("{layer}:value")) } else { layer.to_owned() }
    }

    /// `name`, or with a number after it where it is taken.
    fn fresh(&mut self, name: &str) -> String {
        self.taken.take(|_| true, |number| if number == 1 { name.to_owned() } else { format!("{name}:{number}") })
    }

    /// A node whose value is `output`.
    fn node(&mut self, op: &str, input: &[&str], output: &str, attribute: Vec<Attribute>) {
        let input = input.iter().map(|&name| name.to_owned()).collect();
        let (output, name) = (vec![output.to_owned()], output.to_owned());
        self.nodes.push(Node { input, output, name, op_type: op.to_owned(), attribute });
    }

    /// A node on the way to the value of `layer`; its own value.
    fn step(&mut self, op: &str, input: &[&str], layer: &str, word: &str, attribute: Vec<Attribute>) -> String {
        let value = self.fresh(&format!("{layer}:{word}"));
        self.node(op, input, &value, attribute);
        value
    }

    fn store(&mut self, name: String, dims: Vec<i64>, data_type: i32, values: Values) -> String {
        self.tensors.push(Stored { tensor: Tensor { dims, data_type, name: name.clone() }, values });
        name
    }

    fn integers(&mut self, layer: &str, word: &str, values: &[i64]) -> String {
        let name = self.fresh(&format!("{layer}:{word}"));
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.store(name, vec![signed(values.len() as u64)], INT64, Values::Own(bytes))
    }

    fn floats(&mut self, layer: &str, word: &str, dims: &[u64], values: &[f32]) -> String {
        let name = self.fresh(&format!("{layer}:{word}"));
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.store(name, dims.iter().copied().map(signed).collect(), FLOAT, Values::Own(bytes))
    }

    /// The parameter of a layer, as `dims` has it.
    fn parameter(&mut self, node: NodeId, kind: ParameterKind, dims: impl Fn(&[u64]) -> Vec<u64>) -> String {
        let Some(entry) = self.entries.get(&Parameter { node, kind }).cloned() else { return String::new() };
        let (name, dims) = (entry.name.clone(), dims(&entry.ir_shape).into_iter().map(signed).collect());
        self.store(name, dims, FLOAT, Values::Parameter(entry))
    }

    fn plain(&mut self, node: NodeId, kind: ParameterKind) -> String {
        self.parameter(node, kind, <[u64]>::to_vec)
    }

    fn layer(&mut self, layer: &Layer<'_>, name: &str) -> Result<(), Unsupported> {
        let operands: Vec<_> =
            layer.operands.iter().map(|id| self.values.get(id).cloned().unwrap_or_default()).collect();
        let operands: Vec<_> = operands.iter().map(String::as_str).collect();
        let from = operands.first().copied().unwrap_or_default();
        let id = layer.id;
        match &layer.node.op {
            Op::Input(_) => {}
            Op::Conv2d(op) => self.convolution(id, *op, from, name),
            Op::BatchNorm(op) => {
                let [scale, shift, mean, variance] =
                    [ParameterKind::Scale, ParameterKind::Shift, ParameterKind::Mean, ParameterKind::Variance]
                        .map(|kind| self.plain(id, kind));
                let inputs = [from, &scale, &shift, &mean, &variance];
                self.node("BatchNormalization", &inputs, name, vec![epsilon(op.epsilon)]);
            }
            Op::GroupNorm(op) => self.group_norm(id, *op, layer.input, from, name),
            Op::LayerNorm(op) => {
                let [scale, shift] = [ParameterKind::Scale, ParameterKind::Shift].map(|kind| self.plain(id, kind));
                let norm = vec![epsilon(op.epsilon), Attribute::integer("axis", -1)];
                if matches!(layer.input, Shape::Map { .. }) {
                    let last = self.step("Transpose", &[from], name, "channels_last", vec![permutation([0, 2, 3, 1])]);
                    let normed = self.step("LayerNormalization", &[&last, &scale, &shift], name, "normed", norm);
                    self.node("Transpose", &[&normed], name, vec![permutation([0, 3, 1, 2])]);
                } else {
                    self.node("LayerNormalization", &[from, &scale, &shift], name, norm);
                }
            }
            Op::LayerScale(_) => {
                let gain = self.parameter(id, ParameterKind::Gain, |shape| [shape, &[1, 1]].concat());
                self.node("Mul", &[from, &gain], name, vec![]);
            }
            Op::Activation(op) => self.activation(*op, from, name),
            Op::MaxPool(op) => self.max_pool(&op.window, layer, from, name),
            Op::AvgPool(op) => self.avg_pool(*op, layer, from, name)?,
            Op::AdaptivePool(op) => self.adaptive_pool(*op, layer, from, name)?,
            Op::Linear(op) => self.linear(id, *op, layer.input, from, name),
            Op::Flatten(_) => self.node("Flatten", &[from], name, vec![]),
            Op::Add(_) if operands.len() > 2 => self.node("Sum", &operands, name, vec![]),
            Op::Add(_) => self.node("Add", &operands, name, vec![]),
            Op::Multiply(_) => self.multiply(&operands, name),
            Op::Concat(_) => self.node("Concat", &operands, name, vec![Attribute::integer("axis", 1)]),
            Op::Pad(crate::ir::op::Pad::Spatial(sides)) => self.pad(from, name, *sides, &[]),
            Op::Pad(crate::ir::op::Pad::Channels { before, after }) => {
                let pads = self.integers(name, "pads", &[0, signed(*before), 0, 0, 0, signed(*after), 0, 0]);
                self.node("Pad", &[from, &pads], name, vec![]);
            }
            Op::Subsample(op) => {
                let [height, width] = layer.input.size().unwrap_or_default().map(signed);
                self.slice(from, name, &[0, 0], &[height, width], &[2, 3], &[signed(op.stride); 2]);
            }
            Op::Slice(op) => {
                let [start, end] = [op.start, op.start.saturating_add(op.length)].map(signed);
                self.slice(from, name, &[start], &[end], &[1], &[1]);
            }
            // At inference both pass on what they read.
            Op::Dropout(_) | Op::DropPath(_) => self.node("Identity", &[from], name, vec![]),
            Op::Blur(op) => self.blur(*op, layer.input, from, name),
            Op::ChannelConv(op) => {
                // Channels as a column of positions.
                let column = self.step("Transpose", &[from], name, "column", vec![permutation([0, 2, 1, 3])]);
                let kernel = self.parameter(id, ParameterKind::Kernel, |shape| [shape, &[1]].concat());
                let half = signed(op.kernel / 2);
                let pads = Attribute::integers("pads", [half, 0, half, 0]);
                let convolved = self.step("Conv", &[&column, &kernel], name, "convolved", vec![pads]);
                self.node("Transpose", &[&convolved], name, vec![permutation([0, 2, 1, 3])]);
            }
            Op::PathSoftmax(op) => {
                let [channels, height, width] = dimensions(layer.input).map(signed);
                let paths = signed(op.paths);
                let apart = self.integers(name, "paths_shape", &[0, paths, channels / paths.max(1), height, width]);
                let apart = self.step("Reshape", &[from, &apart], name, "paths", vec![]);
                let weights = self.step("Softmax", &[&apart], name, "softmax", vec![Attribute::integer("axis", 1)]);
                let together = self.integers(name, "shape", &[0, channels, height, width]);
                self.node("Reshape", &[&weights, &together], name, vec![]);
            }
        }
        Ok(())
    }

    fn convolution(&mut self, id: NodeId, op: Conv2d, from: &str, name: &str) {
        let kernel = self.plain(id, ParameterKind::Kernel);
        let bias = op.bias.then(|| self.plain(id, ParameterKind::Bias));
        let inputs: Vec<_> = [from, &kernel].into_iter().chain(bias.as_deref()).collect();
        let attributes = vec![
            kernel_shape(op.window.kernel),
            strides(op.window.stride),
            Attribute::integers("dilations", op.window.dilation.map(signed)),
            pads(op.window.padding),
            Attribute::integer("group", signed(op.groups)),
        ];
        self.node("Conv", &inputs, name, attributes);
    }

    fn linear(&mut self, id: NodeId, op: Linear, input: Shape, from: &str, name: &str) {
        let is_map = matches!(input, Shape::Map { .. });
        let kernel = self.parameter(id, ParameterKind::Kernel, |shape| {
            // Over the channels of a map it is a convolution of 1 x 1.
            if is_map { [shape, &[1, 1]].concat() } else { shape.to_vec() }
        });
        let bias = op.bias.then(|| self.plain(id, ParameterKind::Bias));
        let inputs: Vec<_> = [from, &kernel].into_iter().chain(bias.as_deref()).collect();
        if is_map {
            self.node("Conv", &inputs, name, vec![kernel_shape([1, 1])]);
        } else {
            self.node("Gemm", &inputs, name, vec![Attribute::integer("transB", 1)]);
        }
    }

    /// Each group as one channel, normalised as an instance: inference of shapes does not look into GroupNormalization.
    fn group_norm(&mut self, id: NodeId, op: GroupNorm, input: Shape, from: &str, name: &str) {
        let [channels, height, width] = dimensions(input).map(signed);
        let apart = self.integers(name, "groups_shape", &[0, signed(op.groups), -1]);
        let apart = self.step("Reshape", &[from, &apart], name, "groups", vec![]);
        let groups = usize::try_from(op.groups).unwrap_or(1);
        let [one, zero] = [("one", 1.0), ("zero", 0.0)]
            .map(|(word, value)| self.floats(name, word, &[op.groups], &vec![value; groups]));
        let inputs = [apart.as_str(), &one, &zero];
        let normed = self.step("InstanceNormalization", &inputs, name, "normed", vec![epsilon(op.epsilon)]);
        let together = self.integers(name, "shape", &[0, channels, height, width]);
        let together = self.step("Reshape", &[&normed, &together], name, "together", vec![]);
        let [scale, shift] = [ParameterKind::Scale, ParameterKind::Shift]
            .map(|kind| self.parameter(id, kind, |shape| [shape, &[1, 1]].concat()));
        let scaled = self.step("Mul", &[&together, &scale], name, "scaled", vec![]);
        self.node("Add", &[&scaled, &shift], name, vec![]);
    }

    fn activation(&mut self, op: Activation, from: &str, name: &str) {
        match op {
            Activation::Relu => self.node("Relu", &[from], name, vec![]),
            Activation::Relu6 => {
                let [least, most] =
                    [("least", 0.0), ("most", 6.0)].map(|(word, value)| self.floats(name, word, &[], &[value]));
                self.node("Clip", &[from, &least, &most], name, vec![]);
            }
            Activation::Silu => {
                let gate = self.step("Sigmoid", &[from], name, "sigmoid", vec![]);
                self.node("Mul", &[from, &gate], name, vec![]);
            }
            Activation::Gelu => self.node("Gelu", &[from], name, vec![Attribute::text("approximate", "none")]),
            Activation::Sigmoid => self.node("Sigmoid", &[from], name, vec![]),
            Activation::HardSigmoid => {
                let slope = vec![Attribute::float("alpha", 1.0 / 6.0), Attribute::float("beta", 0.5)];
                self.node("HardSigmoid", &[from], name, slope);
            }
            Activation::HardSwish => self.node("HardSwish", &[from], name, vec![]),
            Activation::Softmax => self.node("Softmax", &[from], name, vec![Attribute::integer("axis", 1)]),
        }
    }

    fn multiply(&mut self, operands: &[&str], name: &str) {
        let Some((&last, before)) = operands.split_last() else { return };
        let Some((&first, between)) = before.split_first() else { return };
        let product = between
            .iter()
            .fold(first.to_owned(), |product, operand| self.step("Mul", &[&product, operand], name, "product", vec![]));
        self.node("Mul", &[&product, last], name, vec![]);
    }

    /// `value` around a map, zero where nothing else is given.
    fn pad(&mut self, from: &str, output: &str, Sides { top, bottom, left, right }: Sides, value: &[f32]) {
        let amounts = [0, 0, top, left, 0, 0, bottom, right].map(signed);
        let amounts = self.integers(output, "pads", &amounts);
        let value = (!value.is_empty()).then(|| self.floats(output, "padding", &[], value));
        let inputs: Vec<_> = [from, &amounts].into_iter().chain(value.as_deref()).collect();
        self.node("Pad", &inputs, output, vec![]);
    }

    fn slice(&mut self, from: &str, output: &str, starts: &[i64], ends: &[i64], axes: &[i64], steps: &[i64]) {
        let [starts, ends, axes, steps] = [("starts", starts), ("ends", ends), ("axes", axes), ("steps", steps)]
            .map(|(word, values)| self.integers(output, word, values));
        self.node("Slice", &[from, &starts, &ends, &axes, &steps], output, vec![]);
    }

    fn max_pool(&mut self, window: &Window, layer: &Layer<'_>, from: &str, name: &str) {
        let sides = ends(window, layer);
        let attributes = vec![
            kernel_shape(window.kernel),
            strides(window.stride),
            Attribute::integers("dilations", window.dilation.map(signed)),
        ];
        if is_inside(sides, window) {
            self.node("MaxPool", &[from], name, [attributes, vec![pads(sides)]].concat());
        } else {
            // Runtimes take no padding as wide as the kernel.
            let padded = self.fresh(&format!("{name}:padded"));
            self.pad(from, &padded, sides, &[f32::NEG_INFINITY]);
            self.node("MaxPool", &[&padded], name, attributes);
        }
    }

    fn avg_pool(&mut self, op: AvgPool, layer: &Layer<'_>, from: &str, name: &str) -> Result<(), Unsupported> {
        let window = op.window;
        let mut sides = ends(&window, layer);
        let mut from = from.to_owned();
        let mut counts = false;
        if op.count_padding {
            if !window.ceil && is_inside(sides, &window) {
                counts = true;
            } else if !window.padding.is_zero() {
                // Zeros of the map's own, so that what ceil mode adds beyond them does not count.
                let padded = self.fresh(&format!("{name}:padded"));
                self.pad(&from, &padded, window.padding, &[]);
                from = padded;
                let beyond = |end: u64, own: u64| end.saturating_sub(own);
                let Sides { bottom, right, .. } = window.padding;
                sides =
                    Sides { top: 0, left: 0, bottom: beyond(sides.bottom, bottom), right: beyond(sides.right, right) };
            }
        }
        if !is_inside(sides, &window) {
            let reason = "ONNX has no average pool whose padding is as wide as its kernel: make the padding smaller, or \
                          count it";
            return Err(Unsupported { node: layer.id, reason: reason.to_owned() });
        }
        let attributes = vec![
            kernel_shape(window.kernel),
            strides(window.stride),
            Attribute::integers("dilations", window.dilation.map(signed)),
            pads(sides),
            Attribute::integer("count_include_pad", counts.into()),
        ];
        self.node("AveragePool", &[&from], name, attributes);
        Ok(())
    }

    fn adaptive_pool(
        &mut self,
        op: AdaptivePool,
        layer: &Layer<'_>,
        from: &str,
        name: &str,
    ) -> Result<(), Unsupported> {
        let [global, sliding, reduce] = match op.kind {
            PoolKind::Average => ["GlobalAveragePool", "AveragePool", "ReduceMean"],
            PoolKind::Maximum => ["GlobalMaxPool", "MaxPool", "ReduceMax"],
        };
        let [height, width] = layer.input.size().unwrap_or([1, 1]);
        let [rows, columns] = op.output;
        if op.is_global() {
            self.node(global, &[from], name, vec![]);
            return Ok(());
        }
        if height.checked_rem(rows) == Some(0) && width.checked_rem(columns) == Some(0) {
            let cell = [height / rows, width / columns];
            self.node(sliding, &[from], name, vec![kernel_shape(cell), strides(cell)]);
            return Ok(());
        }
        if rows.max(columns) > CELLS {
            let reason = format!(
                "ONNX has no adaptive pool, and one of {rows} x {columns} from {height} x {width} takes a node for each row \
                 and column: make it at most {CELLS} x {CELLS}, or divide the map evenly"
            );
            return Err(Unsupported { node: layer.id, reason });
        }
        // A cell is a run of rows times a run of columns: its mean is the mean of means, its maximum that of maxima.
        let by_row = self.fresh(&format!("{name}:rows"));
        self.reduce_cells(reduce, from, &by_row, 2, height, rows);
        self.reduce_cells(reduce, &by_row, name, 3, width, columns);
        Ok(())
    }

    /// Reduces cell i of n along an axis of `length`: floor(i length / n) to ceil((i + 1) length / n).
    fn reduce_cells(&mut self, reduce: &str, from: &str, output: &str, axis: i64, length: u64, count: u64) {
        let along = self.integers(output, "axis", &[axis]);
        let mut cells = Vec::new();
        for cell in 0..count {
            let [start, end] = [cell * length / count, ((cell + 1) * length).div_ceil(count)].map(signed);
            let run = self.fresh(&format!("{output}:run:{cell}"));
            self.slice(from, &run, &[start], &[end], &[axis], &[1]);
            cells.push(self.step(reduce, &[&run, &along], output, &format!("cell:{cell}"), vec![]));
        }
        let cells: Vec<_> = cells.iter().map(String::as_str).collect();
        self.node("Concat", &cells, output, vec![Attribute::integer("axis", axis)]);
    }

    #[expect(clippy::cast_possible_truncation, reason = "powers of two times small integers are exact in float32")]
    fn blur(&mut self, op: Blur, input: Shape, from: &str, name: &str) {
        let Sides { top, bottom, left, right } = op.window.padding;
        let amounts = self.integers(name, "pads", &[0, 0, top, left, 0, 0, bottom, right].map(signed));
        let reflect = vec![Attribute::text("mode", "reflect")];
        let padded = self.step("Pad", &[from, &amounts], name, "padded", reflect);
        let row = op.row();
        let one: Vec<_> = row.iter().flat_map(|y| row.iter().map(move |x| (y * x) as f32)).collect();
        let channels = input.channels();
        let [height, width] = op.window.kernel;
        let all: Vec<_> = (0..channels).flat_map(|_| one.iter().copied()).collect();
        let filter = self.floats(name, "filter", &[channels, 1, height, width], &all);
        let attributes = vec![
            kernel_shape(op.window.kernel),
            strides(op.window.stride),
            Attribute::integer("group", signed(channels)),
        ];
        self.node("Conv", &[&padded, &filter], name, attributes);
    }
}

fn permutation(axes: [i64; 4]) -> Attribute {
    Attribute::integers("perm", axes)
}

fn dimensions(shape: Shape) -> [u64; 3] {
    let [height, width] = shape.size().unwrap_or([1, 1]);
    [shape.channels(), height, width]
}

/// The padding under which plain windows, that must fit, give the output's size: ONNX's readers do not agree on ceil mode.
fn ends(window: &Window, layer: &Layer<'_>) -> Sides {
    if !window.ceil {
        return window.padding;
    }
    let [height, width] = layer.input.size().unwrap_or_default();
    let [rows, columns] = layer.output.size().unwrap_or_default();
    let [extent_height, extent_width] = window.extent();
    let [stride_height, stride_width] = window.stride;
    let Sides { top, left, .. } = window.padding;
    let end = |count: u64, stride: u64, extent: u64, size: u64, before: u64| {
        (count.saturating_sub(1) * stride + extent).saturating_sub(size + before)
    };
    Sides {
        top,
        left,
        bottom: end(rows, stride_height, extent_height, height, top),
        right: end(columns, stride_width, extent_width, width, left),
    }
}

/// Whether runtimes take this padding: less than the kernel on every side.
fn is_inside(Sides { top, bottom, left, right }: Sides, window: &Window) -> bool {
    let [height, width] = window.kernel;
    top.max(bottom) < height && left.max(right) < width
}
