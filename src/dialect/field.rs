//! The choices of a dialect: what each is called in the language, and what it can be.

use super::init;
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::ir::dialect::{
    ActivationStyle, FirstDilation, PaddingStyle, Projection, Reported, StridePosition, StridedBlock,
};
use crate::ir::names::NameTable;
use crate::ir::op::RunningVariance;
use crate::ir::{Dialect, Draw, Init, Sides, Spelling};
use crate::lang::Value;
use crate::lang::ast::{self, Setting};
use crate::lang::elsewhere;
use crate::lang::eval::{self, mistyped, whole};
use crate::source::{Span, Spanned};

/// A choice that a dialect makes.
struct Field {
    name: &'static str,
    get: fn(&Dialect) -> Value,
    set: fn(&mut Dialect, &Value, Span) -> Result<(), Box<Diagnostic>>,
    /// What is chosen where a dialect that extends none does not say; without it, it must.
    otherwise: Option<fn(&mut Dialect)>,
}

impl Field {
    /// Whether it says how layers are drawn, for which words may have arguments.
    fn is_init(&self) -> bool {
        self.name.ends_with("_init")
    }
}

const FIELDS: &[Field] = &[
    Field {
        name: "source",
        get: |dialect| text(&dialect.source),
        set: |dialect, value, span| string(&mut dialect.source, value, span),
        otherwise: None,
    },
    Field {
        name: "convolution_bias",
        get: |dialect| Value::Boolean(dialect.convolution_bias),
        set: |dialect, value, span| boolean(&mut dialect.convolution_bias, value, span),
        otherwise: None,
    },
    Field {
        name: "norm_epsilon",
        get: |dialect| Value::Float(dialect.norm_epsilon),
        set: |dialect, value, span| fraction(&mut dialect.norm_epsilon, value, span),
        otherwise: None,
    },
    Field {
        name: "norm_momentum",
        get: |dialect| Value::Float(dialect.norm_momentum),
        set: |dialect, value, span| fraction(&mut dialect.norm_momentum, value, span),
        otherwise: None,
    },
    Field {
        name: "bottleneck_stride",
        get: |dialect| word(&STRIDES, dialect.bottleneck_stride),
        set: |dialect, value, span| choice(&mut dialect.bottleneck_stride, &STRIDES, value, span),
        otherwise: None,
    },
    Field {
        name: "preactivation_stride",
        get: |dialect| word(&BLOCKS, dialect.preactivation_stride),
        set: |dialect, value, span| choice(&mut dialect.preactivation_stride, &BLOCKS, value, span),
        otherwise: None,
    },
    Field {
        name: "dilated_first_block",
        get: |dialect| word(&DILATIONS, dialect.dilated_first_block),
        set: |dialect, value, span| choice(&mut dialect.dilated_first_block, &DILATIONS, value, span),
        otherwise: Some(|dialect| dialect.dilated_first_block = FirstDilation::Previous),
    },
    Field {
        name: "projection",
        get: |dialect| word(&PROJECTIONS, dialect.projection),
        set: |dialect, value, span| choice(&mut dialect.projection, &PROJECTIONS, value, span),
        otherwise: None,
    },
    Field {
        name: "padding",
        get: |dialect| word(&PADDINGS, dialect.padding),
        set: |dialect, value, span| choice(&mut dialect.padding, &PADDINGS, value, span),
        otherwise: None,
    },
    Field {
        name: "activation",
        get: |dialect| word(&ACTIVATIONS, dialect.activation),
        set: |dialect, value, span| choice(&mut dialect.activation, &ACTIVATIONS, value, span),
        otherwise: None,
    },
    Field {
        name: "stem_pool_padding",
        get: |dialect| Value::Integer(dialect.stem_pool_padding.top.into()),
        set: |dialect, value, span| sides(&mut dialect.stem_pool_padding, value, span),
        otherwise: None,
    },
    Field {
        name: "stem_pool_ceil",
        get: |dialect| Value::Boolean(dialect.stem_pool_ceil),
        set: |dialect, value, span| boolean(&mut dialect.stem_pool_ceil, value, span),
        otherwise: None,
    },
    Field {
        name: "gate_mean",
        get: |dialect| word(&Spelling::WORDS, dialect.gate_mean),
        set: |dialect, value, span| choice(&mut dialect.gate_mean, &Spelling::WORDS, value, span),
        otherwise: Some(|dialect| dialect.gate_mean = Spelling::Module),
    },
    Field {
        name: "convolution_init",
        get: |dialect| init::value(dialect.convolution_init),
        set: |dialect, value, span| init::read(value, span).map(|init| dialect.convolution_init = init),
        otherwise: None,
    },
    Field {
        name: "linear_init",
        get: |dialect| init::value(dialect.linear_init),
        set: |dialect, value, span| init::read(value, span).map(|init| dialect.linear_init = init),
        otherwise: None,
    },
    Field {
        name: "channel_conv_init",
        get: |dialect| init::value(dialect.channel_conv_init),
        set: |dialect, value, span| init::read(value, span).map(|init| dialect.channel_conv_init = init),
        otherwise: Some(|dialect| dialect.channel_conv_init = dialect.convolution_init),
    },
    Field {
        name: "last_norm_scale",
        get: |dialect| Value::Float(dialect.last_norm_scale),
        set: |dialect, value, span| factor(&mut dialect.last_norm_scale, value, span),
        otherwise: Some(|dialect| dialect.last_norm_scale = 1.0),
    },
    Field {
        name: "running_variance",
        get: |dialect| word(&VARIANCES, dialect.running_variance),
        set: |dialect, value, span| choice(&mut dialect.running_variance, &VARIANCES, value, span),
        otherwise: Some(|dialect| dialect.running_variance = RunningVariance::Unbiased),
    },
    Field {
        name: "reports",
        get: |dialect| word(&REPORTS, dialect.reports),
        set: |dialect, value, span| choice(&mut dialect.reports, &REPORTS, value, span),
        otherwise: None,
    },
];

