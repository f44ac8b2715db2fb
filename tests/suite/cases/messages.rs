//! Descriptions whose messages led elsewhere: what each says now, and that the correction which it proposes compiles.

use resnetc::diagnostic::{Diagnostic, Report, Severity, render};
use resnetc::source::Source;
use std::process::Command;

/// What is said about a text, whether it compiles or not.
fn said(name: &str, text: &str) -> (Source, Report) {
    let source = Source::new(name, text);
    let report = resnetc::compile(&source).map_or_else(|report| report, |network| network.warnings);
    (source, report)
}

fn errors(report: &Report) -> Vec<Diagnostic> {
    let errors = report.diagnostics().into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors.cloned().collect()
}

/// The one error of a text.
fn error(text: &str) -> (Source, Diagnostic) {
    let (source, report) = said("slip.resnet", text);
    let errors = errors(&report);
    assert_eq!(errors.len(), 1, "{text}\n{}", render::text(&report, &source, false));
    (source, errors.into_iter().next().unwrap())
}

/// The help of the one error of a text.
fn help(text: &str) -> String {
    error(text).1.help.unwrap_or_default()
}

#[track_caller]
fn compiles(text: &str) {
    let (source, report) = said("mended.resnet", text);
    assert!(!report.has_errors(), "{text}\n{}", render::text(&report, &source, false));
}

/// A network whose one stage is `call`, and the definitions `own`.
fn network(call: &str, own: &str) -> String {
    let head = "head classifier(10, pool = avg)";
    format!(
        "use dialect torchvision\nnetwork tiny {{\n    input 3 x 32 x 32\n    stem cifar(8)\n    stage {call}\n    {head}\n}}\n{own}\n"
    )
}

/// A network whose blocks are `body`.
fn block(body: &str) -> String {
    network("own(8) stride 2", &format!("block own(filters: channels, stride: integer(1..2) = 1) {{\n{body}\n}}"))
}

/// That the proposed edit of each slip makes the line that stands beside it, and compiles.
fn mended(text: impl Fn(&str) -> String, slips: &[(&str, &str)]) {
    for (slip, right) in slips {
        let (source, error) = error(&text(slip));
        let fix = error.fix.unwrap_or_else(|| panic!("{slip}: no edit, {:?}", error.help));
        let mended = fix.apply(&source);
        assert_eq!(mended, text(right), "{slip}");
        compiles(&mended);
    }
}

#[test]
fn what_makes_branches_go_together_is_tried_before_it_is_proposed() {
    let cases = [
        // Rounding: the pool, the padding.
        (
            "map {} pool { max_pool 3x3 (padding = 0) }",
            "padding = 0",
            "padding = same",
            "write `padding = same` in the `max_pool` of `pool`",
        ),
        (
            "near { conv 3x3 (8) } far { conv 5x5 (8, padding = 1) }",
            "padding = 1",
            "padding = same",
            "write `padding = same` in the `conv` of `far`",
        ),
        (
            "near { conv 3x3 (8) } far { conv 4x4 (8, padding = 1) }",
            "padding = 1",
            "padding = [1, 2, 1, 2]",
            "write `padding = [1, 2, 1, 2]` in the `conv` of `far`",
        ),
        (
            "near { conv 3x3 (8) } far { conv 2x2 (8, padding = 0) }",
            "padding = 0",
            "padding = [0, 1, 0, 1]",
            "write `padding = [0, 1, 0, 1]` in the `conv` of `far`",
        ),
        // Steps.
        (
            "main { conv 3x3 (16, stride = 2) } skip {}",
            "skip {}",
            "skip { B(stride, 16) }",
            "project there: `skip { B(stride, 16) }`",
        ),
        (
            "near { conv 3x3 (8) } far { conv 3x3 (8, stride = 2) }",
            "conv 3x3 (8) }",
            "conv 3x3 (8, stride = stride) }",
            "write `stride = stride` in the `conv` of `near`, as the other branches step",
        ),
        // Channels.
        ("main { conv 3x3 (16) } skip {}", "skip {}", "skip { B(1, 16) }", "project there: `skip { B(1, 16) }`"),
        (
            "a { conv 3x3 (16) norm } b { conv 1x1 (24) norm }",
            "24",
            "16",
            "write `filters = 16` in the last `conv` of `b`",
        ),
        (
            "a { conv 3x3 (16) } b { max_pool 3x3 (padding = 1) }",
            "padding = 1) }",
            "padding = 1) conv 1x1 (16) }",
            "end `b` with `conv 1x1 (16)`",
        ),
        // Two at once.
        (
            "main { conv 3x3 (16, padding = 0) } skip {}",
            "16, padding = 0) } skip {}",
            "16, padding = same) } skip { B(1, 16) }",
            "write `padding = same` in the `conv` of `main`, and project there: `skip { B(1, 16) }`",
        ),
        // Maps and vectors.
        ("a { global_pool flatten } b { global_pool(max) }", "pool flatten", "pool", "leave out the `flatten` of `a`"),
        (
            "a { global_pool flatten linear(16) } b { conv 3x3 (16) }",
            "conv 3x3 (16) }",
            "conv 3x3 (16) global_pool flatten }",
            "end `b` with `global_pool flatten`",
        ),
    ];
    for (branches, from, to, expected) in cases {
        // A vector is what a network without a head may give.
        let text = block(&format!("join add {{ {branches} }}"));
        let text = if branches.contains("linear") { text.replace("head classifier(10, pool = avg)", "") } else { text };
        assert_eq!(help(&text), expected, "{branches}");
        assert!(text.contains(from), "{branches}");
        compiles(&text.replacen(from, to, 1));
    }
}

