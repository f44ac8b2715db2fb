//! Definitions as they were written.

use super::Value;
use crate::ir::Label;
use crate::source::{Span, Spanned};
use std::sync::Arc;

/// What a text defines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Definitions {
    /// The dialects that it says it uses.
    pub uses: Vec<Spanned<String>>,
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// The signatures of layers; only the library has them.
    pub layers: Vec<Signature>,
    /// Its dialects.
    pub dialects: Vec<Dialect>,
    /// Its tables of names.
    pub names: Vec<Names>,
    /// Each definition as it was written, with the comments directly before it.
    pub texts: Vec<String>,
}

/// A name and what can be told to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// The name.
    pub name: Spanned<String>,
    /// What it can be told.
    pub parameters: Vec<Parameter>,
}

/// A block: a program that adds layers to a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Its name and parameters.
    pub signature: Signature,
    /// Its statements.
    pub body: Vec<Statement>,
    /// Whether it is of the library and not of the description: spans are then of another text.
    pub is_library: bool,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its key.
    pub name: Spanned<String>,
    /// What it takes.
    pub domain: Domain,
    /// What it is without being told; `None` where it must be told.
    pub default: Option<Expression>,
    /// What it means, one line, from the comment before it; shown when a value is refused.
    pub meaning: String,
}

/// What a parameter takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Domain {
    /// Any value: nothing was declared.
    Any,
    /// A number of channels, from 1 to [`crate::limits::CHANNELS`].
    Channels,
    /// A whole number.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// A number.
    Float {
        /// The smallest.
        min: f64,
        /// What it stays below.
        below: f64,
    },
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Choice(Vec<String>),
    /// A whole number or two, height and width.
    Pair {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// Padding: `same`, a whole number, or four: top, bottom, left, right.
    Padding,
    /// A list of whole numbers, each as a number of channels.
    Numbers,
    /// How a layer is drawn: a word, with a number where it needs one.
    Init,
    /// A block, which will be told these.
    Block(Vec<String>),
}

/// A statement of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What it says.
    pub kind: StatementKind,
    /// Where it stands.
    pub span: Span,
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// `let name = value`
    Let(Spanned<String>, Expression),
    /// `if condition { … } else if … else { … }`
    If(Vec<(Expression, Vec<Statement>)>, Option<Vec<Statement>>),
    /// `for name in from..to { … }`
    Range(Spanned<String>, Expression, Expression, Vec<Statement>),
    /// `for name in list { … }`
    Each(Spanned<String>, Expression, Vec<Statement>),
    /// `unit number { … }`
    Unit(Expression, Vec<Statement>),
    /// `label { … }`
    Labelled(Label, Vec<Statement>),
    /// `join add { … }`
    Join(Join),
    /// `require condition else "…"`
    Require(Expression, String),
    /// A layer or a block: `conv 3x3 (64)`
    Step(Step),
}

/// Branches that start at one tensor and are joined.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// How they meet.
    pub kind: JoinKind,
    /// The role of what joins, if it is not the usual one.
    pub role: Option<Label>,
    /// The branches.
    pub branches: Vec<Branch>,
}

/// How branches meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// Elementwise sum.
    Add,
    /// Channels one after another.
    Concat,
    /// Elementwise product.
    Multiply,
}

/// A branch of a join.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// Its label.
    pub label: Label,
    /// Where it stands.
    pub span: Span,
    /// It is there only where this holds.
    pub condition: Option<Expression>,
    /// Its statements.
    pub body: Vec<Statement>,
}

/// A layer or a block that is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The layer, the block, or the parameter that holds one.
    pub name: Spanned<String>,
    /// `3x3`: height and width of a kernel.
    pub size: Option<Spanned<[u64; 2]>>,
    /// The arguments.
    pub arguments: Vec<Passed>,
    /// The role, if it is not the layer's usual one.
    pub role: Option<Label>,
}

