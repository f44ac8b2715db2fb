//! How much room the pieces of a block take, before anything has a place.

use super::metric;
use crate::back::picture::drawing::{Cell, Fork, Line, Run, Shapes, Step};

/// The font sizes of the style, in pixels.
pub(super) const OP: i64 = 11;
pub(super) const NOTE: i64 = 10;
/// What a line of notes may be wide, and high.
const LINE: i64 = 120;
pub(super) const NOTE_LINE: i64 = 13;
/// Between the boxes of a column: room for a shape.
pub(super) const GAP: i64 = 24;
/// From where a line parts to the box behind it, where it goes straight and where it spreads.
pub(super) const LEAD: i64 = 18;
pub(super) const SPREAD: i64 = 30;
/// Of the circle where branches meet.
pub(super) const RADIUS: i64 = 10;
/// From the last box of a column to the circle, straight and spread.
pub(super) const CLOSE: i64 = 20;
pub(super) const GATHER: i64 = 32;
/// Between columns, and between an arc and what it goes around.
pub(super) const APART: i64 = 16;
/// From a line to the text beside it.
pub(super) const BESIDE: i64 = 6;

/// How far something reaches from the line that goes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Extent {
    pub(super) left: i64,
    pub(super) right: i64,
    pub(super) height: i64,
}

/// Pieces below each other.
#[derive(Debug, Clone)]
pub(super) struct Series<'a> {
    pub(super) pieces: Vec<Piece<'a>>,
    pub(super) extent: Extent,
}

/// A piece, and the shape that is written behind it.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) extent: Extent,
    pub(super) label: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Kind<'a> {
    Box(Boxed<'a>),
    Fork(Forked<'a>),
}

/// A box with its lines of text.
#[derive(Debug, Clone)]
pub(super) struct Boxed<'a> {
    pub(super) cell: &'a Cell,
    pub(super) notes: Vec<String>,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// Columns and arcs between a parting and a circle.
#[derive(Debug, Clone)]
pub(super) struct Forked<'a> {
    pub(super) fork: &'a Fork,
    pub(super) columns: Vec<Series<'a>>,
    /// The line of each column, from the fork's own.
    pub(super) offsets: Vec<i64>,
    pub(super) arcs: Vec<Arc<'a>>,
    /// The height between parting and circle.
    pub(super) inner: i64,
    pub(super) note: String,
}

/// An arc and what stands on it.
#[derive(Debug, Clone)]
pub(super) struct Arc<'a> {
    pub(super) line: Line,
    pub(super) boxes: Vec<Boxed<'a>>,
    /// Its line, from the fork's own.
    pub(super) offset: i64,
}

/// The pieces of a run.
pub(super) fn run(run: &Run) -> Series<'_> {
    series(&run.body, run.input, &mut run.input.clone())
}

/// `shown` is the shape that was written last; another one is written where it comes about.
fn series<'a>(steps: &'a [Step], input: Shapes, shown: &mut Shapes) -> Series<'a> {
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    let mut value = input;
    for step in steps {
        let (kind, mut extent) = match step {
            Step::Cell(cell) => {
                let boxed = boxed(cell, 96);
                let half = (boxed.width + 1) / 2;
                let extent = Extent { left: half, right: half, height: boxed.height };
                (Kind::Box(boxed), extent)
            }
            Step::Fork(fork) => forked(fork, value, shown),
        };
        value = step.output();
        let label = (value != *shown).then(|| value.to_string());
        if let Some(label) = &label {
            extent.right = extent.right.max(BESIDE + metric::width(label, NOTE) + BESIDE);
        }
        *shown = value;
        pieces.push(Piece { kind, extent, label });
    }
    let gaps = i64::try_from(pieces.len().saturating_sub(1)).unwrap_or(i64::MAX).saturating_mul(GAP);
    let extent = Extent {
        left: pieces.iter().map(|piece| piece.extent.left).max().unwrap_or(0),
        right: pieces.iter().map(|piece| piece.extent.right).max().unwrap_or(0),
        height: pieces.iter().map(|piece| piece.extent.height).sum::<i64>().saturating_add(gaps),
    };
    Series { pieces, extent }
}

