//! The description of a network, whichever front end read it.
//!
//! Every front end ends here, and everything after starts here: a [`Spec`] is what was written, with the span of every
//! value. Its words and numbers are not yet checked against the library: [`crate::lower::lower`] does that, once for all
//! front ends. A front end that has reported something puts a placeholder in its place, a value that nothing refuses,
//! so that the rest can still be checked and no error is the consequence of another.

pub mod depth;
pub mod machine;
pub mod name;

use crate::diagnostic::suggest::Words;
use crate::lang::Definitions;
pub use crate::lang::value::{Argument, CallValue, Value};
use crate::source::{Span, Spanned};
pub use machine::Machine;
use std::sync::Arc;

/// A network as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// The network's name, which [`name::check`] judges.
    pub name: Spanned<String>,
    /// The dialect's name.
    pub dialect: Spanned<String>,
    /// The input's shape.
    pub input: Input,
    /// The stem: a block of the library that stands once, before the stages.
    pub stem: Call,
    /// The block and the arguments that every stage has unless it says otherwise.
    pub defaults: Option<Call>,
    /// The stages, in order.
    pub stages: Vec<Stage>,
    /// What follows the stages: a block that stands once.
    pub head: Call,
    /// The figures that the network must have.
    pub expect: Expect,
    /// The figures that it must not exceed.
    pub budget: Budget,
    /// The blocks, dialects and names that it defines for itself.
    pub definitions: Arc<Definitions>,
    /// The language that it is written in.
    pub form: Form,
}

impl Spec {
    /// Whether nothing follows the stages, which both languages say by saying nothing.
    #[must_use]
    pub fn has_no_head(&self) -> bool {
        self.head.kind.name().is_some_and(|kind| kind.value == "none") && self.head.arguments.is_empty()
    }
}

/// The input of a network: N x `channels` x `height` x `width`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// C.
    pub channels: Spanned<u64>,
    /// H.
    pub height: Spanned<u64>,
    /// W.
    pub width: Spanned<u64>,
}

/// A block of the library and the arguments it gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The block.
    pub kind: Kind,
    /// The arguments in the order in which they were written.
    pub arguments: Vec<Argument>,
    /// The table or statement that makes the call.
    pub span: Span,
}

/// The block that a call names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// This one.
    Named(Spanned<String>),
    /// None: the defaults name it.
    Absent,
    /// What stands there is no name, and is reported.
    Refused,
}

impl Kind {
    /// The name, where there is one.
    #[must_use]
    pub fn name(&self) -> Option<&Spanned<String>> {
        match self {
            Self::Named(name) => Some(name),
            Self::Absent | Self::Refused => None,
        }
    }
}

/// A run of equal blocks; the first takes the stage's stride.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The block and its own arguments, `stride` among them.
    pub call: Call,
    /// How many there are, if it is written.
    pub blocks: Option<Spanned<u64>>,
}

impl Stage {
    /// How many blocks it has; none where it is not written.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.blocks.map_or(0, |blocks| blocks.value)
    }
}

impl Form {
    /// How it writes words.
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Self::Toml => Words::Quoted,
            Self::Dsl => Words::Bare,
        }
    }
}

/// The language in which a description is written: how a message writes an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Tables: `shortcut = "B"`.
    Toml,
    /// Programs: `shortcut = B`.
    Dsl,
}

/// Figures that a description states; the compiler refuses a network that does not have them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    /// Trainable parameters.
    pub parameters: Option<Spanned<u64>>,
    /// Trainable parameters and batch-norm statistics.
    pub total_parameters: Option<Spanned<u64>>,
    /// Multiply-accumulates of convolutions and linear layers, batch 1, at the description's own input.
    pub macs: Option<Spanned<u64>>,
}

impl Expect {
    /// Each figure's name, and the figure if it is stated.
    #[must_use]
    pub fn figures(&self) -> [(&'static str, Option<u64>); 3] {
        [("parameters", self.parameters), ("total_parameters", self.total_parameters), ("macs", self.macs)]
            .map(|(name, figure)| (name, figure.map(|figure| figure.value)))
    }
}

impl Budget {
    /// Each figure's name, and the figure if it is stated.
    #[must_use]
    pub fn figures(&self) -> [(&'static str, Option<u64>); 3] {
        [("max_parameters", self.max_parameters), ("max_macs", self.max_macs), ("max_memory", self.max_memory)]
            .map(|(name, figure)| (name, figure.map(|figure| figure.value)))
    }
}

/// Figures that a network must not exceed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// Trainable parameters.
    pub max_parameters: Option<Spanned<u64>>,
    /// Multiply-accumulates, batch 1, at the description's own input.
    pub max_macs: Option<Spanned<u64>>,
    /// Bytes that inference needs at the description's own input, batch 1: the weights and the peak of live tensors.
    pub max_memory: Option<Spanned<u64>>,
}
