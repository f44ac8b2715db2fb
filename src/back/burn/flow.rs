//! The body of a `forward`: one value flows through it and is bound to a name wherever a person would.
//!
//! Branches read one variable, the source of their join: each reads a copy of it but the last, which takes it.

use super::layout::Code;
use super::quote::{IN_FORWARD, RustIdent};
use crate::back::names::Names;

/// The method that sends a value through a layer.
pub(super) const FORWARD: &str = "forward";
/// Indentation of the statements of a method.
const INDENT: usize = 8;
/// By how much that of a line below is more.
const STEP: usize = 4;

/// A `forward` that is being written.
#[derive(Debug)]
pub(super) struct Flow {
    statements: Vec<(RustIdent, Bound)>,
    value: Value,
    /// The variable that values are bound to.
    target: RustIdent,
    /// The variables of branches that are not joined yet.
    held: Names,
}

/// What a step reads.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// A variable; one that is shared is read again, so a step reads a copy.
    Variable { name: RustIdent, shared: bool },
    /// An expression that has no name yet; an infix one takes no method.
    Expression { code: Code, infix: bool },
}

/// The variable that the branches of a join read.
#[derive(Debug)]
pub(super) struct Source {
    name: RustIdent,
    /// How often it has yet to be read.
    left: usize,
    /// Whether something else reads it after that.
    shared: bool,
}

/// How the values of branches become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    Sum,
    Product,
    Concatenation,
}

/// What a variable is bound to.
#[derive(Debug)]
enum Bound {
    Plain(Code),
    /// A layer that may be missing.
    Layer {
        option: RustIdent,
        some: Code,
        none: Code,
    },
    /// A step that a flag switches on.
    Switch {
        flag: RustIdent,
        then: Code,
        otherwise: Code,
    },
}

impl Value {
    /// The text of one reading.
    pub(super) fn read(&self) -> Code {
        match self {
            Self::Variable { name, shared: true } => Code::new(format_args!("{name}.clone()")),
            Self::Variable { name, shared: false } => Code::new(format_args!("{name}")),
            Self::Expression { code, .. } => code.clone(),
        }
    }
}

impl Source {
    /// The next reading.
    pub(super) fn read(&mut self) -> Value {
        self.left = self.left.saturating_sub(1);
        Value::Variable { name: self.name.clone(), shared: self.shared || self.left > 0 }
    }
}

impl Joint {
    fn write(self, operands: &[Code]) -> Value {
        let list = |between: &str| operands.iter().map(Code::to_string).collect::<Vec<_>>().join(between);
        let (text, infix) = match self {
            Self::Sum => (list(" + "), true),
            Self::Product => (list(" * "), true),
            Self::Concatenation => (format!("Tensor::cat(vec![{}], 1)", list(", ")), false),
        };
        Value::Expression { code: Code::new(format_args!("{text}")), infix }
    }
}

impl Flow {
    /// A flow that begins at the variable `input` and binds what it makes to `target`.
    pub(super) fn new(input: &str, target: &str) -> Self {
        let value = Value::Variable { name: RustIdent::new(input), shared: false };
        Self { statements: Vec::new(), value, target: RustIdent::new(target), held: Names::default() }
    }

    /// Begins a statement: the current value gets a name, if it has none.
    pub(super) fn begin(&mut self) {
        if let Value::Expression { code, .. } = &self.value {
            let bound = Bound::Plain(code.clone());
            self.bind(bound);
        }
    }

    /// Applies a function of the current value.
    pub(super) fn call(&mut self, function: impl Fn(&Code) -> Code) {
        let mut code = function(&self.value.read());
        if matches!(self.value, Value::Expression { .. }) && code.overflows(self.beside()) {
            self.begin();
            code = function(&self.value.read());
        }
        self.value = Value::Expression { code, infix: false };
    }

    /// Applies an expression of the current value: with a method, of a value that is not infix.
    pub(super) fn apply(&mut self, is_method: bool, expression: impl Fn(&Code) -> Code) {
        if is_method && matches!(self.value, Value::Expression { infix: true, .. }) {
            self.begin();
        }
        self.call(expression);
    }

    /// Sends the current value through the layer in the field `option`, if it is there.
    pub(super) fn optional(&mut self, option: &RustIdent, method: &'static str) {
        self.begin();
        let bound = Bound::layer(option, method, &self.value);
        self.bind(bound);
    }

    /// Applies `function` to the current value if the field `flag` says so.
    pub(super) fn switch(&mut self, flag: &RustIdent, function: impl Fn(&Code) -> Code) {
        self.begin();
        let value = self.value.read();
        self.bind(Bound::Switch { flag: flag.clone(), then: function(&value), otherwise: value });
    }

    /// The current value as the source of so many readings.
    pub(super) fn source(&mut self, readings: usize) -> Source {
        self.begin();
        let name = self.target.clone();
        match &self.value {
            Value::Variable { name, shared } => Source { name: name.clone(), left: readings, shared: *shared },
            Value::Expression { .. } => Source { name, left: readings, shared: false },
        }
    }

    /// Whether what is bound next takes the place of the current value.
    pub(super) fn replaces(&self) -> bool {
        match &self.value {
            Value::Variable { name, .. } => *name == self.target,
            Value::Expression { .. } => true,
        }
    }