#[test]
fn a_pool_that_rounds_down_is_told_to_round_up() {
    let text = super::source("pool_rounds_down.resnet").text().to_owned();
    assert_eq!(help(&text), "write `ceil = true` in the `avg_pool` of `skip`");
    compiles(&text.replace("avg_pool 2x2 (stride)", "avg_pool 2x2 (stride, ceil = true)"));
}

#[test]
fn a_gate_of_vectors_keeps_its_map() {
    let text = super::source("gate_of_vectors.resnet").text().to_owned();
    let expected = "leave out the `flatten` of `se`: `linear` reads a map too, pixel by pixel, and `multiply` stretches one of 1 x 1";
    assert_eq!(help(&text), expected);
    compiles(&text.replace("global_pool flatten", "global_pool"));
}

#[test]
fn a_signal_of_odd_length_is_padded() {
    let text = "use dialect torchvision\nnetwork signal {\n input 1 x 1 x 1001\n stem cifar(8)\n stage down(8) stride 2\n head classifier(2, pool = avg)\n}\n\
                block down(filters: channels, stride: integer(1..2) = 1) {\n join add {\n  main { conv 1x3 (filters, stride = [1, stride]) }\n  \
                skip { conv 1x2 (filters, stride = [1, stride], padding = 0) }\n }\n act\n}\n";
    assert_eq!(help(text), "write `padding = [0, 0, 0, 1]` in the `conv` of `skip`");
    compiles(&text.replace("padding = 0", "padding = [0, 0, 0, 1]"));
}

#[test]
fn a_key_that_belongs_nowhere_is_told_what_there_is() {
    let source = super::source("norm_of_a_block.toml");
    let report = resnetc::compile(&source).unwrap_err();
    let text = render::text(&report, &source, false);
    assert!(
        text.contains("expected `kind`, `filters`, `stride`, `shortcut`, `zeros`, `gate` or `reduction`"),
        "{text}"
    );
    assert!(text.contains("the norms and activations of `basic` are fixed"), "{text}");
    assert!(!text.contains("header is missing"), "{text}");
    compiles_toml(&source.text().replace("norm = \"group_norm(groups = 2)\"\n", ""));
    // A key of the head under another header: the head is there.
    let moved = source.text().replace("norm = \"group_norm(groups = 2)\"", "dropout = 0.5");
    let (_, report) = said("moved.toml", &moved);
    let help = errors(&report).first().and_then(|error| error.help.clone()).unwrap();
    assert_eq!(help, "`dropout` is a parameter of a head: move it to `[head]`, or remove the key");
    compiles_toml(&moved.replace("dropout = 0.5\n", "").replace("[head]\n", "[head]\ndropout = 0.5\n"));
}

#[track_caller]
fn compiles_toml(text: &str) {
    let (source, report) = said("mended.toml", text);
    assert!(!report.has_errors(), "{text}\n{}", render::text(&report, &source, false));
}

