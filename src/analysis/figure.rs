//! Figures as people read them: their names, their digits, and in words how one convention differs from another.

use super::rule::{Part, Product};
use super::{Analysis, Count, convention};

/// A figure of a network that stands above all tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What it is called.
    pub name: &'static str,
    /// Its value.
    pub value: u128,
    /// What it is a number of.
    pub unit: Unit,
    /// What it means, in a few words.
    pub meaning: String,
}

/// What a figure is a number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things that are counted.
    Count,
    /// Bytes.
    Bytes,
    /// Pixels of the input.
    Pixels,
}

impl Figure {
    /// Rounded to its decimal unit; nothing where that says nothing.
    #[must_use]
    pub fn rounded(&self) -> String {
        match self.unit {
            Unit::Count => decimal(self.value),
            Unit::Bytes => format!("{}B", decimal(self.value)),
            Unit::Pixels => String::new(),
        }
    }
}

/// The headline figures.
#[must_use]
pub fn headline(analysis: &Analysis) -> Vec<Figure> {
    let Analysis { parameters, memory, receptive_field, .. } = analysis;
    let figure = |unit, name, value, meaning: &str| Figure { name, value, unit, meaning: meaning.to_owned() };
    let count = |name, value, meaning| figure(Unit::Count, name, value, meaning);
    let bytes = |name, value, meaning| figure(Unit::Bytes, name, value, meaning);
    vec![
        count("trainable parameters", parameters.trainable, "what PyTorch's users quote"),
        count("non-trainable parameters", parameters.non_trainable, "batch-norm statistics"),
        count("total parameters", parameters.total(), "what Keras's users quote"),
        count("macs", analysis.macs(), convention::MACS.counts),
        count("flops", analysis.flops(), convention::FLOPS.counts),
        count("activations", analysis.activations(), convention::ACTIVATIONS_FVCORE.counts),
        bytes("weights bytes", memory.weights_bytes, "parameters and statistics"),
        bytes("inference peak bytes", memory.inference_peak_bytes, "the most that live tensors take, weights apart"),
        bytes("training saved bytes", memory.training_saved_bytes, "what a PyTorch step keeps for backward"),
        figure(
            Unit::Pixels,
            "receptive field",
            receptive_field.size,
            &format!("pixels a side, stride {}", grouped(receptive_field.stride)),
        ),
    ]
}

/// Which ops a count has and macs has not, and how much of each: of work, the numbers with a sign add up to the difference.
#[must_use]
pub fn difference(count: &Count, macs: u128) -> String {
    let part = |wanted: Part| count.parts().find(|(part, _)| *part == wanted).map_or(0, |(_, count)| count);
    let products = part(Part::Products);
    let more = |times: u128| format!("+{} ({times} per multiply-accumulate)", grouped((times - 1) * macs));
    let base = match count.convention.rules.convolution {
        Product::Macs(1) => missing(count, macs.saturating_sub(products)),
        Product::Macs(times) => Some(more(times)),
        Product::Training => {
            let spared = (6 * macs).saturating_sub(products);
            Some(format!("{}, -{} gradients that nothing needs", more(6), grouped(spared)))
        }
        Product::Weights => Some("one per element of a matrix".to_owned()),
        Product::Outputs => Some(format!("values, not work: {} of convolutions and linear layers", grouped(products))),
    };
    let extra = count.parts().filter(|(part, _)| *part != Part::Products);
    let terms: Vec<_> =
        base.into_iter().chain(extra.map(|(part, sum)| format!("+{} {}", grouped(sum), part.label()))).collect();
    match terms.as_slice() {
        [] if count.convention.name == convention::MACS.name => "it is macs".to_owned(),
        [] => "it does not: this network has nothing else that it counts".to_owned(),
        terms => terms.join(", "),
    }
}

/// Which multiply-accumulates a count does not have, of `lost` in all.
fn missing(count: &Count, lost: u128) -> Option<String> {
    let unseen = count.unseen().min(lost);
    let parts = [
        (unseen, "of filters that are functions"),
        (lost - unseen, "of linear layers on maps, counted at one position"),
    ];
    let words: Vec<_> =
        parts.iter().filter(|(lost, _)| *lost > 0).map(|(lost, what)| format!("-{} {what}", grouped(*lost))).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// A count with digit groups: `4,089,184,256`.
#[must_use]
pub fn grouped(count: u128) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count rounded to three decimals of its decimal unit: `4.089 G`; nothing below a thousand.
#[must_use]
pub fn decimal(count: u128) -> String {
    let units = [("T", 1_000_000_000_000), ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000_u128)];
    let Some((unit, size)) = units.into_iter().find(|(_, size)| count >= *size) else { return String::new() };
    let thousandths = (count + size / 2000) / (size / 1000);
    format!("{}.{:03} {unit}", grouped(thousandths / 1000), thousandths % 1000)
}

/// A count in three digits, for where there is room for no more: `4.09 G`, `118 M`, `640`.
#[must_use]
pub fn brief(count: u128) -> String {
    let units = [("T", 1_000_000_000_000), ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000_u128)];
    let Some((unit, size)) = units.into_iter().find(|(_, size)| count >= *size) else { return grouped(count) };
    let whole = count / size;
    let (parts, digits) = match whole {
        0..10 => (100, 2),
        10..100 => (10, 1),
        _ => (1, 0),
    };
    let rounded = (count + size / parts / 2) / (size / parts);
    match digits {
        0 => format!("{} {unit}", grouped(rounded)),
        _ => format!("{}.{:0digits$} {unit}", rounded / parts, rounded % parts),
    }
}
