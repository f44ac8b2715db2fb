//! No name, comment or text of a description changes the structure of generated code: its syntax trees are those of a
//! benign description, whatever the words are.

use crate::python;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use quote::ToTokens;
use resnetc::back::{self, File};
use resnetc::source::Source;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// The words of a description that are its author's.
#[derive(Debug, Clone)]
pub struct Words {
    network: String,
    dialect: String,
    table: String,
    block: String,
    inner: String,
    parameter: String,
    branch: String,
    other: String,
    roles: [String; 2],
    /// In names of layers, suffixes of tensors, comments, the dialect's source and what a requirement says.
    text: String,
    is_keras: bool,
}

/// What keywords, and names of generated code and of its libraries, are.
const WORDS: &[&str] = &[
    "self",
    "Self",
    "super",
    "crate",
    "fn",
    "match",
    "async",
    "await",
    "type",
    "impl",
    "dyn",
    "gen",
    "union",
    "loop",
    "move",
    "mut",
    "pub",
    "ref",
    "static",
    "struct",
    "trait",
    "try",
    "unsafe",
    "use",
    "where",
    "while",
    "yield",
    "box",
    "lambda",
    "None",
    "True",
    "def",
    "class",
    "import",
    "from",
    "global",
    "nonlocal",
    "pass",
    "raise",
    "with",
    "del",
    "print",
    "str",
    "len",
    "range",
    "int",
    "list",
    "object",
    "keras",
    "ops",
    "layers",
    "models",
    "weights",
    "device",
    "name",
    "names",
    "x",
    "inputs",
    "outputs",
    "filters",
    "stride",
    "kernel",
    "config",
    "Config",
    "Module",
    "Device",
    "Tensor",
    "Vec",
    "Option",
    "Some",
    "Ok",
    "Result",
    "String",
    "Debug",
    "Clone",
    "Param",
    "Fresh",
    "Weights",
    "model",
    "load",
    "init",
    "new",
    "forward",
    "fill",
    "stage",
    "index",
    "block",
    "relu",
    "format",
    "u8",
    "usize",
    "std",
    "core",
    "burn",
    "main",
    "lib",
    "test",
    "Conv2d",
    "BatchNorm",
    "Linear",
    "classes",
    "Projection",
    "LoadError",
    "path",
];

/// Words that a description itself gives a meaning, as a label or a role.
const MEANT: &[&str] = &["main", "block", "stem", "head", "weights"];

/// What ends, begins or escapes something in Rust, Python, TOML, templates or a terminal.
const PIECES: &[&str] = &[
    "*/",
    "/*",
    "//",
    "///",
    "//!",
    "#",
    "##",
    "'",
    "'''",
    "\\",
    "\\\\",
    "\\n",
    "\\u{41}",
    "\\x",
    "%s",
    "%",
    "$",
    "${x}",
    "{{",
    "}}",
    "{",
    "}",
    "{}",
    "{%",
    "{{ x }}",
    "{block",
    ")",
    "(",
    "];",
    "!",
    "`",
    "```",
    "&",
    "<",
    ">",
    "a b",
    ".",
    "/",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "\u{e9}",
    "\u{4f60}",
    "\u{1f600}",
    "\u{301}",
    "\u{7f}",
    "\u{1b}[31m",
    "\r",
    "\t",
    "\u{c}",
    "\0",
    "\n",
    "\"",
    "</title>",
    "</style>",
    "<!--",
    "-->",
    "]]>",
    "&lt;",
    "&#0;",
    "\"\"\"",
    "\"#",
    "\");",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(WORDS).prop_map(str::to_owned),
        1 => "[a-zA-Z][a-zA-Z_]{0,7}".prop_map(|word| word),
    ]
}

fn label() -> impl Strategy<Value = String> {
    word().prop_filter("it means something", |word| !MEANT.contains(&word.as_str()))
}

pub fn words() -> impl Strategy<Value = Words> {
    let text = prop::collection::vec(select(PIECES), 1..4).prop_map(|pieces| pieces.concat());
    let names = (word(), word(), word(), word(), word(), word());
    (names, label(), label(), label(), label(), text, any::<bool>()).prop_map(
        |((network, dialect, table, block, inner, parameter), branch, other, one, two, text, is_keras)| Words {
            network,
            dialect,
            table,
            block,
            inner,
            parameter,
            branch,
            other,
            roles: [one, two],
            text,
            is_keras,
        },
    )
}

