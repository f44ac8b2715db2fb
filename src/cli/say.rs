//! What a command says beside its answer: diagnostics, refusals, notes, why it could not be asked. Everything that goes to standard error
//! goes through here.
//!
//! With `--message-format json` all of it is JSON, an array of objects a line. What ends a command without an answer stands on standard
//! output, where the answer would; what is said beside an answer, or after one, on standard error.

use super::{Failure, Global, MessageFormat, output};
use resnetc::diagnostic::{Refusal, Report, render, visible};
use resnetc::source::Source;
use resnetc::valid::Checked;
use serde_json::Value;
use std::fmt::{self, Display};
use std::path::Path;

/// Why a command could not be asked.
#[derive(Debug)]
pub(super) struct Complaint {
    message: String,
    help: Option<String>,
}

impl Complaint {
    /// A complaint with one concrete thing to do.
    pub(super) fn with_help(message: impl Into<String>, help: Option<String>) -> Self {
        Self { message: message.into(), help }
    }

    fn object(&self) -> Value {
        render::plain_object("error", &self.message, self.help.as_deref())
    }
}

impl From<String> for Complaint {
    fn from(message: String) -> Self {
        Self { message, help: None }
    }
}

impl Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render::plain_text("error", &self.message, self.help.as_deref()))
    }
}

/// Says what is good to know.
pub(super) fn note(message: &str, global: Global) {
    aside("note", message, global);
}

/// Says what is probably not meant.
#[cfg(feature = "live")]
pub(super) fn warning(message: &str, global: Global) {
    aside("warning", message, global);
}

fn aside(severity: &str, message: &str, global: Global) {
    match global.message_format {
        MessageFormat::Human => anstream::eprint!("{}", render::plain_text(severity, message, None)),
        MessageFormat::Json => beside(vec![render::plain_object(severity, message, None)]),
    }
}

/// Says what is about to be done, or was.
pub(super) fn remark(message: &str, global: Global) {
    match global.message_format {
        MessageFormat::Human => anstream::eprintln!("{}", visible::line(message)),
        MessageFormat::Json => aside("note", message, global),
    }
}

/// Says why something could not be asked.
pub(super) fn complain(complaint: &Complaint, global: Global) {
    match global.message_format {
        MessageFormat::Human => anstream::eprint!("{complaint}"),
        MessageFormat::Json => in_place_of_an_answer(vec![complaint.object()]),
    }
}

/// What is wrong with how the program was called, in clap's words; `plain` is how people read it.
pub(super) fn complain_of_usage(plain: &str, is_json: bool) {
    let plain = plain.trim_end();
    if is_json {
        let (first, rest) = plain.split_once('\n').unwrap_or((plain, ""));
        let message = first.strip_prefix("error: ").unwrap_or(first);
        let help = Some(rest.trim()).filter(|rest| !rest.is_empty());
        in_place_of_an_answer(vec![render::plain_object("error", message, help)]);
    } else {
        anstream::eprintln!("{}", visible::lines(plain));
    }
}

/// One of several reports: on standard error, or for JSON among `diagnostics`, which [`print_diagnostics`] prints.
pub(super) fn collect(report: &Report, source: &Source, global: Global, diagnostics: &mut Vec<Value>) {
    match global.message_format {
        MessageFormat::Human => anstream::eprint!("{}", render::text(report, source, true)),
        MessageFormat::Json => diagnostics.extend(render::objects(report, source)),
    }
}

/// The same of a complaint.
pub(super) fn collect_complaint(complaint: &Complaint, global: Global, diagnostics: &mut Vec<Value>) {
    match global.message_format {
        MessageFormat::Human => anstream::eprint!("{complaint}"),
        MessageFormat::Json => diagnostics.push(complaint.object()),
    }
}

/// What was collected, as one JSON array, where that is how diagnostics are printed.
pub(super) fn print_diagnostics(diagnostics: Vec<Value>, global: Global) -> Result<(), Failure> {
    match global.message_format {
        MessageFormat::Human => Ok(()),
        MessageFormat::Json => output::print(&array(diagnostics)),
    }
}

/// The value, or the report and the answer no.
pub(super) fn answered<T>(result: Result<T, Report>, source: &Source, global: Global) -> Result<T, Failure> {
    result.map_err(|report| reported(&report, source, global))
}

/// The answer no, once the report is said.
pub(super) fn reported(report: &Report, source: &Source, global: Global) -> Failure {
    match global.message_format {
        MessageFormat::Human => anstream::eprint!("{}", render::text(report, source, true)),
        MessageFormat::Json => in_place_of_an_answer(render::objects(report, source)),
    }
    Failure::No
}

/// The value, or the refusal and the answer no. `file` is what it is about.
pub(super) fn granted<T>(
    result: Result<T, impl Into<Refusal>>,
    file: Option<&Path>,
    global: Global,
) -> Result<T, Failure> {
    result.map_err(|refusal| refused(refusal, file, global))
}

/// The answer no, once the refusal is said.
pub(super) fn refused(refusal: impl Into<Refusal>, file: Option<&Path>, global: Global) -> Failure {
    let refusal = refusal.into();
    let file = file.map(|file| file.display().to_string());
    match global.message_format {
        MessageFormat::Human => anstream::eprint!("{}", render::refusal_text(&refusal, file.as_deref(), true)),
        MessageFormat::Json => in_place_of_an_answer(render::refusal_objects(&refusal, file.as_deref())),
    }
    Failure::No
}

/// Says what of a description cannot be meant.
pub(super) fn warn(network: &Checked, source: &Source, global: Global) {
    if !network.warnings.is_empty() {
        match global.message_format {
            MessageFormat::Human => anstream::eprint!("{}", render::text(&network.warnings, source, true)),
            MessageFormat::Json => beside(render::objects(&network.warnings, source)),
        }
    }
}

fn array(objects: Vec<Value>) -> String {
    visible::json(&format!("{}\n", Value::Array(objects))).into_owned()
}

/// Says what stands beside an answer.
fn beside(objects: Vec<Value>) {
    anstream::eprint!("{}", array(objects));
}

/// Says what ends the command: on standard output, unless something of an answer stands there.
fn in_place_of_an_answer(objects: Vec<Value>) {
    if output::is_begun() {
        beside(objects);
    } else if let Err(Failure::Unasked(complaint)) = output::print(&array(objects)) {
        // Nobody can read standard output.
        anstream::eprint!("{complaint}");
    }
}
