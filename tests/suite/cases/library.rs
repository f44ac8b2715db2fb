//! Descriptions that the library could not say, or said wrongly without a word.

use assert_cmd::Command;
use resnetc::analysis;
use resnetc::diagnostic::render;
use resnetc::ir::Op;
use resnetc::ir::op::Conv2d;
use resnetc::source::Source;
use resnetc::valid::Checked;

/// The network of a description, whose warnings are these.
fn compile(source: &Source, warnings: &[&str]) -> Checked {
    let network = resnetc::compile(source).unwrap_or_else(|report| panic!("{}", render::text(&report, source, false)));
    let found: Vec<_> = network.warnings.diagnostics().iter().map(|warning| warning.code.number()).collect();
    assert_eq!(found, warnings, "{}", render::text(&network.warnings, source, false));
    network
}

fn dsl(text: &str) -> Source {
    Source::new("case.resnet", text)
}

/// A network of `stages` in a dialect, and `more` beside it.
fn network(dialect: &str, stages: &str, more: &str) -> Checked {
    let text = format!(
        "use dialect {dialect}\nnetwork example {{\n    input 3 x 64 x 64\n    stem cifar(16)\n{stages}\n}}\n{more}\n"
    );
    compile(&dsl(&text), &[])
}

fn convolutions(network: &Checked) -> Vec<Conv2d> {
    let conv = |layer: resnetc::valid::Layer<'_>| if let Op::Conv2d(conv) = layer.node.op { Some(conv) } else { None };
    network.layers().filter_map(conv).collect()
}

/// The dilations of the 3x3 behind the stem.
fn dilations(network: &Checked) -> Vec<u64> {
    let convs = convolutions(network).into_iter().skip(1).filter(|conv| conv.window.kernel == [3, 3]);
    convs.map(|conv| conv.window.dilation[0]).collect()
}

fn parameters(network: &Checked) -> u128 {
    analysis::headline(network).0.trainable
}

fn resnetc(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("resnetc").unwrap().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// > | `spacing(dilation, first_dilation)` | the dilation of this block: `dilation`; in the first block of a stage `first_dilation` where that is not `none`, else [what the dialect says](#dilation) |
#[test]
fn the_dilation_of_a_stage_of_one_block_is_what_is_written() {
    assert_eq!(dilations(&compile(&super::source("dilation_first_block.resnet"), &[])), [1, 2, 2, 4]);
}

/// torchvision's `resnet50(replace_stride_with_dilation=[False, True, True])`: the dilations of its `conv2`, printed by
/// torchvision. timm's `resnetv2_50(output_stride=8)` has the same.
const RESNET50_AT_8: [u64; 16] = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 4, 4];

/// > | `dilated_first_block` | the dilation of the first of a dilated stage's blocks: `previous`, that of the stage before, or its `own` ([how](#dilation)) |
#[test]
fn a_dilated_network_is_that_of_torchvision_and_of_timm_where_their_dialect_is() {
    let stages = |kind: &str| {
        format!(
            "stage {kind}(64) * 3\nstage {kind}(128) * 4 stride 2\nstage {kind}(256, dilation = 2) * 6\n\
             stage {kind}(512, dilation = 4) * 3"
        )
    };
    assert_eq!(dilations(&network("torchvision", &stages("bottleneck"), "")), RESNET50_AT_8);
    assert_eq!(dilations(&network("timm", &stages("bottleneck"), "")), RESNET50_AT_8);
    let preact = "use dialect timm\nnetwork example {\n    input 3 x 64 x 64\n    stem preact_cifar(16)\n".to_owned();
    let preact = compile(&dsl(&format!("{preact}{}\n}}", stages("preact_bottleneck"))), &[]);
    assert_eq!(dilations(&preact), RESNET50_AT_8);
    // DeepLab's Caffe networks dilate the first block as the others.
    let own = [1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 4, 4, 4];
    assert_eq!(dilations(&network("paper", &stages("bottleneck"), "")), own);
    assert_eq!(dilations(&network("keras", &stages("bottleneck"), "")), own);
    let dialect = "dialect caffe extends torchvision { dilated_first_block = own }";
    assert_eq!(dilations(&network("caffe", &stages("bottleneck"), dialect)), own);
    let dialect = "dialect torch extends keras { dilated_first_block = previous }";
    assert_eq!(dilations(&network("torch", &stages("bottleneck"), dialect)), RESNET50_AT_8);
}

