//! The outline says what the graph says, in fewer words.

use crate::random::{Tree, network, series};
use proptest::prelude::*;
use proptest::sample::subsequence;
use resnetc::ir::{NodeId, Op, Sides};
use resnetc::outline::{Call, Expression, Field, Item, Meaning, Name, Outline, Step, Value, outline};
use resnetc::source::Source;
use resnetc::valid::Checked;
use std::collections::BTreeSet;
use std::fmt::Write;

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
        check(&compile(description), &Field::ALL);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn expanding_gives_any_series_parallel_graph_back(
        first in series(true), second in series(true), blocks in 1..4_u32, fields in subsequence(Field::ALL.to_vec(), 0..=Field::ALL.len()),
    ) {
        let network = network(&[("first", &first, blocks), ("second", &second, 3), ("first", &first, 2)]);
        check(&network, &Field::ALL);
        check(&network, &fields);
    }

    /// Whatever numbers differ, one structure is one definition.
    #[test]
    fn blocks_of_one_structure_are_one_definition(trees in series(false)) {
        let network = network(&[("block", &trees, 4)]);
        prop_assert_eq!(outline(&network, &Field::ALL).unwrap().definitions.len(), 1);
    }
}

/// A value that an inner join and an outer one read, an operand read twice, and several branches that do nothing.
#[test]
fn joins_may_share_the_value_they_part_from() {
    let leaf = |kind| Tree::Leaf { kind, label: 0, optional: false };
    let join = |kind, branches: &[Vec<Tree>]| Tree::Join { kind, branches: branches.to_vec() };
    let gate = join(3, &[vec![], vec![leaf(0)]]);
    let twice = join(1, &[vec![], vec![]]);
    let trees = [join(0, &[vec![gate], vec![], vec![twice.clone(), leaf(1)], vec![]]), leaf(1), twice];
    let network = network(&[("block", &trees, 2)]);
    check(&network, &Field::ALL);
    let outline = outline(&network, &Field::ALL).unwrap();
    insta::assert_snapshot!("outline_shared", render(&outline));
}

/// Holds the outline of `network` against its graph: every node once, its op, its name and what it reads.
fn check(network: &Checked, fields: &[Field]) {
    let outline = outline(network, fields).unwrap();
    let mut seen = BTreeSet::new();
    let mut value = network.graph().input().unwrap();
    let part =
        |steps: &[Step]| Call { definition: 0, name: String::new(), arguments: Vec::new(), nodes: first_nodes(steps) };
    let mut expand = |steps: &[Step], call: &Call| {
        let mut expansion = Expansion { network, call, nodes: call.nodes.iter(), seen: &mut seen };
        value = expansion.steps(steps, value);
        assert_eq!(expansion.nodes.next(), None);
    };
    expand(&outline.stem, &part(&outline.stem));
    for call in outline.stages.iter().flat_map(|stage| &stage.calls) {
        expand(&outline.definitions[call.definition].body, call);
    }
    expand(&outline.head, &part(&outline.head));
    assert_eq!(value, network.output());
    assert_eq!(seen.len() + 1, network.graph().len());
    for body in outline.definitions.iter().map(|definition| &definition.body).chain([&outline.stem, &outline.head]) {
        let mut keys = BTreeSet::new();
        visit(body, &mut |item| {
            assert!(keys.insert((item.branch, item.unit, item.role, item.ordinal)), "{item:?}");
            assert!(item.fields.keys().all(|field| fields.contains(field)));
        });
    }
}

fn visit<'a>(steps: &'a [Step], see: &mut impl FnMut(&'a Item)) {
    for step in steps {
        if let Step::Join { branches, .. } = step {
            branches.iter().for_each(|branch| visit(branch, see));
        }
        see(step.item());
    }
}

fn first_nodes(steps: &[Step]) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    visit(steps, &mut |item| nodes.push(item.node));
    nodes
}

/// A call that is being written out.
struct Expansion<'a> {
    network: &'a Checked,
    call: &'a Call,
    nodes: std::slice::Iter<'a, NodeId>,
    seen: &'a mut BTreeSet<NodeId>,
}

