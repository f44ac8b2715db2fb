//! `sweep`: every variant is exactly what its description alone gives, however it was found.

use crate::describe::{architectures, shipped};
use proptest::prelude::*;
use resnetc::analysis::{Figures, analyse};
use resnetc::diagnostic::{Report, Severity};
use resnetc::lang::ast::Domain;
use resnetc::library::{self, Place};
use resnetc::source::Source;
use resnetc::spec::{Budget, Expect, Spec};
use resnetc::sweep::{Front, Objective, Outcome, Refusal, Setting, Sweep};
use resnetc::{Options, front};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

/// What came of a description: its figures, and the code and message of its first error.
type Found = (Option<Figures>, Option<(String, String)>);

fn first_error(report: &Report) -> (String, String) {
    let error = report.diagnostics().into_iter().find(|error| error.severity == Severity::Error).unwrap();
    (error.code.number().to_owned(), error.message.clone())
}

/// What a description gives that is compiled and analysed alone.
fn alone(spec: Spec, limit: usize) -> Found {
    let options = Options { limit, ..Options::default() };
    let spec = Spec { expect: Expect::default(), ..spec };
    let without = Spec { budget: Budget::default(), ..spec.clone() };
    match resnetc::check(without, &options, Report::default()) {
        Err(report) => (None, Some(first_error(&report))),
        Ok(network) => {
            let error = resnetc::check(spec, &options, Report::default()).err();
            (Some(Figures::from(&analyse(&network, 1))), error.map(|report| first_error(&report)))
        }
    }
}

fn of_text(name: &str, text: &str, limit: usize) -> Found {
    let mut report = Report::default();
    match front::parse(&Source::new(name, text), &mut report).filter(|_| !report.has_errors()) {
        Some(spec) => alone(spec, limit),
        None => (None, Some(first_error(&report))),
    }
}

fn found(outcome: Outcome) -> Found {
    (outcome.figures, outcome.error.map(|error| (error.code.number().to_owned(), error.message.as_ref().to_owned())))
}

fn sweep(name: &str, text: &str, settings: &[String], limit: usize) -> Result<Sweep, String> {
    let settings: Vec<Setting> = settings.iter().map(|text| text.parse().unwrap()).collect();
    Sweep::new(&Source::new(name, text), &settings, 1 << 40, limit).map_err(|refusal| match refusal {
        Refusal::Settings(fault) => fault.to_string(),
        Refusal::Description(report) => format!("{:?}", first_error(&report)),
    })
}

/// What comes of all variants, on one thread.
fn evaluated(sweep: &Sweep) -> Vec<Found> {
    let mut all = Vec::new();
    let work = |evaluator: &mut resnetc::sweep::Evaluator<'_>, numbers: std::ops::Range<u64>| {
        numbers.map(|number| found(evaluator.evaluate(number))).collect::<Vec<_>>()
    };
    let take = |chunk| {
        all.extend::<Vec<_>>(chunk);
        ControlFlow::Continue(())
    };
    sweep.run(NonZeroUsize::MIN, 1000, work, take).unwrap();
    all
}

/// A description with holes, and for each hole a key and its values: as `--set` writes them, and as the text does.
struct Case {
    name: &'static str,
    text: &'static str,
    axes: &'static [(&'static str, &'static [(&'static str, &'static str)])],
    limit: usize,
}

const LIMIT: usize = resnetc::limits::NODES;

