//! What holds where a statement of a block stands, beside the tensor there.

use crate::ir::{Label, Place};
use crate::lang::Value;
use crate::lang::ast::{Block, Expression, Parameter};
use crate::source::Span;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The place that its nodes are at.
    pub place: Place,
    /// The block's number in its stage.
    pub index: u64,
    /// How many blocks the stage has.
    pub blocks: u64,
    /// The block's number in the network.
    pub number: u64,
    /// How many blocks the network has.
    pub total: u64,
    /// The stage's number.
    pub stage: u64,
    /// How many stages the network has.
    pub stages: u64,
}

/// What the statements of a block can ask of the place where it stands, beside the current tensor's shape, the dialect, and
/// whether the block is its stage's first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// Its number in its stage.
    Index,
    /// How many blocks the stage has.
    Blocks,
    /// Its number in the network.
    Number,
    /// How many blocks the network has.
    Total,
    /// The stage's number.
    Stage,
    /// How many stages the network has.
    Stages,
    /// What the first block of the stage before has for a parameter.
    Previous(String),
    /// The stride that its stage's first block has, of a later one.
    StageStride,
}

impl Position {
    /// The number that answers `question`; none where a number does not.
    #[must_use]
    pub fn answer(&self, question: &Question) -> Option<u64> {
        match question {
            Question::Index => Some(self.index),
            Question::Blocks => Some(self.blocks),
            Question::Number => Some(self.number),
            Question::Total => Some(self.total),
            Question::Stage => Some(self.stage),
            Question::Stages => Some(self.stages),
            Question::Previous(_) | Question::StageStride => None,
        }
    }
}

/// The values of a block's parameters.
pub type Told<'a> = Rc<[(&'a str, Value)]>;

/// What `told` has for the parameter called `name`.
pub(super) fn told_of<'t>(told: Option<&'t Told<'_>>, name: &str) -> Option<&'t Value> {
    told?.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The parameter whose value in a stage's first block is the stage's stride.
pub const STRIDE: &str = "stride";

/// What holds for one block of the description and the blocks in it.
pub(super) struct Context<'a> {
    pub(super) position: Position,
    /// The stage's stride: that of its first block.
    pub(super) stage_stride: Value,
    /// What the first block of the stage before has for its parameters.
    pub(super) previous: Option<Told<'a>>,
    pub(super) branch: Label,
    pub(super) unit: u32,
    /// Products around, of which a branch is being executed.
    pub(super) products: usize,
    /// For each branch how many nodes it has.
    pub(super) counters: BTreeMap<Label, u32>,
    /// Where the block was written that was called last as an argument: what a join of the library is blamed on.
    pub(super) part: Option<(&'a str, Span)>,
    pub(super) depth: usize,
}

impl Context<'_> {
    /// The next number of a node in `branch`.
    pub(super) fn next(&mut self, branch: Label) -> u32 {
        let next = self.counters.entry(branch).or_default();
        *next += 1;
        *next - 1
    }
}

/// A parameter or variable with its value.
pub(super) struct Binding<'a> {
    pub(super) name: &'a str,
    pub(super) value: Value,
    /// Where the value was written.
    pub(super) written: Span,
    /// Its declaration, if it is a parameter.
    pub(super) parameter: Option<&'a Parameter>,
}

/// A block that is being executed.
pub(super) struct Frame<'a> {
    pub(super) block: &'a Block,
    /// Its parameters, then the variables of the braces around the current statement.
    pub(super) values: Vec<Binding<'a>>,
    /// What messages about a block of the library point at.
    pub(super) blame: Span,
    /// Where the call was written.
    pub(super) call: Span,
}

impl<'a> Frame<'a> {
    pub(super) fn new(block: &'a Block, blame: Span, call: Span) -> Self {
        Self { block, values: Vec::with_capacity(8), blame, call }
    }

    /// The innermost parameter or variable called `name`.
    pub(super) fn find(&self, name: &str) -> Option<&Binding<'a>> {
        self.values.iter().rev().find(|binding| binding.name == name)
    }

    /// Gives the parameter called `name` its value.
    pub(super) fn tell(&mut self, name: &'a str, value: Value, written: Span) {
        self.values.push(Binding { name, value, written, parameter: self.block.parameter(name) });
    }

    /// Gives a variable its value.
    pub(super) fn bind(&mut self, name: &'a str, value: Value, written: Span) {
        self.values.push(Binding { name, value, written, parameter: None });
    }

    /// The whole numbers that have a name here, the innermost last.
    pub(super) fn numbers(&self) -> Vec<(String, u64)> {
        let whole = |value: &Value| match value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            _ => None,
        };
        self.values.iter().filter_map(|binding| Some((binding.name.to_owned(), whole(&binding.value)?))).collect()
    }

    /// Where a message says that something of the block is, which stands at `span` in its text: the library's is not shown.
    pub(super) fn place(&self, span: Span) -> Span {
        if self.block.is_library { self.blame } else { span }
    }

    /// Where the value of an argument was written. The library's own texts are no place that a message can show: what it
    /// passes on was written where it got that, the rest is on the account of `blame`, the call.
    pub(super) fn written(&self, value: &Expression, blame: Span) -> Span {
        if !self.block.is_library {
            return value.span;
        }
        let held = value.variable().and_then(|name| self.find(name));
        held.map(|binding| binding.written).filter(|written| *written != self.call).unwrap_or(blame)
    }
}
