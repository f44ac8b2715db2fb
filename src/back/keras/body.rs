//! From the steps of an outline to the lines of a function.

use super::known::Known;
use super::python::{Indent, Piece, PyFloat, PyIdent, PyNumber, PyPair, PyReal, PyStr};
use super::view::{Condition, Join, Line, Needs, Statement};
use crate::back::Unsupported;
use crate::ir::{Label, NodeId, Op};
use crate::outline::{Call, Definition, Expression, Field, Item, Meaning, Name, Step, Value};
use crate::valid::Checked;
use std::collections::BTreeMap;

/// Writes one body: a block's, or that of the stem or the head.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) network: &'a Checked,
    pub(super) known: &'a Known<'a>,
    pub(super) needs: &'a mut Needs,
    definition: Option<&'a Definition>,
    calls: Vec<&'a Call>,
    /// For the first node of each item of a block its nodes in all calls.
    nodes: BTreeMap<NodeId, Vec<NodeId>>,
    /// The names of the definition's parameters.
    parameters: Vec<PyIdent>,
    /// Where each parameter is used: under which flag.
    uses: BTreeMap<usize, Vec<Option<usize>>>,
    /// Names that no local variable may have.
    taken: Vec<PyIdent>,
    depth: usize,
    /// The flags under which all of the join at hand stands, outermost first.
    enclosing: Vec<usize>,
    /// The flag under which, within that, the line at hand stands.
    guard: Option<usize>,
    lines: Vec<Statement>,
}

/// What the function of a network calls its parameters and variables.
const VARIABLES: [&str; 9] =
    ["x", "block", "include_top", "input_shape", "pooling", "classes", "weights", "inputs", "model"];

/// What a [`Writer`] wrote.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) lines: Vec<Statement>,
    pub(super) parameters: Vec<PyIdent>,
    pub(super) uses: BTreeMap<usize, Vec<Option<usize>>>,
}

impl<'a> Writer<'a> {
    /// For a block's function.
    pub(super) fn block(
        known: &'a Known<'a>,
        needs: &'a mut Needs,
        definition: &'a Definition,
        calls: Vec<&'a Call>,
    ) -> Self {
        let taken = ["x", "name"].map(|name| PyIdent::fresh(name, &[])).to_vec();
        let mut writer = Self { taken, ..Self::part(known, needs, 1) };
        for call in &calls {
            let mut nodes = call.nodes.iter().copied();
            collect(&definition.body, call, &mut nodes, &mut writer.nodes);
        }
        for index in 0..definition.parameters.len() {
            let taken: Vec<_> = writer.taken.iter().collect();
            let name = PyIdent::fresh(&parameter_name(definition, index), &taken);
            writer.taken.push(name.clone());
            writer.parameters.push(name);
        }
        Self { definition: Some(definition), calls, ..writer }
    }

    /// For a part of the network outside blocks, indented by `depth`.
    pub(super) fn part(known: &'a Known<'a>, needs: &'a mut Needs, depth: usize) -> Self {
        Self {
            network: known.network,
            known,
            needs,
            definition: None,
            calls: Vec::new(),
            nodes: BTreeMap::new(),
            parameters: Vec::new(),
            uses: BTreeMap::new(),
            taken: VARIABLES.map(|name| PyIdent::fresh(name, &[])).to_vec(),
            depth,
            enclosing: Vec::new(),
            guard: None,
            lines: Vec::new(),
        }
    }

    /// Writes `steps`, which read and leave `x`.
    pub(super) fn write(mut self, steps: &[Step]) -> Result<Written, Unsupported> {
        let x = PyIdent::fresh("x", &[]);
        self.body(steps, &x, &x)?;
        Ok(Written { lines: self.lines, parameters: self.parameters, uses: self.uses })
    }

    /// Writes `steps`, which read `value` and leave their result in `target`.
    fn body(&mut self, steps: &[Step], value: &PyIdent, target: &PyIdent) -> Result<(), Unsupported> {
        let mut value = value;
        let optional = |step: &Step| step.item().guard.is_some_and(|guard| !self.enclosing.contains(&guard));
        if value != target && steps.first().is_none_or(optional) {
            self.keep(target, value);
            value = target;
        }
        let mut rest = steps;
        while let Some((step, tail)) = rest.split_first() {
            self.under(step.item().guard);
            rest = match step {
                Step::Item(item) => {
                    let next = tail.first().filter(|next| next.item().guard == item.guard);
                    let next = next.filter(|next| matches!(next, Step::Item(_)));
                    let both = self.item(item, next.map(Step::item), value, target)?;
                    if both { tail.get(1..).unwrap_or_default() } else { tail }
                }
                Step::Join { branches, item } => {
                    self.join(branches, item, value, target)?;
                    tail
                }
            };
            value = target;
        }
        self.under(None);
        Ok(())
    }

