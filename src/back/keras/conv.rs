//! Convolutions: padding by a layer of its own where Keras' `same` pads differently, and a layer of their own for
//! those that convolve each channel by itself.

use super::body::Writer;
use super::layer::{Flow, drawn_kernel, draws_bias};
use super::padding::{self, Mode};
use super::python::{PyNumber, PyPair, PyStr};
use super::view::{BiasFan, Conv2d, Drawn, KernelDraw, Layer, Outputs, Same};
use crate::ir::op::{self, Activation};
use crate::ir::shape::Window;
use crate::ir::{NodeId, Op};
use crate::outline::{Field, Item};
use crate::valid::Checked;

/// The outputs for each input of a convolution whose groups are single channels.
pub(super) fn depth_multiplier(network: &Checked, node: NodeId) -> Option<u64> {
    let layer = network.layer(node);
    let Op::Conv2d(conv) = &layer.node.op else { return None };
    let multiplier = conv.filters.checked_div(conv.groups);
    multiplier.filter(|_| conv.groups == layer.input.channels())
}

impl Writer<'_> {
    pub(super) fn convolution(
        &mut self,
        item: &Item,
        conv: op::Conv2d,
        activation: Option<Activation>,
        flow: Flow<'_>,
    ) {
        let windows = self.windows(item);
        let outputs = self.conv_outputs(item, conv);
        let depthwise = matches!(outputs, Outputs::Depthwise(_));
        let drawn = self.drawn(item, conv, &outputs);
        // Keras refuses a stride together with a dilation, and TensorFlow a stride that is not square of a depthwise
        // convolution: such a one is subsampled afterwards.
        let oblong = |window: &Window| depthwise && window.stride[0] != window.stride[1];
        let apart = windows.iter().any(|window| oblong(window) || window.stride != [1, 1] && window.dilation != [1, 1]);
        let modes: Vec<_> = windows
            .iter()
            // One element of the map is never padded, whatever the stride.
            .filter(|window| !(window.extent() == [1, 1] && window.padding.is_zero()))
            .map(|window| {
                let stride = if apart { [1, 1] } else { window.stride };
                (padding::mode(&Window { stride, ..*window }), stride == [1, 1])
            })
            .collect();
        let name = self.name(item);
        let stride = Self::variable_of(item, Field::Stride);
        let (same, mut flow) = self.pad(item, &modes, stride.filter(|_| !apart), flow, &name);
        let strides = self.pair(item, Field::Stride, conv.window.stride);
        let dilation = self.pair(item, Field::Dilation, conv.window.dilation);
        let made = self.needs.convolution.filter(|_| drawn.kernel == KernelDraw::Made);
        self.needs.conv2d |= made.is_some() && !depthwise;
        self.needs.depthwise_conv2d |= made.is_some() && depthwise;
        let layer = Conv2d {
            outputs,
            kernel: self.pair(item, Field::Kernel, conv.window.kernel),
            strides: Some(strides.clone()).filter(|strides| !(apart || strides.is(1))),
            same,
            dilation: Some(dilation).filter(|dilation| !dilation.is(1)),
            activation,
            no_bias: !conv.bias && made.is_none_or(|made| !made.no_bias),
            drawn,
        };
        self.push(flow.line(name.clone(), Layer::Conv2d(layer)));
        if apart {
            flow = flow.then();
            let layer = Layer::MaxPool { pool: PyPair::literal([1, 1]), strides };
            let line = flow.line(self.beside(item, &name, "_subsample"), layer);
            match stride {
                Some(stride) => {
                    let stride = self.parameter(stride);
                    self.push_strided(&stride, line);
                }
                None => self.push(line),
            }
        }
    }

    /// How a convolution with these outputs is drawn.
    fn drawn(&mut self, item: &Item, conv: op::Conv2d, outputs: &Outputs) -> Drawn {
        let kernel = self.pair(item, Field::Kernel, conv.window.kernel);
        let bias = draws_bias(conv.bias, conv.init);
        let depthwise = matches!(outputs, Outputs::Depthwise(_)).then(|| conv.filters / conv.groups.max(1));
        let fan = match outputs {
            Outputs::Depthwise(_) => BiasFan::Kernel(kernel),
            Outputs::Filters(_, None) if kernel.is(1) => BiasFan::Inputs,
            Outputs::Filters(_, groups) => BiasFan::Groups(kernel, groups.clone()),
        };
        let made = self.needs.convolution.map(|made| made.init);
        Drawn { kernel: drawn_kernel(conv.init, made, depthwise), bias: bias.then_some(fan), dots: self.needs.dots }
    }

    /// Depthwise if it is in every use, with as many outputs for each channel.
    fn conv_outputs(&mut self, item: &Item, conv: op::Conv2d) -> Outputs {
        let multipliers: Vec<_> = self.nodes(item).iter().map(|node| depth_multiplier(self.network, *node)).collect();
        let groups: Vec<_> = self.ops(item).map(|op| matches!(op, Op::Conv2d(conv) if conv.groups > 1)).collect();
        let first = multipliers.first().copied().flatten();
        if let Some(multiplier) = first.filter(|_| multipliers.iter().all(|other| *other == first))
            && groups.iter().all(|grouped| *grouped)
            && self.known.classifier != Some(item.node)
        {
            self.needs.depthwise = true;
            return Outputs::Depthwise((multiplier > 1).then_some(PyNumber::Literal(multiplier)));
        }
        let depthwise = multipliers.iter().zip(groups).any(|(multiplier, grouped)| multiplier.is_some() && grouped);
        self.needs.grouped |= depthwise;
        let groups = self.number(item, Field::Groups, conv.groups);
        Outputs::Filters(self.outputs(item, conv.filters), Some(groups).filter(|groups| !groups.is(1)))
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
        let pad = self.beside(item, name, "_pad");
        let Some(stride) = stride.filter(|_| others.iter().all(|mode| *mode == Mode::Layer)) else {
            self.push(flow.line(pad, Layer::ZeroPadding(around)));
            return (Same::Never, flow.then());
        };
        let stride = self.parameter(stride);
        if flow.value != flow.target {
            self.keep(flow.target, flow.value);
        }
        let flow = flow.then();
        self.push_strided(&stride, flow.line(pad, Layer::ZeroPadding(around)));
        (Same::Unstrided(stride), flow)
    }
}
