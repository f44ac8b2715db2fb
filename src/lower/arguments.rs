//! Arguments, checked against the declaration of the block or layer that is called.

use super::matching::Matching;
use super::scope::Blocks;
use super::slips;
use crate::diagnostic::suggest::{self, Words};
use crate::diagnostic::{Code, Diagnostic};
use crate::dialect;
use crate::lang::ast::{Block, Domain, Expression, Parameter};
use crate::lang::elsewhere;
use crate::lang::eval::whole;
use crate::lang::value::{Argument, CallValue};
use crate::lang::{NONE, Value};
use crate::library;
use crate::limits;
use crate::source::{Span, Spanned};
use std::sync::Arc;

/// A parameter, its value, and where that was written; the call where it is a default.
pub(super) type Bound<'a> = (&'a str, Value, Span);

/// A block and a value for each of its parameters.
#[derive(Debug)]
pub struct Arguments<'a> {
    pub(super) block: &'a Block,
    /// The parameters that have a value that was written or is a constant.
    pub(super) values: Vec<Bound<'a>>,
    /// Parameters whose default must be calculated where the block is.
    pub(super) defaults: Vec<(&'a str, &'a Expression)>,
    /// Where the call was written.
    pub(super) span: Span,
}

impl<'a> Arguments<'a> {
    /// The block.
    #[must_use]
    pub fn block(&self) -> &'a Block {
        self.block
    }

    /// Appends bytes that are the same for two calls of one block exactly where these tell it the same.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for (name, value, _) in &self.values {
            out.extend(name.as_bytes());
            out.push(0);
            value.encode(out);
        }
    }

    /// What messages about a block of the library point at: the first argument, usually its filters.
    pub(super) fn blame(&self) -> Span {
        let written = self.values.iter().find(|(.., span)| *span != self.span);
        written.map_or(self.span, |(.., span)| *span)
    }
}

/// Who checks: where names of blocks are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) blocks: Blocks<'a>,
    /// Whether the value was written in the library.
    pub(super) is_library: bool,
    /// How the description writes words.
    pub(super) words: Words,
}