#[test]
fn a_block_that_another_calls_has_the_dilation_of_the_call() {
    let grid = "block grid(filters: channels, stride: integer = 1) {
        bottleneck(filters, stride, dilation = item([2, 4, 8], index))
    }";
    // Whatever the stage before has, or whether it has any.
    for before in ["bottleneck(16)", "bottleneck(16, dilation = 3)", "basic(16)", "grid(16)"] {
        let found = dilations(&network("torchvision", &format!("stage {before} * 2\nstage grid(16) * 3"), grid));
        assert_eq!(found[found.len() - 3..], [2, 4, 8], "{before}");
    }
    // DeepLab's multi-grid: a unit rate, times the stage's.
    let grid = "block grid(filters: channels, stride: integer = 1, dilation: integer = 1) {
        bottleneck(filters, stride, dilation = dilation * item([1, 2, 4], index))
    }";
    let stages = "stage grid(16, dilation = 2) * 3\nstage grid(16, dilation = 4) * 3";
    assert_eq!(dilations(&network("torchvision", stages, grid)), [2, 4, 8, 4, 8, 16]);
}

/// > `spacing(dilation, first_dilation)` is what is written, but in one place: where the dialect's `dilated_first_block` is
/// > `previous`, the first block of a stage that has several has the `dilation` of the stage before, whose spacing the map that it
/// > reads still has (torchvision's `replace_stride_with_dilation`). Where the stage before has no parameter of this name, it has
/// > its own, and so it does where `dilated_first_block` is `own`. A stage of one block, and a block that another block
/// > calls, do what is written. `first_dilation` says the first block's dilation whatever the dialect. The blocks of the library
/// > with a `dilation` ask `spacing`.
#[test]
fn the_first_dilation_can_be_said() {
    for dialect in ["torchvision", "paper"] {
        for kind in ["bottleneck", "preact_bottleneck"] {
            let stages = format!(
                "stage {kind}(16) * 2\nstage {kind}(16, dilation = 4, first_dilation = 2) * 3\n\
                 stage {kind}(16, dilation = 8, first_dilation = 8) * 2\nstage {kind}(16, dilation = 2, first_dilation = 1)"
            );
            let text =
                format!("use dialect {dialect}\nnetwork e {{\ninput 3 x 64 x 64\nstem preact_cifar(16)\n{stages}\n}}");
            assert_eq!(dilations(&compile(&dsl(&text), &[])), [1, 1, 2, 4, 4, 8, 8, 1], "{dialect} {kind}");
        }
    }
    // Where the stage before has no such parameter there is nothing to keep.
    assert_eq!(
        dilations(&network("torchvision", "stage basic(16)\nstage bottleneck(16, dilation = 2) * 2", "")),
        [1, 1, 2, 2]
    );
    assert_eq!(dilations(&network("torchvision", "stage bottleneck(16, dilation = 2) * 2", "")), [2, 2]);
}

#[test]
fn a_dialect_that_extends_none_need_not_know_a_later_field() {
    let own = "dialect alone {
        source = \"a test\"  convolution_bias = false  norm_epsilon = 1e-5  norm_momentum = 0.1
        bottleneck_stride = spatial  preactivation_stride = first  projection = where_shapes_differ  padding = field
        activation = layer  stem_pool_padding = 1  stem_pool_ceil = false
        convolution_init = kaiming_normal_fan_out  linear_init = uniform_fan_in  reports = trainable  names = torchvision
    }";
    let stages = "stage bottleneck(16) * 2\nstage bottleneck(16, dilation = 2) * 2";
    assert_eq!(dilations(&network("alone", stages, own)), [1, 1, 1, 2]);
}

#[test]
fn preactivation_blocks_are_warned_of_behind_the_stem_of_others() {
    let source = super::source("preact_behind_a_plain_stem.toml");
    let network = compile(&source, &["W0104"]);
    let text = render::text(&network.warnings, &source, false);
    assert!(text.contains("`preact_cifar`") && text.contains("`preact_classifier`"), "{text}");
}

