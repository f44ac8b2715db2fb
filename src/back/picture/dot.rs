//! The language of Graphviz: a cluster a band, a cluster a run.

use super::drawing::{Drawing, Line, Role};
use super::flow::{self, flow};
use super::svg::Comment;
use askama::Template;
use std::fmt::{self, Write};

/// The graph.
#[derive(Debug, Template)]
#[template(path = "graph.dot", config = "src/back/picture/askama.toml", escape = "none")]
struct Dot {
    header: Comment,
    name: Quoted,
    title: Quoted,
    bands: Vec<Band>,
    edges: Vec<Edge>,
}

#[derive(Debug)]
struct Band {
    number: usize,
    title: Quoted,
    runs: Vec<Run>,
}

#[derive(Debug)]
struct Run {
    number: usize,
    title: Quoted,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    number: usize,
    role: Role,
    label: Quoted,
}

#[derive(Debug)]
struct Edge {
    from: usize,
    to: usize,
    line: Line,
    label: Option<Quoted>,
}

/// A quoted string of lines.
#[derive(Debug, Clone)]
struct Quoted(Vec<String>);

impl Quoted {
    fn line(text: &str) -> Self {
        Self(vec![text.to_owned()])
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for (at, line) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\\n")?;
            }
            for letter in line.chars() {
                match letter {
                    '"' => f.write_str("\\\"")?,
                    '\\' => f.write_str("\\\\")?,
                    // A label may have entities.
                    '&' => f.write_str("&amp;")?,
                    letter if letter.is_control() => f.write_char(' ')?,
                    letter => f.write_char(letter)?,
                }
            }
        }
        f.write_char('"')
    }
}

pub(super) fn text(drawing: &Drawing, header: &str) -> String {
    let flow = flow(drawing);
    let mut next = 0;
    let bands = flow.bands.iter().enumerate().map(|(number, (band, runs))| Band {
        number,
        title: Quoted(vec![band.heading(), band.cost.clone()]),
        runs: runs
            .iter()
            .map(|flow::Group { run, nodes }| {
                let number = next;
                next += 1;
                let times = if run.times > 1 { format!("  x {}", run.times) } else { String::new() };
                let title = Quoted::line(&format!("{}{times}", run.caption));
                Run { number, title, nodes: nodes.iter().map(Node::from).collect() }
            })
            .collect(),
    });
    let view = Dot {
        header: Comment::new(header),
        name: Quoted::line(&drawing.name),
        title: Quoted(vec![drawing.name.clone(), drawing.subtitle.clone()]),
        bands: bands.collect(),
        edges: flow
            .edges
            .iter()
            .map(|edge| Edge {
                from: edge.from,
                to: edge.to,
                line: edge.line,
                label: edge.shape.map(|shape| Quoted::line(&shape.to_string())),
            })
            .collect(),
    };
    view.to_string()
}

impl From<&flow::Node<'_>> for Node {
    fn from(node: &flow::Node<'_>) -> Self {
        let label = Quoted(std::iter::once(node.cell.title.clone()).chain(node.cell.notes.iter().cloned()).collect());
        Self { number: node.number, role: node.cell.role, label }
    }
}