/// An argument that an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    /// The parameter's name; without one it is for the parameter at its position, or the one that the value is called.
    pub name: Option<Spanned<String>>,
    /// Its value.
    pub value: Expression,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// What it says.
    pub kind: ExpressionKind,
    /// Where it stands.
    pub span: Span,
}

/// What an expression says.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpressionKind {
    /// A number, a truth value, a string.
    Constant(Value),
    /// A variable, a word, or a block.
    Name(Arc<str>),
    /// `dialect.field`
    Field(String, String),
    /// A function, or a block with some of its arguments.
    Call(Spanned<String>, Vec<Passed>),
    /// `[1, 2]`
    List(Vec<Expression>),
    /// `-x`
    Negative(Box<Expression>),
    /// `not x`
    Not(Box<Expression>),
    /// `x + y`
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// `if … then … else if … then … else …`
    If(Vec<(Expression, Expression)>, Box<Expression>),
}

/// An operator between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Over,
    /// `%`
    Modulo,
}

/// `name = value`
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key.
    pub name: Spanned<String>,
    /// The value.
    pub value: Expression,
}

/// A dialect.
#[derive(Debug, Clone, PartialEq)]
pub struct Dialect {
    /// Its name.
    pub name: Spanned<String>,
    /// The dialect whose choices it takes where it makes none.
    pub base: Option<Spanned<String>>,
    /// Its choices.
    pub settings: Vec<Setting>,
}

/// A table of names.
#[derive(Debug, Clone, PartialEq)]
pub struct Names {
    /// Its name.
    pub name: Spanned<String>,
    /// The table whose rows it takes after its own.
    pub base: Option<Spanned<String>>,
    /// Settings: `layout = torch`.
    pub settings: Vec<Setting>,
    /// Rows for every block.
    pub rows: Vec<Row>,
    /// Rows for the nodes of one block.
    pub sections: Vec<(Spanned<String>, Vec<Row>)>,
    /// What is appended to a layer's name for a parameter.
    pub suffixes: Vec<Row>,
}

/// `main.conv "{block}.conv{unit}" as function`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The branch and the role, or a single word.
    pub selector: Spanned<(String, Option<String>)>,
    /// The template, without its quotes; the span is that of the text inside.
    pub template: Spanned<String>,
    /// The word behind `as`: how the implementation writes the layer.
    pub spelling: Option<Spanned<String>>,
}

impl Signature {
    /// The parameter called `name`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name.value == name)
    }
}

impl Block {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.signature.name.value
    }

    /// The parameter called `name`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.signature.parameter(name)
    }
}

impl Parameter {
    /// Its default, where that is a constant.
    #[must_use]
    pub fn constant(&self) -> Option<Value> {
        self.default.as_ref().and_then(Expression::constant)
    }
}

impl Domain {
    /// Whether what it takes can be a block.
    #[must_use]
    pub fn takes_blocks(&self) -> bool {
        matches!(self, Self::Any | Self::Block(_))
    }
}

impl Expression {
    /// The name that it is, if it is nothing else.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match &self.kind {
            ExpressionKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// Its value, where it is a constant; a name stands for itself.
    #[must_use]
    pub fn constant(&self) -> Option<Value> {
        match &self.kind {
            ExpressionKind::Constant(value) => Some(value.clone()),
            ExpressionKind::Name(word) => Some(Value::Text(Arc::clone(word))),
            ExpressionKind::List(items) => items.iter().map(Self::constant).collect::<Option<_>>().map(Value::List),
            ExpressionKind::Negative(inner) => match inner.constant()? {
                Value::Integer(value) => value.checked_neg().map(Value::Integer),
                Value::Float(value) => Some(Value::Float(-value)),
                _ => None,
            },
            ExpressionKind::Field(..)
            | ExpressionKind::Call(..)
            | ExpressionKind::Not(_)
            | ExpressionKind::Binary(..)
            | ExpressionKind::If(..) => None,
        }
    }
}

impl JoinKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Concat => "concat",
            Self::Multiply => "multiply",
        }
    }
}
