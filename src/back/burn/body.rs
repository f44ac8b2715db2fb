//! From the steps of an outline to the members of a struct: fields, how they are made, loaded and used.

use super::flow::Flow;
use super::imports::Imports;
use super::layout::{Code, Expr};
use super::load::{Load, Method};
use super::ops::{self, Call, Layer, Made, Number, Numbers};
use super::quote::{FormatText, RustIdent, RustStr, RustType};
use super::view::{FieldView, PartView};
use crate::ir::dialect::Layout;
use crate::ir::{Label, Op};
use crate::outline::{Item, Name, Step};
use crate::valid::Checked;

/// What the steps of a body refer to.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) network: &'a Checked,
    /// The name of the first block of a definition; empty outside blocks.
    pub(super) block: &'a str,
    /// The definition's parameters as variables.
    pub(super) parameters: &'a [RustIdent],
    /// What stands for the number of classes.
    pub(super) classes: Option<&'a Code>,
}

/// A struct that is being written.
#[derive(Debug)]
pub(super) struct Body<'a> {
    scope: &'a Scope<'a>,
    /// The flag that is known to be set wherever the struct exists.
    given: Option<usize>,
    /// Whether the numbers of its calls are fields even where they never differ.
    is_part: bool,
    pub(super) fields: Vec<FieldView>,
    pub(super) made: Vec<(RustIdent, Expr)>,
    pub(super) loads: Vec<Load>,
    pub(super) parts: Vec<PartView>,
    pub(super) flow: Flow,
    depth: u32,
}

impl<'a> Body<'a> {
    pub(super) fn new(scope: &'a Scope<'a>) -> Self {
        Self {
            scope,
            given: None,
            is_part: false,
            fields: Vec::new(),
            made: Vec::new(),
            loads: Vec::new(),
            parts: Vec::new(),
            flow: Flow::new("input", "x"),
            depth: 0,
        }
    }

    pub(super) fn steps(&mut self, steps: &[Step], imports: &mut Imports) {
        for step in steps {
            match step {
                Step::Item(item) => self.item(item, imports),
                Step::Join { branches, .. } => self.join(branches, imports),
            }
        }
    }

    /// Adds a field whose name is not taken yet.
    pub(super) fn field(&mut self, name: &RustIdent, ty: Code, value: Expr) -> RustIdent {
        let taken = |name: &RustIdent| self.fields.iter().any(|field| field.name == *name);
        let numbered = (2_u32..).map(|number| name.with(&number.to_string()));
        let name = std::iter::once(name.clone()).chain(numbered).find(|name| !taken(name));
        let name = name.unwrap_or_else(|| RustIdent::new("field"));
        self.fields.push(FieldView { doc: Vec::new(), name: name.clone(), ty });
        self.made.push((name.clone(), value));
        name
    }

    fn item(&mut self, item: &Item, imports: &mut Imports) {
        let numbers = Numbers { item, parameters: self.scope.parameters };
        let guard = item.guard.filter(|guard| self.given != Some(*guard));
        let flag = guard.and_then(|guard| self.scope.parameters.get(guard));
        match ops::make(&numbers, self.scope.classes, imports) {
            Made::Layer(layer) => self.layer(item, layer, flag),
            Made::Call(call) => self.call(&call, flag),
        }
    }

    fn layer(&mut self, item: &Item, layer: Layer, flag: Option<&RustIdent>) {
        let name = if item.branch == Label::STEM {
            RustIdent::new(&format!("stem_{}", layer.name))
        } else {
            layer.name.clone()
        };
        let Layer { ty, init, begins, .. } = layer;
        if begins {
            self.flow.begin();
        }
        let weights = self.method(item).map(|method| (method, self.weight_name(item)));
        let field = if let Some(flag) = flag {
            let init = Expr::Optional(flag.clone(), Box::new(init));
            let field = self.field(&name, Code::new(format_args!("Option<{ty}>")), init);
            self.flow.optional(&field);
            field
        } else {
            let field = self.field(&name, Code::new(format_args!("{ty}")), init);
            self.flow.call(|value| Code::new(format_args!("self.{field}.forward({value})")));
            field
        };
        if let Some((method, name)) = weights {
            self.loads.push(Load::Layer { method, name, field, optional: flag.is_some() });
        }
    }

    fn call(&mut self, call: &Call, flag: Option<&RustIdent>) {
        let numbers: Vec<_> = call.numbers.iter().map(|(name, number)| self.number(name, number)).collect();
        if let Some(flag) = flag {
            let value = Expr::atom(format_args!("{flag}"));
            let field = self.field(&call.name, Code::new(format_args!("bool")), value);
            self.flow.switch(&field, |value| call.form.write(value, &numbers));
            return;
        }
        if call.begins {
            self.flow.begin();
        }
        self.flow.apply(call.form.is_method(), |value| call.form.write(value, &numbers));
    }

    /// A number where `forward` can see it.
    fn number(&mut self, name: &RustIdent, number: &Number) -> Code {
        if number.literal.is_some() && !self.is_part {
            return number.code.clone();
        }
        let field = self.field(name, Code::new(format_args!("usize")), Expr::Atom(number.code.clone()));
        Code::new(format_args!("self.{field}"))
    }

