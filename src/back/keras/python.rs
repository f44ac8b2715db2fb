//! The words of Python that templates may be given: each type knows how it is written, and nothing else gets in.

use crate::back::names::Names;
use std::fmt;

/// Words that Python keeps for itself, and modules that a package must not stand in front of.
const RESERVED: &[&str] = &[
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "keras",
    "layers",
    "np",
    "numpy",
    "safetensors",
    "jax",
    "tensorflow",
    "torch",
    "sys",
    "main",
    "max",
    "load_weights_from_safetensors",
    "read_safetensors",
    "open",
    "OTHER_FILES",
    "AttributeError",
    "TypeError",
    "layer_name",
    "conv2d",
    "batch_norm",
    "linear",
    "range",
    "tuple",
    "len",
    "super",
    "sorted",
    "enumerate",
    "slice",
    "isinstance",
    "int",
    "float",
    "staticmethod",
    "ValueError",
    "ImportError",
    "ZeroChannels",
    "MaxPadding",
    "WindowPool",
    "Blur",
    "ChannelSlice",
    "PathSoftmax",
    "LayerScale",
    "depthwise_conv2d",
    "channel_conv",
    "uniform_fan_in",
    "BatchNormalization",
    "math",
    "AdaptiveAveragePool",
    "AdaptiveMaxPool",
    "SUFFIXES",
    "FILE_AXES",
    "IGNORED",
    "TOP",
];

/// Letters that look like digits, which linters refuse.
const AMBIGUOUS: &[&str] = &["l", "O", "I"];

/// An identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PyIdent(String);

impl PyIdent {
    /// `text`, if it can be the name of something in a generated package.
    pub(super) fn new(text: &str) -> Option<Self> {
        let begins = text.starts_with(|first: char| first.is_ascii_alphabetic());
        let word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (begins && word && !RESERVED.contains(&text)).then(|| Self(text.to_owned()))
    }

    /// The first of `text`, `text_2`, … that is not reserved; characters that no identifier has become `_`.
    pub(super) fn fresh(text: &str) -> Self {
        Self::take(text, &mut Names::default())
    }

    /// The same, of what is not taken of `names`; it is then.
    pub(super) fn take(text: &str, names: &mut Names) -> Self {
        let mended: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let numbered = |number| if number == 1 { mended.clone() } else { format!("{mended}_{number}") };
        Self(names.take(|name| !RESERVED.contains(&name) && !AMBIGUOUS.contains(&name), numbered))
    }
}

impl PyIdent {
    /// The name under which it is installed: a letter or a digit ends that (PEP 508).
    pub(super) fn as_project(&self) -> PyProject {
        let word = self.0.trim_end_matches('_');
        PyProject(if word == self.0 { word.to_owned() } else { format!("{word}_net") })
    }
}

/// A project's name in `pyproject.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PyProject(String);

impl fmt::Display for PyProject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PyIdent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text in a comment or a docstring: on one line, and without what could end it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment(String);

impl Comment {
    pub(super) fn new(text: &str) -> Self {
        let plain = |c: char| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { ' ' };
        Self(text.chars().map(plain).collect())
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A piece of a [`PyStr`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// These characters.
    Text(String),
    /// The value of a variable.
    Variable(PyIdent),
    /// The value of a variable and so much more.
    Offset(PyIdent, u64),
}

/// A string: a literal, an f-string where it has variables, the variable itself where it is nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PyStr(Vec<Piece>);

impl PyStr {
    pub(super) fn new(text: &str) -> Self {
        Self(vec![Piece::Text(text.to_owned())])
    }

    pub(super) fn of(pieces: Vec<Piece>) -> Self {
        Self(pieces.into_iter().filter(|piece| *piece != Piece::Text(String::new())).collect())
    }

    /// With `text` after it.
    pub(super) fn and(&self, text: &str) -> Self {
        let mut pieces = self.0.clone();
        match pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            Some(Piece::Variable(_) | Piece::Offset(..)) | None => pieces.push(Piece::Text(text.to_owned())),
        }
        Self(pieces)
    }
}

impl fmt::Display for PyStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [Piece::Variable(variable)] = self.0.as_slice() {
            return variable.fmt(f);
        }
        let formatted = self.0.iter().any(|piece| !matches!(piece, Piece::Text(_)));
        f.write_str(if formatted { "f\"" } else { "\"" })?;
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => text.chars().try_for_each(|c| escape(c, formatted, f))?,
                Piece::Variable(variable) => write!(f, "{{{variable}}}")?,
                Piece::Offset(variable, by) => write!(f, "{{{variable} + {by}}}")?,
            }
        }
        f.write_str("\"")
    }
}

