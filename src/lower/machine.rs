//! Blocks at work: statements are executed, layers are added to the graph.

use super::arguments::{Arguments, Judge, evened};
use super::builder::{Builder, Halt};
use super::layer;
use super::matching::Matching;
use super::scope::Blocks;
use crate::diagnostic::suggest::{self, Words};
use crate::diagnostic::{Code, Diagnostic};
use crate::dialect;
use crate::ir::dialect::{Projection, StridePosition};
use crate::ir::graph::Remark;
use crate::ir::{Address, Dialect, Label, NodeId, Op, Origin, Place, Shape, op};
use crate::lang::ast::{
    Block, Branch, Domain, Expression, ExpressionKind, JoinKind, Parameter, Passed, Signature, Statement,
    StatementKind, Step,
};
use crate::lang::eval::{Evaluated, Scope, bounded, evaluate, mistyped, truth, whole};
use crate::lang::value::{Argument, CallValue};
use crate::lang::{Value, function};
use crate::library;
use crate::limits;
use crate::source::{Span, Spanned};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// The graph that grows, and what holds for all of it.
pub(super) struct Machine<'a> {
    pub(super) builder: Builder,
    pub(super) dialect: Arc<Dialect>,
    blocks: Blocks<'a>,
    words: Words,
    /// Steps of evaluation that are left.
    work: Cell<usize>,
    /// The fewest that were left, or would have been had a repetition been of the length that was asked for.
    lowest: Cell<usize>,
    /// What was asked of the place, where somebody wants to know.
    asked: Option<RefCell<Vec<Question>>>,
    /// Layers that chains have numbered so far.
    chained: u32,
}

/// Where a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The place that its nodes are at.
    pub place: Place,
    /// The block's number in its stage.
    pub index: u64,
    /// How many blocks the stage has.
    pub blocks: u64,
    /// The block's number in the network.
    pub number: u64,
    /// How many blocks the network has.
    pub total: u64,
    /// The stage's number.
    pub stage: u64,
    /// How many stages the network has.
    pub stages: u64,
}

/// What the statements of a block can ask of the place where it stands, beside the current tensor's shape, the dialect, and
/// whether the block is its stage's first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// Its number in its stage.
    Index,
    /// How many blocks the stage has.
    Blocks,
    /// Its number in the network.
    Number,
    /// How many blocks the network has.
    Total,
    /// The stage's number.
    Stage,
    /// How many stages the network has.
    Stages,
    /// What the stage before has for a parameter.
    Previous(String),
}

/// What holds for one block of the description and the blocks in it.
pub(super) struct Context<'a> {
    position: Position,
    /// The stride that the call tells its stage.
    stage_stride: Value,
    previous: Option<Told<'a>>,
    branch: Label,
    unit: u32,
    /// For each branch how many nodes it has.
    counters: BTreeMap<Label, u32>,
    /// Where the block was written that was called last as an argument: what a join of the library is blamed on.
    part: Option<(&'a str, Span)>,
    depth: usize,
}

/// The values of a block's parameters.
pub type Told<'a> = Rc<[(&'a str, Value)]>;

/// A block that is being executed.
struct Frame<'a> {
    block: &'a Block,
    /// Parameters and variables, and where they were written.
    values: Vec<(&'a str, Value, Span)>,
    /// What messages about a block of the library point at.
    blame: Span,
    /// Where the call was written.
    call: Span,
}

impl Frame<'_> {
    /// Where a message says that something of the block is, which stands at `span` in its text: the library's is not shown.
    fn place(&self, span: Span) -> Span {
        if self.block.is_library { self.blame } else { span }
    }

    /// Where the value of an argument was written. The library's own texts are no place that a message can show: what it
    /// passes on was written where it got that, the rest is on the account of `blame`, the call.
    fn written(&self, value: &Expression, blame: Span) -> Span {
        if !self.block.is_library {
            return value.span;
        }
        let held = value.variable().and_then(|name| self.values.iter().rev().find(|(known, ..)| *known == name));
        held.map(|(.., written)| *written).filter(|written| *written != self.call).unwrap_or(blame)
    }
}

