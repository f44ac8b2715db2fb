//! burn source: it compiles without a warning, is as rustfmt would have it, and is the network that the live model is.

use crate::fill::fill;
use crate::live::{difference, output};
use crate::networks::{cifar, compile, filled, small};
use crate::npy;
use resnetc::back::burn::emit;
use resnetc::valid::Checked;
use resnetc::weights;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PLAIN_VGG: &str = "name = \"vgg\"\ndialect = \"keras\"\nstem.kind = \"none\"\nblock.kind = \"vgg\"\n\
    [input]\nchannels = 2\nsize = [21, 18]\n[[stage]]\nfilters = 6\nblocks = 1\n\
    [[stage]]\nfilters = 10\nblocks = 3\nnorm = true\n\
    [head]\nhidden = [20, 12]\ndropout = 0.5\nclasses = 7\nactivation = \"softmax\"";

/// Dialects, strides in either place, groups, dilation, options A to C and none, chains, heads with and without a top.
fn networks() -> Vec<Checked> {
    let dialects = ["torchvision", "keras", "paper"];
    let named = |text: String, from: &str, name: String| text.replacen(from, &name, 1);
    let all = dialects.map(|dialect| named(small(dialect), "name = \"small\"", format!("name = \"small_{dialect}\"")));
    let split = named(cifar(), "name = \"cifar8\"", "name = \"cifar_split\"".to_owned()).replacen(
        "shortcut = \"A\"",
        "shortcut = \"A\"\nzeros = \"split\"",
        1,
    );
    let option_c = named(cifar(), "name = \"cifar8\"", "name = \"cifar_c\"".to_owned()).replacen(
        "shortcut = \"A\"",
        "shortcut = \"C\"",
        1,
    );
    let plain = named(cifar(), "name = \"cifar8\"", "name = \"cifar_plain\"".to_owned()).replacen(
        "kind = \"basic\"\nshortcut = \"A\"",
        "kind = \"plain\"",
        1,
    );
    let torch_vgg = PLAIN_VGG.replacen("keras", "torchvision", 1).replacen("\"vgg\"", "\"torch_vgg\"", 1);
    let pooled = torch_vgg.replacen("torch_vgg", "pooled_vgg", 1).replacen(
        "[head]",
        "[head]\npool = \"avg\"\npool_size = [2, 3]",
        1,
    );
    let maximum =
        cifar().replacen("cifar8", "maximum", 1).replacen("pool = \"avg\"\nclasses = 10", "pool = \"max\"", 1);
    let map =
        cifar().replacen("cifar8", "feature_map", 1).replacen("pool = \"avg\"\nclasses = 10", "pool = \"none\"", 1);
    let rest = [cifar(), split, option_c, plain, PLAIN_VGG.to_owned(), torch_vgg, pooled, maximum, map];
    all.into_iter().chain(rest).map(|text| compile(&text)).collect()
}

/// A workspace that holds the crates of `networks`.
fn workspace(networks: &[Checked], folder: &Path) {
    let _ = fs::remove_dir_all(folder.join("crates"));
    for network in networks {
        for file in emit(network).unwrap() {
            let path = folder.join("crates").join(file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file.text).unwrap();
        }
    }
    // Profiles count in the root of a workspace only.
    let one = fs::read_to_string(folder.join("crates").join(&networks[0].graph().name).join("Cargo.toml")).unwrap();
    let profiles = &one[one.find("[profile").unwrap()..];
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n\n{profiles}");
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("burn_source")
}

#[test]
fn crates_compile_without_a_warning_and_give_the_numbers_of_the_live_model() {
    let networks = networks();
    let folder = folder();
    fs::create_dir_all(&folder).unwrap();
    workspace(&networks, &folder);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--workspace"]).current_dir(&folder);
    let built = cargo.env("CARGO_TARGET_DIR", folder.join("target")).output().unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success() && !said.contains("warning: unused"), "{said}");
    for network in &networks {
        let name = &network.graph().name;
        let at = |ending: &str| folder.join(format!("{name}.{ending}"));
        let tensors = filled(network);
        fs::write(at("safetensors"), weights::write(network, &tensors).unwrap()).unwrap();
        let shape = [vec![2], network.input_shape().dimensions()].concat();
        npy::write(&at("in.npy"), &shape, &fill("input", &shape));
        let mut program = Command::new(folder.join("target/debug").join(name));
        let run = program.args([at("safetensors"), at("in.npy"), at("out.npy")]).output().unwrap();
        assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
        let found = npy::read(&at("out.npy")).1;
        let error = difference(&output(network, tensors, 2), &found);
        assert!(error < 5e-6, "{name} differs from the live model by {error}");
        let counted: u128 =
            network.parameters().map(|(_, shape)| shape.iter().map(|&side| u128::from(side)).product::<u128>()).sum();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(said.starts_with(&format!("{counted} values")), "{name}: {counted} parameters, and {said}");
    }
}

#[test]
fn crates_are_as_rustfmt_formats_them() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("architectures")).unwrap();
    let shipped = shipped.map(|entry| compile(&fs::read_to_string(entry.unwrap().path()).unwrap()));
    let networks: Vec<_> = networks().into_iter().chain(shipped).collect();
    workspace(&networks, folder.path());
    for network in &networks {
        let crate_folder = folder.path().join("crates").join(&network.graph().name);
        let mut rustfmt = Command::new("rustfmt");
        rustfmt.args(["--check", "--edition", "2024", "src/lib.rs", "src/main.rs"]).current_dir(&crate_folder);
        let checked = rustfmt.output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    }
}

#[test]
fn crates_read_as_a_person_would_write_them() {
    for name in ["resnet18", "keras_resnet50", "cifar_resnet1202", "vgg19_bn"] {
        let description = crate::describe::file(name);
        let files = emit(&compile(&description)).unwrap();
        let text: Vec<_> = files.iter().map(|file| format!("==> {}\n{}", file.path, file.text)).collect();
        insta::with_settings!({ description => description, omit_expression => true }, {
            insta::assert_snapshot!(format!("burn_{name}"), text.join("\n"));
        });
    }
}
