//! The name that was probably meant.

use super::visible;
use std::borrow::Cow;

/// How a description writes words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// In quotes, as TOML does.
    Quoted,
    /// As they are, as the DSL does.
    Bare,
}

impl Words {
    /// `word` as it is written.
    #[must_use]
    pub fn write(self, word: &str) -> String {
        match self {
            Self::Quoted => format!("\"{word}\""),
            Self::Bare => word.to_owned(),
        }
    }
}

/// `word` in backticks and on one line, cut where it is longer than a line of a message.
#[must_use]
pub fn quoted(word: &str) -> String {
    format!("`{}`", visible::line(&cut(word)))
}

/// `word`, cut where it is longer than a line of a message.
#[must_use]
pub fn cut(word: &str) -> Cow<'_, str> {
    match word.char_indices().nth(QUOTED_CHARACTERS) {
        Some((cut, _)) => Cow::Owned(format!("{}…", word.get(..cut).unwrap_or_default())),
        None => Cow::Borrowed(word),
    }
}

const QUOTED_CHARACTERS: usize = 64;

/// The closest candidate, where one is close enough to be what was meant.
///
/// Close is a Damerau-Levenshtein distance of at most a third of the longer word, the bound that rustc uses. Who misspells a
/// word begins it rightly: letters before a word make another of it (`upsample`, `prelu`, `deconv`).
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    // The lengths alone rule out a word of a megabyte, of which the distance would be slow.
    let bound = |candidate: &str| word.len().max(candidate.len()).max(3) / 3;
    let in_reach = |candidate: &&str| word.len().abs_diff(candidate.len()) <= bound(candidate);
    candidates
        .into_iter()
        .filter(in_reach)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= bound(candidate) && *distance < candidate.len())
        .filter(|(distance, candidate)| begins_alike(&lower, &candidate.to_lowercase(), *distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How long a word is whose first letter may be wrong.
const LONG: usize = 5;

/// Whether one word may be the other misspelt, by how they begin: with the same letter, the first two exchanged, or, where
/// they are long and nothing else is wrong, with another letter or without the first.
fn begins_alike(word: &str, candidate: &str, distance: usize) -> bool {
    let mut letters = word.chars();
    let mut others = candidate.chars();
    let (first, second) = (letters.next(), letters.next());
    let (other, next) = (others.next(), others.next());
    let is_long = distance == 1 && word.len() >= LONG && word.len() <= candidate.len();
    first == other || (first, second) == (next, other) || is_long
}

/// "`a`, `b` or `c`", for messages.
#[must_use]
pub fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
