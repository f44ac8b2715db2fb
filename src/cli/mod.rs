//! The command line: a file a command, all file IO, exit codes.
//!
//! 0: yes. 1: the answer is no (a faulty description, weights that do not fit, …). 2: it could not be asked (usage, an
//! unreadable file).

mod bench;
mod build;
mod bytes;
mod check;
mod completions;
mod convert;
mod depth;
mod diff;
mod engine;
mod expand;
mod explain;
mod files;
mod flops;
mod fmt;
mod graph;
mod images;
#[cfg(feature = "live")]
mod live;
mod memory;
mod network;
mod new;
mod npy;
mod number;
mod output;
mod report;
mod run;
mod say;
mod schema;
mod scratch;
mod seal;
mod summary;
mod sweep;
mod verify;
mod weights;
mod write;

use clap::{Args, Parser, Subcommand, ValueEnum};
use resnetc::diagnostic::visible;
use say::Complaint;
use std::ffi::OsString;
use std::fmt::Display;
use std::process::ExitCode;

/// Compiles descriptions of residual networks: exact costs, a live model, source code.
#[derive(Debug, Parser)]
#[command(name = "resnetc", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// What every command understands.
#[derive(Debug, Clone, Copy, Args)]
struct Global {
    /// How diagnostics are printed
    #[arg(long, global = true, value_enum, default_value = "human", value_name = "FORMAT")]
    message_format: MessageFormat,
    /// The most nodes that a graph may have
    #[arg(long, global = true, default_value_t = resnetc::limits::NODES, value_name = "NODES", value_parser = number::within(0..=usize::MAX))]
    limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MessageFormat {
    Human,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(build::Arguments),
    Check(check::Arguments),
    Completions(completions::Arguments),
    Convert(convert::Arguments),
    Expand(expand::Arguments),
    Explain(explain::Arguments),
    New(Box<new::Arguments>),
    Flops(flops::Arguments),
    Fmt(fmt::Arguments),
    Graph(graph::Arguments),
    Summary(summary::Arguments),
    Sweep(sweep::Arguments),
    Diff(diff::Arguments),
    Report(report::Arguments),
    Run(run::Arguments),
    Schema(schema::Arguments),
    Bench(bench::Arguments),
    Verify(verify::Arguments),
    Weights(weights::Arguments),
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
enum Failure {
    /// The answer is no; whoever found out has said why.
    No,
    /// It could not be asked.
    Unasked(Complaint),
    /// It could not be asked, and whoever found out has said why.
    Told,
}

impl Failure {
    /// It could not be asked: `what` failed with `error`.
    fn unasked(what: impl Display, error: impl Display) -> Self {
        Self::Unasked(format!("{what}: {error}").into())
    }
}

/// Parses the arguments, runs the command, reports.
pub fn main() -> ExitCode {
    let Cli { command, global } = match parsed(&std::env::args_os().collect::<Vec<_>>()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let result = match command {
        Command::Build(arguments) => build::run(&arguments, global),
        Command::Check(arguments) => check::run(&arguments, global),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments, global),
        Command::Expand(arguments) => expand::run(&arguments, global),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::New(arguments) => new::run(&arguments, global),
        Command::Flops(arguments) => flops::run(&arguments, global),
        Command::Fmt(arguments) => fmt::run(&arguments, global),
        Command::Graph(arguments) => graph::run(&arguments, global),
        Command::Summary(arguments) => summary::run(&arguments, global),
        Command::Sweep(arguments) => sweep::run(&arguments, global),
        Command::Diff(arguments) => diff::run(&arguments, global),
        Command::Report(arguments) => report::run(&arguments, global),
        Command::Run(arguments) => run::run(&arguments, global),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments, global),
        Command::Verify(arguments) => verify::run(&arguments, global),
        Command::Weights(arguments) => weights::run(&arguments, global),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::No) => ExitCode::from(1),
        Err(Failure::Told) => ExitCode::from(2),
        Err(Failure::Unasked(complaint)) => {
            say::complain(&complaint, global);
            ExitCode::from(2)
        }
    }
}

/// The arguments; where there is nothing to run, the exit code, once help or what is wrong with them is printed.
fn parsed(arguments: &[OsString]) -> Result<Cli, ExitCode> {
    let error = match Cli::try_parse_from(arguments) {
        Ok(cli) => return Ok(cli),
        Err(error) => error,
    };
    let words: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let follows = |pair: &[_]| matches!(pair, [key, value] if key == "--message-format" && value == "json");
    let is_json = words.windows(2).any(follows) || words.iter().any(|word| word == "--message-format=json");
    let is_plain = words.iter().all(|word| !word.contains(visible::acts));
    if error.exit_code() == 0 || is_plain && !is_json {
        error.exit();
    }
    // Clap quotes arguments as they are: it is asked again, with arguments that can be shown.
    let shown = Cli::try_parse_from(words.iter().map(|word| visible::line(word).into_owned())).err().unwrap_or(error);
    say::complain_of_usage(&shown.render().to_string(), is_json);
    Err(ExitCode::from(2))
}

/// What a command says that needs the live model where there is none.
#[cfg(not(feature = "live"))]
fn without_live() -> Failure {
    let build = "build it with `cargo build --release --features live`";
    Failure::unasked("this resnetc was built without the live model", build)
}
