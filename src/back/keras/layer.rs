//! From an item of an outline to the Keras layers that compute it.

use super::body::Writer;
use super::padding::{self, Mode};
use super::python::{PyFloat, PyIdent, PyNumber, PyPair, PyStr};
use super::view::{Conv2d, Layer, Line, Padding, Same};
use crate::back::Unsupported;
use crate::ir::dialect::{ActivationStyle, Layout};
use crate::ir::op::{self, Activation};
use crate::ir::{Label, Op};
use crate::outline::{Field, Item};

/// Where an item reads and writes.
#[derive(Debug, Clone, Copy)]
struct Flow<'v> {
    value: &'v PyIdent,
    target: &'v PyIdent,
}

impl Flow<'_> {
    fn line(self, name: PyStr, layer: Layer) -> Line {
        Line::Layer { target: self.target.clone(), operand: self.value.clone(), name, layer }
    }

    /// After the target has been written.
    fn then(self) -> Self {
        Self { value: self.target, ..self }
    }
}

impl Writer<'_> {
    /// Writes `item`; says whether it took `next`, which reads it, with it.
    pub(super) fn item(
        &mut self,
        item: &Item,
        next: Option<&Item>,
        value: &PyIdent,
        target: &PyIdent,
    ) -> Result<bool, Unsupported> {
        let flow = Flow { value, target };
        let inside = next.and_then(|next| self.activation_inside(&next.op));
        let layer = match &item.op {
            Op::Conv2d(conv) => {
                self.convolution(item, *conv, inside, flow);
                return Ok(inside.is_some());
            }
            Op::MaxPool(pool) => {
                self.max_pool(item, *pool, flow)?;
                return Ok(false);
            }
            Op::Flatten(_) => {
                self.flatten(item, flow);
                return Ok(false);
            }
            Op::Linear(linear) => {
                let layer = self.linear(item, *linear, inside);
                let name = self.name(item);
                self.push(flow.line(name, layer));
                return Ok(inside.is_some());
            }
            Op::AdaptivePool(pool) if pool.is_global() => {
                let flattened = next.is_some_and(|next| matches!(next.op, Op::Flatten(_)));
                let name = self.name(item);
                self.push(flow.line(name, Layer::GlobalPool { kind: pool.kind, keep: !flattened }));
                return Ok(flattened);
            }
            Op::AdaptivePool(pool) => Layer::AdaptivePool { kind: pool.kind, output: PyPair::literal(pool.output) },
            Op::BatchNorm(norm) => self.norm(*norm),
            Op::Activation(activation) => Layer::Activation(*activation),
            Op::Pad(op::Pad::Spatial(sides)) => Layer::ZeroPadding(match item.fields.get(&Field::Padding) {
                Some(_) => Padding::Even(self.pair(item, Field::Padding, [0, 0])),
                None => padding::literal(*sides),
            }),
            Op::Pad(op::Pad::Channels { before, after }) => Layer::ZeroChannels {
                before: self.number(item, Field::Before, *before),
                after: self.number(item, Field::After, *after),
            },
            Op::Subsample(subsample) => {
                let strides = self.pair(item, Field::Stride, [subsample.stride; 2]);
                Layer::MaxPool { pool: PyPair::literal([1, 1]), strides }
            }
            Op::Dropout(dropout) => Layer::Dropout(PyFloat(dropout.rate)),
            Op::Input(_)
            | Op::Add(_)
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
            | Op::Slice(_) => return Err(self.refuse(item, "it does not read exactly one value")),
        };
        let name = self.name(item);
        self.push(flow.line(name, layer));
        Ok(false)
    }

    /// The activation that `next` is, if the dialect writes it inside the layer before.
    fn activation_inside(&self, next: &Op) -> Option<Activation> {
        match (next, self.network.graph().dialect.activation) {
            (Op::Activation(activation), ActivationStyle::Field) => Some(*activation),
            _ => None,
        }
    }

    fn norm(&self, norm: op::BatchNorm) -> Layer {
        // Keras' momentum is the weight of the old statistic; the difference to 1 is rounded to what was written.
        let momentum = ((1.0 - norm.momentum) * 1e12).round() / 1e12;
        let default = (momentum - 0.99).abs() < 1e-12;
        Layer::BatchNorm {
            epsilon: PyFloat(norm.epsilon),
            momentum: (!default).then_some(PyFloat(momentum)),
            made: self.needs.norm,
        }
    }

    fn linear(&mut self, item: &Item, linear: op::Linear, activation: Option<Activation>) -> Layer {
        let units = match item.role {
            Label::LOGITS => PyNumber::Variable(PyIdent::fresh("classes", &[])),
            _ => self.number(item, Field::Filters, linear.features),
        };
        let init = self.network.graph().dialect.linear_init;
        Layer::Dense { units, activation, made: self.needs.linear.is_some(), init }
    }

    /// A flattened map is in the order C, H, W, unless the weights that read it are kept in the order of H, W, C.
    fn flatten(&mut self, item: &Item, flow: Flow<'_>) {
        let graph = self.network.graph();
        let mut node = self.nodes(item).first().copied();
        let mut weighed = false;
        while let Some(reader) = node.and_then(|node| graph.readers(node).first().copied()) {
            weighed = graph.get(reader).is_some_and(|reader| matches!(reader.op, Op::Linear(_)));
            node = Some(reader).filter(|_| !weighed);
        }
        let name = self.name(item);
        let mut flow = flow;
        if !(weighed && graph.dialect.names.layout == Layout::Keras) {
            self.push(flow.line(name.and("_channels_first"), Layer::ChannelsFirst));
            flow = flow.then();
        }
        self.push(flow.line(name, Layer::Flatten));
    }

    fn convolution(&mut self, item: &Item, conv: op::Conv2d, activation: Option<Activation>, flow: Flow<'_>) {
        let windows: Vec<_> = self.ops(item).filter_map(Op::window).copied().collect();
        // Keras refuses a stride together with a dilation: such a convolution is subsampled afterwards.
        let apart = windows.iter().any(|window| window.stride != [1, 1] && window.dilation != [1, 1]);
        let modes: Vec<_> = windows
            .iter()
            .map(|window| {
                let stride = if apart { [1, 1] } else { window.stride };
                (padding::mode(&crate::ir::shape::Window { stride, ..*window }), stride == [1, 1])
            })
            .collect();
        let name = self.name(item);
        let stride = Self::variable_of(item, Field::Stride);
        let (same, mut flow) = self.pad(item, &modes, stride.filter(|_| !apart), flow, &name);
        let strides = self.pair(item, Field::Stride, conv.window.stride);
        let dilation = self.pair(item, Field::Dilation, conv.window.dilation);
        let groups = self.number(item, Field::Groups, conv.groups);
        let made = self.needs.convolution;
        let layer = Conv2d {
            filters: self.number(item, Field::Filters, conv.filters),
            kernel: PyPair::literal(conv.window.kernel),
            strides: Some(strides.clone()).filter(|strides| !(apart || strides.is(1))),
            same,
            dilation: Some(dilation).filter(|dilation| !dilation.is(1)),
            groups: Some(groups).filter(|groups| !groups.is(1)),
            activation,
            no_bias: !conv.bias && made.is_none_or(|made| !made.no_bias),
            made: made.is_some(),
        };
        self.push(flow.line(name.clone(), Layer::Conv2d(layer)));
        if apart {
            flow = flow.then();
            let layer = Layer::MaxPool { pool: PyPair::literal([1, 1]), strides };
            let line = flow.line(name.and("_subsample"), layer);
            match stride {
                Some(stride) => {
                    let stride = self.parameter(stride);
                    self.push_strided(&stride, line);
                }
                None => self.push(line),
            }
        }
    }

    /// Writes the padding that convolutions of `modes`, and whether they are unstrided, need before them; says when
    /// they then pad by themselves.
    fn pad<'v>(
        &mut self,
        item: &Item,
        modes: &[(Mode, bool)],
        stride: Option<usize>,
        flow: Flow<'v>,
        name: &PyStr,
    ) -> (Same, Flow<'v>) {
        let all = |mode: Mode| modes.iter().all(|(found, _)| *found == mode);
        if all(Mode::Valid) {
            return (Same::Never, flow);
        }
        if all(Mode::Same) {
            return (Same::Always, flow);
        }
        let by_stride = modes.iter().all(|(mode, unstrided)| (*mode == Mode::Same) == *unstrided);
        let others: Vec<_> = modes.iter().map(|(mode, _)| *mode).filter(|mode| *mode != Mode::Same).collect();
        let stride = stride.filter(|_| by_stride && others.len() < modes.len());
        if let Some(stride) = stride.filter(|_| others.iter().all(|mode| *mode == Mode::Valid)) {
            return (Same::Unstrided(self.parameter(stride)), flow);
        }
        let around = self.around(item);
        let Some(stride) = stride.filter(|_| others.iter().all(|mode| *mode == Mode::Layer)) else {
            self.push(flow.line(name.and("_pad"), Layer::ZeroPadding(around)));
            return (Same::Never, flow.then());
        };
        let stride = self.parameter(stride);
        if flow.value != flow.target {
            self.keep(flow.target, flow.value);
        }
        let flow = flow.then();
        self.push_strided(&stride, flow.line(name.and("_pad"), Layer::ZeroPadding(around)));
        (Same::Unstrided(stride), flow)
    }

    /// The padding of a window, as the outline has it.
    fn around(&mut self, item: &Item) -> Padding {
        match (item.fields.get(&Field::Padding), item.op.window()) {
            (Some(_), _) | (None, None) => Padding::Even(self.pair(item, Field::Padding, [0, 0])),
            (None, Some(window)) => padding::literal(window.padding),
        }
    }

    fn max_pool(&mut self, item: &Item, pool: op::MaxPool, flow: Flow<'_>) -> Result<(), Unsupported> {
        let window = pool.window;
        let others: Vec<_> = self.ops(item).filter_map(Op::window).copied().collect();
        if others.iter().any(|other| other.dilation != [1, 1]) {
            return Err(self.refuse(item, "Keras has no dilated max pool"));
        }
        let sides = padding::in_floor_mode(&window).ok_or_else(|| {
            self.refuse(
                item,
                "its last window may begin after the map: use less padding, a smaller stride or floor mode",
            )
        })?;
        let varies = others.iter().any(|other| other.padding != window.padding);
        if varies && window.ceil {
            return Err(self.refuse(item, "its padding varies, which ceil mode does not allow"));
        }
        let name = self.name(item);
        let mut flow = flow;
        if varies || !sides.is_zero() {
            let around = if window.ceil { padding::literal(sides) } else { self.around(item) };
            let never_negative = self.nodes(item).iter().all(|&node| {
                self.network.layer(node).operands.iter().all(|operand| self.signs.never_negative(*operand))
            });
            self.needs.max_padding |= !never_negative;
            let layer = if never_negative { Layer::ZeroPadding(around) } else { Layer::MaxPadding(around) };
            self.push(flow.line(name.and("_pad"), layer));
            flow = flow.then();
        }
        let strides = self.pair(item, Field::Stride, window.stride);
        self.push(flow.line(name, Layer::MaxPool { pool: PyPair::literal(window.kernel), strides }));
        Ok(())
    }
}
