//! Dialects: from their definitions in the language to [`Dialect`] values.
//!
//! In: a name, and what the description defines. Out: the dialect, with its table of names, or what is wrong with it.
//! Those that ship stand in `library/dialects/`, embedded in the program.

mod field;
pub mod init;
mod table;

pub use field::{names, value, words};

use crate::diagnostic::suggest::{self, Words};
use crate::diagnostic::{Code, Diagnostic, Report};
use crate::front::dsl;
use crate::ir::Dialect;
use crate::lang::elsewhere;
use crate::lang::{self, Definitions, ast};
use crate::limits;
use crate::source::{Source, Span, Spanned};
use std::sync::{Arc, OnceLock};

/// A dialect that ships, parsed or not.
struct Entry {
    name: &'static str,
    text: &'static str,
    definitions: OnceLock<Definitions>,
    dialect: OnceLock<Option<Arc<Dialect>>>,
}

macro_rules! dialects {
    ($($name:literal),*) => {
        /// The names of the dialects that ship, in the order in which messages list them.
        pub const NAMES: [&str; [$($name),*].len()] = [$($name),*];

        static ALL: [Entry; NAMES.len()] = [$(Entry {
            name: $name,
            text: include_str!(concat!("../../library/dialects/", $name, ".resnet")),
            definitions: OnceLock::new(),
            dialect: OnceLock::new(),
        },)*];
    };
}

dialects!["torchvision", "keras", "paper", "timm"];

/// The dialect called `name` that ships.
#[must_use]
pub fn find(name: &str) -> Option<Arc<Dialect>> {
    let entry = ALL.iter().find(|entry| entry.name == name)?;
    let make = || {
        let dialect = entry.definitions().dialects.first()?;
        Resolver { own: None, report: &mut Report::default() }.dialect(dialect, 0).map(Arc::new)
    };
    entry.dialect.get_or_init(make).clone()
}

/// The text of the dialect called `name` that ships, with its table of names.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    ALL.iter().find(|entry| entry.name == name).map(|entry| entry.text)
}

impl Entry {
    fn definitions(&self) -> &Definitions {
        self.definitions.get_or_init(|| {
            let source = Source::new(format!("library/dialects/{}.resnet", self.name), self.text);
            dsl::definitions(&source, 0..self.text.len(), &mut Report::default()).unwrap_or_default()
        })
    }
}

/// The dialect called `name` for a description that defines `own`: one of these, or one that ships.
#[must_use]
pub fn lookup(name: &str, own: &Definitions) -> Option<Arc<Dialect>> {
    let name = Spanned::new(name.to_owned(), Span::default());
    resolve(&name, own, Words::Bare, &mut Report::default())
}

/// The dialect that a description names: one of its own, or one that ships.
pub fn resolve(name: &Spanned<String>, own: &Definitions, words: Words, report: &mut Report) -> Option<Arc<Dialect>> {
    if let Some(dialect) = own.dialects.iter().find(|dialect| dialect.name.value == name.value) {
        return Resolver { own: Some(own), report }.dialect(dialect, 0).map(Arc::new);
    }
    if let Some(dialect) = find(&name.value) {
        return Some(dialect);
    }
    report.push(unknown("dialect", name, own.dialects.iter().map(|dialect| dialect.name.value.as_str()), words));
    None
}

/// The blocks for which the tables of a description have sections, as they are written there.
pub fn sections(own: &Definitions) -> impl Iterator<Item = &Spanned<String>> {
    own.names.iter().flat_map(|names| names.sections.iter().map(|(kind, _)| kind))
}

/// Checks the dialects and tables that a description defines, used or not.
pub fn check(own: &Definitions, used: &str, report: &mut Report) {
    let dialects: Vec<_> = own.dialects.iter().map(|dialect| &dialect.name).collect();
    let tables: Vec<_> = own.names.iter().map(|names| &names.name).collect();
    let before = report.count();
    for (what, one, names) in [("dialects", "dialect", dialects), ("tables of names", "table of names", tables)] {
        // No more are compared than there may be.
        let most = names.get(..limits::TABLES).unwrap_or(&names);
        for (at, name) in most.iter().enumerate() {
            if let Some(error) = lang::refused(name) {
                report.push(error);
            }
            let first = most.iter().take(at).find(|first| first.value == name.value);
            if let Some(first) = first {
                report.push(dsl::twice(one, name, first.span).help("give one of them another name"));
            }
        }
        if let Some(name) = names.get(limits::TABLES) {
            let message = format!("the description has {} {what}", names.len());
            let label = format!("the limit of {} is exceeded here", limits::TABLES);
            report.push(Diagnostic::error(Code::SourceTooLarge, name.span, message, label));
        }
    }
    if report.count() > before {
        return;
    }
    for dialect in own.dialects.iter().filter(|dialect| dialect.name.value != used) {
        Resolver { own: Some(own), report }.dialect(dialect, 0);
    }
    for names in &own.names {
        let is_used = own
            .dialects
            .iter()
            .any(|dialect| dialect.settings.iter().any(|setting| setting.value.variable() == Some(&names.name.value)));
        if !is_used {
            Resolver { own: Some(own), report }.names(names, 0);
        }
    }
}

