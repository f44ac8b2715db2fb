//! JSON as somebody would write it: what fits on a line stands on one.

use serde_json::Value;

/// The most characters of a line, where it can be broken.
const WIDTH: usize = 120;

/// `value` as the text of a file.
pub(super) fn layout(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, 0, &mut out);
    out.push('\n');
    out
}

/// Writes `value` where a line is indented by `indent` and has `before` characters.
fn write(value: &Value, indent: usize, before: usize, out: &mut String) {
    let line = on_a_line(value);
    // A comma may follow.
    if before + line.chars().count() < WIDTH {
        out.push_str(&line);
        return;
    }
    match value {
        Value::Array(items) => lines('[', items.iter().map(|item| (String::new(), item)), ']', indent, out),
        Value::Object(fields) => lines('{', fields.iter().map(|(key, value)| (field(key), value)), '}', indent, out),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&line),
    }
}

fn lines<'v>(
    open: char,
    parts: impl Iterator<Item = (String, &'v Value)>,
    close: char,
    indent: usize,
    out: &mut String,
) {
    out.push(open);
    for (at, (field, value)) in parts.enumerate() {
        out.push_str(if at > 0 { ",\n" } else { "\n" });
        let inner = indent + 2;
        out.push_str(&" ".repeat(inner));
        out.push_str(&field);
        write(value, inner, inner + field.len(), out);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push(close);
}

fn field(key: &str) -> String {
    format!("{}: ", Value::from(key))
}

fn on_a_line(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(on_a_line).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| field(key) + &on_a_line(value));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
