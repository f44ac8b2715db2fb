//! Keras source: a Keras 3 package that a person could have written.
//!
//! In: a [`Checked`] network. Out: `NAME/__init__.py`, which exports one function of the network's name,
//! `NAME/__main__.py`, and `NAME/pyproject.toml`, by which the folder is installed as the package NAME. Each definition of the outline is a function, each stage a few calls of it. Layers have the
//! dialect's names; where shapes and arithmetic could differ from the graph's, they are made explicit:
//!
//! - a strided convolution is padded by a layer of its own, since Keras' `same` pads such a one differently;
//! - a convolution of each channel by itself is a depthwise one ([`conv`]), which every back end of Keras trains;
//! - a max pool's padding is zeros where the graph shows that its operand is never negative ([`sign`]), and minus
//!   infinity otherwise; ceil mode is padding at the end, `same` where that counts as it should, or a pool of the
//!   package's own ([`pool`]);
//! - a map is flattened in the order C, H, W, unless a linear layer reads it whose dialect keeps its weights in H, W, C
//!   ([`flatten`]).
//!
//! What Keras has no layer for is a small layer of the package, which saves and loads. The files are formatted as
//! `ruff format` would, and the same from run to run.

mod body;
mod calls;
mod channels;
mod conv;
mod flatten;
mod head;
mod known;
mod layer;
mod layout;
mod package;
mod padding;
mod pool;
mod python;
mod sign;
mod view;

use super::{File, Unsupported, header};
use crate::outline::{Field, outline};
use crate::valid::Checked;
use askama::Template;
use python::{Comment, PyIdent};

/// What the source says about an op; channels of operands are what Keras finds out by itself.
const FIELDS: &[Field] = &[
    Field::Filters,
    Field::Kernel,
    Field::Stride,
    Field::Dilation,
    Field::Padding,
    Field::Groups,
    Field::Before,
    Field::After,
    Field::Start,
    Field::Length,
    Field::Paths,
    Field::Rate,
    Field::Init,
];

/// The package for `network`.
///
/// # Errors
/// The first node that Keras, or a package of this name, cannot express.
pub fn emit(network: &Checked) -> Result<Vec<File>, Unsupported> {
    let name = &network.graph().name;
    let refuse = |node, reason: String| Unsupported { node, reason };
    let ident = PyIdent::new(name).ok_or_else(|| {
        refuse(network.output(), format!("no Python package can be called `{name}`: choose another `name`"))
    })?;
    let named = |sign: char| network.order().iter().find(|node| network.name(**node).contains(sign));
    if let Some(node) = named('/') {
        return Err(refuse(*node, "Keras takes no `/` in the name of a layer".to_owned()));
    }
    if let (Some(node), Some(_)) = (named(':'), named('.')) {
        let reason = "on PyTorch `.` in the name of a layer is written `:`, which stands in this one: use one of them";
        return Err(refuse(*node, reason.to_owned()));
    }
    let outline = outline(network, FIELDS)
        .map_err(|node| refuse(node, "its block is not made of series and parallel parts".to_owned()))?;
    let header = Comment::new(&header(network));
    let package = package::package(network, &outline, ident.clone(), header.clone())?;
    let render = |text: askama::Result<String>, wrap: fn(&str) -> String| {
        let text = text.map_err(|error| refuse(network.output(), format!("its template fails: {error}")))?;
        Ok(wrap(&text))
    };
    let project = view::Project { header: header.clone(), distribution: ident.as_project(), name: ident };
    Ok(vec![
        File { path: format!("{name}/__init__.py"), text: render(package.render(), layout::wrap)? },
        File { path: format!("{name}/__main__.py"), text: render(view::Main { header }.render(), layout::wrap)? },
        File { path: format!("{name}/pyproject.toml"), text: render(project.render(), layout::wrap_comments)? },
    ])
}
