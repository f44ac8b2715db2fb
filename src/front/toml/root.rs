//! The root table and the tables in it.

use super::keys::ROOT;
use super::reader::{State, Table};
use super::{Told, depth};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::front::dsl;
use crate::lang::Definitions;
use crate::source::{Source, Span, Spanned};
use crate::spec::{Budget, Call, Expect, Form, Input, Kind, Spec, Stage};
use ::toml::de::DeTable;
use std::sync::Arc;

/// Reads the description whose root is `entries`; what is `told` stands in the place of what it says.
pub(super) fn read(source: &Source, entries: &DeTable<'_>, told: Told<'_>, report: &mut Report) -> Spec {
    let root = Table::root(source, "description", ROOT, entries, report);
    let end = root.end();
    let name = root.text("name", report).required("name = \"resnet50\"", report);
    let dialect = root.text("dialect", report).required("dialect = \"torchvision\"", report);
    let depth = root.whole("depth", report).state();
    let depth = depth.map(|depth| Spanned::new(told.depth.unwrap_or(depth.value), depth.span));
    let has_depth = !matches!(depth, State::Absent);
    let stem = read_stem(&root, has_depth, end, report);
    let stem = match told.stem {
        Some(kind) => with_kind(stem, kind),
        None => stem,
    };
    let family = stem.kind.name().map_or(depth::Family::Any, |kind| depth::Family::of_stem(&kind.value));
    let stem = match &depth {
        State::Value(depth) => depth::stem(stem, *depth, family),
        State::Absent | State::Wrong => stem,
    };
    let input = match root.table("input", report).state() {
        State::Value(table) => read_input(&table, report),
        State::Wrong => placeholder_input(end),
        State::Absent if has_depth => depth::input(end, family),
        State::Absent => {
            report.push(missing_table("input", "[input]\nchannels = 3\nsize = [224, 224]", &root));
            placeholder_input(end)
        }
    };
    let mut defaults = root.table("block", report).optional().map(|table| read_call(&table, report));
    if let Some(kind) = told.block {
        let absent = || Call { kind: Kind::Absent, arguments: Vec::new(), span: end };
        defaults = Some(with_kind(defaults.unwrap_or_else(absent), kind));
    }
    let stages = read_stages(&root, depth, family, defaults.as_mut(), report);
    Spec {
        name: name.unwrap_or_else(|| Spanned::new("unnamed".to_owned(), end)),
        dialect: dialect.unwrap_or_else(|| Spanned::new("torchvision".to_owned(), end)),
        input,
        stem,
        defaults,
        stages,
        head: read_head(&root, end, report),
        expect: read_expect(&root, report),
        budget: read_budget(&root, report),
        definitions: Arc::new(read_definitions(source, &root, report)),
        form: Form::Toml,
    }
}

/// The head; without a table the feature map is the output, and a table without a kind is a classifier.
fn read_head(root: &Table<'_>, end: Span, report: &mut Report) -> Call {
    let named = |kind: &str, span| Kind::Named(Spanned::new(kind.to_owned(), span));
    match root.table("head", report).optional() {
        None => Call { kind: named("none", end), arguments: Vec::new(), span: end },
        Some(table) => {
            let call = read_call(&table, report);
            let kind = if call.kind == Kind::Absent { named("classifier", call.span) } else { call.kind };
            Call { kind, ..call }
        }
    }
}

/// Blocks, dialects and names in the DSL, in a literal string.
fn read_definitions(source: &Source, root: &Table<'_>, report: &mut Report) -> Definitions {
    let Some(text) = root.text("definitions", report).optional() else { return Definitions::default() };
    let range = text.span.range();
    let whole = source.slice(text.span);
    let quotes = if whole.starts_with("'''") || whole.starts_with("\"\"\"") { 3 } else { 1 };
    let inside = range.start + quotes..(range.end - quotes).max(range.start + quotes);
    let written = source.text().get(inside.clone()).unwrap_or_default();
    // The first end of line is none of the text's, where there are three quotes.
    let first = if quotes == 3 { written.strip_prefix("\r\n").or(written.strip_prefix('\n')) } else { None };
    // Escapes would move what stands behind them: then places in the text could not be shown.
    if first.unwrap_or(written) != text.value {
        report.push(
            Diagnostic::error(Code::WrongType, text.span, "`definitions` has escapes", "expected a literal string")
                .help("write it between `'''` and `'''`"),
        );
        return Definitions::default();
    }
    dsl::definitions(source, inside, report).unwrap_or_default()
}

/// A table that must be there.
pub(super) fn missing_table(name: &str, example: &str, root: &Table<'_>) -> Diagnostic {
    let end = root.end();
    Diagnostic::error(
        Code::MissingKey,
        end,
        format!("`[{name}]` is missing"),
        format!("the {} ends here, without `[{name}]`", root.kind()),
    )
    .help(format!("add, for example:\n{example}"))
    .fix(end, format!("\n\n{example}"))
}

