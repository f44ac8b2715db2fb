//! `[head]`.

use super::reader::{Keys, Table};
use crate::diagnostic::Report;
use crate::source::{Span, Spanned};
use crate::spec::{Head, HeadActivation, Pool};

const HEAD: Keys = Keys::Closed(&["pool", "pool_size", "hidden", "dropout", "classes", "activation"]);
const POOLS: [(&str, Pool); 3] = [("avg", Pool::Average), ("max", Pool::Maximum), ("none", Pool::None)];
const ACTIVATIONS: [(&str, HeadActivation); 2] = [("none", HeadActivation::None), ("softmax", HeadActivation::Softmax)];

/// Reads the head of `root`; without a table the feature map is the output.
pub(super) fn read(root: &Table<'_>, end: Span, report: &mut Report) -> Head {
    let Some(table) = root.table("head", HEAD, report).optional() else { return absent(end) };
    let absent = absent(table.span());
    // What stands for a mistake must not make another: a pool and classes allow every other key of a head.
    let pool = table.choice("pool", &POOLS, report).state();
    let classes = table.whole("classes", report).state();
    let pool_size = table.pair("pool_size", report).optional();
    Head {
        span: table.span(),
        pool: pool.or(absent.pool, Spanned::new(Pool::Average, table.span())),
        pool_size: pool_size
            .map_or(absent.pool_size, |pair| Spanned::new(pair.value.map(|side| side.value), pair.span)),
        hidden: table.wholes("hidden", report).optional().unwrap_or_default(),
        dropout: table.float("dropout", report).optional(),
        classes: classes.map(Some).or(None, Some(Spanned::new(1, table.span()))),
        activation: table.choice("activation", &ACTIVATIONS, report).optional().unwrap_or(absent.activation),
    }
}

fn absent(span: Span) -> Head {
    Head {
        span,
        pool: Spanned::new(Pool::None, span),
        pool_size: Spanned::new([1, 1], span),
        hidden: Vec::new(),
        dropout: None,
        classes: None,
        activation: Spanned::new(HeadActivation::None, span),
    }
}
