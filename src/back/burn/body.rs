//! From the steps of an outline to the members of a struct: fields, how they are made, loaded and used.
//!
//! One branch of a join is written where the join stands; the others are structs of their own, parts, where they have
//! layers, and expressions where they have none.

use super::flow::{FORWARD, Flow, Value};
use super::imports::Imports;
use super::layout::{Code, Expr};
use super::load::{Load, Method};
use super::ops::{self, Call, Layer, Made, Number, Numbers, Order};
use super::quote::{BESIDE_FIELDS, Comment, FormatText, RustIdent, RustStr, RustType};
use super::view::{FieldView, PartView};
use crate::back::names::Names;
use crate::ir::dialect::Layout;
use crate::ir::{Label, NodeId, Op};
use crate::outline::{Item, Name, Step};
use crate::valid::Checked;
use std::collections::{BTreeSet, HashMap};

/// What the steps of a body refer to.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) network: &'a Checked,
    /// The definition's parameters as variables.
    pub(super) parameters: &'a [RustIdent],
    /// Those that are names of layers.
    pub(super) texts: &'a BTreeSet<RustIdent>,
    /// For the node of an item those that it stands for in all uses of the definition; nothing outside blocks.
    pub(super) nodes: &'a HashMap<NodeId, Vec<NodeId>>,
}

/// What the structs of one file share.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) imports: Imports,
    /// The types that stand in it.
    pub(super) types: Names,
    /// The structs of branches.
    pub(super) parts: Vec<PartView>,
    /// The parameters that making the structs reads.
    pub(super) used: BTreeSet<usize>,
    /// What cannot be written.
    pub(super) refusal: Option<&'static str>,
}

/// A struct that is being written.
#[derive(Debug)]
pub(super) struct Body<'s, 'f> {
    scope: &'s Scope<'s>,
    pub(super) file: &'f mut File,
    /// The branch that it is the struct of.
    label: Label,
    /// What the names of its fields begin with.
    pub(super) prefix: &'static str,
    /// The classifier, and what stands for the number of its classes.
    pub(super) classes: Option<(NodeId, Code)>,
    /// The flags that are known to be set wherever the struct exists.
    given: Vec<usize>,
    /// Whether the numbers of its calls are fields even where they never differ.
    has_numbers: bool,
    /// The dimensions of the current value.
    pub(super) rank: u64,
    order: Order,
    pub(super) fields: Vec<FieldView>,
    names: Names,
    /// The fields that are made of a value.
    of_value: HashMap<Code, Vec<RustIdent>>,
    pub(super) made: Vec<(RustIdent, Expr)>,
    pub(super) takes_device: bool,
    pub(super) loads: Vec<Load>,
    pub(super) flow: Flow,
}

impl<'s, 'f> Body<'s, 'f> {
    /// A struct without members, whose `forward` reads a value of `rank` dimensions.
    pub(super) fn new(scope: &'s Scope<'s>, file: &'f mut File, rank: u64) -> Self {
        Self {
            scope,
            file,
            label: Label::MAIN,
            prefix: "",
            classes: None,
            given: Vec::new(),
            has_numbers: false,
            rank,
            order: Order::ChannelsFirst,
            fields: Vec::new(),
            names: Names::default(),
            of_value: HashMap::new(),
            made: Vec::new(),
            takes_device: false,
            loads: Vec::new(),
            flow: Flow::new("input", "x"),
        }
    }

