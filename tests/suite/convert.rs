//! A description in the other language is the same network, there and back.

use crate::describe::shipped;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use resnetc::back::fingerprint;
use resnetc::diagnostic::{Report, render};
use resnetc::front::{self, dsl};
use resnetc::lang::ast::{Block, Domain, Parameter};
use resnetc::library::{self, Place};
use resnetc::source::Source;
use resnetc::spec::{Form, Spec};
use resnetc::valid::Checked;
use resnetc::{dialect, lower};
use std::fmt::Write;
use std::sync::OnceLock;

fn source(text: &str, form: Form) -> Source {
    Source::new(if form == Form::Toml { "test.toml" } else { "test.resnet" }, text)
}

fn compile(source: &Source) -> Checked {
    resnetc::compile(source)
        .unwrap_or_else(|report| panic!("{}\n{}", render::text(&report, source, false), source.text()))
}

fn read(source: &Source) -> Spec {
    front::parse(source, &mut Report::default()).unwrap()
}

fn other(form: Form) -> Form {
    if form == Form::Toml { Form::Dsl } else { Form::Toml }
}

/// A description in the other language.
fn converted(from: &Source) -> Source {
    let spec = read(from);
    let form = other(spec.form);
    let text = front::print(&lower::write_short(&spec, form), form);
    source(&text.unwrap_or_else(|error| panic!("{error:?}\n{}", from.text())), form)
}

/// Everything about a network but where it was written.
fn content(network: &Checked) -> String {
    let graph = network.graph();
    let mut out = format!("{} {} {:?}\n", graph.name, graph.dialect.name, graph.kinds);
    for layer in network.layers() {
        let address = layer.node.origin.address;
        writeln!(out, "{} {address:?} {:?} {:?} {:?}", layer.name, layer.node.op, layer.operands, layer.output)
            .unwrap();
    }
    out
}

/// What a description says beside its network.
fn beside(spec: &Spec) -> String {
    format!("{:?} {:?} {:?}", spec.expect.figures(), spec.budget.figures(), spec.definitions.texts)
}

fn assert_there_and_back(first: &Source, network: &Checked) {
    let there = converted(first);
    let back = converted(&there);
    assert_eq!(read(&there).form, other(read(first).form));
    for written in [&there, &back] {
        let again = compile(written);
        assert_eq!(content(&again), content(network), "{}\n{}", first.text(), written.text());
        assert_eq!(fingerprint(&again), fingerprint(network));
        assert_eq!(beside(&read(written)), beside(&read(first)), "{}\n{}", first.text(), written.text());
    }
    assert_eq!(converted(&back).text(), there.text(), "what is written is written again");
}

#[test]
fn everything_that_ships_goes_there_and_back() {
    let mut texts = 0;
    for path in shipped() {
        let source = Source::new(path.to_str().unwrap(), std::fs::read_to_string(&path).unwrap());
        assert_there_and_back(&source, &compile(&source));
        texts += 1;
    }
    assert!(texts > 60);
}

#[test]
fn what_is_written_in_the_dsl_is_laid_out() {
    for path in shipped() {
        let text = std::fs::read_to_string(&path).unwrap();
        let from = Source::new(path.to_str().unwrap(), text);
        let there = converted(&from);
        let dsl = if read(&from).form == Form::Toml { there } else { converted(&there) };
        assert_eq!(dsl::format(&dsl, &mut Report::default()).unwrap(), dsl.text());
    }
}

/// Numbers to decide by, from the test that draws them.
struct Draw<'a> {
    numbers: &'a [u32],
    at: usize,
}

impl Draw<'_> {
    /// A number below `count`.
    fn below(&mut self, count: usize) -> usize {
        let number = self.numbers[self.at % self.numbers.len()] as usize;
        self.at += 1;
        number % count
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'t, T>(&mut self, choices: &'t [T]) -> &'t T {
        &choices[self.below(choices.len())]
    }
}

