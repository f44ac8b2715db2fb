//! Slips that parse: statements and expressions that mean something in another language.

use super::scope::Blocks;
use crate::diagnostic::suggest;
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::Label;
use crate::ir::op::Activation;
use crate::lang::ast::{Branch, Expression, ExpressionKind, Passed, Statement, StatementKind, Step};
use crate::lang::{Value, elsewhere};
use crate::library;
use crate::source::{Span, Spanned};

/// Whether `value` is a layer with arguments, which is no number.
pub(super) fn names_a_tensor(value: &Expression, blocks: Blocks<'_>) -> bool {
    match &value.kind {
        ExpressionKind::Call(name, _) => {
            library::layer(&name.value).is_some() && blocks.find(&name.value, false).is_none()
        }
        _ => false,
    }
}

/// The error for `let name = conv(…)`.
pub(super) fn tensor_with_a_name(name: &Spanned<String>, value: &Expression, span: Span) -> Diagnostic {
    let message = format!("`{}` would be a tensor, and a tensor has no name", name.value);
    let error = Diagnostic::error(Code::UnknownName, span, message, "each statement goes on from the tensor before");
    let help = "leave out `let` and the name; an earlier tensor is read by a branch of a `join`, as `skip {}`";
    match call(value) {
        Some(written) => error.help(help).fix(span, written),
        None => error.help(help),
    }
}

/// A call all of whose arguments are names and constants, as it is written.
fn call(value: &Expression) -> Option<String> {
    let ExpressionKind::Call(name, passed) = &value.kind else { return None };
    let arguments = passed.iter().map(argument).collect::<Option<Vec<_>>>()?;
    Some(format!("{}({})", name.value, arguments.join(", ")))
}

fn argument(passed: &Passed) -> Option<String> {
    let value = passed.value.constant()?;
    Some(match &passed.name {
        Some(name) => format!("{} = {value}", name.value),
        None => value.to_string(),
    })
}

/// The error for a layer where a value stands.
pub(super) fn layer_as_value(name: &str, span: Span) -> Diagnostic {
    let message = format!("`{name}` is a layer, and no value");
    Diagnostic::error(Code::UnknownName, span, message, "expected a value").help(as_block(name))
}

/// How a layer becomes a value.
pub(super) fn as_block(name: &str) -> String {
    format!("a block can be a value: define `block my_{name}() {{ {} }}`, and write `my_{name}`", with_arguments(name))
}

/// The error for a layer with arguments in an expression.
pub(super) fn layer_in_an_expression(name: &str, span: Span) -> Diagnostic {
    let message = format!("`{name}` is a layer, and no value");
    Diagnostic::error(Code::UnknownName, span, message, "it is a statement of its own").help(
        "statements follow one another, and branches are joined: `join add { main { conv 3x3 (64) } skip {} }`, where `skip {}` is \
         the tensor before",
    )
}

/// A layer as a statement, with what it needs.
fn with_arguments(name: &str) -> String {
    let needed = library::layer(name).map(|layer| layer.parameters.iter().filter(|own| own.default.is_none()));
    let arguments: Vec<_> = needed.into_iter().flatten().map(|own| format!("{} = 1", own.name.value)).collect();
    if arguments.is_empty() { name.to_owned() } else { format!("{name}({})", arguments.join(", ")) }
}

/// The error for a parameter's name in the default of another, or of itself.
pub(super) fn parameter_in_a_default(owner: &str, name: &str, span: Span) -> Diagnostic {
    let message = format!("the default of `{owner}` cannot see the parameter `{name}`");
    let label = "a default sees the dialect and the place where the block stands";
    Diagnostic::error(Code::UnknownName, span, message, label).help(format!(
        "write `{owner}: … = none`, and begin the body with `let {owner} = if {owner} == none then {name} else {owner}`, with \
         what is calculated of `{name}` in its place"
    ))
}

/// Whether a statement is `return`.
pub(super) fn is_return(step: &Step) -> bool {
    step.name.value == "return" && step.arguments.is_empty()
}

/// The error for `return`, and for the tensor that it names.
pub(super) fn returned(span: Span, tensor: Option<Span>) -> Diagnostic {
    let span = tensor.map_or(span, |tensor| span.to(tensor));
    let label = "a block gives what its last statement gives";
    Diagnostic::error(Code::UnknownName, span, "there is no `return`", label).help("remove it").fix(span, "")
}

/// The error for `conv 3x3 filters`.
pub(super) fn without_brackets(step: &Step, argument: &str, span: Span) -> Diagnostic {
    let size = step
        .size
        .as_ref()
        .map(|Spanned { value: [height, width], .. }| format!(" {height}x{width}"))
        .unwrap_or_default();
    let space = if size.is_empty() { "" } else { " " };
    let message = format!("`{argument}` stands outside of the brackets of `{}`", step.name.value);
    Diagnostic::error(Code::WrongArguments, span, message, "an argument stands in them")
        .help(format!("write `{}{size}{space}({argument})`", step.name.value))
        .fix(span, format!("({argument})"))
}

/// What a block marks its layers with.
pub(super) struct Marks {
    pub(super) roles: Vec<Label>,
    pub(super) labels: Vec<Label>,
}

