//! The library: what a description's `kind` names.
//!
//! A block declares its parameters and expands itself through [`crate::lower::Block`], the same few verbs that a
//! written-out definition would use: branches, units, conv, norm, act, join. One file a block.

mod basic;
mod bottleneck;
mod plain;
mod shortcut;
mod stem;
mod vgg;

use crate::limits;
use crate::lower::{Block, Halt};

/// A block that a description can call.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Its name: what `kind` says.
    pub name: &'static str,
    /// Where it may stand.
    pub place: Place,
    /// What it can be told.
    pub parameters: &'static [Parameter],
    /// Its body.
    pub expand: fn(&mut Block<'_>) -> Result<(), Halt>,
}

/// Where a block may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Once, before the stages.
    Stem,
    /// Repeated, in a stage.
    Stage,
}

/// A parameter of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Its key.
    pub name: &'static str,
    /// What it takes.
    pub domain: Domain,
    /// What it is without being told; `None` where it must be told.
    pub default: Option<Default>,
    /// What it means, one line; shown when a value is refused.
    pub meaning: &'static str,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Domain {
    /// A number of channels, from 1 to [`limits::CHANNELS`].
    Channels,
    /// A whole number.
    Integer {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// A default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// A whole number.
    Integer(u64),
    /// `true` or `false`.
    Boolean(bool),
    /// A word.
    Word(&'static str),
}

const ALL: &[Definition] =
    &[basic::BASIC, bottleneck::BOTTLENECK, plain::PLAIN, vgg::VGG, stem::IMAGENET, stem::CIFAR, stem::NONE];

/// The blocks that may stand at `place`.
pub fn at(place: Place) -> impl Iterator<Item = &'static Definition> + Clone {
    ALL.iter().filter(move |definition| definition.place == place)
}

/// The block called `name` that may stand at `place`.
#[must_use]
pub fn find(place: Place, name: &str) -> Option<&'static Definition> {
    at(place).find(|definition| definition.name == name)
}

impl Definition {
    /// The parameter called `name`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

const FILTERS: Parameter = Parameter {
    name: "filters",
    domain: Domain::Channels,
    default: None,
    meaning: "the channels of the block's convolutions",
};

const STRIDE: Parameter = Parameter {
    name: "stride",
    domain: Domain::Integer { min: 1, max: limits::SIDE },
    default: Some(Default::Integer(1)),
    meaning: "the step of the stage's first block",
};
