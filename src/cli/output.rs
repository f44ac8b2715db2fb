//! What is printed on standard output: tables in the formats that every command offers, and everything else through [`print()`]. Each
//! format sees to what stands in it: a name from a file can end neither a line nor a cell, and is no formula, no markup and no order to
//! a terminal.

use super::Failure;
use clap::ValueEnum;
use comfy_table::presets;
use comfy_table::{CellAlignment, Table, TableStyle};
use resnetc::diagnostic::visible;
use serde::Serialize;
use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

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
            Format::Table => Some(self.aligned(presets::NOTHING, (0, 2), visible::line, self.is_open())),
            Format::Markdown => Some(self.aligned(presets::ASCII_MARKDOWN, (1, 1), markdown, false)),
            Format::Csv => Some(self.csv()),
            Format::Json => None,
        }
    }

    /// Whether its last column is text behind others, which needs no filling up.
    fn is_open(&self) -> bool {
        self.numeric.len() > 1 && self.numeric.last() == Some(&false)
    }

    /// The lines; what a last column that is `open` holds is put behind them, since all that a join of many branches reads may
    /// stand there, and every other row would be as wide.
    fn aligned(&self, style: TableStyle, padding: (u16, u16), cell: fn(&str) -> Cow<'_, str>, open: bool) -> String {
        let kept = self.header.len() - usize::from(open);
        let mut table = Table::new();
        table.load_style(style).set_header(self.header.iter().take(kept).map(|name| cell(name.as_ref())));
        table.add_rows(self.rows.iter().map(|row| row.iter().take(kept).map(|text| cell(text))));
        for (column, numeric) in table.column_iter_mut().zip(&self.numeric) {
            column.set_padding(padding);
            column.set_cell_alignment(if *numeric { CellAlignment::Right } else { CellAlignment::Left });
        }
        let behind = self.rows.iter().map(|row| row.get(kept).map(|text| cell(text)));
        let behind = [self.header.get(kept).map(|name| cell(name.as_ref()))].into_iter().chain(behind);
        let lines = table.lines().zip(behind.chain(std::iter::repeat(None)));
        lines.fold(String::new(), |out, (line, end)| {
            let line = line + &end.unwrap_or_default();
            out + line.trim_end() + "\n"
        })
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

impl Format {
    /// A line of text beside tables.
    pub(super) fn line(self, text: &str) -> String {
        let text = if self == Self::Markdown { markdown(text) } else { visible::line(text) };
        format!("{text}\n")
    }
}

/// A cell of a table as a CSV field: numbers lose their digit groups.
fn quoted(cell: &str) -> String {
    let plain = cell.replace(',', "");
    if !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit()) { plain } else { field(cell) }
}

/// A CSV field (RFC 4180): text with a comma or a quote is quoted, a control character is written as its code. Text that a spreadsheet
/// would compute has an apostrophe before it, by which spreadsheets know text.
pub(super) fn field(text: &str) -> String {
    let computed = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    let is_computed = text.starts_with(computed) || text.trim_start().starts_with(computed);
    let mark = if is_computed && text != "-" && !is_number(text) { "'" } else { "" };
    let text = visible::line(text);
    if text.contains([',', '"']) { format!("\"{mark}{}\"", text.replace('"', "\"\"")) } else { format!("{mark}{text}") }
}

/// Whether `text` is a number as tables have them: a sign, digits and digit groups, a fraction, an exponent, a percent sign.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = unsigned.strip_suffix(" %").unwrap_or(unsigned).replace(',', "");
    unsigned.starts_with(|first: char| first.is_ascii_digit()) && number.parse::<f64>().is_ok() || unsigned == "inf"
}

/// `text` as it stands in a line of Markdown: no markup, no HTML, no end of a cell.
fn markdown(text: &str) -> Cow<'_, str> {
    let text = visible::line(text);
    if !text.contains(|letter: char| letter.is_ascii_punctuation()) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied();
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Within a word it marks nothing.
            '_' if is_inside(before) && is_inside(after) => out.push('_'),
            '|' | '`' | '*' | '_' | '[' | ']' | '~' | '$' | '\\' => out.extend(['\\', letter]),
            letter => out.push(letter),
        }
        before = Some(letter);
    }
    Cow::Owned(out)
}

fn is_inside(neighbour: Option<char>) -> bool {
    neighbour.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
}

/// `value` as JSON with a final newline. A `serde_json::Value` would refuse integers beyond 64 bits; this keeps them.
pub(super) fn json(value: &impl Serialize) -> Result<String, Failure> {
    match serde_json::to_string_pretty(value) {
        Ok(text) => Ok(visible::json(&(text + "\n")).into_owned()),
        Err(error) => Err(Failure::unasked("cannot write JSON", error)),
    }
}

/// A text as a value in JSON.
pub(super) fn json_text(text: &str) -> String {
    visible::json(&serde_json::Value::from(text).to_string()).into_owned()
}

/// Whether something stands on standard output.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// Whether something of an answer stands on standard output.
pub(super) fn is_begun() -> bool {
    BEGUN.load(Ordering::Relaxed)
}

/// Prints a text whose format sees to what stands in it. Descriptions and pages are printed as they are, but for a terminal, which
/// shows what it would obey. A reader that has gone, such as `head`, has read enough.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    if std::io::stdout().is_terminal() {
        let shown = text.split('\t').map(visible::lines).collect::<Vec<_>>().join("\t");
        return print_bytes(shown.as_bytes());
    }
    print_bytes(text.as_bytes())
}

/// Prints one line.
pub(super) fn print_line(line: &str) -> Result<(), Failure> {
    print(&format!("{}\n", visible::line(line)))
}

/// Prints what is no text.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = stdout();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::unasked("cannot print", error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Standard output, for what comes in parts.
pub(super) fn stdout() -> impl Write {
    BEGUN.store(true, Ordering::Relaxed);
    std::io::stdout().lock()
}

#[cfg(test)]
mod tests {
    use super::{field, markdown};

    #[test]
    fn a_field_of_csv_is_no_formula_and_one_field() {
        let table = [
            ("=1+1", "'=1+1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-1+1", "'-1+1"),
            ("@SUM(1,2)", "\"'@SUM(1,2)\""),
            ("\t=1", "'\\t=1"),
            (" =1", "' =1"),
            ("＝1", "'＝1"),
            ("-5.25 %", "-5.25 %"),
            ("+1,234", "\"+1,234\""),
            ("-1e-7", "-1e-7"),
            ("-", "-"),
            ("-inf", "-inf"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\nb\r\u{1b}[0m", "a\\nb\\r\\u{1b}[0m"),
            ("layer1.0.conv1", "layer1.0.conv1"),
        ];
        for (text, expected) in table {
            assert_eq!(field(text), expected);
        }
    }

    #[test]
    fn markdown_marks_nothing_up() {
        let table = [
            ("a|b", "a\\|b"),
            ("a\\|b", "a\\\\\\|b"),
            ("<img src=x>&amp;", "&lt;img src=x&gt;&amp;amp;"),
            ("`*_x_*`[a](b)", "\\`\\*\\_x\\_\\*\\`\\[a\\](b)"),
            ("conv2_block1_0__bn", "conv2_block1_0__bn"),
            ("a\nb", "a\\\\nb"),
            ("$x$ ~~y~~", "\\$x\\$ \\~\\~y\\~\\~"),
        ];
        for (text, expected) in table {
            assert_eq!(markdown(text), expected);
        }
    }
}
