//! The functions of the language: pure, of numbers and lists.

use super::Value;
use super::eval::{Evaluated, compare, finite, mistyped, number, too_large, whole};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};
use std::cmp::Ordering;

/// A function.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub form: &'static str,
    /// The least and the most arguments.
    arity: [usize; 2],
    apply: fn(&[Spanned<Value>], Span) -> Evaluated,
}

/// Every function.
pub const ALL: &[Function] = &[
    Function {
        name: "min",
        form: "`min(a, b, …)`",
        arity: [1, usize::MAX],
        apply: |values, _| extreme(values, Ordering::is_lt),
    },
    Function {
        name: "max",
        form: "`max(a, b, …)`",
        arity: [1, usize::MAX],
        apply: |values, _| extreme(values, Ordering::is_gt),
    },
    Function {
        name: "floor",
        form: "`floor(x)`",
        arity: [1, 1],
        apply: |values, span| rounded(values, span, f64::floor),
    },
    Function { name: "ceil", form: "`ceil(x)`", arity: [1, 1], apply: |values, span| rounded(values, span, f64::ceil) },
    Function {
        name: "round",
        form: "`round(x)`",
        arity: [1, 1],
        apply: |values, span| rounded(values, span, f64::round_ties_even),
    },
    Function { name: "abs", form: "`abs(x)`", arity: [1, 1], apply: |values, span| absolute(values, span) },
    Function { name: "log2", form: "`log2(x)`", arity: [1, 1], apply: |values, span| real(values, span, f64::log2) },
    Function { name: "sqrt", form: "`sqrt(x)`", arity: [1, 1], apply: |values, span| real(values, span, f64::sqrt) },
    Function {
        name: "make_divisible",
        form: "`make_divisible(value, divisor, round_limit)`",
        arity: [2, 3],
        apply: make_divisible,
    },
    Function { name: "len", form: "`len(list)`", arity: [1, 1], apply: |values, _| length(values) },
    Function { name: "item", form: "`item(list, number)`", arity: [2, 2], apply: |values, _| item(values) },
];

/// The function called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    ALL.iter().find(|function| function.name == name)
}

impl Function {
    /// Applies it.
    ///
    /// # Errors
    /// What is wrong with the arguments.
    pub fn call(&self, values: &[Spanned<Value>], span: Span) -> Evaluated {
        let [least, most] = self.arity;
        if !(least..=most).contains(&values.len()) {
            let message = format!("`{}` has {} arguments", self.name, values.len());
            let error = Diagnostic::error(Code::WrongArguments, span, message, format!("written {}", self.form));
            return Err(Box::new(error));
        }
        (self.apply)(values, span)
    }
}

fn first(values: &[Spanned<Value>]) -> (&Value, Span) {
    values.first().map_or((&Value::Boolean(false), Span::default()), |value| (&value.value, value.span))
}

/// The value that `wins` against all others.
fn extreme(values: &[Spanned<Value>], wins: fn(Ordering) -> bool) -> Evaluated {
    let mut best = first(values).0;
    for Spanned { value, span } in values {
        number(value, *span)?;
        if compare(value, best).is_some_and(wins) {
            best = value;
        }
    }
    Ok(best.clone())
}

fn rounded(values: &[Spanned<Value>], span: Span, round: fn(f64) -> f64) -> Evaluated {
    let (value, at) = first(values);
    if let Value::Integer(_) = value {
        Ok(value.clone())
    } else {
        let rounded = Value::Float(round(number(value, at)?));
        whole(&rounded, span).map(Value::Integer).map_err(|_| too_large(span))
    }
}

fn absolute(values: &[Spanned<Value>], span: Span) -> Evaluated {
    match first(values) {
        (Value::Integer(value), _) => value.checked_abs().map(Value::Integer).ok_or_else(|| too_large(span)),
        (value, at) => Ok(Value::Float(number(value, at)?.abs())),
    }
}

fn real(values: &[Spanned<Value>], span: Span, apply: fn(f64) -> f64) -> Evaluated {
    let (value, at) = first(values);
    finite(apply(number(value, at)?), span)
}

/// The multiple of `divisor` nearest to `value`, at least one, and the next where that would be less than `round_limit`
/// (0.9) of it (`_make_divisible` of the TensorFlow models, as torchvision and timm have it).
fn make_divisible(values: &[Spanned<Value>], span: Span) -> Evaluated {
    let argument = |at: usize| values.get(at).map(|value| number(&value.value, value.span));
    let value = argument(0).unwrap_or(Ok(0.0))?;
    let divisor = argument(1).unwrap_or(Ok(1.0))?;
    let limit = argument(2).unwrap_or(Ok(0.9))?;
    if divisor < 1.0 {
        let at = values.get(1).map_or(span, |value| value.span);
        return Err(Box::new(Diagnostic::error(
            Code::Arithmetic,
            at,
            "a divisor is less than 1",
            "expected at least 1",
        )));
    }
    let nearest = ((value + divisor / 2.0) / divisor).floor() * divisor;
    let nearest = nearest.max(divisor);
    let result = if nearest < limit * value { nearest + divisor } else { nearest };
    whole(&Value::Float(result), span).map(Value::Integer)
}

fn length(values: &[Spanned<Value>]) -> Evaluated {
    match first(values) {
        (Value::List(items), _) => Ok(Value::Integer(i128::try_from(items.len()).unwrap_or(i128::MAX))),
        (other, at) => Err(mistyped(at, other, "a list")),
    }
}

fn item(values: &[Spanned<Value>]) -> Evaluated {
    let (list, at) = first(values);
    // One number is height and width of a pair.
    let pair;
    let items = match list {
        Value::List(items) => items.as_ref(),
        Value::Integer(_) => {
            pair = [list.clone(), list.clone()];
            &pair
        }
        _ => return Err(mistyped(at, list, "a list, or a number for height and width")),
    };
    let (number, at) = values.get(1).map_or((&Value::Integer(0), at), |value| (&value.value, value.span));
    let number = whole(number, at)?;
    let found = usize::try_from(number).ok().and_then(|number| items.get(number));
    found.cloned().ok_or_else(|| {
        let message = format!("the list has no item {number}");
        Box::new(Diagnostic::error(Code::OutOfRange, at, message, format!("it has {}, counted from 0", items.len())))
    })
}
