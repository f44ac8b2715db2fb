//! What comes out of a program.
//!
//! | an answer | holds where |
//! | --- | --- |
//! | `ok`, or none | the program compiles, as it does for every answer but `!` |
//! | `= LAYER; LAYER` | these are the layers, in order, the input left out |
//! | `~ LAYER; LAYER` | these are some of them, in order |
//! | `- LAYER` | no layer is like this |
//! | `% FIGURE N, FIGURE N` | `parameters` (trainable), `total`, `macs`, `layers` (without the input), `output` (a shape), `name` |
//! | `@ NAME SHAPE, NAME` | these are the tensors of a file of weights, in order |
//! | `as PROGRAM`, `not PROGRAM` | that program gives the same network, or another one |
//! | `! CODE TEXT` | an error of this code, `*` for any, says this |
//! | `^ TEXT` | an error shows this place of the program |
//! | `? CODE TEXT`, `? none` | a warning does; there is none |
//!
//! A layer is `NAME: OP FIELD=VALUE of=NAME,NAME @SHAPE`, its op alone or with what matters: a pair is `3x3`, padding one number or
//! `top/bottom/left/right`, `of` are the layers that it reads.

use super::program::Program;
use resnetc::analysis;
use resnetc::diagnostic::{Diagnostic, Report, Severity, render};
use resnetc::ir::Shape;
use resnetc::valid::{Checked, Layer};
use resnetc::weights;
use serde_json::Value;

/// A line that says what comes out.
pub enum Answer {
    Compiles,
    All(Vec<String>),
    Some(Vec<String>),
    No(String),
    Figures(Vec<[String; 2]>),
    Tensors(Vec<String>),
    Same(Program, bool),
    Error(String, String),
    Place(String),
    Warning(String, String),
}

