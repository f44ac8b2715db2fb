//! Rewrites of a checked network. Each takes one and returns one, with the [`WeightMap`] that carries weights over; the
//! rewritten graph is checked again, and a test of each shows that the numbers stay.
//!
//! [`WeightMap`]: crate::weights::WeightMap

mod fold;

pub use fold::fold_batch_norm;
