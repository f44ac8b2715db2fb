//! Hostile descriptions: each is answered with a clear error, at once, and none with a panic.
//!
//! That an answer takes less than 50 ms is measured by hand: a test that looks at the clock fails on a busy machine.

use proptest::prelude::*;
use resnetc::diagnostic::{Code, Diagnostic, Report, render};
use resnetc::source::Source;
use resnetc::{Options, back};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// A network whose stage is `stage`, with `more` inside it and `items` behind it.
fn network(stage: &str, more: &str, items: &str) -> String {
    format!(
        "use dialect torchvision\n\nnetwork hostile {{\n    input 3 x 32 x 32\n    stem cifar(8)\n    stage {stage}\n    \
         head classifier(10, pool = avg)\n{more}}}\n{items}\n"
    )
}

/// A network of one block, `own`, of these statements.
fn block(statements: &str) -> String {
    network("own()", "", &format!("\nblock own() {{\n{statements}\n}}"))
}

/// A network of statements.
fn inside(statements: &str) -> String {
    network("basic(8)", statements, "")
}

fn times(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

/// `let` after `let`, each of the one before it.
fn chain(length: usize, first: &str, next: impl Fn(&str) -> String, last: &str) -> String {
    let lets = times(length, |at| format!("    let a{} = {}\n", at + 1, next(&format!("a{at}"))));
    block(&format!("    let a0 = {first}\n{lets}    {}", last.replace("LAST", &format!("a{length}"))))
}

/// Blocks that each call the next, `length` of them.
fn calls(length: usize, body: impl Fn(&str) -> String, last: &str) -> String {
    let blocks = times(length, |at| format!("block b{at}() {{ {} }}\n", body(&format!("b{}()", at + 1))));
    network("b0()", "", &format!("{blocks}block b{length}() {{ {last} }}"))
}

const MIB: usize = 1 << 20;
/// 10^30, which is more than 64 bits, and 10^50, which is more than 128.
const HUGE: &str = "1000000000000000000000000000000";
const HUGER: &str = "100000000000000000000000000000000000000000000000000";

/// Descriptions, each with the code of its only error and something that the answer says.
fn cases() -> Vec<(&'static str, String, &'static str, &'static str)> {
    let parentheses = |count: usize| format!("{}1{}", "(".repeat(count), ")".repeat(count));
    let terms = |count: usize| vec!["1"; count].join(" + ");
    let two = "block pair(left = none, right = none) { if left != none and right != none { act } }\n";
    vec![
        // Nesting and length.
        ("parentheses", inside(&format!("    let a = {}\n", parentheses(100_000))), "E0601", "a line has 200013 bytes"),
        (
            "parentheses_on_lines",
            inside(&format!("    let a = {}\n", "(\n".repeat(100_000))),
            "E0602",
            "64 levels deep",
        ),
        ("parentheses_65", inside(&format!("    let a = {}\n", parentheses(65))), "E0602", "64 levels deep"),
        ("braces", block(&format!("{}{}", "x {\n".repeat(9_000), "}\n".repeat(9_000))), "E0602", "64 levels deep"),
        (
            "terms",
            inside(&format!("    let a = {}\n", terms(100_000).replace("+ ", "+\n"))),
            "E0601",
            "40000 words and signs",
        ),
        ("terms_251", inside(&format!("    let a = {}\n", terms(251))), "E0602", "more than 250 operands"),
        ("minuses", block(&format!("    let a = {}1", "- ".repeat(4_000))), "E0102", "`-` cannot stand here"),
        ("a_long_line", inside(&format!("    // {}\n", "x".repeat(100_000))), "E0601", "a line has 100007 bytes"),
        ("arguments", block(&format!("    conv 3x3 ({})", vec!["1"; 300].join(", "))), "E0601", "more than 256 parts"),
        (
            "a_long_text",
            block(&format!("    require 1 > 2 else \"{}\"", "x".repeat(1_000))),
            "E0601",
            "a text has 1000 bytes",
        ),
        (
            "variables",
            block(&times(300, |at| format!("    let a{at} = 1\n    conv 1x1 (a{at})\n"))),
            "E0601",
            "more than 256 names",
        ),
        (
            "variables_of_a_network",
            inside(&times(300, |at| format!("    let a{at} = 1\n"))),
            "E0601",
            "more than 256 names",
        ),
        (
            "own_blocks",
            network("b0()", "", &times(10_000, |at| format!("block b{at}() {{ act }}\n"))),
            "E0601",
            "words and signs",
        ),
        (
            "dialects",
            network("basic(8)", "", &times(65, |at| format!("dialect d{at} extends torchvision {{ }}\n"))),
            "E0601",
            "65 dialects",
        ),
        (
            "ten_megabytes",
            inside(&format!("    // {}\n", "x".repeat(76)).repeat(10 * MIB / 84)),
            "E0601",
            "1048576 bytes",
        ),
        // What grows exponentially.
        (
            "a_list_that_doubles",
            chain(60, "[1]", |a| format!("[{a}, {a}]"), "conv 3x3 (LAST)"),
            "E0608",
            "more than 1000 values",
        ),
        (
            "lists_that_are_compared",
            chain(60, "[1]", |a| format!("[{a}, {a}]"), "if LAST == LAST { act }"),
            "E0608",
            "more than 1000 values",
        ),
        (
            "a_block_that_doubles",
            chain(60, "pair", |a| format!("pair({a}, {a})"), "conv 3x3 (LAST)") + two,
            "E0608",
            "more than 1000 values",
        ),
        (
            "a_text_that_doubles",
            chain(60, "\"x\"", |a| format!("{a} + {a}"), "conv 3x3 (LAST)"),
            "E0202",
            "`x` is a word",
        ),
        ("a_number_that_squares", chain(60, "2", |a| format!("{a} * {a}"), "conv 3x3 (LAST)"), "E0216", "too large"),
        ("blocks_that_call_two", calls(30, |next| format!("{next} {next}"), ""), "E0608", "too many steps"),
        ("blocks_that_call_two_and_add", calls(30, |next| format!("{next} {next}"), "act"), "E0603", "100000 nodes"),
        (
            "joins_of_two",
            calls(30, |next| format!("join add {{ a {{ {next} }} b {{ {next} }} }}"), "act"),
            "E0603",
            "100000 nodes",
        ),
        ("blocks_in_blocks", calls(40, str::to_owned, "act"), "E0602", "32 levels deep"),
        // Repetition.
        ("repetitions", block("    for i in 0..1000000000000 { act }"), "E0608", "1000000000000 repetitions"),
        (
            "repetitions_of_nothing",
            block("    for i in 0..1000 { for j in 0..1000 { for k in 0..1000 { } } }"),
            "E0608",
            "too many steps",
        ),
        ("blocks_of_a_stage", network("basic(8) * 1000000000000", "", ""), "E0604", "1000000000000"),
        ("blocks_of_a_stage_more", network(&format!("basic(8) * {HUGE}"), "", ""), "E0205", HUGE),
        ("stages", network("basic(8)", &"    stage basic(8) * 10000\n".repeat(11), ""), "E0603", "110001 blocks"),
        // Overflow.
        ("beyond_64_bits", block("    conv 3x3 (9223372036854775808)"), "E0605", "9223372036854775808"),
        ("beyond_64_bits_below", block("    conv 3x3 (-9223372036854775809)"), "E0205", "-9223372036854775809"),
        ("beyond_64_bits_by_far", block(&format!("    conv 3x3 ({HUGE})")), "E0605", HUGE),
        ("beyond_128_bits", block(&format!("    conv 3x3 ({HUGER})")), "E0205", "too large"),
        ("an_argument_beyond_64_bits", network(&format!("basic({HUGE})"), "", ""), "E0605", HUGE),
        (
            "a_product_beyond_128_bits",
            block("    let a = 9223372036854775808\n    let b = a * a * a\n    conv 3x3 (b)"),
            "E0216",
            "too large",
        ),
        ("a_sum_beyond_a_fraction", block("    let a = 1e308 * 10\n    conv 3x3 (a)"), "E0216", "too large"),
        ("a_fraction_without_end", block("    conv 3x3 (1e999)"), "E0205", "too large"),
        ("division_by_zero", block("    conv 3x3 (8 / (channels - channels))"), "E0216", "zero"),
        ("a_side", network("basic(8)", "", "").replace("3 x 32 x 32", &format!("3 x {HUGE} x 32")), "E0205", HUGE),
        ("a_size", block("    conv 99999999999999999999x3 (8)"), "E0205", "99999999999999999999"),
        ("a_unit", block("    unit 4294967296 { act }"), "E0205", "4294967296"),
        // Blocks as arguments of themselves.
        ("itself", network("apply(apply)", "", "block apply(f: block(f)) { f(f) }"), "E0602", "32 levels deep"),
        (
            "itself_twice",
            network("apply(apply)", "", "block apply(f: block(f)) { f(f) f(f) }"),
            "E0602",
            "32 levels deep",
        ),
        ("its_own_default", network("own()", "", "block own(f: block() = own) { f() }"), "E0217", "calls itself"),
        // Letters.
        ("cyrillic", inside("").replace("stage", "st\u{430}ge"), "E0102", "letters of other alphabets"),
        ("full_width", inside("").replace("3 x", "\u{ff13} x"), "E0102", "letters of other alphabets"),
        ("zero_width", inside("").replace("stage", "sta\u{200b}ge"), "E0102", "\\u{200b}"),
        ("right_to_left", inside("").replace("stage", "\u{202e}stage"), "E0102", "\\u{202e}"),
        ("right_to_left_text", block("    require 1 > 2 else \"\u{202e}evil\u{1b}[31m\""), "E0218", "evil"),
        ("combining", inside("").replace("basic", "basi\u{301}c"), "E0102", "\\u{301}"),
        ("no_break_space", inside("").replace("stage ", "stage\u{a0}"), "E0102", "\\u{a0}"),
        ("nul", inside("").replace("stage", "st\0age"), "E0102", "\\0"),
        ("carriage_returns", inside("").replace("basic", "basik").replace('\n', "\r\n"), "E0204", "`basik`"),
        // What does not end.
        ("text", block("    require 1 > 2 else \"never"), "E0102", "never closed"),
        ("comment", inside("    /* no comment\n"), "E0102", "`/`"),
        ("bracket", block("    conv 3x3 (8"), "E0102", "never closed"),
        ("nothing", String::new(), "E0203", "no network"),
        ("only_space", " \n".repeat(MIB / 2), "E0203", "no network"),
    ]
}

fn compile(name: &str, text: &str) -> (Source, Report) {
    let source = Source::new(format!("{name}.resnet"), text);
    let report = match resnetc::compile(&source) {
        Ok(network) => network.warnings,
        Err(report) => report,
    };
    (source, report)
}

#[test]
fn every_hostile_description_is_answered_clearly() {
    let (mut answers, mut wrong) = (String::new(), String::new());
    for (name, text, code, says) in cases() {
        let (source, report) = compile(name, &text);
        let answer = render::text(&report, &source, false);
        let errors: Vec<_> =
            report.diagnostics().iter().map(|error| error.code.number()).filter(|code| code.starts_with('E')).collect();
        if !(errors.contains(&code) && answer.contains(says)) {
            let _ = writeln!(wrong, "{name}: expected {code}, {says}\n{answer}");
        }
        assert!(answer.len() < 10_000, "{name}: {} bytes", answer.len());
        assert!(!answer.chars().any(|letter| letter.is_control() && letter != '\n'), "{name}: {answer:?}");
        let _ = writeln!(answers, "{}\n{name}\n\n{}\n", "-".repeat(40), answer.trim_end());
    }
    assert!(wrong.is_empty(), "{wrong}");
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("answers", answers) });
}

