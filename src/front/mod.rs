//! Front ends: from text to [`Spec`].

pub mod dsl;
pub mod template;
pub mod toml;

use crate::diagnostic::{Code, Diagnostic, Report, suggest};
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
    if let Some(error) = other_text(source) {
        report.push(error);
        return None;
    }
    match form(source) {
        Form::Toml => toml::parse(source, report),
        Form::Dsl => dsl::parse(source, report),
    }
}

/// The error for a text that is not of the language that its name says, or of neither.
fn other_text(source: &Source) -> Option<Diagnostic> {
    let text = source.text();
    let name = source.name();
    let (is_dsl, is_toml) = (dsl::is_dsl(text), toml::is_toml(text));
    let (found, code, ending) = match name.rsplit_once('.') {
        Some((_, "toml")) if is_dsl && !is_toml => ("the DSL", Code::Syntax, "resnet"),
        Some((_, "resnet")) if is_toml && !is_dsl => ("TOML", Code::DslSyntax, "toml"),
        Some((_, "toml" | "resnet")) => return None,
        _ if is_dsl || is_toml || text.trim().is_empty() => return None,
        _ => {
            let start = text.len() - text.trim_start_matches('\u{feff}').trim_start().len();
            let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim_end();
            let shown = suggest::cut(line).len().min(line.len());
            let error = Diagnostic::error(
                Code::Syntax,
                source.span(start..start + line.get(..shown).map_or(0, str::len)),
                format!("`{}` is no description", suggest::cut(name)),
                "neither TOML nor the DSL begins like this",
            );
            return Some(error.help("a description ends in `.toml` or `.resnet`: `resnetc new` writes one"));
        }
    };
    let end = text.char_indices().nth(1).map_or(text.len(), |(end, _)| end);
    let message =
        format!("the name ends in `.{}`, and the text is {found}", if ending == "toml" { "resnet" } else { "toml" });
    let error = Diagnostic::error(code, source.span(0..end), message, format!("{found} begins here"));
    Some(error.help(format!("call the file `….{ending}`")))
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
