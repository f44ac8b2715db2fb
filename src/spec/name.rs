//! What a network may be called.
//!
//! The name becomes a Rust crate, a Python package and module, and a folder. It is refused rather than mended: Python
//! folds look-alike letters, so that two names that differ here could collide there.

use crate::diagnostic::suggest::{self, Words};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Spanned;

/// The most characters of a name.
pub const LENGTH: usize = 64;

/// The error for `name`, if a network cannot be called that.
#[must_use]
pub fn check(name: &Spanned<String>, words: Words) -> Option<Diagnostic> {
    let (label, note) = fault(&name.value)?;
    let proposal = words.write(&propose(&name.value));
    Some(
        Diagnostic::error(
            Code::BadName,
            name.span,
            format!("a network cannot be called {}", suggest::quoted(&name.value)),
            label,
        )
        .note(note)
        .help(format!("write `{proposal}`, for example"))
        .fix(name.span, proposal),
    )
}

/// What is wrong with `name`, and the rule that says so.
fn fault(name: &str) -> Option<(String, &'static str)> {
    const SPELLING: &str =
        "a name is an ASCII letter and up to 63 letters, digits and `_`: it becomes a Rust crate and a Python package";
    let Some(first) = name.chars().next() else { return Some(("the name is empty".to_owned(), SPELLING)) };
    if let Some(stranger) = name.chars().find(|character| !is_word(*character)) {
        let stranger = stranger.escape_debug();
        return Some((format!("`{stranger}` is not an ASCII letter, a digit or `_`"), SPELLING));
    }
    if !first.is_ascii_alphabetic() {
        return Some((format!("it begins with `{first}`, not with a letter"), SPELLING));
    }
    if name.len() > LENGTH {
        return Some((format!("it has {} characters, more than {LENGTH}", name.len()), SPELLING));
    }
    let (_, why, note) =
        RESERVED.iter().find(|(words, ..)| words.iter().any(|word| word.eq_ignore_ascii_case(name)))?;
    Some(((*why).to_owned(), note))
}

/// The nearest name that is allowed.
fn propose(name: &str) -> String {
    let word: String = name.chars().map(|character| if is_word(character) { character } else { '_' }).collect();
    let word = word.trim_start_matches('_');
    let start = if word.starts_with(|first: char| first.is_ascii_alphabetic()) { "" } else { "resnet" };
    let mut proposal: String = start.chars().chain(word.chars()).take(LENGTH).collect();
    if fault(&proposal).is_some() {
        proposal.push_str("_net");
    }
    proposal
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

const COMPARED: &str = "the name becomes a Rust crate, a Python package and a folder; capitals make no difference";

/// Words that are taken, who has taken them, and a note.
const RESERVED: &[(&[&str], &str, &str)] = &[
    (RUST, "it is a keyword of Rust", COMPARED),
    (PYTHON, "it is a keyword of Python", COMPARED),
    (GENERATED, "generated code uses this name itself", COMPARED),
    (FOLDERS, "cargo or Windows keeps this name for itself", COMPARED),
];

/// Strict, reserved and weak keywords of every edition (The Rust Reference, Keywords).
const RUST: &[&str] = &[
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "macro_rules",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "raw",
    "ref",
    "return",
    "safe",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Keywords and soft keywords (The Python Language Reference, 2.3), and the constants that cannot be assigned.
const PYTHON: &[&str] = &[
    "and", "assert", "case", "class", "def", "del", "elif", "except", "finally", "from", "global", "import", "is",
    "lambda", "lazy", "none", "nonlocal", "not", "or", "pass", "print", "raise", "with",
];

/// Modules, crates, functions and variables of generated code, and the crates that every Rust program sees.
const GENERATED: &[&str] = &[
    "activations",
    "alloc",
    "anyhow",
    "backend",
    "block",
    "bool",
    "build",
    "burn",
    "burn_store",
    "clap",
    "config",
    "core",
    "device",
    "expect",
    "f32",
    "f64",
    "forward",
    "i32",
    "i64",
    "init",
    "initializers",
    "inputs",
    "jax",
    "keras",
    "layers",
    "lib",
    "load_weights_from_safetensors",
    "main",
    "model",
    "models",
    "module",
    "nn",
    "np",
    "numpy",
    "ops",
    "os",
    "output",
    "outputs",
    "proc_macro",
    "record",
    "regularizers",
    "safetensors",
    "shortcut",
    "stage",
    "std",
    "stem",
    "str",
    "sys",
    "tensor",
    "tensorflow",
    "test",
    "torch",
    "u32",
    "u64",
    "usize",
    "utils",
    "vec",
    "weights",
];

/// Folders of cargo, and devices of Windows.
const FOLDERS: &[&str] = &[
    "aux",
    "com1",
    "com2",
    "com3",
    "com4",
    "com5",
    "com6",
    "com7",
    "com8",
    "com9",
    "con",
    "debug",
    "deps",
    "doc",
    "examples",
    "incremental",
    "lpt1",
    "lpt2",
    "lpt3",
    "lpt4",
    "lpt5",
    "lpt6",
    "lpt7",
    "lpt8",
    "lpt9",
    "nul",
    "prn",
    "release",
    "target",
];