/// kuangliu's PreActResNet18 written in PyTorch has 11,171,146 parameters, and no norm behind its last block; with the
/// paper's, of 512 channels, 11,172,170. timm's `resnetv2_18` has 11,687,720.
#[test]
fn a_preactivation_resnet_18_has_the_parameters_of_its_namesakes() {
    let text = |dialect: &str, size: u64, classes: u64, stem: &str, head: &str| {
        format!(
            "use dialect {dialect}\nnetwork preact18 {{\n    input 3 x {size} x {size}\n    stem {stem}(64)\n    \
             stage preact_basic(64) * 2\n    stage preact_basic(128) * 2 stride 2\n    stage preact_basic(256) * 2 stride 2\n    \
             stage preact_basic(512) * 2 stride 2\n    head {head}({classes}, pool = avg)\n}}"
        )
    };
    let own = compile(&dsl(&text("torchvision", 32, 10, "preact_cifar", "classifier")), &["W0104"]);
    assert_eq!(parameters(&own), 11_171_146);
    let paper = compile(&dsl(&text("torchvision", 32, 10, "preact_cifar", "preact_classifier")), &[]);
    assert_eq!(parameters(&paper), 11_172_170);
    let timm = compile(&dsl(&text("timm", 224, 1000, "preact_imagenet", "preact_classifier")), &[]);
    assert_eq!(parameters(&timm), 11_687_720);
    let names: Vec<_> = timm.parameters().map(|(parameter, _)| timm.name(parameter.node)).collect();
    for name in ["norm1", "conv1", "norm2", "conv2", "downsample.conv"] {
        assert!(names.contains(&format!("stages.1.blocks.0.{name}").as_str()), "{name}: {names:?}");
    }
    assert!(names.contains(&"stem.conv") && names.contains(&"norm") && names.contains(&"head.fc"));
    // Keras's V2 has the stride in a stage's last block.
    compile(&dsl(&text("keras", 224, 1000, "preact_imagenet", "preact_classifier")), &[]);
}

#[test]
fn only_preactivation_blocks_that_do_not_fit_are_warned_of() {
    let text = |stem: &str, stage: &str, head: &str| {
        dsl(&format!(
            "use dialect torchvision\nnetwork e {{\ninput 3 x 64 x 64\nstem {stem}\nstage {stage}\nhead {head}\n}}
            block before(filters: channels) {{
                join add {{ main {{ norm act unit 1 {{ conv 3x3 (filters) norm act }} unit 2 {{ conv 3x3 (filters) }} }} skip {{}} }}
            }}
            block after(filters: channels) {{
                join add {{ main {{ norm act unit 1 {{ conv 3x3 (filters) norm }} }} skip {{}} }}
                act
            }}
            block bare(filters: channels) {{ conv 3x3 (filters) }}
            block ended(classes: channels) {{ norm act global_pool flatten linear(classes) }}"
        ))
    };
    // A stranger's block is judged by what it does.
    compile(&text("cifar(16)", "before(16) * 2", "ended(10)"), &["W0104"]);
    compile(&text("bare(16)", "before(16) * 2", "classifier(10, pool = avg)"), &["W0104"]);
    compile(&text("bare(16)", "before(16) * 2", "ended(10)"), &[]);
    compile(&text("bare(16)", "before(16) * 2", "none"), &[]);
    compile(&text("cifar(16)", "after(16) * 2", "classifier(10, pool = avg)"), &[]);
    compile(&text("cifar(16)", "dense(16) * 2", "classifier(10, pool = avg)"), &[]);
    for stem in ["imagenet(64)", "deep(64)"] {
        compile(
            &text(&format!("preact_{stem}"), "preact_bottleneck(16) * 2", "preact_classifier(10, pool = avg)"),
            &[],
        );
        compile(&text(stem, "preact_bottleneck(16) * 2", "preact_classifier(10, pool = avg)"), &["W0104"]);
    }
}

#[test]
fn a_stride_in_the_last_block_is_said_without_a_warning() {
    let network = compile(&super::source("stride_in_the_last_block.resnet"), &[]);
    // TF-slim's end points of resnet_v1_50 at 224: 28, 14, 7 and 7.
    let sizes: Vec<_> = network
        .layers()
        .filter(|layer| layer.name.ends_with(".add"))
        .map(|layer| (layer.output.channels(), layer.output.size().unwrap()))
        .collect();
    let ends = [2, 6, 12, 15].map(|at| sizes[at]);
    assert_eq!(ends, [(256, [28, 28]), (512, [14, 14]), (1024, [7, 7]), (2048, [7, 7])]);
    assert_eq!(sizes[0], (256, [56, 56]));
    assert_eq!(parameters(&network), 25_557_032);
}

