//! The conventions: what each tool counts when it says "FLOPs", as data.
//!
//! A convention is a name, a sentence, [`Rules`] and what it sees; nothing asks which convention it has. The rules are what
//! each tool says of an op written as a module of `torch.nn`, or as Keras' layer, and were read off the tools
//! (`tests/golden/ops.json`). How the implementation writes an op is its [`Spelling`], which the dialect says, and decides
//! whether the tool sees it. So each reproduces its tool exactly, for one image and for a batch, on all that ships and
//! torchvision or timm has too (`tests/golden/tools.json`). Two things no tool sees that way:
//!
//! - a softmax at the end costs nothing but in TensorFlow's profiler: figures are published for networks without it;
//! - products and sums of branches are methods of tensors, which only TensorFlow's profiler counts.

use super::rule::{Part, Product, Rules, Term, Work};
use crate::ir::Spelling;

/// A way of counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convention {
    /// Its name: what `--convention` takes.
    pub name: &'static str,
    /// What it counts, in one line.
    pub counts: &'static str,
    /// Who reports it.
    pub reported_by: &'static str,
    /// How it counts what it sees.
    pub rules: Rules,
    /// What it sees: ops that are written so, or as anything before that.
    pub sees: Spelling,
    /// What it counts besides where a function is called, be it by a module.
    pub functions: Option<Rules>,
}

/// A count under one convention, and what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The convention.
    pub convention: &'static Convention,
    parts: [u128; Part::ALL.len()],
    /// The multiply-accumulates of what it does not see.
    unseen: u128,
}

impl Count {
    pub(super) fn new(convention: &'static Convention) -> Self {
        Self { convention, parts: [0; Part::ALL.len()], unseen: 0 }
    }

    pub(super) fn add(&mut self, work: &Work<'_>, batch: u128) {
        if work.spelling > self.convention.sees {
            self.unseen += batch * work.op.macs(work.input, work.output);
        }
        for (part, count) in self.convention.parts(work) {
            if let Some(sum) = self.parts.get_mut(part as usize) {
                *sum += batch * count;
            }
        }
    }

    /// The count.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.parts.iter().sum()
    }

    /// The multiply-accumulates of layers that the convention's tool does not see.
    #[must_use]
    pub fn unseen(&self) -> u128 {
        self.unseen
    }

    /// What it is made of: every part that adds something.
    pub fn parts(&self) -> impl Iterator<Item = (Part, u128)> {
        Part::ALL.into_iter().zip(self.parts).filter(|(_, count)| *count > 0)
    }
}

impl Convention {
    /// What one op adds, for one image.
    #[must_use]
    pub fn count(&self, work: &Work<'_>) -> u128 {
        self.parts(work).map(|(_, count)| count).sum()
    }

    /// What one op adds, for one image, and to which parts.
    fn parts(&self, work: &Work<'_>) -> impl Iterator<Item = (Part, u128)> {
        let layer = (work.spelling <= self.sees).then(|| self.rules.count(work));
        let function = self.functions.filter(|_| work.spelling <= Spelling::Function).map(|rules| rules.count(work));
        layer.into_iter().chain(function).flatten().flatten()
    }
}

/// The convention called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Convention> {
    ALL.iter().find(|convention| convention.name == name)
}

/// Multiply-accumulates and nothing else: what the others are written as differences from.
const MACS_ONLY: Rules = Rules {
    convolution: Product::Macs(1),
    convolution_bias: Term::Nothing,
    linear: Product::Macs(1),
    linear_bias: Term::Nothing,
    batch_norm: Term::Nothing,
    layer_norm: Term::Nothing,
    group_norm: Term::Nothing,
    layer_scale: Term::Nothing,
    relu: Term::Nothing,
    relu6: Term::Nothing,
    silu: Term::Nothing,
    gelu: Term::Nothing,
    sigmoid: Term::Nothing,
    hard_sigmoid: Term::Nothing,
    hard_swish: Term::Nothing,
    softmax: Term::Nothing,
    path_softmax: Term::Nothing,
    max_pool: Term::Nothing,
    average_pool: Term::Nothing,
    adaptive_average: Term::Nothing,
    adaptive_maximum: Term::Nothing,
    add: Term::Nothing,
    multiply: Term::Nothing,
};

/// What sees everything: what the others are written as differences from.
const ALL_SEEN: Convention =
    Convention { name: "", counts: "", reported_by: "", rules: MACS_ONLY, sees: Spelling::Method, functions: None };

/// Two operations per multiply-accumulate.
const FLOPS_ONLY: Rules = Rules { convolution: Product::Macs(2), linear: Product::Macs(2), ..MACS_ONLY };

/// Values instead of work.
const ACTIVATIONS: Rules = Rules { convolution: Product::Outputs, linear: Product::Outputs, ..MACS_ONLY };