/// A value before it is known in which language it is written.
#[derive(Debug, Clone)]
enum Value {
    Plain(String),
    Word(String),
    Text(String),
    Call(String, Vec<(String, Value)>),
    List(Vec<Value>),
}

impl Value {
    fn dsl(&self) -> String {
        match self {
            Self::Plain(text) | Self::Word(text) => text.clone(),
            Self::Text(text) => format!("\"{text}\""),
            Self::Call(name, arguments) => {
                let arguments: Vec<_> =
                    arguments.iter().map(|(name, value)| format!("{name} = {}", value.dsl())).collect();
                format!("{name}({})", arguments.join(", "))
            }
            Self::List(items) => format!("[{}]", items.iter().map(Self::dsl).collect::<Vec<_>>().join(", ")),
        }
    }

    fn toml(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Word(text) | Self::Text(text) => format!("\"{text}\""),
            Self::Call(..) => format!("'{}'", self.dsl()),
            Self::List(items) => format!("[{}]", items.iter().map(Self::toml).collect::<Vec<_>>().join(", ")),
        }
    }
}

fn whole(draw: &mut Draw<'_>, min: i64, max: i64) -> Value {
    let few: Vec<_> = (min..=max.min(min + 3)).collect();
    Value::Plain(draw.of(&few).to_string())
}

/// A valid value for a parameter; those of one that has to agree with others, near the usual ones.
fn value(parameter: &Parameter, draw: &mut Draw<'_>) -> Value {
    let number = |draw: &mut Draw<'_>, usual: &[i64]| Value::Plain(draw.of(usual).to_string());
    match (parameter.name.value.as_str(), &parameter.domain) {
        ("filters", _) => number(draw, &[16, 32, 64]),
        ("groups" | "dilation" | "stride", Domain::Channels | Domain::Integer { max: 3.., .. }) => {
            number(draw, &[1, 1, 2])
        }
        ("width_per_group", _) => number(draw, &[64, 32, 128]),
        ("group_width", _) => number(draw, &[8, 16]),
        ("scale", Domain::Integer { .. }) => number(draw, &[2, 4]),
        ("base_width", _) => number(draw, &[16, 32]),
        ("kernel", _) => number(draw, &[3, 5]),
        ("reduction" | "expansion", _) => number(draw, &[1, 2, 4]),
        (_, Domain::Channels) => number(draw, &[4, 8, 24]),
        (_, Domain::Integer { min, max } | Domain::Pair { min, max }) => match &parameter.domain {
            Domain::Pair { .. } if draw.one_in(2) => {
                Value::List(vec![whole(draw, *min, *max), whole(draw, *min, *max)])
            }
            _ => whole(draw, *min, *max),
        },
        (_, Domain::Float { min, below }) => {
            let [min, below] = [min.max(-1.0), below.min(1.5)];
            let shares = ["0", "1e-6", "0.125", "0.3", "0.99"];
            let number = min + (below - min) * draw.of(&shares).parse::<f64>().unwrap();
            Value::Plain(if number == 0.0 && draw.one_in(2) { "0".to_owned() } else { format!("{number:?}") })
        }
        (_, Domain::Boolean) => Value::Plain(draw.of(&["true", "false"]).to_string()),
        (_, Domain::Choice(words)) => Value::Word(draw.of(words).clone()),
        (_, Domain::Padding) => Value::Word("same".to_owned()),
        (_, Domain::Init) => match draw.below(3) {
            0 => Value::Word(draw.of(&["glorot_uniform", "uniform_fan_out", "zero"]).to_string()),
            1 => Value::Call("normal".to_owned(), vec![("deviation".to_owned(), Value::Plain("0.01".to_owned()))]),
            _ => Value::Call("uniform_fan_in".to_owned(), vec![("bias".to_owned(), Value::Word("zero".to_owned()))]),
        },
        (_, Domain::Numbers) => Value::List((0..draw.below(3)).map(|_| number(draw, &[5, 9])).collect()),
        (_, Domain::Any) => draw.of(&[Value::Plain("3".to_owned()), Value::Text("a b".to_owned())]).clone(),
        (_, Domain::Block(told)) => {
            let own = own_blocks().iter().find(|block| block.name() == "own_gate" && told == &["reduction"]);
            let parts: Vec<_> = library::parts_for(told).chain(own).collect();
            let part = *draw.of(&parts);
            let free = part.signature.parameters.iter().filter(|own| !told.contains(&own.name.value));
            let chosen: Vec<_> = free.filter(|_| draw.one_in(2)).collect();
            let arguments: Vec<_> = chosen.into_iter().map(|own| (own.name.value.clone(), value(own, draw))).collect();
            if arguments.is_empty() {
                Value::Word(part.name().to_owned())
            } else {
                Value::Call(part.name().to_owned(), arguments)
            }
        }
    }
}