#[test]
fn a_stride_is_read_by_whoever_a_block_calls() {
    let more = "block inner(filters: channels) { conv 3x3 (filters, stride = if index == 0 then stage_stride else 1) }
        block outer(filters: channels, stride: integer = 1) { inner(filters) norm act }";
    network("torchvision", "stage outer(16) * 2 stride 2", more);
    let unread = "use dialect torchvision\nnetwork e {\ninput 3 x 64 x 64\nstem cifar(16)\nstage b(16)\n}
        block b(filters: channels, stride: integer = 1) { conv 3x3 (filters) }";
    let network = compile(&dsl(unread), &["W0101"]);
    let text = render::text(&network.warnings, &dsl(unread), false);
    assert!(text.contains("`stage_stride`") && !text.contains("stride_`"), "{text}");
}

#[test]
fn a_stride_is_a_pair() {
    let network = compile(&super::source("stride_that_is_a_pair.resnet"), &[]);
    // The OCR network's map: 32 x 100 is halved twice, and three times in height alone.
    assert_eq!(network.shape(network.output()).size(), Some([1, 25]));
    assert_eq!(network.shape(network.output()).channels(), 512);
}

/// The heights and widths of the map after each stage of one block.
fn halved(dialect: &str, stage: &str, more: &str) -> [u64; 2] {
    let stages = format!("stage {stage} * 2 stride ([2, 1])\nstage {stage} * 1 stride ([1, 2])");
    let network = network(dialect, &stages, more);
    network.shape(network.output()).size().unwrap()
}

#[test]
fn every_block_of_the_library_with_a_stride_takes_height_and_width() {
    let blocks = [
        "basic(32)",
        "basic(32, shortcut = C)",
        "basic(32, shortcut = D, gate = se)",
        "bottleneck(16)",
        "bottleneck(16, shortcut = D, antialias = average_pool)",
        "plain(32)",
        "dense(8)",
        "convnext(32)",
        "inverted_residual(32)",
        "mbconv(32)",
        "regnet(32, group_width = 8)",
        "res2net_bottleneck(64)",
        "sk_bottleneck(64)",
    ];
    for dialect in ["torchvision", "keras", "timm"] {
        for block in blocks {
            assert_eq!(halved(dialect, block, ""), [32, 32], "{dialect} {block}");
        }
    }
    let refused = resnetc::compile(&dsl(
        "use dialect torchvision\nnetwork e {\ninput 3 x 64 x 64\nstem cifar(16)\nstage basic(16, shortcut = A) stride ([2, 1])\n}",
    ));
    let report = refused.unwrap_err();
    assert_eq!(report.diagnostics()[0].message, "`stride` is [2, 1]");
    let zero = resnetc::compile(&dsl(
        "use dialect torchvision\nnetwork e {\ninput 3 x 64 x 64\nstem cifar(16)\nstage basic(16) stride ([2, 0])\n}",
    ));
    assert_eq!(zero.unwrap_err().diagnostics()[0].code.number(), "E0205");
}

#[test]
fn what_asks_about_a_stride_takes_height_and_width() {
    let own = |body: &str| format!("block own(filters: channels, stride: pair(1..4) = 1) {{\n{body}\n}}");
    let bodies = [
        "join add { main { conv 3x3 (filters, stride) norm } skip { B(stride, filters) } }",
        "let last = if index == blocks - 1 then stage_stride else [1, 1]
         join add { main { conv 3x3 (filters, stride = last) norm } skip if project(last, filters) { C(last, filters) } }
         require stride == stride else \"never\"",
        "join add {
            main { conv 3x3 (filters, stride = at(first, stride)) as a conv 3x3 (filters, stride = at(spatial, stride)) }
            skip { conv(filters, stride) }
         }",
        "for step in [[1, 1], stride] { unit 1 { if step != 1 { conv 3x3 (filters, stride = step) norm act } } }
         if stride == 1 { conv 3x3 (filters) as other }",
        "if stride != [1, 1] { max_pool(kernel = stride, stride) }
         if item(stride, 0) > 1 or item(stride, 1) > 1 { conv(filters) }",
    ];
    for body in bodies {
        assert_eq!(halved("torchvision", "own(32)", &own(body)), [32, 32], "{body}");
    }
}

