//! `resnetc weights`: what a weight file of a network has, whether one fits, the same weights under other names.

mod check;
mod convert;
mod list;
mod load;
mod piped;

pub(super) use load::{in_form, load};

use super::{Failure, Global, files, say};
use resnetc::diagnostic::suggest;
use resnetc::dialect;
use resnetc::ir::Dialect;
use resnetc::source::Source;
use resnetc::spec::Spec;
use resnetc::valid::Checked;
use resnetc::weights::Entry;
use resnetc::{Options, named};
use std::path::Path;
use std::sync::Arc;

/// List the tensors of a network, check a weight file against them, convert one to other names
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Arguments),
    Check(check::Arguments),
    Convert(convert::Arguments),
}

pub(super) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    match &arguments.command {
        Command::List(arguments) => list::run(arguments, global),
        Command::Check(arguments) => check::run(arguments, global),
        Command::Convert(arguments) => convert::run(arguments, global),
    }
}

/// A description whose network can be had under the names of any dialect.
struct Described {
    source: Source,
    spec: Spec,
    network: Checked,
}

impl Described {
    fn read(file: &Path, global: Global) -> Result<Self, Failure> {
        let source = files::read_description(file)?;
        let (spec, network) = files::described(&source, global)?;
        Ok(Self { source, spec, network })
    }

    /// The network under the names of the dialect `name`; under its own where none is named.
    fn named(&self, name: Option<&str>, global: Global) -> Result<Checked, Failure> {
        let own = &self.network.graph().dialect.name;
        let Some(name) = name.filter(|name| name != own) else { return Ok(self.network.clone()) };
        let names = self.dialect(name)?;
        let options = Options { limit: global.limit, ..Options::default() };
        say::answered(named(&self.spec, &names, &options), &self.source, global)
    }

    /// The network that the description would be in the dialect `name`, where that is not its own.
    fn meant(&self, name: &str, global: Global) -> Result<Option<Checked>, Failure> {
        if name == self.network.graph().dialect.name {
            return Ok(None);
        }
        let names = self.dialect(name)?;
        let mut spec = self.spec.clone();
        name.clone_into(&mut spec.dialect.value);
        let options = Options { limit: global.limit, ..Options::default() };
        // What cannot be described there is no network to be confused with.
        Ok(named(&spec, &names, &options).ok())
    }

    fn dialect(&self, name: &str) -> Result<Arc<Dialect>, Failure> {
        let definitions = &self.spec.definitions;
        dialect::lookup(name, definitions).ok_or_else(|| {
            let own = definitions.dialects.iter().map(|dialect| dialect.name.value.as_str());
            let expected = suggest::list(own.chain(dialect::NAMES));
            Failure::Unasked(format!("there is no dialect {}, expected {expected}", suggest::quoted(name)).into())
        })
    }
}

/// `161 tensors, 25,610,152 values` of a weight file.
fn size(entries: &[Entry]) -> String {
    let values = entries.iter().map(|entry| entry.shape.iter().map(|&side| u128::from(side)).product::<u128>()).sum();
    format!("{}, {} values", counted(entries.len(), "tensor"), super::output::grouped(values))
}

/// `1 tensor`, `2 tensors`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
