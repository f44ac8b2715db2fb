//! Descriptions that were compiled to another network than they say. Each test quotes the sentences of the reference from
//! which its answers were calculated by hand.

use super::source;
use resnetc::diagnostic::{Diagnostic, Severity, render};
use resnetc::source::Source;
use resnetc::valid::Checked;

/// A network of a stage of `stage` on 16 x 8 x 8, with these items.
fn text(stage: &str, items: &str) -> String {
    format!("use dialect torchvision\nnetwork t {{ input 16 x 8 x 8\nstem none\nstage {stage} }}\n{items}\n")
}

/// A network of the block `b` of these statements.
fn block(statements: &str) -> String {
    text("b", &format!("block b() {{ {statements} }}"))
}

fn compiled(source: &Source) -> Checked {
    resnetc::compile(source).unwrap_or_else(|report| panic!("{}", render::text(&report, source, false)))
}

/// The layers behind the input, each as `label.roleUNIT op shape`.
fn layers_of(source: &Source) -> Vec<String> {
    let network = compiled(source);
    let shown = network.layers().skip(1).map(|layer| {
        let address = layer.node.origin.address;
        let unit = if address.unit > 0 { address.unit.to_string() } else { String::new() };
        format!("{}.{}{unit} {} {}", address.branch, address.role, layer.node.op.name(), layer.output)
    });
    shown.collect()
}

fn layers(text: &str) -> Vec<String> {
    layers_of(&Source::new("t.resnet", text))
}

/// The shapes of the layers behind the input.
fn shapes(text: &str) -> Vec<String> {
    let network = compiled(&Source::new("t.resnet", text));
    network.layers().skip(1).map(|layer| layer.output.to_string()).collect()
}

fn names_of(source: &Source) -> Vec<String> {
    compiled(source).layers().map(|layer| layer.name.to_owned()).collect()
}

fn names(text: &str) -> Vec<String> {
    names_of(&Source::new("t.resnet", text))
}

fn refusal_of(source: &Source) -> Diagnostic {
    match resnetc::compile(source) {
        Ok(_) => panic!("{} compiles", source.text()),
        Err(report) => {
            let mut errors = report.diagnostics().into_iter().filter(|found| found.severity == Severity::Error);
            errors.next().cloned().unwrap()
        }
    }
}

/// The code of the first error.
fn code(text: &str) -> &'static str {
    refusal_of(&Source::new("t.resnet", text)).code.number()
}

/// The codes of the warnings.
fn warnings(text: &str) -> Vec<&'static str> {
    let network = compiled(&Source::new("t.resnet", text));
    network.warnings.diagnostics().iter().map(|warning| warning.code.number()).collect()
}

/// > An expression sees the tensor at which its statement starts: that of a step, of a `for` before its first repetition,
/// > of a join before its branches.
///
/// > every branch starts at the tensor before the join, which is also the tensor that the conditions of all branches see,
#[test]
fn a_condition_of_a_branch_sees_the_tensor_before_the_join() {
    let network = compiled(&source("branch_condition.resnet"));
    let joined = network.layers().find(|layer| layer.node.op.name() == "concat").expect("nothing is dropped");
    // 48 channels of the one branch and 16 of the other.
    assert_eq!(joined.output.to_string(), "64 x 32 x 32");
}

#[test]
fn what_a_branch_reads_is_the_tensor_before_the_join_whatever_it_is() {
    let join = |condition: &str| {
        block(&format!("join concat {{ main {{ conv 3x3 (48, stride = 1) }} skip if {condition} {{}} }}"))
    };
    for condition in ["channels == 16", "height == 8 and width == 8", "not project(1, 16)", "project(1, 48)"] {
        assert_eq!(shapes(&join(condition)), ["48 x 8 x 8", "64 x 8 x 8"], "{condition}");
    }
    for condition in ["channels == 48", "project(1, 16)", "not project(1, 48)"] {
        assert_eq!(shapes(&join(condition)), ["48 x 8 x 8"], "{condition}");
    }
    // What a branch does to height and width is nothing that another sees.
    let pooled = "join multiply { gate { global_pool } skip if height == 8 {} }";
    assert_eq!(shapes(&block(pooled)), ["16 x 1 x 1", "16 x 8 x 8"]);
}

