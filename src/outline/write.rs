//! Merged blocks as a definition: what differs between them becomes its parameters.
//!
//! A node that only some blocks have is guarded by a flag. A field that varies becomes a parameter; fields that vary alike
//! share one, and a channel count that is always the same multiple of a parameter is written as that multiple.

use super::field;
use super::unify::{Key, Merged};
use super::{Call, Expression, Field, Item, Meaning, Name, Parameter, Step, Value};
use crate::ir::{Label, NodeId};
use crate::valid::Checked;
use std::collections::BTreeMap;

/// Turns merged steps into a definition's body, collecting parameters.
pub(super) struct Writer<'a> {
    network: &'a Checked,
    fields: &'a [Field],
    size: usize,
    pub(super) alone: bool,
    body: &'a [Merged],
    pub(super) parameters: Vec<Parameter>,
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
    pub(super) fn new(network: &'a Checked, fields: &'a [Field], size: usize, body: &'a [Merged]) -> Self {
        let (parameters, values, written) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { network, fields, size, alone: false, body, parameters, values, written }
    }

    /// Finds expressions for every step that is in all blocks (`always`) or only in some.
    pub(super) fn collect(&mut self, body: &[Merged], always: bool) {
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
                slots.iter().map(|slot| slot.and_then(|node| field::value(self.network, node, which))).collect();
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
        let skip = |role: Label| guarded.iter().any(|key| matches!(key, (Label::SKIP, _, found) if *found == role));
        if skip(Label::CONV) {
            "projection".to_owned()
        } else if skip(Label::ZEROS) || skip(Label::SUBSAMPLE) {
            "zero_padding".to_owned()
        } else {
            guarded.first().map_or("present", |(.., role)| role.as_str()).to_owned()
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
        let mut multiple = None;
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
                // A parameter that is equal, should one come, says it better than a multiple.
                Some(factor) => multiple = multiple.or(Some(Expression::Multiple(factor, index))),
                None => {}
            }
        }
        if let Some(multiple) = multiple {
            return multiple;
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
                Name::Parameter(self.parameter(&format!("{}_name", role.as_str()), Meaning::Text, values))
            }
        }
    }

    fn block_name(&self, node: NodeId) -> String {
        self.network.graph().block_name(&self.network.layer(node).node.origin.address)
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

    pub(super) fn steps(&mut self, body: &[Merged]) -> Vec<Step> {
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
        Field::Filters if branch == Label::MAIN && unit > 1 => format!("filters_{unit}"),
        Field::Filters => "filters".to_owned(),
        Field::Stride => "stride".to_owned(),
        Field::Dilation => "dilation".to_owned(),
        Field::Padding => "padding".to_owned(),
        Field::Groups => "groups".to_owned(),
        Field::Before | Field::After => {
            format!("{}_{}", role.as_str(), if which == Field::Before { "before" } else { "after" })
        }
    }
}
