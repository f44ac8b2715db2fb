//! `resnetc weights convert`: the same weights under another dialect's names and in its layouts.

use super::{Described, counted, load, size};
use crate::cli::{Failure, Global, diff, files, say, write};
use resnetc::compare::{Change, compare};
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
    /// Fold every batch norm into the convolution before it: weights of the form for inference; those that are already stay so
    #[arg(long)]
    fold_batch_norm: bool,
    /// Where to write them; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Overwrite the file if it is there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    files::one_standard_input([&arguments.file, &arguments.weights])?;
    write::absent(&arguments.output, arguments.force)?;
    let described = Described::read(&arguments.file, global)?;
    let from = described.named(arguments.from.as_deref(), global)?;
    let to = described.named(arguments.to.as_deref(), global)?;
    let input = Some(arguments.weights.as_path());
    let is_folded = arguments.fold_batch_norm && load::is_folded(&from, &arguments.weights);
    let (from, to) = if is_folded { (fold_batch_norm(from).0, fold_batch_norm(to).0) } else { (from, to) };
    let translation = translate(&from, &to).map_err(|unpaired| apart(&unpaired, &from, &to));
    let translation = say::granted(translation, input, global)?;
    let mut file = load::open(&from, &arguments.weights, global)?;
    let kept = keeps_biases(&translation, &mut file, &from, &to);
    say::granted(kept, input, global)?;
    // A conversion loses nothing, so it keeps them, but not in silence.
    let unusable = load::fault(&mut file, &from, &arguments.weights, 1, global)?;
    let mut notes: Vec<_> = ignored(file.ignored()).into_iter().chain(biases(&translation, &to)).collect();
    for names in [&from, &to] {
        notes.extend(other_network(&described, names, global)?);
    }
    notes.extend(unusable.map(|Refusal { message, notes, .. }| format!("{message}: {}", notes.join("; "))));
    let (network, supply) =
        load::in_form(to, Box::new(translation.map.over(file)), arguments.fold_batch_norm && !is_folded);
    let output = &arguments.output;
    write::whole(output, |mut out| weights::save(&network, supply, &mut out)).map_err(|error| match error {
        SaveError::Misfit(misfit) => say::refused(misfit, input, global),
        SaveError::Io(error) => write::unwritable(output, &error),
    })?;
    for note in notes {
        say::note(&note, global);
    }
    let names = &network.graph().dialect.name;
    write::tell(output, Some(&format!("{}, names of {names}", size(&expected(&network)))), global)
}

/// That the weights stay those of the description as it is, where it would be another network in the dialect that `named`
/// takes its names from.
fn other_network(described: &Described, named: &Checked, global: Global) -> Result<Option<String>, Failure> {
    let [own, other] = [&described.network, named].map(|network| network.graph().dialect.name.as_str());
    let Some(meant) = described.meant(other, global)? else { return Ok(None) };
    let mut changes = compare(named, &meant).changes;
    changes.retain(|change| !change.difference.is_of_training());
    let Some(Change { stretch, layers, difference }) = changes.first() else { return Ok(None) };
    let [here, there] = diff::values(difference, 1);
    let layer = layers.first().map(|layer| format!(" of {layer}")).unwrap_or_default();
    Ok(Some(format!(
        "these are weights of the network in the dialect `{own}`, under names of `{other}`; with `dialect = \"{other}\"` the \
         description is another network, whose weights do not belong here: it differs in {}, first in {}{layer}, \
         {stretch}: {here} here, {there} there",
        counted(changes.len(), "way"),
        diff::what(difference),
    )))
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

fn ignored(ignored: &[String]) -> Option<String> {
    let first = ignored.first()?;
    Some(format!("left out {} that mean nothing for inference, as `{first}`", counted(ignored.len(), "tensor")))
}

fn biases(translation: &Translation, to: &Checked) -> Vec<String> {
    let name = &to.graph().dialect.name;
    let of = |wanted: fn(&Derivation) -> bool| translation.map.iter().filter(|(_, how)| wanted(how)).count();
    let (zeros, shifted) =
        (of(|how| matches!(how, Derivation::Zeros { .. })), of(|how| matches!(how, Derivation::ShiftedMean { .. })));
    let mut notes = Vec::new();
    if zeros > 0 {
        notes.push(format!("{zeros} biases that only `{name}` has are zero"));
    }
    if shifted > 0 {
        notes.push(format!("{shifted} biases that `{name}` lacks went into the means of the batch norms behind them"));
    }
    notes
}
