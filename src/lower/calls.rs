//! The calls of a description, resolved: which block each names, and a value for each of its parameters.
//!
//! In: the stem, the stages, the head, and the defaults that the stages share. Out: [`Arguments`] for each, or everything
//! in them that a block refuses, every mistake once. A default is judged by the block that the defaults name, or, where
//! they name none, by the blocks of the stages; a stage of another block takes from the defaults what its block declares.

use super::arguments::{Arguments, Bound, Judge};
use super::matching::Matching;
use super::scope::{Blocks, Index};
use super::{Part, check_range};
use crate::diagnostic::suggest::{self, Words};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::lang::Value;
use crate::lang::ast::{Block, Domain, Parameter};
use crate::lang::elsewhere;
use crate::library::{self, Place};
use crate::limits;
use crate::source::{Span, Spanned};
use crate::spec::{Argument, Call, Form, Kind, Spec, Stage};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The resolved calls of a description.
#[derive(Debug)]
pub struct Calls<'a> {
    pub(super) stem: Arguments<'a>,
    pub(super) stages: Vec<Arguments<'a>>,
    pub(super) head: Arguments<'a>,
}

impl<'a> Calls<'a> {
    /// The call of a part of the network; none for a stage that it does not have.
    #[must_use]
    pub fn of(&self, part: Part) -> Option<&Arguments<'a>> {
        match part {
            Part::Stem => Some(&self.stem),
            Part::Stage(stage) => self.stages.get(stage),
            Part::Head => Some(&self.head),
        }
    }
}

/// Resolves every call of `spec`; what is wrong goes to `report`.
pub(super) fn resolve<'a>(spec: &Spec, blocks: Blocks<'a>, report: &mut Report) -> Option<Calls<'a>> {
    let judge = Judge { blocks, is_library: false, words: spec.form.words() };
    let stem = resolve_single(&spec.stem, Place::Stem, judge, report);
    let mut defaults = Defaults::find(spec, judge, report);
    let kinds: Vec<_> = spec.stages.iter().map(|stage| defaults.kind_of(stage, report)).collect();
    let meant = defaults.check(&kinds, report);
    if !meant.contains(&"kind") {
        check_kinds(spec, blocks, &kinds, report);
    }
    let stages: Vec<_> = spec
        .stages
        .iter()
        .zip(&kinds)
        .map(|(stage, kind)| resolve_stage(stage, *kind, &mut defaults, &meant, report))
        .collect();
    let head = resolve_single(&spec.head, Place::Head, judge, report);
    Some(Calls { stem: stem?, stages: stages.into_iter().collect::<Option<_>>()?, head: head? })
}

/// `spec` with every stage written out, every argument named, in the order of its block's parameters, and no defaults: the
/// same network.
#[must_use]
pub fn write_out(spec: &Spec) -> Spec {
    let index = Index::new(&spec.definitions);
    let blocks = Blocks::new(&index);
    let stages = spec.stages.iter().map(|stage| write_out_stage(stage, spec.defaults.as_ref(), blocks)).collect();
    let named = |call: &Call, place| match block_of(call, place, blocks) {
        Some(block) => write_out_call(call, block),
        None => call.clone(),
    };
    let (stem, head) = (named(&spec.stem, Place::Stem), named(&spec.head, Place::Head));
    Spec { defaults: None, stages, stem, head, ..spec.clone() }
}

fn write_out_stage(stage: &Stage, defaults: Option<&Call>, blocks: Blocks<'_>) -> Stage {
    let mut stage = stage.clone();
    let call = &mut stage.call;
    if let Some(defaults) = defaults.filter(|_| call.kind == Kind::Absent) {
        call.kind = defaults.kind.clone();
    }
    let Some(block) = block_of(call, Place::Stage, blocks) else { return stage };
    for argument in defaults.into_iter().flat_map(|defaults| &defaults.arguments) {
        let Some(name) = &argument.name else { continue };
        if block.parameter(&name.value).is_some() && find(call, &name.value).is_none() {
            call.arguments.push(argument.clone());
        }
    }
    *call = write_out_call(call, block);
    stage
}

fn write_out_call(call: &Call, block: &Block) -> Call {
    let mut call = with_names(call, block, &mut Report::default());
    call.arguments.sort_by_key(|argument| declared_by(block).position(|name| argument.is(name)));
    call
}