    /// Writes branches and what joins them, all under one flag.
    fn join(
        &mut self,
        branches: &[Vec<Step>],
        item: &Item,
        value: &PyIdent,
        target: &PyIdent,
    ) -> Result<(), Unsupported> {
        let outer = self.guard.take();
        let scope = self.taken.len();
        self.depth += usize::from(outer.is_some());
        self.enclosing.extend(outer);
        let mut operands = Vec::new();
        // The first branch is written last, over what the others read.
        let overwritten = value == target && branches.first().is_some_and(|branch| !branch.is_empty());
        let mut kept = (!overwritten).then(|| value.clone());
        for (number, branch) in branches.iter().enumerate().rev() {
            operands.push(match &kept {
                Some(kept) if branch.is_empty() => kept.clone(),
                Some(_) | None => {
                    let name = if number == 0 { target.clone() } else { self.variable(branch_name(branch, &item.op)) };
                    self.body(branch, value, &name)?;
                    kept = kept.or_else(|| branch.is_empty().then(|| name.clone()));
                    name
                }
            });
        }
        let Some(kind) = joins(&item.op) else {
            return Err(self.refuse(item, &format!("`{}` does not join branches", item.op.name())));
        };
        if kind != Join::Add {
            // Of a sum keras.applications has the shortcut first.
            operands.reverse();
        }
        // What the branches were called is free again; `x` and what a caller reads were taken before.
        self.taken.truncate(scope);
        let name = self.name(item);
        self.push(Line::Join { kind, target: target.clone(), operands, name });
        self.depth -= usize::from(outer.is_some());
        self.enclosing.truncate(self.enclosing.len() - usize::from(outer.is_some()));
        self.guard = outer;
        Ok(())
    }

    /// A variable that nothing else is called.
    fn variable(&mut self, name: &str) -> PyIdent {
        let name = PyIdent::fresh(name, &self.taken.iter().collect::<Vec<_>>());
        self.taken.push(name.clone());
        name
    }

    pub(super) fn keep(&mut self, target: &PyIdent, value: &PyIdent) {
        self.push(Line::Keep { target: target.clone(), value: value.clone() });
    }

    pub(super) fn push(&mut self, line: Line) {
        let indent = Indent(self.depth + usize::from(self.guard.is_some()));
        self.lines.push(Statement { indent, line });
    }

    /// Writes `line` under the condition that `stride` is more than 1.
    pub(super) fn push_strided(&mut self, stride: &PyIdent, line: Line) {
        self.push(Line::If(Condition::Strided(stride.clone())));
        self.depth += 1;
        self.push(line);
        self.depth -= 1;
    }

    /// Lets the lines that follow stand under the flag `guard`.
    fn under(&mut self, guard: Option<usize>) {
        let guard = guard.filter(|guard| !self.enclosing.contains(guard));
        if self.guard == guard {
            return;
        }
        self.guard = None;
        if let Some(flag) = guard {
            let condition = self.condition(flag);
            self.push(Line::If(condition));
        }
        self.guard = guard;
    }

    /// The condition that `flag` stands for: padding before a strided convolution depends on the stride, and a layer
    /// whose name is given is there.
    fn condition(&mut self, flag: usize) -> Condition {
        if let Some(stride) = self.stride_of_padding(flag) {
            return Condition::Strided(self.parameter(stride));
        }
        let same = |text: usize| {
            let given = |call: &&Call| matches!(call.arguments.get(text), Some(Value::Text(text)) if !text.is_empty());
            self.calls.iter().all(|call| given(call) == is_set(call, flag))
        };
        let text = self.parameters_that(|meaning| meaning == Meaning::Text).into_iter().find(|text| same(*text));
        match text {
            Some(text) => Condition::Named(self.parameter(text)),
            None => Condition::Flag(self.parameter(flag)),
        }
    }

