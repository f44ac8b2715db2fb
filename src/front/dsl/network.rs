//! The network of a text: its statements, and the [`Spec`] that they come to.

use super::expression::placeholder;
use super::tree::{Children, Node, Reader, Rule};
use super::{end_of, explain};
use crate::diagnostic::{Code, Diagnostic, Report, suggest};
use crate::lang::ast::{Expression, ExpressionKind, Parameter, Passed, Setting};
use crate::lang::elsewhere;
use crate::lang::eval::{Evaluated, Scope, bounded, evaluate, whole};
use crate::lang::value::{Argument, CallValue};
use crate::lang::{self, Definitions, Value};
use crate::limits;
use crate::source::{Source, Span, Spanned};
use crate::spec::{Budget, Call, Expect, Form, Input, Kind, Spec, Stage};
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

/// A network as it was written.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) span: Span,
    name: Spanned<String>,
    parameters: Vec<Parameter>,
    statements: Vec<Statement>,
}

#[derive(Debug)]
enum Statement {
    Let(Spanned<String>, Expression),
    Dialect(Spanned<String>),
    Input([Expression; 3], Span),
    Stem(CallSyntax),
    Stage { call: CallSyntax, blocks: Option<Expression>, stride: Option<Expression> },
    Head(CallSyntax),
    Figures { kind: Spanned<String>, settings: Vec<Setting>, span: Span },
}

#[derive(Debug)]
struct CallSyntax {
    name: Spanned<String>,
    arguments: Vec<Passed>,
    span: Span,
}

impl Reader<'_> {
    pub(super) fn network(&mut self, node: Node<'_>) -> Option<Network> {
        let mut children = Children::of(node);
        let name = self.word(&children.next()?);
        let parameters = children.optional(Rule::parameters).map(|node| self.untyped(node)).unwrap_or_default();
        let mut statements = Vec::new();
        for node in children.rest() {
            if node.as_rule() == Rule::stray_statement {
                self.stray(&node, Rule::only_network_statement);
            } else {
                statements.extend(self.network_statement(node));
            }
        }
        Some(Network { span: name.span, name, parameters, statements })
    }

    fn network_statement(&mut self, node: Node<'_>) -> Option<Statement> {
        let span = self.span(&node);
        let rule = node.as_rule();
        let mut children =
            Children::of(Children::of(node.clone()).next().filter(|_| rule == Rule::network_statement).unwrap_or(node));
        Some(match rule {
            Rule::binding => {
                let name = self.word(&children.next()?);
                Statement::Let(name, self.expression(children.next()?))
            }
            Rule::use_dialect => Statement::Dialect(self.word(&children.next()?)),
            Rule::input => {
                let sides =
                    [self.operand(children.next()?), self.operand(children.next()?), self.operand(children.next()?)];
                Statement::Input(sides, span)
            }
            Rule::stem => Statement::Stem(self.called(children.next()?)?),
            Rule::head => Statement::Head(self.called(children.next()?)?),
            Rule::stage => {
                let call = children.next()?;
                let mut call = self.called(call)?;
                call.span = span;
                let blocks = children.optional(Rule::repeat).and_then(|node| Children::of(node).next());
                let blocks = blocks.map(|node| self.operand(node));
                let stride = children.optional(Rule::stride).and_then(|node| Children::of(node).next());
                let value = |node: Node<'_>| match node.as_rule() {
                    Rule::list => self.primary(node),
                    _ => self.operand(node),
                };
                Statement::Stage { call, blocks, stride: stride.map(value) }
            }
            _ => {
                let kind = self.word(&children.next()?);
                Statement::Figures { kind, settings: self.settings(children.rest()), span }
            }
        })
    }

    fn operand(&mut self, node: Node<'_>) -> Expression {
        let span = self.span(&node);
        let Some(inner) = Children::of(node).next() else { return placeholder(span) };
        match inner.as_rule() {
            Rule::integer => {
                if let Ok(value) = inner.as_str().parse() {
                    Expression { kind: ExpressionKind::Constant(Value::Integer(value)), span }
                } else {
                    self.report.push(explain::large_number(span, inner.as_str()));
                    placeholder(span)
                }
            }
            Rule::grouped => match Children::of(inner).next() {
                Some(inner) => self.expression(inner),
                None => placeholder(span),
            },
            _ => Expression { kind: ExpressionKind::Name(inner.as_str().into()), span },
        }
    }

    fn called(&mut self, node: Node<'_>) -> Option<CallSyntax> {
        let span = self.span(&node);
        let mut children = Children::of(node);
        let name = self.word(&children.next()?);
        let arguments = children.optional(Rule::arguments).map(|node| self.passed(node)).unwrap_or_default();
        Some(CallSyntax { name, arguments, span })
    }
}

