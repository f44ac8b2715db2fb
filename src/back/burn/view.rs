//! What the templates receive. Every text is of a type that knows its quoting; templates only choose and repeat.

use super::imports::{Foreign, Helper};
use super::layout::{Code, Expr};
use super::quote::{Comment, RustIdent, RustStr, RustType};
use crate::ir::{BiasDraw, Draw, Init};
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
    /// How the network's dialect draws them, where there are some.
    pub(super) convolution: Option<InitView>,
    pub(super) linear: Option<InitView>,
    pub(super) channel_conv: Option<InitView>,
    /// Whether some convolution or linear layer is drawn so.
    pub(super) has_fresh: bool,
    pub(super) has_normal: bool,
    pub(super) has_uniform: bool,
    pub(super) has_channel_conv: bool,
    /// The norms of which some do not begin as one.
    pub(super) scaled: Vec<NormView>,
    pub(super) has_unbiased: bool,
    pub(super) has_drop_path: bool,
    pub(super) has_layer_scale: bool,
    pub(super) has_adaptive_max: bool,
    pub(super) has_blur: bool,
    pub(super) has_path_softmax: bool,
}

/// A norm of burn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NormView {
    Batch,
    Layer,
    Group,
}

impl NormView {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Batch => "BatchNorm",
            Self::Layer => "LayerNorm",
            Self::Group => "GroupNorm",
        }
    }

    fn ty(self) -> RustType {
        RustType::new(self.name())
    }

    /// The channels in its configuration.
    fn channels(self) -> RustIdent {
        RustIdent::new(match self {
            Self::Batch => "num_features",
            Self::Layer => "d_model",
            Self::Group => "num_channels",
        })
    }

    /// Whether its factors are optional.
    fn is_optional(self) -> bool {
        self == Self::Group
    }
}

/// How a layer is drawn, in Rust.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct InitView(pub(super) Init);

impl InitView {
    /// The closure from a kernel's fans to the initialisers of the kernel and its bias.
    pub(super) fn closure(self) -> Code {
        let Init { kernel, bias } = self.0;
        let (inputs, outputs) = match kernel {
            Draw::KaimingNormalFanOut | Draw::UniformFanOut => (false, true),
            Draw::KaimingNormalFanIn | Draw::UniformFanIn => (true, false),
            Draw::GlorotUniform => (true, true),
            Draw::Normal(_) | Draw::TruncNormal(_) | Draw::Zero => (false, false),
        };
        let fans = match (inputs || bias == BiasDraw::UniformFanIn, outputs) {
            (true, true) => "[fan_in, fan_out]",
            (true, false) => "[fan_in, _]",
            (false, true) => "[_, fan_out]",
            (false, false) => "_",
        };
        let bias = match bias {
            BiasDraw::Zero => "Initializer::Zeros",
            BiasDraw::UniformFanIn => UNIFORM_FAN_IN,
        };
        let kernel = match kernel {
            Draw::KaimingNormalFanOut => "normal((2.0 / fan_out).sqrt())",
            Draw::KaimingNormalFanIn => "normal((2.0 / fan_in).sqrt())",
            Draw::GlorotUniform => "uniform((6.0 / (fan_in + fan_out)).sqrt())",
            Draw::UniformFanIn => UNIFORM_FAN_IN,
            Draw::UniformFanOut => "uniform(fan_out.sqrt().recip())",
            Draw::Normal(deviation) | Draw::TruncNormal(deviation) => {
                return Code::new(format_args!("|{fans}| [normal({deviation:?}), {bias}]"));
            }
            Draw::Zero => "Initializer::Zeros",
        };
        Code::new(format_args!("|{fans}| [{kernel}, {bias}]"))
    }

    /// Whether the closure names an initialiser of burn.
    pub(super) fn names_initializers(self) -> bool {
        self.0.kernel == Draw::Zero || self.0.bias == BiasDraw::Zero
    }

    /// The crate's own functions that the closure calls.
    pub(super) fn helpers(self) -> impl Iterator<Item = Helper> {
        let kernel = match self.0.kernel {
            Draw::KaimingNormalFanOut | Draw::KaimingNormalFanIn | Draw::Normal(_) | Draw::TruncNormal(_) => {
                Some(Helper::Normal)
            }
            Draw::GlorotUniform | Draw::UniformFanIn | Draw::UniformFanOut => Some(Helper::Uniform),
            Draw::Zero => None,
        };
        let bias = match self.0.bias {
            BiasDraw::Zero => None,
            BiasDraw::UniformFanIn => Some(Helper::Uniform),
        };
        kernel.into_iter().chain(bias)
    }

    /// The body of `fresh`.
    fn call(self) -> Code {
        Self::applied("self.drawn", [self.closure(), Code::new(format_args!("device"))])
    }

    /// The body of a convolution along the channels' `new`.
    fn call_of_channels(self) -> Code {
        let [size, device] = ["size", "device"].map(|name| Code::new(format_args!("{name}")));
        Self::applied("Self::drawn", [size, self.closure(), device])
    }

    /// The last expression of a method.
    fn applied<const N: usize>(function: &'static str, arguments: [Code; N]) -> Code {
        let function = Code::new(format_args!("{function}"));
        Expr::Call(function, arguments.map(Expr::Atom).into()).line(8, format_args!(""), "")
    }

    fn doc(self) -> Comment {
        let kernel = match self.0.kernel {
            Draw::KaimingNormalFanOut => "Normal with variance 2 / fan out (He et al. 2015).",
            Draw::KaimingNormalFanIn => "Normal with variance 2 / fan in (He et al. 2015).",
            Draw::GlorotUniform => "Uniform within sqrt(6 / (fan in + fan out)) of zero (Glorot and Bengio 2010).",
            Draw::UniformFanIn => "Uniform within 1 / sqrt(fan in) of zero.",
            Draw::UniformFanOut => "Uniform within 1 / sqrt(fan out) of zero.",
            Draw::Normal(_) | Draw::TruncNormal(_) => "Normal with one standard deviation for all.",
            Draw::Zero => "Zeros.",
        };
        let bias = match (self.0.kernel, self.0.bias) {
            (_, BiasDraw::Zero) => "A bias begins at zero.",
            (Draw::UniformFanIn, BiasDraw::UniformFanIn) => "So is a bias.",
            (_, BiasDraw::UniformFanIn) => "A bias is uniform within 1 / sqrt(fan in) of zero.",
        };
        Comment::new(&format!("{kernel} {bias}"))
    }
}

/// torch's own, of kernels and biases.
const UNIFORM_FAN_IN: &str = "uniform(fan_in.sqrt().recip())";

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