fn boxed(cell: &Cell, least: i64) -> Boxed<'_> {
    let title = metric::width(&cell.title, OP);
    let notes = wrapped(&cell.notes, title.max(LINE));
    let widest = notes.iter().map(|note| metric::width(note, NOTE)).max().unwrap_or(0);
    let lines = i64::try_from(notes.len()).unwrap_or(i64::MAX);
    // An even width has a middle.
    let width = (title.max(widest).max(least) + 20 + 1) / 2 * 2;
    Boxed { cell, notes, width, height: 25 + lines.saturating_mul(NOTE_LINE) }
}

/// Notes in lines that are about `width` wide.
fn wrapped(notes: &[String], width: i64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for note in notes {
        match lines.last_mut() {
            Some(line) if metric::width(&format!("{line} · {note}"), NOTE) <= width => {
                line.push_str(" · ");
                line.push_str(note);
            }
            Some(_) | None => lines.push(note.clone()),
        }
    }
    lines
}

fn forked<'a>(fork: &'a Fork, input: Shapes, shown: &mut Shapes) -> (Kind<'a>, Extent) {
    let branches = |wanted: bool| fork.branches.iter().filter(move |branch| (branch.line == Line::Column) == wanted);
    let before = *shown;
    let mut columns = Vec::new();
    for branch in branches(true) {
        *shown = before;
        columns.push(series(&branch.steps, input, shown));
    }
    if columns.len() != 1 {
        *shown = before;
    }
    let mut arcs: Vec<_> = branches(false).map(|branch| arc(branch.line, &branch.steps)).collect();
    let (offsets, [left, right]) = spread(&columns);
    let height = columns.iter().map(|column| column.extent.height).max().unwrap_or(0);
    let on_arcs = arcs.iter().map(|arc| stack(&arc.boxes)).max().unwrap_or(0);
    let inner = height.max(on_arcs).max(GAP);
    let mut reach = right;
    for arc in &mut arcs {
        let half = arc.boxes.iter().map(|boxed| boxed.width / 2).max().unwrap_or(0);
        arc.offset = reach + APART + half;
        reach = arc.offset + half.max(2);
    }
    let note = fork.cell.notes.join(" · ");
    let note_width = if note.is_empty() { 0 } else { RADIUS + BESIDE + metric::width(&note, NOTE) };
    let (lead, close) = around(columns.len());
    let extent = Extent { left: left.max(note_width), right: reach, height: lead + inner + close + 2 * RADIUS };
    (Kind::Fork(Forked { fork, columns, offsets, arcs, inner, note }), extent)
}

/// The heights before and behind so many columns.
pub(super) fn around(columns: usize) -> (i64, i64) {
    if columns > 1 { (SPREAD, GATHER) } else { (LEAD, CLOSE) }
}

fn arc(line: Line, steps: &[Step]) -> Arc<'_> {
    let boxes = steps.iter().filter_map(|step| match step {
        Step::Cell(cell) => Some(boxed(cell, 40)),
        // What has branches of its own is no arc.
        Step::Fork(_) => None,
    });
    Arc { line, boxes: boxes.collect(), offset: 0 }
}

/// The height of boxes on an arc.
pub(super) fn stack(boxes: &[Boxed<'_>]) -> i64 {
    let heights: i64 = boxes.iter().map(|boxed| boxed.height).sum();
    heights + APART * i64::try_from(boxes.len()).unwrap_or(0)
}

/// Where columns stand from the line in their middle, and how far they reach.
fn spread(columns: &[Series<'_>]) -> (Vec<i64>, [i64; 2]) {
    let mut at = 0;
    let mut lines = Vec::new();
    for column in columns {
        lines.push(at + column.extent.left);
        at += column.extent.left + column.extent.right + APART;
    }
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return (lines, [0, 0]) };
    // Of an odd number of columns the one in the middle is straight.
    let middle = if lines.len() % 2 == 1 { lines.get(lines.len() / 2).copied() } else { None };
    let middle = middle.unwrap_or(i64::midpoint(*first, *last));
    let reach = [middle, (at - APART) - middle];
    (lines.iter().map(|line| line - middle).collect(), reach)
}
