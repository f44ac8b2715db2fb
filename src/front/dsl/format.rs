//! The layout of a text: white space between its tokens, and nothing else.
//!
//! In: a source. Out: the same tokens in the same order on the same lines. Where lines break and where comments stand is
//! the author's; how far lines are indented, what stands between two tokens of a line, and how many empty lines follow
//! each other is decided here, from the tokens alone, so that what is laid out stays as it is.

use super::scan::{Kind, Token};
use crate::lang::RESERVED;
use crate::source::Source;

/// What one level of brackets is indented by.
const INDENT: &str = "    ";

/// Words with which an expression goes on that stands on several lines.
const LEADING: [&str; 4] = ["and", "or", "then", "else"];

/// `tokens`, which are those of `source`, laid out.
pub(super) fn layout(source: &Source, tokens: &[Token]) -> String {
    let mut layout = Layout { source, out: String::new(), open: Vec::new(), last: None, opens: false };
    let mut empty = 0_usize;
    for line in tokens.split(|token| token.kind == Kind::Newline) {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        let closes = line.first().is_some_and(|first| first.kind == Kind::Close);
        // None where the text or what is in brackets begins or ends.
        if empty > 0 && !closes && !layout.out.is_empty() && !layout.opens {
            layout.out.push('\n');
        }
        layout.line(line);
        empty = 0;
    }
    layout.out
}

struct Layout<'a> {
    source: &'a Source,
    out: String,
    /// How far the lines of the brackets that are open are indented.
    open: Vec<usize>,
    /// The last token that is no comment.
    last: Option<&'a Token>,
    /// Whether the last line ends with a bracket that opens.
    opens: bool,
}

impl<'a> Layout<'a> {
    fn text(&self, token: &Token) -> &'a str {
        let text = self.source.text().get(token.range.clone()).unwrap_or_default();
        // Behind a comment there may be spaces.
        if token.kind == Kind::Comment { text.trim_end() } else { text }
    }

    fn is(&self, token: &Token, text: &str) -> bool {
        self.text(token) == text
    }

    fn line(&mut self, line: &'a [Token]) {
        let closing = line.iter().take_while(|token| token.kind == Kind::Close).count();
        let indent = match closing.checked_sub(1) {
            // A line that closes stands under the line that opened.
            Some(inner) => self.open.iter().rev().nth(inner).copied().unwrap_or(0),
            None => self.open.last().map_or(0, |indent| indent + 1) + usize::from(self.continues(line)),
        };
        for _ in 0..indent {
            self.out.push_str(INDENT);
        }
        let above = self.last;
        let mut before: Option<&Token> = None;
        for (at, token) in line.iter().enumerate() {
            if let Some(before) = before
                && self.spaced(line, at, above, before, token)
            {
                self.out.push(' ');
            }
            self.out.push_str(self.text(token));
            match token.kind {
                Kind::Open => self.open.push(indent),
                Kind::Close => drop(self.open.pop()),
                _ => {}
            }
            if token.kind != Kind::Comment {
                self.last = Some(token);
            }
            before = Some(token);
        }
        self.opens = line.iter().rfind(|token| token.kind != Kind::Comment).is_some_and(|end| end.kind == Kind::Open);
        self.out.push('\n');
    }

    /// Whether a value ends with `token`, so that an operator may follow.
    fn is_operand(&self, token: &Token) -> bool {
        match token.kind {
            // A bracket that follows a reserved word groups, and a minus that follows one negates.
            Kind::Word => matches!(self.text(token), "true" | "false") || !RESERVED.contains(&self.text(token)),
            Kind::Number | Kind::Text | Kind::Close => true,
            Kind::Open | Kind::Symbol | Kind::Comment | Kind::Newline => false,
        }
    }

    /// Whether `line` goes on with what the line above began.
    fn continues(&self, line: &[Token]) -> bool {
        let (Some(last), Some(first)) = (self.last, line.first()) else { return false };
        if !self.is_operand(last) {
            // A selector may end with `*`, and so does a product that goes on.
            return last.kind != Kind::Open && !self.is(last, ",");
        }
        match first.kind {
            // A row of names may begin with `*`.
            Kind::Symbol => !self.is(first, "*") || !is_selector(line),
            Kind::Word if self.is(first, "else") => !self.is(last, "}"),
            Kind::Word => LEADING.contains(&self.text(first)),
            _ => false,
        }
    }

    /// Whether there is a space between `left` and `right`, the token at `at` of `line`.
    fn spaced(&self, line: &[Token], at: usize, above: Option<&Token>, left: &Token, right: &Token) -> bool {
        // What stands before `left`, here or on a line above.
        let before = || at.checked_sub(2).map_or(above, |at| line.get(at));
        if self.in_network_name(line, at) {
            return left.range.end != right.range.start;
        }
        let (first, second) = (self.text(left), self.text(right));
        if sticks(left, first, second) || right.kind == Kind::Comment {
            return true;
        }
        match (left.kind, right.kind) {
            (Kind::Open, _) if first != "{" => false,
            (Kind::Open, Kind::Close) => false,
            (_, Kind::Close) if second != "}" => false,
            (_, Kind::Symbol) if matches!(second, "," | ":" | "." | "..") => false,
            (Kind::Symbol, _) if matches!(first, "." | "..") => false,
            (Kind::Symbol, Kind::Symbol) if first == "*" && second == "." => false,
            (Kind::Symbol, _) if first == "-" => before().is_some_and(|before| self.is_operand(before)),
            (Kind::Word, Kind::Open) if second == "(" => self.groups(line, at, first),
            _ => true,
        }
    }

    /// Whether the bracket at `at` of `line`, which follows `word`, groups, where elsewhere it holds arguments.
    fn groups(&self, line: &[Token], at: usize, word: &str) -> bool {
        let starts = |keyword: &str| line.first().is_some_and(|first| self.is(first, keyword));
        RESERVED.contains(&word)
            || at > 1 && word == "x" && starts("input")
            || at == 1 && word == "input" && self.is_input(line)
            || at > 1 && word == "stride" && starts("stage") && self.is_outside(line, at)
    }

    /// `input (n) x …`: an input and no block of this name.
    fn is_input(&self, line: &[Token]) -> bool {
        line.iter().skip(1).any(|token| self.is(token, "x"))
    }

    /// Whether no bracket is open before the token at `at` of `line` that was opened on this line.
    fn is_outside(&self, line: &[Token], at: usize) -> bool {
        let count = |kind| line.iter().take(at).filter(|token| token.kind == kind).count();
        count(Kind::Open) == count(Kind::Close)
    }

    /// Whether the token at `at` belongs to the name of a network with the one before it: what stands there may be refused
    /// later, with hyphens for example, and stays what it is.
    fn in_network_name(&self, line: &[Token], at: usize) -> bool {
        let Some(start) = line.iter().take(at).rposition(|token| self.is(token, "network")) else { return false };
        self.open.is_empty()
            && start + 1 < at
            && line.iter().take(at + 1).skip(start + 1).all(|token| {
                matches!(token.kind, Kind::Word | Kind::Number) || token.kind == Kind::Symbol && self.is(token, "-")
            })
    }
}

