//! Front ends: from text to [`Spec`].

pub mod dsl;
pub mod toml;

use crate::diagnostic::Report;
use crate::source::Source;
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
