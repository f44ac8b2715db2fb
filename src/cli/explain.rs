//! `resnetc explain`: what an error code means, and what a block of the library is.

use super::{Failure, output};
use resnetc::diagnostic::{Code, suggest};
use resnetc::{dialect, library};
use std::fmt::Write;

/// Explain an error code, with a wrong and a right example; or print the text of a block, layer or dialect that ships
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The code, such as `E0201`, or the name of what ships, such as `basic`; without one, every code is listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(word) = &arguments.code else { return output::print(&list()) };
    let page = Code::find(word).map(Code::page);
    let text = page.or_else(|| library::text(word)).or_else(|| dialect::text(word));
    output::print(text.ok_or_else(|| Failure::Unasked(unknown(word).into()))?)
}

fn list() -> String {
    Code::ALL.iter().fold(String::new(), |mut out, code| {
        let _ = writeln!(out, "{}  {}", code.number(), code.title());
        out
    })
}

fn unknown(word: &str) -> String {
    let numbers = Code::ALL.iter().map(|code| code.number());
    let names = library::text_names().chain(dialect::NAMES);
    let quoted = suggest::quoted(word);
    if let Some(near) = suggest::closest(word, names) {
        return format!("there is no code, block, layer or dialect {quoted}: the nearest is `{near}`");
    }
    let hint = match suggest::closest(word, numbers) {
        Some(near) => format!("the nearest is `{near}`"),
        None => "`resnetc explain` lists them".to_owned(),
    };
    format!("there is no code {quoted}: {hint}")
}
