//! Where the pieces of a block stand: lines, boxes and circles with their coordinates.

use super::measure::{self, Arc, BESIDE, Boxed, Forked, GAP, Kind, NOTE_LINE, Piece, RADIUS, Series};
use super::view::{self, Cell, Frame, Joint, Label, Wire};
use super::word::{Path, Pixels, Text};
use crate::back::picture::drawing::{Line, Role};

/// The rounding of a corner: of lines between boxes, of arcs.
const CORNER: i64 = 8;
const ARC: i64 = 18;

/// What stands somewhere.
#[derive(Debug, Clone, Default)]
pub(super) struct Placed {
    pub(super) wires: Vec<Wire>,
    pub(super) labels: Vec<Label>,
    pub(super) cells: Vec<Cell>,
    pub(super) joins: Vec<Joint>,
}

/// A text with its left end, or middle, at a point.
pub(super) fn label([x, y]: [i64; 2], text: &str) -> Label {
    Label { x: Pixels(x), y: Pixels(y), text: Text::new(text) }
}

pub(super) fn frame([x, y]: [i64; 2], [width, height]: [i64; 2]) -> Frame {
    Frame { x: Pixels(x), y: Pixels(y), width: Pixels(width), height: Pixels(height) }
}

pub(super) fn wire(kind: view::Kind, points: impl IntoIterator<Item = [i64; 2]>) -> Wire {
    Wire { kind, path: Path::new(points, CORNER) }
}

/// How a line ends at the first piece of a series: with a head at a box, without one where it parts.
pub(super) fn ending(series: &Series<'_>) -> view::Kind {
    series.pieces.first().map_or(view::Kind::Bare, Piece::ending)
}

impl Piece<'_> {
    fn ending(&self) -> view::Kind {
        match self.kind {
            Kind::Box(_) => view::Kind::Flow,
            Kind::Fork(_) => view::Kind::Bare,
        }
    }
}

impl Placed {
    /// Puts a series on the line at `x`, from `y` on; where it ends.
    pub(super) fn series(&mut self, series: &Series<'_>, x: i64, mut y: i64) -> i64 {
        let mut above: Option<&Piece<'_>> = None;
        for piece in &series.pieces {
            if let Some(above) = above {
                let below = y + GAP;
                self.wires.push(wire(piece.ending(), [[x, y], [x, below]]));
                self.shape(above, x, y + GAP / 2 + 3);
                y = below;
            }
            match &piece.kind {
                Kind::Box(boxed) => self.boxed(boxed, x, y, false),
                Kind::Fork(fork) => self.fork(fork, x, y),
            }
            y += piece.extent.height;
            above = Some(piece);
        }
        y
    }

    /// Writes the shape behind a piece beside the line.
    pub(super) fn shape(&mut self, piece: &Piece<'_>, x: i64, y: i64) {
        self.labels.extend(piece.label.as_ref().map(|shape| label([x + BESIDE, y], shape)));
    }

    fn boxed(&mut self, boxed: &Boxed<'_>, x: i64, y: i64, dotted: bool) {
        let Boxed { cell, notes, width, height } = boxed;
        let radius = if matches!(cell.role, Role::Small | Role::Input) { 12 } else { 5 };
        let line = |(at, note): (i64, &String)| label([x, y + 30 + at * NOTE_LINE], note);
        self.cells.push(Cell {
            frame: frame([x - width / 2, y], [*width, *height]),
            radius: Pixels(radius),
            role: cell.role,
            dotted,
            tip: Text::new(&cell.tip),
            title: label([x, y + 17], &cell.title),
            notes: (0..).zip(notes).map(line).collect(),
        });
    }

    fn fork(&mut self, forked: &Forked<'_>, x: i64, y: i64) {
        let Forked { fork, columns, offsets, arcs, inner, note } = forked;
        let (lead, close) = measure::around(columns.len());
        let (top, bottom) = (y + lead, y + lead + inner);
        let circle = bottom + close + RADIUS;
        for (column, offset) in columns.iter().zip(offsets) {
            let line = x + offset;
            let start = if columns.len() > 1 { top } else { top + (inner - column.extent.height) / 2 };
            if column.pieces.is_empty() {
                self.wires.push(wire(view::Kind::Flow, [[x, y], [line, y], [line, circle - RADIUS]]));
                continue;
            }
            let bus = if columns.len() > 1 { y + lead / 2 - 3 } else { y };
            self.wires.push(wire(ending(column), [[x, y], [x, bus], [line, bus], [line, start]]));
            let end = self.series(column, line, start);
            let bus = bottom + if columns.len() > 1 { close / 2 - 1 } else { 0 };
            self.wires.push(wire(view::Kind::Flow, [[line, end], [line, bus], [x, bus], [x, circle - RADIUS]]));
            if let Some(last) = column.pieces.last() {
                self.shape(last, line, end + measure::CLOSE / 2 + 1);
            }
        }
        for arc in arcs {
            self.arc(arc, [x, y], circle);
        }
        let beside = (!note.is_empty()).then(|| label([-RADIUS - BESIDE, 4], note));
        self.joins.push(Joint {
            x: Pixels(x),
            y: Pixels(circle),
            join: fork.join,
            tip: Text::new(&format!("{}: {}", fork.cell.title, fork.cell.tip)),
            note: beside,
        });
    }

    /// An arc from where a line parts to the circle below, with its boxes in the middle.
    fn arc(&mut self, arc: &Arc<'_>, [x, y]: [i64; 2], circle: i64) {
        let kind = match arc.line {
            Line::Identity | Line::Column => view::Kind::Identity,
            Line::Shortcut => view::Kind::Shortcut,
        };
        let side = x + arc.offset;
        let points = [[x, y], [side, y], [side, circle], [x + RADIUS, circle]];
        self.wires.push(Wire { kind, path: Path::new(points, ARC) });
        let mut at = i64::midpoint(y, circle) - (measure::stack(&arc.boxes) - measure::APART) / 2;
        for boxed in &arc.boxes {
            self.boxed(boxed, side, at, true);
            at += boxed.height + measure::APART;
        }
    }
}
