//! The calls of a description, resolved: which block each names, and a value for each of its parameters.
//!
//! In: the stem, the stages, and the defaults that the stages share. Out: [`Arguments`] for each, or everything in them
//! that the library refuses, every mistake once. A default is judged by the block that the defaults name, or, where
//! they name none, by the blocks of the stages; a stage of another block takes from the defaults what its block
//! declares.

use super::arguments::{self, Arguments, Bound};
use super::check_range;
use crate::diagnostic::{Code, Diagnostic, Report, suggest};
use crate::library::{self, Definition, Parameter, Place};
use crate::limits;
use crate::source::Span;
use crate::spec::{Argument, Call, Kind, Spec, Stage};

/// The resolved calls of a description.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) stem: Arguments,
    pub(super) stages: Vec<Arguments>,
}

/// Resolves every call of `spec`; what is wrong goes to `report`.
pub(super) fn resolve(spec: &Spec, report: &mut Report) -> Option<Calls> {
    let stem = resolve_stem(&spec.stem, report);
    let mut defaults = Defaults::find(spec, report);
    let kinds: Vec<_> = spec.stages.iter().map(|stage| defaults.kind_of(stage, report)).collect();
    let meant = defaults.check(&kinds, report);
    if !meant.contains(&"kind") {
        check_kinds(spec, &kinds, report);
    }
    let stages: Vec<_> = spec
        .stages
        .iter()
        .zip(&kinds)
        .map(|(stage, kind)| resolve_stage(stage, *kind, &mut defaults, &meant, report))
        .collect();
    Some(Calls { stem: stem?, stages: stages.into_iter().collect::<Option<_>>()? })
}

/// `spec` with every stage written out and no defaults: the same network.
#[must_use]
pub fn write_out(spec: &Spec) -> Spec {
    let stages = spec.stages.iter().map(|stage| write_out_stage(stage, spec.defaults.as_ref())).collect();
    Spec { defaults: None, stages, ..spec.clone() }
}

fn write_out_stage(stage: &Stage, defaults: Option<&Call>) -> Stage {
    let mut stage = stage.clone();
    let Some(defaults) = defaults else { return stage };
    let call = &mut stage.call;
    if call.kind == Kind::Absent {
        call.kind = defaults.kind.clone();
    }
    let definition = call.kind.name().and_then(|kind| library::find(Place::Stage, &kind.value));
    let Some(definition) = definition else { return stage };
    for argument in &defaults.arguments {
        let declared = definition.parameter(&argument.name.value).is_some();
        if declared && find(call, &argument.name.value).is_none() {
            call.arguments.push(argument.clone());
        }
    }
    stage
}

/// What is known about the block that a call names.
#[derive(Debug, Clone, Copy)]
enum Named {
    Known(&'static Definition),
    /// The name is wrong, and that is reported.
    Refused,
    /// Nothing names it.
    Absent,
}

fn find_kind(kind: &Kind, place: Place, report: &mut Report) -> Named {
    let kind = match kind {
        Kind::Named(kind) => kind,
        Kind::Absent => return Named::Absent,
        Kind::Refused => return Named::Refused,
    };
    if let Some(definition) = library::find(place, &kind.value) {
        return Named::Known(definition);
    }
    let names = library::at(place).map(|definition| definition.name);
    let message = format!("there is no {} {}", noun(place), suggest::quoted(&kind.value));
    report.push(suggest::unknown_word(message, &kind.value, kind.span, names));
    Named::Refused
}

fn noun(place: Place) -> &'static str {
    match place {
        Place::Stem => "stem",
        Place::Stage => "block",
    }
}

fn find<'a>(call: &'a Call, name: &str) -> Option<&'a Argument> {
    call.arguments.iter().find(|argument| argument.name.value == name)
}

fn resolve_stem(stem: &Call, report: &mut Report) -> Option<Arguments> {
    let kind = find_kind(&stem.kind, Place::Stem, report);
    let meant = check_names(stem, kind, &["kind"], report);
    if matches!(kind, Named::Absent) && !meant.contains(&"kind") {
        report.push(
            Diagnostic::error(Code::MissingKey, stem.span, "`kind` is missing", "the stem needs `kind`")
                .help("add `kind = \"imagenet\"`"),
        );
    }
    let Named::Known(definition) = kind else { return None };
    bind(stem, definition, None, &meant, report)
}