fn no_stages(at: Span, label: &str) -> Diagnostic {
    let example = "[[stage]]\nkind = \"bottleneck\"\nfilters = 64\nblocks = 3\nstride = 1";
    Diagnostic::error(Code::NoStages, at, "the network has no stages", label)
        .help(format!("write `depth = 50` before the first table, or add, for example:\n{example}"))
}

fn both(line: Span, depth: Spanned<u64>, stage: Span) -> Diagnostic {
    Diagnostic::error(Code::DepthAndStages, line, "`depth` and `[[stage]]` both say what the stages are", "one of them")
        .label(stage, "the other")
        .help(format!("remove `depth = {}`, or every `[[stage]]`", depth.value))
        .fix(line, "")
}

/// `call` of another block.
fn with_kind(call: Call, kind: &str) -> Call {
    let span = call.kind.name().map_or(call.span, |kind| kind.span);
    Call { kind: Kind::Named(Spanned::new(kind.to_owned(), span)), ..call }
}

fn read_stem(root: &Table<'_>, has_depth: bool, end: Span, report: &mut Report) -> Call {
    let call =
        |kind: &str| Call { kind: Kind::Named(Spanned::new(kind.to_owned(), end)), arguments: Vec::new(), span: end };
    match root.table("stem", report).state() {
        State::Value(table) => read_call(&table, report),
        State::Wrong => call("none"),
        State::Absent if has_depth => call("imagenet"),
        State::Absent => {
            report.push(missing_table("stem", "[stem]\nkind = \"imagenet\"\nfilters = 64", root));
            call("none")
        }
    }
}

fn read_input(table: &Table<'_>, report: &mut Report) -> Input {
    let absent = placeholder_input(table.span());
    let channels = table.whole("channels", report).required("channels = 3", report).unwrap_or(absent.channels);
    let size = table.pair("size", report).required("size = [224, 224]", report);
    let [height, width] = size.map_or([absent.height, absent.width], |size| size.value);
    Input { channels, height, width }
}

fn placeholder_input(span: Span) -> Input {
    let one = Spanned::new(1, span);
    Input { channels: one, height: one, width: one }
}

fn read_call(table: &Table<'_>, report: &mut Report) -> Call {
    let kind = table.text("kind", report).state().map(Kind::Named).or(Kind::Absent, Kind::Refused);
    Call { kind, arguments: table.arguments(), span: table.span() }
}

/// The stages: written, or meant by `depth`.
fn read_stages(
    root: &Table<'_>,
    depth: State<Spanned<u64>>,
    family: depth::Family,
    defaults: Option<&mut Call>,
    report: &mut Report,
) -> Vec<Stage> {
    let end = root.end();
    let tables = root.tables("stage", report);
    match (&depth, &tables) {
        (State::Value(depth), State::Value(tables)) => {
            let line = root.key_span("depth").unwrap_or(depth.span).to(depth.span);
            report.push(both(line, *depth, tables.first().map_or(end, Table::span)));
        }
        (State::Absent, State::Absent) => {
            report.push(no_stages(end, "the description ends here, without `[[stage]]`"));
        }
        (State::Absent, State::Value(tables)) if tables.is_empty() => {
            report.push(no_stages(root.key_span("stage").unwrap_or(end), "this array is empty"));
        }
        _ => {}
    }
    match (depth, tables) {
        (_, State::Value(tables)) => tables.iter().map(|table| read_stage(table, report)).collect(),
        (State::Value(depth), State::Absent | State::Wrong) => depth::expand(depth, family, defaults, report),
        (State::Absent | State::Wrong, State::Absent | State::Wrong) => Vec::new(),
    }
}

fn read_stage(table: &Table<'_>, report: &mut Report) -> Stage {
    let blocks = table.whole("blocks", report).state().map(Some).or(None, Some(Spanned::new(1, table.span())));
    Stage { call: read_call(table, report), blocks }
}

fn read_expect(root: &Table<'_>, report: &mut Report) -> Expect {
    let Some(table) = root.table("expect", report).optional() else { return Expect::default() };
    Expect {
        parameters: table.whole("parameters", report).optional(),
        total_parameters: table.whole("total_parameters", report).optional(),
        macs: table.whole("macs", report).optional(),
    }
}

fn read_budget(root: &Table<'_>, report: &mut Report) -> Budget {
    let Some(table) = root.table("budget", report).optional() else { return Budget::default() };
    Budget {
        max_parameters: table.whole("max_parameters", report).optional(),
        max_macs: table.whole("max_macs", report).optional(),
        max_memory: table.whole("max_memory", report).optional(),
    }
}
