//! The test suite, one binary. Its modules are the promises that the project makes.

#![allow(
    missing_docs,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod fill;
mod folding;
mod layering;
#[cfg(feature = "live")]
mod live;
mod networks;
mod onnx;
mod outline;
mod run;
mod shapes;
mod weights;
