use crate::ir::shape::Shape;
use serde::Serialize;

/// Dropout: in training each element is zero with probability `rate` and scaled by 1 / (1 - rate) otherwise; in
/// inference nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Dropout {
    /// The probability, at least 0 and below 1.
    pub rate: f64,
}

impl Dropout {
    pub(super) fn infer(self, input: Shape) -> Shape {
        input
    }
}
