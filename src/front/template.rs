//! Descriptions of which some values can be told: the parameters of a network of the DSL; in TOML `depth` and what decides
//! with it what the stages are.
//!
//! In: a source, once. Out: a [`Spec`] for each set of values, as if they stood in the text.

use super::{dsl, toml};
use crate::diagnostic::Report;
use crate::lang::{Definitions, Value};
use crate::source::Source;
use crate::spec::{Form, Spec};
use std::sync::Arc;

/// A description that was read.
#[derive(Debug)]
pub struct Template {
    kind: Kind,
    /// What every [`Spec`] of it defines.
    definitions: Arc<Definitions>,
}

#[derive(Debug)]
enum Kind {
    Toml { source: Source, has_depth: bool },
    Dsl(dsl::Program),
}

impl Template {
    /// Reads a description in either language, and gives it with the [`Spec`] of the values that stand in it; what is wrong
    /// with it goes to `report`.
    pub fn read(source: &Source, report: &mut Report) -> Option<(Self, Spec)> {
        let (kind, spec) = match super::form(source) {
            Form::Toml => {
                let spec = toml::parse(source, report)?;
                (Kind::Toml { source: source.clone(), has_depth: toml::has_depth(source) }, spec)
            }
            Form::Dsl => {
                let program = dsl::Program::read(source, report)?;
                let spec = program.spec(&[], report);
                (Kind::Dsl(program), spec)
            }
        };
        Some((Self { kind, definitions: Arc::clone(&spec.definitions) }, spec))
    }

    /// What can be told.
    #[must_use]
    pub fn parameters(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Toml { has_depth: true, .. } => vec!["depth", "stem.kind", "block.kind"],
            Kind::Toml { has_depth: false, .. } => Vec::new(),
            Kind::Dsl(program) => program.parameters().collect(),
        }
    }

    /// What it defines.
    #[must_use]
    pub fn definitions(&self) -> &Arc<Definitions> {
        &self.definitions
    }

    /// The description with these values; what is wrong with it then goes to `report`.
    pub fn spec(&self, told: &[(String, Value)], report: &mut Report) -> Option<Spec> {
        let spec = match &self.kind {
            Kind::Toml { source, .. } => {
                let find = |key: &str| told.iter().find(|(name, _)| name == key).map(|(_, value)| value);
                let word = |key: &str| match find(key) {
                    Some(Value::Text(word)) => Some(word.as_ref()),
                    _ => None,
                };
                let depth = match find("depth") {
                    Some(Value::Integer(depth)) => u64::try_from(*depth).ok(),
                    _ => None,
                };
                toml::parse_with(
                    source,
                    toml::Told { depth, stem: word("stem.kind"), block: word("block.kind") },
                    report,
                )?
            }
            Kind::Dsl(program) => program.spec(told, report),
        };
        Some(Spec { definitions: Arc::clone(&self.definitions), ..spec })
    }
}
