//! The generated `layers.rs`: layers that burn does not have, and how fresh ones are drawn.

use super::imports::{Helper, Imports};
use super::load::Method;
use super::quote::Comment;
use super::view::{InitView, LayersView};
use crate::ir::dialect::Init;
use crate::valid::Checked;
use std::collections::BTreeSet;

/// The file with `helpers`, for layers whose weights are loaded by `methods`.
pub(super) fn view(
    network: &Checked,
    header: &Comment,
    methods: &BTreeSet<Method>,
    helpers: &BTreeSet<Helper>,
) -> LayersView {
    let dialect = &network.graph().dialect;
    let mut imports = Imports::default();
    imports.prelude();
    let convolution = methods.contains(&Method::Convolution).then(|| {
        imports.convolution("Conv2d");
        imports.nn("Initializer");
        init(dialect.convolution_init)
    });
    let linear = methods.iter().any(|method| method.is_linear()).then(|| {
        imports.layer("Linear");
        imports.nn("Initializer");
        init(dialect.linear_init)
    });
    let channel_conv = helpers.contains(&Helper::ChannelConv).then(|| {
        imports.convolution("Conv1d");
        imports.nn("Initializer");
        imports.nn("PaddingConfig1d");
        init(dialect.linear_init)
    });
    let mut has = |helper: Helper, needs: fn(&mut Imports)| {
        let is_there = helpers.contains(&helper);
        if is_there {
            needs(&mut imports);
        }
        is_there
    };
    let has_drop_path = has(Helper::DropPath, |imports| imports.layer("Dropout"));
    let has_layer_scale = has(Helper::LayerScale, |imports| {
        imports.module("Param");
        imports.nn("Initializer");
    });
    let has_adaptive_max = has(Helper::AdaptiveMaxPool, |_| {});
    let has_blur = has(Helper::Blur, |imports| {
        imports.function("conv2d");
        imports.ops("ConvOptions");
        imports.ops("PadMode");
    });
    let has_path_softmax = has(Helper::PathSoftmax, |imports| imports.activation("softmax"));
    let is_alone = helpers.iter().all(|helper| *helper == Helper::Fresh);
    LayersView {
        header: header.clone(),
        module_doc: Comment::new(if is_alone {
            "Fresh layers: how their weights are drawn before they are trained or loaded."
        } else {
            "Layers of this network, and how the weights of fresh ones are drawn."
        }),
        imports: imports.lines(),
        convolution,
        linear,
        channel_conv,
        has_drop_path,
        has_layer_scale,
        has_adaptive_max,
        has_blur,
        has_path_softmax,
    }
}

fn init(init: Init) -> InitView {
    match init {
        Init::KaimingNormalFanOut => InitView::KaimingNormalFanOut,
        Init::KaimingNormalFanIn => InitView::KaimingNormalFanIn,
        Init::GlorotUniform => InitView::GlorotUniform,
        Init::UniformFanIn => InitView::UniformFanIn,
    }
}