const CASES: &[Case] = &[
    Case {
        name: "resnet.toml",
        text: "name = \"r\"\ndialect = \"@0\"\n[input]\nchannels = @1\nsize = [@2, @2]\n[stem]\nkind = \"imagenet\"\nfilters = 24\n\
               [block]\nkind = \"bottleneck\"\ngroups = @3\nshortcut = \"@4\"\n[[stage]]\nfilters = @5\nblocks = @6\n[[stage]]\n\
               filters = 48\nblocks = 2\nstride = 2\ndilation = @7\n[head]\npool = \"avg\"\nclasses = 7\n[budget]\n\
               max_parameters = 300_000\nmax_macs = 60_000_000\n",
        axes: &[
            (
                "dialect",
                &[("torchvision", "torchvision"), ("keras", "keras"), ("paper", "paper"), ("tensorflow", "tensorflow")],
            ),
            ("input.channels", &[("1", "1"), ("3", "3"), ("0", "0")]),
            ("input.size", &[("1", "1"), ("33", "33"), ("64", "64"), ("70000", "70000")]),
            ("block.groups", &[("1", "1"), ("4", "4"), ("5", "5"), ("0", "0")]),
            ("block.shortcut", &[("A", "A"), ("B", "B"), ("D", "D"), ("none", "none"), ("E", "E")]),
            ("stage.1.filters*", &[("0.5", "12"), ("1", "24"), ("1.1", "26"), ("0.01", "0")]),
            ("stage.1.blocks", &[("1", "1"), ("3", "3"), ("0", "0"), ("10001", "10001")]),
            ("stage.2.dilation", &[("1", "1"), ("2", "2"), ("99999", "99999")]),
        ],
        limit: LIMIT,
    },
    Case {
        name: "depth.toml",
        text: "name = \"r\"\ndialect = \"torchvision\"\ndepth = @0\n[stem]\nkind = \"@1\"\n[block]\nshortcut = \"@2\"\n\
               [head]\nkind = \"@3\"\nclasses = @4\n",
        axes: &[
            ("depth", &[("18", "18"), ("50", "50"), ("20", "20"), ("26", "26"), ("8", "8")]),
            ("stem.kind", &[("imagenet", "imagenet"), ("deep", "deep"), ("deeep", "deeep")]),
            ("block.shortcut", &[("A", "A"), ("B", "B"), ("C", "C")]),
            ("head.kind", &[("classifier", "classifier"), ("norm_classifier", "norm_classifier")]),
            ("head.classes", &[("10", "10"), ("20", "20")]),
        ],
        limit: LIMIT,
    },
    Case {
        name: "vgg.toml",
        text: "name = \"v\"\ndialect = \"@0\"\n[input]\nchannels = 3\nsize = [@1, 40]\n[stem]\nkind = \"none\"\n[block]\nkind = \"vgg\"\n\
               norm = @2\n[[stage]]\nfilters = 8\nblocks = @3\n[[stage]]\nfilters = @4\nblocks = 2\n[head]\npool = \"@5\"\n\
               hidden = @6\nclasses = 5\ndropout = @7\n[budget]\nmax_memory = 3_000_000\n",
        axes: &[
            ("dialect", &[("torchvision", "torchvision"), ("keras", "keras")]),
            ("input.size", &[("40x40", "40"), ("8x40", "8"), ("2x40", "2")]),
            ("block.norm", &[("true", "true"), ("false", "false"), ("1", "1")]),
            ("stage.1.blocks", &[("1", "1"), ("2", "2"), ("4", "4")]),
            ("stage.2.filters", &[("8", "8"), ("16", "16")]),
            ("head.pool", &[("avg", "avg"), ("max", "max"), ("none", "none")]),
            ("head.hidden", &[("[16, 8]", "[16, 8]"), ("[]", "[]"), ("3", "3")]),
            ("head.dropout", &[("0.5", "0.5"), ("0", "0"), ("1.5", "1.5")]),
        ],
        limit: 40,
    },
    Case {
        name: "parameters.resnet",
        text: "use dialect torchvision\nnetwork n(width = @0, rate = @1, gate = @2, deep = @3) {\n let wide = 2 * width\n\
               input 3 x 32 x 32\n stem cifar(width)\n stage bottleneck(width, gate = gate, groups = @4) * deep\n\
               stage mbconv(wide, drop_path = rate, kernel = 5) * 2 stride 2\n stage @5(wide) * @6 stride @7\n\
               head classifier(10, pool = avg)\n budget { max_macs = 1000 * 1000 * width }\n}\n",
        axes: &[
            ("width", &[("8", "8"), ("12", "12"), ("7", "7"), ("0", "0"), ("wide", "wide")]),
            ("rate", &[("0.2", "0.2"), ("0", "0"), ("1", "1")]),
            ("gate", &[("none", "none"), ("se", "se"), ("se(reduction = 4)", "se(reduction = 4)"), ("eca", "eca")]),
            ("deep", &[("1", "1"), ("2", "2"), ("-1", "-1"), ("1.5", "1.5")]),
            ("stage.1.groups", &[("1", "1"), ("2", "2"), ("3", "3")]),
            (
                "stage.3.kind",
                &[
                    ("basic", "basic"),
                    ("regnet", "regnet"),
                    ("convnext", "convnext"),
                    ("dense", "dense"),
                    ("plain", "plain"),
                ],
            ),
            ("stage.3.blocks", &[("1", "1"), ("3", "3")]),
            ("stage.3.stride", &[("1", "1"), ("2", "2"), ("3", "3")]),
        ],
        limit: LIMIT,
    },
    // Values that pass from block to block as views, in place, or not at all; a vector between stages; all that can be asked.
    Case {
        name: "odd.resnet",
        text: "use dialect torchvision\nnetwork n {\n input 4 x @0 x 9\n stem none\n stage @1(@2) * @3\n stage @4(3) * @5\n\
               stage asks() * @6\n head tail()\n}\n\
               block views(take: integer(0..9) = 2) { if channels > take { slice(0, take) } act }\n\
               block half(x: integer(0..9) = 2) { split(2, 0) if x > 2 { norm } dropout(0.5) act }\n\
               block nothing(x_ = 2) { }\n\
               block twice(x = 2) { join add { main { } skip { } } act join multiply { one { conv 1x1 (channels) } two { act(sigmoid) } } drop_path(0.1 * x) }\n\
               block flat(features = 4) { flatten linear(features) act(gelu) }\n\
               block grows(by = 2) { join concat { skip { } main { conv 3x3 (by) norm act(relu6) } } zero_channels(0, 1) subsample(2) }\n\
               block scaled(x_ = 1) { layer_norm layer_scale(0.1) join add { main { act(silu) } skip { act(hard_swish) } } }\n\
               block asks() { if total > 3 and number > 1 { act } if stages == 3 and stage == 2 and index + 1 == blocks { act(sigmoid) }\n\
               if previous(by, 0) == 3 or previous(x, 0) == 3 { dropout(0.1) } }\n\
               block tail() { if previous(take, 0) == 3 { act(sigmoid) } act(softmax) }\n",
        axes: &[
            ("input.size", &[("8x9", "8"), ("1x9", "1")]),
            (
                "stage.1.kind",
                &[
                    ("views", "views"),
                    ("half", "half"),
                    ("nothing", "nothing"),
                    ("twice", "twice"),
                    ("flat", "flat"),
                    ("grows", "grows"),
                    ("scaled", "scaled"),
                ],
            ),
            ("stage.1.take", &[]),
            ("stage.1.blocks", &[("1", "1"), ("2", "2"), ("3", "3")]),
            (
                "stage.2.kind",
                &[
                    ("views", "views"),
                    ("half", "half"),
                    ("nothing", "nothing"),
                    ("twice", "twice"),
                    ("flat", "flat"),
                    ("grows", "grows"),
                    ("scaled", "scaled"),
                ],
            ),
            ("stage.2.blocks", &[("1", "1"), ("2", "2")]),
            ("stage.3.blocks", &[("1", "1"), ("2", "2")]),
        ],
        limit: LIMIT,
    },
    // Limits that count the network as a whole: steps, nodes; names that clash from a number of blocks on.
    Case {
        name: "limits.resnet",
        text: "use dialect own\nnetwork n {\n input 3 x 8 x 8\n stem cifar(4)\n stage busy(@0, @1) * @2\n stage busy(@3) * @4\n\
               head classifier(3, pool = avg)\n}\n\
               block busy(times: integer(0..1000000) = 1, layers = 0) { for i in 0..times { } for i in 0..layers { conv 1x1 (4) } act }\n\
               dialect own extends torchvision { names = own }\n\
               names own extends torchvision { block.conv \"conv{sequence}_{number}\" }\n",
        axes: &[
            (
                "stage.1.times",
                &[("10", "10"), ("49900", "49900"), ("99990", "99990"), ("100300", "100300"), ("100050", "100050")],
            ),
            ("stage.1.layers", &[("0", "0"), ("2", "2"), ("60", "60")]),
            ("stage.1.blocks", &[("1", "1"), ("2", "2"), ("3", "3")]),
            ("stage.2.times", &[("1", "1"), ("33000", "33000"), ("100010", "100010")]),
            ("stage.2.blocks", &[("1", "1"), ("2", "2"), ("90", "90")]),
        ],
        limit: 100,
    },
    Case {
        name: "names.resnet",
        text: "use dialect own\nnetwork n {\n input 3 x 8 x 8\n stem cifar(4)\n stage step(@0) * @1\n stage chained(@2) * @3\n\
               head classifier(3, pool = avg)\n}\n\
               block step(layers = 1) { for i in 0..layers { conv 1x1 (4) act } }\n\
               block chained(layers = 1) { chain { for i in 0..layers { conv 1x1 (4) } } }\n\
               dialect own extends torchvision { names = own }\n\
               names own extends torchvision { block.conv \"conv{number}\" block.act \"chain3\" chain.conv \"chain{sequence}\" }\n",
        axes: &[
            ("stage.1.layers", &[("1", "1"), ("2", "2")]),
            ("stage.1.blocks", &[("1", "1"), ("2", "2")]),
            ("stage.2.layers", &[("1", "1"), ("2", "2")]),
            ("stage.2.blocks", &[("1", "1"), ("2", "2"), ("3", "3")]),
        ],
        limit: LIMIT,
    },
    // Of blocks that read the same, what the first of their stage has for a stride that is calculated is all that differs.
    Case {
        name: "strides.resnet",
        text: "use dialect torchvision\nnetwork n {\n input 16 x 8 x 8\n stem none\n stage step * @0\n stage step * @1\n\
               stage step(stride = @2) * 2\n stage step * 3\n head classifier(3, pool = avg)\n}\n\
               block step(stride: integer = 1 + number % 3) {\n\
               conv 1x1 (10 * stage_stride + stride) conv 1x1 (16) as e\n}\n",
        axes: &[
            ("stage.1.blocks", &[("1", "1"), ("2", "2"), ("3", "3")]),
            ("stage.2.blocks", &[("1", "1"), ("2", "2"), ("3", "3")]),
            ("stage.3.stride", &[("1", "1"), ("2", "2"), ("5", "5")]),
        ],
        limit: LIMIT,
    },
];

