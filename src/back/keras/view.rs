//! What the templates are given. Every string is a type of [`super::python`] that knows its quoting; everything that
//! can be decided is decided before.

use super::python::{Comment, Indent, PyFloat, PyIdent, PyNumber, PyPair, PyStr};
use crate::ir::dialect::Init;
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
    pub(super) top: Vec<Statement>,
    pub(super) pools: [Statement; 2],
}

/// `NAME/__main__.py`.
#[derive(Debug, Template)]
#[template(path = "main.py", config = "src/back/keras/askama.toml", escape = "none")]
pub(super) struct Main {
    pub(super) header: Comment,
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
    /// A pool to a fixed size.
    pub(super) adaptive_pool: Option<PoolKind>,
    /// A function that makes convolutions.
    pub(super) convolution: Option<Convolution>,
    /// A function that makes norms.
    pub(super) norm: bool,
    /// A function that makes linear layers.
    pub(super) linear: Option<Init>,
    /// The recursion limit that Keras needs to take in so deep a network.
    pub(super) recursion: Option<PyNumber>,
    /// Names with dots, which PyTorch cannot have.
    pub(super) dots: bool,
}

/// How the function that makes convolutions makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Convolution {
    /// How kernels are drawn.
    pub(super) init: Init,
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
    pub(super) classes: Option<PyNumber>,
}

/// A block as a function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: PyIdent,
    pub(super) block: Comment,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Vec<Statement>,
    /// Channels of what it returns, where a convolution fixes them.
    pub(super) channels: Option<PyNumber>,
    /// The parameter that divides the sides of the map.
    pub(super) stride: Option<PyIdent>,
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
    Filters,
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
    /// Height, width and channels of its last map, for the default input.
    pub(super) shape: [PyNumber; 3],
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
    /// Adds up values.
    Add { target: PyIdent, operands: Vec<PyIdent>, name: PyStr },
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
pub(super) enum Layer {
    Conv2d(Conv2d),
    /// Epsilon, and Keras' momentum.
    BatchNorm {
        epsilon: PyFloat,
        momentum: Option<PyFloat>,
        made: bool,
    },
    Activation(Activation),
    MaxPool {
        pool: PyPair,
        strides: PyPair,
    },
    GlobalPool {
        kind: PoolKind,
        keep: bool,
    },
    AdaptivePool {
        kind: PoolKind,
        output: PyPair,
    },
    Dense {
        units: PyNumber,
        activation: Option<Activation>,
        made: bool,
        init: Init,
    },
    ChannelsFirst,
    Flatten,
    Dropout(PyFloat),
    ZeroPadding(Padding),
    MaxPadding(Padding),
    ZeroChannels {
        before: PyNumber,
        after: PyNumber,
    },
}

/// A convolution.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Conv2d {
    pub(super) filters: PyNumber,
    pub(super) kernel: PyPair,
    pub(super) strides: Option<PyPair>,
    pub(super) same: Same,
    pub(super) dilation: Option<PyPair>,
    pub(super) groups: Option<PyNumber>,
    pub(super) activation: Option<Activation>,
    pub(super) no_bias: bool,
    pub(super) made: bool,
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
