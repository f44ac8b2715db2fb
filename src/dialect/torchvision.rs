use crate::ir::Sides;
use crate::ir::dialect::{
    ActivationStyle, Dialect, Init, Layout, PaddingStyle, Projection, Reported, StridePosition, StridedBlock,
};
use crate::ir::names::NameTable;

/// torchvision's ResNet and VGG ("v1.5": the stride in the 3x3).
pub(super) fn torchvision() -> Dialect {
    Dialect {
        name: "torchvision".to_owned(),
        source: "torchvision/models/resnet.py and vgg.py, 0.29".to_owned(),
        convolution_bias: false,
        norm_epsilon: 1e-5,
        norm_momentum: 0.1,
        bottleneck_stride: StridePosition::Spatial,
        preactivation_stride: StridedBlock::First,
        projection: Projection::WhereShapesDiffer,
        padding: PaddingStyle::Field,
        activation: ActivationStyle::Layer,
        stem_pool_padding: Sides::all(1),
        stem_pool_ceil: false,
        convolution_init: Init::KaimingNormalFanOut,
        linear_init: Init::UniformFanIn,
        reports: Reported::Trainable,
        names: names(),
    }
}

/// torchvision's names of layers and weights.
pub(super) fn names() -> NameTable {
    super::table(
        Layout::Torch,
        "layer{stage + 1}.{index}",
        &[
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
        [".weight", ".bias", ".weight", ".bias", ".running_mean", ".running_var", ""],
        &[".num_batches_tracked"],
    )
}
