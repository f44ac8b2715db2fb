//! From the steps of an outline to the lines of a function.

use super::known::Known;
use super::python::{Indent, Piece, PyFloat, PyIdent, PyNumber, PyPair, PyReal, PyStr};
use super::view::{Condition, Join, Line, Needs, Statement};
use crate::back::Unsupported;
use crate::back::names::Names;
use crate::ir::{Label, NodeId, Op};
use crate::outline::{Call, Definition, Expression, Field, Item, Meaning, Name, Parameter, Step, Value, visit};
use crate::valid::Checked;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Writes one body: a block's, or that of the stem or the head.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) network: &'a Checked,
    pub(super) known: &'a Known<'a>,
    pub(super) needs: &'a mut Needs,
    definition: Option<&'a Definition>,
    calls: Vec<&'a Call>,
    /// For the first node of each item of a block its nodes in all calls.
    nodes: HashMap<NodeId, Vec<NodeId>>,
    /// The names of the definition's parameters.
    parameters: Vec<PyIdent>,
    /// Where each parameter is used: under which flag.
    uses: BTreeMap<usize, Vec<Option<usize>>>,
    /// Names that no local variable may have.
    taken: Names,
    /// The flags that decide about nothing but padding.
    padding: HashSet<usize>,
    /// What each flag was found to say.
    conditions: HashMap<usize, Said>,
    depth: usize,
    /// The flags under which all of the join at hand stands, outermost first.
    enclosing: Vec<usize>,
    /// The flag under which, within that, the line at hand stands.
    guard: Option<usize>,
    lines: Vec<Statement>,
}

/// What a flag says that is said elsewhere too.
#[derive(Debug, Clone, Copy)]
enum Said {
    /// That this stride is more than 1.
    Stride(usize),
    /// That this name of a layer is given.
    Name(usize),
    /// Nothing else.
    Flag,
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
        let mut taken = Names::of(["x", "name"].map(str::to_owned));
        let names = parameter_names(definition);
        let parameters = names.iter().map(|name| PyIdent::take(name, &mut taken)).collect();
        let nodes = definition.nodes(&calls);
        let padding = padding(definition);
        Self { definition: Some(definition), calls, nodes, parameters, taken, padding, ..Self::part(known, needs, 1) }
    }

    /// For a part of the network outside blocks, indented by `depth`.
    pub(super) fn part(known: &'a Known<'a>, needs: &'a mut Needs, depth: usize) -> Self {
        Self {
            network: known.network,
            known,
            needs,
            definition: None,
            calls: Vec::new(),
            nodes: HashMap::new(),
            parameters: Vec::new(),
            uses: BTreeMap::new(),
            taken: Names::of(VARIABLES.map(str::to_owned)),
            padding: HashSet::new(),
            conditions: HashMap::new(),
            depth,
            enclosing: Vec::new(),
            guard: None,
            lines: Vec::new(),
        }
    }

    /// Writes `steps`, which read and leave `x`.
    pub(super) fn write(mut self, steps: &[Step]) -> Result<Written, Unsupported> {
        let x = PyIdent::fresh("x");
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
        PyIdent::take(name, &mut self.taken)
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
        let said = self.conditions.get(&flag).copied().unwrap_or_else(|| self.said(flag));
        self.conditions.insert(flag, said);
        match said {
            Said::Stride(stride) => Condition::Strided(self.parameter(stride)),
            Said::Name(text) => Condition::Named(self.parameter(text)),
            Said::Flag => Condition::Flag(self.parameter(flag)),
        }
    }

    fn said(&self, flag: usize) -> Said {
        if let Some(stride) = self.stride_of_padding(flag) {
            return Said::Stride(stride);
        }
        let same = |text: &usize| {
            let given = |call: &&Call| matches!(call.arguments.get(*text), Some(Value::Text(text)) if !text.is_empty());
            self.calls.iter().all(|call| given(call) == call.is_set(flag))
        };
        self.parameters_that(|meaning| meaning == Meaning::Text).into_iter().find(same).map_or(Said::Flag, Said::Name)
    }

    /// The stride parameter that is more than 1 exactly where `flag` is set, if all that the flag decides is padding.
    fn stride_of_padding(&self, flag: usize) -> Option<usize> {
        self.padding.get(&flag)?;
        let strided = |stride: &usize| {
            let more = |call: &&Call| matches!(call.arguments.get(*stride), Some(Value::Number(stride)) if *stride > 1);
            self.calls.iter().all(|call| more(call) == call.is_set(flag))
        };
        let candidates = self.parameters_that(|meaning| meaning == Meaning::Number(Field::Stride));
        candidates.into_iter().find(strided)
    }

    fn parameters_that(&self, holds: impl Fn(Meaning) -> bool) -> Vec<usize> {
        let parameters = self.definition.map_or(&[][..], |definition| &definition.parameters);
        parameters.iter().enumerate().filter(|(_, known)| holds(known.meaning)).map(|(index, _)| index).collect()
    }

    /// The name of the parameter `index`, which the line at hand uses.
    pub(super) fn parameter(&mut self, index: usize) -> PyIdent {
        let guard = self.guard.or(self.enclosing.last().copied());
        self.uses.entry(index).or_default().push(guard);
        self.parameters.get(index).cloned().unwrap_or_else(|| PyIdent::fresh("x"))
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
                let block = Piece::Variable(PyIdent::fresh("name"));
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

/// What to call the parameters: as the outline does, but where that only numbers one, after the layer that it is about.
fn parameter_names(definition: &Definition) -> Vec<String> {
    let mut layers: HashMap<usize, String> = HashMap::new();
    visit(&definition.body, &mut |item| {
        let fields = item.fields.values().filter_map(|field| match field {
            Expression::Parameter(index) => Some(*index),
            Expression::Literal(_) | Expression::Real(_) | Expression::Multiple(..) | Expression::Half(_) => None,
        });
        for index in fields.chain(item.guard) {
            layers.entry(index).or_insert_with(|| layer_name(item));
        }
    });
    let names: HashSet<_> = definition.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let name = |(index, parameter): (usize, &Parameter)| {
        let base = unnumbered(&parameter.name).filter(|base| names.contains(base));
        match (base, layers.get(&index), parameter.meaning) {
            (Some(_), Some(layer), Meaning::Flag) => layer.clone(),
            (Some(base), Some(layer), Meaning::Number(_)) => format!("{layer}_{base}"),
            (Some(_) | None, Some(_) | None, _) => parameter.name.clone(),
        }
    };
    definition.parameters.iter().enumerate().map(name).collect()
}

/// What a parameter that is about `item` is called after.
fn layer_name(item: &Item) -> String {
    let unit = Some(item.unit).filter(|unit| *unit > 0).map(|unit| unit.to_string());
    let branch = Some(item.branch).filter(|branch| *branch != Label::MAIN && *branch != Label::BLOCK);
    let branch = branch.map(|branch| format!("{}_", branch.as_str()));
    format!("{}{}{}", branch.unwrap_or_default(), item.role.as_str(), unit.unwrap_or_default())
}

/// The flags that decide about nothing but padding.
fn padding(definition: &Definition) -> HashSet<usize> {
    let (mut flags, mut others) = (HashSet::new(), HashSet::new());
    visit(&definition.body, &mut |item| {
        let pads = matches!(item.role, Label::PAD | Label::POOL_PAD);
        if pads { &mut flags } else { &mut others }.extend(item.guard);
    });
    flags.retain(|flag| !others.contains(flag));
    flags
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
