use super::{Default, Definition, Domain, FILTERS, Parameter, Place, STRIDE, shortcut};
use crate::ir::Label;
use crate::ir::dialect::StridePosition;
use crate::limits;
use crate::lower::{Block, Conv, Halt};

/// 1x1, 3x3, 1x1 and a shortcut (He et al. 2015, figure 5 right), with the groups of ResNeXt (arXiv 1611.05431) and
/// the width of wide ResNets (arXiv 1605.07146).
pub(super) const BOTTLENECK: Definition = Definition {
    name: "bottleneck",
    place: Place::Stage,
    parameters: &[
        FILTERS,
        STRIDE,
        shortcut::SHORTCUT,
        shortcut::ZEROS,
        Parameter {
            name: "groups",
            domain: Domain::Channels,
            default: Some(Default::Integer(1)),
            meaning: "the groups of the 3x3",
        },
        Parameter {
            name: "width_per_group",
            domain: Domain::Channels,
            default: Some(Default::Integer(64)),
            meaning: "width of the 3x3 = floor(filters * width_per_group / 64) * groups",
        },
        Parameter {
            name: "expansion",
            domain: Domain::Channels,
            default: Some(Default::Integer(4)),
            meaning: "output channels = expansion * filters",
        },
        Parameter {
            name: "dilation",
            domain: Domain::Integer { min: 1, max: limits::SIDE },
            default: Some(Default::Integer(1)),
            meaning: "the dilation of the 3x3; the first block of a stage keeps that of the stage before",
        },
    ],
    expand,
};

fn expand(block: &mut Block<'_>) -> Result<(), Halt> {
    let (filters, stride) = (block.integer("filters"), block.stride());
    let groups = block.integer("groups");
    let width = filters * block.integer("width_per_group") / 64 * groups;
    let out = filters * block.integer("expansion");
    // torchvision's `replace_stride_with_dilation`: the map that the first block reads still has the old spacing.
    let dilation = if block.index() == 0 { block.previous("dilation").unwrap_or(1) } else { block.integer("dilation") };
    let (first, spatial) = match block.dialect().bottleneck_stride {
        StridePosition::First => (stride, 1),
        StridePosition::Spatial => (1, stride),
    };
    let input = block.current();
    block.branch(Label::MAIN);
    block.unit(1).conv(Conv::new(1, width).stride(first))?.norm()?.relu()?;
    block.unit(2).conv(Conv::new(3, width).stride(spatial).groups(groups).dilation(dilation))?.norm()?.relu()?;
    block.unit(3).conv(Conv::new(1, out))?.norm()?;
    shortcut::join(block, input, stride, out)
}
