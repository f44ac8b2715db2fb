//! burn source: it compiles without a warning, is as rustfmt would have it, and is the network that the live model is.

use crate::fill::fill;
use crate::live::{difference, output};
use crate::networks::{cifar, compile, filled, small};
use crate::{npy, reference, sketches};
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
fn workspace<'n>(networks: impl Iterator<Item = &'n Checked>, folder: &Path) {
    let _ = fs::remove_dir_all(folder.join("crates"));
    let mut manifest = String::new();
    for network in networks {
        for file in emit(network).unwrap() {
            let path = folder.join("crates").join(file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if path.ends_with("Cargo.toml") {
                manifest.clone_from(&file.text);
            }
            fs::write(path, file.text).unwrap();
        }
    }
    // Profiles count in the root of a workspace only.
    let profiles = &manifest[manifest.find("[profile").unwrap()..];
    let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n\n{profiles}");
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("burn_source")
}

fn cargo(command: &str, folder: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([command, "--quiet", "--workspace"]).current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target"));
    cargo
}

/// What the crate of `network` makes of two images, with the weights that `fill.py` gives, and what it says.
fn run(network: &Checked, folder: &Path) -> (Vec<f32>, String) {
    let name = &network.graph().name;
    let at = |ending: &str| folder.join(format!("{name}.{ending}"));
    fs::write(at("safetensors"), weights::write(network, &filled(network)).unwrap()).unwrap();
    npy::write(&at("in.npy"), &images(network).0, &images(network).1);
    let mut program = Command::new(folder.join("target/debug").join(name));
    let run = program.args([at("safetensors"), at("in.npy"), at("out.npy")]).output().unwrap();
    assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
    (npy::read(&at("out.npy")).1, String::from_utf8(run.stdout).unwrap())
}

/// Two images, and their shape.
fn images(network: &Checked) -> (Vec<u64>, Vec<f32>) {
    let shape = [vec![2], network.input_shape().dimensions()].concat();
    let values = fill("input", &shape);
    (shape, values)
}

/// What the network's definition makes of the two images, in double precision.
fn defined(network: &Checked) -> Vec<f32> {
    let weights = reference::weights(network);
    let (_, images) = images(network);
    images
        .chunks(images.len() / 2)
        .flat_map(|image| reference::run(network, &weights, image))
        .map(|v| v as f32)
        .collect()
}

#[test]
fn crates_compile_without_a_warning_and_give_the_numbers_of_the_live_model() {
    let (networks, sketches) = (networks(), sketches::all());
    let folder = folder();
    fs::create_dir_all(&folder).unwrap();
    workspace(networks.iter().chain(&sketches), &folder);
    let built = cargo("build", &folder).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let linted = cargo("clippy", &folder).args(["--", "-D", "warnings"]).output().unwrap();
    assert!(linted.status.success(), "{}", String::from_utf8_lossy(&linted.stderr));
    let live = networks.iter().map(|network| (network, output(network, filled(network), 2)));
    for (network, expected) in live.chain(sketches.iter().map(|network| (network, defined(network)))) {
        let name = &network.graph().name;
        let (found, said) = run(network, &folder);
        let error = difference(&expected, &found);
        assert!(error < 5e-6, "{name} differs from the live model by {error}");
        let counted: u128 =
            network.parameters().map(|(_, shape)| shape.iter().map(|&side| u128::from(side)).product::<u128>()).sum();
        assert!(said.starts_with(&format!("{counted} values")), "{name}: {counted} parameters, and {said}");
    }
}

#[test]
fn crates_are_as_rustfmt_formats_them() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("architectures")).unwrap();
    let shipped = shipped.map(|entry| compile(&fs::read_to_string(entry.unwrap().path()).unwrap()));
    let networks: Vec<_> = networks().into_iter().chain(sketches::all()).chain(shipped).collect();
    workspace(networks.iter(), folder.path());
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