#[test]
fn no_proposal_means_something_else() {
    for (file, word) in [("upsample.resnet", "subsample"), ("prelu.resnet", "`relu`")] {
        let (_, report) = said(file, super::source(file).text());
        for error in errors(&report) {
            assert!(error.fix.is_none() && !error.help.as_ref().unwrap().contains(word), "{:?}", error.help);
        }
    }
    let absent = [
        "interpolate(2)",
        "deconv 2x2 (8)",
        "conv_transpose 2x2 (8)",
        "ConvTranspose2d(8, 2)",
        "pixel_shuffle(2)",
        "UpSampling2D(2)",
        "leaky_relu(0.1)",
        "tanh",
        "softplus",
        "mish",
        "elu",
        "PReLU()",
        "instance_norm",
        "InstanceNorm2d(8)",
        "channel_shuffle(2)",
        "multi_head_attention(8)",
        "depthwise 3x3",
        "SeparableConv2D(8, 3)",
        "lstm(8)",
        "ReflectionPad2d(1)",
        "cat",
        "unpool(2)",
    ];
    for word in absent {
        let (_, error) = error(&block(&format!("conv 3x3 (filters, stride)\n{word}")));
        assert!(error.fix.is_none() && error.help.is_some(), "{word}: {:?}", error.help);
    }
    for kind in ["prelu", "leaky_relu", "elu", "selu", "celu", "tanh", "softplus", "mish", "glu"] {
        let (_, error) = error(&block(&format!("conv 3x3 (filters, stride) act({kind})")));
        assert!(error.fix.is_none() && error.help.is_some(), "{kind}: {:?}", error.help);
    }
    // What is proposed instead compiles.
    for written in ["group_norm(groups = channels)", "conv 3x3 (channels, groups = channels)", "global_pool(max)"] {
        compiles(&block(&format!("conv 3x3 (filters, stride)\n{written}")));
    }
}

#[test]
fn words_of_other_frameworks_are_understood() {
    let after = |line: &str| block(&format!("conv 3x3 (filters, stride)\n{line}"));
    mended(
        after,
        &[
            ("BatchNorm2d(filters)", "norm"),
            ("bn", "norm"),
            ("relu", "act(relu)"),
            ("ReLU()", "act(relu)"),
            ("swish()", "act(silu)"),
            ("Hardswish()", "act(hard_swish)"),
            ("conv2d(filters, 3)", "conv(filters, 3)"),
            ("Conv2d(8, 16, 3, 1)", "conv 3x3 (16, stride = 1)"),
            ("maxpool 2x2", "max_pool 2x2"),
            ("AvgPool2d(2)", "avg_pool(2)"),
            ("GlobalAveragePooling2D()", "global_pool"),
            ("fc(10)", "linear(10)"),
            ("identity", ""),
            ("act(hardswish)", "act(hard_swish)"),
            ("act(ReLU6)", "act(relu6)"),
            ("dropout(p = 0.5)", "dropout(rate = 0.5)"),
            ("conv 3x3 (filters, use_bias = true)", "conv 3x3 (filters, bias = true)"),
            ("conv 3x3 (filters, padding = \"valid\")", "conv 3x3 (filters, padding = 0)"),
            ("conv 3x3 (in_channels)", "conv 3x3 (channels)"),
            ("nn.ReLU()", "act(relu)"),
            ("F.relu(x)", "act(relu)"),
            ("tf.keras.layers.Dense(10)", "linear(10)"),
            ("nn.BatchNorm2d(filters)", "norm"),
        ],
    );
    mended(
        |call| network(call, ""),
        &[
            ("BasicBlock(8)", "basic(8)"),
            ("bottleneck(8, base_width = 128)", "bottleneck(8, width_per_group = 128)"),
            ("bottleneck(8, cardinality = 2)", "bottleneck(8, groups = 2)"),
            ("basic(8, attention = se)", "basic(8, gate = se)"),
            ("basic(8, shortcut = projection)", "basic(8, shortcut = B)"),
            ("basic(8, gate = SE)", "basic(8, gate = se)"),
        ],
    );
    let head = |call: &str| network("basic(8)", "").replace("classifier(10, pool = avg)", call);
    mended(
        head,
        &[
            ("classifier(10, pool = average)", "classifier(10, pool = avg)"),
            ("classifier(10, pool = gap)", "classifier(10, pool = avg)"),
            ("classifier(num_classes = 10, pool = avg)", "classifier(classes = 10, pool = avg)"),
            ("fc(10, pool = avg)", "classifier(10, pool = avg)"),
        ],
    );
    let dialect = |name: &str| network("basic(8)", "").replace("torchvision", name);
    mended(dialect, &[("pytorch", "torchvision"), ("tensorflow", "keras"), ("caffe", "paper")]);
    let typed = |kind: &str| network("own(8)", &format!("block own(filters: {kind}) {{ conv 3x3 (filters) }}"));
    mended(typed, &[("int", "integer"), ("Integer", "integer")]);
}

