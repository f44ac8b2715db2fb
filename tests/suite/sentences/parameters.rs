//! The tables of layers and of the library, row by row: a parameter that is not written is its default, takes what its type takes and
//! nothing else, and decides something.

use super::answer::shown;
use super::program::Program;
use super::reference::rows;
use resnetc::diagnostic::{Report, render};
use resnetc::valid::Checked;

/// A row of a table: who has the parameter, and the cells.
struct Row {
    owner: String,
    parameter: String,
    kind: String,
    default: String,
}

/// The parameters that the table called `list` has.
fn parameters(list: &str) -> Vec<Row> {
    let mut owner = String::new();
    let mut found = Vec::new();
    for row in rows(list) {
        if row[0].is_empty() {
            let [parameter, kind, default] = [1, 2, 3].map(|at| row[at].clone());
            found.push(Row { owner: owner.clone(), parameter, kind, default });
        } else {
            owner.clone_from(&row[0]);
        }
    }
    assert!(!found.is_empty(), "{list}");
    found
}

/// What must be said for the parameter `name`, which has no default.
fn needed(owner: &str, name: &str) -> &'static str {
    match (owner, name) {
        (_, "filters" | "out") => "32",
        (_, "features") => "5",
        ("max_pool" | "avg_pool" | "channel_conv", "kernel") => "3",
        (_, "size" | "stride" | "parts" | "paths" | "length") => "2",
        (_, "rate") => "0.5",
        (_, "padding") => "1",
        (_, "start" | "index") => "1",
        (_, "group_width" | "squeezed") => "8",
        _ => panic!("{owner} needs a value for {name} here"),
    }
}

/// Values that a parameter of the type `kind` takes, some of them its limits.
fn taken(kind: &str) -> Vec<String> {
    let strings = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let (name, inside) = kind.split_once('(').map_or((kind, ""), |(name, rest)| (name, rest.trim_end_matches(')')));
    match name {
        "channels" => strings(&["16", "8", "32", "64", "1", "1048576"]),
        "integer" if inside.is_empty() => strings(&["0", "1", "2", "4294967295"]),
        "integer" => {
            let (least, most) = inside.split_once("..").unwrap();
            let between = ["2", "3", "4", "8", "16"].map(str::to_owned).into_iter();
            let [low, high] = [least, most].map(|bound| bound.parse::<i64>().unwrap());
            let fits = |value: &String| (low..=high).contains(&value.parse().unwrap());
            between.filter(fits).chain([least.to_owned(), most.to_owned()]).collect()
        }
        "float" if inside.is_empty() => strings(&["0.25", "-1e6", "7"]),
        "float" => strings(&["0.25", "0", "0.75"]),
        "boolean" => strings(&["true", "false"]),
        "one_of" => inside.split(',').map(|word| word.trim().to_owned()).collect(),
        "pair" => strings(&["2", "3", "[1, 2]", "[3, 5]", "1", "65536"]),
        "padding" => strings(&["1", "0", "[0, 1, 2, 3]", "2"]),
        "numbers" => strings(&["[]", "[12]", "[6, 7]"]),
        "activation" => strings(&["relu", "relu6", "silu", "gelu", "sigmoid", "hard_sigmoid", "hard_swish", "softmax"]),
        "init" => strings(&["zero", "normal(0.01)", "glorot_uniform", "uniform_fan_in"]),
        "block" => strings(&["none", "se", "eca", "A", "B", "C", "D", "average_pool", "blur_pool", "stem_blur_pool"]),
        other => panic!("the type {other} needs values here"),
    }
}

