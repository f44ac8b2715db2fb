//! The language reference is a promise: every example compiles, and the lists are those that the compiler has.
//!
//! A block fenced as `toml` or `resnet` is a whole description and must compile without a warning. Of a part, the fence
//! says what it is part of: `resnet,definitions`, `resnet,network`, `resnet,statements`; each line of `resnet,true` is an
//! expression that holds.

use resnetc::diagnostic::{Report, render};
use resnetc::lang::ast::{Parameter, Signature};
use resnetc::library::{self, Place};
use resnetc::source::Source;
use resnetc::{dialect, limits};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const REFERENCE: &str = "grammar/README.md";
const PAGES: [&str; 4] = ["README.md", REFERENCE, "ARCHITECTURE.md", "CONTRIBUTING.md"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

pub fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap()
}

/// The fenced blocks of a page: what the fence says, the text, and the line where it begins.
pub fn fenced(page: &str) -> Vec<(String, String, usize)> {
    let text = read(page);
    let mut lines = (1..).zip(text.lines());
    let mut blocks = Vec::new();
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside: Vec<_> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            blocks.push((language.to_owned(), inside.join("\n"), number + 1));
        }
    }
    blocks
}

/// A description around a part, and whether a warning about it counts: what an example leaves unused is not its subject.
fn around(language: &str, text: &str) -> Option<(String, bool)> {
    let has = |word: &str| text.lines().any(|line| line.trim_start().starts_with(word));
    let unless = |word: &str, line: &str| if has(word) { String::new() } else { format!("    {line}\n") };
    let network = |head: &str, inside: &str| {
        format!(
            "{head}\nnetwork example {{\n{inside}    input 3 x 64 x 64\n    stem cifar(16)\n    stage basic(16)\n}}\n"
        )
    };
    Some(match language {
        "toml" | "resnet" => (text.to_owned(), true),
        "resnet,definitions" => (network(text, &unless("use dialect", "use dialect torchvision")), true),
        "resnet,network" => {
            let rest = [
                unless("use dialect", "use dialect torchvision"),
                unless("input", "input 3 x 64 x 64"),
                unless("stem", "stem cifar(16)"),
                unless("stage", "stage basic(16)"),
            ];
            (format!("network example {{\n{text}\n{}}}\n", rest.concat()), false)
        }
        "resnet,statements" => {
            let block = format!(
                "block example(filters: channels = 16, stride: integer(1..8) = 1, sizes: numbers = [16, 16], \
                 drop_path: float(0..1) = 0.1, gate: block(reduction) = se) {{\n{text}\n}}"
            );
            (network(&block, "    use dialect torchvision\n    stage example(16)\n"), false)
        }
        "resnet,true" => {
            let requires = |line: &str| match line.split("//").next().unwrap().trim() {
                "" => String::new(),
                line => format!("require {line} else \"it does not hold\"\n"),
            };
            let block = format!("block example() {{\n{}\n}}", text.lines().map(requires).collect::<String>());
            (network(&block, "    use dialect torchvision\n    stage example()\n"), false)
        }
        _ => return None,
    })
}

#[test]
fn every_example_of_the_pages_compiles() {
    let mut examples = 0;
    for page in PAGES {
        for (language, text, line) in fenced(page) {
            let Some((text, is_whole)) = around(&language, &text) else {
                assert!(!language.starts_with("resnet") && language != "toml", "{page}:{line}: {language}");
                continue;
            };
            examples += 1;
            let form = language.split(',').next().unwrap();
            let source = Source::new(format!("{page}:{line}.{form}"), text);
            let report = resnetc::compile(&source).map_or_else(|report| report, |network| network.warnings);
            let said = if is_whole { !report.is_empty() } else { report.has_errors() };
            assert!(!said, "{page}:{line}\n{}", render::text(&report, &source, false));
            // What is shown is laid out as `resnetc fmt` does.
            if language == "resnet" || language == "resnet,definitions" {
                let written = fenced(page).into_iter().find(|(.., at)| *at == line).unwrap().1 + "\n";
                let laid_out =
                    resnetc::front::dsl::format(&Source::new("x.resnet", &written), &mut Report::default()).unwrap();
                assert_eq!(laid_out, written, "{page}:{line} is not laid out");
            }
        }
    }
    assert!(examples >= 20, "{examples} examples");
}

/// A parameter as its text says it: type and default.
fn declared(text: &str, parameter: &Parameter) -> (String, String) {
    let line = text[parameter.name.span.range().start..].lines().next().unwrap().trim_end_matches(',');
    let rest = &line[parameter.name.value.len()..];
    let (kind, default) = rest.split_once(" = ").unwrap_or((rest, ""));
    (kind.trim_start_matches(": ").to_owned(), default.to_owned())
}

