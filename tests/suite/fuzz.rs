//! No input makes the compiler panic, hang, or print without end.

use proptest::prelude::*;
use resnetc::Options;
use resnetc::diagnostic::{Code, Report, render};
use resnetc::source::Source;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Compiles `text` and renders what is wrong with it in every form.
fn survive(text: &str) -> Result<(), Report> {
    let source = Source::new("fuzz.toml", text);
    let begun = Instant::now();
    // Few nodes: what is tested is the way from the text to the graph, not how long a large graph takes.
    let result = resnetc::compile_with(&source, &Options { limit: 2_000, ..Options::default() }).map(drop);
    if let Err(report) = &result {
        let plain = render::text(report, &source, false);
        let styled = render::text(report, &source, true);
        assert!(!plain.is_empty() && styled.len() >= plain.len());
        assert!(plain.len() < 400_000, "{} bytes of answer", plain.len());
        assert!(!plain.chars().any(|c| c.is_control() && c != '\n'), "control characters reach the terminal:\n{plain}");
        for diagnostic in report.diagnostics() {
            if let Some(fix) = &diagnostic.fix {
                let _ = fix.apply(&source);
            }
        }
        let json = render::json(report, &source).to_string();
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?} for {} bytes", begun.elapsed(), text.len());
    result
}

fn only_code(text: &str) -> Code {
    let report = survive(text).unwrap_err();
    assert_eq!(report.diagnostics().len(), 1);
    report.diagnostics()[0].code
}

/// The descriptions that ship.
fn architectures() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("architectures");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "1e308",
    "-0.0",
    "nan",
    "inf",
    "0x7fff_ffff",
    "0b11",
    "1_000_000",
    "65536",
    "1048576",
    "10000",
    "\"3\"",
    "[]",
    "[1, 2, 3]",
    "{}",
    "true",
    "1979-05-27",
    "''",
    "3.0",
];

const SPLICES: &[&str] = &[
    "\u{feff}",
    "\u{202e}",
    "\u{0}",
    "\u{7f}",
    "\u{1b}[31m",
    "é",
    "漢字",
    "👩‍👩‍👧",
    "e\u{301}",
    "\t",
    "\r",
    "\r\n",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    "==",
    ".",
    ",",
    "#",
    "\\",
    "\\u0000",
    "\n",
    "\n\n",
    " ",
    "\u{a0}",
    "\u{2028}",
];

