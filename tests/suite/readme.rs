//! The README is a promise: every example in it is run, and prints what it says.
//!
//! A block fenced as `console` is a session: lines that begin with `$ ` are run in order by a shell in one folder that
//! holds the repository's `architectures/` and `machines/`; what follows is what they print. `[..]` stands for any text
//! within a line, a line `...` for any lines. That the descriptions compile is a test of `language`.

use crate::language::fenced;
use std::path::Path;
use std::process::Command;

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
    for shipped in ["architectures", "machines"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(shipped);
        std::fs::create_dir(folder.path().join(shipped)).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.path().join(shipped).join(entry.file_name())).unwrap();
        }
    }
    let mut sessions = 0;
    for (_, text, _) in fenced("README.md").iter().filter(|(language, ..)| language == "console") {
        for session in format!("\n{text}").split("\n$ ").skip(1) {
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
