//! A [`Spec`] as TOML: what it defines, then the tables that it has, in the order of the pipeline.

use super::keys::{Keys, ROOT};
use crate::diagnostic::Diagnostic;
use crate::front::{dsl, unsayable};
use crate::source::{Span, Spanned};
use crate::spec::{Argument, Call, Spec, Stage, Value};
use std::fmt::Write;

/// `spec` as TOML: [`super::parse`] gives the same network back. Every argument must have a name, as `lower::write_out`
/// gives them.
///
/// # Errors
/// What TOML cannot say.
pub fn print(spec: &Spec) -> Result<String, Box<Diagnostic>> {
    let input = &spec.input;
    let mut out = format!("name = {}\ndialect = {}\n", text(&spec.name.value), text(&spec.dialect.value));
    out += &definitions(&spec.definitions.texts, spec.name.span)?;
    line(&mut out, format_args!("\n[input]\nchannels = {}", input.channels.value));
    line(&mut out, format_args!("size = [{}, {}]\n\n[stem]", input.height.value, input.width.value));
    write_call(&spec.stem, ROOT.of_table("stem"), &mut out)?;
    if let Some(defaults) = &spec.defaults {
        out.push_str("\n[block]\n");
        write_call(defaults, ROOT.of_table("block"), &mut out)?;
    }
    for stage in &spec.stages {
        write_stage(stage, &mut out)?;
    }
    if !spec.has_no_head() {
        out.push_str("\n[head]\n");
        // A head without a kind is a classifier.
        if spec.head.kind.name().is_some_and(|kind| kind.value == "classifier") {
            write_arguments(&spec.head, ROOT.of_table("head"), &mut out)?;
        } else {
            write_call(&spec.head, ROOT.of_table("head"), &mut out)?;
        }
    }
    write_figures("expect", spec.expect.figures(), &mut out);
    write_figures("budget", spec.budget.figures(), &mut out);
    Ok(out)
}

/// A line; what is written to a string cannot fail.
fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
    out.push('\n');
}

/// Definitions as a string in which nothing is escaped, so that places in it can be shown.
fn definitions(texts: &[String], span: Span) -> Result<String, Box<Diagnostic>> {
    if texts.is_empty() {
        return Ok(String::new());
    }
    let text = texts.join("\n\n");
    if let Some(control) = text.chars().find(|letter| letter.is_ascii_control() && !matches!(letter, '\n' | '\t')) {
        return Err(unsayable("TOML", span, &format!("definitions with `{}`", control.escape_debug())));
    }
    let quotes = if !text.contains("'''") {
        "'''"
    } else if !text.contains("\"\"\"") && !text.contains('\\') {
        "\"\"\""
    } else {
        return Err(unsayable("TOML", span, "definitions with `'''`"));
    };
    Ok(format!("definitions = {quotes}\n{text}\n{quotes}\n"))
}

/// A call, in a table that has these `keys` beside the arguments.
fn write_call(call: &Call, keys: Keys, out: &mut String) -> Result<(), Box<Diagnostic>> {
    if let Some(kind) = call.kind.name() {
        line(out, format_args!("kind = {}", text(&kind.value)));
    }
    write_arguments(call, keys, out)
}

fn write_arguments(call: &Call, keys: Keys, out: &mut String) -> Result<(), Box<Diagnostic>> {
    for Argument { name, value, .. } in &call.arguments {
        // What is meant by position is for a reader that knows the block.
        let Some(name) = name else { continue };
        if keys.names().any(|key| key == name.value) {
            let what = format!("a parameter `{}`: the key has a meaning of its own", name.value);
            return Err(unsayable("TOML", name.span, &what));
        }
        line(out, format_args!("{} = {}", name.value, written(value)?));
    }
    Ok(())
}

fn written(Spanned { value, span }: &Spanned<Value>) -> Result<String, Box<Diagnostic>> {
    Ok(match value {
        Value::Integer(value) => value.to_string(),
        // `nan` and `inf` have no capitals.
        Value::Float(value) => format!("{value:?}").to_lowercase(),
        Value::Boolean(value) => value.to_string(),
        // With a bracket it would be read as a block with arguments, if it were not escaped.
        Value::Text(word) if word.contains('(') => serde_json::Value::from(&**word).to_string().replace('(', "\\u0028"),
        Value::Text(word) => text(word),
        Value::List(items) => {
            let items = items.iter().map(|item| written(&Spanned::new(item.clone(), *span)));
            format!("[{}]", items.collect::<Result<Vec<_>, _>>()?.join(", "))
        }
        Value::Call(call) => {
            // The DSL stands in it, and nothing can be escaped.
            if let Some(why) = dsl::fault(value) {
                return Err(unsayable("TOML", *span, why));
            }
            match call.to_string() {
                call if !call.contains('"') => format!("\"{call}\""),
                call if !call.contains('\'') => format!("'{call}'"),
                _ => return Err(unsayable("TOML", *span, "a block with both kinds of quotes")),
            }
        }
        Value::Init(init) => format!("\"{init}\""),
        Value::Other(name) => return Err(unsayable("TOML", *span, name)),
    })
}

fn write_stage(stage: &Stage, out: &mut String) -> Result<(), Box<Diagnostic>> {
    out.push_str("\n[[stage]]\n");
    write_call(&stage.call, ROOT.of_table("stage"), out)?;
    stage.blocks.iter().for_each(|blocks| line(out, format_args!("blocks = {}", blocks.value)));
    Ok(())
}

fn write_figures(table: &str, figures: [(&str, Option<u64>); 3], out: &mut String) {
    let stated: Vec<_> = figures.into_iter().filter_map(|(name, figure)| figure.map(|figure| (name, figure))).collect();
    if !stated.is_empty() {
        line(out, format_args!("\n[{table}]"));
    }
    for (name, figure) in stated {
        line(out, format_args!("{name} = {figure}"));
    }
}

fn text(value: &str) -> String {
    toml::Value::from(value).to_string()
}
