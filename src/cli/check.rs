//! `resnetc check`: diagnostics only.

use super::{Failure, Global, files, say};
use resnetc::Options;
use std::path::{Path, PathBuf};

/// Check descriptions and report what is wrong with them
///
/// Every file is checked, whatever the others are like. With `--message-format json`, standard output is one array of
/// all the diagnostics of the run, empty if there are none; each says which file it is about.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The descriptions; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    files::one_standard_input(&arguments.files)?;
    let mut diagnostics = Vec::new();
    let mut worst = Ok(());
    for file in &arguments.files {
        match check(file, global, &mut diagnostics) {
            Ok(()) => {}
            // A file that cannot be read outweighs one that is wrong.
            Err(Failure::Unasked(complaint)) => {
                say::collect_complaint(&complaint, global, &mut diagnostics);
                worst = Err(Failure::Told);
            }
            Err(failure) => worst = if worst.is_err() { worst } else { Err(failure) },
        }
    }
    say::print_diagnostics(diagnostics, global)?;
    worst
}

fn check(file: &Path, global: Global, diagnostics: &mut Vec<serde_json::Value>) -> Result<(), Failure> {
    let source = files::read_description(file)?;
    let options = Options { limit: global.limit, ..Options::default() };
    let (report, answer) = match resnetc::compile_with(&source, &options) {
        Ok(network) => (network.warnings, Ok(())),
        Err(report) => (report, Err(Failure::No)),
    };
    say::collect(&report, &source, global, diagnostics);
    answer
}
