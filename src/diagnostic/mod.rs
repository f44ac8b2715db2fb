//! What the compiler has to say about a description.
//!
//! Every message is a [`Diagnostic`]: a stable [`Code`], the place, what was found and what was expected, and what to
//! type instead. Rendering is [`render`]'s; phases only build values and hand them on in a [`Report`].

mod code;
mod refusal;
pub mod render;
pub mod suggest;
pub mod visible;

pub use code::Code;
pub use refusal::Refusal;

use crate::source::{Source, Span};
use std::collections::BTreeSet;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The network compiles; the description has something that cannot be meant.
    Warning,
    /// No network comes out.
    Error,
}

/// A place and what to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What stands there, in a few words.
    pub text: String,
}

/// An edit that mends the error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What to replace; empty for an insertion.
    pub span: Span,
    /// The text to put there.
    pub replacement: String,
}

impl Fix {
    /// The text of `source` after the edit.
    #[must_use]
    pub fn apply(&self, source: &Source) -> String {
        let mut text = source.text().to_owned();
        text.replace_range(self.span.range(), &self.replacement);
        text
    }
}

/// One message to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code, explained by `resnetc explain`.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// One line: what is wrong, names in backticks, lower case.
    pub message: String,
    /// The place to look at first.
    pub primary: Label,
    /// Other places that belong to it.
    pub secondary: Vec<Label>,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// One concrete thing to do.
    pub help: Option<String>,
    /// The same as an edit, where one edit does it.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error with `message`; the primary label says `label` at `span`.
    pub fn error(code: Code, span: Span, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary: Label { span, text: label.into() },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// Adds a secondary label.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the edit that does it.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into() });
        self
    }
}

/// The diagnostics of one run, in source order, at most [`Report::LIMIT`] of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    diagnostics: Vec<Diagnostic>,
    /// How many of them are errors.
    errors: usize,
    dropped: usize,
    gaps: Gaps,
}

/// What could not be read of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Gaps {
    /// The words in it.
    words: BTreeSet<String>,
    /// Where statements ended whose lines go on with it.
    behind: BTreeSet<usize>,
}

impl Report {
    /// How many diagnostics are kept; what comes after is counted.
    pub const LIMIT: usize = 100;

    /// Adds one. An error takes the place of a warning where there is no other.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let is_error = diagnostic.severity == Severity::Error;
        if self.diagnostics.len() >= Self::LIMIT {
            self.dropped += 1;
            let warning = self.diagnostics.iter().rposition(|known| known.severity == Severity::Warning);
            match warning.filter(|_| is_error && !self.is_full()) {
                Some(warning) => drop(self.diagnostics.remove(warning)),
                None => return,
            }
        }
        self.errors += usize::from(is_error);
        self.diagnostics.push(diagnostic);
    }

    /// Adds the error that `make` gives; where there is no room for another it is counted and not made.
    pub fn push_with(&mut self, make: impl FnOnce() -> Diagnostic) {
        if self.is_full() {
            self.dropped += 1;
        } else {
            self.push(make());
        }
    }

    /// Adds what `other` has, and counts what it had no room for.
    pub fn append(&mut self, other: Self) {
        self.dropped += other.dropped;
        self.gaps.words.extend(other.gaps.words.iter().cloned());
        self.gaps.behind.extend(&other.gaps.behind);
        self.extend(other);
    }

    /// Whether no other error would be kept.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.errors >= Self::LIMIT
    }

    /// How many were reported, kept or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.diagnostics.len() + self.dropped
    }

    /// Whether nothing was reported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Whether an error was reported; warnings are none.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Notes that a part of the text could not be read: the `words` in it, and where the statement ended that was read before
    /// it on its line. What seems to be missing may stand there.
    pub fn leave_gap<'t>(&mut self, words: impl IntoIterator<Item = &'t str>, behind: Option<usize>) {
        self.gaps.words.extend(words.into_iter().map(str::to_owned));
        self.gaps.behind.extend(behind);
    }

    /// Whether `word` stands in what could not be read, where it may be declared.
    #[must_use]
    pub fn may_declare(&self, word: &str) -> bool {
        self.gaps.words.contains(word)
    }

    /// Whether what stands at `span` may go on in what could not be read.
    #[must_use]
    pub fn is_cut_off(&self, span: Span) -> bool {
        self.gaps.behind.contains(&span.range().end)
    }

    /// How many were counted beyond [`Report::LIMIT`].
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// The diagnostics, in the order in which they stand in the source.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<&Diagnostic> {
        let mut sorted: Vec<_> = self.diagnostics.iter().collect();
        sorted.sort_by_key(|diagnostic| diagnostic.primary.span);
        sorted
    }

    /// `value` if no error was reported, the report otherwise.
    ///
    /// # Errors
    /// The report itself, where it holds an error.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.has_errors() { Err(self) } else { Ok(value) }
    }
}

impl IntoIterator for Report {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.diagnostics.into_iter()
    }
}

impl Extend<Diagnostic> for Report {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: T) {
        diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }
}

impl From<Diagnostic> for Report {
    fn from(diagnostic: Diagnostic) -> Self {
        let mut report = Self::default();
        report.push(diagnostic);
        report
    }
}