#[test]
fn every_expression_of_a_branch_sees_the_tensor_of_its_place() {
    // Arguments, variables, units, repetitions, lists and conditions of statements, each in the second branch.
    let second = |statements: &str| block(&format!("join concat {{ a {{ conv 1x1 (40) }} b {{ {statements} }} }}"));
    let ends = |statements: &str| shapes(&second(statements)).into_iter().rev().nth(1).unwrap();
    assert_eq!(ends("conv 1x1 (channels)"), "16 x 8 x 8");
    assert_eq!(ends("let read = channels conv 1x1 (2 * read)"), "32 x 8 x 8");
    assert_eq!(ends("for i in 0..channels / 8 { conv 1x1 (channels + 1) }"), "18 x 8 x 8");
    assert_eq!(ends("for size in [channels, channels + 1] { conv 1x1 (size) }"), "17 x 8 x 8");
    assert_eq!(ends("if channels == 16 { conv 1x1 (3) } else { conv 1x1 (5) }"), "3 x 8 x 8");
    assert!(layers(&second("unit channels { act }")).contains(&"b.act16 relu 16 x 8 x 8".to_owned()));
    // A join in a branch starts where it stands.
    let nested = "conv 1x1 (4) join concat { x { conv 1x1 (9) } y if channels == 4 {} z if channels == 9 {} }";
    assert_eq!(ends(nested), "13 x 8 x 8");
}

/// > the default is evaluated where the block is called, at the tensor that the block starts at, and sees the dialect and
/// > the [implicit names](#implicit-names), none of the other parameters.
#[test]
fn a_default_sees_the_tensor_at_which_its_block_starts() {
    let items = "block inner(out = channels, far = height, wide = width) { conv 1x1 (out + far + wide) }
        block b() { join concat { a { conv 1x1 (40) } b { inner() } } max_pool 2x2 (stride = 2) inner() }";
    // 16 + 8 + 8 in the branch; 72 + 4 + 4 behind the pool.
    assert_eq!(shapes(&text("b", items)), ["40 x 8 x 8", "32 x 8 x 8", "72 x 8 x 8", "72 x 4 x 4", "80 x 4 x 4"]);
    // An argument of a block that is a value is evaluated where the value is, a default where the block is called.
    let items = "block inner(own: channels, default = channels) { conv 1x1 (own + default) }
        block b() { let held = inner(own = channels) conv 1x1 (100) held() }";
    assert_eq!(shapes(&text("b", items)), ["100 x 8 x 8", "116 x 8 x 8"]);
}

/// > | `channels`, `height`, `width` | of the current tensor; a vector's `channels` are its features, and to ask for its height or width is an error |
#[test]
fn a_vector_has_no_height() {
    let error = refusal_of(&source("height_of_a_vector.resnet"));
    assert_eq!((error.code.number(), error.message.as_str()), ("E0304", "a vector has no height"));
    for expression in ["height == none", "height == width", "height > 1", "width == 1"] {
        let item = format!("block h() {{ flatten if {expression} {{ linear(3) }} else {{ linear(4) }} }}");
        let text = text("b\nhead h", &format!("block b() {{ act }}\n{item}"));
        assert_eq!(code(&text), "E0304", "{expression}");
    }
    // Its channels are its features; what was asked before holds.
    let head = "block h() { let rows = height flatten if rows == 8 { linear(channels) } }";
    assert_eq!(shapes(&text("b\nhead h", &format!("block b() {{ act }}\n{head}")))[1..], ["1024", "1024"]);
}

