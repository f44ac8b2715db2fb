//! A report of a network: one page of HTML that needs nothing beside it.
//!
//! In: a [`Checked`] network. Out: the page: the headline figures, the picture, the cost by stage, the memory of inference layer
//! by layer, every layer, every convention. It has no script and asks for nothing, it is light or dark as the reader's
//! machine is, and it reads on a phone and on paper. Every figure is the one of [`crate::analysis`], as text.

mod cost;
mod layers;
mod memory;
mod view;

use crate::analysis::{self, Analysis, Level, figure};
use crate::back::picture::{self, Comment, Hue, Options, Text};
use crate::back::{Unsupported, header};
use crate::ir::Place;
use crate::valid::Checked;

/// How wide the picture is on a screen and on a phone, in pixels.
const WIDE: u32 = 1160;
const NARROW: u32 = 360;

/// The report of `network` for one image at a time.
///
/// # Errors
/// See [`picture::draw`].
pub fn html(network: &Checked) -> Result<String, Unsupported> {
    let analysis = analysis::analyse(network, 1);
    let drawing = picture::draw(network, Options::default())?;
    let stages = analysis::group(network, &analysis.layers, Level::Stage);
    let graph = network.graph();
    let page = view::Page {
        header: Comment::new(&header(network)),
        version: Text::new(env!("CARGO_PKG_VERSION")),
        name: Text::new(&graph.name),
        dialect: Text::new(&graph.dialect.name),
        input: network.input_shape(),
        layers: view::Count(analysis.layers.len() as u128),
        figures: figures(&analysis),
        wide: picture::picture(&drawing, WIDE, 1),
        narrow: picture::picture(&drawing, NARROW, 2),
        charts: cost::charts(network, &analysis, &stages),
        memory: memory::memory(network, &stages),
        stages: layers::stages(network, &analysis),
        conventions: conventions(&analysis),
    };
    Ok(page.to_string())
}

fn figures(analysis: &Analysis) -> Vec<view::Figure> {
    let figure = |figure: figure::Figure| view::Figure {
        key: Text::new(&figure.name.replace(' ', "-")),
        name: Text::new(figure.name),
        value: view::Count(figure.value),
        unit: figure.unit,
        meaning: Text::new(&figure.meaning),
    };
    figure::headline(analysis).into_iter().map(figure).collect()
}

fn conventions(analysis: &Analysis) -> Vec<view::Convention> {
    let macs = analysis.macs();
    let convention = |count: &analysis::Count| view::Convention {
        name: Text::new(count.convention.name),
        value: view::Count(count.total()),
        reported_by: Text::new(count.convention.reported_by),
        counts: Text::new(count.convention.counts),
        difference: Text::new(&figure::difference(count, macs)),
    };
    analysis.counts.iter().map(convention).collect()
}

/// The colour of a part of the network, the same as in the picture.
fn hue(place: Place) -> Hue {
    Hue(match place {
        Place::Block { stage, .. } => Some(stage),
        Place::Input | Place::Stem | Place::Head => None,
    })
}
