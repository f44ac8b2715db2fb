//! The commands that need the live model.

pub(super) mod bench;
mod model;
mod profile;
pub(super) mod run;
pub(super) mod verify;
