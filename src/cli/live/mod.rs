//! The commands that need the live model.

pub(super) mod bench;
mod model;
pub(super) mod run;
pub(super) mod verify;
