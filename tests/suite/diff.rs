//! `resnetc diff`: what differs between two networks, folded, and what it says of it.

use crate::describe::{RESNET_50, Residual, architectures, compile, file};
use assert_cmd::Command;
use resnetc::analysis::analyse;
use resnetc::compare::{Change, Comparison, Difference, Side, Slot, Stretch, compare};
use resnetc::ir::{Graph, NodeId, Op, Place, Shape, Sides, op};
use resnetc::valid::{self, Checked};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

struct Answer {
    code: i32,
    out: String,
    err: String,
}

fn resnetc(arguments: &[&str], input: &str) -> Answer {
    let mut command = Command::cargo_bin("resnetc").unwrap();
    let output = command.current_dir(architectures()).args(arguments).write_stdin(input).output().unwrap();
    Answer {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A session whose answer has this exit code.
fn shown(code: i32, arguments: &[&str]) -> String {
    let answer = resnetc(arguments, "");
    assert_eq!((answer.code, answer.err.as_str()), (code, ""), "{}", answer.out);
    format!("$ resnetc {}\n{}", arguments.join(" "), answer.out)
}

#[test]
fn networks_that_begin_or_train_otherwise_differ() {
    let text = |fields: &str, classifier: &str| {
        format!(
            "use dialect mine\ndialect mine extends torchvision {{ {fields} }}\nnetwork net {{\n    input 3 x 32 x 32\n    \
             stem cifar(16)\n    stage basic(16, gate = se) * 2\n    stage attended(16)\n    head classifier({classifier})\n}}\n\
             block attended(filters: channels) {{ eca() }}\n"
        )
    };
    let plain = compile(&text("", "10, pool = avg"));
    let cases = [
        ("convolution_init = normal(0.02)", "init kaiming_normal_fan_out -> normal(0.02)"),
        (
            "convolution_init = kaiming_normal_fan_out(bias = uniform_fan_in)",
            "init kaiming_normal_fan_out -> kaiming_normal_fan_out(bias = uniform_fan_in)",
        ),
        ("linear_init = uniform_fan_in(bias = zero)", "init uniform_fan_in -> uniform_fan_in(bias = zero)"),
        ("channel_conv_init = glorot_uniform", "init uniform_fan_in -> glorot_uniform"),
        ("last_norm_scale = 0", "scale 1.0 -> 0.0"),
        ("running_variance = biased", "running_variance unbiased -> biased"),
        ("norm_momentum = 0.01", "momentum 0.1 -> 0.01"),
    ];
    for (field, expected) in cases {
        let found = lines(&compare(&plain, &compile(&text(field, "10, pool = avg"))));
        assert!(found.iter().any(|line| line.contains(expected)), "{field}: {found:#?}");
        // Convolutions without a bias do not care how one would be drawn.
        let of_gates = found.iter().all(|line| line.contains("se.conv"));
        assert_eq!(of_gates, field.contains("bias = uniform_fan_in"), "{field}: {found:#?}");
    }
    assert!(compare(&plain, &compile(&text("linear_init = uniform_fan_in", "10, pool = avg"))).is_equal());
}

/// A network whose ops can be changed before it is checked again.
fn changed(text: &str, mut change: impl FnMut(&str, &mut Op)) -> Checked {
    let network = compile(text);
    let names: Vec<_> = network.layers().map(|layer| (layer.id, layer.name.to_owned())).collect();
    let mut graph = network.into_graph();
    for (id, name) in names {
        change(&name, &mut graph.get_mut(id).unwrap().op);
    }
    valid::check(graph).unwrap()
}

fn lines(comparison: &Comparison) -> Vec<String> {
    let words = |change: &Change| {
        let layers: Vec<_> = change.layers.iter().map(Slot::to_string).collect();
        let difference = match &change.difference {
            Difference::Only { side, whole, ops } => {
                format!("{} only in {side:?}{}", ops.join(" "), if whole.is_some() { ", as is the place" } else { "" })
            }
            Difference::Op([a, b]) => format!("op {a} -> {b}"),
            Difference::Field { name, values } => {
                let [a, b] =
                    values.each_ref().map(|value| value.as_ref().map_or("absent".to_owned(), ToString::to_string));
                format!("{name} {a} -> {b}")
            }
            Difference::Shape([a, b]) => format!("shape {a} -> {b}"),
            Difference::Operands([a, b]) => {
                let [a, b] = [a, b].map(|operands| operands.iter().map(ToString::to_string).collect::<Vec<_>>());
                format!("reads {} -> {}", a.join(" + "), b.join(" + "))
            }
        };
        format!("{}: {}: {difference}", change.stretch, layers.join(" "))
    };
    comparison.changes.iter().map(words).collect()
}

#[test]
fn a_dialect_shows_in_ops_and_names() {
    insta::assert_snapshot!(shown(1, &["diff", "resnet50.toml", "keras_resnet50.toml"]));
}

#[test]
fn a_shortcut_shows_as_layers_of_one_network() {
    insta::assert_snapshot!(shown(1, &["diff", "resnet34.toml", "resnet34_a.toml"]));
}

#[test]
fn more_blocks_are_one_line() {
    insta::assert_snapshot!(shown(1, &["diff", "resnet50.toml", "resnet101.toml"]));
}

#[test]
fn another_kind_of_block_shows_layer_by_layer() {
    insta::assert_snapshot!(shown(1, &["diff", "resnet34.toml", "resnet50.toml", "--format", "markdown"]));
}

#[test]
fn csv_is_the_differences_with_every_layer() {
    insta::assert_snapshot!(shown(1, &["diff", "resnet50.toml", "resnet101.toml", "--format", "csv"]));
    insta::assert_snapshot!(shown(0, &["diff", "resnet50.toml", "resnet50.toml", "--format", "csv"]));
}

#[test]
fn json_has_values_and_not_words() {
    insta::assert_snapshot!(shown(1, &["diff", "resnet34.toml", "resnet34_a.toml", "--format", "json"]));
    let answer = resnetc(&["diff", "resnet50.toml", "keras_resnet50.toml", "--format", "json"], "");
    let json: Value = serde_json::from_str(&answer.out).unwrap();
    // torchvision's meta and keras.applications' count_params() and summary.
    assert_eq!(
        json["cost"]["trainable_parameters"],
        json!({ "a": 25_557_032, "b": 25_583_592, "difference": 25_583_592 - 25_557_032 })
    );
    assert_eq!(json["cost"]["total_parameters"]["b"], 25_636_712);
    let strides: Vec<_> =
        json["changes"].as_array().unwrap().iter().filter(|change| change["field"] == "stride").cloned().collect();
    let stride = |layer: &str, a: u64, b: u64| {
        json!({
            "where": "stages 2 to 4, block 1", "stages": [2, 4], "blocks": [1, 1], "layers": [layer],
            "difference": "field", "field": "stride", "a": [a, a], "b": [b, b],
        })
    };
    assert_eq!(strides, [stride("main.conv1", 1, 2), stride("main.conv2", 2, 1)]);
}

#[test]
fn a_file_is_equal_to_itself() {
    insta::assert_snapshot!(shown(0, &["diff", "resnet50.toml", "resnet50.toml"]));
    let json: Value =
        serde_json::from_str(&resnetc(&["diff", "vgg16.toml", "vgg16.toml", "--format", "json"], "").out).unwrap();
    assert_eq!((&json["equal"], &json["changes"]), (&json!(true), &json!([])));
}

#[test]
fn names_alone_are_no_difference() {
    let text = file("vgg16").replace("torchvision", "keras").replace("name = \"vgg16\"", "name = \"other\"");
    let text = text.replace("linear_init", "convolution_init = kaiming_normal_fan_out\n    linear_init");
    let answer = resnetc(&["diff", "vgg16.toml", "-"], &text);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{}", answer.out);
    insta::assert_snapshot!(answer.out);
}

#[test]
fn an_input_is_for_both() {
    insta::assert_snapshot!(shown(1, &["diff", "plain18.toml", "resnet18.toml", "--input", "3x65x97"]));
    let small = file("cifar_resnet20").replace("size = [32, 32]", "size = [48, 32]").replace("macs", "# macs");
    let answer = resnetc(&["diff", "cifar_resnet20.toml", "-"], &small);
    assert!(answer.out.contains("size          32                48 x 32"), "{}", answer.out);
    assert!(answer.out.contains("stage 1, blocks 1 to 3  main.conv1, main.norm1, main.act1, main.conv2 and 3 more"));
    assert_eq!(resnetc(&["diff", "cifar_resnet20.toml", "-", "--input", "3x32x32"], &small).code, 0);
}

#[test]
fn what_does_not_compile_cannot_be_compared() {
    let faulty = "name = \"r\"\ndialect = \"torchvision\"\ndepht = 18\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faulty.toml").to_str().unwrap().to_owned();
    std::fs::write(&path, faulty).unwrap();
    let answer = resnetc(&["diff", &path, "-"], faulty);
    assert_eq!((answer.code, answer.out.as_str()), (2, ""));
    assert_eq!(answer.err.matches("error[E0201]").count(), 2, "both are checked: {}", answer.err);
    assert!(answer.err.ends_with("error: cannot compare: a description is faulty\n"), "{}", answer.err);

    let answer = resnetc(&["diff", "resnet18.toml", "-", "--message-format", "json"], faulty);
    let diagnostics: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(
        (answer.code, &diagnostics[0]["code"], &diagnostics[0]["file"]),
        (2, &json!("E0201"), &json!("<stdin>"))
    );

    for wrong in [&["diff", "resnet18.toml"][..], &["diff", "-", "-"], &["diff", "resnet18.toml", "absent.toml"]] {
        let answer = resnetc(wrong, faulty);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{wrong:?}");
    }
}

const SMALL: &str = "name = \"small\"\ndialect = \"torchvision\"\n[input]\nchannels = 3\nsize = [32, 32]\n[stem]\n\
                     kind = \"imagenet\"\n[[stage]]\nkind = \"basic\"\nfilters = 8\nblocks = 3\nstride = 2\n[head]\n\
                     pool = \"avg\"\nclasses = 10\n";

#[test]
fn every_field_of_an_op_is_named() {
    let table: &[(&str, fn(&mut Op), &[&str])] = &[
        (
            "conv1",
            |op| {
                let Op::Conv2d(conv) = op else { panic!() };
                conv.bias = true;
                conv.window.kernel = [5, 3];
                conv.window.padding = Sides { top: 2, bottom: 2, left: 1, right: 1 };
            },
            &[
                "stem: stem.conv: bias false -> true",
                "stem: stem.conv: kernel 7 -> 5 x 3",
                "stem: stem.conv: padding 3 -> bottom 2, left 1, right 1, top 2",
            ],
        ),
        (
            "layer1.1.conv2",
            |op| {
                let Op::Conv2d(conv) = op else { panic!() };
                conv.groups = 4;
                conv.window.dilation = [2, 2];
                conv.window.padding = Sides::all(2);
            },
            &[
                "stage 1, block 2: main.conv2: dilation 1 -> 2",
                "stage 1, block 2: main.conv2: groups 1 -> 4",
                "stage 1, block 2: main.conv2: padding 1 -> 2",
            ],
        ),
        (
            "layer1.2.bn1",
            |op| {
                let Op::BatchNorm(norm) = op else { panic!() };
                norm.epsilon = 0.001;
            },
            &["stage 1, block 3: main.norm1: epsilon 0.00001 -> 0.001"],
        ),
        (
            "layer1.2.relu1",
            |op| *op = Op::Activation(op::Activation::Softmax),
            &["stage 1, block 3: main.act1: op relu -> softmax"],
        ),
        (
            "layer1.2.relu1",
            |op| *op = Op::Dropout(op::Dropout { rate: 0.25 }),
            &["stage 1, block 3: main.act1: op relu -> dropout"],
        ),
        (
            "maxpool",
            |op| {
                let Op::MaxPool(pool) = op else { panic!() };
                pool.window.stride = [1, 2];
            },
            &["stem: stem.pool: stride 2 -> 1 x 2"],
        ),
    ];
    let original = compile(SMALL);
    for (name, change, expected) in table {
        let mut found = 0;
        let other = changed(SMALL, |layer, op| {
            if layer == *name {
                change(op);
                found += 1;
            }
        });
        assert_eq!(found, 1, "{name}");
        let fields: Vec<_> =
            lines(&compare(&original, &other)).into_iter().filter(|line| !line.contains(": shape ")).collect();
        assert_eq!(fields, *expected, "{name}");
    }
}

/// The same nodes with the operands that `rewire` gives the node called by that name.
fn rewired(network: &Checked, name: &str, operands: &[&str]) -> Checked {
    let original = network.graph();
    let ids: HashMap<_, _> = network.layers().map(|layer| (layer.name.to_owned(), layer.id)).collect();
    let mut graph = Graph::new("rewired", original.dialect.clone());
    let mut new: HashMap<NodeId, NodeId> = HashMap::new();
    for layer in network.layers() {
        let read = if layer.name == name {
            operands.iter().map(|operand| ids[*operand]).collect()
        } else {
            layer.operands.to_vec()
        };
        let read: Vec<_> = read.iter().map(|id| new[id]).collect();
        new.insert(layer.id, graph.add(layer.node.op.clone(), layer.node.origin, &read));
    }
    valid::check(graph).unwrap()
}

#[test]
fn edges_count_and_not_only_nodes() {
    let network = compile(SMALL);
    assert!(compare(&network, &rewired(&network, "", &[])).is_equal());
    let other = rewired(&network, "layer1.2.add", &["layer1.2.bn2", "layer1.0.relu"]);
    assert_eq!(
        lines(&compare(&network, &other)),
        ["stage 1, block 3: join.add: reads main.norm2 + block.act of 1 block before -> main.norm2 + block.act of 2 \
          blocks before"]
    );
    let other = rewired(&network, "layer1.1.add", &["layer1.1.bn2", "layer1.1.relu1"]);
    assert_eq!(
        lines(&compare(&other, &network)),
        ["stage 1, block 2: join.add: reads main.norm2 + main.act1 -> main.norm2 + block.act of 1 block before"]
    );
    // The first block of a stage reads another place.
    let network = compile(&SMALL.replace("imagenet", "cifar"));
    let other = rewired(&network, "layer1.0.downsample.0", &["bn1"]);
    assert_eq!(
        lines(&compare(&network, &other)),
        ["stage 1, block 1: skip.conv: reads stem.act of stem -> stem.norm of stem"]
    );
}

#[test]
fn a_layer_put_in_between_moves_no_edge() {
    let network = compile(SMALL);
    let id = network.layers().find(|layer| layer.name == "layer1.1.relu1").unwrap().id;
    let mut graph = network.clone().into_graph();
    graph.bypass(id);
    let without = valid::check(graph).unwrap();
    assert_eq!(lines(&compare(&network, &without)), ["stage 1, block 2: main.act1: relu only in A"]);
    assert_eq!(lines(&compare(&without, &network)), ["stage 1, block 2: main.act1: relu only in B"]);
}

#[test]
fn blocks_fold_where_they_differ_alike_and_only_there() {
    let text = |blocks: &[u64]| Residual { blocks, ..RESNET_50 }.text();
    let original = compile(&text(&[3, 4, 6, 3]));
    let with_bias = |wanted: &[&str]| {
        let other = changed(&text(&[3, 4, 6, 3]), |name, op| {
            if let (true, Op::Conv2d(conv)) = (wanted.contains(&name), op) {
                conv.bias = true;
            }
        });
        lines(&compare(&original, &other))
    };
    let run = ["layer2.1.conv2", "layer2.2.conv2", "layer2.3.conv2"];
    assert_eq!(with_bias(&run), ["stage 2, blocks 2 to 4: main.conv2: bias false -> true"]);
    let gap = ["layer2.0.conv2", "layer2.2.conv2", "layer2.2.conv1"];
    assert_eq!(
        with_bias(&gap),
        [
            "stage 2, block 1: main.conv2: bias false -> true",
            "stage 2, block 3: main.conv1 main.conv2: bias false -> true"
        ]
    );
    let stages = ["layer1.1.conv1", "layer2.1.conv1", "layer4.1.conv1"];
    assert_eq!(
        with_bias(&stages),
        ["stages 1 to 2, block 2: main.conv1: bias false -> true", "stage 4, block 2: main.conv1: bias false -> true"]
    );
    let fewer = compile(&text(&[3, 4, 6]));
    for (comparison, side) in [(compare(&original, &fewer), "A"), (compare(&fewer, &original), "B")] {
        let ends: Vec<_> = lines(&comparison).iter().map(|line| line.split_once(": ").unwrap().0.to_owned()).collect();
        assert_eq!(ends, ["stage 4, block 1", "stage 4, blocks 2 to 3", "head", "head"]);
        assert!(lines(&comparison)[0].ends_with(&format!("only in {side}, as is the place")));
    }
}

/// What differs, without folding and without the library's pairing: for each place and layer, in which ways.
type Facts = BTreeMap<(Place, String), BTreeSet<&'static str>>;

fn unfolded(changes: &[Change], blocks: &BTreeMap<u32, u32>) -> Facts {
    let mut facts = Facts::new();
    for Change { stretch, layers, difference } in changes {
        let places: Vec<_> = match *stretch {
            Stretch::Input => vec![Place::Input],
            Stretch::Stem => vec![Place::Stem],
            Stretch::Head => vec![Place::Head],
            Stretch::Blocks { stages: [first, last], blocks: range } => (first..=last)
                .flat_map(|stage| {
                    let [from, to] = range.unwrap_or([0, blocks[&stage] - 1]);
                    (from..=to).map(move |block| Place::Block { stage, block })
                })
                .collect(),
        };
        let word = match difference {
            Difference::Only { side: Side::A, .. } => "only in A",
            Difference::Only { side: Side::B, .. } => "only in B",
            Difference::Op(_) | Difference::Field { .. } => "op",
            Difference::Shape(_) => "shape",
            Difference::Operands(_) => "reads",
        };
        for place in places {
            for layer in layers {
                facts.entry((place, layer.to_string())).or_default().insert(word);
            }
        }
    }
    facts
}

/// Each layer's op and shape by its address, written in another way than the library's.
fn layers(network: &Checked) -> BTreeMap<(Place, String), (Op, Shape)> {
    let layers = network.layers().map(|layer| {
        let address = layer.node.origin.address;
        let [branch, role] = [address.branch.to_string(), address.role.to_string()];
        let unit = if address.unit == 0 { String::new() } else { address.unit.to_string() };
        let word = if branch == role { branch } else { format!("{branch}.{role}{unit}") };
        ((address.place, word), (layer.node.op.clone(), layer.output))
    });
    layers.collect()
}

#[test]
fn what_is_folded_is_what_differs_for_every_pair_of_descriptions() {
    let mut files: Vec<_> = std::fs::read_dir(architectures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    // In stage tables every layer has an address of its own but for its sequence; the pairing of those that have not, and
    // of what reads another layer, is tested above.
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let networks: Vec<_> = files
        .iter()
        .map(|path| compile(&std::fs::read_to_string(path).unwrap()))
        .filter(|n| n.order().len() < 2000)
        .collect();
    let tables: Vec<_> = networks.iter().map(layers).collect();
    assert!(networks.len() > 20);
    for (a, left) in networks.iter().zip(&tables) {
        for (b, right) in networks.iter().zip(&tables) {
            let mut blocks = BTreeMap::new();
            let mut expected = Facts::new();
            for key in left.keys().chain(right.keys()) {
                if let Place::Block { stage, block } = key.0 {
                    let count: &mut u32 = blocks.entry(stage).or_default();
                    *count = (*count).max(block + 1);
                }
                let words = match (left.get(key), right.get(key)) {
                    (Some(_), None) => vec!["only in A"],
                    (None, Some(_)) => vec!["only in B"],
                    (Some((op, shape)), Some((other, wide))) => [("op", op != other), ("shape", shape != wide)]
                        .into_iter()
                        .filter(|x| x.1)
                        .map(|x| x.0)
                        .collect(),
                    (None, None) => vec![],
                };
                if !words.is_empty() {
                    expected.insert(key.clone(), words.into_iter().collect());
                }
            }
            let comparison = compare(a, b);
            let names = [&a.graph().name, &b.graph().name];
            assert_eq!(unfolded(&comparison.changes, &blocks), expected, "{names:?}");
            assert_eq!(comparison.is_equal(), expected.is_empty(), "{names:?}");
            if comparison.is_equal() {
                assert_eq!(analyse(a, 1).counts, analyse(b, 1).counts, "{names:?}");
            }
            assert_eq!(lines(&compare(b, a)).len(), comparison.changes.len(), "{names:?}: the other way round");
        }
    }
}

/// Stages of 100 basic blocks.
fn deep(blocks: u32, dialect: &str) -> Checked {
    let mut text = format!(
        "name = \"deep\"\ndialect = \"{dialect}\"\n[input]\nchannels = 3\nsize = [32, 32]\n[stem]\nkind = \"cifar\"\n\
         [block]\nkind = \"basic\"\nfilters = 16\n"
    );
    for _ in 0..blocks / 100 {
        text += "[[stage]]\nblocks = 100\n";
    }
    compile(&text)
}

#[test]
fn ten_thousand_blocks_are_compared_in_a_moment() {
    let (a, b, shorter) = (deep(10_000, "torchvision"), deep(10_000, "keras"), deep(5_000, "torchvision"));
    let begun = Instant::now();
    let comparison = compare(&a, &b);
    assert_eq!(comparison.paired, 70_001 + 3);
    let folded = lines(&comparison);
    assert!(folded.contains(&"stages 1 to 100, blocks 1 to 100: main.conv1 main.conv2: bias false -> true".to_owned()));
    assert!(folded.len() < 20, "{folded:#?}");
    let expected = "stages 51 to 100, blocks 1 to 100: main.conv1 main.norm1 main.act1 main.conv2 main.norm2 join.add \
                    block.act: conv2d batch_norm relu conv2d batch_norm add relu only in B, as is the place";
    assert_eq!(lines(&compare(&shorter, &a)), [expected]);
    // Quadratic time would be hours.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
