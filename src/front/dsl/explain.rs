//! What did not parse, in the user's words.
//!
//! The grammar says how far a statement could be read and what could have stood there; the tokens say what does.

use super::scan::{Kind, Token};
use super::slip::{self, Line};
use super::tree::{Grammar, Node, Rule};
use crate::diagnostic::{Code, Diagnostic, Report, Severity, suggest};
use crate::ir::Label;
use crate::lang::RESERVED;
use crate::lang::elsewhere;
use crate::source::{Source, Span, Spanned};
use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};

/// A part of the text that no statement of its place begins with.
pub(super) struct Stray<'a> {
    source: &'a Source,
    text: &'a str,
    start: usize,
    span: Span,
    /// Its tokens alone.
    tokens: &'a [Token],
    /// What stands before it on its line: the last token of a statement that was over.
    before: Option<&'a Token>,
    line: Line<'a>,
}

impl<'a> Stray<'a> {
    pub(super) fn new(source: &'a Source, base: usize, tokens: &'a [Token], node: &Node<'a>) -> Self {
        let text = node.as_str();
        let start = base + node.as_span().start();
        let span = source.span(start..start + text.trim_end().len());
        let from = tokens.partition_point(|token| token.range.end <= start);
        let to = tokens.partition_point(|token| token.range.start < start + text.len());
        let before = from.checked_sub(1).and_then(|at| tokens.get(at)).filter(|before| {
            let bracket = matches!(before.kind, Kind::Open | Kind::Close)
                && source.slice(source.span(before.range.clone())) != ")";
            before.kind != Kind::Newline && !bracket
        });
        let line = Line::new(source, tokens, from, to);
        Self { source, text, start, span, tokens: tokens.get(from..to).unwrap_or_default(), before, line }
    }

    /// The words of its line.
    pub(super) fn words(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.line.words()
    }

    /// Where the statement before it on its line ends.
    pub(super) fn behind(&self) -> Option<usize> {
        self.before.and_then(|_| self.line.end_of_read())
    }

    /// What is wrong with it, where a statement is read as `strict` says.
    pub(super) fn explain(&self, strict: Rule) -> Diagnostic {
        let Self { source, text, start, span, tokens, before, .. } = *self;
        if let Some(slip) = slip::find(&self.line, strict) {
            return slip;
        }
        if let (Some(before), Some(found)) = (before, tokens.first()) {
            return cut_off(source, before, found, tokens.get(1));
        }
        let rule = if text.starts_with('(') { Rule::only_arguments } else { strict };
        match Grammar::parse(rule, text) {
            Err(error) => described(source, start, tokens, span, &error, strict),
            // It is a statement, of another place.
            Ok(_) => misplaced(source, tokens, span, strict),
        }
    }
}

/// Warns of comments that were meant as divisions: `filters // 4` is `filters`, and a comment.
pub(super) fn divisions(source: &Source, tokens: &[Token], report: &mut Report) {
    for pair in tokens.windows(2) {
        let [before, comment] = pair else { continue };
        if comment.kind != Kind::Comment || !matches!(before.kind, Kind::Word | Kind::Number | Kind::Close) {
            continue;
        }
        let text = source.text().get(comment.range.clone()).unwrap_or_default();
        let divisor = text.trim_start_matches("//").trim().trim_end_matches([')', ',', ' ']);
        if !divisor.is_empty() && divisor.bytes().all(|byte| byte.is_ascii_digit()) {
            let span = source.span(comment.range.start..comment.range.start + text.trim_end().len());
            let message = format!("`// {divisor}` is a comment, and divides nothing");
            let error =
                Diagnostic::error(Code::CommentOfANumber, span, message, "what stands before it is all there is")
                    .help(format!("for a quotient without its rest write `floor(… / {divisor})`"));
            report.push(Diagnostic { severity: Severity::Warning, ..error });
        }
    }
}

