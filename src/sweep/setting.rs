//! What a sweep varies, as it is written: `stage.3.blocks=1..=36`, `stage.*.filters*=0.5,1`.

use super::Fault;
use crate::diagnostic::suggest;
use crate::front::dsl;
use crate::lang::{Value, is_name};
use crate::source::Source;
use std::str::FromStr;

/// The most values that one key may take.
pub const MOST_VALUES: u64 = 1_000_000;

/// A key and the values that it takes one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key, as it is written: with a `*` at its end where the values are factors.
    pub name: String,
    /// What each value does.
    pub kind: Kind,
    /// The values.
    pub items: Vec<Item>,
}

/// What a value does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It stands in the place of what is written.
    Value,
    /// What is written is multiplied with it.
    Factor,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// As it is printed.
    pub text: String,
    /// What it is.
    pub value: Value,
}

impl Setting {
    /// The key without what says that its values are factors.
    #[must_use]
    pub fn key(&self) -> &str {
        match self.kind {
            Kind::Value => &self.name,
            Kind::Factor => self.name.trim_end_matches('*'),
        }
    }
}

impl FromStr for Setting {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let Some((name, values)) = text.split_once('=') else {
            return Err(Fault::new(format!("{} has no `=`", suggest::quoted(text))).help("write `KEY=VALUE,VALUE,…`"));
        };
        let name = name.trim().to_owned();
        let kind = if name.ends_with('*') { Kind::Factor } else { Kind::Value };
        let mut items = Vec::new();
        for part in split(values) {
            read(&name, kind, part.trim(), &mut items)?;
        }
        Ok(Self { name, kind, items })
    }
}

/// The parts between commas that are not in brackets.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    text.split(move |letter| {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        letter == ',' && depth <= 0
    })
}

fn read(name: &str, kind: Kind, part: &str, items: &mut Vec<Item>) -> Result<(), Fault> {
    if let Some((from, rest)) = part.split_once("..") {
        return range(name, part, from, rest, items);
    }
    let value = value(part).ok_or_else(|| {
        let what = if part.is_empty() { "an empty value".to_owned() } else { suggest::quoted(part) };
        Fault::new(format!("`{name}`: {what} is no value"))
            .help("values are numbers, words, `true`, `false`, `160x224`, ranges such as `1..=36`, and lists `[1, 2]`")
    })?;
    let is_factor = match value {
        Value::Integer(number) => number > 0,
        Value::Float(number) => number > 0.0,
        Value::Boolean(_) | Value::Text(_) | Value::List(_) | Value::Call(_) | Value::Init(_) | Value::Other(_) => {
            false
        }
    };
    if kind == Kind::Factor && !is_factor {
        return Err(Fault::new(format!("`{name}`: {} is no factor", suggest::quoted(part)))
            .help(format!("factors are positive numbers; for other values write `{}`", name.trim_end_matches('*'))));
    }
    push(name, Item { text: part.to_owned(), value }, items)
}

fn push(name: &str, item: Item, items: &mut Vec<Item>) -> Result<(), Fault> {
    if items.len() as u64 >= MOST_VALUES {
        return Err(Fault::new(format!("`{name}` has more than {MOST_VALUES} values")));
    }
    items.push(item);
    Ok(())
}

/// `from..end`, without its end; `from..=end`, with it; ` step n`.
fn range(name: &str, part: &str, from: &str, rest: &str, items: &mut Vec<Item>) -> Result<(), Fault> {
    let wrong = |why: &str| {
        Fault::new(format!("`{name}`: {} is no range: {why}", suggest::quoted(part)))
            .help("a range is `1..37` without its end, `1..=36` with it, or `64..=512 step 64`")
    };
    let (end, step) = match rest.split_once("step") {
        Some((end, step)) => (end, step.trim()),
        None => (rest, "1"),
    };
    let (end, extra) = match end.strip_prefix('=') {
        Some(end) => (end, 1),
        None => (end, 0),
    };
    let whole = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong("it has whole numbers"));
    let (from, end, step) = (whole(from)?, whole(end)?.saturating_add(extra), whole(step)?);
    if step == 0 {
        return Err(wrong("it never ends with a step of 0"));
    }
    if from >= end {
        return Err(wrong("it is empty"));
    }
    let mut number = from;
    while number < end {
        push(name, Item { text: number.to_string(), value: Value::Integer(number.into()) }, items)?;
        number = number.saturating_add(step);
    }
    Ok(())
}

/// What stands between the commas.
fn value(text: &str) -> Option<Value> {
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(list) => {
            let parts = split(list).map(str::trim).filter(|part| !part.is_empty());
            parts.map(single).collect::<Option<Vec<_>>>().map(|items| Value::List(items.into()))
        }
        None => single(text),
    }
}

fn single(text: &str) -> Option<Value> {
    if let Ok(number) = text.replace('_', "").parse::<i128>() {
        return Some(Value::Integer(number));
    }
    match text {
        "true" => return Some(Value::Boolean(true)),
        "false" => return Some(Value::Boolean(false)),
        _ if is_name(text) => return Some(Value::Text(text.into())),
        _ => {}
    }
    if let Some((height, width)) = text.split_once('x')
        && let (Ok(height), Ok(width)) = (height.parse::<u64>(), width.parse::<u64>())
    {
        return Some(Value::List([height, width].map(|side| Value::Integer(side.into())).into()));
    }
    if let Some(number) = text.parse::<f64>().ok().filter(|number| number.is_finite()) {
        return Some(Value::Float(number));
    }
    // A block with arguments, as the DSL writes it.
    let block = || dsl::block_value(&Source::new("", text), 0..text.len());
    text.contains('(').then(block).flatten()
}

/// `written` times `factor`: whole numbers stay whole, rounded to the nearest.
#[must_use]
pub fn scaled(written: &Value, factor: &Value) -> Option<Value> {
    let times = match factor {
        Value::Integer(factor) => as_float(*factor),
        Value::Float(factor) => *factor,
        Value::Boolean(_) | Value::Text(_) | Value::List(_) | Value::Call(_) | Value::Init(_) | Value::Other(_) => {
            return None;
        }
    };
    match written {
        Value::Integer(number) => Some(Value::Integer(rounded(as_float(*number) * times))),
        Value::Float(number) => Some(Value::Float(number * times)),
        Value::List(items) => items.iter().map(|item| scaled(item, factor)).collect::<Option<_>>().map(Value::List),
        Value::Boolean(_) | Value::Text(_) | Value::Call(_) | Value::Init(_) | Value::Other(_) => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of a description are small; others are refused")]
fn as_float(number: i128) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, reason = "it saturates, and such a number is refused")]
fn rounded(number: f64) -> i128 {
    number.round() as i128
}
