//! Memory by dtype and by use: what PyTorch itself keeps, and the largest batch for a budget.

use crate::describe::{compile, file, vgg};
use assert_cmd::Command;
use proptest::prelude::*;
use resnetc::analysis::{Fit, Need, Needs, Optimizer, analyse};
use resnetc::ir::Dtype;

fn needs(text: &str, dtype: Dtype) -> Needs {
    analyse(&compile(text), 1).needs.of(dtype)
}

/// PyTorch 2.15, torchvision 0.29 models with that default dtype, batch 2 of 224 x 224: storages that `saved_tensors_hooks`
/// sees, parameters apart, of tensors on a CUDA device under `FakeTensorMode`.
#[test]
fn training_keeps_what_pytorch_keeps_in_every_dtype() {
    let saved = |text: &str| Dtype::ALL.map(|dtype| needs(text, dtype).memory(2).training_saved_bytes);
    assert_eq!(saved(&file("resnet18")), [85_584_896, 44_398_080, 23_823_872, 23_823_872]);
    assert_eq!(saved(&file("resnet50")), [340_851_712, 172_031_488, 87_727_616, 87_727_616]);
    let vgg16_bn = vgg([2, 2, 3, 3, 3], true, [3, 224, 224]);
    assert_eq!(saved(&vgg16_bn), [485_648_384, 255_075_328, 139_805_696, 139_805_696]);
}

/// PyTorch 2.15, torchvision 0.29 models after one step: bytes of all `grad`, and of all tensors in the state of
/// `optim.SGD`, of `optim.SGD` with momentum and of `optim.Adam`, its steps apart.
#[test]
fn an_optimiser_keeps_what_that_of_pytorch_keeps() {
    for (model, dtype, gradients, states) in [
        ("resnet18", Dtype::Float32, 46_758_048, [0, 46_758_048, 93_516_096]),
        ("resnet18", Dtype::Bfloat16, 23_379_024, [0, 23_379_024, 46_758_048]),
        ("resnet50", Dtype::Float32, 102_228_128, [0, 102_228_128, 204_456_256]),
        ("resnet50", Dtype::Float16, 51_114_064, [0, 51_114_064, 102_228_128]),
        ("resnet50", Dtype::Float64, 204_456_256, [0, 204_456_256, 408_912_512]),
    ] {
        let needs = needs(&file(model), dtype);
        assert_eq!(needs.gradients(), gradients);
        assert_eq!(Optimizer::ALL.map(|optimizer| needs.state(optimizer)), states);
    }
}

/// The same: bytes of parameters and of buffers, the counters of batches apart.
#[test]
fn weights_are_parameters_and_statistics_in_the_dtype() {
    let weights = Dtype::ALL.map(|dtype| needs(&file("resnet50"), dtype).weights());
    assert_eq!(weights, [204_456_256 + 424_960, 102_228_128 + 212_480, 51_114_064 + 106_240, 51_114_064 + 106_240]);
}

#[test]
fn the_parts_add_up_to_what_a_use_needs() {
    let needs = needs(&file("resnet50"), Dtype::Float32);
    // 25,610,152 weights, and at the peak 7,827,456 bytes an image.
    assert_eq!(needs.inference(), Need { fixed: 102_440_608, per_image: 7_827_456 });
    // Weights, 25,557,032 gradients and a number of the momentum for each; 172,031,488 bytes at batch 2, of which
    // 4 x 2 x 26,560 are means and deviations of the batch.
    let saved = (172_031_488 - 212_480) / 2;
    let momentum = Need { fixed: 102_440_608 + 2 * 102_228_128 + 212_480, per_image: saved };
    assert_eq!(needs.training(Optimizer::Momentum), momentum);
    assert_eq!(needs.training(Optimizer::Sgd).fixed, momentum.fixed - 102_228_128);
    assert_eq!(needs.training(Optimizer::Adam).fixed, momentum.fixed + 102_228_128);
}