/// Values that a parameter of the type `kind` does not take.
fn refused(kind: &str) -> Vec<String> {
    let strings = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let (name, inside) = kind.split_once('(').map_or((kind, ""), |(name, rest)| (name, rest.trim_end_matches(')')));
    let bounds = inside.split_once("..").and_then(|(low, high)| Some([low.parse::<i64>().ok()?, high.parse().ok()?]));
    match (name, bounds) {
        ("channels", _) => strings(&["0", "1048577", "1.5", "true", "[4]"]),
        ("integer", None) => strings(&["-1", "4294967296", "1.5", "true", "[4]"]),
        ("integer", Some([low, high])) => {
            vec![(low - 1).to_string(), (high + 1).to_string(), "2.5".into(), "true".into()]
        }
        ("float", None) => strings(&["true", "[0.5]"]),
        ("float", Some([low, high])) => vec![format!("{}.5", low - 1), high.to_string(), "true".into(), "[0.5]".into()],
        ("boolean", _) => strings(&["1", "0", "0.5", "[true]"]),
        ("one_of" | "activation", _) => strings(&["nobody", "1", "true"]),
        ("pair", _) => strings(&["0", "65537", "[1]", "[1, 2, 3]", "[0, 1]", "1.5", "true"]),
        ("padding", _) => strings(&["-1", "[1, 1]", "[0, 1, 0, 1, 0]", "1.5", "true", "valid"]),
        ("numbers", _) => strings(&["4", "[0]", "[1048577]", "[1.5]", "[true]"]),
        ("init", _) => strings(&["3", "true", "nobody", "normal(-1)"]),
        ("block", _) => strings(&["3", "true", "[se]", "nobody", "se(nobody = 3)"]),
        other => panic!("the type {other:?} needs values here"),
    }
}

/// A call of `owner` with `arguments`, where it can stand.
fn place(list: &str, owner: &str, arguments: &str) -> String {
    let call = format!("{owner}({arguments})");
    match list {
        // A convolution along the channels reads what was pooled.
        "layers" if owner == "channel_conv" => format!("body: conv 1x1 (32) global_pool {call}"),
        "layers" | "parts" => format!("body: conv 1x1 (32) {call} act"),
        "stems" => format!("net: input 4 x 64 x 64 stem {call}"),
        "blocks" => format!("net: input 32 x 64 x 64 stage {call} * 3 stage {call} * 3"),
        "heads" => format!("net: stage one(32) head {call}"),
        other => panic!("{other} is no list"),
    }
}

fn compile(text: &str) -> Result<Checked, (Report, Program)> {
    let program = Program::parse_all(text).unwrap().pop().unwrap();
    resnetc::compile(&program.source).map_err(|report| (report, program))
}

fn network(text: &str) -> Checked {
    compile(text).unwrap_or_else(|(report, program)| panic!("{}", render::text(&report, &program.source, false)))
}

/// The parameters of `owner` that must be said, but for `other`.
fn required(rows: &[Row], owner: &str, other: &str) -> Vec<String> {
    let of_owner = rows.iter().filter(|row| row.owner == owner && row.default.is_empty() && row.parameter != other);
    of_owner.map(|row| format!("{} = {}", row.parameter, needed(owner, &row.parameter))).collect()
}

const LISTS: [&str; 5] = ["layers", "stems", "blocks", "heads", "parts"];

#[test]
fn a_parameter_that_is_not_written_is_its_default() {
    for list in LISTS {
        let rows = parameters(list);
        for row in rows.iter().filter(|row| !row.default.is_empty()) {
            let mut arguments = required(&rows, &row.owner, &row.parameter);
            if row.owner == "channel_conv" || row.owner == "group_norm" {
                arguments.retain(|argument| !argument.starts_with("groups"));
            }
            let without = network(&place(list, &row.owner, &arguments.join(", ")));
            // What a network's own text can say are constants: there the default is what the table says of the dialect.
            let default = row.default.as_str();
            arguments.push(format!("{} = {default}", row.parameter));
            let with = network(&place(list, &row.owner, &arguments.join(", ")));
            assert_eq!(shown(&with), shown(&without), "{} of {}", row.parameter, row.owner);
        }
    }
}

#[test]
fn what_must_be_written_is_missed() {
    for list in LISTS {
        let rows = parameters(list);
        for row in rows.iter().filter(|row| row.default.is_empty()) {
            let text = place(list, &row.owner, &required(&rows, &row.owner, &row.parameter).join(", "));
            let Err((report, _)) = compile(&text) else { panic!("{text} compiles") };
            let found = report.diagnostics()[0].clone();
            assert_eq!(found.code.number(), "E0203", "{text}: {}", found.message);
            assert!(found.message.contains(&format!("`{}`", row.parameter)), "{text}: {}", found.message);
        }
    }
}

