//! `resnetc expand`: the long form of a description.

use super::{Failure, Global, files, output, say};
use resnetc::diagnostic::Report;
use resnetc::{front, lower};
use std::path::PathBuf;

/// Print a description in its long form: no `depth`, no `[block]`, every stage written out, every argument named
///
/// The long form is the same network, in the same language. Comments are kept in and directly before what the description
/// defines, and nowhere else.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The description; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let source = files::read_description(&arguments.file)?;
    let (spec, _) = files::described(&source, global)?;
    let text = front::print(&lower::write_out(&spec), spec.form).map_err(|error| Report::from(*error));
    output::print(&say::answered(text, &source, global)?)
}
