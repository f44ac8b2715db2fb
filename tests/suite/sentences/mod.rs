//! Every sentence of the reference about meaning has a case that cites it.
//!
//! A file `NAME.txt` beside this one holds the cases of a part of the reference. A case is a passage of the reference, word for
//! word, small programs, and what the passage says of each: figured out from it, not read off the compiler. So a sentence that
//! is reworded fails until its cases have been looked at again, and a new sentence fails until it has a case. A test in Rust
//! cites by a comment: `/// > The passage.`
//!
//! ```text
//! # A comment.
//! > A name can be given again, which hides the value before;
//! > it cannot be assigned.
//! body: let a = 8 let a = 2 * a conv 1x1 (a)
//! = conv2d filters=16 @16x16x16
//! body: let a = 8 a = 9 || let a = 8 a == 9
//! ! E0102
//! ```
//!
//! [`program`] says what stands around the part of a description that a case shows, [`answer`] how an answer is written. A
//! line that begins with four spaces belongs to the program before it, and `||` stands between programs with one answer.

mod answer;
mod case;
mod choices;
mod functions;
mod outside;
mod parameters;
mod program;
mod reference;

use case::Case;
use reference::{Unit, normal};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/suite")
}

fn files(under: &str, ending: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder().join(under)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    files.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

fn cases() -> Vec<Case> {
    files("sentences", "txt").iter().flat_map(|(name, text)| case::parse(name, text)).collect()
}

/// The passages that tests in Rust cite.
fn cited_in_rust() -> Vec<(String, String)> {
    let mut cited = Vec::new();
    for (name, text) in ["", "sentences", "cases"].into_iter().flat_map(|under| files(under, "rs")) {
        let mut lines = text.lines().map(|line| line.trim_start().strip_prefix("/// > ")).peekable();
        while let Some(line) = lines.next() {
            let Some(first) = line else { continue };
            let mut passage = first.to_owned();
            while let Some(Some(more)) = lines.peek() {
                passage = format!("{passage} {more}");
                lines.next();
            }
            cited.push((name.clone(), normal(&passage)));
        }
    }
    cited
}

/// Every passage that is cited, and where.
fn citations() -> Vec<(String, String)> {
    let of_case = |case: &Case| case.cited.iter().map(|cited| (case.place(), cited.clone())).collect::<Vec<_>>();
    cases().iter().flat_map(of_case).chain(cited_in_rust()).collect()
}

/// Runs the cases of a file.
fn hold(file: &str) {
    let cases: Vec<_> = cases().into_iter().filter(|case| case.file == file).collect();
    assert!(!cases.is_empty(), "{file} has no cases");
    let faults: Vec<_> = cases.iter().flat_map(Case::faults).collect();
    assert!(faults.is_empty(), "{} of the answers in {file} are wrong\n\n{}", faults.len(), faults.join("\n\n"));
}

macro_rules! files {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            hold(concat!(stringify!($name), ".txt"));
        })*

        #[test]
        fn every_file_of_cases_is_run() {
            let mut known = vec![$(concat!(stringify!($name), ".txt")),*];
            known.push(SILENT);
            known.sort_unstable();
            let found: Vec<_> = files("sentences", "txt").into_iter().map(|(name, _)| name).collect();
            assert_eq!(found, known);
        }
    };
}

files! {
    front toml dsl network blocks arguments statements expressions implicit addresses layers dialects names library
}

/// The sentences that say nothing of meaning, each with the reason.
const SILENT: &str = "silent.txt";

#[test]
fn what_is_cited_stands_in_the_reference() {
    let page = reference::text();
    let strays: Vec<_> = citations().into_iter().filter(|(_, cited)| !page.contains(cited.as_str())).collect();
    let shown: Vec<_> = strays.iter().map(|(place, cited)| format!("{place}: {cited}")).collect();
    assert!(shown.is_empty(), "grammar/README.md says no longer (look at the cases anew):\n{}", shown.join("\n"));
}

#[test]
fn every_sentence_of_the_reference_has_a_case() {
    let citations = citations();
    let is_cited = |unit: &Unit| citations.iter().any(|(_, cited)| cited.contains(unit.text.as_str()));
    let without: Vec<_> = reference::units().into_iter().filter(|unit| !is_cited(unit)).collect();
    let shown: Vec<_> = without.iter().map(|unit| format!("{} > {}", unit.section, unit.text)).collect();
    assert!(
        shown.is_empty(),
        "{} sentences of grammar/README.md have no case in tests/suite/sentences, which says how to write one:\n{}",
        shown.len(),
        shown.join("\n")
    );
}