const STRIDES: [(&str, StridePosition); 2] = [("first", StridePosition::First), ("spatial", StridePosition::Spatial)];
const BLOCKS: [(&str, StridedBlock); 2] = [("first", StridedBlock::First), ("last", StridedBlock::Last)];
const DILATIONS: [(&str, FirstDilation); 2] = [("previous", FirstDilation::Previous), ("own", FirstDilation::Own)];
const PROJECTIONS: [(&str, Projection); 2] =
    [("where_shapes_differ", Projection::WhereShapesDiffer), ("first_block", Projection::FirstBlock)];
const PADDINGS: [(&str, PaddingStyle); 2] = [("field", PaddingStyle::Field), ("layer", PaddingStyle::Layer)];
const ACTIVATIONS: [(&str, ActivationStyle); 2] =
    [("field", ActivationStyle::Field), ("layer", ActivationStyle::Layer)];
const VARIANCES: [(&str, RunningVariance); 2] =
    [("unbiased", RunningVariance::Unbiased), ("biased", RunningVariance::Biased)];
const REPORTS: [(&str, Reported); 2] = [("trainable", Reported::Trainable), ("total", Reported::Total)];

/// The words that a dialect's choices can be, for whoever tells a word from a misspelt variable.
pub fn words() -> impl Iterator<Item = &'static str> {
    let two = [STRIDES.map(|(word, _)| word), BLOCKS.map(|(word, _)| word), PROJECTIONS.map(|(word, _)| word)];
    let more = [PADDINGS.map(|(word, _)| word), REPORTS.map(|(word, _)| word), VARIANCES.map(|(word, _)| word)];
    let last = DILATIONS.map(|(word, _)| word).into_iter().chain(Spelling::WORDS.map(|(word, _)| word));
    two.into_iter().chain(more).flatten().chain(last).chain(init::words())
}

/// The choices' names.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    FIELDS.iter().map(|field| field.name)
}

/// What `dialect` has for the choice called `name`.
#[must_use]
pub fn value(dialect: &Dialect, name: &str) -> Option<Value> {
    FIELDS.iter().find(|field| field.name == name).map(|field| (field.get)(dialect))
}

/// A dialect that is being made.
pub(super) struct Draft<'a> {
    name: &'a Spanned<String>,
    dialect: Dialect,
    /// The choices that have been made, where there is no base.
    made: Option<Vec<&'static str>>,
    pub(super) names: Option<NameTable>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(dialect: &'a ast::Dialect, base: Option<Dialect>) -> Self {
        let made = if base.is_none() { Some(Vec::new()) } else { None };
        let names = base.as_ref().map(|base| base.names.clone());
        let mut draft = base.unwrap_or_else(blank);
        draft.name.clone_from(&dialect.name.value);
        Self { name: &dialect.name, dialect: draft, made, names }
    }

    pub(super) fn set(&mut self, setting: &Setting) -> Result<(), Box<Diagnostic>> {
        let Some(field) = FIELDS.iter().find(|field| field.name == setting.name.value) else {
            let names = || names().chain(["names"]);
            let message = format!("a dialect has no {}", suggest::quoted(&setting.name.value));
            let error = Diagnostic::error(
                Code::UnknownKey,
                setting.name.span,
                message,
                format!("expected {}", suggest::list(names())),
            );
            return Err(Box::new(elsewhere::fixed(error, &setting.name.value, setting.name.span, names())));
        };
        if let Some(made) = &mut self.made {
            made.push(field.name);
        }
        let span = setting.value.span;
        let called = || if field.is_init() { init::called(&setting.value) } else { None };
        let value = setting.value.constant().or_else(called).ok_or_else(|| {
            let message = format!("`{}` is no constant", field.name);
            let label = if field.is_init() {
                format!("expected {}", suggest::list(init::forms()))
            } else {
                "expected a number, `true`, `false`, a word or a text".to_owned()
            };
            Box::new(Diagnostic::error(Code::WrongType, span, message, label))
        })?;
        (field.set)(&mut self.dialect, &value, span)
    }

    pub(super) fn finish(mut self) -> Result<Dialect, Box<Diagnostic>> {
        let mut missing = Vec::new();
        for field in FIELDS {
            match (&self.made, field.otherwise) {
                (Some(made), _) if made.contains(&field.name) => {}
                (Some(_), Some(otherwise)) => otherwise(&mut self.dialect),
                (Some(_), None) => missing.push(field.name),
                (None, _) => {}
            }
        }
        let table = self.names;
        match (missing.as_slice(), table) {
            ([], Some(names)) => Ok(Dialect { names, ..self.dialect }),
            ([], None) => Err(Box::new(
                Diagnostic::error(
                    Code::MissingKey,
                    self.name.span,
                    "`names` is missing",
                    "a dialect needs a table of names",
                )
                .help("add `names = torchvision`"),
            )),
            (missing, _) => Err(Box::new(
                Diagnostic::error(
                    Code::MissingKey,
                    self.name.span,
                    format!("{} is missing", suggest::list(missing.iter().copied()).replace(" or ", " and ")),
                    "a dialect that extends none makes every choice itself",
                )
                .help(format!("write `dialect {} extends torchvision`, and what differs", self.name.value)),
            )),
        }
    }
}

