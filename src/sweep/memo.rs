//! Blocks that were expanded and measured, found again by what they depend on.
//!
//! What a block becomes follows from its call, the dialect, the value that it reads, and what its statements ask of the
//! place where it stands. The first three are the key; the rest is a tree of questions: since a block is executed step by
//! step, what it asks first is always the same, and what it asks next follows from the answers so far. So a place that gives
//! the same answers gives the same block, whatever else is different about it.

use super::evaluate::Refused;
use super::names::{Layers, Names};
use crate::analysis::piece::{Piece, State};
use crate::lower::{Position, Question, STRIDE, Told};
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

/// The most outcomes of blocks that are remembered, some hundred bytes each.
const MOST_LEAVES: usize = 100_000;
/// The most messages that are remembered.
const MOST_FAILURES: usize = 20_000;

/// Values and the numbers that stand for them, from 0.
#[derive(Debug)]
pub(super) struct Numbers<T> {
    numbers: HashMap<Rc<T>, u32>,
    values: Vec<Rc<T>>,
}

impl<T: Hash + Eq> Numbers<T> {
    fn new() -> Self {
        Self { numbers: HashMap::new(), values: Vec::new() }
    }

    /// The number of `value`.
    pub(super) fn number(&mut self, value: T) -> u32 {
        if let Some(&number) = self.numbers.get(&value) {
            return number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let value = Rc::new(value);
        self.values.push(Rc::clone(&value));
        self.numbers.insert(value, number);
        number
    }

    /// What the number stands for.
    pub(super) fn get(&self, number: u32) -> Option<&Rc<T>> {
        self.values.get(number as usize)
    }
}

/// What a block depends on, beside what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) call: u32,
    pub(super) state: u32,
    pub(super) is_first: bool,
}

/// Where a block stands, which is asked what its statements ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing<'p> {
    pub(super) position: &'p Position,
    /// What the stage before was told.
    pub(super) previous: Option<u32>,
    /// What the first block of its own stage was told, of a later one.
    pub(super) first: Option<u32>,
}

/// What a block becomes.
#[derive(Debug, Clone)]
pub(super) enum Leaf {
    /// This.
    Done(Rc<Done>),
    /// It is refused.
    Refused(Refused),
    /// A node has no shape. What is said about it depends on names, and so on all that stands before it: each such leaf has
    /// a number by which it is known.
    Misshapen(u32),
}

/// A block that was expanded and measured.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) piece: Piece,
    /// The state of the value that leaves.
    pub(super) exit: u32,
    pub(super) nodes: usize,
    /// Steps of evaluation: how many must be left before it, and how many more there are after it.
    pub(super) needs: usize,
    pub(super) work: isize,
    /// What of it decides names.
    pub(super) layers: u32,
    /// What its parameters were, if it is its stage's first.
    pub(super) told: Option<u32>,
}

/// What a stage was told: for messages and blocks the values, for comparison a number for each.
#[derive(Debug)]
struct ToldValues<'a> {
    told: Told<'a>,
    numbers: Rc<Vec<(&'a str, u32)>>,
}

#[derive(Debug)]
enum Node {
    Ask(Question, HashMap<u64, usize>),
    Leaf(Leaf),
}

/// Everything that is remembered.
#[derive(Debug)]
pub(super) struct Memo<'a> {
    roots: HashMap<Key, usize>,
    nodes: Vec<Node>,
    leaves: usize,
    pub(super) states: Numbers<State>,
    /// The calls, in a dialect, as bytes.
    pub(super) calls: Numbers<Vec<u8>>,
    /// The blocks that are called, by where they are in memory.
    pub(super) blocks: Numbers<usize>,
    pub(super) layers: Numbers<Layers>,
    values: Numbers<Vec<u8>>,
    told: Vec<ToldValues<'a>>,
    told_numbers: HashMap<Rc<Vec<(&'a str, u32)>>, u32>,
    pub(super) names: Names,
    /// What is said about a node without a shape, by what stands before it and its leaf.
    failures: HashMap<Vec<u32>, HashMap<u32, Refused>>,
    failed: usize,
}

impl<'a> Memo<'a> {
    pub(super) fn new() -> Self {
        Self {
            roots: HashMap::new(),
            nodes: Vec::new(),
            leaves: 0,
            states: Numbers::new(),
            calls: Numbers::new(),
            blocks: Numbers::new(),
            layers: Numbers::new(),
            values: Numbers::new(),
            told: Vec::new(),
            told_numbers: HashMap::new(),
            names: Names::default(),
            failures: HashMap::new(),
            failed: 0,
        }
    }

