//! The words of SVG and HTML that templates may be given: each type knows how it is written, and nothing else gets in.

use crate::diagnostic::visible::acts;
use std::fmt::{self, Write};

/// Text of an element or an attribute of SVG and HTML: markup in it is text, and what no XML may hold is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// `text`, to be written so that it is nothing but text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Text of a comment of SVG and HTML: what could end one is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment(String);

impl Comment {
    /// `text`, to be written so that it is nothing but a comment.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let plain = |c: char| if matches!(c, ' '..='~') && !matches!(c, '-' | '<' | '>') { c } else { ' ' };
        Self(text.chars().map(plain).collect())
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                letter if acts(letter) => f.write_char(' ')?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// A length or a place in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pixels(pub(super) i64);

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Lines along the axes whose corners are rounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    points: Vec<[i64; 2]>,
    radius: i64,
}

impl Path {
    /// Points of which two neighbours have a coordinate in common; equal neighbours are one.
    pub(super) fn new(points: impl IntoIterator<Item = [i64; 2]>, radius: i64) -> Self {
        let mut points: Vec<_> = points.into_iter().collect();
        points.dedup();
        Self { points, radius }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, [x, y]) in self.points.iter().copied().enumerate() {
            let before = at.checked_sub(1).and_then(|at| self.points.get(at));
            match (before, self.points.get(at + 1)) {
                (None, _) => write!(f, "M{x} {y}")?,
                (Some(_), None) => write!(f, "L{x} {y}")?,
                (Some(&before), Some(&after)) => {
                    let [from_x, from_y] = self.towards([x, y], before);
                    let [to_x, to_y] = self.towards([x, y], after);
                    write!(f, "L{from_x} {from_y}Q{x} {y} {to_x} {to_y}")?;
                }
            }
        }
        Ok(())
    }
}

impl Path {
    /// The place on the way from a corner to its neighbour where the rounding ends.
    fn towards(&self, [x, y]: [i64; 2], [other_x, other_y]: [i64; 2]) -> [i64; 2] {
        let step = |from: i64, to: i64| {
            let far = to.saturating_sub(from);
            far.signum() * self.radius.min(far.abs() / 2)
        };
        [x + step(x, other_x), y + step(y, other_y)]
    }
}

/// A colour of the palette, as the class that [`super::CSS`] has for it: one a stage, neutral for what is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hue(pub Option<u32>);

/// The colours that there are.
const HUES: u32 = 6;

impl fmt::Display for Hue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("hn"),
            Some(stage) => write!(f, "h{}", stage % HUES),
        }
    }
}