impl Expansion<'_> {
    fn steps(&mut self, steps: &[Step], value: NodeId) -> NodeId {
        steps.iter().fold(value, |value, step| {
            let operands = match step {
                Step::Item(_) => vec![value],
                Step::Join { branches, .. } => branches.iter().map(|branch| self.steps(branch, value)).collect(),
            };
            let item = step.item();
            match item.guard {
                Some(guard) if self.call.arguments[guard] != Value::Flag(true) => value,
                _ => self.item(item, &operands),
            }
        })
    }

    fn item(&mut self, item: &Item, operands: &[NodeId]) -> NodeId {
        let node = *self.nodes.next().unwrap();
        assert!(self.seen.insert(node));
        let layer = self.network.layer(node);
        assert_eq!(*layer.operands, *operands);
        let name = match &item.name {
            Name::Suffix(suffix) => format!("{}{suffix}", self.call.name),
            Name::Whole(name) => name.clone(),
            Name::Parameter(index) => match &self.call.arguments[*index] {
                Value::Text(text) => text.clone(),
                other => panic!("{other:?} is no name"),
            },
        };
        assert_eq!(name, layer.name);
        let mut op = item.op.clone();
        for (&field, &expression) in &item.fields {
            match (field, Outline::evaluate(expression, self.call)) {
                (Field::Inputs, value) => assert_eq!(value, Value::Number(layer.input.channels())),
                (field, Value::Number(value)) if !field.is_real() => write_count(&mut op, field, value),
                (field, Value::Real(value)) if field.is_real() => write_real(&mut op, field, value),
                (field, value) => panic!("{field:?} is {value:?}"),
            }
        }
        assert_eq!(op, layer.node.op, "{name}");
        node
    }
}

/// Written out again on purpose: the reading that the outline's own is held against.
fn write_count(op: &mut Op, field: Field, value: u64) {
    use resnetc::ir::op::Pad;
    let window = match op {
        Op::Conv2d(conv) => Some(&mut conv.window),
        Op::MaxPool(pool) => Some(&mut pool.window),
        Op::AvgPool(pool) => Some(&mut pool.window),
        Op::Blur(blur) => Some(&mut blur.window),
        _ => None,
    };
    if let Some(window) = window {
        match field {
            Field::Kernel => return window.kernel = [value; 2],
            Field::Stride => return window.stride = [value; 2],
            Field::Dilation => return window.dilation = [value; 2],
            Field::Padding => return window.padding = Sides::all(value),
            _ => {}
        }
    }
    let slot = match (op, field) {
        (Op::Conv2d(conv), Field::Filters) => &mut conv.filters,
        (Op::Conv2d(conv), Field::Groups) => &mut conv.groups,
        (Op::Linear(linear), Field::Filters) => &mut linear.features,
        (Op::GroupNorm(norm), Field::Groups) => &mut norm.groups,
        (Op::ChannelConv(conv), Field::Kernel) => &mut conv.kernel,
        (Op::Slice(slice), Field::Start) => &mut slice.start,
        (Op::Slice(slice), Field::Length) => &mut slice.length,
        (Op::PathSoftmax(softmax), Field::Paths) => &mut softmax.paths,
        (Op::Pad(Pad::Channels { before, .. }), Field::Before) => before,
        (Op::Pad(Pad::Channels { after, .. }), Field::After) => after,
        (Op::Subsample(subsample), Field::Stride) => &mut subsample.stride,
        (Op::Pad(Pad::Spatial(sides)), Field::Padding) => return *sides = Sides::all(value),
        (op, field) => panic!("{op:?} has no {field:?}"),
    };
    *slot = value;
}

fn write_real(op: &mut Op, field: Field, value: f64) {
    let slot = match (op, field) {
        (Op::BatchNorm(norm), Field::Epsilon) => &mut norm.epsilon,
        (Op::LayerNorm(norm), Field::Epsilon) => &mut norm.epsilon,
        (Op::GroupNorm(norm), Field::Epsilon) => &mut norm.epsilon,
        (Op::LayerScale(scale), Field::Init) => &mut scale.init,
        (Op::DropPath(drop), Field::Rate) => &mut drop.rate,
        (Op::Dropout(dropout), Field::Rate) => &mut dropout.rate,
        (op, field) => panic!("{op:?} has no {field:?}"),
    };
    *slot = value;
}

#[test]
fn blocks_read_as_a_person_would_write_them() {
    for (number, description) in NETWORKS.iter().enumerate() {
        let network = compile(description);
        let outline = outline(&network, &Field::ALL).unwrap();
        insta::with_settings!({ description => *description, omit_expression => true }, {
            insta::assert_snapshot!(format!("outline_{number}"), render(&outline));
        });
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
                    Value::Real(real) => real.to_string(),
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
            Expression::Real(value) => value.to_string(),
            Expression::Half(index) => format!("{} / 2", parameters[*index].name),
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