#[test]
fn toml_says_a_stride_as_height_and_width() {
    let text = "name = \"ocr\"\ndialect = \"torchvision\"\n[input]\nchannels = 1\nsize = [32, 100]\n[stem]\nkind = \"cifar\"\n\
                [[stage]]\nkind = \"basic\"\nfilters = 32\nblocks = 2\nstride = [2, 1]\n";
    let source = Source::new("ocr.toml", text);
    let network = compile(&source, &[]);
    assert_eq!(network.shape(network.output()).size(), Some([16, 100]));
    // The other language says it too, and comes back.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ocr.toml");
    std::fs::write(&path, text).unwrap();
    let (code, converted, err) = resnetc(&["convert", path.to_str().unwrap(), "--to", "resnet"]);
    assert_eq!(code, 0, "{err}");
    let again = compile(&dsl(&converted), &[]);
    assert_eq!(again.shape(again.output()), network.shape(network.output()));
}

#[test]
fn kernels_of_two_dimensions_over_one_row_are_warned_of() {
    let source = super::source("signal_of_height_1.toml");
    let network = compile(&source, &["W0105"]);
    let text = render::text(&network.warnings, &source, false);
    assert!(text.contains("a height of 1"), "{text}");
}

#[test]
fn kernels_are_warned_of_only_where_the_input_itself_is_too_small() {
    let text = |input: &str, stem: &str, stage: &str| {
        dsl(&format!(
            "use dialect torchvision\nnetwork e {{\ninput 4 x {input}\nstem {stem}\nstage {stage} * 2 stride 2\n\
             head classifier(10, pool = avg)\n}}
            block line(filters: channels) {{ conv 1x7 (filters) norm act }}
            block pair(filters: channels, stride: integer = 1) {{ conv 1x3 (filters, stride = [1, stride]) norm act }}
            block bare(filters: channels, stride: integer = 1) {{ conv 1x1 (filters, stride) norm act }}"
        ))
    };
    compile(&text("1 x 500", "line(16)", "pair(16)"), &[]);
    compile(&text("1 x 500", "line(16)", "basic(16)"), &["W0105"]);
    compile(&text("500 x 1", "cifar(16)", "bare(16)"), &["W0105"]);
    compile(&text("1 x 1", "none", "bare(16)"), &[]);
    // Two rows: a 3x3 meets them with each of its own, a 7x7 does not.
    compile(&text("2 x 128", "cifar(16)", "basic(16)"), &[]);
    compile(&text("2 x 128", "imagenet(16)", "bare(16)"), &["W0105"]);
    // The last maps of a network for images are of one pixel.
    let small = "name = \"r\"\ndialect = \"torchvision\"\ndepth = 18\n[input]\nchannels = 3\nsize = [32, 32]\n[head]\n\
                 pool = \"avg\"\nclasses = 10\n";
    compile(&Source::new("small.toml", small), &[]);
    // Padding that is a layer of its own counts.
    let keras = "name = \"r\"\ndialect = \"keras\"\ndepth = 18\n[input]\nchannels = 3\nsize = [1, 320]\n";
    compile(&Source::new("keras.toml", keras), &["W0105"]);
}

#[test]
fn kerass_word_for_a_fully_connected_layer_is_warned_of() {
    let source = super::source("dense_trap.resnet");
    let network = compile(&source, &["W0106"]);
    let text = render::text(&network.warnings, &source, false);
    assert!(text.contains("`linear(10)`"), "{text}");
}

