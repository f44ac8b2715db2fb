//! Merged blocks as a definition: what differs between them becomes its parameters.
//!
//! A node that only some blocks have is guarded by a flag. A field that varies becomes a parameter; fields that vary alike
//! share one, a channel count that is always the same multiple of a parameter is written as that multiple, and the
//! padding that keeps the size of a map as half the kernel.

use super::field;
use super::known::{Known, bits};
use super::unify::{Key, Members, Merged};
use super::{Call, Expression, Field, Item, Meaning, Name, Parameter, Step, Value};
use crate::ir::{Label, NodeId};
use crate::valid::Checked;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Turns merged steps into a definition's body, collecting parameters.
pub(super) struct Writer<'a> {
    network: &'a Checked,
    fields: &'a [Field],
    size: usize,
    pub(super) alone: bool,
    /// What only some blocks have, by these.
    optional: HashMap<Vec<usize>, Vec<Key>>,
    pub(super) parameters: Vec<Parameter>,
    /// For each parameter its value in every block.
    values: Vec<Vec<Value>>,
    /// The parameters that are numbers, by their values.
    known: Known,
    /// The flags, by the blocks that have them.
    flags: HashMap<Vec<usize>, usize>,
    /// The names of the parameters; for what one was to be called, the number that the next one of the name may have.
    names: HashSet<String>,
    numbers: HashMap<String, u32>,
    /// What the fields of a step became, by its first node.
    written: BTreeMap<NodeId, Written>,
    /// How many items of a branch, unit and role there are.
    counts: BTreeMap<(Label, u32, Label), u32>,
}