fn block_of<'a>(call: &Call, place: Place, blocks: Blocks<'a>) -> Option<&'a Block> {
    call.kind.name().and_then(|kind| blocks.find_at(place, &kind.value))
}

/// `spec` as somebody writes it by hand in the language `form`: the same network. What a parameter is without being told is
/// not said. In TOML, `[block]` says what all stages share; in the DSL, the number with which a call begins has no name.
#[must_use]
pub fn write_short(spec: &Spec, form: Form) -> Spec {
    let index = Index::new(&spec.definitions);
    let blocks = Blocks::new(&index);
    let mut short = write_out(spec);
    let stages = short.stages.iter_mut().map(|stage| (&mut stage.call, Place::Stage));
    let calls = [(&mut short.stem, Place::Stem), (&mut short.head, Place::Head)].into_iter().chain(stages);
    for (call, place) in calls {
        let Some(block) = block_of(call, place, blocks) else { continue };
        call.arguments.retain(|argument| !is_default(argument, block));
        let parameter = declared_by(block).next();
        if let (Form::Dsl, Some(first), Some(parameter)) = (form, call.arguments.first_mut(), parameter)
            && matches!(first.value.value, Value::Integer(_) | Value::Float(_))
            && first.is(parameter)
        {
            first.name = None;
        }
    }
    if form == Form::Toml {
        short.defaults = share(&mut short.stages);
    }
    short
}

/// Whether an argument says what its parameter is without it.
fn is_default(argument: &Argument, block: &Block) -> bool {
    let own = argument.name.as_ref().and_then(|name| block.parameter(&name.value));
    own.is_some_and(|own| match &argument.value.value {
        // A word that is a default may be a name whose value depends on the place; one that can only be itself is not.
        Value::Text(word) if !matches!(own.domain, Domain::Choice(_) | Domain::Block(_)) && **word != *"none" => false,
        value => own.constant().as_ref() == Some(value),
    })
}

/// Takes out of several stages of one block what they have in common.
fn share(stages: &mut [Stage]) -> Option<Call> {
    let (first, rest) = stages.split_first()?;
    let kind = first.call.kind.name()?;
    let is_alike = |stage: &Stage| stage.call.kind.name().is_some_and(|own| own.value == kind.value);
    if rest.is_empty() || !rest.iter().all(is_alike) {
        return None;
    }
    let text = |argument: &Argument| argument.value.value.to_string();
    let is_shared = |argument: &Argument| {
        let own = |stage: &Stage, name: &str| find(&stage.call, name).map(text);
        let name = argument.name.as_ref().map(|name| name.value.as_str());
        // In a stage's table this key has a meaning of its own, which must be noticed.
        name.is_some_and(|name| name != "blocks" && rest.iter().all(|stage| own(stage, name) == Some(text(argument))))
    };
    let arguments: Vec<_> = first.call.arguments.iter().filter(|argument| is_shared(argument)).cloned().collect();
    let shared = Call { kind: first.call.kind.clone(), arguments, span: first.call.span };
    for stage in stages {
        stage.call.kind = Kind::Absent;
        let is_own = |argument: &Argument| !shared.arguments.iter().any(|known| same_name(known, argument));
        stage.call.arguments.retain(is_own);
    }
    Some(shared)
}

fn same_name(left: &Argument, right: &Argument) -> bool {
    right.name.as_ref().is_some_and(|name| left.is(&name.value))
}

/// `call` with a name for every argument: an argument without one is for the parameter that its variable is called after,
/// or the one at its position.
fn with_names(call: &Call, block: &Block, report: &mut Report) -> Call {
    let mut matching = Matching::of(&block.signature, false);
    let mut named: Vec<Argument> = Vec::new();
    for argument in &call.arguments {
        // What the block does not declare is told with the keys of its table.
        if argument.name.as_ref().is_some_and(|name| block.parameter(&name.value).is_none()) {
            named.push(argument.clone());
            continue;
        }
        let span = argument.value.span;
        match matching.next(argument.name.as_ref(), argument.variable.as_deref(), span) {
            Ok(name) => {
                let name = argument.name.clone().unwrap_or_else(|| Spanned::new(name.to_owned(), span));
                named.push(Argument { name: Some(name), ..argument.clone() });
            }
            Err(error) => report.push(*error),
        }
    }
    Call { kind: call.kind.clone(), arguments: named, span: call.span }
}

