//! Blocks at work: statements are executed, layers are added to the graph.

use super::arguments::{Arguments, Judge};
use super::builder::{Builder, Halt};
use super::definitions::only_a_layer;
use super::fixed::Aspect;
use super::frame::{Context, Frame, Position, Question, STRIDE, Told, told_of};
use super::layer::{self, Reading};
use super::matching::Matching;
use super::mistaken;
use super::reading::variables;
use super::scope::Blocks;
use super::view::View;
use crate::diagnostic::suggest::Words;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::graph::Remark;
use crate::ir::{Address, Dialect, Label, NodeId, Op, Origin, Place, Shape, op};
use crate::lang::Value;
use crate::lang::ast::{
    Block, Branch, Domain, Expression, Join, JoinKind, Parameter, Passed, Statement, StatementKind, Step,
};
use crate::lang::eval::{Evaluated, mistyped};
use crate::lang::value::CallValue;
use crate::library;
use crate::limits;
use crate::source::{Span, Spanned};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// The graph that grows, and what holds for all of it.
pub(super) struct Machine<'a> {
    pub(super) builder: Builder,
    pub(super) dialect: Arc<Dialect>,
    pub(super) blocks: Blocks<'a>,
    words: Words,
    /// Steps of evaluation that are left.
    work: Cell<usize>,
    /// The fewest that were left, or would have been had a repetition been of the length that was asked for.
    lowest: Cell<usize>,
    /// What was asked of the place, where somebody wants to know.
    asked: Option<RefCell<Vec<Question>>>,
    /// What was asked of the shapes of nodes.
    shapes_asked: RefCell<BTreeSet<(NodeId, Aspect)>>,
    /// Layers that chains have numbered so far.
    chained: u32,
    /// The nodes that layers of the description itself have made.
    own: Vec<NodeId>,
    /// What cannot be meant, one for each place of the text.
    warnings: BTreeMap<Span, Diagnostic>,
}

/// Where a block starts, and what the network before it leaves.
pub(super) struct Start<'a> {
    /// The tensor that it reads.
    pub(super) at: NodeId,
    /// Where it stands.
    pub(super) position: Position,
    /// What the first block of the stage before has for its parameters.
    pub(super) previous: Option<Told<'a>>,
    /// Of a block that is not its stage's first, what that has.
    pub(super) first: Option<Told<'a>>,
}

/// Where a block ends.
pub(super) struct End<'a> {
    /// The tensor that it gives.
    pub(super) at: NodeId,
    /// Of a stage's first block, what its parameters were.
    pub(super) told: Option<Told<'a>>,
}