#[derive(Clone)]
struct Written {
    fields: BTreeMap<Field, Expression>,
    name: Name,
    guard: Option<usize>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(network: &'a Checked, fields: &'a [Field], size: usize, body: &'a [Merged]) -> Self {
        let mut optional = HashMap::new();
        keys_of_optional(body, size, &mut optional);
        Self {
            network,
            fields,
            size,
            alone: false,
            optional,
            parameters: Vec::new(),
            values: Vec::new(),
            known: Known::default(),
            flags: HashMap::new(),
            names: HashSet::new(),
            numbers: HashMap::new(),
            written: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Finds expressions for every step that is in all blocks (`always`) or only in some.
    pub(super) fn collect(&mut self, body: &[Merged], always: bool) {
        for step in body {
            if let Merged::Join(_, branches, _) = step {
                for branch in branches {
                    self.collect(&branch.steps, always);
                }
            }
            if (step.members().len() == self.size) == always {
                let written = self.express(step);
                self.written.insert(step.first(), written);
            }
        }
    }

    fn express(&mut self, step: &Merged) -> Written {
        let slots = &step.slots(self.size);
        let guard = self.guard(step.members());
        let mut fields = BTreeMap::new();
        for &which in self.fields {
            let values: Vec<_> =
                slots.iter().map(|slot| slot.and_then(|node| field::value(self.network, node, which))).collect();
            if values.iter().any(Option::is_some) {
                let depthwise = |node: &NodeId| field::is_depthwise(self.network, *node);
                let depthwise = which == Field::Groups && slots.iter().flatten().all(depthwise);
                fields.insert(which, self.expression(Asked { key: step.key(), which, depthwise }, &values));
            }
        }
        let name = self.name(step.key(), slots);
        Written { fields, name, guard }
    }

    /// The flag that says which blocks have the step; `None` where all have it.
    fn guard(&mut self, members: &Members) -> Option<usize> {
        if members.len() == self.size {
            return None;
        }
        let blocks = blocks_of(members);
        if let Some(known) = self.flags.get(&blocks) {
            return Some(*known);
        }
        let mut present = vec![Value::Flag(false); self.size];
        for &block in &blocks {
            present.iter_mut().skip(block).take(1).for_each(|flag| *flag = Value::Flag(true));
        }
        let name = self.flag_name(&blocks);
        let flag = self.parameter(&name, Meaning::Flag, present);
        self.flags.insert(blocks, flag);
        Some(flag)
    }

    /// What to call the flag of the steps that exactly `blocks` have: after the shortcut, if it is one of them.
    fn flag_name(&self, blocks: &[usize]) -> String {
        let guarded = self.optional.get(blocks).map_or(&[][..], Vec::as_slice);
        let skip = |role: Label| guarded.iter().any(|key| key.branch == Label::SKIP && key.role == role);
        if skip(Label::CONV) {
            "projection".to_owned()
        } else if skip(Label::ZEROS) || skip(Label::SUBSAMPLE) {
            "zero_padding".to_owned()
        } else {
            guarded.first().map_or("present".to_owned(), |key| word(key.role))
        }
    }

    fn expression(&mut self, asked: Asked, values: &[Option<Value>]) -> Expression {
        let which = asked.which;
        let mut present = values.iter().flatten();
        let first = present.next().cloned().unwrap_or(Value::Number(0));
        let literal = match first {
            Value::Real(value) => Expression::Real(value),
            Value::Number(value) => Expression::Literal(value),
            Value::Flag(_) | Value::Text(_) => Expression::Literal(0),
        };
        let constant = present.all(|value| *value == first);
        // What only some blocks have may well be meant to follow the others: a projection takes the block's stride.
        let follows = values.iter().any(Option::is_none) && asked.may_follow();
        if self.alone || constant && !(asked.is_channels() || asked.may_be_channels(&first) || follows) {
            return literal;
        }
        if let Some(known) = self.known.find(asked, values) {
            return known;
        }
        if constant && !asked.is_channels() {
            return literal;
        }
        let name = parameter_name(asked.key, which);
        // A second one of its kind is called after its layer.
        let name = if self.is_taken(&name) { format!("{}_{name}", layer_name(asked.key)) } else { name };
        let values = values.iter().map(|value| value.clone().unwrap_or_else(|| first.clone())).collect();
        Expression::Parameter(self.parameter(&name, Meaning::Number(which), values))
    }

    fn name(&mut self, key: Key, slots: &[Option<NodeId>]) -> Name {
        let names: Vec<_> = slots.iter().map(|slot| slot.map(|node| self.network.name(node))).collect();
        if self.alone {
            return Name::Whole(names.into_iter().flatten().next().unwrap_or_default().to_owned());
        }
        let suffix = |node: &NodeId| {
            let block = self.block_name(*node);
            self.network.name(*node).strip_prefix(block.as_str()).map(str::to_owned)
        };
        let suffixes: Vec<_> = slots.iter().flatten().map(suffix).collect();
        match suffixes.first() {
            Some(Some(first)) if suffixes.iter().all(|suffix| suffix.as_ref() == Some(first)) => {
                Name::Suffix(first.clone())
            }
            _ => {
                let values = names.into_iter().map(|name| Value::Text(name.unwrap_or_default().to_owned())).collect();
                Name::Parameter(self.parameter(&format!("{}_name", word(key.role)), Meaning::Text, values))
            }
        }
    }

    fn block_name(&self, node: NodeId) -> String {
        self.network.graph().block_name(&self.network.layer(node).node.origin.address)
    }

    /// Adds a parameter; a name that is taken gets a number.
    fn parameter(&mut self, name: &str, meaning: Meaning, values: Vec<Value>) -> usize {
        let mut free = name.to_owned();
        while self.is_taken(&free) {
            let number = self.numbers.entry(name.to_owned()).or_insert(1);
            *number += 1;
            free = format!("{name}_{number}");
        }
        self.names.insert(free.clone());
        if let Meaning::Number(field) = meaning {
            self.known.add(field, values.iter().map(bits).collect(), self.parameters.len());
        }
        self.parameters.push(Parameter { name: free, meaning });
        self.values.push(values);
        self.parameters.len() - 1
    }

    fn is_taken(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    pub(super) fn steps(&mut self, body: &[Merged]) -> Vec<Step> {
        body.iter()
            .map(|step| {
                let item = self.item(step);
                match step {
                    Merged::Node(..) => Step::Item(item),
                    Merged::Join(_, branches, _) => {
                        Step::Join { branches: branches.iter().map(|branch| self.steps(&branch.steps)).collect(), item }
                    }
                }
            })
            .collect()
    }

    fn item(&mut self, step: &Merged) -> Item {
        let node = step.first();
        let written = match self.written.get(&node) {
            Some(written) => written.clone(),
            None => self.express(step),
        };
        let Key { branch, unit, role, .. } = step.key();
        let next = self.counts.entry((branch, unit, role)).or_insert(0);
        let ordinal = *next;
        *next += 1;
        let op = self.network.layer(node).node.op.clone();
        let Written { fields, name, guard } = written;
        Item { node, branch, unit, role, ordinal, op, fields, name, guard }
    }

    pub(super) fn calls(&self, body: &[Merged]) -> Vec<Call> {
        let mut nodes = vec![Vec::new(); self.size];
        gather(body, &mut nodes);
        let call = |(block, nodes): (usize, Vec<NodeId>)| {
            let name = nodes.first().map(|node| self.block_name(*node)).unwrap_or_default();
            let arguments = self.values.iter().filter_map(|values| values.get(block).cloned()).collect();
            Call { definition: 0, name, arguments, nodes }
        };
        nodes.into_iter().enumerate().map(call).collect()
    }
}

/// The keys of the steps that not all of `size` blocks have, by the blocks that do.
fn keys_of_optional(body: &[Merged], size: usize, keys: &mut HashMap<Vec<usize>, Vec<Key>>) {
    for step in body {
        if let Merged::Join(_, branches, _) = step {
            for branch in branches {
                keys_of_optional(&branch.steps, size, keys);
            }
        }
        if step.members().len() < size {
            keys.entry(blocks_of(step.members())).or_default().push(step.key());
        }
    }
}

fn blocks_of(members: &Members) -> Vec<usize> {
    members.iter().map(|(block, _)| *block).collect()
}

/// The nodes of each block, in the order of the body.
fn gather(body: &[Merged], nodes: &mut [Vec<NodeId>]) {
    for step in body {
        if let Merged::Join(_, branches, _) = step {
            for branch in branches {
                gather(&branch.steps, nodes);
            }
        }
        for (block, node) in step.members() {
            if let Some(nodes) = nodes.get_mut(*block) {
                nodes.push(*node);
            }
        }
    }
}

/// A field of a step for which an expression is sought.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    key: Key,
    pub(super) which: Field,
    /// Whether it is the groups of a convolution of each channel by itself.
    depthwise: bool,
}

impl Asked {
    /// Channel counts are parameters even where they never differ: a block is written for any width.
    fn is_channels(self) -> bool {
        matches!(self.which, Field::Inputs | Field::Filters)
    }

    /// Whether it may be meant as a channel count though it is constantly `value`.
    fn may_be_channels(self, value: &Value) -> bool {
        self.depthwise || matches!(self.which, Field::Start | Field::Length) && *value != Value::Number(0)
    }

    fn may_follow(self) -> bool {
        match self.which {
            Field::Kernel | Field::Paths | Field::Rate | Field::Init | Field::Epsilon => false,
            Field::Inputs
            | Field::Filters
            | Field::Stride
            | Field::Dilation
            | Field::Padding
            | Field::Groups
            | Field::Before
            | Field::After
            | Field::Start
            | Field::Length => true,
        }
    }

    /// Whether a parameter that means `meaning` may stand for it.
    pub(super) fn may_be(self, meaning: Field) -> bool {
        match meaning {
            Field::Inputs | Field::Filters => {
                let counts = matches!(self.which, Field::Before | Field::After | Field::Start | Field::Length);
                self.is_channels() || counts || self.depthwise
            }
            Field::Dilation => matches!(self.which, Field::Dilation | Field::Padding),
            other => other == self.which,
        }
    }

    pub(super) fn may_be_multiple(self) -> bool {
        self.is_channels() || self.depthwise || matches!(self.which, Field::Start | Field::Length)
    }
}

/// A label as a lower-case identifier.
fn word(label: Label) -> String {
    label.as_str().to_ascii_lowercase()
}

/// A layer as the back ends call it: by its role and its unit, where it has one.
fn layer_name(key: Key) -> String {
    let role = word(key.role);
    if key.unit == 0 || role.ends_with(|last: char| last.is_ascii_digit()) {
        role
    } else {
        format!("{role}{}", key.unit)
    }
}

/// The branches whose channels are the block's.
const PLAIN: [Label; 5] = [Label::MAIN, Label::SKIP, Label::BLOCK, Label::CHAIN, Label::JOIN];

fn parameter_name(key: Key, which: Field) -> String {
    match which {
        Field::Inputs => "inputs".to_owned(),
        Field::Filters if PLAIN.contains(&key.branch) => "filters".to_owned(),
        Field::Filters => format!("{}_filters", word(key.branch)),
        Field::Kernel => "kernel".to_owned(),
        Field::Stride => "stride".to_owned(),
        Field::Dilation => "dilation".to_owned(),
        Field::Padding => "padding".to_owned(),
        Field::Groups => "groups".to_owned(),
        Field::Before => format!("{}_before", word(key.role)),
        Field::After => format!("{}_after", word(key.role)),
        Field::Start => format!("{}_start", word(key.role)),
        Field::Length => format!("{}_length", word(key.role)),
        Field::Paths => "paths".to_owned(),
        Field::Rate => "rate".to_owned(),
        Field::Init => format!("{}_init", word(key.role)),
        Field::Epsilon => "epsilon".to_owned(),
    }
}