/// What is known about the block that a call names.
#[derive(Debug, Clone, Copy)]
enum Named<'a> {
    Known(&'a Block),
    /// The name is wrong, and that is reported.
    Refused,
    /// Nothing names it.
    Absent,
}

impl<'a> Named<'a> {
    fn known(self) -> Option<&'a Block> {
        match self {
            Self::Known(block) => Some(block),
            Self::Refused | Self::Absent => None,
        }
    }
}

fn find_kind<'a>(kind: &Kind, place: Place, judge: Judge<'a>, report: &mut Report) -> Named<'a> {
    let kind = match kind {
        Kind::Named(kind) => kind,
        Kind::Absent => return Named::Absent,
        Kind::Refused => return Named::Refused,
    };
    if let Some(block) = judge.blocks.find_at(place, &kind.value) {
        return Named::Known(block);
    }
    if report.may_declare(&kind.value) {
        return Named::Refused;
    }
    let names = judge.blocks.names(place);
    let message = format!("there is no {} {}", noun(place), suggest::quoted(&kind.value));
    report.push(elsewhere::unknown_word(message, &kind.value, kind.span, names, judge.words));
    Named::Refused
}

fn noun(place: Place) -> &'static str {
    match place {
        Place::Stem => "stem",
        Place::Head => "head",
        Place::Stage | Place::Part => "block",
    }
}

/// What is known of the table in which a call stands.
#[derive(Debug, Clone, Copy)]
struct Table<'t> {
    /// What it takes beside arguments; a call in the DSL takes nothing else.
    keys: &'static [&'static str],
    /// The tables that the description does not have: their headers may have been lost.
    absent: &'t [&'static str],
}

impl<'t> Table<'t> {
    fn new(judge: Judge<'_>, keys: &'static [&'static str], absent: &'t [&'static str]) -> Self {
        match judge.words {
            Words::Bare => Self { keys: &[], absent: &[] },
            Words::Quoted => Self { keys, absent },
        }
    }
}

/// The tables that calls stand in and that `spec` has no call for.
fn absent(spec: &Spec) -> Vec<&'static str> {
    let is_absent = |call: &Call| {
        call.arguments.is_empty()
            && call.kind.name().is_some_and(|kind| kind.value == "none" && kind.span.range().is_empty())
    };
    [("head", &spec.head), ("stem", &spec.stem)]
        .into_iter()
        .filter(|(_, call)| is_absent(call))
        .map(|(name, _)| name)
        .collect()
}

/// Which argument of `call` is for the parameter of `block` called `name`: the one with that name, the one that is a variable
/// called so, or the one at its position.
#[must_use]
pub fn position_of(call: &Call, block: &Block, name: &str) -> Option<usize> {
    let mut matching = Matching::of(&block.signature, false);
    call.arguments.iter().position(|argument| match &argument.name {
        Some(own) if block.parameter(&own.value).is_none() => own.value == name,
        own => {
            let parameter = matching.next(own.as_ref(), argument.variable.as_deref(), argument.value.span);
            parameter.is_ok_and(|parameter| parameter == name)
        }
    })
}

fn find<'a>(call: &'a Call, name: &str) -> Option<&'a Argument> {
    call.arguments.iter().find(|argument| argument.is(name))
}

/// A stem or a head.
fn resolve_single<'a>(call: &Call, place: Place, judge: Judge<'a>, report: &mut Report) -> Option<Arguments<'a>> {
    let kind = find_kind(&call.kind, place, judge, report);
    let call = match kind {
        Named::Known(block) => Cow::Owned(with_names(call, block, report)),
        Named::Refused | Named::Absent => Cow::Borrowed(call),
    };
    let meant = check_names(&call, kind, place, Table::new(judge, &["kind"], &[]), report);
    if matches!(kind, Named::Absent) && !meant.contains(&"kind") {
        report.push(
            Diagnostic::error(
                Code::MissingKey,
                call.span,
                "`kind` is missing",
                format!("the {} needs `kind`", noun(place)),
            )
            .help("add `kind = \"imagenet\"`"),
        );
    }
    let Named::Known(block) = kind else { return None };
    bind(&call, block, None, judge, &meant, report)
}

