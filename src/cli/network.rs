//! The arguments that name a network and the input it is to read.

use super::{Failure, Global, files};
use resnetc::Options;
use resnetc::ir::Shape;
use resnetc::limits::{CHANNELS, SIDE};
use resnetc::source::Source;
use resnetc::valid::Checked;
use std::path::PathBuf;

/// A description, read with its own input or another.
#[derive(Debug, clap::Args)]
pub(super) struct Network {
    /// The description; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    input: Input,
}

/// The input that a description is read with.
#[derive(Debug, clap::Args)]
pub(super) struct Input {
    /// Another input in place of the description's own; promises that depend on it are then not held
    #[arg(long, value_name = "CxHxW", value_parser = parse_input)]
    input: Option<[u64; 3]>,
}

impl Input {
    pub(super) fn options(&self, global: Global) -> Options {
        Options { input: self.input, limit: global.limit }
    }
}

impl Network {
    /// Where the description is.
    pub(super) fn file(&self) -> &PathBuf {
        &self.file
    }

    pub(super) fn compile(&self, global: Global) -> Result<Checked, Failure> {
        self.described(global).map(|(_, network)| network)
    }

    /// The network, and the text that it was read from.
    pub(super) fn described(&self, global: Global) -> Result<(Source, Checked), Failure> {
        let source = files::read_description(&self.file)?;
        let network = files::compiled(&source, &self.input.options(global), global)?;
        Ok((source, network))
    }
}

/// Reads `3x224x224`.
pub(super) fn parse_input(text: &str) -> Result<[u64; 3], String> {
    let sizes: Result<Vec<u64>, _> = text.split(['x', 'X']).map(str::parse).collect();
    let [channels, height, width] = sizes
        .ok()
        .and_then(|sizes| <[u64; 3]>::try_from(sizes).ok())
        .ok_or_else(|| "expected channels, height and width, as in 3x224x224".to_owned())?;
    for (what, value, limit) in [("channels", channels, CHANNELS), ("height", height, SIDE), ("width", width, SIDE)] {
        if !(1..=limit).contains(&value) {
            return Err(format!("{what} is {value}, expected from 1 to {limit}"));
        }
    }
    Ok([channels, height, width])
}

/// A shape with the batch in front: `1 x 64 x 112 x 112`.
pub(super) fn with_batch(batch: u32, shape: Shape) -> String {
    format!("{batch} x {shape}")
}
