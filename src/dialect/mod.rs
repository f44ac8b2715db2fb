//! The dialects that ship: values, one file each. A new one is a file and a line in [`ALL`].

mod keras;
mod paper;
mod torchvision;

pub use keras::KERAS;
pub use paper::PAPER;
pub use torchvision::TORCHVISION;

use crate::ir::Dialect;

/// Every dialect, in the order in which messages list them.
pub const ALL: &[&Dialect] = &[&TORCHVISION, &KERAS, &PAPER];

/// The dialect called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Dialect> {
    ALL.iter().copied().find(|dialect| dialect.name == name)
}