fn resolve_stage<'a>(
    stage: &Stage,
    kind: Named<'a>,
    defaults: &mut Defaults<'_, 'a>,
    meant: &[&'a str],
    report: &mut Report,
) -> Option<Arguments<'a>> {
    let call = match kind {
        Named::Known(block) => Cow::Owned(with_names(&stage.call, block, report)),
        Named::Refused | Named::Absent => Cow::Borrowed(&stage.call),
    };
    let mut meant = meant.to_vec();
    let table = Table::new(defaults.judge, &["kind", "blocks"], &defaults.absent);
    meant.extend(check_names(&call, kind, Place::Stage, table, report));
    match &stage.blocks {
        Some(blocks) => check_range("blocks", blocks, limits::BLOCKS, Code::TooManyBlocks, report),
        None if meant.contains(&"blocks") => {}
        None => report.push(
            Diagnostic::error(Code::MissingKey, call.span, "`blocks` is missing", "a stage needs `blocks`")
                .help("add `blocks = 3`, or how many blocks the stage has"),
        ),
    }
    let Named::Known(block) = kind else { return None };
    let judge = defaults.judge;
    bind(&call, block, Some(defaults), judge, &meant, report)
}

/// A value for each parameter of `block`: what `call` writes, what it inherits, or the parameter's default.
fn bind<'a>(
    call: &Call,
    block: &'a Block,
    mut defaults: Option<&mut Defaults<'_, 'a>>,
    judge: Judge<'a>,
    meant: &[&str],
    report: &mut Report,
) -> Option<Arguments<'a>> {
    let mut bound = Arguments { block, values: Vec::new(), defaults: Vec::new(), span: call.span };
    let mut complete = true;
    for parameter in &block.signature.parameters {
        let name = parameter.name.value.as_str();
        let value = if let Some(argument) = find(call, name) {
            judge
                .written(block.name(), &argument.value, parameter)
                .map(|value| (name, value, written(argument)))
                .map_err(|error| report.push(*error))
                .ok()
        } else if let Some(inherited) =
            defaults.as_mut().and_then(|defaults| defaults.inherit(call, block, parameter, report))
        {
            inherited.ok()
        } else if let Some(default) = &parameter.default {
            bound.defaults.push((name, default));
            continue;
        } else {
            missing(call, block, parameter, meant, report);
            None
        };
        complete &= value.is_some();
        bound.values.extend(value);
    }
    complete.then_some(bound)
}

fn written(argument: &Argument) -> Span {
    argument.name.as_ref().map_or(argument.value.span, |name| name.span.to(argument.value.span))
}

/// Reports a parameter that nobody wrote.
fn missing(call: &Call, block: &Block, parameter: &Parameter, meant: &[&str], report: &mut Report) {
    let name = &parameter.name.value;
    // What is missing may stand in what could not be read.
    if !meant.contains(&name.as_str()) && !report.is_cut_off(call.span) {
        let meaning = if parameter.meaning.is_empty() { String::new() } else { format!(": {}", parameter.meaning) };
        report.push(
            Diagnostic::error(
                Code::MissingKey,
                call.span,
                format!("`{name}` is missing"),
                format!("`{}` needs `{name}`{meaning}", block.name()),
            )
            .help(format!("add `{name} = 64`, or the number that is meant")),
        );
    }
}

/// Reports the arguments of `call` that its block does not declare, and gives the names that were probably meant. Without a
/// known block only a misspelt key can be told.
fn check_names<'a>(call: &Call, kind: Named<'a>, place: Place, table: Table<'_>, report: &mut Report) -> Vec<&'a str> {
    let declared: Vec<_> = match kind {
        Named::Known(block) => declared_by(block).collect(),
        Named::Refused | Named::Absent => Vec::new(),
    };
    let lacking = match kind {
        Named::Known(block) => Some(format!("the {} `{}` has no", noun(place), block.name())),
        Named::Refused | Named::Absent => None,
    };
    let block = kind.known();
    Names { call, place, declared: &declared, table, lacking, block }.check(report)
}

fn declared_by(block: &Block) -> impl Iterator<Item = &str> {
    block.signature.parameters.iter().map(|parameter| parameter.name.value.as_str())
}

/// The names that a call may use.
struct Names<'c, 'a> {
    call: &'c Call,
    place: Place,
    declared: &'c [&'a str],
    table: Table<'c>,
    /// Who does not have what is not declared; nothing where it is not known what is declared.
    lacking: Option<String>,
    /// The block, where one is known.
    block: Option<&'a Block>,
}

