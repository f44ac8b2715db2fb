//! What the templates are given. Every string is a type of [`super::python`] that knows its quoting; everything that
//! can be decided is decided before.

use super::python::{Comment, Indent, PyFloat, PyIdent, PyNumber, PyPair, PyProject, PyReal, PyStr};
use crate::ir::Draw;
use crate::ir::op::{Activation, PoolKind};
use askama::Template;

/// `NAME/__init__.py`.
#[derive(Debug, Template)]
#[template(path = "package.py", config = "src/back/keras/askama.toml", escape = "none")]
pub(super) struct Package {
    pub(super) header: Comment,
    pub(super) name: PyIdent,
    pub(super) dialect: Comment,
    pub(super) needs: Needs,
    pub(super) weights: Weights,
    pub(super) blocks: Vec<Function>,
    pub(super) input: PyStr,
    pub(super) defaults: Defaults,
    pub(super) stem: Vec<Statement>,
    pub(super) stages: Vec<Stage>,
    /// What follows the stages and is no part of the top.
    pub(super) neck: Vec<Statement>,
    pub(super) top: Vec<Statement>,
    pub(super) pools: [Statement; 2],
}

/// `NAME/__main__.py`.
#[derive(Debug, Template)]
#[template(path = "main.py", config = "src/back/keras/askama.toml", escape = "none")]
pub(super) struct Main {
    pub(super) header: Comment,
}

/// `NAME/pyproject.toml`.
#[derive(Debug, Template)]
#[template(path = "pyproject.toml", config = "src/back/keras/askama.toml", escape = "none")]
pub(super) struct Project {
    pub(super) header: Comment,
    /// What installers call it.
    pub(super) distribution: PyProject,
    pub(super) name: PyIdent,
}

/// What a package defines because something in it asks for it.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a list of what is there, nothing that could be an enum")]
pub(super) struct Needs {
    /// A layer of zero channels.
    pub(super) zero_channels: bool,
    /// A layer that pads with minus infinity.
    pub(super) max_padding: bool,
    /// A pool whose windows Keras has not.
    pub(super) window_pool: bool,
    /// Pools to a fixed size.
    pub(super) adaptive_pools: Vec<PoolKind>,
    /// A fixed low-pass filter.
    pub(super) blur: bool,
    /// A run of channels.
    pub(super) slice: bool,
    /// A softmax over paths.
    pub(super) path_softmax: bool,
    /// Learned factors of channels.
    pub(super) layer_scale: bool,
    /// A function that makes convolutions along the channels.
    pub(super) channel_conv: Option<Draw>,
    /// Whether some of those are drawn otherwise than the function says.
    pub(super) channel_convs: bool,
    /// Functions that make convolutions.
    pub(super) convolution: Option<Convolution>,
    /// Of these, that of those with a kernel over all channels or groups of them.
    pub(super) conv2d: bool,
    /// That of those with a kernel for each channel.
    pub(super) depthwise_conv2d: bool,
    /// A function that makes norms.
    pub(super) norm: bool,
    /// A function that makes linear layers.
    pub(super) linear: Option<Draw>,
    /// A function that makes what biases are drawn from.
    pub(super) drawn_bias: bool,
    /// A norm whose moving variance is unbiased.
    pub(super) unbiased: bool,
    /// Whether some kernel is one for each channel.
    pub(super) depthwise: bool,
    /// Whether some of those are written as groups of one channel.
    pub(super) grouped: bool,
    /// The recursion limit that Keras needs to take in so deep a network.
    pub(super) recursion: Option<PyNumber>,
    /// Names with dots, which PyTorch cannot have.
    pub(super) dots: bool,
}

/// How the function that makes convolutions makes them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Convolution {
    /// How kernels are drawn.
    pub(super) init: Draw,
    /// Whether none has a bias.
    pub(super) no_bias: bool,
}

/// How a weight file calls and lays out tensors.
#[derive(Debug)]
pub(super) struct Weights {
    /// Keras' name of a variable, and what a file appends to the layer's name instead.
    pub(super) suffixes: Vec<(PyStr, PyStr)>,
    /// Whether the layout is torch's.
    pub(super) torch: bool,
    /// Endings of tensors that mean nothing.
    pub(super) ignored: Vec<PyStr>,
    /// The tensors of the top.
    pub(super) top: Vec<PyStr>,
}

