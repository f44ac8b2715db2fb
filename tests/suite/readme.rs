//! The README is a promise: every example in it is run, and prints what it says.
//!
//! A block fenced as `console` is a session: lines that begin with `$ ` are run in order by a shell in one folder that
//! holds the repository's `architectures/`; what follows is what they print. `[..]` stands for any text within a line,
//! a line `...` for any lines. A block fenced as `toml` must compile.

use std::path::Path;
use std::process::Command;

struct Block {
    language: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let mut blocks = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(Block { language: language.to_owned(), text: text.join("\n") });
        }
    }
    blocks
}

fn run(command: &str, folder: &Path) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_resnetc")).parent().unwrap();
    let python = crate::python::python();
    let path = [binary.to_str().unwrap(), python.parent().unwrap().to_str().unwrap(), &std::env::var("PATH").unwrap()]
        .join(":");
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(folder)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .env("KERAS_BACKEND", "jax")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Whether `found` is `expected`, with `[..]` and `...` in the latter.
fn matches(expected: &[&str], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((&"...", rest)), None) => matches(rest, found),
        (Some((&"...", rest)), Some((_, tail))) => matches(rest, found) || matches(expected, tail),
        (Some((line, rest)), Some((text, tail))) => matches_line(line, text) && matches(rest, tail),
        _ => false,
    }
}

fn matches_line(pattern: &str, text: &str) -> bool {
    match pattern.split_once("[..]") {
        None => pattern.trim_end() == text.trim_end(),
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.is_char_boundary(at) && matches_line(after, &rest[at..]))
        }),
    }
}

#[test]
fn every_session_prints_what_the_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("architectures");
    std::fs::create_dir(folder.path().join("architectures")).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join("architectures").join(entry.file_name())).unwrap();
    }
    let mut sessions = 0;
    for block in blocks("README.md").iter().filter(|block| block.language == "console") {
        for session in format!("\n{}", block.text).split("\n$ ").skip(1) {
            let (command, expected) = session.split_once('\n').unwrap_or((session, ""));
            let found = run(command, folder.path());
            let lines: Vec<_> = expected.trim_end().lines().collect();
            let printed: Vec<_> = found.trim_end().lines().collect();
            assert!(matches(&lines, &printed), "$ {command}\nprints\n{found}\nand the README says\n{expected}");
            sessions += 1;
        }
    }
    assert!(sessions > 5, "the README has {sessions} sessions");
}

#[test]
fn every_description_in_the_readme_and_the_reference_compiles() {
    let pages = ["README.md", "grammar/README.md"];
    for block in pages.into_iter().flat_map(blocks).filter(|block| block.language == "toml") {
        let source = resnetc::source::Source::new("README.md", &block.text);
        if let Err(report) = resnetc::compile(&source) {
            panic!("{}", resnetc::diagnostic::render::text(&report, &source, false));
        }
    }
}
