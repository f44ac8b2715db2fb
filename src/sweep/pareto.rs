//! The variants that no other one beats.

use super::{Fault, Figure};
use crate::analysis::Figures;
use std::str::FromStr;

/// A figure that is to be small, or large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Objective {
    figure: Figure,
    is_largest: bool,
}

impl Objective {
    /// The figure, so that less is better.
    fn of(self, figures: &Figures) -> u128 {
        let found = self.figure.of(figures);
        if self.is_largest { u128::MAX - found } else { found }
    }
}

impl FromStr for Objective {
    type Err = Fault;

    /// `macs`, which is to be small, or `max:parameters`, which are to be many.
    fn from_str(text: &str) -> Result<Self, Fault> {
        match text.trim().split_once(':') {
            None => Ok(Self { figure: text.trim().parse()?, is_largest: false }),
            Some(("min", figure)) => Ok(Self { figure: figure.parse()?, is_largest: false }),
            Some(("max", figure)) => Ok(Self { figure: figure.parse()?, is_largest: true }),
            Some((word, figure)) => {
                let fault = Fault::new(format!("`{text}`: `{word}` is neither `min` nor `max`"));
                Err(fault.help(format!("write `{figure}`, which is minimised, or `max:{figure}`")))
            }
        }
    }
}

/// The Pareto front of what was added to it: what nothing else beats. One beats another if it is as good in every objective
/// and better in one; so of those that are equal in all of them, all stay.
#[derive(Debug, Clone)]
pub struct Front<T> {
    objectives: Vec<Objective>,
    /// For each member its objectives, the number under which it was added, and what it is.
    members: Vec<(Vec<u128>, u64, T)>,
}

impl<T> Front<T> {
    /// A front without members.
    #[must_use]
    pub fn new(objectives: Vec<Objective>) -> Self {
        Self { objectives, members: Vec::new() }
    }

    /// Adds what `make` gives under a number that nothing else has, unless it is beaten by a member.
    pub fn add(&mut self, number: u64, figures: &Figures, make: impl FnOnce() -> T) {
        let values = self.objectives.iter().map(|objective| objective.of(figures)).collect();
        self.insert(values, number, make);
    }

    /// Adds the members of another front of the same objectives.
    pub fn merge(&mut self, other: Self) {
        for (values, number, member) in other.members {
            self.insert(values, number, || member);
        }
    }

    fn insert(&mut self, values: Vec<u128>, number: u64, make: impl FnOnce() -> T) {
        if let Some(at) = self.members.iter().position(|(member, ..)| beats(member, &values)) {
            // What beats one is likely to beat the next: it is asked first.
            self.members.swap(0, at);
            return;
        }
        self.members.retain(|(member, ..)| !beats(&values, member));
        self.members.push((values, number, make()));
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, by their numbers.
    #[must_use]
    pub fn into_members(mut self) -> Vec<T> {
        self.members.sort_unstable_by_key(|(_, number, _)| *number);
        self.members.into_iter().map(|(.., member)| member).collect()
    }
}

fn beats(one: &[u128], other: &[u128]) -> bool {
    one.iter().zip(other).all(|(one, other)| one <= other) && one != other
}