#[test]
fn slips_in_a_block_are_named_and_mended() {
    mended(
        block,
        &[
            ("conv 3 x 3 (filters, stride) norm act", "conv 3x3 (filters, stride) norm act"),
            ("conv 3 x3 (filters, stride)", "conv 3x3 (filters, stride)"),
            ("conv 3 (filters, stride)", "conv 3x3 (filters, stride)"),
            ("conv(filters, 3x3, stride)", "conv 3x3 (filters, stride)"),
            ("3x3 conv (filters, stride)", "conv 3x3 (filters, stride)"),
            ("conv 3x3 [filters]", "conv 3x3 (filters)"),
            ("conv 3x3 { filters }", "conv 3x3 (filters)"),
            ("conv 3x3 filters", "conv 3x3 (filters)"),
            ("conv 3x3 8", "conv 3x3 (8)"),
            ("conv 3x3 (filters) stride 2", "conv 3x3 (filters, stride = 2)"),
            ("conv 3x3 (filters) stride=2", "conv 3x3 (filters, stride = 2)"),
            ("conv 3x3 (filters: 8)", "conv 3x3 (filters = 8)"),
            ("conv(filters, kernel = (3, 3))", "conv(filters, kernel = [3, 3])"),
            ("let x = conv 3x3 (filters, stride)", "conv 3x3 (filters, stride)"),
            ("let x = conv(filters, 3, stride)", "conv(filters, 3, stride)"),
            ("x = conv 3x3 (filters, stride)", "conv 3x3 (filters, stride)"),
            ("self.conv1 = conv(filters, 3, stride)", "conv(filters, 3, stride)"),
            ("x = conv(x, filters)", "conv(filters)"),
            ("conv 3x3 (filters, stride), norm, act", "conv 3x3 (filters, stride) norm act"),
            ("conv 3x3 (filters, stride) -> norm -> act", "conv 3x3 (filters, stride) norm act"),
            ("conv 3x3 (filters, stride).norm().act()", "conv 3x3 (filters, stride) norm act"),
            ("conv 3x3 (filters) * 2", "for step in 0..2 { unit step + 1 { conv 3x3 (filters) } }"),
            ("repeat 3 { conv 3x3 (filters) }", "for step in 0..3 { conv 3x3 (filters) }"),
            ("const k = 8\nconv(k)", "let k = 8\nconv(k)"),
            ("k = 8\nconv(k)", "let k = 8\nconv(k)"),
            ("let k := 8\nconv(k)", "let k = 8\nconv(k)"),
            ("let k = 1\nk += 7\nconv(k)", "let k = 1\nlet k = k + 7\nconv(k)"),
            ("let k = stride ** 2\nconv(k)", "let k = stride * stride\nconv(k)"),
            ("let k = 3 if stride == 2 else 1\nconv(8, k)", "let k = if stride == 2 then 3 else 1\nconv(8, k)"),
            ("let k = if stride == 2 3 else 1\nconv(8, k)", "let k = if stride == 2 then 3 else 1\nconv(8, k)"),
            ("let k = [8, 16]\nconv(k[0])", "let k = [8, 16]\nconv(item(k, 0))"),
            ("let k = [8, 16]\nlet first = k[0]\nconv(first)", "let k = [8, 16]\nlet first = item(k, 0)\nconv(first)"),
            ("conv(x.shape[1])", "conv(channels)"),
            ("let k = x.shape[1]\nconv(k)", "let k = channels\nconv(k)"),
            ("conv 3x3 (filters, stride)\nreturn norm", "conv 3x3 (filters, stride)\n norm"),
            ("conv 3x3 (filters, stride)\nreturn x", "conv 3x3 (filters, stride)\n"),
            ("# first\nconv 3x3 (filters)", "// first\nconv 3x3 (filters)"),
            ("/* first */\nconv 3x3 (filters)", "// first\nconv 3x3 (filters)"),
            ("\"\"\"first\"\"\"\nconv 3x3 (filters)", "// first\nconv 3x3 (filters)"),
            ("unit { conv 3x3 (filters) }", "unit 1 { conv 3x3 (filters) }"),
            (
                "for step in 0..2 { \"s{step}\" { conv 3x3 (filters) } }",
                "for step in 0..2 { unit step + 1 { conv 3x3 (filters) } }",
            ),
            (
                "join sum { a { conv 1x1 (8) } b { conv 1x1 (8) } }",
                "join add { a { conv 1x1 (8) } b { conv 1x1 (8) } }",
            ),
            ("add { a { conv 1x1 (8) } b { conv 1x1 (8) } }", "join add { a { conv 1x1 (8) } b { conv 1x1 (8) } }"),
        ],
    );
}

