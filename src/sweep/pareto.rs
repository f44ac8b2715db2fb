//! The variants that no other one beats.
//!
//! Where one figure is wanted large and another small, a front can be nearly everything. So what is added is gathered, and
//! what is beaten is taken out when as much has come as there was: by dividing (Kung, Luccio and Preparata 1975, On finding
//! the maxima of a set of vectors), which takes n log n steps for two objectives and a logarithm more for each other.

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
pub struct Front {
    objectives: Vec<Objective>,
    /// The front of what had come at some time, and what came after that.
    members: Vec<(u64, Figures)>,
    /// How many there may be until those are taken out that are beaten.
    room: usize,
}

/// How much is gathered at least before anything is taken out.
const LEAST_ROOM: usize = 4096;

impl Front {
    /// A front without members.
    #[must_use]
    pub fn new(objectives: Vec<Objective>) -> Self {
        Self { objectives, members: Vec::new(), room: LEAST_ROOM }
    }

    /// Adds a variant and its number.
    pub fn add(&mut self, number: u64, figures: &Figures) {
        self.members.push((number, *figures));
        if self.members.len() >= self.room {
            self.reduce();
        }
    }

    /// Adds the members of another front of the same objectives.
    pub fn merge(&mut self, mut other: Self) {
        other.reduce();
        for (number, figures) in &other.members {
            self.add(*number, figures);
        }
    }

    /// The members, by their numbers.
    #[must_use]
    pub fn into_members(mut self) -> Vec<(u64, Figures)> {
        self.reduce();
        self.members.sort_unstable_by_key(|(number, _)| *number);
        self.members
    }

    /// Takes out what is beaten.
    fn reduce(&mut self) {
        let values = |figures: &Figures| self.objectives.iter().map(|objective| objective.of(figures)).collect();
        let points: Vec<Vec<u128>> = self.members.iter().map(|(_, figures)| values(figures)).collect();
        let mut unbeaten: Vec<&[u128]> = points.iter().map(Vec::as_slice).collect();
        unbeaten.sort_unstable();
        unbeaten.dedup();
        let unbeaten = front(&unbeaten);
        let mut stays = points.iter().map(|point| unbeaten.binary_search(&point.as_slice()).is_ok());
        self.members.retain(|_| stays.next().unwrap_or_default());
        self.room = LEAST_ROOM.max(2 * self.members.len());
    }
}

/// Of so many points and others, each is compared with each.
const FEW: usize = 256;

/// The front of points that are in order and differ, in order.
fn front<'p>(points: &[&'p [u128]]) -> Vec<&'p [u128]> {
    if points.len() < 2 {
        return points.to_vec();
    }
    // In the first objective nothing of the second half is better than anything of the first.
    let (first, second) = points.split_at(points.len() / 2);
    let mut front_of_all = front(first);
    let rest = unbeaten(&front_of_all, front(second), 1);
    front_of_all.extend(rest);
    front_of_all
}

/// Those of `others` that no point of `points` is as good as in all objectives from the one at `from` on. In those before it
/// all points are as good as all others.
fn unbeaten<'p>(points: &[&'p [u128]], mut others: Vec<&'p [u128]>, from: usize) -> Vec<&'p [u128]> {
    let Some(first) = points.first() else { return others };
    // Nothing is left in which an other could be better.
    if first.len() <= from {
        return Vec::new();
    }
    let at = |point: &[u128]| point.get(from).copied().unwrap_or_default();
    if points.len() * others.len() <= FEW {
        let tail = |point: &'p [u128]| point.get(from..).unwrap_or_default();
        let is_as_good =
            |one: &'p [u128], other: &'p [u128]| tail(one).iter().zip(tail(other)).all(|(one, other)| one <= other);
        others.retain(|other| !points.iter().any(|point| is_as_good(point, other)));
        return others;
    }
    let Some(pivot) = pivot(points.iter().map(|point| at(point)).collect()) else {
        // All points have one value.
        let (behind, before) = others.into_iter().partition(|other| at(other) >= at(first));
        return merged(before, unbeaten(points, behind, from + 1));
    };
    let (low, high): (Vec<_>, Vec<_>) = points.iter().copied().partition(|point| at(point) <= pivot);
    let (low_others, high_others) = others.into_iter().partition(|other| at(other) <= pivot);
    let high_others = unbeaten(&low, high_others, from + 1);
    merged(unbeaten(&low, low_others, from), unbeaten(&high, high_others, from))
}

/// A value that parts `values` in two, the median if it can be: some are at most that, others above. None where all are one.
fn pivot(mut values: Vec<u128>) -> Option<u128> {
    values.sort_unstable();
    let most = values.last().copied()?;
    let median = values.get((values.len() - 1) / 2).copied()?;
    if median < most { Some(median) } else { values.into_iter().rfind(|value| *value < most) }
}

/// Both in one order.
fn merged<'p>(mut left: Vec<&'p [u128]>, right: Vec<&'p [u128]>) -> Vec<&'p [u128]> {
    left.extend(right);
    left.sort_unstable();
    left
}
