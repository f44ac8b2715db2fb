//! Inputs that went wrong once, in `tests/cases`: what each does now. A file a kind of fault.

use resnetc::source::Source;
use std::path::PathBuf;

mod generated;
mod language;
mod library;
mod messages;
mod robust;
mod scale;

/// Where the case is.
pub fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(file)
}

/// The text of a case that is a description.
pub fn source(file: &str) -> Source {
    Source::new(file, std::fs::read_to_string(path(file)).unwrap())
}

#[test]
fn every_case_has_a_test() {
    let folder = |name: &str| std::fs::read_dir(format!("{}/tests/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let paths = folder("suite/cases").map(|entry| entry.unwrap().path());
    let tests: String = paths.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for entry in folder("cases") {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(tests.contains(&format!("\"{name}\"")), "no test reads {name}");
    }
}