/// The network of a text, of which there must be one.
pub(super) fn only(source: &Source, networks: Vec<Network>, report: &mut Report) -> Option<Network> {
    let end = end_of(source);
    let mut networks = networks.into_iter();
    let Some(network) = networks.next() else {
        // What did not parse may have been the network.
        if !report.has_errors() {
            report.push(
                Diagnostic::error(
                    Code::MissingKey,
                    end,
                    "the description has no network",
                    "it ends here, without `network`",
                )
                .help("add `network resnet50 { … }`"),
            );
        }
        return None;
    };
    for other in networks {
        report.push(
            explain::twice("network", &Spanned::new("network".to_owned(), other.span), network.span)
                .help("a description is one network: move the other to a file of its own"),
        );
    }
    Some(network)
}

impl Network {
    /// The names of its parameters.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(|parameter| parameter.name.value.as_str())
    }

    /// The description that it comes to, where its parameters are what `told` says or their defaults; `end` is where the text
    /// ends, `uses` the dialects that it uses.
    pub(super) fn spec(
        &self,
        end: Span,
        uses: &[Spanned<String>],
        definitions: &Arc<Definitions>,
        told: &[(String, Value)],
        report: &mut Report,
    ) -> Spec {
        Builder { end, locals: Locals::default(), report }.build(self, uses.to_vec(), Arc::clone(definitions), told)
    }
}

struct Builder<'r> {
    end: Span,
    locals: Locals,
    report: &'r mut Report,
}

/// The parameters and variables of a network.
#[derive(Default)]
struct Locals {
    values: Vec<(String, Value, Span)>,
    used: RefCell<HashSet<String>>,
    work: Cell<usize>,
}

/// How many names are compared with a word that is none of them.
const FEW: usize = 16;

impl Scope for Locals {
    fn variable(&self, name: &str, _: Span) -> Evaluated<Option<Value>> {
        let found = self.values.iter().rev().find(|(known, ..)| known == name).map(|(_, value, _)| value.clone());
        let names = || self.values.iter().map(|(name, ..)| name.as_str());
        let used = match &found {
            Some(_) => Some(name),
            // A word may be a name misspelt, which is then used.
            None if self.values.len() <= FEW => elsewhere::meant(name, names()),
            None => None,
        };
        self.used.borrow_mut().extend(used.map(str::to_owned));
        Ok(found)
    }

    fn field(&self, base: &str, field: &str, span: Span) -> Evaluated {
        Err(Box::new(
            Diagnostic::error(
                Code::UnknownName,
                span,
                format!("there is no `{base}.{field}` in a network"),
                "a network's statements are constants",
            )
            .help("blocks can ask for `dialect` and its fields"),
        ))
    }

    fn call(&self, name: &Spanned<String>, arguments: &[Passed], span: Span) -> Evaluated {
        let arguments = arguments
            .iter()
            .map(|passed| {
                let value = Spanned::new(evaluate(&passed.value, self)?, passed.value.span);
                let variable = passed.value.variable().map(str::to_owned);
                Ok(Argument { name: passed.name.clone(), variable, value })
            })
            .collect::<Evaluated<_>>()?;
        let value = Value::Call(Arc::new(CallValue { name: name.clone(), arguments, is_library: false }));
        bounded(value, span, self)
    }

    fn spend(&self, span: Span) -> Evaluated<()> {
        self.work.set(self.work.get() + 1);
        let most = limits::NETWORK_WORK;
        if self.work.get() > most { Err(Box::new(explain::too_much_work(span, most))) } else { Ok(()) }
    }
}

