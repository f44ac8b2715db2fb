//! From the calls of a stage to lines: arguments that say nothing are left out, and calls that differ only in a number
//! in their names become a loop.

use super::python::{Piece, PyFloat, PyIdent, PyNumber, PyStr};
use super::view::{Argument, Call, Repeat};

/// A call before loops are found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plain {
    pub(super) block: PyIdent,
    pub(super) positional: Option<Word>,
    pub(super) keywords: Vec<(PyIdent, Word)>,
}

/// An argument before loops are found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    Number(u64),
    Real(f64),
    Flag(bool),
    Text(String),
}

/// What the calls of a loop have in common.
#[derive(Debug)]
struct Series {
    step: u64,
    /// For each text, the number in it that counts, where one does.
    counters: Vec<Option<Counter>>,
}

/// A number in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Counter {
    before: String,
    number: u64,
    after: String,
}

/// `calls` as lines.
pub(super) fn fold(calls: &[Plain]) -> Vec<Call> {
    let mut lines = Vec::new();
    let mut rest = calls;
    while let Some((first, tail)) = rest.split_first() {
        let series = tail.first().and_then(|second| series(first, second));
        let length = series.as_ref().map_or(1, |series| {
            1 + (1..).zip(tail).take_while(|(position, call)| continues(first, call, series, *position)).count()
        });
        lines.push(match series {
            Some(series) => looped(first, &series, length),
            None => single(first),
        });
        rest = rest.get(length..).unwrap_or_default();
    }
    lines
}

impl Plain {
    fn texts(&self) -> impl Iterator<Item = &str> {
        let words = self.positional.iter().chain(self.keywords.iter().map(|(_, word)| word));
        words.filter_map(|word| match word {
            Word::Text(text) => Some(text.as_str()),
            Word::Number(_) | Word::Real(_) | Word::Flag(_) => None,
        })
    }

    /// Whether `other` is the same call but for what its texts say.
    fn resembles(&self, other: &Self) -> bool {
        let alike = |left: &Word, right: &Word| match (left, right) {
            (Word::Text(_), Word::Text(_)) => true,
            (left, right) => left == right,
        };
        self.block == other.block
            && self.positional == other.positional
            && self.keywords.len() == other.keywords.len()
            && self
                .keywords
                .iter()
                .zip(&other.keywords)
                .all(|(left, right)| left.0 == right.0 && alike(&left.1, &right.1))
    }
}

/// How `second` follows from `first`: every text that changes counts up by the same step.
fn series(first: &Plain, second: &Plain) -> Option<Series> {
    if !first.resembles(second) {
        return None;
    }
    let mut counters = Vec::new();
    let mut steps = Vec::new();
    for (left, right) in first.texts().zip(second.texts()) {
        if left == right {
            counters.push(None);
            continue;
        }
        let (counter, next) = counter(left, right)?;
        steps.push(next.checked_sub(counter.number)?);
        counters.push(Some(counter));
    }
    let step = *steps.first()?;
    (step > 0 && steps.iter().all(|other| *other == step)).then_some(Series { step, counters })
}

/// The one number in which two texts differ, and what it is in the second.
fn counter(left: &str, right: &str) -> Option<(Counter, u64)> {
    let same = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
    let before = left.get(..same)?.trim_end_matches(|c: char| c.is_ascii_digit());
    let split = |text: &str| {
        let tail = text.get(before.len()..)?;
        let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = tail.split_at_checked(digits)?;
        // A number that does not begin with 0 is the same when it is written again.
        let number = number.parse().ok().filter(|_| number == "0" || !number.starts_with('0'))?;
        Some((number, after.to_owned()))
    };
    let ((number, after), (next, other)) = (split(left)?, split(right)?);
    (after == other).then(|| (Counter { before: before.to_owned(), number, after }, next))
}

/// Whether `call` is the one after `position` steps from `first`.
fn continues(first: &Plain, call: &Plain, series: &Series, position: u64) -> bool {
    let text_at = |(text, counter): (&str, &Option<Counter>)| match counter {
        None => text.to_owned(),
        Some(Counter { before, number, after }) => format!("{before}{}{after}", number + series.step * position),
    };
    first.resembles(call) && first.texts().zip(&series.counters).map(text_at).eq(call.texts().map(str::to_owned))
}

fn single(call: &Plain) -> Call {
    written(call, None, |text, _| PyStr::new(text))
}

fn looped(first: &Plain, series: &Series, length: usize) -> Call {
    let variable = PyIdent::fresh("block");
    let from = series.counters.iter().flatten().map(|counter| counter.number).min().unwrap_or_default();
    let last = from + series.step * (u64::try_from(length).unwrap_or(u64::MAX) - 1);
    let [from_, to, step] = [from, last + 1, series.step].map(PyNumber::Literal);
    let repeat = Repeat { variable: variable.clone(), from: from_, to, step };
    written(first, Some(repeat), |text, position| match series.counters.get(position) {
        Some(Some(Counter { before, number, after })) => {
            let piece = match number - from {
                0 => Piece::Variable(variable.clone()),
                more => Piece::Offset(variable.clone(), more),
            };
            PyStr::of(vec![Piece::Text(before.clone()), piece, Piece::Text(after.clone())])
        }
        Some(None) | None => PyStr::new(text),
    })
}

fn written(call: &Plain, repeat: Option<Repeat>, mut text: impl FnMut(&str, usize) -> PyStr) -> Call {
    let mut position = 0;
    let mut word = |word: &Word| match word {
        Word::Number(number) => Argument::Number(PyNumber::Literal(*number)),
        Word::Real(real) => Argument::Real(PyFloat(*real)),
        Word::Flag(true) => Argument::True,
        Word::Flag(false) => Argument::False,
        Word::Text(known) => {
            position += 1;
            Argument::Text(text(known, position - 1))
        }
    };
    let positional = call.positional.as_ref().map(&mut word);
    let keywords = call.keywords.iter().map(|(name, value)| (name.clone(), word(value))).collect();
    Call { repeat, block: call.block.clone(), positional, keywords }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(names: &[&str]) -> Vec<Plain> {
        let call = |name: &&str| Plain {
            block: PyIdent::fresh("f"),
            positional: None,
            keywords: vec![(PyIdent::fresh("name"), Word::Text((*name).to_owned()))],
        };
        names.iter().map(call).collect()
    }

    fn lengths(names: &[&str]) -> Vec<String> {
        let range = |call: Call| {
            call.repeat.map_or("once".to_owned(), |repeat| format!("{}..{}/{}", repeat.from, repeat.to, repeat.step))
        };
        fold(&calls(names)).into_iter().map(range).collect()
    }

    #[test]
    fn names_that_count_are_a_loop() {
        assert_eq!(lengths(&["a9", "a10", "a11", "b1"]), ["9..12/1", "once"]);
        assert_eq!(lengths(&["a.1.b", "a.4.b", "a.7.b", "a.8.b"]), ["1..8/3", "once"]);
        assert_eq!(lengths(&["a2", "a1", "a01", "a02"]), ["once", "once", "once", "once"]);
        assert_eq!(lengths(&["a1b1", "a2b2"]), ["once", "once"]);
    }
}
