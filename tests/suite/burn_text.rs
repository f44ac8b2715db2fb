//! burn source as text: as rustfmt would have it, as a person would write it, and refused where it cannot be written.

use crate::networks::{cifar, compile, small};
use crate::sketches;
use resnetc::back::burn::emit;
use resnetc::valid::Checked;
use std::fs;
use std::path::Path;
use std::process::Command;

const PLAIN_VGG: &str = "name = \"vgg\"\ndialect = \"keras\"\nstem.kind = \"none\"\nblock.kind = \"vgg\"\n\
    [input]\nchannels = 2\nsize = [21, 18]\n[[stage]]\nfilters = 6\nblocks = 1\n\
    [[stage]]\nfilters = 10\nblocks = 3\nnorm = true\n\
    [head]\nhidden = [20, 12]\ndropout = 0.5\nclasses = 7\nactivation = \"softmax\"";

/// Dialects, strides in either place, groups, dilation, options A to C and none, chains, heads with and without a top.
pub fn networks() -> Vec<Checked> {
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
pub fn workspace<'n>(networks: impl Iterator<Item = &'n Checked>, folder: &Path) {
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

#[test]
fn crates_are_as_rustfmt_formats_them() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("architectures")).unwrap();
    let shipped = shipped.map(|entry| compile(&fs::read_to_string(entry.unwrap().path()).unwrap()));
    let networks: Vec<_> = networks().into_iter().chain(sketches::all()).chain(shipped).collect();
    workspace(networks.iter(), folder.path());
    let mut changes = String::new();
    for network in &networks {
        let crate_folder = folder.path().join("crates").join(&network.graph().name);
        let mut rustfmt = Command::new("rustfmt");
        rustfmt.args(["--check", "--edition", "2024", "src/lib.rs", "src/main.rs"]).current_dir(&crate_folder);
        let checked = rustfmt.output().unwrap();
        if !checked.status.success() {
            changes += &String::from_utf8_lossy(&checked.stdout);
            changes += &String::from_utf8_lossy(&checked.stderr);
        }
    }
    assert!(changes.is_empty(), "{changes}");
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

#[test]
fn zz_dump() {
    let folder = Path::new("/tmp/burnC_dump");
    workspace(sketches::all().iter(), folder);
}
