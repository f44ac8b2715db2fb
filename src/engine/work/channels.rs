//! What mixes the channels of an image: norms over them, softmaxes, convolutions along them, and moving them about.

use super::pointwise::exp;
use crate::engine::extent::Extent;

/// Something over the channels of a whole image.
#[derive(Debug, Clone)]
pub(in crate::engine) enum Mix {
    /// A layer norm at each position.
    LayerNorm { scale: Vec<f32>, shift: Vec<f32>, epsilon: f64 },
    /// A group norm over so many channels at a time.
    GroupNorm { scale: Vec<f32>, shift: Vec<f32>, epsilon: f64, width: usize },
    /// A softmax over so many paths; over all channels where there are as many.
    Softmax { paths: usize },
    /// A convolution along the channels of a 1 x 1 map.
    Along(Vec<f32>),
    /// A map as a vector, in the order C, H, W.
    Flatten,
}

impl Mix {
    /// From an image to the output's, `extent` being the input's.
    pub(super) fn apply(&self, extent: Extent, input: &[f32], out: &mut [f32]) {
        match self {
            Self::LayerNorm { scale, shift, epsilon } => {
                for position in 0..extent.positions() {
                    let places = (0..extent.channels).map(|channel| extent.at(channel, position));
                    let (mean, factor) = moments(places.clone().map(|at| input[at]), *epsilon);
                    for (channel, at) in places.enumerate() {
                        out[at] = scaled(input[at], mean, factor) * scale[channel] + shift[channel];
                    }
                }
            }
            Self::GroupNorm { scale, shift, epsilon, width } => {
                for first in (0..extent.channels).step_by(*width) {
                    let places = (first..first + width).flat_map(|channel| {
                        (0..extent.positions()).map(move |position| (channel, extent.at(channel, position)))
                    });
                    let (mean, factor) = moments(places.clone().map(|(_, at)| input[at]), *epsilon);
                    for (channel, at) in places {
                        out[at] = scaled(input[at], mean, factor) * scale[channel] + shift[channel];
                    }
                }
            }
            Self::Softmax { paths } => softmax(*paths, extent, input, out),
            Self::Along(kernel) => {
                let middle = kernel.len() / 2;
                for (channel, to) in out[..extent.channels].iter_mut().enumerate() {
                    let taps = kernel.iter().enumerate().filter_map(|(tap, factor)| {
                        let place = (channel + tap).checked_sub(middle).filter(|place| *place < extent.channels)?;
                        Some(factor * input[place])
                    });
                    *to = taps.sum();
                }
            }
            Self::Flatten => {
                // A vector's features lie one after another, as an image's numbers do.
                extent.unpack(input, &mut out[..extent.numbers()]);
            }
        }
    }
}

fn softmax(paths: usize, extent: Extent, input: &[f32], out: &mut [f32]) {
    let width = extent.channels / paths;
    for position in 0..extent.positions() {
        for channel in 0..width {
            let places = (0..paths).map(|path| extent.at(path * width + channel, position));
            let most = places.clone().map(|at| input[at]).fold(f32::NEG_INFINITY, f32::max);
            let sum: f32 = places.clone().map(|at| exp(input[at] - most)).sum();
            for at in places {
                out[at] = exp(input[at] - most) / sum;
            }
        }
    }
}

/// The mean, and one over the deviation.
#[expect(clippy::cast_precision_loss, reason = "an image has fewer than 2^53 elements")]
fn moments(values: impl Iterator<Item = f32> + Clone, epsilon: f64) -> (f64, f64) {
    let (count, sum) = values.clone().fold((0_u64, 0.0), |(count, sum), value| (count + 1, sum + f64::from(value)));
    let mean = sum / count.max(1) as f64;
    let square: f64 = values.map(|value| (f64::from(value) - mean).powi(2)).sum();
    (mean, (square / count.max(1) as f64 + epsilon).sqrt().recip())
}

#[expect(clippy::cast_possible_truncation, reason = "rounded once")]
fn scaled(value: f32, mean: f64, factor: f64) -> f32 {
    ((f64::from(value) - mean) * factor) as f32
}

/// Channels that are moved about: for each channel of the output the operand and its channel, or zeros.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Gather(pub(in crate::engine) Vec<Option<(usize, usize)>>);

impl Gather {
    /// The block `block` of an image of the output.
    pub(super) fn apply(&self, block: usize, operands: &[&[f32]], extent: Extent, out: &mut [f32]) {
        let from = &self.0[block * 16..self.0.len().min((block + 1) * 16)];
        let plane = extent.plane();
        if let Some((operand, channel)) = whole(from) {
            out.copy_from_slice(&operands[operand][channel / 16 * plane..][..plane]);
            return;
        }
        out.fill(0.0);
        for (lane, (operand, channel)) in from.iter().enumerate().filter_map(|(lane, from)| Some((lane, (*from)?))) {
            let plane = &operands[operand][channel / 16 * plane..][..plane];
            let values = plane.iter().skip(channel % 16).step_by(16);
            out.iter_mut().skip(lane).step_by(16).zip(values).for_each(|(to, from)| *to = *from);
        }
    }
}

/// The operand and the first channel, where sixteen channels are one of its blocks.
fn whole(from: &[Option<(usize, usize)>]) -> Option<(usize, usize)> {
    let (operand, first) = (*from.first()?)?;
    let follows = from.iter().enumerate().all(|(lane, from)| *from == Some((operand, first + lane)));
    (from.len() == 16 && first % 16 == 0 && follows).then_some((operand, first))
}
