//! The generated Keras packages are the networks that their descriptions say, and read as a person would write them.

use crate::describe::{self, HE, RESNET_50, Residual};
use crate::fill::fill;
use crate::npy;
use crate::python;
use crate::reference::{self, Weights};
use resnetc::back::keras::emit;
use resnetc::ir::dialect::{Dialect, Layout};
use resnetc::ir::shape::Window;
use resnetc::ir::{Address, Extents, Graph, Label, Op, Origin, ParameterKind, Place, Shape, Sides, op};
use resnetc::pass::fold_batch_norm;
use resnetc::valid::{self, Checked};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes the package of `network` below `folder`.
pub fn write(network: &Checked, folder: &Path) {
    for file in emit(network).unwrap_or_else(|error| panic!("{}: {}", network.name(error.node), error.reason)) {
        let path = folder.join(file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.text).unwrap();
    }
}

/// A network, its weights in the layouts of the IR, images and their shape N x C x H x W, and further arguments of the
/// package's function.
pub type Job<'a> = (&'a Checked, &'a Weights, &'a [f32], [u64; 4], Value);

/// Runs the packages of `jobs`. Gives each output, row-major as N x C x H x W or N x features.
pub fn run(jobs: &[Job<'_>]) -> Vec<Vec<f32>> {
    run_on("jax", jobs)
}

/// Runs them on a back end of Keras, and again from what they save, in another process.
pub fn run_on(backend: &str, jobs: &[Job<'_>]) -> Vec<Vec<f32>> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: String| folder.path().join(name);
    let mut list = Vec::new();
    for (number, (network, weights, images, shape, arguments)) in jobs.iter().enumerate() {
        write(network, folder.path());
        let files = [("weights", "safetensors"), ("input", "npy"), ("output", "npy"), ("saved", "keras")];
        let [file, input, output, saved] = files.map(|(what, ending)| at(format!("{number}_{what}.{ending}")));
        save_weights(network, weights, &file);
        npy::write(&input, shape, images);
        list.push(json!({
            "name": network.graph().name, "weights": file, "input": input, "output": output, "saved": saved,
            "arguments": arguments,
        }));
    }
    let path = at("jobs.json".to_owned());
    std::fs::write(&path, Value::from(list).to_string()).unwrap();
    for script in ["keras_run.py", "keras_load.py"] {
        python::script_on(backend, script, &[folder.path(), &path]);
    }
    (0..jobs.len()).map(|number| npy::read(&at(format!("{number}_output.npy"))).1).collect()
}

/// Writes `weights` in the names and layouts of the network's dialect.
fn save_weights(network: &Checked, weights: &Weights, path: &Path) {
    let dialect = &network.graph().dialect;
    let tensors: Vec<_> = network
        .parameters()
        .map(|(parameter, shape)| {
            let values = &weights[&(parameter.node, parameter.kind)];
            let suffix = dialect.names.parameters.suffix(parameter.kind);
            let name = format!("{}{suffix}", network.name(parameter.node));
            let (shape, values) = match (dialect.names.layout, parameter.kind) {
                (Layout::Keras, ParameterKind::Kernel) => keras_kernel(network, parameter.node, &shape, values),
                // torchvision writes the factors of a layer scale as C x 1 x 1, timm as C.
                (Layout::Torch, ParameterKind::Gain) if parameter.node.index() % 2 == 0 => {
                    ([shape.as_slice(), &[1, 1]].concat(), values.clone())
                }
                _ => (shape.into_vec(), values.clone()),
            };
            let bytes: Vec<_> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            (name, shape.iter().map(|side| *side as usize).collect::<Vec<_>>(), bytes)
        })
        .collect();
    let views =
        tensors.iter().map(|(name, shape, bytes)| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    safetensors::serialize_to_file(views, None, path).unwrap();
}

/// A kernel as Keras lays it out: H, W, I, O; I, O, where a flattened map's I is in the order H, W, C.
fn keras_kernel(network: &Checked, node: resnetc::ir::NodeId, shape: &[u64], values: &[f32]) -> (Vec<u64>, Vec<f32>) {
    let [outputs, inputs] = [shape[0], shape[1]];
    if let [1, 1, taps] = *shape {
        return (vec![taps, 1, 1], values.to_vec());
    }
    if let [_, _, height, width] = *shape {
        let mut laid = Vec::new();
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            for (input, output) in (0..inputs).flat_map(|input| (0..outputs).map(move |output| (input, output))) {
                laid.push(values[(((output * inputs + input) * height + y) * width + x) as usize]);
            }
        }
        let layer = network.layer(node);
        let channels = layer.input.channels();
        let depthwise = matches!(layer.node.op, Op::Conv2d(conv) if conv.groups == channels);
        let rest = if depthwise { [channels, outputs / channels] } else { [inputs, outputs] };
        return (vec![height, width, rest[0], rest[1]], laid);
    }
    let order: Vec<u64> = match flattened(network, node) {
        Some(Shape::Map { channels, height, width }) => {
            let places = (0..height * width).flat_map(|place| (0..channels).map(move |channel| (place, channel)));
            places.map(|(place, channel)| channel * height * width + place).collect()
        }
        Some(Shape::Vector(_)) | None => (0..inputs).collect(),
    };
    let laid =
        order.iter().flat_map(|input| (0..outputs).map(move |output| values[(output * inputs + input) as usize]));
    (vec![inputs, outputs], laid.collect())
}

/// The map that was flattened into what `node` reads.
fn flattened(network: &Checked, node: resnetc::ir::NodeId) -> Option<Shape> {
    let operand = *network.layer(node).operands.first()?;
    let layer = network.layer(operand);
    match layer.node.op {
        Op::Flatten(_) => Some(layer.input),
        Op::Dropout(_) | Op::DropPath(_) | Op::Activation(_) | Op::Add(_) | Op::Multiply(_) => {
            flattened(network, operand)
        }
        _ => None,
    }
}

/// Asserts that `found` differs from `expected` by less than 5e-6 of three times its root mean square.
fn assert_close(found: &[f32], expected: &[f64], of: &str) {
    assert_eq!(found.len(), expected.len(), "{of}");
    let square: f64 = expected.iter().map(|value| value * value).sum();
    let bound = 5e-6 * 3.0 * (square / expected.len() as f64).sqrt();
    for (found, expected) in found.iter().zip(expected) {
        assert!((f64::from(*found) - expected).abs() < bound, "{of}: {found} is not {expected} by {bound:e}");
    }
}

/// Every description that ships, compiled.
fn architectures() -> Vec<Checked> {
    let files = std::fs::read_dir(describe::architectures()).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let networks: Vec<_> =
        paths.iter().map(|path| describe::compile(&std::fs::read_to_string(path).unwrap())).collect();
    assert!(networks.len() > 20);
    networks
}

/// Small networks that between them have every op, padding and parameter that a package can have.
pub fn small() -> Vec<Checked> {
    let base = Residual { input: [3, 33, 26], filters: 8, ..RESNET_50 };
    let basic = Residual { kind: "basic", blocks: &[2, 2], ..base };
    let top = "pool = \"avg\"\nclasses = 5\nactivation = \"softmax\"";
    let cifar = Residual { stem: "cifar", head: top, ..basic };
    let bottleneck = Residual { blocks: &[2, 3], ..base };
    let vgg = |dialect: &str, norm: &str, head: &str| {
        format!(
            "name = \"network\"\ndialect = \"{dialect}\"\n[input]\nchannels = 2\nsize = [26, 37]\n[stem]\n\
             kind = \"none\"\n[block]\nkind = \"vgg\"\n[[stage]]\nfilters = 4\nblocks = 1\n[[stage]]\nfilters = 6\n\
             blocks = 3\n{norm}\n[head]\n{head}\n"
        )
    };
    let hidden = "hidden = [7, 6]\nclasses = 5\ndropout = 0.25";
    let texts = [
        Residual { block: "shortcut = \"A\"", ..cifar }.text(),
        Residual { dialect: "keras", block: "shortcut = \"A\"\nzeros = \"split\"", ..cifar }.text(),
        Residual { dialect: "paper", block: "shortcut = \"C\"", ..basic }.text(),
        Residual { kind: "plain", head: "pool = \"max\"", ..basic }.text(),
        Residual { dialect: "keras", block: "shortcut = \"none\"", head: "pool = \"none\"", ..basic }.text(),
        Residual { dialect: "paper", head: "pool = \"none\"\nclasses = 3", ..bottleneck }.text(),
        Residual { dialect: "keras", head: "pool = \"none\"\nclasses = 3", ..bottleneck }.text(),
        Residual { block: "groups = 2\nwidth_per_group = 48\ndilation = 2", head: "pool = \"none\"", ..bottleneck }
            .text(),
        Residual { dialect: "keras", block: "dilation = 2", head: "pool = \"max\"\npool_size = [2, 3]", ..bottleneck }
            .text(),
        Residual { blocks: &[1, 1, 1], block: "dilation = 3", head: "pool = \"avg\"\npool_size = [3, 2]", ..base }
            .text(),
        vgg("torchvision", "norm = true", &format!("pool = \"avg\"\npool_size = [4, 2]\n{hidden}")),
        vgg("keras", "norm = true", &format!("pool = \"none\"\n{hidden}")),
        vgg("keras", "", &format!("pool = \"max\"\npool_size = [7, 7]\n{hidden}")),
        "name = \"network\"\ndialect = \"torchvision\"\nstem.kind = \"imagenet\"\n[input]\nchannels = 3\n\
         size = [41, 32]\n[[stage]]\nkind = \"bottleneck\"\nfilters = 48\nblocks = 2\ngroups = 4\n\
         width_per_group = 12\n[[stage]]\nkind = \"basic\"\nfilters = 192\nblocks = 2\nshortcut = \"A\"\n\
         [[stage]]\nkind = \"basic\"\nfilters = 20\nblocks = 1\nstride = 3\nshortcut = \"none\""
            .to_owned(),
        "name = \"network\"\ndialect = \"paper\"\nstem.kind = \"none\"\n[input]\nchannels = 16\nsize = [9, 9]\n\
         [[stage]]\nkind = \"basic\"\nfilters = 16\nblocks = 1"
            .to_owned(),
    ];
    let named = |(number, text): (usize, String)| text.replacen("\"network\"", &format!("\"small_{number}\""), 1);
    texts.into_iter().enumerate().map(named).map(|text| describe::compile(&text)).collect()
}

/// A network that no description gives: a max pool with padding over values that may be negative, another whose
/// rounding is up, and an even kernel.
fn by_hand(dialect: Arc<Dialect>) -> Checked {
    let mut graph = Graph::new("by_hand", dialect);
    let origin = |unit: u32, role: Label| Origin {
        span: Default::default(),
        address: Address { place: Place::Stem, branch: Label::MAIN, unit, role, sequence: unit },
    };
    let window = Window {
        kernel: [4, 3],
        stride: [1, 1],
        dilation: [1, 1],
        padding: Sides { top: 1, bottom: 2, left: 1, right: 1 },
        ceil: false,
    };
    let input = Origin {
        address: Address { place: Place::Input, branch: Label::INPUT, ..origin(0, Label::INPUT).address },
        ..origin(0, Label::INPUT)
    };
    let start = graph.add(Op::Input(op::Input { channels: 2, size: [11, 14] }), input, &[]);
    let conv = op::Conv2d { filters: 4, window, groups: 2, bias: true, init: HE };
    let same = graph.add(Op::Conv2d(conv), origin(1, Label::CONV), &[start]);
    let shifted = Window { padding: Sides { top: 2, bottom: 1, left: 0, right: 3 }, stride: [2, 1], ..window };
    let moved = graph.add(Op::Conv2d(op::Conv2d { window: shifted, ..conv }), origin(2, Label::CONV), &[same]);
    let pool = Window { kernel: [3, 3], stride: [2, 2], padding: Sides::all(1), ceil: true, ..window };
    let pooled = graph.add(Op::MaxPool(op::MaxPool { window: pool }), origin(3, Label::POOL), &[moved]);
    graph.add(Op::MaxPool(op::MaxPool { window: Window { ceil: false, ..pool } }), origin(4, Label::POOL), &[pooled]);
    valid::check(graph).unwrap()
}

#[test]
fn keras_dialect_has_the_layers_of_keras_applications() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["keras_resnet50", "keras_resnet101", "keras_resnet152", "keras_vgg16", "keras_vgg19"] {
        write(&describe::compile(&describe::file(name)), folder.path());
    }
    assert_eq!(python::script("keras_structure.py", &[folder.path()]), "19 models, 3141 layers\n");
}

#[test]
fn keras_resnet50_computes_what_keras_applications_computes() {
    let folder = tempfile::tempdir().unwrap();
    write(&describe::compile(&describe::file("keras_resnet50")), folder.path());
    let output = python::script("keras_weights.py", &[folder.path()]);
    let (differences, refusals) = output.split_at(output.find("FILE").unwrap());
    for difference in differences.lines() {
        assert!(difference.parse::<f64>().unwrap() < 1e-6, "{difference}");
    }
    insta::assert_snapshot!("keras_refusals", refusals);
}

#[test]
fn torchvision_weights_give_torchvision_logits() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/torchvision_logits.json");
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(golden).unwrap()).unwrap();
    let expected = &golden["models"]["resnet18"];
    let network = describe::compile(&describe::file("resnet18"));
    let images = fill("input", &[2, 3, 224, 224]);
    let outputs = run(&[(&network, &reference::weights(&network), &images, [2, 3, 224, 224], json!({}))]);
    for (image, logits) in outputs[0].chunks(1000).enumerate() {
        let length = expected["logits_l2"][image].as_f64().unwrap();
        let bound = 5e-6 * 3.0 * length / 1000_f64.sqrt();
        for (place, found) in logits[..16].iter().enumerate() {
            let logit = expected["logits_first_16"][image][place].as_f64().unwrap();
            assert!((f64::from(*found) - logit).abs() < bound, "{found} is not {logit} by {bound:e}");
        }
        let square: f64 = logits.iter().map(|logit| f64::from(*logit).powi(2)).sum();
        assert!((square.sqrt() - length).abs() < bound * 1000_f64.sqrt(), "{square}");
    }
}

