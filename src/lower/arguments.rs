//! A call's arguments, checked against the declaration of the block that is called.

use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::library::{Default, Definition, Domain, Parameter};
use crate::limits;
use crate::source::{Span, Spanned};
use crate::spec::Value;

/// A parameter, its value, and where that was written; the call where it is a default.
pub(super) type Bound = (&'static str, Default, Span);

/// A block and a value for each of its parameters.
#[derive(Debug)]
pub(super) struct Arguments {
    definition: &'static Definition,
    values: Vec<Bound>,
}

impl Arguments {
    /// A call of `definition` with `values`, one for each of its parameters.
    pub(super) fn new(definition: &'static Definition, values: Vec<Bound>) -> Self {
        Self { definition, values }
    }

    pub(super) fn definition(&self) -> &'static Definition {
        self.definition
    }

    pub(super) fn find_integer(&self, name: &str) -> Option<u64> {
        self.values.iter().find_map(|&(known, value, _)| match value {
            Default::Integer(value) if known == name => Some(value),
            _ => None,
        })
    }

    pub(super) fn integer(&self, name: &str) -> u64 {
        self.find_integer(name).expect("a block of the library reads only the integers that it declares")
    }

    pub(super) fn boolean(&self, name: &str) -> bool {
        let value = self.values.iter().find_map(|&(known, value, _)| match value {
            Default::Boolean(value) if known == name => Some(value),
            _ => None,
        });
        value.expect("a block of the library reads only the booleans that it declares")
    }

    pub(super) fn word(&self, name: &str) -> &'static str {
        self.values
            .iter()
            .find_map(|&(known, value, _)| match value {
                Default::Word(word) if known == name => Some(word),
                _ => None,
            })
            .expect("a block of the library reads only the words that it declares")
    }

    /// Where the value of `name` was written; the call where it is a default.
    pub(super) fn span_of(&self, name: &str) -> Span {
        let found = self.values.iter().find(|(known, ..)| *known == name);
        found.or(self.values.first()).map_or_else(Span::default, |&(.., span)| span)
    }
}

/// The value for a `parameter` of `block` that was written as `value`.
pub(super) fn check(block: &str, value: &Spanned<Value>, parameter: &Parameter) -> Result<Default, Diagnostic> {
    let span = value.span;
    let refused = match (&value.value, parameter.domain) {
        (Value::Integer(found), Domain::Channels | Domain::Integer { .. }) => {
            let (min, max, over) = range(parameter.domain);
            match u64::try_from(*found) {
                Ok(found) if (min..=max).contains(&found) => return Ok(Default::Integer(found)),
                Ok(found) if found > max => out_of_range(over, value, parameter),
                _ => out_of_range(Code::OutOfRange, value, parameter),
            }
        }
        (Value::Boolean(found), Domain::Boolean) => return Ok(Default::Boolean(*found)),
        (Value::Text(found), Domain::Choice(choices)) => {
            if let Some(word) = choices.iter().find(|choice| *choice == found) {
                return Ok(Default::Word(word));
            }
            let message = format!("`{block}` has no {} {}", parameter.name, suggest::quoted(found));
            suggest::unknown_word(message, found, span, choices.iter().copied())
        }
        (found, _) => wrong_type(found, span, parameter),
    };
    Err(refused.note(format!("`{}`: {}", parameter.name, parameter.meaning)))
}

/// Smallest and largest of a domain of numbers, and the code for what is larger.
fn range(domain: Domain) -> (u64, u64, Code) {
    match domain {
        Domain::Integer { min, max } => (min, max, Code::OutOfRange),
        Domain::Channels | Domain::Boolean | Domain::Choice(_) => (1, limits::CHANNELS, Code::TooManyChannels),
    }
}

/// What a message says that a parameter takes.
fn expected(domain: Domain) -> String {
    match domain {
        Domain::Channels | Domain::Integer { .. } => match range(domain) {
            (min, max, _) if min == max => format!("expected {min}"),
            (min, max, _) => format!("expected a whole number from {min} to {max}"),
        },
        Domain::Boolean => "expected `true` or `false`".to_owned(),
        Domain::Choice(choices) => format!("expected {}", suggest::list(choices.iter().copied())),
    }
}

fn out_of_range(code: Code, value: &Spanned<Value>, parameter: &Parameter) -> Diagnostic {
    let Value::Integer(found) = value.value else { return wrong_type(&value.value, value.span, parameter) };
    let message = format!("`{}` is {found}", parameter.name);
    let error = Diagnostic::error(code, value.span, message, expected(parameter.domain));
    match range(parameter.domain) {
        (min, max, _) if min == max => error.help(format!("write `{min}`")).fix(value.span, min.to_string()),
        _ => error,
    }
}

fn wrong_type(found: &Value, span: Span, parameter: &Parameter) -> Diagnostic {
    let message = format!("`{}` is {}", parameter.name, found.type_name());
    let error = Diagnostic::error(Code::WrongType, span, message, expected(parameter.domain));
    match meant(found, parameter.domain) {
        Some(meant) => error.help(format!("write `{meant}`")).fix(span, meant),
        None => error,
    }
}

/// A value of another type that can only mean one value of `domain`, as it should have been written.
fn meant(found: &Value, domain: Domain) -> Option<String> {
    match (found, domain) {
        (Value::Text(text), Domain::Channels | Domain::Integer { .. }) => {
            let (min, max, _) = range(domain);
            text.parse().ok().filter(|number| (min..=max).contains(number)).map(|number| number.to_string())
        }
        (Value::Text(text), Domain::Boolean) => text.parse::<bool>().ok().map(|value| value.to_string()),
        (Value::Boolean(false), Domain::Choice(choices)) if choices.contains(&"none") => Some("\"none\"".to_owned()),
        (Value::Float(float), Domain::Channels | Domain::Integer { .. }) if float.fract() == 0.0 => {
            let (min, max, _) = range(domain);
            let number = format!("{float:.0}");
            number.parse().ok().filter(|number: &u64| (min..=max).contains(number)).map(|_| number)
        }
        _ => None,
    }
}
