//! The reference as a list of what it says.

use std::path::Path;

/// A sentence or a part of one, or a row of a table.
pub struct Unit {
    /// The heading above it.
    pub section: String,
    /// Its words, between each two of them one space.
    pub text: String,
}

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar/README.md")).unwrap()
}

/// `text` with one space where it has any white space.
pub fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All of the reference, with one space where it has any white space.
pub fn text() -> String {
    normal(&page())
}

/// What the reference says: the rows of its tables, without their heads, and the sentences outside of examples, at `;` in two. A
/// table between `<!-- NAME -->` and `<!-- / -->` is tested row by row by programs that are made of it; of those of layers and of dialects'
/// choices the meanings are cited too.
pub fn units() -> Vec<Unit> {
    let page = page();
    let (mut units, mut section) = (Vec::new(), String::new());
    let (mut is_code, mut list) = (false, "");
    let mut paragraph = String::new();
    let mut lines = page.lines().chain([""]).peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            is_code = !is_code;
        }
        let is_text = !is_code && !line.starts_with("```");
        let is_prose = is_text && !line.starts_with(['#', '|']) && !line.starts_with("<!--") && !line.trim().is_empty();
        if is_prose {
            paragraph = format!("{paragraph} {line}");
            continue;
        }
        let said = sentences(&normal(&std::mem::take(&mut paragraph)));
        units.extend(said.into_iter().map(|text| Unit { section: section.clone(), text }));
        if !is_text {
            continue;
        }
        if let Some(heading) = line.strip_prefix('#') {
            heading.trim_start_matches('#').trim().clone_into(&mut section);
        }
        if line.starts_with("<!--") {
            list = line.trim_start_matches("<!-- ").trim_end_matches(" -->");
        }
        let is_head = |next: Option<&&str>| next.is_some_and(|next| next.starts_with("| ---"));
        let row = match list {
            "/" | "" | "layers" => normal(line),
            "dialects" => normal(line).split_inclusive('|').take(3).collect(),
            _ => continue,
        };
        if line.starts_with('|') && !line.starts_with("| ---") && !is_head(lines.peek()) {
            units.push(Unit { section: section.clone(), text: row });
        }
    }
    units
}

/// The sentences of a paragraph, at `;` in two.
fn sentences(paragraph: &str) -> Vec<String> {
    let (mut found, mut start, mut is_quoted) = (Vec::new(), 0, false);
    let bytes = paragraph.as_bytes();
    for at in 0..bytes.len() {
        is_quoted ^= bytes[at] == b'`';
        let is_end =
            matches!(bytes[at], b'.' | b';') && !is_quoted && bytes.get(at + 1).is_none_or(|next| *next == b' ');
        if is_end {
            found.push(paragraph[start..=at].trim().to_owned());
            start = at + 1;
        }
    }
    found.push(paragraph[start..].trim().to_owned());
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// The cells of the table between `<!-- NAME -->` and `<!-- / -->`, row by row, without its head and without backticks.
pub fn rows(name: &str) -> Vec<Vec<String>> {
    let page = page();
    let (_, rest) = page.split_once(&format!("<!-- {name} -->\n\n")).unwrap();
    let cells = |line: &str| {
        let inside = line.trim_start_matches('|').trim_end_matches('|').replace("\\|", "\u{0}");
        inside.split('|').map(|cell| cell.trim().replace('`', "").replace('\u{0}', "|")).collect()
    };
    rest.lines().take_while(|line| line.starts_with('|')).skip(2).map(cells).collect()
}

#[test]
fn sentences_end_at_full_stops_outside_of_code() {
    let found = sentences("One `a. b; c`. Two; three: `x.y`, 3.5. **Four.** Five");
    assert_eq!(found, ["One `a. b; c`.", "Two;", "three: `x.y`, 3.5.", "**Four.** Five"]);
    let units = units();
    assert!(units.len() > 150, "{} units", units.len());
    let has = |section: &str, text: &str| units.iter().any(|unit| unit.section == section && unit.text == text);
    assert!(has("The DSL", "capitals count."));
    assert!(has("Blocks", "| `boolean` | `true` or `false` |"));
    assert!(has("Layers", "| | `rate` | `float(0..1)` | | the probability |"));
    assert!(has("Dialects", "| `norm_epsilon` | batch norm's epsilon, from 0, below 1 |"));
    assert_eq!(rows("dialects")[1][..2], ["norm_epsilon", "batch norm's epsilon, from 0, below 1"]);
}
