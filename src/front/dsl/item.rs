//! Items: what a text defines.

use super::explain;
use super::network::Network;
use super::tree::{Children, Node, Reader, Rule};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::ir::op::Activation;
use crate::lang::Definitions;
use crate::lang::ast::{Block, Dialect, Domain, Names, Parameter, Row, Signature};
use crate::lang::elsewhere;
use crate::limits;
use crate::source::Spanned;
use std::collections::HashMap;

/// The types of parameters, as a message lists them.
const TYPES: [&str; 11] =
    ["channels", "integer", "float", "boolean", "one_of", "pair", "padding", "numbers", "activation", "init", "block"];

/// What is white space before the first word of a line.
const BLANK: [char; 4] = [' ', '\t', '\r', '\u{feff}'];

#[expect(clippy::cast_possible_wrap, reason = "the limits are far below 2^63")]
const SIDE: i64 = limits::SIDE as i64;

/// The largest bound of a range of whole numbers, with either sign.
const BOUND: i64 = u32::MAX as i64;

impl Reader<'_> {
    pub(super) fn item(&mut self, node: Node<'_>, definitions: &mut Definitions, networks: &mut Vec<Network>) {
        if matches!(node.as_rule(), Rule::block | Rule::layer | Rule::dialect | Rule::names) {
            definitions.texts.push(self.text_of(&node));
        }
        match node.as_rule() {
            Rule::block => definitions.blocks.extend(self.block(node)),
            Rule::layer => {
                let mut children = Children::of(node);
                definitions.layers.extend(self.signature(&mut children));
            }
            Rule::dialect => definitions.dialects.extend(self.dialect(node)),
            Rule::names => definitions.names.extend(self.names(node)),
            Rule::network => networks.extend(self.network(node)),
            Rule::use_dialect => {
                if let Some(name) = Children::of(node).next() {
                    let name = self.word(&name);
                    definitions.uses.push(name);
                }
            }
            Rule::stray_item => self.stray(&node, Rule::only_item),
            _ => {}
        }
    }

    /// An item as it was written, with the comments on the lines directly before it and behind it.
    fn text_of(&self, node: &Node<'_>) -> String {
        let span = node.as_span();
        let is_comment = |line: &str| line.trim_start_matches(BLANK).starts_with("//");
        let mut start = span.start();
        let before = |end: usize| self.text.get(..end).unwrap_or_default();
        let line = before(start).rfind('\n').map_or(0, |end| end + 1);
        // What stands before it on its line has nothing to do with it.
        if before(start).get(line..).is_some_and(|indent| indent.trim_start_matches(BLANK).is_empty()) {
            let mut above = line;
            while let Some(end) = above.checked_sub(1) {
                let line = before(end).rfind('\n').map_or(0, |end| end + 1);
                let Some(text) = before(end).get(line..).filter(|line| is_comment(line)) else { break };
                start = end - text.trim_start_matches(BLANK).len();
                above = line;
            }
        }
        let end = span.start() + node.as_str().trim_end().len();
        let rest = self.text.get(end..).and_then(|rest| rest.lines().next()).filter(|rest| is_comment(rest));
        let end = end + rest.map_or(0, |rest| rest.trim_end().len());
        self.text.get(start..end).unwrap_or_default().replace("\r\n", "\n").replace('\r', " ")
    }

    fn signature(&mut self, children: &mut Children<'_>) -> Option<Signature> {
        let name = self.word(&children.next()?);
        let parameters = children.next()?;
        Some(Signature { name, parameters: self.parameters(parameters) })
    }

    fn block(&mut self, node: Node<'_>) -> Option<Block> {
        let mut children = Children::of(node);
        let signature = self.signature(&mut children)?;
        let body = self.body(children.next()?);
        Some(Block { signature, body, is_library: false })
    }

    /// Parameters in brackets.
    pub(super) fn parameters(&mut self, node: Node<'_>) -> Vec<Parameter> {
        let mut parameters: Vec<Parameter> = Vec::new();
        for node in node.into_inner() {
            let Some(parameter) = self.parameter(node) else { continue };
            let name = &parameter.name;
            if let Some(first) = parameters.iter().find(|known| known.name.value == name.value) {
                self.report
                    .push(explain::twice("parameter", name, first.name.span).help("give one of them another name"));
            } else {
                parameters.push(parameter);
            }
        }
        parameters
    }

    /// Parameters of a network, whose defaults are all that they will ever be: a type says nothing.
    pub(super) fn untyped(&mut self, node: Node<'_>) -> Vec<Parameter> {
        for parameter in node.clone().into_inner() {
            let mut children = Children::of(parameter);
            let Some(name) = children.next() else { continue };
            if let Some(domain) = children.optional(Rule::domain) {
                // From the colon, which stands before the type.
                let span = self.span(&name);
                let behind = self.source.span(span.range().end..self.span(&domain).range().end);
                let message = format!("a type for the network's parameter `{}`", name.as_str());
                let label = "nothing but its default can be its value";
                let error = Diagnostic::error(Code::NotApplicable, self.span(&domain), message, label);
                self.report.push(error.help("remove the type: types are for parameters of blocks").fix(behind, ""));
            }
        }
        self.parameters(node)
    }

    fn parameter(&mut self, node: Node<'_>) -> Option<Parameter> {
        let meaning = self.documentation(&node);
        let mut children = Children::of(node);
        let name = self.word(&children.next()?);
        let domain = children.optional(Rule::domain).map_or(Domain::Any, |node| self.domain(node));
        let default = children.optional(Rule::default).and_then(|node| Children::of(node).next());
        let default = default.map(|node| self.expression(node));
        Some(Parameter { name, domain, default, meaning })
    }

    fn domain(&mut self, node: Node<'_>) -> Domain {
        let whole = self.span(&node);
        let mut children = Children::of(node);
        let Some(name) = children.next() else { return Domain::Any };
        let word = self.word(&name);
        let range = children.optional(Rule::range);
        let words: Vec<_> = children.rest().map(|word| self.word(&word)).collect();
        let wrong = match (word.value.as_str(), range, words.as_slice()) {
            ("channels", None, []) => return Domain::Channels,
            ("boolean", None, []) => return Domain::Boolean,
            ("padding", None, []) => return Domain::Padding,
            ("numbers", None, []) => return Domain::Numbers,
            ("init", None, []) => return Domain::Init,
            ("activation", None, []) => {
                return Domain::Choice(Activation::ALL.iter().map(|kind| kind.name().to_owned()).collect());
            }
            ("integer", None, []) => return Domain::Integer { min: 0, max: u32::MAX.into() },
            ("pair", None, []) => return Domain::Pair { min: 1, max: SIDE },
            ("float", None, []) => return Domain::Float { min: f64::NEG_INFINITY, below: f64::INFINITY },
            ("integer", Some(range), []) => match self.whole_range(range, -BOUND) {
                Some([min, max]) => return Domain::Integer { min, max },
                None => return Domain::Any,
            },
            ("pair", Some(range), []) => match self.whole_range(range, 1) {
                Some([min, max]) => return Domain::Pair { min, max },
                None => return Domain::Any,
            },
            ("float", Some(range), []) => return self.float(&range).unwrap_or(Domain::Any),
            ("block", None, words) => {
                self.distinct(words);
                return Domain::Block(words.iter().map(|word| word.value.clone()).collect());
            }
            ("one_of", None, [_, ..]) => {
                self.distinct(&words);
                return Domain::Choice(words.into_iter().map(|word| word.value).collect());
            }
            ("one_of", None, []) => {
                let error = Diagnostic::error(Code::DslSyntax, whole, "`one_of` without words", "expected its choices");
                error.help("write `one_of(append, split)`, for example")
            }
            (known @ ("one_of" | "block"), Some(_), _) => {
                let message = format!("`{known}` with a range");
                Diagnostic::error(Code::DslSyntax, whole, message, format!("expected words: `{known}(…)`"))
            }
            (known @ ("integer" | "pair" | "float"), ..) => {
                let message = format!("`{known}` with words");
                let range = if known == "float" { "0..1" } else { "1..8" };
                Diagnostic::error(Code::DslSyntax, whole, message, format!("expected a range: `{known}({range})`"))
            }
            (known, ..) if TYPES.contains(&known) => {
                let message = format!("`{known}` with brackets");
                let error = Diagnostic::error(Code::DslSyntax, whole, message, "this type takes nothing in brackets");
                error.fix(whole, known).help(format!("write `{known}`"))
            }
            (unknown, ..) => {
                let message = format!("there is no type {}", suggest::quoted(unknown));
                let label = format!("expected {}", suggest::list(TYPES));
                let error = Diagnostic::error(Code::UnknownName, word.span, message, label);
                elsewhere::fixed(error, unknown, word.span, TYPES)
            }
        };
        self.report.push(wrong);
        Domain::Any
    }

    /// Reports words of a type that are there already.
    fn distinct(&mut self, words: &[Spanned<String>]) {
        let mut known = HashMap::new();
        for word in words {
            if let Some(first) = known.insert(&word.value, word.span) {
                self.report.push(explain::twice("word", word, first).help("remove one of them"));
            }
        }
    }

    /// Two whole numbers from `least`, the first no larger than the second; others are reported.
    fn whole_range(&mut self, range: Node<'_>, least: i64) -> Option<[i64; 2]> {
        let span = self.span(&range);
        let bounds: Vec<_> = range.into_inner().map(|bound| bound.as_str().parse::<i64>()).collect();
        let [Ok(min), Ok(max)] = bounds[..] else {
            let label = "expected whole numbers: `1..8`";
            self.report.push(Diagnostic::error(Code::DslSyntax, span, "a bound is not a whole number", label));
            return None;
        };
        let wrong = if min > max {
            Some(("a range ends before it begins", format!("expected `{max}..{min}`")))
        } else if min < least || max > BOUND {
            let first = if least < 0 { format!("-{BOUND}") } else { least.to_string() };
            Some(("a bound is out of range", format!("expected bounds from {first} to {BOUND}")))
        } else {
            None
        };
        match wrong {
            Some((message, label)) => {
                self.report.push(Diagnostic::error(Code::OutOfRange, span, message, label));
                None
            }
            None => Some([min, max]),
        }
    }

    /// A number from the first bound of `range` to below the second.
    fn float(&mut self, range: &Node<'_>) -> Option<Domain> {
        let span = self.span(range);
        let mut bounds = range.clone().into_inner().map(|bound| bound.as_str().parse::<f64>());
        match (bounds.next()?.ok()?, bounds.next()?.ok()?) {
            (min, below) if min < below => Some(Domain::Float { min, below }),
            _ => {
                let message = "a range of numbers is empty";
                let label = "expected the second bound above the first";
                self.report.push(Diagnostic::error(Code::OutOfRange, span, message, label));
                None
            }
        }
    }

    fn dialect(&mut self, node: Node<'_>) -> Option<Dialect> {
        let mut children = Children::of(node);
        let name = self.word(&children.next()?);
        let base = self.base(&mut children);
        Some(Dialect { name, base, settings: self.settings(children.rest()) })
    }

    fn base(&mut self, children: &mut Children<'_>) -> Option<Spanned<String>> {
        let base = children.optional(Rule::base)?;
        Children::of(base).next().map(|name| self.word(&name))
    }

    fn names(&mut self, node: Node<'_>) -> Option<Names> {
        let mut children = Children::of(node);
        let name = self.word(&children.next()?);
        let base = self.base(&mut children);
        let mut names =
            Names { name, base, settings: Vec::new(), rows: Vec::new(), sections: Vec::new(), suffixes: Vec::new() };
        let (settings, rest): (Vec<_>, Vec<_>) = children.rest().partition(|node| node.as_rule() == Rule::setting);
        names.settings = self.settings(settings.into_iter());
        for node in rest {
            match node.as_rule() {
                Rule::row => names.rows.extend(self.row(node)),
                Rule::suffixes => {
                    let rows: Vec<_> = node.into_inner().filter_map(|node| self.row(node)).collect();
                    names.suffixes.extend(rows);
                }
                Rule::section => {
                    let mut children = Children::of(node);
                    let kind = self.word(&children.next()?);
                    names.sections.push((kind, children.rest().filter_map(|node| self.row(node)).collect()));
                }
                _ => self.stray(&node, Rule::only_row),
            }
        }
        Some(names)
    }

    fn row(&mut self, node: Node<'_>) -> Option<Row> {
        if node.as_rule() == Rule::stray_statement {
            self.stray(&node, Rule::only_row);
            return None;
        }
        let mut children = Children::of(node);
        let selector = children.next()?;
        let span = self.span(&selector);
        let mut parts = selector.into_inner().map(|part| part.as_str().to_owned());
        let selector = Spanned::new((parts.next()?, parts.next()), span);
        let template = children.next()?;
        let inside = template.as_str().get(1..template.as_str().len() - 1).unwrap_or_default();
        let start = self.base + template.as_span().start() + 1;
        let template = Spanned::new(inside.to_owned(), self.source.span(start..start + inside.len()));
        let spelling =
            children.optional(Rule::role).and_then(|role| role.into_inner().next()).map(|word| self.word(&word));
        Some(Row { selector, template, spelling })
    }
}
