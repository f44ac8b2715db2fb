//! The tokens of a text, and what can be said from them alone.
//!
//! Brackets are balanced and nested no deeper than the limit, strings end on their line, and every character belongs to a
//! token, before anything recursive reads the text. The formatter lays out the same tokens.

use crate::diagnostic::{Code, Diagnostic, Report, suggest};
use crate::limits;
use crate::source::{Source, Span};
use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name.
    Word,
    /// A number, or a size such as `3x3`.
    Number,
    /// Text in quotes.
    Text,
    /// A bracket that opens.
    Open,
    /// A bracket that closes.
    Close,
    /// Anything else: operators, commas.
    Symbol,
    /// `// …`, without the end of its line.
    Comment,
    /// The end of a line.
    Newline,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

/// The tokens of `range` of the text. What is wrong with them goes to `report`.
pub(super) fn scan(source: &Source, range: Range<usize>, report: &mut Report) -> Vec<Token> {
    let text = source.text().get(range.clone()).unwrap_or_default();
    if let Some(error) = long_line(source, &range, text) {
        report.push(error);
        return Vec::new();
    }
    let mut tokens = Vec::new();
    let mut open: Vec<Bracket> = Vec::new();
    let (mut at, mut significant) = (0, 0_usize);
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        let run = |matches: fn(char) -> bool| rest.find(|letter| !matches(letter)).unwrap_or(rest.len());
        let (kind, length) = match first {
            '\n' => (Some(Kind::Newline), 1),
            ' ' | '\t' | '\r' | '\u{feff}' => (None, first.len_utf8()),
            '/' if rest.starts_with("//") => (
                Some(Kind::Comment),
                rest.find('\n')
                    .map_or(rest.len(), |end| rest.get(..end).map_or(end, |line| line.trim_end_matches('\r').len())),
            ),
            'a'..='z' | 'A'..='Z' | '_' => (Some(Kind::Word), run(is_word)),
            '0'..='9' => (Some(Kind::Number), number(rest)),
            '"' => {
                if let Some(end) = rest
                    .get(1..)
                    .and_then(|inner| inner.find(['"', '\n']))
                    .filter(|end| rest.get(end + 1..end + 2) == Some("\""))
                {
                    (Some(Kind::Text), end + 2)
                } else {
                    let end = rest.find('\n').unwrap_or(rest.len());
                    report.push_with(|| unclosed_string(source.span(range.start + at..range.start + at + end)));
                    (Some(Kind::Text), end)
                }
            }
            '{' | '(' | '[' => (Some(Kind::Open), 1),
            '}' | ')' | ']' => (Some(Kind::Close), 1),
            '=' | '!' | '<' | '>' if rest.get(1..2) == Some("=") => (Some(Kind::Symbol), 2),
            '.' if rest.starts_with("..") => (Some(Kind::Symbol), 2),
            '=' | '<' | '>' | '+' | '-' | '*' | '/' | '%' | ',' | '.' | ':' => (Some(Kind::Symbol), 1),
            stranger => {
                let length = strange_length(rest, stranger);
                let span = source.span(range.start + at..range.start + at + length);
                report.push_with(|| strange(source, span));
                (None, length)
            }
        };
        let here = range.start + at..range.start + at + length;
        let span = source.span(here.clone());
        if let Some(kind) = kind
            && let Err(error) = brackets(source, kind, span, &mut open, report)
        {
            report.push(*error);
            return tokens;
        }
        if let Some(kind) = kind {
            significant += usize::from(!matches!(kind, Kind::Comment | Kind::Newline));
            tokens.push(Token { kind, range: here });
        }
        if significant > limits::TOKENS {
            report.push(too_many_tokens(span));
            return tokens;
        }
        at += length;
    }
    for bracket in open {
        let span = source.span(bracket.range);
        report.push_with(|| never_closed(source, span));
    }
    tokens
}

/// The error for a line that is too long to be shown with every message about it.
fn long_line(source: &Source, range: &Range<usize>, text: &str) -> Option<Diagnostic> {
    let mut start = range.start;
    for line in text.split('\n') {
        if line.len() > limits::LINE {
            let span = source.span(start + limits::LINE..start + limits::LINE + 1);
            return Some(too_long("a line", line.len(), limits::LINE, span));
        }
        start += line.len() + 1;
    }
    None
}