/// What expressions see.
struct View<'m, 'a> {
    machine: &'m Machine<'a>,
    frame: &'m Frame<'a>,
    context: &'m Context<'a>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(builder: Builder, dialect: Arc<Dialect>, blocks: Blocks<'a>, words: Words) -> Self {
        let work = Cell::new(limits::FIRST_WORK);
        Self { builder, dialect, blocks, words, lowest: work.clone(), work, asked: None, chained: 0 }
    }

    /// With `work` steps left, and what is asked of the place recorded.
    pub(super) fn recording(self, work: usize) -> Self {
        let asked = Some(RefCell::default());
        Self { work: Cell::new(work), lowest: Cell::new(work), asked, ..self }
    }

    /// What was asked of the place, each question once, in the order in which they were asked.
    pub(super) fn asked(&self) -> Vec<Question> {
        self.asked.as_ref().map(|asked| asked.borrow().clone()).unwrap_or_default()
    }

    /// Steps of evaluation: the fewest that were left, and how many are left now.
    pub(super) fn work(&self) -> [usize; 2] {
        [self.lowest.get(), self.work.get()]
    }

    fn ask(&self, question: Question) {
        if let Some(asked) = &self.asked {
            let mut asked = asked.borrow_mut();
            if !asked.contains(&question) {
                asked.push(question);
            }
        }
    }

