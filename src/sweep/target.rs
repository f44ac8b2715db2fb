//! Which values of a description a key means.
//!
//! In: the keys of a sweep and the description. Out: for each key the places of a [`Spec`] that it sets, all of which are
//! there; or why the key means nothing, before anything is swept.

use super::setting::{Kind, Setting, scaled};
use super::{Axis, Fault};
use crate::diagnostic::suggest;
use crate::front::template::Template;
use crate::lang::elsewhere;
use crate::lang::{Block, Value};
use crate::library::Place;
use crate::lower::{self, Blocks};
use crate::source::{Span, Spanned};
use crate::spec::{self, Argument, Call, Spec};
use std::collections::BTreeSet;

/// A value of a description.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A parameter of the network, or its depth.
    Told(String),
    /// The dialect.
    Dialect,
    /// C of the input.
    Channels,
    /// H and W of the input.
    Size,
    /// How many blocks a stage has.
    Blocks(usize),
    /// The block that a call names.
    Kind(Caller),
    /// The argument of a call at this position.
    Argument(Caller, usize),
}

/// A call of a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Caller {
    Stem,
    /// What the stages share.
    Defaults,
    Stage(usize),
    Head,
}

/// An argument that a description does not write, which the sweep adds.
#[derive(Debug, Clone)]
pub(super) struct Addition {
    caller: Caller,
    argument: Argument,
}

/// The targets of all keys, and what must be added to a description for them to be there.
pub(super) struct Resolver<'s, 'a> {
    pub(super) template: &'s Template,
    pub(super) spec: &'s mut Spec,
    pub(super) blocks: Blocks<'a>,
    pub(super) settings: &'s [Setting],
    pub(super) additions: Vec<Addition>,
}

