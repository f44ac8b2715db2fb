//! Broken TOML, in words.
//!
//! The parser recovers and goes on, and what it finds after a mistake is often the mistake again. A statement (a header,
//! or a key and its value) is therefore reported once, at its first error, and keys under a header that was reported are
//! not called duplicates.

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::source::{Source, Span};
use toml::de::Error;
use toml_parser::lexer::TokenKind;

/// Reports `errors`, each mistake once.
pub(super) fn explain(source: &Source, errors: &[Error], report: &mut Report) {
    let statements = Statements::of(source);
    let mut errors: Vec<_> =
        errors.iter().map(|error| (source.span(error.span().unwrap_or_default()), error.message())).collect();
    errors.sort_by_key(|(span, _)| *span);
    let mut last = None;
    let mut reported_header = None;
    for (span, message) in errors {
        let statement = statements.find(span);
        let under = statements.header_of(statement);
        if last == Some(statement) || message == DUPLICATE && under.is_some() && under == reported_header {
            continue;
        }
        last = Some(statement);
        if under == Some(statement) {
            reported_header = under;
        }
        report.push(match statements.unclosed.filter(|bracket| bracket.range().start < span.range().end) {
            Some(bracket) => unclosed(source, bracket, statements.unclosed_line_end),
            None => word(source, span, message),
        });
    }
}

const DUPLICATE: &str = "duplicate key";

/// Where the statements of a description begin, told from its tokens.
#[derive(Debug, Default)]
struct Statements {
    /// For each, its first byte, and the number of the header that it stands under or is.
    starts: Vec<(usize, Option<usize>)>,
    /// The first bracket of a value that is open at the end.
    unclosed: Option<Span>,
    /// The end of the line of that bracket, comment and white space left out.
    unclosed_line_end: Option<Span>,
}

impl Statements {
    fn of(source: &Source) -> Self {
        let mut found = Self::default();
        let mut header = None;
        let (mut in_statement, mut in_header) = (false, false);
        let mut open = 0_usize;
        let mut end = 0;
        for token in toml_parser::Source::new(source.text()).lex() {
            let span = token.span().start()..token.span().end();
            let kind = token.kind();
            match kind {
                TokenKind::Newline if in_header || open == 0 => (in_statement, open) = (false, 0),
                TokenKind::Newline => {
                    found.unclosed_line_end.get_or_insert(source.span(end..end));
                }
                TokenKind::Whitespace | TokenKind::Comment | TokenKind::Eof => {}
                _ if !in_statement => {
                    in_statement = true;
                    in_header = kind == TokenKind::LeftSquareBracket;
                    if in_header {
                        header = Some(found.starts.len());
                    }
                    found.starts.push((span.start, header));
                }
                TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                    if open == 0 && !in_header {
                        (found.unclosed, found.unclosed_line_end) = (Some(source.span(span.clone())), None);
                    }
                    open += 1;
                }
                TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        found.unclosed = None;
                    }
                }
                _ => {}
            }
            if !matches!(kind, TokenKind::Newline | TokenKind::Whitespace | TokenKind::Comment) {
                end = span.end;
            }
        }
        found
    }

    /// The number of the statement in which `span` begins.
    fn find(&self, span: Span) -> usize {
        self.starts.partition_point(|(start, _)| *start <= span.range().start).saturating_sub(1)
    }

    fn header_of(&self, statement: usize) -> Option<usize> {
        self.starts.get(statement).and_then(|(_, header)| *header)
    }
}

fn error(span: Span, label: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::Syntax, span, "this is not TOML", label)
}

fn unclosed(source: &Source, bracket: Span, line_end: Option<Span>) -> Diagnostic {
    let closing = if source.slice(bracket) == "{" { "}" } else { "]" };
    let error = error(bracket, "this bracket is never closed").help(format!("close it with `{closing}`"));
    match line_end {
        Some(end) => error.fix(end, closing),
        None => error,
    }
}

/// The parser's `message` about `span`, with what to write instead where that is plain.
fn word(source: &Source, span: Span, message: &str) -> Diagnostic {
    let text = source.slice(span);
    let after = source.text().get(span.range().end..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let end = source.span(span.range().end..span.range().end);
    match what {
        DUPLICATE if text == "stage" => {
            error(span, "a second table `stage`").help("write `[[stage]]` above each stage")
        }
        DUPLICATE => error(span, format!("`{text}` is already there")).help("keep one of the two"),
        "string values must be quoted" | "invalid boolean" => value(span, text),
        "missing value" | "missing value for key" => error(span, "the value is missing"),
        "key with no value" if after.trim_start().starts_with(|next: char| next.is_alphanumeric() || next == '"') => {
            error(span, "expected `=` between the key and its value").help("write `=`").fix(end, " =")
        }
        "key with no value" => error(span, "expected `=` and a value after the key"),
        "invalid unquoted key" if text == ":" => {
            error(span, "TOML has `=` between a key and its value").help("write `=`").fix(span, " =")
        }
        "invalid basic string" | "invalid literal string" if text.is_empty() && after.trim().is_empty() => {
            let quote = if what == "invalid basic string" { '"' } else { '\'' };
            error(span, "the string is not closed")
                .help(format!("close it with `{quote}`"))
                .fix(span, quote.to_string())
        }
        "extra `=`" => error(span, "one `=` too many").help("remove it").fix(span, ""),
        "unexpected leading zero" => error(span, "a number does not begin with 0").help("remove the 0"),
        "missing comma between array elements" => {
            let start = source.span(span.range().start..span.range().start);
            error(span, "expected a comma before this").help("write `,` between the values").fix(start, ", ")
        }
        "unclosed table" | "unclosed array table" => header(source, span),
        _ if expected.is_empty() || expected == "nothing" => error(span, what),
        _ => error(span, format!("{what}, expected {expected}")),
    }
}

/// A value that is neither a string nor a number nor a boolean.
fn value(span: Span, text: &str) -> Diagnostic {
    let lower = text.to_lowercase();
    if text.is_empty() {
        error(span, "the value is missing")
    } else if lower == "true" || lower == "false" {
        error(span, format!("a boolean is `{lower}`")).help(format!("write `{lower}`")).fix(span, lower)
    } else if text.contains(char::is_whitespace) {
        let parts: Vec<_> = text.split_whitespace().collect();
        let error = error(span, "expected one value");
        if parts.iter().all(|part| part.parse::<u64>().is_ok()) {
            let list = parts.join(", ");
            return error.help(format!("write `{list}`")).fix(span, list);
        }
        error.help("write one key and its value on a line, and strings in quotes")
    } else if text.chars().all(|character| character.is_alphanumeric() || "_-./+".contains(character)) {
        error(span, "a string needs quotes").help(format!("write `\"{text}\"`")).fix(span, format!("\"{text}\""))
    } else {
        error(span, "a string needs quotes")
    }
}

fn header(source: &Source, span: Span) -> Diagnostic {
    let line = source.text().get(..span.range().start).and_then(|before| before.lines().last()).unwrap_or_default();
    let opened = if line.trim_start().starts_with("[[") { 2 } else { 1 };
    let closed = line.chars().rev().take_while(|character| *character == ']').count();
    let closing = "]".repeat(opened.max(closed) - closed);
    error(span, "the header is not closed").help(format!("close it with `{closing}`")).fix(span, closing)
}
