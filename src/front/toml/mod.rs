//! The TOML front end: stage tables.
//!
//! Tables are read one key at a time, so that every value keeps its span and one run reports everything: a key that no
//! reader asked for is unknown, and what was asked for is what to suggest.

mod print;
mod reader;

pub use print::print;

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::limits;
use crate::source::{Source, Span, Spanned};
use crate::spec::{
    Argument, Budget, Call, Expect, Head, HeadActivation, Input, Origin, Pool, Spec, Stage, Value, depth,
};
use ::toml::de::DeTable;
use reader::Table;

/// Reads a description.
///
/// # Errors
/// Everything that is wrong with its syntax; if nothing is, everything that is wrong with its keys and types.
pub fn parse(source: &Source) -> Result<Spec, Report> {
    if source.text().len() > limits::SOURCE_BYTES {
        return Err(too_large(source));
    }
    check_nesting(source)?;
    let (root, errors) = DeTable::parse_recoverable(source.text());
    let mut report = Report::default();
    for error in &errors {
        report.push(syntax(source, error));
    }
    let mut report = match report.or(()) {
        Ok(()) => Report::default(),
        Err(report) => return Err(report),
    };
    let spec = read(&mut Table::root(source, root.get_ref()), &mut report);
    match spec {
        Some(spec) => report.or(spec),
        None => Err(report),
    }
}

fn too_large(source: &Source) -> Report {
    Diagnostic::error(
        Code::SourceTooLarge,
        source.span(0..0),
        format!("the description has {} bytes", source.text().len()),
        format!("the limit is {}", limits::SOURCE_BYTES),
    )
    .into()
}

/// Counts brackets before anything is parsed; those in strings and comments count too, and no description comes near.
fn check_nesting(source: &Source) -> Result<(), Report> {
    let mut depth = 0_usize;
    for (at, byte) in source.text().bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'\n' if depth <= 2 => depth = 0,
            _ => {}
        }
        if depth > limits::NESTING {
            return Err(Diagnostic::error(
                Code::TooDeep,
                source.span(at..at + 1),
                format!("more than {} brackets are open", limits::NESTING),
                "this one exceeds the limit",
            )
            .into());
        }
    }
    Ok(())
}

fn syntax(source: &Source, error: &::toml::de::Error) -> Diagnostic {
    let span = source.span(error.span().unwrap_or(0..0));
    Diagnostic::error(Code::Syntax, span, "this is not TOML", error.message().replace('\n', "; "))
}

fn read(root: &mut Table<'_>, report: &mut Report) -> Option<Spec> {
    let name = root.text("name", report).required("name = \"resnet50\"", report);
    let dialect = root.text("dialect", report).required("dialect = \"torchvision\"", report);
    let depth = root.whole("depth", report).optional();
    let stem = root.table("stem", report).optional().and_then(|mut table| read_call(&mut table, report));
    let input = root.table("input", report).optional().map(|mut table| read_input(&mut table, report));
    let block = root.table("block", report).optional().map(|mut table| read_defaults(&mut table, report));
    let tables = root.tables("stage", report);
    let end = root.end();
    let head = match root.table("head", report).optional() {
        Some(mut table) => read_head(&mut table, report),
        None => Some(no_head(end)),
    };
    let expect = root.table("expect", report).optional().map(|mut table| read_expect(&mut table, report));
    let budget = root.table("budget", report).optional().map(|mut table| read_budget(&mut table, report));
    let cifar = stem.as_ref().is_some_and(|stem| stem.kind.value == "cifar");
    let stages = match (depth, tables.first()) {
        (Some(depth), Some(stage)) => {
            report.push(both(root, depth, stage.span()));
            None
        }
        (Some(depth), None) => expand_depth(depth, cifar, block.as_ref(), report),
        (None, _) => read_stages(tables, block.as_ref(), end, report),
    };
    root.finish(report);
    if !report.is_empty() {
        return None;
    }
    let stem = stem.or_else(|| depth.map(|depth| named_call("imagenet", depth.span)));
    let stem = require("stem", "[stem]\nkind = \"imagenet\"", stem, end, report);
    let input = match (input, depth) {
        (Some(input), _) => input,
        (None, Some(depth)) => Some(paper_input(depth.span, cifar)),
        (None, None) => require("input", "[input]\nchannels = 3\nsize = [224, 224]", None, end, report),
    };
    Some(Spec {
        name: name?,
        dialect: dialect?,
        input: input?,
        stem: stem?,
        stages: stages?,
        head: head?,
        expect: expect.unwrap_or_default(),
        budget: budget.unwrap_or_default(),
    })
}