/// Whether a line begins with the `*` of a selector: `*.conv`, `* "…"`.
fn is_selector(line: &[Token]) -> bool {
    line.get(1).is_some_and(|second| second.kind == Kind::Text || second.kind == Kind::Symbol)
}

/// Whether the two texts without a space between them would be other tokens.
fn sticks(left: &Token, first: &str, second: &str) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let starts = |letters: &[char]| second.starts_with(letters);
    first.ends_with(is_word) && second.starts_with(is_word)
        || first.ends_with(['=', '<', '>']) && starts(&['='])
        || first.ends_with('.') && starts(&['.'])
        || first.ends_with('/') && starts(&['/'])
        || left.kind == Kind::Number && (second == "." || first.ends_with(['e', 'E']) && second.starts_with(['+', '-']))
}

#[cfg(test)]
mod tests {
    use super::super::scan::scan;
    use super::*;
    use crate::diagnostic::Report;
    use proptest::prelude::*;

    /// The tokens that are no line breaks, as texts.
    fn tokens(text: &str) -> Option<Vec<(Kind, String)>> {
        let source = Source::new("test.resnet", text);
        let mut report = Report::default();
        let tokens = scan(&source, 0..text.len(), &mut report);
        let of = |token: &Token| (token.kind, text[token.range.clone()].trim_end().to_owned());
        report.is_empty().then(|| tokens.iter().filter(|token| token.kind != Kind::Newline).map(of).collect())
    }

    fn laid_out(text: &str) -> String {
        let source = Source::new("test.resnet", text);
        let tokens = scan(&source, 0..text.len(), &mut Report::default());
        layout(&source, &tokens)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_tokens_stay_what_they_are_and_where_they_are(
            words in prop::collection::vec(prop::sample::select([
                "network", "block", "input", "stage", "stride", "x", "if", "then", "else", "not", "foo", "3x3", "64",
                "1e5", "0.5", "1e", "\"a b\"", "{", "}", "(", ")", "[", "]", "=", "==", "<", "<=", "+", "-", "*", "/",
                "%", ",", ".", "..", ":", "// c  \n", "/// d\n", "\n", "\n\n\n", " ", "    ", "\t", "\r\n",
            ].as_slice()), 0..40)
        ) {
            let text = words.concat();
            if let Some(before) = tokens(&text) {
                let once = laid_out(&text);
                prop_assert_eq!(tokens(&once), Some(before), "{}", once);
                prop_assert_eq!(laid_out(&once), once);
            }
        }
    }
}
