//! A value for each node of a graph.

use super::graph::{Graph, NodeId};

/// Values of nodes, found by the node's index. Reading the value of a node that has none is a bug of the caller and panics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeMap<T>(Vec<Option<T>>);

impl<T> NodeMap<T> {
    /// Without a value yet, with room for one of each node of `graph`.
    #[must_use]
    pub fn new(graph: &Graph) -> Self {
        Self(std::iter::repeat_with(|| None).take(graph.bound()).collect())
    }

    /// Gives `node` the value `value`.
    ///
    /// # Panics
    /// Never: there is room for every node.
    pub fn insert(&mut self, node: NodeId, value: T) {
        if self.0.len() <= node.index() {
            self.0.resize_with(node.index() + 1, || None);
        }
        let place = self.0.get_mut(node.index()).expect("there is room for the node");
        *place = Some(value);
    }

    /// The value of `node`, which has one.
    ///
    /// # Panics
    /// If it has none.
    #[must_use]
    pub fn at(&self, node: NodeId) -> &T {
        self.get(node).expect("the node has a value")
    }

    /// The value of `node`, if it has one.
    #[must_use]
    pub fn get(&self, node: NodeId) -> Option<&T> {
        self.0.get(node.index())?.as_ref()
    }
}