/// > A statement `NAME` means the block that the innermost parameter or variable of this name holds; where there is none, or
/// > it holds no block, the layer; where there is none, the block. A word holds the block of its name, `none` the one that
/// > does nothing;
#[test]
fn a_variable_that_holds_a_block_hides_the_layer_of_its_name() {
    let source = source("variable_named_like_a_layer.resnet");
    let ops: Vec<_> = compiled(&source).layers().skip(1).map(|layer| layer.node.op.name()).collect();
    assert_eq!(ops, ["adaptive_avg_pool", "channel_conv", "sigmoid", "multiply"]);
    // The block that does nothing is one.
    assert_eq!(layers(&block("let norm = none norm() act")), ["block.act relu 16 x 8 x 8"]);
    let gate = "block b(gate: block = none, norm = none) { gate() norm() act }";
    assert_eq!(layers(&text("b", gate)), ["block.act relu 16 x 8 x 8"]);
    assert_eq!(layers(&text("b(norm = act2)", &format!("{gate} block act2() {{ act(silu) }}"))).len(), 2);
}

/// > a parameter of another type than `block` holds no block, whatever its value: `dropout(dropout)` is the layer where the
/// > parameter is a rate.
#[test]
fn what_holds_no_block_is_the_layer_and_then_the_block() {
    // A number, a word that is no block, and whatever a parameter holds whose type takes no blocks.
    assert_eq!(layers(&block("let norm = 3 norm() as x")), ["block.x batch_norm 16 x 8 x 8"]);
    assert_eq!(layers(&block("let conv = 3 conv 3x3 (conv)")), ["block.conv conv2d 3 x 8 x 8"]);
    assert_eq!(layers(&block("let act = silu act(act)")), ["block.act silu 16 x 8 x 8"]);
    assert_eq!(code(&text("b", "block b(dropout: float(0..1) = none) { dropout(dropout) }")), "E0202");
    let flag = "block b(norm = true) { if norm { norm as x } }";
    assert_eq!(layers(&text("b", flag)), ["block.x batch_norm 16 x 8 x 8"]);
    let word = "block b(act: one_of(eca, none) = eca) { act(silu) }";
    assert_eq!(layers(&text("b", word)), ["block.act silu 16 x 8 x 8"]);
    let number = "block b() { let own = 3 own() } block own() { act }";
    assert_eq!(layers(&text("b", number)), ["block.act relu 16 x 8 x 8"]);
    // The innermost declaration counts: a variable hides a parameter, its type, and what that is told.
    let hidden = "block b(norm: boolean = true) { if norm { let norm = eca norm() } }";
    assert_eq!(layers(&text("b", hidden)).len(), 4);
    let told = "block inner(a = 1, b = 2) { conv 1x1 (10 * a + b) }
        block b(gate: block(b, a) = none) { gate() let gate = inner gate(3, 4) }";
    assert_eq!(shapes(&text("b", told)), ["34 x 8 x 8"]);
    // A block takes no size and no role, which only its value can tell.
    assert_eq!(code(&block("let norm = eca norm() as x")), "E0214");
    assert_eq!(code(&block("let conv = eca conv 3x3 ()")), "E0214");
}

/// > In an expression `NAME` means the parameter or variable, and `NAME(ARGUMENTS)` the function, or the block of that name,
/// > some of its arguments given.
#[test]
fn in_an_expression_a_name_with_arguments_is_the_block_of_that_name() {
    let items = "block own(out: channels) { conv 1x1 (out) } block other(out: channels) { conv 1x1 (2 * out) }
        block b() { let own = other let held = own(out = 4) held() own(5) }";
    assert_eq!(shapes(&text("b", items)), ["4 x 8 x 8", "10 x 8 x 8"]);
}

