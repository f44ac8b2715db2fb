//! Text of others (names, paths, what a file says) as it can be shown: a terminal obeys some characters, a reader is misled by others,
//! and a line break makes a line of its own.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether `letter` does something other than stand there: controls, what ends a line, what turns the direction of what follows, what
/// has no width (Unicode, categories Cc, Zl, Zp and most of Cf), and what is no character.
#[must_use]
pub fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` on one line, each character that [`acts`] written as the code that it has: `\n`, `\u{1b}`.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, acts)
}

/// `text` with its line breaks, as [`line()`] otherwise.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| letter != '\n' && acts(letter))
}

fn escaped(text: &str, is_hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            letter if !is_hidden(letter) => out.push(letter),
            '\n' | '\r' | '\t' => out.extend(letter.escape_default()),
            letter => out.extend(letter.escape_unicode()),
        }
    }
    Cow::Owned(out)
}

/// A text of JSON, in which what [`acts`] and is no white space between values is written as JSON's own escape.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    // Below U+0020 a serialiser escapes what stands in a text; what is left there lies between values.
    let is_hidden = |letter: char| !letter.is_ascii_control() && acts(letter) || letter == '\u{7f}';
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut units = [0; 2];
    for letter in text.chars() {
        if is_hidden(letter) {
            for unit in letter.encode_utf16(&mut units) {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "tests")]
mod tests {
    use super::{json, line, lines};

    #[test]
    fn what_acts_is_written_as_its_code() {
        assert_eq!(line("a\u{1b}[31m\nb\tc\u{9b}\u{202e}d\u{2028}"), "a\\u{1b}[31m\\nb\\tc\\u{9b}\\u{202e}d\\u{2028}");
        assert_eq!(lines("a\nb\r"), "a\nb\\r");
        assert_eq!(line("stage 1, 3 × 3 → ünïcode"), "stage 1, 3 × 3 → ünïcode");
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({ "a\u{9b}": "x\u{202e}\u{7f}\u{1b}\n\u{e0041}é" });
        let text = value.to_string() + "\n";
        let shown = json(&text);
        assert!(shown.trim_end().chars().all(|letter| !super::acts(letter)), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
