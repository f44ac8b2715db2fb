//! Layers added up by the parts of a network that people think in.

use super::{Parameters, Row};
use crate::ir::{Label, Place, Shape};
use crate::valid::Checked;
use std::collections::BTreeMap;

/// How finely layers are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Stem, stages, head.
    Stage,
    /// Stem, blocks, head.
    Block,
}

/// A stem, stage, block or head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What it is called: `stem`, `stage 1`, the dialect's name of a block, `head`.
    pub name: String,
    /// Where it is; of a stage, its first block.
    pub place: Place,
    /// The shape that it hands on.
    pub output: Shape,
    /// Its layers, as positions in the rows.
    pub layers: Vec<usize>,
    /// Its parameters.
    pub parameters: Parameters,
    /// Its multiply-accumulates.
    pub macs: u128,
}

/// The rows added up, in the order of the network. The input belongs to the stem, to the first stage where there is
/// no stem.
#[must_use]
pub fn group(network: &Checked, rows: &[Row], level: Level) -> Vec<Group> {
    let mut groups = BTreeMap::<Place, Group>::new();
    for (position, row) in rows.iter().enumerate() {
        let Some(node) = network.graph().get(row.node) else { continue };
        let address = node.origin.address;
        let place = match (address.place, level) {
            (Place::Input, _) => continue,
            (Place::Block { stage, .. }, Level::Stage) => Place::Block { stage, block: 0 },
            (place, _) => place,
        };
        let group = groups.entry(place).or_insert_with(|| Group {
            name: match place {
                Place::Input => "input".to_owned(),
                Place::Stem => "stem".to_owned(),
                Place::Head => "head".to_owned(),
                Place::Block { stage, .. } if level == Level::Stage => format!("stage {}", stage + 1),
                // The layers of a chain are numbered through the network; its blocks have no names of their own.
                Place::Block { stage, block } if address.branch == Label::CHAIN => {
                    format!("stage{}.block{}", stage + 1, block + 1)
                }
                Place::Block { .. } => network.graph().block_name(&address),
            },
            place,
            output: row.output,
            layers: Vec::new(),
            parameters: Parameters::default(),
            macs: 0,
        });
        group.output = row.output;
        group.layers.push(position);
        group.parameters += row.parameters;
        group.macs += row.macs;
    }
    groups.into_values().collect()
}

/// A part of a whole as people read it: `58.7 %`.
#[must_use]
pub fn percent(part: u128, whole: u128) -> String {
    let tenths = (part.saturating_mul(1000) + whole / 2) / whole.max(1);
    format!("{}.{} %", tenths / 10, tenths % 10)
}