    /// Adds the block that `call` names; of a stage's first, what its parameters were.
    pub(super) fn expand(
        &mut self,
        call: &Arguments<'a>,
        previous: Option<Told<'a>>,
        position: Position,
    ) -> Result<Option<Told<'a>>, Halt> {
        let branch = match position.place {
            Place::Stem | Place::Input => Label::STEM,
            Place::Block { .. } => Label::BLOCK,
            Place::Head => Label::HEAD,
        };
        let stage_stride = call.told("stride").unwrap_or(Value::Integer(1));
        let counters = BTreeMap::new();
        let mut context = Context { position, stage_stride, previous, branch, unit: 0, counters, part: None, depth: 0 };
        let mut frame =
            Frame { block: call.block, values: Vec::with_capacity(16), blame: call.blame(), call: call.span };
        for (name, value, span) in &call.values {
            frame.values.push((name, value.clone(), *span));
        }
        self.defaults(&mut frame, &context, call.defaults.iter().copied(), call.span)?;
        // The stage's stride is for its first block, told or not.
        for (name, value, _) in frame.values.iter_mut().filter(|_| position.index > 0) {
            if *name == "stride" {
                *value = Value::Integer(1);
            }
        }
        self.run(&call.block.body, &mut frame, &mut context)?;
        Ok((position.index == 0).then(|| frame.values.into_iter().map(|(name, value, _)| (name, value)).collect()))
    }

    /// Gives parameters of `frame` that were not told their defaults, which see none of the others.
    fn defaults(
        &self,
        frame: &mut Frame<'a>,
        context: &Context<'a>,
        defaults: impl Iterator<Item = (&'a str, &'a Expression)>,
        span: Span,
    ) -> Result<(), Halt> {
        for (name, default) in defaults {
            let empty = Frame { block: frame.block, values: Vec::new(), blame: frame.blame, call: frame.call };
            let view = View { machine: self, frame: &empty, context };
            let value = evaluate(default, &view).map_err(|error| self.relocate(error, &empty))?;
            let judge = self.judge(frame.block.is_library);
            let value = judge.default(frame.block, name, Spanned::new(value, default.span));
            let value = value.map_err(|error| self.relocate(error, &empty))?;
            frame.values.push((name, value, span));
        }
        Ok(())
    }

    fn judge(&self, is_library: bool) -> Judge<'a> {
        Judge { blocks: self.blocks, is_library, words: self.words }
    }

    /// An error about a place in the library, as one about the call that led there.
    fn relocate(&self, error: Box<Diagnostic>, frame: &Frame<'_>) -> Halt {
        if !frame.block.is_library || error.code == Code::TooManyNodes {
            return Halt::Error(error);
        }
        let mut error = error.note(format!("in the library's block `{}`", frame.block.name()));
        error.primary.span = frame.blame;
        error.secondary.clear();
        error.fix = None;
        Halt::Error(Box::new(error))
    }

    fn evaluate(&self, expression: &Expression, frame: &Frame<'a>, context: &Context<'a>) -> Result<Value, Halt> {
        evaluate(expression, &View { machine: self, frame, context }).map_err(|error| self.relocate(error, frame))
    }

    fn truth(&self, condition: &Expression, frame: &Frame<'a>, context: &Context<'a>) -> Result<bool, Halt> {
        truth(condition, &View { machine: self, frame, context }).map_err(|error| self.relocate(error, frame))
    }

    /// A whole number.
    fn count(&self, expression: &Expression, frame: &Frame<'a>, context: &Context<'a>) -> Result<i128, Halt> {
        let value = self.evaluate(expression, frame, context)?;
        whole(&value, expression.span).map_err(|error| self.relocate(error, frame))
    }

    fn spend(&self, span: Span, frame: &Frame<'_>) -> Result<(), Halt> {
        self.spend_one(span).map_err(|error| self.relocate(error, frame))
    }

    fn spend_one(&self, span: Span) -> Evaluated<()> {
        match self.work.get().checked_sub(1) {
            Some(left) => {
                self.work.set(left);
                self.lowest.set(self.lowest.get().min(left));
                Ok(())
            }
            None => Err(Box::new(
                Diagnostic::error(
                    Code::TooMuchWork,
                    span,
                    "the network takes too many steps to expand",
                    "the limit is reached here",
                )
                .note(format!("{} steps, and {} for each layer that there is", limits::FIRST_WORK, limits::WORK))
                .help("repeat less, or let each repetition add layers"),
            )),
        }
    }

    fn run(
        &mut self,
        statements: &'a [Statement],
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
    ) -> Result<(), Halt> {
        let known = frame.values.len();
        for statement in statements {
            self.statement(statement, frame, context)?;
        }
        // Variables end with the braces that they stand in.
        frame.values.truncate(known);
        Ok(())
    }

    fn statement(
        &mut self,
        statement: &'a Statement,
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
    ) -> Result<(), Halt> {
        let span = statement.span;
        self.spend(span, frame)?;
        match &statement.kind {
            StatementKind::Let(name, value) => {
                let value = self.evaluate(value, frame, context)?;
                frame.values.push((&name.value, value, frame.place(name.span)));
                Ok(())
            }
            StatementKind::If(cases, last) => {
                for (condition, body) in cases {
                    if self.truth(condition, frame, context)? {
                        return self.run(body, frame, context);
                    }
                }
                last.as_ref().map_or(Ok(()), |body| self.run(body, frame, context))
            }
            StatementKind::Range(name, from, to, body) => {
                let (from, to) = (self.count(from, frame, context)?, self.count(to, frame, context)?);
                let times = usize::try_from(to.saturating_sub(from).max(0)).unwrap_or(usize::MAX);
                // Each may add a layer, and pay with it.
                let unpaid = times.saturating_sub(self.builder.limit);
                self.lowest.set(self.lowest.get().min(self.work.get().saturating_sub(unpaid)));
                if times > self.work.get().saturating_add(self.builder.limit) {
                    let error = Diagnostic::error(
                        Code::TooMuchWork,
                        span,
                        format!("{times} repetitions"),
                        "more than can be executed",
                    )
                    .help("repeat less");
                    return Err(self.relocate(Box::new(error), frame));
                }
                let mut number = from;
                while number < to {
                    self.repeat(name, Value::Integer(number), body, frame, context)?;
                    number += 1;
                }
                Ok(())
            }
            StatementKind::Each(name, list, body) => match self.evaluate(list, frame, context)? {
                Value::List(items) => {
                    items.iter().try_for_each(|item| self.repeat(name, item.clone(), body, frame, context))
                }
                other => Err(self.relocate(mistyped(list.span, &other, "a list, or a range: `0..4`"), frame)),
            },
            StatementKind::Unit(number, body) => {
                let value = self.count(number, frame, context)?;
                let unit = u32::try_from(value).map_err(|_| {
                    let error = Diagnostic::error(
                        Code::OutOfRange,
                        number.span,
                        format!("a unit is {value}"),
                        "expected a whole number from 0 to 4294967295",
                    );
                    self.relocate(Box::new(error), frame)
                })?;
                let before = std::mem::replace(&mut context.unit, unit);
                self.run(body, frame, context)?;
                context.unit = before;
                Ok(())
            }
            StatementKind::Labelled(label, body) => self.labelled(*label, body, frame, context),
            StatementKind::Join(kind, role, branches) => self.join(*kind, *role, branches, span, frame, context),
            StatementKind::Require(condition, message) => {
                if self.truth(condition, frame, context)? {
                    Ok(())
                } else {
                    Err(self.not_met(condition, message, frame))
                }
            }
            StatementKind::Step(step) => self.step(step, span, frame, context),
        }
    }

    fn repeat(
        &mut self,
        name: &'a Spanned<String>,
        value: Value,
        body: &'a [Statement],
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
    ) -> Result<(), Halt> {
        self.spend(name.span, frame)?;
        frame.values.push((&name.value, value, frame.place(name.span)));
        self.run(body, frame, context)?;
        frame.values.pop();
        Ok(())
    }

    fn labelled(
        &mut self,
        label: Label,
        body: &'a [Statement],
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
    ) -> Result<(), Halt> {
        let branch = std::mem::replace(&mut context.branch, label);
        self.run(body, frame, context)?;
        context.branch = branch;
        Ok(())
    }

    fn join(
        &mut self,
        kind: JoinKind,
        role: Option<Label>,
        branches: &'a [Branch],
        span: Span,
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
    ) -> Result<(), Halt> {
        let start = self.builder.current;
        let part = context.part.take();
        let mut ends: Vec<NodeId> = Vec::with_capacity(branches.len());
        let mut present: Vec<&Branch> = Vec::with_capacity(branches.len());
        for branch in branches {
            let Branch { label, condition, body, .. } = branch;
            if let Some(condition) = condition
                && !self.truth(condition, frame, context)?
            {
                continue;
            }
            self.builder.current = start;
            self.labelled(*label, body, frame, context)?;
            ends.push(self.builder.current);
            present.push(branch);
        }
        let argument = std::mem::replace(&mut context.part, part);
        let op = match kind {
            JoinKind::Add => Op::Add(op::Add),
            JoinKind::Concat => Op::Concat(op::Concat),
            JoinKind::Multiply => Op::Multiply(op::Multiply),
        };
        match ends.as_slice() {
            [] => Ok(()),
            [only] => {
                self.builder.current = *only;
                Ok(())
            }
            several => {
                let argument = argument.filter(|_| frame.block.is_library);
                let span = match argument {
                    Some((_, written)) => written,
                    None if frame.block.is_library => frame.blame,
                    None => span,
                };
                let usual = match kind {
                    JoinKind::Add => Label::ADD,
                    JoinKind::Concat => Label::CONCAT,
                    JoinKind::Multiply => Label::MULTIPLY,
                };
                let added = self.node(context, Label::JOIN, role.unwrap_or(usual), op, several, span);
                if let Err(Halt::Shape) = added {
                    // Only an argument that was written can be written differently.
                    let shortcut = argument.filter(|(name, written)| *name == "shortcut" && *written != frame.call);
                    let place = |branch: &Branch| if frame.block.is_library { span } else { branch.span };
                    self.builder.graph.remark = Some(Remark {
                        node: self.builder.current,
                        branches: present.iter().map(|branch| (branch.label, place(branch))).collect(),
                        projection: shortcut.map(|_| format!("shortcut = {}", self.words.write("B"))),
                    });
                }
                added
            }
        }
    }

    fn not_met(&self, condition: &Expression, message: &str, frame: &Frame<'_>) -> Halt {
        let mut names = Vec::new();
        variables(condition, &mut names);
        let written = names.iter().rev().find_map(|name| {
            let parameter = frame.block.parameter(name)?.name.value.as_str();
            let (.., span) = frame.values.iter().find(|(known, ..)| *known == parameter)?;
            Some(*span).filter(|span| *span != frame.call)
        });
        let owner = frame.block.name();
        let error = if frame.block.is_library {
            let span = written.unwrap_or(frame.blame);
            Diagnostic::error(Code::NotMet, span, message, format!("`{owner}` refuses this"))
        } else {
            Diagnostic::error(Code::NotMet, condition.span, message, format!("`{owner}` requires this"))
                .label(written.unwrap_or(frame.call), "this call breaks it")
        };
        Halt::Error(Box::new(error))
    }

    fn step(
        &mut self,
        step: &'a Step,
        span: Span,
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
    ) -> Result<(), Halt> {
        let name = step.name.value.as_str();
        let held = frame.values.iter().rev().find(|(known, ..)| *known == name);
        if let Some((call, written)) =
            held.and_then(|(_, value, written)| Some((self.held(step, value, frame)?, *written)))
        {
            return self.call_value(step, &call, written, span, frame, context);
        }
        let node_span = frame.place(span);
        if let Some(layer) = library::layer(name) {
            let arguments = self.layer_arguments(layer, step, frame, context)?;
            let added = layer::add(self, context, name, step.role, &arguments, node_span);
            return added.map_err(|halt| match halt {
                Halt::Error(error) => self.relocate(error, frame),
                Halt::Shape => Halt::Shape,
            });
        }
        if let Some(block) = self.blocks.find(name, frame.block.is_library) {
            let passed = self.pass(&block.signature, &step.arguments, false, frame, context)?;
            return self.call(block, &passed, node_span, frame, context);
        }
        // The text was checked: only a variable that holds no block can be meant.
        let found = held.map_or(Value::Other("nothing"), |(_, value, _)| value.clone());
        Err(self.relocate(mistyped(step.name.span, &found, "a layer or a block"), frame))
    }

    /// The block that a variable holds which is called: one with arguments, or the name of one. A word that happens to be a
    /// block's name hides no layer: in `dropout(dropout)` the absent value is none.
    fn held(&self, step: &Step, value: &Value, frame: &Frame<'_>) -> Option<Arc<CallValue>> {
        let is_library = frame.block.is_library;
        match value {
            Value::Call(call) => Some(Arc::clone(call)),
            Value::Text(word) if library::layer(&step.name.value).is_none() => {
                let block = self.blocks.find(word, is_library)?;
                let name = Spanned::new(block.name().to_owned(), step.name.span);
                Some(Arc::new(CallValue { name, arguments: Vec::new(), is_library }))
            }
            Value::Text(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::List(_)
            | Value::Other(_) => None,
        }
    }

    /// The arguments of a layer, in the order of its parameters.
    fn layer_arguments(
        &self,
        layer: &'static Signature,
        step: &'a Step,
        frame: &Frame<'a>,
        context: &Context<'a>,
    ) -> Result<layer::Arguments<'static>, Halt> {
        let judge = self.judge(frame.block.is_library);
        let mut values: Vec<(&'static str, Value)> = Vec::with_capacity(layer.parameters.len());
        if let Some(size) = &step.size {
            let Some(kernel) = layer.parameter("kernel") else {
                let message = format!("`{}` has no kernel", layer.name.value);
                let error = Diagnostic::error(Code::WrongArguments, size.span, message, "it takes no size")
                    .help("remove the size");
                return Err(self.relocate(Box::new(error), frame));
            };
            let [height, width] = size.value.map(|side| Value::Integer(side.into()));
            let value = Spanned::new(Value::List([height, width].into()), size.span);
            let value = judge.check(&layer.name.value, &value, kernel).map_err(|error| self.relocate(error, frame))?;
            values.push((&kernel.name.value, value));
        }
        for (name, value) in self.pass(layer, &step.arguments, step.size.is_some(), frame, context)? {
            let Some(parameter) = layer.parameter(name) else { continue };
            let value = Spanned::new(evened(value.value, &parameter.domain), value.span);
            let value =
                judge.check(&layer.name.value, &value, parameter).map_err(|error| self.relocate(error, frame))?;
            values.push((&parameter.name.value, value));
        }
        for parameter in &layer.parameters {
            let name = parameter.name.value.as_str();
            if values.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let Some(default) = &parameter.default else {
                return Err(self.relocate(Box::new(missing(&layer.name.value, parameter, step.name.span)), frame));
            };
            let empty = Frame { block: frame.block, values: Vec::new(), blame: frame.blame, call: frame.call };
            let view = View { machine: self, frame: &empty, context };
            values.push((name, evaluate(default, &view).map_err(|error| self.relocate(error, frame))?));
        }
        Ok(layer::Arguments { values })
    }

    /// The values that are passed to the parameters of `signature`; with a size before the brackets the kernel is told.
    fn pass<'s>(
        &self,
        signature: &'s Signature,
        passed: &[Passed],
        has_size: bool,
        frame: &Frame<'a>,
        context: &Context<'a>,
    ) -> Result<Vec<(&'s str, Spanned<Value>)>, Halt> {
        let mut matching = Matching::of(signature, has_size);
        let value = |Passed { name, value }: &Passed| {
            let known = matching.next(name.as_ref(), value.variable(), value.span);
            let known = known.map_err(|error| self.relocate(error, frame))?;
            Ok((known, self.argument(value, frame.blame, frame, context)?))
        };
        passed.iter().map(value).collect()
    }

    /// The value of an argument, and where it was written.
    fn argument(
        &self,
        value: &Expression,
        blame: Span,
        frame: &Frame<'a>,
        context: &Context<'a>,
    ) -> Result<Spanned<Value>, Halt> {
        Ok(Spanned::new(self.evaluate(value, frame, context)?, frame.written(value, blame)))
    }

    /// Calls the block that a parameter or variable holds: of what it is told, it takes what it declares.
    fn call_value(
        &mut self,
        step: &'a Step,
        call: &CallValue,
        written: Span,
        span: Span,
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
    ) -> Result<(), Halt> {
        let name = step.name.value.as_str();
        let Some(block) = self.blocks.find(&call.name.value, call.is_library) else { return Ok(()) };
        let mut matching = match told(frame.block, name) {
            Some(told) => Matching::new(name, told),
            None => Matching::of(&block.signature, false),
        };
        let blame = if frame.block.is_library { written } else { span };
        let mut passed = Vec::new();
        for Passed { name, value } in &step.arguments {
            let known = matching.next(name.as_ref(), value.variable(), value.span);
            let known = known.map_err(|error| self.relocate(error, frame))?;
            if block.parameter(known).is_some() {
                passed.push((known, self.argument(value, blame, frame, context)?));
            }
        }
        for argument in &call.arguments {
            let Some(own) = &argument.name else { continue };
            passed.retain(|(known, _)| *known != own.value);
            passed.push((&own.value, argument.value.clone()));
        }
        context.part = Some((name, written));
        self.call(block, &passed, blame, frame, context)
    }

    fn call(
        &mut self,
        block: &'a Block,
        passed: &[(&str, Spanned<Value>)],
        blame: Span,
        frame: &Frame<'a>,
        context: &mut Context<'a>,
    ) -> Result<(), Halt> {
        if context.depth >= limits::CALLS {
            let error = Diagnostic::error(
                Code::TooDeep,
                blame,
                format!("blocks call each other more than {} levels deep", limits::CALLS),
                "here it exceeds the limit",
            );
            return Err(self.relocate(Box::new(error), frame));
        }
        let judge = self.judge(frame.block.is_library);
        let mut inner = Frame { block, values: Vec::with_capacity(8), blame, call: blame };
        let mut defaults = Vec::new();
        for parameter in &block.signature.parameters {
            let name = parameter.name.value.as_str();
            match passed.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => {
                    let checked = judge.argument(block, name, value);
                    inner.values.push((name, checked.map_err(|error| self.relocate(error, frame))?, value.span));
                }
                None => match &parameter.default {
                    Some(default) => defaults.push((name, default)),
                    None => return Err(self.relocate(Box::new(missing(block.name(), parameter, blame)), frame)),
                },
            }
        }
        self.defaults(&mut inner, context, defaults.into_iter(), blame)?;
        context.depth += 1;
        self.run(&block.body, &mut inner, context)?;
        context.depth -= 1;
        Ok(())
    }

    /// Adds a node that reads the current one.
    pub(super) fn push(&mut self, context: &mut Context<'_>, role: Label, op: Op, span: Span) -> Result<(), Halt> {
        let current = self.builder.current;
        self.node(context, context.branch, role, op, &[current], span)
    }

    fn node(
        &mut self,
        context: &mut Context<'_>,
        branch: Label,
        role: Label,
        op: Op,
        operands: &[NodeId],
        span: Span,
    ) -> Result<(), Halt> {
        let sequence = if branch == Label::CHAIN {
            self.chained += 1;
            self.chained - 1
        } else {
            context.next(branch)
        };
        let address = Address { place: context.position.place, branch, unit: context.unit, role, sequence };
        self.work.set(self.work.get().saturating_add(limits::WORK));
        self.builder.add(op, Origin { span, address }, operands)
    }
}

