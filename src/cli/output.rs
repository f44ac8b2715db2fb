//! Tables in the formats that every command offers.

use clap::ValueEnum;
use comfy_table::presets;
use comfy_table::{CellAlignment, Table, TableStyle};
use serde_json::Value;

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
pub(super) struct Grid {
    pub(super) header: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// For each column, whether it holds numbers.
    pub(super) numeric: Vec<bool>,
}

impl Grid {
    /// Prints the grid, or `json` where JSON is asked for.
    pub(super) fn print(&self, format: Format, json: impl FnOnce() -> Value) {
        match format {
            Format::Table => anstream::println!("{}", self.aligned(presets::NOTHING)),
            Format::Markdown => anstream::println!("{}", self.aligned(presets::ASCII_MARKDOWN)),
            Format::Csv => self.csv(),
            Format::Json => println!("{:#}", json()),
        }
    }

    fn aligned(&self, style: TableStyle) -> String {
        let mut table = Table::new();
        table.load_style(style).set_header(&self.header).add_rows(&self.rows);
        for (column, numeric) in table.column_iter_mut().zip(&self.numeric) {
            column.set_cell_alignment(if *numeric { CellAlignment::Right } else { CellAlignment::Left });
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    fn csv(&self) {
        println!("{}", self.header.join(","));
        for row in &self.rows {
            let cells: Vec<_> = row.iter().map(|cell| quoted(cell)).collect();
            println!("{}", cells.join(","));
        }
    }
}

/// A CSV field: numbers lose their digit groups, text with a comma or a quote is quoted (RFC 4180).
fn quoted(cell: &str) -> String {
    let plain = cell.replace(',', "");
    if !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit()) {
        plain
    } else if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
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
