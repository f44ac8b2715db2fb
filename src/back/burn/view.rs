//! What the templates receive. Every text is of a type that knows its quoting; templates only choose and repeat.

use super::imports::Foreign;
use super::layout::Code;
use super::quote::{Comment, RustIdent, RustStr, RustType};
use askama::Template;

/// `Cargo.toml`.
#[derive(Debug, Template)]
#[template(path = "back/burn/templates/Cargo.toml.txt")]
pub(super) struct CargoView {
    pub(super) header: Comment,
    pub(super) package: RustIdent,
    pub(super) description: RustStr,
}

/// `rustfmt.toml`.
#[derive(Debug, Template)]
#[template(path = "back/burn/templates/rustfmt.toml.txt")]
pub(super) struct RustfmtView {
    pub(super) header: Comment,
}

/// `src/lib.rs`.
#[derive(Debug, Template)]
#[template(path = "back/burn/templates/lib.rs.txt")]
pub(super) struct LibView {
    pub(super) header: Comment,
    pub(super) doc: Vec<Comment>,
    pub(super) package: RustIdent,
    pub(super) input: [u64; 3],
    pub(super) modules: Vec<ModuleView>,
    pub(super) network: RustType,
    pub(super) exports: Option<Code>,
}

/// A module of the crate.
#[derive(Debug)]
pub(super) struct ModuleView {
    pub(super) name: RustIdent,
    pub(super) is_public: bool,
    /// Whether nothing calls what is private in it.
    pub(super) is_idle: bool,
}

/// `src/main.rs`.
#[derive(Debug, Template)]
#[template(path = "back/burn/templates/main.rs.txt")]
pub(super) struct MainView {
    pub(super) header: Comment,
    pub(super) package: RustIdent,
    /// What stands before the crate's own import.
    pub(super) follows: Option<Foreign>,
    pub(super) network: RustType,
    pub(super) input: [u64; 3],
}

/// `src/layers.rs`.
#[expect(clippy::struct_excessive_bools, reason = "each says whether the network needs one layer")]
#[derive(Debug, Template)]
#[template(path = "back/burn/templates/layers.rs.txt")]
pub(super) struct LayersView {
    pub(super) header: Comment,
    pub(super) module_doc: Comment,
    pub(super) imports: Vec<Code>,
    pub(super) convolution: Option<InitView>,
    pub(super) linear: Option<InitView>,
    pub(super) channel_conv: Option<InitView>,
    pub(super) has_drop_path: bool,
    pub(super) has_layer_scale: bool,
    pub(super) has_adaptive_max: bool,
    pub(super) has_blur: bool,
    pub(super) has_path_softmax: bool,
}

/// How fresh kernels are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InitView {
    KaimingNormalFanOut,
    KaimingNormalFanIn,
    GlorotUniform,
    UniformFanIn,
}

impl InitView {
    /// burn's name for it.
    fn code(self) -> Code {
        match self {
            Self::KaimingNormalFanOut => {
                Code::new(format_args!("Initializer::KaimingNormal {{ gain: 2_f64.sqrt(), fan_out_only: true }}"))
            }
            Self::KaimingNormalFanIn => {
                Code::new(format_args!("Initializer::KaimingNormal {{ gain: 2_f64.sqrt(), fan_out_only: false }}"))
            }
            Self::GlorotUniform => Code::new(format_args!("Initializer::XavierUniform {{ gain: 1.0 }}")),
            Self::UniformFanIn => Code::new(format_args!(
                "Initializer::KaimingUniform {{ gain: 3_f64.sqrt().recip(), fan_out_only: false }}"
            )),
        }
    }

    fn doc(self) -> Comment {
        Comment::new(match self {
            Self::KaimingNormalFanOut => "Normal with variance 2 / fan out (He et al. 2015).",
            Self::KaimingNormalFanIn => "Normal with variance 2 / fan in (He et al. 2015).",
            Self::GlorotUniform => "Uniform within sqrt(6 / (fan in + fan out)) of zero (Glorot and Bengio 2010).",
            Self::UniformFanIn => "Uniform within 1 / sqrt(fan in) of zero.",
        })
    }

