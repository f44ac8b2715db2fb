//! Text that may stand in generated Rust. Every type here knows how its text is quoted, and nothing else makes one, so
//! that no string of a description can become code.

use crate::back::names::Names;
use std::cmp::Reverse;
use std::fmt;

/// Keywords, strict and reserved, of every edition.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Crates that the generated one must not be called like.
const CRATES: &[&str] = &["alloc", "burn", "core", "npyz", "proc_macro", "safetensors", "std", "test"];

/// Types and traits that generated code imports, derives or takes for granted.
pub(super) const TYPES: &[&str] = &[
    "AdaptiveAvgPool2d",
    "AsMut",
    "AsRef",
    "AvgPool2d",
    "BatchNorm",
    "Bool",
    "Box",
    "ChannelConv",
    "Clone",
    "Config",
    "Conv2d",
    "Copy",
    "Debug",
    "Default",
    "Device",
    "DeviceIndex",
    "DeviceKind",
    "DoubleEndedIterator",
    "DropPath",
    "Dropout",
    "ElementConversion",
    "Eq",
    "Err",
    "ExactSizeIterator",
    "Extend",
    "Float",
    "Fn",
    "FnMut",
    "FnOnce",
    "Fresh",
    "From",
    "FromIterator",
    "GroupNorm",
    "Hash",
    "Initializer",
    "Int",
    "Into",
    "IntoIterator",
    "Iterator",
    "LayerNorm",
    "LayerScale",
    "LayoutError",
    "Linear",
    "LoadError",
    "MaxPool2d",
    "Module",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PadMode",
    "PaddingConfig2d",
    "PartialEq",
    "PartialOrd",
    "Path",
    "Result",
    "RunningState",
    "Scaled",
    "Self",
    "Send",
    "Shape",
    "Sized",
    "SliceArg",
    "Some",
    "String",
    "Sync",
    "Tensor",
    "TensorData",
    "ToElement",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unbiased",
    "Unpin",
    "Vec",
    "Weights",
];

/// Variables beside which the parameters of a block stand.
pub(super) const BESIDE_PARAMETERS: &[&str] = &["device", "name", "weights"];

/// Variables of methods that match on the fields of a struct, and of those that burn derives.
pub(super) const BESIDE_FIELDS: &[&str] = &["device", "input", "mapper", "name", "weights", "x"];

/// Variables and functions of a `forward`.
pub(super) const IN_FORWARD: &[&str] = &[
    "adaptive_max_pool2d",
    "blur",
    "gelu",
    "hard_sigmoid",
    "hard_swish",
    "input",
    "path_softmax",
    "relu",
    "relu6",
    "sigmoid",
    "silu",
    "softmax",
    "x",
];

/// The most letters of a block's name: with more, some lines of its file would not fit.
const LETTERS: usize = 20;

/// An identifier in snake case: a variable, a field, a function, a module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RustIdent(String);

impl RustIdent {
    /// `text` with everything that no identifier can have made `_`, of which no two stand in a row.
    pub(super) fn new(text: &str) -> Self {
        let mut name = clean(text).to_ascii_lowercase();
        while let Some(at) = name.find("__") {
            name.remove(at);
        }
        if name.starts_with(|first: char| first.is_ascii_digit()) || name.chars().all(|char| char == '_') {
            name.insert(0, 'n');
        }
        if KEYWORDS.contains(&name.as_str()) {
            name.push('_');
        }
        Self(name)
    }

    /// The word followed by a number, where it has one; a word that ends with a digit has its own.
    pub(super) fn numbered(word: &str, number: u32) -> Self {
        if number == 0 || word.ends_with(|last: char| last.is_ascii_digit()) {
            Self::new(word)
        } else {
            Self::new(&format!("{word}{number}"))
        }
    }

    /// The name of the crate of the network `name`: also its package's.
    pub(super) fn of_crate(name: &str) -> Self {
        let name = Self::new(name);
        if CRATES.contains(&name.0.as_str()) || name.0.ends_with('_') { name.with("net") } else { name }
    }

    /// This with a word after it.
    pub(super) fn with(&self, word: &str) -> Self {
        Self::new(&format!("{}_{word}", self.0.trim_end_matches('_')))
    }

    /// Takes this name, with a number behind it where it is `reserved` or taken.
    pub(super) fn take(&self, reserved: &[&str], names: &mut Names) -> Self {
        self.take_beside(names, |name| reserved.contains(&name))
    }

    /// The same, for reserved names that `is_reserved` tells.
    pub(super) fn take_beside(&self, names: &mut Names, is_reserved: impl Fn(&str) -> bool) -> Self {
        let numbered = |number: u32| if number < 2 { self.clone() } else { self.with(&number.to_string()) };
        Self(names.take(|name| !is_reserved(name), |number| numbered(number).0))
    }

