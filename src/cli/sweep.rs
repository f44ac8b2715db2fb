//! `resnetc sweep`: what many variants of a description cost.

use super::output::{self, Grid, grouped};
use super::say::Complaint;
use super::{Failure, Global, files, number, say};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use resnetc::analysis::Figures;
use resnetc::lang::Value;
use resnetc::sweep::{Bound, Evaluator, Figure, Front, Item, Objective, Outcome, Refusal, Setting, Sweep};
use std::fmt::Write as _;
use std::io::{ErrorKind, IsTerminal, Write as _};
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;

const ABOUT_KEYS: &str = "\
Keys are those of the description, with a dot for each table:
  stage.3.blocks, stage.3.filters   a value of a stage, the first is stage.1
  stage.*.filters                   the same value for every stage that has it
  block.groups                      what every stage has unless it says otherwise
  block.kind, stem.kind, head.kind  a block by its name; stem.filters, head.classes: its parameters
  input.size, input.channels        224, or 160x224 for height and width
  dialect, depth                    depth where the description has one
  classes                           a parameter of a `network name(classes = 1000)` of the DSL

Values stand between commas: numbers, words, lists `[1, 2]`, blocks `se(reduction = 4)`, and ranges:
  1..4 is 1, 2, 3;  1..=4 is 1, 2, 3, 4;  64..=256 step 64 is 64, 128, 192, 256
  KEY*=0.5,1 multiplies what is written, rounded to the nearest whole number where that is one

Every variant is a row, in the order of the grid: the last key varies fastest. One that does not compile has the code and the \
message of its first error in place of figures. `[expect]` is not held; one that exceeds `[budget]` has figures and an error.

Figures, for one image, are those of `resnetc flops`:
  parameters (trainable), total_parameters, macs, flops, activations, receptive_field,
  weights_bytes, inference_peak_bytes, memory (the two together), training_saved_bytes

Examples:
  resnetc sweep resnet50.toml --set 'stage.3.blocks=1..=36' --set 'stage.*.filters*=0.5,0.75,1'
  resnetc sweep resnet50.toml --set depth=50,101,152 --set input.size=160,192,224 --format table
  resnetc sweep net.resnet --set width=32..=128 --where 'macs<=4e9' --pareto max:parameters,macs";

/// Evaluate a grid of variants of a description: what each costs, on all cores, as CSV or JSON lines
#[derive(Debug, clap::Args)]
#[command(after_long_help = ABOUT_KEYS, after_help = "`--help` says how keys and values are written")]
pub(super) struct Arguments {
    /// The description; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A key of the description and the values it takes: `stage.3.blocks=1..=36`, `block.groups=1,2,4`, `stage.*.filters*=0.5,1`
    #[arg(long = "set", value_name = "KEY=VALUES", required = true)]
    settings: Vec<Setting>,
    /// Keep what is within a bound: `macs<=4e9`; several must all hold
    #[arg(long = "where", value_name = "BOUND")]
    bounds: Vec<Bound>,
    /// Keep the Pareto front: what no other variant beats, being as small in every figure and smaller in one; `max:FIGURE` where more is better. Of equals, all stay
    #[arg(long, value_name = "FIGURE,…", value_delimiter = ',')]
    pareto: Vec<Objective>,
    /// How rows are printed
    #[arg(long, value_enum, default_value = "csv", value_name = "FORMAT")]
    format: Format,
    /// Threads [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<NonZeroUsize>,
    /// The most variants that a grid may have
    #[arg(long, default_value_t = 10_000_000, value_name = "N", value_parser = number::within(0..=u64::MAX))]
    max_variants: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Comma-separated values, as they come
    Csv,
    /// A JSON object a line, as they come
    Jsonl,
    /// Aligned columns, at the end
    Table,
    /// A Markdown table, at the end
    Markdown,
}

/// The columns of what is wrong with a variant.
const ERROR: [&str; 2] = ["error", "message"];
/// The most rows of a table, which must be held until it is known how wide its columns are.
const MOST_ROWS: usize = 10_000;
/// Variants that a thread takes at a time.
const CHUNK: u64 = 1024;

