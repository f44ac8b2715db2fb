//! `resnetc weights convert`: the same weights under another dialect's names and in its layouts.

use super::{Described, counted, load, size};
use crate::cli::{Failure, Global, files};
use resnetc::diagnostic::{Code, Refusal};
use resnetc::ir::NodeId;
use resnetc::pass::fold_batch_norm;
use resnetc::valid::Checked;
use resnetc::weights::{self, Derivation, SaveError, Supply, Translation, Unpaired, expected, translate};
use std::path::PathBuf;

/// Write the weights of a network under another dialect's names, in its layouts, as float32
///
/// A bias that only the other dialect has is zero; one that it lacks goes into the mean of the batch norm behind the
/// convolution. Everything that does not fit is reported before anything is written, and a tensor is in memory at a time.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The description; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The weights, as safetensors; `-` is standard input
    #[arg(value_name = "WEIGHTS")]
    weights: PathBuf,
    /// The dialect whose names and layouts the weights have [default: the description's]
    #[arg(long, value_name = "DIALECT")]
    from: Option<String>,
    /// The dialect whose names and layouts they get [default: the description's]
    #[arg(long, value_name = "DIALECT")]
    to: Option<String>,
    /// Fold every batch norm into the convolution before it: weights of the form for inference
    #[arg(long)]
    fold_batch_norm: bool,
    /// Where to write them
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Overwrite the file if it is there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    files::one_standard_input([&arguments.file, &arguments.weights])?;
    files::absent(&arguments.output, arguments.force)?;
    let described = Described::read(&arguments.file, global)?;
    let from = described.named(arguments.from.as_deref(), global)?;
    let to = described.named(arguments.to.as_deref(), global)?;
    let input = Some(arguments.weights.as_path());
    let translation = translate(&from, &to).map_err(|unpaired| apart(&unpaired, &from, &to));
    let translation = files::granted(translation, input, global)?;
    let mut file = load::open(&from, &arguments.weights, global)?;
    let kept = keeps_biases(&translation, &mut file, &from, &to);
    files::granted(kept, input, global)?;
    note_ignored(file.ignored());
    note_biases(&translation, &to);
    let translated = translation.map.over(file);
    let (network, supply): (_, Box<dyn Supply>) = if arguments.fold_batch_norm {
        let (folded, map) = fold_batch_norm(to);
        (folded, Box::new(map.over(translated)))
    } else {
        (to, Box::new(translated))
    };
    files::write_whole(&arguments.output, |out| weights::save(&network, supply, out)).map_err(|error| match error {
        SaveError::Misfit(misfit) => {
            let refused = files::granted(Err::<(), _>(misfit), input, global);
            refused.err().unwrap_or(Failure::No)
        }
        SaveError::Io(error) => Failure::unasked(format!("cannot write {}", arguments.output.display()), error.kind()),
    })?;
    let names = &network.graph().dialect.name;
    let text = format!("wrote {}: {}, names of {names}\n", arguments.output.display(), size(&expected(&network)));
    files::print(&text)
}

/// That two lowerings of one description are different networks.
fn apart(Unpaired { from: left, to: right }: &Unpaired, from: &Checked, to: &Checked) -> Refusal {
    let [old, new] = [from, to].map(|network| network.graph().dialect.name.as_str());
    let called = |network: &Checked, node: &Option<NodeId>| {
        node.map_or_else(|| "no layer".to_owned(), |node| format!("`{}`", network.name(node)))
    };
    let message = format!("the names of `{old}` and of `{new}` are not for the same layers of this network");
    Refusal::new(Code::WeightsDoNotFit, message).note(format!(
        "`{old}` has {} where `{new}` has {}",
        called(from, left),
        called(to, right)
    ))
}

/// That no bias is lost which is not zero.
fn keeps_biases(
    translation: &Translation,
    file: &mut impl Supply,
    from: &Checked,
    to: &Checked,
) -> Result<(), Refusal> {
    let lost = translation.lost(file)?;
    if lost.is_empty() {
        return Ok(());
    }
    let name = &to.graph().dialect.name;
    let message = format!("biases of {} have no place under the names of `{name}`", counted(lost.len(), "convolution"));
    let mut refusal = Refusal::new(Code::WeightsDoNotFit, message)
        .help("convert to a dialect whose convolutions have biases, as `keras`");
    refusal.notes.extend(lost.iter().map(|bias| {
        format!("the bias of `{}` is not zero, and no batch norm follows that could take it", from.name(bias.node))
    }));
    Err(refusal)
}

fn note_ignored(ignored: &[String]) {
    if let [first, ..] = ignored {
        let count = counted(ignored.len(), "tensor");
        anstream::eprintln!("note: left out {count} that mean nothing for inference, as `{first}`");
    }
}

fn note_biases(translation: &Translation, to: &Checked) {
    let name = &to.graph().dialect.name;
    let of = |wanted: fn(&Derivation) -> bool| translation.map.iter().filter(|(_, how)| wanted(how)).count();
    let (zeros, shifted) =
        (of(|how| matches!(how, Derivation::Zeros { .. })), of(|how| matches!(how, Derivation::ShiftedMean { .. })));
    if zeros > 0 {
        anstream::eprintln!("note: {zeros} biases that only `{name}` has are zero");
    }
    if shifted > 0 {
        anstream::eprintln!(
            "note: {shifted} biases that `{name}` lacks went into the means of the batch norms behind them"
        );
    }
}
