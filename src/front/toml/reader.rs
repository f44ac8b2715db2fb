//! One TOML table, read a key at a time.

use super::keys::Keys;
use crate::diagnostic::{Code, Diagnostic, Report, suggest};
use crate::front::dsl;
use crate::lang::elsewhere;
use crate::source::{Source, Span, Spanned};
use crate::spec::{Argument, Value};
use toml::de::{DeTable, DeValue};

/// A table that is being read.
pub(super) struct Table<'a> {
    source: &'a Source,
    /// What the whole text is: `description`.
    kind: &'static str,
    entries: &'a DeTable<'a>,
    /// `stage`, or nothing for the root.
    name: &'static str,
    span: Span,
    keys: Keys,
    /// Keys of the table that stand in it with a mistake, which is reported.
    misspelt: Vec<&'static str>,
}

/// What became of a key.
pub(super) struct Found<'t, 'a, T> {
    table: &'t Table<'a>,
    key: &'static str,
    state: State<T>,
}

/// Whether a key is there.
#[derive(Debug)]
pub(super) enum State<T> {
    /// It is not there.
    Absent,
    /// There, but wrong or misspelt, and reported.
    Wrong,
    /// It is there.
    Value(T),
}

type Entry<'a> = toml::Spanned<DeValue<'a>>;

impl<'a> Table<'a> {
    /// The root. Keys that it does not have are reported at once, here as in every closed table.
    pub(super) fn root(
        source: &'a Source,
        kind: &'static str,
        keys: Keys,
        entries: &'a DeTable<'a>,
        report: &mut Report,
    ) -> Self {
        let start = if source.text().starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self::open(
            Self { source, kind, entries, name: "", span: source.span(start..start), keys, misspelt: Vec::new() },
            report,
        )
    }

    fn inner(&self, name: &'static str, keys: Keys, entry: &'a Entry<'a>, report: &mut Report) -> Option<Self> {
        let entries = entry.get_ref().as_table()?;
        let Self { source, kind, .. } = *self;
        let table = Self { source, kind, entries, name, span: self.at(entry), keys, misspelt: Vec::new() };
        Some(Self::open(table, report))
    }

    fn open(mut self, report: &mut Report) -> Self {
        if matches!(self.keys, Keys::Open(..)) {
            return self;
        }
        let keys = self.keys.names();
        let is_known = |key: &str| self.keys.names().any(|known| known == key);
        for (key, entry) in self.entries.iter().filter(|(key, _)| !is_known(key.get_ref())) {
            let name = key.get_ref();
            let span = self.source.span(key.span());
            let free = keys.clone().filter(|key| !self.entries.contains_key(*key));
            let error = Diagnostic::error(
                Code::UnknownKey,
                span,
                format!("{} has no key {}", self.place("a"), suggest::quoted(name)),
                format!("expected {}", suggest::list(keys.clone())),
            );
            report.push(match elsewhere::meant(name, free) {
                Some(near) => {
                    self.misspelt.push(near);
                    let error = error.help(format!("write `{near}`"));
                    if self.is_written_once(entry) { error.fix(span, near) } else { error }
                }
                None => error.help("remove the key"),
            });
        }
        self
    }

    /// The table's header, or the place where an inline table stands.
    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// Whether `entry` is a table under a header of its own.
    fn has_header(&self, entry: &Entry<'_>) -> bool {
        entry.get_ref().is_table() && self.source.slice(self.at(entry)).starts_with('[')
    }

    /// Whether one edit can change the key of `entry`: not where dotted keys or headers repeat it.
    fn is_written_once(&self, entry: &Entry<'_>) -> bool {
        match entry.get_ref() {
            DeValue::Array(items) => items.len() < 2 || !items.iter().any(|item| self.has_header(item)),
            DeValue::Table(_) => self.source.slice(self.at(entry)).starts_with(['[', '{']),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => true,
        }
    }

