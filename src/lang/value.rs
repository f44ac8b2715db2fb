//! Values of arguments and settings, as they were written.

use super::is_name;
use crate::ir::Init;
use crate::source::Spanned;
use std::fmt;
use std::sync::Arc;

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i128),
    /// A number with a fraction.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A word: one of a parameter's choices, or a block.
    Text(Arc<str>),
    /// Several values.
    List(Arc<[Value]>),
    /// A block with some of its arguments.
    Call(Arc<CallValue>),
    /// How a layer is drawn, where more than a word says it: `normal(0.01)`.
    Init(Init),
    /// Anything else that can be written, which suits no parameter: what a message calls it.
    Other(&'static str),
}

/// A block as a value, some of its arguments given: `se(reduction = 4)`.
#[derive(Debug, Clone, PartialEq)]
pub struct CallValue {
    /// The block.
    pub name: Spanned<String>,
    /// The arguments.
    pub arguments: Vec<Argument>,
    /// Whether the library says so, where the name is then looked for.
    pub is_library: bool,
}

/// An argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// The parameter's name; without one it is for the parameter at its position.
    pub name: Option<Spanned<String>>,
    /// The variable that it was written as: without a name, it is for the parameter that is called so, if there is one.
    pub variable: Option<String>,
    /// Its value.
    pub value: Spanned<Value>,
}

impl Argument {
    /// An argument for the parameter called `name`.
    #[must_use]
    pub fn named(name: Spanned<String>, value: Spanned<Value>) -> Self {
        Self { name: Some(name), variable: None, value }
    }

    /// Whether it is for the parameter called `name`.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|own| own.value == name)
    }
}

impl Value {
    /// How many values it is made of, itself included; no more than `limit` are counted.
    #[must_use]
    pub fn size(&self, limit: usize) -> usize {
        let parts = |parts: &mut dyn Iterator<Item = &Self>| {
            parts.fold(1, |size: usize, part| if size < limit { size + part.size(limit - size) } else { size })
        };
        match self {
            Self::List(items) => parts(&mut items.iter()),
            Self::Call(call) => parts(&mut call.arguments.iter().map(|argument| &argument.value.value)),
            Self::Integer(_) | Self::Float(_) | Self::Boolean(_) | Self::Text(_) | Self::Init(_) | Self::Other(_) => 1,
        }
    }

    /// What a message calls a value of this type.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Call(_) => "a block",
            Self::Init(_) => "an initialisation",
            Self::Other(name) => name,
        }
    }
}

impl Value {
    /// Appends bytes that are the same for two values exactly where these are the same, wherever they were written.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let count = |out: &mut Vec<u8>, count: usize| out.extend((count as u64).to_le_bytes());
        let text = |out: &mut Vec<u8>, text: &str| {
            count(out, text.len());
            out.extend(text.as_bytes());
        };
        match self {
            Self::Integer(value) => {
                out.push(b'i');
                out.extend(value.to_le_bytes());
            }
            Self::Float(value) => {
                out.push(b'f');
                out.extend(value.to_bits().to_le_bytes());
            }
            Self::Boolean(value) => out.extend([b'b', u8::from(*value)]),
            Self::Text(word) => {
                out.push(b't');
                text(out, word);
            }
            Self::List(items) => {
                out.push(b'l');
                count(out, items.len());
                items.iter().for_each(|item| item.encode(out));
            }
            Self::Call(call) => {
                out.extend([b'c', u8::from(call.is_library)]);
                text(out, &call.name.value);
                count(out, call.arguments.len());
                for argument in &call.arguments {
                    text(out, argument.name.as_ref().map_or("", |name| &name.value));
                    text(out, argument.variable.as_deref().unwrap_or_default());
                    argument.value.value.encode(out);
                }
            }
            Self::Init(init) => {
                out.push(b'd');
                text(out, &init.to_string());
            }
            Self::Other(name) => {
                out.push(b'o');
                text(out, name);
            }
        }
    }
}

impl fmt::Display for Value {
    /// As the DSL writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Text(word) if is_name(word) => f.write_str(word),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Other(name) => f.write_str(name),
            Self::List(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Call(call) => write!(f, "{call}"),
            Self::Init(init) => write!(f, "{init}"),
        }
    }
}

impl fmt::Display for CallValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name.value)?;
        write_arguments(&self.arguments, f)
    }
}

/// `(64, stride = 2)`; nothing where there are none.
///
/// # Errors
/// Those of `out`.
pub fn write_arguments(arguments: &[Argument], out: &mut impl fmt::Write) -> fmt::Result {
    for (at, argument) in arguments.iter().enumerate() {
        out.write_str(if at > 0 { ", " } else { "(" })?;
        if let Some(name) = &argument.name {
            write!(out, "{} = ", name.value)?;
        }
        write!(out, "{}", argument.value.value)?;
    }
    if arguments.is_empty() { Ok(()) } else { out.write_str(")") }
}
