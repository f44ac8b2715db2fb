//! Where the time of a pass goes.

use super::bench::{median, ramp};
use super::model;
use crate::cli::bench::Arguments;
use crate::cli::output::{self, Grid};
use crate::cli::{Failure, Global, memory, say};
use resnetc::analysis::roofline::{Roof, Traffic, traffic};
use resnetc::back::live;
use resnetc::engine::machine::{self, Limits};
use resnetc::engine::{Engine, Options, Planning, size};
use resnetc::ir::{Dtype, NodeId};
use resnetc::valid::Checked;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// A pass over memory.
#[derive(Debug, Serialize)]
struct Row {
    layer: String,
    /// The ops that it computes.
    ops: Vec<&'static str>,
    output_shape: Vec<u64>,
    ms: f64,
    /// Of the whole.
    share: f64,
    /// Floating-point operations of convolutions and linear layers.
    flops: u128,
    gflops_per_second: f64,
    /// The least time by the roofline, as a part of the time that it took; none for what is neither convolution nor linear layer.
    of_bound: Option<f64>,
}

pub(super) fn text(
    arguments: &Arguments,
    checked: Checked,
    options: Options,
    shape: [usize; 4],
    global: Global,
) -> Result<String, Failure> {
    let file = arguments.weights.as_deref();
    // The images stand beside the engine's own copy of them.
    let images = checked.input_shape().elements().saturating_mul(4 * u128::from(arguments.batch));
    let needed = live::estimate(&checked, arguments.batch).saturating_add(images);
    say::granted(live::affordable(needed, memory::free()), None, global)?;
    let options = Options { planning: Planning::Timed, ..options };
    let (network, engine) = model::engine(checked, file, true, options, global)?;
    let images = ramp(shape.iter().product());
    let limits = machine::measure(options);
    let batch = size(arguments.batch);
    let runs = size(arguments.runs.into());
    // The first pass touches everything, and does not count.
    let _ = engine.run(&images, batch);
    let times: Vec<f64> = engine.times(&images, batch, runs).into_iter().map(median).collect();
    let rows = rows(&network, &engine, &times, limits, arguments.batch);
    let total: f64 = times.iter().sum();
    if let Some(text) = grid(&rows).render(arguments.format) {
        let Limits { peak, bandwidth } = limits;
        let machine = format!("{:.0} GFLOP/s, {:.1} GB/s", peak / 1e9, bandwidth / 1e9);
        let head = format!(
            "{}: batch {}, {} threads, {:.2} ms; this machine: {machine}\nbytes: {} planned for values, {} for kernels\n\n",
            network.graph().name,
            arguments.batch,
            options.threads,
            total * 1e3,
            output::grouped(engine.planned_bytes(batch) as u128),
            output::grouped(engine.workspace_bytes(batch) as u128),
        );
        return Ok(if arguments.format == output::Format::Table { head + &text } else { text });
    }
    output::json(&json!({
        "name": network.graph().name,
        "batch": arguments.batch,
        "threads": options.threads,
        "runs": arguments.runs,
        "ms": total * 1e3,
        "peak_flops_per_second": limits.peak,
        "bytes_per_second": limits.bandwidth,
        "planned_bytes": engine.planned_bytes(batch),
        "workspace_bytes": engine.workspace_bytes(batch),
        "layers": rows,
    }))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates to be read"
)]
fn rows(network: &Checked, engine: &Engine, times: &[f64], limits: Limits, batch: u64) -> Vec<Row> {
    let of_layers = traffic(network, Dtype::Float32, u32::try_from(batch).unwrap_or(u32::MAX));
    let traffic: BTreeMap<NodeId, Traffic> = network.order().iter().copied().zip(of_layers).collect();
    let roof = Roof { peak: (limits.peak as u64).max(1), bandwidth: (limits.bandwidth as u64).max(1) };
    let total: f64 = times.iter().sum();
    let row = |(nodes, seconds): (&[NodeId], &f64)| {
        let first = nodes.first().copied().unwrap_or_else(|| network.output());
        let last = nodes.last().copied().unwrap_or(first);
        let moved = traffic.get(&first).copied().unwrap_or_default();
        let bound = roof.bound(moved).seconds;
        let output = network.layer(last).output.dimensions();
        Row {
            layer: network.name(first).to_owned(),
            ops: nodes.iter().map(|node| network.layer(*node).node.op.name()).collect(),
            output_shape: std::iter::once(batch).chain(output).collect(),
            ms: seconds * 1e3,
            share: seconds / total.max(f64::MIN_POSITIVE),
            flops: moved.flops,
            gflops_per_second: moved.flops as f64 / seconds.max(1e-9) / 1e9,
            of_bound: (moved.flops > 0).then(|| bound / seconds.max(1e-9)),
        }
    };
    engine.steps().zip(times).map(row).collect()
}

fn grid(rows: &[Row]) -> Grid {
    let cells = |row: &Row| {
        let shape = row.output_shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
        let rate = if row.flops > 0 { format!("{:.1}", row.gflops_per_second) } else { String::new() };
        vec![
            row.layer.clone(),
            row.ops.join(" + "),
            shape,
            format!("{:.4}", row.ms),
            format!("{:.1} %", row.share * 1e2),
            rate,
            row.of_bound.map_or_else(String::new, |part| format!("{:.0} %", part * 1e2)),
        ]
    };
    Grid {
        header: vec!["layer", "ops", "output shape", "ms", "share", "GFLOP/s", "of the roofline"],
        rows: rows.iter().map(cells).collect(),
        numeric: vec![false, false, true, true, true, true, true],
    }
}
