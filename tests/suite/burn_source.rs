//! burn source as crates: they compile without a warning, and each is the network that it was generated from.

use crate::burn_text::{networks, random_networks, shipped, workspace};
use crate::fill::fill;
use crate::generated;
use crate::golden::difference;
use crate::init::{self, Found};
use crate::live::output;
use crate::networks::filled;
use crate::{npy, reference, sketches};
use resnetc::ir::dialect::Layout;
use resnetc::pass;
use resnetc::valid::Checked;
use resnetc::weights;
use safetensors::tensor::{SafeTensors, TensorView, serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("burn_source")
}

fn cargo(command: &str, folder: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    // One folder, so that burn is compiled once.
    let target = self::folder().join("target");
    cargo.args([command, "--quiet", "--workspace"]).current_dir(folder).env("CARGO_TARGET_DIR", target);
    cargo
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// What the crate of `network` makes of two images with the weights of a file, and what it says.
fn run(network: &Checked, weights: &[u8], folder: &Path) -> (Vec<f32>, String) {
    let name = &network.graph().name;
    let at = |ending: &str| folder.join(format!("{name}.{ending}"));
    fs::write(at("safetensors"), weights).unwrap();
    npy::write(&at("in.npy"), &images(network).0, &images(network).1);
    let manifest = fs::read_to_string(folder.join("crates").join(name).join("Cargo.toml")).unwrap();
    let package = manifest.split("name = \"").nth(1).unwrap().split('"').next().unwrap();
    let mut program = Command::new(folder.join("target/debug").join(package));
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

/// Whether single precision can follow it: its values are of moderate size, and rounding its weights moves its outputs
/// little.
fn is_tame(network: &Checked) -> bool {
    let (_, images) = images(network);
    let weights = reference::weights(network);
    let mut rounded = weights.clone();
    for (at, value) in rounded.values_mut().flatten().enumerate() {
        *value *= if at % 3 == 0 { 1.0 + 1e-6 } else { 1.0 - 1e-6 };
    }
    let single = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<_>>();
    images.chunks(images.len() / 2).all(|image| {
        let values = reference::values(network, &weights, image);
        let moved = reference::run(network, &rounded, image);
        let moves = difference(&single(&values[&network.output()]), &single(&moved));
        values.values().flatten().all(|value| value.abs() < 1e4) && moves < 5e-6
    })
}

/// torchvision writes the factors of a layer scale as C x 1 x 1, timm as C.
fn layer_scales_have_either_shape(folder: &Path) {
    let network = sketches::convnext(Layout::Torch);
    let file = weights::write(&network, &filled(&network)).unwrap();
    let file = SafeTensors::deserialize(&file).unwrap();
    let tensors = file.tensors().into_iter().map(|(name, view)| {
        let is_gain = name.ends_with(".layer_scale");
        let shape = if is_gain { view.shape()[..1].to_vec() } else { view.shape().to_vec() };
        (name, TensorView::new(view.dtype(), shape, view.data()).unwrap())
    });
    let (expected, _) = run(&network, &weights::write(&network, &filled(&network)).unwrap(), folder);
    let (found, _) = run(&network, &serialize(tensors, None).unwrap(), folder);
    assert_eq!(expected, found);
}

/// A program beside those of a crate: it prints each tensor of the fresh model, then of one that has trained on images.
const FRESH: &str = r#"
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use npyz::NpyFile;

struct Print;

impl ModuleVisitor for Print {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let values: Vec<f32> = parameter.val().into_data().try_to_vec().unwrap();
        println!("{values:?}");
    }
}

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let file = NpyFile::new(std::fs::File::open(path).unwrap()).unwrap();
    let shape: Vec<_> = file.shape().iter().map(|side| usize::try_from(*side).unwrap()).collect();
    let images = TensorData::new(file.into_vec::<f32>().unwrap(), shape);
    NAME::TYPE::new(&Device::flex()).visit(&mut Print);
    println!("trained");
    let device = Device::flex().autodiff();
    let model = NAME::TYPE::new(&device);
    let _ = model.forward(Tensor::from_data(images, &device));
    model.valid().visit(&mut Print);
}
"#;

fn add_fresh(network: &Checked, folder: &Path) {
    let name = &network.graph().name;
    let source = folder.join("crates").join(name).join("src");
    let library = fs::read_to_string(source.join("lib.rs")).unwrap();
    let model =
        library.split("pub use model::").nth(1).unwrap().trim_start_matches('{').split([',', ';']).next().unwrap();
    fs::create_dir_all(source.join("bin")).unwrap();
    let program = FRESH.replace("NAME", name).replace("TYPE", model);
    fs::write(source.join("bin").join(format!("fresh_{name}.rs")), program).unwrap();
}