/// What the stage before has for the parameter called `name`.
pub(super) fn previous<'t>(told: Option<&'t Told<'_>>, name: &str) -> Option<&'t Value> {
    told?.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

impl Position {
    /// The number that answers `question`; none where a number does not.
    #[must_use]
    pub fn answer(&self, question: &Question) -> Option<u64> {
        match question {
            Question::Index => Some(self.index),
            Question::Blocks => Some(self.blocks),
            Question::Number => Some(self.number),
            Question::Total => Some(self.total),
            Question::Stage => Some(self.stage),
            Question::Stages => Some(self.stages),
            Question::Previous(_) => None,
        }
    }
}

impl Context<'_> {
    /// The next number of a node in `branch`.
    fn next(&mut self, branch: Label) -> u32 {
        let next = self.counters.entry(branch).or_default();
        *next += 1;
        *next - 1
    }
}

/// What a block that `owner`'s parameter called `name` holds is told.
pub(super) fn told<'b>(owner: &'b Block, name: &str) -> Option<Vec<&'b str>> {
    match owner.parameter(name).map(|parameter| &parameter.domain) {
        Some(Domain::Block(told)) => Some(told.iter().map(String::as_str).collect()),
        _ => None,
    }
}

pub(super) fn missing(owner: &str, parameter: &Parameter, span: Span) -> Diagnostic {
    let name = &parameter.name.value;
    let meaning = if parameter.meaning.is_empty() { String::new() } else { format!(": {}", parameter.meaning) };
    Diagnostic::error(
        Code::MissingKey,
        span,
        format!("`{name}` is missing"),
        format!("`{owner}` needs `{name}`{meaning}"),
    )
    .help(format!("write `{owner}({name} = …)`"))
}