/// The codes of values that a type refuses, whatever the shapes.
const OF_TYPES: [&str; 8] = ["E0201", "E0202", "E0204", "E0205", "E0213", "E0215", "E0220", "E0605"];

#[test]
fn a_parameter_takes_what_its_type_takes() {
    let mut wrong = Vec::new();
    for list in LISTS {
        let rows = parameters(list);
        for row in &rows {
            let call = |value: &str| {
                let mut arguments = required(&rows, &row.owner, &row.parameter);
                arguments.push(format!("{} = {value}", row.parameter));
                place(list, &row.owner, &arguments.join(", "))
            };
            for value in refused(&row.kind) {
                match compile(&call(&value)) {
                    Err((report, _)) if OF_TYPES.contains(&report.diagnostics()[0].code.number()) => {}
                    Err((report, program)) => wrong.push(render::text(&report, &program.source, false)),
                    Ok(_) => wrong.push(format!("{} compiles", call(&value))),
                }
            }
            // Which block fits depends on what it is told.
            let fitting = if row.kind.starts_with("block") { Vec::new() } else { taken(&row.kind) };
            for value in fitting.iter().filter(|value| !is_beyond_type(row, value)) {
                let Err((report, program)) = compile(&call(value)) else { continue };
                let code = report.diagnostics()[0].code.number();
                // Shapes may refuse what the type takes, but as shapes.
                if code != "E0605" && OF_TYPES.contains(&code) {
                    wrong.push(render::text(&report, &program.source, false));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the parameter's meaning excludes of its type.
fn is_beyond_type(row: &Row, value: &str) -> bool {
    match (row.owner.as_str(), row.parameter.as_str()) {
        // The parts of a split are counted from 0, and are equal.
        ("split", "index") => value != "0" && value != "1",
        ("split", "parts") => true,
        // Its size is odd.
        ("channel_conv", "kernel") => value == "1048576" || value.parse::<u64>().is_ok_and(|size| size % 2 == 0),
        // What is not pooled has no such size.
        ("classifier", "pool_size") => value != "1",
        _ => false,
    }
}

/// Further arguments with which a parameter means something.
const BESIDE: [&str; 9] = [
    "",
    "classes = 10",
    "classes = 10, pool = avg",
    "pool = avg",
    "stride = 2",
    "gate = se",
    "expansion = 2",
    "shortcut = A, filters = 64",
    "out = 64",
];

#[test]
fn every_parameter_decides_something() {
    let mut idle = Vec::new();
    for list in LISTS {
        let rows = parameters(list);
        for row in &rows {
            if ["one_of(none)", "integer(2..2)"].contains(&row.kind.as_str()) {
                continue;
            }
            let is_free = |more: &str| {
                more.split(", ").all(|one| {
                    let name = one.split(' ').next().unwrap();
                    name != row.parameter
                        && (one.is_empty()
                            || rows.iter().any(|other| other.owner == row.owner && other.parameter == name))
                })
            };
            let decides = BESIDE.iter().filter(|more| is_free(more)).any(|more| {
                let named = |one: &str| one.split(' ').next().unwrap().to_owned();
                let mut arguments = required(&rows, &row.owner, &row.parameter);
                arguments.retain(|argument| !more.split(", ").any(|other| named(other) == named(argument)));
                arguments.extend(more.split(", ").filter(|one| !one.is_empty()).map(str::to_owned));
                let call = |value: &String| {
                    place(
                        list,
                        &row.owner,
                        &[arguments.clone(), vec![format!("{} = {value}", row.parameter)]].concat().join(", "),
                    )
                };
                let networks: Vec<_> = taken(&row.kind)
                    .iter()
                    .filter(|value| value.len() < 5 || !value.ends_with('6'))
                    .filter_map(|value| compile(&call(value)).ok())
                    .map(|found| shown(&found))
                    .collect();
                networks.iter().any(|found| *found != networks[0])
            });
            if !decides {
                idle.push(format!("{} of {}", row.parameter, row.owner));
            }
        }
    }
    assert_eq!(idle, Vec::<String>::new(), "nothing that these are told changes the network");
}
