//! One variant after the other, on one thread.

use super::Sweep;
use super::memo::{Done, Key, Leaf, Memo, Standing};
use super::names;
use crate::analysis::piece::{self, Figures, State, Sum};
use crate::analysis::{self, trace::Trace};
use crate::diagnostic::{Code, Report, Severity};
use crate::ir::{Address, Dialect, NodeId, Place, Shape};
use crate::lower::piece::{Before, Expansion, FIRST_WORK, Scene, Stop};
use crate::lower::{self, Blocks, Calls, Part, Position};
use crate::spec::{Budget, Input, Spec, Stage};
use crate::valid::Named;
use crate::{Options, limits, promise};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// What came of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What it costs, if it compiles.
    pub figures: Option<Figures>,
    /// The first error of its description. One that exceeds its budget has figures and an error.
    pub error: Option<Refused>,
}

/// Why a variant is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The code.
    pub code: Code,
    /// The message, one line.
    pub message: Arc<str>,
}

impl Outcome {
    fn refused(error: Refused) -> Self {
        Self { figures: None, error: Some(error) }
    }

    /// What compiling and analysing `spec` gives, with at most `limit` nodes.
    #[must_use]
    pub fn of(spec: Spec, limit: usize) -> Self {
        let budget = spec.budget.clone();
        let spec = Spec { budget: Budget::default(), ..spec };
        match crate::check(spec, &Options { limit, ..Options::default() }, Report::default()) {
            Ok(network) => Self::held(Figures::from(&analysis::analyse(&network, 1)), &budget),
            Err(report) => Self::refused(Refused::first(&report)),
        }
    }

    /// `figures`, held against a budget.
    fn held(figures: Figures, budget: &Budget) -> Self {
        let error = promise::first_over_budget(budget, &figures)
            .map(|message| Refused { code: Code::OverBudget, message: message.into() });
        Self { figures: Some(figures), error }
    }
}

impl Refused {
    /// The first error of a report.
    fn first(report: &Report) -> Self {
        let errors = report.diagnostics();
        let first = errors.into_iter().find(|diagnostic| diagnostic.severity == Severity::Error);
        first.map_or_else(
            || Self { code: Code::MalformedGraph, message: "there is no network".into() },
            |error| Self { code: error.code, message: error.message.as_str().into() },
        )
    }
}

/// Evaluates variants of a sweep one after the other, and remembers what they have in common.
#[derive(Debug)]
pub struct Evaluator<'a> {
    sweep: &'a Sweep,
    blocks: Blocks<'a>,
    memo: Memo<'a>,
    dialects: Dialects,
    /// Which value each axis has.
    digits: Vec<usize>,
    /// The description as it was told this and that.
    bases: HashMap<Vec<usize>, Result<Spec, Refused>>,
    /// The description as it was told, and with everything set.
    variant: Result<[Spec; 2], Refused>,
    /// What the calls of the variant come to; nothing where they must be looked at.
    resolved: Option<Result<Resolved<'a>, Refused>>,
    /// What decides the names of the network so far: the dialect, the block of each part, the layers of each block.
    signature: Vec<u32>,
}

/// The most descriptions that are kept as they were told.
const MOST_BASES: usize = 256;

/// The calls of a variant.
#[derive(Debug)]
struct Resolved<'a> {
    scene: Scene<'a>,
    dialect: u32,
    calls: Calls<'a>,
    /// For stem, stages and head: the number of the call, and that of its block.
    numbers: Vec<[u32; 2]>,
}

