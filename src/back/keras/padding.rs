//! How the padding of a window is written in Keras, whose own `same` is the graph's only here and there.

use super::python::{PyNumber, PyPair};
use super::view::Padding;
use crate::ir::Sides;
use crate::ir::shape::Window;

/// How one convolution is padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Not at all.
    Valid,
    /// As Keras' `same` does at stride 1.
    Same,
    /// By a layer before it.
    Layer,
}

/// How a convolution with `window` is padded.
pub(super) fn mode(window: &Window) -> Mode {
    if window.padding.is_zero() {
        Mode::Valid
    } else if window.stride == [1, 1] && window.padding == same(window) {
        Mode::Same
    } else {
        Mode::Layer
    }
}

/// What `same` adds at stride 1: dilation (kernel - 1) in all, the larger half after the map.
fn same(window: &Window) -> Sides {
    let [height, width] = window.extent().map(|extent| extent - 1);
    Sides { top: height / 2, bottom: height - height / 2, left: width / 2, right: width - width / 2 }
}

/// The padding with which a pool in floor mode makes the same windows as `window`, or `None` where its last window
/// may begin after the map, so that how many there are depends on the size.
///
/// Ceil mode makes ceil(a / s) = floor((a + s - 1) / s) steps: that of floor mode with s - 1 more padding at the end.
/// With padding + s at most the kernel's extent, the last window cannot begin after the map.
pub(super) fn in_floor_mode(window: &Window) -> Option<Sides> {
    if !window.ceil {
        return Some(window.padding);
    }
    let [vertical, horizontal] = window.stride;
    let [height, width] = window.extent();
    let Sides { top, bottom, left, right } = window.padding;
    let fits = bottom + vertical <= height && right + horizontal <= width;
    fits.then(|| Sides { top, bottom: bottom + vertical - 1, left, right: right + horizontal - 1 })
}

/// Whether Keras' `same` makes the windows of `window`, an average pool in ceil mode, at every size: an output for each
/// step that begins in the map, and padding only after it. With kernels of more than 2 some would go before.
pub(super) fn is_same_pool(window: &Window) -> bool {
    window.padding.is_zero() && window.kernel.iter().zip(window.stride).all(|(kernel, stride)| *kernel <= stride.min(2))
}

/// `sides` as Keras' padding layers take them.
pub(super) fn literal(sides: Sides) -> Padding {
    let Sides { top, bottom, left, right } = sides;
    if top == bottom && left == right {
        Padding::Even(PyPair::literal([top, left]))
    } else {
        Padding::Sides([top, bottom, left, right].map(PyNumber::Literal))
    }
}