#[test]
fn a_hundred_warnings_do_not_refuse_a_description_and_hide_no_error() {
    let unused = |more: &str| block(&(times(200, |at| format!("    let a{at} = 1\n")) + more));
    let (_, report) = compile("warnings", &unused("    act"));
    assert!(!report.has_errors() && report.dropped() == 100);
    let (_, report) = compile("warnings", &unused("    cnv 3x3 (8)"));
    assert!(report.has_errors());
    let errors = report.diagnostics().iter().filter(|error| error.code.number() == "E0213").count();
    assert_eq!(errors, 1);
}

#[test]
fn a_flood_of_errors_is_counted() {
    for text in [";\n".repeat(19_000), "}\n".repeat(19_000), block(&"    conv 3x3 (8 8)\n".repeat(3_000))] {
        let (source, report) = compile("flood", &text);
        assert_eq!(report.diagnostics().len(), Report::LIMIT);
        assert!(report.dropped() > 2_000, "{}", report.dropped());
        assert!(render::text(&report, &source, false).len() < 60_000);
    }
}

#[test]
fn a_byte_order_mark_and_carriage_returns_change_nothing() {
    let text = inside("");
    for other in [format!("\u{feff}{text}"), text.replace('\n', "\r\n"), format!("{text}// \0 \u{202e}")] {
        let (source, report) = compile("marks", &other);
        assert!(report.is_empty(), "{}", render::text(&report, &source, false));
    }
}