/// What the comments directly before `start` say, on one line.
fn comment(text: &str, start: usize, marker: &str) -> String {
    let before: Vec<_> = text[..start].lines().collect();
    let item = before.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |at| at + 1);
    let lines: Vec<_> = before[..item]
        .iter()
        .rev()
        .skip(1)
        .take_while(|line| line.starts_with(marker))
        .map(|line| line[marker.len()..].trim())
        .collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" ")
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) }
}

/// Rows for a signature: one that says what it is, and one for each parameter.
fn rows(text: &str, signature: &Signature, marker: &str) -> String {
    // The name stands behind its keyword, on the line that the comment precedes.
    let start = signature.name.span.range().end;
    let mut out = String::new();
    let _ = writeln!(out, "| `{}` | | | | {} |", signature.name.value, comment(text, start, marker));
    for parameter in &signature.parameters {
        let (kind, default) = declared(text, parameter);
        let _ = writeln!(
            out,
            "| | `{}` | {} | {} | {} |",
            parameter.name.value,
            code(&kind),
            code(&default),
            parameter.meaning
        );
    }
    out
}

const COLUMNS: &str = "parameter | type | default | meaning |\n| --- | --- | --- | --- | --- |\n";

/// The lists of the reference, by the name of their section.
fn lists() -> Vec<(&'static str, String)> {
    let layer =
        |name: &str| rows(&read(&format!("library/layers/{name}.resnet")), library::layer(name).unwrap(), "///");
    let layers: String = library::layer_names().map(layer).collect();
    let blocks = |place: Place, folder: &str| -> String {
        let row = |name: &str| {
            let in_folder = path("library").join(folder).join(name).with_extension("resnet");
            let text =
                std::fs::read_to_string(in_folder).unwrap_or_else(|_| read(&format!("library/parts/{name}.resnet")));
            rows(&text, &library::find(name).unwrap().signature, "//")
        };
        format!("| block | {COLUMNS}{}", library::names(place).map(row).collect::<String>())
    };
    vec![
        ("layers", format!("| layer | {COLUMNS}{layers}")),
        ("stems", blocks(Place::Stem, "stems")),
        ("blocks", blocks(Place::Stage, "blocks")),
        ("heads", blocks(Place::Head, "heads")),
        ("parts", blocks(Place::Part, "parts")),
    ]
}

/// The table between `<!-- NAME -->` and `<!-- / -->`.
pub fn list_of<'p>(page: &'p str, name: &str) -> &'p str {
    let begin = format!("<!-- {name} -->\n\n");
    let (_, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("the reference has no list of {name}"));
    rest.split_once("\n<!-- / -->").unwrap().0
}

#[test]
fn the_reference_lists_what_the_library_declares() {
    let mut page = read(REFERENCE);
    for (name, list) in lists() {
        let written = list_of(&page, name).to_owned();
        if written != list && std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            page = page.replace(&written, &list);
            std::fs::write(path(REFERENCE), &page).unwrap();
        } else {
            assert_eq!(written, list, "the list of {name}; `INSTA_UPDATE=always` writes it");
        }
    }
}

/// The cells of a table's rows, without those of its head.
pub fn cells(table: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    table.lines().skip(2).map(cells).collect()
}

#[test]
fn the_reference_has_every_choice_of_every_dialect() {
    let page = read(REFERENCE);
    let rows = cells(list_of(&page, "dialects"));
    let written: Vec<_> = rows.iter().map(|row| row[0].clone()).collect();
    let expected: Vec<_> = dialect::names().filter(|name| *name != "source").collect();
    assert_eq!(written, expected);
    for row in rows {
        for (name, value) in dialect::NAMES.iter().zip(&row[2..]) {
            let found = dialect::value(&dialect::find(name).unwrap(), &row[0]).unwrap();
            assert_eq!(*value, found.to_string(), "{} of {name}", row[0]);
        }
    }
}

#[test]
fn the_reference_has_every_function() {
    let page = read(REFERENCE);
    let written: Vec<_> = cells(list_of(&page, "functions")).into_iter().map(|row| row[0].clone()).collect();
    let expected: Vec<_> = resnetc::lang::function::ALL.iter().map(|function| function.form.replace('`', "")).collect();
    assert_eq!(written, expected);
}

