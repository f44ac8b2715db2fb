//! The blocks of a description, checked before any of them is expanded, used or not: names, calls, recursion; and lints.

use super::machine::told;
use super::matching::Matching;
use super::reading;
use super::scope::Blocks;
use super::slips;
use super::view::{IMPLICIT, PLACE_FUNCTIONS, POSITIONS, no_position};
use crate::diagnostic::suggest::{self, Words};
use crate::diagnostic::{Code, Diagnostic, Report, Severity};
use crate::dialect;
use crate::ir::Label;
use crate::ir::op::Activation;
use crate::lang::ast::{
    Block, Branch, Domain, Expression, ExpressionKind, Join, Parameter, Passed, Signature, Statement, StatementKind,
    Step,
};
use crate::lang::elsewhere;
use crate::lang::eval::{Evaluated, Scope, by_position, evaluate};
use crate::lang::{self, Definitions, Value, function};
use crate::library::{self, Place};
use crate::limits;
use crate::source::{Span, Spanned};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

/// Reports what is wrong with the blocks that a description defines.
pub(super) fn check<'a>(definitions: &'a Definitions, blocks: Blocks<'a>, report: &mut Report) {
    // Where something did not parse, what seems unused may be used there.
    let has_lints = !report.has_errors();
    let mut calls = Vec::with_capacity(definitions.blocks.len());
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for block in &definitions.blocks {
        let name = &block.signature.name;
        if let Some(first) = seen.insert(&name.value, name.span) {
            report.push_with(|| {
                let message = format!("a second block `{}`", name.value);
                Diagnostic::error(Code::DefinedTwice, name.span, message, "the second")
                    .label(first, "the first")
                    .help("give one of them another name")
            });
        }
        check_name(name, report);
        let mut checker = Checker {
            blocks,
            block,
            scopes: Vec::new(),
            known: HashMap::new(),
            count: 0,
            used: HashSet::new(),
            calls: Vec::new(),
            is_compared: false,
            in_default: None,
            has_lints,
            report,
        };
        checker.block();
        calls.push(checker.calls);
        if report.is_full() {
            return;
        }
    }
    recursion(definitions, &calls, report);
    sections(definitions, blocks, report);
}

/// Reports sections of tables of names for blocks that there are not: their rows would name nothing.
fn sections(definitions: &Definitions, blocks: Blocks<'_>, report: &mut Report) {
    for kind in dialect::sections(definitions) {
        if blocks.find(&kind.value, false).is_none() && !report.may_declare(&kind.value) {
            let message = format!("there is no block {}", suggest::quoted(&kind.value));
            let own = |place| blocks.names(place).collect::<Vec<_>>();
            let names = [Place::Stem, Place::Stage, Place::Head].map(own).concat();
            let error =
                Diagnostic::error(Code::UnknownName, kind.span, message, "the rows of this section name no layer");
            report.push(elsewhere::fixed(error, &kind.value, kind.span, names));
        }
    }
}

/// Reports a block that is called like something that blocks are made of.
fn check_name(name: &Spanned<String>, report: &mut Report) {
    if let Some(error) = lang::refused(name) {
        report.push(error);
    }
    let what = if library::layer(&name.value).is_some() {
        "a layer"
    } else if function::find(&name.value).is_some() || PLACE_FUNCTIONS.contains(&name.value.as_str()) {
        "a function"
    } else {
        return;
    };
    report.push(
        Diagnostic::error(
            Code::DefinedTwice,
            name.span,
            format!("`{}` is {what}", name.value),
            "a block cannot be called so",
        )
        .help(format!("give it another name: `{}_block`, for example", name.value)),
    );
}

/// The words that the expressions of any block may use: choices of layers and dialects.
static WORDS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let mut words: BTreeSet<&str> = BTreeSet::from(["none", "same"]);
    let parameters = library::layers().flat_map(|layer| &layer.parameters);
    words.extend(parameters.flat_map(choices));
    words.extend(Activation::ALL.iter().map(|kind| kind.name()));
    words.extend(dialect::words());
    words
});

/// The words that a parameter takes.
fn choices(parameter: &Parameter) -> impl Iterator<Item = &str> {
    let choices = match &parameter.domain {
        Domain::Choice(choices) => choices.as_slice(),
        _ => &[],
    };
    choices.iter().map(String::as_str)
}

