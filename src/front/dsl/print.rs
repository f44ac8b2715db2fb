//! A [`Spec`] in the DSL: its network, then what it defines.

use super::{fault, unsayable};
use crate::diagnostic::Diagnostic;
use crate::lang::value::write_arguments;
use crate::spec::{Argument, Call, Spec, Stage, Value};
use std::fmt::Write;

/// `spec` in the DSL: [`super::parse`] gives the same network back.
///
/// # Errors
/// What the DSL cannot say.
pub fn print(spec: &Spec) -> Result<String, Box<Diagnostic>> {
    let calls = [&spec.stem, &spec.head].into_iter().chain(spec.stages.iter().map(|stage| &stage.call));
    for argument in calls.flat_map(|call| &call.arguments) {
        if let Some(why) = fault(&argument.value.value) {
            return Err(unsayable("the DSL", argument.value.span, why));
        }
    }
    let mut out = String::new();
    let _ = write_spec(spec, &mut out);
    Ok(out)
}

fn write_spec(spec: &Spec, out: &mut String) -> std::fmt::Result {
    let input = &spec.input;
    writeln!(out, "use dialect {}\n\nnetwork {} {{", spec.dialect.value, spec.name.value)?;
    writeln!(out, "    input {} x {} x {}", input.channels.value, input.height.value, input.width.value)?;
    write_call("stem", &spec.stem, &spec.stem.arguments, out)?;
    out.push('\n');
    for stage in &spec.stages {
        write_stage(stage, out)?;
    }
    if !spec.has_no_head() {
        write_call("head", &spec.head, &spec.head.arguments, out)?;
        out.push('\n');
    }
    write_figures("expect", spec.expect.figures(), out)?;
    write_figures("budget", spec.budget.figures(), out)?;
    out.push_str("}\n");
    spec.definitions.texts.iter().try_for_each(|text| writeln!(out, "\n{text}"))
}

fn write_call(place: &str, call: &Call, arguments: &[Argument], out: &mut String) -> std::fmt::Result {
    // A call without a name belongs to a description that does not compile.
    let kind = call.kind.name().map_or("none", |kind| &kind.value);
    write!(out, "    {place} {kind}")?;
    write_arguments(arguments, out)
}

fn write_stage(stage: &Stage, out: &mut String) -> std::fmt::Result {
    let mut arguments = stage.call.arguments.clone();
    // `stride 2` stands behind the call, where it is what can.
    let can = |value: &Value| matches!(value, Value::Integer(0..) | Value::List(_));
    let stride = arguments.iter().position(|own| own.is("stride") && can(&own.value.value));
    let stride = stride.map(|at| arguments.remove(at).value.value);
    write_call("stage", &stage.call, &arguments, out)?;
    write!(out, " * {}", stage.blocks.map_or(1, |blocks| blocks.value))?;
    stride.iter().try_for_each(|stride| write!(out, " stride {stride}"))?;
    out.push('\n');
    Ok(())
}

fn write_figures(kind: &str, figures: [(&str, Option<u64>); 3], out: &mut String) -> std::fmt::Result {
    let stated: Vec<_> = figures.into_iter().filter_map(|(name, figure)| figure.map(|figure| (name, figure))).collect();
    if stated.is_empty() {
        return Ok(());
    }
    writeln!(out, "    {kind} {{")?;
    stated.iter().try_for_each(|(name, figure)| writeln!(out, "        {name} = {figure}"))?;
    out.push_str("    }\n");
    Ok(())
}
