//! The numbers of an item: literals, or what the parameters of its definition say.

use super::super::layout::Code;
use super::super::quote::RustIdent;
use crate::ir::Dialect;
use crate::outline::{Expression, Field, Item};
use std::collections::BTreeSet;

/// A number in generated code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Number {
    pub(in super::super) code: Code,
    /// Its value where it is a literal.
    pub(in super::super) literal: Option<u64>,
}

impl Number {
    pub(super) fn literal(value: u64) -> Self {
        Self { code: Code::new(format_args!("{value}")), literal: Some(value) }
    }

    pub(super) fn is(&self, value: u64) -> bool {
        self.literal == Some(value)
    }
}

/// Where the numbers of an item come from.
#[derive(Debug)]
pub(in super::super) struct Numbers<'a> {
    pub(in super::super) dialect: &'a Dialect,
    pub(in super::super) item: &'a Item,
    /// The definition's parameters as variables.
    pub(in super::super) parameters: &'a [RustIdent],
    /// The parameters that the code reads.
    pub(in super::super) used: &'a mut BTreeSet<usize>,
}

impl Numbers<'_> {
    /// `field` of the item, or `value` where the item says nothing about it.
    pub(super) fn get(&mut self, field: Field, value: u64) -> Number {
        match self.item.fields.get(&field) {
            Some(&expression) => self.number(expression),
            None => Number::literal(value),
        }
    }

    pub(super) fn pair(&mut self, field: Field, [height, width]: [u64; 2]) -> [Number; 2] {
        [self.get(field, height), self.get(field, width)]
    }

    /// A real `field` of the item, or `value` where the item says nothing about it; `None` where it is that of burn.
    pub(super) fn real(&mut self, field: Field, value: f64, of_burn: Option<f64>) -> Option<Code> {
        let expression = self.item.fields.get(&field).copied().unwrap_or(Expression::Real(value));
        let is_default =
            matches!((expression, of_burn), (Expression::Real(value), Some(burn)) if value.to_bits() == burn.to_bits());
        (!is_default).then(|| self.number(expression).code)
    }

    fn number(&mut self, expression: Expression) -> Number {
        match expression {
            Expression::Literal(value) => Number::literal(value),
            Expression::Real(value) => Number { code: Code::new(format_args!("{value:?}")), literal: None },
            Expression::Parameter(index) => self.parameter(index, |name| Code::new(format_args!("{name}"))),
            Expression::Multiple(factor, index) => {
                self.parameter(index, |name| Code::new(format_args!("{factor} * {name}")))
            }
            Expression::Half(index) => self.parameter(index, |name| Code::new(format_args!("{name} / 2"))),
        }
    }

    fn parameter(&mut self, index: usize, code: impl Fn(&RustIdent) -> Code) -> Number {
        self.used.insert(index);
        match self.parameters.get(index) {
            Some(name) => Number { code: code(name), literal: None },
            None => Number::literal(0),
        }
    }
}
