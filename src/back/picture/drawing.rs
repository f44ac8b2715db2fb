//! What is drawn, whatever draws it.

use crate::ir::{NodeId, Shape};
use std::fmt;

/// A network as a picture has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The network's name.
    pub name: String,
    /// Its dialect, its input, what it costs.
    pub subtitle: String,
    /// Its parts in order.
    pub bands: Vec<Band>,
}

/// The input, a stem, a stage or a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// What it is called: `stage 1`.
    pub title: String,
    /// What it consists of: `3 x bottleneck`.
    pub what: String,
    /// What it costs.
    pub cost: String,
    /// Of a stage, its number from 0.
    pub stage: Option<u32>,
    /// Its blocks.
    pub runs: Vec<Run>,
}

/// Blocks that look the same, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// How many.
    pub times: usize,
    /// Which of its stage: `blocks 2-4`; nothing for a stem or a head.
    pub caption: String,
    /// What the dialect calls the first and the last of them.
    pub names: [String; 2],
    /// What comes in.
    pub input: Shapes,
    /// What each of them looks like.
    pub body: Vec<Step>,
}

/// The shapes of one value in the first and in the last block of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shapes {
    /// In the first.
    pub first: Shape,
    /// In the last.
    pub last: Shape,
}

/// A piece of a block: it reads the value before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A box.
    Cell(Cell),
    /// Branches that meet again.
    Fork(Fork),
}

/// Branches from one value, and where they meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The branches in the order of the operands.
    pub branches: Vec<Branch>,
    /// How they meet.
    pub join: Join,
    /// What is drawn where they meet; its title is the word for the join.
    pub cell: Cell,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// How it is drawn.
    pub line: Line,
    /// What it computes; nothing if it is the identity.
    pub steps: Vec<Step>,
}

/// How a branch is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// As a column of boxes.
    Column,
    /// As an arc beside the columns, solid: the identity.
    Identity,
    /// As an arc beside the columns, dotted: a projection, zero padding (He et al. 2015, figure 3).
    Shortcut,
}

/// How branches meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// Their sum.
    Add,
    /// Their product.
    Multiply,
    /// Their channels beside each other.
    Concat,
}

/// A box: a layer and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What kind of box it is.
    pub role: Role,
    /// What the layer does: `3x3 conv, 64, /2`.
    pub title: String,
    /// What belongs to it: `batch norm`, `relu`.
    pub notes: Vec<String>,
    /// The layers, of the first block of a run.
    pub nodes: Vec<NodeId>,
    /// What the dialect calls them, and what they cost.
    pub tip: String,
    /// What comes out.
    pub output: Shapes,
}

/// What kind of box a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The network's input.
    Input,
    /// A layer with a kernel.
    Weighted,
    /// A layer that reduces or moves values.
    Plain,
    /// What stands alone and usually belongs to another layer.
    Small,
    /// Where branches meet.
    Join,
    /// A whole stem, stage or head.
    Part,
}

impl Drawing {
    /// How many boxes there are, joins not counted.
    #[must_use]
    pub fn boxes(&self) -> usize {
        let runs = self.bands.iter().flat_map(|band| &band.runs);
        runs.map(|run| boxes(&run.body)).sum()
    }
}

fn boxes(steps: &[Step]) -> usize {
    let of = |step: &Step| match step {
        Step::Cell(_) => 1,
        Step::Fork(fork) => fork.branches.iter().map(|branch| boxes(&branch.steps)).sum(),
    };
    steps.iter().map(of).sum()
}

impl Band {
    /// What it is called and what it consists of, on one line.
    pub(super) fn heading(&self) -> String {
        if self.what.is_empty() { self.title.clone() } else { format!("{}: {}", self.title, self.what) }
    }

    /// What goes out.
    #[must_use]
    pub fn output(&self) -> Option<Shapes> {
        self.runs.last().map(Run::output)
    }
}

impl Run {
    /// What goes out.
    #[must_use]
    pub fn output(&self) -> Shapes {
        self.body.last().map_or(self.input, Step::output)
    }

    /// Whether `other` looks the same.
    pub(super) fn looks_like(&self, other: &Self) -> bool {
        alike(&self.body, &other.body)
    }

    /// Takes `next`, which looks the same, into the run.
    pub(super) fn absorb(&mut self, next: &Self) {
        self.times += next.times;
        let [_, last] = &mut self.names;
        last.clone_from(&next.names[1]);
        self.input.last = next.input.last;
        extend(&mut self.body, &next.body);
    }
}

/// Whether two bodies look the same, shapes apart.
fn alike(left: &[Step], right: &[Step]) -> bool {
    let step = |(left, right): (&Step, &Step)| match (left, right) {
        (Step::Cell(left), Step::Cell(right)) => left.looks_like(right),
        (Step::Fork(left), Step::Fork(right)) => {
            left.join == right.join
                && left.cell.looks_like(&right.cell)
                && left.branches.len() == right.branches.len()
                && left
                    .branches
                    .iter()
                    .zip(&right.branches)
                    .all(|(left, right)| left.line == right.line && alike(&left.steps, &right.steps))
        }
        (Step::Cell(_), Step::Fork(_)) | (Step::Fork(_), Step::Cell(_)) => false,
    };
    left.len() == right.len() && left.iter().zip(right).all(step)
}

/// Notes in `body` the shapes of `next`, which looks the same and comes after it.
fn extend(body: &mut [Step], next: &[Step]) {
    for (step, next) in body.iter_mut().zip(next) {
        match (step, next) {
            (Step::Cell(cell), Step::Cell(next)) => cell.output.last = next.output.last,
            (Step::Fork(fork), Step::Fork(next)) => {
                fork.cell.output.last = next.cell.output.last;
                for (branch, next) in fork.branches.iter_mut().zip(&next.branches) {
                    extend(&mut branch.steps, &next.steps);
                }
            }
            // Only what looks the same is taken in.
            (Step::Cell(_), Step::Fork(_)) | (Step::Fork(_), Step::Cell(_)) => {}
        }
    }
}

impl Step {
    /// What comes out.
    #[must_use]
    pub fn output(&self) -> Shapes {
        match self {
            Self::Cell(cell) => cell.output,
            Self::Fork(fork) => fork.cell.output,
        }
    }
}

impl Cell {
    fn looks_like(&self, other: &Self) -> bool {
        (self.role, &self.title, &self.notes) == (other.role, &other.title, &other.notes)
    }
}

impl From<Shape> for Shapes {
    fn from(shape: Shape) -> Self {
        Self { first: shape, last: shape }
    }
}

impl fmt::Display for Shapes {
    /// `64 x 56 x 56`; where blocks of a run differ, `96-256 x 56 x 56`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.first.dimensions(), self.last.dimensions());
        if first.len() != last.len() {
            return write!(f, "{} to {}", self.first, self.last);
        }
        for (at, (first, last)) in first.iter().zip(&last).enumerate() {
            let separator = if at == 0 { "" } else { " x " };
            if first == last {
                write!(f, "{separator}{first}")?;
            } else {
                write!(f, "{separator}{first}-{last}")?;
            }
        }
        Ok(())
    }
}