/// > | `stage_stride` | the `stride` that the stage's first block has, in every block of it; 1 where the block has no such parameter, and in the default of `stride` itself. In a stem or head that of its own call. A block that reads it need not read its parameter `stride` |
#[test]
fn a_stride_that_is_calculated_is_the_stages_as_a_written_one_is() {
    assert_eq!(shape_of_last("stage_stride_default.resnet"), "2 x 4 x 4");
    let items = |default: &str| {
        format!("block b(stride: integer = {default}) {{ conv 1x1 (10 * stage_stride + stride, stride) as s }}")
    };
    let strides = |stage: &str, default: &str| shapes(&text(stage, &items(default)));
    for default in ["2", "1 + 1", "if index == 0 then 2 else 3", "min(2, height)", "channels / 8"] {
        // The first block has the stride; the others have 1, and know the stage's.
        assert_eq!(strides("b * 3", default), ["22 x 4 x 4", "21 x 4 x 4", "21 x 4 x 4"], "{default}");
        assert_eq!(strides("b * 2 stride 4", default), ["44 x 2 x 2", "41 x 2 x 2"], "{default}");
    }
    // Where no block of the stage has a stride it is 1, and in the default of the stride itself.
    assert_eq!(shapes(&text("c", "block c() { conv 1x1 (stage_stride) }")), ["1 x 8 x 8"]);
    assert_eq!(strides("b", "stage_stride + 1"), ["22 x 4 x 4"]);
    // Other defaults see it.
    let other = "block b(out = 10 * stage_stride, stride: integer = 1 + 1) { conv 1x1 (out, stride) as s }";
    assert_eq!(shapes(&text("b * 2", other)), ["20 x 4 x 4", "20 x 4 x 4"]);
}

fn shape_of_last(case: &str) -> String {
    compiled(&source(case)).layers().last().unwrap().output.to_string()
}

/// > Only the first block has the stride that is written, or its default: for the later ones it is 1, whatever its type takes |
#[test]
fn later_blocks_have_stride_1_whatever_its_type() {
    let items = "block b(stride: integer(2..2) = 2) { conv 1x1 (10 * stride) as s }";
    assert_eq!(shapes(&text("b * 3", items)), ["20 x 8 x 8", "10 x 8 x 8", "10 x 8 x 8"]);
    let pair = "block b(stride: pair(2..4) = [2, 4]) { conv 1x1 (8, stride) as s }";
    assert_eq!(shapes(&text("b * 2", pair)), ["8 x 4 x 2", "8 x 4 x 2"]);
    // The default of a later block is not looked at.
    let faulty = "block b(stride: integer = 8 / (1 - index)) { conv 1x1 (stride + 1) as s }";
    assert_eq!(shapes(&text("b * 2", faulty)), ["9 x 8 x 8", "2 x 8 x 8"]);
}

/// > | `previous(parameter, otherwise)` | what the first block of the stage before has for its parameter of this name, which is written and not evaluated; `otherwise` where no stage is before or its block has no such parameter. For a head the last stage is before |
#[test]
fn previous_is_what_the_first_block_of_the_stage_before_has() {
    let items = "block b(rank = index + 10 * number, out: channels = 1) { conv 1x1 (previous(rank, 7) + out) as s }";
    // The second stage's first block is the network's third.
    assert_eq!(
        shapes(&text("b * 2\nstage b(out = 2) * 2\nstage b(rank = 3)\nhead b", items)),
        ["8 x 8 x 8", "8 x 8 x 8", "2 x 8 x 8", "2 x 8 x 8", "21 x 8 x 8", "4 x 8 x 8"]
    );
    // The name itself is meant, whatever is called so; a parameter that is absent is one that is there.
    let named = "block b(rank = 5, gate: block = none, rate = none) {
            let rank = 9 let seen = previous(rank, 1) conv 1x1 (seen) as s
            if previous(rate, 3) == none { act as absent }
            if previous(nothing, 3) == 3 { act as other }
        }";
    assert_eq!(
        layers(&text("b\nstage b", named)),
        [
            "block.s conv2d 1 x 8 x 8",
            "block.other relu 1 x 8 x 8",
            "block.s conv2d 5 x 8 x 8",
            "block.absent relu 5 x 8 x 8",
            "block.other relu 5 x 8 x 8"
        ]
    );
}