impl<'a> Names<'_, 'a> {
    fn check(&self, report: &mut Report) -> Vec<&'a str> {
        let known = || self.table.keys.iter().chain(self.declared).copied();
        let free: Vec<_> = known().filter(|name| find(self.call, name).is_none()).collect();
        let (mut meant, mut strays) = (Vec::new(), BTreeMap::<&str, Diagnostic>::new());
        for name in self.call.arguments.iter().filter_map(|argument| argument.name.as_ref()) {
            if self.declared.contains(&name.value.as_str()) {
                continue;
            }
            let near = elsewhere::meant(&name.value, free.iter().copied());
            let message = match &self.lacking {
                Some(lacking) => format!("{lacking} parameter {}", suggest::quoted(&name.value)),
                None if near.is_none() => continue,
                None => format!("there is no parameter {}", suggest::quoted(&name.value)),
            };
            let stray = if near.is_none() { self.table_of(&name.value) } else { None };
            if let Some(known) = stray.and_then(|table| strays.remove(table)) {
                let label = format!("nor {}", suggest::quoted(&name.value));
                strays.extend(stray.map(|table| (table, known.label(name.span, label))));
                continue;
            }
            let error =
                Diagnostic::error(Code::UnknownKey, name.span, message, format!("expected {}", suggest::list(known())));
            match (near, stray) {
                (Some(near), _) => report.push(error.help(format!("write `{near}`")).fix(name.span, near)),
                (None, Some(table)) => {
                    let help = format!(
                        "the header is missing: write `[{table}]` on a line of its own above it, or remove the key"
                    );
                    drop(strays.insert(table, error.help(help)));
                }
                (None, None) => report.push(error.help(self.instead(&name.value))),
            }
            meant.extend(near.filter(|near| !meant.contains(near)));
        }
        report.extend(strays.into_values());
        meant
    }

    /// The table of TOML that takes what a stage does not.
    fn takes(&self, name: &str) -> Option<&'static str> {
        let takes =
            |place| library::names(place).filter_map(library::find).any(|block| block.parameter(name).is_some());
        let is_stage = self.place == Place::Stage && !self.table.keys.is_empty();
        let tables = [(Place::Head, "head"), (Place::Stem, "stem")];
        tables.into_iter().find(|(place, _)| is_stage && takes(*place)).map(|(_, table)| table)
    }

    /// The same, where the description has no such table: its header may have been lost.
    fn table_of(&self, name: &str) -> Option<&'static str> {
        self.takes(name).filter(|table| self.table.absent.contains(table))
    }

    /// What to do with an argument that nothing declares.
    fn instead(&self, name: &str) -> String {
        let (thing, is_call) = if self.table.keys.is_empty() { ("argument", true) } else { ("key", false) };
        if is_call && self.place == Place::Stage && name == "blocks" {
            return "the number of blocks stands behind the call: `stage basic(64) * 3`".to_owned();
        }
        if let Some(table) = self.takes(name) {
            return format!("`{name}` is a parameter of a {table}: move it to `[{table}]`, or remove the key");
        }
        match elsewhere::remark(name) {
            _ if self.block.is_some_and(|block| !block.is_library) => {
                format!("declare the parameter where the block is defined, or remove the {thing}")
            }
            Some(elsewhere::BEHIND) => {
                let block = self.block.map_or("basic", Block::name);
                format!(
                    "remove the {thing}: the norms and activations of `{block}` are fixed; `resnetc explain {block}` prints its text, to \
                     be copied into the description under another name and changed there"
                )
            }
            Some(remark) => format!("remove the {thing}: {remark}"),
            None => match self.block.filter(|block| block.name() != "none") {
                Some(block) => format!("remove the {thing}, or {}", super::copied(block.name())),
                None => format!("remove the {thing}"),
            },
        }
    }
}

