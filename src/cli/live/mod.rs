//! The commands that need the live model.

pub(super) mod bench;
mod model;
mod npy;
pub(super) mod run;
