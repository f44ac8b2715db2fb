//! The body of a `forward`: one value flows through it and is bound to a name wherever a person would.

use super::layout::Code;
use super::quote::RustIdent;

/// Indentation of the statements of a method.
const INDENT: usize = 8;

/// A `forward` that is being written.
#[derive(Debug)]
pub(super) struct Flow {
    statements: Vec<(RustIdent, Bound)>,
    /// The current value: a variable, or an expression that has no name yet.
    value: Code,
    /// Whether `value` is such an expression, and whether it is an infix one.
    pending: Option<Shape>,
    /// The variable that values are bound to.
    target: RustIdent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Call,
    Infix,
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

impl Flow {
    /// A flow that begins at the variable `input` and binds what it makes to `target`.
    pub(super) fn new(input: &str, target: &str) -> Self {
        let input = RustIdent::new(input);
        let value = Code::new(format_args!("{input}"));
        Self { statements: Vec::new(), value, pending: None, target: RustIdent::new(target) }
    }

    /// Begins a statement.
    pub(super) fn begin(&mut self) {
        if self.pending.take().is_some() {
            let value = std::mem::replace(&mut self.value, Code::new(format_args!("{}", self.target)));
            self.statements.push((self.target.clone(), Bound::Plain(value)));
        }
    }

    /// The variable that holds the current value.
    pub(super) fn variable(&mut self) -> Code {
        self.begin();
        self.value.clone()
    }

    /// Continues at `variable`, binding to `target`.
    pub(super) fn resume(&mut self, variable: Code, target: &str) {
        self.begin();
        self.value = variable;
        self.target = RustIdent::new(target);
    }

    /// Applies a function of the current value.
    pub(super) fn call(&mut self, function: impl Fn(&Code) -> Code) {
        let mut value = function(&self.value);
        if self.pending.is_some() && value.overflows(self.beside()) {
            self.begin();
            value = function(&self.value);
        }
        self.value = value;
        self.pending = Some(Shape::Call);
    }

    /// Applies an expression of the current value: with a method, of a value that is not infix.
    pub(super) fn apply(&mut self, is_method: bool, expression: impl Fn(&Code) -> Code) {
        if is_method && self.pending == Some(Shape::Infix) {
            self.begin();
        }
        self.call(expression);
    }

    /// A branch that computes nothing: where the other one begins, and what holds the untouched value.
    pub(super) fn identity(&mut self, source: &Code, name: &RustIdent) -> (Code, Code) {
        let clone = Code::new(format_args!("{source}.clone()"));
        if source.to_string() != self.target.to_string() {
            return (clone, source.clone());
        }
        // The other branch binds its values to the same variable.
        self.statements.push((name.clone(), Bound::Plain(clone)));
        (source.clone(), Code::new(format_args!("{name}")))
    }

    /// Binds `name` to what the field `field` makes of a copy of `source`: the copy itself where it is not there.
    pub(super) fn shortcut(&mut self, name: &RustIdent, field: &RustIdent, optional: bool, source: &Code) {
        let clone = Code::new(format_args!("{source}.clone()"));
        let bound = if optional {
            let some = Code::new(format_args!("{field}.forward({clone})"));
            Bound::Layer { option: field.clone(), some, none: clone }
        } else {
            Bound::Plain(Code::new(format_args!("self.{field}.forward({clone})")))
        };
        self.statements.push((name.clone(), bound));
    }

    /// Adds `other` to the current value.
    pub(super) fn add(&mut self, other: &Code) {
        self.begin();
        self.value = Code::new(format_args!("{} + {other}", self.value));
        self.pending = Some(Shape::Infix);
    }

    /// Sends the current value through the layer in the field `option`, if it is there.
    pub(super) fn optional(&mut self, option: &RustIdent) {
        let value = self.variable();
        let some = Code::new(format_args!("{option}.forward({value})"));
        self.bind(Bound::Layer { option: option.clone(), some, none: value });
    }

    /// Applies `function` to the current value if the field `flag` says so.
    pub(super) fn switch(&mut self, flag: &RustIdent, function: impl Fn(&Code) -> Code) {
        let value = self.variable();
        self.bind(Bound::Switch { flag: flag.clone(), then: function(&value), otherwise: value });
    }

    fn bind(&mut self, bound: Bound) {
        self.statements.push((self.target.clone(), bound));
        self.value = Code::new(format_args!("{}", self.target));
    }

    /// Columns beside the value of a `let`.
    fn beside(&self) -> usize {
        INDENT + format!("let {} = ;", self.target).len()
    }

    /// The statements, of which the last is the result.
    pub(super) fn finish(mut self) -> Vec<Code> {
        let result = if self.pending.is_some() {
            Bound::Plain(self.value)
        } else {
            match self.statements.pop() {
                Some((_, bound)) => bound,
                None => Bound::Plain(self.value),
            }
        };
        let mut lines: Vec<_> =
            self.statements.iter().map(|(name, bound)| bound.lay_out(format_args!("let {name} = "), ";")).collect();
        lines.push(result.lay_out(format_args!(""), ""));
        lines
    }
}

impl Bound {
    fn lay_out(&self, before: std::fmt::Arguments<'_>, after: &'static str) -> Code {
        match self {
            Self::Plain(value) => Code::new(format_args!("{before}{value}{after}")),
            Self::Layer { option, some, none } => Code::new(format_args!(
                "{before}match &self.{option} {{\n            Some({option}) => {some},\n            None => {none},\n        \
                 }}{after}"
            )),
            Self::Switch { flag, then, otherwise } => {
                let flat = Code::new(format_args!("{before}if self.{flag} {{ {then} }} else {{ {otherwise} }}{after}"));
                // An `if` that is the result of a function is broken whatever its length.
                if after.is_empty() || flat.overflows(INDENT) {
                    return Code::new(format_args!(
                        "{before}if self.{flag} {{\n            {then}\n        }} else {{\n            \
                         {otherwise}\n        }}{after}"
                    ));
                }
                flat
            }
        }
    }
}