/// Follows the brackets that are open. An error here ends the scan.
fn brackets(
    source: &Source,
    kind: Kind,
    span: Span,
    open: &mut Vec<Bracket>,
    report: &mut Report,
) -> Result<(), Box<Diagnostic>> {
    let is_comma = kind == Kind::Symbol && source.slice(span) == ",";
    if !is_comma && !matches!(kind, Kind::Close | Kind::Comment | Kind::Newline) {
        begin_part(source, span, open)?;
    }
    match kind {
        Kind::Open => {
            open.push(Bracket { range: span.range(), parts: 0, is_between: true });
            if open.len() > limits::NESTING {
                return Err(Box::new(too_deep(span)));
            }
        }
        Kind::Close => close(source, span, open, report),
        Kind::Symbol if is_comma => {
            if let Some(bracket) = open.last_mut() {
                bracket.is_between = true;
            }
        }
        Kind::Text if source.slice(span).len() > limits::TEXT + 2 => {
            let length = source.slice(span).len() - 2;
            report.push_with(|| too_long("a text", length, limits::TEXT, span));
        }
        Kind::Symbol | Kind::Text | Kind::Word | Kind::Number | Kind::Comment | Kind::Newline => {}
    }
    Ok(())
}

/// Counts the part of the innermost brackets that begins with this token, if it begins one: the last comma begins none.
fn begin_part(source: &Source, span: Span, open: &mut [Bracket]) -> Result<(), Box<Diagnostic>> {
    let Some(bracket) = open.last_mut().filter(|bracket| bracket.is_between) else { return Ok(()) };
    bracket.is_between = false;
    bracket.parts += 1;
    if bracket.parts <= limits::PARTS {
        return Ok(());
    }
    let opening = source.span(bracket.range.clone());
    Err(Box::new(too_many_parts(span).label(opening, "these brackets")))
}

/// How much of `rest` one message is about that begins with a character of no token.
fn strange_length(rest: &str, first: char) -> usize {
    let after = rest.get(1..).unwrap_or_default();
    match first {
        '&' | '|' if after.starts_with(first) => 2,
        '\'' => match after.find(['\'', '\n']) {
            Some(end) if after.get(end..).is_some_and(|rest| rest.starts_with('\'')) => end + 2,
            _ => 1,
        },
        _ => rest.find(|letter| !is_strange(letter)).unwrap_or(rest.len()).max(first.len_utf8()),
    }
}

fn never_closed(source: &Source, span: Span) -> Diagnostic {
    let (bracket, closing) = (source.slice(span), partner(source.slice(span)));
    let message = format!("`{bracket}` is never closed");
    Diagnostic::error(Code::DslSyntax, span, message, format!("no `{closing}` belongs to it"))
        .help(format!("write `{closing}` where it ends"))
}

/// A bracket that is open, and how many parts stand in it.
struct Bracket {
    range: Range<usize>,
    parts: usize,
    /// Whether the next token begins a part.
    is_between: bool,
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Whether a run of strange characters goes on: letters of other scripts, so that a word is reported once.
fn is_strange(letter: char) -> bool {
    !letter.is_ascii() && letter.is_alphanumeric()
}

/// Whether a letter leaves no trace on a screen: controls, marks of direction and width (Unicode, category Cf).
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// The length of the number with which `text` begins, with the letters that stick to it.
fn number(text: &str) -> usize {
    let digits = |text: &str| text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let mut end = digits(text);
    let after = |end: usize| text.get(end..).unwrap_or_default();
    if after(end).starts_with('.') && after(end + 1).starts_with(|letter: char| letter.is_ascii_digit()) {
        end += 1 + digits(after(end + 1));
    }
    if after(end).starts_with(['e', 'E']) && after(end + 1).starts_with(['+', '-']) {
        end += 2;
    }
    end + after(end).find(|letter: char| !is_word(letter)).unwrap_or(after(end).len())
}

fn partner(bracket: &str) -> &'static str {
    match bracket {
        "{" => "}",
        "}" => "{",
        "(" => ")",
        ")" => "(",
        "[" => "]",
        _ => "[",
    }
}

fn close(source: &Source, span: Span, open: &mut Vec<Bracket>, report: &mut Report) {
    let bracket = source.slice(span);
    let pairs = |opening: &Bracket| partner(bracket) == source.slice(source.span(opening.range.clone()));
    let Some(at) = open.iter().rposition(pairs) else {
        let inner = open.last().map(|opening| source.span(opening.range.clone()));
        report.push_with(|| wrong_close(source, span, inner));
        return;
    };
    // What stands open inside of what this closes was forgotten.
    for forgotten in open.drain(at..).skip(1) {
        let opening = source.span(forgotten.range);
        report.push_with(|| {
            let closing = partner(source.slice(opening));
            never_closed(source, opening).label(span, format!("expected `{closing}` before this"))
        });
    }
}

