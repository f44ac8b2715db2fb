//! A Mermaid flowchart: a subgraph a band, a subgraph a run.

use super::drawing::{Drawing, Line, Role};
use super::flow::{Flow, flow};
use super::svg::Comment;
use crate::diagnostic::visible::acts;
use askama::Template;
use std::fmt::{self, Write};

/// The chart.
#[derive(Debug, Template)]
#[template(path = "graph.mmd", config = "src/back/picture/askama.toml", escape = "none")]
struct Chart {
    header: Comment,
    title: Comment,
    flow: Flow<Plain>,
}

/// Text in a quoted string. Mermaid looks into strings for markup, directives and entities: what is not plain is written as
/// an entity.
#[derive(Debug, Clone)]
struct Plain(String);

impl Plain {
    fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                letter if acts(letter) => f.write_char(' ')?,
                letter if letter.is_ascii_alphanumeric() || " .,:/+_-()".contains(letter) => f.write_char(letter)?,
                letter => write!(f, "#{};", u32::from(letter))?,
            }
        }
        Ok(())
    }
}

pub(super) fn text(drawing: &Drawing, header: &str) -> String {
    let chart = Chart {
        header: Comment::new(header),
        title: Comment::new(&format!("{}: {}", drawing.name, drawing.subtitle.replace(" ·", ","))),
        flow: flow(drawing, Plain::new),
    };
    chart.to_string() + "\n"
}
