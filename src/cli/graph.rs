//! `resnetc graph`: a picture of a network.

use super::network::Network;
use super::{Failure, Global, build, files};
use clap::ValueEnum;
use resnetc::back::picture::{self, Depth, NARROWEST, Options};
use std::path::{Path, PathBuf};

/// Draw a network: stem, stages and head, their blocks with their shortcuts, and the shapes between them
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    network: Network,
    /// The language of the picture [default: that of the file's ending, else svg]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// What a box is
    #[arg(long, value_enum, default_value = "block", value_name = "PART")]
    depth: Part,
    /// Draw each of the blocks that look the same
    #[arg(long)]
    unfold: bool,
    /// How many pixels wide an SVG may be before it goes on below
    #[arg(long, default_value_t = 1080, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(i64::from(NARROWEST)..=1 << 20))]
    width: u32,
    /// Write to this file; `-` is standard output, as without it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite a file that resnetc did not write
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A picture for browsers and documents, light and dark
    Svg,
    /// The language of Graphviz
    Dot,
    /// A flowchart that GitHub shows
    Mermaid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A stem, a stage, a head
    Stage,
    /// What papers draw: a layer of a block with its norm and activation
    Block,
    /// A layer
    Layer,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let (source, network) = arguments.network.described(global)?;
    let depth = match arguments.depth {
        Part::Stage => Depth::Stage,
        Part::Block => Depth::Block,
        Part::Layer => Depth::Layer,
    };
    let options = Options { depth, unfold: arguments.unfold };
    let ending = arguments.output.as_ref().and_then(|path| path.extension()?.to_str());
    let by_ending = match ending {
        Some("dot" | "gv") => Format::Dot,
        Some("mmd" | "mermaid") => Format::Mermaid,
        Some(_) | None => Format::Svg,
    };
    let text = match arguments.format.unwrap_or(by_ending) {
        Format::Svg => picture::svg(&network, options, arguments.width),
        Format::Dot => picture::dot(&network, options),
        Format::Mermaid => picture::mermaid(&network, options),
    };
    let text = text.map_err(|unsupported| build::explain(&network, "graph", &unsupported));
    let text = files::answered(text, &source, global)?;
    match &arguments.output {
        None => files::print(&text),
        Some(path) if path == Path::new("-") => files::print(&text),
        Some(path) => {
            files::ours(path, arguments.force)?;
            files::write_atomic(path, text.as_bytes())
        }
    }
}
