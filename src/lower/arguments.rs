//! A call's arguments, checked against the declaration of the block that is called.

use crate::diagnostic::{Code, Diagnostic, Report, suggest};
use crate::library::{self, Default, Definition, Domain, Parameter, Place};
use crate::limits;
use crate::source::{Span, Spanned};
use crate::spec::{Argument, Call, Origin, Value};

/// A block and a value for each of its parameters.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) definition: &'static Definition,
    values: Vec<(&'static str, Default, Span)>,
}

impl Arguments {
    /// Finds the block that `call` names and checks the arguments; what is wrong goes to `report`.
    pub(super) fn resolve(call: &Call, place: Place, report: &mut Report) -> Option<Self> {
        let what = match place {
            Place::Stem => "stem",
            Place::Stage => "block",
        };
        let Some(definition) = library::find(place, &call.kind.value) else {
            report.push(suggest::unknown_word(
                what,
                &call.kind.value,
                call.kind.span,
                library::at(place).map(|definition| definition.name),
            ));
            return None;
        };
        check_names(call, definition, what, report);
        let values: Option<Vec<_>> =
            definition.parameters.iter().map(|parameter| value(call, definition, parameter, report)).collect();
        values.map(|values| Self { definition, values })
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
        self.values.iter().any(|&(known, value, _)| known == name && value == Default::Boolean(true))
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

fn check_names(call: &Call, definition: &Definition, what: &str, report: &mut Report) {
    for argument in &call.arguments {
        let forgiven = argument.from == Origin::Defaults { same_kind: false };
        if definition.parameter(&argument.name.value).is_some() || forgiven {
            continue;
        }
        let names = definition.parameters.iter().map(|parameter| parameter.name);
        let known = if definition.parameters.is_empty() {
            "it has no parameters".to_owned()
        } else {
            format!("it has {}", suggest::list(names.clone()))
        };
        let error = Diagnostic::error(
            Code::UnknownKey,
            argument.name.span,
            format!("the {what} `{}` has no parameter `{}`", definition.name, argument.name.value),
            known,
        );
        report.push(match suggest::closest(&argument.name.value, names) {
            Some(near) => error.help(format!("write `{near}`")).fix(argument.name.span, near),
            None => error.help("remove the key"),
        });
    }
}

fn value(
    call: &Call,
    definition: &Definition,
    parameter: &'static Parameter,
    report: &mut Report,
) -> Option<(&'static str, Default, Span)> {
    let given = call.arguments.iter().find(|argument| argument.name.value == parameter.name);
    match (given, parameter.default) {
        (Some(argument), _) => match check(&argument.value, parameter) {
            Ok(value) => Some((parameter.name, value, argument.name.span.to(argument.value.span))),
            Err(error) => {
                report.push(with_caller(error, argument, call));
                None
            }
        },
        (None, Some(default)) => Some((parameter.name, default, call.span)),
        (None, None) => {
            report.push(
                Diagnostic::error(
                    Code::MissingKey,
                    call.span,
                    format!("`{}` is missing", parameter.name),
                    format!("`{}` needs `{}`: {}", definition.name, parameter.name, parameter.meaning),
                )
                .help(format!("add `{} = 64`, or the number that is meant", parameter.name)),
            );
            None
        }
    }
}

/// An inherited value that does not suit the block that inherits it: shows that block too.
fn with_caller(error: Diagnostic, argument: &Argument, call: &Call) -> Diagnostic {
    match argument.from {
        Origin::Call => error,
        Origin::Defaults { .. } => error.label(call.kind.span, format!("`{}` inherits it here", call.kind.value)),
    }
}

fn check(value: &Spanned<Value>, parameter: &Parameter) -> Result<Default, Diagnostic> {
    let span = value.span;
    match (&value.value, parameter.domain) {
        (Value::Integer(found), Domain::Channels) => {
            in_range(*found, span, 1, limits::CHANNELS, Code::TooManyChannels, parameter)
        }
        (Value::Integer(found), Domain::Integer { min, max }) => {
            in_range(*found, span, min, max, Code::OutOfRange, parameter)
        }
        (Value::Boolean(found), Domain::Boolean) => Ok(Default::Boolean(*found)),
        (Value::Text(found), Domain::Choice(choices)) => {
            let word = choices.iter().find(|choice| *choice == found).copied().map(Default::Word);
            word.ok_or_else(|| {
                let error = suggest::unknown_word(parameter.name, found, span, choices.iter().copied());
                error.note(format!("`{}`: {}", parameter.name, parameter.meaning))
            })
        }
        (found, domain) => {
            let expected = match domain {
                Domain::Channels | Domain::Integer { .. } => "an integer".to_owned(),
                Domain::Boolean => "`true` or `false`".to_owned(),
                Domain::Choice(choices) => suggest::list(choices.iter().copied()),
            };
            Err(Diagnostic::error(
                Code::WrongType,
                span,
                format!("`{}` is {}", parameter.name, found.type_name()),
                format!("expected {expected}"),
            )
            .note(format!("`{}`: {}", parameter.name, parameter.meaning)))
        }
    }
}

fn in_range(
    found: i64,
    span: Span,
    min: u64,
    max: u64,
    over: Code,
    parameter: &Parameter,
) -> Result<Default, Diagnostic> {
    let code = match u64::try_from(found) {
        Ok(value) if (min..=max).contains(&value) => return Ok(Default::Integer(value)),
        Ok(value) if value > max => over,
        _ => Code::OutOfRange,
    };
    let expected = if min == max { format!("expected {min}") } else { format!("expected from {min} to {max}") };
    Err(Diagnostic::error(code, span, format!("`{}` is {found}", parameter.name), expected)
        .note(format!("`{}`: {}", parameter.name, parameter.meaning)))
}
