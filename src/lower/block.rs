//! The verbs with which a block of the library writes itself into the graph.

use super::arguments::Arguments;
use crate::ir::dialect::PaddingStyle;
use crate::ir::shape::Window;
use crate::ir::{Address, Dialect, Graph, Label, NodeId, Op, Origin, Place, Shape, Sides, op};
use crate::source::Span;
use std::sync::Arc;

/// Why lowering stops early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// The node just added has no output shape; [`crate::valid::check`] will say why.
    Shape,
    /// The graph is full; the span is what would have been added.
    Nodes(Span),
}

/// A graph that grows, and the shape of each of its nodes.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) graph: Graph,
    shapes: Vec<Shape>,
    limit: usize,
    current: NodeId,
    /// Layers that chains have numbered so far.
    chained: u32,
}

impl Builder {
    pub(super) fn new(graph: Graph, limit: usize) -> Self {
        Self { graph, shapes: Vec::new(), limit, current: NodeId::new(0), chained: 0 }
    }

    pub(super) fn finish(self) -> Graph {
        self.graph
    }

    pub(super) fn current(&self) -> NodeId {
        self.current
    }

    pub(super) fn shape(&self, id: NodeId) -> Option<Shape> {
        self.shapes.get(id.index()).copied()
    }

    pub(super) fn add(&mut self, op: Op, origin: Origin, operands: &[NodeId]) -> Result<(), Halt> {
        if self.graph.len() >= self.limit {
            return Err(Halt::Nodes(origin.span));
        }
        let inputs: Vec<_> = operands.iter().filter_map(|&operand| self.shape(operand)).collect();
        let shape = op.infer(&inputs);
        self.current = self.graph.add(op, origin, operands);
        self.shapes.push(shape.map_err(|_| Halt::Shape)?);
        Ok(())
    }
}

/// A convolution as a block asks for it: padded so that at stride 1 the map keeps its size.
#[derive(Debug, Clone, Copy)]
pub struct Conv {
    kernel: u64,
    filters: u64,
    stride: u64,
    groups: u64,
    dilation: u64,
    bias: bool,
}

impl Conv {
    /// A square kernel of odd size `kernel` with `filters` outputs.
    #[must_use]
    pub fn new(kernel: u64, filters: u64) -> Self {
        Self { kernel, filters, stride: 1, groups: 1, dilation: 1, bias: false }
    }

    /// With this stride.
    #[must_use]
    pub fn stride(self, stride: u64) -> Self {
        Self { stride, ..self }
    }

    /// In this many groups.
    #[must_use]
    pub fn groups(self, groups: u64) -> Self {
        Self { groups, ..self }
    }

    /// With this dilation.
    #[must_use]
    pub fn dilation(self, dilation: u64) -> Self {
        Self { dilation, ..self }
    }

    /// With a bias whatever the dialect says.
    #[must_use]
    pub fn bias(self, bias: bool) -> Self {
        Self { bias, ..self }
    }
}

/// One block while it is being expanded. Each verb adds a node after the current one and makes it current.
#[derive(Debug)]
pub struct Block<'a> {
    builder: &'a mut Builder,
    arguments: &'a Arguments,
    previous: Option<&'a Arguments>,
    place: Place,
    index: u64,
    blocks: u64,
    span: Span,
    branch: Label,
    unit: u32,
    sequence: u32,
}

impl<'a> Block<'a> {
    pub(super) fn stem(builder: &'a mut Builder, arguments: &'a Arguments) -> Self {
        Self::new(builder, arguments, None, Place::Stem, [0, 1])
    }

    pub(super) fn stage(
        builder: &'a mut Builder,
        arguments: &'a Arguments,
        previous: Option<&'a Arguments>,
        stage: u32,
        [index, blocks]: [u64; 2],
    ) -> Self {
        let place = Place::Block { stage, block: u32::try_from(index).unwrap_or(u32::MAX) };
        Self::new(builder, arguments, previous, place, [index, blocks])
    }

    fn new(
        builder: &'a mut Builder,
        arguments: &'a Arguments,
        previous: Option<&'a Arguments>,
        place: Place,
        [index, blocks]: [u64; 2],
    ) -> Self {
        let span = arguments.span_of("filters");
        Self { builder, arguments, previous, place, index, blocks, span, branch: Label::MAIN, unit: 0, sequence: 0 }
    }

    /// The whole number that the parameter `name` has.
    #[must_use]
    pub fn integer(&self, name: &str) -> u64 {
        self.arguments.integer(name)
    }

    /// Whether the parameter `name` is true.
    #[must_use]
    pub fn boolean(&self, name: &str) -> bool {
        self.arguments.boolean(name)
    }