fn unknown<'a>(
    what: &str,
    name: &Spanned<String>,
    own: impl Iterator<Item = &'a str> + Clone,
    words: Words,
) -> Diagnostic {
    let choices = own.chain(NAMES);
    let message = format!("there is no {what} {}", suggest::quoted(&name.value));
    elsewhere::unknown_word(message, &name.value, name.span, choices, words)
}

/// Follows `extends`.
struct Resolver<'a, 'r> {
    /// The definitions of a description; `None` inside the library.
    own: Option<&'a Definitions>,
    report: &'r mut Report,
}

impl Resolver<'_, '_> {
    fn dialect(&mut self, dialect: &ast::Dialect, depth: usize) -> Option<Dialect> {
        let base = match &dialect.base {
            Some(base) => Some(self.base_dialect(base, &dialect.name, depth)?),
            None => None,
        };
        let mut draft = field::Draft::new(dialect, base);
        let mut has_names = true;
        for setting in &dialect.settings {
            if setting.name.value == "names" {
                draft.names = self.table_of(setting);
                has_names = draft.names.is_some();
                continue;
            }
            if let Err(error) = draft.set(setting) {
                self.report.push(*error);
            }
        }
        // What is wrong with the table is said.
        if !has_names {
            return None;
        }
        draft.finish().map_err(|error| self.report.push(*error)).ok()
    }

    fn base_dialect(&mut self, base: &Spanned<String>, name: &Spanned<String>, depth: usize) -> Option<Dialect> {
        let own = self.own.and_then(|own| own.dialects.iter().find(|known| known.name.value == base.value));
        match own {
            _ if depth >= limits::CHAIN => {
                let next = |name: &str| {
                    let own = self.own?.dialects.iter().find(|known| known.name.value == name)?;
                    own.base.as_ref().map(|base| base.value.as_str())
                };
                self.report.push(endless("dialect", base, name, next));
                None
            }
            Some(own) => self.dialect(own, depth + 1),
            None => {
                let found = find(&base.value);
                if found.is_none() {
                    let own = self.own.map(|own| own.dialects.as_slice()).unwrap_or_default();
                    let own = own.iter().map(|dialect| dialect.name.value.as_str());
                    self.report.push(unknown("dialect", base, own, Words::Bare));
                }
                found.map(|dialect| (*dialect).clone())
            }
        }
    }

    /// The table that a setting names.
    fn table_of(&mut self, setting: &ast::Setting) -> Option<crate::ir::names::NameTable> {
        let Some(word) = setting.value.variable() else {
            let message = "`names` is not the name of a table";
            self.report.push(Diagnostic::error(
                Code::WrongType,
                setting.value.span,
                message,
                "expected `torchvision`, `keras`, …",
            ));
            return None;
        };
        self.table(&Spanned::new(word.to_owned(), setting.value.span), &setting.name, 0)
    }

    fn table(
        &mut self,
        name: &Spanned<String>,
        user: &Spanned<String>,
        depth: usize,
    ) -> Option<crate::ir::names::NameTable> {
        let own = self.own.and_then(|own| own.names.iter().find(|known| known.name.value == name.value));
        let shipped =
            || ALL.iter().flat_map(|entry| &entry.definitions().names).find(|known| known.name.value == name.value);
        let found = own.or_else(shipped);
        match found {
            Some(_) if depth > limits::CHAIN => {
                let next = |name: &str| {
                    let own = self.own?.names.iter().find(|known| known.name.value == name)?;
                    own.base.as_ref().map(|base| base.value.as_str())
                };
                self.report.push(endless("table", name, user, next));
                None
            }
            Some(names) => self.names(names, depth),
            None => {
                let own = self.own.map(|own| own.names.as_slice()).unwrap_or_default();
                let own = own.iter().map(|names| names.name.value.as_str());
                self.report.push(unknown("table of names", name, own, Words::Bare));
                None
            }
        }
    }

    fn names(&mut self, names: &ast::Names, depth: usize) -> Option<crate::ir::names::NameTable> {
        let base = match &names.base {
            Some(base) => Some(self.table(base, &names.name, depth + 1)?),
            None => None,
        };
        table::build(names, base, self.report)
    }
}

/// The error for a chain of `extends` that is longer than the limit at `base`: it closes a circle, or is only long. `next`
/// is what a definition extends.
fn endless<'a>(
    what: &str,
    base: &'a Spanned<String>,
    name: &Spanned<String>,
    next: impl Fn(&str) -> Option<&'a str>,
) -> Diagnostic {
    let mut chain = std::iter::successors(next(&base.value), |&name| next(name)).take(limits::TABLES);
    if !chain.any(|name| name == base.value) {
        let message = format!("the {what} `{}` ends a chain of `extends` that is too long", name.value);
        let label = format!("expected at most {} links", limits::CHAIN);
        return Diagnostic::error(Code::TooDeep, base.span, message, label);
    }
    let message = format!("the {what} `{}` extends itself", name.value);
    Diagnostic::error(Code::Recursion, base.span, message, "the circle closes here").help("remove one `extends`")
}
