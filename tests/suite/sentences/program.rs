//! From the part of a description that a case shows to the description.
//!
//! | a program | is |
//! | --- | --- |
//! | `body: STATEMENTS`, `body(PARAMETERS): STATEMENTS` | the body of a block `own`, of which the network has one |
//! | `named: STATEMENTS` | the same under names that show addresses: label/role/unit/sequence |
//! | `under(ROWS): …` | the same, or items, under torchvision's table of names with these rows before its own |
//! | `with(CHOICES): …` | the same, or items, in torchvision's dialect with these choices |
//! | `arg TYPE: VALUE` | that value for a parameter of that type of such a block |
//! | `true: EXPRESSION` | an expression that holds inside such a block; one a line |
//! | `net: STATEMENTS` | statements of a network |
//! | `text: ITEMS` | items, the network last, where it is written |
//! | `toml: TABLES` | keys and tables, ` ; ` for the end of a line; `toml(-name -[stem])` leaves these out |
//! | `raw: TEXT`, `raw.toml: TEXT`, `raw.NAME: TEXT` | all of a description, in a file with that ending |
//!
//! What is not written is torchvision's dialect, an input of 4 x 16 x 16, no stem, and one stage: of `own` where that is defined,
//! else of `one`, a convolution of 1 x 1 with 4 filters, which every text may call.

use resnetc::source::Source;

/// A description.
pub struct Program {
    pub source: Source,
}

const ONE: &str = "block one(filters: channels = 4, stride: pair = 1) { conv 1x1 (filters, stride) }\n";

const ADDRESSES: &str = r#"input.input "input" *.* "{branch}/{role}/{unit}/{sequence}""#;

impl Program {
    /// The programs that `text` shows: `KIND(PARAMETERS) TYPE: ONE || OTHER`.
    pub fn parse_all(text: &str) -> Option<Vec<Self>> {
        let (kind, rest) = text.split_at(text.find(|letter: char| !letter.is_ascii_alphabetic() && letter != '.')?);
        let is_known = ["body", "named", "under", "with", "arg", "true", "net", "text", "toml", "raw"].contains(&kind)
            || kind.starts_with("raw.");
        let (parameters, rest) = if rest.starts_with('(') { bracketed(rest)? } else { ("", rest) };
        let (declared, shown) = rest.split_once(':').filter(|_| is_known)?;
        let make = |shown: &str| Self { source: source(kind, parameters, declared.trim(), shown.trim()) };
        Some(shown.split("||").map(make).collect())
    }
}

/// What stands between the first bracket of `text` and the one that closes it, and what follows.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_i32;
    let end = text.find(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        depth == 0
    })?;
    Some((&text[1..end], &text[end + 1..]))
}

fn source(kind: &str, parameters: &str, declared: &str, shown: &str) -> Source {
    let text = match kind {
        "body" => items(&own(parameters, shown)),
        "named" => items(&format!("{}{}", under(ADDRESSES), own(parameters, shown))),
        "under" => items(&format!("{}{}", under(parameters), items_or_body(shown))),
        "with" => {
            items(&format!("use dialect d dialect d extends torchvision {{ {parameters} }}\n{}", items_or_body(shown)))
        }
        "arg" => {
            items(&format!("{}network n {{\nstage own(told = {shown})\n}}\n", own(&format!("told: {declared}"), "act")))
        }
        "true" => {
            let require = |line: &str| format!("require {line} else \"it does not hold\"\n");
            let lines = shown.lines().filter(|line| !line.trim().is_empty()).map(require);
            items(&own(parameters, &format!("{}act", lines.collect::<String>())))
        }
        "net" => items(&format!("network n {{\n{shown}\n}}")),
        "text" => items(shown),
        "toml" => return Source::new("case.toml", tables(&shown.replace(" ; ", "\n"), parameters)),
        raw => {
            let name = raw.replacen("raw", "case", 1);
            let name = if raw == "raw" { "case.resnet".to_owned() } else { name };
            return Source::new(name, shown);
        }
    };
    Source::new("case.resnet", text)
}

fn own(parameters: &str, body: &str) -> String {
    format!("block own({parameters}) {{\n{body}\n}}\n")
}

/// Items as they are; statements as the body of `own`.
fn items_or_body(shown: &str) -> String {
    let is_items = ["block ", "network ", "dialect ", "names "].iter().any(|word| shown.starts_with(word));
    if is_items || shown.is_empty() { shown.to_owned() } else { own("", shown) }
}

/// Torchvision's dialect, its table of names with `rows` before its own.
fn under(rows: &str) -> String {
    format!("use dialect d dialect d extends torchvision {{ names = t }}\nnames t extends torchvision {{ {rows} }}\n")
}

/// Whether `text` has the word `word`.
fn has(text: &str, word: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(|found| found == word)
}

/// Where the network of `text` begins.
fn network(text: &str) -> Option<usize> {
    text.match_indices("network ").map(|(at, _)| at).find(|at| !text[..*at].ends_with(|c: char| c.is_alphanumeric()))
}

/// `text` with what it leaves out.
fn items(text: &str) -> String {
    let mut text = text.to_owned();
    let at = network(&text).unwrap_or_else(|| {
        text.push_str("\nnetwork n {\n}");
        network(&text).unwrap()
    });
    let end = text.rfind('}').unwrap();
    let statements = &text[at..end];
    let stage = if has(&text[..at], "own") && text.contains("block own") { "stage own\n" } else { "stage one\n" };
    let mut rest = String::new();
    for (word, line) in [("input", "input 4 x 16 x 16\n"), ("stem", "stem none\n"), ("stage", stage)] {
        if !has(statements, word) {
            rest.push_str(line);
        }
    }
    text.insert_str(end, &rest);
    if has(&text, "one") && !text.contains("block one") {
        text.insert_str(0, ONE);
    }
    if !text.contains("use dialect") {
        text.insert_str(0, "use dialect torchvision\n");
    }
    text
}

/// `text` with what it leaves out, but for what is `absent`. A `depth` stands for what it stands for.
fn tables(text: &str, absent: &str) -> String {
    let has = |key: &str| {
        text.lines()
            .any(|line| line.strip_prefix(key).is_some_and(|rest| key.starts_with('[') || rest.starts_with(" =")))
    };
    let is_left_out = |key: &str| !has(key) && !absent.split_whitespace().any(|known| known == format!("-{key}"));
    let mut out = String::new();
    for (key, value) in [("name", "n"), ("dialect", "torchvision")] {
        if is_left_out(key) {
            out.push_str(&format!("{key} = \"{value}\"\n"));
        }
    }
    out.push_str(text);
    out.push('\n');
    for (table, lines) in [
        ("[input]", "channels = 4\nsize = [16, 16]"),
        ("[stem]", "kind = \"none\""),
        ("[[stage]]", "kind = \"basic\"\nfilters = 4\nblocks = 1"),
    ] {
        if is_left_out(table) && !has("depth") {
            out.push_str(&format!("{table}\n{lines}\n"));
        }
    }
    out
}
