//! Fresh weights: one distribution for each tensor, that of the network's namesake, and the same in every back end.
//!
//! `tests/golden/init.json` holds the moments of what torchvision, timm and Keras draw themselves.

use crate::describe::{compile, shipped};
use crate::fill::fill;
use crate::{npy, python};
use resnetc::ir::{Distribution, Op};
use resnetc::source::Source;
use resnetc::valid::Checked;
use resnetc::weights::{self, Entry, Supply};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// How far a moment of so many values may be from that of their distribution: five standard errors. Of a normal
/// distribution the deviation's is 1 / sqrt(2 n); that of a uniform one is smaller.
fn tolerance(count: f64) -> f64 {
    5.0 / (2.0 * count).sqrt()
}

fn network(path: &Path) -> Checked {
    let source = Source::new(path.display().to_string(), std::fs::read_to_string(path).unwrap());
    resnetc::compile(&source).unwrap_or_else(|report| panic!("{}: {report:?}", path.display()))
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// What is wrong with values of which the sum, the sum of squares and the ends are known, if anything.
pub struct Found {
    count: f64,
    mean: f64,
    /// The root mean square.
    deviation: f64,
    low: f64,
    high: f64,
}

impl Found {
    pub fn of(values: &[f32]) -> Self {
        let values = values.iter().map(|&value| f64::from(value));
        let count = values.clone().count() as f64;
        let (low, high) = values.clone().fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(one), high.max(one)));
        let squares: f64 = values.clone().map(|value| value * value).sum();
        Self { count, mean: values.sum::<f64>() / count, deviation: (squares / count).sqrt(), low, high }
    }

    pub fn read(found: &Value) -> Self {
        let [count, mean, deviation, low, high] =
            ["count", "mean", "deviation", "low", "high"].map(|key| found[key].as_f64().unwrap());
        Self { count, mean, deviation, low, high }
    }

    pub fn misses(&self, expected: Distribution) -> bool {
        let Self { count, mean, deviation, low, high } = *self;
        let near = |found: f64, expected: f64| (found - expected).abs() <= tolerance(count) * expected;
        match expected {
            Distribution::Constant(value) => [low, high].iter().any(|end| (end - value).abs() > 1e-6 * value.abs()),
            Distribution::Normal { .. } | Distribution::Uniform { .. } => {
                let bound = match expected {
                    Distribution::Uniform { bound, .. } => bound,
                    Distribution::Constant(_) | Distribution::Normal { .. } => f64::INFINITY,
                };
                let centred = mean.abs() <= 5.0 * expected.deviation() / count.sqrt();
                !(centred && near(deviation, expected.deviation()) && low.max(high) <= bound * (1.0 + 1e-5))
            }
        }
    }
}

#[test]
fn a_network_draws_as_its_namesake_does() {
    let golden: Value = serde_json::from_str(include_str!("../golden/init.json")).unwrap();
    let networks = golden["networks"].as_object().unwrap();
    let seeds = golden["seeds"].as_f64().unwrap();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for path in shipped() {
        let name = name(&path);
        let Some(namesake) = networks.get(&name) else { continue };
        compared += 1;
        let network = network(&path);
        let mut drawn = namesake["drawn"].as_object().unwrap().clone();
        let mut constants = namesake["constant"].as_object().unwrap().clone();
        for entry in weights::expected(&network) {
            let ours = weights::distribution(&network, entry.parameter);
            let told = (drawn.remove(&entry.name), constants.remove(&entry.name));
            let fits = match (&told, ours) {
                ((Some(theirs), None), ours) => {
                    let [deviation, largest] = [0, 1].map(|at| theirs[at].as_f64().unwrap());
                    let count = seeds * entry.ir_shape.iter().product::<u64>() as f64;
                    let found = Found { count, mean: 0.0, deviation, low: -largest, high: largest };
                    !found.misses(ours)
                }
                ((None, Some(theirs)), Distribution::Constant(ours)) => theirs.as_f64().unwrap() == ours,
                ((None, None), Distribution::Constant(ours)) => ours == usual(&network, &entry),
                _ => false,
            };
            if !fits {
                wrong.push(format!("{name}: {} is {ours:?}, its namesake's {told:?}", entry.name));
            }
        }
        wrong.extend(drawn.keys().chain(constants.keys()).map(|tensor| format!("{name}: {tensor} is not ours")));
    }
    assert_eq!(compared, networks.len());
    assert_eq!(compared, 51);
    assert!(wrong.is_empty(), "{} tensors\n{}", wrong.len(), wrong.join("\n"));
}

