//! The commands that need the live model.

pub(super) mod bench;
mod model;
mod npy;
pub(super) mod run;

use super::{Failure, Global, MessageFormat, files};
use resnetc::diagnostic::{Refusal, render};
use std::io::Read;
use std::path::Path;

/// The value, or the refusal on standard error (standard output for JSON) and the answer no. `file` is what it is about.
fn granted<T>(result: Result<T, impl Into<Refusal>>, file: Option<&Path>, global: Global) -> Result<T, Failure> {
    result.map_err(|refusal| {
        let refusal = refusal.into();
        let file = file.map(|file| file.display().to_string());
        match global.message_format {
            MessageFormat::Human => {
                anstream::eprint!("{}", render::refusal_text(&refusal, file.as_deref(), true));
                Failure::No
            }
            MessageFormat::Json => {
                let printed = files::print(&format!("{}\n", render::refusal_json(&refusal, file.as_deref())));
                printed.err().unwrap_or(Failure::No)
            }
        }
    })
}

/// The bytes of a file; `-` is standard input.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| Failure::unasked(format!("cannot read {}", path.display()), error))
}
