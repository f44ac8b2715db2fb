//! The stems: what stands before the first stage.

use super::{Default, Definition, Domain, Parameter, Place};
use crate::ir::Label;
use crate::lower::{Block, Conv, Halt};

const fn filters(default: u64) -> Parameter {
    Parameter {
        name: "filters",
        domain: Domain::Channels,
        default: Some(Default::Integer(default)),
        meaning: "the output channels of the stem",
    }
}

/// 7x7 stride 2, norm, relu, 3x3 max-pool stride 2 (He et al. 2015, table 1).
pub(super) const IMAGENET: Definition =
    Definition { name: "imagenet", place: Place::Stem, parameters: &[filters(64)], expand: imagenet };

/// 3x3 stride 1, norm, relu (He et al. 2015, section 4.2).
pub(super) const CIFAR: Definition =
    Definition { name: "cifar", place: Place::Stem, parameters: &[filters(16)], expand: cifar };

/// Nothing: the first stage reads the input.
pub(super) const NONE: Definition =
    Definition { name: "none", place: Place::Stem, parameters: &[], expand: |_| Ok(()) };

fn imagenet(block: &mut Block<'_>) -> Result<(), Halt> {
    let filters = block.integer("filters");
    let dialect = block.dialect();
    block.branch(Label::STEM).conv(Conv::new(7, filters).stride(2))?.norm()?.relu()?;
    block.max_pool(3, 2, dialect.stem_pool_padding, dialect.stem_pool_ceil)?;
    Ok(())
}

fn cifar(block: &mut Block<'_>) -> Result<(), Halt> {
    let filters = block.integer("filters");
    block.branch(Label::STEM).conv(Conv::new(3, filters))?.norm()?.relu()?;
    Ok(())
}