impl Builder<'_> {
    fn build(
        mut self,
        network: &Network,
        uses: Vec<Spanned<String>>,
        definitions: Arc<Definitions>,
        told: &[(String, Value)],
    ) -> Spec {
        let &Network { ref name, ref parameters, ref statements, span } = network;
        let one = Spanned::new(1, self.end);
        let (mut input, mut stem, mut head, mut dialects) = (None, None, None, uses);
        let (mut stages, mut expect, mut budget) = (Vec::new(), Expect::default(), Budget::default());
        let (mut expected, mut budgeted) = (None, None);
        for parameter in parameters {
            let value = told.iter().find(|(name, _)| *name == parameter.name.value).map(|(_, value)| value);
            self.parameter(parameter, value);
        }
        for statement in statements {
            match statement {
                Statement::Let(name, value) => self.bind(name.clone(), value),
                Statement::Dialect(name) => dialects.push(name.clone()),
                Statement::Input(sides, at) => {
                    let [channels, height, width] = sides.each_ref().map(|side| self.count(side, "a side"));
                    self.once("input", *at, &mut input, (Input { channels, height, width }, *at));
                }
                Statement::Stem(call) => {
                    let (call, at) = self.call(call);
                    self.once("stem", at, &mut stem, (call, at));
                }
                Statement::Head(call) => {
                    let (call, at) = self.call(call);
                    self.once("head", at, &mut head, (call, at));
                }
                Statement::Stage { call, blocks, stride } => {
                    stages.push(self.stage(call, blocks.as_ref(), stride.as_ref()));
                }
                Statement::Figures { kind, settings, span } => {
                    let place = if kind.value == "expect" { &mut expected } else { &mut budgeted };
                    self.once(&kind.value, kind.span, place, ((), kind.span));
                    self.figures(&kind.value, settings, *span, &mut expect, &mut budget);
                }
            }
        }
        if let Some(second) = dialects.get(1) {
            let first = dialects.first().map_or(second.span, |first| first.span);
            let second = Spanned::new("dialect".to_owned(), second.span);
            self.report
                .push(explain::twice("dialect", &second, first).help("a network has one dialect: remove the other"));
        }
        let missing_input = Input { channels: one, height: one, width: one };
        let input = self.required(input, span, "input", "input 3 x 224 x 224").unwrap_or(missing_input);
        let stem = self.required(stem, span, "stem", "stem imagenet(64)").unwrap_or_else(|| no_call(self.end));
        if stages.is_empty() && !self.report.has_errors() {
            self.report.push(
                Diagnostic::error(Code::NoStages, span, "the network has no stages", "it needs at least one `stage`")
                    .help("add `stage bottleneck(64) * 3`, for example"),
            );
        }
        let dialect = dialects.into_iter().next().map(|name| (name, span));
        let dialect = self.required(dialect, span, "dialect", "use dialect torchvision");
        self.unused(parameters);
        Spec {
            name: name.clone(),
            dialect: dialect.unwrap_or_else(|| Spanned::new("torchvision".to_owned(), self.end)),
            input,
            stem,
            defaults: None,
            stages,
            head: head.map_or_else(|| no_call(span), |(head, _)| head),
            expect,
            budget,
            definitions,
            form: Form::Dsl,
        }
    }

    /// Reports what stands there twice.
    fn once<T>(&mut self, what: &str, at: Span, place: &mut Option<(T, Span)>, value: (T, Span)) {
        match place {
            Some((_, first)) => {
                let name = Spanned::new(what.to_owned(), at);
                let error = explain::twice(what, &name, *first);
                self.report.push(error.help(format!("a network has one {what}: remove the other")));
            }
            None => *place = Some(value),
        }
    }

    fn required<T>(&mut self, value: Option<(T, Span)>, network: Span, what: &str, example: &str) -> Option<T> {
        if value.is_none() && !self.report.has_errors() {
            self.report.push(
                Diagnostic::error(
                    Code::MissingKey,
                    network,
                    format!("`{what}` is missing"),
                    format!("the network needs `{what}`"),
                )
                .help(format!("add `{example}`")),
            );
        }
        value.map(|(value, _)| value)
    }

    fn parameter(&mut self, parameter: &Parameter, told: Option<&Value>) {
        let name = parameter.name.clone();
        if let Some(value) = told {
            let kind = ExpressionKind::Constant(value.clone());
            self.bind(name, &Expression { kind, span: parameter.name.span });
        } else if let Some(default) = &parameter.default {
            self.bind(name, default);
        } else {
            self.report.push(
                Diagnostic::error(
                    Code::MissingKey,
                    name.span,
                    format!("`{}` has no value", name.value),
                    "nothing can tell a network its parameters",
                )
                .help(format!("give it one: `{} = 1000`", name.value)),
            );
            self.locals.values.push((name.value, Value::Integer(1), name.span));
        }
    }

    fn bind(&mut self, name: Spanned<String>, value: &Expression) {
        if let Some((_, _, first)) = self.locals.values.iter().find(|(known, ..)| *known == name.value) {
            self.report.push(explain::twice("variable", &name, *first).help("give one of them another name"));
        }
        if let Some(error) = lang::refused(&name) {
            self.report.push(error);
        }
        let value = self.value(value);
        match self.locals.values.len().cmp(&limits::NAMES) {
            Ordering::Less => {}
            Ordering::Equal => {
                let message = format!("the network knows more than {} names", limits::NAMES);
                let error = Diagnostic::error(Code::SourceTooLarge, name.span, message, "here it exceeds the limit");
                self.report.push(error);
            }
            Ordering::Greater => return,
        }
        self.locals.values.push((name.value, value, name.span));
    }

    /// Warns of parameters that nothing uses.
    fn unused(&mut self, parameters: &[Parameter]) {
        if self.report.has_errors() {
            return;
        }
        let used = self.locals.used.borrow();
        let names = self.locals.values.iter().filter(|(name, ..)| !used.contains(name) && !name.ends_with('_'));
        for (name, _, span) in names {
            let what = if parameters.iter().any(|known| known.name.value == *name) { "parameter" } else { "variable" };
            self.report.push(explain::unused(what, name, *span));
        }
    }

    fn value(&mut self, expression: &Expression) -> Value {
        match evaluate(expression, &self.locals) {
            Ok(value) => value,
            Err(error) => {
                self.report.push(*error);
                Value::Integer(1)
            }
        }
    }

    /// A number that is not negative; the placeholder 1 where it is none.
    fn count(&mut self, expression: &Expression, what: &str) -> Spanned<u64> {
        let span = expression.span;
        let value = match self.value(expression) {
            Value::Text(word) => {
                let names = self.locals.values.iter().map(|(name, ..)| name.as_str());
                self.report.push(explain::unknown_name(&word, span, names));
                return Spanned::new(1, span);
            }
            value => value,
        };
        let count = whole(&value, span).and_then(|value| {
            u64::try_from(value).map_err(|_| {
                let message = format!("{what} is {value}");
                let label = if value < 0 { "expected a whole number from 1" } else { "no figure is that large" };
                Box::new(Diagnostic::error(Code::OutOfRange, span, message, label))
            })
        });
        Spanned::new(count.map_err(|error| self.report.push(*error)).unwrap_or(1), span)
    }

    fn call(&mut self, call: &CallSyntax) -> (Call, Span) {
        let &CallSyntax { ref name, ref arguments, span } = call;
        let arguments = arguments
            .iter()
            .map(|passed| {
                let value = Spanned::new(self.value(&passed.value), passed.value.span);
                let variable = passed.value.variable().map(str::to_owned);
                Argument { name: passed.name.clone(), variable, value }
            })
            .collect();
        (Call { kind: Kind::Named(name.clone()), arguments, span }, span)
    }

    fn stage(&mut self, call: &CallSyntax, blocks: Option<&Expression>, stride: Option<&Expression>) -> Stage {
        let (mut call, span) = self.call(call);
        if let Some(stride) = stride {
            let value = Spanned::new(self.value(stride), stride.span);
            if let Some(first) = call.arguments.iter().find(|argument| argument.is("stride")) {
                let name = Spanned::new("stride".to_owned(), stride.span);
                self.report.push(explain::twice("argument", &name, first.value.span).help("remove one of them"));
            } else {
                call.arguments.push(Argument::named(Spanned::new("stride".to_owned(), stride.span), value));
            }
        }
        let blocks = match blocks {
            Some(blocks) => self.count(blocks, "a number of blocks"),
            None => Spanned::new(1, span),
        };
        Stage { call, blocks: Some(blocks) }
    }

    fn figures(&mut self, kind: &str, settings: &[Setting], span: Span, expect: &mut Expect, budget: &mut Budget) {
        let mut fields: Vec<(&str, &mut Option<Spanned<u64>>)> = if kind == "expect" {
            vec![
                ("parameters", &mut expect.parameters),
                ("total_parameters", &mut expect.total_parameters),
                ("macs", &mut expect.macs),
            ]
        } else {
            vec![
                ("max_parameters", &mut budget.max_parameters),
                ("max_macs", &mut budget.max_macs),
                ("max_memory", &mut budget.max_memory),
            ]
        };
        let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        for Setting { name, value } in settings {
            if self.report.is_full() {
                return;
            }
            let value = self.count(value, &format!("`{}`", name.value));
            if let Some((_, place)) = fields.iter_mut().find(|(known, _)| *known == name.value) {
                **place = Some(value);
            } else {
                let message = format!("`{kind}` has no {}", suggest::quoted(&name.value));
                let label = format!("expected {}", suggest::list(names.iter().copied()));
                let error = Diagnostic::error(Code::UnknownKey, name.span, message, label).label(span, "in here");
                self.report.push(elsewhere::fixed(error, &name.value, name.span, names.iter().copied()));
            }
        }
    }
}

/// No stem, no head: the block `none`.
fn no_call(span: Span) -> Call {
    Call { kind: Kind::Named(Spanned::new("none".to_owned(), span)), arguments: Vec::new(), span }
}
