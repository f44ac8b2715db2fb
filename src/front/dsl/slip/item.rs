//! Slips in definitions.

use super::{Kind, Line, Slip};

pub(super) fn find(line: &Line<'_>) -> Option<Slip> {
    let known: [fn(&Line<'_>) -> Option<Slip>; 8] =
        [import, super::network::dialect, network, without_brackets, block, block_in_a_place, constant, of_a_network];
    known.iter().find_map(|slip| slip(line))
}

/// `import torch`, `from torch import nn`.
fn import(line: &Line<'_>) -> Option<Slip> {
    if !matches!(line.text(0), "import" | "from" | "include" | "using" | "require") {
        return None;
    }
    let slip = Slip::new(0..line.len(), "nothing is imported", "the library's blocks and layers are always known");
    let is_line = !line.slice(0..line.len()).contains('\n');
    Some(if is_line { slip.help("remove the line").fix("") } else { slip.help("remove the line") })
}

/// `model t {`, `network {`, `network "t" {`.
fn network(line: &Line<'_>) -> Option<Slip> {
    let first = line.text(0);
    if first == "network" && line.is(1, Kind::Text) {
        let name = line.text(1).trim_matches('"');
        let slip = Slip::new(1..2, "a network is named without quotes", "expected a word");
        return crate::lang::is_name(name).then(|| slip.fix(name));
    }
    if first == "network" && line.text(1) == "{" {
        let slip = Slip::new(0..1, "a network has a name", "generated code is called so");
        return Some(slip.fix("network my_network"));
    }
    let others = ["model", "net", "architecture", "arch", "resnet", "Network", "Model", "graph", "module"];
    let is_other = others.contains(&first) && line.is_word(1) && matches!(line.text(2), "{" | "(");
    let slip = Slip::new(0..1, format!("`{first}` begins no definition"), "expected `network` or `block`");
    is_other.then(|| slip.fix("network"))
}

/// `block stem {`.
fn without_brackets(line: &Line<'_>) -> Option<Slip> {
    let is_bare = line.text(0) == "block" && line.is_word(1) && line.text(2) == "{";
    let name = line.text(1);
    let slip =
        Slip::new(1..2, format!("the block `{name}` has no brackets"), "its parameters stand in them, if it has any");
    is_bare.then(|| slip.help(format!("write `block {name}() {{ … }}`")).fix(format!("{name}()")))
}

/// `def b(filters) {`, `class b(nn.Module):`.
fn block(line: &Line<'_>) -> Option<Slip> {
    let first = line.text(0);
    if !matches!(
        first,
        "def" | "fn" | "func" | "function" | "class" | "fun" | "macro" | "struct" | "defblock" | "Block"
    ) {
        return None;
    }
    let open = (line.text(2) == "(").then(|| line.close_of(2)).flatten();
    let has_braces = open.is_some_and(|close| line.text(close + 1) == "{");
    let slip = Slip::new(0..1, format!("`{first}` begins no definition"), "expected `block` or `network`");
    let help = format!("write `block {}(filters: channels) {{ … }}`", line.text(1));
    Some(if has_braces && first != "class" { slip.fix("block") } else { slip.help(help) })
}

/// `stem s(filters: channels) { … }`.
fn block_in_a_place(line: &Line<'_>) -> Option<Slip> {
    let place = line.text(0);
    let is_definition = matches!(place, "stem" | "stage" | "head") && line.is_word(1) && line.text(2) == "(";
    let close = is_definition.then(|| line.close_of(2)).flatten()?;
    if line.text(close + 1) != "{" {
        return None;
    }
    let name = line.text(1);
    let slip = Slip::new(0..1, format!("a {place} is defined as a block"), "where it stands is said in the network");
    Some(slip.help(format!("write `block {name}(…) {{ … }}` here, and `{place} {name}` in the network")).fix("block"))
}

/// `let width = 64` beside a network.
fn constant(line: &Line<'_>) -> Option<Slip> {
    let is_constant = line.text(0) == "let" || line.is_word(0) && matches!(line.text(1), "=" | ":") && line.len() > 2;
    let slip =
        Slip::new(0..line.len(), "a constant stands in the network, or in a block", "only definitions stand here");
    is_constant.then(|| slip.help("move it into the braces: `network NAME { let width = 64 … }`"))
}

/// `stage basic(64)` without a network around it.
fn of_a_network(line: &Line<'_>) -> Option<Slip> {
    let word = line.text(0);
    if !matches!(word, "input" | "stem" | "stage" | "head" | "expect" | "budget") {
        return None;
    }
    let slip = Slip::new(0..1, format!("`{word}` stands in a network"), "only definitions stand here");
    Some(slip.help("put it into the braces of one: `network NAME { … }`"))
}
