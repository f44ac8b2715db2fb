//! Costs, exactly: the golden values of cost.json, the tools' own counts of other networks, and the rules for what
//! those networks do not have.

use crate::describe::{RESNET_50, Residual, architectures, compile, file, shipped, vgg};
use crate::networks::compile_file;
use resnetc::analysis::{Analysis, ReceptiveField, analyse, by_layer, convention, figure::difference};
use resnetc::source::Source;
use serde_json::Value;

fn resnet(blocks: &[u64]) -> String {
    Residual { blocks, ..RESNET_50 }.text()
}

fn basic(blocks: &[u64]) -> String {
    Residual { kind: "basic", blocks, ..RESNET_50 }.text()
}

fn measured(text: &str, batch: u32) -> Analysis {
    analyse(&compile(text), batch)
}

/// The figure that golden files call `name`.
fn figure(cost: &Analysis, name: &str) -> u128 {
    match name {
        "parameters" => cost.parameters.trainable,
        "buffers" => cost.parameters.non_trainable,
        "training-saved-bytes" => cost.memory.training_saved_bytes,
        "inference-peak-bytes" => cost.memory.inference_peak_bytes,
        "receptive-field" => cost.receptive_field.size,
        "total-stride" => cost.receptive_field.stride,
        convention => {
            assert!(convention::find(convention).is_some(), "a figure that no test knows: {convention}");
            cost.count(convention)
        }
    }
}

/// The columns of cost.json; `training-saved-bytes` has been published of residual networks only.
const COLUMNS: [&str; 17] = [
    "activations-fvcore",
    "activations-pycls",
    "buffers",
    "deepspeed",
    "flops",
    "fvcore",
    "inference-peak-bytes",
    "macs",
    "macs-bias",
    "parameters",
    "ptflops",
    "receptive-field",
    "thop",
    "torchinfo",
    "total-stride",
    "train",
    "training-saved-bytes",
];

fn assert_figures(model: &str, cost: &Analysis, figures: &Value) {
    for (name, value) in figures.as_object().unwrap() {
        assert_eq!(figure(cost, name), u128::from(value.as_u64().unwrap()), "{name} of {model}");
    }
}

#[test]
fn cost_json_is_reproduced_in_every_column() {
    let golden: Value = serde_json::from_str(include_str!("../golden/cost.json")).unwrap();
    let models = golden["models"].as_object().unwrap();
    assert_eq!(models.len(), 8);
    for (model, figures) in models {
        let is_known = |column: &&str| *column != "training-saved-bytes" || !model.starts_with("vgg");
        let mut columns: Vec<_> = figures.as_object().unwrap().keys().map(String::as_str).collect();
        columns.sort_unstable();
        assert_eq!(columns, COLUMNS.into_iter().filter(is_known).collect::<Vec<_>>(), "{model}");
        let text = match model.as_str() {
            "resnext50_32x4d" => Residual { block: "groups = 32\nwidth_per_group = 4", ..RESNET_50 }.text(),
            "wide_resnet50_2" => Residual { block: "width_per_group = 128", ..RESNET_50 }.text(),
            "vgg16_bn" => vgg([2, 2, 3, 3, 3], true, [3, 224, 224]),
            shipped => file(shipped),
        };
        assert_figures(model, &measured(&text, 1), figures);
    }
}

#[test]
#[should_panic(expected = "a figure that no test knows: parameter-bytes")]
fn a_column_that_no_test_knows_is_not_passed_over() {
    assert_figures("resnet18", &measured(&file("resnet18"), 1), &serde_json::json!({ "parameter-bytes": 1 }));
}

#[test]
fn the_tools_themselves_agree_on_other_networks_and_sizes() {
    let golden: Value = serde_json::from_str(include_str!("../golden/tools.json")).unwrap();
    for (model, figures) in golden["models"].as_object().unwrap() {
        let input = [3, 225, 193];
        let (text, batch) = match model.as_str() {
            "bottleneck 2,2,2,2" => (resnet(&[2, 2, 2, 2]), 1),
            "basic 1,1,1,1 of 225 x 193, batch 2" => {
                (Residual { kind: "basic", blocks: &[1, 1, 1, 1], input, ..RESNET_50 }.text(), 2)
            }
            "32x4d 2,2,2,2 of 225 x 193" => {
                let block = "groups = 32\nwidth_per_group = 4";
                (Residual { block, blocks: &[2, 2, 2, 2], input, ..RESNET_50 }.text(), 1)
            }
            "vgg13_bn of 225 x 193" => (vgg([2, 2, 2, 2, 2], true, input), 1),
            "vgg11 of 225 x 193" => (vgg([1, 1, 2, 2, 2], false, input), 1),
            other => panic!("a model that no test describes: {other}"),
        };
        assert_figures(model, &measured(&text, batch), figures);
    }
}

