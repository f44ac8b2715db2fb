//! Imports go one way. The table is the architecture; an arrow that is not in it fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// For each room of `src/` the rooms that it may import from, beside itself.
const ARROWS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("limits", &[]),
    ("diagnostic", &["source"]),
    // The language stands below the description: arguments are its values.
    ("lang", &["source", "limits", "diagnostic", "ir"]),
    ("spec", &["source", "diagnostic", "lang"]),
    ("front", &["source", "limits", "diagnostic", "ir", "lang", "spec"]),
    // `ir` knows neither the description nor the messages; a node only carries the span it came from.
    ("ir", &["source", "limits"]),
    // What ships is written in the language, and read as any description is.
    ("dialect", &["source", "limits", "diagnostic", "ir", "lang", "front"]),
    ("library", &["source", "diagnostic", "lang", "front"]),
    ("lower", &["source", "limits", "diagnostic", "lang", "spec", "ir", "dialect", "library"]),
    // What a description may be, told to an editor.
    ("schema", &["limits", "lang", "spec", "front", "dialect", "library"]),
    ("valid", &["source", "limits", "diagnostic", "ir"]),
    // What cannot be meant, in the words of the description.
    ("lint", &["source", "diagnostic", "spec", "ir", "library", "valid"]),
    ("outline", &["ir", "valid"]),
    ("analysis", &["ir", "valid"]),
    ("compare", &["ir", "valid"]),
    ("promise", &["source", "diagnostic", "spec", "ir", "valid", "analysis"]),
    // Many variants of a description go the way of one, and share what they have in common.
    (
        "sweep",
        &[
            "source",
            "limits",
            "diagnostic",
            "lang",
            "spec",
            "front",
            "ir",
            "library",
            "lower",
            "valid",
            "analysis",
            "promise",
        ],
    ),
    ("pass", &["ir", "valid", "weights", "diagnostic"]),
    ("weights", &["limits", "ir", "valid", "diagnostic"]),
    ("engine", &["diagnostic", "ir", "valid", "weights"]),
    // The live model's engine folds batch norms.
    ("back", &["diagnostic", "ir", "valid", "analysis", "outline", "weights", "pass", "engine"]),
    // A page of what the analysis and a back end say.
    ("report", &["ir", "valid", "analysis", "back"]),
    ("lib", &["source", "limits", "diagnostic", "spec", "front", "ir", "lower", "valid", "lint", "promise"]),
];

/// The back ends: none may import another.
const SIBLINGS: &[&str] = &["live", "burn", "keras", "onnx", "picture"];

fn rust_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

/// The path below `src/` as names: `["back", "keras", "view"]`.
fn names(path: &Path, root: &Path) -> Vec<String> {
    let relative = path.strip_prefix(root).unwrap().with_extension("");
    relative.iter().map(|name| name.to_str().unwrap().to_owned()).collect()
}

/// Every path that begins with `crate::` or, in `lib.rs`, with a module, as the names after it.
fn imports(text: &str) -> Vec<Vec<String>> {
    let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let path: String = code[at + "crate::".len()..]
            .chars()
            .take_while(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':' | '{'))
            .collect();
        match path.split_once("{") {
            Some(("", _)) => {
                let group = &code[at + "crate::{".len()..];
                let group = &group[..group.find('}').unwrap_or(group.len())];
                found.extend(group.split(',').map(|name| vec![name.trim().to_owned()]));
            }
            _ => found.push(path.split("::").map(|name| name.trim_end_matches('{').to_owned()).collect()),
        }
    }
    found
}

#[test]
fn imports_go_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    let mut wrong = Vec::new();
    for path in files {
        let names = names(&path, &root);
        let room = names[0].as_str();
        // The command line stands on everything; `main` only on it.
        if matches!(room, "cli" | "main" | "lib") {
            continue;
        }
        let Some(allowed) = allowed.get(room) else {
            wrong.push(format!("{} is a room that the table does not have", path.display()));
            continue;
        };
        for import in imports(&std::fs::read_to_string(&path).unwrap()) {
            let target = import[0].as_str();
            if !target.is_empty() && target != room && root_has(&root, target) && !allowed.contains(&target) {
                wrong.push(format!("{} imports `{}`", path.display(), import.join("::")));
            }
            let sibling = import.get(1).is_some_and(|name| SIBLINGS.contains(&name.as_str()));
            if room == "back" && target == "back" && sibling && names.get(1) != import.get(1) {
                wrong.push(format!("{} imports its sibling `{}`", path.display(), import.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn root_has(root: &Path, room: &str) -> bool {
    root.join(room).is_dir() || root.join(room).with_extension("rs").is_file()
}

#[test]
fn only_the_command_line_touches_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    for path in files.iter().filter(|path| names(path, &root)[0] != "cli") {
        let text = std::fs::read_to_string(path).unwrap();
        for forbidden in ["std::fs", "File::open", "File::create", "std::io::stdin", "std::env::"] {
            assert!(!text.contains(forbidden), "{} uses {forbidden}", path.display());
        }
    }
}

#[test]
fn dialects_are_asked_for_fields_and_never_for_their_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    for path in files.iter().filter(|path| names(path, &root)[0] != "dialect") {
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let asks = line.match_indices("dialect.name").any(|(at, word)| !line[at + word.len()..].starts_with('s'));
            let compares = line.contains("dialect.name ==") || line.contains("match") && asks;
            assert!(!compares, "{}: {line}", path.display());
        }
    }
}
