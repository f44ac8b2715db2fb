//! Slips of somebody who comes from another language: what was meant, and how it is written here.
//!
//! In: the tokens of a line, and which of them were read. Out: an error that names the slip, with the correction as an edit
//! where one edit does it. Each function knows one slip, and gives nothing where the line is none.

mod item;
mod network;
mod statement;

use super::scan::{Kind, Token};
use super::tree::Rule;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Source, Span};
use std::ops::Range;

/// The tokens from the beginning of a line on; `cut` is the first that was not read.
pub(super) struct Line<'a> {
    source: &'a Source,
    tokens: Vec<&'a Token>,
    cut: usize,
}

/// A slip: the tokens that are wrong, what to write for them.
struct Slip {
    tokens: Range<usize>,
    message: String,
    label: &'static str,
    help: Option<String>,
    /// The text in place of the tokens, where that mends the line.
    fix: Option<String>,
}

impl Slip {
    fn new(tokens: Range<usize>, message: impl Into<String>, label: &'static str) -> Self {
        Self { tokens, message: message.into(), label, help: None, fix: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// With `text` in place of the tokens; the help says so where there is no other.
    fn fix(self, text: impl Into<String>) -> Self {
        let text = text.into();
        let help = self.help.or_else(|| (!text.trim().is_empty()).then(|| format!("write `{}`", text.trim())));
        Self { help, fix: Some(text), ..self }
    }
}

/// What was meant by a line that `strict` says how to read; nothing where no slip is known to be in it.
pub(super) fn find(line: &Line<'_>, strict: Rule) -> Option<Diagnostic> {
    let slip = match strict {
        Rule::only_item => item::find(line),
        Rule::only_network_statement => network::find(line),
        Rule::only_setting => network::setting(line),
        Rule::only_statement | Rule::only_branch => statement::find(line),
        _ => None,
    }?;
    let span = line.span(slip.tokens);
    let error = Diagnostic::error(Code::DslSyntax, span, slip.message, slip.label);
    let error = match slip.help {
        Some(help) => error.help(help),
        None => error,
    };
    Some(match slip.fix {
        Some(fix) => error.fix(span, fix),
        None => error,
    })
}

/// Where the line ends that goes on at `from`, at the latest at `to`: a bracket holds lines together.
fn line_end(source: &Source, tokens: &[Token], from: usize, to: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().take(to).skip(from) {
        let text = source.slice(source.span(token.range.clone()));
        depth += usize::from(token.kind == Kind::Open);
        depth -= usize::from(token.kind == Kind::Close && depth > 0);
        if token.kind == Kind::Newline && depth == 0 && !text.is_empty() {
            return at;
        }
    }
    to
}

impl<'a> Line<'a> {
    /// The line on which `tokens[from]`, the first token that was not read, stands; it ends with `to`.
    pub(super) fn new(source: &'a Source, tokens: &'a [Token], from: usize, to: usize) -> Self {
        let text = |token: &Token| source.slice(source.span(token.range.clone()));
        let before = tokens.get(..from).unwrap_or_default();
        let start = before.iter().rposition(|token| token.kind == Kind::Newline || matches!(text(token), "{" | "}"));
        let start = start.map_or(0, |start| start + 1);
        let is_significant = |token: &&Token| !matches!(token.kind, Kind::Newline | Kind::Comment);
        let significant = |from, to| tokens.get(from..to).unwrap_or_default().iter().filter(is_significant);
        let end = line_end(source, tokens, from, to);
        let cut = significant(start, from).count();
        Self { source, tokens: significant(start, end).collect(), cut }
    }

    /// The words of the line: what it would declare, or call.
    pub(super) fn words(&self) -> impl Iterator<Item = &'a str> + '_ {
        (0..self.len()).filter(|at| self.is(*at, Kind::Word)).map(|at| self.text(at))
    }

    /// Where the statement ends that was read before the rest of its line.
    pub(super) fn end_of_read(&self) -> Option<usize> {
        self.tokens.get(self.cut.checked_sub(1)?).map(|token| token.range.end)
    }

    fn len(&self) -> usize {
        self.tokens.len()
    }

    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| self.source.slice(self.source.span(token.range.clone())))
    }

    /// The text of the token that stands `back` before the first that was not read.
    fn before(&self, back: usize) -> &'a str {
        self.cut.checked_sub(back).map_or("", |at| self.text(at))
    }

    fn is(&self, at: usize, kind: Kind) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == kind)
    }

    fn is_word(&self, at: usize) -> bool {
        self.is(at, Kind::Word)
    }

    fn is_whole(&self, at: usize) -> bool {
        !self.text(at).is_empty() && self.text(at).bytes().all(|byte| byte.is_ascii_digit())
    }

    fn is_size(&self, at: usize) -> bool {
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        self.text(at).split_once('x').is_some_and(|(height, width)| is_digits(height) && is_digits(width))
    }

    /// Tokens as they were written.
    fn slice(&self, tokens: Range<usize>) -> &'a str {
        self.source.slice(self.span(tokens)).trim_end()
    }

    fn span(&self, tokens: Range<usize>) -> Span {
        let first = self.tokens.get(tokens.start).map_or(0, |token| token.range.start);
        let last = tokens.end.checked_sub(1).and_then(|last| self.tokens.get(last));
        self.source.span(first..last.map_or(first, |token| token.range.end).max(first))
    }

    /// Whether something blank stands between the token at `at` and the one before it.
    fn has_space_before(&self, at: usize) -> bool {
        let start = self.tokens.get(at).map_or(0, |token| token.range.start);
        at.checked_sub(1).and_then(|before| self.tokens.get(before)).is_some_and(|before| before.range.end < start)
    }

    /// Where the bracket is that closes the one at `open`.
    fn close_of(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        (open..self.len()).find(|&at| {
            depth += usize::from(self.is(at, Kind::Open));
            let closes = self.is(at, Kind::Close);
            depth -= usize::from(closes && depth > 0);
            closes && depth == 0
        })
    }

    /// Where the bracket is that the one at `close` closes.
    fn open_of(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        (0..=close).rev().find(|&at| {
            depth += usize::from(self.is(at, Kind::Close));
            let opens = self.is(at, Kind::Open);
            depth -= usize::from(opens && depth > 0);
            opens && depth == 0
        })
    }

    /// Where the innermost round bracket is that is open at `at`.
    fn bracket_around(&self, at: usize) -> Option<usize> {
        let mut depth = 0_usize;
        (0..at).rev().find(|&at| {
            depth += usize::from(self.is(at, Kind::Close));
            let opens = self.is(at, Kind::Open);
            let found = opens && depth == 0;
            depth -= usize::from(opens && depth > 0);
            found
        })
    }

    /// Where the call begins that ends at `last`: its name, with a size and arguments or without.
    fn call_ending_at(&self, last: usize) -> Option<usize> {
        let at = if self.text(last) == ")" { self.open_of(last)?.checked_sub(1)? } else { last };
        let at = if self.is_size(at) { at.checked_sub(1)? } else { at };
        self.is_word(at).then_some(at)
    }

    /// The tokens of `range` at which `holds`, outside of brackets that open in it.
    fn outside(&self, range: Range<usize>, holds: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut depth = 0_usize;
        let mut found = Vec::new();
        for at in range {
            depth -= usize::from(self.is(at, Kind::Close) && depth > 0);
            if depth == 0 && holds(at) {
                found.push(at);
            }
            depth += usize::from(self.is(at, Kind::Open));
        }
        found
    }
}
