//! From a network to what is drawn of it: layers become boxes, blocks that look the same become one.

use super::cell::{self, Word};
use super::drawing::{Band, Branch, Cell, Drawing, Fork, Join, Line, Role, Run, Step};
use super::{Depth, Options};
use crate::analysis::figure::{brief, grouped};
use crate::analysis::{self, Analysis, Group, Level};
use crate::ir::{Label, NodeId, Op, Place};
use crate::outline::{self, Body, Part, last_node};
use crate::valid::Checked;
use std::collections::BTreeMap;

/// What is drawn of `network`; a node that is in no series or parallel part.
pub(super) fn drawing(network: &Checked, options: Options) -> Result<Drawing, NodeId> {
    let analysis = analysis::analyse(network, 1);
    let blocks = analysis::group(network, &analysis.layers, Level::Block);
    let names = blocks.into_iter().map(|block| (block.place, block.name)).collect();
    let folder = Folder { network, analysis: &analysis, options, names };
    let graph = network.graph();
    let subtitle = format!(
        "{} · input {} · {} parameters · {} macs",
        graph.dialect.name,
        network.input_shape(),
        brief(analysis.parameters.trainable),
        brief(analysis.macs())
    );
    Ok(Drawing { name: graph.name.clone(), subtitle, bands: folder.bands(outline::bodies(network)?) })
}

struct Folder<'a> {
    network: &'a Checked,
    analysis: &'a Analysis,
    options: Options,
    /// What each part is called.
    names: BTreeMap<Place, String>,
}

