//! The family's outputs against the libraries that its members are named after, in float64.

use crate::family::members;
use crate::golden::assert_golden;
use crate::live::output;
use resnetc::pass::fold_batch_norm;

#[test]
fn every_member_gives_the_outputs_of_its_namesake() {
    for (network, weights, expected) in members() {
        let name = network.graph().name.clone();
        assert_golden(&name, &expected, &output(&network, weights.clone(), 1));
        let (folded, map) = fold_batch_norm(network);
        assert_golden(&format!("{name}, folded"), &expected, &output(&folded, map.apply(&weights), 1));
    }
}
