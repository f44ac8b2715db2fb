//! `resnetc explain`: what an error code means.

use super::{Failure, files};
use resnetc::diagnostic::{Code, suggest};
use std::fmt::Write;

/// Explain an error code, with a wrong and a right example
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The code, such as `E0201`; without one, every code is listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(number) = &arguments.code else { return files::print(&list()) };
    let code = Code::find(number).ok_or_else(|| Failure::Unasked(unknown(number)))?;
    files::print(code.page())
}

fn list() -> String {
    Code::ALL.iter().fold(String::new(), |mut out, code| {
        let _ = writeln!(out, "{}  {}", code.number(), code.title());
        out
    })
}

fn unknown(number: &str) -> String {
    let numbers = Code::ALL.iter().map(|code| code.number());
    let hint = match suggest::closest(number, numbers) {
        Some(near) => format!("the nearest is `{near}`"),
        None => "`resnetc explain` lists them".to_owned(),
    };
    format!("there is no code {}: {hint}", suggest::quoted(number))
}
