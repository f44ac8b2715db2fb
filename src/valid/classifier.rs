//! Which layer of a network gives the classes.

use super::{Checked, Layer};
use crate::ir::op::Activation;
use crate::ir::{Label, NodeId, Op, Place, Shape};

impl Checked {
    /// The layer of the head whose outputs are the classes: the one whose role is `logits`, else the last one with outputs of
    /// its own, where what comes out is a vector of as many features and nothing stands behind it but what makes a vector
    /// of a map and probabilities of numbers.
    #[must_use]
    pub fn classifier(&self) -> Option<NodeId> {
        let chain = self.chain();
        let said = chain.iter().find(|layer| has_outputs(layer) && layer.node.origin.address.role == Label::LOGITS);
        let found = said.or_else(|| self.last_outputs(&chain))?;
        // A map that is flattened as it is has more features than classes.
        (found.output.channels() == self.shape(self.output()).channels()).then_some(found.id)
    }

    /// The layers of the head through which the output comes, the last one first.
    fn chain(&self) -> Vec<Layer<'_>> {
        let mut chain = Vec::new();
        let mut at = Some(self.output());
        while let Some(layer) = at.map(|id| self.layer(id)) {
            let [operand] = layer.operands[..] else { break };
            if layer.node.origin.address.place != Place::Head {
                break;
            }
            at = Some(operand);
            chain.push(layer);
        }
        chain
    }

    fn last_outputs<'c, 'a>(&self, chain: &'c [Layer<'a>]) -> Option<&'c Layer<'a>> {
        let at = chain.iter().position(has_outputs)?;
        let found = chain.get(at)?;
        let behind = chain.get(..at).unwrap_or_default();
        // An activation of a map that is then pooled is the classifier's own (SqueezeNet).
        let is_map = matches!(found.output, Shape::Map { .. });
        let ends = behind.iter().map(|layer| &layer.node.op).all(|op| {
            matches!(
                op,
                Op::Flatten(_)
                    | Op::AdaptivePool(_)
                    | Op::AvgPool(_)
                    | Op::Activation(Activation::Softmax | Activation::Sigmoid)
            ) || is_map && matches!(op, Op::Activation(_))
        });
        (ends && matches!(self.shape(self.output()), Shape::Vector(_))).then_some(found)
    }
}

/// Whether the number of outputs is a layer's own.
fn has_outputs(layer: &Layer<'_>) -> bool {
    matches!(layer.node.op, Op::Linear(_)) || matches!(&layer.node.op, Op::Conv2d(conv) if conv.groups == 1)
}
