//! What expressions see: parameters and variables, the place where the block stands, and the tensor there.

use super::builder::Halt;
use super::fixed::Aspect;
use super::frame::{Binding, Context, Frame, Question, told_of};
use super::layer;
use super::machine::{Machine, missing};
use super::matching::Matching;
use crate::diagnostic::suggest;
use crate::diagnostic::{Code, Diagnostic};
use crate::dialect;
use crate::ir::dialect::{FirstDilation, Projection, StridePosition};
use crate::ir::{NodeId, Shape};
use crate::lang::ast::{Expression, Passed, Signature, Step};
use crate::lang::elsewhere;
use crate::lang::eval::{Evaluated, Scope, bounded, equal, evaluate, mistyped, truth, whole};
use crate::lang::value::{Argument, CallValue};
use crate::lang::{Value, function};
use crate::source::{Span, Spanned};
use std::sync::Arc;

/// What an expression sees that is evaluated at one place of a block: all of it is of that place, and nothing of a branch or
/// a block that is still to be run, or was before.
pub(super) struct View<'v, 'a> {
    pub(super) machine: &'v Machine<'a>,
    pub(super) frame: &'v Frame<'a>,
    pub(super) context: &'v Context<'a>,
    /// The tensor at the place.
    pub(super) at: NodeId,
}

/// The names that every block knows.
pub(super) const IMPLICIT: [&str; 10] =
    ["index", "blocks", "number", "total", "stage", "stages", "stage_stride", "channels", "height", "width"];

/// The functions of the place where a block stands.
pub(super) const PLACE_FUNCTIONS: [&str; 4] = ["at", "project", "previous", "spacing"];

/// The words for the convolutions of a bottleneck that may have its stride.
pub(super) const POSITIONS: [&str; 2] = ["first", "spatial"];

impl<'a> View<'_, 'a> {
    /// The view of a default: all of this but parameters and variables.
    fn outside<'o>(&'o self, frame: &'o Frame<'a>) -> View<'o, 'a> {
        View { frame, ..*self }
    }

    pub(super) fn evaluate(&self, expression: &Expression) -> Result<Value, Halt> {
        self.relocated(evaluate(expression, self))
    }

    pub(super) fn truth(&self, condition: &Expression) -> Result<bool, Halt> {
        self.relocated(truth(condition, self))
    }

    /// A whole number.
    pub(super) fn count(&self, expression: &Expression) -> Result<i128, Halt> {
        let value = self.evaluate(expression)?;
        self.relocated(whole(&value, expression.span))
    }

    fn relocated<T>(&self, evaluated: Evaluated<T>) -> Result<T, Halt> {
        evaluated.map_err(|error| self.machine.relocate(error, self.frame))
    }

    /// The value of an argument, and where it was written.
    pub(super) fn argument(&self, value: &Expression, blame: Span) -> Result<Spanned<Value>, Halt> {
        Ok(Spanned::new(self.evaluate(value)?, self.frame.written(value, blame)))
    }

    /// The value of a default, which sees no parameters and no variables.
    pub(super) fn default(&self, default: &Expression) -> Result<Value, Halt> {
        self.outside(&Frame::new(self.frame.block, self.frame.blame, self.frame.call)).evaluate(default)
    }

    /// The arguments of a layer, in the order of its parameters.
    pub(super) fn layer_arguments(
        &self,
        layer: &'static Signature,
        step: &Step,
    ) -> Result<layer::Arguments<'static>, Halt> {
        let judge = self.machine.judge(self.frame.block.is_library);
        let mut values: Vec<(&'static str, Value)> = Vec::with_capacity(layer.parameters.len());
        if let Some(size) = &step.size {
            let Some(kernel) = layer.parameter("kernel") else {
                let message = format!("`{}` has no kernel", layer.name.value);
                let error = Diagnostic::error(Code::WrongArguments, size.span, message, "it takes no size")
                    .help("remove the size");
                return self.relocated(Err(Box::new(error)));
            };
            let [height, width] = size.value.map(|side| Value::Integer(side.into()));
            let value = Spanned::new(Value::List([height, width].into()), size.span);
            values.push((&kernel.name.value, self.relocated(judge.check(&layer.name.value, &value, kernel))?));
        }
        for (name, value) in self.pass(layer, &step.arguments, step.size.is_some())? {
            let Some(parameter) = layer.parameter(name) else { continue };
            values.push((&parameter.name.value, self.relocated(judge.even(&layer.name.value, &value, parameter))?));
        }
        for parameter in &layer.parameters {
            let name = parameter.name.value.as_str();
            if values.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let Some(default) = &parameter.default else {
                return self.relocated(Err(Box::new(missing(&layer.name.value, parameter, step.name.span))));
            };
            values.push((name, self.default(default)?));
        }
        Ok(layer::Arguments { values })
    }

    /// The values that are passed to the parameters of `signature`; with a size before the brackets the kernel is told.
    pub(super) fn pass<'s>(
        &self,
        signature: &'s Signature,
        passed: &[Passed],
        has_size: bool,
    ) -> Result<Vec<(&'s str, Spanned<Value>)>, Halt> {
        let mut matching = Matching::of(signature, has_size);
        let value = |Passed { name, value }: &Passed| {
            let known = self.relocated(matching.next(name.as_ref(), value.variable(), value.span))?;
            Ok((known, self.argument(value, self.frame.blame)?))
        };
        passed.iter().map(value).collect()
    }
}