/// Keywords of Rust and Python, and names that generated code uses: a block, a branch and a role may be called so.
const WORDS: &[&str] = &[
    "A", "Block", "Config", "Model", "Module", "None", "Option", "Self", "Some", "Tensor", "True", "Vec", "abstract",
    "async", "backend", "burn", "class", "crate", "def", "dyn", "float", "fn", "forward", "import", "init", "inputs",
    "int", "keras", "lambda", "layers", "list", "loop", "main", "match", "models", "move", "new", "ops", "print",
    "range", "ref", "self", "static", "std", "str", "super", "try", "type", "union", "where", "x", "yield",
];

fn named(word: &str) -> String {
    format!(
        "use dialect torchvision\n\nnetwork named {{\n    input 3 x 32 x 32\n    stem cifar(8)\n    stage {word}(8, {word} = 1)\n    \
         stage {word}(12, {word} = 2) * 2 stride 2\n    head classifier(10, pool = avg)\n}}\n\n\
         block {word}(filters: channels, stride: integer(1..4) = 1, {word}: channels = 1) {{\n    \
         let {word}_ = filters * {word}\n    join add as {word} {{\n        {word} {{ unit 1 {{ conv 3x3 ({word}_, stride) as {word} }} norm act }}\n        \
         skip {{ conv 1x1 ({word}_, stride) as projection }}\n    }}\n    act\n}}\n"
    )
}

