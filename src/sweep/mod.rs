//! Many variants of one description, evaluated: a grid over any of its values.
//!
//! In: a description and [`Setting`]s, each a key and the values that it takes. Out: for each variant of the grid an
//! [`Outcome`], which is exactly what compiling and analysing it alone gives: the same [`Figures`], or the same first error.
//! What the description expects of itself is not held, since that is about one network; its budget is.
//!
//! Variants share nearly everything, so nearly everything is done once: the text is read once, values are set in the
//! [`Spec`], and a block is expanded and measured once for all places where it is told and finds the same ([`Evaluator`]).
//! Whatever is refused, and cannot be told from what is remembered, takes the way of every description, through
//! [`crate::check`]; so errors are worded where they always are.

mod bound;
mod evaluate;
mod memo;
mod names;
mod pareto;
mod setting;
mod target;

pub use bound::{Bound, Figure};
pub use evaluate::{Evaluator, Outcome, Refused};
pub use pareto::{Front, Objective};
pub use setting::{Item, Kind, MOST_VALUES, Setting};

use crate::diagnostic::{Code, Diagnostic, Report};
use crate::front::template::Template;
use crate::lang::Value;
use crate::lower::{self, Blocks, Index};
use crate::source::Source;
use crate::spec::{Expect, Spec};
use std::fmt;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use target::{Addition, Resolver, Target};

/// Why a sweep cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// One line: what is wrong, names in backticks, lower case.
    pub message: String,
    /// One concrete thing to do.
    pub help: Option<String>,
}

impl Fault {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "\n  = help: {help}"))
    }
}

impl std::error::Error for Fault {}

/// Why there is no sweep of a description.
#[derive(Debug)]
pub enum Refusal {
    /// The description itself is faulty.
    Description(Report),
    /// The settings do not fit it.
    Settings(Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Settings(fault)
    }
}

/// A grid of variants of a description.
#[derive(Debug)]
pub struct Sweep {
    template: Template,
    /// The description itself, with what must be there for the targets, without what it expects.
    base: Spec,
    additions: Vec<Addition>,
    axes: Vec<Axis>,
    variants: u64,
    limit: usize,
}

/// One dimension of the grid.
#[derive(Debug, Clone)]
struct Axis {
    setting: Setting,
    targets: Vec<Target>,
}

impl Sweep {
    /// The grid of all combinations of `settings`, of which there may be `most`, each network with at most `limit` nodes.
    ///
    /// # Errors
    /// That the description does not parse, that its definitions are faulty, or why the settings do not fit it.
    pub fn new(source: &Source, settings: &[Setting], most: u64, limit: usize) -> Result<Self, Refusal> {
        let mut report = Report::default();
        let read = Template::read(source, &mut report);
        let Some((template, mut base)) = read.filter(|_| !report.has_errors()) else {
            return Err(Refusal::Description(report));
        };
        base.expect = Expect::default();
        let definitions = Arc::clone(template.definitions());
        let index = Index::new(&definitions);
        let blocks = Blocks::new(&index);
        let mut resolver = Resolver { template: &template, spec: &mut base, blocks, settings, additions: Vec::new() };
        let axes = resolver.axes()?;
        let additions = resolver.additions;
        // What no variant can mend.
        if !axes.iter().any(|axis| axis.targets.contains(&Target::Dialect)) {
            lower::check_definitions(&base, blocks, &mut report);
        }
        if report.has_errors() {
            return Err(Refusal::Description(report));
        }
        let variants = count(&axes, most)?;
        Ok(Self { template, base, additions, axes, variants, limit })
    }

    /// How many variants there are.
    #[must_use]
    pub fn variants(&self) -> u64 {
        self.variants
    }

