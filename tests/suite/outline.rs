//! The outline says what the graph says, in fewer words.

use resnetc::ir::Op;
use resnetc::outline::{Call, Definition, Expression, Field, Item, Meaning, Name, Outline, Step, Value, outline};
use resnetc::source::Source;
use resnetc::valid::{Checked, Layer};
use std::fmt::Write;

const ALL: &[Field] = &[
    Field::Inputs,
    Field::Filters,
    Field::Stride,
    Field::Dilation,
    Field::Padding,
    Field::Groups,
    Field::Before,
    Field::After,
];

/// Networks that differ in what their blocks have in common: dialects, shortcuts, chains, widths, mixtures.
const NETWORKS: &[&str] = &[
    "dialect = \"torchvision\"\ndepth = 50",
    "dialect = \"keras\"\ndepth = 18",
    "dialect = \"torchvision\"\ndepth = 20\nstem.kind = \"cifar\"\nblock.shortcut = \"A\"",
    "dialect = \"keras\"\ndepth = 20\nstem.kind = \"cifar\"\nblock.shortcut = \"A\"\nblock.zeros = \"split\"",
    "dialect = \"paper\"\ndepth = 34\nblock.shortcut = \"C\"",
    "dialect = \"paper\"\ndepth = 18\nblock.kind = \"plain\"",
    "dialect = \"torchvision\"\nstem.kind = \"none\"\nblock.kind = \"vgg\"\n[input]\nchannels = 3\nsize = [32, 32]\n\
     [[stage]]\nfilters = 8\nblocks = 1\n[[stage]]\nfilters = 16\nblocks = 3\nnorm = true",
    "dialect = \"torchvision\"\nstem.kind = \"imagenet\"\n[input]\nchannels = 3\nsize = [97, 64]\n\
     [[stage]]\nkind = \"bottleneck\"\nfilters = 48\nblocks = 2\ngroups = 4\nwidth_per_group = 12\n\
     [[stage]]\nkind = \"basic\"\nfilters = 192\nblocks = 2\nshortcut = \"A\"\n\
     [[stage]]\nkind = \"bottleneck\"\nfilters = 96\nblocks = 3\ndilation = 2\n\
     [[stage]]\nkind = \"basic\"\nfilters = 384\nblocks = 1\nstride = 3\nshortcut = \"none\"",
];

fn compile(description: &str) -> Checked {
    let source = Source::new("network.toml", format!("name = \"net\"\n{description}"));
    resnetc::compile(&source)
        .unwrap_or_else(|report| panic!("{}", resnetc::diagnostic::render::text(&report, &source, false)))
}

#[test]
fn expanding_every_call_gives_the_graph_back() {
    for description in NETWORKS {
        let network = compile(description);
        let outline = outline(&network, ALL).unwrap();
        let mut calls = 0;
        for call in outline.stages.iter().flat_map(|stage| &stage.calls) {
            check_call(&network, &outline.definitions[call.definition], call);
            calls += call.nodes.len();
        }
        let inside = calls + count(&outline.stem) + count(&outline.head) + 1;
        assert_eq!(inside, network.graph().len(), "{description}");
    }
}

#[test]
fn blocks_read_as_a_person_would_write_them() {
    for (number, description) in NETWORKS.iter().enumerate() {
        let network = compile(description);
        let outline = outline(&network, ALL).unwrap();
        insta::with_settings!({ description => *description, omit_expression => true }, {
            insta::assert_snapshot!(format!("outline_{number}"), render(&outline));
        });
    }
}

fn count(steps: &[Step]) -> usize {
    steps
        .iter()
        .map(|step| match step {
            Step::Item(_) => 1,
            Step::Join { branches, .. } => 1 + branches.iter().map(|branch| count(branch)).sum::<usize>(),
        })
        .sum()
}

fn items<'a>(steps: &'a [Step], call: &Call, out: &mut Vec<&'a Item>) {
    for step in steps {
        let item = match step {
            Step::Item(item) => item,
            Step::Join { branches, item } => {
                branches.iter().for_each(|branch| items(branch, call, out));
                item
            }
        };
        if item.guard.is_none_or(|guard| call.arguments[guard] == Value::Flag(true)) {
            out.push(item);
        }
    }
}

