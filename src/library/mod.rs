//! The library: the blocks that ship, written in the language itself.
//!
//! One file a block under `library/`, embedded in the program, and one a signature of the layers, of which blocks are
//! made. A file is parsed when what it defines is first asked for.

use crate::diagnostic::Report;
use crate::front::dsl;
use crate::lang::Definitions;
use crate::lang::ast::{Block, Signature};
use crate::source::Source;
use std::sync::{LazyLock, OnceLock};

/// Where a block may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Once, before the stages.
    Stem,
    /// Repeated, in a stage.
    Stage,
    /// Once, after the stages.
    Head,
    /// Inside another block: a shortcut, a gate.
    Part,
}

/// A file of the library, parsed or not: what it defines.
struct Entry<T> {
    name: &'static str,
    places: &'static [Place],
    text: &'static str,
    defined: OnceLock<Option<T>>,
}

impl<T> Entry<T> {
    /// What the file defines, which is the first of `those` that stand in it.
    fn get(&self, those: impl FnOnce(Definitions) -> Vec<T>) -> Option<&T> {
        self.defined.get_or_init(|| those(read(self.name, self.text)).into_iter().next()).as_ref()
    }
}

macro_rules! library {
    ($($folder:literal, $places:expr, [$($name:literal),* $(,)?];)*) => {
        vec![$($(Entry {
            name: $name,
            places: $places,
            text: include_str!(concat!("../../library/", $folder, "/", $name, ".resnet")),
            defined: OnceLock::new(),
        },)*)*]
    };
}

static BLOCKS: LazyLock<Vec<Entry<Block>>> = LazyLock::new(|| {
    library! {
        "blocks", &[Place::Stage], [
            "basic", "bottleneck", "convnext", "dense", "inverted_residual", "mbconv", "plain", "preact_basic",
            "preact_bottleneck", "regnet", "res2net_bottleneck", "sk_bottleneck", "vgg",
        ];
        "stems", &[Place::Stem], [
            "imagenet", "cifar", "deep", "densenet", "mobile", "patchify", "preact_cifar", "preact_deep",
            "preact_imagenet", "regnet_stem",
        ];
        "heads", &[Place::Head], [
            "classifier", "efficientnet", "layer_norm_classifier", "mobilenet", "norm_classifier", "preact_classifier",
        ];
        "parts", &[Place::Part], ["A", "B", "C", "D"];
        "parts", &[Place::Part], ["se", "eca", "selective_kernel", "hierarchy", "squeeze"];
        "parts", &[Place::Part], ["average_pool", "blur_pool", "stem_max_pool", "stem_blur_pool", "stem_conv_pool"];
        "parts", &[], ["hierarchy_level"];
        "parts", &[Place::Stem, Place::Head, Place::Part], ["none"];
    }
});

/// The layers: what a block is made of. Each is an op of the compiler, and its file says how it is called.
static LAYERS: LazyLock<Vec<Entry<Signature>>> = LazyLock::new(|| {
    library! {
        "layers", &[], [
            "conv", "norm", "layer_norm", "group_norm", "act", "max_pool", "avg_pool", "global_pool", "adaptive_pool",
            "linear", "flatten", "dropout", "drop_path", "layer_scale", "pad", "zero_channels", "subsample", "slice",
            "split", "channel_conv", "blur", "path_softmax",
        ];
    }
});

/// The names of the blocks that may stand at `place`.
pub fn names(place: Place) -> impl Iterator<Item = &'static str> + Clone {
    BLOCKS.iter().filter(move |entry| entry.places.contains(&place)).map(|entry| entry.name)
}

/// The block called `name`, wherever it may stand.
#[must_use]
pub fn find(name: &str) -> Option<&'static Block> {
    BLOCKS.iter().find(|entry| entry.name == name)?.get(|file| file.blocks)
}

/// The text of the block or layer called `name`.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    texts().find(|(known, _)| *known == name).map(|(_, text)| text)
}

/// The names of what has a text.
pub fn text_names() -> impl Iterator<Item = &'static str> + Clone {
    texts().map(|(name, _)| name)
}

fn texts() -> impl Iterator<Item = (&'static str, &'static str)> + Clone {
    let layers = LAYERS.iter().map(|entry| (entry.name, entry.text));
    BLOCKS.iter().map(|entry| (entry.name, entry.text)).chain(layers)
}

/// The block that is to pre-activation networks what the one called `name` is to others, where there is one at `place`.
#[must_use]
pub fn preactivated(place: Place, name: &str) -> Option<&'static str> {
    names(place).find(|known| known.strip_prefix("preact_") == Some(name))
}

/// What the block called `name` is, on one line: the comment before it.
#[must_use]
pub fn meaning(name: &str) -> Option<String> {
    let entry = BLOCKS.iter().find(|entry| entry.name == name)?;
    let lines = entry.text.lines().map_while(|line| line.strip_prefix("//")).map(str::trim);
    Some(lines.collect::<Vec<_>>().join(" "))
}

/// The block called `name` that may stand at `place`.
#[must_use]
pub fn find_at(place: Place, name: &str) -> Option<&'static Block> {
    find(name).filter(|_| names(place).any(|known| known == name))
}

/// The blocks that can be an argument that is told `told`: those that take some of it and need nothing else, and `none`.
pub fn parts_for(told: &[String]) -> impl Iterator<Item = &'static Block> + Clone {
    names(Place::Part).filter_map(find).filter(move |block| {
        let parameters = &block.signature.parameters;
        let is_told = |name: &str| told.iter().any(|known| known == name);
        // What is told much and takes little of it has another place: a pool is no shortcut.
        let taken = parameters.iter().filter(|own| is_told(&own.name.value)).count();
        let fits = block.name() == "none" || 2 * taken >= told.len() || told.len() == 1 && parameters.is_empty();
        fits && parameters.iter().all(|own| own.default.is_some() || is_told(&own.name.value))
    })
}

/// Every block.
pub fn blocks() -> impl Iterator<Item = &'static Block> {
    BLOCKS.iter().filter_map(|entry| find(entry.name))
}

/// The names of the layers.
pub fn layer_names() -> impl Iterator<Item = &'static str> + Clone {
    LAYERS.iter().map(|entry| entry.name)
}

/// The signatures of the layers.
pub fn layers() -> impl Iterator<Item = &'static Signature> {
    LAYERS.iter().filter_map(|entry| entry.get(|file| file.layers))
}

/// The layer called `name`.
#[must_use]
pub fn layer(name: &str) -> Option<&'static Signature> {
    LAYERS.iter().find(|entry| entry.name == name)?.get(|file| file.layers)
}

/// A text of the library; that every one of them parses is a test.
fn read(name: &str, text: &str) -> Definitions {
    let source = Source::new(format!("library/{name}.resnet"), text);
    let mut definitions = dsl::library(&source, 0..text.len(), &mut Report::default()).unwrap_or_default();
    for block in &mut definitions.blocks {
        block.is_library = true;
    }
    definitions
}