    /// Writes `steps`; they begin and end with N, C, H, W.
    pub(super) fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Item(item) => self.item(item),
                Step::Join { branches, item } => match self.flag(item) {
                    None => self.join(branches, item),
                    Some(_) => self.optional_join(step, branches),
                },
            }
        }
        self.turn(Order::ChannelsFirst);
    }

    /// Adds a field whose name is not taken yet.
    pub(super) fn field(&mut self, name: &RustIdent, ty: Code, value: Expr) -> RustIdent {
        let name =
            if self.prefix.is_empty() { name.clone() } else { RustIdent::new(self.prefix).with(&name.to_string()) };
        let name = if BESIDE_FIELDS.contains(&name.to_string().as_str()) { name.with("part") } else { name };
        // A parameter that is a layer's name stands beside the fields when weights are loaded.
        let texts = self.scope.texts;
        let name = name.take_beside(&mut self.names, |name| {
            BESIDE_FIELDS.contains(&name) || texts.contains(&RustIdent::new(name))
        });
        if let Expr::Atom(value) = &value {
            self.of_value.entry(value.clone()).or_default().push(name.clone());
        }
        self.fields.push(FieldView { doc: Vec::new(), name: name.clone(), ty });
        self.made.push((name.clone(), value));
        name
    }

    /// The flag without which `item` is left out, if the struct does not stand or fall with it.
    fn flag(&self, item: &Item) -> Option<usize> {
        item.guard.filter(|guard| !self.given.contains(guard))
    }

    /// The variable of a flag.
    fn variable(&mut self, flag: usize) -> RustIdent {
        self.file.used.insert(flag);
        self.scope.parameters.get(flag).cloned().unwrap_or_else(|| RustIdent::new("present"))
    }

    fn item(&mut self, item: &Item) {
        let Scope { network, parameters, .. } = *self.scope;
        let mut numbers = Numbers { dialect: &network.graph().dialect, item, parameters, used: &mut self.file.used };
        let classes = self.classes.as_ref().filter(|(node, _)| *node == item.node).map(|(_, classes)| classes);
        let made = ops::make(&mut numbers, classes, &mut self.file.imports);
        let flag = self.flag(item).map(|flag| self.variable(flag));
        if matches!(item.op, Op::Flatten(_)) {
            if flag.is_some() {
                self.file.refusal = Some("only some of the blocks of this structure flatten their map");
            }
            self.turn(Order::ChannelsFirst);
            self.rank = 2;
        }
        match made {
            Made::Layer(layer) => self.layer(item, layer, flag),
            Made::Call(call) => self.call(item, &call, flag),
            Made::Nothing => {}
        }
    }

    /// Brings the current value into the order that `op` wants.
    fn turn_for(&mut self, op: &Op) {
        self.turn(if self.rank == 4 { ops::order(op) } else { Order::Either });
    }

    fn turn(&mut self, order: Order) {
        let dimensions = match order {
            _ if order == self.order => return,
            Order::Either => return,
            Order::ChannelsFirst => "[0, 3, 1, 2]",
            Order::ChannelsLast => "[0, 2, 3, 1]",
        };
        self.order = order;
        self.flow.apply(true, |value| Code::new(format_args!("{value}.permute({dimensions})")));
    }

    fn layer(&mut self, item: &Item, layer: Layer, flag: Option<RustIdent>) {
        let name = named(item, layer.name);
        let Layer { ty, init, method: forward, begins, takes_device, .. } = layer;
        self.takes_device |= takes_device;
        if begins {
            self.flow.begin();
        }
        self.turn_for(&item.op);
        let weights = self.method(item).map(|method| (method, self.weight_name(item)));
        let optional = flag.is_some();
        let field = if let Some(flag) = flag {
            let init = Expr::Optional(flag, Box::new(init));
            let field = self.field(&name, Code::new(format_args!("Option<{ty}>")), init);
            self.flow.optional(&field, forward);
            field
        } else {
            let field = self.field(&name, Code::new(format_args!("{ty}")), init);
            self.flow.call(|value| Code::new(format_args!("self.{field}.{forward}({value})")));
            field
        };
        if let Some((method, name)) = weights {
            self.loads.push(Load::Layer { method, name, field, optional });
        }
    }

    fn call(&mut self, item: &Item, call: &Call, flag: Option<RustIdent>) {
        let numbers: Vec<_> = call.numbers.iter().map(|(name, number)| self.number(item, name, number)).collect();
        if call.begins {
            self.flow.begin();
        }
        self.turn_for(&item.op);
        if let Some(flag) = flag {
            let value = Expr::atom(format_args!("{flag}"));
            let field = self.field(&named(item, call.name.clone()), Code::new(format_args!("bool")), value);
            self.flow.switch(&field, |value| call.form.write(value, &numbers));
            return;
        }
        self.flow.apply(call.form.is_method(), |value| call.form.write(value, &numbers));
    }

    /// A number where `forward` can see it.
    fn number(&mut self, item: &Item, name: &RustIdent, number: &Number) -> Code {
        if number.literal.is_some() && !self.has_numbers {
            return number.code.clone();
        }
        let fields = self.of_value.get(&number.code).map_or(&[][..], Vec::as_slice);
        let known = fields.iter().find(|field| field.to_string().contains(&name.to_string())).cloned();
        let field = known.unwrap_or_else(|| {
            // A second one of its kind is called after its branch.
            let is_taken = self.names.contains(&name.to_string());
            let owner = if is_trunk(item.branch) { item.role } else { item.branch };
            let own = RustIdent::new(owner.as_str()).with(&name.to_string());
            let value = Expr::Atom(number.code.clone());
            self.field(if is_taken { &own } else { name }, Code::new(format_args!("usize")), value)
        });
        Code::new(format_args!("self.{field}"))
    }

    fn join(&mut self, branches: &[Vec<Step>], item: &Item) {
        let Some(joint) = ops::joint(&item.op) else { return };
        self.turn(Order::ChannelsFirst);
        let held = self.flow.holds();
        let main = self.main(branches);
        let is_side = |at: usize, branch: &[Step]| Some(at) != main && !branch.is_empty();
        let identities = branches.iter().filter(|branch| branch.is_empty()).count();
        // The main branch may bind its values to the variable that the identities have still to read.
        let is_kept = main.is_some() && identities > 0 && self.flow.replaces();
        let readings = branches.len() - if is_kept { identities - 1 } else { 0 };
        let (mut source, before, mut after) = (self.flow.source(readings), self.rank, self.rank);
        let mut operands: Vec<Option<Code>> = vec![None; branches.len()];
        for (at, (branch, operand)) in branches.iter().zip(&mut operands).enumerate() {
            if is_side(at, branch) {
                self.rank = before;
                *operand = Some(self.side(branch, source.read()));
                after = self.rank;
            }
        }
        let mut kept = is_kept.then(|| {
            let name = self.flow.hold(&RustIdent::new("shortcut"));
            self.flow.keep(name, &source.read(), identities)
        });
        for (at, (branch, operand)) in branches.iter().zip(&mut operands).enumerate() {
            if Some(at) == main {
                self.rank = before;
                let target = self.flow.enter(source.read(), None);
                self.steps(branch);
                *operand = Some(self.flow.leave(target));
                after = self.rank;
            }
        }
        let identity = kept.as_mut().unwrap_or(&mut source);
        let operands = operands.into_iter().map(|operand| operand.unwrap_or_else(|| identity.read().read())).collect();
        self.rank = after;
        self.flow.join(joint, operands);
        self.flow.release(held);
    }

    /// The branch that is written where the join stands: the one that goes on under the name of the struct.
    fn main(&self, branches: &[Vec<Step>]) -> Option<usize> {
        let goes_on = |(_, branch): &(usize, &Vec<Step>)| {
            label(branch).is_some_and(|label| label == self.label || is_trunk(label))
        };
        let mut candidates = branches.iter().enumerate().filter(goes_on);
        let (main, _) = candidates.next()?;
        candidates.next().is_none().then_some(main)
    }

    /// A branch beside the main one, which reads `value`; what holds its own.
    fn side(&mut self, branch: &[Step], value: Value) -> Code {
        let word = word(branch);
        let name = RustIdent::new(match word {
            Word::Shortcut(_) => "shortcut",
            Word::Unnamed => "branch",
            Word::Label(ref label) => label.as_str(),
        });
        let name = self.flow.hold(&name);
        let common = self.common(branch);
        let has_layers = any(branch, &|item| ops::is_layer(&item.op));
        let has_numbers = any(branch, &|item| ops::has_numbers(&item.op));
        if has_layers || common.is_some() && has_numbers {
            let (field, optional) = self.part(branch, &word, common, !has_layers);
            self.flow.part(&name, &field, optional, &value);
            return Code::new(format_args!("{name}"));
        }
        let target = self.flow.enter(value, Some(name));
        self.steps(branch);
        self.flow.leave(target)
    }

    /// A join that only some of the blocks have, as a part.
    fn optional_join(&mut self, step: &Step, branches: &[Vec<Step>]) {
        let steps = std::slice::from_ref(step);
        self.turn(Order::ChannelsFirst);
        let common = self.common(steps);
        let named = branches.iter().map(|branch| word(branch)).find(|word| !matches!(word, Word::Unnamed));
        let (field, _) = self.part(steps, &named.unwrap_or(Word::Unnamed), common, false);
        self.flow.optional(&field, FORWARD);
    }

    /// The flag that all of `steps` stand or fall with, if there is one.
    fn common(&self, steps: &[Step]) -> Option<usize> {
        let mut flags = steps.iter().map(|step| self.flag(step.item()));
        let first = flags.next().flatten()?;
        flags.all(|flag| flag == Some(first)).then_some(first)
    }

    /// `steps` as a struct of their own, and the field that holds it; whether only some blocks have it.
    fn part(&mut self, steps: &[Step], word: &Word, common: Option<usize>, has_numbers: bool) -> (RustIdent, bool) {
        let flag = common.map(|common| self.variable(common));
        let ty = RustType::of_part(word.as_str(), &mut self.file.types);
        let mut part = Body::new(self.scope, self.file, self.rank);
        part.given = self.given.iter().copied().chain(common).collect();
        part.label = label(steps).unwrap_or(self.label);
        part.has_numbers = has_numbers;
        part.steps(steps);
        let doc = match word {
            Word::Shortcut(_) => "A shortcut that changes the shape.".to_owned(),
            Word::Unnamed => "A branch.".to_owned(),
            Word::Label(label) => format!("The branch `{label}`."),
        };
        let ranks = (self.rank, part.rank);
        let Body { fields, made, takes_device, loads, flow, .. } = part;
        self.takes_device |= takes_device;
        if flag.is_some() && ranks.0 != ranks.1 {
            self.file.refusal = Some("only some of the blocks of this structure flatten their map");
        }
        self.rank = ranks.1;
        let value = Expr::Struct(ty.clone(), made);
        let name = RustIdent::new(word.as_str());
        let optional = flag.is_some();
        let field = match flag {
            Some(flag) => {
                let value = Expr::Optional(flag, Box::new(value));
                self.field(&name, Code::new(format_args!("Option<{ty}>")), value)
            }
            None => self.field(&name, Code::new(format_args!("{ty}")), value),
        };
        if !loads.is_empty() {
            self.loads.push(Load::Part { field: field.clone(), optional, loads });
        }
        self.file.parts.push(PartView { doc: Comment::new(&doc), name: ty, fields, ranks, forward: flow.finish() });
        (field, optional)
    }

    /// How the weights of `item` are loaded, if it has any.
    fn method(&mut self, item: &Item) -> Option<Method> {
        let method = ops::method(&item.op)?;
        let is_torch = self.scope.network.graph().dialect.names.layout == Layout::Torch;
        if method != Method::Linear || is_torch {
            return Some(method);
        }
        // A file in another order than C, H, W has the matrix of a flattened map permuted.
        let mut maps = self.scope.nodes(item).iter().map(|node| self.scope.flattened_map(*node));
        let first = maps.next().flatten();
        if maps.any(|map| map != first) {
            self.file.refusal = Some("blocks of this structure flatten maps of different sizes");
        }
        Some(first.map_or(method, Method::LinearOfMap))
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

impl Scope<'_> {
    /// The nodes that `item` stands for.
    fn nodes<'s>(&'s self, item: &'s Item) -> &'s [NodeId] {
        self.nodes.get(&item.node).map_or(std::slice::from_ref(&item.node), Vec::as_slice)
    }

    /// C, H, W of the map that a linear layer reads flattened, where its positions are more than one.
    fn flattened_map(&self, node: NodeId) -> Option<[u64; 3]> {
        self.network.flattened_map(node).filter(|[_, height, width]| height * width > 1)
    }
}