/// The names in an expression.
fn variables<'e>(expression: &'e Expression, names: &mut Vec<&'e str>) {
    match &expression.kind {
        ExpressionKind::Name(name) => names.push(name),
        ExpressionKind::Constant(_) | ExpressionKind::Field(..) => {}
        ExpressionKind::Call(_, passed) => passed.iter().for_each(|passed| variables(&passed.value, names)),
        ExpressionKind::List(items) => items.iter().for_each(|item| variables(item, names)),
        ExpressionKind::Negative(inner) | ExpressionKind::Not(inner) => variables(inner, names),
        ExpressionKind::Binary(_, left, right) => {
            variables(left, names);
            variables(right, names);
        }
        ExpressionKind::If(cases, last) => {
            for (condition, value) in cases {
                variables(condition, names);
                variables(value, names);
            }
            variables(last, names);
        }
    }
}

/// The names that every block knows.
pub(super) const IMPLICIT: [&str; 10] =
    ["index", "blocks", "number", "total", "stage", "stages", "stage_stride", "channels", "height", "width"];

/// The functions of the place where a block stands.
pub(super) const PLACE_FUNCTIONS: [&str; 3] = ["at", "project", "previous"];

impl Scope for View<'_, '_> {
    fn variable(&self, name: &str) -> Option<Value> {
        let own = self.frame.values.iter().rev().find(|(known, ..)| *known == name);
        if let Some((_, value, _)) = own {
            return Some(value.clone());
        }
        let shape = || self.machine.builder.current_shape();
        let side = |at: usize| shape().size().and_then(|size| size.get(at).copied());
        let question = match name {
            "index" => Question::Index,
            "blocks" => Question::Blocks,
            "number" => Question::Number,
            "total" => Question::Total,
            "stage" => Question::Stage,
            "stages" => Question::Stages,
            "channels" => return Some(Value::Integer(Shape::channels(shape()).into())),
            "height" => return Some(Value::Integer(side(0)?.into())),
            "width" => return Some(Value::Integer(side(1)?.into())),
            "stage_stride" => return Some(self.context.stage_stride.clone()),
            _ => return None,
        };
        let answer = self.context.position.answer(&question);
        self.machine.ask(question);
        answer.map(|number| Value::Integer(number.into()))
    }