    /// The stride parameter that is more than 1 exactly where `flag` is set, if all that the flag decides is padding.
    fn stride_of_padding(&self, flag: usize) -> Option<usize> {
        let pads = |step: &Item| step.guard != Some(flag) || matches!(step.role, Label::PAD | Label::POOL_PAD);
        let mut all = true;
        visit(&self.definition?.body, &mut |item| all &= pads(item));
        let strided = |stride: &usize| {
            let more = |call: &&Call| matches!(call.arguments.get(*stride), Some(Value::Number(stride)) if *stride > 1);
            self.calls.iter().all(|call| more(call) == is_set(call, flag))
        };
        let candidates = self.parameters_that(|meaning| meaning == Meaning::Number(Field::Stride));
        candidates.into_iter().find(strided).filter(|_| all)
    }

    fn parameters_that(&self, holds: impl Fn(Meaning) -> bool) -> Vec<usize> {
        let parameters = self.definition.map_or(&[][..], |definition| &definition.parameters);
        parameters.iter().enumerate().filter(|(_, known)| holds(known.meaning)).map(|(index, _)| index).collect()
    }

    /// The name of the parameter `index`, which the line at hand uses.
    pub(super) fn parameter(&mut self, index: usize) -> PyIdent {
        let guard = self.guard.or(self.enclosing.last().copied());
        self.uses.entry(index).or_default().push(guard);
        self.parameters.get(index).cloned().unwrap_or_else(|| PyIdent::fresh("x", &[]))
    }

    /// The number that `field` of `item` is, `otherwise` where the outline says nothing about it.
    pub(super) fn number(&mut self, item: &Item, field: Field, otherwise: u64) -> PyNumber {
        match item.fields.get(&field) {
            // No field that is written as a whole number is real.
            None | Some(Expression::Real(_)) => PyNumber::Literal(otherwise),
            Some(Expression::Literal(value)) => PyNumber::Literal(*value),
            Some(Expression::Parameter(index)) => PyNumber::Variable(self.parameter(*index)),
            Some(Expression::Half(index)) => PyNumber::Half(self.parameter(*index)),
            Some(Expression::Multiple(factor, index)) => PyNumber::Multiple(*factor, self.parameter(*index)),
        }
    }

    /// The same for a field that is real.
    pub(super) fn real(&mut self, item: &Item, field: Field, otherwise: f64) -> PyReal {
        match item.fields.get(&field) {
            Some(Expression::Real(value)) => PyReal::Literal(PyFloat(*value)),
            Some(Expression::Parameter(index)) => PyReal::Variable(self.parameter(*index)),
            Some(Expression::Literal(_) | Expression::Multiple(..) | Expression::Half(_)) | None => {
                PyReal::Literal(PyFloat(otherwise))
            }
        }
    }

    /// The same for a field that is one number for both dimensions, where it is.
    pub(super) fn pair(&mut self, item: &Item, field: Field, otherwise: [u64; 2]) -> PyPair {
        match item.fields.get(&field) {
            None => PyPair::literal(otherwise),
            Some(_) => PyPair::square(self.number(item, field, 0)),
        }
    }

    /// The parameter that `field` of `item` is.
    pub(super) fn variable_of(item: &Item, field: Field) -> Option<usize> {
        match item.fields.get(&field)? {
            Expression::Parameter(index) => Some(*index),
            Expression::Literal(_) | Expression::Real(_) | Expression::Multiple(..) | Expression::Half(_) => None,
        }
    }

    /// The name of `item`'s layer.
    pub(super) fn name(&mut self, item: &Item) -> PyStr {
        match &item.name {
            Name::Whole(name) => PyStr::new(name),
            Name::Suffix(suffix) => {
                let block = Piece::Variable(PyIdent::fresh("name", &[]));
                PyStr::of(vec![block, Piece::Text(suffix.clone())])
            }
            Name::Parameter(index) => PyStr::of(vec![Piece::Variable(self.parameter(*index))]),
        }
    }

    /// The name of a layer that stands beside `item`'s, which is called `name`.
    pub(super) fn beside(&self, item: &Item, name: &PyStr, ending: &str) -> PyStr {
        name.and(&self.known.beside(self.nodes(item), ending))
    }