/// The answer that `line` is.
pub fn parse(line: &str) -> Option<Answer> {
    let parts = |text: &str, by: char| text.split(by).map(|part| part.trim().to_owned()).collect::<Vec<_>>();
    let two = |text: &str| {
        let (first, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        [first.to_owned(), rest.trim().to_owned()]
    };
    let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
    Some(match mark {
        "ok" => Answer::Compiles,
        "=" => Answer::All(parts(rest, ';')),
        "~" => Answer::Some(parts(rest, ';')),
        "-" => Answer::No(rest.trim().to_owned()),
        "%" => Answer::Figures(parts(rest, ',').iter().map(|figure| two(figure)).collect()),
        "@" => Answer::Tensors(parts(rest, ',')),
        "as" | "not" => Answer::Same(Program::parse_all(rest)?.pop()?, mark == "as"),
        "!" => {
            let [code, text] = two(rest);
            Answer::Error(code, text)
        }
        "^" => Answer::Place(rest.trim().to_owned()),
        "?" => {
            let [code, text] = two(rest);
            Answer::Warning(code, text)
        }
        _ => return None,
    })
}

/// What of `answers` does not hold for `program`.
pub fn faults(program: &Program, answers: &[Answer]) -> Vec<String> {
    let fails = answers.iter().any(|answer| matches!(answer, Answer::Error(..)));
    match (resnetc::compile(&program.source), fails) {
        (Ok(network), false) => answers.iter().filter_map(|answer| fault(&network, answer)).collect(),
        (Err(report), true) => answers.iter().filter_map(|answer| refused(program, &report, answer)).collect(),
        (Ok(network), true) => vec![format!("it compiles: {}", shown(&network))],
        (Err(report), false) => vec![format!("it is refused:\n{}", render::text(&report, &program.source, false))],
    }
}

fn refused(program: &Program, report: &Report, answer: &Answer) -> Option<String> {
    let (severity, code, text) = match answer {
        Answer::Place(text) => {
            let labels = |found: &Diagnostic| -> Vec<String> {
                let labels = std::iter::once(&found.primary).chain(&found.secondary);
                labels.map(|label| program.source.slice(label.span).to_owned()).collect()
            };
            let places: Vec<_> = report.diagnostics().into_iter().flat_map(labels).collect();
            return (!places.contains(text)).then(|| format!("`{text}` is not shown, but {places:?}"));
        }
        Answer::Error(code, text) => (Severity::Error, code, text),
        Answer::Warning(code, text) => (Severity::Warning, code, text),
        _ => return Some("a program that is refused has no network".to_owned()),
    };
    said(report, severity, code, text)
}

/// That nothing in `report` says so.
fn said(report: &Report, severity: Severity, code: &str, text: &str) -> Option<String> {
    let words = |found: &Diagnostic| {
        let labels = std::iter::once(&found.primary).chain(&found.secondary).map(|label| label.text.clone());
        let rest = labels.chain(found.notes.clone()).chain(found.help.clone());
        rest.fold(found.message.clone(), |all, more| format!("{all}\n{more}"))
    };
    let diagnostics = report.diagnostics();
    let is_said = diagnostics.iter().any(|found| {
        found.severity == severity && (code == "*" || found.code.number() == code) && words(found).contains(text)
    });
    let found = || diagnostics.iter().map(|found| format!("{} {}", found.code.number(), words(found)));
    (!is_said).then(|| format!("not said: {code} {text}\n{}", found().collect::<Vec<_>>().join("\n")))
}

fn fault(network: &Checked, answer: &Answer) -> Option<String> {
    let layers: Vec<_> = network.layers().skip(1).collect();
    let is_like = |layer: &Layer<'_>, pattern: &String| is_like(network, layer, pattern);
    match answer {
        Answer::Compiles => None,
        Answer::All(patterns) => {
            let patterns: Vec<_> = patterns.iter().filter(|pattern| !pattern.is_empty()).collect();
            let fits = layers.len() == patterns.len()
                && layers.iter().zip(&patterns).all(|(layer, pattern)| is_like(layer, pattern));
            (!fits).then(|| format!("expected {patterns:?}\nfound {}", shown(network)))
        }
        Answer::Some(patterns) => {
            let mut rest = layers.iter();
            let missing = patterns.iter().find(|pattern| !rest.any(|layer| is_like(layer, pattern)));
            missing.map(|pattern| format!("no `{pattern}` in {}", shown(network)))
        }
        Answer::No(pattern) => {
            let found = layers.iter().any(|layer| is_like(layer, pattern));
            found.then(|| format!("a `{pattern}` in {}", shown(network)))
        }
        Answer::Figures(figures) => {
            let wrong = figures.iter().find(|[name, value]| figure(network, name) != *value);
            wrong.map(|[name, value]| format!("{name} are {}, not {value}", figure(network, name)))
        }
        Answer::Tensors(expected) => {
            let found: Vec<_> = weights::expected(network)
                .into_iter()
                .map(|entry| [entry.name, entry.shape.iter().map(u64::to_string).collect::<Vec<_>>().join("x")])
                .collect();
            let is = |[name, shape]: &[String; 2], text: &String| {
                text == name || text.split_once(' ').is_some_and(|(known, rest)| known == name && rest.trim() == shape)
            };
            let fits = found.len() == expected.len() && found.iter().zip(expected).all(|(found, text)| is(found, text));
            (!fits).then(|| format!("expected {expected:?}\nfound {found:?}"))
        }
        Answer::Same(other, same) => match resnetc::compile(&other.source) {
            Ok(other) if (shown(&other) == shown(network)) == *same => None,
            Ok(other) => {
                Some(format!("expected {} {}\nfound {}", if *same { "" } else { "not" }, shown(&other), shown(network)))
            }
            Err(report) => Some(format!("the other is refused:\n{}", render::text(&report, &other.source, false))),
        },
        Answer::Warning(none, _) if none == "none" => {
            let warnings = &network.warnings;
            (!warnings.is_empty()).then(|| format!("warnings: {:?}", warnings.diagnostics()))
        }
        Answer::Warning(code, text) => said(&network.warnings, Severity::Warning, code, text),
        Answer::Error(..) | Answer::Place(_) => Some("it compiles".to_owned()),
    }
}

fn figure(network: &Checked, name: &str) -> String {
    let (parameters, macs) = analysis::headline(network);
    match name {
        "parameters" => parameters.trainable.to_string(),
        "total" => parameters.total().to_string(),
        "macs" => macs.to_string(),
        "layers" => (network.order().len() - 1).to_string(),
        "output" => shape(network.shape(network.output())),
        "name" => network.graph().name.clone(),
        other => panic!("{other} is no figure"),
    }
}

fn shape(shape: Shape) -> String {
    shape.to_string().replace(' ', "")
}

/// Whether `layer` is what `pattern` says of it.
fn is_like(network: &Checked, layer: &Layer<'_>, pattern: &str) -> bool {
    let fields = fields(layer);
    let operands = layer.operands.iter().map(|&id| network.name(id)).collect::<Vec<_>>().join(",");
    pattern.split_whitespace().all(|part| {
        if let Some(name) = part.strip_suffix(':') {
            return name == layer.name;
        }
        if let Some(expected) = part.strip_prefix('@') {
            return expected == shape(layer.output);
        }
        match part.split_once('=') {
            Some(("of", names)) => operands == names,
            Some((field, value)) => {
                let found = fields.iter().find(|(name, _)| name == field);
                found.unwrap_or_else(|| panic!("`{pattern}`: {field} is none of {fields:?}")).1 == number(value)
            }
            None => part == layer.node.op.name(),
        }
    })
}

/// A number as JSON has it: 1e-3 and 0.001 are one.
fn number(text: &str) -> String {
    let is_fraction = text.contains(['.', 'e']) && text.parse::<f64>().is_ok();
    if is_fraction { serde_json::to_string(&text.parse::<f64>().unwrap()).unwrap() } else { text.to_owned() }
}

/// The fields of a layer's op.
fn fields(layer: &Layer<'_>) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    flatten("op", &serde_json::to_value(&layer.node.op).unwrap(), &mut fields);
    fields
}

fn flatten(name: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) if map.contains_key("bottom") => {
            let sides = ["top", "bottom", "left", "right"].map(|side| map[side].to_string());
            let all = if sides.iter().all(|side| *side == sides[0]) { sides[0].clone() } else { sides.join("/") };
            fields.push((name.to_owned(), all));
        }
        Value::Object(map) => map.iter().for_each(|(name, value)| flatten(name, value, fields)),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(Value::to_string).collect();
            fields.push((name.to_owned(), items.join("x")));
        }
        Value::String(text) => fields.push((name.to_owned(), text.clone())),
        other => fields.push((name.to_owned(), other.to_string())),
    }
}

/// A network as patterns show it.
pub fn shown(network: &Checked) -> String {
    let line = |layer: Layer<'_>| {
        let fields: Vec<_> = fields(&layer).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let operands: Vec<_> = layer.operands.iter().map(|&id| network.name(id)).collect();
        let op = layer.node.op.name();
        format!("\n    {}: {op} {} of={} @{}", layer.name, fields.join(" "), operands.join(","), shape(layer.output))
    };
    network.layers().map(line).collect()
}