/// The defaults of the network's function.
#[derive(Debug)]
pub(super) struct Defaults {
    pub(super) include_top: bool,
    pub(super) height: PyNumber,
    pub(super) width: PyNumber,
    pub(super) channels: PyNumber,
    pub(super) pooling: Option<PoolKind>,
    /// Whether what there is without the top is a map, which can be pooled.
    pub(super) is_poolable: bool,
    pub(super) classes: Option<PyNumber>,
    /// The input that the network is made for, where it is made for one.
    pub(super) made_for: Option<MadeFor>,
    /// Whether some layer has to know the sides of its map.
    pub(super) is_sized: bool,
}

/// The part of an input that a network is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MadeFor {
    Size,
    Channels,
    Both,
}

/// A block as a function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: PyIdent,
    pub(super) kind: Kind,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Vec<Statement>,
    /// Channels of what it returns, where a convolution fixes them.
    pub(super) channels: Option<PyNumber>,
    /// The parameter that divides the sides of the map.
    pub(super) stride: Option<PyIdent>,
}

/// What a block is in the description.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: Comment,
    /// Where its kind has several structures, which one of how many it is.
    pub(super) form: Option<[PyNumber; 2]>,
}

/// A parameter of a block's function.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: PyIdent,
    pub(super) default: Option<Argument>,
    pub(super) keyword_only: bool,
    pub(super) meaning: Meaning,
}

/// What a parameter says, for the docstring.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    /// Output channels of these layers.
    Filters(Vec<Comment>),
    Stride,
    Dilation,
    Padding,
    Groups,
    Before,
    After,
    Kernel,
    Start,
    Length,
    Paths,
    Rate,
    Init,
    Epsilon,
    Block,
    Layer(Comment),
    /// Whether these layers are there.
    Flag(Vec<Comment>),
    /// Whether these layers are the shortcut.
    Shortcut(Vec<Comment>),
}

/// A value in a call or a signature.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    None,
    True,
    False,
    Number(PyNumber),
    Real(PyFloat),
    Text(PyStr),
}

/// The calls of one stage.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) number: PyNumber,
    /// Height, width and channels of its last map, for the default input; features of a vector.
    pub(super) shape: Vec<PyNumber>,
    pub(super) calls: Vec<Call>,
}

/// A call of a block, or a loop of calls.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) repeat: Option<Repeat>,
    pub(super) block: PyIdent,
    pub(super) positional: Option<Argument>,
    pub(super) keywords: Vec<(PyIdent, Argument)>,
}

/// `for VARIABLE in range(FROM, TO, STEP)`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Repeat {
    pub(super) variable: PyIdent,
    pub(super) from: PyNumber,
    pub(super) to: PyNumber,
    pub(super) step: PyNumber,
}

/// A line of a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    pub(super) indent: Indent,
    pub(super) line: Line,
}

/// What a line does.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most lines are layers, and there are few")]
pub(super) enum Line {
    /// Keeps the current value under another name.
    Keep { target: PyIdent, value: PyIdent },
    /// Begins what is only there under a condition.
    If(Condition),
    /// Applies a layer.
    Layer { target: PyIdent, operand: PyIdent, name: PyStr, layer: Layer },
    /// Joins values.
    Join { kind: Join, target: PyIdent, operands: Vec<PyIdent>, name: PyStr },
    /// Convolves along the channels.
    ChannelConv { target: PyIdent, operand: PyIdent, kernel: PyNumber, init: Option<Draw>, name: PyStr },
}

/// How values are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    Add,
    Multiply,
    Concatenate,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// The flag is set.
    Flag(PyIdent),
    /// The stride is not 1.
    Strided(PyIdent),
    /// The layer's name is given.
    Named(PyIdent),
}