    /// A variable for the value of a branch, called `word` if that is free.
    pub(super) fn hold(&mut self, word: &RustIdent) -> RustIdent {
        word.take(IN_FORWARD, &mut self.held)
    }

    /// How many variables are held.
    pub(super) fn holds(&self) -> usize {
        self.held.len()
    }

    /// Lets go of all variables but the first `held`.
    pub(super) fn release(&mut self, held: usize) {
        self.held.truncate(held);
    }

    /// Binds `name` to what the field `field` makes of `value`: that value itself where the field is not there.
    pub(super) fn part(&mut self, name: &RustIdent, field: &RustIdent, optional: bool, value: &Value) {
        let bound = if optional {
            Bound::layer(field, FORWARD, value)
        } else {
            Bound::Plain(Code::new(format_args!("self.{field}.forward({})", value.read())))
        };
        self.statements.push((name.clone(), bound));
    }

    /// Binds `name` to `value`, as the source of so many readings.
    pub(super) fn keep(&mut self, name: RustIdent, value: &Value, readings: usize) -> Source {
        self.statements.push((name.clone(), Bound::Plain(value.read())));
        Source { name, left: readings, shared: false }
    }

    /// Goes on from `value` in a branch whose values are bound to `target`, the same where it is `None`; what was the
    /// target is returned.
    pub(super) fn enter(&mut self, value: Value, target: Option<RustIdent>) -> RustIdent {
        self.value = value;
        let target = target.unwrap_or_else(|| self.target.clone());
        std::mem::replace(&mut self.target, target)
    }

    /// Ends a branch that was entered when `target` was the target; the variable that has its value.
    pub(super) fn leave(&mut self, target: RustIdent) -> Code {
        self.begin();
        self.target = target;
        self.value.read()
    }

    /// Joins `operands`: as many on a line as fit.
    pub(super) fn join(&mut self, joint: Joint, operands: Vec<Code>) {
        let mut taken: Vec<Code> = Vec::new();
        let mut joined = None;
        for operand in operands {
            taken.push(operand);
            let is_too_long = joint.write(&taken).read().overflows(self.beside() + "joined".len());
            if let Some(last) = if is_too_long && taken.len() > 2 { taken.pop() } else { None } {
                let name = joined.get_or_insert_with(|| self.hold(&RustIdent::new("joined"))).clone();
                self.statements.push((name.clone(), Bound::Plain(joint.write(&taken).read())));
                taken = vec![Code::new(format_args!("{name}")), last];
            }
        }
        self.value = joint.write(&taken);
    }

    fn bind(&mut self, bound: Bound) {
        self.statements.push((self.target.clone(), bound));
        self.value = Value::Variable { name: self.target.clone(), shared: false };
    }

    /// Columns beside the value of a `let`.
    fn beside(&self) -> usize {
        INDENT + format!("let {} = ;", self.target).len()
    }

    /// The statements, of which the last is the result.
    pub(super) fn finish(mut self) -> Vec<Code> {
        let result = match self.value {
            Value::Expression { code, .. } => Bound::Plain(code),
            Value::Variable { name, .. } => match self.statements.pop_if(|(bound, _)| *bound == name) {
                Some((_, bound)) => bound,
                None => Bound::Plain(Code::new(format_args!("{name}"))),
            },
        };
        let mut lines: Vec<_> =
            self.statements.iter().map(|(name, bound)| bound.lay_out(format_args!("let {name} = "), ";")).collect();
        lines.push(result.lay_out(format_args!(""), ""));
        lines
    }
}

impl Bound {
    fn layer(option: &RustIdent, method: &'static str, value: &Value) -> Self {
        let none = value.read();
        Self::Layer { option: option.clone(), some: Code::new(format_args!("{option}.{method}({none})")), none }
    }

    fn lay_out(&self, before: std::fmt::Arguments<'_>, after: &'static str) -> Code {
        match self {
            Self::Plain(value) => {
                let value = Code::new(format_args!("{value}{after}"));
                fitted(before, &value).unwrap_or_else(|| Code::new(format_args!("{before}{value}")))
            }
            Self::Layer { option, some, none } => Code::new(format_args!(
                "{before}match &self.{option} {{\n            Some({option}) => {some},\n            None => {none},\n        \
                 }}{after}"
            )),
            Self::Switch { flag, then, otherwise } => {
                let value = Code::new(format_args!("if self.{flag} {{ {then} }} else {{ {otherwise} }}{after}"));
                fitted(before, &value).unwrap_or_else(|| {
                    Code::new(format_args!(
                        "{before}if self.{flag} {{\n            {then}\n        }} else {{\n            \
                         {otherwise}\n        }}{after}"
                    ))
                })
            }
        }
    }
}

/// `before` and `value` on one line, or on two where something is bound; nothing where neither fits.
fn fitted(before: std::fmt::Arguments<'_>, value: &Code) -> Option<Code> {
    let flat = Code::new(format_args!("{before}{value}"));
    if !flat.overflows(INDENT) {
        return Some(flat);
    }
    let before = before.to_string();
    let below = || Code::new(format_args!("{}\n            {value}", before.trim_end()));
    (!before.is_empty() && !value.overflows(INDENT + STEP)).then(below)
}
