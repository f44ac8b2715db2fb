//! `resnetc check`: diagnostics only.

use super::{Failure, Global, files};
use resnetc::Options;
use std::path::PathBuf;

/// Check descriptions and report what is wrong with them
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The descriptions; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let mut all = Ok(());
    for file in &arguments.files {
        let source = files::read_description(file)?;
        let options = Options { limit: global.limit, ..Options::default() };
        if let Err(failure) = files::answered(resnetc::compile_with(&source, &options), &source, global) {
            all = Err(failure);
        }
    }
    all
}