/// Reports a table that must be there.
fn require<T>(name: &str, example: &str, found: Option<T>, end: Span, report: &mut Report) -> Option<T> {
    if found.is_none() {
        report.push(
            Diagnostic::error(
                Code::MissingKey,
                end,
                format!("`[{name}]` is missing"),
                "the description ends without it",
            )
            .help(format!("add, for example:\n{example}"))
            .fix(end, format!("\n{example}\n")),
        );
    }
    found
}

fn both(root: &Table<'_>, depth: Spanned<u64>, stage: Span) -> Diagnostic {
    let line = root.key_span("depth").unwrap_or(depth.span).to(depth.span);
    Diagnostic::error(Code::DepthAndStages, line, "`depth` and `[[stage]]` both say what the stages are", "one of them")
        .label(stage, "the other")
        .help(format!("remove `depth = {}`, or every `[[stage]]`", depth.value))
        .fix(line, "")
}

fn named_call(kind: &str, span: Span) -> Call {
    Call { kind: Spanned::new(kind.to_owned(), span), arguments: Vec::new(), span }
}

/// The input that the paper's tables are for: 224 x 224, CIFAR's 32 x 32, three channels.
fn paper_input(span: Span, cifar: bool) -> Input {
    let side = Spanned::new(if cifar { 32 } else { 224 }, span);
    Input { channels: Spanned::new(3, span), height: side, width: side }
}

fn read_input(table: &mut Table<'_>, report: &mut Report) -> Option<Input> {
    let channels = table.whole("channels", report).required("channels = 3", report);
    let size = table.pair("size", report).required("size = [224, 224]", report);
    table.finish(report);
    let (channels, [height, width]) = (channels?, size?.value);
    Some(Input { channels, height, width })
}

fn read_call(table: &mut Table<'_>, report: &mut Report) -> Option<Call> {
    let kind = table.text("kind", report).required("kind = \"imagenet\"", report);
    let arguments = table.arguments(Origin::Call, report);
    Some(Call { kind: kind?, arguments, span: table.span() })
}

/// `[block]`: the kind, and what every stage gets.
struct Defaults {
    kind: Option<Spanned<String>>,
    arguments: Vec<Argument>,
}

fn read_defaults(table: &mut Table<'_>, report: &mut Report) -> Defaults {
    let kind = table.text("kind", report).optional();
    Defaults { kind, arguments: table.arguments(Origin::Defaults { same_kind: true }, report) }
}

fn read_stages(
    tables: Vec<Table<'_>>,
    defaults: Option<&Defaults>,
    end: Span,
    report: &mut Report,
) -> Option<Vec<Stage>> {
    if tables.is_empty() && report.is_empty() {
        let example = "[[stage]]\nfilters = 64\nblocks = 3\nstride = 1";
        report.push(
            Diagnostic::error(Code::NoStages, end, "the network has no stages", "the description ends without one")
                .help(format!("write `depth = 50` before the tables, or add, for example:\n{example}")),
        );
        return None;
    }
    tables.into_iter().map(|mut table| read_stage(&mut table, defaults, report)).collect()
}

fn read_stage(table: &mut Table<'_>, defaults: Option<&Defaults>, report: &mut Report) -> Option<Stage> {
    let own = table.text("kind", report).optional();
    let blocks = table.whole("blocks", report).required("blocks = 3", report);
    let mut arguments = table.arguments(Origin::Call, report);
    let kind = own.or_else(|| defaults.and_then(|defaults| defaults.kind.clone()));
    let Some(kind) = kind else {
        table.missing("kind", "kind = \"bottleneck\"", report);
        return None;
    };
    inherit(&mut arguments, &kind, defaults);
    Some(Stage { call: Call { kind, arguments, span: table.span() }, blocks: blocks? })
}

fn inherit(arguments: &mut Vec<Argument>, kind: &Spanned<String>, defaults: Option<&Defaults>) {
    let Some(defaults) = defaults else { return };
    let same_kind = defaults.kind.as_ref().is_some_and(|default| default.value == kind.value);
    for argument in &defaults.arguments {
        if arguments.iter().all(|own| own.name.value != argument.name.value) {
            arguments.push(Argument { from: Origin::Defaults { same_kind }, ..argument.clone() });
        }
    }
}

