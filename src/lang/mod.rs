//! The language of descriptions: what its texts say, as values.
//!
//! [`ast`] is a definition as it was written, with the span of every part; [`value`] is what arguments are. A front end
//! makes them, [`crate::lower`] gives them meaning.

pub mod ast;
pub mod eval;
pub mod function;
pub mod value;

pub use ast::{Block, Definitions};
pub use value::Value;