struct Checker<'a, 'r> {
    blocks: Blocks<'a>,
    block: &'a Block,
    /// The parameters, and the variables of each pair of braces around the current statement.
    scopes: Vec<Vec<&'a Spanned<String>>>,
    /// The declarations of each name that is known here, the innermost last.
    known: HashMap<&'a str, Vec<Declared<'a>>>,
    /// How many names are known here.
    count: usize,
    /// The spans of the names that are used.
    used: HashSet<Span>,
    /// The description's blocks that the block calls, or hands on, and where.
    calls: Vec<(usize, Span)>,
    /// Whether the value of the current expression is only compared: what is compared is not called.
    is_compared: bool,
    /// The parameter whose default is looked at.
    in_default: Option<&'a str>,
    has_lints: bool,
    report: &'r mut Report,
}

/// Where a name was declared.
#[derive(Clone, Copy)]
struct Declared<'a> {
    span: Span,
    /// The parameter, if it is one and no variable.
    parameter: Option<&'a Parameter>,
}

impl<'a> Checker<'a, '_> {
    fn block(&mut self) {
        let parameters = &self.block.signature.parameters;
        for parameter in parameters {
            if IMPLICIT.contains(&parameter.name.value.as_str()) {
                self.shadows(&parameter.name);
            }
            // A default sees none of the parameters.
            if let Some(default) = &parameter.default
                && !choices(parameter).any(|word| default.variable() == Some(word))
            {
                self.in_default = Some(&parameter.name.value);
                self.expression(default);
                self.in_default = None;
            }
        }
        self.scopes.push(Vec::new());
        for parameter in parameters {
            self.add(&parameter.name, Some(parameter));
        }
        self.statements(&self.block.body);
        self.close("parameter");
    }

    fn shadows(&mut self, name: &Spanned<String>) {
        self.report.push(
            Diagnostic::error(
                Code::DefinedTwice,
                name.span,
                format!("`{}` is known in every block", name.value),
                "it cannot mean something else",
            )
            .help("use another name"),
        );
    }

    /// Ends a scope: warns of what nothing used.
    fn close(&mut self, what: &str) {
        for name in self.scopes.pop().unwrap_or_default() {
            self.count -= 1;
            if let Some(known) = self.known.get_mut(name.value.as_str()) {
                known.pop();
            }
            if self.has_lints && !self.used.contains(&name.span) && !name.value.ends_with('_') {
                self.unused(what, name);
            }
        }
    }

    /// The innermost declaration of `name`.
    fn declared(&self, name: &str) -> Option<Declared<'a>> {
        self.known.get(name).and_then(|known| known.last()).copied()
    }

    /// Warns of a name that nothing reads. A stage's stride is read under another name too.
    fn unused(&mut self, what: &str, name: &Spanned<String>) {
        let is_stride = what == "parameter" && name.value == "stride";
        if is_stride && reading::reads(self.block, "stage_stride", self.blocks) {
            return;
        }
        let help = if is_stride {
            "hand it to a layer, `conv 3x3 (filters, stride)`, read `stage_stride`, or remove it".to_owned()
        } else {
            format!("use it, remove it, or call it `{}_` if that is meant", name.value)
        };
        let message = format!("the {what} `{}` is not used", name.value);
        let error = Diagnostic::error(Code::UnusedParameter, name.span, message, "nothing reads it").help(help);
        self.report.push(Diagnostic { severity: Severity::Warning, ..error });
    }

    fn find(&mut self, name: &str) -> bool {
        let found = self.declared(name).map(|declared| declared.span);
        self.used.extend(found);
        found.is_some()
    }

    fn statements(&mut self, statements: &'a [Statement]) {
        self.scopes.push(Vec::new());
        let mut rest = statements;
        while let Some((statement, behind)) = rest.split_first() {
            rest = behind;
            if self.report.is_full() {
                continue;
            }
            match self.slip(statement, behind) {
                Some(taken) => rest = rest.get(taken..).unwrap_or_default(),
                None => self.statement(statement),
            }
        }
        self.close("variable");
    }

    fn declare(&mut self, name: &'a Spanned<String>) {
        if IMPLICIT.contains(&name.value.as_str()) {
            self.shadows(name);
        }
        self.add(name, None);
    }

    fn add(&mut self, name: &'a Spanned<String>, parameter: Option<&'a Parameter>) {
        if let Some(error) = lang::refused(name) {
            self.report.push(error);
        }
        self.count += 1;
        if self.count == limits::NAMES + 1 {
            let message = format!("`{}` knows more than {} names at once", self.block.name(), limits::NAMES);
            self.report.push(
                Diagnostic::error(Code::SourceTooLarge, name.span, message, "here it exceeds the limit")
                    .help("write parts of it as blocks of their own"),
            );
        }
        self.known.entry(&name.value).or_default().push(Declared { span: name.span, parameter });
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(name);
        }
    }

    fn statement(&mut self, statement: &'a Statement) {
        match &statement.kind {
            StatementKind::Let(name, value) => {
                if slips::names_a_tensor(value, self.blocks) {
                    self.report.push(slips::tensor_with_a_name(name, value, statement.span));
                } else {
                    self.expression(value);
                }
                self.declare(name);
            }
            StatementKind::If(cases, last) => {
                for (condition, body) in cases {
                    self.condition(condition);
                    self.statements(body);
                }
                if let Some(body) = last {
                    self.statements(body);
                }
            }
            StatementKind::Range(name, from, to, body) => {
                self.expression(from);
                self.expression(to);
                self.repeated(name, body);
            }
            StatementKind::Each(name, list, body) => {
                self.expression(list);
                self.repeated(name, body);
            }
            StatementKind::Unit(number, body) => {
                self.expression(number);
                self.statements(body);
            }
            StatementKind::Labelled(label, body) => {
                self.no_join(*label, statement.span);
                self.statements(body);
            }
            StatementKind::Join(Join { branches, .. }) => {
                self.branches(branches, statement.span);
                for branch in branches {
                    if let Some(condition) = &branch.condition {
                        self.condition(condition);
                    }
                    self.statements(&branch.body);
                }
            }
            StatementKind::Require(condition, _) => self.compared(condition),
            StatementKind::Step(step) => self.step(step, statement.span),
        }
    }

    /// Refuses a label that says what a join would do.
    fn no_join(&mut self, label: Label, span: Span) {
        if [Label::ADD, Label::CONCAT, Label::MULTIPLY].contains(&label) {
            let message = format!("`{label}` is a label here, and joins nothing");
            let error = Diagnostic::error(Code::DslSyntax, span, message, "its statements follow one another");
            let error = error.help(format!("write `join {label} {{ … }}`, or give the label another name"));
            self.report.push(error.fix(span, format!("join {label}")));
        }
    }

    /// Refuses two branches of one label; a join that can only ever have one is warned of.
    fn branches(&mut self, branches: &[Branch], span: Span) {
        for (at, branch) in branches.iter().enumerate() {
            if let Some(first) = branches.iter().take(at).find(|known| known.label == branch.label) {
                let message = format!("a second branch `{}`", branch.label);
                let error = Diagnostic::error(Code::DefinedTwice, branch.span, message, "the second");
                self.report.push(error.label(first.span, "the first").help("give one of them another label"));
            }
        }
        if let ([_], true) = (branches, self.has_lints) {
            let error = Diagnostic::error(Code::DeadBranch, span, "this join has one branch", "it joins nothing")
                .help("remove the join, or add the other branch: `skip {}` is the value that the join reads");
            self.report.push(Diagnostic { severity: Severity::Warning, ..error });
        }
    }

    fn repeated(&mut self, name: &'a Spanned<String>, body: &'a [Statement]) {
        self.scopes.push(Vec::new());
        self.declare(name);
        self.statements(body);
        // A repetition need not look at its number.
        self.used.insert(name.span);
        self.close("variable");
    }

    fn condition(&mut self, condition: &'a Expression) {
        if let Ok(Value::Boolean(value)) = evaluate(condition, &Constants(self)) {
            let what = if value { "always" } else { "never" };
            let error = Diagnostic::error(
                Code::DeadBranch,
                condition.span,
                format!("this condition {what} holds"),
                "a constant",
            )
            .help("remove the `if`, or what it guards");
            self.report.push(Diagnostic { severity: Severity::Warning, ..error });
        }
        self.compared(condition);
    }

    /// An expression whose value is looked at and not handed on: a block in it is not called.
    fn compared(&mut self, expression: &'a Expression) {
        let before = std::mem::replace(&mut self.is_compared, true);
        self.expression(expression);
        self.is_compared = before;
    }

    /// Notes that the block called `name` is called here, or handed on to somebody who may call it.
    fn mention(&mut self, name: &str, span: Span) {
        if !self.is_compared {
            self.calls.extend(self.blocks.position(name).map(|at| (at, span)));
        }
    }

    fn step(&mut self, step: &'a Step, span: Span) {
        let name = step.name.value.as_str();
        // A layer may share its name with a parameter: `if norm { norm }`.
        let holder = self.declared(name).filter(|own| own.parameter.is_none_or(|own| own.domain.takes_blocks()));
        if let Some(holder) = holder {
            self.held_step(step, holder);
            return;
        }
        let signature = library::layer(name).or_else(|| self.blocks.find(name, false).map(|block| &block.signature));
        let Some(signature) = signature else {
            self.unknown_step(step, span);
            return;
        };
        if library::layer(name).is_none() {
            self.mention(name, step.name.span);
            self.only_a_layer(step);
        }
        self.arguments(signature, &step.arguments, step.size.is_some(), span);
    }

    /// A step that a parameter or variable holds, if it holds a block: else it is the layer of its name, which only its
    /// value can tell.
    fn held_step(&mut self, step: &'a Step, holder: Declared<'a>) {
        let name = step.name.value.as_str();
        self.used.insert(holder.span);
        let told = holder.parameter.and_then(told);
        if told.is_some() || library::layer(name).is_none() {
            self.only_a_layer(step);
        }
        let mut matching = told.map(|told| Matching::new(name, told));
        for passed in &step.arguments {
            let next = matching
                .as_mut()
                .map(|matching| matching.next(passed.name.as_ref(), passed.value.variable(), passed.value.span));
            if let Some(Err(error)) = next {
                self.report.push(*error);
            }
            self.expression(&passed.value);
        }
    }

    fn only_a_layer(&mut self, step: &Step) {
        for error in only_a_layer(step) {
            self.report.push(error);
        }
    }

    /// Statements that say together what each alone does not: how many were taken beside `statement`.
    fn slip(&mut self, statement: &'a Statement, behind: &'a [Statement]) -> Option<usize> {
        let StatementKind::Step(step) = &statement.kind else { return None };
        let is_known = |name: &str| {
            self.known.contains_key(name) || library::layer(name).is_some() || self.blocks.find(name, false).is_some()
        };
        let next = match behind.first().map(|next| (&next.kind, next.span)) {
            Some((StatementKind::Step(next), span)) => Some((next, span)),
            _ => None,
        };
        if slips::is_return(step) && !is_known(&step.name.value) {
            let tensor = next.filter(|(next, _)| next.arguments.is_empty() && !is_known(&next.name.value));
            self.report.push(slips::returned(statement.span, tensor.map(|(_, span)| span)));
            return Some(usize::from(tensor.is_some()));
        }
        // `conv 3x3 filters`: the brackets are missing.
        let (next, span) = next?;
        let is_value = self.known.contains_key(next.name.value.as_str())
            && self
                .block
                .parameter(&next.name.value)
                .is_none_or(|own| !matches!(own.domain, Domain::Block(_) | Domain::Any))
            && library::layer(&next.name.value).is_none();
        let signature = library::layer(&step.name.value);
        let needs = signature.is_some_and(|layer| layer.parameters.iter().any(|parameter| parameter.default.is_none()));
        if !(needs && step.arguments.is_empty() && step.role.is_none() && is_value && next.arguments.is_empty()) {
            return None;
        }
        self.find(&next.name.value);
        self.report.push(slips::without_brackets(step, &next.name.value, span));
        Some(1)
    }

    fn unknown_step(&mut self, step: &'a Step, span: Span) {
        let name = &step.name;
        if self.report.may_declare(&name.value) {
            return;
        }
        if self.known.contains_key(name.value.as_str()) {
            if !self.report.is_cut_off(span) {
                let message = format!("{} is a number or a word, and no layer", suggest::quoted(&name.value));
                let error = Diagnostic::error(Code::UnknownName, name.span, message, "expected a layer or a block");
                self.report.push(error.help(format!("arguments stand in brackets: `({})`", name.value)));
            }
            return;
        }
        let mut own: Vec<&str> = library::layer_names().collect();
        own.extend(self.blocks.names(Place::Part).chain(self.blocks.names(Place::Stage)));
        let marks = slips::marks(&self.block.body);
        self.report.push(slips::unknown_step(step, span, &own, &marks));
        // What other languages hand on as tensors has no name here.
        if slips::joins_tensors(step) {
            return;
        }
        for passed in &step.arguments {
            self.expression(&passed.value);
        }
    }

    /// The arguments of a layer or block.
    fn arguments(&mut self, signature: &Signature, passed: &'a [Passed], has_size: bool, span: Span) {
        let mut matching = Matching::of(signature, has_size);
        for Passed { name, value } in passed {
            let next = matching.next(name.as_ref(), value.variable(), value.span);
            let parameter = next.as_ref().ok().and_then(|name| signature.parameter(name));
            self.argument(&signature.name.value, parameter, value);
            if let Err(error) = next {
                let goes_on = error.code == Code::DefinedTwice;
                let name = &signature.name.value;
                let is_shipped = self.blocks.find(name, false).is_some_and(|block| block.is_library);
                // Norms and activations stand inside the blocks that ship, whose texts can be copied.
                let is_open = error.help.as_deref().is_none_or(|help| help == elsewhere::BEHIND);
                let leads = is_shipped && error.code == Code::UnknownKey && is_open;
                self.report.push(if leads { error.help(super::copied(name)) } else { *error });
                if !goes_on {
                    return;
                }
            }
        }
        for parameter in &signature.parameters {
            let is_missing = parameter.default.is_none() && !matching.is_told(&parameter.name.value);
            if is_missing && !self.report.is_cut_off(span) {
                self.report.push(super::machine::missing(&signature.name.value, parameter, span));
            }
        }
    }

    /// An argument: an expression, and where a choice is to be made, a word that means nothing else is one of the choices.
    fn argument(&mut self, owner: &str, parameter: Option<&Parameter>, value: &'a Expression) {
        let (Some(word), Some(parameter)) = (value.variable(), parameter) else { return self.expression(value) };
        let Domain::Choice(choices) = &parameter.domain else { return self.expression(value) };
        if self.find(word) || self.is_word(word) || choices.iter().any(|choice| choice == word) {
            return;
        }
        let message = format!("`{owner}` has no {} {}", parameter.name.value, suggest::quoted(word));
        let choices = choices.iter().map(String::as_str);
        self.report.push(elsewhere::unknown_word(message, word, value.span, choices, Words::Bare));
    }

    /// Whether `name` is known without being declared: to every block, to a parameter, or as a block.
    fn is_word(&self, name: &str) -> bool {
        let is_choice = || self.block.signature.parameters.iter().flat_map(choices).any(|word| word == name);
        IMPLICIT.contains(&name) || WORDS.contains(name) || is_choice() || self.blocks.find(name, false).is_some()
    }

    fn expression(&mut self, expression: &'a Expression) {
        match &expression.kind {
            ExpressionKind::Constant(_) => {}
            ExpressionKind::Name(name) => self.name(name, expression.span),
            ExpressionKind::Field(base, field) => self.field(base, field, expression.span),
            ExpressionKind::Call(name, passed) => self.call(name, passed),
            ExpressionKind::List(items) => items.iter().for_each(|item| self.expression(item)),
            ExpressionKind::Negative(inner) | ExpressionKind::Not(inner) => self.compared(inner),
            ExpressionKind::Binary(_, left, right) => {
                self.compared(left);
                self.compared(right);
            }
            ExpressionKind::If(cases, last) => {
                for (condition, value) in cases {
                    self.condition(condition);
                    self.expression(value);
                }
                self.expression(last);
            }
        }
    }

    fn name(&mut self, name: &str, span: Span) {
        if self.find(name) || IMPLICIT.contains(&name) {
            return;
        }
        if self.is_word(name) {
            self.mention(name, span);
            return;
        }
        if self.report.may_declare(name) {
            return;
        }
        if library::layer(name).is_some() {
            if !self.report.is_cut_off(span) {
                self.report.push(slips::layer_as_value(name, span));
            }
            return;
        }
        if let Some(owner) = self.in_default.filter(|_| self.block.parameter(name).is_some()) {
            self.report.push(slips::parameter_in_a_default(owner, name, span));
            return;
        }
        let variables: Vec<_> = self.scopes.iter().flatten().map(|known| known.value.as_str()).collect();
        let known = variables
            .iter()
            .copied()
            .chain(IMPLICIT)
            .chain(self.block.signature.parameters.iter().flat_map(choices))
            .chain(WORDS.iter().copied())
            .chain(["true", "false"]);
        let message = format!("there is no variable {}", suggest::quoted(name));
        let error = Diagnostic::error(Code::UnknownName, span, message, "nothing is called so");
        let error = elsewhere::fixed(error, name, span, known);
        // What was probably meant is used.
        if let Some(fix) = &error.fix {
            self.find(&fix.replacement);
        }
        let variables: Vec<_> = self.scopes.iter().flatten().map(|known| known.value.as_str()).collect();
        self.report.push(if let Some(tensor) = slips::marked(name, &slips::marks(&self.block.body)) {
            error.help(tensor)
        } else if error.help.is_some() || variables.is_empty() {
            error
        } else {
            error.note(format!("variables here are {}", suggest::list(variables)))
        });
    }

    /// Which convolution of a bottleneck is meant: a word, or what stands for one.
    fn position(&mut self, position: &'a Expression) {
        match position.variable() {
            Some(word) if POSITIONS.contains(&word) => {}
            Some(word) if self.declared(word).is_none() => self.report.push(no_position(position.span)),
            _ => self.expression(position),
        }
    }

    fn field(&mut self, base: &str, field: &str, span: Span) {
        if base != "dialect" {
            if self.report.is_cut_off(span) {
                return;
            }
            let message = format!("{} has no fields", suggest::quoted(base));
            let error = Diagnostic::error(Code::UnknownName, span, message, "only `dialect` has");
            self.report.push(error.help("`channels`, `height` and `width` are those of the current tensor"));
        } else if !dialect::names().any(|known| known == field) {
            let message = format!("a dialect has no {}", suggest::quoted(field));
            let label = format!("expected {}", suggest::list(dialect::names()));
            self.report.push(Diagnostic::error(Code::UnknownName, span, message, label));
        }
    }

    fn call(&mut self, name: &'a Spanned<String>, passed: &'a [Passed]) {
        let word = name.value.as_str();
        if function::find(word).is_some() || PLACE_FUNCTIONS.contains(&word) {
            if let Err(error) = by_position(word, passed) {
                self.report.push(*error);
            }
            let mut values = passed.iter().map(|passed| &passed.value);
            match (word, passed) {
                ("at", [position, ..]) => {
                    self.position(&position.value);
                    values.next();
                }
                // The name itself is meant.
                ("previous", _) => drop(values.next()),
                _ => {}
            }
            values.for_each(|value| self.expression(value));
            return;
        }
        self.mention(word, name.span);
        for passed in passed {
            self.expression(&passed.value);
        }
        if self.blocks.find(word, false).is_none() && library::layer(word).is_some() {
            self.report.push(slips::layer_in_an_expression(word, name.span));
            return;
        }
        if self.blocks.find(word, false).is_none() && !self.blocks.is_init(word, false) {
            let functions = || function::ALL.iter().map(|function| function.name).chain(PLACE_FUNCTIONS);
            let message = format!("there is no function or block {}", suggest::quoted(word));
            let label = format!("functions are {}", suggest::list(functions()));
            let error = Diagnostic::error(Code::UnknownName, name.span, message, label);
            self.report.push(elsewhere::fixed(error, word, name.span, functions()));
        }
    }
}

