use super::{Definition, FILTERS, Place, STRIDE, shortcut};
use crate::ir::Label;
use crate::lower::{Block, Conv, Halt};

/// Two 3x3 convolutions and a shortcut (He et al. 2015, figure 5 left).
pub(super) const BASIC: Definition = Definition {
    name: "basic",
    place: Place::Stage,
    parameters: &[FILTERS, STRIDE, shortcut::SHORTCUT, shortcut::ZEROS],
    expand,
};

fn expand(block: &mut Block<'_>) -> Result<(), Halt> {
    let (filters, stride) = (block.integer("filters"), block.stride());
    let input = block.current();
    two_convolutions(block, filters, stride)?;
    shortcut::join(block, input, stride, filters)
}

/// The main branch, which a plain network has too.
pub(super) fn two_convolutions(block: &mut Block<'_>, filters: u64, stride: u64) -> Result<(), Halt> {
    block.branch(Label::MAIN);
    block.unit(1).conv(Conv::new(3, filters).stride(stride))?.norm()?.relu()?;
    block.unit(2).conv(Conv::new(3, filters))?.norm()?;
    Ok(())
}
