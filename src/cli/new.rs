//! `resnetc new`: a starting file.

use super::network::parse_input;
use super::{Failure, Global, output, say, write};
use clap::ValueEnum;
use resnetc::diagnostic::Report;
use resnetc::ir::{Label, Op};
use resnetc::lang::Value;
use resnetc::lang::ast::{Block, Domain, Parameter};
use resnetc::library::{self, Place};
use resnetc::source::Source;
use resnetc::spec::depth;
use resnetc::valid::Checked;
use resnetc::{Options, dialect};
use std::fmt::Write;
use std::path::PathBuf;

/// Write a starting description, from a depth of the papers' tables or from the blocks of each stage
///
/// The file has comments and compiles as it is. It is printed, or written with `-o`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("stages").required(true).args(["depth", "blocks"])))]
pub(super) struct Arguments {
    /// What the network is called: `resnet50`, for example, or `resnet_2_3_5_2`
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// A depth of the ImageNet table (18, 34, 50, 101, 152, 200), or 6n + 2 with `--stem cifar`
    #[arg(long, value_name = "N")]
    depth: Option<u64>,
    /// The table that the depth is of; with `--stem cifar` CIFAR's where the depth is 6n + 2, ImageNet's elsewhere
    #[arg(long, requires = "depth")]
    table: Option<Table>,
    /// The blocks of each stage: `2,3,5,2`; each stage has twice the filters of the one before
    #[arg(long, value_delimiter = ',', value_name = "N,N,…")]
    blocks: Vec<u64>,
    /// The block; with a depth, the one that belongs to it
    #[arg(long)]
    kind: Option<String>,
    /// The dialect
    #[arg(long, default_value = "torchvision")]
    dialect: String,
    /// The shortcut; B if the block has one, A with `--stem cifar` and stages of CIFAR's table
    #[arg(long)]
    shortcut: Option<String>,
    /// The stem; `imagenet`, or `preact_imagenet` where the block is a pre-activation one
    #[arg(long)]
    stem: Option<String>,
    /// Channels, height and width of the input; 3x224x224, with `--stem cifar` 3x32x32
    #[arg(long, value_name = "CxHxW", value_parser = parse_input)]
    input: Option<[u64; 3]>,
    /// The classes; 1000, with `--stem cifar` 10
    #[arg(long, value_name = "N")]
    classes: Option<u64>,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite the file if it is there
    #[arg(long, requires = "output")]
    force: bool,
}

/// Whose stages a depth stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Table {
    /// Four stages of 64 to 512 filters
    Imagenet,
    /// Three stages of 16 to 64 filters
    Cifar,
}

impl Table {
    fn plan(self, depth: u64) -> Option<depth::Plan> {
        match self {
            Self::Imagenet => depth::imagenet(depth),
            Self::Cifar => depth::cifar(depth),
        }
    }
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let draft = Draft::new(arguments);
    match (arguments.depth, arguments.table) {
        (Some(depth), None) => drop(compile(&draft.with_depth(depth, arguments.kind.as_deref()), global)?),
        (Some(depth), Some(table)) if table.plan(depth).is_none() => {
            let table = table.to_possible_value();
            let name = table.as_ref().map_or("", |table| table.get_name());
            return Err(Failure::Unasked(format!("the table `{name}` has no depth {depth}").into()));
        }
        (Some(_), Some(_)) | (None, _) => {}
    }
    let network = compile(&draft.text(""), global)?;
    let text = draft.text(&comment(&draft, &network));
    match &arguments.output {
        None => output::print(&text),
        Some(path) => write::new(path, text.as_bytes(), arguments.force),
    }
}

/// Compiles a text that is about to be offered; what is wrong with it was wrong with the arguments.
fn compile(text: &str, global: Global) -> Result<Checked, Failure> {
    let source = Source::new("new.toml", text);
    let compiled: Result<_, Report> =
        resnetc::compile_with(&source, &Options { limit: global.limit, ..Options::default() });
    say::answered(compiled, &source, global)
}

/// The values of a file that is to be written.
struct Draft {
    name: String,
    dialect: String,
    input: [u64; 3],
    stem: String,
    kind: String,
    shortcut: Option<String>,
    /// For each stage: filters, blocks, stride.
    stages: Vec<[u64; 3]>,
    classes: u64,
}

impl Draft {
    fn new(arguments: &Arguments) -> Self {
        let preact = |kind: &str| kind != depth::activated(kind);
        let usual_stem = if arguments.kind.as_deref().is_some_and(preact) { "preact_imagenet" } else { "imagenet" };
        let stem = arguments.stem.as_deref().unwrap_or(usual_stem);
        let cifar = depth::activated(stem) == "cifar";
        let is_6n_2 = arguments.depth.is_none_or(|depth| depth::cifar(depth).is_some());
        let table = arguments.table.unwrap_or(if cifar && is_6n_2 { Table::Cifar } else { Table::Imagenet });
        let is_narrow = table == Table::Cifar;
        let plan = arguments.depth.and_then(|depth| table.plan(depth));
        let (kind, stages) =
            plan.map_or_else(|| ("basic", doubling(&arguments.blocks, is_narrow)), |plan| (plan.kind, plan.stages));
        let kind = arguments.kind.clone().unwrap_or_else(|| kind.to_owned());
        let has_choice = library::find_at(Place::Stage, &kind)
            .and_then(|block| block.parameter("shortcut"))
            .is_some_and(|shortcut| shortcut.constant() != Some(Value::Text("none".into())));
        let usual = has_choice.then(|| if is_narrow && !preact(&kind) { "A" } else { "B" }.to_owned());
        let usual_name = match arguments.depth {
            Some(depth) => format!("resnet{depth}"),
            None => arguments.blocks.iter().fold("resnet".to_owned(), |name, blocks| format!("{name}_{blocks}")),
        };
        Self {
            name: arguments.name.clone().unwrap_or(usual_name),
            dialect: arguments.dialect.clone(),
            input: arguments.input.unwrap_or(if cifar { [3, 32, 32] } else { [3, 224, 224] }),
            stem: stem.to_owned(),
            kind,
            shortcut: arguments.shortcut.clone().or(usual),
            stages,
            classes: arguments.classes.unwrap_or(if cifar { 10 } else { 1000 }),
        }
    }

