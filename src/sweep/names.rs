//! Whether the layers of a network can be told apart by name.
//!
//! In: the blocks of a network and what of their layers decides names. Out: whether [`valid::name_layers`] finds a name for
//! each. It is asked for the network as a whole only where two blocks want one name. Otherwise each block by itself is
//! enough: where no name of one block is a name of another, no layer was in the way of one of another block.

use crate::ir::names::{Context, NameTable};
use crate::ir::{Address, Label, Place};
use crate::valid::{self, Named};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hasher};

/// The most networks that are remembered.
const MOST_VERDICTS: usize = 20_000;

/// What of a block's layers decides their names, the place apart; in chains, numbers from 0.
pub(super) type Layers = Vec<Named>;

/// A block of a network, as far as names are concerned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'n> {
    /// Its name in the library or the description, and a number for it.
    pub(super) kind: &'n str,
    pub(super) kind_number: u32,
    /// Its layers, and a number for them.
    pub(super) layers: &'n Layers,
    pub(super) number: u32,
    /// Where it stands: the place, the number of the stage, that of the block in the network.
    pub(super) place: Place,
    pub(super) stage: u32,
    pub(super) at: u32,
}

/// What the names of a block's layers depend on, in a dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    dialect: u32,
    kind: u32,
    layers: u32,
    place: Place,
    stage: u32,
    at: u32,
    chained: u32,
}

/// What is remembered of names.
#[derive(Debug, Default)]
pub(super) struct Names {
    verdicts: HashMap<Vec<u32>, bool>,
    /// The names of a block's layers, as hashes; none where they clash among themselves.
    blocks: HashMap<Key, Option<Vec<u64>>>,
    /// For a dialect and a block, whether names say its number in the network.
    numbered: HashMap<(u32, u32), bool>,
    seen: HashSet<u64, BuildHasherDefault<Same>>,
}

/// A hash that is one already.
#[derive(Debug, Clone, Copy, Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = BuildHasherDefault::<DefaultHasher>::default().hash_one(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Names {
    /// How much is remembered of blocks.
    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Whether the layers of the network that is these `blocks` have names, where `signature` is all that decides them, the
    /// number of the dialect first.
    pub(super) fn are_unique<'n>(
        &mut self,
        signature: &[u32],
        table: &NameTable,
        blocks: impl Iterator<Item = Block<'n>> + Clone,
    ) -> bool {
        if let Some(&verdict) = self.verdicts.get(signature) {
            return verdict;
        }
        let dialect = signature.first().copied().unwrap_or_default();
        let verdict = self.are_apart(dialect, table, blocks.clone()) || are_unique(table, blocks);
        if self.verdicts.len() >= MOST_VERDICTS {
            self.verdicts.clear();
        }
        self.verdicts.insert(signature.to_vec(), verdict);
        verdict
    }

    /// Whether no block has a name of another, or two layers of one name.
    fn are_apart<'n>(&mut self, dialect: u32, table: &NameTable, blocks: impl Iterator<Item = Block<'n>>) -> bool {
        self.seen.clear();
        self.seen.insert(hash(&table.name(&Address::INPUT, Context::default())));
        let mut chained = 0;
        for block in blocks {
            let links = block.links();
            let says_number =
                *self.numbered.entry((dialect, block.kind_number)).or_insert_with(|| table.says_number(block.kind));
            let key = Key {
                dialect,
                kind: block.kind_number,
                layers: block.number,
                place: block.place,
                stage: block.stage,
                at: if says_number { block.at } else { 0 },
                chained: if links > 0 { chained } else { 0 },
            };
            let names = self.blocks.entry(key).or_insert_with(|| {
                let names = valid::name_layers(block.layers(chained), table).ok()?;
                Some(names.iter().map(|name| hash(name)).collect())
            });
            let Some(names) = names else { return false };
            if !names.iter().all(|name| self.seen.insert(*name)) {
                return false;
            }
            chained += links;
        }
        true
    }
}

fn hash(name: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(name)
}

/// Whether all layers of a network have names.
fn are_unique<'n>(table: &NameTable, blocks: impl Iterator<Item = Block<'n>>) -> bool {
    let mut chained = 0;
    let mut layers = vec![(Named { address: Address::INPUT, has_weights: false, kind: "input" }, Context::default())];
    for block in blocks {
        layers.extend(block.layers(chained));
        chained += block.links();
    }
    valid::name_layers(layers.into_iter(), table).is_ok()
}

impl<'n> Block<'n> {
    /// How many of its layers are numbered in chains.
    fn links(&self) -> u32 {
        let links = self.layers.iter().filter(|layer| layer.address.branch == Label::CHAIN).count();
        u32::try_from(links).unwrap_or(u32::MAX)
    }

    /// Its layers where they stand, after `chained` layers that are numbered in chains.
    fn layers(&self, chained: u32) -> impl Iterator<Item = (Named, Context<'n>)> {
        let context = Context { kind: self.kind, number: self.at, stage: self.stage, ..Context::default() };
        let place = self.place;
        self.layers.iter().map(move |layer| {
            let mut layer = *layer;
            layer.address.place = place;
            if layer.address.branch == Label::CHAIN {
                layer.address.sequence = layer.address.sequence.saturating_add(chained);
            }
            (layer, context)
        })
    }
}