/// Which values each axis of a case takes: some of those that there are.
fn chosen(case: &'static Case) -> impl Strategy<Value = Vec<Vec<(&'static str, &'static str)>>> {
    let axis = |(_, values): &(_, &'static [(&'static str, &'static str)])| match values.len() {
        // A hole that is not swept has a value of its own.
        0 => Just(vec![("", "3")]).boxed(),
        count => prop::sample::subsequence(values.to_vec(), 1..=count.min(3)).prop_shuffle().boxed(),
    };
    case.axes.iter().map(axis).collect::<Vec<_>>()
}

/// Every variant of the grid `chosen` against the text that says the same.
fn compare_with_texts(case: &Case, chosen: &[Vec<(&str, &str)>]) {
    let swept = |(at, _): &(usize, _)| !case.axes[*at].1.is_empty();
    let settings: Vec<_> = chosen
        .iter()
        .enumerate()
        .filter(swept)
        .map(|(at, values)| {
            format!("{}={}", case.axes[at].0, values.iter().map(|value| value.0).collect::<Vec<_>>().join(","))
        })
        .collect();
    let text = |digits: &[usize]| {
        let holes = chosen.iter().enumerate().rev();
        holes.fold(case.text.to_owned(), |text, (at, values)| text.replace(&format!("@{at}"), values[digits[at]].1))
    };
    // What stands in the description does not matter, but for what factors multiply and blocks declare.
    let first = |at: usize| case.axes[at].1.first().map_or("3", |value| value.1);
    let base = (0..case.axes.len()).rev().fold(case.text.to_owned(), |text, at| {
        let factor = case.axes[at].0.ends_with('*');
        text.replace(&format!("@{at}"), if factor { "24" } else { first(at) })
    });
    let sweep = sweep(case.name, &base, &settings, case.limit).unwrap_or_else(|fault| panic!("{fault}\n{base}"));
    let outcomes = evaluated(&sweep);
    assert_eq!(outcomes.len(), chosen.iter().map(Vec::len).product::<usize>());
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let mut digits = vec![0; chosen.len()];
        let mut rest = number;
        for (digit, values) in digits.iter_mut().zip(chosen).rev() {
            *digit = rest % values.len();
            rest /= values.len();
        }
        let text = text(&digits);
        assert_eq!(outcome, of_text(case.name, &text, case.limit), "variant {number} of {settings:?}\n{text}");
    }
}