#[test]
fn names_that_are_keywords_go_through_every_source_back_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut rust = Vec::new();
    for word in WORDS {
        let text = named(word).replace("network named", &format!("network named_{word}"));
        let source = Source::new(format!("{word}.resnet"), text);
        let network =
            resnetc::compile(&source).unwrap_or_else(|report| panic!("{}", render::text(&report, &source, false)));
        let keras = back::keras::emit(&network).unwrap_or_else(|error| panic!("{word}: {error:?}"));
        let burn = back::burn::emit(&network).unwrap_or_else(|error| panic!("{word}: {error:?}"));
        for file in keras.iter().chain(&burn) {
            let path = folder.path().join(&file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &file.text).unwrap();
            if path.ends_with("src/lib.rs") || path.ends_with("src/main.rs") {
                rust.push(path);
            }
        }
    }
    // Both languages read what was written; rustfmt follows `mod` to every file.
    crate::python::module("compileall", &["-q", "."], folder.path());
    let read = Command::new("rustfmt").args(["--check", "--edition", "2024"]).args(&rust).output().unwrap();
    let said = [read.stdout, read.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(read.status.success() && rust.len() == 2 * WORDS.len(), "{} files\n{said}", rust.len());
}

/// The texts that ship: descriptions and the library.
fn shipped() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["architectures", "library/blocks", "library/parts", "library/dialects", "tests/strangers"];
    let mut files: Vec<_> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|end| end == "resnet"))
        .collect();
    files.sort();
    files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// Words, numbers and signs of a text, with the white space between them.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let kind = |letter: char| match letter {
        letter if letter.is_alphanumeric() || letter == '_' => 0,
        letter if letter.is_whitespace() => 1,
        _ => 2,
    };
    for letter in text.chars() {
        match pieces.last_mut() {
            Some(last) if kind(letter) < 2 && last.chars().all(|known| kind(known) == kind(letter)) => {
                last.push(letter)
            }
            _ => pieces.push(letter.to_string()),
        }
    }
    pieces
}

