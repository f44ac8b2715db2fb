//! `resnetc report`: everything about a network on one page.

use super::network::Network;
use super::seal::sealed;
use super::{Failure, Global, build, say, write};
use resnetc::report;
use std::path::PathBuf;

/// Write one page of HTML about a network: its picture, what it costs, its memory, its layers
///
/// The page needs nothing beside it: no network, no script. It is light or dark as the reader's machine is.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    network: Network,
    /// Write to this file; `-` is standard output [default: NAME.html, after the network]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite a file that resnetc did not write or that was edited since; replace a link
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let (source, network) = arguments.network.described(global)?;
    let html = report::html(&network).map_err(|unsupported| build::explain(&network, "report", &unsupported));
    let html = say::answered(html, &source, global)?;
    let path = arguments.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.html", network.graph().name)));
    write::ours(&path, arguments.force)?;
    write::atomic(&path, sealed(&html).as_bytes())?;
    write::tell(&path, None, global)
}
