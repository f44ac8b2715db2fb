//! The test suite, one binary. Its modules are the promises that the project makes.

#![allow(
    missing_docs,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_range_loop,
    clippy::type_complexity,
    reason = "tests"
)]

mod allocation;
mod browser;
mod build;
#[cfg(feature = "live")]
mod burn_source;
mod burn_text;
mod cases;
mod cli_small;
mod convert;
mod cost;
mod cost_ops;
mod describe;
mod diagnostics;
mod diff;
mod engine;
mod expand;
mod family;
#[cfg(feature = "live")]
mod family_live;
mod fill;
mod flops;
mod folding;
mod format;
mod fuzz;
mod generated;
mod golden;
mod graphs;
mod hostile;
mod init;
mod interruption;
mod keras;
mod keras_family;
mod language;
mod layering;
mod limits;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod live_engine;
mod memory;
mod names;
mod networks;
mod npy;
mod onnx;
mod onnx_file;
mod outline;
mod picture;
mod programs;
mod promise;
mod published;
mod python;
mod random;
#[cfg(feature = "live")]
mod readme;
mod reference;
mod report;
mod roofline;
mod run;
mod schema;
mod sentences;
mod shapes;
mod sketch;
mod sketches;
mod strangers;
mod structure;
mod sweep;
mod sweep_command;
mod timeline;
mod verify;
mod weights;
mod weights_command;
