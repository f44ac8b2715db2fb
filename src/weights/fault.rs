//! Values in a weight file that no network can use.

use crate::diagnostic::{Code, Refusal};
use crate::ir::ParameterKind;
use std::collections::BTreeMap;
use std::fmt;

/// Values of one tensor that no network can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The tensor's name.
    pub name: String,
    /// What is wrong with the values.
    pub kind: FaultKind,
    /// How many there are.
    pub count: u64,
    /// Where in the file's tensor the first one is.
    pub first: Vec<u64>,
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// It is not a number.
    NotANumber,
    /// It is infinite, or too large for float32.
    Infinite,
    /// It is a variance below zero.
    Negative,
}

impl FaultKind {
    fn of(value: f32, kind: ParameterKind) -> Option<Self> {
        if value.is_nan() {
            Some(Self::NotANumber)
        } else if value.is_infinite() {
            Some(Self::Infinite)
        } else {
            (kind == ParameterKind::Variance && value < 0.0).then_some(Self::Negative)
        }
    }

    /// The words for so many values.
    fn predicate(self, count: u64) -> &'static str {
        match (self, count) {
            (Self::NotANumber, 1) => "is not a number",
            (Self::NotANumber, _) => "are not numbers",
            (Self::Infinite, 1) => "is infinite",
            (Self::Infinite, _) => "are infinite",
            (Self::Negative, 1) => "is a negative variance",
            (Self::Negative, _) => "are negative variances",
        }
    }
}

/// Counts the faults of a tensor, whose values come in their order in the file.
#[derive(Debug, Default)]
pub(super) struct Count {
    seen: u64,
    /// For each kind of fault how many there are, and the place of the first.
    found: BTreeMap<FaultKind, (u64, u64)>,
}

impl Count {
    pub(super) fn take(&mut self, values: &[f32], of: ParameterKind) {
        for (at, &value) in (self.seen..).zip(values) {
            if let Some(kind) = FaultKind::of(value, of) {
                let (count, _) = self.found.entry(kind).or_insert((0, at));
                *count += 1;
            }
        }
        self.seen += values.len() as u64;
    }

    /// The faults of the tensor called `name`, which has `shape` in the file.
    pub(super) fn faults(self, name: &str, shape: &[u64]) -> impl Iterator<Item = Fault> {
        self.found.into_iter().map(|(kind, (count, first))| Fault {
            name: name.to_owned(),
            kind,
            count,
            first: place(first, shape),
        })
    }
}

/// The indices of the value that is at `flat` in row-major order.
fn place(flat: u64, shape: &[u64]) -> Vec<u64> {
    let mut rest = flat;
    let mut indices: Vec<_> = shape
        .iter()
        .rev()
        .map(|side| {
            let side = (*side).max(1);
            let index = rest % side;
            rest /= side;
            index
        })
        .collect();
    indices.reverse();
    indices
}

/// The refusal of a file for `network` whose tensors have `faults`, of which the first `shown` are named.
#[must_use]
pub fn unusable(network: &str, faults: &[Fault], shown: usize) -> Refusal {
    let values: u64 = faults.iter().map(|fault| fault.count).sum();
    let is_one = values == 1;
    let message =
        format!("the weights have {values} value{} that `{network}` cannot use", if is_one { "" } else { "s" });
    let mut refusal = Refusal::new(Code::WeightsUnusable, message);
    refusal.notes.extend(faults.iter().take(shown).map(ToString::to_string));
    if let Some(more) = faults.len().checked_sub(shown).filter(|more| *more > 0) {
        refusal.notes.push(format!("and {more} more"));
    }
    refusal.help("write the file again, or take a checkpoint from before the training diverged")
}

impl fmt::Display for Fault {
    /// `` `bn1.running_var`: 2 values are negative variances, the first at [3] ``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, kind, count, first } = self;
        let plural = if *count == 1 { "" } else { "s" };
        let first = first.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        write!(f, "`{name}`: {count} value{plural} {}, the first at [{first}]", kind.predicate(*count))
    }
}