/// What a tensor is where the file says nothing of it.
fn usual(network: &Checked, entry: &Entry) -> f64 {
    use resnetc::ir::ParameterKind::{Scale, Variance};
    let is_norm =
        matches!(network.layer(entry.parameter.node).node.op, Op::BatchNorm(_) | Op::LayerNorm(_) | Op::GroupNorm(_));
    f64::from(u8::from(is_norm && matches!(entry.parameter.kind, Scale | Variance)))
}

#[test]
fn what_is_drawn_has_the_moments_of_its_distribution() {
    let mut wrong = Vec::new();
    for path in shipped() {
        let network = network(&path);
        // The live model and the ONNX file both take their weights from here; large tensors are alike in all networks.
        let mut fresh = weights::Fresh::new(&network, 3);
        for entry in weights::expected(&network) {
            if entry.ir_shape.iter().product::<u64>() > 300_000 {
                continue;
            }
            let tensor = fresh.tensor(entry.parameter).unwrap().unwrap();
            let expected = weights::distribution(&network, entry.parameter);
            if Found::of(&tensor.values).misses(expected) {
                wrong.push(format!("{}: {} is not {expected:?}", name(&path), entry.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A network whose layers are drawn in every way, each in every shape that a back end writes in its own way.
const EVERY_WAY: &str = r"
    network ways {
        use dialect ways
        input 16 x 8 x 8
        stem none
        stage way(init = kaiming_normal_fan_out)
        stage way(init = kaiming_normal_fan_in(bias = uniform_fan_in))
        stage way(init = glorot_uniform)
        stage way(init = glorot_uniform(bias = uniform_fan_in))
        stage way(init = uniform_fan_in)
        stage way(init = uniform_fan_in(bias = zero))
        stage way(init = uniform_fan_out)
        stage way(init = normal(0.01))
        stage way(init = trunc_normal(0.02, bias = uniform_fan_in))
        stage way(init = zero)
        head classifier(classes = 10, pool = avg)
    }
    dialect ways extends torchvision { last_norm_scale = 0.5 }
    block way(init: init) {
        conv 3x3 (64, groups = 4, bias = true, init) as grouped
        norm(scale = dialect.last_norm_scale)
        conv 3x3 (128, groups = 64, bias = true, init) as depthwise
        layer_norm(scale = 0.25)
        conv(16, kernel = [1, 3], padding = [0, 0, 1, 1], bias = true, init) as plain
        group_norm(groups = 4, scale = 0)
        linear(32, init = init)
        act
        linear(16, init = init) as second
        join multiply {
            map {}
            gate { global_pool channel_conv(kernel = 3, init = init) act(sigmoid) }
        }
    }
";

/// That network.
pub fn every_way() -> Checked {
    compile(EVERY_WAY)
}

#[test]
fn every_way_to_draw_can_be_said() {
    let network = every_way();
    let distributions: BTreeMap<_, _> = weights::expected(&network)
        .into_iter()
        .map(|entry| (entry.name, weights::distribution(&network, entry.parameter)))
        .collect();
    let normal = |deviation: f64| Distribution::Normal { deviation };
    let uniform = |bound: f64| Distribution::Uniform { centre: 0.0, bound };
    let zero = Distribution::Constant(0.0);
    // Of 128 outputs and 9 elements, one input each.
    let (fan_in, fan_out) = (9.0_f64, 1152.0_f64);
    let bias = uniform(1.0 / 3.0);
    let expected = [
        (normal((2.0 / fan_out).sqrt()), zero),
        (normal((2.0 / fan_in).sqrt()), bias),
        (uniform((6.0 / (fan_in + fan_out)).sqrt()), zero),
        (uniform((6.0 / (fan_in + fan_out)).sqrt()), bias),
        (uniform(1.0 / 3.0), bias),
        (uniform(1.0 / 3.0), zero),
        (uniform(fan_out.sqrt().recip()), zero),
        (normal(0.01), zero),
        (normal(0.02), bias),
        (zero, zero),
    ];
    for (stage, (kernel, bias)) in (1..).zip(expected) {
        let found = ["weight", "bias"].map(|kind| {
            let ends = format!("layer{stage}.0.block.depthwise.{kind}");
            let found = distributions.get(&ends);
            *found.unwrap_or_else(|| panic!("{ends} in {:?}", distributions.keys().take(12).collect::<Vec<_>>()))
        });
        assert_eq!(found, [kernel, bias], "stage {stage}");
    }
}

fn write_packages(networks: &[Checked], folder: &Path) {
    for network in networks {
        for file in resnetc::back::keras::emit(network).unwrap() {
            let path = folder.join(&file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file.text).unwrap();
        }
    }
}

/// The moments of the fresh weights that the Keras package of `network` draws, by tensor.
fn of_keras(networks: &[Checked]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    write_packages(networks, folder.path());
    let names = networks.iter().map(|network| Path::new(&network.graph().name));
    let arguments: Vec<_> = [folder.path()].into_iter().chain(names).collect();
    serde_json::from_str(&python::script("keras_init.py", &arguments)).unwrap()
}

fn a_package_draws_the_same(networks: &[Checked]) {
    let found = of_keras(networks);
    let mut wrong = Vec::new();
    for network in networks {
        let tensors = &found[&network.graph().name];
        for entry in weights::expected(network) {
            let expected = weights::distribution(network, entry.parameter);
            match tensors.get(&entry.name) {
                Some(moments) if !Found::read(moments).misses(expected) => {}
                found => wrong.push(format!("{}: {} is {found:?}, not {expected:?}", network.graph().name, entry.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_keras_package_draws_the_same() {
    let one_of_each = ["resnet14t", "mobilenet_v2", "regnet_y_400mf", "keras_resnet50v2", "cifar_resnet20"];
    let shipped = shipped().into_iter().filter(|path| one_of_each.contains(&name(path).as_str()));
    let networks: Vec<_> = shipped.map(|path| network(&path)).chain([every_way()]).collect();
    assert_eq!(networks.len(), 6);
    a_package_draws_the_same(&networks);
}

#[test]
#[ignore = "takes minutes: every network that ships"]
fn every_keras_package_draws_the_same() {
    for path in shipped() {
        a_package_draws_the_same(&[network(&path)]);
    }
}

/// A network that is one batch norm, of each rule for the running variance.
pub fn norms() -> [Checked; 3] {
    [("torchvision", ""), ("keras", ""), ("keras", "running_variance = unbiased")].map(|(base, rule)| {
        let name = format!("norm_{base}{}", if rule.is_empty() { "" } else { "_unbiased" });
        compile(&format!(
            "network {name} {{ use dialect own input 3 x 4 x 5 stem none stage one() head none }}\n\
             dialect own extends {base} {{ {rule} }} block one() {{ norm(momentum = 0.25) }}"
        ))
    })
}

/// Two images for a network of [`norms`].
pub fn batch() -> (Vec<u64>, Vec<f32>) {
    let shape = vec![2, 3, 4, 5];
    let values = fill("input", &shape);
    (shape, values)
}

/// The running mean and variance of a network of [`norms`] after one step with [`batch`], by Ioffe and Szegedy 2015: of m
/// values of a channel, m / (m - 1) of their variance where the running one is that of the population.
pub fn after_a_step(network: &Checked) -> Vec<f64> {
    let (_, images) = batch();
    let unbiased = !matches!(network.graph().name.as_str(), "norm_keras");
    let of = |channel: usize| {
        let values = images.chunks(20).skip(channel).step_by(3).flatten().map(|&value| f64::from(value));
        let mean = values.clone().sum::<f64>() / 40.0;
        let squares = values.map(|value| (value - mean).powi(2)).sum::<f64>();
        [0.25 * mean, 0.75 + 0.25 * squares / if unbiased { 39.0 } else { 40.0 }]
    };
    let each = [0, 1, 2].map(of);
    [0, 1].iter().flat_map(|&at| each.map(|of| of[at])).collect()
}

/// Whether two lists of statistics are the same but for rounding, which is far below the difference of the two rules.
pub fn are_close(found: &[f64], expected: &[f64]) -> bool {
    found.len() == expected.len() && found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-6)
}

#[test]
fn the_two_rules_for_a_running_variance_are_told_apart() {
    let [torch, keras, unbiased] = norms().map(|network| after_a_step(&network));
    assert_eq!(torch, unbiased);
    assert_eq!(torch[..3], keras[..3]);
    assert!(torch.iter().zip(&keras).skip(3).all(|(torch, keras)| torch - keras > 1e-3), "{torch:?} {keras:?}");
}

#[test]
fn a_step_of_a_keras_package_moves_the_statistics_by_the_dialects_rule() {
    let folder = tempfile::tempdir().unwrap();
    let networks = norms();
    write_packages(&networks, folder.path());
    let (shape, values) = batch();
    let images = folder.path().join("images.npy");
    npy::write(&images, &shape, &values);
    let names = networks.iter().map(|network| Path::new(&network.graph().name));
    let arguments: Vec<_> = [folder.path(), &images].into_iter().chain(names).collect();
    for backend in python::backends() {
        let found: Value = serde_json::from_str(&python::script_on(backend, "keras_step.py", &arguments)).unwrap();
        for network in &networks {
            let name = &network.graph().name;
            for way in ["call", "fit"] {
                let found: Vec<f64> = serde_json::from_value(found[name][way].clone()).unwrap();
                let expected = after_a_step(network);
                assert!(are_close(&found, &expected), "{backend}, {way} {name}: {found:?}, not {expected:?}");
            }
        }
    }
}
