//! Tables in the formats that every command offers.

use super::Failure;
use clap::ValueEnum;
use comfy_table::presets;
use comfy_table::{CellAlignment, Table, TableStyle};
use serde::Serialize;

pub(super) use resnetc::analysis::figure::{decimal, grouped};

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

/// `value` as JSON with a final newline. A `serde_json::Value` would refuse integers beyond 64 bits; this keeps them.
pub(super) fn json(value: &impl Serialize) -> Result<String, Failure> {
    match serde_json::to_string_pretty(value) {
        Ok(text) => Ok(text + "\n"),
        Err(error) => Err(Failure::unasked("cannot write JSON", error)),
    }
}