impl<'a> Resolver<'_, 'a> {
    /// The axes of the sweep, in the order in which they were written.
    pub(super) fn axes(&mut self) -> Result<Vec<Axis>, Fault> {
        let mut axes: Vec<Axis> = Vec::new();
        for setting in self.settings {
            let targets = self.targets(setting)?;
            for other in &axes {
                if other.targets.iter().any(|target| targets.contains(target)) {
                    let message = format!("`{}` and `{}` set the same value", other.setting.name, setting.name);
                    return Err(Fault::new(message).help("write one of them"));
                }
            }
            axes.push(Axis { setting: setting.clone(), targets });
        }
        Ok(axes)
    }

    fn targets(&mut self, setting: &Setting) -> Result<Vec<Target>, Fault> {
        let key = setting.key();
        let targets = if self.template.parameters().contains(&key) {
            vec![Target::Told(key.to_owned())]
        } else {
            match key.split('.').collect::<Vec<_>>().as_slice() {
                ["dialect"] => vec![Target::Dialect],
                ["input", "channels"] => vec![Target::Channels],
                ["input", "size"] => vec![Target::Size],
                ["stem", inner] => vec![self.of_call(setting, Caller::Stem, inner)?],
                ["head", inner] => vec![self.of_call(setting, Caller::Head, inner)?],
                ["block", inner] => vec![self.of_defaults(setting, inner)?],
                ["stage", stage, inner] => self.of_stages(setting, stage, inner)?,
                _ => return Err(self.unknown(key)),
            }
        };
        self.check_values(setting, &targets)?;
        Ok(targets)
    }

    /// Refuses values that the place cannot hold: what is a number in every description.
    fn check_values(&self, setting: &Setting, targets: &[Target]) -> Result<(), Fault> {
        let is_whole = |value: &Value| matches!(value, Value::Integer(number) if u64::try_from(*number).is_ok());
        let is_size = |value: &Value| match value {
            Value::List(sides) => sides.len() == 2 && sides.iter().all(is_whole),
            value => is_whole(value),
        };
        let is_toml = self.spec.form == spec::Form::Toml;
        for target in targets {
            let (expected, fits): (_, &dyn Fn(&Value) -> bool) = match target {
                Target::Told(key) if is_toml && key == "depth" => ("a whole number", &is_whole),
                Target::Told(_) if is_toml => ("a word", &|value| matches!(value, Value::Text(_))),
                Target::Blocks(_) | Target::Channels => ("a whole number", &is_whole),
                Target::Size => ("a whole number, or height and width: `160x224`", &is_size),
                Target::Dialect | Target::Kind(_) => ("a word", &|value| matches!(value, Value::Text(_))),
                Target::Told(_) | Target::Argument(..) => ("a value", &|_| true),
            };
            let fits = |value: &Value| setting.kind == Kind::Factor || fits(value);
            if let Some(item) = setting.items.iter().find(|item| !fits(&item.value)) {
                let message = format!("`{}`: {} does not fit", setting.name, suggest::quoted(&item.text));
                return Err(Fault::new(message).help(format!("expected {expected}")));
            }
            let is_number = !matches!(target, Target::Told(_) | Target::Dialect | Target::Kind(_));
            if setting.kind == Kind::Factor && !(is_number && self.is_scalable(target)) {
                let message = format!("`{}` multiplies what is no number in the description", setting.name);
                return Err(Fault::new(message).help(format!("write the values themselves: `{}=…`", setting.key())));
            }
        }
        Ok(())
    }

    fn is_scalable(&self, target: &Target) -> bool {
        match target {
            Target::Argument(caller, at) => call(self.spec, *caller)
                .and_then(|call| call.arguments.get(*at))
                .is_some_and(|argument| scaled(&argument.value.value, &Value::Integer(1)).is_some()),
            Target::Told(_)
            | Target::Dialect
            | Target::Channels
            | Target::Size
            | Target::Blocks(_)
            | Target::Kind(_) => true,
        }
    }

    fn of_stages(&mut self, setting: &Setting, stage: &str, key: &str) -> Result<Vec<Target>, Fault> {
        let count = self.spec.stages.len();
        if stage == "*" {
            let stages: Vec<_> = (0..count).filter(|&stage| self.has(Caller::Stage(stage), key)).collect();
            if stages.is_empty() {
                return Err(self.unknown(setting.key()));
            }
            return stages.into_iter().map(|stage| self.of_call(setting, Caller::Stage(stage), key)).collect();
        }
        let number = stage.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        if let Some(stage) = number.filter(|&number| number < count) {
            return Ok(vec![self.of_call(setting, Caller::Stage(stage), key)?]);
        }
        let stages = if count == 1 { "1 stage".to_owned() } else { format!("{count} stages") };
        let message = format!("`{}`: the description has {stages}", setting.name);
        Err(Fault::new(message).help(format!("stages are `stage.1` to `stage.{count}`, or `stage.*` for all")))
    }

    /// A value that the stages share. It must matter to one of them.
    fn of_defaults(&mut self, setting: &Setting, key: &str) -> Result<Target, Fault> {
        let stages = 0..self.spec.stages.len();
        let says = |stage: usize| match (key, self.spec.stages.get(stage)) {
            ("kind", Some(stage)) => stage.call.kind.name().is_some(),
            (_, Some(_)) => self.find(Caller::Stage(stage), key).is_some(),
            (_, None) => false,
        };
        let concerned: Vec<_> = stages.filter(|&stage| self.has(Caller::Stage(stage), key)).collect();
        if key != "blocks" && !concerned.is_empty() && concerned.iter().all(|&stage| says(stage)) {
            let message = format!("`{}` changes nothing: every stage has its own `{key}`", setting.name);
            return Err(Fault::new(message).help(format!("write `{}`", setting.name.replacen("block.", "stage.*.", 1))));
        }
        if key == "blocks" || concerned.is_empty() {
            return Err(self.unknown(setting.key()));
        }
        if self.spec.defaults.is_none() {
            add_defaults(self.spec);
        }
        self.of_call(setting, Caller::Defaults, key)
    }

    fn of_call(&mut self, setting: &Setting, caller: Caller, key: &str) -> Result<Target, Fault> {
        if !self.has(caller, key) {
            return Err(self.unknown(setting.key()));
        }
        match (caller, key) {
            (_, "kind") => return Ok(Target::Kind(caller)),
            (Caller::Stage(stage), "blocks") => return Ok(Target::Blocks(stage)),
            _ => {}
        }
        if let Some(at) = self.find(caller, key) {
            return Ok(Target::Argument(caller, at));
        }
        // What the description leaves out is what its block says, or what the stages share.
        let shared = || call(self.spec, Caller::Defaults)?.arguments.iter().find(|argument| argument.is(key));
        let inherited = matches!(caller, Caller::Stage(_)).then(shared).flatten();
        let value = inherited.map(|argument| argument.value.value.clone());
        let default = || self.blocks_of(caller).find_map(|block| block.parameter(key)?.constant());
        let value = value.or_else(default).unwrap_or(Value::Boolean(false));
        let span = call(self.spec, caller).map_or(Span::default(), |call| call.span);
        let argument = Argument::named(Spanned::new(key.to_owned(), span), Spanned::new(value, span));
        let addition = Addition { caller, argument };
        addition.apply(self.spec);
        self.additions.push(addition);
        let last = call(self.spec, caller).map_or(0, |call| call.arguments.len().saturating_sub(1));
        Ok(Target::Argument(caller, last))
    }

    /// Which argument of a call is for its parameter `key`.
    fn find(&self, caller: Caller, key: &str) -> Option<usize> {
        let call = call(self.spec, caller)?;
        let named = || call.arguments.iter().position(|argument| argument.is(key));
        match self.written_block(caller) {
            Some(block) => lower::position_of(call, block, key),
            None => named(),
        }
    }

    /// Whether a call takes `key`.
    fn has(&self, caller: Caller, key: &str) -> bool {
        self.keys(caller).contains(key)
    }

    fn keys(&self, caller: Caller) -> BTreeSet<&str> {
        let mut keys = BTreeSet::from(["kind"]);
        match caller {
            Caller::Stage(_) => keys.extend(["blocks"]),
            Caller::Defaults => {
                let stages = (0..self.spec.stages.len()).map(Caller::Stage);
                keys.extend(stages.flat_map(|stage| self.keys(stage)).filter(|key| *key != "blocks"));
            }
            Caller::Stem | Caller::Head => {}
        }
        keys.extend(
            self.blocks_of(caller).flat_map(|block| &block.signature.parameters).map(|own| own.name.value.as_str()),
        );
        keys
    }

    /// The block that a description names for a call.
    fn written_block(&self, caller: Caller) -> Option<&'a Block> {
        let kind = |caller| call(self.spec, caller)?.kind.name().map(|kind| kind.value.as_str());
        let shared = || matches!(caller, Caller::Stage(_)).then(|| kind(Caller::Defaults)).flatten();
        self.blocks.find_at(place(caller), kind(caller).or_else(shared)?)
    }

    /// The blocks that a call may name in the sweep.
    fn blocks_of(&self, caller: Caller) -> impl Iterator<Item = &'a Block> {
        let own = match caller {
            Caller::Stem => vec!["stem.kind".to_owned()],
            Caller::Head => vec!["head.kind".to_owned()],
            Caller::Defaults => vec!["block.kind".to_owned()],
            Caller::Stage(stage) => {
                let shared = call(self.spec, caller).is_some_and(|call| call.kind.name().is_none());
                let own = vec!["stage.*.kind".to_owned(), format!("stage.{}.kind", stage + 1)];
                if shared { [own, vec!["block.kind".to_owned()]].concat() } else { own }
            }
        };
        let swept = self.settings.iter().filter(move |setting| own.iter().any(|own| own == setting.key()));
        let named = swept.flat_map(|setting| &setting.items).filter_map(move |item| match &item.value {
            Value::Text(word) => self.blocks.find_at(place(caller), word),
            _ => None,
        });
        let named: Vec<_> = named.collect();
        let written = if named.is_empty() { self.written_block(caller) } else { None };
        named.into_iter().chain(written)
    }

    fn unknown(&self, key: &str) -> Fault {
        let mut known: Vec<String> = self.template.parameters().into_iter().map(str::to_owned).collect();
        known.extend(["dialect", "input.channels", "input.size"].map(str::to_owned));
        let inside = |prefix: &str, caller: Caller| {
            self.keys(caller).into_iter().map(|inner| format!("{prefix}.{inner}")).collect::<Vec<_>>()
        };
        known.extend(inside("stem", Caller::Stem));
        known.extend(inside("block", Caller::Defaults));
        let mut each = BTreeSet::new();
        for stage in 0..self.spec.stages.len() {
            known.extend(inside(&format!("stage.{}", stage + 1), Caller::Stage(stage)));
            each.extend(inside("stage.*", Caller::Stage(stage)));
        }
        known.extend(each);
        known.extend(inside("head", Caller::Head));
        let fault = Fault::new(format!("the description has no {}", suggest::quoted(key)));
        let (table, inner) = key.rsplit_once('.').unwrap_or(("", key));
        if key == "depth" {
            return fault.help("it has no depth, but stages of its own: `stage.N.blocks`");
        }
        if (table, inner) == ("block", "blocks") {
            return fault.help("every stage has its own: write `stage.*.blocks`");
        }
        // What was meant is in the same table, if there is such a table.
        let siblings = || {
            let inside = |known: &&String| known.rsplit_once('.').is_some_and(|(other, _)| other == table);
            known.iter().filter(inside).map(String::as_str)
        };
        let is_table = siblings().next().is_some();
        let all = || known.iter().map(String::as_str);
        let near = if is_table { elsewhere::meant(key, siblings()) } else { elsewhere::meant(key, all()) };
        fault.help(match near {
            Some(near) => format!("write `{near}`"),
            None if is_table => format!("expected {}", suggest::list(siblings())),
            None => "keys are `dialect`, `input.size`, `input.channels`, `stem.KEY`, `block.KEY`, `stage.N.KEY`, \
                     `stage.*.KEY` and `head.KEY`"
                .to_owned(),
        })
    }
}

