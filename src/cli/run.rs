//! `resnetc run`: the live model on real data.

use super::engine;
use super::output::Format;
use std::path::PathBuf;

/// Run a network on an array of images
///
/// The array is N, C, H, W; N, H and W are free, C is the description's. What the network's last node gives is
/// written as .npy, or summarised where no output is named.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The description; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Weights under the dialect's names; without them they are fresh, from a fixed seed
    #[arg(long, value_name = "F.safetensors")]
    pub(super) weights: Option<PathBuf>,
    /// The images: N, C, H, W, float32 (float16 and float64 are converted); `-` is standard input
    #[arg(long, value_name = "X.npy")]
    pub(super) input: PathBuf,
    /// Where to write the output, float32 in C order; `-` is standard output
    #[arg(short, long, value_name = "Y.npy")]
    pub(super) output: Option<PathBuf>,
    /// Overwrite a file that is no array
    #[arg(long, requires = "output")]
    pub(super) force: bool,
    /// Take the form for inference, with batch norms folded into the convolutions: weights may be of either form then. The result is no
    /// faster, since the engine folds in any case
    #[arg(long)]
    pub(super) fold_batch_norm: bool,
    #[command(flatten)]
    pub(super) engine: engine::Arguments,
    /// How the summary is printed
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(super) format: Format,
}

#[cfg(feature = "live")]
pub(super) use super::live::run::run;

#[cfg(not(feature = "live"))]
pub(super) fn run(_: &Arguments, _: super::Global) -> Result<(), super::Failure> {
    Err(super::without_live())
}