impl Scope for View<'_, '_> {
    fn variable(&self, name: &str, span: Span) -> Evaluated<Option<Value>> {
        if let Some(Binding { value, .. }) = self.frame.find(name) {
            return Ok(Some(value.clone()));
        }
        let question = match name {
            "index" => Question::Index,
            "blocks" => Question::Blocks,
            "number" => Question::Number,
            "total" => Question::Total,
            "stage" => Question::Stage,
            "stages" => Question::Stages,
            "channels" => return Ok(Some(Value::Integer(self.shape(Aspect::Channels).channels().into()))),
            "height" | "width" => return self.side(name, span).map(Some),
            "stage_stride" => {
                if self.context.position.index > 0 {
                    self.machine.ask(Question::StageStride);
                }
                return Ok(Some(self.context.stage_stride.clone()));
            }
            _ => return Ok(None),
        };
        let answer = self.context.position.answer(&question);
        self.machine.ask(question);
        Ok(answer.map(|number| Value::Integer(number.into())))
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
            "spacing" => self.spacing(arguments, span),
            _ => self.block(name, arguments, span),
        }
    }

    fn spend(&self, span: Span) -> Evaluated<()> {
        self.machine.spend_one(span)
    }
}

impl View<'_, '_> {
    /// The shape of the tensor at the place, of which `aspect` is asked.
    fn shape(&self, aspect: Aspect) -> Shape {
        self.machine.ask_shape(self.at, aspect)
    }

