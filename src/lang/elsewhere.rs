//! Words of other frameworks: what they are called here, or that they are not to be had.
//!
//! A word that is known here is never taken for the misspelling of another: `prelu` is no `relu`, `deconv` no `conv`.

use crate::diagnostic::suggest::{self, Words};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// What words of other frameworks mean.
struct Meaning {
    /// The words, as [`fold`] makes them.
    words: &'static [&'static str],
    /// What it is called here: the first that may stand in its place is meant.
    ours: &'static [&'static str],
    /// What to do where none of these may.
    remark: &'static str,
}

const fn called(words: &'static [&'static str], ours: &'static [&'static str]) -> Meaning {
    Meaning { words, ours, remark: "" }
}

const fn absent(words: &'static [&'static str], remark: &'static str) -> Meaning {
    Meaning { words, ours: &[], remark }
}

const ACTIVATION: &str = "no activation of this name exists here yet, and none of the others is the same function";
const ENLARGED: &str = "no layer enlarges a map yet";
const JOINED: &str =
    "branches are joined: `join add { main { conv 3x3 (64) } skip {} }`, or `join concat`, `join multiply`";
/// What is to be said of words for the layers that others make arguments of a layer.
pub const BEHIND: &str = "norms and activations are layers of their own: write `norm act(relu)` behind the layer";

