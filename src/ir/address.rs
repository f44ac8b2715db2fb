//! Where in a network a node stands, in the papers' words.

use super::Label;

/// The address of a node: unique in a graph that [`crate::lower`] made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// The part of the network.
    pub place: Place,
    /// The branch within it: the innermost that has a name.
    pub branch: Label,
    /// The unit within the branch: the conv, norm and activation that belong together share a number, from 1 in the
    /// main branch as in the papers. 0 where nothing is numbered.
    pub unit: u32,
    /// What the node does in its unit.
    pub role: Label,
    /// Position in the branch, from 0; in a chain, position in all the chains of the network.
    pub sequence: u32,
}

impl Address {
    /// The network's input.
    pub const INPUT: Self =
        Self { place: Place::Input, branch: Label::INPUT, unit: 0, role: Label::INPUT, sequence: 0 };
}

/// The part of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The input.
    Input,
    /// Before the stages.
    Stem,
    /// A block.
    Block {
        /// The stage, from 0.
        stage: u32,
        /// The block in the stage, from 0.
        block: u32,
    },
    /// After the stages.
    Head,
}
