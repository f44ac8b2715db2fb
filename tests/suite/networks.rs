//! Networks to test with: descriptions as text, and weights that nobody drew.

use crate::fill::fill;
use resnetc::ir::ParameterKind;
use resnetc::source::Source;
use resnetc::valid::Checked;
use resnetc::weights::{Tensor, Weights};

pub fn compile(text: &str) -> Checked {
    resnetc::compile(&Source::new("test", text)).unwrap_or_else(|report| panic!("{report:?}\n{text}"))
}

/// The network of the description at `path`.
pub fn compile_file(path: &std::path::Path) -> Checked {
    let name = path.display().to_string();
    let source = Source::new(&name, std::fs::read_to_string(path).unwrap());
    resnetc::compile(&source).unwrap_or_else(|report| panic!("{name}: {report:?}"))
}

/// A ResNet of the paper's table in a dialect, with 1000 classes.
pub fn of_depth(depth: u64, dialect: &str) -> String {
    format!(
        "name = \"resnet{depth}\"\ndialect = \"{dialect}\"\ndepth = {depth}\n\n[head]\npool = \"avg\"\nclasses = 1000\n"
    )
}

/// Small enough to run in a moment, and with every kind of layer that a description can ask for: a strided stem with a
/// pool, grouped and dilated bottlenecks, a projection, adaptive pooling, hidden layers, dropout, softmax.
pub fn small(dialect: &str) -> String {
    format!(
        r#"name = "small"
dialect = "{dialect}"

[input]
channels = 3
size = [37, 43]

[stem]
kind = "imagenet"
filters = 8

[block]
kind = "bottleneck"
groups = 2

[[stage]]
filters = 64
blocks = 2
stride = 1
width_per_group = 4

[[stage]]
filters = 64
blocks = 2
stride = 1
width_per_group = 8
dilation = 2

[[stage]]
kind = "basic"
filters = 24
blocks = 2
stride = 2

[head]
pool = "avg"
pool_size = [3, 2]
hidden = [20]
dropout = 0.5
classes = 10
activation = "softmax"
"#
    )
}

/// CIFAR's ResNet-8 with option A, which subsamples and appends zeros.
pub fn cifar() -> String {
    "name = \"cifar8\"\ndialect = \"torchvision\"\ndepth = 8\n\n[stem]\nkind = \"cifar\"\n\n[block]\nkind = \"basic\"\n\
     shortcut = \"A\"\n\n[head]\npool = \"avg\"\nclasses = 10\n"
        .to_owned()
}

/// Every parameter filled from the layer's name, by the rules of `fill.py`.
pub fn filled(checked: &Checked) -> Weights {
    let parameters = checked.parameters().map(|(parameter, shape)| {
        let leaf = match parameter.kind {
            ParameterKind::Gain => "layer_scale",
            ParameterKind::Kernel | ParameterKind::Scale => "weight",
            ParameterKind::Bias | ParameterKind::Shift => "bias",
            ParameterKind::Mean => "running_mean",
            ParameterKind::Variance => "running_var",
        };
        let values = fill(&format!("{}.{leaf}", checked.name(parameter.node)), &shape);
        (parameter, Tensor { shape: shape.into_vec(), values })
    });
    parameters.collect()
}
