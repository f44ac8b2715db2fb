//! A program executed as the reference's sentences say, from its tree.

use super::tree::{Block, Branch, Default, Held, Number, Program, Stage, Statement, Truth};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    Conv { filters: i64, kernel: i64, stride: i64, dilation: i64 },
    Norm,
    Act,
    MaxPool { stride: i64 },
    GlobalPool,
    Join(&'static str),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub work: Work,
    /// Numbers of the nodes that it reads; 0 is the input.
    pub operands: Vec<usize>,
    /// C, H, W.
    pub shape: [i64; 3],
    pub label: String,
    pub unit: i64,
    pub sequence: i64,
    pub name: String,
}

/// Why a program is refused.
type Refused = String;

#[derive(Clone)]
enum Value {
    Number(i64),
    Block(&'static str, Vec<(&'static str, i64)>),
}

type Values = Vec<(&'static str, Value)>;

/// The current tensor: its node and its shape.
#[derive(Clone, Copy)]
struct Tensor {
    node: usize,
    shape: [i64; 3],
}

struct Walk<'p> {
    program: &'p Program,
    nodes: Vec<Node>,
    place: BTreeMap<&'static str, i64>,
    /// The parameters of the stage before, of its first block.
    previous: Values,
    /// How many nodes each label of the block has.
    counts: BTreeMap<&'static str, i64>,
    label: &'static str,
    unit: i64,
}

/// The layers of `program`, or the reason why there are none.
pub fn run(program: &Program) -> Result<Vec<Node>, Refused> {
    let total = program.stages.iter().map(|stage| stage.blocks).sum();
    let mut walk = Walk {
        program,
        nodes: Vec::new(),
        place: BTreeMap::from([("total", total), ("stages", program.stages.len() as i64)]),
        previous: Vec::new(),
        counts: BTreeMap::new(),
        label: "block",
        unit: 0,
    };
    let mut tensor = Tensor { node: 0, shape: program.input };
    let mut number = 0;
    for (at, stage) in (0..).zip(&program.stages) {
        let mut first = Vec::new();
        for index in 0..stage.blocks {
            let here = [("index", index), ("blocks", stage.blocks), ("number", number), ("stage", at)];
            walk.place.extend(here.into_iter().chain([("stage_stride", stage.stride.unwrap_or(1))]));
            walk.counts.clear();
            let (end, values) = walk.stage(stage, index, tensor)?;
            tensor = end;
            number += 1;
            if index == 0 {
                first = values;
            }
        }
        walk.previous = first;
    }
    Ok(walk.nodes)
}