#[test]
fn slips_in_a_network_and_beside_it_are_named_and_mended() {
    let input = |line: &str| network("basic(8)", "").replace("input 3 x 32 x 32", line);
    let right = "input 3 x 32 x 32";
    let written = [
        "input (3, 32, 32)",
        "input 3, 32, 32",
        "input [3, 32, 32]",
        "input 3x32x32",
        "input = 3 x 32 x 32",
        "input 1 x 3 x 32 x 32",
        "input 32 x 32",
    ];
    mended(input, &written.map(|line| (line, right)));
    let stage = |line: &str| network("basic(8)", "").replace("stage basic(8)", line);
    mended(
        stage,
        &[
            ("stage 3 basic(64)", "stage basic(64) * 3"),
            ("stage 3 * basic(64)", "stage basic(64) * 3"),
            ("stage basic(64) x 2", "stage basic(64) * 2"),
            ("stage basic(64) x2", "stage basic(64) * 2"),
            ("stage basic(64) * 2 stride=2", "stage basic(64) * 2 stride 2"),
            ("stage basic(64) stride 2 * 3", "stage basic(64) * 3 stride 2"),
            ("stage basic(64) * 2 (stride = 2)", "stage basic(64) * 2 stride 2"),
            ("stage basic 64 * 2", "stage basic(64) * 2"),
            ("stage basic, 64, 3", "stage basic(64) * 3"),
            ("stage: basic(64) * 2", "stage basic(64) * 2"),
            ("stages basic(64)", "stage basic(64)"),
            ("stage1 basic(64)", "stage basic(64)"),
            ("staeg basic(64)", "stage basic(64)"),
        ],
    );
    let dialect = |line: &str| network("basic(8)", "").replace("use dialect torchvision", line);
    let right = "use dialect torchvision";
    let written = [
        "use torchvision",
        "dialect torchvision",
        "dialect = torchvision",
        "use dialect = torchvision",
        "use dialect \"torchvision\"",
    ];
    mended(dialect, &written.map(|line| (line, right)));
    mended(dialect, &[("import torch\nuse dialect torchvision", "\nuse dialect torchvision")]);
    let name = |word: &str| network("basic(8)", "").replace("network tiny", word);
    mended(
        name,
        &[("model tiny", "network tiny"), ("network \"tiny\"", "network tiny"), ("network", "network my_network")],
    );
    let define = |line: &str| network("own(8)", &format!("{line} {{ conv 3x3 (filters) }}"));
    mended(
        define,
        &[
            ("def own(filters)", "block own(filters)"),
            ("fn own(filters)", "block own(filters)"),
            ("function own(filters)", "block own(filters)"),
            ("stage own(filters: channels)", "block own(filters: channels)"),
        ],
    );
    mended(|line| network("own", &format!("{line} {{ conv 3x3 (8) }}")), &[("block own", "block own()")]);
}

