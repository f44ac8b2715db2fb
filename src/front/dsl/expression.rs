//! Expressions.

use super::explain;
use super::tree::{Children, Node, Reader, Rule};
use crate::diagnostic::{Code, Diagnostic};
use crate::lang::Value;
use crate::lang::ast::{Expression, ExpressionKind, Operator, Passed};
use crate::lang::value::{Argument, CallValue};
use crate::limits;
use crate::source::{Span, Spanned};
use pest::pratt_parser::{Assoc, Op, PrattParser};
use std::sync::{Arc, LazyLock};

/// How tightly operators bind, the loosest first.
static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::either))
        .op(left(Rule::both))
        .op(Op::prefix(Rule::negation))
        .op(left(Rule::equal)
            | left(Rule::unequal)
            | left(Rule::at_most)
            | left(Rule::at_least)
            | left(Rule::below)
            | left(Rule::above))
        .op(left(Rule::plus) | left(Rule::minus))
        .op(left(Rule::times) | left(Rule::over) | left(Rule::modulo))
        .op(Op::prefix(Rule::negative))
});

impl Reader<'_> {
    pub(super) fn expression(&mut self, node: Node<'_>) -> Expression {
        let span = self.span(&node);
        let inner = if node.as_rule() == Rule::expression { Children::of(node).next() } else { Some(node) };
        match inner {
            Some(node) if node.as_rule() == Rule::conditional => self.conditional(node, span),
            Some(node) => self.operation(node, span),
            None => placeholder(span),
        }
    }

    fn conditional(&mut self, node: Node<'_>, span: Span) -> Expression {
        let parts: Vec<_> = node.into_inner().collect();
        let (mut cases, mut rest) = (Vec::new(), parts.into_iter().peekable());
        while let Some(first) = rest.next() {
            let first = self.expression(first);
            match rest.next() {
                Some(value) => {
                    let value = self.expression(value);
                    cases.push((first, value));
                }
                None => return Expression { kind: ExpressionKind::If(cases, Box::new(first)), span },
            }
        }
        placeholder(span)
    }

    fn operation(&mut self, node: Node<'_>, span: Span) -> Expression {
        let pairs = node.into_inner();
        let operands = pairs.clone().filter(|pair| !is_operator(pair.as_rule())).count();
        self.depth += operands;
        if self.depth > limits::OPERANDS {
            self.depth -= operands;
            self.report.push(
                Diagnostic::error(
                    Code::TooDeep,
                    span,
                    "an expression is too long",
                    format!("more than {} operands", limits::OPERANDS),
                )
                .help("give its parts names with `let`"),
            );
            return placeholder(span);
        }
        // Primaries first: the parser's closures cannot share the reader.
        let mut read: std::collections::VecDeque<_> =
            pairs.clone().filter(|pair| !is_operator(pair.as_rule())).map(|pair| self.primary(pair)).collect();
        let spans = |pair: &Node<'_>| self.span(pair);
        let joined = PRECEDENCE
            .map_primary(|pair| read.pop_front().unwrap_or_else(|| placeholder(spans(&pair))))
            .map_prefix(|pair, inner| {
                let span = spans(&pair).to(inner.span);
                let kind = match pair.as_rule() {
                    Rule::negative => ExpressionKind::Negative(Box::new(inner)),
                    _ => ExpressionKind::Not(Box::new(inner)),
                };
                Expression { kind, span }
            })
            .map_infix(|left, pair, right| {
                let span = left.span.to(right.span);
                Expression {
                    kind: ExpressionKind::Binary(operator(pair.as_rule()), Box::new(left), Box::new(right)),
                    span,
                }
            })
            .parse(pairs);
        self.depth -= operands;
        joined
    }

    pub(super) fn primary(&mut self, node: Node<'_>) -> Expression {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::integer => {
                if let Ok(value) = node.as_str().parse() {
                    ExpressionKind::Constant(Value::Integer(value))
                } else {
                    self.report.push(explain::large_number(span, node.as_str()));
                    ExpressionKind::Constant(Value::Integer(1))
                }
            }
            Rule::float => {
                let value: f64 = node.as_str().parse().unwrap_or(f64::INFINITY);
                if value.is_infinite() {
                    self.report.push(explain::large_number(span, node.as_str()));
                }
                ExpressionKind::Constant(Value::Float(if value.is_infinite() { 1.0 } else { value }))
            }
            Rule::boolean => ExpressionKind::Constant(Value::Boolean(node.as_str() == "true")),
            Rule::string => ExpressionKind::Constant(Value::Text(node.as_str().trim_matches('"').into())),
            Rule::list => ExpressionKind::List(node.into_inner().map(|item| self.expression(item)).collect()),
            Rule::grouped => match Children::of(node).next() {
                Some(inner) => return Expression { span, ..self.expression(inner) },
                None => return placeholder(span),
            },
            _ => return self.reference(node),
        };
        Expression { kind, span }
    }

    fn reference(&mut self, node: Node<'_>) -> Expression {
        let span = self.span(&node);
        let mut children = Children::of(node);
        let Some(name) = children.next() else { return placeholder(span) };
        let word = self.word(&name);
        if let Some(field) = children.optional(Rule::field).and_then(|field| Children::of(field).next()) {
            let field = self.word(&field);
            if let Some(arguments) = children.optional(Rule::arguments) {
                self.report.push(
                    Diagnostic::error(
                        Code::DslSyntax,
                        self.span(&arguments),
                        format!("`{}.{}` is called", word.value, field.value),
                        "a field takes no arguments",
                    )
                    .help("remove the arguments"),
                );
            }
            return Expression { kind: ExpressionKind::Field(word.value, field.value), span };
        }
        let kind = match children.optional(Rule::arguments) {
            Some(arguments) => ExpressionKind::Call(word, self.passed(arguments)),
            None => ExpressionKind::Name(word.value.into()),
        };
        Expression { kind, span }
    }

    /// Arguments in brackets.
    pub(super) fn passed(&mut self, node: Node<'_>) -> Vec<Passed> {
        node.into_inner()
            .filter_map(|argument| {
                let mut children = Children::of(argument);
                let name = children.optional(Rule::label).map(|name| self.word(&name));
                let value = children.next()?;
                Some(Passed { name, value: self.expression(value) })
            })
            .collect()
    }

    /// `name(arguments)` as an expression.
    pub(super) fn call_expression(&mut self, node: Node<'_>) -> Expression {
        let span = self.span(&node);
        let mut children = Children::of(node);
        let Some(name) = children.next() else { return placeholder(span) };
        let name = self.word(&name);
        let arguments = children.optional(Rule::arguments).map(|arguments| self.passed(arguments)).unwrap_or_default();
        Expression { kind: ExpressionKind::Call(name, arguments), span }
    }

    fn constant_value(expression: &Expression) -> Option<Value> {
        match &expression.kind {
            ExpressionKind::Call(..) => Self::constant_call(expression),
            ExpressionKind::List(items) => {
                items.iter().map(Self::constant_value).collect::<Option<_>>().map(Value::List)
            }
            _ => expression.constant(),
        }
    }

    /// A call all of whose arguments are constants, as a value.
    pub(super) fn constant_call(expression: &Expression) -> Option<Value> {
        let ExpressionKind::Call(name, passed) = &expression.kind else { return expression.constant() };
        if passed.is_empty() {
            return Some(Value::Text(name.value.as_str().into()));
        }
        let argument = |passed: &Passed| {
            let value = Spanned::new(Self::constant_value(&passed.value)?, passed.value.span);
            let variable = passed.value.variable().map(str::to_owned);
            Some(Argument { name: passed.name.clone(), variable, value })
        };
        let arguments = passed.iter().map(argument).collect::<Option<_>>()?;
        Some(Value::Call(Arc::new(CallValue { name: name.clone(), arguments, is_library: false })))
    }
}

/// What stands for an expression that was reported.
pub(super) fn placeholder(span: Span) -> Expression {
    Expression { kind: ExpressionKind::Constant(Value::Integer(1)), span }
}

fn is_operator(rule: Rule) -> bool {
    matches!(rule, Rule::negative | Rule::negation) || infix(rule).is_some()
}

fn operator(rule: Rule) -> Operator {
    infix(rule).unwrap_or(Operator::Or)
}

fn infix(rule: Rule) -> Option<Operator> {
    Some(match rule {
        Rule::either => Operator::Or,
        Rule::both => Operator::And,
        Rule::equal => Operator::Equal,
        Rule::unequal => Operator::Unequal,
        Rule::below => Operator::Below,
        Rule::at_most => Operator::AtMost,
        Rule::above => Operator::Above,
        Rule::at_least => Operator::AtLeast,
        Rule::plus => Operator::Plus,
        Rule::minus => Operator::Minus,
        Rule::times => Operator::Times,
        Rule::over => Operator::Over,
        Rule::modulo => Operator::Modulo,
        _ => return None,
    })
}