/// One change to a text.
#[derive(Debug, Clone)]
enum Mutation {
    Delete(prop::sample::Index),
    Duplicate(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Number(prop::sample::Index, &'static str),
    Splice(prop::sample::Index, &'static str),
    Erase(prop::sample::Index),
    Misspell(prop::sample::Index),
    CarriageReturns,
    Truncate(prop::sample::Index),
}

impl Mutation {
    fn apply(&self, text: &str) -> String {
        let mut lines: Vec<_> = text.split('\n').map(str::to_owned).collect();
        let count = lines.len();
        let character = |at: &prop::sample::Index| text.floor_char_boundary(at.index(text.len() + 1));
        match self {
            Self::Delete(at) => drop(lines.remove(at.index(count))),
            Self::Duplicate(at) => lines.insert(at.index(count), lines[at.index(count)].clone()),
            Self::Swap(left, right) => lines.swap(left.index(count), right.index(count)),
            Self::Number(at, number) => {
                let line = &mut lines[at.index(count)];
                if let Some((key, _)) = line.split_once('=') {
                    *line = format!("{key}= {number}");
                }
            }
            Self::Splice(at, splice) => {
                let at = character(at);
                return format!("{}{splice}{}", &text[..at], &text[at..]);
            }
            Self::Erase(at) => {
                let at = character(at);
                return text[..at].chars().chain(text[at..].chars().skip(1)).collect();
            }
            Self::Misspell(at) => {
                let mut characters: Vec<_> = text.chars().collect();
                if characters.len() > 1 {
                    let at = at.index(characters.len() - 1);
                    characters.swap(at, at + 1);
                }
                return characters.into_iter().collect();
            }
            Self::CarriageReturns => return text.replace('\n', "\r\n"),
            Self::Truncate(at) => return text[..character(at)].to_owned(),
        }
        lines.join("\n")
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    use any as index;
    type Index = prop::sample::Index;
    prop_oneof![
        1 => index::<Index>().prop_map(Mutation::Delete),
        1 => index::<Index>().prop_map(Mutation::Duplicate),
        1 => (index::<Index>(), index::<Index>()).prop_map(|(left, right)| Mutation::Swap(left, right)),
        4 => (index::<Index>(), prop::sample::select(NUMBERS)).prop_map(|(at, number)| Mutation::Number(at, number)),
        2 => (index::<Index>(), prop::sample::select(SPLICES)).prop_map(|(at, splice)| Mutation::Splice(at, splice)),
        1 => index::<Index>().prop_map(Mutation::Erase),
        2 => index::<Index>().prop_map(Mutation::Misspell),
        1 => Just(Mutation::CarriageReturns),
        1 => index::<Index>().prop_map(Mutation::Truncate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in ".{0,200}") {
        let _ = survive(&text);
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = survive(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_soup_of_toml_is_answered(
        words in prop::collection::vec(prop::sample::select([
            "name", "dialect", "depth", "input", "stem", "block", "stage", "head", "kind", "filters", "blocks", "=",
            "[", "]", "[[", "]]", "{", "}", ",", ".", "\n", "\"basic\"", "\"cifar\"", "\"keras\"", "50", "-1", "\"", " ",
        ].as_slice()), 0..60)
    ) {
        let _ = survive(&words.concat());
    }

    #[test]
    fn any_mutation_of_an_architecture_is_answered(
        which in any::<prop::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let shipped = architectures();
        let text = &shipped[which.index(shipped.len())];
        let _ = survive(&mutations.iter().fold(text.clone(), |text, mutation| mutation.apply(&text)));
    }

    #[test]
    fn any_mutation_of_two_blocks_and_a_head_is_answered(mutations in prop::collection::vec(mutation(), 1..6)) {
        let _ = survive(&mutations.iter().fold(SMALL.to_owned(), |text, mutation| mutation.apply(&text)));
    }
}

const SMALL: &str = "name = \"tiny\"
dialect = \"keras\"
[input]
channels = 3
size = [17, 40]
[stem]
kind = \"imagenet\"
filters = 8
[block]
kind = \"bottleneck\"
shortcut = \"A\"
groups = 2
width_per_group = 64
expansion = 2
dilation = 2
zeros = \"split\"
[[stage]]
filters = 8
blocks = 2
stride = 1
[[stage]]
kind = \"vgg\"
filters = 16
blocks = 1
norm = true
stride = 2
[[stage]]
kind = \"plain\"
shortcut = \"none\"
filters = 16
blocks = 1
[head]
pool = \"avg\"
pool_size = [2, 2]
hidden = [32, 16]
dropout = 0.5
classes = 10
activation = \"softmax\"
[expect]
macs = 1
[budget]
max_memory = 1
";

#[test]
fn deep_nesting_is_refused_at_once() {
    let begun = Instant::now();
    let dotted = "a.".repeat(100_000) + "a = 1";
    let inline = "x = ".to_owned() + &"{ a = ".repeat(100_000);
    let mixed = "x = ".to_owned() + &"{ a.a.a.a.a.a.a.a = [".repeat(40_000);
    let header = format!("[{}a]", "a.".repeat(100_000));
    let lines = "x = [\n".repeat(100_000);
    for text in ["[".repeat(100_000), dotted, inline, mixed, header, lines] {
        assert_eq!(only_code(&text), Code::TooDeep, "{}", &text[..40]);
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn brackets_that_do_not_nest_are_not_counted() {
    let head = "name = \"t\"\ndialect = \"torchvision\"\ndepth = 18\n";
    let comment = format!("{head}# {}\n", "[".repeat(100_000));
    let string = head.replace("name = \"t\"", &format!("name = \"t\" # \"{}\"", "{".repeat(1000)));
    assert!(survive(&comment).is_ok());
    assert!(survive(&string).is_ok());
    // A string of brackets is a bad name, and nothing worse.
    assert_eq!(only_code(&head.replace("\"t\"", &format!("'''\n{}'''", "[".repeat(1000)))), Code::BadName);
    let stages = "[[stage]]\nkind = \"plain\"\nfilters = 8\nblocks = 1\n".repeat(300);
    let many = format!(
        "name = \"t\"\ndialect = \"torchvision\"\ninput = {{ channels = 3, size = [8, 8] }}\n[stem]\nkind = \"none\"\n{stages}"
    );
    assert!(survive(&many).is_ok());
}

#[test]
fn the_deepest_nesting_that_is_allowed_needs_little_stack() {
    let level = |count: usize| format!("{}a", "a.".repeat(count));
    let text = format!("[{}]\n{} = {}1{}", level(60), level(60), "[".repeat(60), "]".repeat(60));
    let small = std::thread::Builder::new().stack_size(512 * 1024).spawn(move || survive(&text).is_err());
    assert!(small.unwrap().join().unwrap());
}

#[test]
fn a_megabyte_on_one_line_is_not_printed() {
    let head = "name = \"t\"\ndialect = \"torchvision\"\ndepth = 18\n";
    let wide = "漢".repeat(200_000);
    let texts = [
        format!("{head}\"{wide}\" = 1"),
        format!("{head}{} = 1", "x".repeat(900_000)),
        head.replace("\"t\"", &format!("\"{wide}\"")),
        head.replace("\"torchvision\"", &format!("\"{wide}\"")),
        format!("{head}x = \"{}\" y", "a".repeat(900_000)),
        format!("{head}{}x = 1", "\t".repeat(900_000)),
        format!("{head}[block]\nkind = \"{wide}\""),
    ];
    for text in texts {
        let source = Source::new("wide.toml", &text);
        let report = resnetc::compile(&source).unwrap_err();
        let answer = render::text(&report, &source, false);
        assert!(answer.len() < 5_000, "{} bytes: {}", answer.len(), answer.chars().take(300).collect::<String>());
        assert!(render::json(&report, &source).to_string().len() < 5_000);
    }
}

#[test]
fn a_description_above_the_limit_is_refused_and_one_at_it_is_not() {
    let head = "name = \"t\"\ndialect = \"torchvision\"\ndepth = 18\n#";
    let filled = |bytes: usize| format!("{head}{}", "x".repeat(bytes - head.len()));
    assert!(survive(&filled(resnetc::limits::SOURCE_BYTES)).is_ok());
    assert_eq!(only_code(&filled(resnetc::limits::SOURCE_BYTES + 1)), Code::SourceTooLarge);
}

#[test]
fn a_hundred_diagnostics_are_kept_and_the_others_counted() {
    let keys: String = (0..20_000).map(|number| format!("key{number} = 1\n")).collect();
    let text = format!("name = \"t\"\ndialect = \"torchvision\"\ndepth = 18\n{keys}[block]\n{keys}");
    let report = survive(&text).unwrap_err();
    assert_eq!(report.diagnostics().len(), Report::LIMIT);
    assert_eq!(report.dropped(), 40_000 - Report::LIMIT);
}

#[test]
fn a_megabyte_of_mistakes_is_answered_in_time() {
    for line in ["=\n", "[[stage]]\n", "[stage\n", "a = [\n]\n", "x = \"\n", "\"\"\"\n", "hidden = [0]\n", "é\n", "\r"]
    {
        let _ = survive(&line.repeat(resnetc::limits::SOURCE_BYTES / 4 / line.len()));
    }
}