impl Judge<'_> {
    /// The value for a `parameter` of `owner` that stands in the description as `value`. TOML has whole numbers and fractions,
    /// and nothing is calculated there: a whole number has no point.
    pub(super) fn written(
        self,
        owner: &str,
        value: &Spanned<Value>,
        parameter: &Parameter,
    ) -> Result<Value, Box<Diagnostic>> {
        match self.words {
            Words::Bare => self.even(owner, value, parameter),
            Words::Quoted => self.check(owner, value, parameter),
        }
    }

    /// The value for a `parameter` of `owner` that an expression gives: a fraction that is whole is a whole number.
    pub(super) fn even(
        self,
        owner: &str,
        value: &Spanned<Value>,
        parameter: &Parameter,
    ) -> Result<Value, Box<Diagnostic>> {
        let value = Spanned::new(evened(value.value.clone(), &parameter.domain), value.span);
        self.check(owner, &value, parameter)
    }

    /// The value for a `parameter` of `owner` that is `value`.
    pub(super) fn check(
        self,
        owner: &str,
        value: &Spanned<Value>,
        parameter: &Parameter,
    ) -> Result<Value, Box<Diagnostic>> {
        let Spanned { value: found, span } = value;
        let name = &parameter.name.value;
        let absent = |value: &Value| matches!(value, Value::Text(word) if **word == *NONE);
        // What may be absent can be said to be.
        if absent(found)
            && !matches!(parameter.domain, Domain::Block(_))
            && parameter.constant().as_ref().is_some_and(absent)
        {
            return Ok(found.clone());
        }
        let refused = match (found, &parameter.domain) {
            (Value::Text(_) | Value::Call(_), Domain::Init) => match dialect::init::read(found, *span) {
                Ok(init) => return Ok(dialect::init::value(init)),
                Err(error) => *error,
            },
            // A parameter of any type hands it on.
            (Value::Call(call), Domain::Any) if self.blocks.is_init(&call.name.value, call.is_library) => {
                return dialect::init::read(found, *span).map(dialect::init::value);
            }
            (Value::Call(call), Domain::Any) => {
                let Some(block) = self.blocks.find(&call.name.value, call.is_library) else {
                    return self.block(&call.name.value, &[], &[], *span, parameter, call.is_library);
                };
                let arguments = self.partial(block, &call.arguments)?;
                return Ok(Value::Call(Arc::new(CallValue { arguments, ..CallValue::clone(call) })));
            }
            (Value::Integer(number), Domain::Channels | Domain::Integer { .. }) => {
                let (min, max, over) = range(&parameter.domain);
                if (min..=max).contains(number) {
                    return Ok(found.clone());
                }
                out_of_range(if *number > max { over } else { Code::OutOfRange }, *number, *span, parameter)
            }
            (Value::Integer(number), Domain::Float { min, below }) => {
                #[expect(clippy::cast_precision_loss, reason = "a number that is in range is small")]
                let number = *number as f64;
                if (*min..*below).contains(&number) {
                    return Ok(Value::Float(number));
                }
                fraction_out_of_range(number, *span, parameter)
            }
            (Value::Float(number), Domain::Float { min, below }) => {
                if (*min..*below).contains(number) {
                    return Ok(found.clone());
                }
                fraction_out_of_range(*number, *span, parameter)
            }
            (Value::Boolean(_), Domain::Boolean)
            | (Value::Init(_), Domain::Init)
            | (
                Value::Integer(_)
                | Value::Float(_)
                | Value::Boolean(_)
                | Value::List(_)
                | Value::Text(_)
                | Value::Init(_),
                Domain::Any,
            ) => {
                return Ok(found.clone());
            }
            (Value::Text(word), Domain::Choice(choices)) => {
                if choices.iter().any(|choice| **choice == **word) {
                    return Ok(found.clone());
                }
                let message = format!("`{owner}` has no {name} {}", suggest::quoted(word));
                elsewhere::unknown_word(message, word, *span, choices.iter().map(String::as_str), self.words)
            }
            (_, Domain::Pair { min, max }) => match pair(found, *min, *max) {
                Some(pair) => return Ok(pair),
                None => match beyond(found, &parameter.domain) {
                    Some(side) => out_of_range(Code::OutOfRange, side, *span, parameter),
                    None => wrong_type(found, *span, parameter, self.words),
                },
            },
            (_, Domain::Padding) => match padding(found) {
                Some(padding) => return Ok(padding),
                None => wrong_type(found, *span, parameter, self.words),
            },
            (Value::List(items), Domain::Numbers) => {
                let most = i128::from(limits::CHANNELS);
                match items.iter().find(|item| !matches!(item, Value::Integer(number) if (1..=most).contains(number))) {
                    None => return Ok(found.clone()),
                    Some(Value::Integer(number)) => out_of_range(
                        if *number > most { Code::TooManyChannels } else { Code::OutOfRange },
                        *number,
                        *span,
                        parameter,
                    ),
                    Some(_) => wrong_type(found, *span, parameter, self.words),
                }
            }
            (Value::Text(word), Domain::Block(given)) => {
                return self.block(word, &[], given, *span, parameter, self.is_library);
            }
            (Value::Call(call), Domain::Block(given)) => {
                return self.block(&call.name.value, &call.arguments, given, *span, parameter, call.is_library);
            }
            (found, _) => wrong_type(found, *span, parameter, self.words),
        };
        Err(Box::new(explained(refused, parameter)))
    }

    /// Some of the arguments of `block`, each with its name and held against its parameter.
    pub(super) fn partial(self, block: &Block, arguments: &[Argument]) -> Result<Vec<Argument>, Box<Diagnostic>> {
        let mut matching = Matching::of(&block.signature, false);
        let named = |argument: &Argument| {
            let span = argument.value.span;
            let name = matching.next(argument.name.as_ref(), argument.variable.as_deref(), span)?;
            let value = Spanned::new(self.argument(block, name, &argument.value)?, span);
            let at = argument.name.as_ref().map_or(span, |name| name.span);
            Ok(Argument::named(Spanned::new(name.to_owned(), at), value))
        };
        arguments.iter().map(named).collect()
    }

    /// The value of an argument for the parameter called `name`, calculated or written.
    pub(super) fn argument(self, block: &Block, name: &str, value: &Spanned<Value>) -> Result<Value, Box<Diagnostic>> {
        let Some(parameter) = block.parameter(name) else { return Ok(value.value.clone()) };
        self.even(block.name(), value, parameter)
    }

    /// A default that was calculated. It may always be `none`.
    pub(super) fn default(self, block: &Block, name: &str, value: Spanned<Value>) -> Result<Value, Box<Diagnostic>> {
        let is_block = block.parameter(name).is_some_and(|own| matches!(own.domain, Domain::Block(_)));
        match &value.value {
            Value::Text(word) if **word == *NONE && !is_block => Ok(value.value),
            _ => self.argument(block, name, &value),
        }
    }

    /// A block as a value, which will be told `given` when it is called.
    fn block(
        self,
        name: &str,
        arguments: &[Argument],
        given: &[String],
        span: Span,
        parameter: &Parameter,
        is_library: bool,
    ) -> Result<Value, Box<Diagnostic>> {
        let Some(block) = self.blocks.find(name, is_library) else {
            if library::layer(name).is_some() {
                let message = format!("`{name}` is a layer, and `{}` takes a block", parameter.name.value);
                let error = Diagnostic::error(Code::UnknownChoice, span, message, expected(&parameter.domain));
                return Err(Box::new(explained(error.help(slips::as_block(name)), parameter)));
            }
            let message = format!("no block for `{}` is called {}", parameter.name.value, suggest::quoted(name));
            let names = self.blocks.own().chain(library::parts_for(given).map(|block| -> &str { block.name() }));
            return Err(Box::new(explained(
                elsewhere::unknown_word(message, name, span, names, self.words),
                parameter,
            )));
        };
        let bound = self.partial(block, arguments)?;
        let told = |own: &Parameter| {
            given.contains(&own.name.value) || bound.iter().any(|argument| argument.is(&own.name.value))
        };
        if let Some(missing) = block.signature.parameters.iter().find(|own| own.default.is_none() && !told(own)) {
            let gets = if given.is_empty() {
                "nothing".to_owned()
            } else {
                suggest::list(given.iter().map(String::as_str)).replace(" or ", " and ")
            };
            return Err(Box::new(
                Diagnostic::error(
                    Code::WrongBlock,
                    span,
                    format!("`{name}` cannot be the {} here", parameter.name.value),
                    format!("it needs `{}`, and gets {gets}", missing.name.value),
                )
                .help(format!("write `{name}({} = …)`, or give the parameter a default", missing.name.value)),
            ));
        }
        let name = Spanned::new(name.to_owned(), span);
        Ok(Value::Call(Arc::new(CallValue { name, arguments: bound, is_library })))
    }
}

