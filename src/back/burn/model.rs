//! From the outline to the file that defines the network: stem, stages as lists of blocks, head.

use super::block::Block;
use super::body::{Body, File, Scope};
use super::imports::Imports;
use super::layout::{self, Code, Expr};
use super::load::{Load, Method};
use super::quote::{Comment, FormatText, RustIdent, RustStr, RustType};
use super::view::ModelView;
use crate::back::Unsupported;
use crate::back::names::Names;
use crate::ir::op::Pad;
use crate::ir::{NodeId, Op, Shape};
use crate::outline::{Call, Outline, Stage};
use crate::valid::Checked;
use std::collections::{BTreeSet, HashMap};

/// The network's file and what other files must know of it.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) view: ModelView,
    pub(super) imports: Imports,
    pub(super) methods: Vec<Method>,
}

/// Writes the network that `outline` describes; `ty` is its name, `types` the names beside it.
///
/// # Errors
/// What about its stem or head cannot be written.
pub(super) fn model(
    network: &Checked,
    outline: &Outline,
    blocks: &[Block<'_>],
    (ty, types): (RustType, Names),
    header: &Comment,
) -> Result<Model, Unsupported> {
    let mut file = File { types, ..File::default() };
    file.imports.prelude();
    file.imports.weights("LoadError");
    file.imports.weights("Weights");
    let classifier = classifier(network);
    let classes = classifier.map(|(_, classes)| classes);
    let (texts, nodes) = (BTreeSet::new(), HashMap::new());
    let scope = Scope { network, parameters: &[], texts: &texts, nodes: &nodes };
    let mut body = Body::new(&scope, &mut file, 4);
    body.prefix = "stem";
    body.steps(&outline.stem);
    body.prefix = "";
    for stage in &outline.stages {
        for (part, calls) in runs(&stage.calls, |left, right| left.definition == right.definition).enumerate() {
            self::stage(&mut body, network, blocks, stage, part, calls);
        }
    }
    body.classes = classifier.map(|(node, _)| (node, Code::new(format_args!("self.classes"))));
    body.steps(&outline.head);
    let mut methods = Vec::new();
    body.loads.iter().for_each(|load| load.methods(&mut |method| methods.push(method)));
    let owner = Code::new(format_args!("self"));
    let output = network.shape(network.output());
    // A method of the network itself says `Self`.
    let made = if classes.is_some() { ty.clone() } else { RustType::new("Self") };
    let view = ModelView {
        header: header.clone(),
        doc: doc(network),
        imports: Vec::new(),
        config: ty.config(),
        classes,
        make: Expr::Struct(made, body.made).line(8, format_args!(""), ""),
        takes_device: body.takes_device,
        made_for: network.input_shape().size().filter(|_| network.graph().fixed.size),
        fields: body.fields,
        input: Comment::new(&format!("N x {}", network.input_shape())),
        output: Comment::new(&match (classes, output) {
            (Some(classes), Shape::Vector(features)) if classes == features => "N x `classes`".to_owned(),
            (Some(classes), Shape::Map { channels, height, width }) if classes == channels => {
                format!("N x `classes` x {height} x {width}")
            }
            _ => format!("N x {output}"),
        }),
        rank: body.rank,
        forward: body.flow.finish(),
        parts: Vec::new(),
        loads: body.loads.iter().map(|load| load.write(8, &owner)).collect(),
        ty,
    };
    if let Some(reason) = file.refusal {
        return Err(Unsupported { node: network.output(), reason: reason.to_owned() });
    }
    let imports = file.imports.lines_with(blocks.iter().map(|block| (&block.module, &block.ty)));
    let view = ModelView { imports, parts: file.parts, ..view };
    Ok(Model { view, imports: file.imports, methods })
}

/// The classifier and its outputs, where there is one and nothing after it depends on how many there are.
fn classifier(network: &Checked) -> Option<(NodeId, u64)> {
    let found = network.classifier()?;
    let mut last = found;
    while let Some(&reader) = network.graph().readers(last).first() {
        if network.layer(reader).operands.len() != 1 || !takes_any_channels(&network.layer(reader).node.op) {
            return None;
        }
        last = reader;
    }
    Some((found, network.shape(found).channels()))
}

/// Whether `op` is written without the channels that it reads.
fn takes_any_channels(op: &Op) -> bool {
    match op {
        Op::Activation(_)
        | Op::MaxPool(_)
        | Op::AdaptivePool(_)
        | Op::AvgPool(_)
        | Op::Blur(_)
        | Op::Flatten(_)
        | Op::Subsample(_)
        | Op::Dropout(_)
        | Op::DropPath(_)
        | Op::Pad(Pad::Spatial(_)) => true,
        Op::Input(_)
        | Op::Conv2d(_)
        | Op::BatchNorm(_)
        | Op::Linear(_)
        | Op::Add(_)
        | Op::Pad(Pad::Channels { .. })
        | Op::ChannelConv(_)
        | Op::Concat(_)
        | Op::GroupNorm(_)
        | Op::LayerNorm(_)
        | Op::LayerScale(_)
        | Op::Multiply(_)
        | Op::PathSoftmax(_)
        | Op::Slice(_) => false,
    }
}

fn doc(network: &Checked) -> Vec<Comment> {
    let (mut trainable, mut statistics) = (0_u128, 0_u128);
    for (parameter, shape) in network.parameters() {
        let count: u128 = shape.iter().map(|side| u128::from(*side)).product();
        *(if parameter.kind.is_trainable() { &mut trainable } else { &mut statistics }) += count;
    }
    let graph = network.graph();
    let beside = if statistics == 0 { String::new() } else { format!(" and {statistics} batch-norm statistics") };
    let text = format!(
        "`{}` in the semantics of the dialect `{}`: {trainable} trainable parameters{beside}.",
        graph.name, graph.dialect.name
    );
    layout::paragraph(0, &text)
}

/// Adds the blocks that `calls` stand for: a list that `forward` goes through.
fn stage(body: &mut Body<'_, '_>, network: &Checked, blocks: &[Block<'_>], stage: &Stage, part: usize, calls: &[Call]) {
    let Some(block) = calls.first().and_then(|call| blocks.get(call.definition)) else { return };
    let name = RustIdent::numbered("stage", stage.number + 1);
    let name = if part == 0 { name } else { name.with(&(part + 1).to_string()) };
    let field = body.field(&name, Code::new(format_args!("Vec<{}>", block.ty)), make(block, calls));
    if let (Some(field), Some(last)) = (body.fields.last_mut(), calls.last().and_then(|call| call.nodes.last())) {
        field.doc = layout::paragraph(4, &format!("Ends with N x {}.", network.shape(*last)));
    }
    body.takes_device = true;
    body.flow.begin();
    let (read, made) = block.ranks;
    body.rank = made;
    // Only what keeps the dimensions can stand in a row.
    body.flow.call(|value| {
        if read == made {
            Code::new(format_args!("self.{field}.iter().fold({value}, |x, block| block.forward(x))"))
        } else {
            Code::new(format_args!("self.{field}[0].forward({value})"))
        }
    });
    body.flow.begin();
    load(body, &field, block, calls);
}

/// The blocks of a stage: each configuration as often as it comes in a row.
fn make(block: &Block<'_>, calls: &[Call]) -> Expr {
    let same = |left: &Call, right: &Call| block.configure(left) == block.configure(right);
    let run = |calls: &[Call]| {
        let config = calls.first().map(|call| block.configure(call))?;
        Some(Expr::Call(Code::new(format_args!("")), vec![Expr::atom(format_args!("{}", calls.len())), config]))
    };
    let runs = runs(calls, same).filter_map(run).collect();
    let function = Code::new(format_args!("{}::stage", block.ty.config()));
    Expr::Call(function, vec![Expr::Array(runs), Expr::atom(format_args!("device"))])
}

/// The longest slices of `items` whose neighbours are `same`.
fn runs<T>(items: &[T], same: impl Fn(&T, &T) -> bool) -> impl Iterator<Item = &[T]> {
    items.chunk_by(same)
}

/// Loads the blocks of a stage, in a loop where their names count.
fn load(body: &mut Body<'_, '_>, field: &RustIdent, block: &Block<'_>, calls: &[Call]) {
    let names: Vec<_> = calls.iter().map(|call| block.names(call)).collect();
    let width = names.first().map_or(0, Vec::len);
    if width == 0 {
        return;
    }
    let column = |at: usize| names.iter().filter_map(|names| names.get(at).copied()).collect::<Vec<_>>();
    let patterns: Option<Vec<_>> = (0..width).map(|at| Pattern::find(&column(at))).collect();
    if let Some(patterns) = patterns {
        let counts = patterns.iter().any(Pattern::counts);
        let names = patterns.iter().map(Pattern::write).collect();
        body.loads.push(Load::Blocks { field: field.clone(), names, counts });
        return;
    }
    for (index, names) in names.iter().enumerate() {
        let names = names.iter().map(|name| Code::new(format_args!("{}", RustStr::new(name)))).collect();
        body.loads.push(Load::Block { field: field.clone(), index, names });
    }
}

/// How the names of a stage's layers go on from block to block.
#[derive(Debug, PartialEq, Eq)]
enum Pattern<'a> {
    Same(&'a str),
    /// A number between two texts: its value in the first block and what each further block adds.
    Counted {
        before: &'a str,
        first: u64,
        step: u64,
        after: &'a str,
    },
}

impl<'a> Pattern<'a> {
    /// The pattern that gives exactly `names`, but for the empty ones: those are of layers that their blocks lack. A lone
    /// name counts by its last number, as it would with a second block.
    fn find(names: &[&'a str]) -> Option<Self> {
        let mut known = (0_u64..).zip(names).filter(|(_, name)| !name.is_empty());
        let Some((at, &first)) = known.next() else { return Some(Self::Same("")) };
        let rest: Vec<_> = known.collect();
        if names.len() > 1 && rest.iter().all(|(_, name)| **name == first) {
            return Some(Self::Same(first));
        }
        let end = first.rfind(|char: char| char.is_ascii_digit())? + 1;
        let (head, after) = first.split_at_checked(end)?;
        let before = head.trim_end_matches(|char: char| char.is_ascii_digit());
        let start: u64 = head.strip_prefix(before)?.parse().ok()?;
        let number = |name: &str| name.strip_prefix(before)?.strip_suffix(after)?.parse::<u64>().ok();
        let step = match rest.first() {
            Some((next, name)) => number(name)?.checked_sub(start)? / (next - at),
            None => 1,
        };
        let zeroth = start.checked_sub(step * at)?;
        let is_it = |(index, name): &(u64, &&str)| **name == format!("{before}{}{after}", zeroth + step * index);
        let pattern = Self::Counted { before, first: zeroth, step, after };
        (is_it(&(at, &first)) && rest.iter().all(is_it)).then_some(pattern)
    }

    fn counts(&self) -> bool {
        matches!(self, Self::Counted { .. })
    }

    fn write(&self) -> Code {
        let (before, first, step, after) = match self {
            Self::Same(name) => return Code::new(format_args!("{}", RustStr::new(name))),
            Self::Counted { before, first, step, after } => (before, *first, *step, after),
        };
        let (before, after) = (FormatText::new(before), FormatText::new(after));
        let number = match (step, first) {
            (1, 0) => return Code::new(format_args!("&format!(\"{before}{{index}}{after}\")")),
            (1, first) => format!("index + {first}"),
            (step, 0) => format!("{step} * index"),
            (step, first) => format!("{step} * index + {first}"),
        };
        Code::new(format_args!("&format!(\"{before}{{}}{after}\", {number})"))
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn names_that_count_are_a_pattern() {
        let text = |names: &[&str]| Pattern::find(names).map(|pattern| pattern.write().to_string());
        assert_eq!(text(&["layer1.0", "layer1.1"]).as_deref(), Some("&format!(\"layer1.{index}\")"));
        assert_eq!(text(&["conv2_block1"]).as_deref(), Some("&format!(\"conv2_block{}\", index + 1)"));
        assert_eq!(text(&["f.3", "f.6", "f.9"]).as_deref(), Some("&format!(\"f.{}\", 3 * index + 3)"));
        assert_eq!(text(&["{0}", "{1}"]).as_deref(), Some("&format!(\"{{{index}}}\")"));
        assert_eq!(text(&["", ""]).as_deref(), Some("\"\""));
        assert_eq!(text(&["down.1", "", ""]).as_deref(), Some("\"down.1\""));
        assert_eq!(text(&["", "f.3", "", "f.7"]).as_deref(), Some("&format!(\"f.{}\", 2 * index + 1)"));
    }

    #[test]
    fn names_that_do_not_count_are_none() {
        assert_eq!(Pattern::find(&["a1", "b2"]), None);
        assert_eq!(Pattern::find(&["a1", "a2", "a4"]), None);
        assert_eq!(Pattern::find(&["a01", "a02"]), None);
        assert_eq!(Pattern::find(&["a2", "a1"]), None);
        assert_eq!(Pattern::find(&["", "a0", "a2"]), None);
    }
}
