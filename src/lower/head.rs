//! The head: pooling, hidden layers, the classifier.

use super::block::{Builder, Halt};
use super::check_range;
use crate::diagnostic::{Code, Diagnostic, Report, suggest};
use crate::ir::{Address, Label, Op, Origin, Place, op};
use crate::limits;
use crate::source::{Span, Spanned};
use crate::spec::{Head, HeadActivation, Pool};

/// Reports what a head cannot have.
pub(super) fn check(head: &Head, report: &mut Report) {
    for hidden in &head.hidden {
        check_range("hidden", hidden, limits::CHANNELS, Code::TooManyChannels, report);
    }
    if let Some(classes) = &head.classes {
        check_range("classes", classes, limits::CHANNELS, Code::TooManyChannels, report);
    }
    if let Some(rate) = head.dropout.filter(|rate| !(0.0..1.0).contains(&rate.value)) {
        let found = format!("{:?}", rate.value).to_lowercase();
        let message = format!("`dropout` is {found}");
        report.push(Diagnostic::error(Code::OutOfRange, rate.span, message, "expected at least 0 and below 1"));
    }
    if let Some(side) = head.pool_size.value.into_iter().find(|side| !(1..=limits::SIDE).contains(side)) {
        let side = Spanned::new(side, head.pool_size.span);
        check_range("pool_size", &side, limits::SIDE, Code::MapTooLarge, report);
    }
    if head.pool.value == Pool::None && head.pool_size.value != [1, 1] {
        report.push(size_without_pool(head));
    }
    if head.classes.is_none() {
        report.extend(classifier_without_classes(head));
    }
}

fn size_without_pool(head: &Head) -> Diagnostic {
    let error = Diagnostic::error(
        Code::NotApplicable,
        head.pool_size.span,
        "`pool_size` without a pool",
        "this is the size that pooling gives",
    )
    .help("write `pool = \"avg\"`, or remove `pool_size`");
    if head.pool.span == head.span {
        error.label(head.span, "this head does not pool")
    } else {
        error.label(head.pool.span, "nothing is pooled").fix(head.pool.span, "\"avg\"")
    }
}

fn classifier_without_classes(head: &Head) -> Option<Diagnostic> {
    let hidden = head.hidden.first().map(|hidden| ("hidden", hidden.span));
    let dropout = head.dropout.map(|rate| ("dropout", rate.span));
    let softmax = (head.activation.value == HeadActivation::Softmax).then_some(("activation", head.activation.span));
    let keys: Vec<_> = [hidden, dropout, softmax].into_iter().flatten().collect();
    let (&(key, span), others) = keys.split_first()?;
    let error = Diagnostic::error(
        Code::NotApplicable,
        span,
        format!("`{key}` without `classes`"),
        "belongs to a classifier, and this head has none",
    )
    .help(format!(
        "add `classes = 1000`, or remove {}",
        suggest::list(keys.iter().map(|(key, _)| *key)).replace(" or ", " and ")
    ));
    Some(others.iter().fold(error, |error, (_, span)| error.label(*span, "and so does this")))
}

/// Adds the head to the graph: the pooled map becomes a vector; without a pool it does so only for a classifier.
pub(super) fn expand(head: &Head, builder: &mut Builder) -> Result<(), Halt> {
    let mut path = Path { builder, span: head.span, branch: Label::HEAD, unit: 0, sequence: 0 };
    let pooled = match head.pool.value {
        Pool::Average => Some((op::PoolKind::Average, Label::POOL)),
        Pool::Maximum => Some((op::PoolKind::Maximum, Label::MAX_POOL)),
        Pool::None => None,
    };
    if let Some((kind, role)) = pooled {
        path.push(role, Op::AdaptivePool(op::AdaptivePool { kind, output: head.pool_size.value }))?;
    }
    if pooled.is_some() || head.classes.is_some() {
        path.push(Label::FLATTEN, Op::Flatten(op::Flatten))?;
    }
    let Some(classes) = head.classes else { return Ok(()) };
    let dropout = head.dropout.map(|rate| Op::Dropout(op::Dropout { rate: rate.value }));
    if head.hidden.is_empty() {
        if let Some(dropout) = dropout.clone() {
            path.push(Label::DROPOUT, dropout)?;
        }
    } else {
        path.branch = Label::CLASSIFIER;
        path.sequence = 0;
    }
    for hidden in &head.hidden {
        path.unit += 1;
        path.push(Label::LINEAR, Op::Linear(op::Linear { features: hidden.value, bias: true }))?;
        path.push(Label::ACT, Op::Activation(op::Activation::Relu))?;
        if let Some(dropout) = dropout.clone() {
            path.push(Label::DROPOUT, dropout)?;
        }
    }
    path.push(Label::LOGITS, Op::Linear(op::Linear { features: classes.value, bias: true }))?;
    if head.activation.value == HeadActivation::Softmax {
        path.branch = Label::HEAD;
        path.push(Label::ACT, Op::Activation(op::Activation::Softmax))?;
    }
    Ok(())
}

struct Path<'a> {
    builder: &'a mut Builder,
    span: Span,
    branch: Label,
    unit: u32,
    sequence: u32,
}

impl Path<'_> {
    fn push(&mut self, role: Label, op: Op) -> Result<(), Halt> {
        let Self { branch, unit, sequence, span, .. } = *self;
        let address = Address { place: Place::Head, branch, unit, role, sequence };
        self.sequence += 1;
        let current = self.builder.current();
        self.builder.add(op, Origin { span, address }, &[current])
    }
}