const MEANINGS: &[Meaning] = &[
    // Layers.
    called(&["bn", "batchnorm", "batchnormalization", "syncbatchnorm"], &["norm"]),
    called(&["ln", "layernormalization"], &["layer_norm", "norm"]),
    called(&["gn", "groupnormalization"], &["group_norm", "norm"]),
    called(&["convolution", "convolutional", "conv"], &["conv", "B"]),
    called(&["maxpooling", "maxpool"], &["max_pool", "max"]),
    called(&["averagepooling", "averagepool", "avgpooling", "avgpool", "meanpool"], &["avg_pool", "avg"]),
    called(
        &["gap", "globalavgpool", "globalaveragepool", "globalaveragepooling", "globalavgpooling", "globalpooling"],
        &["global_pool", "avg"],
    ),
    absent(&["globalmaxpool", "globalmaxpooling", "adaptivemaxpool"], "write `global_pool(max)`"),
    called(&["adaptiveavgpool", "adaptiveaveragepool", "adaptiveavgmaxpool"], &["adaptive_pool", "avg"]),
    called(&["average", "mean"], &["avg", "global_pool"]),
    called(
        &["fc", "dense", "fullyconnected", "innerproduct", "linear", "softmax", "logits", "output", "resnethead"],
        &["linear", "classifier"],
    ),
    called(&["zeropad", "zeropadding", "padding", "constantpad"], &["pad", "padding"]),
    called(&["stochasticdepth", "dropconnect"], &["drop_path"]),
    called(&["layerscale"], &["layer_scale"]),
    called(&["chunk"], &["split"]),
    called(&["identity", "id"], &["A"]),
    absent(&["valid", "nopadding"], "without padding is `padding = 0`"),
    absent(&["upsample", "upsampling", "interpolate", "resize", "unpool", "maxunpool", "upconv", "bilinear"], ENLARGED),
    absent(
        &[
            "deconv",
            "deconvolution",
            "convtranspose",
            "transposedconv",
            "transposeconv",
            "transpose",
            "convtransposed",
            "convt",
        ],
        "no layer enlarges a map yet, a transposed convolution neither",
    ),
    absent(
        &["pixelshuffle", "pixelunshuffle", "depthtospace", "spacetodepth"],
        "no layer moves values between pixels and channels yet",
    ),
    absent(&["channelshuffle", "shuffle"], "no layer changes the order of channels yet"),
    absent(
        &["multiheadattention", "mha", "selfattention", "transformer", "nonlocal"],
        "no attention over positions exists yet; `se` and `eca` weigh channels",
    ),
    absent(
        &["depthwise", "depthwiseconv", "dwconv", "convdw", "dw", "convdepthwise"],
        "a convolution is depthwise with a group for each channel: `conv 3x3 (channels, groups = channels)`",
    ),
    absent(
        &["separable", "separableconv", "sepconv", "depthwiseseparableconv", "depthwiseseparable"],
        "write its two convolutions: `conv 3x3 (channels, groups = channels) conv 1x1 (64)`",
    ),
    absent(&["pointwise", "pointwiseconv", "convpointwise", "pwconv"], "write `conv 1x1 (64)`"),
    absent(
        &["groupedconv", "groupconv", "groupconvolution", "groupedconvolution"],
        "a convolution has groups as an argument: `conv 3x3 (64, groups = 8)`",
    ),
    absent(
        &["instancenorm", "instancenormalization"],
        "an instance norm with scale and shift is a group for each channel: `group_norm(groups = channels)`",
    ),
    absent(
        &["rmsnorm", "lrn", "localresponsenorm", "spectralnorm", "weightnorm", "frn", "filterresponsenorm", "evonorm"],
        "this normalisation does not exist here yet; `norm`, `layer_norm` and `group_norm` do",
    ),
    absent(
        &["reflectionpad", "reflectpad", "replicationpad", "mirrorpad", "circularpad"],
        "`pad` writes zeros; no other padding exists yet",
    ),
    absent(
        &["dropblock", "spatialdropout", "alphadropout", "featuredropout"],
        "`dropout` draws each value by itself, `drop_path` the whole image; no other kind exists yet",
    ),
    absent(&["lstm", "gru", "rnn", "embedding"], "this layer does not exist here"),
    absent(&["view", "reshape", "squeeze"], "a map becomes a vector with `flatten`"),
    absent(
        &["lambda", "sequential", "modulelist", "module"],
        "statements follow one another: nothing is wrapped around them",
    ),
    absent(&["add", "concat", "concatenate", "cat", "merge", "multiply", "mul", "sum", "stack", "eltwise"], JOINED),
    absent(&["print"], "nothing is printed while a network is described: `resnetc summary` shows it"),
    absent(&["assert"], "write `require CONDITION else \"TEXT\"`"),
    // Activations.
    called(&["swish"], &["silu"]),
    called(&["hswish", "hardswish"], &["hard_swish"]),
    called(&["hsigmoid", "hardsigmoid"], &["hard_sigmoid"]),
    called(&["logistic"], &["sigmoid"]),
    absent(
        &[
            "prelu",
            "leakyrelu",
            "lrelu",
            "rrelu",
            "elu",
            "selu",
            "celu",
            "glu",
            "tanh",
            "hardtanh",
            "softplus",
            "softsign",
            "softshrink",
            "hardshrink",
            "tanhshrink",
            "mish",
            "hardmish",
            "threshold",
            "logsigmoid",
            "logsoftmax",
            "softmin",
            "quickgelu",
            "gelutanh",
            "maxout",
            "crelu",
            "frelu",
            "dyrelu",
            "aconc",
            "exponential",
        ],
        ACTIVATION,
    ),
    // Parameters.
    called(
        &["outchannels", "outplanes", "planes", "outputchannels", "nfilters", "numfilters", "nbfilters", "outch", "ch"],
        &["filters"],
    ),
    called(&["outfeatures", "units", "outputdim"], &["features", "classes", "filters"]),
    called(&["numclasses", "nclasses", "nclass", "nbclasses", "numoutputs", "numlabels"], &["classes"]),
    Meaning {
        words: &[
            "inchannels",
            "inplanes",
            "infeatures",
            "inchans",
            "inputdim",
            "inputchannels",
            "inputfilters",
            "inch",
        ],
        ours: &["channels"],
        remark: "leave it out: a layer reads as many channels as the tensor before it has, which are called `channels`",
    },
    called(&["kernelsize", "ksize", "poolsize", "filtersize", "windowsize"], &["kernel", "size"]),
    called(&["strides"], &["stride"]),
    called(&["usebias"], &["bias"]),
    called(&["dilationrate", "dilations"], &["dilation"]),
    called(&["numgroups", "ngroups", "cardinality", "group"], &["groups"]),
    called(&["basewidth", "groupwidth", "bottleneckwidth"], &["width_per_group", "group_width"]),
    called(&["eps"], &["epsilon"]),
    called(&["p", "prob", "probability", "droprate", "dropoutrate", "dropprob"], &["rate", "dropout"]),
    absent(&["keepprob", "keeprate"], "a rate here is the part that is dropped: one minus this"),
    called(&["attention", "attn", "attnlayer", "usese", "selayer", "semodule", "attentionlayer"], &["gate", "se"]),
    called(&["se", "squeezeexcite", "squeezeexcitation", "squeezeandexcitation"], &["se", "gate"]),
    called(&["downsample", "shortcuttype", "skipconnection", "residual"], &["shortcut"]),
    called(&["projection", "project", "conv1x1"], &["B"]),
    called(&["numblocks", "nblocks", "repeats", "layers"], &["blocks"]),
    absent(
        &["norm", "normlayer", "normalization", "activation", "actlayer", "act", "nonlinearity", "activationlayer"],
        BEHIND,
    ),
    // Types.
    called(&["int", "int32", "int64", "uint", "size_t"], &["integer", "floor"]),
    called(&["bool"], &["boolean"]),
    called(&["double", "real", "number", "float32"], &["float"]),
    called(&["list", "array", "ints", "intlist"], &["numbers"]),
    called(&["tuple", "tuple2"], &["pair"]),
    called(&["callable", "func"], &["block"]),
    absent(&["str", "string", "enum", "literal", "choice"], "list the words that it takes: `one_of(append, split)`"),
    absent(&["any", "object", "auto"], "leave the type out: a parameter without one takes any value"),
    // Functions.
    absent(&["range"], "a loop counts over a range: `for step in 0..3 { … }`"),
    absent(&["pow", "exp"], "write a power as a product"),
    // Dialects.
    called(&["pytorch", "torch"], &["torchvision"]),
    called(&["tensorflow", "tf", "tfkeras"], &["keras"]),
    called(&["caffe", "he", "original"], &["paper"]),
    // Blocks.
    called(&["basicblock", "resnetblock", "resblock", "residualblock", "buildingblock", "preactblock"], &["basic"]),
    called(&["bottleneckblock"], &["bottleneck"]),
    called(&["invertedresidualblock", "invertedbottleneck"], &["inverted_residual"]),
    called(&["denseblock", "denselayer", "densenetlayer"], &["dense"]),
    called(&["cnblock", "convnextblock"], &["convnext"]),
    called(&["mbconvblock"], &["mbconv"]),
    called(&["resnet", "resnetstem", "stem7x7"], &["imagenet"]),
    called(&["cifar10", "cifar100"], &["cifar"]),
    called(&["deepstem"], &["deep"]),
    // Figures.
    called(
        &["params", "nparams", "numparams", "numparameters", "trainableparameters", "parametercount"],
        &["parameters"],
    ),
    called(&["maxparams"], &["max_parameters"]),
    called(&["macs", "multadds", "gmacs"], &["max_macs", "macs"]),
    called(&["maxmacs"], &["macs"]),
    called(&["memory"], &["max_memory"]),
    absent(
        &["flops", "gflops", "maxflops"],
        "FLOPs are counted in several ways, of which `resnetc flops` shows each; what can be written is `macs`, which counts a \
         multiplication and its addition once",
    ),
];

