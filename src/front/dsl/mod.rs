//! The DSL front end: `.resnet`, whose grammar is `grammar/resnet.pest`.
//!
//! In: a source. Out: what it defines, and the [`Spec`] of its network, and a report. What does not parse is caught
//! statement by statement, so that one run reports everything; what was wrong or missing is reported, and a placeholder
//! stands for it.

mod explain;
mod expression;
mod format;
mod item;
mod network;
mod print;
mod scan;
mod slip;
mod statement;
mod tree;

pub(crate) use explain::twice;
pub use print::print;

use super::unsayable;
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::lang::{Definitions, Value};
use crate::limits;
use crate::source::{Source, Span, Spanned};
use crate::spec::Spec;
use network::Network;
use std::ops::Range;
use std::sync::Arc;
use tree::Reader;

/// Reads a description; what is wrong with it goes to `report`.
///
/// There is nothing to read where brackets do not match or nothing was found. Where the report has been added to, the
/// [`Spec`] holds placeholders: it is fit to be checked further, and for nothing else.
pub fn parse(source: &Source, report: &mut Report) -> Option<Spec> {
    Program::read(source, report).map(|program| program.spec(&[], report))
}

/// A description whose network can be told its parameters, without its text being read again.
#[derive(Debug)]
pub struct Program {
    network: Network,
    uses: Vec<Spanned<String>>,
    definitions: Arc<Definitions>,
    end: Span,
}

impl Program {
    /// Reads a description as [`parse`] does.
    pub fn read(source: &Source, report: &mut Report) -> Option<Self> {
        let mut reader = whole(source, report)?;
        let (mut definitions, networks) = reader.file();
        explain::divisions(source, &reader.tokens, reader.report);
        refuse_layers(&mut definitions, reader.report);
        let uses = std::mem::take(&mut definitions.uses);
        let network = network::only(source, networks, report)?;
        Some(Self { network, uses, definitions: Arc::new(definitions), end: end_of(source) })
    }

    /// The names of the network's parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.network.parameters()
    }

    /// The description that it comes to, with these values for parameters of its network and the defaults for the others.
    pub fn spec(&self, told: &[(String, Value)], report: &mut Report) -> Spec {
        self.network.spec(self.end, &self.uses, &self.definitions, told, report)
    }
}

/// The text laid out: the same tokens on the same lines, with the white space that everybody's texts have.
///
/// Nothing where the text does not parse: what is wrong with it goes to `report`. What its blocks and calls mean is not
/// looked at, so that a text can be laid out whatever the library has.
pub fn format(source: &Source, report: &mut Report) -> Option<String> {
    let mut found = Report::default();
    let mut reader = whole(source, &mut found);
    let out = reader.as_mut().map(|reader| {
        reader.file();
        format::layout(source, &reader.tokens)
    });
    let sound = !found.has_errors();
    report.append(found);
    out.filter(|_| sound)
}

/// A reader of all of the text, if it is not too large and its tokens are sound.
fn whole<'a>(source: &'a Source, report: &'a mut Report) -> Option<Reader<'a>> {
    if source.text().len() > limits::SOURCE_BYTES {
        let message = format!("the description has more than {} bytes", limits::SOURCE_BYTES);
        report.push(Diagnostic::error(Code::SourceTooLarge, source.span(0..0), message, "it begins here"));
        return None;
    }
    Reader::new(source, 0..source.text().len(), report)
}

/// Reads definitions, and nothing but definitions, from `range` of a text.
pub fn definitions(source: &Source, range: Range<usize>, report: &mut Report) -> Option<Definitions> {
    let mut definitions = library(source, range, report)?;
    refuse_layers(&mut definitions, report);
    Some(definitions)
}

/// Reports the signatures of layers, which are ops of the compiler, and takes them out.
fn refuse_layers(definitions: &mut Definitions, report: &mut Report) {
    for layer in definitions.layers.drain(..) {
        report.push(
            Diagnostic::error(
                Code::NotApplicable,
                layer.name.span,
                format!("a layer `{}` is defined", layer.name.value),
                "layers are the compiler's own",
            )
            .help(format!("define a block, of the layers that there are: `block {}(…) {{ … }}`", layer.name.value)),
        );
    }
}

/// Reads definitions as the library's texts have them: signatures of layers among them.
pub fn library(source: &Source, range: Range<usize>, report: &mut Report) -> Option<Definitions> {
    let mut reader = Reader::new(source, range, report)?;
    let (mut definitions, networks) = reader.file();
    for network in networks {
        report.push(
            Diagnostic::error(
                Code::NotApplicable,
                network.span,
                "a network among definitions",
                "only definitions may stand here",
            )
            .help("remove it: the description is the network"),
        );
    }
    for name in std::mem::take(&mut definitions.uses) {
        report.push(
            Diagnostic::error(
                Code::NotApplicable,
                name.span,
                "a dialect is used among definitions",
                "only definitions may stand here",
            )
            .help("remove it: `dialect` says which dialect the description has"),
        );
    }
    Some(definitions)
}

/// The block, with or without arguments, that `range` of a text says: `se(reduction = 4)`.
#[must_use]
pub fn block_value(source: &Source, range: Range<usize>) -> Option<Value> {
    let mut report = Report::default();
    let value = Reader::new(source, range, &mut report)?.call_value();
    value.filter(|_| report.is_empty())
}

/// Whether a text is of this language and not TOML: its first word begins an item.
#[must_use]
pub fn is_dsl(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(comment) = rest.strip_prefix("//") {
        rest = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let (word, rest) = rest.split_at(end);
    let item = ["use", "network", "block", "dialect", "names"].contains(&word);
    item && rest.trim_start().starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
}

/// Why the DSL cannot write `value`, if it cannot: it has no escapes, and its numbers end.
pub(super) fn fault(value: &Value) -> Option<&'static str> {
    match value {
        Value::Text(text) if text.contains('"') => Some("a text with a quote"),
        Value::Text(text) if text.contains('\n') => Some("a text with a line break"),
        Value::Float(number) if !number.is_finite() => Some("a number that is not finite"),
        Value::Other(name) => Some(name),
        Value::List(items) => items.iter().find_map(fault),
        Value::Call(call) => call.arguments.iter().find_map(|argument| fault(&argument.value.value)),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Text(_) | Value::Init(_) => None,
    }
}

/// A span that a message may need for what is not there: the end of what is written.
fn end_of(source: &Source) -> Span {
    let end = source.text().trim_end().len();
    source.span(end..end)
}

/// The comment with which a text begins, without its marks, unless a definition follows, to which it belongs.
pub(super) fn heading(text: &str) -> Vec<&str> {
    let lines: Vec<_> = text.lines().map_while(|line| line.trim_start().strip_prefix("//")).collect();
    let next = text.lines().nth(lines.len()).unwrap_or_default();
    let word = next.split_whitespace().next().unwrap_or_default();
    if ["block", "dialect", "names"].contains(&word) {
        return Vec::new();
    }
    lines.into_iter().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect()
}

/// How many comments a text has.
pub(super) fn comments(text: &str) -> usize {
    let source = Source::new("", text);
    let tokens = scan::scan(&source, 0..text.len(), &mut Report::default());
    tokens.iter().filter(|token| token.kind == scan::Kind::Comment).count()
}