/// A block that a parameter or variable holds.
struct Held<'a> {
    call: Arc<CallValue>,
    /// Where it was written.
    written: Span,
    /// What it is told, where it is in a parameter that says so.
    told: Option<Vec<&'a str>>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(builder: Builder, dialect: Arc<Dialect>, blocks: Blocks<'a>, words: Words) -> Self {
        let work = Cell::new(limits::FIRST_WORK);
        let (lowest, shapes_asked) = (work.clone(), RefCell::default());
        Self {
            builder,
            dialect,
            blocks,
            words,
            lowest,
            work,
            asked: None,
            shapes_asked,
            chained: 0,
            own: Vec::new(),
            warnings: BTreeMap::new(),
        }
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

    /// What was asked of the shapes of nodes.
    pub(super) fn shapes_asked(&self) -> BTreeSet<(NodeId, Aspect)> {
        self.shapes_asked.borrow().clone()
    }

    /// The shape of the tensor `at`, of which `aspect` is asked.
    pub(super) fn ask_shape(&self, at: NodeId, aspect: Aspect) -> Shape {
        self.shapes_asked.borrow_mut().insert((at, aspect));
        self.builder.shape(at)
    }

    /// Steps of evaluation: the fewest that were left, and how many are left now.
    pub(super) fn work(&self) -> [usize; 2] {
        [self.lowest.get(), self.work.get()]
    }

    /// What was found in the description that cannot be meant.
    pub(super) fn warnings(&mut self) -> impl Iterator<Item = Diagnostic> {
        std::mem::take(&mut self.warnings).into_values()
    }

    /// Warns where the description calls `block` and must mean another.
    fn watch(&mut self, block: &Block, growth: Option<&Value>, span: Span, at: NodeId) {
        if let Some(warning) = mistaken::check(&self.builder, at, block, growth, span) {
            self.warnings.entry(span).or_insert(warning);
        }
    }

    pub(super) fn ask(&self, question: Question) {
        if let Some(asked) = &self.asked {
            let mut asked = asked.borrow_mut();
            if !asked.contains(&question) {
                asked.push(question);
            }
        }
    }

    /// Adds the block that `call` names.
    pub(super) fn expand(&mut self, call: &Arguments<'a>, start: Start<'a>) -> Result<End<'a>, Halt> {
        let Start { at, position, previous, first } = start;
        let branch = match position.place {
            Place::Stem | Place::Input => Label::STEM,
            Place::Block { .. } => Label::BLOCK,
            Place::Head => Label::HEAD,
        };
        let stage_stride = told_of(first.as_ref(), STRIDE).cloned().unwrap_or(Value::Integer(1));
        let counters = BTreeMap::new();
        let mut context =
            Context { position, stage_stride, previous, branch, unit: 0, products: 0, counters, part: None, depth: 0 };
        let mut frame = Frame::new(call.block, call.blame(), call.span);
        for (name, value, span) in &call.values {
            frame.tell(name, value.clone(), *span);
        }
        let (strides, others): (Vec<_>, Vec<_>) = call.defaults.iter().copied().partition(|(name, _)| *name == STRIDE);
        if position.index == 0 {
            // The other defaults can ask for the stage's stride.
            self.defaults(&mut frame, &context, strides, call.span, at)?;
            context.stage_stride = frame.find(STRIDE).map_or(Value::Integer(1), |stride| stride.value.clone());
        } else {
            // The stage's stride is for its first block, told or not.
            for (name, _) in strides {
                frame.tell(name, Value::Integer(1), call.span);
            }
            for own in frame.values.iter_mut().filter(|own| own.name == STRIDE) {
                own.value = Value::Integer(1);
            }
        }
        self.defaults(&mut frame, &context, others, call.span, at)?;
        self.watch(call.block, call.values.first().map(|(_, value, _)| value), call.span, at);
        let at = self.run(&call.block.body, &mut frame, &mut context, at)?;
        let told = || frame.values.iter().map(|own| (own.name, own.value.clone())).collect();
        Ok(End { at, told: (position.index == 0).then(told) })
    }

    /// Gives parameters of `frame` that were not told their defaults, which see none of the others.
    fn defaults(
        &self,
        frame: &mut Frame<'a>,
        context: &Context<'a>,
        defaults: Vec<(&'a str, &'a Expression)>,
        span: Span,
        at: NodeId,
    ) -> Result<(), Halt> {
        for (name, default) in defaults {
            let value = self.view(frame, context, at).default(default)?;
            let judge = self.judge(frame.block.is_library);
            let value = judge.default(frame.block, name, Spanned::new(value, default.span));
            let value = value.map_err(|error| self.relocate(error, frame))?;
            frame.tell(name, value, span);
        }
        Ok(())
    }

    /// What expressions see where the tensor is `at`.
    fn view<'v>(&'v self, frame: &'v Frame<'a>, context: &'v Context<'a>, at: NodeId) -> View<'v, 'a> {
        View { machine: self, frame, context, at }
    }

    pub(super) fn judge(&self, is_library: bool) -> Judge<'a> {
        Judge { blocks: self.blocks, is_library, words: self.words }
    }

    /// An error about a place in the library, as one about the call that led there.
    pub(super) fn relocate(&self, error: Box<Diagnostic>, frame: &Frame<'_>) -> Halt {
        if !frame.block.is_library || error.code == Code::TooManyNodes {
            return Halt::Error(error);
        }
        let mut error = error.note(format!("in the library's block `{}`", frame.block.name()));
        error.primary.span = frame.blame;
        error.secondary.clear();
        error.fix = None;
        Halt::Error(Box::new(error))
    }

    fn spend(&self, span: Span, frame: &Frame<'_>) -> Result<(), Halt> {
        self.spend_one(span).map_err(|error| self.relocate(error, frame))
    }

    pub(super) fn spend_one(&self, span: Span) -> Evaluated<()> {
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
        at: NodeId,
    ) -> Result<NodeId, Halt> {
        let known = frame.values.len();
        let end = statements.iter().try_fold(at, |at, statement| self.statement(statement, frame, context, at))?;
        // Variables end with the braces that they stand in.
        frame.values.truncate(known);
        Ok(end)
    }

    /// Executes a statement that starts at the tensor `at`; gives the tensor at which it ends.
    fn statement(
        &mut self,
        statement: &'a Statement,
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
        at: NodeId,
    ) -> Result<NodeId, Halt> {
        let span = statement.span;
        self.spend(span, frame)?;
        match &statement.kind {
            StatementKind::Let(name, value) => {
                let value = self.view(frame, context, at).evaluate(value)?;
                frame.bind(&name.value, value, frame.place(name.span));
                Ok(at)
            }
            StatementKind::If(cases, last) => {
                for (condition, body) in cases {
                    if self.view(frame, context, at).truth(condition)? {
                        return self.run(body, frame, context, at);
                    }
                }
                last.as_ref().map_or(Ok(at), |body| self.run(body, frame, context, at))
            }
            StatementKind::Range(name, from, to, body) => {
                let view = self.view(frame, context, at);
                let range = view.count(from)?..view.count(to)?;
                self.check_length(&range, span, frame)?;
                range
                    .into_iter()
                    .try_fold(at, |at, number| self.repeat(name, Value::Integer(number), body, frame, context, at))
            }
            StatementKind::Each(name, list, body) => match self.view(frame, context, at).evaluate(list)? {
                Value::List(items) => {
                    items.iter().try_fold(at, |at, item| self.repeat(name, item.clone(), body, frame, context, at))
                }
                other => {
                    let mut error = mistyped(list.span, &other, "a list, or a range: `0..4`");
                    if let Value::Integer(times) = other {
                        error = Box::new(error.help(format!("write `0..{times}`")));
                    }
                    Err(self.relocate(error, frame))
                }
            },
            StatementKind::Unit(number, body) => {
                let unit = self.unit(number, frame, context, at)?;
                let before = std::mem::replace(&mut context.unit, unit);
                let end = self.run(body, frame, context, at)?;
                context.unit = before;
                Ok(end)
            }
            StatementKind::Labelled(label, body) => self.labelled(*label, body, frame, context, at),
            StatementKind::Join(join) => self.join(join, span, frame, context, at),
            StatementKind::Require(condition, message) => {
                if self.view(frame, context, at).truth(condition)? {
                    Ok(at)
                } else {
                    Err(self.not_met(condition, message, frame))
                }
            }
            StatementKind::Step(step) => self.step(step, span, frame, context, at),
        }
    }

    /// Refuses a repetition that is longer than what can be executed, whatever it does.
    fn check_length(&self, range: &Range<i128>, span: Span, frame: &Frame<'a>) -> Result<(), Halt> {
        let length = range.end.saturating_sub(range.start).max(0);
        let times = usize::try_from(length).unwrap_or(usize::MAX);
        // Each may add a layer, and pay with it.
        let unpaid = times.saturating_sub(self.builder.limit);
        self.lowest.set(self.lowest.get().min(self.work.get().saturating_sub(unpaid)));
        if times <= self.work.get().saturating_add(self.builder.limit) {
            return Ok(());
        }
        let message = format!("{times} repetitions");
        let error = Diagnostic::error(Code::TooMuchWork, span, message, "more than can be executed");
        Err(self.relocate(Box::new(error.help("repeat less")), frame))
    }

    fn unit(&self, number: &Expression, frame: &Frame<'a>, context: &Context<'a>, at: NodeId) -> Result<u32, Halt> {
        let value = self.view(frame, context, at).count(number)?;
        u32::try_from(value).map_err(|_| {
            let error = Diagnostic::error(
                Code::OutOfRange,
                number.span,
                format!("a unit is {value}"),
                "expected a whole number from 0 to 4294967295",
            );
            self.relocate(Box::new(error), frame)
        })
    }

    fn repeat(
        &mut self,
        name: &'a Spanned<String>,
        value: Value,
        body: &'a [Statement],
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
        at: NodeId,
    ) -> Result<NodeId, Halt> {
        self.spend(name.span, frame)?;
        frame.bind(&name.value, value, frame.place(name.span));
        let end = self.run(body, frame, context, at)?;
        frame.values.pop();
        Ok(end)
    }

    fn labelled(
        &mut self,
        label: Label,
        body: &'a [Statement],
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
        at: NodeId,
    ) -> Result<NodeId, Halt> {
        let branch = std::mem::replace(&mut context.branch, label);
        let end = self.run(body, frame, context, at)?;
        context.branch = branch;
        Ok(end)
    }

    /// Runs the branches whose conditions hold, each from the tensor `at`, which is also what every condition sees.
    fn join(
        &mut self,
        join: &'a Join,
        span: Span,
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
        at: NodeId,
    ) -> Result<NodeId, Halt> {
        let view = self.view(frame, context, at);
        let mut present: Vec<&Branch> = Vec::with_capacity(join.branches.len());
        for branch in &join.branches {
            if branch.condition.as_ref().map_or(Ok(true), |condition| view.truth(condition))? {
                present.push(branch);
            }
        }
        let part = context.part.take();
        let products = usize::from(join.kind == JoinKind::Multiply && present.len() > 1);
        context.products += products;
        let ends = present
            .iter()
            .map(|branch| self.labelled(branch.label, &branch.body, frame, context, at))
            .collect::<Result<Vec<_>, _>>()?;
        context.products -= products;
        let argument = std::mem::replace(&mut context.part, part);
        match ends.as_slice() {
            [] => Ok(at),
            [only] => Ok(*only),
            several => {
                let argument = argument.filter(|_| frame.block.is_library);
                let span = match argument {
                    Some((_, written)) => written,
                    None if frame.block.is_library => frame.blame,
                    None => span,
                };
                let (op, usual) = joined(join.kind);
                let added = self.node(context, Label::JOIN, join.role.unwrap_or(usual), op, several, span);
                if let Err(Halt::Shape(node)) = added {
                    // Only an argument that was written can be written differently.
                    let shortcut = argument.filter(|(name, written)| *name == "shortcut" && *written != frame.call);
                    let place = |branch: &Branch| if frame.block.is_library { span } else { branch.span };
                    let first = self.own.partition_point(|known| *known <= at);
                    self.builder.graph.remark = Some(Remark {
                        node,
                        start: at,
                        is_own: !frame.block.is_library,
                        own: self.own.split_off(first),
                        numbers: frame.numbers(),
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
            let own = frame.values.iter().find(|own| own.name == parameter)?;
            Some(own.written).filter(|span| *span != frame.call)
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
        at: NodeId,
    ) -> Result<NodeId, Halt> {
        let name = step.name.value.as_str();
        if let Some(held) = self.held(name, frame) {
            return self.call_held(step, &held, span, frame, context, at);
        }
        let node_span = frame.place(span);
        if let Some(layer) = library::layer(name) {
            let arguments = self.view(frame, context, at).layer_arguments(layer, step)?;
            let added = layer::add(self, Reading { context, at, role: step.role, span: node_span }, name, &arguments);
            if let (Ok(node), false) = (&added, frame.block.is_library) {
                self.own.push(*node);
            }
            return added.map_err(|halt| match halt {
                Halt::Error(error) => self.relocate(error, frame),
                Halt::Shape(node) => Halt::Shape(node),
            });
        }
        if let Some(block) = self.blocks.find(name, frame.block.is_library) {
            let passed = self.view(frame, context, at).pass(&block.signature, &step.arguments, false)?;
            return self.call(block, &passed, node_span, frame, context, at);
        }
        // The text was checked: only a variable that holds no block can be meant.
        let found = frame.find(name).map_or(Value::Other("nothing"), |own| own.value.clone());
        Err(self.relocate(mistyped(step.name.span, &found, "a layer or a block"), frame))
    }

    /// The block that the innermost parameter or variable called `name` holds: one with arguments, or the name of one. A
    /// parameter whose type takes no blocks holds none, so that `dropout(dropout)` is the layer where the rate is `none`.
    fn held(&self, name: &str, frame: &Frame<'a>) -> Option<Held<'a>> {
        let own = frame.find(name)?;
        if own.parameter.is_some_and(|parameter| !parameter.domain.takes_blocks()) {
            return None;
        }
        let is_library = frame.block.is_library;
        let call = match &own.value {
            Value::Call(call) => Arc::clone(call),
            Value::Text(word) => {
                let block = self.blocks.find(word, is_library)?;
                let name = Spanned::new(block.name().to_owned(), own.written);
                Arc::new(CallValue { name, arguments: Vec::new(), is_library })
            }
            Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::List(_)
            | Value::Init(_)
            | Value::Other(_) => return None,
        };
        Some(Held { call, written: own.written, told: own.parameter.and_then(told) })
    }

    /// Calls the block that a parameter or variable holds: of what it is told, it takes what it declares.
    fn call_held(
        &mut self,
        step: &'a Step,
        held: &Held<'a>,
        span: Span,
        frame: &mut Frame<'a>,
        context: &mut Context<'a>,
        at: NodeId,
    ) -> Result<NodeId, Halt> {
        let name = step.name.value.as_str();
        let Held { call, written, told } = held;
        // Where the name is a layer's, only now it is known which is meant.
        if let Some(error) = only_a_layer(step).into_iter().next() {
            return Err(self.relocate(Box::new(error), frame));
        }
        let Some(block) = self.blocks.find(&call.name.value, call.is_library) else { return Ok(at) };
        let mut matching = match told {
            Some(told) => Matching::new(name, told.clone()),
            None => Matching::of(&block.signature, false),
        };
        let blame = if frame.block.is_library { *written } else { span };
        let mut passed = Vec::new();
        for Passed { name, value } in &step.arguments {
            let known = matching.next(name.as_ref(), value.variable(), value.span);
            let known = known.map_err(|error| self.relocate(error, frame))?;
            if block.parameter(known).is_some() {
                passed.push((known, self.view(frame, context, at).argument(value, blame)?));
            }
        }
        for argument in &call.arguments {
            let Some(own) = &argument.name else { continue };
            passed.retain(|(known, _)| *known != own.value);
            passed.push((&own.value, argument.value.clone()));
        }
        context.part = Some((name, *written));
        self.call(block, &passed, blame, frame, context, at)
    }

    fn call(
        &mut self,
        block: &'a Block,
        passed: &[(&str, Spanned<Value>)],
        blame: Span,
        frame: &Frame<'a>,
        context: &mut Context<'a>,
        at: NodeId,
    ) -> Result<NodeId, Halt> {
        // The block that the description calls is the first.
        if context.depth + 1 >= limits::CALLS {
            let error = Diagnostic::error(
                Code::TooDeep,
                blame,
                format!("blocks call each other more than {} levels deep", limits::CALLS),
                "here it exceeds the limit",
            );
            return Err(self.relocate(Box::new(error), frame));
        }
        if !frame.block.is_library {
            self.watch(block, passed.first().map(|(_, value)| &value.value), blame, at);
        }
        let judge = self.judge(frame.block.is_library);
        let mut inner = Frame::new(block, blame, blame);
        let mut defaults = Vec::new();
        for parameter in &block.signature.parameters {
            let name = parameter.name.value.as_str();
            match passed.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => {
                    let checked = judge.argument(block, name, value);
                    inner.tell(name, checked.map_err(|error| self.relocate(error, frame))?, value.span);
                }
                None => match &parameter.default {
                    Some(default) => defaults.push((name, default)),
                    None => return Err(self.relocate(Box::new(missing(block.name(), parameter, blame)), frame)),
                },
            }
        }
        self.defaults(&mut inner, context, defaults, blame, at)?;
        context.depth += 1;
        let end = self.run(&block.body, &mut inner, context, at)?;
        context.depth -= 1;
        Ok(end)
    }

    /// Adds a node that reads `operands`.
    pub(super) fn node(
        &mut self,
        context: &mut Context<'_>,
        branch: Label,
        role: Label,
        op: Op,
        operands: &[NodeId],
        span: Span,
    ) -> Result<NodeId, Halt> {
        let sequence = if branch == Label::CHAIN {
            self.chained += 1;
            self.chained - 1
        } else {
            context.next(branch)
        };
        let address = Address { place: context.position.place, branch, unit: context.unit, role, sequence };
        self.work.set(self.work.get().saturating_add(limits::WORK));
        let node = self.builder.add(op, Origin { span, address }, operands)?;
        if context.products > 0 {
            self.builder.graph.put_in_gate(node);
        }
        Ok(node)
    }
}

/// The op that joins branches, and its usual role.
fn joined(kind: JoinKind) -> (Op, Label) {
    match kind {
        JoinKind::Add => (Op::Add(op::Add), Label::ADD),
        JoinKind::Concat => (Op::Concat(op::Concat), Label::CONCAT),
        JoinKind::Multiply => (Op::Multiply(op::Multiply), Label::MULTIPLY),
    }
}

/// What the block is told that `parameter` holds.
pub(super) fn told(parameter: &Parameter) -> Option<Vec<&str>> {
    match &parameter.domain {
        Domain::Block(told) => Some(told.iter().map(String::as_str).collect()),
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
