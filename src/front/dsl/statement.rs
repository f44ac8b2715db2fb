//! Statements of blocks.

use super::explain;
use super::expression::placeholder;
use super::tree::{Children, Node, Reader, Rule};
use crate::ir::Label;
use crate::lang::ast::{Branch, Join, JoinKind, Setting, Statement, StatementKind, Step};
use crate::source::{Span, Spanned};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

impl Reader<'_> {
    /// The statements between braces.
    pub(super) fn body(&mut self, node: Node<'_>) -> Vec<Statement> {
        node.into_inner()
            .filter_map(|node| {
                if node.as_rule() == Rule::stray_statement {
                    self.stray(&node, Rule::only_statement);
                    return None;
                }
                let span = self.head(&node);
                self.statement(node).map(|kind| Statement { kind, span })
            })
            .collect()
    }

    /// Where a statement stands, without the braces that it has: a message points at what it says, not at all that is in it.
    fn head(&self, node: &Node<'_>) -> Span {
        let whole = self.span(node);
        let braces = node.as_str().find('{').filter(|_| node.as_rule() != Rule::requirement);
        braces.map_or(whole, |at| {
            let start = whole.range().start;
            let head = node.as_str().get(..at).unwrap_or_default().trim_end();
            self.source.span(start..start + head.len())
        })
    }

    fn statement(&mut self, node: Node<'_>) -> Option<StatementKind> {
        let kind = node.as_rule();
        let mut children = Children::of(node);
        Some(match kind {
            Rule::binding => {
                let name = self.word(&children.next()?);
                StatementKind::Let(name, self.expression(children.next()?))
            }
            Rule::choice => {
                let (mut cases, mut last) = (Vec::new(), None);
                while let Some(node) = children.next() {
                    if node.as_rule() == Rule::body {
                        last = Some(self.body(node));
                        continue;
                    }
                    let condition = self.expression(node);
                    cases.push((condition, self.body(children.next()?)));
                }
                StatementKind::If(cases, last)
            }
            Rule::repetition => {
                let name = self.word(&children.next()?);
                let first = self.expression(children.next()?);
                match children.optional(Rule::expression) {
                    Some(end) => {
                        let end = self.expression(end);
                        StatementKind::Range(name, first, end, self.body(children.next()?))
                    }
                    None => StatementKind::Each(name, first, self.body(children.next()?)),
                }
            }
            Rule::unit => {
                let number = self.expression(children.next()?);
                StatementKind::Unit(number, self.body(children.next()?))
            }
            Rule::join => {
                let kind = match children.next()?.as_str() {
                    "add" => JoinKind::Add,
                    "concat" => JoinKind::Concat,
                    _ => JoinKind::Multiply,
                };
                let role = children.optional(Rule::role).and_then(|role| self.role(role));
                let branches = children.rest().filter_map(|node| self.branch(node)).collect();
                StatementKind::Join(Join { kind, role, branches })
            }
            Rule::requirement => {
                let condition = self.expression(children.next()?);
                StatementKind::Require(condition, children.next()?.as_str().trim_matches('"').to_owned())
            }
            _ => return self.step(children),
        })
    }

    fn role(&mut self, node: Node<'_>) -> Option<Label> {
        let label = Children::of(node).next()?;
        Some(self.label(&label))
    }

    fn branch(&mut self, node: Node<'_>) -> Option<Branch> {
        if node.as_rule() == Rule::stray_statement {
            self.stray(&node, Rule::only_branch);
            return None;
        }
        let mut children = Children::of(node);
        let name = children.next()?;
        let (label, span) = (self.label(&name), self.span(&name));
        let condition = children.optional(Rule::expression).map(|condition| self.expression(condition));
        Some(Branch { label, span, condition, body: self.body(children.next()?) })
    }

    fn step(&mut self, mut children: Children<'_>) -> Option<StatementKind> {
        let node = children.next()?;
        let name = self.word(&node);
        if let Some(body) = children.optional(Rule::body) {
            let label = self.label(&node);
            return Some(StatementKind::Labelled(label, self.body(body)));
        }
        let size = children.optional(Rule::size).map(|size| {
            let span = self.span(&size);
            let mut sides = size.into_inner().map(|side| {
                if let Ok(value) = side.as_str().parse() {
                    value
                } else {
                    self.report.push(explain::large_number(span, side.as_str()));
                    1
                }
            });
            Spanned::new([sides.next().unwrap_or(1), sides.next().unwrap_or(1)], span)
        });
        let arguments = children.optional(Rule::arguments).map(|node| self.passed(node)).unwrap_or_default();
        let label = children.optional(Rule::role).and_then(|role| self.role(role));
        Some(StatementKind::Step(Step { name, size, arguments, role: label }))
    }

    /// `name = value`, if it is one; anything else is reported as a faulty one.
    /// Settings between braces; one that is said again is reported, and left out.
    pub(super) fn settings<'n>(&mut self, nodes: impl Iterator<Item = Node<'n>>) -> Vec<Setting> {
        let mut settings = Vec::new();
        let mut known = HashMap::new();
        for node in nodes {
            let Some(setting) = self.setting(node) else { continue };
            let Spanned { value: name, span } = &setting.name;
            match known.entry(name.clone()) {
                Entry::Occupied(first) => {
                    let error = explain::twice("setting", &setting.name, *first.get()).help("remove one of them");
                    self.report.push(error);
                }
                Entry::Vacant(place) => {
                    place.insert(*span);
                    settings.push(setting);
                }
            }
        }
        settings
    }

    fn setting(&mut self, node: Node<'_>) -> Option<Setting> {
        if node.as_rule() == Rule::stray_statement {
            self.stray(&node, Rule::only_setting);
            return None;
        }
        let span = self.span(&node);
        let mut children = Children::of(node);
        let name = self.word(&children.next()?);
        let value = children.next().map_or_else(|| placeholder(span), |value| self.expression(value));
        Some(Setting { name, value })
    }
}
