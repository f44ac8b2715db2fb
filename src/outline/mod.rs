//! The outline of a network: what a person would write as a function or a struct, and how often it is used.
//!
//! In: a [`Checked`] network, a graph in which every block is written out. Out: an [`Outline`], in which blocks that
//! have the same structure are one [`Definition`] with parameters, and stages are runs of [`Call`]s. Nothing is assumed
//! about particular blocks: structure is recovered from the graph (series and parallel parts), blocks are aligned by
//! the addresses of their nodes, and what differs between them becomes a parameter. Expanding every call of an outline
//! gives the graph back, op for op and name for name; a test says so.

mod body;
mod field;
mod group;
mod known;
mod unify;
mod write;

pub use body::{Body, Part, last_node};

use crate::ir::{Address, Label, NodeId, Op, Place};
use crate::valid::Checked;
use std::collections::{BTreeMap, HashMap};

/// The structure of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// What stands before the stages, the input node left out.
    pub stem: Vec<Step>,
    /// The stages.
    pub stages: Vec<Stage>,
    /// What follows them.
    pub head: Vec<Step>,
    /// The blocks, in the order of their first use.
    pub definitions: Vec<Definition>,
}

/// The blocks of one stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The stage's number, from 0.
    pub number: u32,
    /// One call a block.
    pub calls: Vec<Call>,
}

/// A use of a definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Index into [`Outline::definitions`].
    pub definition: usize,
    /// The dialect's name of the block: what [`Name::Suffix`] is appended to.
    pub name: String,
    /// A value for each of the definition's parameters.
    pub arguments: Vec<Value>,
    /// The nodes that the call stands for, in the order of the definition's present items.
    pub nodes: Vec<NodeId>,
}

/// A block as a function or struct.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The block's name in the library; numbered where blocks of one kind have more than one structure.
    pub name: String,
    /// The same without a number.
    pub kind: String,
    /// What differs between its uses.
    pub parameters: Vec<Parameter>,
    /// What it computes.
    pub body: Vec<Step>,
}

/// A parameter of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name: a lower-case identifier, unique in its definition.
    pub name: String,
    /// What it says.
    pub meaning: Meaning,
}

/// What a parameter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A number that some field of an op depends on.
    Number(Field),
    /// Whether an optional part is there.
    Flag,
    /// The name of a layer.
    Text,
}

/// A parameter's value in a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(u64),
    /// A number of a field that [`Field::is_real`].
    Real(f64),
    /// Whether an optional part is there.
    Flag(bool),
    /// A layer's name; empty where the layer is not there.
    Text(String),
}

/// One step of a body: it reads the current value and makes the next one.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// An op with one operand.
    Item(Item),
    /// Branches that all read the current value, and the op that joins them.
    Join {
        /// The branches in the order of the op's operands; an empty one is the identity.
        branches: Vec<Vec<Step>>,
        /// What joins them.
        item: Item,
    },
}

/// An op in a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The node of the first call that has it: no other item of the outline has the same.
    pub node: NodeId,
    /// The branch it stands in.
    pub branch: Label,
    /// Its unit, 0 where nothing is numbered.
    pub unit: u32,
    /// What it does there.
    pub role: Label,
    /// The how-manieth item of its branch, unit and role in the body it stands in, from 0: together they are unique.
    pub ordinal: u32,
    /// The op as [`Item::node`] has it; where [`Item::fields`] has an entry, that holds instead.
    pub op: Op,
    /// The fields that back ends write, as expressions of the parameters.
    pub fields: BTreeMap<Field, Expression>,
    /// Its name.
    pub name: Name,
    /// The flag parameter without which it is left out.
    pub guard: Option<usize>,
}

/// A number of an op that may differ between the uses of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Channels of the operand.
    Inputs,
    /// Output channels of a convolution, features of a linear layer.
    Filters,
    /// The stride, the same in both dimensions.
    Stride,
    /// The dilation, the same in both dimensions.
    Dilation,
    /// The padding, the same on all sides.
    Padding,
    /// Groups of a convolution.
    Groups,
    /// Zero channels before the operand's.
    Before,
    /// Zero channels after the operand's.
    After,
    /// The size of a window, the same in both dimensions; of a convolution along the channels.
    Kernel,
    /// The first channel of a slice.
    Start,
    /// The channels of a slice.
    Length,
    /// Paths of a softmax over paths.
    Paths,
    /// The probability with which dropout drops an element and stochastic depth an image; real.
    Rate,
    /// What a layer scale begins with; real.
    Init,
    /// What a norm adds to the variance; real.
    Epsilon,
}

impl Field {
    /// Every one.
    pub const ALL: [Self; 15] = [
        Self::Inputs,
        Self::Filters,
        Self::Kernel,
        Self::Stride,
        Self::Dilation,
        Self::Padding,
        Self::Groups,
        Self::Before,
        Self::After,
        Self::Start,
        Self::Length,
        Self::Paths,
        Self::Rate,
        Self::Init,
        Self::Epsilon,
    ];

    /// Whether its values are [`Value::Real`] and [`Expression::Real`]; otherwise they are whole numbers.
    #[must_use]
    pub fn is_real(self) -> bool {
        match self {
            Self::Rate | Self::Init | Self::Epsilon => true,
            Self::Inputs
            | Self::Filters
            | Self::Stride
            | Self::Dilation
            | Self::Padding
            | Self::Groups
            | Self::Before
            | Self::After
            | Self::Kernel
            | Self::Start
            | Self::Length
            | Self::Paths => false,
        }
    }
}

