//! Blocks, stems, heads and a dialect that the library does not have, as a stranger would write them.
//!
//! Their numbers through Keras and burn source stand with those of every other network, in `keras_family` and
//! `burn_source`; here are their counts, against the same networks written in PyTorch by hand, and their shape as code.

use crate::describe::shipped;
use resnetc::analysis::analyse;
use resnetc::back::{burn, fingerprint, keras};
use resnetc::ir::dialect::PaddingStyle;
use resnetc::ir::{Op, op};
use resnetc::source::Source;
use resnetc::valid::Checked;
use resnetc::weights;

/// The description `tests/strangers/FILE`.
pub fn stranger(file: &str) -> Checked {
    let path = format!("{}/tests/strangers/{file}", env!("CARGO_MANIFEST_DIR"));
    let source = Source::new(file, std::fs::read_to_string(path).unwrap());
    resnetc::compile(&source)
        .unwrap_or_else(|report| panic!("{}", resnetc::diagnostic::render::text(&report, &source, false)))
}

/// All of them.
pub fn networks() -> Vec<Checked> {
    ["towers.resnet", "gated.resnet", "attention.toml"].map(stranger).to_vec()
}

#[test]
fn they_have_the_parameters_and_the_work_of_the_same_networks_in_pytorch() {
    // Trainable parameters and multiply-accumulates of convolutions and linear layers, by PyTorch's own modules.
    let expected = [18_522, 10_475, 7_230].into_iter().zip([2_777_816, 415_636, 5_070_384]);
    for (network, (parameters, macs)) in networks().iter().zip(expected) {
        let cost = analyse(network, 1);
        assert_eq!((cost.parameters.trainable, cost.macs()), (parameters, macs), "{}", network.graph().name);
        assert!(network.warnings.is_empty());
    }
}

#[test]
fn a_block_of_theirs_becomes_one_function_and_one_struct() {
    for (network, block, ty) in networks()
        .iter()
        .zip(["branches", "cell", "splat"])
        .zip(["Branches", "Cell", "Splat"])
        .map(|((network, block), ty)| (network, block, ty))
    {
        let python: String = keras::emit(network).unwrap().into_iter().map(|file| file.text).collect();
        let functions: Vec<_> = python.lines().filter(|line| line.starts_with(&format!("def {block}"))).collect();
        assert!(!functions.is_empty(), "{block}");
        let rust: String = burn::emit(network).unwrap().into_iter().map(|file| file.text).collect();
        let structs: Vec<_> = rust
            .lines()
            .filter(|line| line.starts_with(&format!("pub struct {ty}")) && !line.contains("Config"))
            .collect();
        assert!(!structs.is_empty(), "{ty}");
        assert_eq!(functions.len(), structs.len(), "{functions:?} {structs:?}");
    }
}

#[test]
fn a_dialect_of_theirs_is_obeyed() {
    let network = stranger("gated.resnet");
    let dialect = &network.graph().dialect;
    assert_eq!(
        (dialect.name.as_str(), dialect.padding, dialect.convolution_bias),
        ("house", PaddingStyle::Layer, false)
    );
    for layer in network.layers() {
        if let Op::BatchNorm(op::BatchNorm { epsilon, momentum, .. }) = layer.node.op {
            assert_eq!([epsilon, momentum], [1e-3, 0.1]);
        }
    }
    let names: Vec<_> = weights::expected(&network).into_iter().map(|entry| entry.name).collect();
    for name in [
        "first.weight",
        "bn1.running_mean",
        "cells.0.step1.weight",
        "cells.2.side.0.weight",
        "cells.2.side.1.bias",
        "cells.4.norm2.weight",
        "cells.4.scale.restore3.bias",
        "decision.weight",
    ] {
        assert!(names.iter().any(|known| known == name), "{name} is not among {names:?}");
    }
    // Padding is a layer of its own before what is strided.
    assert_eq!(network.layers().filter(|layer| matches!(layer.node.op, Op::Pad(_))).count(), 3);
    // Paths drop the more the deeper they stand, and the number is the block's in the network.
    let rates: Vec<_> = network
        .layers()
        .filter_map(|layer| match layer.node.op {
            Op::DropPath(op::DropPath { rate }) => Some((rate * 100.0).round() / 100.0),
            _ => None,
        })
        .collect();
    assert_eq!(rates, [0.0, 0.04, 0.08, 0.12, 0.16]);
}