/// The roles and labels of a block's statements.
pub(super) fn marks(statements: &[Statement]) -> Marks {
    let mut marks = Marks { roles: Vec::new(), labels: Vec::new() };
    collect(statements, &mut marks);
    marks
}

fn collect(statements: &[Statement], marks: &mut Marks) {
    for statement in statements {
        match &statement.kind {
            StatementKind::If(cases, last) => {
                for (_, body) in cases {
                    collect(body, marks);
                }
                collect(last.as_deref().unwrap_or_default(), marks);
            }
            StatementKind::Range(_, _, _, body) | StatementKind::Each(_, _, body) | StatementKind::Unit(_, body) => {
                collect(body, marks);
            }
            StatementKind::Labelled(label, body) => {
                marks.labels.push(*label);
                collect(body, marks);
            }
            StatementKind::Join(join) => {
                marks.roles.extend(join.role);
                for Branch { label, body, .. } in &join.branches {
                    marks.labels.push(*label);
                    collect(body, marks);
                }
            }
            StatementKind::Step(step) => marks.roles.extend(step.role),
            StatementKind::Let(..) | StatementKind::Require(..) => {}
        }
    }
}

/// What to say of a role or label that is read as a tensor.
pub(super) fn marked(name: &str, marks: &Marks) -> Option<String> {
    let is = |label: &Label| label.as_str() == name;
    let what = match (marks.roles.iter().any(is), marks.labels.iter().any(is)) {
        (true, _) => "a role",
        (_, true) => "a label",
        (false, false) => return None,
    };
    Some(format!(
        "`{name}` is {what}, of which names are made, and no tensor: what reads an earlier tensor is a branch of a `join` that \
         begins there, as `skip {{}}`"
    ))
}

/// Whether a statement joins tensors by their names, as other languages do.
pub(super) fn joins_tensors(step: &Step) -> bool {
    let is_tensor =
        |passed: &Passed| passed.value.variable().is_some() || matches!(passed.value.kind, ExpressionKind::List(_));
    let words = ["add", "concat", "concatenate", "cat", "merge", "multiply", "mul", "sum", "stack"];
    words.contains(&step.name.value.to_lowercase().as_str()) && step.arguments.iter().all(is_tensor)
}

/// The layers that take nothing of what others tell them by position.
const WITHOUT_ARGUMENTS: [&str; 4] = ["norm", "layer_norm", "flatten", "global_pool"];

/// The error for a statement that calls what is neither a layer nor a block.
pub(super) fn unknown_step(step: &Step, span: Span, names: &[&str], marks: &Marks) -> Diagnostic {
    let name = &step.name;
    let message = format!("there is no layer or block {}", suggest::quoted(&name.value));
    let error = Diagnostic::error(Code::UnknownName, name.span, message, "nothing is called so");
    if let Some(tensor) = marked(&name.value, marks) {
        return error.help(tensor);
    }
    if matches!(name.value.as_str(), "elif" | "elseif" | "elsif") {
        return error.help("write `else if`").fix(name.span, "else if");
    }
    if matches!(name.value.as_str(), "identity" | "Identity" | "pass" | "noop") {
        return error.help("nothing is written for what changes nothing: `skip {}`").fix(span, "");
    }
    // What stands in the brackets of others' layers of this kind has no place here.
    let is_alone =
        step.role.is_none() && step.size.is_none() && step.arguments.iter().all(|passed| passed.name.is_none());
    if let Some(kind) = elsewhere::meant(&name.value, Activation::ALL.iter().map(|kind| kind.name())) {
        let at = if is_alone { span } else { name.span };
        return error.help(format!("write `act({kind})`")).fix(at, format!("act({kind})"));
    }
    match elsewhere::meant(&name.value, names.iter().copied()) {
        Some(near) if is_alone && WITHOUT_ARGUMENTS.contains(&near) => {
            error.help(format!("write `{near}`")).fix(span, near)
        }
        Some("conv") => match convolution(step) {
            Some(written) => error
                .help(format!("write `{written}`: the channels that come in are those of the tensor before"))
                .fix(span, written),
            None => error.help("write `conv`").fix(name.span, "conv"),
        },
        Some(near) => error.help(format!("write `{near}`")).fix(name.span, near),
        None => match elsewhere::remark(&name.value) {
            Some(remark) => error.help(remark),
            None => error.note(format!("layers are {}", suggest::list(library::layer_names()))),
        },
    }
}

/// PyTorch's `Conv2d(in, out, kernel, stride, padding)` as it is written here, where the numbers say that it is that.
fn convolution(step: &Step) -> Option<String> {
    let by_position: Vec<_> = step.arguments.iter().take_while(|passed| passed.name.is_none()).collect();
    let [_, filters, kernel, rest @ ..] = by_position.as_slice() else { return None };
    if !step.name.value.ends_with("2d") || step.role.is_some() {
        return None;
    }
    let Value::Integer(kernel) = kernel.value.constant()? else { return None };
    let mut arguments = vec![filters.value.constant()?.to_string()];
    for (name, passed) in ["stride", "padding", "dilation", "groups", "bias"].into_iter().zip(rest) {
        arguments.push(format!("{name} = {}", passed.value.constant()?));
    }
    for passed in step.arguments.iter().skip(by_position.len()) {
        arguments.push(argument(passed)?);
    }
    Some(format!("conv {kernel}x{kernel} ({})", arguments.join(", ")))
}
