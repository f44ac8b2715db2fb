//! What a parameter takes, as a schema.

use crate::dialect::init;
use crate::lang;
use crate::lang::ast::{Block, Domain, Parameter};
use crate::library::{self, Place};
use crate::limits;
use serde_json::{Value, json};

/// What `parameter` takes, and its default.
pub(super) fn of(parameter: &Parameter) -> Value {
    let default = parameter.constant().filter(|default| !is_name(parameter, default));
    let mut schema = match &parameter.domain {
        Domain::Any => json!({ "type": ["string", "number", "boolean", "array"] }),
        Domain::Channels => whole(1, limits::CHANNELS),
        Domain::Integer { min, max } => whole(*min, *max),
        Domain::Float { min, below } => number(*min, *below),
        Domain::Boolean => json!({ "type": "boolean" }),
        Domain::Choice(words) => json!({ "enum": words }),
        Domain::Pair { min, max } => {
            let side = whole(*min, *max);
            json!({ "anyOf": [side, { "type": "array", "items": side, "minItems": 2, "maxItems": 2 }] })
        }
        Domain::Padding => {
            let side = whole(0, limits::SIDE);
            let sides = json!({ "type": "array", "items": side, "minItems": 4, "maxItems": 4 });
            json!({ "anyOf": [{ "const": "same" }, side, sides] })
        }
        Domain::Numbers => json!({ "type": "array", "items": whole(1, limits::CHANNELS) }),
        Domain::Init => init(),
        Domain::Block(told) => block(told),
    };
    // What may be absent can be said to be.
    let is_absent = default == Some(lang::Value::Text("none".into()));
    let may_be = matches!(&parameter.domain, Domain::Block(_) | Domain::Any)
        || matches!(&parameter.domain, Domain::Choice(words) if words.iter().any(|word| word == "none"));
    if is_absent && !may_be {
        schema = json!({ "anyOf": [schema, { "const": "none" }] });
    }
    if let (Some(default), Value::Object(schema)) = (default.as_ref().and_then(constant), &mut schema) {
        schema.insert("default".to_owned(), default);
    }
    schema
}

/// Whether a default may be a name whose value depends on the place, and no word.
fn is_name(parameter: &Parameter, default: &lang::Value) -> bool {
    matches!(default, lang::Value::Text(word) if **word != *"none")
        && !matches!(parameter.domain, Domain::Choice(_) | Domain::Block(_) | Domain::Padding)
}

/// The words that `parameter` can be, where an editor should propose them.
pub(super) fn words(parameter: &Parameter) -> Vec<Value> {
    match &parameter.domain {
        Domain::Choice(words) => words.iter().map(|word| json!(word)).collect(),
        Domain::Boolean => vec![json!(true), json!(false)],
        Domain::Init => init::words().map(|word| json!(word)).collect(),
        Domain::Block(told) => library::parts_for(told).map(|block| json!(block.name())).collect(),
        Domain::Any
        | Domain::Channels
        | Domain::Integer { .. }
        | Domain::Float { .. }
        | Domain::Pair { .. }
        | Domain::Padding
        | Domain::Numbers => Vec::new(),
    }
}

/// A block of the library: by its name where nothing must be told it, or with arguments in the DSL, `se(reduction = 4)`.
/// That a part has the arguments is said here; what they can be, and the rest, is for the compiler.
pub(super) fn blocks() -> Value {
    let needs_nothing = |block: &&Block| must_be_told(block).next().is_none();
    let names: Vec<_> = library::blocks().filter(needs_nothing).map(Block::name).collect();
    let parts: Vec<_> = library::names(Place::Part).filter_map(library::find).collect();
    let is_part = |block: &&Block| parts.iter().any(|part| part.name() == block.name());
    let others: Vec<_> = library::blocks().filter(|block| !is_part(block)).map(Block::name).collect();
    let pattern = |pattern: String| json!({ "type": "string", "pattern": pattern });
    let calls = parts.iter().map(|part| pattern(call(part)));
    let any = calls.chain([json!({ "enum": names }), pattern(format!(r"^\s*({})\s*\(.*\)\s*$", others.join("|")))]);
    json!({ "anyOf": any.collect::<Vec<_>>() })
}

/// The parameters that have no default.
pub(super) fn must_be_told(block: &Block) -> impl Iterator<Item = &str> {
    let parameters = block.signature.parameters.iter();
    parameters.filter(|own| own.default.is_none()).map(|own| own.name.value.as_str())
}

fn call(block: &Block) -> String {
    let parameters = &block.signature.parameters;
    // A block among the arguments has arguments in its turn.
    let is_flat = parameters.iter().all(|own| !matches!(own.domain, Domain::Block(_) | Domain::Any));
    let names: Vec<_> = parameters.iter().map(|own| own.name.value.as_str()).collect();
    let arguments = if names.is_empty() {
        r"\s*".to_owned()
    } else if is_flat {
        let argument = format!(r"\s*(({})\s*=\s*)?([^=,]|[=!<>]=)+", names.join("|"));
        format!(r"(\s*|{argument}(,{argument})*,?\s*)")
    } else {
        ".*".to_owned()
    };
    format!(r"^\s*{}\s*\({arguments}\)\s*$", block.name())
}

/// A block as a value, which will be told `told`.
fn block(told: &[String]) -> Value {
    let proposed: Vec<_> = library::parts_for(told).map(Block::name).collect();
    let fits = |block: &&Block| must_be_told(block).all(|name| told.iter().any(|known| known == name));
    let needs = |block: &&Block| must_be_told(block).next().is_some();
    let others = library::blocks().filter(fits).filter(needs).map(Block::name);
    let others: Vec<_> = others.filter(|name| !proposed.contains(name)).collect();
    let mut any = vec![json!({ "enum": proposed }), json!({ "$ref": "#/$defs/block" })];
    if !others.is_empty() {
        any.push(json!({ "enum": others }));
    }
    json!({ "anyOf": any })
}

/// How a layer is drawn: a word, or one with what it is told.
fn init() -> Value {
    let words: Vec<_> = init::words().collect();
    json!({ "type": "string", "pattern": format!(r"^\s*({})\s*(\(.*\)\s*)?$", words.join("|")) })
}

fn whole(min: impl Into<Value>, max: impl Into<Value>) -> Value {
    json!({ "type": "integer", "minimum": min.into(), "maximum": max.into() })
}

fn number(min: f64, below: f64) -> Value {
    let mut schema = json!({ "type": "number" });
    if let Value::Object(schema) = &mut schema {
        let ends = [("minimum", min), ("exclusiveMaximum", below)];
        let ends = ends.into_iter().filter(|(_, end)| end.is_finite());
        schema.extend(ends.map(|(key, end)| (key.to_owned(), json!(end))));
    }
    schema
}

/// A constant as JSON has it.
fn constant(value: &lang::Value) -> Option<Value> {
    Some(match value {
        lang::Value::Integer(value) => json!(i64::try_from(*value).ok()?),
        lang::Value::Float(value) => json!(value),
        lang::Value::Boolean(value) => json!(value),
        lang::Value::Text(word) => json!(&**word),
        lang::Value::List(items) => Value::Array(items.iter().map(constant).collect::<Option<_>>()?),
        lang::Value::Call(call) => json!(call.to_string()),
        lang::Value::Init(init) => json!(init.to_string()),
        lang::Value::Other(_) => return None,
    })
}