fn explained(error: Diagnostic, parameter: &Parameter) -> Diagnostic {
    if parameter.meaning.is_empty() {
        error
    } else {
        error.note(format!("`{}`: {}", parameter.name.value, parameter.meaning))
    }
}

/// A pair that is written as one number or two.
fn pair(found: &Value, min: i64, max: i64) -> Option<Value> {
    let side = |value: &Value| match value {
        Value::Integer(number) if (i128::from(min)..=i128::from(max)).contains(number) => Some(Value::Integer(*number)),
        _ => None,
    };
    match found {
        Value::Integer(_) => side(found),
        Value::List(items) => match items.as_ref() {
            [height, width] if height == width => side(height),
            [height, width] => Some(Value::List([side(height)?, side(width)?].into())),
            _ => None,
        },
        _ => None,
    }
}

/// The side of a pair, written as one number or two, that is outside the range of `domain`.
fn beyond(found: &Value, domain: &Domain) -> Option<i128> {
    let sides = match found {
        Value::List(sides) if sides.len() == 2 => sides.as_ref(),
        number => std::slice::from_ref(number),
    };
    let whole = |side: &Value| if let Value::Integer(side) = side { Some(*side) } else { None };
    let sides: Vec<_> = sides.iter().map(whole).collect::<Option<_>>()?;
    let (min, max, _) = range(domain);
    sides.into_iter().find(|side| !(min..=max).contains(side))
}

/// Padding that is written as `same`, one number or four.
fn padding(found: &Value) -> Option<Value> {
    let side =
        |value: &Value| matches!(value, Value::Integer(number) if (0..=i128::from(limits::SIDE)).contains(number));
    let fits = match found {
        Value::Text(word) => **word == *"same",
        Value::Integer(_) => side(found),
        Value::List(items) => items.len() == 4 && items.iter().all(side),
        _ => false,
    };
    fits.then(|| found.clone())
}

/// Smallest and largest of a domain of whole numbers, and the code for what is larger.
fn range(domain: &Domain) -> (i128, i128, Code) {
    match domain {
        Domain::Integer { min, max } | Domain::Pair { min, max } => ((*min).into(), (*max).into(), Code::OutOfRange),
        _ => (1, limits::CHANNELS.into(), Code::TooManyChannels),
    }
}

/// What a message says that a parameter takes.
fn expected(domain: &Domain) -> String {
    match domain {
        Domain::Any => "expected a value".to_owned(),
        Domain::Channels | Domain::Integer { .. } => match range(domain) {
            (min, max, _) if min == max => format!("expected {min}"),
            (min, max, _) => format!("expected a whole number from {min} to {max}"),
        },
        Domain::Float { min, below } if min.is_finite() && below.is_finite() => {
            format!("expected at least {min} and below {below}")
        }
        Domain::Float { .. } => "expected a number".to_owned(),
        Domain::Boolean => "expected `true` or `false`".to_owned(),
        Domain::Choice(choices) => format!("expected {}", suggest::list(choices.iter().map(String::as_str))),
        Domain::Pair { min, max } => {
            let above = min.saturating_add(1).min(*max);
            format!("expected a whole number from {min} to {max}, or height and width: `[{above}, {min}]`")
        }
        Domain::Padding => "expected `same`, a whole number, or four: top, bottom, left, right".to_owned(),
        Domain::Numbers => "expected a list of whole numbers: `[4096, 4096]`".to_owned(),
        Domain::Init => format!("expected {}", suggest::list(dialect::init::forms())),
        Domain::Block(told) => format!("expected {}", suggest::list(library::parts_for(told).map(Block::name))),
    }
}

