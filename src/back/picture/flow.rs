//! A drawing as nodes and edges, for formats that lay graphs out themselves.

use super::drawing::{Band, Cell, Drawing, Fork, Line, Run, Shapes, Step};

/// The edges of a drawing, and its nodes in groups: a group a band, in it a group a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Flow<'a> {
    pub(super) bands: Vec<(&'a Band, Vec<Group<'a>>)>,
    pub(super) edges: Vec<Edge>,
}

/// The nodes of a run.
#[derive(Debug, Clone)]
pub(super) struct Group<'a> {
    pub(super) run: &'a Run,
    pub(super) nodes: Vec<Node<'a>>,
}

/// A box or a join.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) number: usize,
    pub(super) cell: &'a Cell,
}

/// An edge from node to node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) line: Line,
    /// The shape on it, where it has changed.
    pub(super) shape: Option<Shapes>,
}

/// A value that the next node reads.
#[derive(Debug, Clone, Copy)]
struct Open {
    from: usize,
    line: Line,
    shape: Option<Shapes>,
    /// The shape that was written last.
    shown: Shapes,
}

pub(super) fn flow(drawing: &Drawing) -> Flow<'_> {
    let mut walker = Walker { nodes: Vec::new(), edges: Vec::new(), next: 0 };
    let mut bands = Vec::new();
    let mut open = Vec::new();
    for band in &drawing.bands {
        let mut runs = Vec::new();
        for run in &band.runs {
            open = walker.steps(&run.body, open);
            runs.push(Group { run, nodes: std::mem::take(&mut walker.nodes) });
        }
        bands.push((band, runs));
    }
    Flow { bands, edges: walker.edges }
}

struct Walker<'a> {
    nodes: Vec<Node<'a>>,
    edges: Vec<Edge>,
    next: usize,
}

impl<'a> Walker<'a> {
    fn steps(&mut self, steps: &'a [Step], mut open: Vec<Open>) -> Vec<Open> {
        for step in steps {
            open = match step {
                Step::Cell(cell) => self.node(cell, &open),
                Step::Fork(fork) => self.fork(fork, &open),
            };
        }
        open
    }

    fn node(&mut self, cell: &'a Cell, open: &[Open]) -> Vec<Open> {
        let number = self.next;
        self.next += 1;
        self.nodes.push(Node { number, cell });
        self.edges.extend(open.iter().map(|open| Edge {
            from: open.from,
            to: number,
            line: open.line,
            shape: open.shape,
        }));
        let shown = open.first().map(|open| open.shown);
        let shape = (shown != Some(cell.output)).then_some(cell.output);
        vec![Open { from: number, line: Line::Column, shape, shown: cell.output }]
    }

    fn fork(&mut self, fork: &'a Fork, open: &[Open]) -> Vec<Open> {
        let mut ends = Vec::new();
        for (at, branch) in fork.branches.iter().enumerate() {
            // A shape is written once where a value goes several ways.
            let begin =
                open.iter().map(|open| Open { line: branch.line, shape: open.shape.filter(|_| at == 0), ..*open });
            let end = self.steps(&branch.steps, begin.collect());
            ends.extend(end.into_iter().map(|open| Open { line: branch.line, ..open }));
        }
        self.node(&fork.cell, &ends)
    }
}
