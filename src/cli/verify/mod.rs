//! `resnetc verify`: one weight set and one input through every runtime that this machine has.

pub(super) mod case;
mod condition;
mod coverage;
mod difference;
mod divergence;
mod influence;
mod python;
mod report;
mod runtime;
mod trace;

use super::npy::{self, Array};
use super::output::Format;
use super::scratch::Folder;
use super::{Failure, Global, files, images, number, output, say, weights, write};
use case::Case;
use condition::Allowance;
use coverage::{Coverage, Parting};
use difference::Difference;
use divergence::Divergence;
use report::{Pair, Report, Row, Verdict};
use resnetc::Options;
use resnetc::valid::Checked;
use resnetc::weights::{Fresh, SEED, SaveError, save};
use runtime::Runtime;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;
use trace::Trace;

/// Prove that the back ends compute the same: the live model, the generated Keras package, the ONNX file
///
/// Each gets the same weights and the same images, here or in a process of its own; the largest difference of any two outputs
/// is told as a part of three times their root mean square. Where two differ by more than 1e-5, so is the first layer at which they
/// part; where norms of few values magnify rounding, the bound says by how much it is wider. Nothing is verified of an output that is
/// constant or that no weight moves; which weights the comparison tells nothing of is said. Keras runs on each of its back ends that
/// is installed, or on the one that KERAS_BACKEND names. Without a runtime that is not resnetc's own, nothing is verified. The exit code
/// is 1 where outputs differ, and 2 where nothing is verified.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The description; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Weights under the dialect's names; without them they are drawn, so that every one counts
    #[arg(long, value_name = "F.safetensors")]
    weights: Option<PathBuf>,
    /// Images, N, C, H, W; without them, two are drawn
    #[arg(long, value_name = "X.npy")]
    input: Option<PathBuf>,
    /// The seed of what is drawn
    #[arg(long, default_value_t = SEED, value_name = "SEED", value_parser = number::within(0..=u64::MAX))]
    seed: u64,
    /// Fold batch norms into the convolutions first
    #[arg(long)]
    fold_batch_norm: bool,
    /// The Python that Keras and ONNX Runtime are looked for in [default: RESNETC_PYTHON, python3]
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
    /// The most seconds that a runtime may take there
    #[arg(long, default_value_t = 3600, value_name = "SECONDS", value_parser = number::within(1..=u64::MAX))]
    time_limit: u64,
    /// How the answer is printed
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    format: Format,
}

/// How many images are drawn: more than one, so that a back end cannot confuse the images of a batch unseen.
const IMAGES: u64 = 2;

/// The most bytes of images that are drawn.
const MOST: u128 = 1 << 30;

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let case = case(arguments, global).map_err(|failure| match failure {
        Failure::No => Failure::unasked("not verified", "what was given cannot be run"),
        unasked @ (Failure::Unasked(_) | Failure::Told) => unasked,
    })?;
    let mut rows = Vec::new();
    for runtime in Runtime::all() {
        rows.push(Row { runtime, outcome: runtime.run(&case, &[case.last()])? });
    }
    let report = report(&case, rows)?;
    output::print(&report.render(&case, arguments.format)?)?;
    match report.verdict() {
        Verdict::Verified => Ok(()),
        Verdict::Different | Verdict::Failed => Err(Failure::No),
        Verdict::NotVerified(why) => Err(Failure::unasked("not verified", why)),
    }
}

/// What every runtime is asked.
fn case(arguments: &Arguments, global: Global) -> Result<Case, Failure> {
    let others = [&arguments.weights, &arguments.input].into_iter().flatten();
    files::one_standard_input([&arguments.file].into_iter().chain(others))?;
    let source = files::read_description(&arguments.file)?;
    let given = arguments.input.as_deref().map(|file| Ok((images::finite(file, global)?, file))).transpose()?;
    let (network, images) = if let Some((images, file)) = given {
        (images::compile(&source, &images, file, global)?, images)
    } else {
        let network = files::compiled(&source, &Options { input: None, limit: global.limit }, global)?;
        let images = drawn(&network, arguments.seed)?;
        (network, images)
    };
    let fold = arguments.fold_batch_norm;
    let (network, supply) = if let Some(file) = arguments.weights.as_deref() {
        weights::load(network, Some(file), arguments.seed, fold, global)?
    } else {
        let drawn = Box::new(Fresh::varied(&network, arguments.seed));
        weights::in_form(network, drawn, fold)
    };
    let folder = Folder::new().map_err(|error| Failure::unasked("cannot make a temporary folder", error))?;
    let python = arguments.python.clone().or_else(|| std::env::var_os("RESNETC_PYTHON").map(PathBuf::from));
    let python = python.unwrap_or_else(|| PathBuf::from("python3"));
    let time_limit = Duration::from_secs(arguments.time_limit);
    let given = [arguments.weights.is_some(), arguments.input.is_some()];
    let package = OnceCell::new();
    let case = Case { network, images, given, package, folder, python, time_limit, global };
    write::atomic(&case.images_file(), &npy::write(&case.images.shape, &case.images.values))?;
    write::whole(&case.weights_file(), |mut out| save(&case.network, supply, &mut out))
        .map_err(|error| unsaved(error, arguments.weights.as_deref(), global))?;
    Ok(case)
}