/// What a description defines for itself: blocks for every place, a dialect in which every layer has a name of its own.
const OWN: &str = "// Scales each channel.
// It's `told` nothing.
block own_gate(
    /// the kernel's \"size\"
    size: integer(1..3) = 1,
) {
    join multiply {
        map {}
        own { global_pool conv(channels, kernel = size, padding = same, bias = true) act(sigmoid) as gate }
    }
}

dialect plain extends torchvision {
    norm_epsilon = 1e-3 // as many have it
    names = plain
}

names plain {
    layout = torch
    parameters { kernel \".weight\" bias \".bias\" scale \".weight\" shift \".bias\" mean \".mean\" variance \".var\" gain \"\" }
    block \"s{stage}b{index}\"
    *.* \"{block}.{branch}.{role}{unit}_{sequence}\"
}

block own_block(filters: channels, text, stride: integer(1..4) = 1, gate: block(reduction) = none) {
    require text == \"a b\" or text == 3 else \"it's a text or a number\"
    conv 3x3 (filters, stride) norm act
    gate(reduction = 4)
}

block own_stem(filters: channels = 16) { conv 5x5 (filters, stride = 2) norm act } // without a pool

// Its last word.
block own_head(classes: channels) { global_pool flatten linear(classes) as logits }
";

fn own_blocks() -> &'static [Block] {
    static BLOCKS: OnceLock<Vec<Block>> = OnceLock::new();
    BLOCKS.get_or_init(|| {
        let own = source(OWN, Form::Dsl);
        dsl::definitions(&own, 0..OWN.len(), &mut Report::default()).unwrap().blocks
    })
}

struct Call {
    kind: String,
    arguments: Vec<(String, Value)>,
}

impl Call {
    /// A block for `place`, with what it needs and some of what it can be told.
    fn draw(place: Place, own: &str, draw: &mut Draw<'_>) -> Self {
        let library = library::names(place).filter_map(library::find);
        let own = own_blocks().iter().filter(|block| block.name() == own);
        let blocks: Vec<_> = library.chain(own.clone()).chain(own).collect();
        let block = *draw.of(&blocks);
        let mut arguments = Vec::new();
        for parameter in &block.signature.parameters {
            if parameter.default.is_none() || draw.one_in(3) {
                arguments.push((parameter.name.value.clone(), value(parameter, draw)));
            }
        }
        Self { kind: block.name().to_owned(), arguments }
    }

    /// As the DSL has it: some of the first arguments by position, and for a stage the stride behind the call.
    fn dsl(&self, blocks: Option<u64>, draw: &mut Draw<'_>) -> String {
        let block = library::find(&self.kind).or_else(|| own_blocks().iter().find(|own| own.name() == self.kind));
        let parameters = &block.unwrap().signature.parameters;
        let (mut written, mut stride, mut by_position) = (Vec::new(), String::new(), true);
        for (at, (name, value)) in self.arguments.iter().enumerate() {
            by_position &= parameters[at].name.value == *name && !draw.one_in(3);
            if name == "stride" && blocks.is_some() && draw.one_in(2) {
                stride = format!(" stride {}", value.dsl());
                by_position = false;
            } else if by_position {
                written.push(value.dsl());
            } else {
                written.push(format!("{name} = {}", value.dsl()));
            }
        }
        let times = blocks.map_or_else(String::new, |blocks| format!(" * {blocks}"));
        let brackets = if written.is_empty() { String::new() } else { format!("({})", written.join(", ")) };
        format!("{}{brackets}{times}{stride}\n", self.kind)
    }