/// `word` in lower case, without underscores and without the `2d` with which others end the names of layers.
fn fold(word: &str) -> String {
    let lower: String = word.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect();
    let stem = lower.strip_suffix("2d").or_else(|| lower.strip_suffix("1d")).filter(|stem| stem.len() > 2);
    stem.map(str::to_owned).unwrap_or(lower)
}

/// The longest word that is looked for: others are none of these.
const LONGEST: usize = 40;

fn find(folded: &str) -> Option<&'static Meaning> {
    MEANINGS.iter().find(|meaning| meaning.words.contains(&folded))
}

/// The candidate that `word` means: the same word written otherwise, what it is called here, or a misspelling.
pub fn meant<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates: Vec<_> = candidates.into_iter().collect();
    if word.len() > LONGEST {
        return suggest::closest(word, candidates);
    }
    let folded = fold(word);
    if let Some(same) = candidates.iter().copied().find(|candidate| fold(candidate) == folded) {
        return Some(same);
    }
    match find(&folded) {
        Some(meaning) => meaning.ours.iter().find_map(|ours| candidates.iter().copied().find(|known| known == ours)),
        None => suggest::closest(word, candidates),
    }
}

/// What to do about `word`, which is of another framework and has no name here in its place.
#[must_use]
pub fn remark(word: &str) -> Option<&'static str> {
    find(&fold(word)).map(|meaning| meaning.remark).filter(|remark| !remark.is_empty())
}

/// `error` about `word` at `span`, with the candidate that is meant as its fix, or with what is to be said of the word.
#[must_use]
pub fn fixed<'a>(
    error: Diagnostic,
    word: &str,
    span: Span,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    match (meant(word, candidates), remark(word)) {
        (Some(near), _) => error.help(format!("write `{near}`")).fix(span, near),
        (None, Some(remark)) => error.help(remark),
        (None, None) => error,
    }
}

/// The error for `word` at `span`, which is not one of the `choices`; `message` says of what.
pub fn unknown_word<'a>(
    message: impl Into<String>,
    word: &str,
    span: Span,
    choices: impl Iterator<Item = &'a str> + Clone,
    words: Words,
) -> Diagnostic {
    let label = format!("expected {}", suggest::list(choices.clone()));
    let error = Diagnostic::error(Code::UnknownChoice, span, message, label);
    match (meant(word, choices.clone()), remark(word)) {
        (Some(near), _) => error.help(format!("write `{}`", words.write(near))).fix(span, words.write(near)),
        (None, Some(remark)) => error.help(remark),
        (None, None) => match only(choices) {
            Some(near) => error.help(format!("write `{}`", words.write(near))).fix(span, words.write(near)),
            None => error,
        },
    }
}

fn only<'a>(mut choices: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    choices.next().filter(|_| choices.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_word_has_one_meaning_and_is_folded() {
        let mut seen = BTreeSet::new();
        for word in MEANINGS.iter().flat_map(|meaning| meaning.words) {
            assert!(seen.insert(*word), "`{word}` stands twice");
            assert!(fold(word) == *word || word.contains('_'), "`{word}` is never found");
        }
    }

    #[test]
    fn a_word_of_elsewhere_is_no_misspelling() {
        let kinds = ["relu", "relu6", "silu", "gelu", "sigmoid", "hard_sigmoid", "hard_swish", "softmax"];
        for word in ["prelu", "PReLU", "leaky_relu", "elu", "selu", "celu", "tanh", "mish", "softplus"] {
            assert_eq!(meant(word, kinds), None, "{word}");
            assert!(remark(word).is_some(), "{word}");
        }
        for (word, ours) in
            [("ReLU6", "relu6"), ("hardswish", "hard_swish"), ("swish", "silu"), ("rellu", "relu"), ("relu_", "relu")]
        {
            assert_eq!(meant(word, kinds), Some(ours), "{word}");
        }
    }
}