#[test]
fn every_op_computes_what_its_definition_says() {
    let mut networks = small();
    networks.push(by_hand(resnetc::dialect::find("paper").unwrap()));
    let weights: Vec<_> = networks.iter().map(reference::weights).collect();
    let shapes: Vec<[u64; 4]> = networks
        .iter()
        .map(|network| {
            let dimensions = network.shape(network.graph().input().unwrap()).dimensions();
            [2, dimensions[0], dimensions[1], dimensions[2]]
        })
        .collect();
    let images: Vec<_> = shapes.iter().map(|shape| fill("input", shape)).collect();
    let jobs: Vec<_> = (0..networks.len())
        .map(|at| (&networks[at], &weights[at], images[at].as_slice(), shapes[at], json!({})))
        .collect();
    let expected: Vec<Vec<f64>> = (0..networks.len())
        .map(|at| {
            let each = images[at].len() / 2;
            images[at].chunks(each).flat_map(|image| reference::run(&networks[at], &weights[at], image)).collect()
        })
        .collect();
    for backend in python::backends() {
        for (at, output) in run_on(backend, &jobs).iter().enumerate() {
            assert_close(output, &expected[at], &format!("{} on {backend}", networks[at].graph().name));
        }
    }
}

#[test]
fn packages_have_the_parameters_and_shapes_that_the_compiler_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = serde_json::Map::new();
    for network in architectures().iter().chain(&small()) {
        write(network, folder.path());
        let elements = |shape: Extents| shape.iter().product::<u64>();
        let shape = |shape: Shape| match shape {
            Shape::Map { channels, height, width } => json!([height, width, channels]),
            Shape::Vector(features) => json!([features]),
        };
        let layers: serde_json::Map<_, _> =
            network.layers().map(|layer| (layer.name.to_owned(), shape(layer.output))).collect();
        let dot = |layer: &valid::Layer<'_>| !layer.node.op.parameters(layer.input).is_empty();
        let weighted: Vec<_> = network.layers().filter(dot).map(|layer| layer.name.to_owned()).collect();
        let parameters: u64 = network.parameters().map(|(_, shape)| elements(shape)).sum();
        expected.insert(
            network.graph().name.clone(),
            json!({"parameters": parameters, "layers": layers, "weighted": weighted}),
        );
    }
    let path = folder.path().join("expected.json");
    let packages = expected.len();
    std::fs::write(&path, Value::from(expected).to_string()).unwrap();
    let output = python::script("keras_counts.py", &[folder.path(), &path]);
    assert!(output.starts_with(&format!("{packages} packages, ")), "{output}");
}

