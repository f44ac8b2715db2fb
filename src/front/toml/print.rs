//! A [`Spec`] as TOML: the tables that it has, in the order of the pipeline.

use crate::spec::{Call, Spec, Stage, Value};
use std::fmt::Write;

/// `spec` as TOML: [`super::parse`] gives the same network back.
#[must_use]
pub fn print(spec: &Spec) -> String {
    let mut out = String::new();
    let _ = write_spec(spec, &mut out);
    out
}

fn write_spec(spec: &Spec, out: &mut String) -> std::fmt::Result {
    let input = &spec.input;
    writeln!(out, "name = {}", text(&spec.name.value))?;
    writeln!(out, "dialect = {}\n", text(&spec.dialect.value))?;
    writeln!(out, "[input]\nchannels = {}", input.channels.value)?;
    writeln!(out, "size = [{}, {}]\n\n[stem]", input.height.value, input.width.value)?;
    write_call(&spec.stem, out)?;
    if let Some(defaults) = &spec.defaults {
        writeln!(out, "\n[block]")?;
        write_call(defaults, out)?;
    }
    for stage in &spec.stages {
        write_stage(stage, out)?;
    }
    if spec.head.kind.name().is_none_or(|kind| kind.value != "none") {
        writeln!(out, "\n[head]")?;
        // A head without a kind is a classifier.
        if spec.head.kind.name().is_some_and(|kind| kind.value == "classifier") {
            write_arguments(&spec.head, out)?;
        } else {
            write_call(&spec.head, out)?;
        }
    }
    let (expect, budget) = (&spec.expect, &spec.budget);
    let rows =
        [("parameters", &expect.parameters), ("total_parameters", &expect.total_parameters), ("macs", &expect.macs)];
    write_figures("expect", &rows.map(|(key, value)| (key, value.map(|value| value.value))), out)?;
    let rows = [
        ("max_parameters", &budget.max_parameters),
        ("max_macs", &budget.max_macs),
        ("max_memory", &budget.max_memory),
    ];
    write_figures("budget", &rows.map(|(key, value)| (key, value.map(|value| value.value))), out)
}

fn write_call(call: &Call, out: &mut String) -> std::fmt::Result {
    if let Some(kind) = call.kind.name() {
        writeln!(out, "kind = {}", text(&kind.value))?;
    }
    write_arguments(call, out)
}

fn write_arguments(call: &Call, out: &mut String) -> std::fmt::Result {
    for argument in &call.arguments {
        // What is meant by position is for a reader that knows the block; `lower::write_out` names it.
        let Some(name) = &argument.name else { continue };
        if let Some(value) = value(&argument.value.value) {
            writeln!(out, "{} = {value}", name.value)?;
        }
    }
    Ok(())
}

fn value(value: &Value) -> Option<String> {
    Some(match value {
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Boolean(value) => value.to_string(),
        Value::Text(word) => text(word),
        Value::List(items) => {
            let items: Vec<_> = items.iter().filter_map(self::value).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Call(call) => text(&call.to_string()),
        Value::Other(_) => return None,
    })
}

fn write_stage(stage: &Stage, out: &mut String) -> std::fmt::Result {
    writeln!(out, "\n[[stage]]")?;
    write_call(&stage.call, out)?;
    stage.blocks.iter().try_for_each(|blocks| writeln!(out, "blocks = {}", blocks.value))
}

fn write_figures(table: &str, rows: &[(&str, Option<u64>)], out: &mut String) -> std::fmt::Result {
    let present: Vec<_> = rows.iter().filter_map(|(key, value)| value.map(|value| (key, value))).collect();
    if !present.is_empty() {
        writeln!(out, "\n[{table}]")?;
    }
    present.into_iter().try_for_each(|(key, value)| writeln!(out, "{key} = {value}"))
}

fn text(value: &str) -> String {
    toml::Value::from(value).to_string()
}