    /// Whether so much is remembered that it should be forgotten: all of it, since one thing points to the other.
    pub(super) fn is_full(&self) -> bool {
        self.leaves > MOST_LEAVES || self.calls.values.len() > MOST_LEAVES || self.names.len() > MOST_LEAVES
    }

    /// What a block becomes that stands here.
    pub(super) fn find(&self, key: Key, standing: Standing<'_>) -> Option<&Leaf> {
        let mut at = *self.roots.get(&key)?;
        loop {
            match self.nodes.get(at)? {
                Node::Leaf(leaf) => return Some(leaf),
                Node::Ask(question, answers) => at = *answers.get(&self.answer(question, standing))?,
            }
        }
    }

    /// Remembers that a block became `leaf` that asked `questions` of its place.
    pub(super) fn insert(&mut self, key: Key, standing: Standing<'_>, questions: Vec<Question>, leaf: Leaf) {
        self.leaves += 1;
        let mut questions = questions.into_iter();
        let mut next = self.roots.get(&key).copied();
        // The way to the node that is missing: from the root, or from an answer that was not given before.
        let mut parent: Option<(usize, u64)> = None;
        while let Some(at) = next {
            let (Some(Node::Ask(question, answers)), Some(_)) = (self.nodes.get(at), questions.next()) else { return };
            let answer = self.answer(question, standing);
            next = answers.get(&answer).copied();
            parent = Some((at, answer));
        }
        for question in questions {
            let answer = self.answer(&question, standing);
            let at = self.hang(key, parent, Node::Ask(question, HashMap::new()));
            parent = Some((at, answer));
        }
        self.hang(key, parent, Node::Leaf(leaf));
    }

    fn hang(&mut self, key: Key, parent: Option<(usize, u64)>, node: Node) -> usize {
        let at = self.nodes.len();
        self.nodes.push(node);
        match parent {
            None => {
                self.roots.insert(key, at);
            }
            Some((parent, answer)) => {
                if let Some(Node::Ask(_, answers)) = self.nodes.get_mut(parent) {
                    answers.insert(answer, at);
                }
            }
        }
        at
    }

    fn answer(&self, question: &Question, standing: Standing<'_>) -> u64 {
        let told = |told: Option<u32>, name: &str| {
            let told = told.and_then(|told| self.told.get(told as usize));
            let value = told.and_then(|told| told.numbers.iter().find(|(known, _)| *known == name));
            value.map_or(0, |(_, number)| u64::from(*number) + 1)
        };
        match question {
            Question::Previous(name) => told(standing.previous, name),
            Question::StageStride => told(standing.first, STRIDE),
            Question::Index
            | Question::Blocks
            | Question::Number
            | Question::Total
            | Question::Stage
            | Question::Stages => standing.position.answer(question).unwrap_or_default(),
        }
    }

    /// The number of what a stage was told.
    pub(super) fn told_number(&mut self, told: Told<'a>) -> u32 {
        let mut numbers = Vec::with_capacity(told.len());
        for (name, value) in told.iter() {
            let mut bytes = Vec::new();
            value.encode(&mut bytes);
            numbers.push((*name, self.values.number(bytes)));
        }
        if let Some(&number) = self.told_numbers.get(&numbers) {
            return number;
        }
        let number = u32::try_from(self.told.len()).unwrap_or(u32::MAX);
        let numbers = Rc::new(numbers);
        self.told_numbers.insert(Rc::clone(&numbers), number);
        self.told.push(ToldValues { told, numbers });
        number
    }

    /// What a stage was told.
    pub(super) fn told(&self, number: u32) -> Option<&Told<'a>> {
        self.told.get(number as usize).map(|told| &told.told)
    }

    /// What is said about the node without a shape of `leaf` after what `signature` says.
    pub(super) fn failure(&self, leaf: u32, signature: &[u32]) -> Option<&Refused> {
        self.failures.get(signature)?.get(&leaf)
    }

    /// Remembers what is said about a node without a shape.
    pub(super) fn fail(&mut self, leaf: u32, signature: &[u32], refused: Refused) {
        if self.failed >= MOST_FAILURES {
            self.failures.clear();
            self.failed = 0;
        }
        self.failed += 1;
        self.failures.entry(signature.to_vec()).or_default().insert(leaf, refused);
    }

    /// A number for a leaf without a shape.
    pub(super) fn next_leaf(&self) -> u32 {
        u32::try_from(self.leaves).unwrap_or(u32::MAX)
    }
}
