//! The intermediate representation: a graph of ops with pinned semantics.
//!
//! [`Graph`] is a network as a directed graph of [`Op`]s; [`Shape`] is what flows along its edges; [`Address`] says
//! where in the network a node stands, and a [`Dialect`]'s name table turns that into the names of layers and weights.
//! Nothing here knows a front end or a back end.

pub mod address;
pub mod dialect;
pub mod dtype;
pub mod graph;
pub mod init;
pub mod label;
pub mod names;
pub mod node_map;
pub mod op;
pub mod parameter;
pub mod shape;
pub mod spelling;
pub mod stretch;

pub use address::{Address, Place};
pub use dialect::Dialect;
pub use dtype::Dtype;
pub use graph::{Graph, Node, NodeId, Operands, Origin};
pub use init::{BiasDraw, Distribution, Draw, Init};
pub use label::Label;
pub use node_map::NodeMap;
pub use op::Op;
pub use parameter::{Extents, Parameter, ParameterKind};
pub use shape::{Shape, ShapeError, Sides};
pub use spelling::Spelling;
pub use stretch::Stretch;
