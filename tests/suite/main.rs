//! The test suite, one binary. Its modules are the promises that the project makes.

#![allow(
    missing_docs,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod cost;
mod describe;
mod diagnostics;
mod fill;
mod flops;
mod layering;
mod outline;
mod promise;
mod published;
