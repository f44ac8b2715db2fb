//! SVG: a layout of its own.
//!
//! Bands stand below each other, and go on in a next column where there is room. In a band the runs of blocks stand below each other, all on
//! one line; in a run the boxes do, branches beside each other, and shortcuts go around them as arcs. Rooms are measured
//! first (`measure`), then places are given (`place`, `column`), in whole pixels. Texts are measured without a font.

mod column;
mod measure;
mod metric;
mod place;
mod view;
mod word;

pub use word::{Comment, Hue, Text};

use super::drawing::Drawing;
use askama::Template;
use std::fmt;

/// The style of every picture: of a page that holds some, it is needed once.
pub const CSS: &str = include_str!("templates/picture.css");

/// The narrowest that a picture may be asked to be.
pub const NARROWEST: u32 = 200;

/// A picture as part of a page.
#[derive(Debug, Clone)]
pub struct Picture(view::Svg);

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A template of what can be displayed fails only where the writer does.
        self.0.render_into(f).map_err(|_| fmt::Error)
    }
}

/// The picture number `number` of a page, `width` pixels wide where no single stage is wider. The page has [`CSS`].
#[must_use]
pub fn picture(drawing: &Drawing, width: u32, number: u32) -> Picture {
    Picture(column::picture(drawing, i64::from(width), Some(number)))
}

/// A picture that stands alone.
pub(super) fn standalone(drawing: &Drawing, width: u32, header: &str) -> String {
    let picture = Picture(column::picture(drawing, i64::from(width), None));
    format!("<!-- {} -->\n{picture}\n", Comment::new(header))
}