fn resolve_stage(
    stage: &Stage,
    kind: Named,
    defaults: &mut Defaults<'_>,
    meant: &[&'static str],
    report: &mut Report,
) -> Option<Arguments> {
    let call = &stage.call;
    let mut meant = meant.to_vec();
    meant.extend(check_names(call, kind, &["kind", "blocks"], report));
    match &stage.blocks {
        Some(blocks) => check_range("blocks", blocks, limits::BLOCKS, Code::TooManyBlocks, report),
        None if meant.contains(&"blocks") => {}
        None => report.push(
            Diagnostic::error(Code::MissingKey, call.span, "`blocks` is missing", "a stage needs `blocks`")
                .help("add `blocks = 3`, or how many blocks the stage has"),
        ),
    }
    let Named::Known(definition) = kind else { return None };
    bind(call, definition, Some(defaults), &meant, report)
}

/// A value for each parameter of `definition`: what `call` writes, what it inherits, or the parameter's default.
fn bind(
    call: &Call,
    definition: &'static Definition,
    mut defaults: Option<&mut Defaults<'_>>,
    meant: &[&'static str],
    report: &mut Report,
) -> Option<Arguments> {
    let mut values = Vec::with_capacity(definition.parameters.len());
    for parameter in definition.parameters {
        let value = if let Some(argument) = find(call, parameter.name) {
            arguments::check(definition.name, &argument.value, parameter)
                .map(|value| (parameter.name, value, written(argument)))
                .map_err(|error| report.push(error))
                .ok()
        } else if let Some(inherited) =
            defaults.as_mut().and_then(|defaults| defaults.inherit(call, definition, parameter, report))
        {
            inherited.ok()
        } else {
            absent(call, definition, parameter, meant, report)
        };
        values.push(value);
    }
    values.into_iter().collect::<Option<_>>().map(|values| Arguments::new(definition, values))
}

fn written(argument: &Argument) -> Span {
    argument.name.span.to(argument.value.span)
}

/// A value for a parameter that nobody wrote.
fn absent(
    call: &Call,
    definition: &Definition,
    parameter: &Parameter,
    meant: &[&str],
    report: &mut Report,
) -> Option<Bound> {
    if let Some(default) = parameter.default {
        return Some((parameter.name, default, call.span));
    }
    if !meant.contains(&parameter.name) {
        report.push(
            Diagnostic::error(
                Code::MissingKey,
                call.span,
                format!("`{}` is missing", parameter.name),
                format!("`{}` needs `{}`: {}", definition.name, parameter.name, parameter.meaning),
            )
            .help(format!("add `{} = 64`, or the number that is meant", parameter.name)),
        );
    }
    None
}

/// Reports the arguments of `call` that its block does not declare, and gives the names that were probably meant. `keys`
/// can be written beside the arguments. Without a known block only a misspelt key can be told.
fn check_names(call: &Call, kind: Named, keys: &[&'static str], report: &mut Report) -> Vec<&'static str> {
    let declared: Vec<_> = match kind {
        Named::Known(definition) => definition.parameters.iter().map(|parameter| parameter.name).collect(),
        Named::Refused | Named::Absent => Vec::new(),
    };
    let place = match kind {
        Named::Known(definition) => Some(format!("the {} `{}` has no", noun(definition.place), definition.name)),
        Named::Refused | Named::Absent => None,
    };
    Names { call, declared: &declared, keys, place }.check(report)
}

/// The names that a call may use.
struct Names<'a> {
    call: &'a Call,
    declared: &'a [&'static str],
    /// What the table takes beside arguments.
    keys: &'a [&'static str],
    /// Who does not have what is not declared; nothing where it is not known what is declared.
    place: Option<String>,
}

impl Names<'_> {
    fn check(&self, report: &mut Report) -> Vec<&'static str> {
        let known = || self.keys.iter().chain(self.declared).copied();
        let free: Vec<_> = known().filter(|name| find(self.call, name).is_none()).collect();
        let mut meant = Vec::new();
        for Argument { name, .. } in &self.call.arguments {
            if self.declared.contains(&name.value.as_str()) {
                continue;
            }
            let near = suggest::closest(&name.value, free.iter().copied());
            let message = match &self.place {
                Some(place) => format!("{place} parameter {}", suggest::quoted(&name.value)),
                None if near.is_none() => continue,
                None => format!("there is no parameter {}", suggest::quoted(&name.value)),
            };
            let error =
                Diagnostic::error(Code::UnknownKey, name.span, message, format!("expected {}", suggest::list(known())));
            report.push(match near {
                Some(near) => error.help(format!("write `{near}`")).fix(name.span, near),
                None => error.help("remove the key"),
            });
            meant.extend(near.filter(|near| !meant.contains(near)));
        }
        meant
    }
}

