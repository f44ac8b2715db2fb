//! The name that was probably meant.

use super::{Code, Diagnostic};
use crate::source::Span;
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

/// The error for `word` at `span`, which is not one of the `choices`; `message` says of what.
pub fn unknown_word<'a>(
    message: impl Into<String>,
    word: &str,
    span: Span,
    choices: impl Iterator<Item = &'a str> + Clone,
    words: Words,
) -> Diagnostic {
    let error = Diagnostic::error(Code::UnknownChoice, span, message, format!("expected {}", list(choices.clone())));
    match closest(word, choices.clone()).or_else(|| only(choices)) {
        Some(near) => error.help(format!("write `{}`", words.write(near))).fix(span, words.write(near)),
        None => error,
    }
}

/// `error` about `word` at `span`, with the candidate that was probably meant as its fix.
#[must_use]
pub fn fixed<'a>(
    error: Diagnostic,
    word: &str,
    span: Span,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    match closest(word, candidates) {
        Some(near) => error.help(format!("write `{near}`")).fix(span, near),
        None => error,
    }
}

fn only<'a>(mut choices: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    choices.next().filter(|_| choices.next().is_none())
}

/// `word` in backticks, cut where it is longer than a line of a message.
#[must_use]
pub fn quoted(word: &str) -> String {
    format!("`{}`", cut(word))
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

/// What others call a thing, in lower case, and what it is called here.
const ELSEWHERE: [(&str, &str); 30] = [
    ("int", "integer"),
    ("bool", "boolean"),
    ("bn", "norm"),
    ("batchnorm", "norm"),
    ("batch_norm", "norm"),
    ("batchnorm2d", "norm"),
    ("layernorm", "layer_norm"),
    ("groupnorm", "group_norm"),
    ("conv2d", "conv"),
    ("convolution", "conv"),
    ("activation", "act"),
    ("maxpool", "max_pool"),
    ("maxpool2d", "max_pool"),
    ("avgpool", "avg_pool"),
    ("avgpool2d", "avg_pool"),
    ("gap", "global_pool"),
    ("global_avg_pool", "global_pool"),
    ("fc", "linear"),
    ("dense", "linear"),
    ("out_channels", "filters"),
    ("kernel_size", "kernel"),
    ("strides", "stride"),
    ("use_bias", "bias"),
    ("dilation_rate", "dilation"),
    ("swish", "silu"),
    ("pytorch", "torchvision"),
    ("torch", "torchvision"),
    ("macs", "max_macs"),
    ("memory", "max_memory"),
    ("max_macs", "macs"),
];

/// The candidate that `word` is elsewhere, or the closest, where one is close enough to be worth naming.
///
/// Close is a Damerau-Levenshtein distance of at most a third of the longer word, the bound that rustc uses.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates: Vec<_> = candidates.into_iter().collect();
    let lower = word.to_lowercase();
    let meant = |ours: &str| candidates.iter().copied().find(|candidate| *candidate == ours);
    if let Some(ours) = ELSEWHERE.iter().filter(|(theirs, _)| *theirs == lower).find_map(|(_, ours)| meant(ours)) {
        return Some(ours);
    }
    // The lengths alone rule out a word of a megabyte, of which the distance would be slow.
    let bound = |candidate: &str| word.len().max(candidate.len()).max(3) / 3;
    let in_reach = |candidate: &&str| word.len().abs_diff(candidate.len()) <= bound(candidate);
    candidates
        .iter()
        .copied()
        .filter(in_reach)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= bound(candidate) && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
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