#[test]
fn the_reference_has_the_limits_of_the_compiler() {
    let page = read(REFERENCE);
    let written: Vec<_> =
        cells(list_of(&page, "limits")).into_iter().map(|row| (row[1].clone(), row[2].clone())).collect();
    let expected = [
        (limits::SOURCE_BYTES as u64, "E0601"),
        (limits::TOKENS as u64, "E0601"),
        (limits::LINE as u64, "E0601"),
        (limits::PARTS as u64, "E0601"),
        (limits::TEXT as u64, "E0601"),
        (limits::NAMES as u64, "E0601"),
        (limits::TABLES as u64, "E0601"),
        (limits::ROWS as u64, "E0601"),
        (limits::NESTING as u64, "E0602"),
        (limits::CALLS as u64, "E0602"),
        (limits::CHAIN as u64, "E0602"),
        (limits::OPERANDS as u64, "E0602"),
        (limits::NODES as u64, "E0603"),
        (limits::BLOCKS, "E0604"),
        (limits::CHANNELS, "E0605"),
        (limits::FEATURES, "E0605"),
        (limits::SIDE, "E0606"),
        (limits::VALUES as u64, "E0608"),
        (limits::FIRST_WORK as u64, "E0608"),
        (limits::WORK as u64, "E0608"),
        (limits::NETWORK_WORK as u64, "E0608"),
        (limits::PLACES as u64, "E0205"),
    ];
    let thousands = |number: u64| {
        let digits = number.to_string();
        let groups: Vec<_> =
            digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
        groups.join(",")
    };
    assert_eq!(written, expected.map(|(number, code)| (thousands(number), code.to_owned())));
}

#[test]
fn numbers_are_compared_as_numbers_are() {
    let holds = "
0 * -0.5 == 0 and 0 == -0.0 and not (0 * -0.5 < 0) and not (-0.0 != 0.0)
[0 * -0.5] == [0] and [[1], 2] == [[1], 2.0] and [1, 2] != [1, 3] and [1] != [1, 2]
min(9007199254740993, 9007199254740992) == 9007199254740992
max(9007199254740992, 9007199254740993) == 9007199254740993
9007199254740993 > 9007199254740992.0 and 9007199254740993 != 9007199254740992.0
1e300 > 170141183460469231731687303715884105727 and -1e300 < -170141183460469231731687303715884105727
max(1, 2.5) == 2.5 and min(-1, -1.5) == -1.5 and 2 < 2.5 and -2 > -2.5 and 3 >= 3.0 and 3 <= 3.0
";
    let (text, _) = around("resnet,true", holds).unwrap();
    let source = Source::new("numbers.resnet", text);
    if let Err(report) = resnetc::compile(&source) {
        panic!("{}", render::text(&report, &source, false));
    }
}

#[test]
fn definitions_in_toml_begin_where_toml_says() {
    let rest = "[input]\nchannels = 3\nsize = [32, 32]\n[stem]\nkind = \"cifar\"\nfilters = 16\n\
                [[stage]]\nkind = \"own\"\nfilters = 16\nblocks = 1\n";
    let own = "block own(filters: channels) { conv 3x3 (filters) }";
    for (before, quotes) in
        [("", "'"), ("", "'''"), ("\n", "'''"), ("\n\n", "'''"), ("\n\n\n ", "'''"), ("\n\n", "\"\"\"")]
    {
        let text =
            format!("name = \"tiny\"\ndialect = \"torchvision\"\ndefinitions = {quotes}{before}{own}{quotes}\n{rest}");
        for text in [text.replace('\n', "\r\n"), text] {
            let source = Source::new("tiny.toml", text);
            if let Err(report) = resnetc::compile(&source) {
                panic!("{}", render::text(&report, &source, false));
            }
        }
    }
}

#[test]
fn the_reserved_words_are_those_of_the_grammar() {
    let grammar = read("grammar/resnet.pest");
    let rule = grammar.lines().find_map(|line| line.strip_prefix("reserved = @{ ")?.strip_suffix(" }")).unwrap();
    let words: Vec<_> = rule.split(" | ").map(|word| word.trim_matches('"')).collect();
    assert_eq!(words, resnetc::lang::RESERVED);
}

#[test]
fn a_chain_of_extends_has_as_many_links_as_the_reference_says() {
    let compile = |links: usize, what: &str, last: &str| {
        let mut text = format!("{what} own0 extends {last} {{ }}\n");
        for link in 1..links {
            let _ = writeln!(text, "{what} own{link} extends own{} {{ }}", link - 1);
        }
        let end = format!("own{}", links - 1);
        let dialect = if what == "names" {
            let _ = writeln!(text, "dialect own extends torchvision {{ names = {end} }}");
            "own"
        } else {
            &end
        };
        let network = "{ input 3 x 32 x 32 stem cifar(16) stage basic(16) }";
        let source = Source::new("chain.resnet", format!("use dialect {dialect}\n{text}network tiny {network}\n"));
        resnetc::compile(&source).map(|_| ()).map_err(|report| report.diagnostics()[0].code.number())
    };
    for what in ["dialect", "names"] {
        assert_eq!(compile(limits::CHAIN, what, "torchvision"), Ok(()), "{what}");
        assert_eq!(compile(limits::CHAIN + 1, what, "torchvision"), Err("E0602"), "{what}");
        assert_eq!(compile(3, what, "own2"), Err("E0217"), "{what}");
    }
}