/// Reports that stages name no block, once for all of them.
fn check_kinds(spec: &Spec, kinds: &[Named], report: &mut Report) {
    let mut without = spec.stages.iter().zip(kinds).filter(|(stage, kind)| {
        let misspelt =
            || stage.call.arguments.iter().any(|argument| suggest::closest(&argument.name.value, ["kind"]).is_some());
        matches!(kind, Named::Absent) && !misspelt()
    });
    let Some((first, _)) = without.next() else { return };
    let others = match without.count() {
        0 => String::new(),
        1 => ", and neither does another".to_owned(),
        others => format!(", and neither do {others} others"),
    };
    let label = format!("this stage names no block{others}");
    let error = Diagnostic::error(Code::MissingKey, first.call.span, "`kind` is missing", label);
    let blocks = suggest::list(library::at(Place::Stage).map(|definition| definition.name));
    let error = match &spec.defaults {
        Some(defaults) => error.label(defaults.span, "this names no block either"),
        None => error,
    };
    report.push(
        error.note(format!("`kind` is {blocks}")).help("add `kind = \"bottleneck\"` to `[block]`, for all stages"),
    );
}

/// What the stages share, and what has been said about it.
struct Defaults<'a> {
    call: Option<&'a Call>,
    kind: Named,
    /// Arguments that the block of the defaults refuses.
    refused: Vec<&'static str>,
    /// Arguments that another block refuses: the argument, the block.
    unsuited: Vec<[&'static str; 2]>,
}

impl<'a> Defaults<'a> {
    fn find(spec: &'a Spec, report: &mut Report) -> Self {
        let call = spec.defaults.as_ref();
        let kind = call.map_or(Named::Absent, |call| find_kind(&call.kind, Place::Stage, report));
        Self { call, kind, refused: Vec::new(), unsuited: Vec::new() }
    }

    fn kind_of(&self, stage: &Stage, report: &mut Report) -> Named {
        match find_kind(&stage.call.kind, Place::Stage, report) {
            Named::Absent => self.kind,
            own => own,
        }
    }

    /// Checks the names against what the defaults' own block declares, or, where they name none, against what the blocks
    /// of the stages do; checks the values where the block is known. Gives the names that were probably meant.
    fn check(&mut self, stages: &[Named], report: &mut Report) -> Vec<&'static str> {
        let Some(call) = self.call else { return Vec::new() };
        match self.kind {
            Named::Known(definition) => {
                for parameter in definition.parameters {
                    let refusal = find(call, parameter.name)
                        .map(|argument| arguments::check(definition.name, &argument.value, parameter));
                    if let Some(Err(error)) = refusal {
                        self.refused.push(parameter.name);
                        report.push(error);
                    }
                }
                check_names(call, self.kind, &["kind"], report)
            }
            Named::Refused => Vec::new(),
            Named::Absent => {
                let mut declared: Vec<&'static str> = Vec::new();
                let mut known = !stages.is_empty();
                for stage in stages {
                    match stage {
                        Named::Known(definition) => {
                            let names = definition.parameters.iter().map(|parameter| parameter.name);
                            let new: Vec<_> = names.filter(|name| !declared.contains(name)).collect();
                            declared.extend(new);
                        }
                        Named::Refused | Named::Absent => known = false,
                    }
                }
                let place = known.then(|| "no stage's block has a".to_owned());
                Names { call, declared: &declared, keys: &["kind"], place }.check(report)
            }
        }
    }

    /// What a stage that calls `definition` inherits for `parameter`, if anything: the value, or nothing where it was
    /// refused.
    fn inherit(
        &mut self,
        call: &Call,
        definition: &Definition,
        parameter: &Parameter,
        report: &mut Report,
    ) -> Option<Result<Bound, ()>> {
        let argument = find(self.call?, parameter.name)?;
        let error = match arguments::check(definition.name, &argument.value, parameter) {
            Ok(value) => return Some(Ok((parameter.name, value, written(argument)))),
            Err(error) => error,
        };
        let reported = [parameter.name, definition.name];
        if !self.refused.contains(&parameter.name) && !self.unsuited.contains(&reported) {
            self.unsuited.push(reported);
            let at = call.kind.name().map_or(call.span, |kind| kind.span);
            let label = format!("this `{}` stage inherits it", definition.name);
            report.push(Diagnostic { fix: None, ..error.label(at, label).help(instead(parameter)) });
        }
        Some(Err(()))
    }
}

/// What a stage can write to have no part in a default that does not suit it.
fn instead(parameter: &Parameter) -> String {
    match parameter.default {
        Some(library::Default::Word(word)) => format!("write `{} = \"{word}\"` in that stage", parameter.name),
        Some(library::Default::Integer(value)) => format!("write `{} = {value}` in that stage", parameter.name),
        Some(library::Default::Boolean(value)) => format!("write `{} = {value}` in that stage", parameter.name),
        None => format!("write another `{}` in that stage", parameter.name),
    }
}
