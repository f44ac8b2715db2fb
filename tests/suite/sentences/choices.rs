//! The choices of a dialect that no layer shows: each changes what it says, and nothing else.

use super::answer::shown;
use super::program::Program;
use resnetc::back::{burn, keras};
use resnetc::ir::Op;
use resnetc::valid::Checked;
use resnetc::weights;

/// A network with a convolution, an activation and a linear layer in torchvision's dialect, but for this choice.
fn choosing(choice: &str) -> Checked {
    let body = "{ conv 3x3 (8) norm act conv 3x3 (8) act flatten linear(4) }";
    let text = format!("text: use dialect d dialect d extends torchvision {{ {choice} }} block own() {body}");
    resnetc::compile(&Program::parse_all(&text).unwrap().pop().unwrap().source).unwrap()
}

fn package(network: &Checked) -> String {
    keras::emit(network).unwrap().into_iter().map(|file| file.text).collect()
}

/// The layers whose fresh weights the choice changes, by their ops.
fn drawn_otherwise(choice: &str, than: &str) -> Vec<&'static str> {
    let [one, other] = [choice, than].map(choosing);
    assert_eq!(one.graph().len(), other.graph().len(), "{choice}");
    let [left, right] = [&one, &other].map(|network| weights::init(network, 7));
    let differing = one.parameters().filter(|(parameter, _)| left.get(*parameter) != right.get(*parameter));
    let mut ops: Vec<_> = differing.map(|(parameter, _)| one.layer(parameter.node).node.op.name()).collect();
    ops.dedup();
    ops
}

/// > | `activation` | whether an activation behind a convolution or linear layer is a `layer`, or a `field` of it where a framework has one |
#[test]
fn an_activation_is_a_layer_or_a_field() {
    let [layer, field] = ["activation = layer", "activation = field"].map(choosing);
    assert_eq!(shown(&layer), shown(&field));
    let fields = |network: &Checked| package(network).matches("activation=\"relu\"").count();
    let activations = layer.layers().filter(|layer| matches!(layer.node.op, Op::Activation(_))).count();
    // Of the two, one stands behind a norm, which has no such field.
    assert_eq!((activations, fields(&layer), fields(&field)), (2, 0, 1), "{}", package(&field));
}

/// > | `convolution_init` | how convolutions are drawn: an [initialisation](#initialisation) |
/// >
/// > | `linear_init` | how linear layers are drawn |
#[test]
fn convolutions_and_linear_layers_are_drawn_as_each_is_told() {
    let words = ["kaiming_normal_fan_out", "kaiming_normal_fan_in", "glorot_uniform", "normal(0.01)", "uniform_fan_in"];
    for (at, word) in words.iter().enumerate() {
        let other = words[(at + 1) % words.len()];
        let [convolutions, linears] = ["convolution_init", "linear_init"]
            .map(|field| drawn_otherwise(&format!("{field} = {word}"), &format!("{field} = {other}")));
        assert_eq!(convolutions, ["conv2d"], "{word} and {other}");
        assert_eq!(linears, ["linear"], "{word} and {other}");
    }
}

/// > | `reports` | the parameters that its users quote: `trainable`, or `total`, with batch-norm statistics |
#[test]
fn what_users_quote_changes_no_network() {
    let [one, other] = ["reports = trainable", "reports = total"].map(choosing);
    assert_eq!(shown(&one), shown(&other));
    assert_eq!(one.graph().dialect.reports, resnetc::ir::dialect::Reported::Trainable);
    assert_eq!(other.graph().dialect.reports, resnetc::ir::dialect::Reported::Total);
}

#[test]
fn packages_and_crates_are_called_as_the_network_is() {
    let network = choosing("");
    let name = &network.graph().name;
    let package = keras::emit(&network).unwrap();
    assert!(package.iter().any(|file| file.path.split('/').next() == Some(name)), "no folder `{name}`");
    let crates = burn::emit(&network).unwrap();
    assert!(
        crates
            .iter()
            .any(|file| file.path == format!("{name}/Cargo.toml") && file.text.contains(&format!("name = \"{name}\"")))
    );
}