macro_rules! cases {
    ($($test:ident = $case:literal;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 200, ..ProptestConfig::default() })]
            $(#[test]
            fn $test(chosen in chosen(&CASES[$case])) {
                compare_with_texts(&CASES[$case], &chosen);
            })*
        }
    };
}

cases! {
    variants_of_bottlenecks_are_what_their_texts_give = 0;
    variants_of_a_depth_are_what_their_texts_give = 1;
    variants_of_vgg_are_what_their_texts_give = 2;
    variants_of_a_program_are_what_their_texts_give = 3;
    variants_of_blocks_of_all_kinds_are_what_their_texts_give = 4;
    variants_at_the_limits_are_what_their_texts_give = 5;
    variants_whose_names_clash_are_what_their_texts_give = 6;
    variants_of_strides_that_are_calculated_are_what_their_texts_give = 7;
}

/// Values that a parameter may be tried with, right ones and wrong ones.
fn candidates(domain: &Domain) -> Vec<&'static str> {
    match domain {
        Domain::Channels => vec!["1", "2", "3", "8", "24", "32", "64", "96", "130", "0"],
        Domain::Integer { .. } => vec!["1", "2", "3", "4", "7", "16", "0"],
        Domain::Float { .. } => vec!["0", "0.1", "0.5", "1", "2.5"],
        Domain::Boolean => vec!["true", "false"],
        Domain::Choice(_) | Domain::Any => vec!["none", "relu", "silu", "append", "split"],
        Domain::Pair { .. } => vec!["1", "2", "3x2"],
        Domain::Padding => vec!["same", "0", "1"],
        Domain::Numbers => vec!["[]", "[8]", "[8, 4]"],
        Domain::Init => vec!["glorot_uniform", "normal(0.01)", "normal"],
        Domain::Block(_) => {
            vec!["none", "A", "B", "C", "D", "se", "eca", "average_pool", "blur_pool", "se(reduction = 2)"]
        }
    }
}