/// The tensors of a fresh model and of one that has trained, in the order of the network's.
fn fresh(network: &Checked, folder: &Path) -> [Vec<Vec<f32>>; 2] {
    let name = &network.graph().name;
    let at = folder.join(format!("{name}.npy"));
    let (shape, values) = if name.starts_with("norm_") { init::batch() } else { images(network) };
    npy::write(&at, &shape, &values);
    let run = Command::new(folder.join("target/debug").join(format!("fresh_{name}"))).arg(at).output().unwrap();
    assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
    let said = String::from_utf8(run.stdout).unwrap();
    let (before, after) = said.split_once("trained\n").unwrap();
    [before, after].map(|lines| lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn crates_draw_by_the_dialects_rule(network: &Checked, folder: &Path) {
    let [drawn, _] = fresh(network, folder);
    let expected = weights::expected(network);
    assert_eq!(drawn.len(), expected.len());
    for (values, entry) in drawn.iter().zip(expected) {
        assert_eq!(values.len() as u64, entry.ir_shape.iter().product::<u64>(), "{}", entry.name);
        let distribution = weights::distribution(network, entry.parameter);
        assert!(!Found::of(values).misses(distribution), "{} is not {distribution:?}", entry.name);
    }
}

fn crates_move_statistics_by_the_dialects_rule(network: &Checked, folder: &Path) {
    let [_, trained] = fresh(network, folder);
    let found: Vec<_> = trained.iter().skip(2).flatten().map(|&value| f64::from(value)).collect();
    let expected = init::after_a_step(network);
    assert!(init::are_close(&found, &expected), "{}: {found:?}, not {expected:?}", network.graph().name);
}

#[test]
fn crates_compile_without_a_warning_and_are_the_networks_that_they_come_from() {
    let networks = networks();
    let drawn = sketches::all();
    let random: Vec<_> = random_networks(120).into_iter().filter(is_tame).take(12).collect();
    assert_eq!(random.len(), 12);
    let sketches: Vec<_> = drawn.into_iter().chain(random).collect();
    let folder = folder();
    fs::create_dir_all(&folder).unwrap();
    let (every_way, norms) = (init::every_way(), init::norms());
    workspace(networks.iter().chain(&sketches).chain(&norms).chain([&every_way]), &folder);
    norms.iter().chain([&every_way]).for_each(|network| add_fresh(network, &folder));
    // The committed crates are compiled as they are.
    let committed = generated::networks();
    copy(&generated::folder("burn"), &folder.join("crates"));
    let built = cargo("build", &folder).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let linted = cargo("clippy", &folder).args(["--", "-D", "warnings"]).output().unwrap();
    assert!(linted.status.success(), "{}", String::from_utf8_lossy(&linted.stderr));
    let live = networks.iter().map(|network| (network, output(network, filled(network), 2)));
    let in_double_precision = sketches.iter().chain(&committed).map(|network| (network, defined(network)));
    for (network, expected) in live.chain(in_double_precision) {
        let name = &network.graph().name;
        let (found, said) = run(network, &weights::write(network, &filled(network)).unwrap(), &folder);
        assert!(found.iter().all(|value| value.is_finite()), "{name} gives {found:?}");
        let error = difference(&expected, &found);
        assert!(error < 5e-6, "{name} differs from its network by {error}");
        let counted: u128 =
            network.parameters().map(|(_, shape)| shape.iter().map(|&side| u128::from(side)).product::<u128>()).sum();
        assert!(said.starts_with(&format!("{counted} values")), "{name}: {counted} parameters, and {said}");
    }
    layer_scales_have_either_shape(&folder);
    crates_draw_by_the_dialects_rule(&every_way, &folder);
    norms.iter().for_each(|network| crates_move_statistics_by_the_dialects_rule(network, &folder));
}

#[test]
#[ignore = "some minutes: every architecture that ships, as it is and folded"]
fn every_architecture_passes_clippy_and_rustfmt() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("burn_source_all");
    fs::create_dir_all(&folder).unwrap();
    let whole = shipped();
    let folded: Vec<_> = whole.iter().map(|network| pass::fold_batch_norm(network.clone()).0).collect();
    for networks in [whole, folded] {
        workspace(networks.iter(), &folder);
        let linted = cargo("clippy", &folder).args(["--", "-D", "warnings"]).output().unwrap();
        assert!(linted.status.success(), "{}", String::from_utf8_lossy(&linted.stderr));
        let mut formatted = Command::new(env!("CARGO"));
        let formatted = formatted.args(["fmt", "--all", "--check"]).current_dir(&folder).output().unwrap();
        assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stdout));
    }
}
