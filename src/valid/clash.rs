//! Two layers with one name, and what would tell them apart: each way is tried before it is proposed.

use super::{Clash, Named, name_layers};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::names::{Context, NameTable, Rows, Selector, Template};
use crate::ir::{Address, Graph, Label, Node, NodeId, Origin};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// The most labels whose rows are proposed together.
const LABELS: usize = 8;

/// A layer and the block that it is of.
type Layers<'a, 'k> = &'a [(Named, Context<'k>)];

/// The error for a clash of two of the `nodes`, which are named as `layers` are.
pub(super) fn explain(graph: &Graph, nodes: &[(NodeId, &Node)], layers: Layers<'_, '_>, clash: &Clash) -> Diagnostic {
    let origin = |at: usize| nodes.get(at).map(|(_, node)| node.origin);
    let unknown = Origin { span: Span::default(), address: Address::INPUT };
    let [first, second] = [clash.first, clash.second].map(|at| origin(at).unwrap_or(unknown));
    let error = Diagnostic::error(
        Code::DuplicateName,
        second.span,
        format!("two layers are called `{}`", clash.name),
        "the second comes from here",
    );
    let error = if first.span == second.span { error } else { error.label(first.span, "the first comes from here") };
    let error = error.note(format!("names come from the name table of the dialect `{}`", graph.dialect.name));
    let error = if first.span == second.span {
        error.note("the same statement gives both: it is repeated, or its block is called twice")
    } else {
        error
    };
    error.help(tell_apart(graph, layers, clash, [first, second]))
}

/// How the layers get names of their own.
fn tell_apart(graph: &Graph, layers: Layers<'_, '_>, clash: &Clash, [first, second]: [Origin; 2]) -> String {
    let table = &graph.dialect.names;
    let place = second.address.place;
    let is_here = |address: &Address| address.place == place;
    let has_units = first.address.unit > 0 || second.address.unit > 0;
    let by_unit = !has_units
        && holds(layers, table, |address, number| {
            if is_here(address) && address.unit == 0 { Address { unit: number, ..*address } } else { *address }
        });
    let plain = [Label::BLOCK, Label::STEM, Label::HEAD];
    let by_label = plain.contains(&second.address.branch)
        && holds(layers, table, |address, number| {
            let label =
                Label::new(&format!("label_{number}")).filter(|_| is_here(address) && plain.contains(&address.branch));
            label.map_or(*address, |branch| Address { branch, ..*address })
        });
    let is_repeated = first.span == second.span;
    let units =
        "number them: `unit step + 1 { … }` in a loop over `step`, `unit 1 { … } unit 2 { … }` around two calls";
    match (by_unit, by_label) {
        (true, true) if !is_repeated => format!("{units}; or put them under labels: `left {{ … }} right {{ … }}`"),
        (true, _) => units.to_owned(),
        (false, true) => "put them under labels of their own: `left { … } right { … }`".to_owned(),
        (false, false) => by_rows(graph, layers, clash).unwrap_or_else(|| {
            "put the layers into units, `unit 1 { … }`, or under labels of their own, `name { … }`".to_owned()
        }),
    }
}

/// Whether all layers have names of their own where each is at the address that `change` gives: beside its own address it is
/// told how many layers with the same label and role stand before it in its block, from 1.
fn holds(layers: Layers<'_, '_>, table: &NameTable, change: impl Fn(&Address, u32) -> Address) -> bool {
    let mut numbers = BTreeMap::new();
    let changed: Vec<_> = layers
        .iter()
        .map(|(named, context)| {
            let Address { branch, role, place, .. } = named.address;
            let number: &mut u32 = numbers.entry((format!("{place:?}"), branch, role)).or_default();
            *number += 1;
            (Named { address: change(&named.address, *number), ..*named }, *context)
        })
        .collect();
    name_layers(changed.into_iter(), table).is_ok()
}

/// Rows that count the layers of each label that clashes.
fn by_rows(graph: &Graph, layers: Layers<'_, '_>, clash: &Clash) -> Option<String> {
    let (named, context) = layers.get(clash.second)?;
    let (kind, mut labels) = (context.kind.to_owned(), BTreeSet::from([named.address.branch]));
    loop {
        let table = with_rows(&graph.dialect.names, &kind, &labels)?;
        match name_layers(layers.iter().copied(), &table) {
            Ok(_) => break,
            Err(other) => {
                let (named, context) = layers.get(other.second)?;
                let is_new = context.kind == kind && labels.insert(named.address.branch);
                if !is_new || labels.len() > LABELS {
                    return None;
                }
            }
        }
    }
    let own = |name: &str| if name == "mine" { "ours" } else { "mine" };
    let (dialect, table) = (&graph.dialect.name, &graph.dialect.names.name);
    let rows: Vec<_> = labels.iter().map(|label| format!("{label}.* \"{}\"", template(*label))).collect();
    Some(format!(
        "a table can count them, `names {1} extends {table} {{ for {kind} {{ {2} }} }}`, with `dialect {0} extends {dialect} {{ names \
         = {1} }}` and `use dialect {0}`",
        own(dialect),
        own(table),
        rows.join(" "),
    ))
}

fn template(label: Label) -> String {
    format!("{{block}}.{label}.{{role}}{{sequence}}")
}

/// A table that extends `table` by rows for the block `kind` that count the layers of `labels`.
fn with_rows(table: &NameTable, kind: &str, labels: &BTreeSet<Label>) -> Option<NameTable> {
    let row = |label: &Label| {
        let template = Template::parse(&template(*label)).ok()?;
        Some((Selector { branch: Some(*label), role: None }, template))
    };
    let rows = labels.iter().map(row).collect::<Option<Vec<_>>>()?;
    let sections = vec![(kind.to_owned(), Rows { rows, ..Rows::default() })];
    Some(NameTable { common: Rows::default(), sections, base: Some(Box::new(table.clone())), ..table.clone() })
}