/// A number in a body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Expression {
    /// Always the same.
    Literal(u64),
    /// The same of a field that [`Field::is_real`].
    Real(f64),
    /// The parameter with this index.
    Parameter(usize),
    /// A multiple of a parameter.
    Multiple(u64, usize),
    /// Half a parameter, rounded down: the padding under which a kernel keeps the size of a map.
    Half(usize),
}

/// The name of an item's layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// The block's name and this.
    Suffix(String),
    /// The text parameter with this index.
    Parameter(usize),
    /// Always this: outside blocks.
    Whole(String),
}

/// Outlines `network`; `fields` are those that the back end writes. Blocks that differ in any other number are uses of
/// different definitions.
///
/// # Errors
/// A node of a part that is not made of series and parallel parts, or that does not read the part before it.
pub fn outline(network: &Checked, fields: &[Field]) -> Result<Outline, NodeId> {
    let mut outline = Outline { stem: Vec::new(), stages: Vec::new(), head: Vec::new(), definitions: Vec::new() };
    let mut blocks = Vec::new();
    for (place, body) in bodies(network)? {
        match place {
            Place::Input => {}
            Place::Stem => outline.stem = unify::alone(network, &body, fields),
            Place::Head => outline.head = unify::alone(network, &body, fields),
            Place::Block { stage, .. } => blocks.push(unify::Instance { stage, body }),
        }
    }
    let (definitions, calls) = unify::definitions(network, &blocks, fields);
    outline.definitions = definitions;
    for (instance, call) in blocks.iter().zip(calls) {
        match outline.stages.last_mut().filter(|stage| stage.number == instance.stage) {
            Some(stage) => stage.calls.push(call),
            None => outline.stages.push(Stage { number: instance.stage, calls: vec![call] }),
        }
    }
    Ok(outline)
}

/// The series and parallel parts of the input, the stem, each block and the head, in the order of the network; the input
/// node is in none.
///
/// # Errors
/// A node of a part that is not made of series and parallel parts, or that does not read the part before it.
pub fn bodies(network: &Checked) -> Result<Vec<(Place, Body)>, NodeId> {
    let mut value = network.graph().input().unwrap_or_default();
    let decompose = |(place, nodes): (Place, Vec<NodeId>)| {
        let body = match place {
            Place::Input => Body::new(),
            Place::Stem | Place::Head | Place::Block { .. } => body::decompose(network, &nodes, value)?,
        };
        value = last_node(&body).unwrap_or(value);
        Ok((place, body))
    };
    places(network).into_iter().map(decompose).collect()
}

/// The nodes of each part of the network, in topological order.
fn places(network: &Checked) -> Vec<(Place, Vec<NodeId>)> {
    let mut places: Vec<(Place, Vec<NodeId>)> = Vec::new();
    for layer in network.layers() {
        let Address { place, .. } = layer.node.origin.address;
        match places.last_mut().filter(|(last, _)| *last == place) {
            Some((_, nodes)) => nodes.push(layer.id),
            None => places.push((place, vec![layer.id])),
        }
    }
    places
}

impl Call {
    /// Whether it sets the flag.
    #[must_use]
    pub fn is_set(&self, flag: usize) -> bool {
        self.arguments.get(flag) == Some(&Value::Flag(true))
    }
}

impl Definition {
    /// For the node of each item of the body the nodes that it stands for in `calls`, which are uses of the definition.
    #[must_use]
    pub fn nodes(&self, calls: &[&Call]) -> HashMap<NodeId, Vec<NodeId>> {
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for call in calls {
            let mut nodes = call.nodes.iter().copied();
            visit(&self.body, &mut |item| {
                if item.guard.is_none_or(|guard| call.is_set(guard)) {
                    found.entry(item.node).or_default().extend(nodes.next());
                }
            });
        }
        found
    }
}

/// Shows every item of `steps` to `see`, the joining ones after their branches.
pub fn visit<'a>(steps: &'a [Step], see: &mut impl FnMut(&'a Item)) {
    for step in steps {
        if let Step::Join { branches, .. } = step {
            for branch in branches {
                visit(branch, see);
            }
        }
        see(step.item());
    }
}

impl Step {
    /// The op, or the one that joins.
    #[must_use]
    pub fn item(&self) -> &Item {
        match self {
            Self::Item(item) | Self::Join { item, .. } => item,
        }
    }
}

impl Outline {
    /// The calls of each definition, in the order of the network.
    #[must_use]
    pub fn uses(&self) -> Vec<Vec<&Call>> {
        let mut uses = vec![Vec::new(); self.definitions.len()];
        for call in self.stages.iter().flat_map(|stage| &stage.calls) {
            uses.iter_mut().skip(call.definition).take(1).for_each(|calls| calls.push(call));
        }
        uses
    }

    /// The value that `expression` has in `call`.
    #[must_use]
    pub fn evaluate(expression: Expression, call: &Call) -> Value {
        let argument = |index: usize| call.arguments.get(index).cloned().unwrap_or(Value::Number(0));
        let number = |index: usize| match argument(index) {
            Value::Number(number) => number,
            Value::Real(_) | Value::Flag(_) | Value::Text(_) => 0,
        };
        match expression {
            Expression::Literal(value) => Value::Number(value),
            Expression::Real(value) => Value::Real(value),
            Expression::Parameter(index) => argument(index),
            Expression::Multiple(factor, index) => Value::Number(factor * number(index)),
            Expression::Half(index) => Value::Number(number(index) / 2),
        }
    }
}