/// What an expression is worth that nothing of the place decides: no variable, no name that every block knows, no dialect.
struct Constants<'c, 'a, 'r>(&'c Checker<'a, 'r>);

impl Constants<'_, '_, '_> {
    fn unknown<T>(span: Span) -> Evaluated<T> {
        Err(Box::new(Diagnostic::error(Code::UnknownName, span, "this is no constant", "it depends on the place")))
    }
}

impl Scope for Constants<'_, '_, '_> {
    fn variable(&self, name: &str, span: Span) -> Evaluated<Option<Value>> {
        let is_word = self.0.declared(name).is_none() && !IMPLICIT.contains(&name) && self.0.is_word(name);
        if is_word { Ok(None) } else { Self::unknown(span) }
    }

    fn field(&self, _: &str, _: &str, span: Span) -> Evaluated {
        Self::unknown(span)
    }

    fn call(&self, _: &Spanned<String>, _: &[Passed], span: Span) -> Evaluated {
        Self::unknown(span)
    }

    fn spend(&self, _: Span) -> Evaluated<()> {
        Ok(())
    }
}

/// What is wrong with a step that is a block: it has what only a layer has, the size of its kernel or a role.
pub(super) fn only_a_layer(step: &Step) -> Vec<Diagnostic> {
    let name = &step.name.value;
    let mut errors = Vec::new();
    if let Some(size) = &step.size {
        let message = format!("`{name}` is a block, and takes no size");
        let error = Diagnostic::error(Code::WrongArguments, size.span, message, "only a layer has a kernel");
        errors.push(error.help("remove the size, or hand it over as an argument"));
    }
    if step.role.is_some() {
        let message = format!("`{name}` is a block, and takes no role");
        let error = Diagnostic::error(Code::WrongArguments, step.name.span, message, "`as` names a single layer");
        errors.push(error.help("remove `as`, or put the block under a label: `name { … }`"));
    }
    errors
}

