//! `resnetc fmt`: the layout of descriptions in the DSL.

use super::{Failure, Global, files, output, say, write};
use resnetc::diagnostic::Report;
use resnetc::front;
use resnetc::spec::Form;
use std::path::{Path, PathBuf};

/// Lay descriptions in the DSL out: indentation, spaces, empty lines
///
/// Comments and line breaks stay where they are. Files are rewritten; standard input is printed.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The descriptions, `.resnet`; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write nothing: name the files that would change, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    files::one_standard_input(&arguments.files)?;
    let mut worst = Ok(());
    for file in &arguments.files {
        match lay_out(file, arguments.check, global) {
            Ok(()) => {}
            Err(Failure::No) => worst = Err(Failure::No),
            Err(failure) => return Err(failure),
        }
    }
    worst
}

fn lay_out(file: &Path, check: bool, global: Global) -> Result<(), Failure> {
    let source = files::read_description(file)?;
    if front::form(&source) == Form::Toml {
        return Err(Failure::unasked(source.name(), "this is TOML; `fmt` lays out the DSL, `.resnet`"));
    }
    let mut report = Report::default();
    let Some(text) = front::dsl::format(&source, &mut report) else {
        return say::answered(Err(report), &source, global);
    };
    let is_input = file == Path::new("-");
    if check {
        if text == source.text() {
            return Ok(());
        }
        output::print_line(source.name())?;
        return Err(Failure::No);
    }
    if is_input {
        output::print(&text)
    } else if text == source.text() {
        Ok(())
    } else {
        // A description is its author's: where a link leads is written, and the link stays.
        let file = file.canonicalize().map_err(|error| files::unreadable(file, error))?;
        write::atomic(&file, text.as_bytes())
    }
}