/// A layer; what is as Keras has it by default is left out of its call.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::enum_variant_names, reason = "a layer norm and a layer scale are called so")]
pub(super) enum Layer {
    Conv2d(Conv2d),
    /// Epsilon, and Keras' momentum.
    BatchNorm {
        epsilon: PyFloat,
        momentum: Option<PyFloat>,
        scale: Option<PyFloat>,
        own: Own,
    },
    LayerNorm {
        epsilon: PyFloat,
        scale: Option<PyFloat>,
        dots: bool,
    },
    GroupNorm {
        groups: PyNumber,
        epsilon: PyFloat,
        scale: Option<PyFloat>,
        dots: bool,
    },
    LayerScale {
        init: PyReal,
        dots: bool,
    },
    Activation(Activation),
    MaxPool {
        pool: PyPair,
        strides: PyPair,
    },
    AveragePool {
        pool: PyPair,
        strides: PyPair,
        same: bool,
    },
    WindowPool(WindowPool),
    GlobalPool {
        kind: PoolKind,
        keep: bool,
    },
    AdaptivePool {
        kind: PoolKind,
        output: PyPair,
    },
    Blur {
        size: PyNumber,
        strides: PyNumber,
        padding: Padding,
    },
    Dense {
        units: PyNumber,
        no_bias: bool,
        activation: Option<Activation>,
        drawn: Drawn,
    },
    ChannelsFirst,
    Flatten,
    Dropout(PyReal),
    /// Drops all of an image's map, or vector.
    DropPath {
        rate: PyReal,
        map: bool,
    },
    ZeroPadding(Padding),
    MaxPadding(Padding),
    ZeroChannels {
        before: PyNumber,
        after: PyNumber,
    },
    Slice {
        start: PyNumber,
        length: PyNumber,
    },
    PathSoftmax(PyNumber),
}

/// A convolution.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Conv2d {
    pub(super) outputs: Outputs,
    pub(super) kernel: PyPair,
    pub(super) strides: Option<PyPair>,
    pub(super) same: Same,
    pub(super) dilation: Option<PyPair>,
    pub(super) activation: Option<Activation>,
    pub(super) no_bias: bool,
    pub(super) drawn: Drawn,
}

/// How a layer is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drawn {
    pub(super) kernel: KernelDraw,
    /// The bias, where it is not zero.
    pub(super) bias: Option<BiasFan>,
    /// Whether its name may have dots, of which the package's own functions take care.
    pub(super) dots: bool,
}

/// A number of a network as Python writes it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "a template hands on references")]
pub(super) fn real(value: &f64) -> PyFloat {
    PyFloat(*value)
}

/// How a kernel is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum KernelDraw {
    /// As the package's own function for such layers draws it.
    Made,
    /// As Keras draws it without being told.
    Usual,
    /// So; of a layer with a kernel for each channel, with so many outputs of each.
    So(Draw, Option<u64>),
}

/// The fan in of a kernel beside which a bias is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum BiasFan {
    /// The inputs.
    Inputs,
    /// The inputs of a group, times the elements of the kernel.
    Groups(PyPair, Option<PyNumber>),
    /// The elements of the kernel.
    Kernel(PyPair),
}

/// Whose batch norm it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// Keras's.
    Keras,
    /// The package's class.
    Class,
    /// The package's function.
    Function,
}

/// What a convolution gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outputs {
    /// So many channels, each of a group of the inputs if there are groups.
    Filters(PyNumber, Option<PyNumber>),
    /// For each input channel so many, if not one.
    Depthwise(Option<PyNumber>),
}

/// A pool as PyTorch has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WindowPool {
    pub(super) kind: PoolKind,
    pub(super) pool: PyPair,
    pub(super) strides: PyPair,
    pub(super) padding: Padding,
    pub(super) dilation: Option<PyPair>,
    pub(super) ceil: bool,
    pub(super) count_padding: bool,
}

/// When a convolution's padding is `same`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Same {
    Never,
    Always,
    /// Unless this stride is more than 1.
    Unstrided(PyIdent),
}

/// Padding: on all sides, above and beside, or four-sided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Padding {
    Even(PyPair),
    /// Top, bottom, left, right.
    Sides([PyNumber; 4]),
}

impl Padding {
    /// Whether it is always none.
    fn is_zero(&self) -> bool {
        match self {
            Self::Even(pair) => pair.is(0),
            Self::Sides(sides) => sides.iter().all(|side| side.is(0)),
        }
    }
}
