//! What an expression is worth.
//!
//! Whole numbers stay whole: `/` gives one where it comes out even and a number with a fraction elsewhere, so that what
//! must be whole can say what it got. Every operation is checked; nothing wraps.

use super::ast::{Expression, ExpressionKind, Operator, Passed};
use super::function;
use super::{NONE, Value};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::limits;
use crate::source::{Span, Spanned};
use std::cmp::Ordering;

/// A value, or what is wrong.
pub type Evaluated<T = Value> = Result<T, Box<Diagnostic>>;

/// What the names in an expression stand for.
pub trait Scope {
    /// What the variable called `name` holds. Without one, the name is a word.
    ///
    /// # Errors
    /// That it has no value here.
    fn variable(&self, name: &str, span: Span) -> Evaluated<Option<Value>>;

    /// `base.field`.
    ///
    /// # Errors
    /// That there is none.
    fn field(&self, base: &str, field: &str, span: Span) -> Evaluated;

    /// What a call gives that is none of a function of the language: a function of the place, or a block as a value.
    ///
    /// # Errors
    /// What is wrong with it.
    fn call(&self, name: &Spanned<String>, arguments: &[Passed], span: Span) -> Evaluated;

    /// Counts one step of work.
    ///
    /// # Errors
    /// That there were too many.
    fn spend(&self, span: Span) -> Evaluated<()>;
}

/// Refuses names of arguments of the function `name`.
///
/// # Errors
/// That there is one.
pub fn by_position(name: &str, arguments: &[Passed]) -> Evaluated<()> {
    let Some(named) = arguments.iter().find_map(|passed| passed.name.as_ref()) else { return Ok(()) };
    let message = format!("`{name}` takes its arguments by position");
    let error = Diagnostic::error(Code::UnknownKey, named.span, message, "a function's arguments have no names");
    Err(Box::new(error.help("remove the name")))
}

/// The value of `expression` in `scope`.
///
/// # Errors
/// The first thing that is wrong.
pub fn evaluate(expression: &Expression, scope: &dyn Scope) -> Evaluated {
    let span = expression.span;
    scope.spend(span)?;
    match &expression.kind {
        ExpressionKind::Constant(value) => Ok(value.clone()),
        ExpressionKind::Name(name) => Ok(scope.variable(name, span)?.unwrap_or_else(|| Value::Text(name.clone()))),
        ExpressionKind::Field(base, field) => scope.field(base, field, span),
        ExpressionKind::Call(name, arguments) => match function::find(&name.value) {
            Some(function) => {
                let values = arguments
                    .iter()
                    .map(|passed| evaluate(&passed.value, scope).map(|value| Spanned::new(value, passed.value.span)))
                    .collect::<Evaluated<Vec<_>>>()?;
                by_position(function.name, arguments)?;
                function.call(&values, span)
            }
            None => scope.call(name, arguments, span),
        },
        ExpressionKind::List(items) => items
            .iter()
            .map(|item| evaluate(item, scope))
            .collect::<Evaluated<Vec<_>>>()
            .and_then(|items| bounded(Value::List(items.into()), span, scope)),
        ExpressionKind::Negative(inner) => match evaluate(inner, scope)? {
            Value::Integer(value) => value.checked_neg().map(Value::Integer).ok_or_else(|| too_large(span)),
            Value::Float(value) => Ok(Value::Float(-value)),
            other => Err(mistyped(inner.span, &other, "a number")),
        },
        ExpressionKind::Not(inner) => Ok(Value::Boolean(!truth(inner, scope)?)),
        ExpressionKind::Binary(Operator::And, left, right) => {
            Ok(Value::Boolean(truth(left, scope)? && truth(right, scope)?))
        }
        ExpressionKind::Binary(Operator::Or, left, right) => {
            Ok(Value::Boolean(truth(left, scope)? || truth(right, scope)?))
        }
        ExpressionKind::Binary(operator, left, right) => {
            let sides = [evaluate(left, scope)?, evaluate(right, scope)?];
            binary(*operator, sides, [left.span, right.span], span)
        }
        ExpressionKind::If(cases, last) => {
            for (condition, value) in cases {
                if truth(condition, scope)? {
                    return evaluate(value, scope);
                }
            }
            evaluate(last, scope)
        }
    }
}

