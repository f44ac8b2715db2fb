//! The generated `layers.rs`: layers that burn does not have, and how fresh ones are drawn.

use super::imports::{Helper, Imports};
use super::load::Method;
use super::quote::Comment;
use super::view::{InitView, LayersView, NormView};
use crate::ir::op::unusual_scale;
use crate::ir::{Init, Op};
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
    let drawn = Drawn::of(network);
    let mut imports = Imports::default();
    imports.prelude();
    let has_convolution = methods.contains(&Method::Convolution);
    let has_linear = methods.iter().any(|method| method.is_linear());
    let has_channel_conv = helpers.contains(&Helper::ChannelConv);
    if has_convolution {
        imports.convolution("Conv2d");
    }
    if has_linear {
        imports.layer("Linear");
    }
    if has_channel_conv {
        imports.convolution("Conv1d");
        imports.nn("PaddingConfig1d");
    }
    for norm in &drawn.scaled {
        imports.layer(norm.name());
    }
    if has_convolution || has_linear || has_channel_conv || !drawn.scaled.is_empty() {
        imports.nn("Initializer");
    }
    let usual = |is_there: bool, init: Init| is_there.then_some(InitView(init));
    let convolution = usual(has_convolution, dialect.convolution_init);
    let linear = usual(has_linear, dialect.linear_init);
    let channel_conv = usual(drawn.has_usual_channels, dialect.channel_conv_init);
    // What is written in this file calls them too.
    let fresh = [convolution, linear].map(|init| init.filter(|_| drawn.has_usual));
    let called: BTreeSet<_> = fresh.into_iter().chain([channel_conv]).flatten().flat_map(InitView::helpers).collect();
    let calls = |helper: Helper| helpers.contains(&helper) || called.contains(&helper);
    let (has_normal, has_uniform) = (calls(Helper::Normal), calls(Helper::Uniform));
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
    let has_unbiased = has(Helper::Unbiased, |imports| {
        imports.nn("BatchNorm");
        imports.module("RunningState");
        imports.function("batch_norm_train");
    });
    let is_alone = helpers.iter().all(|helper| helper.is_of_fresh());
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
        has_fresh: drawn.has_usual,
        has_normal,
        has_uniform,
        has_channel_conv,
        scaled: drawn.scaled,
        has_unbiased,
        has_drop_path,
        has_layer_scale,
        has_adaptive_max,
        has_blur,
        has_path_softmax,
    }
}

/// How the layers of a network are drawn.
#[derive(Debug, Default)]
struct Drawn {
    /// Whether some convolution or linear layer is drawn as the dialect says.
    has_usual: bool,
    /// Whether some convolution along the channels is.
    has_usual_channels: bool,
    /// The norms of which some do not begin as one.
    scaled: Vec<NormView>,
}

impl Drawn {
    fn of(network: &Checked) -> Self {
        let dialect = &network.graph().dialect;
        let mut drawn = Self::default();
        for layer in network.layers() {
            match &layer.node.op {
                Op::Conv2d(conv) => drawn.has_usual |= conv.init == dialect.convolution_init.of_layer(conv.bias),
                Op::Linear(linear) => drawn.has_usual |= linear.init == dialect.linear_init.of_layer(linear.bias),
                Op::ChannelConv(conv) => {
                    drawn.has_usual_channels |= conv.init.kernel == dialect.channel_conv_init.kernel;
                }
                Op::BatchNorm(norm) => drawn.norm(NormView::Batch, norm.scale),
                Op::LayerNorm(norm) => drawn.norm(NormView::Layer, norm.scale),
                Op::GroupNorm(norm) => drawn.norm(NormView::Group, norm.scale),
                Op::Input(_)
                | Op::Activation(_)
                | Op::MaxPool(_)
                | Op::AdaptivePool(_)
                | Op::Flatten(_)
                | Op::Add(_)
                | Op::Pad(_)
                | Op::Subsample(_)
                | Op::Dropout(_)
                | Op::AvgPool(_)
                | Op::Blur(_)
                | Op::Concat(_)
                | Op::DropPath(_)
                | Op::LayerScale(_)
                | Op::Multiply(_)
                | Op::PathSoftmax(_)
                | Op::Slice(_) => {}
            }
        }
        drawn
    }

    fn norm(&mut self, norm: NormView, scale: f64) {
        if unusual_scale(scale).is_some() && !self.scaled.contains(&norm) {
            self.scaled.push(norm);
        }
    }
}
