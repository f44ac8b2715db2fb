//! The TOML front end: stage tables.
//!
//! In: a source. Out: a [`Spec`] and a report. Tables are read one key at a time, so that every value keeps its span
//! and one run reports everything. What was wrong or missing is reported and a placeholder stands for it, so that the
//! rest of the description can still be checked.

mod depth;
mod nesting;
mod print;
mod reader;
mod root;
mod syntax;

pub use print::print;

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::limits;
use crate::source::Source;
use crate::spec::Spec;
use ::toml::de::DeTable;

/// Reads a description; what is wrong with its syntax, its keys and its types goes to `report`.
///
/// There is nothing to read where the syntax is wrong. Where the report has been added to, the [`Spec`] holds
/// placeholders: it is fit to be checked further, and for nothing else.
pub fn parse(source: &Source, report: &mut Report) -> Option<Spec> {
    if let Err(error) = check_size(source).and_then(|()| nesting::check(source)) {
        report.push(error);
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(source.text());
    if errors.is_empty() {
        return Some(root::read(source, table.get_ref(), report));
    }
    syntax::explain(source, &errors, report);
    None
}

fn check_size(source: &Source) -> Result<(), Diagnostic> {
    let bytes = source.text().len();
    if bytes <= limits::SOURCE_BYTES {
        return Ok(());
    }
    let message = format!("the description has more than {} bytes", limits::SOURCE_BYTES);
    Err(Diagnostic::error(Code::SourceTooLarge, source.span(0..0), message, "it begins here"))
}