fn expand_depth(
    depth: Spanned<u64>,
    cifar: bool,
    defaults: Option<&Defaults>,
    report: &mut Report,
) -> Option<Vec<Stage>> {
    let plan = if cifar { depth::cifar(depth.value) } else { depth::imagenet(depth.value) };
    let Some(plan) = plan else {
        report.push(bad_depth(depth, cifar));
        return None;
    };
    let kind = defaults.and_then(|defaults| defaults.kind.clone());
    if let Some(kind) =
        kind.as_ref().filter(|kind| !(kind.value == plan.kind || plan.kind == "basic" && kind.value == "plain"))
    {
        report.push(
            Diagnostic::error(
                Code::NotApplicable,
                kind.span,
                format!("a depth of {} has `{}` blocks", depth.value, plan.kind),
                "another block",
            )
            .label(depth.span, "the depth that fixes the block")
            .help(format!("write `\"{}\"`, or write the stages out with `[[stage]]`", plan.kind))
            .fix(kind.span, format!("\"{}\"", plan.kind)),
        );
        return None;
    }
    let kind = kind.unwrap_or_else(|| Spanned::new(plan.kind.to_owned(), depth.span));
    let stage = |[filters, blocks, stride]: [u64; 3]| {
        let argument = |name: &str, value: u64| Argument {
            name: Spanned::new(name.to_owned(), depth.span),
            value: Spanned::new(Value::Integer(i64::try_from(value).unwrap_or(i64::MAX)), depth.span),
            from: Origin::Call,
        };
        let mut arguments = vec![argument("filters", filters), argument("stride", stride)];
        inherit(&mut arguments, &kind, defaults);
        let call = Call { kind: kind.clone(), arguments, span: depth.span };
        Stage { call, blocks: Spanned::new(blocks, depth.span) }
    };
    Some(plan.stages.into_iter().map(stage).collect())
}

fn bad_depth(depth: Spanned<u64>, cifar: bool) -> Diagnostic {
    let near = match depth::neighbours(depth.value, cifar) {
        (Some(below), Some(above)) => format!("the nearest are {below} and {above}"),
        (Some(near), None) | (None, Some(near)) => format!("the nearest is {near}"),
        (None, None) => String::new(),
    };
    let family = if cifar {
        "CIFAR depths are 6n + 2: 20, 32, 44, 56, 110, …"
    } else {
        "depths are 18, 34, 50, 101, 152 and 200"
    };
    let error = Diagnostic::error(
        Code::BadDepth,
        depth.span,
        format!("no ResNet of the paper has depth {}", depth.value),
        near,
    )
    .note(family)
    .help("for any other depth write the stages out: `resnetc new --blocks 2,3,5,2 --kind bottleneck` starts a file");
    if !cifar && depth::cifar(depth.value).is_some() {
        error.note(format!("with `[stem] kind = \"cifar\"`, {} is a CIFAR depth", depth.value))
    } else {
        error
    }
}

fn no_head(end: Span) -> Head {
    Head {
        span: end,
        pool: Spanned::new(Pool::None, end),
        pool_size: Spanned::new([1, 1], end),
        hidden: Vec::new(),
        dropout: None,
        classes: None,
        activation: Spanned::new(HeadActivation::None, end),
    }
}

fn read_head(table: &mut Table<'_>, report: &mut Report) -> Option<Head> {
    let absent = no_head(table.span());
    let pools = [("avg", Pool::Average), ("max", Pool::Maximum), ("none", Pool::None)];
    let pool = table.choice("pool", &pools, report).or(absent.pool);
    let pool_size = table
        .pair("pool_size", report)
        .optional()
        .map(|pair| Spanned::new(pair.value.map(|side| side.value), pair.span));
    let hidden = table.wholes("hidden", report).optional();
    let dropout = table.float("dropout", report).optional();
    let classes = table.whole("classes", report).optional();
    let activations = [("none", HeadActivation::None), ("softmax", HeadActivation::Softmax)];
    let activation = table.choice("activation", &activations, report).or(absent.activation);
    table.finish(report);
    Some(Head {
        span: table.span(),
        pool: pool?,
        pool_size: pool_size.unwrap_or(absent.pool_size),
        hidden: hidden.map(|hidden| hidden.value).unwrap_or_default(),
        dropout,
        classes,
        activation: activation?,
    })
}

fn read_expect(table: &mut Table<'_>, report: &mut Report) -> Expect {
    let parameters = table.whole("parameters", report).optional();
    let total_parameters = table.whole("total_parameters", report).optional();
    let macs = table.whole("macs", report).optional();
    table.finish(report);
    Expect { parameters, total_parameters, macs }
}

fn read_budget(table: &mut Table<'_>, report: &mut Report) -> Budget {
    let max_parameters = table.whole("max_parameters", report).optional();
    let max_macs = table.whole("max_macs", report).optional();
    let max_memory = table.whole("max_memory", report).optional();
    table.finish(report);
    Budget { max_parameters, max_macs, max_memory }
}