    /// The current tensor's height or width, whichever is called `name`.
    fn side(&self, name: &str, span: Span) -> Evaluated {
        let shape = self.shape(Aspect::Size);
        let Some([height, width]) = shape.size() else {
            let message = format!("a vector has no {name}");
            let label = format!("the current tensor is a vector of {} features here", shape.channels());
            let error = Diagnostic::error(Code::WrongRank, span, message, label);
            return Err(Box::new(error.help(format!("read it before `flatten`: `let rows = {name}`"))));
        };
        Ok(Value::Integer(if name == "height" { height } else { width }.into()))
    }

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
        let found = self.machine.dialect.bottleneck_stride;
        // The words mean themselves, whatever a parameter is called: `spatial` is one of `bottleneck`.
        let word = match position.variable().filter(|word| POSITIONS.contains(word)) {
            Some(word) => Value::Text(word.into()),
            None => evaluate(position, self)?,
        };
        let here = match &word {
            Value::Text(word) if **word == *"first" => found == StridePosition::First,
            Value::Text(word) if **word == *"spatial" => found == StridePosition::Spatial,
            _ => return Err(Box::new(no_position(position.span))),
        };
        let stride = evaluate(stride, self)?;
        Ok(if here { stride } else { Value::Integer(1) })
    }

    /// `project(stride, out)`: whether the dialect projects here.
    fn project(&self, arguments: &[Passed], span: Span) -> Evaluated {
        let [stride, out] = Self::two("project", "`project(stride, out)`", arguments, span)?;
        let is_strided = is_strided(&evaluate(stride, self)?, stride.span)?;
        let out = whole(&evaluate(out, self)?, out.span)?;
        Ok(Value::Boolean(match self.machine.dialect.projection {
            Projection::WhereShapesDiffer => is_strided || out != i128::from(self.shape(Aspect::Channels).channels()),
            // Whether the block is the first is no question: it is known of every place.
            Projection::FirstBlock => self.context.position.index == 0,
        }))
    }

    /// `previous(parameter, otherwise)`: what the stage before has for a parameter.
    fn previous(&self, arguments: &[Passed], span: Span) -> Evaluated {
        let [name, otherwise] = Self::two("previous", "`previous(parameter, otherwise)`", arguments, span)?;
        match self.before(Self::parameter(name)?) {
            Some(value) => Ok(value.clone()),
            None => evaluate(otherwise, self),
        }
    }

    /// The name that `expression` is.
    fn parameter(expression: &Expression) -> Evaluated<&str> {
        expression.variable().ok_or_else(|| {
            let message = "this is no parameter";
            Box::new(Diagnostic::error(Code::WrongArguments, expression.span, message, "expected the name of one"))
        })
    }

    /// What the stage before has for the parameter called `name`.
    fn before(&self, name: &str) -> Option<&Value> {
        self.machine.ask(Question::Previous(name.to_owned()));
        told_of(self.context.previous.as_ref(), name)
    }

    /// `spacing(dilation, first_dilation)`: the dilation here. Of a stage's first block it is what is said for that block; else,
    /// where the dialect says so, the stage calls this block and has others, what the stage before has.
    fn spacing(&self, arguments: &[Passed], span: Span) -> Evaluated {
        let [own, first] = Self::two("spacing", "`spacing(dilation, first_dilation)`", arguments, span)?;
        let name = Self::parameter(own)?;
        let (own, first) = (evaluate(own, self)?, evaluate(first, self)?);
        let is_said = |value: &Value| !matches!(value, Value::Text(word) if **word == *"none");
        let Context { position, depth, .. } = self.context;
        // Whether the block is the first is no question: it is known of every place.
        if position.index > 0 {
            return Ok(own);
        }
        if is_said(&first) {
            return Ok(first);
        }
        if self.machine.dialect.dilated_first_block == FirstDilation::Own || *depth > 0 {
            return Ok(own);
        }
        self.machine.ask(Question::Blocks);
        let before = if position.blocks > 1 { self.before(name) } else { None };
        Ok(before.filter(|value| is_said(value)).cloned().unwrap_or(own))
    }

    /// How a layer is drawn, with what it is told: `normal(0.01)`.
    fn init(&self, name: &Spanned<String>, passed: &[Passed], span: Span) -> Evaluated {
        let arguments = self.arguments(passed)?;
        let call = CallValue { name: name.clone(), arguments, is_library: self.frame.block.is_library };
        dialect::init::read(&Value::Call(Arc::new(call)), span).map(dialect::init::value)
    }

    /// The arguments of a value that is a call, and where each was written.
    fn arguments(&self, passed: &[Passed]) -> Evaluated<Vec<Argument>> {
        let argument = |Passed { name, value }: &Passed| {
            let variable = value.variable().map(str::to_owned);
            let written = self.frame.written(value, self.frame.blame);
            Ok(Argument { name: name.clone(), variable, value: Spanned::new(evaluate(value, self)?, written) })
        };
        passed.iter().map(argument).collect()
    }

    /// A block with some of its arguments, as a value.
    fn block(&self, name: &Spanned<String>, passed: &[Passed], span: Span) -> Evaluated {
        let is_library = self.frame.block.is_library;
        if self.machine.blocks.is_init(&name.value, is_library) {
            return self.init(name, passed, span);
        }
        let Some(block) = self.machine.blocks.find(&name.value, is_library) else {
            let functions = || function::ALL.iter().map(|function| function.name).chain(PLACE_FUNCTIONS);
            let message = format!("there is no function or block {}", suggest::quoted(&name.value));
            let error = Diagnostic::error(
                Code::UnknownName,
                name.span,
                message,
                format!("functions are {}", suggest::list(functions())),
            );
            return Err(Box::new(elsewhere::fixed(error, &name.value, name.span, functions())));
        };
        let arguments = self.arguments(passed)?;
        let arguments = self.machine.judge(is_library).partial(block, &arguments)?;
        let value = Value::Call(Arc::new(CallValue { name: name.clone(), arguments, is_library }));
        bounded(value, span, self)
    }
}

/// Whether a step, one number or height and width, skips anything.
fn is_strided(step: &Value, span: Span) -> Evaluated<bool> {
    match step {
        Value::List(_) => equal(step, &Value::Integer(1))
            .map(|is_one| !is_one)
            .ok_or_else(|| mistyped(span, step, "a whole number, or height and width")),
        _ => Ok(whole(step, span)? != 1),
    }
}

/// The error for what is no convolution of a bottleneck.
pub(super) fn no_position(span: Span) -> Diagnostic {
    let label = format!("expected {}", suggest::list(POSITIONS));
    Diagnostic::error(Code::UnknownChoice, span, "there is no such position", label)
}
