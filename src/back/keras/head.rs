//! The head: what of it is the top, which may be left out, and which layer gives the classes.

use super::flatten::Order;
use super::known::Known;
use super::python::{Indent, PyIdent, PyNumber, PyStr};
use super::view::{Defaults, Layer, Line, MadeFor, Needs, Statement};
use crate::ir::graph::Fixed;
use crate::ir::op::{AdaptivePool, PoolKind};
use crate::ir::{Address, Label, NodeId, Op, Place, Shape};
use crate::outline::Step;
use crate::valid::Checked;
use std::collections::BTreeSet;

/// The steps after the stages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    /// What belongs to the feature map: the norm and activation after pre-activated blocks, say.
    pub(super) neck: &'a [Step],
    /// What makes of the map a vector, and of that the classes; empty where `pooling` says all that there is.
    pub(super) top: &'a [Step],
    /// How the map is pooled where that is all.
    pooling: Option<PoolKind>,
}

impl<'a> Head<'a> {
    /// `steps` in two: the top begins where the map is pooled to a size, flattened, dropped from or classified.
    pub(super) fn of(network: &Checked, order: &Order, classifier: Option<NodeId>, steps: &'a [Step]) -> Self {
        let begins = |step: &Step| {
            let node = step.item().node;
            let vector = matches!(network.shape(node), Shape::Vector(_));
            let pools = matches!(step.item().op, Op::AdaptivePool(_) | Op::Dropout(_));
            vector || pools || order.is_pooled(node) || classifier == Some(node)
        };
        let at = steps.iter().position(begins).unwrap_or(steps.len());
        let (neck, top) = steps.split_at_checked(at).unwrap_or((steps, &[]));
        let ops: Vec<_> = top.iter().map(|step| &step.item().op).collect();
        match ops.as_slice() {
            [Op::AdaptivePool(pool), Op::Flatten(_)] if pool.is_global() => {
                Self { neck, top: &[], pooling: Some(pool.kind) }
            }
            _ => Self { neck, top, pooling: None },
        }
    }

    /// The defaults of the network's function.
    pub(super) fn defaults(&self, network: &Checked, classifier: Option<NodeId>, needs: &Needs) -> Defaults {
        let [height, width] = network.input_shape().size().unwrap_or_default();
        let channels = network.input_shape().channels();
        let [height, width, channels] = [height, width, channels].map(PyNumber::Literal);
        let classes = classifier.map(|node| PyNumber::Literal(network.shape(node).channels()));
        let made_for = match network.graph().fixed {
            Fixed { channels: true, size: true } => Some(MadeFor::Both),
            Fixed { channels: true, size: false } => Some(MadeFor::Channels),
            Fixed { channels: false, size: true } => Some(MadeFor::Size),
            Fixed { channels: false, size: false } => None,
        };
        Defaults {
            include_top: !self.top.is_empty(),
            height,
            width,
            channels,
            pooling: self.pooling,
            is_poolable: self.pooling.is_some() || matches!(network.shape(self.body_end(network)), Shape::Map { .. }),
            classes,
            made_for,
            is_sized: needs.window_pool || needs.path_softmax || needs.blur || !needs.adaptive_pools.is_empty(),
        }
    }

    /// The node that the top reads.
    fn body_end(&self, network: &Checked) -> NodeId {
        let first = self.top.first().map(first_of);
        let read = first.and_then(|node| network.layer(node).operands.first().copied());
        read.unwrap_or_else(|| network.output())
    }
}

/// A node of `step` that reads what is before it.
fn first_of(step: &Step) -> NodeId {
    match step {
        Step::Item(item) => item.node,
        Step::Join { branches, item } => branches.iter().find_map(|branch| branch.first()).map_or(item.node, first_of),
    }
}

/// The pool that stands in the top's place.
pub(super) fn pool(known: &Known<'_>, top: &BTreeSet<NodeId>, kind: PoolKind) -> Statement {
    let role = match kind {
        PoolKind::Average => Label::POOL,
        PoolKind::Maximum => Label::MAX_POOL,
    };
    let address = Address { place: Place::Head, branch: Label::HEAD, unit: 0, role, sequence: 0 };
    let name = known.network.graph().name_of(&address, &Op::AdaptivePool(AdaptivePool { kind, output: [1, 1] }));
    let of_top = top.iter().any(|node| known.network.name(*node) == name);
    let name = PyStr::new(&if of_top { name } else { known.unused(&name) });
    let x = PyIdent::fresh("x");
    let layer = Layer::GlobalPool { kind, keep: false };
    Statement { indent: Indent(2), line: Line::Layer { target: x.clone(), operand: x, name, layer } }
}