    /// The same with `depth` in place of the stages: a depth that no table has is refused here.
    fn with_depth(&self, depth: u64, kind: Option<&str>) -> String {
        let block = kind.map_or_else(String::new, |kind| format!("\n[block]\nkind = {}\n", quoted(kind)));
        let (name, dialect, stem) = (quoted(&self.name), quoted(&self.dialect), quoted(&self.stem));
        format!("name = {name}\ndialect = {dialect}\ndepth = {depth}\n\n[stem]\nkind = {stem}\n{block}")
    }

    /// The file, with `about` as its first line.
    fn text(&self, about: &str) -> String {
        let mut out = String::new();
        let _ = self.write(about, &mut out);
        out
    }

    fn write(&self, about: &str, out: &mut String) -> std::fmt::Result {
        let [channels, height, width] = self.input;
        let dialects = words(dialect::NAMES.into_iter());
        let stems = words(library::names(Place::Stem));
        let blocks = words(library::names(Place::Stage));
        writeln!(out, "{about}name = {}", quoted(&self.name))?;
        writeln!(out, "dialect = {}  # {dialects}", quoted(&self.dialect))?;
        writeln!(out, "\n[input]\nchannels = {channels}\nsize = [{height}, {width}]  # height, width")?;
        writeln!(out, "\n[stem]\nkind = {}  # {stems}", quoted(&self.stem))?;
        let stem = library::find_at(Place::Stem, &self.stem).and_then(|stem| stem.parameter("filters"));
        if let Some(Value::Integer(usual)) = stem.and_then(Parameter::constant) {
            // Behind CIFAR's stem nothing makes more channels of its own.
            let first = self.stages.first().filter(|_| depth::activated(&self.stem) == "cifar");
            writeln!(out, "filters = {}", first.map_or(usual, |[filters, ..]| (*filters).into()))?;
        }
        writeln!(out, "\n[block]  # what every stage has unless it says otherwise")?;
        writeln!(out, "kind = {}  # {blocks}", quoted(&self.kind))?;
        if let Some(shortcut) = &self.shortcut {
            writeln!(out, "shortcut = {}{}", quoted(shortcut), self.choices("shortcut"))?;
        }
        writeln!(out, "\n# Each stage: its filters, how many blocks it has, and the stride of the first of them.")?;
        let strided = library::find_at(Place::Stage, &self.kind)
            .and_then(|block| block.parameter("stride"))
            .is_none_or(|stride| stride.constant() == Some(Value::Integer(1)));
        for [filters, blocks, stride] in &self.stages {
            writeln!(out, "[[stage]]\nfilters = {filters}\nblocks = {blocks}")?;
            if strided {
                writeln!(out, "stride = {stride}")?;
            }
            writeln!(out)?;
        }
        writeln!(out, "[head]")?;
        if self.kind != depth::activated(&self.kind) {
            writeln!(out, "kind = \"preact_classifier\"")?;
        }
        writeln!(out, "pool = \"avg\"  # avg | max | none")?;
        writeln!(out, "classes = {}  # without it there is no classifier", self.classes)
    }

    /// A comment with the choices that a parameter of the block has.
    fn choices(&self, parameter: &str) -> String {
        let found = library::find_at(Place::Stage, &self.kind).and_then(|block| block.parameter(parameter));
        match found.map(|parameter| &parameter.domain) {
            Some(Domain::Choice(choices)) => format!("  # {}", words(choices.iter().map(String::as_str))),
            Some(Domain::Block(told)) => format!("  # {}", words(library::parts_for(told).map(Block::name))),
            _ => String::new(),
        }
    }
}

/// Stages of these blocks, each with twice the filters and, but for the first, half the height and width.
fn doubling(blocks: &[u64], cifar: bool) -> Vec<[u64; 3]> {
    let first = if cifar { 16 } else { 64 };
    let filters = std::iter::successors(Some(first), |filters: &u64| Some(filters.saturating_mul(2)));
    let strides = std::iter::once(1).chain(std::iter::repeat(2));
    blocks.iter().zip(filters).zip(strides).map(|((&blocks, filters), stride)| [filters, blocks, stride]).collect()
}

/// What the file describes, as its first line.
fn comment(draft: &Draft, network: &Checked) -> String {
    let on_main_path = |branch: Label| branch != Label::SKIP;
    let layers = network.layers().filter(|layer| match layer.node.op {
        Op::Conv2d(_) => on_main_path(layer.node.origin.address.branch),
        Op::Linear(_) => true,
        Op::Input(_)
        | Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::MaxPool(_)
        | Op::AdaptivePool(_)
        | Op::Flatten(_)
        | Op::Add(_)
        | Op::Pad(_)
        | Op::Subsample(_)
        | Op::Dropout(_)
        | Op::AvgPool(_)
        | Op::Blur(_)
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::DropPath(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_)
        | Op::Slice(_) => false,
    });
    let blocks: u64 = draft.stages.iter().map(|[_, blocks, _]| blocks).sum();
    format!("# {} layers, as the papers count them: the stem, {blocks} blocks, the classifier.\n", layers.count())
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" | ")
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