fn check_call(network: &Checked, definition: &Definition, call: &Call) {
    let mut present = Vec::new();
    items(&definition.body, call, &mut present);
    assert_eq!(present.len(), call.nodes.len());
    for (item, &node) in present.iter().zip(&call.nodes) {
        let layer = network.layer(node);
        let name = match &item.name {
            Name::Suffix(suffix) => format!("{}{suffix}", call.name),
            Name::Whole(name) => name.clone(),
            Name::Parameter(index) => match &call.arguments[*index] {
                Value::Text(text) => text.clone(),
                other => panic!("{other:?} is no name"),
            },
        };
        assert_eq!(name, layer.name);
        for (field, expression) in &item.fields {
            let value = Outline::evaluate(*expression, call);
            assert_eq!(Some(value), field_of(&layer, *field), "{field:?} of {name}");
        }
    }
}

/// Written out again on purpose: the reading that the outline's own is held against.
fn field_of(layer: &Layer<'_>, field: Field) -> Option<u64> {
    use resnetc::ir::op::Pad;
    match (&layer.node.op, field) {
        (_, Field::Inputs) => Some(layer.input.channels()),
        (Op::Conv2d(conv), Field::Filters) => Some(conv.filters),
        (Op::Conv2d(conv), Field::Groups) => Some(conv.groups),
        (Op::Conv2d(conv), Field::Stride) => Some(conv.window.stride[1]),
        (Op::Conv2d(conv), Field::Dilation) => Some(conv.window.dilation[1]),
        (Op::Conv2d(conv), Field::Padding) => Some(conv.window.padding.right),
        (Op::MaxPool(pool), Field::Stride) => Some(pool.window.stride[1]),
        (Op::MaxPool(pool), Field::Dilation) => Some(pool.window.dilation[1]),
        (Op::MaxPool(pool), Field::Padding) => Some(pool.window.padding.right),
        (Op::Pad(Pad::Spatial(sides)), Field::Padding) => Some(sides.bottom),
        (Op::Pad(Pad::Channels { before, .. }), Field::Before) => Some(*before),
        (Op::Pad(Pad::Channels { after, .. }), Field::After) => Some(*after),
        (Op::Subsample(subsample), Field::Stride) => Some(subsample.stride),
        _ => None,
    }
}

fn render(outline: &Outline) -> String {
    let mut out = String::new();
    for definition in &outline.definitions {
        let parameters: Vec<_> = definition
            .parameters
            .iter()
            .map(|parameter| match parameter.meaning {
                Meaning::Number(_) => parameter.name.clone(),
                Meaning::Flag => format!("{}?", parameter.name),
                Meaning::Text => format!("{}$", parameter.name),
            })
            .collect();
        writeln!(out, "{}({})", definition.name, parameters.join(", ")).unwrap();
        write_steps(&mut out, &definition.body, &definition.parameters, 1);
    }
    for stage in &outline.stages {
        writeln!(out, "stage {}", stage.number).unwrap();
        for call in &stage.calls {
            let arguments: Vec<_> = call
                .arguments
                .iter()
                .map(|value| match value {
                    Value::Number(number) => number.to_string(),
                    Value::Flag(flag) => flag.to_string(),
                    Value::Text(text) => text.clone(),
                })
                .collect();
            let name = &outline.definitions[call.definition].name;
            writeln!(out, "    {}: {name}({})", call.name, arguments.join(", ")).unwrap();
        }
    }
    out
}

fn write_steps(out: &mut String, steps: &[Step], parameters: &[resnetc::outline::Parameter], depth: usize) {
    let indent = "    ".repeat(depth);
    for step in steps {
        let item = match step {
            Step::Item(item) => item,
            Step::Join { branches, item } => {
                for branch in branches {
                    writeln!(out, "{indent}branch").unwrap();
                    write_steps(out, branch, parameters, depth + 1);
                }
                item
            }
        };
        let expression = |expression: &Expression| match expression {
            Expression::Literal(value) => value.to_string(),
            Expression::Parameter(index) => parameters[*index].name.clone(),
            Expression::Multiple(factor, index) => format!("{factor} * {}", parameters[*index].name),
        };
        let fields: Vec<_> =
            item.fields.iter().map(|(field, value)| format!("{field:?} {}", expression(value))).collect();
        let guard = item.guard.map(|guard| format!("if {}: ", parameters[guard].name)).unwrap_or_default();
        let name = match &item.name {
            Name::Suffix(name) | Name::Whole(name) => name.clone(),
            Name::Parameter(index) => format!("${}", parameters[*index].name),
        };
        writeln!(out, "{indent}{guard}{} {name}  {}", item.op.name(), fields.join(", ")).unwrap();
    }
}
