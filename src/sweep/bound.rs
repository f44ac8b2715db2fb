//! Figures by name, and bounds on them: `macs<=4e9`.

use super::Fault;
use crate::analysis::Figures;
use crate::diagnostic::suggest;
use crate::lang::elsewhere;
use std::str::FromStr;

/// A figure of a network: what `--pareto` and `--where` name, and the columns of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Trainable parameters.
    Parameters,
    /// Trainable parameters and batch-norm statistics.
    TotalParameters,
    /// Multiply-accumulates of convolutions and linear layers.
    Macs,
    /// Twice those.
    Flops,
    /// Output elements of convolutions and linear layers.
    Activations,
    /// Bytes of parameters and statistics.
    WeightsBytes,
    /// The most bytes of live tensors in inference.
    InferencePeakBytes,
    /// The two together: what `max_memory` of a budget bounds.
    Memory,
    /// The bytes that a PyTorch training step keeps for the backward pass.
    TrainingSavedBytes,
    /// The side of the input's window that a value of the last map sees.
    ReceptiveField,
}

impl Figure {
    /// Every figure, in the order in which they are printed.
    pub const ALL: [Self; 10] = [
        Self::Parameters,
        Self::TotalParameters,
        Self::Macs,
        Self::Flops,
        Self::Activations,
        Self::WeightsBytes,
        Self::InferencePeakBytes,
        Self::Memory,
        Self::TrainingSavedBytes,
        Self::ReceptiveField,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::TotalParameters => "total_parameters",
            Self::Macs => "macs",
            Self::Flops => "flops",
            Self::Activations => "activations",
            Self::WeightsBytes => "weights_bytes",
            Self::InferencePeakBytes => "inference_peak_bytes",
            Self::Memory => "memory",
            Self::TrainingSavedBytes => "training_saved_bytes",
            Self::ReceptiveField => "receptive_field",
        }
    }

    /// What it is among `figures`.
    #[must_use]
    pub fn of(self, figures: &Figures) -> u128 {
        match self {
            Self::Parameters => figures.parameters.trainable,
            Self::TotalParameters => figures.parameters.total(),
            Self::Macs => figures.macs,
            Self::Flops => figures.flops,
            Self::Activations => figures.activations,
            Self::WeightsBytes => figures.memory.weights_bytes,
            Self::InferencePeakBytes => figures.memory.inference_peak_bytes,
            Self::Memory => figures.memory_bytes(),
            Self::TrainingSavedBytes => figures.memory.training_saved_bytes,
            Self::ReceptiveField => figures.receptive_field.size,
        }
    }
}

impl FromStr for Figure {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|figure| figure.name() == text);
        found.ok_or_else(|| {
            let fault = Fault::new(format!("there is no figure {}", suggest::quoted(text)));
            let names = || Self::ALL.into_iter().map(Self::name);
            fault.help(match elsewhere::meant(text, names()) {
                Some(near) => format!("write `{near}`"),
                None => format!("expected {}", suggest::list(names())),
            })
        })
    }
}

/// A bound on a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    figure: Figure,
    least: u128,
    most: u128,
}

impl Bound {
    /// Whether `figures` are within it.
    #[must_use]
    pub fn holds(&self, figures: &Figures) -> bool {
        (self.least..=self.most).contains(&self.figure.of(figures))
    }
}

impl FromStr for Bound {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        const HELP: &str = "a bound is a figure, `<=`, `<`, `>=` or `>`, and a number: `macs<=4e9`";
        let wrong = |what: &str| Fault::new(format!("{} is no bound: {what}", suggest::quoted(text))).help(HELP);
        let at = text.find(['<', '>']).ok_or_else(|| wrong("it compares nothing"))?;
        let (figure, rest) = text.split_at(at);
        let figure = figure.trim().parse()?;
        let is_below = rest.starts_with('<');
        let rest = rest.trim_start_matches(['<', '>']);
        let (number, is_strict) = match rest.strip_prefix('=') {
            Some(number) => (number, false),
            None => (rest, true),
        };
        // The whole numbers on both sides of the bound, which are one where it is whole.
        let [below, above] = number_of(number.trim()).ok_or_else(|| wrong("it has no number"))?;
        let no = || Fault::new(format!("{} holds for no number", suggest::quoted(text))).help(HELP);
        let (least, most) = match (is_below, is_strict) {
            (true, false) => (0, below),
            (true, true) => (0, above.checked_sub(1).ok_or_else(no)?),
            (false, false) => (above, u128::MAX),
            (false, true) => (below.checked_add(1).ok_or_else(no)?, u128::MAX),
        };
        Ok(Self { figure, least, most })
    }
}

/// A number that is not negative, rounded down and up.
fn number_of(text: &str) -> Option<[u128; 2]> {
    let plain = text.replace('_', "");
    if let Ok(number) = plain.parse::<u128>() {
        return Some([number; 2]);
    }
    let number: f64 = plain.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole, within the range, and saturates"
    )]
    let whole = |number: f64| number as u128;
    (number.is_finite() && number >= 0.0).then(|| [whole(number.floor()), whole(number.ceil())])
}