/// Reports that stages name no block, once for all of them.
fn check_kinds(spec: &Spec, known: Blocks<'_>, kinds: &[Named<'_>], report: &mut Report) {
    let mut without = spec.stages.iter().zip(kinds).filter(|(stage, kind)| {
        let misspelt = || {
            stage.call.arguments.iter().any(|argument| {
                argument.name.as_ref().is_some_and(|name| elsewhere::meant(&name.value, ["kind"]).is_some())
            })
        };
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
    let blocks = suggest::list(known.names(Place::Stage));
    let error = match &spec.defaults {
        Some(defaults) => error.label(defaults.span, "this names no block either"),
        None => error,
    };
    report.push(
        error.note(format!("`kind` is {blocks}")).help("add `kind = \"bottleneck\"` to `[block]`, for all stages"),
    );
}

/// What the stages share, and what has been said about it.
struct Defaults<'s, 'a> {
    call: Option<&'s Call>,
    kind: Named<'a>,
    judge: Judge<'a>,
    /// The tables that the description does not have.
    absent: Vec<&'static str>,
    /// Arguments that the block of the defaults refuses.
    refused: Vec<&'a str>,
    /// Arguments that another block refuses: the argument, the block.
    unsuited: Vec<[&'a str; 2]>,
}

impl<'s, 'a> Defaults<'s, 'a> {
    fn find(spec: &'s Spec, judge: Judge<'a>, report: &mut Report) -> Self {
        let call = spec.defaults.as_ref();
        let kind = call.map_or(Named::Absent, |call| find_kind(&call.kind, Place::Stage, judge, report));
        Self { call, kind, judge, absent: absent(spec), refused: Vec::new(), unsuited: Vec::new() }
    }

    fn kind_of(&self, stage: &Stage, report: &mut Report) -> Named<'a> {
        match find_kind(&stage.call.kind, Place::Stage, self.judge, report) {
            Named::Absent => self.kind,
            own => own,
        }
    }

    /// Checks the names against what the defaults' own block declares, or, where they name none, against what the blocks
    /// of the stages do; checks the values where the block is known. Gives the names that were probably meant.
    fn check(&mut self, stages: &[Named<'a>], report: &mut Report) -> Vec<&'a str> {
        let Some(call) = self.call else { return Vec::new() };
        match self.kind {
            Named::Known(block) => {
                for parameter in &block.signature.parameters {
                    let refusal = find(call, &parameter.name.value)
                        .map(|argument| self.judge.written(block.name(), &argument.value, parameter));
                    if let Some(Err(error)) = refusal {
                        self.refused.push(&parameter.name.value);
                        report.push(*error);
                    }
                }
                let table = Table::new(self.judge, &["kind"], &self.absent);
                check_names(call, self.kind, Place::Stage, table, report)
            }
            Named::Refused => Vec::new(),
            Named::Absent => {
                let mut declared: Vec<&'a str> = Vec::new();
                let mut known = !stages.is_empty();
                for stage in stages {
                    match stage {
                        Named::Known(block) => {
                            let new: Vec<_> = declared_by(block).filter(|name| !declared.contains(name)).collect();
                            declared.extend(new);
                        }
                        Named::Refused | Named::Absent => known = false,
                    }
                }
                let lacking = known.then(|| "no stage's block has a".to_owned());
                let place = Place::Stage;
                let table = Table::new(self.judge, &["kind"], &self.absent);
                let block = stages.first().and_then(|stage| stage.known());
                Names { call, place, declared: &declared, table, lacking, block }.check(report)
            }
        }
    }

    /// What a stage that calls `block` inherits for `parameter`, if anything: the value, or nothing where it was
    /// refused.
    fn inherit(
        &mut self,
        call: &Call,
        block: &'a Block,
        parameter: &'a Parameter,
        report: &mut Report,
    ) -> Option<Result<Bound<'a>, ()>> {
        let name = parameter.name.value.as_str();
        let argument = find(self.call?, name)?;
        let error = match self.judge.written(block.name(), &argument.value, parameter) {
            Ok(value) => return Some(Ok((name, value, written(argument)))),
            Err(error) => *error,
        };
        let reported = [name, block.name()];
        if !self.refused.contains(&name) && !self.unsuited.contains(&reported) {
            self.unsuited.push(reported);
            let at = call.kind.name().map_or(call.span, |kind| kind.span);
            let label = format!("this `{}` stage inherits it", block.name());
            report.push(Diagnostic { fix: None, ..error.label(at, label).help(instead(parameter)) });
        }
        Some(Err(()))
    }
}

/// What a stage can write to have no part in a default that does not suit it.
fn instead(parameter: &Parameter) -> String {
    let name = &parameter.name.value;
    match parameter.constant() {
        Some(Value::Text(word)) => format!("write `{name} = \"{word}\"` in that stage"),
        Some(value) => format!("write `{name} = {value}` in that stage"),
        None => format!("write another `{name}` in that stage"),
    }
}