/// > the two words mean themselves there, whatever is called so, and any other expression gives one of them |
#[test]
fn a_variable_stands_for_the_position_that_it_holds() {
    // In the dialect `torchvision` the stride is the spatial convolution's.
    let step = |statements: &str| shapes(&block(&format!("{statements} conv 1x1 (8, step)"))).pop().unwrap();
    assert_eq!(step("let step = at(spatial, 2)"), "8 x 4 x 4");
    assert_eq!(step("let step = at(first, 2)"), "8 x 8 x 8");
    assert_eq!(step("let place = spatial let step = at(place, 2)"), "8 x 4 x 4");
    // The words mean themselves: a bottleneck has a parameter called `spatial`.
    assert_eq!(step("let first = spatial let step = at(first, 2)"), "8 x 8 x 8");
    let own = "block b(spatial: block = none) { spatial() conv 1x1 (8, stride = at(spatial, 2)) }";
    assert_eq!(shapes(&text("b", own)), ["8 x 4 x 4"]);
    assert_eq!(step("let step = at(if index == 0 then spatial else first, 2)"), "8 x 4 x 4");
    assert_eq!(code(&block("let step = at(last, 2) conv 1x1 (8, step)")), "E0204");
    assert_eq!(code(&block("let place = 3 let step = at(place, 2) conv 1x1 (8, step)")), "E0204");
}