/// The error for what follows a statement on its line and does not belong to it.
fn cut_off(source: &Source, before: &Token, found: &Token, after: Option<&Token>) -> Diagnostic {
    let word = |token: &Token| source.slice(source.span(token.range.clone())).to_owned();
    let place = source.span(found.range.clone());
    let message = format!("{} cannot stand here", suggest::quoted(&word(found)));
    let error = Diagnostic::error(Code::DslSyntax, place, message, "the statement before it is over");
    let after = after.map(word).unwrap_or_default();
    match (before.kind, word(found).as_str()) {
        (Kind::Word, "=") => error.help(format!("a variable is declared: `let {} = …`", word(before))),
        (_, "stride") if after == "=" => error.help("a stage's stride has no `=`: `stage basic(64) * 3 stride 2`"),
        (_, "as") => error.help("a role is a word: `norm as last_norm`"),
        _ => error,
    }
}

/// The error for a whole text that does not parse.
pub(super) fn failure(source: &Source, base: usize, tokens: &[Token], error: &Error<Rule>) -> Diagnostic {
    let end = source.text().len();
    described(source, base, tokens, source.span(end..end), error, Rule::only_item)
}

fn described(
    source: &Source,
    start: usize,
    tokens: &[Token],
    span: Span,
    error: &Error<Rule>,
    strict: Rule,
) -> Diagnostic {
    let at = start
        + match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
        };
    let significant = || tokens.iter().filter(|token| !matches!(token.kind, Kind::Comment | Kind::Newline));
    let end = span.range().end;
    let found = significant().find(|token| token.range.start >= at && token.range.start < end);
    let before = significant().rev().find(|token| token.range.end <= at && token.range.start >= start);
    let first = significant().find(|token| token.range.start >= start);
    let word = |token: &Token| source.slice(source.span(token.range.clone())).to_owned();
    let expected = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => expected(positives),
        ErrorVariant::CustomError { .. } => String::new(),
    };
    let begins = first.is_some_and(|first| found.is_some_and(|found| found.range == first.range));
    let shape = first.and_then(|first| form(&word(first), strict));
    let (place, message) = match found {
        Some(token) if begins && shape.is_some() => {
            (source.span(token.range.clone()), format!("this {} is not complete", suggest::quoted(&word(token))))
        }
        Some(token) if begins => (
            source.span(token.range.clone()),
            format!("no {} begins with {}", noun(strict), suggest::quoted(&word(token))),
        ),
        Some(token) => {
            (source.span(token.range.clone()), format!("{} cannot stand here", suggest::quoted(&word(token))))
        }
        None => {
            let end = before.map_or(end, |token| token.range.end);
            let name = first.map_or_else(|| "statement".to_owned(), |first| suggest::quoted(&word(first)));
            (source.span(end..end), format!("the {name} is not complete"))
        }
    };
    let label = match found {
        Some(_) if begins && shape.is_some() => "something is missing, or stands where it does not belong".to_owned(),
        Some(_) if begins => format!("expected a {}", noun(strict)),
        _ if expected.is_empty() => "it does not go on like this".to_owned(),
        _ => format!("expected {expected}"),
    };
    let label_needs_name = label.contains("a name");
    let is_inside = found.is_some_and(|found| is_inside_brackets(tokens, start, found));
    let label =
        if is_inside && expected == "an operator" { "expected a comma or an operator".to_owned() } else { label };
    let error = Diagnostic::error(Code::DslSyntax, place, message, label);
    // An argument with a name, after one that no comma ends.
    if let (Some(before), Some(found)) = (before, found)
        && found.kind == Kind::Word
        && matches!(before.kind, Kind::Word | Kind::Number | Kind::Text | Kind::Close)
        && significant()
            .find(|token| token.range.start >= found.range.end)
            .is_some_and(|next| matches!(word(next).as_str(), "=" | ":"))
        && is_inside
    {
        let between = source.span(before.range.end..found.range.start);
        return error.help("write a comma between the two").fix(between, ", ");
    }
    // `stride 2` for `stride = 2` is the commonest slip.
    if let (Some(before), Some(found)) = (before, found)
        && before.kind == Kind::Word
        && matches!(found.kind, Kind::Number | Kind::Word | Kind::Text)
        && !begins
        && is_inside
        && word(before) != word(found)
    {
        return error
            .help(format!("write `{} = {}`, or a comma between the two", word(before), word(found)))
            .fix(source.span(before.range.end..found.range.start), " = ");
    }
    if let Some(found) = found
        && source.text().get(found.range.start..).is_some_and(|rest| rest.starts_with("/*"))
    {
        return error.help("a comment begins with `//`, on every line");
    }
    if let Some(found) = found.map(word)
        && label_needs_name
    {
        if RESERVED.contains(&found.as_str()) {
            return error.note(format!("`{found}` is a word of the language")).help("use another name");
        }
        if found.starts_with('_') {
            return error.note("a name begins with a letter").help("use another name");
        }
    }
    if strict == Rule::only_branch && !begins {
        return error.note(format!("here {}", choices(strict)));
    }
    let braces = found.is_some_and(|found| word(found) == "{");
    if braces && significant().any(|token| word(token) == "if") && first.is_some_and(|first| word(first) == "let") {
        return error.help("a value is chosen without braces: `if stride == 1 then 8 else 16`");
    }
    match (shape, found) {
        (Some(form), _) => error.help(format!("write, for example: `{form}`")),
        (None, Some(token)) if begins => match elsewhere::meant(&word(token), openings(strict).iter().copied()) {
            Some(near) => error.help(format!("write `{near}`")).fix(place, near),
            None => error.note(format!("here {}", choices(strict))),
        },
        (None, _) => error,
    }
}

