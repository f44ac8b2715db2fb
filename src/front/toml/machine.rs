//! A machine's file: its name, its bandwidth, its peaks.

use super::keys::MACHINE;
use super::reader::{State, Table};
use crate::diagnostic::Report;
use crate::source::{Source, Spanned};
use crate::spec::Machine;

/// The dtypes that a machine may have a peak of.
const DTYPES: [&str; 4] = ["float64", "float32", "bfloat16", "float16"];

/// Reads the description of a machine.
///
/// # Errors
/// What is wrong with its syntax, its keys and its values.
pub fn parse_machine(source: &Source) -> Result<Machine, Report> {
    let mut report = Report::default();
    let machine = super::entries(source, &mut report).and_then(|entries| {
        let root = Table::root(source, "machine", MACHINE, entries.get_ref(), &mut report);
        read(&root, &mut report)
    });
    match machine {
        Some(machine) => report.or(machine),
        None => Err(report),
    }
}

fn read(root: &Table<'_>, report: &mut Report) -> Option<Machine> {
    let name = root.text("name", report).required("name = \"my machine\"", report);
    let bandwidth = root.amount("bandwidth", report).required("bandwidth = 50e9", report);
    let table = match root.table("peak", report).state() {
        State::Value(table) => Some(table),
        State::Wrong => None,
        State::Absent => {
            report.push(super::root::missing_table("peak", "[peak]\nfloat32 = 100e9", root));
            None
        }
    }?;
    let peak = |dtype| Some((dtype, table.amount(dtype, report).optional()?));
    let peaks: Vec<(_, Spanned<u64>)> = DTYPES.into_iter().filter_map(peak).collect();
    if peaks.is_empty() && !report.has_errors() {
        table.missing("float32", "float32 = 100e9", report);
    }
    Some(Machine { name: name?, bandwidth: bandwidth?, table: table.span(), peaks })
}
