//! `resnetc fmt`: every text that ships is laid out, and laying out changes no network.

use crate::describe::shipped;
use resnetc::back::fingerprint;
use resnetc::diagnostic::Report;
use resnetc::front::dsl;
use resnetc::source::Source;
use std::path::{Path, PathBuf};

fn laid_out(text: &str) -> String {
    dsl::format(&Source::new("test.resnet", text), &mut Report::default()).unwrap()
}

fn texts() -> Vec<PathBuf> {
    let mut found = shipped();
    for folder in ["layers", "blocks", "stems", "heads", "parts", "dialects"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("library").join(folder);
        found.extend(std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "resnet"));
    found
}

#[test]
fn every_text_that_ships_is_laid_out() {
    let texts = texts();
    assert!(texts.len() > 90);
    let differ: Vec<_> = texts
        .into_iter()
        .filter(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            laid_out(&text) != text
        })
        .collect();
    assert!(differ.is_empty(), "`resnetc fmt` lays them out: {differ:?}");
}

#[test]
fn laying_out_changes_no_network() {
    for path in shipped().iter().filter(|path| path.extension().is_some_and(|extension| extension == "resnet")) {
        let text = std::fs::read_to_string(path).unwrap();
        // Everything on lines of its own, nothing indented.
        let loose: String = text.lines().map(|line| format!("   {}  \n\n\n", line.trim())).collect();
        let compile = |text: &str| resnetc::compile(&Source::new("test.resnet", text)).unwrap();
        let network = compile(&text);
        assert_eq!(fingerprint(&compile(&laid_out(&loose))), fingerprint(&network), "{}", path.display());
    }
}