/// The place at which a call names a block.
fn place(caller: Caller) -> Place {
    match caller {
        Caller::Stem => Place::Stem,
        Caller::Defaults | Caller::Stage(_) => Place::Stage,
        Caller::Head => Place::Head,
    }
}

fn call(spec: &Spec, caller: Caller) -> Option<&Call> {
    match caller {
        Caller::Stem => Some(&spec.stem),
        Caller::Defaults => spec.defaults.as_ref(),
        Caller::Stage(stage) => spec.stages.get(stage).map(|stage| &stage.call),
        Caller::Head => Some(&spec.head),
    }
}

fn call_mut(spec: &mut Spec, caller: Caller) -> Option<&mut Call> {
    match caller {
        Caller::Stem => Some(&mut spec.stem),
        Caller::Defaults => spec.defaults.as_mut(),
        Caller::Stage(stage) => spec.stages.get_mut(stage).map(|stage| &mut stage.call),
        Caller::Head => Some(&mut spec.head),
    }
}

fn add_defaults(spec: &mut Spec) {
    let span = spec.stem.span;
    spec.defaults = Some(Call { kind: spec::Kind::Absent, arguments: Vec::new(), span });
}

impl Addition {
    /// Adds the argument to its call.
    pub(super) fn apply(&self, spec: &mut Spec) {
        if self.caller == Caller::Defaults && spec.defaults.is_none() {
            add_defaults(spec);
        }
        if let Some(call) = call_mut(spec, self.caller) {
            call.arguments.push(self.argument.clone());
        }
    }
}

