//! Where names of blocks are looked for.

use crate::lang::Definitions;
use crate::lang::ast::Block;
use crate::library::{self, Place};

/// The blocks that a description can name: its own first, then the library's. The library knows only its own, so that a
/// description's `basic` changes nothing but the description.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks<'a> {
    own: &'a Definitions,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(own: &'a Definitions) -> Self {
        Self { own }
    }

    /// The block called `name`, where the library or the description says so.
    pub(super) fn find(self, name: &str, is_library: bool) -> Option<&'a Block> {
        let own = || self.own.blocks.iter().find(|block| block.name() == name);
        if is_library { library::find(name) } else { own().or_else(|| library::find(name)) }
    }

    /// The block called `name`, where a description names one for `place`.
    pub(super) fn find_at(self, place: Place, name: &str) -> Option<&'a Block> {
        let own = self.own.blocks.iter().find(|block| block.name() == name);
        own.or_else(|| library::find_at(place, name))
    }

    /// The description's own blocks.
    pub(super) fn own(self) -> impl Iterator<Item = &'a str> + Clone {
        self.own.blocks.iter().map(Block::name)
    }

    /// What a description can name at `place`, its own first.
    pub(super) fn names(self, place: Place) -> impl Iterator<Item = &'a str> + Clone {
        self.own.blocks.iter().map(Block::name).chain(library::names(place).map(|name| -> &'a str { name }))
    }
}