/// Reports every circle of blocks once, at the definition that stands first. `edges` are the calls of each block.
fn recursion(definitions: &Definitions, edges: &[Vec<(usize, Span)>], report: &mut Report) {
    let mut states = vec![State::New; edges.len()];
    for start in 0..edges.len() {
        walk(start, edges, &mut states, definitions, report);
    }
}

/// How far the search for circles has come with a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    OnTheWay,
    Done,
}

/// Follows the calls from `start`, depth first, without recursion: the blocks are the user's.
fn walk(
    start: usize,
    edges: &[Vec<(usize, Span)>],
    states: &mut [State],
    definitions: &Definitions,
    report: &mut Report,
) {
    let mut mark = |at: usize, state: State| {
        let slot = states.get_mut(at);
        slot.map_or(State::Done, |slot| {
            if *slot == State::New || state == State::Done { std::mem::replace(slot, state) } else { *slot }
        })
    };
    if mark(start, State::OnTheWay) != State::New {
        return;
    }
    let mut path: Vec<(usize, usize)> = vec![(start, 0)];
    while let Some((at, next)) = path.last_mut() {
        let Some(&(callee, span)) = edges.get(*at).and_then(|calls| calls.get(*next)) else {
            mark(*at, State::Done);
            path.pop();
            continue;
        };
        *next += 1;
        match mark(callee, State::OnTheWay) {
            State::New => path.push((callee, 0)),
            State::OnTheWay => {
                let from = path.iter().position(|(known, _)| *known == callee).unwrap_or_default();
                let circle: Vec<_> = path.iter().skip(from).map(|(at, _)| *at).chain([callee]).collect();
                report.push(calls_itself(&circle, span, definitions));
            }
            State::Done => {}
        }
    }
}

fn calls_itself(circle: &[usize], span: Span, definitions: &Definitions) -> Diagnostic {
    let names = circle.iter().filter_map(|at| definitions.blocks.get(*at)).map(|block| format!("`{}`", block.name()));
    let names: Vec<_> = names.collect();
    let block = circle.last().and_then(|at| definitions.blocks.get(*at));
    let name = block.map_or("", Block::name);
    Diagnostic::error(Code::Recursion, span, format!("the block `{name}` calls itself"), "the circle closes here")
        .label(block.map_or(span, |block| block.signature.name.span), "defined here")
        .note(format!("{}: each calls the next", shown(&names).join(", ")))
        .help("write the repetition as a loop: `for step in 0..4 { … }`")
}

/// What a message shows of a list of names: not its middle where it is long.
fn shown(names: &[String]) -> Vec<&str> {
    const ENDS: usize = 4;
    let ends = (names.get(..ENDS), names.len().checked_sub(ENDS).and_then(|from| names.get(from..)));
    match ends {
        (Some(first), Some(last)) if names.len() > 3 * ENDS => {
            first.iter().map(String::as_str).chain(["…"]).chain(last.iter().map(String::as_str)).collect()
        }
        _ => names.iter().map(String::as_str).collect(),
    }
}