/// The networks of `architectures/` that neither torchvision nor timm has.
fn has_no_namesake(name: &str) -> bool {
    let ours = ["cifar_", "custom_", "keras_", "paper_", "plain"].iter().any(|prefix| name.starts_with(prefix));
    ours || ["resnet200", "resnet34_a", "resnet34_c"].contains(&name)
}

#[test]
fn the_tools_agree_on_every_network_that_torchvision_or_timm_has_too() {
    let golden: Value = serde_json::from_str(include_str!("../golden/tools.json")).unwrap();
    let golden = golden["networks"].as_object().unwrap();
    let shipped: Vec<_> = shipped()
        .into_iter()
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(name, _)| !has_no_namesake(name))
        .collect();
    assert_eq!(shipped.len(), golden.len());
    let mut wrong = Vec::new();
    for (name, path) in shipped {
        let cost = analyse(&compile_file(&path), 1);
        for (column, value) in golden[&name].as_object().unwrap() {
            let (found, expected) = (figure(&cost, column), u128::from(value.as_u64().unwrap()));
            if found != expected {
                wrong.push(format!("{name}: {column} is {found}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// timm's own table: `fvcore` rounded to two decimals of 10^9.
#[test]
fn gmacs_are_those_that_timm_publishes() {
    for (name, gmacs) in
        [("seresnet50", 4.11), ("ecaresnet50d", 4.35), ("seresnext50_32x4d", 4.26), ("skresnet50", 4.11)]
    {
        let cost = analyse(&compile_file(&architectures().join(format!("{name}.resnet"))), 1);
        assert_eq!((cost.count("fvcore") as f64 / 1e7).round() / 1e2, gmacs, "{name}");
    }
}

/// A network with a gate of the text, in the dialect that `use dialect` names.
fn gated(definitions: &str, dialect: &str) -> Analysis {
    let text = format!(
        "use dialect {dialect}\n{definitions}\n\
         block gated() {{ join multiply {{ map {{}} mine {{ global_pool conv 1x1 (channels) act(sigmoid) }} }} }}\n\
         network n {{ input 3 x 9 x 8 stem cifar(12) stage gated() head classifier(10, pool = avg) }}"
    );
    analyse(&resnetc::compile(&Source::new("n.resnet", text)).unwrap(), 1)
}

/// > | `gate_mean` | how a gate takes the mean of its map (a global average pool in a branch of `join multiply`), which tools that count see or do not: [`module`, `subclass`, `function` or `method`](#tables-of-names) |
/// >
/// > | `LABEL.ROLE "TEMPLATE" as SPELLING` | the same, and how the implementation writes the layer: a `module` of `torch.nn`, a `subclass` of one, a `function` (a call of `torch.nn.functional`, also in a class that holds other modules), or a `method` of tensors. It decides which tools count the layer; the first row that fits and says so counts |
#[test]
fn the_dialect_says_how_the_mean_of_a_gate_is_written() {
    let map = 12 * 9 * 8;
    let mine = |spelling: &str| format!("dialect mine extends timm {{ gate_mean = {spelling} }}");
    let row = |spelling: &str| {
        format!(
            "dialect mine extends timm {{ names = mine }} names mine extends timm {{ mine.pool \"g\" as {spelling} }}"
        )
    };
    let none = gated("", "timm");
    let added = |cost: Analysis| {
        ["fvcore", "ptflops", "ptflops-functional", "thop", "deepspeed", "macs", "full"]
            .map(|name| cost.count(name) - none.count(name))
    };
    let (module, function) = ([map, map, 2 * map, map + 12, map, 0, 0], [map, 0, map, 0, map, 0, 0]);
    assert_eq!(added(gated("", "torchvision")), module);
    assert_eq!(added(gated(&mine("module"), "mine")), module);
    assert_eq!(added(gated(&mine("function"), "mine")), function);
    assert_eq!(added(gated(&mine("method"), "mine")), [0; 7]);
    // A row about the layer beats what the dialect says of all gates.
    assert_eq!(added(gated(&row("module"), "mine")), module);
    assert_eq!(added(gated(&row("function"), "mine")), function);
    // The pool of the head is none of a gate's.
    let head = analyse(&compile(&file("resnet18").replace("\"torchvision\"", "\"timm\"")), 1);
    assert_eq!(head.count("fvcore"), measured(&file("resnet18"), 1).count("fvcore"));
}

/// > Where such a one leaves out `gate_mean`, that is `module`, and `dilated_first_block` `previous`, `channel_conv_init` as
/// > `convolution_init`, `last_norm_scale` 1 and `running_variance` `unbiased`.
#[test]
fn a_dialect_without_a_base_need_not_say_how_gates_are_written() {
    let text = std::fs::read_to_string("library/dialects/torchvision.resnet").unwrap();
    let own = text.replace("dialect torchvision", "dialect own").replace("names torchvision {", "names own {");
    let own = own.replace("names = torchvision", "names = own");
    let without = own.replace("    gate_mean = module\n", "");
    assert_ne!(own, without);
    assert_eq!(gated(&without, "own").counts, gated("", "torchvision").counts);
}

#[test]
fn resnet_50_under_every_convention() {
    let cost = measured(&file("resnet50"), 1);
    let counts: Vec<_> = cost.counts.iter().map(|count| (count.convention.name, count.total())).collect();
    assert_eq!(
        counts,
        [
            ("macs", 4_089_184_256),
            ("flops", 8_178_368_512),
            ("macs-bias", 4_089_185_256),
            ("fvcore", 4_111_512_576),
            ("ptflops", 4_121_925_096),
            ("thop", 4_133_742_592),
            ("torchinfo", 4_089_238_376),
            ("deepspeed", 8_211_108_352),
            // 2 macs, 1,000 of linear bias, 9 x 64 x 56^2 of max pool, 2048 x 7^2 of mean, 5,519,360 of adds.
            ("tf-profiler", 8_185_795_560),
            ("full", 8_217_431_528),
            ("train", 24_299_077_632),
            ("activations-fvcore", 11_114_984),
            ("activations-pycls", 11_315_688),
            ("ptflops-functional", 4_132_436_968),
        ]
    );
}

#[test]
fn training_keeps_what_pytorch_keeps_at_batch_2() {
    for (blocks, saved) in [
        (basic(&[2, 2, 2, 2]), 44_398_080),
        (resnet(&[3, 4, 6, 3]), 172_031_488),
        (resnet(&[3, 8, 36, 3]), 355_466_752),
    ] {
        assert_eq!(measured(&blocks, 2).memory.training_saved_bytes, saved);
    }
}

#[test]
fn a_batch_scales_work_and_tensors_but_not_weights() {
    let (one, eight) = (measured(&file("resnet18"), 1), measured(&file("resnet18"), 8));
    for (one, eight) in one.counts.iter().zip(&eight.counts) {
        // torchinfo counts a batch norm's parameters once for each image, as it does a linear layer's.
        assert_eq!(8 * one.total(), eight.total(), "{}", one.convention.name);
    }
    assert_eq!(8 * one.memory.inference_peak_bytes, eight.memory.inference_peak_bytes);
    assert_eq!(one.memory.weights_bytes, eight.memory.weights_bytes);
    assert_eq!(one.parameters, eight.parameters);
    // Means and deviations of batch norms are kept once a batch: 2 x 4 bytes for each of 4,800 channels.
    let statistics = 8 * 4_800;
    assert_eq!(8 * (one.memory.training_saved_bytes - statistics), eight.memory.training_saved_bytes - statistics);
}

#[test]
fn layers_and_parts_add_up_to_the_totals() {
    for text in [file("keras_resnet50"), vgg([1, 1, 2, 2, 2], true, [3, 64, 96]), file("cifar_resnet20")] {
        let network = compile(&text);
        let cost = analyse(&network, 3);
        assert_eq!(cost.layers.iter().map(|layer| layer.macs).sum::<u128>(), cost.macs());
        assert_eq!(cost.layers.iter().map(|layer| layer.parameters.total()).sum::<u128>(), cost.parameters.total());
        for level in [resnetc::analysis::Level::Stage, resnetc::analysis::Level::Block] {
            let groups = resnetc::analysis::group(&network, &cost.layers, level);
            assert_eq!(groups.iter().map(|group| group.macs).sum::<u128>(), cost.macs());
            assert_eq!(groups.iter().map(|group| group.layers.len()).sum::<usize>(), cost.layers.len() - 1);
        }
        for count in &cost.counts {
            assert_eq!(by_layer(&network, count.convention, 3).iter().sum::<u128>(), count.total());
        }
    }
}

#[test]
fn what_a_convention_is_said_to_add_to_macs_is_what_it_adds() {
    for name in ["resnet50.toml", "keras_resnet50.toml", "vgg16.toml", "resnetblur50.resnet", "convnext_tiny.resnet"] {
        let cost = analyse(&compile_file(&architectures().join(name)), 2);
        for count in cost.counts.iter().filter(|count| !count.convention.name.starts_with("activations")) {
            let why = difference(count, cost.macs());
            let signed =
                |word: &str| word.replace(',', "").parse::<i128>().ok().filter(|_| word.starts_with(['+', '-']));
            let told: i128 = why.split(' ').filter_map(signed).sum();
            let added = i128::try_from(count.total()).unwrap() - i128::try_from(cost.macs()).unwrap();
            assert_eq!(told, added, "{name}, {}: {why}", count.convention.name);
        }
    }
}

#[test]
fn receptive_fields_of_the_literature() {
    let field = |name: &str| measured(&file(name), 1).receptive_field;
    assert_eq!(field("resnet50"), ReceptiveField { size: 427, stride: 32 });
    assert_eq!(field("paper_resnet50"), ReceptiveField { size: 483, stride: 32 });
    assert_eq!(field("keras_resnet50"), ReceptiveField { size: 483, stride: 32 });
    assert_eq!(field("paper_resnet101"), ReceptiveField { size: 1027, stride: 32 });
    assert_eq!(field("paper_resnet152"), ReceptiveField { size: 1507, stride: 32 });
    assert_eq!(field("resnet18"), ReceptiveField { size: 435, stride: 32 });
    assert_eq!(field("vgg16"), ReceptiveField { size: 212, stride: 32 });
    // 3x3 in the stem, then six in each stage, the first of a stage still at the stride of the one before.
    assert_eq!(field("cifar_resnet20"), ReceptiveField { size: 3 + 12 + 2 + 20 + 4 + 40, stride: 4 });
}

/// What `text` adds to a count beyond 1 or 2 x macs.
fn beyond(text: &str, convention: &str) -> u128 {
    let cost = measured(text, 1);
    let base = match convention {
        "deepspeed" | "tf-profiler" | "full" => cost.flops(),
        _ => cost.macs(),
    };
    cost.count(convention) - base
}

#[test]
fn softmax_is_counted_by_the_tensorflow_profiler_alone() {
    let logits = file("resnet18");
    let softmax = logits.replace("classes = 1000", "classes = 1000\nactivation = \"softmax\"");
    assert_ne!(logits, softmax);
    let added = |convention: &str| beyond(&softmax, convention) - beyond(&logits, convention);
    assert_eq!(
        ["fvcore", "ptflops", "thop", "torchinfo", "deepspeed", "tf-profiler", "full"].map(added),
        [0, 0, 0, 0, 0, 5_000, 0]
    );
}

#[test]
fn a_global_maximum_is_counted_where_the_tool_counts_it() {
    let average = file("resnet18");
    let maximum = average.replace("pool = \"avg\"", "pool = \"max\"");
    let inputs = 512 * 7 * 7;
    let of = |text: &str, convention: &str| beyond(text, convention);
    for (convention, mean, max) in [
        ("fvcore", inputs, 0),
        ("ptflops", inputs, inputs),
        ("thop", inputs + 512, 0),
        ("deepspeed", inputs, inputs),
        ("tf-profiler", inputs, 0),
        ("full", inputs, inputs),
    ] {
        assert_eq!(of(&average, convention) + max, of(&maximum, convention) + mean, "{convention}");
    }
}

#[test]
fn padding_subsampling_and_zero_channels_are_free() {
    // The plain network is ResNet-34 with shortcut A less its adds and what leads to them.
    let (plain, identity) = (measured(&file("plain34"), 1), measured(&file("resnet34_a"), 1));
    for convention in ["macs", "fvcore", "ptflops", "thop", "torchinfo", "deepspeed", "train"] {
        assert_eq!(plain.count(convention), identity.count(convention), "{convention}");
    }
    let adds = 64 * 56 * 56 * 3 + 128 * 28 * 28 * 4 + 256 * 14 * 14 * 6 + 512 * 7 * 7 * 3;
    assert_eq!(identity.count("full") - plain.count("full"), adds);
    assert_eq!(identity.count("tf-profiler") - plain.count("tf-profiler"), adds);
}

#[test]
fn two_convolutions_that_read_the_input_need_no_gradient_for_it() {
    let text = Residual { stem: "none", kind: "basic", blocks: &[1], input: [3, 8, 8], ..RESNET_50 }
        .text()
        .replace("kind = \"none\"\nfilters = 64", "kind = \"none\"");
    let cost = measured(&text, 1);
    let (main, projection) = (64 * 8 * 8 * 27, 64 * 8 * 8 * 3);
    assert_eq!(cost.count("train"), 6 * cost.macs() - 2 * (main + projection));
}

#[test]
fn inference_frees_every_tensor_at_its_last_use() {
    // Plain: the input is kept, and the largest pair is a convolution's input and output; relu works in place.
    let plain = "name = \"n\"\ndialect = \"torchvision\"\n[input]\nchannels = 2\nsize = [4, 4]\n[stem]\nkind = \"none\"\n\
                 [[stage]]\nkind = \"plain\"\nfilters = 8\nblocks = 3\n[head]\npool = \"none\"\n";
    assert_eq!(measured(plain, 1).memory.inference_peak_bytes, 4 * 16 * (2 + 8 + 8));
    // An identity shortcut keeps one tensor more.
    let residual = plain.replace("plain", "basic");
    assert_eq!(measured(&residual, 1).memory.inference_peak_bytes, 4 * 16 * (2 + 8 + 8 + 8));
    // Keras pads by layers: the padded map lives beside what it was made from.
    let keras = measured(&file("keras_resnet50"), 1).memory.inference_peak_bytes;
    let (input, padded, conv) = (3 * 224 * 224, 3 * 230 * 230, 64 * 112 * 112);
    let projection = [64, 256, 256].iter().map(|channels| channels * 56 * 56).sum::<u128>();
    assert_eq!(keras, 4 * (input + projection.max(padded + conv)));
}

#[test]
fn training_keeps_a_mask_for_dropout_and_an_input_for_every_linear_layer() {
    let head = |dropout: &str| {
        format!(
            "name = \"n\"\ndialect = \"torchvision\"\n[input]\nchannels = 3\nsize = [8, 8]\n[stem]\nkind = \"none\"\n\
             [[stage]]\nkind = \"vgg\"\nfilters = 16\nblocks = 1\n\
             [head]\npool = \"avg\"\npool_size = [2, 2]\nhidden = [32]\n{dropout}classes = 10\n"
        )
    };
    // The input and the relu (over the convolution), the pool with its indices, the pooled map, the hidden relu.
    let (input, relu, pooled, cells, hidden) = (3 * 64, 16 * 64, 16 * 16, 16 * 4, 32);
    let without = 4 * (input + relu + pooled + cells + hidden) + 8 * pooled;
    assert_eq!(measured(&head(""), 1).memory.training_saved_bytes, without);
    // Dropout's value is a tensor of its own, and its mask one byte each.
    assert_eq!(measured(&head("dropout = 0.5\n"), 1).memory.training_saved_bytes, without + 4 * hidden + hidden);
}

#[test]
fn strides_that_outgrow_every_integer_do_not_wrap() {
    let stage = "[[stage]]\nkind = \"basic\"\nfilters = 1\nblocks = 1\nstride = 65536\n";
    let text =
        "name = \"n\"\ndialect = \"torchvision\"\n[input]\nchannels = 1\nsize = [1, 1]\n[stem]\nkind = \"none\"\n"
            .to_owned()
            + &stage.repeat(12);
    assert_eq!(measured(&text, 1).receptive_field.stride, u128::MAX);
}