/// Every choice made somehow: what is not said is reported before this can be seen.
fn blank() -> Dialect {
    let unsaid = Init::from(Draw::Zero);
    Dialect {
        name: String::new(),
        source: String::new(),
        convolution_bias: false,
        norm_epsilon: 1e-5,
        norm_momentum: 0.1,
        bottleneck_stride: StridePosition::Spatial,
        preactivation_stride: StridedBlock::First,
        dilated_first_block: FirstDilation::Previous,
        projection: Projection::WhereShapesDiffer,
        padding: PaddingStyle::Field,
        activation: ActivationStyle::Layer,
        stem_pool_padding: Sides::all(1),
        stem_pool_ceil: false,
        gate_mean: Spelling::Module,
        convolution_init: unsaid,
        linear_init: unsaid,
        channel_conv_init: unsaid,
        last_norm_scale: 1.0,
        running_variance: RunningVariance::Unbiased,
        reports: Reported::Trainable,
        names: super::table::empty(),
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

fn string(place: &mut String, value: &Value, span: Span) -> Result<(), Box<Diagnostic>> {
    match value {
        Value::Text(text) => {
            text.as_ref().clone_into(place);
            Ok(())
        }
        other => Err(mistyped(span, other, "a text")),
    }
}

fn boolean(place: &mut bool, value: &Value, span: Span) -> Result<(), Box<Diagnostic>> {
    match value {
        Value::Boolean(value) => {
            *place = *value;
            Ok(())
        }
        other => Err(mistyped(span, other, "`true` or `false`")),
    }
}

fn fraction(place: &mut f64, value: &Value, span: Span) -> Result<(), Box<Diagnostic>> {
    match value {
        Value::Float(value) if (0.0..1.0).contains(value) => {
            *place = *value;
            Ok(())
        }
        Value::Integer(0) => {
            *place = 0.0;
            Ok(())
        }
        Value::Integer(_) | Value::Float(_) => Err(Box::new(Diagnostic::error(
            Code::OutOfRange,
            span,
            format!("this is {value}"),
            "expected at least 0 and below 1",
        ))),
        other => Err(mistyped(span, other, "a number")),
    }
}

/// A factor that weights begin as: float32 holds it.
fn factor(place: &mut f64, value: &Value, span: Span) -> Result<(), Box<Diagnostic>> {
    let number = eval::number(value, span)?;
    if number.abs() > Draw::MOST {
        let label = format!("expected a number from -{} to {}", Draw::MOST, Draw::MOST);
        return Err(Box::new(Diagnostic::error(Code::OutOfRange, span, format!("this is {value}"), label)));
    }
    *place = number;
    Ok(())
}

fn sides(place: &mut Sides, value: &Value, span: Span) -> Result<(), Box<Diagnostic>> {
    match whole(value, span).map(u64::try_from) {
        Ok(Ok(by @ 0..=16)) => {
            *place = Sides::all(by);
            Ok(())
        }
        Ok(_) => Err(Box::new(Diagnostic::error(
            Code::OutOfRange,
            span,
            format!("this is {value}"),
            "expected a whole number from 0 to 16",
        ))),
        _ => Err(mistyped(span, value, "a whole number from 0 to 16")),
    }
}

fn choice<T: Copy>(
    place: &mut T,
    choices: &[(&'static str, T)],
    value: &Value,
    span: Span,
) -> Result<(), Box<Diagnostic>> {
    let words = choices.iter().map(|(word, _)| *word);
    let Value::Text(word) = value else { return Err(mistyped(span, value, &suggest::list(words))) };
    if let Some((_, value)) = choices.iter().find(|(known, _)| **known == **word) {
        *place = *value;
        Ok(())
    } else {
        let message = format!("there is no choice {}", suggest::quoted(word));
        let error =
            Diagnostic::error(Code::UnknownChoice, span, message, format!("expected {}", suggest::list(words.clone())));
        Err(Box::new(elsewhere::fixed(error, word, span, words)))
    }
}

fn word<T: Copy + PartialEq>(choices: &[(&'static str, T)], value: T) -> Value {
    text(choices.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| word))
}