/// Whether `token` stands in round brackets that open after `start`.
fn is_inside_brackets(tokens: &[Token], start: usize, token: &Token) -> bool {
    let between = tokens.iter().filter(|known| known.range.start >= start && known.range.end <= token.range.start);
    let depth = between.fold(0_i64, |depth, token| match token.kind {
        Kind::Open => depth + 1,
        Kind::Close => depth - 1,
        _ => depth,
    });
    depth > 0
}

fn misplaced(source: &Source, tokens: &[Token], span: Span, strict: Rule) -> Diagnostic {
    let first = tokens.iter().find(|token| token.range.start >= span.range().start);
    let place = first.map_or(span, |first| source.span(first.range.clone()));
    let message = format!("no {} begins with {}", noun(strict), suggest::quoted(source.slice(place)));
    Diagnostic::error(Code::DslSyntax, place, message, "it cannot stand here").note(format!("here {}", choices(strict)))
}

/// The words with which a statement begins.
fn openings(strict: Rule) -> &'static [&'static str] {
    match strict {
        Rule::only_item => &["network", "block", "dialect", "names", "use"],
        Rule::only_network_statement => &["input", "stem", "stage", "head", "expect", "budget", "let", "use"],
        _ => &[],
    }
}

fn noun(strict: Rule) -> &'static str {
    match strict {
        Rule::only_item => "definition",
        Rule::only_branch => "branch",
        Rule::only_setting => "setting",
        Rule::only_row => "row",
        _ => "statement",
    }
}

fn choices(strict: Rule) -> &'static str {
    match strict {
        Rule::only_item => "`use dialect`, `network`, `block`, `dialect` or `names` begins a definition",
        Rule::only_branch => "a branch is a label and statements in braces: `main { conv 3x3 (64) }`",
        Rule::only_setting => "a setting is written `name = value`",
        Rule::only_row => "a row is a selector and a name: `main.conv \"{block}.conv{unit}\"`",
        Rule::only_network_statement => {
            "`use dialect`, `input`, `stem`, `stage`, `head`, `expect`, `budget` or `let` begins a statement"
        }
        _ => "a statement is a layer, a block, a label with braces, `let`, `if`, `for`, `unit`, `join` or `require`",
    }
}

/// How a statement that begins with `word` is written.
fn form(word: &str, strict: Rule) -> Option<&'static str> {
    Some(match (word, strict) {
        ("network", Rule::only_item) => "network resnet50(classes = 1000) { … }",
        ("block", Rule::only_item) => "block basic(filters, stride = 1) { … }",
        ("use", _) => "use dialect torchvision",
        ("dialect", Rule::only_item) => "dialect mine extends torchvision { norm_epsilon = 1e-3 }",
        ("names", Rule::only_item) => "names mine extends torchvision { stem.conv \"stem\" }",
        ("input", Rule::only_network_statement) => "input 3 x 224 x 224",
        ("stem", Rule::only_network_statement) => "stem imagenet(64)",
        ("stage", Rule::only_network_statement) => "stage bottleneck(128) * 4 stride 2",
        ("head", Rule::only_network_statement) => "head classifier(1000)",
        ("expect" | "budget", Rule::only_network_statement) => "expect { parameters = 25557032 }",
        ("let", _) => "let wide = 2 * filters",
        ("if", Rule::only_statement) => "if stride != 1 { … } else { … }",
        ("for", Rule::only_statement) => "for step in 0..3 { … }",
        ("for", Rule::only_row) => "for bottleneck { main.conv \"{block}.conv{unit}\" }",
        ("unit", Rule::only_statement) => "unit 1 { … }",
        ("join", Rule::only_statement) => "join add { main { … } skip { … } }",
        ("require", Rule::only_statement) => "require stride <= 2 else \"the stride is 1 or 2\"",
        ("conv", Rule::only_statement) => "conv 3x3 (64, stride = 2)",
        _ => return None,
    })
}