fn parse_threads(text: &str) -> Result<NonZeroUsize, String> {
    let threads = text.parse().ok().filter(|threads: &NonZeroUsize| threads.get() <= 1024);
    threads.ok_or_else(|| "expected a number from 1 to 1024".to_owned())
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let source = files::read_description(&arguments.file)?;
    let sweep = match Sweep::new(&source, &arguments.settings, arguments.max_variants, global.limit) {
        Ok(sweep) => sweep,
        Err(Refusal::Description(report)) => return say::answered(Err(report), &source, global),
        Err(Refusal::Settings(fault)) => {
            return Err(Failure::Unasked(Complaint::with_help(fault.message, fault.help)));
        }
    };
    say::remark(&size(&sweep), global);
    let printer = Printer::new(&sweep, arguments);
    if let Some(found) = printer.stream(arguments.threads)? {
        say::remark(&found.text(arguments), global);
    }
    Ok(())
}

/// How many variants there are, and of what.
fn size(sweep: &Sweep) -> String {
    let text = |setting: &Setting| format!("{} ({})", setting.name, grouped(setting.items.len() as u128));
    let axes: Vec<_> = sweep.settings().map(text).collect();
    let count = grouped(sweep.variants().into());
    let variants = if sweep.variants() == 1 { "variant" } else { "variants" };
    format!("{}: {count} {variants}: {}", sweep.name(), axes.join(" x "))
}

/// A variant that is kept.
type Row = (Vec<usize>, Outcome);

/// What comes of a chunk of variants.
struct Chunk {
    kept: Kept,
    found: Found,
}

enum Kept {
    /// Rows as they are printed.
    Text(String),
    /// Rows of a table.
    Rows(Vec<Row>),
    /// Rows of which not all will stay.
    Front(Front),
}

/// How many variants there were.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    variants: u64,
    /// Those that do not compile, and those over their budget.
    faulty: u64,
    over: u64,
    kept: u64,
}

impl Found {
    fn add(&mut self, other: Self) {
        self.variants += other.variants;
        self.faulty += other.faulty;
        self.over += other.over;
        self.kept += other.kept;
    }

    fn text(&self, arguments: &Arguments) -> String {
        let count = |count: u64, what: &str| (count > 0).then(|| format!("{} {what}", grouped(count.into())));
        let filters = !arguments.pareto.is_empty() || !arguments.bounds.is_empty();
        let kept = filters.then(|| format!("{} kept", grouped(self.kept.into())));
        let parts: Vec<_> = [
            Some(format!("{} evaluated", grouped(self.variants.into()))),
            count(self.faulty, if self.faulty == 1 { "does not compile" } else { "do not compile" }),
            count(self.over, "over budget"),
            kept,
        ]
        .into_iter()
        .flatten()
        .collect();
        parts.join(", ")
    }
}

/// What rows look like.
struct Printer<'a> {
    sweep: &'a Sweep,
    arguments: &'a Arguments,
    /// For each axis its values as they are printed.
    cells: Vec<Vec<String>>,
    /// For each axis its key as JSON.
    keys: Vec<String>,
}

impl<'a> Printer<'a> {
    fn new(sweep: &'a Sweep, arguments: &'a Arguments) -> Self {
        let cell = |item: &Item| match arguments.format {
            Format::Csv => output::field(&item.text),
            Format::Jsonl => as_json(item),
            Format::Table | Format::Markdown => item.text.clone(),
        };
        let cells = sweep.settings().map(|setting| setting.items.iter().map(cell).collect()).collect();
        let keys = sweep.settings().map(|setting| output::json_text(&setting.name)).collect();
        Self { sweep, arguments, cells, keys }
    }