impl Folder<'_> {
    fn bands(&self, bodies: Vec<(Place, Body)>) -> Vec<Band> {
        let stages = analysis::group(self.network, &self.analysis.layers, Level::Stage);
        let mut bands: Vec<Band> = Vec::new();
        let mut open = None;
        let mut value = self.network.graph().input().unwrap_or_default();
        for (place, body) in bodies {
            let (band, first) = match place {
                Place::Block { stage, .. } => (Place::Block { stage, block: 0 }, value),
                Place::Input | Place::Stem | Place::Head => (place, value),
            };
            value = last_node(&body).unwrap_or(value);
            // The input is drawn with the stem where there is one.
            let is_stem = band == Place::Stem && open == Some(Place::Input);
            if open != Some(band) {
                if is_stem {
                    bands.clear();
                }
                open = Some(band);
                bands.push(self.band(band, stages.iter().find(|group| group.place == band)));
            }
            let mut run = self.run(place, &body, first);
            if is_stem {
                run.body.splice(0..0, [self.input()]);
            }
            let Some(band) = bands.last_mut() else { continue };
            match band.runs.last_mut() {
                Some(before) if !self.options.unfold && before.looks_like(&run) => before.absorb(&run),
                Some(_) | None => band.runs.push(run),
            }
        }
        for band in &mut bands {
            self.finish(band);
        }
        bands
    }

    fn band(&self, place: Place, group: Option<&Group>) -> Band {
        let kinds = &self.network.graph().kinds;
        let what = match place {
            Place::Input => String::new(),
            Place::Stem => kinds.stem.clone(),
            Place::Head => kinds.head.clone(),
            Place::Block { stage, .. } => {
                kinds.stages.get(stage as usize).map_or_else(String::new, |kind| kind.name.clone())
            }
        };
        let cost =
            |group: &Group| format!("{} parameters · {} macs", brief(group.parameters.trainable), brief(group.macs));
        Band {
            title: group.map_or_else(|| "input".to_owned(), |group| group.name.clone()),
            what,
            cost: group.map_or_else(String::new, cost),
            stage: match place {
                Place::Block { stage, .. } => Some(stage),
                Place::Input | Place::Stem | Place::Head => None,
            },
            runs: Vec::new(),
        }
    }

    /// Numbers the blocks of a band, and draws all of it as one box where no more is asked for.
    fn finish(&self, band: &mut Band) {
        let blocks: usize = band.runs.iter().map(|run| run.times).sum();
        if band.stage.is_some() {
            band.what = format!("{blocks} x {}", band.what);
            let mut from = 1;
            for run in &mut band.runs {
                let to = from + run.times - 1;
                run.caption = if from == to { format!("block {from}") } else { format!("blocks {from}-{to}") };
                from = to + 1;
            }
        }
        let is_input = band.cost.is_empty();
        if self.options.depth != Depth::Stage || is_input {
            return;
        }
        let (Some(first), Some(last)) = (band.runs.first(), band.runs.last()) else { return };
        let cell = Cell {
            role: Role::Part,
            title: if band.what.is_empty() { band.title.clone() } else { band.what.clone() },
            notes: vec![last.output().last.to_string()],
            nodes: Vec::new(),
            tip: format!("{}: {}", band.title, band.cost),
            output: last.output().last.into(),
        };
        let head = first.body.first().filter(|step| matches!(step, Step::Cell(Cell { role: Role::Input, .. })));
        let body = head.cloned().into_iter().chain([Step::Cell(cell)]).collect();
        let names = [&first.names[0], &last.names[1]].map(Clone::clone);
        band.runs = vec![Run { times: 1, caption: String::new(), names, input: first.input, body }];
    }

    fn input(&self) -> Step {
        let node = self.network.graph().input().unwrap_or_default();
        let layer = self.network.layer(node);
        Step::Cell(self.cell(&[node], cell::word(&layer.node.op, layer.output)))
    }

    fn run(&self, place: Place, body: &Body, value: NodeId) -> Run {
        let name = self.names.get(&place).map_or("input", String::as_str).to_owned();
        let body = if place == Place::Input { vec![self.input()] } else { self.steps(body) };
        Run {
            times: 1,
            caption: String::new(),
            names: [name.clone(), name],
            input: self.network.shape(value).into(),
            body,
        }
    }

    /// The boxes of a series: what belongs to a layer goes into its box.
    fn steps(&self, body: &Body) -> Vec<Step> {
        let joined = self.options.depth != Depth::Layer;
        let mut steps: Vec<Step> = Vec::new();
        let mut before = Vec::new();
        for (at, part) in body.iter().enumerate() {
            let (node, fork) = match part {
                Part::Node(node) => (*node, None),
                Part::Join(branches, node) => (*node, Some(branches)),
            };
            let layer = self.network.layer(node);
            let next = body.get(at + 1).and_then(|part| match part {
                Part::Node(node) => Some(&self.network.layer(*node).node.op),
                Part::Join(..) => None,
            });
            if let Some(branches) = fork {
                steps.push(Step::Fork(self.fork(branches, node)));
            } else if joined && cell::leads(&layer.node.op, next) {
                before.push(node);
            } else if let Some(step) = steps.last_mut().filter(|_| joined && cell::follows(&layer.node.op)) {
                let word = cell::word(&layer.node.op, layer.input);
                self.attach(step, node, word);
            } else {
                let word = cell::word(&layer.node.op, layer.input);
                let nodes: Vec<_> = before.drain(..).chain([node]).collect();
                steps.push(Step::Cell(self.cell(&nodes, word)));
            }
        }
        // A box is described once it is whole.
        for step in &mut steps {
            let (Step::Cell(cell) | Step::Fork(Fork { cell, .. })) = step;
            cell.tip = self.tip(&cell.nodes);
        }
        steps
    }

    /// Puts a layer into the box before it.
    fn attach(&self, step: &mut Step, node: NodeId, word: Word) {
        let cell = match step {
            Step::Cell(cell) => cell,
            Step::Fork(fork) => &mut fork.cell,
        };
        cell.notes.push(word.title);
        cell.notes.extend(word.notes);
        cell.nodes.push(node);
        cell.output = self.network.shape(node).into();
    }

    fn cell(&self, nodes: &[NodeId], word: Word) -> Cell {
        let last = nodes.last().copied().unwrap_or_default();
        let Word { role, title, mut notes } = word;
        if nodes.len() > 1 {
            notes.insert(0, "zero pad".to_owned());
        }
        let tip = self.tip(nodes);
        Cell { role, title, notes, nodes: nodes.to_vec(), tip, output: self.network.shape(last).into() }
    }

    /// What the layers are called, what goes through them, what they have.
    fn tip(&self, nodes: &[NodeId]) -> String {
        let names: Vec<_> = nodes.iter().map(|node| self.network.name(*node)).collect();
        let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return String::new() };
        let [input, output] = [self.network.layer(*first).input, self.network.shape(*last)];
        let parameters: u128 = nodes
            .iter()
            .flat_map(|node| {
                let layer = self.network.layer(*node);
                layer.node.op.parameters(layer.input)
            })
            .filter(|(kind, _)| kind.is_trainable())
            .map(|(_, shape)| shape.into_iter().map(u128::from).product::<u128>())
            .sum();
        let shapes = if input == output { output.to_string() } else { format!("{input} to {output}") };
        let parameters = if parameters == 0 { String::new() } else { format!(", {} parameters", grouped(parameters)) };
        format!("{}: {shapes}{parameters}", names.join(", "))
    }

    fn fork(&self, branches: &[Body], node: NodeId) -> Fork {
        let layer = self.network.layer(node);
        let join = match &layer.node.op {
            Op::Multiply(_) => Join::Multiply,
            Op::Concat(_) => Join::Concat,
            Op::Add(_)
            | Op::Input(_)
            | Op::Conv2d(_)
            | Op::BatchNorm(_)
            | Op::Activation(_)
            | Op::MaxPool(_)
            | Op::AdaptivePool(_)
            | Op::Linear(_)
            | Op::Flatten(_)
            | Op::Pad(_)
            | Op::Subsample(_)
            | Op::Dropout(_)
            | Op::AvgPool(_)
            | Op::Blur(_)
            | Op::ChannelConv(_)
            | Op::DropPath(_)
            | Op::GroupNorm(_)
            | Op::LayerNorm(_)
            | Op::LayerScale(_)
            | Op::PathSoftmax(_)
            | Op::Slice(_) => Join::Add,
        };
        let mut branches: Vec<_> =
            branches.iter().map(|body| Branch { line: self.line(body), steps: self.steps(body) }).collect();
        // Something has to stand in the middle.
        if branches.iter().all(|branch| branch.line != Line::Column)
            && let Some(longest) = branches.iter_mut().rev().max_by_key(|branch| branch.steps.len())
        {
            longest.line = Line::Column;
        }
        Fork { branches, join, cell: self.cell(&[node], cell::word(&layer.node.op, layer.input)) }
    }

    /// A shortcut is what its author calls so, and has no branches of its own.
    fn line(&self, body: &Body) -> Line {
        let is_skip = |part: &Part| match part {
            Part::Node(node) => self.network.layer(*node).node.origin.address.branch == Label::SKIP,
            Part::Join(..) => false,
        };
        if body.is_empty() {
            Line::Identity
        } else if body.iter().all(is_skip) {
            Line::Shortcut
        } else {
            Line::Column
        }
    }
}
