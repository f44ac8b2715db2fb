//! A JSON Schema (draft 2020-12) of descriptions in TOML, for editors.
//!
//! In: the reader's keys, the library's signatures, the dialects that ship. Out: a schema that refuses nothing that the
//! compiler takes. A description that has `definitions` may hide every block and dialect with its own, so that only the
//! keys of the tables are judged there; in any other, every call is held to the signature of its block.
//!
//! Editors complete keys from `properties` and what `oneOf` and `anyOf` join to them, and do not look behind conditions. So a
//! table's `properties` have all that its blocks may be told, to read and to complete, and judge nothing of it; what judges
//! stands in the `else` of the root. Nothing is used that means something else in draft 7, which is what taplo speaks. Tombi warns of
//! each key that a part of a schema neither declares nor leaves open; so every part says which of the two it does.

mod layout;
mod value;

use crate::dialect;
use crate::front::toml::keys::{Caller, Holds, Key, Keys, Needed, ROOT};
use crate::lang::ast::{Block, Parameter, Signature};
use crate::library::{self, Place};
use crate::limits;
use crate::spec::{depth, name};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use value::must_be_told;

/// The schema as a file.
#[must_use]
pub fn text() -> String {
    layout::layout(&schema())
}

/// The schema.
#[must_use]
pub fn schema() -> Value {
    let mut definitions = Map::new();
    for place in [Place::Stem, Place::Stage, Place::Head] {
        definitions.extend(blocks(place).map(|block| (definition(place, block), signature(place, block))));
    }
    definitions.insert("block".to_owned(), value::blocks());
    definitions.insert("stages_or_depth".to_owned(), stages_or_depth());
    let mut root = table(ROOT);
    root.extend([
        ("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema")),
        ("title".to_owned(), json!("A residual network, as resnetc reads it")),
        ("$defs".to_owned(), Value::Object(definitions)),
        ("if".to_owned(), json!({ "required": ["definitions"] })),
        ("then".to_owned(), json!({ "$ref": "#/$defs/stages_or_depth" })),
        ("else".to_owned(), json!({ "allOf": without_definitions() })),
    ]);
    let mut schema = Value::Object(root);
    leave_open(&mut schema);
    schema
}