    /// The nodes that `item` stands for.
    pub(super) fn nodes<'s>(&'s self, item: &'s Item) -> &'s [NodeId] {
        self.nodes.get(&item.node).map_or(std::slice::from_ref(&item.node), Vec::as_slice)
    }

    /// The ops of those nodes.
    pub(super) fn ops<'s>(&'s self, item: &'s Item) -> impl Iterator<Item = &'a Op> + use<'a, 's> {
        let network = self.network;
        self.nodes(item).iter().map(move |&node| &network.layer(node).node.op)
    }

    /// That the target cannot have `item`.
    pub(super) fn refuse(&self, item: &Item, reason: &str) -> Unsupported {
        Unsupported { node: item.node, reason: reason.to_owned() }
    }
}

/// What to call the parameter `index`: as the outline does, but where that only numbers it, after the layer that it is
/// about.
fn parameter_name(definition: &Definition, index: usize) -> String {
    let name = |index: usize| definition.parameters.get(index).map_or("", |parameter| parameter.name.as_str());
    let others = || (0..definition.parameters.len()).filter(|other| *other != index).map(name);
    let Some(base) = unnumbered(name(index)).filter(|base| others().any(|other| other == *base)) else {
        return name(index).to_owned();
    };
    let mut layer = None;
    visit(&definition.body, &mut |item| {
        let about =
            item.guard == Some(index) || item.fields.values().any(|field| *field == Expression::Parameter(index));
        if about && layer.is_none() {
            let unit = Some(item.unit).filter(|unit| *unit > 0).map(|unit| unit.to_string());
            let branch = Some(item.branch).filter(|branch| *branch != Label::MAIN && *branch != Label::BLOCK);
            let branch = branch.map(|branch| format!("{}_", branch.as_str()));
            layer = Some(format!("{}{}{}", branch.unwrap_or_default(), item.role.as_str(), unit.unwrap_or_default()));
        }
    });
    match (layer, definition.parameters.get(index).map(|parameter| parameter.meaning)) {
        (Some(layer), Some(Meaning::Flag)) => layer,
        (Some(layer), Some(Meaning::Number(_))) => format!("{layer}_{base}"),
        (Some(_) | None, _) => name(index).to_owned(),
    }
}

/// What stands before the number at the end of `name`, if there is one.
fn unnumbered(name: &str) -> Option<&str> {
    let (base, number) = name.rsplit_once('_')?;
    number.parse::<u32>().ok().map(|_| base)
}

/// How `op` joins its operands, if it does.
fn joins(op: &Op) -> Option<Join> {
    let kinds = [
        (matches!(op, Op::Add(_)), Join::Add),
        (matches!(op, Op::Multiply(_)), Join::Multiply),
        (matches!(op, Op::Concat(_)), Join::Concatenate),
    ];
    kinds.into_iter().find(|(found, _)| *found).map(|(_, kind)| kind)
}

/// What to call the value of a branch of what `join` joins.
fn branch_name<'s>(steps: &'s [Step], join: &Op) -> &'s str {
    match steps.first().map(|step| &step.item().branch) {
        None if !matches!(join, Op::Add(_)) => "features",
        None | Some(&Label::SKIP) => "shortcut",
        Some(&(Label::MAIN | Label::JOIN | Label::BLOCK | Label::STEM | Label::HEAD)) => "branch",
        Some(branch) => branch.as_str(),
    }
}

/// Whether `call` sets the flag.
pub(super) fn is_set(call: &Call, flag: usize) -> bool {
    call.arguments.get(flag) == Some(&Value::Flag(true))
}

/// Shows every item of `steps` to `see`.
pub(super) fn visit<'a>(steps: &'a [Step], see: &mut impl FnMut(&'a Item)) {
    for step in steps {
        match step {
            Step::Item(item) => see(item),
            Step::Join { branches, item } => {
                for branch in branches {
                    visit(branch, see);
                }
                see(item);
            }
        }
    }
}

/// Adds the nodes of `call`, which come in the order of the items that it has.
fn collect(
    steps: &[Step],
    call: &Call,
    nodes: &mut impl Iterator<Item = NodeId>,
    found: &mut BTreeMap<NodeId, Vec<NodeId>>,
) {
    visit(steps, &mut |item| {
        if item.guard.is_none_or(|guard| is_set(call, guard)) {
            found.entry(item.node).or_default().extend(nodes.next());
        }
    });
}
