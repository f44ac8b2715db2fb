//! Blocks of one structure become one definition; what differs between them becomes its parameters.
//!
//! Two blocks unify if the nodes that both have, aligned by branch, unit and role, differ only in [`Field`]s. A node
//! that only some blocks have is guarded by a flag. A field that varies becomes a parameter; fields that vary alike
//! share one, and a channel count that is always the same multiple of a parameter is written as that multiple.

use super::body::{Body, Part};
use super::{Call, Definition, Expression, Field, Item, Meaning, Name, Parameter, Step, Value};
use crate::ir::shape::{Sides, Window};
use crate::ir::{Address, Branch, NodeId, Op, Role, op};
use crate::valid::Checked;
use std::collections::BTreeMap;

/// A block of the network.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) stage: u32,
    pub(super) body: Body,
}

/// What aligns nodes of different blocks.
type Key = (Branch, u32, Role);

/// The nodes of a step: which block of the group has which, ascending.
type Members = Vec<(usize, NodeId)>;

/// A step of several blocks.
#[derive(Debug, Clone)]
enum Merged {
    Node(Key, Members),
    Join(Key, Vec<Vec<Merged>>, Members),
}

/// The body of a part that stands alone: everything literal.
pub(super) fn alone(network: &Checked, body: &Body, fields: &[Field]) -> Vec<Step> {
    let body = lift(network, body, 0);
    let mut writer = Writer { alone: true, ..Writer::new(network, fields, 1, &body) };
    writer.steps(&body)
}

