//! From an op and its weights to what a step computes.

use super::band::Band;
use super::conv::{Conv, Reading};
use super::panel::{Kernel, Packed};
use super::winograd::Winograd;
use super::{Gather, Mix, Pointwise, Resample, Work};
use crate::engine::extent::{Extent, size};
use crate::engine::kernel::Found;
use crate::engine::{BLOCK, Options};
use crate::ir::op::{self, Activation, Pad};
use crate::ir::shape::Window;
use crate::ir::{NodeId, Op, Parameter, ParameterKind, Sides};
use crate::valid::{Checked, Layer};
use crate::weights::{self, Entry, Misfit, Supply};
use std::collections::BTreeMap;

/// Makes what a step computes, out of a network and its weights.
pub(in crate::engine) struct Builder<'a, S> {
    checked: &'a Checked,
    entries: BTreeMap<Parameter, Entry>,
    supply: S,
    found: Found,
    threads: usize,
    winograd: bool,
}

/// What an op is: work of its own, something done in place, or another view of its operand.
pub(in crate::engine) enum Made {
    Work(Work),
    Pointwise(Pointwise),
    View,
}

impl<'a, S: Supply> Builder<'a, S> {
    pub(in crate::engine) fn new(checked: &'a Checked, supply: S, found: Found, options: Options) -> Self {
        let entries = weights::expected(checked).into_iter().map(|entry| (entry.parameter, entry)).collect();
        let Options { threads, winograd, .. } = options;
        Self { checked, entries, supply, found, threads: threads.get(), winograd }
    }

    /// What the op of `layer` computes.
    ///
    /// # Errors
    /// That a tensor is missing or has another shape.
    pub(in crate::engine) fn make(&mut self, layer: &Layer<'_>) -> Result<Made, Misfit> {
        let (input, output) = (Extent::of(layer.input), Extent::of(layer.output));
        let work = match &layer.node.op {
            Op::Input(_) => Work::Pack,
            Op::Conv2d(conv) => self.convolution(layer, conv.window, conv.groups, conv.bias)?,
            Op::Linear(linear) => {
                let window =
                    Window { kernel: [1; 2], stride: [1; 2], dilation: [1; 2], padding: Sides::all(0), ceil: false };
                self.convolution(layer, window, 1, linear.bias)?
            }
            Op::BatchNorm(norm) => return self.batch_norm(layer, norm.epsilon),
            Op::Activation(Activation::Softmax) => Work::Mix(Mix::Softmax { paths: output.channels }),
            Op::Activation(activation) => return Ok(Made::Pointwise(Pointwise::Activation(*activation))),
            Op::MaxPool(pool) => Work::Resample(Resample::max_pool(&pool.window, input, output)),
            Op::AvgPool(pool) => Work::Resample(Resample::avg_pool(pool, input, output)),
            Op::AdaptivePool(pool) => Work::Resample(Resample::adaptive_pool(*pool, input, output)),
            Op::Blur(blur) => Work::Resample(Resample::blur(*blur, input, output)),
            Op::Pad(Pad::Spatial(sides)) => Work::Resample(Resample::pad(*sides, input, output)),
            Op::Pad(Pad::Channels { before, after }) => Work::Gather(padded(input, size(*before), size(*after))),
            Op::Subsample(op) => Work::Resample(Resample::subsample(size(op.stride), input, output)),
            Op::Flatten(_) if input.positions() == 1 => return Ok(Made::View),
            Op::Flatten(_) => Work::Mix(Mix::Flatten),
            Op::Dropout(_) | Op::DropPath(_) => return Ok(Made::View),
            Op::Concat(_) => Work::Gather(self.concatenated(layer)),
            Op::Slice(slice) => Work::Gather(sliced(*slice)),
            Op::PathSoftmax(softmax) => Work::Mix(Mix::Softmax { paths: size(softmax.paths) }),
            Op::ChannelConv(_) => Work::Mix(Mix::Along(self.take(layer.id, ParameterKind::Kernel)?)),
            Op::LayerNorm(norm) => {
                let [scale, shift] = self.affine(layer.id)?;
                Work::Mix(Mix::LayerNorm { scale, shift, epsilon: norm.epsilon })
            }
            Op::GroupNorm(norm) => {
                let [scale, shift] = self.affine(layer.id)?;
                let width = input.channels / size(norm.groups);
                Work::Mix(Mix::GroupNorm { scale, shift, epsilon: norm.epsilon, width })
            }
            Op::LayerScale(_) => {
                let scale = filled_up(self.take(layer.id, ParameterKind::Gain)?);
                let shift = vec![0.0; scale.len()];
                return Ok(Made::Pointwise(Pointwise::Affine { scale, shift }));
            }
            // What it adds or multiplies are its other operands, whose places only the plan knows.
            Op::Add(_) => return Ok(Made::Pointwise(Pointwise::Add(0))),
            Op::Multiply(_) => return Ok(Made::Pointwise(Pointwise::Multiply(0))),
        };
        Ok(Made::Work(work))
    }

