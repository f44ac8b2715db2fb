//! Kernels of two dimensions over an input that has one: rows or columns of them that never meet anything but padding.
//!
//! Looked at are convolutions of maps that are still as high, or as wide, as the network's input. So the last stages of a
//! network, in which a 3x3 reads a map of one pixel that was made of many, are no reason to warn: there the kernel is what
//! the same weights need on larger images.

use super::warning;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::shape::Window;
use crate::ir::{Op, Sides};
use crate::spec::Spec;
use crate::valid::{Checked, Layer};

/// How many elements of kernels are looked at in a network, each in one direction.
const ELEMENTS: u64 = 1_000_000;

/// A direction: its place in a size, and what its lines are called.
const DIRECTIONS: [(usize, &str, &str); 2] = [(0, "height", "rows"), (1, "width", "columns")];

/// Warns of kernels that have lines for which the input has none.
pub(super) fn check(spec: &Spec, network: &Checked) -> Option<Diagnostic> {
    let input = network.input_shape().size()?;
    let mut left = ELEMENTS;
    let found = |(axis, name, lines)| {
        let side = *input.get(axis)?;
        let (layers, weights, idle) = count(network, axis, side, &mut left)?;
        Some((axis, name, lines, side, layers, weights, idle))
    };
    let (axis, name, lines, side, layers, weights, idle) = DIRECTIONS.into_iter().find_map(found)?;
    let span = [spec.input.height.span, spec.input.width.span].get(axis).copied()?;
    let message = format!("the input has a {name} of {side}, and kernels have more {lines}");
    let plural = if layers == 1 { "" } else { "s" };
    let note = format!(
        "of {weights} weights of {layers} convolution{plural}, {idle} meet nothing but padding: they change no output"
    );
    let kernel = if axis == 0 { "1x3" } else { "3x1" };
    let help = format!(
        "write a block with `conv {kernel} (…)` in the place of `conv 3x3 (…)`: `resnetc explain basic` prints a text to \
         start from"
    );
    Some(warning(Code::KernelBeyondMap, span, message, "the kernels are larger than this").note(note).help(help))
}

/// How many convolutions of maps with this `side` have lines that meet only padding, how many weights these have, and how
/// many of them change nothing.
fn count(network: &Checked, axis: usize, side: u64, left: &mut u64) -> Option<(u64, u128, u128)> {
    let (mut layers, mut weights, mut idle) = (0, 0, 0);
    for layer in network.layers() {
        let Some((window, map, all)) = convolution(network, &layer) else { continue };
        let kernel = *window.kernel.get(axis)?;
        let extent = *window.extent().get(axis)?;
        // From one line of a map to the farthest is less than its side.
        if map.get(axis) != Some(&side) || extent < 2 * side || kernel > *left {
            continue;
        }
        *left -= kernel;
        let met = met(&window, axis, side)?;
        if met < kernel {
            layers += 1;
            weights += all;
            idle += all / u128::from(kernel) * u128::from(kernel - met);
        }
    }
    (layers > 0).then_some((layers, weights, idle))
}

/// Of a convolution: the window with all of its padding, the size of the map without, the weights.
fn convolution(network: &Checked, layer: &Layer<'_>) -> Option<(Window, [u64; 2], u128)> {
    let Op::Conv2d(conv) = &layer.node.op else { return None };
    let mut window = conv.window;
    let mut read = network.layer(*layer.operands.first()?);
    if let Op::Pad(crate::ir::op::Pad::Spatial(sides)) = read.node.op {
        window.padding = sum(window.padding, sides);
        read = network.layer(*read.operands.first()?);
    }
    let [height, width] = window.kernel.map(u128::from);
    let inputs = u128::from(layer.input.channels() / conv.groups.max(1));
    Some((window, read.output.size()?, height * width * inputs * u128::from(conv.filters)))
}

fn sum(left: Sides, right: Sides) -> Sides {
    Sides {
        top: left.top + right.top,
        bottom: left.bottom + right.bottom,
        left: left.left + right.left,
        right: left.right + right.right,
    }
}

/// How many lines of a kernel meet the map somewhere, in the direction `axis` in which it has `side` lines.
fn met(window: &Window, axis: usize, side: u64) -> Option<u64> {
    let Sides { top, bottom, left, right } = window.padding;
    let [before, after] = *[[top, bottom], [left, right]].get(axis)?;
    let [kernel, stride, dilation, extent] = [
        *window.kernel.get(axis)?,
        *window.stride.get(axis)?,
        *window.dilation.get(axis)?,
        *window.extent().get(axis)?,
    ];
    let outputs = (side + before + after).checked_sub(extent)? / stride + 1;
    let meets = |line: &u64| {
        // The first output at which the line is not above the map.
        let offset = line * dilation;
        let first = before.saturating_sub(offset).div_ceil(stride);
        first < outputs && first * stride + offset < before + side
    };
    u64::try_from((0..kernel).filter(meets).count()).ok()
}