/// Says of every schema of a table that does not forbid other keys that there may be others, which changes nothing of its meaning.
fn leave_open(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(leave_open),
        Value::Object(keywords) => {
            let constrains = ["properties", "required", "allOf", "if", "$ref"];
            if constrains.iter().any(|keyword| keywords.contains_key(*keyword)) {
                keywords.entry("additionalProperties").or_insert(json!(true));
            }
            for (keyword, inner) in keywords {
                match (keyword.as_str(), inner) {
                    ("properties" | "$defs", Value::Object(schemas)) => schemas.values_mut().for_each(leave_open),
                    ("if" | "then" | "else" | "not" | "items" | "allOf" | "anyOf", inner) => leave_open(inner),
                    _ => {}
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn blocks(place: Place) -> impl Iterator<Item = &'static Block> {
    library::names(place).filter_map(library::find)
}

/// The name of what the schema says of a block that stands at `place`.
fn definition(place: Place, block: &Block) -> String {
    let place = match place {
        Place::Stem => "stem",
        Place::Stage => "stage",
        Place::Head => "head",
        Place::Part => "part",
    };
    format!("{place}_{}", block.name())
}

fn reference(place: Place, block: &Block) -> Value {
    json!({ "$ref": format!("#/$defs/{}", definition(place, block)) })
}

/// A table: what its keys hold, and what its blocks may be told.
fn table(keys: Keys) -> Map<String, Value> {
    let mut properties: Map<_, _> = keys.own().iter().map(|key| (key.name.to_owned(), holds(key, keys))).collect();
    let mut out = Map::from_iter([("type".to_owned(), json!("object"))]);
    match keys {
        Keys::Closed(_) => {
            out.insert("additionalProperties".to_owned(), json!(false));
        }
        Keys::Open(caller, _) => properties.extend(told(caller.place())),
    }
    out.insert("properties".to_owned(), Value::Object(properties));
    let needed = keys.own().iter().filter(|key| key.needed == Needed::Always).map(|key| key.name);
    out.insert("required".to_owned(), needed.collect());
    out
}

impl Caller {
    fn place(self) -> Place {
        match self {
            Self::Stem => Place::Stem,
            Self::Defaults | Self::Stage => Place::Stage,
            Self::Head => Place::Head,
        }
    }
}

/// The keys that tables which call a block at `place` have of their own.
fn keys_at(place: Place) -> impl Iterator<Item = &'static str> {
    let tables = ROOT.own().iter().filter_map(|key| match key.holds {
        Holds::Table(keys @ Keys::Open(caller, _)) | Holds::Tables(keys @ Keys::Open(caller, _)) => {
            Some((caller, keys))
        }
        _ => None,
    });
    let names: BTreeSet<_> =
        tables.filter(|(caller, _)| caller.place() == place).flat_map(|(_, keys)| keys.names()).collect();
    names.into_iter()
}

/// What stands behind a key of a table that has these `keys`.
fn holds(key: &Key, keys: Keys) -> Value {
    let mut out = match (key.holds, keys) {
        (Holds::Name, _) => json!({
            "type": "string",
            "pattern": format!("^[A-Za-z][A-Za-z0-9_]{{0,{}}}$", name::LENGTH - 1),
        }),
        (Holds::Dialect, _) => json!({ "anyOf": known(dialect::NAMES.into_iter().map(|name| (name, choices(name)))) }),
        (Holds::Depth, _) => json!({
            "type": "integer",
            "anyOf": [{ "enum": imagenet_depths() }, { "minimum": 8 }],
        }),
        (Holds::Definitions, _) | (Holds::Kind, Keys::Closed(_)) => json!({ "type": "string" }),
        (Holds::Kind, Keys::Open(caller, _)) => {
            let names = library::names(caller.place());
            json!({ "anyOf": known(names.map(|name| (name, library::meaning(name).unwrap_or_default()))) })
        }
        // What does not fit into 63 bits no TOML has.
        (Holds::Whole { min, max: u64::MAX }, _) => json!({ "type": "integer", "minimum": min }),
        (Holds::Whole { min, max }, _) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        (Holds::Size, _) => {
            let side = json!({ "type": "integer", "minimum": 1, "maximum": limits::SIDE });
            json!({ "type": "array", "items": side, "minItems": 2, "maxItems": 2 })
        }
        (Holds::Table(keys), _) => Value::Object(table(keys)),
        (Holds::Tables(keys), _) => json!({ "type": "array", "items": table(keys), "minItems": 1 }),
    };
    describe(&mut out, key.meaning);
    out
}

fn describe(schema: &mut Value, meaning: &str) {
    if let (Value::Object(schema), false) = (schema, meaning.is_empty()) {
        schema.insert("description".to_owned(), json!(meaning));
    }
}

/// Names that ship, each with what it means, or any other.
fn known(names: impl Iterator<Item = (&'static str, String)>) -> Vec<Value> {
    let one = |(name, meaning): (&str, String)| json!({ "const": name, "description": meaning });
    names.map(one).chain([json!({ "type": "string" })]).collect()
}

/// The choices of a dialect that ships, on one line.
fn choices(name: &str) -> String {
    let Some(dialect) = dialect::find(name) else { return String::new() };
    let fields = dialect::names().filter(|field| *field != "source");
    let made = fields.filter_map(|field| Some(format!("{field} = {}", dialect::value(&dialect, field)?)));
    format!("{}: {}", dialect.source, made.collect::<Vec<_>>().join(", "))
}

/// All that the blocks of `place` may be told: what it means, and the words that it can be.
fn told(place: Place) -> Map<String, Value> {
    let mut out = Map::new();
    for parameter in blocks(place).flat_map(|block| &block.signature.parameters) {
        let name = &parameter.name.value;
        if !out.contains_key(name) {
            let users = || blocks(place).filter_map(|block| Some((block, block.parameter(name)?)));
            out.insert(name.clone(), annotated(users));
        }
    }
    out
}

/// A parameter that several blocks have.
fn annotated<I: Iterator<Item = (&'static Block, &'static Parameter)>>(users: impl Fn() -> I) -> Value {
    let mut meanings: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut words = Vec::new();
    for (block, parameter) in users() {
        match meanings.iter_mut().find(|(meaning, _)| *meaning == parameter.meaning) {
            Some((_, blocks)) => blocks.push(block.name()),
            None => meanings.push((&parameter.meaning, vec![block.name()])),
        }
        let new: Vec<_> = value::words(parameter).into_iter().filter(|word| !words.contains(word)).collect();
        words.extend(new);
    }
    let meaning = match meanings.as_slice() {
        [(meaning, _)] => (*meaning).to_owned(),
        several => {
            let lines = several.iter().map(|(meaning, blocks)| format!("{}: {meaning}", blocks.join(", ")));
            lines.collect::<Vec<_>>().join("\n")
        }
    };
    if words.is_empty() {
        json!({ "description": meaning })
    } else {
        json!({ "description": meaning, "anyOf": [{ "enum": words, "description": meaning }, { "description": meaning }] })
    }
}

/// A call of a block of the library: what it may be told, and nothing else.
fn signature(place: Place, block: &Block) -> Value {
    let Signature { name, parameters } = &block.signature;
    let properties = parameters.iter().map(|own| {
        let mut schema = value::of(own);
        describe(&mut schema, &own.meaning);
        (own.name.value.clone(), schema)
    });
    // What calls it has keys of its own, which are judged there.
    let keys = keys_at(place).map(|key| (key.to_owned(), json!({})));
    json!({
        "description": library::meaning(&name.value),
        "properties": keys.chain(properties).collect::<Map<_, _>>(),
        "additionalProperties": false,
    })
}

fn imagenet_depths() -> [u64; depth::IMAGENET.len()] {
    depth::IMAGENET.map(|(depth, ..)| depth)
}

/// The stages are written, or `depth` stands for them and for what goes with them.
fn stages_or_depth() -> Value {
    let unless: Vec<_> =
        ROOT.own().iter().filter(|key| key.needed == Needed::UnlessDepth).map(|key| key.name).collect();
    json!({
        "if": { "required": ["depth"] },
        "then": { "properties": { "stage": false } },
        "else": { "required": unless },
    })
}

/// What holds where only what ships can be named.
fn without_definitions() -> Vec<Value> {
    let property = |key: &str, schema: Value| json!({ "properties": { key: schema } });
    let mut rules = vec![
        json!({ "$ref": "#/$defs/stages_or_depth" }),
        property("dialect", json!({ "enum": dialect::NAMES })),
        json!({
            "if": property("stem", property("kind", json!({ "const": "imagenet" }))),
            "then": property("depth", json!({ "enum": imagenet_depths() })),
        }),
    ];
    for key in ROOT.own() {
        match key.holds {
            Holds::Table(Keys::Open(caller, own)) => rules.push(property(key.name, called(caller, own))),
            Holds::Tables(Keys::Open(caller, own)) => {
                rules.push(property(key.name, json!({ "items": called(caller, own) })));
            }
            _ => {}
        }
    }
    // Without `[block]` every stage names its own.
    rules.push(json!({
        "if": { "properties": { "block": { "required": ["kind"] } }, "required": ["block"] },
        "else": stages(&json!({ "required": ["kind"] })),
    }));
    rules.extend(blocks(Place::Stage).map(inherited));
    rules.extend(told_by_stages());
    rules
}

/// A call whose table says what it calls.
fn called(caller: Caller, own: &[Key]) -> Value {
    let place = caller.place();
    let mut rules = vec![json!({ "properties": { "kind": { "enum": library::names(place).collect::<Vec<_>>() } } })];
    for block in blocks(place) {
        let is_meant = json!({ "properties": { "kind": { "const": block.name() } }, "required": ["kind"] });
        rules.push(json!({ "if": is_meant, "then": complete(caller, block) }));
    }
    if caller == Caller::Defaults {
        // Without a block of its own it has what any block may be told; what is a key of a stage is none of `[block]`.
        let any: Map<_, _> = told(place).into_iter().map(|(name, _)| (name, json!({}))).collect();
        rules.push(json!({ "if": unnamed(), "then": { "properties": any, "additionalProperties": false } }));
        let others = keys_at(place).filter(|key| !own.iter().any(|known| known.name == *key));
        rules.extend(others.map(|key| json!({ "properties": { key: false } })));
    }
    if caller == Caller::Head {
        let classifier = library::find("classifier").into_iter();
        rules.extend(classifier.map(|block| json!({ "if": unnamed(), "then": complete(caller, block) })));
    }
    json!({ "allOf": rules })
}

/// A call of `block`, with all that it must be told where nothing else can tell it.
fn complete(caller: Caller, block: &Block) -> Value {
    let call = reference(caller.place(), block);
    match caller {
        Caller::Stem | Caller::Head => json!({ "allOf": [call], "required": must_be_told(block).collect::<Vec<_>>() }),
        // A stage is told by `[block]` what it does not say.
        Caller::Defaults | Caller::Stage => call,
    }
}

/// Stages beside `[block]`: those that name no block are of that one.
fn inherited(block: &Block) -> Value {
    let of_shared = json!({ "if": unnamed(), "then": reference(Place::Stage, block) });
    json!({ "if": shares(block), "then": stages(&of_shared) })
}

/// What a stage must say of what its block must be told, where `[block]` does not say it.
fn told_by_stages() -> Vec<Value> {
    let mut names: Vec<_> = blocks(Place::Stage).flat_map(must_be_told).collect();
    names.sort_unstable();
    names.dedup();
    let rule = |name| {
        let says = json!({ "required": [name] });
        let needing = || blocks(Place::Stage).filter(move |block| must_be_told(block).any(|needed| needed == name));
        let kinds: Vec<_> = needing().map(Block::name).collect();
        let is_named = json!({ "properties": { "kind": { "enum": kinds } }, "required": ["kind"] });
        let shares = json!({ "properties": { "block": is_named }, "required": ["block"] });
        json!({
            "if": { "properties": { "block": says }, "required": ["block"] },
            "else": { "allOf": [
                stages(&json!({ "if": is_named, "then": says })),
                { "if": shares, "then": stages(&json!({ "if": unnamed(), "then": says })) },
            ] },
        })
    };
    names.into_iter().map(rule).collect()
}

/// `[block]` names `block`.
fn shares(block: &Block) -> Value {
    let is_named = json!({ "properties": { "kind": { "const": block.name() } }, "required": ["kind"] });
    json!({ "properties": { "block": is_named }, "required": ["block"] })
}

/// A call that names no block.
fn unnamed() -> Value {
    json!({ "not": { "required": ["kind"] } })
}

fn stages(schema: &Value) -> Value {
    json!({ "properties": { "stage": { "items": schema } } })
}