fn out_of_range(code: Code, found: i128, span: Span, parameter: &Parameter) -> Diagnostic {
    let message = format!("`{}` is {found}", parameter.name.value);
    let error = Diagnostic::error(code, span, message, expected(&parameter.domain));
    match range(&parameter.domain) {
        (min, max, _) if min == max => error.help(format!("write `{min}`")).fix(span, min.to_string()),
        _ => error,
    }
}

fn fraction_out_of_range(found: f64, span: Span, parameter: &Parameter) -> Diagnostic {
    let message = format!("`{}` is {}", parameter.name.value, format!("{found:?}").to_lowercase());
    Diagnostic::error(Code::OutOfRange, span, message, expected(&parameter.domain))
}

fn wrong_type(found: &Value, span: Span, parameter: &Parameter, words: Words) -> Diagnostic {
    let domain = &parameter.domain;
    let whole = matches!(domain, Domain::Channels | Domain::Integer { .. } | Domain::Pair { .. });
    if let (Value::Float(number), true) = (found, whole)
        && number.fract() != 0.0
    {
        let message = format!("`{}` is {number}", parameter.name.value);
        let error = Diagnostic::error(Code::NotWhole, span, message, expected(domain));
        return match words {
            Words::Bare => error.help("round it: `floor(…)`, `ceil(…)` or `round(…)`"),
            // In TOML nothing is calculated.
            Words::Quoted => error.help(format!("write `{}` or `{}`", number.floor(), number.ceil())),
        };
    }
    let message = match found {
        Value::List(items) if !items.is_empty() => format!("`{}` is {found}", parameter.name.value),
        // In the DSL a word is what names no variable.
        Value::Text(word) if words == Words::Bare => {
            format!("`{}` is the word {}", parameter.name.value, suggest::quoted(word))
        }
        _ => format!("`{}` is {}", parameter.name.value, found.type_name()),
    };
    let error = Diagnostic::error(Code::WrongType, span, message, expected(domain));
    match meant(found, domain, words) {
        Some(meant) => error.help(format!("write `{meant}`")).fix(span, meant),
        None => error,
    }
}

/// A value of another type that can only mean one value of `domain`, as it should have been written.
fn meant(found: &Value, domain: &Domain, words: Words) -> Option<String> {
    let in_range = |number: &i128| {
        let (min, max, _) = range(domain);
        (min..=max).contains(number)
    };
    match (found, domain) {
        (Value::Text(text), Domain::Channels | Domain::Integer { .. } | Domain::Pair { .. }) => {
            text.parse().ok().filter(in_range).map(|number| number.to_string())
        }
        (Value::Text(text), Domain::Boolean) => text.parse::<bool>().ok().map(|value| value.to_string()),
        (Value::Boolean(false), Domain::Choice(choices)) if choices.iter().any(|choice| choice == "none") => {
            Some(words.write("none"))
        }
        (Value::Boolean(false), Domain::Block(_)) => Some(words.write("none")),
        (Value::Float(float), Domain::Channels | Domain::Integer { .. } | Domain::Pair { .. })
            if float.fract() == 0.0 =>
        {
            let number = format!("{float:.0}");
            number.parse().ok().filter(in_range).map(|_| number)
        }
        (Value::Integer(_), Domain::Numbers) => Some(format!("[{found}]")),
        (Value::Text(word), Domain::Padding) if word.eq_ignore_ascii_case("valid") => Some("0".to_owned()),
        (Value::Text(word), Domain::Padding) if word.eq_ignore_ascii_case("same") => Some(words.write("same")),
        _ => None,
    }
}

/// Fractions that are whole, as the whole numbers that their place needs.
fn evened(value: Value, domain: &Domain) -> Value {
    let is_whole = match domain {
        Domain::Channels | Domain::Integer { .. } | Domain::Pair { .. } | Domain::Padding | Domain::Numbers => true,
        Domain::Any | Domain::Float { .. } | Domain::Boolean | Domain::Choice(_) | Domain::Init | Domain::Block(_) => {
            false
        }
    };
    match &value {
        Value::Float(_) if is_whole => whole(&value, Span::default()).map_or(value, Value::Integer),
        Value::List(items) if is_whole => Value::List(items.iter().map(|item| evened(item.clone(), domain)).collect()),
        _ => value,
    }
}
