//! The dialects that ship: values, one file each. A new one is a file and a line in [`ALL`].

mod keras;
mod paper;
mod torchvision;

use crate::ir::dialect::Layout;
use crate::ir::names::{NameTable, ParameterNames, Rows, Selector, Template};
use crate::ir::{Dialect, Label};
use std::sync::{Arc, LazyLock};

/// The names of the dialects, in the order in which messages list them.
pub const NAMES: [&str; 3] = ["torchvision", "keras", "paper"];

static ALL: LazyLock<[Arc<Dialect>; 3]> =
    LazyLock::new(|| [torchvision::torchvision(), keras::keras(), paper::paper()].map(Arc::new));

/// The dialect called `name`.
#[must_use]
pub fn find(name: &str) -> Option<Arc<Dialect>> {
    ALL.iter().find(|dialect| dialect.name == name).cloned()
}

fn table(
    layout: Layout,
    block: &str,
    rows: &[(&str, &str)],
    [kernel, bias, scale, shift, mean, variance, gain]: [&str; 7],
    ignored: &[&str],
) -> NameTable {
    let own = str::to_owned;
    let row = |(selector, template): &(&str, &str)| {
        let (branch, role) = selector.split_once('.')?;
        Some((Selector { branch: Label::new(branch), role: Label::new(role) }, Template::parse(template).ok()?))
    };
    NameTable {
        common: Rows { block: Template::parse(block).ok(), rows: rows.iter().filter_map(row).collect() },
        sections: Vec::new(),
        parameters: ParameterNames {
            kernel: own(kernel),
            bias: own(bias),
            scale: own(scale),
            shift: own(shift),
            mean: own(mean),
            variance: own(variance),
            gain: own(gain),
            ignored: ignored.iter().map(|word| own(word)).collect(),
        },
        layout,
    }
}