    /// Evaluates and prints everything; nothing is found where the reader has gone: one such as `head` has read enough.
    fn stream(&self, threads: Option<NonZeroUsize>) -> Result<Option<Found>, Failure> {
        let streams = self.arguments.pareto.is_empty() && matches!(self.arguments.format, Format::Csv | Format::Jsonl);
        let threads = threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
        let progress = progress(self.sweep.variants(), streams);
        let mut out = std::io::BufWriter::new(output::stdout());
        let mut written = out.write_all(self.head().as_bytes());
        let (mut found, mut rows) = (Found::default(), Vec::new());
        let mut front = Front::new(self.arguments.pareto.clone());
        let mut overflow = false;
        let work = |evaluator: &mut Evaluator<'_>, numbers: Range<u64>| self.chunk(evaluator, numbers);
        let take = |chunk: Chunk| {
            progress.inc(chunk.found.variants);
            found.add(chunk.found);
            match chunk.kept {
                Kept::Text(text) => written = out.write_all(text.as_bytes()),
                Kept::Rows(more) => rows.extend(more),
                Kept::Front(more) => front.merge(more),
            }
            overflow = rows.len() > MOST_ROWS;
            if written.is_err() || overflow { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let run = self.sweep.run(threads, CHUNK, work, take);
        progress.finish_and_clear();
        run.map_err(|error| Failure::unasked("cannot start a thread", error))?;
        if !self.arguments.pareto.is_empty() {
            let row = |(number, figures)| (self.sweep.digits(number), Outcome { figures: Some(figures), error: None });
            rows = front.into_members().into_iter().map(row).collect();
            found.kept = rows.len() as u64;
            overflow = rows.len() > MOST_ROWS && !matches!(self.arguments.format, Format::Csv | Format::Jsonl);
        }
        if overflow {
            let advice = "print `--format csv`, or keep fewer with `--where` or `--pareto`";
            return Err(Failure::Unasked(format!("a table has at most {MOST_ROWS} rows: {advice}").into()));
        }
        let written = written.and_then(|()| out.write_all(self.text(&rows).as_bytes())).and_then(|()| out.flush());
        match written {
            Ok(()) => Ok(Some(found)),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(None),
            Err(error) => Err(Failure::unasked("cannot print", error)),
        }
    }

    fn chunk(&self, evaluator: &mut Evaluator<'_>, numbers: Range<u64>) -> Chunk {
        let mut found = Found::default();
        let mut kept = match (self.arguments.pareto.as_slice(), self.arguments.format) {
            ([], Format::Csv | Format::Jsonl) => Kept::Text(String::with_capacity(256 * 1024)),
            ([], Format::Table | Format::Markdown) => Kept::Rows(Vec::new()),
            (objectives, _) => Kept::Front(Front::new(objectives.to_vec())),
        };
        for number in numbers {
            let outcome = evaluator.evaluate(number);
            found.variants += 1;
            found.faulty += u64::from(outcome.figures.is_none());
            found.over += u64::from(outcome.figures.is_some() && outcome.error.is_some());
            let figures = outcome.figures.as_ref();
            let holds = |bound: &Bound| figures.is_some_and(|figures| bound.holds(figures));
            if !self.arguments.bounds.iter().all(holds) {
                continue;
            }
            found.kept += 1;
            let digits = evaluator.digits();
            match &mut kept {
                Kept::Text(text) => self.row(digits, &outcome, text),
                Kept::Rows(rows) => rows.push((digits.to_vec(), outcome)),
                // What exceeds its budget is out of the question.
                Kept::Front(front) => {
                    if let Outcome { figures: Some(figures), error: None } = &outcome {
                        front.add(number, figures);
                    }
                }
            }
        }
        Chunk { kept, found }
    }

    /// What stands before the rows.
    fn head(&self) -> String {
        if self.arguments.format != Format::Csv {
            return String::new();
        }
        let header: Vec<_> = self.header().iter().map(|name| output::field(name)).collect();
        header.join(",") + "\n"
    }

    fn header(&self) -> Vec<String> {
        let keys = self.sweep.settings().map(|setting| setting.name.clone());
        let figures = Figure::ALL.into_iter().map(|figure| figure.name().to_owned());
        keys.chain(figures).chain(ERROR.map(str::to_owned)).collect()
    }

    /// Rows that were held back.
    fn text(&self, rows: &[Row]) -> String {
        let format = match self.arguments.format {
            Format::Csv | Format::Jsonl => {
                let mut text = String::new();
                for (digits, outcome) in rows {
                    self.row(digits, outcome, &mut text);
                }
                return text;
            }
            Format::Table => output::Format::Table,
            Format::Markdown => output::Format::Markdown,
        };
        // A table has no columns for errors where there are none.
        let mut header = self.header();
        let mut cells: Vec<_> = rows.iter().map(|row| self.table_row(row)).collect();
        if rows.iter().all(|(_, outcome)| outcome.error.is_none()) {
            let columns = header.len() - ERROR.len();
            header.truncate(columns);
            for row in &mut cells {
                row.truncate(columns);
            }
        }
        let numeric = header.iter().map(|name| !ERROR.contains(&name.as_str())).collect();
        Grid { header, rows: cells, numeric }.render(format).unwrap_or_default()
    }

    fn table_row(&self, (digits, outcome): &Row) -> Vec<String> {
        let mut row: Vec<_> = self.values(digits).map(str::to_owned).collect();
        let figure = |figure: Figure| outcome.figures.as_ref().map_or_else(String::new, |all| grouped(figure.of(all)));
        row.extend(Figure::ALL.map(figure));
        let error = outcome.error.as_ref();
        row.push(error.map_or_else(String::new, |error| error.code.number().to_owned()));
        row.push(error.map_or_else(String::new, |error| error.message.as_ref().to_owned()));
        row
    }

    fn values(&self, digits: &[usize]) -> impl Iterator<Item = &str> {
        self.cells.iter().zip(digits).map(|(cells, &digit)| cells.get(digit).map_or("", String::as_str))
    }

    fn row(&self, digits: &[usize], outcome: &Outcome, out: &mut String) {
        // Writing to a string does not fail.
        let _ = match self.arguments.format {
            Format::Jsonl => self.json_row(digits, outcome, out),
            Format::Csv | Format::Table | Format::Markdown => self.csv_row(digits, outcome, out),
        };
    }

    fn csv_row(&self, digits: &[usize], outcome: &Outcome, out: &mut String) -> std::fmt::Result {
        for value in self.values(digits) {
            out.push_str(value);
            out.push(',');
        }
        for figure in Figure::ALL {
            if let Some(figures) = &outcome.figures {
                write!(out, "{}", figure.of(figures))?;
            }
            out.push(',');
        }
        match &outcome.error {
            Some(error) => writeln!(out, "{},{}", error.code.number(), output::field(&error.message)),
            None => writeln!(out, ","),
        }
    }

    fn json_row(&self, digits: &[usize], outcome: &Outcome, out: &mut String) -> std::fmt::Result {
        out.push('{');
        for (key, value) in self.keys.iter().zip(self.values(digits)) {
            write!(out, "{key}:{value},")?;
        }
        let figure = |all: &Option<Figures>, figure: Figure| all.as_ref().map(|all| figure.of(all));
        for name in Figure::ALL {
            write!(out, "\"{}\":", name.name())?;
            match figure(&outcome.figures, name) {
                Some(count) => write!(out, "{count},")?,
                None => out.push_str("null,"),
            }
        }
        match &outcome.error {
            Some(error) => {
                writeln!(
                    out,
                    "\"error\":\"{}\",\"message\":{}}}",
                    error.code.number(),
                    output::json_text(&error.message)
                )
            }
            None => writeln!(out, "\"error\":null,\"message\":null}}"),
        }
    }
}

/// A value as JSON: numbers and truth values as they are, the rest as it was written.
fn as_json(item: &Item) -> String {
    match &item.value {
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => serde_json::Value::from(*number).to_string(),
        Value::Boolean(value) => value.to_string(),
        Value::Text(_) | Value::List(_) | Value::Call(_) | Value::Init(_) | Value::Other(_) => {
            output::json_text(&item.text)
        }
    }
}

/// A bar on standard error, where somebody sees it and rows that come do not show how far it is.
fn progress(variants: u64, streams: bool) -> ProgressBar {
    if !std::io::stderr().is_terminal() || streams && std::io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(variants), ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len}, {eta} left");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