/// The definitions that `blocks` are uses of, and for each block the call.
pub(super) fn definitions(network: &Checked, blocks: &[Instance], fields: &[Field]) -> (Vec<Definition>, Vec<Call>) {
    let mut groups: Vec<Group> = Vec::new();
    let mut places = Vec::new();
    for block in blocks {
        let kinds = &network.graph().block_kinds;
        let kind = kinds.get(block.stage as usize).map_or("block", String::as_str);
        let lifted = lift(network, &block.body, 0);
        let found = groups.iter().position(|group| group.kind == kind && fits(network, &group.body, &lifted));
        let at = found.unwrap_or_else(|| {
            let before = groups.iter().filter(|group| group.kind == kind).count();
            let name = if before == 0 { kind.to_owned() } else { format!("{kind}_{}", before + 1) };
            groups.push(Group { kind: kind.to_owned(), name, body: Vec::new(), size: 0 });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            places.push((at, group.size));
            merge(&mut group.body, lift(network, &block.body, group.size));
            group.size += 1;
        }
    }
    let written: Vec<_> = groups.iter().map(|group| group.write(network, fields)).collect();
    let call = |&(definition, within): &(usize, usize)| {
        let (_, calls) = written.get(definition)?;
        calls.get(within).map(|call| Call { definition, ..call.clone() })
    };
    let calls = places.iter().filter_map(call).collect();
    (written.into_iter().map(|(definition, _)| definition).collect(), calls)
}

/// Blocks of one structure.
struct Group {
    kind: String,
    name: String,
    body: Vec<Merged>,
    size: usize,
}

impl Group {
    fn write(&self, network: &Checked, fields: &[Field]) -> (Definition, Vec<Call>) {
        let mut writer = Writer::new(network, fields, self.size, &self.body);
        // What every block has comes first: parameters are named after it.
        writer.collect(&self.body, true);
        writer.collect(&self.body, false);
        let body = writer.steps(&self.body);
        let calls = writer.calls(&self.body);
        (Definition { name: self.name.clone(), parameters: writer.parameters, body }, calls)
    }
}

fn key(network: &Checked, node: NodeId) -> Key {
    let Address { branch, unit, role, .. } = network.layer(node).node.origin.address;
    (branch, unit, role)
}

/// `body` as the block at `index` of a group.
fn lift(network: &Checked, body: &Body, index: usize) -> Vec<Merged> {
    let one = |part: &Part| match part {
        Part::Node(node) => Merged::Node(key(network, *node), vec![(index, *node)]),
        Part::Join(branches, node) => {
            let branches = branches.iter().map(|branch| lift(network, branch, index)).collect();
            Merged::Join(key(network, *node), branches, vec![(index, *node)])
        }
    };
    body.iter().map(one).collect()
}

/// Where in `body`, not before `from`, the step that aligns with `step` stands.
fn aligned(body: &[Merged], step: &Merged, from: usize) -> Option<usize> {
    body.iter().skip(from).position(|known| known.key() == step.key()).map(|at| at + from)
}

/// Whether `block` unifies with `body`: the steps that align differ only in fields, and both join where one does.
fn fits(network: &Checked, body: &[Merged], block: &[Merged]) -> bool {
    let joins = |steps: &[Merged], others: &[Merged]| {
        let mut joins = steps.iter().filter(|step| matches!(step, Merged::Join(..)));
        joins.all(|join| aligned(others, join, 0).is_some())
    };
    let alike = |step: &Merged| match aligned(body, step, 0).and_then(|at| body.get(at)) {
        None => true,
        Some(known) => match (known, step) {
            (Merged::Node(..), Merged::Node(..)) => alike(network, known.first(), step.first()),
            (Merged::Join(_, mine, _), Merged::Join(_, others, _)) => {
                mine.len() == others.len()
                    && alike(network, known.first(), step.first())
                    && mine.iter().zip(others).all(|(mine, other)| fits(network, mine, other))
            }
            (Merged::Node(..), Merged::Join(..)) | (Merged::Join(..), Merged::Node(..)) => false,
        },
    };
    // A group that has no block yet takes any.
    body.is_empty() || joins(body, block) && joins(block, body) && block.iter().all(alike)
}

/// Takes `block`, which [`fits`], into `body`; steps that are new stand where the block has them.
fn merge(body: &mut Vec<Merged>, block: Vec<Merged>) {
    let mut from = 0;
    for step in block {
        let at = aligned(body, &step, from);
        match at.and_then(|at| body.get_mut(at)) {
            Some(known) => known.absorb(step),
            None => body.insert(from, step),
        }
        from = at.unwrap_or(from) + 1;
    }
}

impl Merged {
    fn key(&self) -> Key {
        match self {
            Self::Node(key, _) | Self::Join(key, ..) => *key,
        }
    }

    fn members(&self) -> &Members {
        match self {
            Self::Node(_, members) | Self::Join(.., members) => members,
        }
    }

    /// The node of the first block that has the step.
    fn first(&self) -> NodeId {
        self.members().first().map(|(_, node)| *node).unwrap_or_default()
    }

    /// For each of `size` blocks its node, where it has one.
    fn slots(&self, size: usize) -> Vec<Option<NodeId>> {
        let mut slots = vec![None; size];
        for (block, node) in self.members() {
            if let Some(slot) = slots.get_mut(*block) {
                *slot = Some(*node);
            }
        }
        slots
    }

    fn absorb(&mut self, other: Self) {
        match (self, other) {
            (Self::Node(_, members), Self::Node(_, others)) => members.extend(others),
            (Self::Join(_, mine, members), Self::Join(_, theirs, others)) => {
                members.extend(others);
                for (mine, theirs) in mine.iter_mut().zip(theirs) {
                    merge(mine, theirs);
                }
            }
            // Only what fits is merged.
            (Self::Node(..), Self::Join(..)) | (Self::Join(..), Self::Node(..)) => {}
        }
    }
}

/// Whether two ops differ in nothing but fields.
fn alike(network: &Checked, left: NodeId, right: NodeId) -> bool {
    let bare = |id: NodeId| {
        let layer = network.layer(id);
        strip(&layer.node.op)
    };
    bare(left) == bare(right)
}

/// The op with every [`Field`] blanked, so that what remains must be equal. Windows that are not square keep theirs.
fn strip(op: &Op) -> Op {
    let mut op = op.clone();
    match &mut op {
        Op::Conv2d(conv) => {
            conv.filters = 0;
            conv.groups = 0;
            blank(&mut conv.window);
        }
        Op::MaxPool(pool) => blank(&mut pool.window),
        Op::Linear(linear) => linear.features = 0,
        Op::Subsample(subsample) => subsample.stride = 0,
        Op::Pad(op::Pad::Channels { before, after }) => {
            *before = 0;
            *after = 0;
        }
        Op::Pad(op::Pad::Spatial(sides)) => {
            if even(*sides).is_some() {
                *sides = Sides::all(0);
            }
        }
        Op::Input(_)
        | Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::AdaptivePool(_)
        | Op::Flatten(_)
        | Op::Add(_)
        | Op::Dropout(_) => {}
    }
    op
}

fn blank(window: &mut Window) {
    if square(window.stride).is_some() {
        window.stride = [0; 2];
    }
    if square(window.dilation).is_some() {
        window.dilation = [0; 2];
    }
    if even(window.padding).is_some() {
        window.padding = Sides::all(0);
    }
}

fn square([height, width]: [u64; 2]) -> Option<u64> {
    (height == width).then_some(height)
}

fn even(sides: Sides) -> Option<u64> {
    (sides == Sides::all(sides.top)).then_some(sides.top)
}

/// The value of a node's field, where it has it.
fn field(network: &Checked, node: NodeId, field: Field) -> Option<u64> {
    let layer = network.layer(node);
    let inputs = layer.input.channels();
    match (&layer.node.op, field) {
        (Op::Conv2d(_) | Op::BatchNorm(_) | Op::Linear(_), Field::Inputs) => Some(inputs),
        (Op::Conv2d(conv), Field::Filters) => Some(conv.filters),
        (Op::Conv2d(conv), Field::Groups) => Some(conv.groups),
        (Op::Linear(linear), Field::Filters) => Some(linear.features),
        (Op::Subsample(subsample), Field::Stride) => Some(subsample.stride),
        (Op::Pad(op::Pad::Channels { before, .. }), Field::Before) => Some(*before),
        (Op::Pad(op::Pad::Channels { after, .. }), Field::After) => Some(*after),
        (Op::Pad(op::Pad::Spatial(sides)), Field::Padding) => even(*sides),
        (Op::Conv2d(op::Conv2d { window, .. }) | Op::MaxPool(op::MaxPool { window }), field) => match field {
            Field::Stride => square(window.stride),
            Field::Dilation => square(window.dilation),
            Field::Padding => even(window.padding),
            Field::Inputs | Field::Filters | Field::Groups | Field::Before | Field::After => None,
        },
        _ => None,
    }
}

/// Turns merged steps into a definition's body, collecting parameters.
struct Writer<'a> {
    network: &'a Checked,
    fields: &'a [Field],
    size: usize,
    alone: bool,
    body: &'a [Merged],
    parameters: Vec<Parameter>,
    /// For each parameter its value in every block.
    values: Vec<Vec<Value>>,
    /// What the fields of a step became.
    written: BTreeMap<Key, Written>,
}

