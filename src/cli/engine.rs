//! How the engine runs, for the commands that run it.

use super::number;

/// The engine's settings
#[derive(Debug, Clone, Copy, Default, clap::Args)]
#[group(skip)]
pub(super) struct Arguments {
    /// Threads to use; all by default
    #[arg(long, value_name = "N", value_parser = number::within(1..=1024_u16))]
    pub(super) threads: Option<u16>,
    /// Compute every convolution in the direct form: slower, with the smaller rounding error
    #[arg(long)]
    pub(super) no_winograd: bool,
}
