//! Tables of names, from rows as they are written.

use crate::diagnostic::{Code, Diagnostic, Report, suggest};
use crate::front::dsl;
use crate::ir::dialect::Layout;
use crate::ir::names::{NameTable, PLACEHOLDERS, ParameterNames, Rows, Selector, Template};
use crate::ir::{Label, Spelling};
use crate::lang::ast::{self, Row};
use crate::lang::elsewhere;
use crate::limits;
use crate::source::Spanned;

/// A table without rows.
pub(super) fn empty() -> NameTable {
    NameTable {
        name: String::new(),
        common: Rows::default(),
        sections: Vec::new(),
        base: None,
        parameters: ParameterNames::default(),
        layout: Layout::Torch,
    }
}

/// The table that `names` says, its own rows before those of `base`.
pub(super) fn build(names: &ast::Names, base: Option<NameTable>, report: &mut Report) -> Option<NameTable> {
    let before = report.count();
    let count = names.rows.len() + names.sections.iter().map(|(_, rows)| rows.len()).sum::<usize>();
    if count > limits::ROWS {
        let message = format!("the table `{}` has {count} rows", names.name.value);
        let label = format!("expected at most {}", limits::ROWS);
        report.push(Diagnostic::error(Code::SourceTooLarge, names.name.span, message, label));
        return None;
    }
    let has_base = base.is_some();
    let mut table = match base {
        Some(base) => NameTable {
            parameters: base.parameters.clone(),
            layout: base.layout,
            base: Some(Box::new(base)),
            ..empty()
        },
        None => empty(),
    };
    names.name.value.clone_into(&mut table.name);
    let mut layout = None;
    for setting in &names.settings {
        match (setting.name.value.as_str(), setting.value.variable()) {
            ("layout", Some("torch")) => layout = Some(Layout::Torch),
            ("layout", Some("keras")) => layout = Some(Layout::Keras),
            ("layout", _) => report.push(Diagnostic::error(
                Code::UnknownChoice,
                setting.value.span,
                "there is no such layout",
                "expected `torch` or `keras`",
            )),
            (other, _) => {
                let message = format!("a table of names has no {}", suggest::quoted(other));
                let error = Diagnostic::error(Code::UnknownKey, setting.name.span, message, "expected `layout`");
                report.push(error.help("a row has no `=`: `main.conv \"{block}.conv{unit}\"`"));
            }
        }
    }
    table.layout = layout.unwrap_or(table.layout);
    suffixes(names, &mut table.parameters, has_base, report);
    table.common = rows(&names.rows, report);
    // Sections for one block are one section: the rows of the first come first.
    for (kind, own) in &names.sections {
        let own = rows(own, report);
        match table.sections.iter_mut().find(|(known, _)| *known == kind.value) {
            Some((_, known)) => append(known, own),
            None => table.sections.push((kind.value.clone(), own)),
        }
    }
    (report.count() == before).then_some(table)
}

/// Puts `more` rows after those that are there.
fn append(known: &mut Rows, more: Rows) {
    known.rows.extend(more.rows);
    known.spellings.extend(more.spellings);
    known.block = known.block.take().or(more.block);
}

fn rows(written: &[Row], report: &mut Report) -> Rows {
    let mut rows = Rows::default();
    let mut block = None;
    for Row { selector, template, spelling: written_as } in written {
        let Some(read) = template_of(template, report) else { continue };
        let written_as = written_as.as_ref();
        let label = |word: &str| if word == "*" { Some(None) } else { Label::new(word).map(Some) };
        let (left, right) = &selector.value;
        match right {
            None if left == "block" => {
                no_spelling(written_as, report);
                if let Some(first) = block {
                    let name = Spanned::new(left.clone(), selector.span);
                    report.push(dsl::twice("row", &name, first).help("remove one of them"));
                }
                block = Some(selector.span);
                if let Some(of_layers) = read.of_layers() {
                    let message = format!("the name of a block is made of `{{{of_layers}}}`, which its layers have");
                    let error = Diagnostic::error(Code::UnknownName, template.span, message, "a block has none");
                    report.push(error.help("make it of numbers: `\"layer{stage + 1}.{index}\"`"));
                }
                if read.says_block() {
                    report.push(
                        Diagnostic::error(
                            Code::UnknownName,
                            template.span,
                            "the name of a block is made of itself",
                            "`{block}` is what this row says",
                        )
                        .help("make it of numbers: `\"layer{stage + 1}.{index}\"`"),
                    );
                }
                rows.block = Some(read);
            }
            Some(right) => match (label(left), label(right)) {
                (Some(branch), Some(role)) => {
                    let selector = Selector { branch, role };
                    rows.rows.push((selector, read));
                    let spelling = written_as.and_then(|word| spelling_of(word, report));
                    rows.spellings.extend(spelling.map(|spelling| (selector, spelling)));
                }
                _ => report.push(Diagnostic::error(
                    Code::DslSyntax,
                    selector.span,
                    "a label is too long",
                    format!("at most {} characters", Label::LENGTH),
                )),
            },
            None => {
                let message = format!("{} is no selector", suggest::quoted(left));
                report.push(
                    Diagnostic::error(
                        Code::UnknownName,
                        selector.span,
                        message,
                        "expected `block`, or a branch and a role",
                    )
                    .help(format!("write `{left}.conv`, `{left}.*`, or `*.{left}`")),
                );
            }
        }
    }
    rows
}

