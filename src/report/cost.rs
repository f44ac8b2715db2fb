//! The cost by stage as charts.

use super::hue;
use super::view::{Bar, Chart, Count, Share};
use crate::analysis::{self, Analysis, Group, convention};
use crate::back::picture::Text;
use crate::valid::Checked;

/// What each stage has of the parameters, the multiply-accumulates and the activations.
pub(super) fn charts(network: &Checked, analysis: &Analysis, stages: &[Group]) -> Vec<Chart> {
    let by_layer = analysis::by_layer(network, &convention::ACTIVATIONS_FVCORE, analysis.batch);
    let activations = |group: &Group| group.layers.iter().filter_map(|&position| by_layer.get(position)).sum::<u128>();
    vec![
        chart("parameters", "trainable", stages, |group| group.parameters.trainable),
        chart("macs", "multiply-accumulates", stages, |group| group.macs),
        chart("activations", "outputs of convolutions and linear layers", stages, activations),
    ]
}

fn chart(title: &str, unit: &str, stages: &[Group], value: impl Fn(&Group) -> u128) -> Chart {
    let values: Vec<_> = stages.iter().map(value).collect();
    let (whole, most) = (values.iter().sum(), values.iter().copied().max().unwrap_or(0));
    let bar = |(group, &value): (&Group, &u128)| Bar {
        hue: hue(group.place),
        name: Text::new(&group.name),
        value: Count(value),
        share: Share { part: value, whole },
        length: Share { part: value, whole: most },
    };
    Chart {
        title: Text::new(title),
        unit: Text::new(unit),
        whole: Count(whole),
        bars: stages.iter().zip(&values).map(bar).collect(),
    }
}
