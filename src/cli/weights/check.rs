//! `resnetc weights check`: whether a file has a network's weights.

use super::{Described, counted, load, size};
use crate::cli::{Failure, Global, files, output, say};
use resnetc::pass::fold_batch_norm;
use resnetc::weights::{self, expected};
use std::path::PathBuf;

/// Compare a weight file with what a network expects, without loading it
///
/// Everything that is missing, unexpected, misshapen or no float is listed; where nothing is, so are the values that are not
/// finite and the variances that are negative. Exits with 0 where the file fits and with 1 where it does not.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The description; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The weights, as safetensors; `-` is standard input
    #[arg(value_name = "WEIGHTS")]
    weights: PathBuf,
    /// Under the names and in the layouts of this dialect [default: the description's]
    #[arg(long, value_name = "DIALECT")]
    names: Option<String>,
    /// Of the form for inference, whose batch norms are folded into the convolutions
    #[arg(long)]
    fold_batch_norm: bool,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    files::one_standard_input([&arguments.file, &arguments.weights])?;
    let network = Described::read(&arguments.file, global)?.named(arguments.names.as_deref(), global)?;
    let network = if arguments.fold_batch_norm { fold_batch_norm(network).0 } else { network };
    let file = weights::open(&network, load::bytes(&arguments.weights)?);
    let file = file.map_err(|misfit| load::explained(misfit, &network, &arguments.weights, true));
    let mut file = say::granted(file, Some(&arguments.weights), global)?;
    load::sound(&mut file, &network, &arguments.weights, usize::MAX, global)?;
    let floats: Vec<_> = file.floats().iter().map(ToString::to_string).collect();
    let ignored = match file.ignored() {
        [] => String::new(),
        [first, ..] => {
            format!("; {} that mean nothing for inference, as `{first}`", counted(file.ignored().len(), "more tensor"))
        }
    };
    output::print_line(&format!(
        "{} fits {}: {}, {}{ignored}",
        arguments.weights.display(),
        network.graph().name,
        size(&expected(&network)),
        floats.join(" and "),
    ))
}