/// Asserts that ruff has nothing to say about the packages in `folder`, by its own settings and by theirs.
pub fn ruff(folder: &Path) {
    python::module("ruff", &["format", "--isolated", "--diff", "."], folder);
    python::module("ruff", &["format", "--no-cache", "--diff", "."], folder);
    python::module("ruff", &["check", "--isolated", "--no-cache", "."], folder);
    python::module("ruff", &["check", "--no-cache", "--select", "B,E,F,I,RUF,SIM,UP,W", "."], folder);
}

#[test]
fn packages_are_as_ruff_formats_them() {
    let folder = tempfile::tempdir().unwrap();
    for network in architectures().into_iter().chain(small()) {
        write(&network, folder.path());
        write(&fold_batch_norm(network).0, &folder.path().join("folded"));
    }
    write(&by_hand(resnetc::dialect::find("paper").unwrap()), folder.path());
    for dialect in resnetc::dialect::NAMES {
        for name in ["a", "x", "block", "name", "basic_block", &"n".repeat(64), "vgg", "input"] {
            for body in ["depth = 18\nblock.kind = \"basic\"", "depth = 50\n[head]\npool = \"max\"\nclasses = 1048576"]
            {
                let package = format!("{name}_{dialect}");
                let package = &package[..package.len().min(64)];
                let text = format!("name = \"{package}\"\ndialect = \"{dialect}\"\n{body}");
                write(&describe::compile(&text), folder.path());
                let Ok(network) =
                    resnetc::compile(&resnetc::source::Source::new("test.toml", text.replacen(package, name, 1)))
                else {
                    continue;
                };
                write(&network, folder.path());
            }
        }
    }
    ruff(folder.path());
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path().join("__init__.py");
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let layer = text.lines().find(|line| line.to_lowercase().contains("lambda(") && !line.starts_with("def "));
        assert_eq!(layer, None, "{}", path.display());
        assert!(text.starts_with("# Generated by resnetc "), "{}", path.display());
        for line in text.lines() {
            assert!(line.len() <= 88, "{}: {line}", path.display());
        }
    }
}

