//! From pest's pairs to the language's values.
//!
//! Pairs come in the order of the grammar's rules, so each reader takes the children that its rule has, in order.

#![allow(missing_docs, reason = "pest derives `Rule` without documentation")]

use super::explain::{self, Stray};
use super::network::Network;
use super::scan::{Token, scan};
use crate::diagnostic::Report;
use crate::ir::Label;
use crate::lang::Definitions;
use crate::source::{Source, Span, Spanned};
use pest::Parser;
use pest::iterators::{Pair, Pairs};
use std::ops::Range;

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/resnet.pest"]
pub(super) struct Grammar;

pub(super) type Node<'a> = Pair<'a, Rule>;

/// Reads a text, or a part of one.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Source,
    /// Where in the source the part begins.
    pub(super) base: usize,
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
    pub(super) report: &'a mut Report,
    /// Levels of the expression that is being read.
    pub(super) depth: usize,
}

impl<'a> Reader<'a> {
    /// Nothing where the tokens alone are wrong.
    pub(super) fn new(source: &'a Source, range: Range<usize>, report: &'a mut Report) -> Option<Self> {
        let mut found = Report::default();
        let tokens = scan(source, range.clone(), &mut found);
        let sound = found.is_empty();
        report.append(found);
        let text = source.text().get(range.clone()).unwrap_or_default();
        if !sound {
            report.leave_gap(words(text), None);
        }
        sound.then_some(Self { source, base: range.start, text, tokens, report, depth: 0 })
    }

    /// Everything that the text defines, and its networks.
    pub(super) fn file(&mut self) -> (Definitions, Vec<Network>) {
        let (mut definitions, mut networks) = (Definitions::default(), Vec::new());
        match Grammar::parse(Rule::file, self.text) {
            Ok(mut pairs) => {
                for node in pairs.next().into_iter().flat_map(Node::into_inner) {
                    self.item(node, &mut definitions, &mut networks);
                }
            }
            Err(error) => {
                self.report.leave_gap(words(self.text), None);
                self.report.push(explain::failure(self.source, self.base, &self.tokens, &error));
            }
        }
        (definitions, networks)
    }

    /// A block with its arguments, all of it constants.
    pub(super) fn call_value(&mut self) -> Option<crate::lang::Value> {
        let mut pairs = Grammar::parse(Rule::only_call, self.text).ok()?;
        let call = pairs.next()?.into_inner().next()?;
        let expression = self.call_expression(call);
        Self::constant_call(&expression)
    }

    pub(super) fn span(&self, node: &Node<'_>) -> Span {
        let range = node.as_span();
        let text = node.as_str();
        let end = range.start() + text.trim_end().len();
        self.source.span(self.base + range.start()..self.base + end.max(range.start()))
    }

    pub(super) fn word(&self, node: &Node<'_>) -> Spanned<String> {
        Spanned::new(node.as_str().to_owned(), self.span(node))
    }

    /// A label; one that is too long is reported, and cut.
    pub(super) fn label(&mut self, node: &Node<'_>) -> Label {
        Label::new(node.as_str()).unwrap_or_else(|| {
            self.report.push(explain::long_label(self.span(node), node.as_str()));
            Label::BLOCK
        })
    }

    /// Reports what did not parse, which is `node`, as what it was probably meant to be.
    pub(super) fn stray(&mut self, node: &Node<'_>, strict: Rule) {
        let stray = Stray::new(self.source, self.base, &self.tokens, node);
        self.report.leave_gap(stray.words(), stray.behind());
        self.report.push_with(|| stray.explain(strict));
    }

    /// The text before an item or a parameter that begins with `///`, joined to one line.
    pub(super) fn documentation(&self, node: &Node<'_>) -> String {
        let before = self.text.get(..node.as_span().start()).unwrap_or_default();
        let mut lines: Vec<_> = Vec::new();
        let mut rest = before.trim_end();
        while let Some(line) = rest.rsplit('\n').next().and_then(|line| line.trim().strip_prefix("///")) {
            lines.push(line.trim());
            rest = match rest.rfind('\n') {
                Some(end) => rest.get(..end).unwrap_or_default().trim_end(),
                None => "",
            };
        }
        lines.reverse();
        lines.join(" ")
    }
}

/// The words of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).filter(|word| !word.is_empty())
}

/// The children of a node, taken in the order of its rule.
pub(super) struct Children<'a>(std::iter::Peekable<Pairs<'a, Rule>>);

impl<'a> Children<'a> {
    pub(super) fn of(node: Node<'a>) -> Self {
        Self(node.into_inner().peekable())
    }

    /// The next child if it is of `rule`.
    pub(super) fn optional(&mut self, rule: Rule) -> Option<Node<'a>> {
        self.0.next_if(|node| node.as_rule() == rule)
    }

    /// The next child, which the grammar has.
    pub(super) fn next(&mut self) -> Option<Node<'a>> {
        self.0.next()
    }

    /// The children that are left.
    pub(super) fn rest(self) -> impl Iterator<Item = Node<'a>> {
        self.0
    }
}