impl<'p> Walk<'p> {
    fn block(&self, name: &str) -> &'p Block {
        self.program.blocks.iter().find(|block| block.name == name).unwrap()
    }

    fn stage(&mut self, stage: &Stage, index: i64, tensor: Tensor) -> Result<(Tensor, Values), Refused> {
        let mut given = vec![("filters", Value::Number(stage.filters))];
        given.extend(stage.extra.map(|extra| ("extra", Value::Number(extra))));
        given.extend(stage.stride.map(|stride| ("stride", Value::Number(if index == 0 { stride } else { 1 }))));
        given.extend(
            stage
                .gate
                .map(|(gate, own)| ("gate", Value::Block(gate, own.map(|own| ("own", own)).into_iter().collect()))),
        );
        let block = self.block(stage.block);
        let values = self.bind(block, given, tensor)?;
        let mut scope = values.clone();
        Ok((self.body(&block.body, &mut scope, tensor)?, values))
    }

    /// The parameters of `block`: what is given, else the default, which sees the place and the tensor alone.
    fn bind(&self, block: &Block, given: Values, tensor: Tensor) -> Result<Values, Refused> {
        let mut values = Vec::new();
        for parameter in &block.parameters {
            let known = given.iter().find(|(name, _)| *name == parameter.name);
            let value = match (known, &parameter.default) {
                (Some((_, value)), _) => value.clone(),
                (None, Some(Default::Number(number))) => Value::Number(self.number(number, &Vec::new(), tensor)?),
                (None, Some(Default::Block(name))) => Value::Block(name, Vec::new()),
                (None, None) => return Err(format!("{} is missing", parameter.name)),
            };
            if let Value::Number(number) = value {
                let (least, most) = match parameter.ty {
                    "channels" => (1, 1_048_576),
                    "integer(1..4)" => (1, 4),
                    "integer(0..99)" => (0, 99),
                    other => panic!("{other}"),
                };
                within(number, least, most)?;
            }
            values.push((parameter.name, value));
        }
        Ok(values)
    }

    fn body(&mut self, body: &[Statement], scope: &mut Values, mut tensor: Tensor) -> Result<Tensor, Refused> {
        let known = scope.len();
        for statement in body {
            tensor = self.statement(statement, scope, tensor)?;
        }
        scope.truncate(known);
        Ok(tensor)
    }

    fn statement(&mut self, statement: &Statement, scope: &mut Values, tensor: Tensor) -> Result<Tensor, Refused> {
        match statement {
            Statement::Conv { kernel, filters, stride, dilation } => {
                let filters = within(self.number(filters, scope, tensor)?, 1, 1_048_576)?;
                let stride = within(self.number(stride, scope, tensor)?, 1, 65_536)?;
                let dilation = within(self.number(dilation, scope, tensor)?, 1, 65_536)?;
                let [_, height, width] = tensor.shape;
                let side = |side: i64| (side - 1) / stride + 1;
                let work = Work::Conv { filters, kernel: *kernel, stride, dilation };
                Ok(self.add(work, vec![tensor.node], [filters, side(height), side(width)]))
            }
            Statement::Norm => Ok(self.add(Work::Norm, vec![tensor.node], tensor.shape)),
            Statement::Act => Ok(self.add(Work::Act, vec![tensor.node], tensor.shape)),
            Statement::MaxPool(stride) => {
                let stride = within(self.number(stride, scope, tensor)?, 1, 65_536)?;
                let [channels, height, width] = tensor.shape;
                let side = |side: i64| (side - 1) / stride + 1;
                Ok(self.add(Work::MaxPool { stride }, vec![tensor.node], [channels, side(height), side(width)]))
            }
            Statement::GlobalPool => Ok(self.add(Work::GlobalPool, vec![tensor.node], [tensor.shape[0], 1, 1])),
            Statement::Let(name, value) => {
                let value = self.number(value, scope, tensor)?;
                scope.push((name, Value::Number(value)));
                Ok(tensor)
            }
            Statement::Hold(name, Held { block, arguments }) => {
                let arguments = self.arguments(arguments, scope, tensor)?;
                scope.push((name, Value::Block(block, arguments)));
                Ok(tensor)
            }
            Statement::If(condition, yes, no) => {
                let body = if self.truth(condition, scope, tensor)? { yes } else { no };
                self.body(body, scope, tensor)
            }
            Statement::Range(name, from, to, body) => {
                let (from, to) = (self.number(from, scope, tensor)?, self.number(to, scope, tensor)?);
                self.repeat(name, (from..to).collect(), body, scope, tensor)
            }
            Statement::Each(name, items, body) => {
                let items: Result<_, _> = items.iter().map(|item| self.number(item, scope, tensor)).collect();
                self.repeat(name, items?, body, scope, tensor)
            }
            Statement::Unit(number, body) => {
                let number = within(self.number(number, scope, tensor)?, 0, 4_294_967_295)?;
                let before = std::mem::replace(&mut self.unit, number);
                let end = self.body(body, scope, tensor);
                self.unit = before;
                end
            }
            Statement::Labelled(label, body) => self.labelled(label, body, scope, tensor),
            Statement::Join(kind, branches) => self.join(kind, branches, scope, tensor),
            Statement::Call(name, arguments) => self.call(name, arguments, scope, tensor),
        }
    }

    fn repeat(
        &mut self,
        name: &'static str,
        values: Vec<i64>,
        body: &[Statement],
        scope: &mut Values,
        mut tensor: Tensor,
    ) -> Result<Tensor, Refused> {
        for value in values {
            scope.push((name, Value::Number(value)));
            tensor = self.body(body, scope, tensor)?;
            scope.pop();
        }
        Ok(tensor)
    }

    fn labelled(
        &mut self,
        label: &'static str,
        body: &[Statement],
        scope: &mut Values,
        tensor: Tensor,
    ) -> Result<Tensor, Refused> {
        let before = std::mem::replace(&mut self.label, label);
        let end = self.body(body, scope, tensor);
        self.label = before;
        end
    }

    /// Every branch starts at the tensor before the join, its condition too.
    fn join(
        &mut self,
        kind: &'static str,
        branches: &[Branch],
        scope: &mut Values,
        tensor: Tensor,
    ) -> Result<Tensor, Refused> {
        let mut ends = Vec::new();
        for Branch { label, condition, body } in branches {
            let holds = condition.as_ref().map_or(Ok(true), |condition| self.truth(condition, scope, tensor))?;
            if holds {
                ends.push(self.labelled(label, body, scope, tensor)?);
            }
        }
        let [first, .., _] = ends.as_slice() else { return Ok(ends.pop().unwrap_or(tensor)) };
        let [_, height, width] = first.shape;
        let mut shape = first.shape;
        match kind {
            "concat" => shape[0] = ends.iter().map(|end| end.shape[0]).sum(),
            "multiply" => {
                let gates = |end: &Tensor| end.shape[1..] == [1, 1];
                let map = ends.iter().find(|end| !gates(end)).unwrap_or(first);
                shape = map.shape;
                if ends.iter().any(|end| end.shape[0] != shape[0] || !(gates(end) || end.shape == shape)) {
                    return Err("factors differ".to_owned());
                }
            }
            _ => {}
        }
        let same = |end: &Tensor| if kind == "add" { end.shape == shape } else { end.shape[1..] == [height, width] };
        if kind != "multiply" && !ends.iter().all(same) {
            return Err("branches differ".to_owned());
        }
        within(shape[0], 1, 1_048_576)?;
        let before = std::mem::replace(&mut self.label, "join");
        let end = self.add(Work::Join(kind), ends.iter().map(|end| end.node).collect(), shape);
        self.label = before;
        Ok(end)
    }

    /// Calls a block, or the one that a parameter or variable holds: of what that is told it takes what it declares, and
    /// arguments of its own come first.
    fn call(
        &mut self,
        name: &'static str,
        arguments: &[(&'static str, Number)],
        scope: &Values,
        tensor: Tensor,
    ) -> Result<Tensor, Refused> {
        let mut given = self.arguments(arguments, scope, tensor)?;
        let held = scope.iter().rev().find(|(known, _)| *known == name);
        let block = match held {
            Some((_, Value::Block("none", _))) => return Ok(tensor),
            Some((_, Value::Block(block, own))) => {
                given.retain(|(known, _)| own.iter().all(|(name, _)| name != known));
                given.extend(own.iter().copied());
                self.block(block)
            }
            _ => self.block(name),
        };
        given.retain(|(known, _)| block.parameters.iter().any(|parameter| parameter.name == *known));
        let given = given.into_iter().map(|(name, value)| (name, Value::Number(value))).collect();
        let mut values = self.bind(block, given, tensor)?;
        self.body(&block.body, &mut values, tensor)
    }

    fn arguments(
        &self,
        arguments: &[(&'static str, Number)],
        scope: &Values,
        tensor: Tensor,
    ) -> Result<Vec<(&'static str, i64)>, Refused> {
        arguments.iter().map(|(name, value)| Ok((*name, self.number(value, scope, tensor)?))).collect()
    }

    fn add(&mut self, work: Work, operands: Vec<usize>, shape: [i64; 3]) -> Tensor {
        let count = self.counts.entry(self.label).or_default();
        let (label, unit, sequence) = (self.label.to_owned(), self.unit, *count);
        *count += 1;
        let name = format!("s{}.b{}.{label}.{unit}.{sequence}", self.place["stage"], self.place["index"]);
        self.nodes.push(Node { work, operands, shape, label, unit, sequence, name });
        Tensor { node: self.nodes.len(), shape }
    }

    fn number(&self, number: &Number, scope: &Values, tensor: Tensor) -> Result<i64, Refused> {
        let value = |number: &Number| self.number(number, scope, tensor);
        match number {
            Number::Literal(value) => Ok(*value),
            Number::Name(name) => self.named(name, scope, tensor),
            Number::Binary(sign, left, right) => {
                let (left, right) = (value(left)?, value(right)?);
                Ok(match *sign {
                    "+" => left + right,
                    "-" => left - right,
                    "*" => left * right,
                    _ if right == 0 => return Err("a division by zero".to_owned()),
                    // Never negative.
                    _ => left.rem_euclid(right),
                })
            }
            Number::Extreme(function, left, right) => {
                let (left, right) = (value(left)?, value(right)?);
                Ok(if *function == "min" { left.min(right) } else { left.max(right) })
            }
            Number::Quotient(inner, by) => Ok(value(inner)?.div_euclid(*by)),
            Number::If(condition, yes, no) => {
                if self.truth(condition, scope, tensor)? {
                    value(yes)
                } else {
                    value(no)
                }
            }
            // torchvision has the stride in the 3x3.
            Number::At(position, inner) => {
                let inner = value(inner)?;
                Ok(if *position == "spatial" { inner } else { 1 })
            }
            Number::Previous(name, otherwise) => match self.previous.iter().find(|(known, _)| known == name) {
                Some((_, Value::Number(number))) => Ok(*number),
                Some((_, Value::Block(..))) => panic!("only numbers are asked for"),
                None => value(otherwise),
            },
            Number::Item(items, at) => {
                let items: Vec<_> = items.iter().map(value).collect::<Result<_, _>>()?;
                let at = value(at)?;
                let item = usize::try_from(at).ok().and_then(|at| items.get(at).copied());
                item.ok_or_else(|| "no such item".to_owned())
            }
        }
    }

    fn named(&self, name: &str, scope: &Values, tensor: Tensor) -> Result<i64, Refused> {
        let [channels, height, width] = tensor.shape;
        match scope.iter().rev().find(|(known, _)| *known == name) {
            Some((_, Value::Number(number))) => Ok(*number),
            Some((_, Value::Block(..))) => Err(format!("{name} is a block")),
            None => Ok(match name {
                "channels" => channels,
                "height" => height,
                "width" => width,
                _ => self.place[name],
            }),
        }
    }

    fn truth(&self, truth: &Truth, scope: &Values, tensor: Tensor) -> Result<bool, Refused> {
        match truth {
            Truth::Compare(sign, left, right) => {
                let (left, right) = (self.number(left, scope, tensor)?, self.number(right, scope, tensor)?);
                Ok(match *sign {
                    "<" => left < right,
                    "<=" => left <= right,
                    ">" => left > right,
                    ">=" => left >= right,
                    "==" => left == right,
                    _ => left != right,
                })
            }
            Truth::Not(inner) => Ok(!self.truth(inner, scope, tensor)?),
            Truth::Both(word, left, right) => {
                let left = self.truth(left, scope, tensor)?;
                // The right side is looked at where it matters.
                if left == (*word == "or") { Ok(left) } else { self.truth(right, scope, tensor) }
            }
            Truth::Project(stride, out) => {
                let (stride, out) = (self.number(stride, scope, tensor)?, self.number(out, scope, tensor)?);
                Ok(stride != 1 || out != tensor.shape[0])
            }
        }
    }
}

fn within(number: i64, least: i64, most: i64) -> Result<i64, Refused> {
    if (least..=most).contains(&number) { Ok(number) } else { Err(format!("{number} is not in {least}..={most}")) }
}