#[derive(Debug, Clone)]
enum Change {
    Remove(prop::sample::Index),
    Repeat(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Replace(prop::sample::Index, &'static str),
}

/// What stands in for a piece.
const STRANGERS: &[&str] = &[
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "//",
    "..",
    "=",
    "==",
    ",",
    ".",
    "-1",
    "0",
    "0.5",
    "1e999",
    "99999999999999999999",
    "none",
    "true",
    "x",
    "join",
    "let",
    "if",
    "for",
    "unit",
    "block",
    "stage",
    "\u{430}",
    "\0",
    "basic",
    "stride",
    "*",
];

/// Whether a message points at a statement of the network.
fn is_at_a_call(text: &str, error: &Diagnostic) -> bool {
    let span = error.primary.span.range();
    let line = text.get(..span.start).and_then(|before| text.lines().nth(before.matches('\n').count()));
    let words = ["stem ", "stage ", "head ", "input "];
    span.end <= text.len() && line.is_some_and(|line| words.iter().any(|word| line.trim_start().starts_with(word)))
}

/// A place in the library's text would be shown in the description's.
#[test]
fn a_limit_is_reached_at_a_call_of_the_description() {
    for path in crate::describe::shipped() {
        let text = std::fs::read_to_string(&path).unwrap();
        // The calls of a network that has no blocks of its own.
        if path.extension().is_some_and(|ending| ending != "resnet") || text.contains("\nblock ") {
            continue;
        }
        let source = Source::new("limited.resnet", &text);
        // The input is none of the layers that the limit is of.
        let layers = resnetc::compile(&source).unwrap().order().len() - 1;
        for limit in (1..layers).step_by(7) {
            let report = resnetc::compile_with(&source, &Options { limit, ..Options::default() }).unwrap_err();
            let error = report.diagnostics()[0];
            assert_eq!(error.code, Code::TooManyNodes, "{error:?}");
            assert!(is_at_a_call(&text, error), "{}, {limit}: {error:?}", path.display());
        }
    }
}

/// And so it would be where the library refuses what it is told, or does not work out with it.
#[test]
fn what_the_library_refuses_is_refused_at_a_call_of_the_description() {
    use resnetc::library::{Place, find, names};
    let values = "1; 3; 7; 40; 1048576; 0.3; true; [3, 2]; se(reduction = 99); hierarchy(scale = 5); A; blur_pool";
    let (mut texts, mut refused) = (Vec::new(), 0);
    for (place, word) in [(Place::Stem, "stem"), (Place::Stage, "stage"), (Place::Head, "head")] {
        for block in names(place).filter_map(find) {
            let parameters = &block.signature.parameters;
            for parameter in parameters {
                for value in values.split("; ") {
                    let required = parameters.iter().filter(|other| other.default.is_none() && *other != parameter);
                    let required: String = required.map(|required| format!("{} = 16, ", required.name.value)).collect();
                    let call = format!("{}({required}{} = {value})", block.name(), parameter.name.value);
                    let mut lines =
                        ["stem cifar(16)".to_owned(), "stage basic(16)".to_owned(), "head classifier(5)".to_owned()];
                    let line = lines.iter_mut().find(|line| line.starts_with(word)).unwrap();
                    *line = format!("{word} {call}");
                    let lines = lines.join("\n");
                    texts.push(format!("use dialect keras\nnetwork n {{\ninput 3 x 33 x 30\n{lines}\n}}\n"));
                }
            }
        }
    }
    for text in texts {
        let (source, report) = compile("told", &text);
        for error in report.diagnostics() {
            assert!(is_at_a_call(&text, error), "{text}{error:?}");
        }
        refused += usize::from(!render::text(&report, &source, false).is_empty());
    }
    assert!(refused > 100, "only {refused}");
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        index().prop_map(Change::Remove),
        index().prop_map(Change::Repeat),
        (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
        (index(), prop::sample::select(STRANGERS)).prop_map(|(at, stranger)| Change::Replace(at, stranger)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut pieces = pieces(text);
    for change in changes {
        if pieces.is_empty() {
            break;
        }
        let count = pieces.len();
        match change {
            Change::Remove(at) => drop(pieces.remove(at.index(count))),
            Change::Repeat(at) => pieces.insert(at.index(count), pieces[at.index(count)].clone()),
            Change::Swap(one, other) => pieces.swap(one.index(count), other.index(count)),
            Change::Replace(at, stranger) => (*stranger).clone_into(&mut pieces[at.index(count)]),
        }
    }
    pieces.concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_text_is_a_network_or_has_errors_inside_it(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..5),
    ) {
        let texts = shipped();
        let mut text = changed(&texts[which.index(texts.len())], &changes);
        if !text.contains("network") {
            // A definition of the library, beside a network that uses something else.
            text.push_str("\nuse dialect torchvision\nnetwork around {\n    input 3 x 32 x 32\n    stem cifar(8)\n    stage basic(8)\n}\n");
        }
        let source = Source::new("damaged.resnet", &text);
        let options = Options { limit: 2_000, ..Options::default() };
        if let Err(report) = resnetc::compile_with(&source, &options) {
            prop_assert!(report.has_errors(), "{text}");
            for error in report.diagnostics() {
                let labels = std::iter::once(&error.primary).chain(&error.secondary);
                for label in labels {
                    prop_assert!(text.get(label.span.range()).is_some(), "{error:?}\n{text}");
                }
                prop_assert!(!error.message.is_empty() && !error.primary.text.is_empty(), "{error:?}");
            }
            let plain = render::text(&report, &source, false);
            prop_assert!(!plain.contains("stray_") && !plain.contains("kw_"), "{plain}");
            let _ = render::json(&report, &source).to_string();
        }
        let laid_out = resnetc::front::dsl::format(&source, &mut Report::default());
        if let Some(laid_out) = laid_out {
            let again = resnetc::front::dsl::format(&Source::new("again.resnet", &laid_out), &mut Report::default());
            prop_assert_eq!(again.as_deref(), Some(laid_out.as_str()));
        }
    }
}