    /// By what rustfmt sorts it: numbers count by their value, then the one with more zeros before it comes first.
    pub(super) fn rank(&self) -> (Vec<Chunk>, Vec<Reverse<usize>>) {
        let (mut chunks, mut zeros) = (Vec::new(), Vec::new());
        let kind = |char: char| (char.is_ascii_digit(), char == '_');
        let mut rest = self.0.as_str();
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|char| first == '_' || kind(char) != kind(first)).unwrap_or(rest.len());
            let (chunk, after) = rest.split_at(end.max(1));
            rest = after;
            if first == '_' {
                chunks.push(Chunk::Underscore);
            } else if !first.is_ascii_digit() {
                chunks.push(Chunk::Letters(chunk.to_owned()));
            } else if let Ok(value) = chunk.parse() {
                chunks.push(Chunk::Number(value));
                zeros.push(Reverse(chunk.len() - chunk.trim_start_matches('0').len()));
            } else {
                // rustfmt looks no further than a number that is too large for it.
                break;
            }
        }
        (chunks, zeros)
    }

    /// The module of the block `name`.
    pub(super) fn of_module(name: &str, names: &mut Names) -> Self {
        let short: String = name.chars().take(LETTERS).collect();
        Self::new(&short).with("block").take(&[], names)
    }
}

/// A part of an identifier, in rustfmt's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Chunk {
    Underscore,
    Number(u64),
    Letters(String),
}

impl fmt::Display for RustIdent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a type, in camel case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RustType(String);

impl RustType {
    /// The type for the thing called `text`, which may be in snake case.
    pub(super) fn new(text: &str) -> Self {
        let text = clean(text);
        let mut name = String::with_capacity(text.len());
        for word in text.split('_') {
            let mut letters = word.chars();
            name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
            name.push_str(letters.as_str());
        }
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            name.insert(0, 'N');
        }
        Self(name)
    }

    /// The type of the network `name`: none that its code has already.
    pub(super) fn of_network(name: &str, names: &mut Names) -> Self {
        let name = Self::new(name);
        if names.contains(&name.0) { Self(format!("{name}Net")).take("Net", names) } else { name.take("Net", names) }
    }

    /// The type of the block `name`, which ends in `Block`, so that it is none of burn's.
    pub(super) fn of_block(name: &str, names: &mut Names) -> Self {
        let short: String = name.chars().take(LETTERS).collect();
        let Self(mut name) = Self::new(&short);
        if !name.ends_with("Block") {
            name.push_str("Block");
        }
        Self(name).take("Block", names)
    }

    /// The type of the part of a block that is called `name`: none that its file has already.
    pub(super) fn of_part(name: &str, names: &mut Names) -> Self {
        Self::new(name).take("Part", names)
    }

    /// Takes this, with `word` after it if generated code has such a type, and with a number if it is taken.
    fn take(self, word: &str, names: &mut Names) -> Self {
        let is_reserved = TYPES.contains(&self.0.as_str()) || self.0.ends_with("Config");
        let name = if is_reserved { format!("{}{word}", self.0) } else { self.0 };
        Self(names.take(|_| true, |number| if number < 2 { name.clone() } else { format!("{name}{number}") }))
    }

    /// The article before its name.
    pub(super) fn article(&self) -> &'static str {
        article(&self.0)
    }

    /// The configuration that makes it.
    pub(super) fn config(&self) -> Self {
        Self(format!("{}Config", self.0))
    }
}

impl fmt::Display for RustType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The article before `word`.
pub(super) fn article(word: &str) -> &'static str {
    if word.starts_with(|first: char| "AEIOUaeiou".contains(first)) { "an" } else { "a" }
}

fn clean(text: &str) -> String {
    text.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' }).collect()
}

/// A string literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RustStr(String);

impl RustStr {
    /// The literal whose value is `text`.
    pub(super) fn new(text: &str) -> Self {
        Self(format!("\"{}\"", text.escape_default()))
    }
}

impl fmt::Display for RustStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text between the quotes of a `format!` that stands for itself there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FormatText(String);

impl FormatText {
    /// The text that prints as `text`.
    pub(super) fn new(text: &str) -> Self {
        // Braces are doubled before escapes bring their own.
        Self(text.replace('{', "{{").replace('}', "}}").escape_default().to_string())
    }
}

impl fmt::Display for FormatText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A line of a comment or of documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment(String);

impl Comment {
    /// `text` on one line.
    pub(super) fn new(text: &str) -> Self {
        Self(text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect())
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::RustIdent;

    #[test]
    fn identifiers_are_sorted_as_rustfmt_sorts_them() {
        let sorted =
            ["a", "a_b", "a2_block", "a010", "a10", "a10_block", "ab", "u_zzz", "u8", "u016_x", "u16_x", "u128", "ua"];
        let mut names: Vec<_> = sorted.iter().rev().map(|name| RustIdent::new(name)).collect();
        names.sort_by_cached_key(RustIdent::rank);
        assert_eq!(names.iter().map(RustIdent::to_string).collect::<Vec<_>>(), sorted);
    }
}