#[test]
fn a_package_is_installed_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    write(&describe::compile(&describe::file("cifar_resnet20")), folder.path());
    let installed = folder.path().join("installed");
    let target = installed.to_str().unwrap();
    let offline = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"];
    let install = [&["install"][..], &offline, &["--quiet", "--target", target, "./cifar_resnet20"]].concat();
    python::module("pip", &install, folder.path());
    std::fs::remove_dir_all(folder.path().join("cifar_resnet20")).unwrap();
    let summary = python::module("cifar_resnet20", &[], &installed);
    assert!(summary.contains("Trainable params: 269,722"), "{summary}");
    let metadata = std::fs::read_to_string(installed.join("cifar_resnet20-0.1.0.dist-info/METADATA")).unwrap();
    for dependency in ["keras>=3", "numpy", "safetensors"] {
        assert!(metadata.contains(&format!("Requires-Dist: {dependency}\n")), "{metadata}");
    }
}

#[test]
fn a_package_is_the_same_from_run_to_run() {
    let network = || describe::compile(&describe::file("resnet50"));
    assert_eq!(emit(&network()), emit(&network()));
}

#[test]
fn many_blocks_are_few_lines() {
    let files = emit(&describe::compile(&describe::file("cifar_resnet1202"))).unwrap();
    assert!(files[0].text.lines().count() < 300);
    assert!(files[0].text.contains("for block in range(1, 200):"));
}

