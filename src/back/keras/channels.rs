//! How many channels a block gives, where its docstring can say so.

use super::python::{PyIdent, PyNumber};
use crate::ir::Op;
use crate::ir::op::Pad;
use crate::outline::{Expression, Field, Item, Step};

/// The channels of a body's value.
#[derive(Debug, Clone, PartialEq)]
enum Channels {
    /// Those of what it reads.
    Same,
    /// So many.
    Number(PyNumber),
    /// Nothing that a word says.
    Mixed,
}

/// What the function's parameters are called that it has of the definition's.
pub(super) type Names<'a> = &'a dyn Fn(usize) -> Option<PyIdent>;

/// The channels that `steps` give.
pub(super) fn of(steps: &[Step], names: Names<'_>) -> Option<PyNumber> {
    match body(steps, names) {
        Channels::Number(number) => Some(number),
        Channels::Same | Channels::Mixed => None,
    }
}

fn body(steps: &[Step], names: Names<'_>) -> Channels {
    for step in steps.iter().rev() {
        let channels = match step {
            Step::Item(item) => of_item(item, names),
            Step::Join { item: Item { op: Op::Concat(_), .. }, .. } => Channels::Mixed,
            // All branches have the same, and those of a gate too: any that says how many says it for all.
            Step::Join { branches, .. } => {
                let of_branches: Vec<_> = branches.iter().map(|branch| body(branch, names)).collect();
                let mixed = of_branches.iter().all(|channels| *channels == Channels::Mixed);
                let number = of_branches.into_iter().find(|channels| matches!(channels, Channels::Number(_)));
                number.unwrap_or(if mixed { Channels::Mixed } else { Channels::Same })
            }
        };
        match channels {
            Channels::Same => {}
            Channels::Number(_) if step.item().guard.is_some() => return Channels::Mixed,
            known => return known,
        }
    }
    Channels::Same
}

fn of_item(item: &Item, names: Names<'_>) -> Channels {
    match &item.op {
        Op::Conv2d(_) | Op::Linear(_) => {
            let number = match item.fields.get(&Field::Filters) {
                Some(Expression::Literal(value)) => Some(PyNumber::Literal(*value)),
                Some(Expression::Parameter(index)) => names(*index).map(PyNumber::Variable),
                Some(Expression::Multiple(factor, index)) => {
                    names(*index).map(|name| PyNumber::Multiple(*factor, name))
                }
                Some(Expression::Half(index)) => names(*index).map(PyNumber::Half),
                Some(Expression::Real(_)) | None => None,
            };
            number.map_or(Channels::Mixed, Channels::Number)
        }
        Op::Pad(Pad::Channels { .. }) | Op::Slice(_) | Op::Flatten(_) => Channels::Mixed,
        Op::Input(_)
        | Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::MaxPool(_)
        | Op::AdaptivePool(_)
        | Op::Add(_)
        | Op::Pad(Pad::Spatial(_))
        | Op::Subsample(_)
        | Op::Dropout(_)
        | Op::AvgPool(_)
        | Op::Blur(_)
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::DropPath(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_) => Channels::Same,
    }
}
