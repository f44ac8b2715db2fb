//! Rows of tables of names that can select no layer.

use super::slips::{self, Marks};
use crate::diagnostic::{Code, Diagnostic, Report, Severity, suggest};
use crate::ir::Label;
use crate::lang::ast::Row;
use crate::lang::{Definitions, elsewhere};
use crate::library;
use std::collections::BTreeSet;

/// The labels that layers have which stand under none.
const LABELS: [Label; 6] = [Label::INPUT, Label::STEM, Label::BLOCK, Label::HEAD, Label::JOIN, Label::CHAIN];

/// The roles that layers have where none is written.
const ROLES: [Label; 21] = [
    Label::INPUT,
    Label::PAD,
    Label::POOL_PAD,
    Label::CONV,
    Label::NORM,
    Label::ACT,
    Label::POOL,
    Label::MAX_POOL,
    Label::ADD,
    Label::CONCAT,
    Label::MULTIPLY,
    Label::SLICE,
    Label::DROP_PATH,
    Label::LAYER_SCALE,
    Label::BLUR,
    Label::SOFTMAX,
    Label::FLATTEN,
    Label::DROPOUT,
    Label::LINEAR,
    Label::SUBSAMPLE,
    Label::ZEROS,
];

/// Warns of rows whose label or role no block has, where one is near that a block has. A table may have rows for blocks of
/// other descriptions: what is like nothing here is left alone.
pub(super) fn check(definitions: &Definitions, report: &mut Report) {
    let rows = || {
        let sections = |names| -> &Vec<_> { names };
        definitions
            .names
            .iter()
            .flat_map(move |names| names.rows.iter().chain(sections(&names.sections).iter().flat_map(|(_, rows)| rows)))
    };
    if report.has_errors() || rows().next().is_none() {
        return;
    }
    let mut known = Marks { labels: LABELS.to_vec(), roles: ROLES.to_vec() };
    let shipped = library::blocks().map(|block| &block.body);
    for body in shipped.chain(definitions.blocks.iter().map(|block| &block.body)) {
        let Marks { labels, roles } = slips::marks(body);
        known.labels.extend(labels);
        known.roles.extend(roles);
    }
    let words = |labels: &[Label]| labels.iter().map(|label| label.as_str().to_owned()).collect::<BTreeSet<_>>();
    let (labels, roles) = (words(&known.labels), words(&known.roles));
    rows().filter_map(|row| dead(row, &labels, &roles)).for_each(|warning| report.push(warning));
}

/// The warning for a row, if its label or its role is a misspelling.
fn dead(row: &Row, labels: &BTreeSet<String>, roles: &BTreeSet<String>) -> Option<Diagnostic> {
    let (label, role) = &row.selector.value;
    let role = role.as_ref()?;
    let near = |word: &str, known: &BTreeSet<String>| {
        let is_known = word == "*" || known.contains(word);
        if is_known { None } else { elsewhere::meant(word, known.iter().map(String::as_str)).map(str::to_owned) }
    };
    let (near_label, near_role) = (near(label, labels), near(role, roles));
    let (what, word) = match (&near_label, &near_role) {
        (Some(_), _) => ("label", label),
        (None, Some(_)) => ("role", role),
        (None, None) => return None,
    };
    let meant = format!("{}.{}", near_label.as_ref().unwrap_or(label), near_role.as_ref().unwrap_or(role));
    let message = format!("no layer has the {what} {}", suggest::quoted(word));
    let error = Diagnostic::error(Code::DeadRow, row.selector.span, message, "this row names no layer");
    let error = error.help(format!("write `{meant}`")).fix(row.selector.span, meant);
    Some(Diagnostic { severity: Severity::Warning, ..error })
}