#[test]
fn what_one_edit_does_not_mend_is_told_with_what_does() {
    let told = [
        (block("conv 3x3 (filters) + skip"), "branches are joined"),
        (block("conv 3x3 (filters)\nadd(x, y)"), "branches are joined"),
        (block("let y = x + conv(filters)"), "branches are joined"),
        (block("while stride > 1 {\nconv 3x3 (filters)\n}"), "for step in 0..3"),
        (block("if stride == 2:\nconv 3x3 (filters)"), "if stride == 2 { … }"),
        (block("for i in range(3):\nconv 3x3 (filters)"), "for i in 0..3 { … }"),
        (block("for i in 3 { conv 3x3 (filters) }"), "write `0..3`"),
        (block("conv 3x3 (filters, stride) as y\nconv 3x3 (y)"), "`y` is a role"),
        (block("left { conv 3x3 (filters, stride) }\njoin add { a {} b { left } }"), "`left` is a label"),
        (block("conv(3, 64, 3)"), "write `conv 3x3 (64)`"),
        (block("basic(8) * 2"), "a block is repeated by its stage"),
        (block("conv 3x3 (filters, activation = relu)"), "write `norm act(relu)` behind the layer"),
        (network("basic(8, blocks = 3)", ""), "stands behind the call"),
        (network("basic(8)", "").replace("stem cifar(8)", "stem conv 3x3 (8)"), "block my_stem() { conv 3x3 (8) }"),
        (
            network("basic(8)", "").replace("stage basic", "conv 3x3 (8)\nstage basic"),
            "block my_stem() { conv 3x3 (8) }",
        ),
        (
            network("basic(8)", "").replace("stage basic(8)", "for w in [8, 16] { stage basic(w) }"),
            "each stage on a line of its own",
        ),
        (network("basic(8)", "").replace("head", "expect { flops = 3 }\nhead"), "`resnetc flops`"),
        (network("basic(8)", "let width = 64"), "move it into the braces"),
    ];
    for (text, expected) in told {
        let (source, report) = said("slip.resnet", &text);
        let helps: Vec<_> = errors(&report).into_iter().filter_map(|error| error.help).collect();
        assert!(helps.iter().any(|help| help.contains(expected)), "{text}\n{}", render::text(&report, &source, false));
    }
    compiles(&network("basic(8)", "block my_stem() { conv 3x3 (8) }").replace("stem cifar(8)", "stem my_stem"));
    compiles(&block("join add { main { conv 3x3 (8) } skip {} }\nconv(filters, 1, stride)"));
}

#[test]
fn a_layer_becomes_a_value_as_a_block() {
    let own =
        "block own(filters: channels, stride: integer(1..2) = 1, n: block = none) { conv 3x3 (filters, stride) n act }";
    let text = network("own(8, n = layer_norm)", own);
    let expected = "a block can be a value: define `block my_layer_norm() { layer_norm }`, and write `my_layer_norm`";
    assert_eq!(help(&text), expected);
    compiles(&(text.replace("n = layer_norm", "n = my_layer_norm") + "block my_layer_norm() { layer_norm }\n"));
    let text = network("own(8)", &own.replace("n: block = none", "n = layer_norm"));
    assert_eq!(help(&text), expected);
    compiles(&(text.replace("n = layer_norm", "n = my_layer_norm") + "block my_layer_norm() { layer_norm }\n"));
    assert_eq!(help(&block("let n = layer_norm\nconv 3x3 (filters, stride) n")), expected);
}

#[test]
fn a_default_cannot_see_parameters_and_a_body_can() {
    let own = "block own(filters: channels, hidden: channels = 4 * filters) {\n    conv 1x1 (hidden) act conv 1x1 (filters)\n}";
    let text = network("own(8)", own);
    let (_, error) = error(&text);
    assert_eq!(error.message, "the default of `hidden` cannot see the parameter `filters`");
    let help = error.help.unwrap();
    assert!(help.contains("let hidden = if hidden == none then filters else hidden"), "{help}");
    let body = "{\n    let hidden = if hidden == none then 4 * filters else hidden";
    compiles(&text.replace("= 4 * filters", "= none").replace(") {\n    conv", &format!(") {body}\n    conv")));
}

#[test]
fn layers_of_one_name_are_told_what_tells_them_apart() {
    let twice = "block twice(filters: channels) { main { conv 3x3 (filters) norm act } }";
    let own = |body: &str| network("own(8)", &format!("block own(filters: channels) {{ {body} }}\n{twice}"));
    let text = own("for step in 0..3 { twice(filters) }");
    assert!(help(&text).starts_with("number them: `unit step + 1 { … }`"), "{}", help(&text));
    compiles(&own("for step in 0..3 { unit step + 1 { twice(filters) } }"));
    let text = own("twice(filters) twice(filters)");
    assert!(help(&text).contains("`unit 1 { … } unit 2 { … }`"), "{}", help(&text));
    compiles(&own("unit 1 { twice(filters) } unit 2 { twice(filters) }"));
    // Units inside: no unit around them counts, and a label neither. Rows do.
    for body in ["for step in 0..2 { basic(filters) }", "basic(filters) basic(2 * filters)"] {
        let text = own(body).replace(twice, "");
        let help = help(&text);
        let quoted: Vec<_> = help.split('`').skip(1).step_by(2).collect();
        let [table, dialect, used] = quoted.as_slice() else { panic!("{help}") };
        compiles(&format!("{}\n{table}\n{dialect}\n", text.replace("use dialect torchvision", used)));
    }
}