    /// The word that the parameter `name` has.
    #[must_use]
    pub fn word(&self, name: &str) -> &'static str {
        self.arguments.word(name)
    }

    /// What the stage before has for the parameter `name`, if its block declares it.
    #[must_use]
    pub fn previous(&self, name: &str) -> Option<u64> {
        self.previous.and_then(|arguments| arguments.find_integer(name))
    }

    /// The block's number in its stage, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Whether it closes its stage.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.index + 1 == self.blocks
    }

    /// The stage's stride on its first block, 1 on the others.
    #[must_use]
    pub fn stride(&self) -> u64 {
        if self.index == 0 { self.integer("stride") } else { 1 }
    }

    /// The dialect.
    #[must_use]
    pub fn dialect(&self) -> Arc<Dialect> {
        Arc::clone(&self.builder.graph.dialect)
    }

    /// The node whose value the next verb reads.
    #[must_use]
    pub fn current(&self) -> NodeId {
        self.builder.current()
    }

    /// The channels of a node's value.
    #[must_use]
    pub fn channels(&self, id: NodeId) -> u64 {
        self.builder.shape(id).map_or(0, Shape::channels)
    }

    /// Begins a branch at the current node.
    pub fn branch(&mut self, branch: Label) -> &mut Self {
        self.branch = branch;
        self.unit = 0;
        self.sequence = 0;
        self
    }

    /// Begins a branch at `input`.
    pub fn rewind(&mut self, branch: Label, input: NodeId) {
        self.builder.current = input;
        self.branch(branch);
    }

    /// Begins a unit: the nodes that follow share `unit`.
    pub fn unit(&mut self, unit: u32) -> &mut Self {
        self.unit = unit;
        self
    }

    /// Lets messages about the nodes that follow point at the argument `name`.
    pub fn blame(&mut self, name: &str) {
        self.span = self.arguments.span_of(name);
    }

    /// A convolution; in a dialect that pads by layers, a strided one gets its padding as a node of its own.
    ///
    /// # Errors
    /// Where lowering must stop.
    pub fn conv(&mut self, conv: Conv) -> Result<&mut Self, Halt> {
        let Conv { kernel, filters, stride, groups, dilation, bias } = conv;
        let mut padding = Sides::all(dilation * (kernel / 2));
        let apart = self.dialect().padding == PaddingStyle::Layer && stride != 1 && !padding.is_zero();
        if apart {
            self.push(Label::PAD, Op::Pad(op::Pad::Spatial(padding)))?;
            padding = Sides::all(0);
        }
        let window = Window { kernel: [kernel; 2], stride: [stride; 2], dilation: [dilation; 2], padding, ceil: false };
        let bias = bias || self.dialect().convolution_bias;
        self.push(Label::CONV, Op::Conv2d(op::Conv2d { filters, window, groups, bias }))
    }

    /// The dialect's batch norm.
    ///
    /// # Errors
    /// Where lowering must stop.
    pub fn norm(&mut self) -> Result<&mut Self, Halt> {
        let Dialect { norm_epsilon: epsilon, norm_momentum: momentum, .. } = *self.dialect();
        self.push(Label::NORM, Op::BatchNorm(op::BatchNorm { epsilon, momentum }))
    }

    /// A relu.
    ///
    /// # Errors
    /// Where lowering must stop.
    pub fn relu(&mut self) -> Result<&mut Self, Halt> {
        self.push(Label::ACT, Op::Activation(op::Activation::Relu))
    }

    /// A square max pool; in a dialect that pads by layers its padding is a node that writes zeros, not minus infinity.
    ///
    /// # Errors
    /// Where lowering must stop.
    pub fn max_pool(&mut self, kernel: u64, stride: u64, padding: Sides, ceil: bool) -> Result<&mut Self, Halt> {
        let mut padding = padding;
        if self.dialect().padding == PaddingStyle::Layer && !padding.is_zero() {
            self.push(Label::POOL_PAD, Op::Pad(op::Pad::Spatial(padding)))?;
            padding = Sides::all(0);
        }
        let window = Window { kernel: [kernel; 2], stride: [stride; 2], dilation: [1; 2], padding, ceil };
        self.push(Label::POOL, Op::MaxPool(op::MaxPool { window }))
    }

    /// Every `stride`-th pixel.
    ///
    /// # Errors
    /// Where lowering must stop.
    pub fn subsample(&mut self, stride: u64) -> Result<&mut Self, Halt> {
        self.push(Label::SUBSAMPLE, Op::Subsample(op::Subsample { stride }))
    }

    /// Channels of zeros before and after the current ones.
    ///
    /// # Errors
    /// Where lowering must stop.
    pub fn zero_channels(&mut self, before: u64, after: u64) -> Result<&mut Self, Halt> {
        self.push(Label::ZEROS, Op::Pad(op::Pad::Channels { before, after }))
    }

    /// The sum of two nodes.
    ///
    /// # Errors
    /// Where lowering must stop.
    pub fn add(&mut self, left: NodeId, right: NodeId) -> Result<&mut Self, Halt> {
        self.node(Label::ADD, Op::Add(op::Add), &[left, right])
    }

    fn push(&mut self, role: Label, op: Op) -> Result<&mut Self, Halt> {
        let current = self.current();
        self.node(role, op, &[current])
    }

    fn node(&mut self, role: Label, op: Op, operands: &[NodeId]) -> Result<&mut Self, Halt> {
        let counter = if self.branch == Label::CHAIN { &mut self.builder.chained } else { &mut self.sequence };
        let sequence = *counter;
        *counter += 1;
        let address = Address { place: self.place, branch: self.branch, unit: self.unit, role, sequence };
        self.builder.add(op, Origin { span: self.span, address }, operands)?;
        Ok(self)
    }
}
