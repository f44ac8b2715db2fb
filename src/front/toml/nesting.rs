//! How deeply a description is nested, told from its tokens alone.
//!
//! Brackets and dotted keys both nest, and a parser or a destructor that follows them uses stack; so they are counted
//! before anything follows them. Strings and comments are tokens and count for nothing.

use crate::diagnostic::{Code, Diagnostic};
use crate::limits;
use crate::source::Source;
use toml_parser::lexer::TokenKind;

/// The error for the first token that nests deeper than the limit.
pub(super) fn check(source: &Source) -> Result<(), Diagnostic> {
    // Levels that each open bracket stands for: itself and the dots of the key before it.
    let mut open: Vec<usize> = Vec::new();
    let mut depth = 0_usize;
    let mut dots = 0_usize;
    for token in toml_parser::Source::new(source.text()).lex() {
        match token.kind() {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                open.push(dots + 1);
                depth += dots + 1;
                dots = 0;
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                depth -= open.pop().unwrap_or_default();
                dots = 0;
            }
            TokenKind::Dot => dots += 1,
            TokenKind::Comma => dots = 0,
            TokenKind::Newline if open.is_empty() => dots = 0,
            TokenKind::Newline
            | TokenKind::Equals
            | TokenKind::Whitespace
            | TokenKind::Comment
            | TokenKind::LiteralString
            | TokenKind::BasicString
            | TokenKind::MlLiteralString
            | TokenKind::MlBasicString
            | TokenKind::Atom
            | TokenKind::Eof => {}
        }
        if depth + dots > limits::NESTING {
            let span = source.span(token.span().start()..token.span().end());
            let message = format!("the description is nested more than {} levels deep", limits::NESTING);
            return Err(Diagnostic::error(Code::TooDeep, span, message, "here it exceeds the limit")
                .note("each open bracket is a level, and so is each dot of a key")
                .help("a description needs two levels: a table and its keys"));
        }
    }
    Ok(())
}