    /// What varies, in the order in which it was given; the last varies fastest.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.axes.iter().map(|axis| &axis.setting)
    }

    /// The network's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.base.name.value
    }

    /// The values of the variant with this number, one for each setting.
    pub fn items(&self, number: u64) -> impl Iterator<Item = &Item> {
        self.axes.iter().zip(self.digits(number)).filter_map(|(axis, digit)| axis.setting.items.get(digit))
    }

    /// The description of the variant with this number.
    ///
    /// # Errors
    /// What the front end refuses in it.
    pub fn spec(&self, number: u64) -> Result<Spec, Report> {
        let digits = self.digits(number);
        let base = self.told(&self.told_values(&digits))?;
        let mut spec = base.clone();
        for (axis, digit) in self.axes.iter().zip(digits) {
            axis.set(digit, &mut spec, &base);
        }
        Ok(spec)
    }

    /// Which value each setting has in the variant with this number.
    #[must_use]
    pub fn digits(&self, mut number: u64) -> Vec<usize> {
        let mut digits = Vec::with_capacity(self.axes.len());
        for axis in self.axes.iter().rev() {
            let length = axis.setting.items.len().max(1) as u64;
            digits.push(usize::try_from(number % length).unwrap_or_default());
            number /= length;
        }
        digits.reverse();
        digits
    }

    /// What the description is told in the variant with these digits.
    fn told_values(&self, digits: &[usize]) -> Vec<(String, Value)> {
        let told = self.axes.iter().zip(digits).filter_map(|(axis, &digit)| match axis.targets.as_slice() {
            [Target::Told(name)] => Some((name.clone(), axis.setting.items.get(digit)?.value.clone())),
            _ => None,
        });
        told.collect()
    }

    /// The description where it is told `values`, before anything else is set.
    fn told(&self, values: &[(String, Value)]) -> Result<Spec, Report> {
        if values.is_empty() {
            return Ok(self.base.clone());
        }
        let mut report = Report::default();
        match self.template.spec(values, &mut report).filter(|_| !report.has_errors()) {
            Some(mut spec) => {
                self.check_stages(&spec)?;
                spec.expect = Expect::default();
                self.additions.iter().for_each(|addition| addition.apply(&mut spec));
                Ok(spec)
            }
            None => Err(report),
        }
    }

    /// Refuses a depth of another number of stages where stages are addressed.
    fn check_stages(&self, spec: &Spec) -> Result<(), Report> {
        let (found, expected) = (spec.stages.len(), self.base.stages.len());
        let staged = self.axes.iter().find(|axis| axis.targets.iter().any(Target::is_in_stage));
        match staged {
            Some(axis) if found != expected => {
                let message = format!("`{}` is of {expected} stages, and this depth has {found}", axis.setting.name);
                let span = spec.stages.first().map_or(spec.stem.span, |stage| stage.call.span);
                Err(Diagnostic::error(Code::NotApplicable, span, message, "this depth").into())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Evaluates all variants in chunks of `chunk`: `work` is given an evaluator and the numbers of a chunk, on one of
    /// `threads` threads; `take` is given what it makes, in the order of the grid whatever the threads, and may end the sweep.
    /// No more than a few chunks are held at a time.
    ///
    /// # Errors
    /// That a thread cannot be started.
    pub fn run<T: Send>(
        &self,
        threads: NonZeroUsize,
        chunk: u64,
        work: impl Fn(&mut Evaluator<'_>, Range<u64>) -> T + Sync,
        mut take: impl FnMut(T) -> ControlFlow<()>,
    ) -> std::io::Result<()> {
        let (chunk, threads) = (chunk.max(1), threads.get() as u64);
        let work = &work;
        std::thread::scope(|scope| {
            let workers = (0..threads.min(self.variants.div_ceil(chunk)))
                .map(|worker| {
                    // Each thread takes every n-th chunk, and waits where it is two chunks ahead.
                    let (sender, receiver) = sync_channel(2);
                    let body = move || {
                        let index = Index::new(self.template.definitions());
                        let mut evaluator = Evaluator::new(self, Blocks::new(&index));
                        let mut start = worker * chunk;
                        while start < self.variants {
                            let end = start.saturating_add(chunk).min(self.variants);
                            // Nobody takes what comes after the end of the sweep.
                            if sender.send(work(&mut evaluator, start..end)).is_err() {
                                return;
                            }
                            start = start.saturating_add(chunk.saturating_mul(threads));
                        }
                    };
                    let thread = std::thread::Builder::new().stack_size(STACK);
                    thread.spawn_scoped(scope, body).map(|_| receiver)
                })
                .collect::<std::io::Result<Vec<_>>>()?;
            for worker in workers.iter().cycle() {
                let Ok(made) = worker.recv() else { break };
                if take(made).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}

/// How many variants the grid has.
fn count(axes: &[Axis], most: u64) -> Result<u64, Fault> {
    let lengths = || axes.iter().map(|axis| axis.setting.items.len());
    let variants = lengths().map(|length| length as u128).fold(1, u128::saturating_mul);
    u64::try_from(variants).ok().filter(|variants| *variants <= most).ok_or_else(|| {
        let lengths: Vec<_> = lengths().map(|length| length.to_string()).collect();
        let product = if lengths.len() > 1 { format!(" ({})", lengths.join(" x ")) } else { String::new() };
        let message = format!("the grid has {variants} variants{product}, and the limit is {most}");
        Fault::new(message).help("sweep fewer values, or raise the limit with `--max-variants`")
    })
}

/// Bytes of a thread's stack: what descriptions may nest is measured against that of a program's main thread.
const STACK: usize = 8 << 20;

impl Axis {
    /// Sets what the value at `digit` sets in `spec`, a variant of `base`.
    fn set(&self, digit: usize, spec: &mut Spec, base: &Spec) {
        let Some(item) = self.setting.items.get(digit) else { return };
        for target in &self.targets {
            target.set(spec, base, self.setting.kind, &item.value);
        }
    }

    fn is_told(&self) -> bool {
        matches!(self.targets.as_slice(), [Target::Told(_)])
    }

    /// Whether the calls of a description stay what they are where this varies.
    fn is_outside_calls(&self) -> bool {
        self.targets.iter().all(Target::is_outside_calls)
    }
}
