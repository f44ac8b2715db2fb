//! `resnetc verify`: one weight set and one input through every runtime that this machine has.

pub(super) mod case;
mod difference;
mod divergence;
mod python;
mod report;
mod runtime;

use super::npy::{self, Array};
use super::output::Format;
use super::scratch::Folder;
use super::{Failure, Global, files, images, number, weights};
use case::Case;
use difference::{Difference, TOLERANCE};
use divergence::Divergence;
use report::{Pair, Report, Row, Verdict};
use resnetc::Options;
use resnetc::valid::Checked;
use resnetc::weights::{Fresh, SEED, SaveError, save};
use runtime::Runtime;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Prove that the back ends compute the same: the live model, the generated Keras package, the ONNX file
///
/// Each gets the same weights and the same images, here or in a process of its own; the largest difference of any two outputs
/// is told as a part of three times their root mean square. Where two differ by more than 1e-5, so is the first layer at which they
/// part. Keras runs on each of its back ends that is installed, or on the one that KERAS_BACKEND names. Without a
/// runtime that is not resnetc's own, nothing is verified, and the exit code is 2.
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
        unasked @ Failure::Unasked(_) => unasked,
    })?;
    let mut rows = Vec::new();
    for runtime in Runtime::all() {
        rows.push(Row { runtime, outcome: runtime.run(&case, &[case.last()])? });
    }
    let report = report(&case, rows)?;
    files::print(&report.render(&case, arguments.format)?)?;
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
    let case = Case { network, images, folder, python, time_limit, global };
    files::write_atomic(&case.images_file(), &npy::write(&case.images.shape, &case.images.values))?;
    files::write_whole(&case.weights_file(), |mut out| save(&case.network, supply, &mut out))
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
        SaveError::Misfit(misfit) => files::refused(misfit, file, global),
        SaveError::Io(error) => Failure::unasked("cannot write to the temporary folder", error.kind()),
    }
}

/// Every two outputs compared, and where those that differ part.
fn report(case: &Case, rows: Vec<Row>) -> Result<Report, Failure> {
    let ran: Vec<_> = rows.iter().filter_map(|row| Some((row.runtime, row.outcome.value(case.last())?))).collect();
    let mut compared: Vec<(_, Difference)> = Vec::new();
    for (at, (left, value)) in ran.iter().enumerate() {
        for (right, other) in ran.iter().skip(at + 1) {
            let difference = difference::of_node(&case.network, case.network.output(), value, other);
            compared.push(([*left, *right], difference));
        }
    }
    let mut pairs: Vec<Pair> = Vec::new();
    for (runtimes, difference) in &compared {
        let searched = difference.value > TOLERANCE && !is_located(&pairs, &compared, *runtimes);
        let divergence = searched.then(|| divergence::search(case, *runtimes)).transpose()?;
        pairs.push(Pair { runtimes: *runtimes, difference: difference.clone(), divergence });
    }
    Ok(Report { rows, pairs })
}

/// Whether a layer was found at which two part that agree with these: these part where those do.
fn is_located(pairs: &[Pair], compared: &[([Runtime; 2], Difference)], [left, right]: [Runtime; 2]) -> bool {
    let agree = |one: Runtime, other: Runtime| {
        let of_both = |runtimes: [Runtime; 2]| runtimes == [one, other] || runtimes == [other, one];
        one == other || compared.iter().any(|(both, difference)| of_both(*both) && difference.value <= TOLERANCE)
    };
    pairs.iter().filter(|pair| matches!(pair.divergence, Some(Divergence::At { .. }))).any(|pair| {
        let [one, other] = pair.runtimes;
        agree(left, one) && agree(right, other) || agree(left, other) && agree(right, one)
    })
}
