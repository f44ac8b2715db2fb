//! What the text of a block reads.

use super::scope::Blocks;
use crate::lang::ast::{Block, Expression, ExpressionKind, Statement, StatementKind};

/// Whether `block`, or a block that it calls or hands on, reads what every block knows under `name`.
pub(super) fn reads(block: &Block, name: &str, blocks: Blocks<'_>) -> bool {
    let mut seen: Vec<(&str, bool)> = Vec::new();
    let mut open = vec![block];
    while let Some(block) = open.pop() {
        let mut names = Vec::new();
        let defaults = block.signature.parameters.iter().filter_map(|parameter| parameter.default.as_ref());
        defaults.for_each(|default| of_expression(default, &mut names));
        of_statements(&block.body, &mut names);
        if names.contains(&name) {
            return true;
        }
        for called in names.into_iter().filter_map(|name| blocks.find(name, block.is_library)) {
            let key = (called.name(), called.is_library);
            if !seen.contains(&key) {
                seen.push(key);
                open.push(called);
            }
        }
    }
    false
}

/// The names in statements: of what is called, and of what is a value.
fn of_statements<'a>(statements: &'a [Statement], names: &mut Vec<&'a str>) {
    for statement in statements {
        match &statement.kind {
            StatementKind::Let(_, value) | StatementKind::Require(value, _) => of_expression(value, names),
            StatementKind::If(cases, last) => {
                for (condition, body) in cases {
                    of_expression(condition, names);
                    of_statements(body, names);
                }
                of_statements(last.as_deref().unwrap_or_default(), names);
            }
            StatementKind::Range(_, from, to, body) => {
                of_expression(from, names);
                of_expression(to, names);
                of_statements(body, names);
            }
            StatementKind::Each(_, value, body) | StatementKind::Unit(value, body) => {
                of_expression(value, names);
                of_statements(body, names);
            }
            StatementKind::Labelled(_, body) => of_statements(body, names),
            StatementKind::Join(join) => {
                for branch in &join.branches {
                    branch.condition.iter().for_each(|condition| of_expression(condition, names));
                    of_statements(&branch.body, names);
                }
            }
            StatementKind::Step(step) => {
                names.push(&step.name.value);
                step.arguments.iter().for_each(|passed| of_expression(&passed.value, names));
            }
        }
    }
}

/// The names in an expression, those of what it calls included.
fn of_expression<'e>(expression: &'e Expression, names: &mut Vec<&'e str>) {
    if let ExpressionKind::Call(name, _) = &expression.kind {
        names.push(&name.value);
    }
    if let ExpressionKind::Name(name) = &expression.kind {
        names.push(name);
    }
    parts(expression, &mut |part| of_expression(part, names));
}

/// The names of variables in an expression.
pub(super) fn variables<'e>(expression: &'e Expression, names: &mut Vec<&'e str>) {
    if let ExpressionKind::Name(name) = &expression.kind {
        names.push(name);
    }
    parts(expression, &mut |part| variables(part, names));
}

/// Calls `see` with each expression that `expression` is made of.
fn parts<'e>(expression: &'e Expression, see: &mut dyn FnMut(&'e Expression)) {
    match &expression.kind {
        ExpressionKind::Name(_) | ExpressionKind::Constant(_) | ExpressionKind::Field(..) => {}
        ExpressionKind::Call(_, passed) => passed.iter().for_each(|passed| see(&passed.value)),
        ExpressionKind::List(items) => items.iter().for_each(see),
        ExpressionKind::Negative(inner) | ExpressionKind::Not(inner) => see(inner),
        ExpressionKind::Binary(_, left, right) => {
            see(left);
            see(right);
        }
        ExpressionKind::If(cases, last) => {
            for (condition, value) in cases {
                see(condition);
                see(value);
            }
            see(last);
        }
    }
}
