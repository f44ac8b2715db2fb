//! What the template is given. Every string is a type that knows its quoting; every number is known.

use crate::analysis::figure::{Unit, brief, grouped};
use crate::analysis::group::percent;
use crate::back::picture::{CSS, Comment, Hue, Picture, Text};
use crate::ir::Shape;
use askama::Template;
use std::fmt;

/// The page.
#[derive(Debug, Template)]
#[template(path = "report.html", config = "src/report/askama.toml", escape = "none")]
pub(super) struct Page {
    pub(super) header: Comment,
    pub(super) version: Text,
    pub(super) name: Text,
    pub(super) dialect: Text,
    pub(super) input: Shape,
    pub(super) layers: Count,
    pub(super) figures: Vec<Figure>,
    /// The picture for screens, and for phones.
    pub(super) wide: Picture,
    pub(super) narrow: Picture,
    pub(super) charts: Vec<Chart>,
    pub(super) memory: Memory,
    pub(super) stages: Vec<Stage>,
    pub(super) conventions: Vec<Convention>,
}

/// A headline figure.
#[derive(Debug)]
pub(super) struct Figure {
    /// Its name as a word.
    pub(super) key: Text,
    pub(super) name: Text,
    pub(super) value: Count,
    pub(super) unit: Unit,
    pub(super) meaning: Text,
}

/// Bars, one a stage.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: Text,
    pub(super) unit: Text,
    pub(super) whole: Count,
    pub(super) bars: Vec<Bar>,
}

/// A bar.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) hue: Hue,
    pub(super) name: Text,
    pub(super) value: Count,
    /// Its part of all bars, and of the longest.
    pub(super) share: Share,
    pub(super) length: Share,
}

/// The memory of inference.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) peak: Peak,
    pub(super) layers: Count,
    pub(super) curve: Curve,
    pub(super) stretches: Vec<Stretch>,
    /// What lives at the peak, and how many more there are.
    pub(super) live: Vec<Live>,
    pub(super) more: Count,
}

/// The largest moment.
#[derive(Debug)]
pub(super) struct Peak {
    pub(super) layer: Text,
    pub(super) op: Text,
    /// Of all layers, from 1.
    pub(super) number: Count,
    pub(super) bytes: Count,
    pub(super) across: Share,
}

/// The layers of a stage along the curve.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) hue: Hue,
    pub(super) name: Text,
    pub(super) from: Share,
    pub(super) length: Share,
}

/// A tensor that lives.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) name: Text,
    pub(super) shape: Shape,
    pub(super) bytes: Count,
}

/// A stem, a stage, a head.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) hue: Hue,
    pub(super) name: Text,
    pub(super) kind: Text,
    pub(super) blocks: Vec<Block>,
}

/// A block and its layers.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) name: Text,
    pub(super) output: Shape,
    pub(super) parameters: Count,
    pub(super) macs: Count,
    pub(super) length: Share,
    pub(super) layers: Vec<Layer>,
}

/// A layer.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) name: Text,
    pub(super) op: Text,
    pub(super) output: Shape,
    pub(super) parameters: Count,
    pub(super) macs: Count,
}

/// A convention and its count.
#[derive(Debug)]
pub(super) struct Convention {
    pub(super) name: Text,
    pub(super) value: Count,
    pub(super) reported_by: Text,
    pub(super) counts: Text,
    pub(super) difference: Text,
}

/// A count, with digit groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Count(pub(super) u128);

impl Count {
    /// The count in three digits.
    fn brief(self) -> Text {
        Text::new(&brief(self.0))
    }

    /// Bytes in three digits.
    fn brief_bytes(self) -> Text {
        let count = brief(self.0);
        let spaced = if count.contains(' ') { count } else { count + " " };
        Text::new(&(spaced + "B"))
    }

    fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&grouped(self.0))
    }
}

/// A part of a whole; as a style has it: `58.71%`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) part: u128,
    pub(super) whole: u128,
}

impl Share {
    /// Whether there is room for a word in it.
    fn is_roomy(self) -> bool {
        self.part.saturating_mul(12) >= self.whole
    }

    /// As people read it.
    fn percent(self) -> Text {
        Text::new(&percent(self.part, self.whole))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = self.part.saturating_mul(10_000) / self.whole.max(1);
        write!(f, "{}.{:02}%", hundredths / 100, hundredths % 100)
    }
}

/// Heights of steps of equal width.
#[derive(Debug)]
pub(super) struct Curve {
    pub(super) heights: Vec<u128>,
}

impl Curve {
    /// The height of the largest.
    pub(super) const HEIGHT: u128 = 1000;

    fn steps(&self) -> Count {
        Count(self.heights.len() as u128)
    }
}

impl fmt::Display for Curve {
    /// The upper edge of the steps, from left to right.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (step, height) in self.heights.iter().enumerate() {
            let sign = if step == 0 { 'M' } else { 'L' };
            let y = Self::HEIGHT.saturating_sub(*height);
            write!(f, "{sign}{step} {y}H{}", step + 1)?;
        }
        Ok(())
    }
}
