//! Which parameter an argument is for.

use crate::diagnostic::suggest;
use crate::diagnostic::{Code, Diagnostic};
use crate::lang::ast::Signature;
use crate::lang::elsewhere;
use crate::source::{Span, Spanned};

/// The parameters of what is called, given to its arguments as they are written: each is for the parameter that it names,
/// else for the one that its variable is called after, else for the one at its position.
pub(super) struct Matching<'s> {
    owner: &'s str,
    names: Vec<&'s str>,
    /// Those that have an argument, and where it was written.
    told: Vec<(&'s str, Option<Span>)>,
    has_size: bool,
    position: usize,
}

impl<'s> Matching<'s> {
    pub(super) fn new(owner: &'s str, names: Vec<&'s str>) -> Self {
        Self { owner, names, told: Vec::new(), has_size: false, position: 0 }
    }

    /// The parameters of `signature`; a size before the brackets, as in `conv 3x3 (…)`, has told the kernel, which then has
    /// no position.
    pub(super) fn of(signature: &'s Signature, has_size: bool) -> Self {
        let names = signature.parameters.iter().map(|parameter| parameter.name.value.as_str()).collect();
        let told = if has_size { vec![("kernel", None)] } else { Vec::new() };
        Self { told, has_size, ..Self::new(&signature.name.value, names) }
    }

    /// Whether the parameter called `name` has an argument.
    pub(super) fn is_told(&self, name: &str) -> bool {
        self.told.iter().any(|(known, _)| *known == name)
    }

    /// The parameter for the next argument.
    pub(super) fn next(
        &mut self,
        name: Option<&Spanned<String>>,
        variable: Option<&str>,
        span: Span,
    ) -> Result<&'s str, Box<Diagnostic>> {
        let known = |word: &str| self.names.iter().copied().find(|known| *known == word);
        let found = match name {
            Some(name) => known(&name.value),
            None => variable.and_then(known).or_else(|| self.at(self.position)),
        };
        self.position += 1;
        let span = name.map_or(span, |name| name.span);
        let Some(found) = found else {
            return Err(Box::new(self.no_parameter(name.map(|name| name.value.as_str()), span)));
        };
        if let Some((_, first)) = self.told.iter().find(|(known, _)| *known == found) {
            let message = format!("a second argument `{found}`");
            let error = Diagnostic::error(Code::DefinedTwice, span, message, "it is said before");
            let error = match first {
                Some(first) => error.label(*first, "here"),
                None => error,
            };
            return Err(Box::new(error.help("remove one of them, or write which parameter is meant: `name = value`")));
        }
        self.told.push((found, Some(span)));
        Ok(found)
    }

    fn at(&self, position: usize) -> Option<&'s str> {
        self.names.iter().copied().filter(|name| !(self.has_size && *name == "kernel")).nth(position)
    }

    fn no_parameter(&self, name: Option<&str>, span: Span) -> Diagnostic {
        let Self { owner, names, .. } = self;
        let expected = if names.is_empty() {
            "it takes none".to_owned()
        } else {
            format!("expected {}", suggest::list(names.iter().copied()))
        };
        if let Some(name) = name {
            let message = format!("`{owner}` has no parameter {}", suggest::quoted(name));
            let error = Diagnostic::error(Code::UnknownKey, span, message, expected);
            elsewhere::fixed(error, name, span, names.iter().copied())
        } else {
            let count = names.len();
            let message = format!("`{owner}` has {count} parameter{}", if count == 1 { "" } else { "s" });
            Diagnostic::error(Code::WrongArguments, span, message, "this is one argument too many").note(expected)
        }
    }
}
