use super::{Default, Definition, Domain, FILTERS, Parameter, Place};
use crate::ir::{Label, Sides};
use crate::lower::{Block, Conv, Halt};

/// 3x3 with bias, norm if asked for, relu; a 2x2 max-pool closes the stage (Simonyan and Zisserman, arXiv 1409.1556).
pub(super) const VGG: Definition = Definition {
    name: "vgg",
    place: Place::Stage,
    parameters: &[
        FILTERS,
        Parameter {
            name: "norm",
            domain: Domain::Boolean,
            default: Some(Default::Boolean(false)),
            meaning: "whether a batch norm follows each convolution",
        },
        Parameter {
            name: "stride",
            domain: Domain::Integer { min: 2, max: 2 },
            default: Some(Default::Integer(2)),
            meaning: "a vgg stage ends with a 2x2 max-pool, so its stride is 2 and need not be written",
        },
    ],
    expand,
};

fn expand(block: &mut Block<'_>) -> Result<(), Halt> {
    let filters = block.integer("filters");
    block.branch(Label::CHAIN).unit(1).conv(Conv::new(3, filters).bias(true))?;
    if block.boolean("norm") {
        block.norm()?;
    }
    block.relu()?;
    if block.is_last() {
        block.max_pool(2, 2, Sides::all(0), false)?;
    }
    Ok(())
}