/// Refuses a spelling where no layer is named.
fn no_spelling(word: Option<&Spanned<String>>, report: &mut Report) {
    if let Some(word) = word {
        let message = "`as` says how a layer is written, and this row names none";
        let error = Diagnostic::error(Code::NotApplicable, word.span, message, "not expected here");
        report.push(error.help("write it behind the row of a layer: `head.pool \"avgpool\" as function`"));
    }
}

fn spelling_of(word: &Spanned<String>, report: &mut Report) -> Option<Spelling> {
    let words = Spelling::WORDS.iter().map(|(word, _)| *word);
    let found = Spelling::WORDS.iter().find(|(known, _)| *known == word.value).map(|(_, spelling)| *spelling);
    if found.is_none() {
        let message = format!("a layer is not written as {}", suggest::quoted(&word.value));
        let label = format!("expected {}", suggest::list(words.clone()));
        let error = Diagnostic::error(Code::UnknownChoice, word.span, message, label);
        report.push(elsewhere::fixed(error, &word.value, word.span, words));
    }
    found
}

fn template_of(template: &Spanned<String>, report: &mut Report) -> Option<Template> {
    // A name is made for every layer: what it is made of is bounded.
    let [places, blocks] = ["{", "{block}"].map(|piece| template.value.matches(piece).count());
    if places > limits::PLACES || blocks > 1 {
        let message = format!("a name has {places} placeholders, {blocks} of them `{{block}}`");
        let label = format!("expected at most {}, and `{{block}}` once", limits::PLACES);
        report.push(Diagnostic::error(Code::OutOfRange, template.span, message, label));
        return None;
    }
    match Template::parse(&template.value) {
        Ok(template) => Some(template),
        Err(unknown) => {
            let rest = template.value.get(unknown.start..).expect("a placeholder stands in its template");
            if !rest.contains('}') {
                let message = format!("the placeholder {} has no end", suggest::quoted(&format!("{{{}", unknown.text)));
                let error = Diagnostic::error(Code::UnknownName, template.span, message, "`}` is missing");
                report.push(error.help(format!("write `{{{}}}`", unknown.text)));
                return None;
            }
            let message = format!("there is no placeholder {}", suggest::quoted(&format!("{{{}}}", unknown.text)));
            let label = format!("expected {}", suggest::list(PLACEHOLDERS));
            report.push(Diagnostic::error(Code::UnknownName, template.span, message, label).note(
                "numbers are added and multiplied, and written in figures or letters: `{2 * stage + index + 1}`, \
                         `{letter(index)}`",
            ));
            None
        }
    }
}

fn suffixes(names: &ast::Names, parameters: &mut ParameterNames, has_base: bool, report: &mut Report) {
    const KINDS: [&str; 8] = ["kernel", "bias", "scale", "shift", "mean", "variance", "gain", "ignored"];
    let mut said = Vec::new();
    for Row { selector, template, spelling } in &names.suffixes {
        no_spelling(spelling.as_ref(), report);
        let (word, rest) = &selector.value;
        let place = match word.as_str() {
            _ if rest.is_some() => None,
            "kernel" => Some(&mut parameters.kernel),
            "bias" => Some(&mut parameters.bias),
            "scale" => Some(&mut parameters.scale),
            "shift" => Some(&mut parameters.shift),
            "mean" => Some(&mut parameters.mean),
            "variance" => Some(&mut parameters.variance),
            "gain" => Some(&mut parameters.gain),
            "ignored" => {
                parameters.ignored.push(template.value.clone());
                continue;
            }
            _ => None,
        };
        if let Some((_, first)) = said.iter().find(|(known, _)| known == word) {
            let name = Spanned::new(word.clone(), selector.span);
            report.push(dsl::twice("parameter", &name, *first).help("remove one of them"));
        } else if let Some(place) = place {
            place.clone_from(&template.value);
            said.push((word.as_str(), selector.span));
        } else {
            let message = format!("there is no parameter {}", suggest::quoted(word));
            let label = format!("expected {}", suggest::list(KINDS));
            let error = Diagnostic::error(Code::UnknownKey, selector.span, message, label);
            report.push(elsewhere::fixed(error, word, selector.span, KINDS));
        }
    }
    let ParameterNames { kernel, bias, scale, shift, mean, variance, .. } = parameters;
    for layer in [
        &[("kernel", kernel), ("bias", bias)][..],
        &[("scale", scale), ("shift", shift), ("mean", mean), ("variance", variance)],
    ] {
        for (at, (word, suffix)) in layer.iter().enumerate() {
            if let Some((first, _)) = layer.iter().take(at).find(|(_, known)| known == suffix) {
                let span = said.iter().find(|(known, _)| known == word || known == first).map(|(_, span)| *span);
                let message = format!("`{first}` and `{word}` of a layer are both called `{suffix}`");
                let label = "two tensors of a layer need two names";
                report.push(Diagnostic::error(Code::DuplicateName, span.unwrap_or(names.name.span), message, label));
            }
        }
    }
    let required = ["kernel", "bias", "scale", "shift", "mean", "variance"];
    let missing: Vec<_> = required.into_iter().filter(|word| !said.iter().any(|(known, _)| known == word)).collect();
    if !has_base && !missing.is_empty() {
        let what = suggest::list(missing.iter().copied()).replace(" or ", " and ");
        report.push(
            Diagnostic::error(
                Code::MissingKey,
                names.name.span,
                format!("`parameters` does not say {what}"),
                "a table that extends none says how every parameter is called",
            )
            .help(format!("write `names {} extends torchvision`, and what differs", names.name.value)),
        );
    }
}
