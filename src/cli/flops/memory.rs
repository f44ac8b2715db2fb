//! The tables of memory: what is needed for what, and the largest batch that fits.

use crate::cli::output::{Grid, decimal, grouped};
use clap::ValueEnum;
use resnetc::analysis::{Analysis, Fit, Need, Needs, Optimizer};
use resnetc::ir::Dtype;
use resnetc::valid::Checked;
use serde::Serialize;
use std::collections::BTreeMap;

/// What weights and values are kept as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Float {
    Float64,
    Float32,
    Bfloat16,
    Float16,
}

impl From<Float> for Dtype {
    fn from(float: Float) -> Self {
        match float {
            Float::Float64 => Self::Float64,
            Float::Float32 => Self::Float32,
            Float::Bfloat16 => Self::Bfloat16,
            Float::Float16 => Self::Float16,
        }
    }
}

fn bytes(count: u128) -> [String; 2] {
    let rounded = decimal(count);
    [grouped(count), if rounded.is_empty() { rounded } else { rounded + "B" }]
}

/// What the tables leave out.
pub(super) const UNCOUNTED: &str =
    "Not counted: the workspace of kernels, what an allocator rounds up or keeps, the framework itself.\n";

/// Every part of the memory, and the sums that inference and training need.
pub(super) fn needs(network: &Checked, analysis: &Analysis, needs: &Needs) -> Grid {
    let batch = u128::from(analysis.batch);
    let peak = network.layer(needs.peak.node);
    let memory = needs.memory(batch);
    let mut rows = vec![
        ("weights", needs.weights(), "parameters and statistics".to_owned()),
        (
            "inference peak",
            memory.inference_peak_bytes,
            format!("live tensors, the most at `{}`, {}", peak.name, peak.node.op.name()),
        ),
        ("inference", needs.inference().bytes(batch), "weights and peak".to_owned()),
        ("gradients", needs.gradients(), "of the trainable parameters".to_owned()),
        ("saved", memory.training_saved_bytes, "what a PyTorch step keeps for backward".to_owned()),
    ];
    for optimizer in Optimizer::ALL {
        let (name, meaning) = match optimizer {
            Optimizer::Sgd => ("training, sgd", "weights, gradients and saved"),
            Optimizer::Momentum => ("training, momentum", "the same, and a number for each trainable parameter"),
            Optimizer::Adam => ("training, adam", "the same, and two numbers for each trainable parameter"),
        };
        rows.push((name, needs.training(optimizer).bytes(batch), meaning.to_owned()));
    }
    let row = |(name, count, meaning): (&str, u128, String)| {
        let [exact, rounded] = bytes(count);
        vec![name.to_owned(), exact, rounded, meaning]
    };
    Grid {
        header: vec!["memory", "bytes", "rounded", "meaning"],
        rows: rows.into_iter().map(row).collect(),
        numeric: vec![false, true, true, false],
    }
}

/// What the network is used for, and what it needs for it.
fn uses(needs: &Needs) -> impl Iterator<Item = (&'static str, Need)> {
    let training = |optimizer: Optimizer| {
        let name = match optimizer {
            Optimizer::Sgd => "training, sgd",
            Optimizer::Momentum => "training, momentum",
            Optimizer::Adam => "training, adam",
        };
        (name, needs.training(optimizer))
    };
    [("inference", needs.inference())].into_iter().chain(Optimizer::ALL.map(training))
}

/// The largest batch for each use.
pub(super) fn fits(needs: &Needs, budget: u128) -> Grid {
    let row = |(name, need): (&str, Need)| {
        let [batch, bytes, left] = match need.largest(budget) {
            Fit::Short(missing) => {
                let left = format!("not even one image fits: {} missing", grouped(missing));
                ["0".to_owned(), grouped(need.bytes(1)), left]
            }
            Fit::Images(batch) => {
                let bytes = need.bytes(batch);
                let left = format!("{} left, an image needs {}", grouped(budget - bytes), grouped(need.per_image));
                [grouped(batch), grouped(bytes), left]
            }
            Fit::Any => {
                let left = format!("{} left, an image needs none", grouped(budget - need.fixed));
                ["any".to_owned(), grouped(need.fixed), left]
            }
        };
        vec![name.to_owned(), batch, bytes, left]
    };
    Grid {
        header: vec!["use", "largest batch", "bytes", "of the budget"],
        rows: uses(needs).map(row).collect(),
        numeric: vec![false, true, true, false],
    }
}

/// Whether a single image fits for any use.
pub(super) fn fits_at_all(needs: &Needs, budget: u128) -> bool {
    uses(needs).any(|(_, need)| !matches!(need.largest(budget), Fit::Short(_)))
}

/// What JSON says of memory.
#[derive(Serialize)]
pub(super) struct Memory<'a> {
    weights_bytes: u128,
    inference_peak_bytes: u128,
    training_saved_bytes: u128,
    dtype: &'static str,
    inference_peak_layer: &'a str,
    inference_bytes: u128,
    gradients_bytes: u128,
    optimizer_bytes: BTreeMap<&'static str, u128>,
    training_bytes: BTreeMap<&'static str, u128>,
}

impl<'a> Memory<'a> {
    pub(super) fn new(network: &'a Checked, needs: &Needs, batch: u128) -> Self {
        let memory = needs.memory(batch);
        let by_optimizer = |bytes: &dyn Fn(Optimizer) -> u128| {
            Optimizer::ALL.into_iter().map(|optimizer| (optimizer.name(), bytes(optimizer))).collect()
        };
        Self {
            weights_bytes: memory.weights_bytes,
            inference_peak_bytes: memory.inference_peak_bytes,
            training_saved_bytes: memory.training_saved_bytes,
            dtype: needs.dtype.name(),
            inference_peak_layer: network.name(needs.peak.node),
            inference_bytes: needs.inference().bytes(batch),
            gradients_bytes: needs.gradients(),
            optimizer_bytes: by_optimizer(&|optimizer| needs.state(optimizer)),
            training_bytes: by_optimizer(&|optimizer| needs.training(optimizer).bytes(batch)),
        }
    }
}

/// What JSON says of a budget.
#[derive(Serialize)]
pub(super) struct Fits {
    budget_bytes: u128,
    inference: Largest,
    training: BTreeMap<&'static str, Largest>,
}

/// A batch and the bytes of it; those of one image where none fits.
#[derive(Serialize)]
struct Largest {
    /// Absent where any batch fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<u128>,
    bytes: u128,
    /// What is missing for one image.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_bytes: Option<u128>,
}

impl Fits {
    pub(super) fn new(needs: &Needs, budget: u128) -> Self {
        let largest = |need: Need| match need.largest(budget) {
            Fit::Short(missing) => Largest { batch: Some(0), bytes: need.bytes(1), missing_bytes: Some(missing) },
            Fit::Images(batch) => Largest { batch: Some(batch), bytes: need.bytes(batch), missing_bytes: None },
            Fit::Any => Largest { batch: None, bytes: need.fixed, missing_bytes: None },
        };
        let training = |optimizer: Optimizer| (optimizer.name(), largest(needs.training(optimizer)));
        Self {
            budget_bytes: budget,
            inference: largest(needs.inference()),
            training: Optimizer::ALL.into_iter().map(training).collect(),
        }
    }
}