    /// As TOML has it, without what the defaults say.
    fn toml(&self, defaults: &[(String, String)]) -> String {
        let kind = ("kind".to_owned(), format!("\"{}\"", self.kind));
        let rows = std::iter::once(kind).chain(self.rows());
        let own = rows.filter(|row| !defaults.contains(row));
        own.map(|(name, value)| format!("{name} = {value}\n")).collect()
    }

    fn rows(&self) -> impl Iterator<Item = (String, String)> {
        self.arguments.iter().map(|(name, value)| (name.clone(), value.toml()))
    }
}

struct Description {
    dialect: &'static str,
    height: u64,
    stem: Call,
    /// Each with its number of blocks.
    stages: Vec<(Call, u64)>,
    head: Call,
    budget: bool,
}

impl Description {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let dialects: Vec<_> = dialect::NAMES.into_iter().chain(["plain"; 8]).collect();
        Self {
            dialect: *draw.of(&dialects),
            height: *draw.of(&[48, 65]),
            stem: Call::draw(Place::Stem, "own_stem", draw),
            stages: (0..=draw.below(3))
                .map(|_| (Call::draw(Place::Stage, "own_block", draw), draw.below(2) as u64 + 1))
                .collect(),
            head: Call::draw(Place::Head, "own_head", draw),
            budget: draw.one_in(3),
        }
    }

    fn dsl(&self, draw: &mut Draw<'_>) -> String {
        let mut text = format!("// A network.\nnetwork drawn {{\nuse dialect {}\n", self.dialect);
        write!(text, "input 3 x {} x 50\nstem {}", self.height, self.stem.dsl(None, draw)).unwrap();
        for (call, blocks) in &self.stages {
            write!(text, "stage {}", call.dsl(Some(*blocks), draw)).unwrap();
        }
        write!(text, "head {}", self.head.dsl(None, draw)).unwrap();
        if self.budget {
            text += "budget { max_macs = 1099511627776 }\n";
        }
        format!("{text}}}\n\n{OWN}")
    }

    fn toml(&self, draw: &mut Draw<'_>) -> String {
        let mut text = format!("name = \"drawn\"\ndialect = \"{}\"\ndefinitions = '''\n{OWN}'''\n", self.dialect);
        write!(text, "[input]\nchannels = 3\nsize = [{}, 50]\n", self.height).unwrap();
        write!(text, "[stem]\n{}", self.stem.toml(&[])).unwrap();
        let mut defaults = Vec::new();
        if draw.one_in(2) {
            let (first, _) = draw.of(&self.stages);
            write!(text, "[block]\n{}", first.toml(&[])).unwrap();
            defaults.push(("kind".to_owned(), format!("\"{}\"", first.kind)));
            defaults.extend(first.rows());
        }
        for (call, blocks) in &self.stages {
            write!(text, "[[stage]]\n{}blocks = {blocks}\n", call.toml(&defaults)).unwrap();
        }
        write!(text, "[head]\n{}", self.head.toml(&[])).unwrap();
        if self.budget {
            text += "[budget]\nmax_macs = 1099511627776\n";
        }
        text
    }
}