/// Every key that the descriptions of one block can be swept by, and values for it.
fn keys_of(kind: &str, place: Place, prefix: &str) -> Vec<(String, Vec<&'static str>)> {
    let parameters = library::find_at(place, kind).map_or(&[][..], |block| &block.signature.parameters);
    let key = |name: &str| format!("{prefix}.{name}");
    parameters.iter().map(|own| (key(&own.name.value), candidates(&own.domain))).collect()
}

/// All keys of a description and values for them.
fn keys(spec: &Spec) -> Vec<(String, Vec<&'static str>)> {
    let mut keys = vec![
        ("input.size".to_owned(), vec!["1", "5", "32", "64x48", "96"]),
        ("input.channels".to_owned(), vec!["1", "3", "4"]),
        ("dialect".to_owned(), vec!["torchvision", "keras", "paper", "timm"]),
        ("stage.*.blocks".to_owned(), vec!["1", "2", "3", "5"]),
        ("stage.2.blocks".to_owned(), vec!["1", "2", "7"]),
    ];
    let kind = |call: &resnetc::spec::Call| call.kind.name().map(|kind| kind.value.clone());
    let shared = spec.defaults.as_ref().and_then(kind);
    for (at, stage) in spec.stages.iter().enumerate() {
        let kind = kind(&stage.call).or(shared.clone()).unwrap();
        keys.extend(keys_of(&kind, Place::Stage, &format!("stage.{}", at + 1)));
        keys.extend(keys_of(&kind, Place::Stage, "stage.*"));
        keys.extend(keys_of(&kind, Place::Stage, "block"));
    }
    keys.extend(keys_of(&kind(&spec.stem).unwrap(), Place::Stem, "stem"));
    keys.extend(keys_of(&kind(&spec.head).unwrap(), Place::Head, "head"));
    keys
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 100, ..ProptestConfig::default() })]

    /// Any architecture that ships, swept by any of its keys.
    #[test]
    fn variants_of_what_ships_are_what_they_are_alone(
        file in any::<prop::sample::Index>(),
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<[prop::sample::Index; 3]>()), 1..4),
    ) {
        let files = shipped();
        let path = file.get(&files);
        let (name, text) = (path.file_name().unwrap().to_str().unwrap(), std::fs::read_to_string(path).unwrap());
        let spec = front::parse(&Source::new(name, &text), &mut Report::default()).unwrap();
        let keys = keys(&spec);
        let settings: Vec<_> = picks
            .iter()
            .map(|(key, values)| {
                let (key, candidates) = key.get(&keys);
                let values: Vec<_> = values.iter().map(|value| *value.get(candidates)).collect();
                format!("{key}={}", values.join(","))
            })
            .collect();
        // Two keys of one value, and keys that change nothing, are refused.
        let Ok(sweep) = sweep(name, &text, &settings, 3000) else { return Ok(()) };
        for (number, outcome) in (0..).zip(evaluated(&sweep)) {
            let expected = match sweep.spec(number) {
                Ok(spec) => alone(spec, 3000),
                Err(report) => (None, Some(first_error(&report))),
            };
            prop_assert_eq!(outcome, expected, "variant {} of {} {:?}", number, name, settings);
        }
    }

    /// The front is what brute force says, of one objective to four.
    #[test]
    fn the_front_is_what_nothing_beats(
        values in prop::collection::vec([0..12_u64, 0..12, 0..12, 0..4], 1..400), objectives in 1..=4_usize,
    ) {
        let text = "use dialect torchvision\nnetwork n(a = 1) { input 1 x 1 x 1 stem none stage s(a) head none() }\nblock s(f) { conv 1x1 (f) }";
        let sweep = sweep("n.resnet", text, &["a=1..=2".to_owned()], LIMIT).unwrap();
        let base = evaluated(&sweep)[0].0.unwrap();
        let figures = |[parameters, macs, saved, activations]: [u64; 4]| {
            let mut figures = base;
            figures.parameters.trainable = parameters.into();
            figures.macs = macs.into();
            figures.memory.training_saved_bytes = saved.into();
            figures.activations = activations.into();
            figures
        };
        let names = ["parameters", "macs", "max:training_saved_bytes", "activations"];
        let asked: Vec<Objective> = names[..objectives].iter().map(|text| text.parse().unwrap()).collect();
        let mut front = Front::new(asked.clone());
        for (at, chunk) in values.chunks(150).enumerate() {
            let mut part = Front::new(asked.clone());
            for (inside, value) in chunk.iter().enumerate() {
                part.add((150 * at + inside) as u64, &figures(*value));
            }
            front.merge(part);
        }
        let signed = |value: &[u64; 4]| [value[0] as i64, value[1] as i64, -(value[2] as i64), value[3] as i64];
        let beats = |one: &[u64; 4], other: &[u64; 4]| {
            let [one, other] = [signed(one), signed(other)];
            let pairs = || one.iter().zip(&other).take(objectives);
            pairs().all(|(one, other)| one <= other) && pairs().any(|(one, other)| one < other)
        };
        let expected: Vec<_> = (0_u64..)
            .zip(&values)
            .filter(|(_, value)| !values.iter().any(|other| beats(other, value)))
            .map(|(number, value)| (number, figures(*value)))
            .collect();
        prop_assert_eq!(front.into_members(), expected);
    }
}

