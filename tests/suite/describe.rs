//! Descriptions for tests: the files that ship, and stage tables written from a few numbers.

use resnetc::ir::op::{BatchNorm, RunningVariance};
use resnetc::ir::{BiasDraw, Draw, Init};
use resnetc::source::Source;
use resnetc::valid::Checked;
use std::path::PathBuf;

/// How a layer is drawn whose weights are not the subject.
pub const HE: Init = Init { kernel: Draw::KaimingNormalFanOut, bias: BiasDraw::Zero };
/// How torch draws a layer of which nothing is said.
pub const TORCH: Init = Init { kernel: Draw::UniformFanIn, bias: BiasDraw::UniformFanIn };
/// A batch norm as torch has it.
pub const NORM: BatchNorm =
    BatchNorm { epsilon: 1e-5, momentum: 0.1, scale: 1.0, running_variance: RunningVariance::Unbiased };

/// The folder of the descriptions that ship.
pub fn architectures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("architectures")
}

/// The descriptions that ship, in either language, by name.
pub fn shipped() -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(architectures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The text of `architectures/NAME.toml`.
pub fn file(name: &str) -> String {
    let path = architectures().join(name).with_extension("toml");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The network that `text` describes; the rendered report where it describes none.
pub fn compile(text: &str) -> Checked {
    let source = Source::new("test", text);
    resnetc::compile(&source)
        .unwrap_or_else(|report| panic!("{}", resnetc::diagnostic::render::text(&report, &source, false)))
}

/// A residual network: filters 64, 128, … doubling with every stage, the stride 2 from the second stage on.
#[derive(Clone, Copy)]
pub struct Residual<'a> {
    pub dialect: &'a str,
    pub input: [u64; 3],
    pub stem: &'a str,
    pub filters: u64,
    pub kind: &'a str,
    pub blocks: &'a [u64],
    /// Further lines of `[block]`.
    pub block: &'a str,
    /// The lines of `[head]`.
    pub head: &'a str,
}

/// ResNet-50 as torchvision has it; others are written as differences from it.
pub const RESNET_50: Residual<'static> = Residual {
    dialect: "torchvision",
    input: [3, 224, 224],
    stem: "imagenet",
    filters: 64,
    kind: "bottleneck",
    blocks: &[3, 4, 6, 3],
    block: "",
    head: "pool = \"avg\"\nclasses = 1000",
};

impl Residual<'_> {
    pub fn text(&self) -> String {
        let Self { dialect, input: [channels, height, width], stem, filters, kind, block, head, .. } = self;
        let mut text = format!(
            "name = \"network\"\ndialect = \"{dialect}\"\n\
             [input]\nchannels = {channels}\nsize = [{height}, {width}]\n\
             [stem]\nkind = \"{stem}\"\nfilters = {filters}\n\
             [block]\nkind = \"{kind}\"\n{block}\n"
        );
        for (stage, blocks) in self.blocks.iter().enumerate() {
            let stride = if stage == 0 { 1 } else { 2 };
            text += &format!("[[stage]]\nfilters = {}\nblocks = {blocks}\nstride = {stride}\n", filters << stage);
        }
        text + "[head]\n" + head + "\n"
    }
}

/// A VGG as torchvision has it.
pub fn vgg(blocks: [u64; 5], norm: bool, [channels, height, width]: [u64; 3]) -> String {
    let mut text = format!(
        "name = \"network\"\ndialect = \"torchvision\"\n\
         [input]\nchannels = {channels}\nsize = [{height}, {width}]\n\
         [stem]\nkind = \"none\"\n[block]\nkind = \"vgg\"\nnorm = {norm}\n"
    );
    for (filters, blocks) in [64, 128, 256, 512, 512].into_iter().zip(blocks) {
        text += &format!("[[stage]]\nfilters = {filters}\nblocks = {blocks}\n");
    }
    text + "[head]\npool = \"avg\"\npool_size = [7, 7]\nhidden = [4096, 4096]\ndropout = 0.5\nclasses = 1000\n"
}