/// Drawn descriptions in TOML that compile, with definitions that they may not need; there are `count` of them.
pub fn drawn_tables(count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    let mut runner =
        TestRunner::new_with_rng(ProptestConfig::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let strategy = prop::collection::vec(any::<u32>(), 97);
    while texts.len() < count {
        let numbers = strategy.new_tree(&mut runner).unwrap().current();
        let mut draw = Draw { numbers: &numbers, at: 0 };
        let text = Description::draw(&mut draw).toml(&mut draw);
        if resnetc::compile(&source(&text, Form::Toml)).is_ok() {
            texts.push(text);
        }
    }
    texts
}

/// A description without what it defines.
pub fn without_definitions(text: &str) -> String {
    text.replace(&format!("definitions = '''\n{OWN}'''\n"), "")
}

/// Draws descriptions until enough of them compile, and holds those there and back.
fn drawn_descriptions_go_there_and_back(form: Form) {
    let (mut held, mut drawn) = (0, 0);
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let strategy = prop::collection::vec(any::<u32>(), 97);
    while held < 200 {
        let numbers = strategy.new_tree(&mut runner).unwrap().current();
        let mut draw = Draw { numbers: &numbers, at: 0 };
        let description = Description::draw(&mut draw);
        let text = if form == Form::Toml { description.toml(&mut draw) } else { description.dsl(&mut draw) };
        let source = source(&text, form);
        drawn += 1;
        match resnetc::compile(&source) {
            Ok(network) => {
                assert_there_and_back(&source, &network);
                held += 1;
            }
            Err(report) => eprintln!("{}", render::text(&report, &source, false)),
        }
        assert!(drawn < 2_000, "only {held} of {drawn} compile");
    }
}

#[test]
fn any_tables_go_there_and_back() {
    drawn_descriptions_go_there_and_back(Form::Toml);
}

#[test]
fn any_program_goes_there_and_back() {
    drawn_descriptions_go_there_and_back(Form::Dsl);
}

const TABLES: &str = "#:schema resnet.schema.json
# A network.
#
#   Of two stages.
name = \"tiny\"
dialect = \"torchvision\"

# What comes in.
[input]
channels = 3
size = [32, 32]

[stem]
kind = \"cifar\"
filters = 16 # as in the paper

[block]
kind = \"bottleneck\"
shortcut = \"D\"
groups = 1
gate = \"se(divisor = 4)\"

[[stage]]
filters = 16
blocks = 3
stride = 1

[[stage]]
filters = 32
blocks = 1
stride = 2

[head]
pool = \"avg\"
classes = 10

[budget]
max_parameters = 1_000_000
";

const PROGRAM: &str = "// A network.
//
//   Of two stages.
use dialect torchvision

network tiny {
    input 3 x 32 x 32
    stem cifar
    stage bottleneck(16, shortcut = D, gate = se(divisor = 4)) * 3
    stage bottleneck(32, shortcut = D, gate = se(divisor = 4)) * 1 stride 2
    head classifier(10, pool = avg)
    budget {
        max_parameters = 1000000
    }
}
";

const TABLES_AGAIN: &str = "# A network.
#
#   Of two stages.
name = \"tiny\"
dialect = \"torchvision\"

[input]
channels = 3
size = [32, 32]

[stem]
kind = \"cifar\"

[block]
kind = \"bottleneck\"
shortcut = \"D\"
gate = \"se(divisor = 4)\"

[[stage]]
filters = 16
blocks = 3

[[stage]]
filters = 32
stride = 2
blocks = 1

[head]
classes = 10
pool = \"avg\"

[budget]
max_parameters = 1000000
";

/// The exit code, standard output and standard error of `resnetc convert`.
fn convert(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = assert_cmd::Command::cargo_bin("resnetc").unwrap();
    let output = command.arg("convert").args(arguments).write_stdin(input).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_is_written_reads_as_if_written_by_hand() {
    let note = "note: 2 comments are left out: those at the top and of definitions are kept\n";
    assert_eq!(convert(&["-"], TABLES), (0, PROGRAM.to_owned(), note.to_owned()));
    assert_eq!(convert(&["-"], PROGRAM), (0, TABLES_AGAIN.to_owned(), String::new()));
}

#[test]
fn a_description_is_written_in_its_own_language_where_that_is_asked_for() {
    assert_eq!(convert(&["-", "--to", "resnet"], PROGRAM).1, PROGRAM);
    assert_eq!(convert(&["-", "--to", "toml"], TABLES_AGAIN).1, TABLES_AGAIN);
}

#[test]
fn comments_of_definitions_are_kept_and_not_noted() {
    let own = format!("{PROGRAM}\n{OWN}");
    let (code, tables, note) = convert(&["-"], &own);
    assert_eq!((code, note.as_str()), (0, ""));
    assert!(tables.contains("// Scales each channel.\n// It's `told` nothing.\nblock own_gate("), "{tables}");
    assert_eq!(convert(&["-"], &tables), (0, own.clone(), String::new()));
    // A comment at the top that a definition has stands there, and there alone.
    let (_, tables, note) = convert(&["-"], &format!("{OWN}\n{PROGRAM}"));
    assert!(tables.starts_with("name = "), "{tables}");
    assert_eq!(note, "note: 3 comments are left out: those at the top and of definitions are kept\n");
}

#[test]
fn what_the_other_language_cannot_say_is_refused() {
    let block = "block simple(filters: channels, kind: integer) { conv(filters, kernel = kind) norm act }\n";
    let stage = "stage simple(16, kind = 3) * 2";
    let program =
        format!("network tiny {{ use dialect torchvision input 3 x 32 x 32 stem cifar(16) {stage} }}\n{block}");
    let (code, out, err) = convert(&["-"], &program);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("error[E0502]: TOML cannot say this"), "{err}");
    assert!(err.contains("a parameter `kind`: the key has a meaning of its own"), "{err}");

    let block = "block simple(filters: channels, text) { require text != \"q\" else \"\" conv(filters) norm act }";
    let tables = |text: &str| {
        let stage = format!("kind = \"simple\"\nfilters = 16\nblocks = 2\ntext = {text}\n");
        let input = "[input]\nchannels = 3\nsize = [32, 32]\n[stem]\nkind = \"none\"\n";
        let definitions = format!("definitions = '''{block}'''\n");
        format!("name = \"tiny\"\ndialect = \"torchvision\"\n{definitions}{input}[[stage]]\n{stage}")
    };
    assert_eq!(convert(&["-"], &tables("\"a b\"")).0, 0);
    for (text, what) in [("'\"'", "a text with a quote"), ("\"\\n\"", "a text with a line break")] {
        let (code, out, err) = convert(&["-"], &tables(text));
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(err.contains("error[E0502]: the DSL cannot say this") && err.contains(what), "{err}");
    }
}

#[test]
fn a_file_is_written_in_the_language_of_its_name_and_never_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let [program, tables, other] = ["a.resnet", "a.toml", "a.txt"].map(path);
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    assert_eq!(convert(&["-", "-o", &program], TABLES_AGAIN), (0, String::new(), String::new()));
    assert_eq!(read(&program), PROGRAM);
    assert_eq!(convert(&[&program, "-o", &tables], ""), (0, String::new(), String::new()));
    assert_eq!(read(&tables), TABLES_AGAIN);
    // A name that says nothing leaves the other language.
    assert_eq!(convert(&[&program, "-o", &other], ""), (0, String::new(), String::new()));
    assert_eq!(read(&other), TABLES_AGAIN);

    let (code, _, err) = convert(&[&program, "-o", &tables], "");
    assert_eq!((code, err), (2, format!("error: {tables} is there already: `--force` overwrites it\n")));
    std::fs::write(&tables, "").unwrap();
    assert_eq!(convert(&[&program, "-o", &tables, "--force"], "").0, 0);
    assert_eq!(read(&tables), TABLES_AGAIN);
    let (code, _, err) = convert(&[&program, "-o", &tables, "--force", "--to", "resnet"], "");
    assert_eq!(code, 2);
    assert!(err.contains("would be read as TOML: give it another name, or leave `--to` out"), "{err}");
}

#[test]
fn strangers_go_there_and_back() {
    let folder = format!("{}/tests/strangers", env!("CARGO_MANIFEST_DIR"));
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let source = Source::new(path.to_str().unwrap(), std::fs::read_to_string(&path).unwrap());
        assert_there_and_back(&source, &compile(&source));
        files += 1;
    }
    assert!(files >= 3);
}
