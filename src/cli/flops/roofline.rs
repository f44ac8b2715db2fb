//! The roofline of a machine: its limits, and the least time that a network takes on it.

use super::memory::Float;
use crate::cli::network::Network;
use crate::cli::output::{Grid, decimal, grouped};
use crate::cli::{Failure, Global, files, say};
use resnetc::analysis::Needs;
use resnetc::analysis::roofline::{self, Bound, Roof, Traffic};
use resnetc::diagnostic::Report;
use resnetc::front::toml::parse_machine;
use resnetc::ir::Dtype;
use resnetc::valid::Checked;
use serde::Serialize;
use std::path::Path;

/// A machine in one dtype.
#[derive(Debug)]
pub(super) struct Machine {
    name: String,
    roof: Roof,
}

/// What each layer moves, and how long it takes at least where there is a machine.
pub(super) struct Roofline<'a> {
    pub(super) machine: Option<&'a Machine>,
    traffic: Vec<Traffic>,
    dtype: Dtype,
}

/// Reads the machine's file and takes from it what concerns `dtype`.
pub(super) fn read(path: &Path, network: &Network, dtype: Float, global: Global) -> Result<Machine, Failure> {
    files::one_standard_input([network.file(), &path.to_owned()])?;
    let source = files::read_description(path)?;
    let dtype = Dtype::from(dtype);
    let machine = parse_machine(&source).and_then(|machine| {
        let peak = machine.peak(dtype.name()).map_err(|error| Report::from(*error))?;
        Ok(Machine { name: machine.name.value, roof: Roof { peak, bandwidth: machine.bandwidth.value } })
    });
    say::answered(machine, &source, global)
}

impl<'a> Roofline<'a> {
    pub(super) fn new(network: &Checked, needs: &Needs, batch: u32, machine: Option<&'a Machine>) -> Self {
        Self { machine, traffic: roofline::traffic(network, needs.dtype, batch), dtype: needs.dtype }
    }

    /// What the layers at `positions` do and move.
    pub(super) fn traffic(&self, positions: &[usize]) -> Traffic {
        positions.iter().filter_map(|&position| self.traffic.get(position)).copied().sum()
    }

    /// The bound of the layers at `positions`, if there is a machine.
    pub(super) fn bound(&self, positions: &[usize]) -> Option<Bound> {
        let roof = self.machine?.roof;
        let layers = positions.iter().filter_map(|&position| self.traffic.get(position));
        Some(layers.map(|layer| roof.bound(*layer)).sum())
    }

    fn all(&self) -> Vec<usize> {
        (0..self.traffic.len()).collect()
    }

    /// The machine and the network on it.
    pub(super) fn grid(&self) -> Option<Grid> {
        let (Machine { name, roof }, bound) = (self.machine?, self.bound(&self.all())?);
        let traffic = self.traffic(&self.all());
        let intensity = traffic.intensity().map_or_else(String::new, significant);
        let waiting = format!("of {} convolutions and linear layers: {} of the bound", bound.layers, share(&bound));
        let rows = [
            ("peak", decimal(roof.peak.into()), format!("FLOP/s of {name} in {}", self.dtype.name())),
            ("bandwidth", decimal(roof.bandwidth.into()), "bytes/s of its memory".to_owned()),
            ("ridge point", significant(roof.ridge()), "FLOP/byte below which memory is the bound".to_owned()),
            ("bytes moved", grouped(traffic.bytes), "weights, inputs and outputs, each once".to_owned()),
            ("arithmetic intensity", intensity, "FLOP/byte of convolutions and linear layers".to_owned()),
            ("memory-bound layers", grouped(bound.memory_layers as u128), waiting),
            (
                "lower bound",
                milliseconds(&bound),
                "ms of latency: the sum over layers of the larger of flops / peak and bytes / bandwidth".to_owned(),
            ),
        ];
        Some(Grid {
            header: vec!["roofline", "value", "meaning"],
            rows: rows.map(|(name, value, meaning)| vec![name.to_owned(), value, meaning]).to_vec(),
            numeric: vec![false, true, false],
        })
    }

    pub(super) fn json(&self) -> Option<Json<'a>> {
        let (Machine { name, roof }, bound) = (self.machine?, self.bound(&self.all())?);
        Some(Json {
            machine: name,
            dtype: self.dtype.name(),
            peak_flops_per_second: roof.peak,
            bandwidth_bytes_per_second: roof.bandwidth,
            ridge_point: roof.ridge(),
            lower_bound_ms: 1e3 * bound.seconds,
            memory_bound_ms: 1e3 * bound.memory_seconds,
            layers: bound.layers,
            memory_bound_layers: bound.memory_layers,
        })
    }
}

/// What JSON says of a network on a machine.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    machine: &'a str,
    dtype: &'static str,
    peak_flops_per_second: u64,
    bandwidth_bytes_per_second: u64,
    ridge_point: f64,
    lower_bound_ms: f64,
    memory_bound_ms: f64,
    layers: usize,
    memory_bound_layers: usize,
}

/// The cells of a row: intensity, least time, which part of it is for memory; empty where there is nothing to compute.
pub(super) fn cells(traffic: Traffic, bound: &Bound) -> [String; 3] {
    if bound.layers == 0 {
        return [const { String::new() }; 3];
    }
    [traffic.intensity().map_or_else(String::new, significant), milliseconds(bound), share(bound)]
}

fn milliseconds(bound: &Bound) -> String {
    significant(1e3 * bound.seconds)
}

/// The part of a bound that is for memory.
fn share(bound: &Bound) -> String {
    if bound.seconds > 0.0 { format!("{:.1} %", 100.0 * bound.memory_seconds / bound.seconds) } else { String::new() }
}

/// A positive number with four digits that count, none of them behind the point from 1,000 on: `64.32`, `0.001235`.
fn significant(number: f64) -> String {
    let mut decimals = 3_usize;
    let mut rest = number;
    while rest >= 10.0 && decimals > 0 {
        (rest, decimals) = (rest / 10.0, decimals - 1);
    }
    while rest < 1.0 && rest > 0.0 && decimals < 12 {
        (rest, decimals) = (rest * 10.0, decimals + 1);
    }
    format!("{number:.decimals$}")
}
