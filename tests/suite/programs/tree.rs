//! A program before it is a text, and as a text.

use std::fmt::{self, Display, Formatter};

pub enum Number {
    Literal(i64),
    Name(&'static str),
    /// `+`, `-`, `*`, `%`.
    Binary(&'static str, Box<Number>, Box<Number>),
    /// `min`, `max`.
    Extreme(&'static str, Box<Number>, Box<Number>),
    /// `floor(a / b)`.
    Quotient(Box<Number>, i64),
    If(Box<Truth>, Box<Number>, Box<Number>),
    /// `at(first, …)` or `at(spatial, …)`.
    At(&'static str, Box<Number>),
    /// `previous(parameter, otherwise)`.
    Previous(&'static str, Box<Number>),
    /// `item([…], number)`.
    Item(Vec<Number>, Box<Number>),
}

pub enum Truth {
    Compare(&'static str, Number, Number),
    Not(Box<Truth>),
    /// `and`, `or`.
    Both(&'static str, Box<Truth>, Box<Truth>),
    Project(Number, Number),
}

pub enum Statement {
    Conv {
        kernel: i64,
        filters: Number,
        stride: Number,
        dilation: Number,
    },
    Norm,
    Act,
    MaxPool(Number),
    GlobalPool,
    Let(&'static str, Number),
    /// A variable that holds a block, with some of its arguments.
    Hold(&'static str, Held),
    If(Truth, Vec<Statement>, Vec<Statement>),
    Range(&'static str, Number, Number, Vec<Statement>),
    Each(&'static str, Vec<Number>, Vec<Statement>),
    Unit(Number, Vec<Statement>),
    Labelled(&'static str, Vec<Statement>),
    Join(&'static str, Vec<Branch>),
    /// A block, or the parameter or variable that holds one.
    Call(&'static str, Vec<(&'static str, Number)>),
}

pub struct Held {
    pub block: &'static str,
    pub arguments: Vec<(&'static str, Number)>,
}

pub struct Branch {
    pub label: &'static str,
    pub condition: Option<Truth>,
    pub body: Vec<Statement>,
}

pub struct Parameter {
    pub name: &'static str,
    pub ty: &'static str,
    pub default: Option<Default>,
}

pub enum Default {
    Number(Number),
    Block(&'static str),
}

pub struct Block {
    pub name: &'static str,
    pub parameters: Vec<Parameter>,
    pub body: Vec<Statement>,
}

pub struct Stage {
    pub block: &'static str,
    pub filters: i64,
    pub extra: Option<i64>,
    pub gate: Option<(&'static str, Option<i64>)>,
    pub blocks: i64,
    pub stride: Option<i64>,
}

pub struct Program {
    pub input: [i64; 3],
    pub stages: Vec<Stage>,
    pub blocks: Vec<Block>,
}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => write!(f, "{value}"),
            Self::Name(name) => write!(f, "{name}"),
            Self::Binary(sign, left, right) => write!(f, "({left} {sign} {right})"),
            Self::Extreme(function, left, right) => write!(f, "{function}({left}, {right})"),
            Self::Quotient(value, by) => write!(f, "floor({value} / {by})"),
            Self::If(condition, yes, no) => write!(f, "(if {condition} then {yes} else {no})"),
            Self::At(position, value) => write!(f, "at({position}, {value})"),
            Self::Previous(name, otherwise) => write!(f, "previous({name}, {otherwise})"),
            Self::Item(items, at) => write!(f, "item([{}], {at})", listed(items)),
        }
    }
}

impl Display for Truth {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(sign, left, right) => write!(f, "{left} {sign} {right}"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Both(word, left, right) => write!(f, "(({left}) {word} ({right}))"),
            Self::Project(stride, out) => write!(f, "project({stride}, {out})"),
        }
    }
}

fn listed<T: Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

struct Arguments<'a>(&'a [(&'static str, Number)]);

impl Display for Arguments<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let items: Vec<_> = self.0.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        write!(f, "({})", items.join(", "))
    }
}

impl Display for Held {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { block, arguments } = self;
        if arguments.is_empty() { write!(f, "{block}") } else { write!(f, "{block}{}", Arguments(arguments)) }
    }
}

struct Body<'a>(&'a [Statement]);

impl Display for Body<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(Statement::to_string).collect();
        write!(f, "{{\n{}\n}}", lines.join("\n"))
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conv { kernel, filters, stride, dilation } => {
                write!(f, "conv {kernel}x{kernel} ({filters}, stride = {stride}, dilation = {dilation})")
            }
            Self::Norm => write!(f, "norm"),
            Self::Act => write!(f, "act"),
            Self::MaxPool(stride) => write!(f, "max_pool 3x3 (stride = {stride}, padding = 1)"),
            Self::GlobalPool => write!(f, "global_pool"),
            Self::Let(name, value) => write!(f, "let {name} = {value}"),
            Self::Hold(name, held) => write!(f, "let {name} = {held}"),
            Self::If(condition, yes, no) if no.is_empty() => write!(f, "if {condition} {}", Body(yes)),
            Self::If(condition, yes, no) => write!(f, "if {condition} {} else {}", Body(yes), Body(no)),
            Self::Range(name, from, to, body) => write!(f, "for {name} in {from}..{to} {}", Body(body)),
            Self::Each(name, items, body) => write!(f, "for {name} in [{}] {}", listed(items), Body(body)),
            Self::Unit(number, body) => write!(f, "unit {number} {}", Body(body)),
            Self::Labelled(label, body) => write!(f, "{label} {}", Body(body)),
            Self::Join(kind, branches) => {
                writeln!(f, "join {kind} {{")?;
                for Branch { label, condition, body } in branches {
                    match condition {
                        Some(condition) => writeln!(f, "{label} if {condition} {}", Body(body))?,
                        None => writeln!(f, "{label} {}", Body(body))?,
                    }
                }
                write!(f, "}}")
            }
            Self::Call(name, arguments) => write!(f, "{name}{}", Arguments(arguments)),
        }
    }
}

impl Display for Block {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parameter = |Parameter { name, ty, default }: &Parameter| match default {
            Some(Default::Number(value)) => format!("{name}: {ty} = {value}"),
            Some(Default::Block(block)) => format!("{name}: {ty} = {block}"),
            None => format!("{name}: {ty}"),
        };
        let parameters: Vec<_> = self.parameters.iter().map(parameter).collect();
        write!(f, "block {}({}) {}", self.name, parameters.join(", "), Body(&self.body))
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "stage {}(filters = {}", self.block, self.filters)?;
        if let Some(extra) = self.extra {
            write!(f, ", extra = {extra}")?;
        }
        match self.gate {
            Some((gate, Some(own))) => write!(f, ", gate = {gate}(own = {own})")?,
            Some((gate, None)) => write!(f, ", gate = {gate}")?,
            None => {}
        }
        write!(f, ") * {}", self.blocks)?;
        self.stride.map_or(Ok(()), |stride| write!(f, " stride {stride}"))
    }
}

impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [channels, height, width] = self.input;
        writeln!(f, "use dialect own\ndialect own extends torchvision {{ names = own }}")?;
        writeln!(f, "names own extends torchvision {{")?;
        writeln!(f, "block \"s{{stage}}.b{{index}}\"\n*.* \"{{block}}.{{branch}}.{{unit}}.{{sequence}}\"\n}}")?;
        writeln!(f, "network random {{\ninput {channels} x {height} x {width}\nstem none\n{}\n}}", {
            self.stages.iter().map(Stage::to_string).collect::<Vec<_>>().join("\n")
        })?;
        self.blocks.iter().try_for_each(|block| writeln!(f, "{block}"))
    }
}
