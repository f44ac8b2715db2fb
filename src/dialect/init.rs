//! How a layer is drawn, as the language has it: `kaiming_normal_fan_out`, `normal(0.01)`, `uniform_fan_in(bias = zero)`.

use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::ir::{BiasDraw, Draw, Init};
use crate::lang::ast::{Expression, ExpressionKind};
use crate::lang::eval::mistyped;
use crate::lang::value::{Argument, CallValue};
use crate::lang::{Value, elsewhere};
use crate::source::{Span, Spanned};
use std::sync::Arc;

/// Every way to draw a kernel, with some deviation where one must be told.
const DRAWS: [Draw; 8] = [
    Draw::KaimingNormalFanOut,
    Draw::KaimingNormalFanIn,
    Draw::GlorotUniform,
    Draw::UniformFanIn,
    Draw::UniformFanOut,
    Draw::Normal(0.0),
    Draw::TruncNormal(0.0),
    Draw::Zero,
];
const BIASES: [BiasDraw; 2] = [BiasDraw::Zero, BiasDraw::UniformFanIn];

/// The words with which an initialisation begins.
pub fn words() -> impl Iterator<Item = &'static str> + Clone {
    DRAWS.iter().map(|draw| draw.word())
}

/// As a message lists them: with the number that some need.
pub fn forms() -> impl Iterator<Item = &'static str> + Clone {
    DRAWS.iter().map(|draw| match draw {
        Draw::Normal(_) => "normal(0.01)",
        Draw::TruncNormal(_) => "trunc_normal(0.02)",
        other => other.word(),
    })
}

/// The initialisation that `value` is.
///
/// # Errors
/// That it is none.
pub fn read(value: &Value, span: Span) -> Result<Init, Box<Diagnostic>> {
    let (word, arguments) = match value {
        Value::Init(init) => return Ok(*init),
        Value::Text(word) => (&**word, &[][..]),
        Value::Call(call) => (call.name.value.as_str(), call.arguments.as_slice()),
        other => return Err(mistyped(span, other, &suggest::list(forms()))),
    };
    let Some(kind) = DRAWS.into_iter().find(|draw| draw.word() == word) else {
        let message = format!("there is no initialisation {}", suggest::quoted(word));
        let error =
            Diagnostic::error(Code::UnknownChoice, span, message, format!("expected {}", suggest::list(forms())));
        let whole = matches!(value, Value::Text(_));
        return Err(Box::new(if whole { elsewhere::fixed(error, word, span, words()) } else { error }));
    };
    let (mut deviation, mut bias) = (None, None);
    for argument in arguments {
        let name = argument.name.as_ref().map(|name| name.value.as_str());
        let twice = match name {
            Some("bias") => bias.replace(read_bias(&argument.value)?).is_some(),
            None | Some("deviation") if kind.deviation().is_some() => deviation.replace(&argument.value).is_some(),
            _ => return Err(Box::new(surplus(kind, name, argument))),
        };
        if twice {
            let message = format!("`{word}` is told `{}` twice", name.unwrap_or("deviation"));
            let error =
                Diagnostic::error(Code::WrongArguments, argument.value.span, message, "here for the second time");
            return Err(Box::new(error.help("remove one of them")));
        }
    }
    let kernel = match (kind, deviation) {
        (Draw::Normal(_), Some(value)) => Draw::Normal(read_deviation(value, Draw::MOST)?),
        (Draw::TruncNormal(_), Some(value)) => Draw::TruncNormal(read_deviation(value, Draw::MOST_TRUNCATED)?),
        (Draw::Normal(_) | Draw::TruncNormal(_), None) => {
            let message = format!("`{word}` is told no standard deviation");
            let error = Diagnostic::error(Code::MissingKey, span, message, "it needs one");
            return Err(Box::new(error.help(format!("write `{word}(0.01)`"))));
        }
        (other, _) => other,
    };
    Ok(Init { kernel, bias: bias.unwrap_or(kernel.usual_bias()) })
}

fn surplus(kind: Draw, name: Option<&str>, argument: &Argument) -> Diagnostic {
    let (word, needs) = (kind.word(), kind.deviation().is_some());
    let message = match name {
        Some(name) => format!("`{word}` has no {}", suggest::quoted(name)),
        None => format!("`{word}` takes nothing but `bias`"),
    };
    let label = if needs { "expected the standard deviation, or `bias`" } else { "expected `bias`, or nothing" };
    let help = if needs { format!("write `{word}(0.01)`") } else { format!("write `{word}`") };
    Diagnostic::error(Code::WrongArguments, argument.value.span, message, label).help(help)
}

fn read_bias(value: &Spanned<Value>) -> Result<BiasDraw, Box<Diagnostic>> {
    let words = || BIASES.iter().map(|bias| bias.word());
    let Value::Text(word) = &value.value else {
        return Err(mistyped(value.span, &value.value, &suggest::list(words())));
    };
    BIASES.into_iter().find(|bias| bias.word() == &**word).ok_or_else(|| {
        let message = format!("no bias is drawn as {}", suggest::quoted(word));
        let label = format!("expected {}", suggest::list(words()));
        let error = Diagnostic::error(Code::UnknownChoice, value.span, message, label);
        Box::new(elsewhere::fixed(error, word, value.span, words()))
    })
}

/// A standard deviation up to `most`.
fn read_deviation(value: &Spanned<Value>, most: f64) -> Result<f64, Box<Diagnostic>> {
    let number = crate::lang::eval::number(&value.value, value.span)?;
    if (0.0..=most).contains(&number) {
        // Minus zero is zero.
        return Ok(number.abs());
    }
    let message = format!("the standard deviation is {}", value.value);
    Err(Box::new(Diagnostic::error(
        Code::OutOfRange,
        value.span,
        message,
        format!("expected a number from 0 to {most}"),
    )))
}

/// `init` as a value: a word, where that says it.
#[must_use]
pub fn value(init: Init) -> Value {
    let is_word = init.kernel.deviation().is_none() && init.bias == init.kernel.usual_bias();
    if is_word { Value::Text(init.kernel.word().into()) } else { Value::Init(init) }
}

/// The value of a setting that is written as a call of constants: `normal(0.01)`.
pub(super) fn called(setting: &Expression) -> Option<Value> {
    let ExpressionKind::Call(name, passed) = &setting.kind else { return None };
    let argument = |passed: &crate::lang::ast::Passed| {
        let value = Spanned::new(passed.value.constant()?, passed.value.span);
        Some(Argument { name: passed.name.clone(), variable: None, value })
    };
    let arguments = passed.iter().map(argument).collect::<Option<_>>()?;
    Some(Value::Call(Arc::new(CallValue { name: name.clone(), arguments, is_library: false })))
}
