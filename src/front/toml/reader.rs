//! One TOML table, read a key at a time.

use crate::diagnostic::{Code, Diagnostic, Report, suggest};
use crate::source::{Source, Span, Spanned};
use crate::spec::{Argument, Origin, Value};
use toml::de::{DeTable, DeValue};

/// A table and the keys that were asked for so far.
pub(super) struct Table<'a> {
    source: &'a Source,
    entries: &'a DeTable<'a>,
    /// `stage`, or nothing for the root.
    name: &'static str,
    span: Span,
    asked: Vec<&'static str>,
}

/// What became of a key.
pub(super) struct Found<'t, 'a, T> {
    table: &'t Table<'a>,
    key: &'static str,
    state: State<T>,
}

enum State<T> {
    Absent,
    /// There, but wrong, and reported.
    Wrong,
    Value(T),
}

type Entry<'a> = toml::Spanned<DeValue<'a>>;

impl<'a> Table<'a> {
    pub(super) fn root(source: &'a Source, entries: &'a DeTable<'a>) -> Self {
        Self { source, entries, name: "", span: source.span(0..0), asked: Vec::new() }
    }

    /// The table's header, or the place where an inline table stands.
    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// The end of the description.
    pub(super) fn end(&self) -> Span {
        let length = self.source.text().len();
        self.source.span(length..length)
    }

    pub(super) fn key_span(&self, key: &str) -> Option<Span> {
        self.entries.get_key_value(key).map(|(key, _)| self.source.span(key.span()))
    }

