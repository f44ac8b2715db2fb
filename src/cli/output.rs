//! Tables in the formats that every command offers.

use super::Failure;
use clap::ValueEnum;
use comfy_table::presets;
use comfy_table::{CellAlignment, Table, TableStyle};
use serde::Serialize;

/// How a table is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Aligned columns
    Table,
    /// One JSON object
    Json,
    /// Comma-separated values
    Csv,
    /// A Markdown table
    Markdown,
}

/// A table of text, its first column to the left, the others to the right if `numeric`.
#[derive(Debug)]
pub(super) struct Grid<H = &'static str> {
    pub(super) header: Vec<H>,
    pub(super) rows: Vec<Vec<String>>,
    /// For each column, whether it holds numbers.
    pub(super) numeric: Vec<bool>,
}

impl<H: AsRef<str>> Grid<H> {
    /// The grid as lines, each ending in a newline; `None` for JSON.
    pub(super) fn render(&self, format: Format) -> Option<String> {
        match format {
            Format::Table => Some(self.aligned(presets::NOTHING, (0, 2))),
            Format::Markdown => Some(self.aligned(presets::ASCII_MARKDOWN, (1, 1))),
            Format::Csv => Some(self.csv()),
            Format::Json => None,
        }
    }

    fn aligned(&self, style: TableStyle, padding: (u16, u16)) -> String {
        let mut table = Table::new();
        table.load_style(style).set_header(self.header.iter().map(AsRef::as_ref)).add_rows(&self.rows);
        for (column, numeric) in table.column_iter_mut().zip(&self.numeric) {
            column.set_padding(padding);
            column.set_cell_alignment(if *numeric { CellAlignment::Right } else { CellAlignment::Left });
        }
        table.lines().fold(String::new(), |out, line| out + line.trim_end() + "\n")
    }

    fn csv(&self) -> String {
        let header: Vec<_> = self.header.iter().map(|name| field(name.as_ref())).collect();
        let mut out = header.join(",") + "\n";
        for row in &self.rows {
            let cells: Vec<_> = row.iter().map(|cell| quoted(cell)).collect();
            out.push_str(&cells.join(","));
            out.push('\n');
        }
        out
    }
}

/// A cell of a table as a CSV field: numbers lose their digit groups.
fn quoted(cell: &str) -> String {
    let plain = cell.replace(',', "");
    if !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit()) { plain } else { field(cell) }
}

/// A CSV field: text with a comma, a quote or a line break is quoted (RFC 4180).
pub(super) fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A count with digit groups: `4,089,184,256`.
pub(super) fn grouped(count: u128) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count rounded to three decimals of its decimal unit: `4.089 G`; nothing below a thousand.
pub(super) fn decimal(count: u128) -> String {
    let units = [("T", 1_000_000_000_000), ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000_u128)];
    let Some((unit, size)) = units.into_iter().find(|(_, size)| count >= *size) else { return String::new() };
    let thousandths = (count + size / 2000) / (size / 1000);
    format!("{}.{:03} {unit}", grouped(thousandths / 1000), thousandths % 1000)
}

/// `value` as JSON with a final newline. A `serde_json::Value` would refuse integers beyond 64 bits; this keeps them.
pub(super) fn json(value: &impl Serialize) -> Result<String, Failure> {
    match serde_json::to_string_pretty(value) {
        Ok(text) => Ok(text + "\n"),
        Err(error) => Err(Failure::unasked("cannot write JSON", error)),
    }
}