#[test]
fn a_copy_of_the_library_in_a_description_is_the_same_network() {
    let library: String = ["blocks", "stems", "heads", "parts"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(format!("{}/library/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap())
        .map(|entry| entry.unwrap().path())
        // The block that does nothing is a word of the language: no description can have one of its own.
        .filter(|path| path.file_stem().is_some_and(|name| name != "none"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    for path in shipped().into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "resnet")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let [own, copied] = [text.clone(), text + &library].map(|text| {
            let source = Source::new(path.display().to_string(), text);
            resnetc::compile(&source)
                .unwrap_or_else(|report| panic!("{}", resnetc::diagnostic::render::text(&report, &source, false)))
        });
        assert_eq!(fingerprint(&copied), fingerprint(&own), "{}", path.display());
    }
}

#[test]
fn a_block_whose_own_name_ends_in_a_number_is_no_form_of_another() {
    let blocks =
        "block cell(k: channels) { conv 3x3 (k) norm act }\nblock cell_2(k: channels) { conv 1x1 (k) norm act }";
    let files = keras::emit(&network("stage cell(16)\n stage cell_2(16)", blocks)).unwrap();
    for kind in ["`cell`.", "`cell_2`."] {
        assert!(files[0].text.contains(&format!("A block of kind {kind}\n")), "{}", files[0].text);
    }
}

/// A network of these statements and blocks.
fn network(stages: &str, blocks: &str) -> Checked {
    let text = format!(
        "use dialect torchvision\nnetwork own {{\n input 3 x 32 x 32\n stem cifar(16)\n {stages}\n \
         head classifier(10, pool = avg)\n}}\n{blocks}"
    );
    let source = Source::new("own.resnet", text);
    resnetc::compile(&source)
        .unwrap_or_else(|report| panic!("{}", resnetc::diagnostic::render::text(&report, &source, false)))
}

#[test]
fn a_stride_by_default_is_for_the_first_block_as_one_that_is_said() {
    let block = "block b(filters: channels, stride: integer(1..2) = 2) { conv 3x3 (filters, stride) norm act }";
    let [by_default, said] = ["stage b(16) * 3", "stage b(16) * 3 stride 2"].map(|stages| network(stages, block));
    assert_eq!(fingerprint(&by_default), fingerprint(&said));
    assert!(by_default.layers().any(|layer| layer.output.dimensions() == [16, 16, 16]));
    assert!(!by_default.layers().any(|layer| layer.output.dimensions() == [16, 8, 8]));
}

#[test]
fn previous_is_what_the_stage_before_had_whether_said_or_by_default() {
    let blocks = "block wide(k: channels = 2 * channels) { conv 3x3 (k) norm act }\n\
                  block after() { conv 1x1 (previous(k, 5)) norm act }";
    let channels = |network: Checked| -> Vec<u64> {
        let convolutions = network.layers().filter(|layer| matches!(layer.node.op, Op::Conv2d(_)));
        convolutions.map(|layer| layer.output.channels()).collect()
    };
    assert_eq!(channels(network("stage wide() * 2\n stage after()", blocks)), [16, 32, 64, 32]);
    assert_eq!(channels(network("stage wide(24) * 1\n stage after()", blocks)), [16, 24, 24]);
    assert_eq!(channels(network("stage after()", blocks)), [16, 5]);
}

#[test]
fn an_argument_is_for_one_parameter_wherever_it_is_written() {
    let block = |body: &str| format!("block b() {{ let divisor = 4\n conv 3x3 (16) norm {body} }}");
    let prints = ["se(divisor)", "let gate = se(divisor) gate()", "se(divisor = 4)"]
        .map(|body| fingerprint(&network("stage b()", &block(body))));
    assert_eq!(prints[0], prints[1]);
    assert_eq!(prints[0], prints[2]);
}