/// `value`, if it holds no more values than the limit; a step of work is counted for each of them, and for itself.
///
/// What is put together out of itself would otherwise double with every line.
///
/// # Errors
/// That it is too large.
pub fn bounded(value: Value, span: Span, scope: &dyn Scope) -> Evaluated {
    let size = value.size(limits::VALUES + 2);
    // Itself is none of those that it holds.
    if size > limits::VALUES + 1 {
        let message = format!("a value is made of more than {} values", limits::VALUES);
        return Err(Box::new(Diagnostic::error(Code::TooMuchWork, span, message, "here it exceeds the limit")));
    }
    for _ in 0..size {
        scope.spend(span)?;
    }
    Ok(value)
}

/// The truth of a condition.
///
/// # Errors
/// That it has none.
pub fn truth(condition: &Expression, scope: &dyn Scope) -> Evaluated<bool> {
    match evaluate(condition, scope)? {
        Value::Boolean(value) => Ok(value),
        other => Err(mistyped(condition.span, &other, "`true` or `false`")),
    }
}

/// `value` as a whole number.
///
/// # Errors
/// That it is none.
pub fn whole(value: &Value, span: Span) -> Evaluated<i128> {
    match value {
        Value::Integer(value) => Ok(*value),
        #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
        Value::Float(value) if value.fract() == 0.0 && (-END..END).contains(value) => Ok(*value as i128),
        Value::Float(value) if value.fract() == 0.0 => Err(too_large(span)),
        Value::Float(value) => Err(Box::new(
            Diagnostic::error(
                Code::NotWhole,
                span,
                format!("{value} is not a whole number"),
                "a whole number is needed here",
            )
            .help("round it: `floor(…)`, `ceil(…)` or `round(…)`"),
        )),
        other => Err(mistyped(span, other, "a whole number")),
    }
}

/// `value` as a number.
///
/// # Errors
/// That it is none.
#[expect(clippy::cast_precision_loss, reason = "numbers that are computed with fractions are small")]
pub fn number(value: &Value, span: Span) -> Evaluated<f64> {
    match value {
        Value::Integer(value) => Ok(*value as f64),
        Value::Float(value) => Ok(*value),
        other => Err(mistyped(span, other, "a number")),
    }
}

fn binary(operator: Operator, [left, right]: [Value; 2], spans: [Span; 2], span: Span) -> Evaluated {
    if let Operator::Equal | Operator::Unequal = operator {
        let equal = equal(&left, &right).ok_or_else(|| {
            let message = match (&left, &right) {
                (Value::List(_), Value::List(_)) => "lists are compared whose values differ in type".to_owned(),
                _ => format!("{} is compared with {}", left.type_name(), right.type_name()),
            };
            let error = Diagnostic::error(Code::WrongType, span, message, "they can never be equal");
            Box::new(error.help("compare numbers with numbers and words with words"))
        })?;
        return Ok(Value::Boolean(equal == (operator == Operator::Equal)));
    }
    let [x, y] = [number(&left, spans[0])?, number(&right, spans[1])?];
    if let Some(order) = compare(&left, &right)
        && let Some(holds) = ordered(operator, order)
    {
        return Ok(Value::Boolean(holds));
    }
    if let (Value::Integer(left), Value::Integer(right)) = (&left, &right)
        && let Some(result) = integers(operator, *left, *right, span)
    {
        return result;
    }
    let value = match operator {
        Operator::Plus => x + y,
        Operator::Minus => x - y,
        Operator::Times => x * y,
        Operator::Over | Operator::Modulo if y == 0.0 => return Err(by_zero(spans[1])),
        Operator::Over => x / y,
        Operator::Modulo => x.rem_euclid(y),
        // Truth values and comparisons are told above.
        Operator::And
        | Operator::Or
        | Operator::Equal
        | Operator::Unequal
        | Operator::Below
        | Operator::AtMost
        | Operator::Above
        | Operator::AtLeast => return Ok(Value::Boolean(false)),
    };
    finite(value, span)
}

/// `value`, if it is a number.
///
/// # Errors
/// That it left the range of numbers.
pub fn finite(value: f64, span: Span) -> Evaluated {
    if value.is_finite() { Ok(Value::Float(value)) } else { Err(too_large(span)) }
}

