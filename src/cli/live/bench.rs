//! The measurement.

use super::model;
use super::profile;
use crate::cli::bench::{Arguments, Part};
use crate::cli::output::{self, Grid, grouped};
use crate::cli::{Failure, Global, memory};
use burn::tensor::{Device, Tensor, TensorData};
use resnetc::back::live::Model;
use resnetc::engine::size;
use resnetc::valid::Checked;
use serde_json::json;
use std::time::Instant;

pub(in crate::cli) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    let options = model::options(arguments.engine)?;
    let threads = options.threads;
    let checked = arguments.network.compile(global)?;
    let (name, batch) = (checked.graph().name.clone(), arguments.batch);
    let shape = input_shape(&checked, batch);
    if let Some(Part::Layer) = arguments.by {
        return output::print(&profile::text(arguments, checked, options, shape, global)?);
    }
    let options = if arguments.plain { None } else { Some(options) };
    let model = model::load(checked, arguments.weights.as_deref(), true, batch, options, global)?;
    let median_ms = median(times(&model, shape, arguments.runs));
    #[expect(clippy::cast_precision_loss, reason = "a batch is far below 2^53")]
    let images_per_second = batch as f64 * 1000.0 / median_ms;
    let peak_bytes = memory::kibibytes("/proc/self/status", "VmHWM:").map(|peak| peak * 1024);
    let grid = Grid {
        header: vec!["network", "batch", "threads", "median ms", "images/s", "peak bytes"],
        rows: vec![vec![
            name.clone(),
            batch.to_string(),
            threads.to_string(),
            format!("{median_ms:.2}"),
            format!("{images_per_second:.2}"),
            peak_bytes.map_or_else(|| "unknown".to_owned(), |peak| grouped(peak.into())),
        ]],
        numeric: vec![false, true, true, true, true, true],
    };
    let text = match grid.render(arguments.format) {
        Some(text) => text,
        None => output::json(&json!({
            "name": name,
            "batch": batch,
            "threads": threads,
            "runs": arguments.runs,
            "median_ms": median_ms,
            "images_per_second": images_per_second,
            "peak_bytes": peak_bytes,
        }))?,
    };
    output::print(&text)
}

/// N, C, H, W of a batch for `checked`.
fn input_shape(checked: &Checked, batch: u64) -> [usize; 4] {
    let dimensions = checked.graph().input().map(|input| checked.shape(input).dimensions()).unwrap_or_default();
    let mut shape = [1; 4];
    for (side, value) in shape.iter_mut().zip(std::iter::once(batch).chain(dimensions)) {
        *side = size(value);
    }
    shape
}

/// The time of each pass in milliseconds; the first pass, which touches everything, does not count.
fn times(model: &Model, shape: [usize; 4], runs: u32) -> Vec<f64> {
    let images = Tensor::<4>::from_data(TensorData::new(ramp(shape.iter().product()), shape), &Device::flex());
    let pass = |_| {
        let images = images.clone();
        let start = Instant::now();
        let output = model.forward(images).into_data();
        let elapsed = start.elapsed().as_secs_f64() * 1000.0;
        drop(output);
        elapsed
    };
    (0..=runs).map(pass).skip(1).collect()
}

/// The median, of an even count the mean of the middle two.
pub(super) fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    let above = times.get(middle).copied().unwrap_or_default();
    let below = if times.len().is_multiple_of(2) { times.get(middle - 1).copied().unwrap_or(above) } else { above };
    f64::midpoint(above, below)
}

/// The same input every time: values spread over [-1, 1) (Weyl's sequence of the golden ratio).
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "any values near these will do")]
pub(super) fn ramp(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i as f64 * 0.618_033_988_749_895).fract() * 2.0 - 1.0) as f32).collect()
}
