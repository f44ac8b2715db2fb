//! A Mermaid flowchart: a subgraph a band, a subgraph a run.

use super::drawing::{Drawing, Line, Role};
use super::flow::{self, flow};
use super::svg::Comment;
use askama::Template;
use std::fmt::{self, Write};

/// The chart.
#[derive(Debug, Template)]
#[template(path = "graph.mmd", config = "src/back/picture/askama.toml", escape = "none")]
struct Chart {
    header: Comment,
    title: Comment,
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
    title: Option<Quoted>,
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

/// A quoted string of lines. Mermaid looks into strings for markup, directives and entities: what is not plain is written as
/// an entity.
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
                f.write_str("<br/>")?;
            }
            for letter in line.chars() {
                match letter {
                    letter if letter.is_control() => f.write_char(' ')?,
                    letter if letter.is_ascii_alphanumeric() || " .,:/+_-()".contains(letter) => {
                        f.write_char(letter)?;
                    }
                    letter => write!(f, "#{};", u32::from(letter))?,
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
        title: Quoted::line(&band.heading()),
        runs: runs
            .iter()
            .map(|flow::Group { run, nodes }| {
                let number = next;
                next += 1;
                let times = if run.times > 1 { format!(", x {}", run.times) } else { String::new() };
                let title = (!run.caption.is_empty()).then(|| Quoted::line(&format!("{}{times}", run.caption)));
                Run { number, title, nodes: nodes.iter().map(Node::from).collect() }
            })
            .collect(),
    });
    let chart = Chart {
        header: Comment::new(header),
        title: Comment::new(&format!("{}: {}", drawing.name, drawing.subtitle.replace(" ·", ","))),
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
    chart.to_string()
}

impl From<&flow::Node<'_>> for Node {
    fn from(node: &flow::Node<'_>) -> Self {
        let notes = node.cell.notes.join(", ");
        let lines = std::iter::once(node.cell.title.clone()).chain((!notes.is_empty()).then_some(notes));
        Self { number: node.number, role: node.cell.role, label: Quoted(lines.collect()) }
    }
}