    fn field(&self, base: &str, field: &str, span: Span) -> Evaluated {
        if base != "dialect" {
            let message = format!("{} has no fields", suggest::quoted(base));
            let error = Diagnostic::error(Code::UnknownName, span, message, "only `dialect` has");
            return Err(Box::new(error));
        }
        dialect::value(&self.machine.dialect, field).ok_or_else(|| {
            let message = format!("a dialect has no {}", suggest::quoted(field));
            let label = format!("expected {}", suggest::list(dialect::names()));
            Box::new(Diagnostic::error(Code::UnknownName, span, message, label))
        })
    }

    fn call(&self, name: &Spanned<String>, arguments: &[Passed], span: Span) -> Evaluated {
        match name.value.as_str() {
            "at" => self.at(arguments, span),
            "project" => self.project(arguments, span),
            "previous" => self.previous(arguments, span),
            _ => self.block(name, arguments, span),
        }
    }

    fn spend(&self, span: Span) -> Evaluated<()> {
        self.machine.spend_one(span)
    }
}

impl View<'_, '_> {
    fn two<'p>(name: &str, form: &str, arguments: &'p [Passed], span: Span) -> Evaluated<[&'p Expression; 2]> {
        if let [first, second] = arguments {
            Ok([&first.value, &second.value])
        } else {
            let message = format!("`{name}` has {} arguments", arguments.len());
            Err(Box::new(Diagnostic::error(Code::WrongArguments, span, message, format!("written {form}"))))
        }
    }

    /// `at(first, stride)`: the stride where the dialect has it, 1 elsewhere.
    fn at(&self, arguments: &[Passed], span: Span) -> Evaluated {
        let [position, stride] = Self::two("at", "`at(first, stride)` or `at(spatial, stride)`", arguments, span)?;
        let here = match (position.variable(), self.machine.dialect.bottleneck_stride) {
            (Some("first"), found) => found == StridePosition::First,
            (Some("spatial"), found) => found == StridePosition::Spatial,
            _ => {
                let error = Diagnostic::error(
                    Code::UnknownChoice,
                    position.span,
                    "there is no such position",
                    "expected `first` or `spatial`",
                );
                return Err(Box::new(error));
            }
        };
        let stride = evaluate(stride, self)?;
        Ok(if here { stride } else { Value::Integer(1) })
    }

    /// `project(stride, out)`: whether the dialect projects here.
    fn project(&self, arguments: &[Passed], span: Span) -> Evaluated {
        let [stride, out] = Self::two("project", "`project(stride, out)`", arguments, span)?;
        let stride = whole(&evaluate(stride, self)?, stride.span)?;
        let out = whole(&evaluate(out, self)?, out.span)?;
        let channels = self.machine.builder.current_shape().channels();
        Ok(Value::Boolean(match self.machine.dialect.projection {
            Projection::WhereShapesDiffer => stride != 1 || out != i128::from(channels),
            // Whether the block is the first is no question: it is known of every place.
            Projection::FirstBlock => self.context.position.index == 0,
        }))
    }

    /// `previous(parameter, otherwise)`: what the stage before has for a parameter.
    fn previous(&self, arguments: &[Passed], span: Span) -> Evaluated {
        let [name, otherwise] = Self::two("previous", "`previous(parameter, otherwise)`", arguments, span)?;
        let Some(name) = name.variable() else {
            let error =
                Diagnostic::error(Code::WrongArguments, name.span, "this is no parameter", "expected the name of one");
            return Err(Box::new(error));
        };
        self.machine.ask(Question::Previous(name.to_owned()));
        match previous(self.context.previous.as_ref(), name) {
            Some(value) => Ok(value.clone()),
            None => evaluate(otherwise, self),
        }
    }

    /// A block with some of its arguments, as a value.
    fn block(&self, name: &Spanned<String>, passed: &[Passed], span: Span) -> Evaluated {
        let is_library = self.frame.block.is_library;
        let Some(block) = self.machine.blocks.find(&name.value, is_library) else {
            let functions = || function::ALL.iter().map(|function| function.name).chain(PLACE_FUNCTIONS);
            let message = format!("there is no function or block {}", suggest::quoted(&name.value));
            let error = Diagnostic::error(
                Code::UnknownName,
                name.span,
                message,
                format!("functions are {}", suggest::list(functions())),
            );
            return Err(Box::new(suggest::fixed(error, &name.value, name.span, functions())));
        };
        let argument = |Passed { name, value }: &Passed| {
            let variable = value.variable().map(str::to_owned);
            let written = self.frame.written(value, self.frame.blame);
            Ok(Argument { name: name.clone(), variable, value: Spanned::new(evaluate(value, self)?, written) })
        };
        let arguments = passed.iter().map(argument).collect::<Evaluated<Vec<_>>>()?;
        let arguments = self.machine.judge(is_library).partial(block, &arguments)?;
        let value = Value::Call(Arc::new(CallValue { name: name.clone(), arguments, is_library }));
        bounded(value, span, self)
    }
}