impl Resolved<'_> {
    /// Where the numbers of a part are.
    fn at(&self, part: Part) -> usize {
        match part {
            Part::Stem => 0,
            Part::Stage(stage) => stage + 1,
            Part::Head => self.numbers.len().saturating_sub(1),
        }
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(sweep: &'a Sweep, blocks: Blocks<'a>) -> Self {
        Self {
            sweep,
            blocks,
            memo: Memo::new(),
            dialects: Dialects::default(),
            digits: Vec::new(),
            bases: HashMap::new(),
            variant: Ok([sweep.base.clone(), sweep.base.clone()]),
            resolved: None,
            signature: Vec::new(),
        }
    }

    /// What comes of the variant with this number.
    pub fn evaluate(&mut self, number: u64) -> Outcome {
        self.set(number);
        if self.memo.is_full() {
            self.memo = Memo::new();
            self.resolved = None;
        }
        let limit = self.sweep.limit;
        let spec = match &self.variant {
            Ok([_, spec]) => spec,
            Err(refused) => return Outcome::refused(refused.clone()),
        };
        let resolved = match self.resolved.take() {
            Some(resolved) => resolved,
            None => self.dialects.resolve(spec, self.blocks, limit, &mut self.memo),
        };
        let outcome = match &resolved {
            Ok(resolved) => {
                self.signature.clear();
                let (memo, signature) = (&mut self.memo, &mut self.signature);
                Walk { spec, resolved, limit, memo, signature }.outcome()
            }
            Err(refused) => Outcome::refused(refused.clone()),
        };
        self.resolved = Some(resolved);
        outcome
    }

    /// Which value each setting has in the variant that was evaluated last.
    #[must_use]
    pub fn digits(&self) -> &[usize] {
        &self.digits
    }

    /// Sets the values of the variant, those that it shares with the one before left alone.
    fn set(&mut self, number: u64) {
        let before = std::mem::replace(&mut self.digits, self.sweep.digits(number));
        let digits = &self.digits;
        let axes = || self.sweep.axes.iter().enumerate();
        let is_changed = |at: usize| before.get(at) != digits.get(at);
        let is_told = before.is_empty() || axes().any(|(at, axis)| axis.is_told() && is_changed(at));
        if is_told {
            let told = axes().filter(|(_, axis)| axis.is_told()).filter_map(|(at, _)| digits.get(at).copied());
            let told: Vec<_> = told.collect();
            if self.bases.len() > MOST_BASES {
                self.bases.clear();
            }
            let base = self.bases.entry(told).or_insert_with(|| {
                let base = self.sweep.told(&self.sweep.told_values(digits));
                base.map_err(|report| Refused::first(&report))
            });
            self.variant = base.clone().map(|base| [base.clone(), base]);
        }
        let Ok([base, spec]) = &mut self.variant else { return };
        let mut keeps_calls = !is_told;
        for (at, axis) in axes().filter(|(at, _)| is_told || is_changed(*at)) {
            axis.set(digits.get(at).copied().unwrap_or_default(), spec, base);
            keeps_calls &= axis.is_outside_calls();
        }
        // Numbers that are outside the calls are refused with them.
        if !(keeps_calls && has_sound_numbers(spec) && matches!(self.resolved, Some(Ok(_)))) {
            self.resolved = None;
        }
    }
}

/// Whether nothing can be said against the numbers of a description that are outside its calls.
fn has_sound_numbers(spec: &Spec) -> bool {
    let is_side = |side: u64| (1..=limits::SIDE).contains(&side);
    (1..=limits::CHANNELS).contains(&spec.input.channels.value)
        && is_side(spec.input.height.value)
        && is_side(spec.input.width.value)
        && spec.stages.iter().all(|stage| (1..=limits::BLOCKS).contains(&stage.length()))
}

/// The dialects that were needed so far, by name: a number and what it is, none where a description with it is faulty.
#[derive(Debug, Default)]
struct Dialects {
    known: HashMap<String, Option<(u32, Arc<Dialect>)>>,
}