    /// The end of what is written: behind the last character that is no white space.
    pub(super) fn end(&self) -> Span {
        let end = self.source.text().trim_end().len();
        self.source.span(end..end)
    }

    /// What the whole text is.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    fn place(&self, article: &str) -> String {
        if self.name.is_empty() { format!("{article} {}", self.kind) } else { format!("`[{}]`", self.name) }
    }

    pub(super) fn key_span(&self, key: &str) -> Option<Span> {
        self.entries.get_key_value(key).map(|(key, _)| self.source.span(key.span()))
    }

    fn ask<T>(
        &self,
        key: &'static str,
        report: &mut Report,
        read: impl FnOnce(&Self, &'a Entry<'a>) -> Result<T, Diagnostic>,
    ) -> Found<'_, 'a, T> {
        let state = match self.entries.get(key).map(|entry| read(self, entry)) {
            None if self.misspelt.contains(&key) => State::Wrong,
            None => State::Absent,
            Some(Ok(value)) => State::Value(value),
            Some(Err(error)) => {
                report.push(error);
                State::Wrong
            }
        };
        Found { table: self, key, state }
    }

    fn at(&self, entry: &Entry<'_>) -> Span {
        self.source.span(entry.span())
    }

    fn wrong_type(&self, key: &str, entry: &Entry<'_>, expected: &str) -> Diagnostic {
        Diagnostic::error(
            Code::WrongType,
            self.at(entry),
            format!("`{key}` is {}", type_name(entry.get_ref())),
            format!("expected {expected}"),
        )
    }

    pub(super) fn text(&self, key: &'static str, report: &mut Report) -> Found<'_, 'a, Spanned<String>> {
        self.ask(key, report, |table, entry| match entry.get_ref() {
            DeValue::String(text) => Ok(Spanned::new(text.to_string(), table.at(entry))),
            _ => Err(table.wrong_type(key, entry, "a string in quotes")),
        })
    }

    pub(super) fn whole(&self, key: &'static str, report: &mut Report) -> Found<'_, 'a, Spanned<u64>> {
        self.ask(key, report, |table, entry| table.as_whole(key, entry))
    }

    /// A number above 0, whole, which may be written as `3.35e12`.
    pub(super) fn amount(&self, key: &'static str, report: &mut Report) -> Found<'_, 'a, Spanned<u64>> {
        self.ask(key, report, |table, entry| {
            let span = table.at(entry);
            let amount = match entry.get_ref() {
                DeValue::Float(number) => number.as_str().parse().ok().and_then(whole).map(|it| Spanned::new(it, span)),
                _ => Some(table.as_whole(key, entry)?),
            };
            amount.filter(|amount| amount.value > 0).ok_or_else(|| {
                let message = format!("`{key}` is {}", suggest::cut(table.source.slice(span)));
                Diagnostic::error(Code::OutOfRange, span, message, "expected a whole number above 0, as 50e9")
            })
        })
    }

    fn as_whole(&self, key: &str, entry: &Entry<'_>) -> Result<Spanned<u64>, Diagnostic> {
        let span = self.at(entry);
        match entry.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
                .map(|value| Spanned::new(value, span))
                .map_err(|_| {
                    let message = format!("`{key}` is {}", suggest::cut(self.source.slice(span)));
                    let why = if number.as_str().starts_with('-') { "it cannot be negative" } else { LARGE };
                    Diagnostic::error(Code::OutOfRange, span, message, why)
                }),
            DeValue::String(text) if text.parse::<u64>().is_ok() => {
                let error = self.wrong_type(key, entry, "a whole number, which has no quotes");
                Err(error.help(format!("write `{text}`")).fix(span, text.to_string()))
            }
            DeValue::Float(number) if number.as_str().ends_with(".0") => {
                let error = self.wrong_type(key, entry, "a whole number, which has no point");
                let number = number.as_str().trim_end_matches(".0");
                Err(error.help(format!("write `{number}`")).fix(span, number))
            }
            _ => Err(self.wrong_type(key, entry, "a whole number")),
        }
    }

    fn as_wholes(&self, key: &str, entry: &Entry<'_>, expected: &str) -> Result<Vec<Spanned<u64>>, Diagnostic> {
        let Some(items) = entry.get_ref().as_array() else { return Err(self.wrong_type(key, entry, expected)) };
        items.iter().map(|item| self.as_whole(key, item)).collect()
    }

    pub(super) fn pair(&self, key: &'static str, report: &mut Report) -> Found<'_, 'a, Spanned<[Spanned<u64>; 2]>> {
        const EXPECTED: &str = "two whole numbers, height and width: `[224, 224]`";
        self.ask(key, report, |table, entry| {
            let span = table.at(entry);
            if let Ok(side) = table.as_whole(key, entry) {
                let pair = format!("[{0}, {0}]", side.value);
                let error = table.wrong_type(key, entry, EXPECTED);
                return Err(error.help(format!("write `{pair}`")).fix(span, pair));
            }
            let items = table.as_wholes(key, entry, EXPECTED)?;
            <[Spanned<u64>; 2]>::try_from(items).map(|pair| Spanned::new(pair, span)).map_err(|items| {
                let values = if items.len() == 1 { "value" } else { "values" };
                let message = format!("`{key}` has {} {values}", items.len());
                Diagnostic::error(Code::WrongType, span, message, format!("expected {EXPECTED}"))
            })
        })
    }

    pub(super) fn table(&self, key: &'static str, report: &mut Report) -> Found<'_, 'a, Self> {
        let keys = self.keys.of_table(key);
        let state = match self.entries.get(key) {
            None if self.misspelt.contains(&key) => State::Wrong,
            None => State::Absent,
            Some(entry) => {
                let table = self.inner(key, keys, entry, report);
                if table.is_none() {
                    report.push(self.not_a_table(key, keys, entry));
                }
                table.map_or(State::Wrong, State::Value)
            }
        };
        Found { table: self, key, state }
    }

    fn not_a_table(&self, key: &str, keys: Keys, entry: &Entry<'_>) -> Diagnostic {
        let error = self.wrong_type(key, entry, &format!("a table: `[{key}]`"));
        match entry.get_ref().as_array().and_then(|items| items.first()).filter(|first| self.has_header(first)) {
            Some(first) => {
                let span = self.at(first);
                let mut error = error.help(format!("write `[{key}]`, once"));
                error.primary.span = span;
                if self.is_written_once(entry) { error.fix(span, format!("[{key}]")) } else { error }
            }
            None => match (entry.get_ref(), keys) {
                (DeValue::String(kind), Keys::Open(..)) => {
                    let table = format!("{{ kind = {} }}", toml::Value::from(kind.as_ref()));
                    error.help(format!("write `{table}`, or a table of its own")).fix(self.at(entry), table)
                }
                _ => error,
            },
        }
    }

    /// The tables of an array of tables.
    pub(super) fn tables(&self, key: &'static str, report: &mut Report) -> State<Vec<Self>> {
        let keys = self.keys.of_table(key);
        let Some(entry) = self.entries.get(key) else {
            return if self.misspelt.contains(&key) { State::Wrong } else { State::Absent };
        };
        let expected = format!("an array of tables: `[[{key}]]`");
        match entry.get_ref() {
            DeValue::Array(items) => {
                let tables = items.iter().filter_map(|item| {
                    let table = self.inner(key, keys, item, report);
                    if table.is_none() {
                        report.push(self.wrong_type(key, item, "a table"));
                    }
                    table
                });
                State::Value(tables.collect())
            }
            DeValue::Table(_) => {
                let error = self.wrong_type(key, entry, &expected).help(format!("write `[[{key}]]`"));
                report.push(if self.has_header(entry) {
                    error.fix(self.at(entry), format!("[[{key}]]"))
                } else {
                    error
                });
                self.inner(key, keys, entry, report).map_or(State::Wrong, |table| State::Value(vec![table]))
            }
            _ => {
                report.push(self.wrong_type(key, entry, &expected));
                State::Wrong
            }
        }
    }

    /// The arguments of a block: every key that is none of the table's own, in the order in which they were written.
    pub(super) fn arguments(&self) -> Vec<Argument> {
        let is_own = |key: &str| self.keys.names().any(|known| known == key);
        let others = self.entries.iter().filter(|(key, _)| !is_own(key.get_ref()));
        let mut arguments: Vec<_> = others
            .map(|(key, entry)| {
                let name = Spanned::new(key.get_ref().to_string(), self.source.span(key.span()));
                Argument::named(name, Spanned::new(self.as_value(entry), self.at(entry)))
            })
            .collect();
        arguments.sort_by_key(|argument| argument.name.as_ref().map(|name| name.span));
        arguments
    }

    fn as_value(&self, entry: &Entry<'_>) -> Value {
        match entry.get_ref() {
            DeValue::String(text) => self.as_block(entry, text).unwrap_or_else(|| Value::Text(text.as_ref().into())),
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::Float(number) => number.as_str().parse().map_or(Value::Other("a float"), Value::Float),
            DeValue::Integer(number) => {
                let parsed = i128::from_str_radix(number.as_str(), number.radix());
                parsed.map_or(Value::Other("an integer of more than 128 bits"), Value::Integer)
            }
            DeValue::Array(items) => Value::List(items.iter().map(|item| self.as_value(item)).collect()),
            DeValue::Datetime(_) | DeValue::Table(_) => Value::Other(type_name(entry.get_ref())),
        }
    }

    /// A block with arguments, as the DSL writes it: `"se(reduction = 4)"`.
    fn as_block(&self, entry: &Entry<'_>, text: &str) -> Option<Value> {
        let range = self.at(entry).range();
        let inside = range.start + 1..range.end.saturating_sub(1);
        let written = self.source.text().get(inside.clone()) == Some(text);
        if text.contains('(') && written { dsl::block_value(self.source, inside) } else { None }
    }

    /// Reports that `key` is missing.
    pub(super) fn missing(&self, key: &str, example: &str, report: &mut Report) {
        let place = self.place("the");
        let error = Diagnostic::error(
            Code::MissingKey,
            self.span,
            format!("`{key}` is missing"),
            format!("{place} needs `{key}`"),
        )
        .help(format!("add `{example}`"));
        let end = self.source.span(self.span.range().end..self.span.range().end);
        report.push(if self.name.is_empty() {
            error.fix(end, format!("{example}\n"))
        } else if self.source.slice(self.span).starts_with('[') {
            error.fix(end, format!("\n{example}"))
        } else {
            error
        });
    }
}

