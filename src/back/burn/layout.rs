//! How expressions are broken over lines: as rustfmt does with `max_width = 120` and `use_small_heuristics = "Max"`,
//! the settings that the generated crate carries. No other place decides a width.

use super::quote::{RustIdent, RustType};
use std::fmt;

const WIDTH: usize = 120;
const STEP: usize = 4;

/// An expression that may be broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expr {
    /// A piece that is never broken.
    Atom(Code),
    /// A value and calls of its methods.
    Chain(Box<Self>, Vec<Self>),
    /// A struct literal.
    Struct(RustType, Vec<(RustIdent, Expr)>),
    /// A value that is there if a flag says so.
    Optional(RustIdent, Box<Expr>),
    /// A function and its arguments.
    Call(Code, Vec<Expr>),
    /// A borrowed array.
    Array(Vec<Expr>),
}

/// Rust, made by this back end from names and numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Code(String);

impl Code {
    /// What the arguments print: for `format_args!` over the types of [`super::quote`] and numbers only.
    pub(super) fn new(arguments: fmt::Arguments<'_>) -> Self {
        Self(arguments.to_string())
    }

    /// How many columns it takes.
    pub(super) fn width(&self) -> usize {
        self.0.chars().count()
    }

    /// Whether `self`, on a line of its own with `beside` columns of other text, is too long for it.
    pub(super) fn overflows(&self, beside: usize) -> bool {
        self.width() + beside > WIDTH
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Expr {
    /// A piece that is never broken.
    pub(super) fn atom(arguments: fmt::Arguments<'_>) -> Self {
        Self::Atom(Code::new(arguments))
    }

    /// `before`, the expression and `after` as lines at `indent`; the indentation of the first is left to the template.
    pub(super) fn line(&self, indent: usize, before: fmt::Arguments<'_>, after: &'static str) -> Code {
        let before = before.to_string();
        let column = indent + before.chars().count();
        Code(format!("{before}{}{after}", self.lay_out(indent, column, after.len())))
    }

    fn flat(&self) -> String {
        let list = |items: &[Self]| items.iter().map(Self::flat).collect::<Vec<_>>().join(", ");
        match self {
            Self::Atom(code) => code.0.clone(),
            Self::Chain(head, calls) => calls.iter().fold(head.flat(), |text, call| format!("{text}.{}", call.flat())),
            Self::Struct(name, fields) if fields.is_empty() => format!("{name} {{}}"),
            Self::Struct(name, fields) => {
                let fields: Vec<_> = fields.iter().map(|(field, value)| assign(field, &value.flat())).collect();
                format!("{name} {{ {} }}", fields.join(", "))
            }
            Self::Optional(flag, value) => format!("{flag}.{}{})", value.then(), value.flat()),
            Self::Call(function, arguments) => format!("{function}({})", list(arguments)),
            Self::Array(items) => format!("&[{}]", list(items)),
        }
    }

    /// The method that makes it optional: lazily, if making it calls anything.
    fn then(&self) -> &'static str {
        if self.is_free() { "then_some(" } else { "then(|| " }
    }

    fn is_free(&self) -> bool {
        match self {
            Self::Atom(_) => true,
            Self::Struct(_, fields) => fields.iter().all(|(_, value)| value.is_free()),
            Self::Chain(..) | Self::Optional(..) | Self::Call(..) | Self::Array(_) => false,
        }
    }

    /// The expression at `column` of a line that is indented by `indent` and goes on for `after` columns.
    fn lay_out(&self, indent: usize, column: usize, after: usize) -> String {
        let flat = self.flat();
        if column + flat.chars().count() + after <= WIDTH { flat } else { self.broken(indent, after) }
    }

    fn broken(&self, indent: usize, after: usize) -> String {
        let inner = indent + STEP;
        let (close, open) = (margin(indent), margin(inner));
        let items = |items: &[Self]| {
            let line = |item: &Self| format!("{open}{},", item.lay_out(inner, inner, 1));
            items.iter().fold(String::new(), |text, item| text + &line(item))
        };
        match self {
            Self::Atom(code) => code.0.clone(),
            Self::Chain(head, calls) => {
                // rustfmt leaves a column beside the head of a chain.
                let head = head.lay_out(indent, indent, 1);
                // The calls of a head that is broken itself stand below its end.
                let (indent, before) = if head.contains('\n') { (indent, close) } else { (inner, open) };
                let (last, others) = calls.split_last().map_or((None, &[][..]), |(last, others)| (Some(last), others));
                let calls = others.iter().map(|call| (call, 0)).chain(last.map(|call| (call, after)));
                let call =
                    |(call, after): (&Self, usize)| format!("{before}.{}", call.lay_out(indent, indent + 1, after));
                calls.fold(head, |text, next| text + &call(next))
            }
            Self::Struct(name, fields) => {
                let field = |(field, value): &(RustIdent, Self)| {
                    let column = inner + field.to_string().len() + ": ".len();
                    format!("{open}{},", assign(field, &value.lay_out(inner, column, 1)))
                };
                format!("{name} {{{}{close}}}", fields.iter().map(field).collect::<String>())
            }
            Self::Optional(flag, value) => {
                let below = format!(".{}{})", value.then(), value.flat());
                if inner + below.chars().count() + after <= WIDTH {
                    return format!("{flag}{open}{below}");
                }
                match &**value {
                    Self::Struct(..) => format!("{flag}.{}{})", value.then(), value.broken(indent, 0)),
                    value => format!("{flag}.{}{{{open}{}{close}}})", value.then(), value.lay_out(inner, inner, 0)),
                }
            }
            // A lone call shares the brackets.
            Self::Call(function, arguments) => match arguments.as_slice() {
                [only @ Self::Call(..)] => format!("{function}({})", only.broken(indent, 0)),
                arguments => match arguments.iter().map(Self::short).collect::<Option<Vec<_>>>() {
                    Some(short) => format!("{function}({}{close})", filled(inner, &short)),
                    None => format!("{function}({}{close})", items(arguments)),
                },
            },
            // rustfmt lets a single call or tuple share the array's brackets.
            Self::Array(elements) => match elements.as_slice() {
                [only @ Self::Call(..)] => format!("&[{}]", only.broken(indent, 0)),
                elements => format!("&[{}{close}]", items(elements)),
            },
        }
    }

    /// A literal or a variable of the length up to which rustfmt puts several on a line.
    fn short(&self) -> Option<Code> {
        const LENGTH: usize = 10;
        let is_simple = |code: &&Code| {
            code.width() <= LENGTH && code.0.chars().all(|char| char.is_ascii_alphanumeric() || "_.-".contains(char))
        };
        match self {
            Self::Atom(code) => Some(code).filter(is_simple).cloned(),
            Self::Chain(..) | Self::Struct(..) | Self::Optional(..) | Self::Call(..) | Self::Array(_) => None,
        }
    }

    /// The statement that takes `value` apart, of which the expression is the pattern.
    pub(super) fn pattern(&self, indent: usize, value: &'static str) -> Code {
        let flat = format!("let {} =", self.flat());
        let room = WIDTH - indent;
        // rustfmt counts the equals sign's column as free.
        if flat.len() <= room + 1 && flat.len() + " ;".len() + value.len() > room {
            return Code(format!("{flat}{}{value};", margin(indent + STEP)));
        }
        Code(format!("let {} = {value};", self.lay_out(indent, indent + "let ".len(), " = ;".len() + value.len())))
    }
}

/// A field of a struct literal; short where its value is a variable of its name.
fn assign(field: &RustIdent, value: &str) -> String {
    let field = field.to_string();
    if field == value { field } else { format!("{field}: {value}") }
}

fn margin(indent: usize) -> String {
    format!("\n{}", " ".repeat(indent))
}

/// What stands between `use` and the semicolon, for `names` of the module `path`; nothing where there are none.
pub(super) fn import(path: &Code, names: &[Code]) -> Option<Code> {
    let flat = match names {
        [] => return None,
        [name] => return Some(Code(format!("{path}::{name}"))),
        several => format!("{path}::{{{}}}", several.iter().map(Code::to_string).collect::<Vec<_>>().join(", ")),
    };
    if "use ;".len() + flat.chars().count() <= WIDTH {
        return Some(Code(flat));
    }
    Some(Code(format!("{path}::{{{}\n}}", filled(STEP, names))))
}

/// `items` on as few lines as they need at `indent`, each with a comma.
fn filled(indent: usize, items: &[Code]) -> String {
    let mut lines = String::new();
    let mut column = WIDTH;
    for item in items {
        let width = " ,".len() + item.width();
        // The first item of a line has the margin for its space.
        let (before, start) =
            if column + width <= WIDTH { (" ".to_owned(), column) } else { (margin(indent), indent - 1) };
        lines = format!("{lines}{before}{item},");
        column = start + width;
    }
    lines
}

/// `text` broken into lines of documentation at `indent`.
pub(super) fn paragraph(indent: usize, text: &str) -> Vec<super::quote::Comment> {
    let room = WIDTH - indent - "/// ".len();
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| super::quote::Comment::new(line)).collect()
}
