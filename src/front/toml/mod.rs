//! The TOML front end: stage tables.
//!
//! In: a source. Out: a [`Spec`] and a report. Tables are read one key at a time, so that every value keeps its span
//! and one run reports everything. What was wrong or missing is reported and a placeholder stands for it, so that the
//! rest of the description can still be checked.

mod depth;
pub mod keys;
mod machine;
mod nesting;
mod print;
mod reader;
mod root;
mod syntax;

pub use machine::parse_machine;
pub use print::print;

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::limits;
use crate::source::Source;
use crate::spec::Spec;
use ::toml::de::DeTable;
use toml_parser::lexer::TokenKind;

/// Reads a description; what is wrong with its syntax, its keys and its types goes to `report`.
///
/// There is nothing to read where the syntax is wrong. Where the report has been added to, the [`Spec`] holds
/// placeholders: it is fit to be checked further, and for nothing else.
pub fn parse(source: &Source, report: &mut Report) -> Option<Spec> {
    parse_with(source, Told::default(), report)
}

/// What decides the stages of a description that has a `depth`, in place of what it says itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told<'t> {
    /// The depth.
    pub depth: Option<u64>,
    /// The stem, with which depths go.
    pub stem: Option<&'t str>,
    /// The block, which must be that of the depth.
    pub block: Option<&'t str>,
}

/// Reads a description as [`parse`] does, with what is `told` in place of what it says.
pub fn parse_with(source: &Source, told: Told<'_>, report: &mut Report) -> Option<Spec> {
    let table = entries(source, report)?;
    Some(root::read(source, table.get_ref(), told, report))
}

/// The keys and values of a text; nothing where that is too large or has faults, which go to `report`.
fn entries<'a>(source: &'a Source, report: &mut Report) -> Option<::toml::Spanned<DeTable<'a>>> {
    if let Err(error) = check_size(source).and_then(|()| nesting::check(source)) {
        report.push(error);
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(source.text());
    if errors.is_empty() {
        return Some(table);
    }
    syntax::explain(source, &errors, report);
    None
}

/// Whether a text begins as TOML does: with a key and its value, or with a header.
#[must_use]
pub fn is_toml(text: &str) -> bool {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let first = lines.into_iter().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let is_key = |key: &str| {
        let is_bare = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
        !key.is_empty() && key.trim_matches(['"', '\'']).chars().all(is_bare)
    };
    let is_value = |value: &str| {
        value.starts_with(|letter: char| letter.is_ascii_digit() || "\"'[{+-".contains(letter))
            || ["true", "false"].iter().any(|word| value.starts_with(word))
    };
    let header = first.strip_prefix('[').map(|rest| rest.trim_start_matches('['));
    match header {
        Some(rest) => rest.split_once(']').is_some_and(|(name, _)| is_key(name.trim())),
        None => first.split_once('=').is_some_and(|(key, value)| is_key(key.trim()) && is_value(value.trim())),
    }
}

/// Whether a description has `depth` in place of stages.
#[must_use]
pub fn has_depth(source: &Source) -> bool {
    let (table, _) = DeTable::parse_recoverable(source.text());
    table.get_ref().contains_key("depth")
}

fn check_size(source: &Source) -> Result<(), Diagnostic> {
    let bytes = source.text().len();
    if bytes <= limits::SOURCE_BYTES {
        return Ok(());
    }
    let message = format!("the description has more than {} bytes", limits::SOURCE_BYTES);
    Err(Diagnostic::error(Code::SourceTooLarge, source.span(0..0), message, "it begins here"))
}

/// The comment with which a text begins, without its marks; what is for an editor and no reader, `#:schema`, is left out.
pub(super) fn heading(text: &str) -> Vec<&str> {
    let lines = text.lines().map_while(|line| line.strip_prefix('#'));
    lines.filter(|line| !line.starts_with(':')).map(|line| line.strip_prefix(' ').unwrap_or(line)).collect()
}

/// How many comments a text has, those of its definitions among them.
pub(super) fn comments(text: &str) -> usize {
    let is_comment = |token: &toml_parser::lexer::Token| token.kind() == TokenKind::Comment;
    let for_readers = |token: &toml_parser::lexer::Token| {
        let span = token.span();
        !text.get(span.start()..span.end()).unwrap_or_default().starts_with("#:")
    };
    let own = toml_parser::Source::new(text).lex().filter(is_comment).filter(for_readers).count();
    let (table, _) = DeTable::parse_recoverable(text);
    let definitions = table.get_ref().get("definitions").and_then(|entry| entry.get_ref().as_str());
    own + definitions.map_or(0, super::dsl::comments)
}
