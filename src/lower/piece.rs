//! One block by itself: what a network gets from it, expanded away from the rest of the network.
//!
//! The statements of a block see the current tensor's shape, the dialect, their arguments, and the place where the block
//! stands, of which an [`Expansion`] says what they asked. So what comes out is the same wherever all of that is the same.
//! Beside it only the limits matter, which count the network as a whole: an expansion says how many steps of evaluation must
//! be left for it and how many it leaves.

use super::builder::{Builder, Halt};
use super::frame::{Position, Question, Told};
use super::machine::{End, Machine, Start};
use super::{Arguments, Blocks};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::Words;
use crate::ir::{Dialect, Graph, Shape};
use crate::limits;
use std::sync::Arc;

/// What holds for every block of a network.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    /// What the description can name.
    pub blocks: Blocks<'a>,
    /// Its dialect.
    pub dialect: Arc<Dialect>,
    /// How it writes words.
    pub words: Words,
    /// The most nodes that its network may have.
    pub limit: usize,
}

/// What the network before a block leaves.
#[derive(Debug, Clone)]
pub struct Before<'a> {
    /// The shape of the current tensor.
    pub shape: Shape,
    /// How many layers and joins there are.
    pub nodes: usize,
    /// How many steps of evaluation are left.
    pub work: usize,
    /// What the first block of the stage before was told.
    pub previous: Option<Told<'a>>,
    /// Of a block that is not its stage's first, what that was told.
    pub first: Option<Told<'a>>,
}

/// A block that was expanded by itself.
#[derive(Debug)]
pub struct Expansion<'a> {
    /// Its nodes, after one that stands for the value that it reads.
    pub graph: Graph,
    /// The shapes of the nodes, in the order in which they were added; one that has none is the last.
    pub shapes: Vec<Shape>,
    /// Of a stage's first block, what its parameters were.
    pub told: Option<Told<'a>>,
    /// What was asked of the place, in the order in which it was asked.
    pub asked: Vec<Question>,
    /// How many steps of evaluation must be left before the block.
    pub needs: usize,
    /// How many are left after it, of those that were left before it.
    pub work: usize,
    /// Why there is no more of it.
    pub stop: Option<Stop>,
}

/// Why a block cannot be expanded.
#[derive(Debug)]
pub enum Stop {
    /// The last node has no shape: [`crate::valid::check`] says why.
    Shape,
    /// What is wrong.
    Refused(Box<Diagnostic>),
}

/// How many steps of evaluation are left before the first block of a network whose nodes are its input.
pub const FIRST_WORK: usize = limits::FIRST_WORK;

/// Expands the block that `call` names.
#[must_use]
pub fn expand<'a>(scene: &Scene<'a>, call: &Arguments<'a>, before: &Before<'a>, position: Position) -> Expansion<'a> {
    let graph = Graph::new("", Arc::clone(&scene.dialect));
    let (builder, at) = Builder::piece(graph, scene.limit, before.shape, before.nodes);
    let machine = Machine::new(builder, Arc::clone(&scene.dialect), scene.blocks, scene.words);
    let mut machine = machine.recording(before.work);
    let start = Start { at, position, previous: before.previous.clone(), first: before.first.clone() };
    let (told, stop) = match machine.expand(call, start) {
        Ok(End { told, .. }) => (told, None),
        Err(Halt::Shape(_)) => (None, Some(Stop::Shape)),
        Err(Halt::Error(error)) => (None, Some(Stop::Refused(error))),
    };
    let (asked, [lowest, work]) = (machine.asked(), machine.work());
    let (graph, shapes) = machine.builder.into_graph();
    Expansion { graph, shapes, told, asked, needs: before.work.saturating_sub(lowest), work, stop }
}