/// Multiply-accumulates: the unit of this project.
pub const MACS: Convention = Convention {
    name: "macs",
    counts: "multiply-accumulates of convolutions and linear layers, no bias",
    reported_by: "torchvision's table",
    rules: MACS_ONLY,
    ..ALL_SEEN
};

/// Floating-point operations, two per multiply-accumulate.
pub const FLOPS: Convention = Convention {
    name: "flops",
    counts: "2 x macs, all else 0",
    reported_by: "PyTorch's FlopCounterMode",
    rules: FLOPS_ONLY,
    ..ALL_SEEN
};

/// Output elements of convolutions and linear layers.
pub const ACTIVATIONS_FVCORE: Convention = Convention {
    name: "activations-fvcore",
    counts: "output elements of convolutions and linear layers",
    reported_by: "fvcore, timm's activations",
    rules: ACTIVATIONS,
    ..ALL_SEEN
};

/// What ptflops counts of modules.
const PTFLOPS: Rules = Rules {
    convolution_bias: Term::Outputs(1),
    linear_bias: Term::Outputs(1),
    batch_norm: Term::Outputs(2),
    // It asks whether a norm is `affine`, which a layer norm calls otherwise.
    layer_norm: Term::Outputs(1),
    group_norm: Term::Outputs(2),
    relu: Term::Outputs(1),
    relu6: Term::Outputs(1),
    gelu: Term::Outputs(1),
    max_pool: Term::Inputs,
    average_pool: Term::Inputs,
    adaptive_average: Term::Inputs,
    adaptive_maximum: Term::Inputs,
    ..MACS_ONLY
};

/// What it counts of functions, which modules call too; `nn.ReLU6` calls one that it does not count.
const PTFLOPS_FUNCTIONS: Rules = Rules {
    convolution: Product::Macs(0),
    linear: Product::Macs(0),
    relu: Term::Outputs(1),
    silu: Term::Outputs(1),
    gelu: Term::Outputs(1),
    path_softmax: Term::Outputs(1),
    max_pool: Term::Inputs,
    average_pool: Term::Inputs,
    adaptive_average: Term::Inputs,
    adaptive_maximum: Term::Inputs,
    ..MACS_ONLY
};

