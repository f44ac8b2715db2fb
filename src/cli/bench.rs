//! `resnetc bench`: how fast the live model runs here.

use super::engine;
use super::network::Network;
use super::number;
use super::output::Format;
use std::path::PathBuf;

/// Measure the live model on this machine
///
/// One run is a forward pass of the whole batch through the fastest form of the model, batch norms folded; the median
/// counts. `peak_bytes` is the largest resident memory of the whole process so far, program and weights included.
///
/// With `--by layer`, a row is a pass over memory: a layer, and what only finishes its output. The bound is the roofline's: the larger of
/// flops / peak and bytes / bandwidth, both measured on this machine first; a layer whose values are still in a cache, or that does
/// with fewer products (3 x 3 by Winograd's method), may take less. A convolution of 1 x 1 that otherwise follows the layer before task by
/// task is timed by itself.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) network: Network,
    /// Images per pass
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = number::within(1..=65_536_u64))]
    pub(super) batch: u64,
    /// Passes that are measured, after one that is not
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = number::within(1..=1_000_000_u32))]
    pub(super) runs: u32,
    /// Weights under the dialect's names; without them they are fresh, from a fixed seed
    #[arg(long, value_name = "F.safetensors")]
    pub(super) weights: Option<PathBuf>,
    #[command(flatten)]
    pub(super) engine: engine::Arguments,
    /// Measure burn's own ops, which training uses, in place of the engine
    #[arg(long, conflicts_with = "no_winograd")]
    pub(super) plain: bool,
    /// Show where the time goes, against what this machine can do at most
    #[arg(long, value_enum, conflicts_with = "plain", value_name = "PART")]
    pub(super) by: Option<Part>,
    /// How the figures are printed
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(super) format: Format,
}

/// What time is shown of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// Each layer, with those that are computed in one pass with it
    Layer,
}

#[cfg(feature = "live")]
pub(super) use super::live::bench::run;

#[cfg(not(feature = "live"))]
pub(super) fn run(_: &Arguments, _: super::Global) -> Result<(), super::Failure> {
    Err(super::without_live())
}
