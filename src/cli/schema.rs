//! `resnetc schema`: what an editor needs to know of descriptions in TOML.

use super::{Failure, output};

/// Print a JSON Schema of descriptions in TOML, for editors
///
/// It has every key, block, parameter, range, choice and dialect of this version, with what they mean. What it refuses, the
/// compiler refuses; shapes, and what a description defines itself, only the compiler knows.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments) -> Result<(), Failure> {
    output::print(&resnetc::schema::text())
}