/// What could have stood there, of the rules that were tried.
fn expected(rules: &[Rule]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for rule in rules {
        let word = match rule {
            Rule::expression
            | Rule::operation
            | Rule::conditional
            | Rule::integer
            | Rule::float
            | Rule::boolean
            | Rule::string
            | Rule::list
            | Rule::grouped
            | Rule::reference
            | Rule::bound
            | Rule::range => "a value",
            Rule::either
            | Rule::both
            | Rule::equal
            | Rule::unequal
            | Rule::at_most
            | Rule::at_least
            | Rule::below
            | Rule::above
            | Rule::plus
            | Rule::minus
            | Rule::times
            | Rule::over
            | Rule::modulo => "an operator",
            Rule::name | Rule::label | Rule::network_name | Rule::reference_name | Rule::call | Rule::part => "a name",
            Rule::body => "`{`",
            Rule::parameters => "`(`",
            Rule::join_kind => "`add`, `concat` or `multiply`",
            Rule::operand => "a number",
            Rule::domain => "a type",
            Rule::default => "a comma or a default",
            Rule::parameter => "a parameter",
            Rule::branch => "a branch",
            Rule::row | Rule::selector => "a row",
            _ => continue,
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.len() > 1 {
        // Going on with an expression is always possible, and seldom what is meant.
        words.retain(|word| *word != "an operator");
    }
    words.join(" or ")
}

/// The error for a label that is too long.
pub(super) fn long_label(span: Span, text: &str) -> Diagnostic {
    let message = format!("the label {} is too long", suggest::quoted(text));
    let label = format!("it has {} characters, and {} are allowed", text.len(), Label::LENGTH);
    Diagnostic::error(Code::DslSyntax, span, message, label).help("use a shorter word")
}

/// The error for a number of too many digits.
pub(super) fn large_number(span: Span, text: &str) -> Diagnostic {
    let message = format!("{} is too large", suggest::quoted(text));
    Diagnostic::error(Code::OutOfRange, span, message, "it is beyond what a number can hold")
        .help("use a smaller number")
}

/// The error for a definition of `name` that is there already, at `first`.
pub(crate) fn twice(what: &str, name: &Spanned<String>, first: Span) -> Diagnostic {
    let message = if name.value == what {
        format!("a second {what}")
    } else {
        format!("a second {what} {}", suggest::quoted(&name.value))
    };
    Diagnostic::error(Code::DefinedTwice, name.span, message, "the second").label(first, "the first")
}

/// The error for a name that is neither a variable nor a word of its place.
pub(super) fn unknown_name<'a>(word: &str, span: Span, names: impl Iterator<Item = &'a str>) -> Diagnostic {
    let message = format!("there is no variable {}", suggest::quoted(word));
    let error = Diagnostic::error(Code::UnknownName, span, message, "expected a number or the name of one");
    elsewhere::fixed(error, word, span, names)
}

/// The lint for a name that nothing uses.
pub(super) fn unused(what: &str, name: &str, span: Span) -> Diagnostic {
    let error = Diagnostic::error(
        Code::UnusedParameter,
        span,
        format!("the {what} {} is not used", suggest::quoted(name)),
        "nothing reads it",
    )
    .help(format!("use it, remove it, or call it `{name}_` if that is meant"));
    Diagnostic { severity: Severity::Warning, ..error }
}

/// The error for work without end.
pub(super) fn too_much_work(span: Span, limit: usize) -> Diagnostic {
    Diagnostic::error(
        Code::TooMuchWork,
        span,
        format!("more than {limit} steps of evaluation"),
        "the limit is reached here",
    )
}