/// What a part is called after.
#[derive(Debug)]
enum Word {
    /// A shortcut: what it does.
    Shortcut(&'static str),
    /// The name of a branch.
    Label(String),
    /// A branch without one.
    Unnamed,
}

impl Word {
    fn as_str(&self) -> &str {
        match self {
            Self::Shortcut(word) => word,
            Self::Label(label) => label,
            Self::Unnamed => "branch",
        }
    }
}

fn word(steps: &[Step]) -> Word {
    let has = |role: Label| any(steps, &|item| item.role == role);
    match label(steps) {
        Some(Label::SKIP) if has(Label::CONV) => Word::Shortcut("projection"),
        Some(Label::SKIP) if has(Label::ZEROS) => Word::Shortcut("zero_padding"),
        Some(Label::SKIP) if has(Label::SUBSAMPLE) => Word::Shortcut("subsampling"),
        Some(Label::SKIP) => Word::Shortcut("shortcut"),
        Some(label) if !is_trunk(label) => Word::Label(label.to_string()),
        Some(_) | None => Word::Unnamed,
    }
}

/// Whether `label` names what a network is made of rather than a branch beside it.
fn is_trunk(label: Label) -> bool {
    [Label::MAIN, Label::BLOCK, Label::JOIN, Label::STEM, Label::HEAD, Label::CHAIN, Label::CLASSIFIER].contains(&label)
}

/// The branch that `steps` are: that of an op that is no join, or the first one's within a join.
fn label(steps: &[Step]) -> Option<Label> {
    let own = steps.iter().find_map(|step| match step {
        Step::Item(item) => Some(item.branch).filter(|branch| *branch != Label::JOIN),
        Step::Join { .. } => None,
    });
    own.or_else(|| match steps.first()? {
        Step::Item(item) => Some(item.branch),
        Step::Join { branches, item } => branches.iter().find_map(|branch| label(branch)).or(Some(item.branch)),
    })
}

/// What the field of `item` is called: after its role where that is not one of those that every network has.
fn named(item: &Item, name: RustIdent) -> RustIdent {
    const COMMON: [Label; 14] = [
        Label::CONV,
        Label::NORM,
        Label::ACT,
        Label::POOL,
        Label::MAX_POOL,
        Label::ADD,
        Label::FLATTEN,
        Label::DROPOUT,
        Label::LINEAR,
        Label::LOGITS,
        Label::PAD,
        Label::POOL_PAD,
        Label::SUBSAMPLE,
        Label::ZEROS,
    ];
    if COMMON.contains(&item.role) { name } else { RustIdent::numbered(item.role.as_str(), item.unit) }
}

/// Whether some item of `steps` is so.
fn any(steps: &[Step], is: &dyn Fn(&Item) -> bool) -> bool {
    steps.iter().any(|step| match step {
        Step::Item(item) => is(item),
        Step::Join { branches, item } => is(item) || branches.iter().any(|branch| any(branch, is)),
    })
}
