//! The parameters of a definition by their values: which of them says what a field is, in every block that has it.

use super::write::Asked;
use super::{Expression, Field, Value};
use std::collections::{BTreeMap, HashMap};

/// The parameters that are numbers.
#[derive(Debug, Default)]
pub(super) struct Known {
    parameters: Vec<(Field, Vec<u64>, usize)>,
    /// What is known of them in the blocks that some field is in.
    views: HashMap<Vec<usize>, View>,
}

/// The parameters as some of the blocks have them; of those that are alike, the first.
#[derive(Debug, Default)]
struct View {
    /// How many of the parameters are in it.
    seen: usize,
    equal: HashMap<(Field, Vec<u64>), usize>,
    /// By the values in lowest terms, and by what they were divided by.
    multiples: HashMap<(Field, Vec<u64>), BTreeMap<u64, usize>>,
    /// Of the kernels.
    halves: HashMap<Vec<u64>, usize>,
}

/// A value as what it can be looked up by.
pub(super) fn bits(value: &Value) -> u64 {
    match value {
        Value::Number(number) => *number,
        Value::Real(real) => real.to_bits(),
        Value::Flag(_) | Value::Text(_) => 0,
    }
}

impl Known {
    /// Takes in the parameter `index`, which is about `field`, with its value in every block.
    pub(super) fn add(&mut self, field: Field, values: Vec<u64>, index: usize) {
        self.parameters.push((field, values, index));
    }

    /// The parameter that says what is asked, or of which it is a multiple or a half; the first of several.
    pub(super) fn find(&mut self, asked: Asked, values: &[Option<Value>]) -> Option<Expression> {
        let present = values.iter().enumerate().filter_map(|(block, value)| Some((block, bits(value.as_ref()?))));
        let (blocks, values): (Vec<_>, Vec<_>) = present.unzip();
        let view = self.views.entry(blocks.clone()).or_default();
        for (field, known, index) in self.parameters.iter().skip(view.seen) {
            view.add(*field, blocks.iter().filter_map(|block| known.get(*block).copied()).collect(), *index);
        }
        view.find(asked, &values)
    }
}

impl View {
    fn add(&mut self, field: Field, values: Vec<u64>, index: usize) {
        self.seen += 1;
        if field == Field::Kernel {
            self.halves.entry(values.iter().map(|value| value / 2).collect()).or_insert(index);
        }
        if let Some((divisor, terms)) = lowest(&values) {
            self.multiples.entry((field, terms)).or_default().entry(divisor).or_insert(index);
        }
        self.equal.entry((field, values)).or_insert(index);
    }

    fn find(&self, asked: Asked, values: &[u64]) -> Option<Expression> {
        let may_be = || Field::ALL.into_iter().filter(|field| asked.may_be(*field));
        let half = || self.halves.get(values).filter(|_| asked.which == Field::Padding);
        let lowest = lowest(values).filter(|_| asked.may_be_multiple());
        let multiple = lowest.and_then(|(value, terms)| {
            let of_field = |field| first_divisor(self.multiples.get(&(field, terms.clone()))?, value);
            may_be().filter_map(of_field).min().map(|(index, factor)| Expression::Multiple(factor, index))
        });
        let half = half().map(|index| Expression::Half(*index));
        let equal = may_be().filter_map(|field| self.equal.get(&(field, values.to_vec()))).min();
        equal.map(|index| Expression::Parameter(*index)).or(multiple).or(half)
    }
}

/// `values` divided by what divides them all, and that divisor; of none that has a zero.
fn lowest(values: &[u64]) -> Option<(u64, Vec<u64>)> {
    let divisor = values.iter().copied().fold(0, gcd);
    let is_positive = divisor > 0 && !values.contains(&0);
    is_positive.then(|| (divisor, values.iter().map(|value| value / divisor).collect()))
}

fn gcd(left: u64, right: u64) -> u64 {
    if right == 0 { left } else { gcd(right, left % right) }
}

/// The first parameter of `divisors` whose number divides `value`, and how often.
fn first_divisor(divisors: &BTreeMap<u64, usize>, value: u64) -> Option<(usize, u64)> {
    let pair = |divisor: u64| Some((*divisors.get(&divisor)?, value / divisor));
    if divisors.len() as u64 <= value.isqrt() {
        return divisors
            .keys()
            .filter(|divisor| value.is_multiple_of(**divisor))
            .filter_map(|divisor| pair(*divisor))
            .min();
    }
    let divides = |divisor: &u64| value.is_multiple_of(*divisor);
    (1..=value.isqrt()).filter(divides).flat_map(|divisor| [divisor, value / divisor]).filter_map(pair).min()
}