    /// Whether biases are drawn like kernels.
    fn draws_bias(self) -> bool {
        match self {
            Self::UniformFanIn => true,
            Self::KaimingNormalFanOut | Self::KaimingNormalFanIn | Self::GlorotUniform => false,
        }
    }
}

/// `src/weights.rs`.
#[expect(clippy::struct_excessive_bools, reason = "each says whether the loader needs one method")]
#[derive(Debug, Template)]
#[template(path = "back/burn/templates/weights.rs.txt")]
pub(super) struct WeightsView {
    pub(super) header: Comment,
    pub(super) dialect: Comment,
    pub(super) imports: Vec<Code>,
    pub(super) layout: LayoutView,
    pub(super) kernel: RustStr,
    pub(super) bias: RustStr,
    pub(super) scale: RustStr,
    pub(super) shift: RustStr,
    pub(super) mean: RustStr,
    pub(super) variance: RustStr,
    pub(super) gain: RustStr,
    pub(super) ignored: Vec<RustStr>,
    pub(super) has_convolution: bool,
    pub(super) has_batch_norm: bool,
    pub(super) has_layer_norm: bool,
    pub(super) has_group_norm: bool,
    pub(super) has_layer_scale: bool,
    pub(super) has_channel_conv: bool,
    pub(super) has_linear: bool,
    pub(super) has_linear_of_map: bool,
}

/// The layout of a weight file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LayoutView {
    Torch,
    Keras,
}

/// A file that defines a block.
#[derive(Debug, Template)]
#[template(path = "back/burn/templates/block.rs.txt")]
pub(super) struct BlockView {
    pub(super) header: Comment,
    pub(super) module_doc: Comment,
    pub(super) doc: Vec<Comment>,
    pub(super) imports: Vec<Code>,
    pub(super) ty: RustType,
    pub(super) config: RustType,
    pub(super) parameters: Vec<ParameterView>,
    pub(super) destructure: Option<Code>,
    pub(super) make: Code,
    pub(super) takes_device: bool,
    pub(super) fields: Vec<FieldView>,
    /// The dimensions of what it reads and of what it makes.
    pub(super) ranks: (u64, u64),
    pub(super) forward: Vec<Code>,
    pub(super) parts: Vec<PartView>,
    pub(super) load: Option<LoadView>,
}

/// A field of a configuration.
#[derive(Debug)]
pub(super) struct ParameterView {
    pub(super) doc: Comment,
    pub(super) default: Option<Code>,
    pub(super) name: RustIdent,
    pub(super) ty: Code,
}

/// A field of a module.
#[derive(Debug)]
pub(super) struct FieldView {
    pub(super) doc: Vec<Comment>,
    pub(super) name: RustIdent,
    pub(super) ty: Code,
}

/// A branch of a block.
#[derive(Debug)]
pub(super) struct PartView {
    pub(super) doc: Comment,
    pub(super) name: RustType,
    pub(super) fields: Vec<FieldView>,
    /// The dimensions of what it reads and of what it makes.
    pub(super) ranks: (u64, u64),
    pub(super) forward: Vec<Code>,
}

/// How a block is loaded.
#[derive(Debug)]
pub(super) struct LoadView {
    /// Whether clippy finds it too long.
    pub(super) is_long: bool,
    pub(super) signature: Code,
    pub(super) lines: Vec<Code>,
}

/// `src/model.rs`.
#[derive(Debug, Template)]
#[template(path = "back/burn/templates/model.rs.txt")]
pub(super) struct ModelView {
    pub(super) header: Comment,
    pub(super) doc: Vec<Comment>,
    pub(super) imports: Vec<Code>,
    pub(super) ty: RustType,
    pub(super) config: RustType,
    pub(super) classes: Option<u64>,
    pub(super) make: Code,
    pub(super) takes_device: bool,
    /// Height and width of the images that the network is made for, where it is made for one size.
    pub(super) made_for: Option<[u64; 2]>,
    pub(super) fields: Vec<FieldView>,
    pub(super) input: Comment,
    pub(super) output: Comment,
    pub(super) rank: u64,
    pub(super) forward: Vec<Code>,
    pub(super) parts: Vec<PartView>,
    pub(super) loads: Vec<Code>,
}
