use crate::ir::shape::Shape;
use serde::Serialize;

/// Stochastic depth (Huang et al., arXiv 1603.09382): in training a whole image's value is zero with probability `rate`
/// and scaled by 1 / (1 - rate) otherwise; in inference nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DropPath {
    /// The probability, at least 0 and below 1.
    pub rate: f64,
}

impl DropPath {
    pub(super) fn infer(self, input: Shape) -> Shape {
        input
    }
}