#[test]
fn the_description_itself_is_a_variant_of_itself() {
    for path in shipped() {
        let (name, text) = (path.file_name().unwrap().to_str().unwrap(), std::fs::read_to_string(&path).unwrap());
        let sweep = sweep(name, &text, &["input.channels=3".to_owned()], LIMIT).unwrap();
        let network = resnetc::compile(&Source::new(name, &text)).unwrap();
        assert_eq!(evaluated(&sweep), [(Some(Figures::from(&analyse(&network, 1))), None)], "{name}");
    }
}

#[test]
fn order_and_content_do_not_depend_on_the_threads() {
    let text = std::fs::read_to_string(architectures().join("resnet50.toml")).unwrap();
    let settings = ["stage.*.blocks=1..=7", "stage.*.filters*=0.5,1,0.3", "block.groups=1,3,2"].map(str::to_owned);
    let sweep = sweep("resnet50.toml", &text, &settings, LIMIT).unwrap();
    let expected = evaluated(&sweep);
    for (threads, chunk) in [(1, 1), (2, 5), (3, 1), (16, 2), (4, 1000)] {
        let mut all = Vec::new();
        let work = |evaluator: &mut resnetc::sweep::Evaluator<'_>, numbers: std::ops::Range<u64>| {
            numbers.map(|number| found(evaluator.evaluate(number))).collect::<Vec<_>>()
        };
        let take = |chunk| {
            all.extend::<Vec<_>>(chunk);
            ControlFlow::Continue(())
        };
        sweep.run(NonZeroUsize::new(threads).unwrap(), chunk, work, take).unwrap();
        assert!(all == expected, "{threads} threads, chunks of {chunk}");
    }
}