#[test]
fn a_row_with_a_misspelt_label_or_role_is_warned_of() {
    let source = super::source("names_that_fit_nothing.resnet");
    let warnings = resnetc::compile(&source).unwrap().warnings;
    let found: Vec<_> =
        warnings.diagnostics().into_iter().map(|it| (it.code.number(), it.help.clone().unwrap())).collect();
    let right = "write `left.conv`".to_owned();
    assert_eq!(found, [("W0107", right.clone()), ("W0107", right)]);
    // Rows for blocks of other descriptions are left alone, and so is what the library has.
    let table = "deep.conv \"a\" skip.* \"{block}.b{sequence}\" *.norm \"{block}.{branch}.n{sequence}\" main.projection \"c\" for own { left.* \"{block}.d{sequence}\" }";
    let own = format!(
        "block own(filters: channels) {{ left {{ conv 3x3 (filters) norm }} }}\nnames mine extends torchvision {{ {table} }}\ndialect mine extends torchvision {{ names = mine }}"
    );
    let (_, report) =
        said("rows.resnet", &network("own(8)", &own).replace("use dialect torchvision", "use dialect mine"));
    assert!(report.is_empty(), "{report:?}");
}

#[test]
fn a_line_that_does_not_parse_hides_nothing_but_itself() {
    let text = block("conv 3x3 (filtres)\nnorm norm = 3\nconv 3x3 (strid)\nx = 3\nconv(x)");
    let (_, report) = said("slip.resnet", &text);
    let messages: Vec<_> = errors(&report).into_iter().map(|error| error.message).collect();
    assert!(messages.contains(&"there is no variable `filtres`".to_owned()), "{messages:?}");
    assert!(messages.contains(&"there is no variable `strid`".to_owned()), "{messages:?}");
    assert!(!messages.contains(&"there is no variable `x`".to_owned()), "{messages:?}");
}

#[test]
fn a_missing_brace_is_looked_for_where_it_is_missing() {
    let text = block("if stride == 2\nconv 3x3 (filters, stride)\n} else {\nconv 3x3 (filters)\n}");
    let (source, error) = error(&text);
    let mended = error.fix.unwrap().apply(&source);
    assert_eq!(mended, text.replace("if stride == 2\n", "if stride == 2 {\n"));
    compiles(&mended);
}

#[test]
fn a_text_of_another_language_is_one_error() {
    let dsl = network("basic(8)", "");
    let toml = "name = \"t\"\ndialect = \"torchvision\"\ndepth = 18\n";
    let readme = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    for (name, text, message) in [
        ("net.toml", dsl.as_str(), "the name ends in `.toml`, and the text is the DSL"),
        ("net.resnet", toml, "the name ends in `.resnet`, and the text is TOML"),
        ("README.md", readme, "`README.md` is no description"),
        ("notes.txt", "some words\n", "`notes.txt` is no description"),
    ] {
        let (source, report) = said(name, text);
        let errors = errors(&report);
        assert_eq!(errors.len(), 1, "{name}: {}", render::text(&report, &source, false));
        assert_eq!(errors[0].message, message);
        assert!(errors[0].help.is_some());
    }
}

#[test]
fn a_number_that_is_none_is_told_what_is_expected() {
    for (arguments, range) in [
        (["run", "--threads", "abc", "x.toml"], "from 1 to 1024"),
        (["bench", "--threads", "0", "x.toml"], "from 1 to 1024"),
        (["flops", "--batch", "many", "x.toml"], "from 1 to 1048576"),
        (["check", "--limit", "1e5", "x.toml"], "from 0 to"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_resnetc")).args(arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(
            text.contains(&format!("expected a whole number {range}")) && !text.contains("invalid digit"),
            "{text}"
        );
        assert_eq!(output.status.code(), Some(2));
    }
}