/// What two whole numbers give where that is no fraction.
fn integers(operator: Operator, left: i128, right: i128, span: Span) -> Option<Evaluated> {
    let checked = |value: Option<i128>| Some(value.map(Value::Integer).ok_or_else(|| too_large(span)));
    match operator {
        Operator::Plus => checked(left.checked_add(right)),
        Operator::Minus => checked(left.checked_sub(right)),
        Operator::Times => checked(left.checked_mul(right)),
        Operator::Over if right != 0 && left % right == 0 => checked(left.checked_div(right)),
        Operator::Modulo if right != 0 => checked(left.checked_rem_euclid(right)),
        Operator::Over
        | Operator::Modulo
        | Operator::And
        | Operator::Or
        | Operator::Equal
        | Operator::Unequal
        | Operator::Below
        | Operator::AtMost
        | Operator::Above
        | Operator::AtLeast => None,
    }
}

/// What a comparison says of numbers that compare so.
fn ordered(operator: Operator, order: Ordering) -> Option<bool> {
    match operator {
        Operator::Below => Some(order.is_lt()),
        Operator::AtMost => Some(order.is_le()),
        Operator::Above => Some(order.is_gt()),
        Operator::AtLeast => Some(order.is_ge()),
        Operator::And
        | Operator::Or
        | Operator::Equal
        | Operator::Unequal
        | Operator::Plus
        | Operator::Minus
        | Operator::Times
        | Operator::Over
        | Operator::Modulo => None,
    }
}

/// 2^127: the first number that is above all whole numbers.
const END: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

/// How two numbers compare, whatever their size: a whole number may have more digits than one with a fraction can.
///
/// Nothing where one of them is no number.
#[must_use]
pub fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Integer(left), Value::Float(right)) => against(*left, *right),
        (Value::Float(left), Value::Integer(right)) => against(*right, *left).map(Ordering::reverse),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "what lies beyond the whole numbers is told before")]
fn against(whole: i128, number: f64) -> Option<Ordering> {
    if number >= END {
        return Some(Ordering::Less);
    }
    if number < -END {
        return Some(Ordering::Greater);
    }
    // Of equal whole parts, a fraction decides.
    let below = number.floor();
    let part = 0.0.partial_cmp(&(number - below))?;
    Some(whole.cmp(&(below as i128)).then(part))
}

/// Whether two values are equal, where they can be.
#[must_use]
pub fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left == right),
        (Value::Boolean(left), Value::Boolean(right)) => Some(left == right),
        // Values that can never be equal make lists that cannot, wherever they stand.
        (Value::List(left), Value::List(right)) => left
            .iter()
            .zip(right.iter())
            .map(|(left, right)| equal(left, right))
            .try_fold(left.len() == right.len(), |all, one| one.map(|one| all && one)),
        // One number is height and width of a pair.
        (Value::List(pair), side @ (Value::Integer(_) | Value::Float(_)))
        | (side @ (Value::Integer(_) | Value::Float(_)), Value::List(pair)) => match pair.as_ref() {
            [height, width] => Some(compare(height, side)?.is_eq() & compare(width, side)?.is_eq()),
            _ => None,
        },
        (Value::Call(call), Value::Text(word)) | (Value::Text(word), Value::Call(call)) => {
            Some(call.name.value == **word)
        }
        (Value::Init(left), Value::Init(right)) => Some(left == right),
        (Value::Init(init), Value::Text(word)) | (Value::Text(word), Value::Init(init)) => {
            Some(init.to_string() == **word)
        }
        (Value::Call(left), Value::Call(right)) => Some(left.name.value == right.name.value),
        // What is absent is no number: `classes != none`.
        (Value::Text(word), _) | (_, Value::Text(word)) if **word == *NONE => Some(false),
        _ => compare(left, right).map(Ordering::is_eq),
    }
}

pub(super) fn too_large(span: Span) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error(Code::Arithmetic, span, "a number is too large", "this leaves the range of numbers")
            .help("use smaller numbers"),
    )
}

fn by_zero(span: Span) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::Arithmetic, span, "a number is divided by zero", "this is 0"))
}

/// The error for a value of another type than is `expected`.
#[must_use]
pub fn mistyped(span: Span, found: &Value, expected: &str) -> Box<Diagnostic> {
    let error = match found {
        // A word that is no choice and no variable was meant to be one of them.
        Value::Text(word) => Diagnostic::error(
            Code::WrongType,
            span,
            format!("{} is a word", suggest::quoted(word)),
            format!("expected {expected}"),
        ),
        _ => Diagnostic::error(
            Code::WrongType,
            span,
            format!("this is {}", found.type_name()),
            format!("expected {expected}"),
        ),
    };
    Box::new(error)
}