#[test]
fn a_sweep_ends_where_nobody_takes_more() {
    let text = std::fs::read_to_string(architectures().join("resnet18.toml")).unwrap();
    let sweep = sweep("resnet18.toml", &text, &["head.classes=1..=1000000".to_owned()], LIMIT).unwrap();
    let mut taken = 0;
    let take = |_| {
        taken += 1;
        if taken == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    sweep
        .run(
            NonZeroUsize::new(2).unwrap(),
            10,
            |evaluator, mut numbers| evaluator.evaluate(numbers.next().unwrap()),
            take,
        )
        .unwrap();
    assert_eq!(taken, 3);
}

#[test]
fn what_is_forgotten_is_found_again() {
    let text = std::fs::read_to_string(architectures().join("resnet18.toml")).unwrap();
    // Every size is ten blocks that no other size has, and no more than 100,000 are remembered.
    let sweep = sweep("resnet18.toml", &text, &["input.size=1..=12000".to_owned()], LIMIT).unwrap();
    let all = evaluated(&sweep);
    for (number, outcome) in (0..).zip(&all).filter(|(number, _)| number % 500 == 7 || *number > 11_990) {
        assert_eq!(*outcome, alone(sweep.spec(number).unwrap(), LIMIT), "variant {number}");
    }
}