#[derive(Clone)]
struct Written {
    fields: BTreeMap<Field, Expression>,
    name: Name,
    guard: Option<usize>,
}

impl<'a> Writer<'a> {
    fn new(network: &'a Checked, fields: &'a [Field], size: usize, body: &'a [Merged]) -> Self {
        let (parameters, values, written) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { network, fields, size, alone: false, body, parameters, values, written }
    }

    /// Finds expressions for every step that is in all blocks (`always`) or only in some.
    fn collect(&mut self, body: &[Merged], always: bool) {
        for step in body {
            if let Merged::Join(_, branches, _) = step {
                for branch in branches {
                    self.collect(branch, always);
                }
            }
            if (step.members().len() == self.size) == always {
                let written = self.express(step);
                self.written.insert(step.key(), written);
            }
        }
    }

    fn express(&mut self, step: &Merged) -> Written {
        let slots = &step.slots(self.size);
        let guard = self.guard(slots);
        let mut fields = BTreeMap::new();
        for &which in self.fields {
            let values: Vec<_> =
                slots.iter().map(|slot| slot.and_then(|node| field(self.network, node, which))).collect();
            if values.iter().any(Option::is_some) {
                fields.insert(which, self.expression(step.key(), which, &values));
            }
        }
        let name = self.name(step.key(), slots);
        Written { fields, name, guard }
    }

    /// The flag that says which blocks have the step; `None` where all have it.
    fn guard(&mut self, slots: &[Option<NodeId>]) -> Option<usize> {
        if slots.iter().all(Option::is_some) {
            return None;
        }
        let present: Vec<_> = slots.iter().map(|slot| Value::Flag(slot.is_some())).collect();
        let known = self.values.iter().position(|values| *values == present);
        Some(known.unwrap_or_else(|| {
            let blocks: Vec<_> =
                slots.iter().enumerate().filter(|(_, slot)| slot.is_some()).map(|(block, _)| block).collect();
            let name = self.flag_name(&blocks);
            self.parameter(&name, Meaning::Flag, present)
        }))
    }

    /// What to call the flag of the steps that exactly `blocks` have: after the shortcut, if it is one of them.
    fn flag_name(&self, blocks: &[usize]) -> String {
        let mut guarded = Vec::new();
        guarded_keys(self.body, blocks, &mut guarded);
        let skip = |role: Role| guarded.iter().any(|key| matches!(key, (Branch::Skip, _, found) if *found == role));
        if skip(Role::Conv) {
            "projection".to_owned()
        } else if skip(Role::Zeros) || skip(Role::Subsample) {
            "zero_padding".to_owned()
        } else {
            guarded.first().map_or("present", |(.., role)| role.word()).to_owned()
        }
    }

