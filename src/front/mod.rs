//! Front ends: from text to [`Spec`].

pub mod dsl;
pub mod template;
pub mod toml;

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::source::{Source, Span};
use crate::spec::{Form, Spec};

/// The language of a description: what the end of its name says, `.toml` or `.resnet`; what its text begins with where
/// the name says nothing.
#[must_use]
pub fn form(source: &Source) -> Form {
    match source.name().rsplit_once('.') {
        Some((_, "toml")) => Form::Toml,
        Some((_, "resnet")) => Form::Dsl,
        _ if dsl::is_dsl(source.text()) => Form::Dsl,
        _ => Form::Toml,
    }
}

/// Reads a description in either language; what is wrong with it goes to `report`.
pub fn parse(source: &Source, report: &mut Report) -> Option<Spec> {
    match form(source) {
        Form::Toml => toml::parse(source, report),
        Form::Dsl => dsl::parse(source, report),
    }
}

/// `spec` in the language `form`: reading it gives the same network. For TOML every argument must have a name, as
/// `lower::write_out` and `lower::write_short` give them.
///
/// # Errors
/// What that language cannot say.
pub fn print(spec: &Spec, form: Form) -> Result<String, Box<Diagnostic>> {
    match form {
        Form::Toml => toml::print(spec),
        Form::Dsl => dsl::print(spec),
    }
}

/// The comment at the top of a description, line by line, without the marks; where it belongs to a definition that follows,
/// that has it.
#[must_use]
pub fn heading(source: &Source) -> Vec<&str> {
    let text = source.text().trim_start_matches('\u{feff}').trim_start();
    match form(source) {
        Form::Toml => toml::heading(text),
        Form::Dsl => dsl::heading(text),
    }
}

/// Lines of comment as the language `form` writes them, to stand at the top of a description.
#[must_use]
pub fn comment(lines: &[&str], form: Form) -> String {
    let mark = if form == Form::Toml { "#" } else { "//" };
    let is_control = |letter: char| letter.is_control() && letter != '\t';
    let mut out = String::new();
    for line in lines {
        out += format!("{mark} {}", line.replace(is_control, "")).trim_end();
        out.push('\n');
    }
    out
}

/// How many comments of a description, which was read as `spec`, stand neither at its top nor with what it defines.
#[must_use]
pub fn other_comments(source: &Source, spec: &Spec) -> usize {
    let kept: usize = spec.definitions.texts.iter().map(|text| dsl::comments(text)).sum();
    let all = match form(source) {
        Form::Toml => toml::comments(source.text()),
        Form::Dsl => dsl::comments(source.text()),
    };
    all.saturating_sub(kept + heading(source).len())
}

/// The error for what a language cannot say.
fn unsayable(language: &str, span: Span, what: &str) -> Box<Diagnostic> {
    let message = format!("{language} cannot say this");
    Box::new(Diagnostic::error(Code::Unsayable, span, message, format!("{language} has no way to write {what}")))
}
