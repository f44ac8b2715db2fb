//! The shortcuts of He et al. 2015, section 3.3: A, B, C and none.

use super::{Default, Domain, Parameter};
use crate::ir::dialect::Projection;
use crate::ir::{Label, NodeId};
use crate::lower::{Block, Conv, Halt};

pub(super) const SHORTCUT: Parameter = Parameter {
    name: "shortcut",
    domain: Domain::Choice(&["A", "B", "C", "none"]),
    default: Some(Default::Word("B")),
    meaning: "A: identity, subsampled, zeros for new channels; B: projection where shapes differ; C: projection on \
              every block; none: no shortcut, no add",
};

pub(super) const ZEROS: Parameter = Parameter {
    name: "zeros",
    domain: Domain::Choice(&["append", "split"]),
    default: Some(Default::Word("append")),
    meaning: "where shortcut A puts its zero channels: after the identity's, or half on either side",
};

/// Joins the main branch, which ends at the block's current node, with a shortcut from `input`, and the closing relu.
pub(super) fn join(block: &mut Block<'_>, input: NodeId, stride: u64, out: u64) -> Result<(), Halt> {
    let main = block.current();
    let inputs = block.channels(input);
    let shapes_differ = stride != 1 || inputs != out;
    let projects = match block.dialect().projection {
        Projection::WhereShapesDiffer => shapes_differ,
        Projection::FirstBlock => block.index() == 0,
    };
    match block.word("shortcut") {
        "none" => {
            block.branch(Label::JOIN).relu()?;
            return Ok(());
        }
        "A" if shapes_differ => zero_padded(block, input, stride, out)?,
        "B" if projects => projection(block, input, stride, out)?,
        "C" => projection(block, input, stride, out)?,
        _ => block.rewind(Label::SKIP, input),
    }
    let skip = block.current();
    block.branch(Label::JOIN).add(main, skip)?.relu()?;
    Ok(())
}

/// The identity subsampled by the stride, beside zeros. Where channels are lost nothing can be appended, and the add
/// that follows says so.
fn zero_padded(block: &mut Block<'_>, input: NodeId, stride: u64, out: u64) -> Result<(), Halt> {
    block.rewind(Label::SKIP, input);
    block.blame("shortcut");
    if stride != 1 {
        block.subsample(stride)?;
    }
    let missing = out.saturating_sub(block.channels(input));
    if missing > 0 {
        let before = if block.word("zeros") == "split" { missing / 2 } else { 0 };
        block.zero_channels(before, missing - before)?;
    }
    Ok(())
}

/// A 1x1 convolution with the stride, then norm.
fn projection(block: &mut Block<'_>, input: NodeId, stride: u64, out: u64) -> Result<(), Halt> {
    block.rewind(Label::SKIP, input);
    block.blame("shortcut");
    block.conv(Conv::new(1, out).stride(stride))?.norm()?;
    Ok(())
}
