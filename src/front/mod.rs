//! Front ends: from text to [`Spec`].

pub mod dsl;
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

/// `spec` in the language `form`: reading it gives the same network. Every argument must have a name, as
/// `lower::write_out` gives them.
///
/// # Errors
/// What that language cannot say.
pub fn print(spec: &Spec, form: Form) -> Result<String, Box<Diagnostic>> {
    match form {
        Form::Toml => toml::print(spec),
        Form::Dsl => dsl::print(spec),
    }
}

/// The error for what a language cannot say.
fn unsayable(language: &str, span: Span, what: &str) -> Box<Diagnostic> {
    let message = format!("{language} cannot say this");
    Box::new(Diagnostic::error(Code::Unsayable, span, message, format!("{language} has no way to write {what}")))
}
