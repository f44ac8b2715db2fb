use crate::ir::Sides;
use crate::ir::dialect::{ActivationStyle, Dialect, Init, Layout, PaddingStyle, Projection, Reported, StridePosition};
use crate::ir::names::{NameTable, ParameterNames};

/// torchvision's ResNet and VGG ("v1.5": the stride in the 3x3).
pub const TORCHVISION: Dialect = Dialect {
    name: "torchvision",
    source: "torchvision/models/resnet.py and vgg.py, 0.29",
    convolution_bias: false,
    norm_epsilon: 1e-5,
    norm_momentum: 0.1,
    bottleneck_stride: StridePosition::Spatial,
    projection: Projection::WhereShapesDiffer,
    padding: PaddingStyle::Field,
    activation: ActivationStyle::Layer,
    stem_pool_padding: Sides::all(1),
    stem_pool_ceil: false,
    convolution_init: Init::KaimingNormalFanOut,
    linear_init: Init::UniformFanIn,
    layout: Layout::Torch,
    reports: Reported::Trainable,
    names: NAMES,
};

/// torchvision's names of layers and weights.
pub(super) const NAMES: NameTable = NameTable {
    block: "layer{stage + 1}.{index}",
    rows: &[
        ("stem.conv", "conv1"),
        ("stem.norm", "bn1"),
        ("stem.act", "relu"),
        ("stem.pool", "maxpool"),
        ("main.conv", "{block}.conv{unit}"),
        ("main.norm", "{block}.bn{unit}"),
        ("main.act", "{block}.relu{unit}"),
        ("main.pad", "{block}.pad{unit}"),
        ("skip.*", "{block}.downsample.{sequence}"),
        ("join.add", "{block}.add"),
        ("join.act", "{block}.relu"),
        ("chain.*", "features.{sequence}"),
        ("head.pool", "avgpool"),
        ("head.max_pool", "global_maxpool"),
        ("head.flatten", "flatten"),
        ("head.dropout", "dropout"),
        ("head.logits", "fc"),
        ("head.act", "softmax"),
        ("classifier.*", "classifier.{sequence}"),
    ],
    parameters: ParameterNames {
        kernel: ".weight",
        bias: ".bias",
        scale: ".weight",
        shift: ".bias",
        mean: ".running_mean",
        variance: ".running_var",
        ignored: &[".num_batches_tracked"],
    },
};
