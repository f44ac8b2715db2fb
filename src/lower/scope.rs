//! Where names of blocks are looked for.

use crate::dialect;
use crate::lang::Definitions;
use crate::lang::ast::Block;
use crate::library::{self, Place};
use std::collections::HashMap;

/// The blocks that a description can name: its own first, then the library's. The library knows only its own, so that a
/// description's `basic` changes nothing but the description.
#[derive(Debug, Clone, Copy)]
pub struct Blocks<'a> {
    index: &'a Index<'a>,
}

/// A description's own blocks by name; the first of a name counts.
#[derive(Debug)]
pub struct Index<'a> {
    own: &'a [Block],
    by_name: HashMap<&'a str, usize>,
}

impl<'a> Index<'a> {
    /// The blocks of `definitions`.
    #[must_use]
    pub fn new(definitions: &'a Definitions) -> Self {
        let own = definitions.blocks.as_slice();
        let mut by_name = HashMap::with_capacity(own.len());
        for (at, block) in own.iter().enumerate() {
            by_name.entry(block.name()).or_insert(at);
        }
        Self { own, by_name }
    }

    /// Which block is called `name`.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    fn find(&self, name: &str) -> Option<&'a Block> {
        self.position(name).and_then(|at| self.own.get(at))
    }
}

impl<'a> Blocks<'a> {
    /// What a description with these blocks can name.
    #[must_use]
    pub fn new(index: &'a Index<'a>) -> Self {
        Self { index }
    }

    /// Which of the description's own blocks is called `name`.
    pub(super) fn position(self, name: &str) -> Option<usize> {
        self.index.position(name)
    }

    /// The block called `name`, where the library or the description says so.
    pub(super) fn find(self, name: &str, is_library: bool) -> Option<&'a Block> {
        if is_library { library::find(name) } else { self.index.find(name).or_else(|| library::find(name)) }
    }

    /// Whether `name` is how a layer is drawn, and no block.
    pub(super) fn is_init(self, name: &str, is_library: bool) -> bool {
        dialect::init::words().any(|word| word == name) && self.find(name, is_library).is_none()
    }

    /// The block called `name`, where a description names one for `place`.
    #[must_use]
    pub fn find_at(self, place: Place, name: &str) -> Option<&'a Block> {
        self.index.find(name).or_else(|| library::find_at(place, name))
    }

    /// The description's own blocks.
    pub(super) fn own(self) -> impl Iterator<Item = &'a str> + Clone {
        self.index.own.iter().map(Block::name)
    }

    /// What a description can name at `place`, its own first.
    pub(super) fn names(self, place: Place) -> impl Iterator<Item = &'a str> + Clone {
        self.own().chain(library::names(place).map(|name| -> &'a str { name }))
    }
}