    fn ask<T>(
        &mut self,
        key: &'static str,
        report: &mut Report,
        read: impl FnOnce(&Self, &'a Entry<'a>) -> Result<T, Diagnostic>,
    ) -> Found<'_, 'a, T> {
        self.asked.push(key);
        let state = match self.entries.get(key).map(|entry| read(self, entry)) {
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

    pub(super) fn text(&mut self, key: &'static str, report: &mut Report) -> Found<'_, 'a, Spanned<String>> {
        self.ask(key, report, |table, entry| match entry.get_ref() {
            DeValue::String(text) => Ok(Spanned::new(text.to_string(), table.at(entry))),
            _ => Err(table.wrong_type(key, entry, "a string in quotes")),
        })
    }

    pub(super) fn whole(&mut self, key: &'static str, report: &mut Report) -> Found<'_, 'a, Spanned<u64>> {
        self.ask(key, report, |table, entry| table.as_whole(key, entry))
    }

    fn as_whole(&self, key: &str, entry: &Entry<'_>) -> Result<Spanned<u64>, Diagnostic> {
        let span = self.at(entry);
        match entry.get_ref() {
            DeValue::Integer(number) => match u64::from_str_radix(number.as_str(), number.radix()) {
                Ok(value) => Ok(Spanned::new(value, span)),
                Err(_) => Err(Diagnostic::error(
                    Code::OutOfRange,
                    span,
                    format!("`{key}` is {}", self.source.slice(span)),
                    format!("expected from 0 to {}", u64::MAX),
                )),
            },
            _ => Err(self.wrong_type(key, entry, "an integer")),
        }
    }

    pub(super) fn float(&mut self, key: &'static str, report: &mut Report) -> Found<'_, 'a, Spanned<f64>> {
        self.ask(key, report, |table, entry| {
            let text = match entry.get_ref() {
                DeValue::Float(number) => number.as_str(),
                DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
                _ => return Err(table.wrong_type(key, entry, "a number")),
            };
            let value = text.parse().map_err(|_| table.wrong_type(key, entry, "a number"))?;
            Ok(Spanned::new(value, table.at(entry)))
        })
    }

    pub(super) fn wholes(
        &mut self,
        key: &'static str,
        report: &mut Report,
    ) -> Found<'_, 'a, Spanned<Vec<Spanned<u64>>>> {
        self.ask(key, report, |table, entry| table.as_wholes(key, entry, "an array of integers"))
    }

    fn as_wholes(
        &self,
        key: &str,
        entry: &Entry<'_>,
        expected: &str,
    ) -> Result<Spanned<Vec<Spanned<u64>>>, Diagnostic> {
        let Some(items) = entry.get_ref().as_array() else { return Err(self.wrong_type(key, entry, expected)) };
        let items: Result<Vec<_>, _> = items.iter().map(|item| self.as_whole(key, item)).collect();
        Ok(Spanned::new(items?, self.at(entry)))
    }

    pub(super) fn pair(&mut self, key: &'static str, report: &mut Report) -> Found<'_, 'a, Spanned<[Spanned<u64>; 2]>> {
        let expected = "two integers, height and width: `[224, 224]`";
        self.ask(key, report, |table, entry| {
            let items = table.as_wholes(key, entry, expected)?;
            match <[Spanned<u64>; 2]>::try_from(items.value) {
                Ok(pair) => Ok(Spanned::new(pair, items.span)),
                Err(items) => Err(Diagnostic::error(
                    Code::WrongType,
                    table.at(entry),
                    format!("`{key}` has {} values", items.len()),
                    format!("expected {expected}"),
                )),
            }
        })
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        report: &mut Report,
    ) -> Found<'_, 'a, Spanned<T>> {
        let words = choices.iter().map(|(word, _)| *word);
        self.ask(key, report, |table, entry| {
            let Some(text) = entry.get_ref().as_str() else {
                return Err(table.wrong_type(key, entry, &suggest::list(words)));
            };
            let span = table.at(entry);
            if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
                return Ok(Spanned::new(*value, span));
            }
            Err(suggest::unknown_word(key, text, span, words))
        })
    }

    pub(super) fn table(&mut self, key: &'static str, report: &mut Report) -> Found<'_, 'a, Table<'a>> {
        self.ask(key, report, |table, entry| match entry.get_ref() {
            DeValue::Table(entries) => Ok(table.inner(key, entry, entries)),
            _ => Err(table.wrong_type(key, entry, &format!("a table: `[{key}]`"))),
        })
    }

    /// The tables of an array of tables; none where the key is absent.
    pub(super) fn tables(&mut self, key: &'static str, report: &mut Report) -> Vec<Table<'a>> {
        let found = self.ask(key, report, |table, entry| {
            let expected = format!("an array of tables: `[[{key}]]`");
            let items = entry.get_ref().as_array().ok_or_else(|| {
                let error = table.wrong_type(key, entry, &expected);
                if entry.get_ref().is_table() { error.help(format!("write `[[{key}]]`")) } else { error }
            })?;
            let tables = items.iter().map(|item| match item.get_ref() {
                DeValue::Table(entries) => Ok(table.inner(key, item, entries)),
                _ => Err(table.wrong_type(key, item, "a table")),
            });
            tables.collect::<Result<Vec<_>, _>>()
        });
        found.optional().unwrap_or_default()
    }

    fn inner(&self, name: &'static str, entry: &Entry<'_>, entries: &'a DeTable<'a>) -> Self {
        Self { source: self.source, entries, name, span: self.at(entry), asked: Vec::new() }
    }

    /// What was not asked for, as arguments of a block, in the order in which it was written.
    pub(super) fn arguments(&self, from: Origin, report: &mut Report) -> Vec<Argument> {
        let mut arguments = Vec::new();
        for (key, entry) in self.entries.iter().filter(|(key, _)| !self.asked.contains(&key.get_ref().as_ref())) {
            match self.as_value(key.get_ref(), entry) {
                Ok(value) => arguments.push(Argument {
                    name: Spanned::new(key.get_ref().to_string(), self.source.span(key.span())),
                    value: Spanned::new(value, self.at(entry)),
                    from,
                }),
                Err(error) => report.push(error),
            }
        }
        arguments.sort_by_key(|argument| argument.name.span);
        arguments
    }

    fn as_value(&self, key: &str, entry: &Entry<'_>) -> Result<Value, Diagnostic> {
        match entry.get_ref() {
            DeValue::String(text) => Ok(Value::Text(text.to_string())),
            DeValue::Boolean(value) => Ok(Value::Boolean(*value)),
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(value) => Ok(Value::Float(value)),
                Err(_) => Err(self.wrong_type(key, entry, "a number")),
            },
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).map(Value::Integer).map_err(|_| {
                    let span = self.at(entry);
                    let found = format!("`{key}` is {}", self.source.slice(span));
                    Diagnostic::error(Code::OutOfRange, span, found, "expected an integer of 64 bits")
                })
            }
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                Err(self.wrong_type(key, entry, "a number, a boolean or a string"))
            }
        }
    }

    /// Reports that `key` is missing.
    pub(super) fn missing(&self, key: &str, example: &str, report: &mut Report) {
        let place = if self.name.is_empty() { "the description".to_owned() } else { format!("`[{}]`", self.name) };
        report.push(
            Diagnostic::error(
                Code::MissingKey,
                self.span,
                format!("`{key}` is missing"),
                format!("{place} needs `{key}`"),
            )
            .help(format!("add `{example}`")),
        );
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(&self, report: &mut Report) {
        for (key, _) in self.entries.iter().filter(|(key, _)| !self.asked.contains(&key.get_ref().as_ref())) {
            let span = self.source.span(key.span());
            let place = if self.name.is_empty() { "a description".to_owned() } else { format!("`[{}]`", self.name) };
            let known = suggest::list(self.asked.iter().copied());
            let message = format!("{place} has no key `{}`", key.get_ref());
            let error = Diagnostic::error(Code::UnknownKey, span, message, format!("expected {known}"));
            report.push(match suggest::closest(key.get_ref(), self.asked.iter().copied()) {
                Some(near) => error.help(format!("write `{near}`")).fix(span, near),
                None => error.help("remove the key"),
            });
        }
    }
}

impl<T> Found<'_, '_, T> {
    /// The value, if there is one.
    pub(super) fn optional(self) -> Option<T> {
        match self.state {
            State::Value(value) => Some(value),
            State::Absent | State::Wrong => None,
        }
    }

    /// The value; a key that is not there is reported, with `example` as what to write.
    pub(super) fn required(self, example: &str, report: &mut Report) -> Option<T> {
        if matches!(self.state, State::Absent) {
            self.table.missing(self.key, example, report);
        }
        self.optional()
    }

    /// The value, or `default` where the key is not there; nothing where it was wrong.
    pub(super) fn or(self, default: T) -> Option<T> {
        match self.state {
            State::Value(value) => Some(value),
            State::Absent => Some(default),
            State::Wrong => None,
        }
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
