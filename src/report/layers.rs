//! Every layer, block by block and stage by stage.

use super::hue;
use super::view::{Block, Count, Layer, Share, Stage};
use crate::analysis::{self, Analysis, Group, Level};
use crate::back::picture::Text;
use crate::ir::Place;
use crate::valid::Checked;

pub(super) fn stages(network: &Checked, analysis: &Analysis) -> Vec<Stage> {
    let mut blocks = analysis::group(network, &analysis.layers, Level::Block).into_iter().peekable();
    let stages = analysis::group(network, &analysis.layers, Level::Stage);
    let most = blocks.clone().map(|block| block.macs).max().unwrap_or(0);
    let stage = |group: Group| {
        let mut inside = Vec::new();
        while let Some(block) = blocks.next_if(|block| stage_of(block.place) == group.place) {
            inside.push(self::block(network, analysis, &block, most));
        }
        Stage {
            hue: hue(group.place),
            name: Text::new(&group.name),
            kind: Text::new(kind(network, group.place)),
            blocks: inside,
        }
    };
    stages.into_iter().map(stage).collect()
}

/// The place of the stage that a block belongs to.
fn stage_of(place: Place) -> Place {
    match place {
        Place::Block { stage, .. } => Place::Block { stage, block: 0 },
        Place::Input | Place::Stem | Place::Head => place,
    }
}

/// What the library calls the block at `place`.
fn kind(network: &Checked, place: Place) -> &str {
    let kinds = &network.graph().kinds;
    match place {
        Place::Input => "",
        Place::Stem => &kinds.stem,
        Place::Head => &kinds.head,
        Place::Block { stage, .. } => kinds.stages.get(stage as usize).map_or("", |kind| &kind.name),
    }
}

/// A block; `most` is the largest number of multiply-accumulates that a block has.
fn block(network: &Checked, analysis: &Analysis, group: &Group, most: u128) -> Block {
    let layer = |layer: &analysis::Row| Layer {
        name: Text::new(network.name(layer.node)),
        op: Text::new(&layer.op.replace('_', " ")),
        output: layer.output,
        parameters: Count(layer.parameters.total()),
        macs: Count(layer.macs),
    };
    Block {
        name: Text::new(&group.name),
        output: group.output,
        parameters: Count(group.parameters.total()),
        macs: Count(group.macs),
        length: Share { part: group.macs, whole: most },
        layers: group.layers.iter().filter_map(|&position| analysis.layers.get(position)).map(layer).collect(),
    }
}