    fn expression(&mut self, key: Key, which: Field, values: &[Option<u64>]) -> Expression {
        let mut present = values.iter().flatten();
        let first = present.next().copied().unwrap_or(0);
        let channels = matches!(which, Field::Inputs | Field::Filters);
        let counts = matches!(which, Field::Before | Field::After);
        let constant = present.all(|value| *value == first);
        // What only some blocks have may well be meant to follow the others: a projection takes the block's stride.
        let everywhere = values.iter().all(Option::is_some);
        if self.alone || constant && !channels && everywhere {
            return Expression::Literal(first);
        }
        for (index, parameter) in self.parameters.iter().enumerate() {
            let Meaning::Number(meaning) = parameter.meaning else { continue };
            let comparable = match meaning {
                Field::Inputs | Field::Filters => channels || counts,
                Field::Dilation => matches!(which, Field::Dilation | Field::Padding),
                other => other == which,
            };
            let known = self.values.get(index).map_or(&[][..], Vec::as_slice);
            match factor(values, known).filter(|factor| comparable && (*factor == 1 || channels)) {
                Some(1) => return Expression::Parameter(index),
                Some(factor) => return Expression::Multiple(factor, index),
                None => {}
            }
        }
        if constant && !channels {
            return Expression::Literal(first);
        }
        let name = parameter_name(key, which);
        let values = values.iter().map(|value| Value::Number(value.unwrap_or(first))).collect();
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
                let (.., role) = key;
                Name::Parameter(self.parameter(&format!("{}_name", role.word()), Meaning::Text, values))
            }
        }
    }

    fn block_name(&self, node: NodeId) -> String {
        self.network.graph().dialect.names.block_name(&self.network.layer(node).node.origin.address)
    }

    /// Adds a parameter; a name that is taken gets a number.
    fn parameter(&mut self, name: &str, meaning: Meaning, values: Vec<Value>) -> usize {
        let taken = |name: &str| self.parameters.iter().any(|parameter| parameter.name == name);
        let name = if taken(name) {
            let numbered = |number| format!("{name}_{number}");
            (2..=self.parameters.len() + 2).map(numbered).find(|name| !taken(name)).unwrap_or_default()
        } else {
            name.to_owned()
        };
        self.parameters.push(Parameter { name, meaning });
        self.values.push(values);
        self.parameters.len() - 1
    }

    fn steps(&mut self, body: &[Merged]) -> Vec<Step> {
        body.iter()
            .map(|step| {
                let item = self.item(step);
                match step {
                    Merged::Node(..) => Step::Item(item),
                    Merged::Join(_, branches, _) => {
                        Step::Join { branches: branches.iter().map(|branch| self.steps(branch)).collect(), item }
                    }
                }
            })
            .collect()
    }

    fn item(&mut self, step: &Merged) -> Item {
        let written = match self.written.get(&step.key()) {
            Some(written) => written.clone(),
            None => self.express(step),
        };
        let (branch, unit, role) = step.key();
        let op = self.network.layer(step.first()).node.op.clone();
        Item { branch, unit, role, op, fields: written.fields, name: written.name, guard: written.guard }
    }

    fn calls(&self, body: &[Merged]) -> Vec<Call> {
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

/// The keys of the steps that exactly `blocks` have.
fn guarded_keys(body: &[Merged], blocks: &[usize], keys: &mut Vec<Key>) {
    for step in body {
        if let Merged::Join(_, branches, _) = step {
            for branch in branches {
                guarded_keys(branch, blocks, keys);
            }
        }
        if step.members().iter().map(|(block, _)| block).eq(blocks) {
            keys.push(step.key());
        }
    }
}

/// The nodes of each block, in the order of the body.
fn gather(body: &[Merged], nodes: &mut [Vec<NodeId>]) {
    for step in body {
        if let Merged::Join(_, branches, _) = step {
            for branch in branches {
                gather(branch, nodes);
            }
        }
        for (block, node) in step.members() {
            if let Some(nodes) = nodes.get_mut(*block) {
                nodes.push(*node);
            }
        }
    }
}

/// The factor by which every present value is a multiple of the parameter's value in the same block.
fn factor(values: &[Option<u64>], known: &[Value]) -> Option<u64> {
    let mut factor = None;
    for (value, known) in values.iter().zip(known) {
        let (Some(value), Value::Number(known)) = (value, known) else { continue };
        let quotient = value.checked_div(*known).filter(|quotient| quotient * known == *value)?;
        if *factor.get_or_insert(quotient) != quotient {
            return None;
        }
    }
    factor.filter(|factor| *factor > 0)
}

fn parameter_name((branch, unit, role): Key, which: Field) -> String {
    match which {
        Field::Inputs => "inputs".to_owned(),
        Field::Filters if branch == Branch::Main && unit > 1 => format!("filters_{unit}"),
        Field::Filters => "filters".to_owned(),
        Field::Stride => "stride".to_owned(),
        Field::Dilation => "dilation".to_owned(),
        Field::Padding => "padding".to_owned(),
        Field::Groups => "groups".to_owned(),
        Field::Before | Field::After => {
            format!("{}_{}", role.word(), if which == Field::Before { "before" } else { "after" })
        }
    }
}