#[test]
fn packages_read_as_a_person_would_write_them() {
    for name in ["resnet18", "keras_resnet50", "cifar_resnet20", "vgg19_bn"] {
        let description = describe::file(name);
        let files = emit(&describe::compile(&description)).unwrap();
        let text: Vec<_> = files.iter().map(|file| format!("==> {}\n{}", file.path, file.text)).collect();
        insta::with_settings!({ description => description, omit_expression => true }, {
            insta::assert_snapshot!(format!("keras_{name}"), text.join("\n"));
        });
    }
}

#[test]
fn what_keras_cannot_express_is_refused_with_a_reason() {
    let text = |name: &str| format!("name = \"{name}\"\ndialect = \"keras\"\ndepth = 18");
    for name in ["numpy", "keras", "load_weights_from_safetensors"] {
        let source = resnetc::source::Source::new("test.toml", text(name));
        if let Ok(network) = resnetc::compile(&source) {
            assert!(emit(&network).unwrap_err().reason.contains(name));
        }
    }
}

#[test]
fn no_view_holds_text_that_does_not_know_its_quoting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/back/keras/view.rs");
    let text = std::fs::read_to_string(path).unwrap();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for word in line.split(|c: char| !c.is_alphanumeric() && c != '_') {
            assert!(!["String", "str", "Cow", "char"].contains(&word), "{line}");
        }
    }
}
