use super::torchvision::names;
use crate::ir::Sides;
use crate::ir::dialect::{
    ActivationStyle, Dialect, Init, PaddingStyle, Projection, Reported, StridePosition, StridedBlock,
};

/// The authors' Caffe release of He et al. 2015 (arXiv 1512.03385): the stride in the first 1x1, the stem's pool
/// without padding in ceil mode. Layers and weights are called as in torchvision, so that one file serves both.
pub(super) fn paper() -> Dialect {
    Dialect {
        name: "paper".to_owned(),
        source: "KaimingHe/deep-residual-networks (Caffe); initialisation: Caffe's MSRAFiller".to_owned(),
        convolution_bias: false,
        norm_epsilon: 1e-5,
        norm_momentum: 0.1,
        bottleneck_stride: StridePosition::First,
        preactivation_stride: StridedBlock::First,
        projection: Projection::WhereShapesDiffer,
        padding: PaddingStyle::Field,
        activation: ActivationStyle::Layer,
        stem_pool_padding: Sides::all(0),
        stem_pool_ceil: true,
        convolution_init: Init::KaimingNormalFanIn,
        linear_init: Init::KaimingNormalFanIn,
        reports: Reported::Trainable,
        names: names(),
    }
}
