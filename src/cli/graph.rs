//! `resnetc graph`: a picture of a network.

use super::network::Network;
use super::seal::sealed;
use super::{Failure, Global, build, number, say, write};
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
    #[arg(long, default_value_t = 1080, value_name = "PIXELS", value_parser = number::within(NARROWEST..=1 << 20))]
    width: u32,
    /// Write to this file; `-` is standard output, as without it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite a file that resnetc did not write or that was edited since; replace a link
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
    let format = match arguments.format {
        Some(format) => format,
        None => arguments.output.as_deref().map_or(Ok(Format::Svg), by_ending)?,
    };
    let text = match format {
        Format::Svg => picture::svg(&network, options, arguments.width),
        Format::Dot => picture::dot(&network, options),
        Format::Mermaid => picture::mermaid(&network, options),
    };
    let text = text.map_err(|unsupported| build::explain(&network, "graph", &unsupported));
    let text = say::answered(text, &source, global)?;
    let output = arguments.output.as_deref().unwrap_or(Path::new("-"));
    write::ours(output, arguments.force)?;
    write::atomic(output, sealed(&text).as_bytes())
}

/// The language that a file's ending asks for.
fn by_ending(path: &Path) -> Result<Format, Failure> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg") | None => Ok(Format::Svg),
        Some("dot" | "gv") => Ok(Format::Dot),
        Some("mmd" | "mermaid") => Ok(Format::Mermaid),
        Some(_) => Err(Failure::unasked(
            format!("cannot tell what {} is to be", path.display()),
            "end its name in .svg, .dot, .gv, .mmd or .mermaid, or say `--format`; a browser or `dot -Tpng` makes other pictures",
        )),
    }
}
