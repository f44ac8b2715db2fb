use super::{Default, Definition, Domain, FILTERS, Parameter, Place, STRIDE, basic};
use crate::ir::Label;
use crate::lower::{Block, Halt};

/// The two convolutions of `basic` with nothing around them (the plain nets of He et al. 2015, section 3.3).
pub(super) const PLAIN: Definition =
    Definition { name: "plain", place: Place::Stage, parameters: &[FILTERS, STRIDE, SHORTCUT], expand };

const SHORTCUT: Parameter = Parameter {
    name: "shortcut",
    domain: Domain::Choice(&["none"]),
    default: Some(Default::Word("none")),
    meaning: "a plain block adds nothing; the block with a shortcut is `kind = \"basic\"`",
};

fn expand(block: &mut Block<'_>) -> Result<(), Halt> {
    let (filters, stride) = (block.integer("filters"), block.stride());
    basic::two_convolutions(block, filters, stride)?;
    block.branch(Label::JOIN).relu()?;
    Ok(())
}