    /// Two branches and their sum; the second is the shortcut.
    fn join(&mut self, branches: &[Vec<Step>], imports: &mut Imports) {
        let [main, skip] = branches else { return };
        let source = self.flow.variable();
        let shortcut = RustIdent::numbered("shortcut", if self.depth == 0 { 0 } else { self.depth + 1 });
        let start = if skip.is_empty() {
            self.flow.identity(&source, &shortcut)
        } else {
            let (field, optional) = self.part(skip, imports);
            self.flow.shortcut(&shortcut, &field, optional, &source);
            (source, Code::new(format_args!("{shortcut}")))
        };
        let (start, shortcut) = start;
        self.flow.resume(start, "x");
        self.depth += 1;
        self.steps(main, imports);
        self.depth -= 1;
        self.flow.add(&shortcut);
    }

    /// A shortcut as a struct of its own, and the field that holds it; whether only some blocks have it.
    fn part(&mut self, steps: &[Step], imports: &mut Imports) -> (RustIdent, bool) {
        let guards: Vec<_> = steps.iter().map(guard).collect();
        let common =
            guards.first().copied().flatten().filter(|first| guards.iter().all(|guard| *guard == Some(*first)));
        let mut part = Body::new(self.scope);
        part.given = common.or(self.given);
        part.is_part = true;
        part.steps(steps, imports);
        let name = part_name(steps);
        let ty = RustType::new(name);
        let flag = common.filter(|common| self.given != Some(*common)).and_then(|at| self.scope.parameters.get(at));
        let value = Expr::Struct(ty.clone(), part.made);
        let field = match flag {
            Some(flag) => {
                let value = Expr::Optional(flag.clone(), Box::new(value));
                self.field(&RustIdent::new(name), Code::new(format_args!("Option<{ty}>")), value)
            }
            None => self.field(&RustIdent::new(name), Code::new(format_args!("{ty}")), value),
        };
        if !part.loads.is_empty() {
            self.loads.push(Load::Part { field: field.clone(), optional: flag.is_some(), loads: part.loads });
        }
        self.parts.append(&mut part.parts);
        self.parts.push(PartView { name: ty, fields: part.fields, forward: part.flow.finish() });
        (field, flag.is_some())
    }

    /// How the weights of `item` are loaded, if it has any.
    fn method(&self, item: &Item) -> Option<Method> {
        match &item.op {
            Op::Conv2d(_) => Some(Method::Convolution),
            Op::BatchNorm(_) => Some(Method::BatchNorm),
            Op::Linear(_) => Some(match self.flattened_map(item) {
                Some(map) => Method::LinearOfMap(map),
                None => Method::Linear,
            }),
            Op::Input(_)
            | Op::Activation(_)
            | Op::MaxPool(_)
            | Op::AdaptivePool(_)
            | Op::Flatten(_)
            | Op::Add(_)
            | Op::Pad(_)
            | Op::Subsample(_)
            | Op::Dropout(_)
            | Op::AvgPool(_)
            | Op::Blur(_)
            | Op::ChannelConv(_)
            | Op::Concat(_)
            | Op::DropPath(_)
            | Op::GroupNorm(_)
            | Op::LayerNorm(_)
            | Op::LayerScale(_)
            | Op::Multiply(_)
            | Op::PathSoftmax(_)
            | Op::Slice(_) => None,
        }
    }

    /// C, H, W of the map that a linear layer reads flattened, where a weight file has another order than C, H, W.
    fn flattened_map(&self, item: &Item) -> Option<[u64; 3]> {
        let network = self.scope.network;
        match network.graph().dialect.names.layout {
            Layout::Torch => return None,
            Layout::Keras => {}
        }
        let name = match &item.name {
            Name::Whole(name) => name.clone(),
            Name::Suffix(suffix) => format!("{}{suffix}", self.scope.block),
            Name::Parameter(_) => return None,
        };
        let id = network.layers().find(|layer| layer.name == name)?.id;
        network.flattened_map(id).filter(|[_, height, width]| height * width > 1)
    }

    /// The expression for the name of a layer in a weight file.
    fn weight_name(&self, item: &Item) -> Code {
        match &item.name {
            Name::Suffix(suffix) => Code::new(format_args!("&format!(\"{{name}}{}\")", FormatText::new(suffix))),
            Name::Whole(name) => Code::new(format_args!("{}", RustStr::new(name))),
            Name::Parameter(index) => match self.scope.parameters.get(*index) {
                Some(parameter) => Code::new(format_args!("{parameter}")),
                None => Code::new(format_args!("name")),
            },
        }
    }
}

fn guard(step: &Step) -> Option<usize> {
    match step {
        Step::Item(item) | Step::Join { item, .. } => item.guard,
    }
}

/// What a shortcut is called: after what it does.
fn part_name(steps: &[Step]) -> &'static str {
    let has = |role: Label| steps.iter().any(|step| matches!(step, Step::Item(item) if item.role == role));
    if has(Label::CONV) {
        "projection"
    } else if has(Label::ZEROS) {
        "zero_padding"
    } else if has(Label::SUBSAMPLE) {
        "subsampling"
    } else {
        "shortcut"
    }
}
