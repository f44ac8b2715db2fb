//! A machine as it was written: what it can compute and move in a second.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// What it is called.
    pub name: Spanned<String>,
    /// Bytes of memory a second, above 0.
    pub bandwidth: Spanned<u64>,
    /// The table of peaks.
    pub table: Span,
    /// FLOP/s, above 0, by the name of the dtype.
    pub peaks: Vec<(&'static str, Spanned<u64>)>,
}

impl Machine {
    /// FLOP/s in `dtype`.
    ///
    /// # Errors
    /// The machine says nothing of it.
    pub fn peak(&self, dtype: &str) -> Result<u64, Box<Diagnostic>> {
        let peak = self.peaks.iter().find(|(name, _)| *name == dtype).map(|(_, peak)| peak.value);
        peak.ok_or_else(|| {
            let known: Vec<_> = self.peaks.iter().map(|(name, _)| format!("`{name}`")).collect();
            let label = format!("this machine has {}", known.join(", "));
            let known = self.peaks.first().map_or("float32", |(name, _)| name);
            let help = format!("add `{dtype} =` with the peak in FLOP/s, or ask for `--dtype {known}`");
            let message = format!("`{dtype}` is missing");
            Box::new(Diagnostic::error(Code::MissingKey, self.table, message, label).help(help))
        })
    }
}