impl Words {
    pub fn benign(&self) -> Self {
        let word = str::to_owned;
        Self {
            network: word("plain"),
            dialect: word("tongue"),
            table: word("called"),
            block: word("cell"),
            inner: word("piece"),
            parameter: word("amount"),
            branch: word("left"),
            other: word("right"),
            roles: [word("first"), word("second")],
            // Where names of layers have dots, a package has a function that replaces them for PyTorch.
            text: word(if self.has_dots() { "te.xt" } else { "text" }),
            is_keras: self.is_keras,
        }
    }

    fn has_dots(&self) -> bool {
        self.text.contains('.')
    }

    pub fn description(&self) -> String {
        let Self { network, dialect, table, block, inner, parameter, branch, other, roles: [one, two], text, .. } =
            self;
        let layout = if self.is_keras { "keras" } else { "torch" };
        let comment = text.replace('\n', " ");
        format!(
            "// {comment}\nuse dialect {dialect}\n\nnetwork {network}(classes = 4) {{\n    input 3 x 16 x 16 // {comment}\n    \
             stem cifar(8)\n    stage {block}(8) * 2\n    stage {block}(12) * 3 stride 2\n    \
             head classifier(classes, pool = avg)\n}}\n\ndialect {dialect} extends torchvision {{\n    \
             source = \"{text}\"\n    names = {table}\n}}\n\nnames {table} {{\n    layout = {layout}\n    parameters {{\n        \
             kernel \"{text}k\"\n        bias \"{text}b\"\n        scale \"{text}s\"\n        shift \"{text}t\"\n        \
             mean \"{text}m\"\n        variance \"{text}v\"\n        ignored \"{text}i\"\n    }}\n\n    \
             block \"{text}n{{number}}\"\n    *.{one} \"{{block}}{text}one\"\n    *.* \"{{block}}{text}{{branch}}{{role}}{{unit}}{{sequence}}\"\n}}\n\n\
             block {block}(\n    /// {comment}\n    {parameter}: channels,\n    stride: integer(1..2) = 1,\n) {{\n    \
             require {parameter} > 0 else \"{text}\"\n    join add {{\n        main {{\n            \
             conv 3x3 ({parameter}, stride) as {one}\n            norm\n            act\n            \
             join multiply {{\n                {branch} {{ conv 1x1 ({parameter}) norm }}\n                \
             {other} {{ {inner}({parameter}) act(sigmoid) }}\n            }}\n        }}\n        \
             skip {{ B(stride, {parameter}) }}\n    }}\n    act\n}}\n\nblock {inner}({parameter}: channels) {{ \
             conv 1x1 ({parameter}) as {two} }}\n"
        )
    }
}

/// The crate and, where Keras takes such names, the package; nothing where the description is refused, which
/// it is with errors that are rendered.
fn files(words: &Words) -> Option<(Vec<File>, Option<Vec<File>>)> {
    let source = Source::new("words.resnet", words.description());
    match resnetc::compile(&source) {
        Ok(network) => {
            let refused = |error: back::Unsupported| panic!("{}: {}", words.description(), error.reason);
            let package = back::keras::emit(&network);
            if let Err(error) = &package {
                let is_word = ["in the name of a layer", "can be called"].iter().any(|why| error.reason.contains(why));
                assert!(is_word, "{}: {}", source.text(), error.reason);
            }
            Some((back::burn::emit(&network).unwrap_or_else(refused), package.ok()))
        }
        Err(report) => {
            assert!(resnetc::diagnostic::render::text(&report, &source, false).starts_with("error[E"));
            None
        }
    }
}

/// The syntax tree of a Rust file in tokens, without comments, every name and text the same.
fn rust(text: &str) -> Vec<String> {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    // The order of these is that of their names.
    let (mut sorted, mut items) = (Vec::new(), Vec::new());
    for item in file.items {
        let mut tokens = Vec::new();
        flatten(item.to_token_stream(), &mut tokens);
        let is_sorted = matches!(item, syn::Item::Use(_) | syn::Item::Mod(_));
        (if is_sorted { &mut sorted } else { &mut items }).push(tokens.join(" "));
    }
    sorted.sort();
    [sorted, items].concat()
}

