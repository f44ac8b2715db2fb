//! `resnetc expand`: the long form of a description.

use super::{Failure, Global, files};
use resnetc::diagnostic::Report;
use resnetc::{Options, front, lower};
use std::path::PathBuf;

/// Print a description in its long form: no `depth`, no `[block]`, every stage written out
///
/// The long form is the same network. Comments are not kept.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The description; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let source = files::read_description(&arguments.file)?;
    let options = Options { limit: global.limit, ..Options::default() };
    let mut report = Report::default();
    let spec = match front::parse(&source, &mut report) {
        Some(spec) => resnetc::check(spec.clone(), &options, report).map(|_| spec),
        None => Err(report),
    };
    let spec = files::answered(spec, &source, global)?;
    files::print(&front::toml::print(&lower::write_out(&spec)))
}
