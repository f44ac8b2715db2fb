//! What of a checked network cannot be meant.
//!
//! In: a network whose every layer works out, and the description that it came from. Out: warnings, about what the graph does
//! and not about how its blocks are called; at most one of a kind.

mod flat;
mod preactivation;

use crate::diagnostic::{Code, Diagnostic, Report, Severity};
use crate::source::Span;
use crate::spec::Spec;
use crate::valid::Checked;

/// Reports what of `network`, which `spec` describes, cannot be meant.
pub fn check(spec: &Spec, network: &Checked, report: &mut Report) {
    report.extend(preactivation::check(spec, network));
    report.extend(flat::check(spec, network));
}

fn warning(code: Code, span: Span, message: String, label: &str) -> Diagnostic {
    Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message, label) }
}