/// Every convention, in the order in which tables list them.
pub const ALL: &[Convention] = &[
    MACS,
    FLOPS,
    Convention {
        name: "macs-bias",
        counts: "macs, and one per output element with bias",
        reported_by: "pycls, ptflops with its aten back end",
        rules: Rules { convolution_bias: Term::Outputs(1), linear_bias: Term::Outputs(1), ..MACS_ONLY },
        ..ALL_SEEN
    },
    Convention {
        name: "fvcore",
        counts: "macs, 2 per output of batch norm in evaluation, 5 of layer and group norm, one per input of adaptive \
                 average pooling that is no method of tensors",
        reported_by: "fvcore, timm's GMACs",
        rules: Rules {
            batch_norm: Term::Outputs(2),
            layer_norm: Term::Outputs(5),
            group_norm: Term::Outputs(5),
            adaptive_average: Term::Inputs,
            ..MACS_ONLY
        },
        sees: Spelling::Function,
        ..ALL_SEEN
    },
    Convention {
        name: "ptflops",
        counts: "macs with bias, 2 per output of batch and group norm, one of layer norm, relu, relu6 and gelu, one per \
                 input of a pool; functions are not counted, be they called by a module",
        reported_by: "ptflops with its pytorch back end, count_functional off",
        rules: PTFLOPS,
        sees: Spelling::Module,
        ..ALL_SEEN
    },
    Convention {
        name: "thop",
        counts: "macs, 4 per output of batch and layer norm, one of average pooling, one per input and output of adaptive \
                 average pooling",
        reported_by: "thop 0.1.1",
        rules: Rules {
            batch_norm: Term::Outputs(4),
            layer_norm: Term::Outputs(4),
            average_pool: Term::Outputs(1),
            adaptive_average: Term::InputsAndOutputs,
            ..MACS_ONLY
        },
        sees: Spelling::Module,
        ..ALL_SEEN
    },
    Convention {
        name: "torchinfo",
        counts: "weights and biases once per output position of a convolution, once elsewhere; 2 per channel of a norm",
        reported_by: "torchinfo 1.8",
        rules: Rules {
            convolution_bias: Term::Outputs(1),
            linear: Product::Weights,
            linear_bias: Term::Channels(1),
            batch_norm: Term::Channels(2),
            layer_norm: Term::Channels(2),
            group_norm: Term::Channels(2),
            ..MACS_ONLY
        },
        sees: Spelling::Subclass,
        ..ALL_SEEN
    },
    Convention {
        name: "deepspeed",
        counts: "2 x macs, convolution bias, 2 per output of batch norm, 5 of layer and group norm, one of relu, silu, gelu \
                 and a softmax over paths, one per input of a pool; no linear bias, no add",
        reported_by: "DeepSpeed, calflops",
        rules: Rules {
            convolution_bias: Term::Outputs(1),
            batch_norm: Term::Outputs(2),
            layer_norm: Term::Outputs(5),
            group_norm: Term::Outputs(5),
            relu: Term::Outputs(1),
            silu: Term::Outputs(1),
            gelu: Term::Outputs(1),
            path_softmax: Term::Outputs(1),
            max_pool: Term::Inputs,
            average_pool: Term::Inputs,
            adaptive_average: Term::Inputs,
            adaptive_maximum: Term::Inputs,
            ..FLOPS_ONLY
        },
        sees: Spelling::Function,
        ..ALL_SEEN
    },
    Convention {
        name: "tf-profiler",
        counts: "2 x macs, bias, window size per output of a pool, one per input of a mean, what Keras' other layers multiply, \
                 add and divide; fused batch norm, relu and a global maximum 0",
        reported_by: "tf.profiler, its batch norms fused",
        rules: Rules {
            convolution_bias: Term::Outputs(1),
            linear_bias: Term::Outputs(1),
            layer_norm: Term::Norm { outputs: 9, channels: 0, means: 4 },
            group_norm: Term::Norm { outputs: 6, channels: 3, means: 4 },
            layer_scale: Term::Outputs(1),
            silu: Term::Outputs(2),
            gelu: Term::Outputs(4),
            hard_sigmoid: Term::Outputs(2),
            hard_swish: Term::Outputs(3),
            softmax: Term::Outputs(5),
            path_softmax: Term::Outputs(5),
            max_pool: Term::Windows,
            average_pool: Term::Windows,
            adaptive_average: Term::Inputs,
            add: Term::Joins,
            multiply: Term::Joins,
            ..FLOPS_ONLY
        },
        ..ALL_SEEN
    },
    Convention {
        name: "full",
        counts: "every arithmetic operation of the layers, a multiply-accumulate being two, a comparison or an exponential one",
        reported_by: "resnetc",
        rules: Rules {
            convolution_bias: Term::Outputs(1),
            linear_bias: Term::Outputs(1),
            // A factor and a summand; a norm that finds its means: sum, difference, square, sum, quotient, factor, summand,
            // and for each mean epsilon, root and reciprocal.
            batch_norm: Term::Outputs(2),
            layer_norm: Term::Norm { outputs: 7, channels: 0, means: 3 },
            group_norm: Term::Norm { outputs: 7, channels: 0, means: 3 },
            layer_scale: Term::Outputs(1),
            relu: Term::Outputs(1),
            // Two comparisons; negation, exponential, sum, quotient; those and a product; x / sqrt 2, error function, sum,
            // product, half; sum, two comparisons, quotient; those and a product.
            relu6: Term::Outputs(2),
            sigmoid: Term::Outputs(4),
            silu: Term::Outputs(5),
            gelu: Term::Outputs(5),
            hard_sigmoid: Term::Outputs(4),
            hard_swish: Term::Outputs(5),
            // Exponential, sum, quotient.
            path_softmax: Term::Outputs(3),
            max_pool: Term::Comparisons,
            // K - 1 sums and a quotient.
            average_pool: Term::Windows,
            adaptive_average: Term::Inputs,
            adaptive_maximum: Term::Inputs,
            add: Term::Joins,
            multiply: Term::Joins,
            ..FLOPS_ONLY
        },
        ..ALL_SEEN
    },
    Convention {
        name: "train",
        counts: "forward and backward, 6 x macs, less the input gradient where no parameter stands before a layer and the \
                 weight gradient of fixed filters; PyTorch counts that of a grouped convolution once for each group",
        reported_by: "FlopCounterMode, forward and backward",
        rules: Rules { convolution: Product::Training, linear: Product::Training, ..MACS_ONLY },
        ..ALL_SEEN
    },
    ACTIVATIONS_FVCORE,
    Convention {
        name: "activations-pycls",
        counts: "output elements of convolutions, linear layers and max pools with a window",
        reported_by: "pycls",
        rules: Rules { max_pool: Term::Outputs(1), ..ACTIVATIONS },
        ..ALL_SEEN
    },
    Convention {
        name: "ptflops-functional",
        counts: "ptflops, and once more each relu, silu, gelu, pool and softmax over paths, which modules call as \
                 functions",
        reported_by: "ptflops as it is called without settings",
        rules: PTFLOPS,
        sees: Spelling::Module,
        functions: Some(PTFLOPS_FUNCTIONS),
    },
];
