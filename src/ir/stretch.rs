//! Stretches of a network.

use super::Place;
use std::fmt;

/// Places in a row. Stages and blocks count from 0 and the last is one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stretch {
    /// The input.
    Input,
    /// What comes before the stages.
    Stem,
    /// The same blocks of each of some stages.
    Blocks {
        /// The first and the last stage.
        stages: [u32; 2],
        /// The first and the last block; `None` for all blocks of stages that have different numbers of them.
        blocks: Option<[u32; 2]>,
    },
    /// What comes after the stages.
    Head,
}

impl Stretch {
    /// The stretch that is one place.
    #[must_use]
    pub fn at(place: Place) -> Self {
        match place {
            Place::Input => Self::Input,
            Place::Stem => Self::Stem,
            Place::Block { stage, block } => Self::Blocks { stages: [stage; 2], blocks: Some([block; 2]) },
            Place::Head => Self::Head,
        }
    }
}

impl fmt::Display for Stretch {
    /// `stem`, `stage 2, blocks 2 to 4`, `stages 1 to 4, all blocks`: stages and blocks from 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input => f.write_str("input"),
            Self::Stem => f.write_str("stem"),
            Self::Head => f.write_str("head"),
            Self::Blocks { stages, blocks } => {
                range(f, "stage", *stages)?;
                f.write_str(", ")?;
                match blocks {
                    Some(blocks) => range(f, "block", *blocks),
                    None => f.write_str("all blocks"),
                }
            }
        }
    }
}

fn range(f: &mut fmt::Formatter<'_>, what: &str, [first, last]: [u32; 2]) -> fmt::Result {
    let (first, last) = (u64::from(first) + 1, u64::from(last) + 1);
    if first == last { write!(f, "{what} {first}") } else { write!(f, "{what}s {first} to {last}") }
}
