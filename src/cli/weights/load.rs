//! The weights that a command is given, or fresh ones.

use super::piped::Piped;
use crate::cli::files::Opened;
use crate::cli::{Failure, Global, files, say};
use resnetc::diagnostic::Refusal;
use resnetc::pass::fold_batch_norm;
use resnetc::valid::{self, Checked};
use resnetc::weights::{self, Differences, Fresh, Misfit, Reader, Supply};
use resnetc::{dialect, ir};
use std::collections::BTreeSet;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;

/// A file, or what was read from a pipe.
pub(super) trait Bytes: Read + Seek + Send {}

impl<T: Read + Seek + Send> Bytes for T {}

/// The network and where its weights come from, a file or `seed`; with `fold`, those of its form for inference, which a file
/// may have already.
pub(in crate::cli) fn load(
    network: Checked,
    file: Option<&Path>,
    seed: u64,
    fold: bool,
    global: Global,
) -> Result<(Checked, Box<dyn Supply + Send>), Failure> {
    if let Some(path) = file.filter(|path| fold && is_folded(&network, path)) {
        let (folded, _) = fold_batch_norm(network);
        let supply = usable(&folded, path, global)?;
        return Ok((folded, Box::new(supply)));
    }
    let supply: Box<dyn Supply + Send> = match file {
        Some(path) => Box::new(usable(&network, path, global)?),
        None => Box::new(Fresh::new(&network, seed)),
    };
    Ok(in_form(network, supply, fold))
}

/// The network with its weights, or with `fold` its form for inference with those of that.
pub(in crate::cli) fn in_form(
    network: Checked,
    supply: Box<dyn Supply + Send>,
    fold: bool,
) -> (Checked, Box<dyn Supply + Send>) {
    if !fold {
        return (network, supply);
    }
    let (folded, map) = fold_batch_norm(network);
    (folded, Box::new(map.over(supply)))
}

/// Opens a file of weights that fits `network`.
pub(super) fn open(network: &Checked, path: &Path, global: Global) -> Result<Reader<Box<dyn Bytes>>, Failure> {
    let opened = weights::open(network, bytes(path)?);
    say::granted(opened.map_err(|misfit| explained(misfit, network, path, false)), Some(path), global)
}

/// Opens a file of weights with which `network` can run.
fn usable(network: &Checked, path: &Path, global: Global) -> Result<Reader<Box<dyn Bytes>>, Failure> {
    let mut reader = open(network, path, global)?;
    sound(&mut reader, network, path, Differences::SHOWN, global)?;
    Ok(reader)
}

/// Refuses a file with values that `network` cannot use; the first `shown` tensors of those are named.
pub(super) fn sound(
    reader: &mut Reader<Box<dyn Bytes>>,
    network: &Checked,
    path: &Path,
    shown: usize,
    global: Global,
) -> Result<(), Failure> {
    match fault(reader, network, path, shown, global)? {
        Some(fault) => Err(say::refused(fault, Some(path), global)),
        None => Ok(()),
    }
}

/// Why `network` cannot use a file with values as it has, if it has any; the first `shown` tensors of those are named.
pub(super) fn fault(
    reader: &mut Reader<Box<dyn Bytes>>,
    network: &Checked,
    path: &Path,
    shown: usize,
    global: Global,
) -> Result<Option<Refusal>, Failure> {
    let faults = say::granted(reader.faults(network), Some(path), global)?;
    Ok((!faults.is_empty()).then(|| weights::unusable(&network.graph().name, &faults, shown)))
}

/// Whether a file has the weights of the form for inference. What comes through a pipe is taken to have those of training.
pub(super) fn is_folded(network: &Checked, path: &Path) -> bool {
    let stays = path != Path::new("-") && path.is_file();
    stays && bytes(path).is_ok_and(|bytes| weights::open(&fold_batch_norm(network.clone()).0, bytes).is_ok())
}

/// What is wrong with a file; whole, or the first of everything.
pub(super) fn explained(misfit: Misfit, network: &Checked, path: &Path, whole: bool) -> Refusal {
    let Misfit::Different(differences) = misfit else { return misfit.into() };
    let spoken = spoken(network, &differences);
    let mut refusal = if whole { differences.in_full() } else { Misfit::Different(differences).into() };
    if is_folded(network, path) {
        refusal.help =
            Some("its batch norms are folded into its convolutions already: add `--fold-batch-norm`".to_owned());
    }
    if let Some(dialect) = spoken {
        refusal.help = Some(format!(
            "these are the names of the dialect `{dialect}`: convert them, `resnetc weights convert DESCRIPTION WEIGHTS \
             --from {dialect} --output CONVERTED`"
        ));
    }
    refusal
}

/// The dialect whose names a file has that lacks those of the network's: every weighted layer of the network is there,
/// but for biases, which dialects count differently.
fn spoken(network: &Checked, differences: &Differences) -> Option<&'static str> {
    let found: BTreeSet<_> = differences.unexpected.iter().map(|(name, _)| name.as_str()).collect();
    dialect::NAMES.into_iter().filter(|_| !differences.missing.is_empty()).find(|name| {
        let Some(other) = dialect::find(name) else { return false };
        let mut graph = network.graph().clone();
        graph.dialect = Arc::new(ir::Dialect { names: other.names.clone(), ..(*graph.dialect).clone() });
        valid::check(graph).is_ok_and(|renamed| {
            let mut entries = weights::expected(&renamed).into_iter();
            entries.all(|entry| entry.parameter.kind == ir::ParameterKind::Bias || found.contains(entry.name.as_str()))
        })
    })
}

/// What stands at `path`, to be read here and there; `-` is standard input.
pub(super) fn bytes(path: &Path) -> Result<Box<dyn Bytes>, Failure> {
    Ok(match files::open(path)? {
        Opened::File(file, _) => Box::new(file),
        Opened::Stream(stream) => Box::new(Piped::new(stream)),
    })
}
