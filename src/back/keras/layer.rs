//! From an item of an outline to the Keras layers that compute it.

use super::body::Writer;
use super::padding;
use super::python::{PyFloat, PyIdent, PyNumber, PyStr};
use super::view::{BiasFan, Drawn, KernelDraw, Layer, Line, Own, Padding};
use crate::back::Unsupported;
use crate::ir::dialect::ActivationStyle;
use crate::ir::op::{self, Activation};
use crate::ir::{BiasDraw, Draw, Init, Op, Shape};
use crate::outline::{Field, Item};

/// Where an item reads and writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow<'v> {
    pub(super) value: &'v PyIdent,
    pub(super) target: &'v PyIdent,
}

impl Flow<'_> {
    pub(super) fn line(self, name: PyStr, layer: Layer) -> Line {
        Line::Layer { target: self.target.clone(), operand: self.value.clone(), name, layer }
    }

    /// After the target has been written.
    pub(super) fn then(self) -> Self {
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
        match &item.op {
            Op::Conv2d(conv) => {
                self.convolution(item, *conv, inside, flow);
                return Ok(inside.is_some());
            }
            Op::Linear(linear) => {
                self.linear(item, *linear, inside, flow)?;
                return Ok(inside.is_some());
            }
            Op::AdaptivePool(pool) => return Ok(self.adaptive_pool(item, *pool, next, flow)),
            Op::MaxPool(pool) => self.max_pool(item, *pool, flow),
            Op::AvgPool(pool) => self.average_pool(item, *pool, flow),
            Op::Flatten(_) => self.flatten(item, flow),
            Op::ChannelConv(conv) => self.channel_conv(item, *conv, flow),
            Op::BatchNorm(_)
            | Op::GroupNorm(_)
            | Op::LayerNorm(_)
            | Op::LayerScale(_)
            | Op::Activation(_)
            | Op::Pad(_)
            | Op::Subsample(_)
            | Op::Dropout(_)
            | Op::DropPath(_)
            | Op::Blur(_)
            | Op::Slice(_)
            | Op::PathSoftmax(_)
            | Op::Input(_)
            | Op::Add(_)
            | Op::Multiply(_)
            | Op::Concat(_) => {
                let layer = self.layer(item)?;
                let name = self.name(item);
                self.push(flow.line(name, layer));
            }
        }
        Ok(false)
    }

    /// The one layer that `item` is.
    fn layer(&mut self, item: &Item) -> Result<Layer, Unsupported> {
        let dots = self.needs.dots;
        Ok(match &item.op {
            Op::BatchNorm(norm) => self.batch_norm(*norm),
            Op::GroupNorm(norm) => Layer::GroupNorm {
                groups: self.number(item, Field::Groups, norm.groups),
                epsilon: PyFloat(norm.epsilon),
                scale: begins_as(norm.scale),
                dots,
            },
            Op::LayerNorm(norm) => {
                Layer::LayerNorm { epsilon: PyFloat(norm.epsilon), scale: begins_as(norm.scale), dots }
            }
            Op::LayerScale(scale) => {
                self.needs.layer_scale = true;
                Layer::LayerScale { init: self.real(item, Field::Init, scale.init), dots }
            }
            Op::Activation(activation) => Layer::Activation(*activation),
            Op::Pad(op::Pad::Spatial(sides)) => Layer::ZeroPadding(match item.fields.get(&Field::Padding) {
                Some(_) => Padding::Even(self.pair(item, Field::Padding, [0, 0])),
                None => padding::literal(*sides),
            }),
            Op::Pad(op::Pad::Channels { before, after }) => {
                self.needs.zero_channels = true;
                Layer::ZeroChannels {
                    before: self.number(item, Field::Before, *before),
                    after: self.number(item, Field::After, *after),
                }
            }
            Op::Subsample(subsample) => {
                let strides = self.pair(item, Field::Stride, [subsample.stride; 2]);
                Layer::MaxPool { pool: super::python::PyPair::literal([1, 1]), strides }
            }
            Op::Dropout(dropout) => Layer::Dropout(self.real(item, Field::Rate, dropout.rate)),
            Op::DropPath(drop) => self.drop_path(item, *drop)?,
            Op::Blur(blur) => self.blur(item, *blur)?,
            Op::Slice(slice) => {
                self.needs.slice = true;
                Layer::Slice {
                    start: self.number(item, Field::Start, slice.start),
                    length: self.number(item, Field::Length, slice.length),
                }
            }
            Op::PathSoftmax(softmax) => {
                self.needs.path_softmax = true;
                Layer::PathSoftmax(self.number(item, Field::Paths, softmax.paths))
            }
            Op::Conv2d(_)
            | Op::Linear(_)
            | Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::AdaptivePool(_)
            | Op::Flatten(_)
            | Op::ChannelConv(_)
            | Op::Input(_)
            | Op::Add(_)
            | Op::Multiply(_)
            | Op::Concat(_) => return Err(self.refuse(item, "it is no layer that reads one value")),
        })
    }

    /// The activation that `next` is, if the dialect writes it inside the layer before.
    fn activation_inside(&self, next: &Op) -> Option<Activation> {
        match (next, self.network.graph().dialect.activation) {
            (Op::Activation(activation), ActivationStyle::Field) => Some(*activation),
            _ => None,
        }
    }

    fn batch_norm(&self, norm: op::BatchNorm) -> Layer {
        // Keras' momentum is the weight of the old statistic; the difference to 1 is rounded to what was written.
        let momentum = ((1.0 - norm.momentum) * 1e12).round() / 1e12;
        let default = (momentum - 0.99).abs() < 1e-12;
        Layer::BatchNorm {
            epsilon: PyFloat(norm.epsilon),
            momentum: (!default).then_some(PyFloat(momentum)),
            scale: begins_as(norm.scale),
            own: match (self.needs.norm, norm.running_variance) {
                (true, _) => Own::Function,
                (false, op::RunningVariance::Unbiased) => Own::Class,
                (false, op::RunningVariance::Biased) => Own::Keras,
            },
        }
    }

    /// Dropout with one decision for an image: its other axes are given, so what it reads has one rank in all uses.
    fn drop_path(&mut self, item: &Item, drop: op::DropPath) -> Result<Layer, Unsupported> {
        let map = |node: &_| matches!(self.network.shape(*node), Shape::Map { .. });
        let maps = self.nodes(item).iter().filter(|node| map(node)).count();
        if maps > 0 && maps < self.nodes(item).len() {
            return Err(self.refuse(item, "some uses of its block read maps and some vectors"));
        }
        Ok(Layer::DropPath { rate: self.real(item, Field::Rate, drop.rate), map: maps > 0 })
    }

    fn blur(&mut self, item: &Item, blur: op::Blur) -> Result<Layer, Unsupported> {
        let [kernel, other] = blur.window.kernel;
        let square = |window: &crate::ir::shape::Window| window.stride[0] == window.stride[1];
        if kernel != other || !self.windows(item).iter().all(square) {
            return Err(self.refuse(item, "its filter or stride is not square"));
        }
        self.needs.blur = true;
        Ok(Layer::Blur {
            size: self.number(item, Field::Kernel, kernel),
            strides: self.number(item, Field::Stride, blur.window.stride[0]),
            padding: self.around(item),
        })
    }

    fn linear(
        &mut self,
        item: &Item,
        linear: op::Linear,
        activation: Option<Activation>,
        flow: Flow<'_>,
    ) -> Result<(), Unsupported> {
        if self.nodes(item).iter().any(|node| self.known.order.is_torn(*node)) {
            return Err(self.refuse(
                item,
                "its weights are kept in the order height, width, channels of a flattened map, but what it reads of the \
                 map is also read in the order channels, height, width",
            ));
        }
        let layer = Layer::Dense {
            units: self.outputs(item, linear.features),
            no_bias: !linear.bias,
            activation,
            drawn: Drawn {
                kernel: drawn_kernel(linear.init, self.needs.linear, None),
                bias: draws_bias(linear.bias, linear.init).then_some(BiasFan::Inputs),
                dots: self.needs.dots,
            },
        };
        let name = self.name(item);
        self.push(flow.line(name, layer));
        Ok(())
    }

    /// The outputs of a convolution or linear layer.
    pub(super) fn outputs(&mut self, item: &Item, otherwise: u64) -> PyNumber {
        if self.known.classifier == Some(item.node) {
            return PyNumber::Variable(PyIdent::fresh("classes"));
        }
        self.number(item, Field::Filters, otherwise)
    }

    fn flatten(&mut self, item: &Item, flow: Flow<'_>) {
        let name = self.name(item);
        let mut flow = flow;
        if self.nodes(item).iter().any(|node| self.known.order.is_moved(self.network, *node)) {
            let name = self.beside(item, &name, "_channels_first");
            self.push(flow.line(name, Layer::ChannelsFirst));
            flow = flow.then();
        }
        self.push(flow.line(name, Layer::Flatten));
    }

    fn channel_conv(&mut self, item: &Item, conv: op::ChannelConv, flow: Flow<'_>) {
        let kernel = self.number(item, Field::Kernel, conv.kernel);
        let init = Some(conv.init.kernel).filter(|init| self.needs.channel_conv != Some(*init));
        let name = self.name(item);
        self.push(Line::ChannelConv { target: flow.target.clone(), operand: flow.value.clone(), kernel, init, name });
    }
}

/// What the factors of a norm begin as, where that is not one.
fn begins_as(scale: f64) -> Option<PyFloat> {
    op::unusual_scale(scale).map(PyFloat)
}

/// Whether a layer has a bias that does not begin as zero.
pub(super) fn draws_bias(has_bias: bool, init: Init) -> bool {
    has_bias && init.bias == BiasDraw::UniformFanIn
}

/// How a kernel is drawn where the package's own function draws as `made`; of a layer with a kernel for each channel,
/// with so many outputs of each.
pub(super) fn drawn_kernel(init: Init, made: Option<Draw>, depthwise: Option<u64>) -> KernelDraw {
    // Keras's fans of a kernel for each channel are those of one group where there is one output of each.
    let is_glorot = init.kernel == Draw::GlorotUniform;
    let is_apart = is_glorot && depthwise.is_some_and(|multiplier| multiplier > 1);
    match made {
        _ if is_apart => KernelDraw::So(init.kernel, depthwise),
        Some(made) if made == init.kernel => KernelDraw::Made,
        _ if is_glorot => KernelDraw::Usual,
        _ => KernelDraw::So(init.kernel, depthwise),
    }
}
