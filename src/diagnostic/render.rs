//! Diagnostics as text for people and as JSON for programs.

use super::{Diagnostic, Label, Refusal, Report, Severity, visible};
use crate::source::{Source, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};
use std::fmt::Write;
use std::ops::Range;

/// The report as people read it, ending in a newline; with ANSI styles if `styled`.
#[must_use]
pub fn text(report: &Report, source: &Source, styled: bool) -> String {
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for diagnostic in report.diagnostics() {
        let answer = renderer.render(&groups(diagnostic, source));
        // The renderer shows most that acts by pictures, and adds escapes for colours of its own; a file may begin with a mark.
        let is_hidden = |c: char| visible::acts(c) && !matches!(c, '\n' | '\u{1b}' | '\u{feff}');
        out.extend(answer.chars().map(|c| if is_hidden(c) { '\u{fffd}' } else { c }));
        out.push_str("\n\n");
    }
    if report.dropped() > 0 {
        let _ = writeln!(out, "and {} more", report.dropped());
    }
    out
}

/// The most that is underlined: a line is cut around what is, so a line of a megabyte prints a few words.
const UNDERLINED_BYTES: usize = 200;

fn groups<'a>(diagnostic: &'a Diagnostic, source: &'a Source) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let labels = || std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary);
    let window = labels().map(|label| label.span).fold(diagnostic.primary.span, Span::to);
    let window = source.lines_of(window);
    let annotation = |kind: AnnotationKind, label: &'a Label| {
        let Range { start, end } = label.span.range();
        let shown = source.span(start..end.min(start.saturating_add(UNDERLINED_BYTES))).range();
        let offset = window.range().start;
        kind.span(shown.start - offset..shown.end - offset).label(visible::line(&label.text))
    };
    let snippet = Snippet::source(source.slice(window))
        .path(visible::line(source.name()))
        .line_start(source.position(window).0)
        .annotation(annotation(AnnotationKind::Primary, &diagnostic.primary))
        .annotations(diagnostic.secondary.iter().map(|label| annotation(AnnotationKind::Context, label)));
    let group = level
        .primary_title(visible::line(&diagnostic.message))
        .id(diagnostic.code.number())
        .element(snippet)
        .elements(diagnostic.notes.iter().map(|note| Level::NOTE.message(visible::line(note))))
        .elements(diagnostic.help.iter().map(|help| Level::HELP.message(visible::lines(help))));
    vec![group]
}

/// The report as JSON: an array of one object per diagnostic.
#[must_use]
pub fn json(report: &Report, source: &Source) -> Value {
    Value::Array(objects(report, source))
}

/// The report as JSON, one object per diagnostic.
#[must_use]
pub fn objects(report: &Report, source: &Source) -> Vec<Value> {
    report.diagnostics().into_iter().map(|diagnostic| object(diagnostic, source)).collect()
}

/// A refusal as people read it, ending in a newline; `file` is what it is about, styled as in [`text`].
#[must_use]
pub fn refusal_text(refusal: &Refusal, file: Option<&str>, styled: bool) -> String {
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let group = Level::ERROR
        .primary_title(visible::line(&refusal.message))
        .id(refusal.code.number())
        .elements(file.map(|file| Origin::path(visible::line(file))))
        .elements(refusal.notes.iter().map(|note| Level::NOTE.message(visible::line(note))))
        .elements(refusal.help.iter().map(|help| Level::HELP.message(visible::lines(help))));
    format!("{}\n\n", renderer.render(&[group]))
}

/// What has neither a code nor a place, as people read it: a line and what may help, each ending in a newline.
#[must_use]
pub fn plain_text(severity: &str, message: &str, help: Option<&str>) -> String {
    let help = help.map(|help| format!("  = help: {}\n", visible::line(help))).unwrap_or_default();
    format!("{severity}: {}\n{help}", visible::line(message))
}

/// The same as JSON: an object with the keys of [`json`]; code, file and places are null.
#[must_use]
pub fn plain_object(severity: &str, message: &str, help: Option<&str>) -> Value {
    json!({
        "code": null,
        "severity": severity,
        "message": message,
        "file": null,
        "primary": null,
        "secondary": [],
        "notes": [],
        "help": help,
        "fix": null,
    })
}

/// A refusal as JSON: one object with the keys of [`json`], the places null.
#[must_use]
pub fn refusal_objects(refusal: &Refusal, file: Option<&str>) -> Vec<Value> {
    vec![json!({
        "code": refusal.code.number(),
        "severity": "error",
        "message": refusal.message,
        "file": file,
        "primary": null,
        "secondary": [],
        "notes": refusal.notes,
        "help": refusal.help,
        "fix": null,
    })]
}

fn object(diagnostic: &Diagnostic, source: &Source) -> Value {
    let label = |label: &Label| place(label.span, source, "text", &label.text);
    let fix = diagnostic.fix.as_ref().map(|fix| place(fix.span, source, "replacement", &fix.replacement));
    json!({
        "code": diagnostic.code.number(),
        "severity": match diagnostic.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": diagnostic.message,
        "file": source.name(),
        "primary": label(&diagnostic.primary),
        "secondary": diagnostic.secondary.iter().map(label).collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "help": diagnostic.help,
        "fix": fix,
    })
}

fn place(span: Span, source: &Source, key: &str, text: &str) -> Value {
    let (line, column) = source.position(span);
    json!({ "start": span.range().start, "end": span.range().end, "line": line, "column": column, key: text })
}
