//! Dialects: what a community of implementations leaves unsaid, said once, as data.
//!
//! A dialect fixes every choice in which published implementations of the same network differ. The values stand in
//! [`crate::dialect`]; no code asks which dialect it has, only what the field says.

use super::init::Init;
use super::names::NameTable;
use super::op::RunningVariance;
use super::shape::Sides;
use super::spelling::Spelling;

/// The choices of one community.
#[derive(Debug, Clone, PartialEq)]
pub struct Dialect {
    /// Its name in a description.
    pub name: String,
    /// Where the choices are taken from.
    pub source: String,
    /// Whether convolutions that a norm follows have a bias.
    pub convolution_bias: bool,
    /// Batch norm's epsilon.
    pub norm_epsilon: f64,
    /// The weight of the new batch in a running statistic: torch's and burn's momentum, 1 minus Keras's.
    pub norm_momentum: f64,
    /// Which convolution of a bottleneck is strided.
    pub bottleneck_stride: StridePosition,
    /// Which block of a stage of pre-activation blocks is strided.
    pub preactivation_stride: StridedBlock,
    /// The dilation of the first block of a dilated stage.
    pub dilated_first_block: FirstDilation,
    /// When shortcut B projects.
    pub projection: Projection,
    /// How a strided convolution's padding is written.
    pub padding: PaddingStyle,
    /// Where an activation is written that follows a convolution or a linear layer at once.
    pub activation: ActivationStyle,
    /// Padding of the 3x3 stride-2 pool of the ImageNet stem.
    pub stem_pool_padding: Sides,
    /// Whether that pool's last window may start inside the map and end outside.
    pub stem_pool_ceil: bool,
    /// How the mean of a gate is written: a global average pool in a branch of a product.
    pub gate_mean: Spelling,
    /// How fresh convolutions are drawn.
    pub convolution_init: Init,
    /// How fresh linear layers are drawn.
    pub linear_init: Init,
    /// How fresh convolutions along the channels are drawn.
    pub channel_conv_init: Init,
    /// The factors of a residual branch's last norm before training.
    pub last_norm_scale: f64,
    /// Which variance of a batch enters the running one of a batch norm.
    pub running_variance: RunningVariance,
    /// Which parameter count its users quote.
    pub reports: Reported,
    /// What its layers and weights are called, and how the weights are laid out.
    pub names: NameTable,
}

/// Which convolution of a bottleneck carries the block's stride.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StridePosition {
    /// The first 1x1 (the paper).
    First,
    /// The 3x3 ("v1.5").
    Spatial,
}

/// Which block of a stage carries the stage's stride.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StridedBlock {
    /// The first.
    First,
    /// The last (keras.applications' ResNetV2).
    Last,
}

/// The dilation of the first of several blocks of a dilated stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstDilation {
    /// That of the stage before: the map that the block reads still has the old spacing (torchvision's
    /// `replace_stride_with_dilation`).
    Previous,
    /// The stage's own (DeepLab's Caffe networks).
    Own,
}

/// When shortcut B puts a projection in the identity's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// Exactly where the stride is not 1 or the channels differ.
    WhereShapesDiffer,
    /// On the first block of every stage.
    FirstBlock,
}

/// How the padding of a strided convolution and of the stem's pool is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaddingStyle {
    /// As a field of the op; a max pool pads with minus infinity.
    Field,
    /// As a layer of its own that writes zeros.
    Layer,
}

/// Where an activation is written that follows a convolution or a linear layer at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivationStyle {
    /// As a layer of its own.
    Layer,
    /// As a field of the layer before it, where a framework has one.
    Field,
}

/// The layout of tensors in a weight file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Convolution O, I, H, W; linear out, in; a flattened map in the order C, H, W.
    Torch,
    /// Convolution H, W, I, O, depthwise H, W, channels, outputs of each; linear in, out; a flattened map in the order
    /// H, W, C.
    Keras,
}

/// The parameter count that a dialect's users quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// Trainable parameters.
    Trainable,
    /// Trainable parameters and batch-norm statistics.
    Total,
}
