//! Messages about what is not a description, and so has no place in one: a weight file, an array, this machine.

use super::{Code, render};
use std::fmt;

/// One message to the user about something other than a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code, explained by `resnetc explain`.
    pub code: Code,
    /// One line: what is wrong, names in backticks, lower case.
    pub message: String,
    /// The evidence, a line each.
    pub notes: Vec<String>,
    /// One concrete thing to do.
    pub help: Option<String>,
}

impl Refusal {
    /// A refusal that says `message`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), notes: Vec::new(), help: None }
    }

    /// Adds a piece of evidence.
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
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(render::refusal_text(self, None, false).trim_end())
    }
}

impl std::error::Error for Refusal {}
