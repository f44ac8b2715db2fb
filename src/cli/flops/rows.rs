//! The network in parts.

use super::By;
use crate::cli::network::with_batch;
use crate::cli::output::{Grid, grouped};
use resnetc::analysis::group::{Group, percent};
use resnetc::analysis::{self, Analysis, Convention, Level, convention};
use resnetc::ir::Shape;
use resnetc::valid::Checked;

/// The network in parts, each with its share of the chosen count.
pub(super) fn grid(network: &Checked, analysis: &Analysis, chosen: Option<&'static Convention>, by: By) -> Grid {
    let chosen = chosen.filter(|chosen| **chosen != convention::MACS);
    let shares = Shares {
        batch: analysis.batch,
        counts: chosen.map(|chosen| analysis::by_layer(network, chosen, analysis.batch)),
        whole: chosen.map_or(analysis.macs(), |chosen| analysis.count(chosen.name)),
    };
    let ([part, what], rows) = match by {
        By::Stage => (["part", "layers"], shares.of_groups(network, analysis, Level::Stage)),
        By::Block => (["part", "layers"], shares.of_groups(network, analysis, Level::Block)),
        By::Layer => (["layer", "op"], shares.of_layers(network, analysis)),
    };
    let mut header = vec![part, what, "output shape", "total parameters", "macs"];
    let mut numeric = vec![false, by != By::Layer, true, true, true];
    header.extend(chosen.map(|chosen| chosen.name));
    numeric.extend(chosen.map(|_| true));
    header.push("share");
    numeric.push(true);
    Grid { header, rows, numeric }
}

/// What the shares of a table are shares of: macs, or another count with what each layer adds to it.
struct Shares {
    batch: u32,
    counts: Option<Vec<u128>>,
    whole: u128,
}

impl Shares {
    fn of_groups(&self, network: &Checked, analysis: &Analysis, level: Level) -> Vec<Vec<String>> {
        let groups = analysis::group(network, &analysis.layers, level);
        let row = |group: &Group| {
            let what = group.layers.len().to_string();
            let count = self.count(&group.layers);
            self.row([&group.name, &what], group.output, group.parameters.total(), group.macs, count)
        };
        groups.iter().map(row).collect()
    }

    fn of_layers(&self, network: &Checked, analysis: &Analysis) -> Vec<Vec<String>> {
        let row = |(position, layer): (usize, &analysis::Row)| {
            let names = [network.name(layer.node), layer.op];
            self.row(names, layer.output, layer.parameters.total(), layer.macs, self.count(&[position]))
        };
        analysis.layers.iter().enumerate().map(row).collect()
    }

    /// What the layers at `positions` add to the other count, if there is one.
    fn count(&self, positions: &[usize]) -> Option<u128> {
        let counts = self.counts.as_ref()?;
        Some(positions.iter().filter_map(|&position| counts.get(position)).sum())
    }

    fn row(&self, names: [&str; 2], output: Shape, parameters: u128, macs: u128, count: Option<u128>) -> Vec<String> {
        let mut cells = names.map(str::to_owned).to_vec();
        cells.extend([with_batch(self.batch, output), grouped(parameters), grouped(macs)]);
        cells.extend(count.map(grouped));
        cells.push(percent(count.unwrap_or(macs), self.whole));
        cells
    }
}