/// A float as the whole number that it is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and within range")]
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..1e18).contains(&number)).then_some(number as u64)
}

const LARGE: &str = "it does not fit into 64 bits";

impl<T> State<T> {
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> State<U> {
        match self {
            Self::Absent => State::Absent,
            Self::Wrong => State::Wrong,
            Self::Value(value) => State::Value(change(value)),
        }
    }

    /// The value, `absent` where there is none, `placeholder` where it was wrong.
    pub(super) fn or(self, absent: T, placeholder: T) -> T {
        match self {
            Self::Absent => absent,
            Self::Wrong => placeholder,
            Self::Value(value) => value,
        }
    }
}

impl<T> Found<'_, '_, T> {
    /// Whether it is there.
    pub(super) fn state(self) -> State<T> {
        self.state
    }

    /// The value, if there is one.
    pub(super) fn optional(self) -> Option<T> {
        match self.state {
            State::Value(value) => Some(value),
            State::Absent | State::Wrong => None,
        }
    }

    /// The value; a key that is not there is reported, with `example` as what to write. Nothing where something was
    /// reported.
    pub(super) fn required(self, example: &str, report: &mut Report) -> Option<T> {
        if matches!(self.state, State::Absent) {
            self.table.missing(self.key, example, report);
        }
        self.optional()
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
