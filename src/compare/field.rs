//! The fields of ops, whichever op it is: as serde sees them, so that a new op or field needs nothing here.

use crate::ir::Op;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Setting(Value);

/// The fields in which two ops differ, by name. Of ops of different kinds only fields that both have are compared, since
/// the kinds say the rest.
pub(super) fn differences(left: &Op, right: &Op) -> Vec<(String, [Option<Setting>; 2])> {
    let comparable = std::mem::discriminant(left) == std::mem::discriminant(right);
    let (mut left, mut right) = (fields(left), fields(right));
    let names: BTreeSet<_> = left.keys().chain(right.keys()).cloned().collect();
    let pairs = names.into_iter().map(|name| {
        let values = [left.remove(&name), right.remove(&name)];
        (name, values)
    });
    pairs.filter(|(_, [left, right])| left != right && (comparable || left.is_some() && right.is_some())).collect()
}

/// The fields of an op and of the structs in it, a window's for instance. An op that is one word has none: the word is
/// its name.
fn fields(op: &Op) -> BTreeMap<String, Setting> {
    let mut fields = BTreeMap::new();
    // An op is an object with its kind as the only key; what has no fields, such as an add, is null.
    if let Ok(Value::Object(kinds)) = serde_json::to_value(op) {
        for (_, value) in kinds {
            if let Value::Object(parts) = value {
                collect(parts, "", &mut fields);
            }
        }
    }
    fields
}

fn collect(parts: serde_json::Map<String, Value>, within: &str, fields: &mut BTreeMap<String, Setting>) {
    for (name, value) in parts {
        match value {
            // Padding is one field, not four.
            Value::Object(parts) if !parts.values().all(Value::is_number) => collect(parts, &name, fields),
            value => {
                let name = if fields.contains_key(&name) { format!("{within}.{name}") } else { name };
                fields.insert(name, Setting(value));
            }
        }
    }
}

impl fmt::Display for Setting {
    /// `2`, `true`, `0.00001`; `3 x 5`, but one number where all are equal; `bottom 1, left 0, right 1, top 0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Value| Self(value.clone()).to_string();
        let words = match &self.0 {
            Value::Null => "none".to_owned(),
            Value::String(word) => word.clone(),
            Value::Bool(_) | Value::Number(_) => self.0.to_string(),
            Value::Array(values) => {
                single(values.iter()).map_or_else(|| values.iter().map(text).collect::<Vec<_>>().join(" x "), text)
            }
            Value::Object(parts) => single(parts.values()).map_or_else(
                || parts.iter().map(|(name, value)| format!("{name} {}", text(value))).collect::<Vec<_>>().join(", "),
                text,
            ),
        };
        f.write_str(&words)
    }
}

/// The value that all are.
fn single<'a>(mut values: impl Iterator<Item = &'a Value>) -> Option<&'a Value> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}
