use crate::ir::{Graph, NodeId, Op, ParameterKind};
use crate::valid::{self, Checked};
use crate::weights::{Derivation, WeightMap};
use std::collections::BTreeMap;

/// Folds batch norms into the convolutions before them, for inference: (W x + b - mean) gamma / sqrt(variance +
/// epsilon) + beta is a convolution with another kernel and another bias.
///
/// A norm is folded where it is the only reader of a convolution; grouped convolutions and those with a bias fold the
/// same way. Every other norm stays. Folded convolutions keep their names.
///
/// # Panics
/// Never: a folded network has the shapes and a part of the names of the one that was checked.
#[must_use]
pub fn fold_batch_norm(checked: Checked) -> (Checked, WeightMap) {
    let mut graph = checked.into_graph();
    let pairs: BTreeMap<NodeId, (NodeId, f64)> = graph.ids().filter_map(|norm| foldable(&graph, norm)).collect();
    let mut biased = Vec::new();
    let usual = graph.dialect.convolution_init;
    for (&convolution, &(norm, _)) in &pairs {
        if let Some(Op::Conv2d(op)) = graph.get_mut(convolution).map(|node| &mut node.op) {
            biased.extend(op.bias.then_some(convolution));
            op.bias = true;
            // A convolution that was drawn as the dialect says still is, with the bias that it has now.
            op.init = if op.init == usual.of_layer(false) { usual } else { op.init };
        }
        graph.bypass(norm);
    }
    let folded = valid::check(graph).expect("folding keeps the shapes and a part of the names of a checked network");
    let map = folded
        .parameters()
        .map(|(parameter, _)| {
            let Some(&(norm, epsilon)) = pairs.get(&parameter.node) else {
                return (parameter, Derivation::Same(parameter));
            };
            let derivation = if parameter.kind == ParameterKind::Bias {
                let bias = biased.binary_search(&parameter.node).is_ok().then_some(parameter);
                Derivation::FoldedBias { bias, norm, epsilon }
            } else {
                Derivation::ScaledKernel { kernel: parameter, norm, epsilon }
            };
            (parameter, derivation)
        })
        .collect();
    (folded, map)
}

/// If `norm` is a batch norm that alone reads a convolution: the convolution, and the norm with its epsilon.
fn foldable(graph: &Graph, norm: NodeId) -> Option<(NodeId, (NodeId, f64))> {
    let Op::BatchNorm(op) = graph.get(norm)?.op else { return None };
    let convolution = *graph.operands(norm).first()?;
    let alone = graph.readers(convolution) == [norm];
    (alone && matches!(graph.get(convolution)?.op, Op::Conv2d(_))).then_some((convolution, (norm, op.epsilon)))
}