impl Dialects {
    /// The calls of `spec`.
    fn resolve<'a>(
        &mut self,
        spec: &Spec,
        blocks: Blocks<'a>,
        limit: usize,
        memo: &mut Memo<'a>,
    ) -> Result<Resolved<'a>, Refused> {
        let mut report = Report::default();
        let Some((number, dialect)) = self.find(spec, blocks) else {
            lower::check_definitions(spec, blocks, &mut report);
            lower::resolve(spec, blocks, limit, &mut report);
            return Err(Refused::first(&report));
        };
        let calls = lower::resolve(spec, blocks, limit, &mut report).ok_or_else(|| Refused::first(&report))?;
        let parts = std::iter::once(Part::Stem).chain((0..spec.stages.len()).map(Part::Stage)).chain([Part::Head]);
        let mut numbers = Vec::with_capacity(spec.stages.len() + 2);
        for call in parts.filter_map(|part| calls.of(part)) {
            let block = memo.blocks.number(std::ptr::from_ref(call.block()) as usize);
            let mut bytes = Vec::with_capacity(256);
            bytes.extend(number.to_le_bytes());
            bytes.extend(block.to_le_bytes());
            call.encode(&mut bytes);
            numbers.push([memo.calls.number(bytes), block]);
        }
        let scene = Scene { blocks, dialect, words: spec.form.words(), limit };
        Ok(Resolved { scene, dialect: number, calls, numbers })
    }

    fn find(&mut self, spec: &Spec, blocks: Blocks<'_>) -> Option<(u32, Arc<Dialect>)> {
        if let Some(known) = self.known.get(&spec.dialect.value) {
            return known.clone();
        }
        let mut report = Report::default();
        let dialect = lower::check_definitions(spec, blocks, &mut report).filter(|_| !report.has_errors());
        let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let found = dialect.map(|dialect| (number, dialect));
        self.known.insert(spec.dialect.value.clone(), found.clone());
        found
    }
}

/// A network that is put together from its blocks.
struct Walk<'w, 'a> {
    spec: &'w Spec,
    resolved: &'w Resolved<'a>,
    limit: usize,
    memo: &'w mut Memo<'a>,
    signature: &'w mut Vec<u32>,
}

/// How far the network has grown.
struct Grown {
    sum: Sum,
    state: u32,
    /// Layers and joins.
    nodes: usize,
    /// Steps of evaluation that are left.
    work: usize,
    /// What the stage before was told, and this one.
    previous: Option<u32>,
    told: Option<u32>,
}

/// Why a network does not grow further.
enum Halt {
    /// It is refused.
    Refused(Refused),
    /// What is wrong is found by the way of every description.
    Plain,
    /// The same, and is remembered for this leaf.
    Misshapen(u32),
}

/// What marks a block in a signature, so that it is no layers.
const BLOCK: u32 = 1 << 31;