fn flatten(tokens: TokenStream, flat: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                let is_doc = |next: &TokenTree| next.to_string().replace(' ', "").starts_with("[doc=");
                if tokens.next_if(is_doc).is_none() {
                    flat.push("#".to_owned());
                }
            }
            // One before a closing bracket comes and goes with the length of the line.
            TokenTree::Punct(punct) if punct.as_char() == ',' && tokens.peek().is_none() => {}
            TokenTree::Punct(punct) => flat.push(punct.to_string()),
            TokenTree::Ident(ident) => {
                let is_name = syn::parse_str::<syn::Ident>(&ident.to_string()).is_ok();
                flat.push(if is_name { "name".to_owned() } else { ident.to_string() });
            }
            TokenTree::Literal(literal) => {
                let literal = literal.to_string();
                flat.push(if literal.ends_with('"') { "text".to_owned() } else { literal });
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                flat.push(open.to_owned());
                flatten(group.stream(), flat);
                flat.push(close.to_owned());
            }
        }
    }
}

/// A manifest without what it may say in words.
fn manifest(text: &str) -> toml::Table {
    let mut table: toml::Table = toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    if let Some(package) = table.get_mut("package").and_then(toml::Value::as_table_mut) {
        for word in ["name", "description"] {
            assert!(package.insert(word.to_owned(), toml::Value::from("")).is_some());
        }
    }
    table
}

fn assert_same_structure(words: &Words, found: &[File], benign: &[File]) {
    assert_eq!(found.len(), benign.len(), "{}", words.description());
    for (found, benign) in found.iter().zip(benign) {
        if found.path.ends_with(".toml") {
            assert_eq!(manifest(&found.text), manifest(&benign.text), "{}\n{}", words.description(), found.text);
        } else {
            assert!(
                rust(&found.text) == rust(&benign.text),
                "{}\n==> {}\n{}",
                words.description(),
                found.path,
                found.text
            );
        }
    }
}

/// Writes `files` below `folder`; their paths.
fn write(files: &[File], folder: &Path) -> Vec<PathBuf> {
    let write = |file: &File| {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &file.text).unwrap();
        path
    };
    files.iter().map(write).collect()
}

#[test]
fn no_word_or_text_changes_the_structure_of_generated_code() {
    const CASES: usize = 1000;
    let mut runner = TestRunner::deterministic();
    let place = tempfile::tempdir().unwrap();
    let (mut pairs, mut crates, mut packages) = (Vec::new(), 0, 0);
    let mut benign = [const { None }; 4];
    for number in 0..CASES {
        let words = words().new_tree(&mut runner).unwrap().current();
        let (benign_crate, benign_package) = benign[2 * usize::from(words.is_keras) + usize::from(words.has_dots())]
            .get_or_insert_with(|| {
                let (files, package) = files(&words.benign()).unwrap();
                (
                    files,
                    write(
                        &package.unwrap(),
                        &place.path().join(format!("benign_{}_{}", words.is_keras, words.has_dots())),
                    ),
                )
            });
        let Some((files, package)) = files(&words) else { continue };
        crates += 1;
        assert_same_structure(&words, &files, benign_crate);
        let Some(package) = package else { continue };
        packages += 1;
        let package = write(&package, &place.path().join(number.to_string()));
        assert_eq!(package.len(), benign_package.len());
        pairs.extend(package.into_iter().zip(benign_package.iter()).map(|(found, benign)| json!([found, benign])));
    }
    // The others are refused, most of them for a name that is reserved.
    assert!(
        crates > CASES / 8 && packages > CASES / 16,
        "{crates} crates and {packages} packages of {CASES} descriptions"
    );
    let list = place.path().join("pairs.json");
    fs::write(&list, serde_json::to_string(&pairs).unwrap()).unwrap();
    assert_eq!(python::script("syntax_trees.py", &[&list]).trim(), pairs.len().to_string());
}
