//! `resnetc`, a compiler for residual networks.
//!
//! A description goes in; shapes, costs, a live model and source code come out, all from one graph whose semantics are
//! pinned. The modules are the pipeline:
//!
//! ```text
//! source ── front ── spec ── lower ── ir::Graph ── valid ── Checked ─┬─ analysis   what it costs
//!                              │                                     ├─ compare    how it differs from another
//!                              │                                     ├─ pass       rewrites, checked again
//!                           library                                  ├─ weights    names, layouts, files
//!                                                                    └─ back       live model, burn, Keras, ONNX, pictures
//! ```
//!
//! [`sweep`] takes many variants of a description through it. Beside them stand [`promise`], which holds a network against
//! the figures that its description states, [`schema`], which tells an editor what a description in TOML may be, and
//! [`report`], which puts cost and picture on a page.

#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod analysis;
pub mod back;
pub mod compare;
pub mod diagnostic;
pub mod dialect;
pub mod engine;
pub mod front;
pub mod ir;
pub mod lang;
pub mod library;
pub mod limits;
pub mod lint;
pub mod lower;
pub mod outline;
pub mod pass;
pub mod promise;
pub mod report;
pub mod schema;
pub mod source;
pub mod spec;
pub mod sweep;
pub mod valid;
pub mod weights;

use diagnostic::Report;
use source::{Source, Spanned};
use spec::Spec;
use valid::Checked;

/// How to compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Another input, C, H, W, in place of the description's own; figures that depend on it are then not held.
    pub input: Option<[u64; 3]>,
    /// The most nodes that the graph may have.
    pub limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { input: None, limit: limits::NODES }
    }
}

/// Compiles a description: reads it, expands it, checks it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn compile(source: &Source) -> Result<Checked, Report> {
    compile_with(source, &Options::default())
}

/// [`compile`] with options.
///
/// # Errors
/// Everything that is wrong with the description.
pub fn compile_with(source: &Source, options: &Options) -> Result<Checked, Report> {
    let mut report = Report::default();
    match front::parse(source, &mut report) {
        Some(spec) => check(spec, options, report),
        None => Err(report),
    }
}

/// Compiles a description that has been read; `report` holds what its reader found wrong with it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check(mut spec: Spec, options: &Options, mut report: Report) -> Result<Checked, Report> {
    let described = spec.input.clone();
    if let Some([channels, height, width]) = options.input {
        let input = &mut spec.input;
        for (field, value) in [(&mut input.channels, channels), (&mut input.height, height), (&mut input.width, width)]
        {
            *field = Spanned::new(value, field.span);
        }
    }
    let Some(graph) = lower::lower(&spec, None, options.limit, &mut report) else { return Err(report) };
    let mut network = match valid::check(graph) {
        Ok(network) => network,
        Err(errors) => {
            report.append(errors);
            return Err(report);
        }
    };
    if let Err(errors) = promise::check(&spec, &described, &network) {
        report.append(errors);
        return Err(report);
    }
    lint::check(&spec, &network, &mut report);
    network.warnings = report;
    Ok(network)
}

/// The network of a description that has been read, under the names of the dialect `names`: layers and tensors are called,
/// and tensors laid out, as there. What the description promises of its figures is not held, since biases count.
///
/// # Errors
/// Everything that is wrong with it.
pub fn named(spec: &Spec, names: &ir::Dialect, options: &Options) -> Result<Checked, Report> {
    let mut report = Report::default();
    match lower::lower(spec, Some(names), options.limit, &mut report) {
        Some(graph) => valid::check(graph),
        None => Err(report),
    }
}
