//! A drawing as nodes and edges, for formats that lay graphs out themselves: what their templates are given.
//!
//! `Q` is a format's quoted text; nothing else of a drawing reaches a template.

use super::drawing::{Band, Cell, Drawing, Fork, Line, Role, Run, Shapes, Step};

/// The edges of a drawing, and its nodes in groups: a group a band, in it a group a run.
#[derive(Debug, Clone)]
pub(super) struct Flow<Q> {
    pub(super) bands: Vec<Stretch<Q>>,
    pub(super) edges: Vec<Edge<Q>>,
}

/// A band.
#[derive(Debug, Clone)]
pub(super) struct Stretch<Q> {
    pub(super) number: usize,
    pub(super) title: Q,
    pub(super) cost: Q,
    pub(super) groups: Vec<Group<Q>>,
}

/// A run; it has a title where its band has several blocks.
#[derive(Debug, Clone)]
pub(super) struct Group<Q> {
    pub(super) number: usize,
    pub(super) title: Option<Q>,
    pub(super) nodes: Vec<Node<Q>>,
}

/// A box or a join.
#[derive(Debug, Clone)]
pub(super) struct Node<Q> {
    pub(super) number: usize,
    pub(super) role: Role,
    pub(super) title: Q,
    /// What belongs to it, if anything does.
    pub(super) notes: Option<Q>,
}

/// An edge from node to node.
#[derive(Debug, Clone)]
pub(super) struct Edge<Q> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) line: Line,
    /// The shape on it, where it has changed.
    pub(super) shape: Option<Q>,
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

/// The flow of `drawing`, its texts quoted by `quote`.
pub(super) fn flow<Q>(drawing: &Drawing, quote: fn(&str) -> Q) -> Flow<Q> {
    let mut walker = Walker { quote, nodes: Vec::new(), edges: Vec::new(), next: 0, groups: 0 };
    let mut open = Vec::new();
    let bands = drawing.bands.iter().enumerate().map(|(number, band)| walker.band(number, band, &mut open)).collect();
    Flow { bands, edges: walker.edges }
}

struct Walker<Q> {
    quote: fn(&str) -> Q,
    nodes: Vec<Node<Q>>,
    edges: Vec<Edge<Q>>,
    next: usize,
    groups: usize,
}

impl<Q> Walker<Q> {
    fn band(&mut self, number: usize, band: &Band, open: &mut Vec<Open>) -> Stretch<Q> {
        let groups = band.runs.iter().map(|run| self.run(run, open)).collect();
        Stretch { number, title: (self.quote)(&band.heading()), cost: (self.quote)(&band.cost), groups }
    }

    fn run(&mut self, run: &Run, open: &mut Vec<Open>) -> Group<Q> {
        *open = self.steps(&run.body, std::mem::take(open));
        let number = self.groups;
        self.groups += 1;
        let times = if run.times > 1 { format!(", x {}", run.times) } else { String::new() };
        let title = (!run.caption.is_empty()).then(|| (self.quote)(&format!("{}{times}", run.caption)));
        Group { number, title, nodes: std::mem::take(&mut self.nodes) }
    }

    fn steps(&mut self, steps: &[Step], mut open: Vec<Open>) -> Vec<Open> {
        for step in steps {
            open = match step {
                Step::Cell(cell) => self.node(cell, &open),
                Step::Fork(fork) => self.fork(fork, &open),
            };
        }
        open
    }

    fn node(&mut self, cell: &Cell, open: &[Open]) -> Vec<Open> {
        let number = self.next;
        self.next += 1;
        let notes = (!cell.notes.is_empty()).then(|| (self.quote)(&cell.notes.join(", ")));
        self.nodes.push(Node { number, role: cell.role, title: (self.quote)(&cell.title), notes });
        for &Open { from, line, shape, .. } in open {
            let shape = shape.map(|shape| (self.quote)(&shape.to_string()));
            self.edges.push(Edge { from, to: number, line, shape });
        }
        let shown = open.first().map(|open| open.shown);
        let shape = (shown != Some(cell.output)).then_some(cell.output);
        vec![Open { from: number, line: Line::Column, shape, shown: cell.output }]
    }

    fn fork(&mut self, fork: &Fork, open: &[Open]) -> Vec<Open> {
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