/// A character of a literal; everything but printable ASCII as its code.
fn escape(c: char, formatted: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match c {
        '"' | '\\' => write!(f, "\\{c}"),
        '{' | '}' if formatted => write!(f, "{c}{c}"),
        ' '..='~' => write!(f, "{c}"),
        _ => write!(f, "\\U{:08x}", u32::from(c)),
    }
}

/// A whole number: written out, or as an expression of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PyNumber {
    /// Always this.
    Literal(u64),
    /// The value of a variable.
    Variable(PyIdent),
    /// So many times a variable's.
    Multiple(u64, PyIdent),
    /// Half a variable's, rounded down.
    Half(PyIdent),
}

impl PyNumber {
    pub(super) fn is(&self, value: u64) -> bool {
        *self == Self::Literal(value)
    }
}

impl fmt::Display for PyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => value.fmt(f),
            Self::Variable(variable) => variable.fmt(f),
            Self::Multiple(factor, variable) => write!(f, "{factor} * {variable}"),
            Self::Half(variable) => write!(f, "{variable} // 2"),
        }
    }
}

/// A real number: written out, or a variable.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PyReal {
    /// Always this.
    Literal(PyFloat),
    /// The value of a variable.
    Variable(PyIdent),
}

impl fmt::Display for PyReal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => value.fmt(f),
            Self::Variable(variable) => variable.fmt(f),
        }
    }
}

/// A pair of whole numbers, height and width; one number where both are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PyPair(pub(super) PyNumber, pub(super) PyNumber);

impl PyPair {
    pub(super) fn square(number: PyNumber) -> Self {
        Self(number.clone(), number)
    }

    pub(super) fn literal([height, width]: [u64; 2]) -> Self {
        Self(PyNumber::Literal(height), PyNumber::Literal(width))
    }

    pub(super) fn is(&self, value: u64) -> bool {
        self.0.is(value) && self.1.is(value)
    }
}

impl fmt::Display for PyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == self.1 { self.0.fmt(f) } else { write!(f, "({}, {})", self.0, self.1) }
    }
}

/// A floating-point number, in the shortest spelling that reads back as the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PyFloat(pub(super) f64);

impl fmt::Display for PyFloat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 != 0.0 && self.0.abs() < 1e-3 { write!(f, "{:e}", self.0) } else { write!(f, "{:?}", self.0) }
    }
}

/// So many levels of indentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Indent(pub(super) usize);

impl fmt::Display for Indent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.0).try_for_each(|_| f.write_str("    "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_string() {
        assert_eq!(PyStr::new("a\"b\\c\nd{e}").to_string(), r#""a\"b\\c\U0000000ad{e}""#);
        let name = PyIdent::fresh("name");
        let text = PyStr::of(vec![Piece::Variable(name.clone()), Piece::Text("{x}".to_owned())]);
        assert_eq!(text.to_string(), r#"f"{name}{{x}}""#);
        assert_eq!(PyStr::of(vec![Piece::Variable(name)]).to_string(), "name");
        assert_eq!(Comment::new("a\n\"\"\"\u{202e}b").to_string(), "a     b");
    }

    #[test]
    fn an_identifier_is_no_keyword_and_no_module() {
        for text in ["lambda", "keras", "1a", "a.b", "", "\u{e9}", "_a"] {
            assert_eq!(PyIdent::new(text), None, "{text}");
        }
        assert!(PyIdent::new("resnet50").is_some());
    }

    #[test]
    fn floats_are_spelt_as_python_programmers_do() {
        let spelt = [1.001e-5, 1e-5, 0.9, 0.5, 0.001].map(|value| PyFloat(value).to_string());
        assert_eq!(spelt, ["1.001e-5", "1e-5", "0.9", "0.5", "0.001"]);
    }
}