#[test]
fn dense_is_warned_of_only_where_a_map_has_ended() {
    let text = |body: &str| {
        dsl(&format!(
            "use dialect torchvision\nnetwork e {{\ninput 3 x 32 x 32\nstem cifar(8)\nstage b(8) * 2\n}}
            block b(filters: channels) {{ if index == 0 {{ conv 3x3 (filters) norm act }} else {{ {body} }} }}"
        ))
    };
    for body in [
        "adaptive_pool(1) dense(10)",
        "global_pool dropout(0.5) dense(10)",
        "avg_pool 32x32 dense(10)",
        "global_pool(max) conv 1x1 (4) norm act dense(growth = 10)",
        "global_pool linear(16) act dense(10)",
    ] {
        compile(&text(body), &["W0106"]);
    }
    for body in ["dense(10)", "max_pool 2x2 (stride = 2) dense(10)", "avg_pool 2x2 (stride = 2) dense(10, stride = 2)"]
    {
        compile(&text(body), &[]);
    }
    // On a vector the layer itself does not work out; what was meant is said beside it.
    let source = text("global_pool flatten dense(10)");
    let report = resnetc::compile(&source).unwrap_err();
    let text = render::text(&report, &source, false);
    assert!(text.contains("W0106") && text.contains("`linear(10)`"), "{text}");
    // A DenseNet on images so small that its last maps are of one pixel.
    let stages = "stem imagenet(64)\nstage dense(32) * 6\nstage dense(32) * 12 stride 2\nstage dense(32) * 24 stride 2\n\
                  stage dense(32) * 16 stride 2\nhead norm_classifier(10)";
    compile(&dsl(&format!("use dialect torchvision\nnetwork e {{\ninput 3 x 32 x 32\n{stages}\n}}")), &[]);
}

/// kuangliu's and weiaicunzai's ResNet-18 for CIFAR: a 3x3 stem of 64 channels, no pool, 10 classes.
const CIFAR_RESNET18: u128 = 11_173_962;

#[test]
fn the_most_used_resnet_of_cifar_is_written_by_new() {
    let (code, text, err) = resnetc(&["new", "--depth", "18", "--stem", "cifar"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(parameters(&compile(&Source::new("new.toml", text), &[])), CIFAR_RESNET18);
}

#[test]
fn a_depth_behind_the_cifar_stem_is_that_of_imagenet_where_it_is_no_6n_2() {
    let text = |depth: u64, stem: &str| {
        let text = format!(
            "name = \"r\"\ndialect = \"torchvision\"\ndepth = {depth}\n[stem]\nkind = \"{stem}\"\n[head]\npool = \"avg\"\nclasses = 10\n"
        );
        parameters(&compile(&Source::new("r.toml", text), &[]))
    };
    assert_eq!(text(18, "cifar"), CIFAR_RESNET18);
    // weiaicunzai's, printed by PyTorch: 34 and 101.
    assert_eq!([text(34, "cifar"), text(101, "cifar")], [21_282_122, 42_512_970]);
    // 6n + 2 stays what it was: 50 and 20.
    let written = |depth: u64| {
        let n = (depth - 2) / 6;
        let stage = |filters: u64, stride: u64| format!("stage basic({filters}) * {n} stride {stride}\n");
        let stages = [stage(16, 1), stage(32, 2), stage(64, 2)].concat();
        let text = format!(
            "use dialect torchvision\nnetwork r {{\ninput 3 x 32 x 32\nstem cifar(16)\n{stages}head classifier(10, pool = avg)\n}}"
        );
        parameters(&compile(&dsl(&text), &[]))
    };
    assert_eq!([text(50, "cifar"), text(20, "cifar")], [written(50), written(20)]);
}

#[test]
fn new_has_the_table_that_is_asked_for() {
    let parameters_of = |arguments: &[&str]| {
        let (code, text, err) = resnetc(&[&["new"], arguments].concat());
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        parameters(&compile(&Source::new("new.toml", text), &[]))
    };
    // weiaicunzai's ResNet-50 and 152 for 10 classes, printed by PyTorch.
    let of = |depth: &str| parameters_of(&["--depth", depth, "--stem", "cifar", "--table", "imagenet"]);
    assert_eq!([of("50"), of("152")], [23_520_842, 58_156_618]);
    assert_eq!(parameters_of(&["--depth", "34", "--stem", "cifar"]), 21_282_122);
    assert_eq!(parameters_of(&["--depth", "18", "--stem", "preact_cifar", "--kind", "preact_basic"]), 11_172_170);
    parameters_of(&["--depth", "200", "--kind", "preact_bottleneck"]);
    parameters_of(&["--blocks", "2,2", "--kind", "preact_bottleneck"]);
    let (code, _, err) = resnetc(&["new", "--depth", "21", "--table", "imagenet"]);
    assert!(code != 0 && err.contains("no depth 21"), "{err}");
}

#[test]
fn names_of_layers_say_what_they_are() {
    let more = "block mixed(filters: channels) {
            main {
                unit 1 { conv 3x3 (filters) layer_norm act(gelu) }
                unit 2 { conv 3x3 (filters) group_norm(4) act(silu) }
                unit 3 { conv 3x3 (filters) norm act }
            }
            act(hard_swish)
        }
        block ending(classes: channels) {
            conv 1x1 (32) act(hard_swish) global_pool(max) flatten linear(classes) as logits act(softmax)
        }";
    let names = |dialect: &str| {
        let network = network(dialect, "stage mixed(16)\nhead ending(10)", more);
        let skip = |name: &&str| !name.ends_with("_pad");
        network.layers().map(|layer| layer.name).filter(skip).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        names("torchvision"),
        [
            "input",
            "conv1",
            "bn1",
            "relu",
            "layer1.0.conv1",
            "layer1.0.ln1",
            "layer1.0.gelu1",
            "layer1.0.conv2",
            "layer1.0.gn2",
            "layer1.0.silu2",
            "layer1.0.conv3",
            "layer1.0.bn3",
            "layer1.0.relu3",
            "layer1.0.hard_swish",
            "head.conv",
            "hard_swish",
            "maxpool",
            "flatten",
            "fc",
            "softmax",
        ]
    );
    let keras = names("keras");
    for name in ["conv2_block1_1_ln", "conv2_block1_1_gelu", "conv2_block1_2_gn", "predictions_softmax", "max_pool"] {
        assert!(keras.iter().any(|known| known == name), "{name}: {keras:?}");
    }
}

#[test]
fn names_are_sums_products_and_letters() {
    let names = "names mine extends torchvision {
            for basic {
                block \"inception{stage + 3}{letter(index)}\"
                main.conv \"{block}.{number * 3}.{2 * stage + index + 1}.{unit + number}\"
                main.norm \"{ letter ( 26 * stage + index ) }.{stage * index * 2 + 7}.{kind}{unit}\"
            }
        }
        dialect own extends torchvision { names = mine }";
    let network = network("own", "stage basic(16) * 2\nstage basic(16) * 3", names);
    let found: Vec<_> = network.layers().map(|layer| layer.name).filter(|name| name.contains("inception")).collect();
    let blocks: Vec<_> = found.iter().filter_map(|name| name.strip_suffix(".add")).collect();
    assert_eq!(blocks, ["inception3a", "inception3b", "inception4a", "inception4b", "inception4c"]);
    assert!(found.contains(&"inception4b.9.4.5"), "{found:?}");
    let norms: Vec<_> = network.layers().map(|layer| layer.name).filter(|name| name.ends_with("bn1")).collect();
    assert_eq!(norms[1..], ["a.7.bn1", "b.7.bn1", "aa.7.bn1", "ab.9.bn1", "ac.11.bn1"]);
}