impl Target {
    /// Whether what it sets is a number that no block is told: one of the input, or a length of a stage.
    pub(super) fn is_outside_calls(&self) -> bool {
        match self {
            Self::Channels | Self::Size | Self::Blocks(_) => true,
            Self::Told(_) | Self::Dialect | Self::Kind(_) | Self::Argument(..) => false,
        }
    }

    /// Whether it is a value of one stage.
    pub(super) fn is_in_stage(&self) -> bool {
        match self {
            Self::Blocks(_) | Self::Kind(Caller::Stage(_)) | Self::Argument(Caller::Stage(_), _) => true,
            Self::Told(_)
            | Self::Dialect
            | Self::Channels
            | Self::Size
            | Self::Kind(Caller::Stem | Caller::Defaults | Caller::Head)
            | Self::Argument(Caller::Stem | Caller::Defaults | Caller::Head, _) => false,
        }
    }

    /// Sets the value in `spec` to `value`, or to what is written in `base` times `value`.
    pub(super) fn set(&self, spec: &mut Spec, base: &Spec, kind: Kind, value: &Value) {
        match self {
            Self::Told(_) => {}
            Self::Dialect => {
                if let Value::Text(word) = value {
                    word.as_ref().clone_into(&mut spec.dialect.value);
                }
            }
            Self::Channels => spec.input.channels.value = number(base.input.channels.value, kind, value),
            Self::Size => {
                let input = &mut spec.input;
                let [height, width] = match value {
                    Value::List(sides) => [sides.first().unwrap_or(value), sides.last().unwrap_or(value)],
                    side => [side; 2],
                };
                input.height.value = number(base.input.height.value, kind, height);
                input.width.value = number(base.input.width.value, kind, width);
            }
            Self::Blocks(stage) => {
                let written = base.stages.get(*stage).map_or(0, spec::Stage::length);
                if let Some(stage) = spec.stages.get_mut(*stage) {
                    let span = stage.blocks.map_or(stage.call.span, |blocks| blocks.span);
                    stage.blocks = Some(Spanned::new(number(written, kind, value), span));
                }
            }
            Self::Kind(caller) => {
                if let (Some(call), Value::Text(word)) = (call_mut(spec, *caller), value) {
                    let span = call.kind.name().map_or(call.span, |kind| kind.span);
                    call.kind = spec::Kind::Named(Spanned::new(word.as_ref().to_owned(), span));
                }
            }
            Self::Argument(caller, at) => {
                let written = call(base, *caller).and_then(|call| call.arguments.get(*at));
                let value = written.and_then(|written| changed(&written.value.value, kind, value));
                let argument = call_mut(spec, *caller).and_then(|call| call.arguments.get_mut(*at));
                if let (Some(argument), Some(value)) = (argument, value) {
                    argument.value.value = value;
                }
            }
        }
    }
}

/// `value`, or `written` times `value`.
fn changed(written: &Value, kind: Kind, value: &Value) -> Option<Value> {
    match kind {
        Kind::Value => Some(value.clone()),
        Kind::Factor => scaled(written, value),
    }
}

/// The same for what is a number in every description.
fn number(written: u64, kind: Kind, value: &Value) -> u64 {
    match changed(&Value::Integer(written.into()), kind, value) {
        Some(Value::Integer(number)) => u64::try_from(number).unwrap_or(u64::MAX),
        Some(_) | None => written,
    }
}