impl<'a> Walk<'_, 'a> {
    fn outcome(mut self) -> Outcome {
        let lengths: Vec<_> = self.spec.stages.iter().map(Stage::length).collect();
        match self.grow(&lengths) {
            Ok(figures) if self.has_unique_names(&lengths) => Outcome::held(figures, &self.spec.budget),
            Ok(_) | Err(Halt::Plain) => Outcome::of(self.spec.clone(), self.limit),
            Err(Halt::Refused(refused)) => Outcome::refused(refused),
            Err(Halt::Misshapen(leaf)) => {
                if let Some(refused) = self.memo.failure(leaf, self.signature) {
                    return Outcome::refused(refused.clone());
                }
                let outcome = Outcome::of(self.spec.clone(), self.limit);
                if let Some(refused) = &outcome.error {
                    self.memo.fail(leaf, self.signature, refused.clone());
                }
                outcome
            }
        }
    }

    fn grow(&mut self, lengths: &[u64]) -> Result<Figures, Halt> {
        let Input { channels, height, width } = &self.spec.input;
        let input = Shape::Map { channels: channels.value, height: height.value, width: width.value };
        let state = self.memo.states.number(State::input(input));
        let mut grown = Grown { sum: Sum::new(input), state, nodes: 0, work: FIRST_WORK, previous: None, told: None };
        let total: u128 = lengths.iter().copied().map(u128::from).sum();
        if total > self.limit as u128 {
            return Err(Halt::Plain);
        }
        self.signature.push(self.resolved.dialect);
        for (part, position) in lower::positions(lengths) {
            self.add(part, &position, &mut grown)?;
        }
        Ok(grown.sum.figures())
    }

    /// Adds the block that stands at `position`.
    fn add(&mut self, part: Part, position: &Position, grown: &mut Grown) -> Result<(), Halt> {
        let Some(&[call, block]) = self.resolved.numbers.get(self.resolved.at(part)) else { return Err(Halt::Plain) };
        let is_first = position.index == 0;
        if is_first {
            grown.previous = grown.told.take().or(grown.previous);
            self.signature.push(BLOCK | block);
        }
        let key = Key { call, state: grown.state, is_first };
        let standing = Standing { position, previous: grown.previous, first: grown.told };
        let leaf = match self.memo.find(key, standing) {
            Some(leaf) => leaf.clone(),
            None => self.expand(key, part, standing, grown)?,
        };
        match leaf {
            Leaf::Refused(refused) => Err(Halt::Refused(refused)),
            Leaf::Misshapen(number) => Err(Halt::Misshapen(number)),
            Leaf::Done(done) => {
                if grown.work < done.needs || grown.nodes + done.nodes > self.limit {
                    return Err(Halt::Plain);
                }
                grown.work = grown.work.saturating_add_signed(done.work);
                grown.nodes += done.nodes;
                grown.state = done.exit;
                grown.sum.add(&done.piece);
                if matches!(part, Part::Stage(_)) {
                    grown.told = done.told.or(grown.told);
                }
                self.signature.push(done.layers);
                Ok(())
            }
        }
    }

    /// Expands and measures a block that is not remembered.
    fn expand(&mut self, key: Key, part: Part, standing: Standing<'_>, grown: &Grown) -> Result<Leaf, Halt> {
        let (Some(entry), Some(call)) = (self.memo.states.get(key.state), self.resolved.calls.of(part)) else {
            return Err(Halt::Plain);
        };
        let entry = **entry;
        let told = |number: Option<u32>| number.and_then(|number| self.memo.told(number)).cloned();
        let (previous, first) = (told(standing.previous), told(standing.first));
        let before = Before { shape: entry.shape, nodes: grown.nodes, work: grown.work, previous, first };
        let expansion = lower::piece::expand(&self.resolved.scene, call, &before, *standing.position);
        let leaf = match &expansion.stop {
            None => Leaf::Done(Rc::new(self.measure(&expansion, &entry, grown))),
            Some(Stop::Shape) => Leaf::Misshapen(self.memo.next_leaf()),
            Some(Stop::Refused(error)) => {
                let refused = Refused { code: error.code, message: error.message.as_str().into() };
                // How much is left is not asked of the place.
                if matches!(error.code, Code::TooManyNodes | Code::TooMuchWork) {
                    return Err(Halt::Refused(refused));
                }
                Leaf::Refused(refused)
            }
        };
        self.memo.insert(key, standing, expansion.asked, leaf.clone());
        Ok(leaf)
    }

    fn measure(&mut self, expansion: &Expansion<'a>, entry: &State, grown: &Grown) -> Done {
        let order: Vec<_> = expansion.graph.ids().collect();
        let shape = |id: NodeId| expansion.shapes.get(id.index()).copied().unwrap_or(entry.shape);
        let trace = Trace::new(&expansion.graph, &order, shape);
        let (piece, exit) = piece::measure(&trace, entry);
        let mut layers = Vec::with_capacity(order.len());
        for node in order.iter().skip(1).filter_map(|&id| expansion.graph.get(id)) {
            let address = Address { place: Place::Stem, ..node.origin.address };
            layers.push(Named::new(address, &node.op));
        }
        let change = |to: usize, from: usize| isize::try_from(to).unwrap_or(isize::MAX).saturating_sub_unsigned(from);
        Done {
            piece,
            exit: self.memo.states.number(exit),
            nodes: layers.len(),
            needs: expansion.needs,
            work: change(expansion.work, grown.work),
            told: expansion.told.as_ref().map(|told| self.memo.told_number(Rc::clone(told))),
            layers: self.memo.layers.number(layers),
        }
    }

    /// Whether the layers of the network, which is all in the signature, can be told apart by name.
    fn has_unique_names(&mut self, lengths: &[u64]) -> bool {
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let Memo { names, layers, .. } = &mut *self.memo;
        let resolved = self.resolved;
        let numbers = self.signature.iter().skip(1).filter(|number| **number & BLOCK == 0);
        let blocks = lower::positions(lengths).zip(numbers).filter_map(|((part, position), &number)| {
            Some(names::Block {
                kind: resolved.calls.of(part)?.block().name(),
                kind_number: resolved.numbers.get(resolved.at(part))?.last().copied()?,
                layers: layers.get(number)?.as_ref(),
                number,
                place: position.place,
                stage: small(position.stage),
                at: small(position.number),
            })
        });
        names.are_unique(self.signature, &resolved.scene.dialect.names, blocks)
    }
}