#[test]
fn templates_that_are_none_are_refused() {
    for template in
        ["{2}", "{index - 1}", "{block + 1}", "{letter(kind)}", "{letter(index}", "{index +}", "{a * index}"]
    {
        let text = format!(
            "use dialect own\nnetwork e {{\ninput 3 x 32 x 32\nstem cifar(16)\nstage basic(16)\n}}
            names mine extends torchvision {{ main.conv \"{template}\" }}
            dialect own extends torchvision {{ names = mine }}"
        );
        let report = resnetc::compile(&dsl(&text)).expect_err(template);
        assert_eq!(report.diagnostics()[0].code.number(), "E0213", "{template}");
    }
}

/// > **The classifier** is the layer of the head whose role is `logits`, in a row of layers that ends with the output; the library's
/// > heads say so. Without one it is the last linear layer or convolution of the head, where what comes out is a vector with as
/// > many features, and nothing stands behind it but pools, `flatten`, a softmax or sigmoid, and, behind a convolution that
/// > is pooled, any activation. Generated packages take the number of its outputs as their `classes`. A head that gives a map of
/// > classes says which layer it is: `conv 1x1 (classes) as logits`.
#[test]
fn a_classifier_that_is_a_convolution_is_found() {
    let heads = [
        "global_pool conv 1x1 (classes, bias = true) flatten",
        "conv 1x1 (classes, bias = true) global_pool flatten",
        "dropout(0.5) conv 1x1 (classes, bias = true) act adaptive_pool(1) flatten",
        "conv 1x1 (classes) avg_pool(kernel = [height, width]) flatten act(softmax)",
        "conv(classes, kernel = [height, width], padding = 0) flatten",
        "global_pool flatten linear(classes)",
        "conv 1x1 (classes) as logits",
    ];
    for head in heads {
        let network = network(
            "torchvision",
            "stage basic(16)\nhead own(7)",
            &format!("block own(classes: channels) {{ {head} }}"),
        );
        let found = network.classifier().unwrap_or_else(|| panic!("{head}"));
        assert!(matches!(network.layer(found).node.op, Op::Conv2d(_) | Op::Linear(_)), "{head}");
        let burn = resnetc::back::burn::emit(&network).unwrap();
        let model = burn.iter().find(|file| file.path.ends_with("src/model.rs") || file.path.ends_with("model.rs"));
        let text = &model.unwrap().text;
        assert!(text.contains("default = 7") && text.contains("self.classes"), "{head}: {text}");
        let keras = resnetc::back::keras::emit(&network).unwrap();
        assert!(keras.iter().any(|file| file.text.contains("classes=7")), "{head}: no argument `classes`");
    }
    // Features are no classes.
    for head in ["conv 1x1 (32)", "conv 1x1 (32) norm act global_pool flatten", "global_pool flatten"] {
        let network = network("torchvision", "stage basic(16)\nhead own", &format!("block own() {{ {head} }}"));
        assert_eq!(network.classifier(), None, "{head}");
    }
}

/// > `resnetc explain basic` prints the text of one, to be copied under another name and changed.
#[test]
fn the_text_of_a_block_is_explained() {
    let (code, text, _) = resnetc(&["explain", "basic"]);
    assert_eq!(code, 0);
    assert_eq!(text, include_str!("../../../library/blocks/basic.resnet"));
    for name in ["imagenet", "classifier", "se", "conv", "preact_basic", "timm"] {
        let (code, text, _) = resnetc(&["explain", name]);
        assert!(code == 0 && text.contains(name), "{name}");
    }
    let (code, _, err) = resnetc(&["explain", "basik"]);
    assert!(code != 0 && err.contains("`basic`"), "{err}");
}

#[test]
fn a_block_that_was_copied_is_the_same_network() {
    for block in ["basic", "bottleneck", "preact_basic", "dense", "mbconv", "convnext"] {
        let copy = resnetc::library::text(block).unwrap().replace(&format!("block {block}("), "block copied(");
        let stages = |name: &str| format!("stage {name}(16) * 2\nstage {name}(32) * 2 stride 2");
        let ops = |name: &str, more: &str| {
            let text = format!(
                "use dialect paper\nnetwork e {{ input 3 x 64 x 64 stem cifar(16)\n{}\n}}\n{more}",
                stages(name)
            );
            let network = resnetc::compile(&dsl(&text)).unwrap_or_else(|report| panic!("{block}: {report:?}"));
            network.layers().map(|layer| layer.node.op.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ops("copied", &copy), ops(block, ""), "{block}");
    }
}

#[test]
fn an_argument_that_a_block_has_not_leads_to_its_text() {
    let toml = "name = \"r\"\ndialect = \"torchvision\"\ndepth = 18\n[block]\nkind = \"basic\"\nnormed = true\n";
    let dsl = "use dialect torchvision\nnetwork e {\ninput 3 x 32 x 32\nstem cifar(16)\nstage basic(16, activation = gelu)\n}";
    let inside = format!(
        "{}\nblock own(filters: channels) {{ basic(filters, activation = gelu) }}",
        dsl.replace("basic(16, activation = gelu)", "own(16)")
    );
    for source in [Source::new("r.toml", toml), self::dsl(dsl), self::dsl(&inside)] {
        let report = resnetc::compile(&source).unwrap_err();
        let text = render::text(&report, &source, false);
        assert!(text.contains("resnetc explain basic"), "{text}");
    }
}

#[test]
fn no_description_that_ships_is_warned_of() {
    let folder = std::fs::read_dir(format!("{}/architectures", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    assert!(paths.len() > 60);
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        compile(&Source::new(name, std::fs::read_to_string(&path).unwrap()), &[]);
    }
}
