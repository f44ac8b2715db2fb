//! The memory of inference over time: the peak is its largest moment, and what lives adds up to it.

use crate::describe::shipped;
use crate::random::{network, series};
use proptest::prelude::*;
use resnetc::analysis::memory::{inference_peak, live_at, timeline};
use resnetc::source::Source;
use resnetc::valid::Checked;

fn check(network: &Checked) {
    let timeline = timeline(network);
    let nodes: Vec<_> = timeline.iter().map(|moment| moment.node).collect();
    assert_eq!(nodes, network.order());
    let peak = inference_peak(network);
    let first = timeline.iter().find(|moment| moment.elements == peak.elements).unwrap();
    assert_eq!(*first, peak);
    assert!(timeline.iter().all(|moment| moment.elements <= peak.elements));
    for moment in [&peak, timeline.first().unwrap(), timeline.last().unwrap()] {
        let live = live_at(network, moment.node);
        let elements: u128 = live.iter().map(|node| network.shape(*node).elements()).sum();
        assert_eq!(elements, moment.elements);
    }
    // At the end the input and the output are left, and what the last layer reads.
    let live = live_at(network, network.output());
    assert!(live.contains(&network.graph().input().unwrap()));
}

#[test]
fn of_all_that_ships_the_peak_is_the_largest_moment() {
    for path in shipped() {
        let source = Source::new(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        check(&resnetc::compile(&source).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_any_network_too(trees in series(true), blocks in 1..4_u32) {
        check(&network(&[("block", &trees, blocks)]));
    }
}
