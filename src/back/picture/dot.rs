//! The language of Graphviz: a cluster a band, a cluster a run.

use super::drawing::{Drawing, Line, Role};
use super::flow::{Flow, flow};
use super::svg::Comment;
use crate::diagnostic::visible::acts;
use askama::Template;
use std::fmt::{self, Write};

/// The graph.
#[derive(Debug, Template)]
#[template(path = "graph.dot", config = "src/back/picture/askama.toml", escape = "none")]
struct Dot {
    header: Comment,
    name: Quoted,
    subtitle: Quoted,
    flow: Flow<Quoted>,
}

/// A quoted string.
#[derive(Debug, Clone)]
struct Quoted(String);

impl Quoted {
    fn new(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for letter in self.0.chars() {
            match letter {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                // A label may have entities.
                '&' => f.write_str("&amp;")?,
                letter if acts(letter) => f.write_char(' ')?,
                letter => f.write_char(letter)?,
            }
        }
        f.write_char('"')
    }
}

pub(super) fn text(drawing: &Drawing, header: &str) -> String {
    let dot = Dot {
        header: Comment::new(header),
        name: Quoted::new(&drawing.name),
        subtitle: Quoted::new(&drawing.subtitle),
        flow: flow(drawing, Quoted::new),
    };
    dot.to_string() + "\n"
}