#[test]
fn a_budget_that_holds_no_image_says_what_is_missing() {
    let need = Need { fixed: 100, per_image: 7 };
    assert_eq!(need.largest(106), Fit::Short(1));
    assert_eq!(need.largest(107), Fit::Images(1));
    assert_eq!(need.largest(113), Fit::Images(1));
    assert_eq!(need.largest(114), Fit::Images(2));
    assert_eq!(Need { fixed: 100, per_image: 0 }.largest(100), Fit::Any);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_largest_batch_fits_and_one_more_does_not(fixed in 0..1_u128 << 60, per_image in 1..1_u128 << 50, budget in 0..1_u128 << 64) {
        let need = Need { fixed, per_image };
        match need.largest(budget) {
            Fit::Images(batch) => {
                prop_assert!(need.bytes(batch) <= budget);
                prop_assert!(need.bytes(batch + 1) > budget);
            }
            Fit::Short(missing) => prop_assert_eq!(need.bytes(1) - missing, budget),
            Fit::Any => prop_assert!(false),
        }
    }
}

fn resnetc(arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("resnetc").unwrap().current_dir(crate::describe::architectures()).args(arguments).assert()
}

fn shown(arguments: &[&str], code: i32) -> String {
    let output = resnetc(arguments).code(code).get_output().stdout.clone();
    format!("$ resnetc {}\n{}", arguments.join(" "), String::from_utf8(output).unwrap())
}

#[test]
fn memory_is_said_part_by_part() {
    insta::assert_snapshot!(shown(&["flops", "resnet50.toml", "--memory", "--batch", "32"], 0));
    insta::assert_snapshot!(shown(
        &["flops", "resnet50.toml", "--memory", "--dtype", "bfloat16", "--format", "csv"],
        0
    ));
}

#[test]
fn the_largest_batch_is_said_for_every_use() {
    insta::assert_snapshot!(shown(&["flops", "resnet50.toml", "--fits", "16GiB", "--format", "markdown"], 0));
    // Weights alone are 553,430,176 bytes.
    insta::assert_snapshot!(shown(&["flops", "vgg16.toml", "--fits", "0.5GiB", "--format", "csv"], 1));
}

#[test]
fn a_budget_for_inference_alone_is_an_answer() {
    let text = shown(&["flops", "vgg16.toml", "--fits", "600MB", "--format", "json"], 0);
    let json: serde_json::Value = serde_json::from_str(text.split_once('\n').unwrap().1).unwrap();
    assert_eq!(json["fits"]["budget_bytes"], 600_000_000);
    // 553,430,176 bytes of weights; the first two convolutions of 64 x 224 x 224 and the input: 26,292,224 an image.
    assert_eq!(json["fits"]["inference"], serde_json::json!({ "batch": 1, "bytes": 579_722_400 }));
    assert_eq!(json["fits"]["training"]["adam"]["batch"], 0);
    assert_eq!(json["memory"]["inference_peak_layer"], "features.2");
}

#[test]
fn amounts_are_read_as_people_write_them() {
    for (amount, bytes) in [
        ("16GiB", 17_179_869_184_u64),
        ("1.5GiB", 1_610_612_736),
        ("1.5 gb", 1_500_000_000),
        ("512MiB", 536_870_912),
        ("640_000", 640_000),
        ("0.0000000001TB", 100),
        ("3B", 3),
    ] {
        let output = Command::cargo_bin("resnetc")
            .unwrap()
            .current_dir(crate::describe::architectures())
            .args(["flops", "resnet18.toml", "--format", "json", "--fits", amount])
            .output()
            .unwrap();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["fits"]["budget_bytes"], bytes, "{amount}");
    }
    for (amount, why) in [
        ("16G", "`G` can mean GB, which is decimal, or GiB, which is binary"),
        ("much", "expected bytes, as in 16GiB, 1.5GB or 640000"),
        ("1.2.3GB", "expected bytes"),
        ("12Gbit", "expected bytes"),
        ("", "expected bytes"),
        ("99999999999999999999999GiB", "expected bytes"),
    ] {
        let error = resnetc(&["flops", "resnet18.toml", "--fits", amount]).code(2).get_output().stderr.clone();
        let error = String::from_utf8(error).unwrap();
        assert!(error.contains(why), "{amount}: {error}");
    }
}
