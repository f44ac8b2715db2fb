//! The generated `weights.rs`: what reads a weight file in the dialect's names and layouts.

use super::imports::{Helper, Imports};
use super::load::Method;
use super::quote::{Comment, RustStr};
use super::view::{LayoutView, WeightsView};
use crate::ir::dialect::Layout;
use crate::valid::Checked;
use std::collections::BTreeSet;

/// The file for layers that are loaded by `methods`.
pub(super) fn view(network: &Checked, header: &Comment, methods: &BTreeSet<Method>) -> WeightsView {
    let dialect = &network.graph().dialect;
    let names = &dialect.names.parameters;
    let mut imports = Imports::default();
    imports.prelude();
    imports.module("Param");
    let mut has = |method: Method, needs: fn(&mut Imports)| {
        let is_there = methods.contains(&method);
        if is_there {
            needs(&mut imports);
        }
        is_there
    };
    let has_convolution = has(Method::Convolution, |imports| imports.conv("Conv2d"));
    let has_batch_norm = has(Method::BatchNorm, |imports| {
        imports.nn("BatchNorm");
        imports.module("RunningState");
    });
    let has_layer_norm = has(Method::LayerNorm, |imports| imports.nn("LayerNorm"));
    let has_group_norm = has(Method::GroupNorm, |imports| imports.nn("GroupNorm"));
    let has_layer_scale = has(Method::LayerScale, |imports| imports.helper(Helper::LayerScale));
    let has_channel_conv = has(Method::ChannelConv, |imports| imports.helper(Helper::ChannelConv));
    let has_linear = methods.iter().any(|method| method.is_linear());
    if has_linear {
        imports.nn("Linear");
    }
    WeightsView {
        header: header.clone(),
        dialect: Comment::new(&dialect.name),
        imports: imports.lines(),
        layout: match dialect.names.layout {
            Layout::Torch => LayoutView::Torch,
            Layout::Keras => LayoutView::Keras,
        },
        kernel: RustStr::new(&names.kernel),
        bias: RustStr::new(&names.bias),
        scale: RustStr::new(&names.scale),
        shift: RustStr::new(&names.shift),
        mean: RustStr::new(&names.mean),
        variance: RustStr::new(&names.variance),
        gain: RustStr::new(&names.gain),
        ignored: names.ignored.iter().map(|suffix| RustStr::new(suffix)).collect(),
        has_convolution,
        has_batch_norm,
        has_layer_norm,
        has_group_norm,
        has_layer_scale,
        has_channel_conv,
        has_linear,
        has_linear_of_map: methods.iter().any(|method| matches!(method, Method::LinearOfMap(_))),
    }
}