/// > All of its own rows come before all of those of its base.
#[test]
fn own_rows_come_before_those_of_the_base() {
    let found = names_of(&source("base_row_before_own.resnet"));
    let is_found = |name: &str| found.iter().any(|own| own == name);
    assert!(is_found("mine.0.1") && !is_found("features.1.conv.1.0"), "{found:?}");
    let items = |rows: &str| {
        format!(
            "dialect d extends torchvision {{ names = m }}
            names m extends n {{ {rows} }}
            names n extends torchvision {{ for b {{ main.conv \"base-of-b\" block \"base{{number}}\" }} main.act \"base\" }}
            block b() {{ main {{ conv 1x1 (8) act norm }} }}"
        )
    };
    let called = |rows: &str| names(&text("b", &items(rows)).replace("use dialect torchvision", "use dialect d"));
    assert_eq!(called("")[1..], ["base-of-b", "base", "base0.bn0"]);
    let own = "main.conv \"own\" block \"mine{number}\" for b { main.norm \"{block}/n\" } main.* \"rest{sequence}\"";
    assert_eq!(called(own)[1..], ["own", "rest1", "mine0/n"]);
    assert_eq!(called("for b { main.conv \"first\" } main.conv \"second\"")[1], "first");
}

#[test]
fn the_name_of_a_block_is_not_made_of_itself() {
    let items = "names n extends torchvision { block \"x{block}\" } block b() { act }";
    let error = refusal_of(&Source::new("t.resnet", text("b", items)));
    assert_eq!((error.code.number(), error.message.as_str()), ("E0213", "the name of a block is made of itself"));
    let section = "names n extends torchvision { for b { block \"{block}\" } } block b() { act }";
    assert_eq!(code(&text("b", section)), "E0213");
}

/// > One that no row fits is called `BLOCK.LABEL.ROLE` in a stage and `LABEL.ROLE` in a stem or head, the number of its unit behind, if it has one: `layer1.0.far.conv2` |
#[test]
fn a_layer_that_no_row_fits_is_called_by_its_address() {
    let items = "block b() { far { conv 1x1 (4) unit 2 { conv 1x1 (5) } } act as z }
        block s() { near { unit 1 { conv 1x1 (16) as c } } conv 1x1 (16) as d }
        block h() { far { conv 1x1 (3) } conv 1x1 (2) as e unit 3 { act as f } }";
    let text = text("b\nhead h", items).replace("stem none", "stem s");
    assert_eq!(
        names(&text)[1..],
        [
            "near.c1",
            "stem.d",
            "layer1.0.far.conv",
            "layer1.0.far.conv2",
            "layer1.0.block.z",
            "far.conv",
            "head.e",
            "head.f3"
        ]
    );
}

/// > Of the layers with weights that a row of the table names no two may come out with one name. Every other layer gets a
/// > number where its name is taken, by one of those or by a layer before it: `relu`, `relu_2`.
#[test]
fn a_name_is_first_that_of_a_layer_with_weights() {
    assert_eq!(names_of(&source("weightless_name_first.resnet")), ["x0_2", "x0"]);
    let items = "dialect d extends torchvision { names = n } names n extends torchvision { *.* \"x\" }";
    let called = |statements: &str| {
        let block = format!("{items} block b() {{ {statements} }}");
        text("b", &block).replace("use dialect torchvision", "use dialect d")
    };
    assert_eq!(names(&called("act conv 1x1 (8) act")), ["x_2", "x_3", "x", "x_4"]);
    assert_eq!(code(&called("conv 1x1 (8) act conv 1x1 (8)")), "E0402");
}

/// > No definition, parameter or variable is called `none`.
#[test]
fn nothing_is_called_none() {
    let error = refusal_of(&source("block_called_none.resnet"));
    assert_eq!((error.code.number(), error.message.as_str()), ("E0219", "`none` is a word of the language"));
    assert_eq!(code(&block("let none = 3 act")), "E0219");
    assert_eq!(code(&block("for none in 0..2 { act }")), "E0219");
    assert_eq!(code(&text("b", "block b(none = 3) { act }")), "E0219");
    assert_eq!(code(&block("act").replace("stem none", "let none = 3\nstem none")), "E0219");
    assert_eq!(code(&block("act").replace("network t", "network t(none = 3)")), "E0219");
    assert_eq!(code(&text("basic(16)", "dialect none extends torchvision {}")), "E0219");
    assert_eq!(code(&text("basic(16)", "names none extends torchvision {}")), "E0219");
    let toml = "name = \"t\"\ndialect = \"torchvision\"\ndefinitions = 'block none() { act }'\n[input]\nchannels = 16\n\
                size = [8, 8]\n[stem]\nkind = \"none\"\n[[stage]]\nkind = \"plain\"\nfilters = 16\nblocks = 1\n";
    assert_eq!(refusal_of(&Source::new("t.toml", toml)).code.number(), "E0219");
}

/// > A block calls others but never itself.
#[test]
fn a_variable_or_a_word_that_is_called_like_a_block_is_no_call_of_it() {
    assert_eq!(shape_of_last("false_recursion.resnet"), "8 x 8 x 8");
    let innocent = [
        "block b() { inner() } block inner() { for b in [4] { conv 1x1 (b) } }",
        "block b() { inner(b = 4) } block inner(b) { conv 1x1 (b) }",
        "block b() { inner(4) } block inner(b: channels) { conv 1x1 (b) }",
        "block b() { inner() } block inner(kind: one_of(b, c) = b) { if kind == b { conv 1x1 (4) } }",
        "block b() { inner() } block inner() { inmost(kind = b) }
            block inmost(kind: one_of(b, c)) { if kind == b { conv 1x1 (4) } }",
        "block b() { inner() } block inner() { let same = eca == b if not same { conv 1x1 (4) } }",
        "block b() { inner() } block inner() { require eca != b else \"no\" conv 1x1 (previous(b, 4)) }",
        "block b() { inner() } block inner() { let b = act4 b() } block act4() { conv 1x1 (4) }",
    ];
    for items in innocent {
        assert_eq!(shapes(&text("b", items)), ["4 x 8 x 8"], "{items}");
    }
    let guilty = [
        "block b() { inner() } block inner() { { let b = 4 } b() }"
            .replace("{ let b = 4 }", "x { let b = 4 conv 1x1 (b) }"),
        "block b() { inner() } block inner() { let held = [b] for one in held { one() } }".to_owned(),
        "block b() { inner() } block inner(gate: block = b) { gate() }".to_owned(),
        "block b(b: channels = 4) { conv 1x1 (b) b() }".to_owned(),
        "block b() { let held = if index == 0 then eca else b held() }".to_owned(),
    ];
    for items in guilty {
        assert_eq!(code(&text("b", &items)), "E0217", "{items}");
    }
}

/// > nothing is converted but a fraction that is whole, which stands wherever a whole number may (`16 * 0.25`, `[3.0, 5]`),
/// > and a whole number where a fraction may stand.
#[test]
fn a_fraction_that_is_whole_stands_where_a_whole_number_may() {
    assert_eq!(shape_of_last("whole_fraction.resnet"), "4 x 8 x 8");
    let items = "block b(f: channels, k: pair = 1, p: padding = same, l: numbers = [], n: integer(0..9) = 0) {
            conv(f, kernel = k, padding = p) for size in l { conv 1x1 (size) as more } unit n * 1.0 { act }
        }";
    for call in [
        "b(16 * 0.25)",
        "b(4.0, k = 3.0)",
        "b(4.0, k = [3.0, 3])",
        "b(8 * 0.5, k = 3, p = 1.0)",
        "b(4, k = 3, p = [1.0, 1, 1, 1.0])",
        "b(f = 4, l = [4.0, 8 * 0.5])",
        "b(4, n = 2 * 0.5) * (2 * 0.5)",
    ] {
        assert_eq!(shapes(&text(call, items)).pop().unwrap(), "4 x 8 x 8", "{call}");
    }
    let inside = |call: &str| text("c", &format!("block c() {{ {call} }} {items}"));
    for call in ["b(16 * 0.25)", "b(4.0, k = [3.0, 3])", "b(4, k = 3, p = [1.0, 1, 1, 1.0])", "b(4, l = [4.0])"] {
        assert_eq!(shapes(&inside(call)).pop().unwrap(), "4 x 8 x 8", "{call}");
    }
    assert_eq!(code(&text("b(4.5)", items)), "E0215");
    assert_eq!(code(&text("b(4, l = [4.5])", items)), "E0202");
    assert_eq!(code(&inside("b(4.5)")), "E0215");
    // A dialect's choice is a value as any other.
    let dialect = "dialect d extends torchvision { stem_pool_padding = 2.0 norm_epsilon = 0 } block b() { norm }";
    layers(&text("b", dialect).replace("use dialect torchvision", "use dialect d"));
    // 128 bits hold more than a fraction says exactly.
    layers(&block("require floor(1e38) > 1e37 and floor(-1e38) < 0 else \"no\" act"));
    assert_eq!(code(&block("let far = floor(2e38) act")), "E0216");
}

/// > Any other argument without a name is for the parameter at its own place in the row: the second argument is for the
/// > second parameter, however the first was given; where a size stands before the brackets, `kernel` has no place in the row.
#[test]
fn positions_are_counted_over_all_arguments() {
    let items = "block inner(a = 1, b = 2, c = 3) { conv 1x1 (100 * a + 10 * b + c) }";
    let inner = |call: &str| text("o", &format!("block o(b = 7, x_ = 0) {{ {call} }} {items}"));
    assert_eq!(shapes(&inner("inner(5, c = 6)")), ["526 x 8 x 8"]);
    // The second argument is for the second parameter, whatever the first was for.
    assert_eq!(shapes(&inner("inner(c = 6, 4)")), ["146 x 8 x 8"]);
    // A name that is a parameter's is for that, and takes its place in the row all the same.
    assert_eq!(shapes(&inner("inner(b, a = 4, 5)")), ["475 x 8 x 8"]);
    assert_eq!(code(&inner("inner(b, 4)")), "E0219");
    // The size has told the kernel, which then has no place.
    assert_eq!(shapes(&block("conv 3x3 (4, 2)")), ["4 x 4 x 4"]);
    assert_eq!(shapes(&block("conv(4, 3, 2)")), ["4 x 4 x 4"]);
    // The same in a network's calls.
    assert_eq!(shapes(&text("inner(c = 6, 4)", items)), ["146 x 8 x 8"]);
    let words = "block inner(mode: one_of(kind, other) = other, kind: one_of(kind, b) = b) {
            conv 1x1 (if mode == kind then 1 else if kind == b then 2 else 3)
        }";
    assert_eq!(shapes(&text("inner(kind)", words)), ["3 x 8 x 8"]);
    assert_eq!(shapes(&text("o", &format!("block o() {{ inner(kind) }} {words}"))), ["3 x 8 x 8"]);
}

/// > What is given with it counts before what it is told: `se(reduction = 4)` stays so where it is called as `gate(reduction = 8)`.
#[test]
fn own_arguments_of_a_block_that_is_a_value_count_before_what_it_is_told() {
    let items = "block inner(a = 1, b = 2) { conv 1x1 (10 * a + b) }
        block b(gate: block(a, b)) { gate(3, b = 4) }";
    assert_eq!(shapes(&text("b(inner)", items)), ["34 x 8 x 8"]);
    assert_eq!(shapes(&text("b(inner(a = 5))", items)), ["54 x 8 x 8"]);
    let held = "block inner(a = 1, b = 2) { conv 1x1 (10 * a + b) } block b() { let held = inner(b = 6) held(3, 4) }";
    assert_eq!(shapes(&text("b", held)), ["36 x 8 x 8"]);
}

/// > A condition that has one value whatever the place, as `1 == 1`, gets a warning here, before a branch and in an expression.
#[test]
fn a_condition_that_nothing_decides_gets_a_warning() {
    let warned = ["true", "1 == 1", "2 > 3", "not (1 < 2)", "avg == max", "false and height > 1", "len([]) == 0"];
    for condition in warned {
        assert_eq!(warnings(&block(&format!("act if {condition} {{ act }}"))), ["W0102"], "{condition}");
    }
    let silent = [
        "index == 0",
        "height > 1",
        "dialect.convolution_bias",
        "project(1, 16)",
        "previous(stride, 1) == 1",
        "number >= 0 and true",
    ];
    for condition in silent {
        assert_eq!(warnings(&block(&format!("act if {condition} {{ act }}"))), [""; 0], "{condition}");
    }
    // What a variable or a parameter holds is no constant, whatever it is called.
    assert_eq!(warnings(&block("let avg = max if avg == max { act }")), [""; 0]);
    assert_eq!(warnings(&text("b", "block b(avg = max) { if avg == max { act } }")), [""; 0]);
    // Branches and expressions have conditions, too.
    assert_eq!(warnings(&block("join concat { a { act } b if 1 == 1 {} }")), ["W0102"]);
    assert_eq!(warnings(&block("conv 1x1 (if 1 == 2 then 4 else 8)")), ["W0102"]);
}

/// > `resnetc diff` finds a layer by place, label, unit and role: under another label or in another role it is another layer.
///
/// > Names are no difference.
#[test]
fn an_address_is_a_difference_and_a_name_is_none() {
    let network = |text: &str| compiled(&Source::new("t.resnet", text));
    let changes = |left: &str, right: &str| resnetc::compare::compare(&network(left), &network(right)).changes.len();
    let plain = block("near { unit 1 { conv 1x1 (4) } }");
    // Each has a layer that the other has not.
    for other in
        ["far { unit 1 { conv 1x1 (4) } }", "near { unit 2 { conv 1x1 (4) } }", "near { unit 1 { conv 1x1 (4) as x } }"]
    {
        assert_eq!(changes(&plain, &block(other)), 2, "{other}");
    }
    let named = "dialect d extends torchvision { names = n } names n extends torchvision { near.conv \"x\" }";
    let renamed = format!("{plain}{named}").replace("use dialect torchvision", "use dialect d");
    assert_eq!(names(&renamed)[1], "x");
    assert_eq!(changes(&plain, &renamed), 0);
}
