//! How deep a table looks into a network.

use clap::ValueEnum;

/// The parts that are its rows, in words or as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Depth {
    /// Stem, stages, head
    #[value(alias = "1")]
    Stage,
    /// Stem, blocks, head
    #[value(alias = "2")]
    Block,
    /// Layers
    #[value(alias = "3")]
    Layer,
}
