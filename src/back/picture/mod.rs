//! Pictures of a network: SVG with a layout of its own, DOT and Mermaid.
//!
//! In: a [`Checked`] network and how deep to look. Out: a text that draws it. All three draw one [`Drawing`]: bands for
//! stem, stages and head, runs of blocks that look the same, and in them boxes, forks and joins. The same network gives the
//! same bytes. No name of a description reaches a picture but as a quoted text: each format has a type for that.

mod cell;
mod dot;
mod drawing;
mod flow;
mod fold;
mod mermaid;
mod svg;

pub use drawing::{Band, Branch, Cell, Drawing, Fork, Join, Line, Role, Run, Shapes, Step};
pub use svg::{CSS, Comment, Hue, NARROWEST, Picture, Text, picture};

use super::{Unsupported, header};
use crate::valid::Checked;

/// How much a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What a box is.
    pub depth: Depth,
    /// Whether blocks that look the same and follow each other are drawn one by one.
    pub unfold: bool,
}

/// What a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// A stem, a stage, a head.
    Stage,
    /// A layer of a block with its norm and its activation, as papers draw them.
    #[default]
    Block,
    /// A layer.
    Layer,
}

/// What is drawn of `network`.
///
/// # Errors
/// A node that is in no series or parallel part: no description leads to one.
pub fn draw(network: &Checked, options: Options) -> Result<Drawing, Unsupported> {
    fold::drawing(network, options).map_err(|node| Unsupported {
        node,
        reason: "a picture is made of series and branches that meet again; this layer is in neither".to_owned(),
    })
}

/// `network` as SVG that is `width` pixels wide, wider only where one stage is.
///
/// # Errors
/// See [`draw`].
pub fn svg(network: &Checked, options: Options, width: u32) -> Result<String, Unsupported> {
    Ok(svg::standalone(&draw(network, options)?, width, &header(network)))
}

/// `network` in the language of Graphviz.
///
/// # Errors
/// See [`draw`].
pub fn dot(network: &Checked, options: Options) -> Result<String, Unsupported> {
    Ok(dot::text(&draw(network, options)?, &header(network)))
}

/// `network` as a Mermaid flowchart.
///
/// # Errors
/// See [`draw`].
pub fn mermaid(network: &Checked, options: Options) -> Result<String, Unsupported> {
    Ok(mermaid::text(&draw(network, options)?, &header(network)))
}