/// The error for a bracket that closes none of those that are open; `inner` is the innermost of them.
fn wrong_close(source: &Source, span: Span, inner: Option<Span>) -> Diagnostic {
    let bracket = source.slice(span);
    match inner {
        None => {
            let message = format!("`{bracket}` closes nothing");
            let error = Diagnostic::error(
                Code::DslSyntax,
                span,
                message,
                format!("no `{}` stands before it", partner(bracket)),
            );
            match header_without_brace(source, span).filter(|_| bracket == "}") {
                Some(end) => error.label(end, "no `{` follows this").help("write `{` behind it").fix(end, " {"),
                None => error.help("remove it").fix(span, ""),
            }
        }
        Some(opening) => {
            let open = source.slice(opening);
            let message = format!("`{bracket}` cannot close `{open}`");
            Diagnostic::error(Code::DslSyntax, span, message, format!("expected `{}`", partner(open)))
                .label(opening, "opened here")
        }
    }
}

/// The end of the last line before `span` that begins a body and has no brace, if there is one.
fn header_without_brace(source: &Source, span: Span) -> Option<Span> {
    let before = source.text().get(..span.range().start)?;
    let mut end = before.len();
    let mut next = "";
    for line in before.rsplit('\n') {
        let text = line.trim();
        let first = text.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
        let is_header = matches!(first, "if" | "for" | "unit" | "join" | "block" | "network" | "else");
        let has_body =
            text.contains(['{', '}']) || next.starts_with('{') || text.contains(" then ") || text.contains("//");
        if is_header && !has_body {
            let end = end - (line.len() - line.trim_end().len());
            return Some(source.span(end..end));
        }
        end = end.saturating_sub(line.len() + 1);
        if !text.is_empty() {
            next = text;
        }
    }
    None
}

fn too_deep(span: Span) -> Diagnostic {
    let message = format!("the description is nested more than {} levels deep", limits::NESTING);
    Diagnostic::error(Code::TooDeep, span, message, "here it exceeds the limit")
        .note("each open bracket is a level")
        .help("use `let` for parts of an expression, and blocks of their own for parts of a block")
}

fn too_many_parts(span: Span) -> Diagnostic {
    let message = format!("more than {} parts stand in these brackets", limits::PARTS);
    Diagnostic::error(Code::SourceTooLarge, span, message, "here it exceeds the limit")
}

fn too_many_tokens(span: Span) -> Diagnostic {
    let message = format!("the description has more than {} words and signs", limits::TOKENS);
    Diagnostic::error(Code::SourceTooLarge, span, message, "here it exceeds the limit")
        .help("write what is repeated as `* N`, or as a block")
}

fn too_long(what: &str, length: usize, limit: usize, span: Span) -> Diagnostic {
    let message = format!("{what} has {length} bytes");
    Diagnostic::error(Code::SourceTooLarge, span, message, format!("expected at most {limit}"))
}

fn unclosed_string(span: Span) -> Diagnostic {
    Diagnostic::error(Code::DslSyntax, span, "a text is never closed", "no `\"` before the end of the line")
        .help("write `\"` where the text ends")
}

fn strange(source: &Source, span: Span) -> Diagnostic {
    let text = source.slice(span);
    let shown = suggest::cut(text).escape_debug().to_string().replace("\\'", "'");
    let error = Diagnostic::error(
        Code::DslSyntax,
        span,
        format!("`{shown}` is no part of the language"),
        "expected ASCII: letters, digits, `_` and operators",
    );
    match text {
        "#" => error.help("a comment begins with `//`").fix(span, "//"),
        "'" | "`" | "\u{201c}" | "\u{201d}" => error.help("a text stands between `\"` and `\"`"),
        "\u{d7}" => error.help("write `x`: `3x3`, `3 x 224 x 224`").fix(span, "x"),
        ";" => error.help("remove it: a statement needs no end").fix(span, ""),
        "!" => error.help("write `not`").fix(span, "not "),
        "&" | "&&" => error.help("write `and`").fix(span, "and"),
        "||" => error.help("write `or`").fix(span, "or"),
        "|" => error.help("between truth values write `or`; statements follow one another without a sign"),
        "?" => error.help("a value is chosen by `if stride == 2 then 3 else 1`"),
        "^" => error.help("write a power as a product: `filters * filters`"),
        _ if text.len() > 1 && text.starts_with('\'') && !text.contains('"') => {
            let inside = text.trim_matches('\'');
            error.help("a text stands between `\"` and `\"`").fix(span, format!("\"{inside}\""))
        }
        "\u{a0}" | "\u{202f}" | "\u{2007}" | "\u{3000}" => {
            error.note("it looks like a space and is none").help("write a space").fix(span, " ")
        }
        _ if text.chars().all(is_invisible) => error.note("it cannot be seen").help("remove it").fix(span, ""),
        _ if text.chars().all(is_strange) => {
            error.note("letters of other alphabets can look like ASCII ones and are others")
        }
        _ => error,
    }
}
