//! The language of descriptions: what its texts say, as values.
//!
//! [`ast`] is a definition as it was written, with the span of every part; [`value`] is what arguments are. A front end
//! makes them, [`crate::lower`] gives them meaning.

pub mod ast;
pub mod elsewhere;
pub mod eval;
pub mod function;
pub mod value;

pub use ast::{Block, Definitions};
pub use value::Value;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Spanned;

/// The words that no name may be: those with which an expression goes on or ends.
pub const RESERVED: [&str; 15] =
    ["and", "as", "else", "false", "for", "if", "in", "join", "let", "not", "or", "require", "then", "true", "unit"];

/// The absent value, and the block that does nothing: a word of the language, which nothing else is called.
pub const NONE: &str = "none";

/// Whether `word` is a name: an ASCII letter, then letters, digits and `_`, and no reserved word.
#[must_use]
pub fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !RESERVED.contains(&word)
}

/// What is wrong with a block, a parameter, a variable or another definition of this name, wherever it stands.
#[must_use]
pub fn refused(name: &Spanned<String>) -> Option<Diagnostic> {
    (name.value == NONE).then(|| {
        let message = "`none` is a word of the language";
        let label = "it means what is absent, and nothing else can be called so";
        Diagnostic::error(Code::DefinedTwice, name.span, message, label).help("use another name")
    })
}
