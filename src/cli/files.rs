//! Reading files, and the networks that they describe.

use super::say::{answered, warn};
use super::{Failure, Global};
use resnetc::diagnostic::Report;
use resnetc::source::Source;
use resnetc::spec::Spec;
use resnetc::valid::Checked;
use resnetc::{Options, front};
use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Refuses to read standard input twice.
pub(super) fn one_standard_input<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Result<(), Failure> {
    if files.into_iter().filter(|file| *file == Path::new("-")).count() > 1 {
        return Err(Failure::unasked("cannot read `-` twice", "there is one standard input"));
    }
    Ok(())
}

/// Reads a description; `-` is standard input. No more is read than a description may have, and a character.
pub(super) fn read_description(path: &Path) -> Result<Source, Failure> {
    let name = if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() };
    // A character more than there may be: where it is cut, the text is still too long.
    let most = resnetc::limits::SOURCE_BYTES + char::MAX.len_utf8();
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(most as u64).read_to_end(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most as u64).read_to_end(&mut text))
    };
    read.map_err(|error| Failure::unasked(format!("cannot read {name}"), error))?;
    if let Err(error) = std::str::from_utf8(&text)
        && error.error_len().is_none()
        && text.len() == most
    {
        text.truncate(error.valid_up_to());
    }
    match String::from_utf8(text) {
        Ok(text) => Ok(Source::new(name, text)),
        Err(error) => Err(Failure::unasked(format!("{name} is not UTF-8"), error.utf8_error())),
    }
}

/// What is to be read.
pub(super) enum Opened {
    /// A file, which can be read here and there, and its length.
    File(File, u64),
    /// A pipe or a device, which comes as it comes; `-` is standard input.
    Stream(Box<dyn Read + Send>),
}

/// What stands at `path`, of which nothing is read yet.
pub(super) fn open(path: &Path) -> Result<Opened, Failure> {
    if path == Path::new("-") {
        return Ok(Opened::Stream(Box::new(std::io::stdin())));
    }
    let opened = File::open(path).and_then(|file| file.metadata().map(|found| (file, found)));
    let (file, found) = opened.map_err(|error| unreadable(path, error))?;
    Ok(if found.is_file() { Opened::File(file, found.len()) } else { Opened::Stream(Box::new(file)) })
}

/// That nothing can be read from `path`.
pub(super) fn unreadable(path: &Path, error: impl Display) -> Failure {
    Failure::unasked(format!("cannot read {}", path.display()), error)
}

/// The network that a description compiles to; what cannot be meant is warned of on standard error.
pub(super) fn compiled(source: &Source, options: &Options, global: Global) -> Result<Checked, Failure> {
    let network = answered(resnetc::compile_with(source, options), source, global)?;
    warn(&network, source, global);
    Ok(network)
}

/// A description as it was read and the network that it compiles to; what cannot be meant is warned of.
pub(super) fn described(source: &Source, global: Global) -> Result<(Spec, Checked), Failure> {
    let options = Options { limit: global.limit, ..Options::default() };
    let mut report = Report::default();
    let result = match front::parse(source, &mut report) {
        Some(spec) => resnetc::check(spec.clone(), &options, report).map(|network| (spec, network)),
        None => Err(report),
    };
    let (spec, network) = answered(result, source, global)?;
    warn(&network, source, global);
    Ok((spec, network))
}