fn drawn(network: &Checked, seed: u64) -> Result<Array, Failure> {
    let bytes = network.input_shape().elements().saturating_mul(4 * u128::from(IMAGES));
    if bytes > MOST {
        let why = format!("{IMAGES} of {} take {bytes} bytes; give smaller ones with `--input`", network.input_shape());
        return Err(Failure::unasked("cannot draw images", why));
    }
    let shape: Vec<_> = [IMAGES].into_iter().chain(network.input_shape().dimensions()).collect();
    let tensor = resnetc::weights::images(&shape, seed);
    Ok(Array { shape, values: tensor.values })
}

fn unsaved(error: SaveError, file: Option<&Path>, global: Global) -> Failure {
    match error {
        SaveError::Misfit(misfit) => say::refused(misfit, file, global),
        SaveError::Io(error) => Failure::unasked("cannot write to the temporary folder", error.kind()),
    }
}

/// Every two outputs compared, and where those that differ part; where all agree, what that tells.
fn report(case: &Case, rows: Vec<Row>) -> Result<Report, Failure> {
    let ran: Vec<_> = rows.iter().filter_map(|row| Some((row.runtime, row.outcome.value(case.last())?))).collect();
    let is_compared = ran.iter().any(|(runtime, _)| ran.iter().any(|(other, _)| !runtime.is_like(*other)));
    let trace = if is_compared { Trace::of(case)? } else { None };
    let allowance = trace.as_ref().map(Allowance::of).unwrap_or_default();
    let mut pairs = compared(case, &ran, &allowance)?;
    let coverage = if is_compared && pairs.iter().all(Pair::agrees) {
        let (coverage, parting) = coverage::look(case, trace.as_ref(), &allowance, &ran)?;
        if let Some(Parting { runtimes, node, difference }) = parting {
            let divergence = Divergence::At { node, difference: difference.clone(), operands: Vec::new() };
            let allowed = allowance.of_node(node);
            pairs.push(Pair { runtimes, difference, allowed, divergence: Some(divergence) });
        }
        coverage
    } else {
        Coverage::default()
    };
    Ok(Report { rows, pairs, coverage })
}

/// Every two outputs compared, and where those that differ part.
fn compared(case: &Case, ran: &[(Runtime, &Array)], allowance: &Allowance) -> Result<Vec<Pair>, Failure> {
    let output = case.network.output();
    let allowed = allowance.of_node(output);
    let mut compared: Vec<(_, Difference)> = Vec::new();
    for (at, (left, value)) in ran.iter().enumerate() {
        for (right, other) in ran.iter().skip(at + 1) {
            compared.push(([*left, *right], difference::of_node(&case.network, output, value, other)));
        }
    }
    let mut pairs: Vec<Pair> = Vec::new();
    for (runtimes, difference) in &compared {
        let is_located = || is_located(&pairs, &compared, allowed, *runtimes);
        let searched = difference.value > allowed && !is_located();
        let divergence = searched.then(|| divergence::search(case, *runtimes, allowance)).transpose()?;
        pairs.push(Pair { runtimes: *runtimes, difference: difference.clone(), allowed, divergence });
    }
    Ok(pairs)
}

/// Whether a layer was found at which two part that agree with these: these part where those do.
fn is_located(
    pairs: &[Pair],
    compared: &[([Runtime; 2], Difference)],
    allowed: f64,
    [left, right]: [Runtime; 2],
) -> bool {
    let agree = |one: Runtime, other: Runtime| {
        let of_both = |runtimes: [Runtime; 2]| runtimes == [one, other] || runtimes == [other, one];
        one == other || compared.iter().any(|(both, difference)| of_both(*both) && difference.value <= allowed)
    };
    pairs.iter().filter(|pair| matches!(pair.divergence, Some(Divergence::At { .. }))).any(|pair| {
        let [one, other] = pair.runtimes;
        agree(left, one) && agree(right, other) || agree(left, other) && agree(right, one)
    })
}