    fn convolution(&mut self, layer: &Layer<'_>, window: Window, groups: u64, bias: bool) -> Result<Work, Misfit> {
        let (input, output) = (Extent::of(layer.input), Extent::of(layer.output));
        let weights = self.take(layer.id, ParameterKind::Kernel)?;
        let bias = if bias { Some(self.take(layer.id, ParameterKind::Bias)?) } else { None };
        let [height, width] = window.kernel.map(size);
        let kernel = Kernel {
            weights: &weights,
            bias: bias.as_deref(),
            inputs: input.channels,
            outputs: output.channels,
            groups: size(groups),
            taps: height * width,
        };
        let [_, most] = self.found.isa().tile();
        let packed = Packed::unfilled(&kernel, most);
        let form = self.winograd.then(|| super::winograd::best(&window, &kernel, [input, output])).flatten();
        let (reading, packed) = if let Some(form) = form {
            let winograd = Winograd::new(form, &weights, &packed.panels, [input, output], window.padding);
            (Reading::Tiles(winograd), packed)
        } else {
            let band = Band::new(&window, input, output);
            let is_whole = band.is_whole(&window) && !packed.is_depthwise;
            let reading = match (is_whole, input.positions()) {
                (true, 1) => Reading::Images,
                (true, _) => Reading::Whole,
                (false, _) => Reading::Band(band),
            };
            (reading, packed.filled(&kernel))
        };
        Ok(Work::Conv(Box::new(Conv::new([input, output], reading, packed, self.threads))))
    }

    /// A factor and a summand for each channel, computed in float64.
    #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
    fn batch_norm(&mut self, layer: &Layer<'_>, epsilon: f64) -> Result<Made, Misfit> {
        let [gamma, beta] = self.affine(layer.id)?;
        let [mean, variance] = [ParameterKind::Mean, ParameterKind::Variance].map(|kind| self.take(layer.id, kind));
        let factor = |(gamma, variance): (&f32, &f32)| f64::from(*gamma) / (f64::from(*variance) + epsilon).sqrt();
        let (mean, variance) = (mean?, variance?);
        let scale: Vec<f64> = gamma.iter().zip(&variance).map(factor).collect();
        let shift =
            beta.iter().zip(&mean).zip(&scale).map(|((beta, mean), scale)| f64::from(*beta) - f64::from(*mean) * scale);
        let shift = filled_up(shift.map(|shift| shift as f32).collect());
        let scale = filled_up(scale.iter().map(|scale| *scale as f32).collect());
        Ok(Made::Pointwise(Pointwise::Affine { scale, shift }))
    }

    fn affine(&mut self, id: NodeId) -> Result<[Vec<f32>; 2], Misfit> {
        Ok([self.take(id, ParameterKind::Scale)?, self.take(id, ParameterKind::Shift)?])
    }

    fn concatenated(&self, layer: &Layer<'_>) -> Gather {
        let channels = layer.operands.iter().map(|operand| Extent::of(self.checked.shape(*operand)).channels);
        let from = channels
            .enumerate()
            .flat_map(|(operand, channels)| (0..channels).map(move |channel| Some((operand, channel))));
        Gather(from.collect())
    }

    /// A parameter's values, out of the weights.
    fn take(&mut self, node: NodeId, kind: ParameterKind) -> Result<Vec<f32>, Misfit> {
        let entry = self.entries.get(&Parameter { node, kind }).expect("an op's parameters are the network's");
        Ok(weights::supplied(self.checked, entry, &mut self.supply)?.values)
    }
}

fn sliced(slice: op::Slice) -> Gather {
    let start = size(slice.start);
    Gather((start..start + size(slice.length)).map(|channel| Some((0, channel))).collect())
}

fn padded(input: Extent, before: usize, after: usize) -> Gather {
    let own = (0..input.channels).map(|channel| Some((0, channel)));
    let zeros = |count| std::iter::repeat_n(None, count);
    Gather(zeros(before).chain(own).chain(zeros(after)).collect())
}

/// With zeros for the channels that fill up the last block.
fn filled_up(mut values: Vec<f32>) -> Vec<f32> {
    values.resize(values.len().next_multiple_of(BLOCK), 0.0);
    values
}
