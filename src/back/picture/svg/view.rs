//! What the template is given. Every string is a type of [`super::word`] that knows its quoting; every place is known.

use super::word::{Hue, Path, Pixels, Text};
use crate::back::picture::{Join, Role};
use askama::Template;

/// The picture.
#[derive(Debug, Clone, Template)]
#[template(path = "picture.svg", config = "src/back/picture/svg/askama.toml", escape = "none")]
pub(super) struct Svg {
    /// Which of the pictures of a page it is.
    pub(super) number: Pixels,
    /// Whether it stands alone, with its own style, ground and heading.
    pub(super) alone: bool,
    pub(super) width: Pixels,
    pub(super) height: Pixels,
    pub(super) title: Text,
    pub(super) subtitle: Text,
    pub(super) describe: Text,
    pub(super) bands: Vec<Band>,
    /// Lines between bands.
    pub(super) wires: Vec<Wire>,
    pub(super) legend: Vec<Entry>,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) x: Pixels,
    pub(super) y: Pixels,
    pub(super) width: Pixels,
    pub(super) height: Pixels,
}

/// A text at its place: the left end of its base line, its middle for what is centred.
#[derive(Debug, Clone)]
pub(super) struct Label {
    pub(super) x: Pixels,
    pub(super) y: Pixels,
    pub(super) text: Text,
}

/// A stem, a stage, a head.
#[derive(Debug, Clone)]
pub(super) struct Band {
    pub(super) hue: Hue,
    pub(super) frame: Frame,
    pub(super) title: Label,
    pub(super) what: Label,
    pub(super) cost: Label,
    pub(super) runs: Vec<Run>,
}

/// Blocks that look the same.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) frame: Frame,
    pub(super) tip: Text,
    pub(super) caption: Option<Label>,
    pub(super) times: Option<Badge>,
    pub(super) wires: Vec<Wire>,
    pub(super) labels: Vec<Label>,
    pub(super) cells: Vec<Cell>,
    pub(super) joins: Vec<Joint>,
}

/// How often a run is repeated.
#[derive(Debug, Clone)]
pub(super) struct Badge {
    pub(super) frame: Frame,
    pub(super) label: Label,
}

/// A line.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub(super) kind: Kind,
    pub(super) path: Path,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// From box to box.
    Flow,
    /// Without a head.
    Bare,
    /// The identity beside the boxes.
    Identity,
    /// A shortcut that computes.
    Shortcut,
}

/// A box.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) frame: Frame,
    pub(super) radius: Pixels,
    pub(super) role: Role,
    /// Whether it stands on a dotted line.
    pub(super) dotted: bool,
    pub(super) tip: Text,
    pub(super) title: Label,
    pub(super) notes: Vec<Label>,
}

/// Where branches meet.
#[derive(Debug, Clone)]
pub(super) struct Joint {
    pub(super) x: Pixels,
    pub(super) y: Pixels,
    pub(super) join: Join,
    pub(super) tip: Text,
    pub(super) note: Option<Label>,
}

/// A line of the legend.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) sign: Sign,
    pub(super) x: Pixels,
    pub(super) y: Pixels,
    pub(super) path: Path,
    pub(super) label: Label,
}

/// What a line of the legend explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Identity,
    Shortcut,
    Join(Join),
}

impl Kind {
    /// Whether it ends without a head.
    fn is_bare(self) -> bool {
        self == Self::Bare
    }
}
