//! `depth = N`: the paper's stages in place of written ones.

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::source::{Span, Spanned};
use crate::spec::{Argument, Call, Input, Kind, Stage, Value, depth};

/// The depths that go with a stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// The ImageNet table.
    ImageNet,
    /// CIFAR's 6n + 2, and the depths of the ImageNet table that are none.
    Cifar,
    /// Either: the stem is another one, or not known because of a mistake in it.
    Any,
}

impl Family {
    /// The family of the stem called `kind`.
    pub(super) fn of_stem(kind: &str) -> Self {
        match depth::activated(kind) {
            "imagenet" => Self::ImageNet,
            "cifar" => Self::Cifar,
            _ => Self::Any,
        }
    }

    fn plan(self, depth: u64) -> Option<depth::Plan> {
        match self {
            Self::ImageNet => depth::imagenet(depth),
            Self::Cifar => depth::behind_cifar(depth),
            Self::Any => depth::imagenet(depth).or_else(|| depth::cifar(depth)),
        }
    }
}

/// The input that the paper's tables are for: 224 x 224, CIFAR's 32 x 32, three channels.
pub(super) fn input(span: Span, family: Family) -> Input {
    let side = Spanned::new(if family == Family::Cifar { 32 } else { 224 }, span);
    Input { channels: Spanned::new(3, span), height: side, width: side }
}

/// The stem `call` that goes with `depth`: it has the filters of the first stage, where nothing else is written, so that
/// the stages of the ImageNet table read what they do behind their own stem.
pub(super) fn stem(mut call: Call, depth: Spanned<u64>, family: Family) -> Call {
    let plan =
        if family == Family::Cifar && depth::cifar(depth.value).is_none() { family.plan(depth.value) } else { None };
    if let Some([filters, ..]) = plan.as_ref().and_then(|plan| plan.stages.first())
        && !call.arguments.iter().any(|argument| argument.is("filters"))
    {
        call.arguments.push(argument("filters", *filters, depth.span));
    }
    call
}

/// The stages of `depth`, of the block that `defaults` name if it has the same; none where there is an error.
pub(super) fn expand(
    depth: Spanned<u64>,
    family: Family,
    defaults: Option<&mut Call>,
    report: &mut Report,
) -> Vec<Stage> {
    let Some(plan) = family.plan(depth.value) else {
        report.push(bad_depth(depth, family));
        return Vec::new();
    };
    let fixed = Kind::Named(Spanned::new(plan.kind.to_owned(), depth.span));
    let kind = match defaults {
        Some(defaults) => {
            if let Kind::Named(kind) = &defaults.kind
                && !plan.allows(&kind.value)
            {
                report.push(another_block(depth, &plan, kind));
                defaults.kind = fixed.clone();
            }
            if defaults.kind == Kind::Absent { fixed } else { Kind::Absent }
        }
        None => fixed,
    };
    plan.stages.iter().map(|stage| expand_stage(*stage, &kind, depth.span)).collect()
}

fn expand_stage([filters, blocks, stride]: [u64; 3], kind: &Kind, span: Span) -> Stage {
    let arguments = vec![argument("filters", filters, span), argument("stride", stride, span)];
    Stage { call: Call { kind: kind.clone(), arguments, span }, blocks: Some(Spanned::new(blocks, span)) }
}

fn argument(name: &str, value: u64, span: Span) -> Argument {
    Argument::named(Spanned::new(name.to_owned(), span), Spanned::new(Value::Integer(value.into()), span))
}

fn another_block(depth: Spanned<u64>, plan: &depth::Plan, kind: &Spanned<String>) -> Diagnostic {
    let message = format!("a depth of {} has `{}` blocks", depth.value, plan.kind);
    Diagnostic::error(Code::NotApplicable, kind.span, message, "another block")
        .label(depth.span, "this depth fixes the block")
        .help(format!("write `\"{}\"`, or write the stages out with `[[stage]]`", plan.kind))
        .fix(kind.span, format!("\"{}\"", plan.kind))
}

fn bad_depth(depth: Spanned<u64>, family: Family) -> Diagnostic {
    let cifar = family == Family::Cifar;
    let near = match depth::neighbours(depth.value, cifar) {
        (Some(below), Some(above)) => format!("the nearest are {below} and {above}"),
        (Some(near), None) | (None, Some(near)) => format!("the nearest is {near}"),
        (None, None) => "no depth is near".to_owned(),
    };
    let (table, message) = if cifar {
        (
            "CIFAR depths are 6n + 2: 20, 32, 44, 56, 110, …; 18, 34 and 101 are those of ImageNet's table",
            format!("no CIFAR ResNet has depth {}", depth.value),
        )
    } else {
        ("depths are 18, 34, 50, 101, 152 and 200", format!("no ImageNet ResNet has depth {}", depth.value))
    };
    let error = Diagnostic::error(Code::BadDepth, depth.span, message, near).note(table);
    if Family::Cifar.plan(depth.value).is_some() {
        error.help(format!("{} is a depth with another stem: `[stem]` with `kind = \"cifar\"`", depth.value))
    } else {
        error.help(
            "for any other depth write the stages out: `resnetc new --blocks 2,3,5,2 --kind bottleneck` starts a file",
        )
    }
}
