//! Slips in statements of blocks.

use super::{Kind, Line, Slip};
use crate::ir::op::Activation;
use crate::lang::{elsewhere, function};

/// The parameters that a layer may have: what stands behind its brackets with a number is one of them.
const PARAMETERS: [&str; 10] =
    ["stride", "padding", "kernel", "groups", "dilation", "bias", "filters", "rate", "epsilon", "ceil"];

/// How branches are joined, for a help.
const JOIN: &str =
    "branches are joined: `join add { main { conv 3x3 (64) } skip {} }`, where `skip {}` is the tensor before";

type Finder = fn(&Line<'_>) -> Option<Slip>;

/// Slips behind a statement that was read.
const BEHIND: [Finder; 19] = [
    else_if,
    goes_on,
    argument_behind,
    declared,
    shape,
    indexed,
    loops,
    tensor_with_a_name,
    method,
    path,
    size_with_spaces,
    repeated,
    other_brackets,
    signs_between,
    counted_on,
    power,
    chosen_behind,
    sum_of_tensors,
    size_before,
];

/// Slips in a statement that was not read at all.
const WHOLE: [Finder; 14] = [
    declared,
    text_first,
    block_comment,
    loops,
    body_without_braces,
    unit_without_number,
    join_of_another_kind,
    size_inside,
    without_then,
    item_of_a_list,
    tuple,
    size_before,
    named_with_a_colon,
    shape,
];

pub(super) fn find(line: &Line<'_>) -> Option<Slip> {
    let known: &[Finder] = if line.cut > 0 { &BEHIND } else { &WHOLE };
    known.iter().find_map(|slip| slip(line))
}

/// `elif stride == 2 { … }`.
fn else_if(line: &Line<'_>) -> Option<Slip> {
    let is_word = matches!(line.text(0), "elif" | "elseif" | "elsif");
    is_word.then(|| Slip::new(0..1, format!("there is no `{}`", line.text(0)), "it is two words").fix("else if"))
}

/// A layer that the expression before it has taken for its next operand: `let wide = 2 *` and `conv 3x3 (wide)` below.
fn goes_on(line: &Line<'_>) -> Option<Slip> {
    let is_taken = line.cut == 1 && line.is_word(0) && line.is_size(1);
    let message = format!("`{}` is read as part of the line before", line.text(0));
    let slip = Slip::new(0..1, message, "that line is not complete");
    is_taken.then(|| {
        slip.help("finish the line before: an expression goes on where its line ends with an operator or a comma")
    })
}

/// `const k = 2`, `k := 2`, `let k: integer = 2`, `k = 2`.
fn declared(line: &Line<'_>) -> Option<Slip> {
    let first = line.text(0);
    let others = ["const", "var", "val", "int", "float", "auto", "local", "def", "set"];
    let (name, message) = if others.contains(&first) && line.is_word(1) {
        (1, format!("`{first}` declares nothing here"))
    } else if first == "let" && line.is_word(1) && line.text(2) == ":" {
        (1, "a variable has no type, and is given its value with `=`".to_owned())
    } else if line.is_word(0) && line.text(1) == ":" && line.text(2) == "=" {
        (0, "a value is given with `=`".to_owned())
    } else {
        return None;
    };
    let equals = (name + 1..line.len()).find(|at| line.text(*at) == "=")?;
    let value = line.slice(equals + 1..line.len());
    let slip = Slip::new(0..line.len(), message, "expected `let`, a name, `=` and a value");
    (!value.is_empty()).then(|| slip.fix(format!("let {} = {value}", line.text(name))))
}

/// `repeat 3 {`, `while …`, `for i in range(3):`.
fn loops(line: &Line<'_>) -> Option<Slip> {
    let counted = |at: usize| ["repeat", "loop", "times"].contains(&line.text(at)) && line.is_whole(at + 1);
    if let Some(at) = (0..line.len()).find(|at| counted(*at)) {
        let range = format!("for step in 0..{}", line.text(at + 1));
        return Some(Slip::new(at..at + 2, "repetitions are counted by `for`", "there is no other loop").fix(range));
    }
    if line.text(0) == "while" {
        let slip = Slip::new(0..line.len(), "there is no `while`", "repetitions are counted");
        return Some(slip.help("write `for step in 0..3 { … }`, or choose with `if`"));
    }
    if line.text(0) == "for" && line.text(1) == "(" {
        let slip =
            Slip::new(0..line.len(), "a loop has no brackets", "it counts over a range, or takes each of a list");
        return Some(slip.help("write `for step in 0..3 { … }`"));
    }
    None
}

/// Whether what begins at `at` is a layer or a block with its arguments, and no number.
fn makes_a_tensor(line: &Line<'_>, at: usize) -> bool {
    let is_called = line.is_size(at + 1) || line.text(at + 1) == "(" || line.text(at + 1) == ".";
    line.is_word(at) && is_called && function::find(line.text(at)).is_none()
}

/// `x = conv 3x3 (64)`, `let x = conv 3x3 (64)`, `self.conv = conv(…)`.
fn tensor_with_a_name(line: &Line<'_>) -> Option<Slip> {
    let equals = (0..line.len().min(8)).find(|at| line.text(*at) == "=")?;
    if equals > line.cut && line.text(line.cut) != "." {
        return None;
    }
    let name = equals.checked_sub(1).filter(|at| line.is_word(*at))?;
    let mut start = name;
    while start >= 2 && line.text(start - 1) == "." && line.is_word(start - 2) {
        start -= 2;
    }
    start -= usize::from(start > 0 && line.text(start - 1) == "let");
    if start > 0 && !line.outside(equals + 1..line.len(), |at| line.text(at) == "+").is_empty() {
        return None;
    }
    if !makes_a_tensor(line, equals + 1) {
        let value = line.slice(equals + 1..line.len());
        let is_value = start == name
            && !value.is_empty()
            && line.outside(equals + 1..line.len(), |at| line.is_size(at)).is_empty();
        if !is_value {
            return None;
        }
        let slip = Slip::new(start..line.len(), "a variable is declared with `let`", "it cannot be assigned");
        return Some(slip.fix(format!("let {} = {value}", line.text(name))));
    }
    let slip = Slip::new(start..line.len(), "a tensor has no name", "each statement goes on from the tensor before");
    let join = "an earlier tensor is read by a branch of a `join`, as `skip {}`";
    if !line.outside(equals + 1..line.len(), |at| line.text(at) == "+").is_empty() {
        return Some(slip.help(JOIN));
    }
    let written = without_tensor(line, equals + 1);
    Some(slip.help(format!("write `{written}`; {join}")).fix(written))
}

/// The call that begins at `at`, without the tensor that its first argument may be.
fn without_tensor(line: &Line<'_>, at: usize) -> String {
    let tensors = ["x", "y", "h", "inputs", "input", "out", "identity", "residual", "features"];
    let open = at + 1;
    if line.text(open) == "(" && tensors.contains(&line.text(open + 1)) && line.text(open + 2) == "," {
        return format!("{}({}", line.text(at), line.slice(open + 3..line.len()));
    }
    line.slice(at..line.len()).to_owned()
}

/// `conv 3x3 (64).norm().act()`.
fn method(line: &Line<'_>) -> Option<Slip> {
    if line.text(line.cut) != "." || line.before(1) != ")" {
        return None;
    }
    let dots = line.outside(line.cut..line.len(), |at| line.text(at) == ".");
    let mut written = String::new();
    for (number, &dot) in dots.iter().enumerate() {
        let end = dots.get(number + 1).copied().unwrap_or(line.len());
        written.push(' ');
        written.push_str(line.slice(dot + 1..end).trim_end_matches("()"));
    }
    let slip = Slip::new(line.cut..line.len(), "a layer has no methods", "statements follow one another");
    let help = format!("write `{}`", written.trim());
    Some(slip.help(help).fix(written))
}

/// `nn.ReLU()`, `F.relu(x)`, `tf.keras.layers.Dense(10)`.
fn path(line: &Line<'_>) -> Option<Slip> {
    let start = line.cut.checked_sub(1).filter(|at| line.is_word(*at))?;
    let mut last = start;
    while line.text(last + 1) == "." && line.is_word(last + 2) {
        last += 2;
    }
    if last == start {
        return None;
    }
    let word = line.text(last);
    let close = (line.text(last + 1) == "(").then(|| line.close_of(last + 1)).flatten();
    let end = close.map_or(last + 1, |close| close + 1);
    let written = line.slice(start..last + 1);
    let slip = |tokens| Slip::new(tokens, format!("`{written}` is of another language"), "nothing is imported here");
    let kinds = || Activation::ALL.iter().map(|kind| kind.name());
    if let Some(kind) = elsewhere::meant(word, kinds()) {
        return Some(slip(start..end).fix(format!("act({kind})")));
    }
    let layers = [
        "conv",
        "norm",
        "layer_norm",
        "group_norm",
        "max_pool",
        "avg_pool",
        "adaptive_pool",
        "global_pool",
        "linear",
        "flatten",
        "dropout",
    ];
    Some(match (elsewhere::meant(word, layers), elsewhere::remark(word)) {
        (Some(layer @ ("norm" | "layer_norm" | "flatten" | "global_pool")), _) => slip(start..end).fix(layer),
        (Some(layer), _) => slip(start..last + 1).fix(layer),
        (None, Some(remark)) => slip(start..end).help(remark),
        (None, None) => slip(start..end).help("write the layer's own name: `conv 3x3 (64)`, `norm`, `act(relu)`"),
    })
}

/// `conv 3 x 3 (64)`, `conv 3 (64)`.
fn size_with_spaces(line: &Line<'_>) -> Option<Slip> {
    let at = line.cut;
    if !line.before(1).chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return None;
    }
    let digits = |at: usize| line.text(at).trim_matches('x');
    let joined = |end: usize, height: &str, width: &str| {
        let slip = Slip::new(at..end, "a size is written without spaces", "height and width of the kernel");
        Some(slip.fix(format!("{height}x{width}")))
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if line.is_whole(at) && matches!(line.text(at + 1), "x" | "*") && line.is_whole(at + 2) {
        return joined(at + 3, line.text(at), line.text(at + 2));
    }
    if line.is_whole(at) && line.text(at + 1).starts_with('x') && is_number(digits(at + 1)) {
        return joined(at + 2, line.text(at), digits(at + 1));
    }
    if line.text(at).ends_with('x') && is_number(digits(at)) && line.is_whole(at + 1) {
        return joined(at + 2, digits(at), line.text(at + 1));
    }
    (line.is_whole(at) && line.text(at + 1) == "(").then(|| joined(at + 1, line.text(at), line.text(at))).flatten()
}

/// `basic(64) * 2`, `conv 3x3 (64) x 2`.
fn repeated(line: &Line<'_>) -> Option<Slip> {
    let (sign, times) = match (line.text(line.cut), line.before(1)) {
        ("*", _) if line.is_whole(line.cut + 1) => (line.cut, line.cut + 1),
        (_, "x") if line.is_whole(line.cut) => (line.cut - 1, line.cut),
        _ => return None,
    };
    let start = line.call_ending_at(sign.checked_sub(1)?)?;
    let call = line.slice(start..sign);
    let slip =
        Slip::new(start..times + 1, "a statement of a block is not multiplied", "repetitions are counted by `for`");
    let times = line.text(times);
    if line.is_size(start + 1) {
        return Some(slip.fix(format!("for step in 0..{times} {{ unit step + 1 {{ {call} }} }}")));
    }
    Some(slip.help(format!(
        "a block is repeated by its stage, `stage {call} * {times}`; what stands in a block by `for step in 0..{times} {{ unit step + 1 \
         {{ … }} }}`"
    )))
}

/// `conv 3x3 [64]`, `conv 3x3 { 64 }`, `conv 3x3 64`.
fn other_brackets(line: &Line<'_>) -> Option<Slip> {
    let at = line.cut;
    let is_behind_a_name = line.cut > 0 && (line.is_word(at - 1) || line.is_size(at - 1));
    if !is_behind_a_name {
        return None;
    }
    let (tokens, inside) = if matches!(line.text(at), "[" | "{") {
        let close = line.close_of(at)?;
        (at..close + 1, line.slice(at + 1..close))
    } else if line.is_whole(at) {
        (at..at + 1, line.text(at))
    } else {
        return None;
    };
    let is_simple = !inside.is_empty() && !inside.contains(['{', '\n']);
    let slip = Slip::new(tokens, "arguments stand in round brackets", "expected `(`");
    let space = if line.is_size(at - 1) { " " } else { "" };
    let help = format!("write `{}{space}({inside})`", line.before(1));
    is_simple.then(|| slip.help(help).fix(format!("({inside})")))
}

/// `conv 3x3 (64) stride 2`, `conv 3x3 (64) stride = 2`.
fn argument_behind(line: &Line<'_>) -> Option<Slip> {
    let (name, value) = match line.text(line.cut) {
        "=" | ":" => (line.cut.checked_sub(1)?, line.cut + 1),
        _ => (line.cut.checked_sub(1)?, line.cut),
    };
    let parameter = elsewhere::meant(line.text(name), PARAMETERS).filter(|_| line.is_word(name))?;
    let is_value = line.is(value, Kind::Number) || line.is_word(value);
    let last = name.checked_sub(1).filter(|_| is_value)?;
    let start = line.call_ending_at(last)?;
    let call = line.slice(start..name);
    let (inside, value) = (call.strip_suffix(')'), line.text(value));
    let written = match inside {
        Some(inside) if inside.ends_with('(') => format!("{inside}{parameter} = {value})"),
        Some(inside) => format!("{}, {parameter} = {value})", inside.trim_end_matches([',', ' '])),
        None => format!("{call} ({parameter} = {value})"),
    };
    let end = if line.text(line.cut) == value { line.cut + 1 } else { line.cut + 2 };
    let message = format!("`{}` stands outside of the brackets", line.text(name));
    Some(Slip::new(start..end, message, "an argument of the layer stands in them").fix(written))
}

/// `conv 3x3 (64), norm, act`, `conv 3x3 (64) -> norm`.
fn signs_between(line: &Line<'_>) -> Option<Slip> {
    let is_arrow = |at: usize| matches!(line.text(at), "-" | "=") && line.text(at + 1) == ">";
    let is_sign = |at: usize| line.text(at) == "," || is_arrow(at);
    if !is_sign(line.cut) {
        return None;
    }
    let mut written = String::new();
    let mut start = line.cut;
    for at in line.outside(line.cut..line.len(), is_sign) {
        if at > start {
            written.push(' ');
            written.push_str(line.slice(start..at));
        }
        start = at + if is_arrow(at) { 2 } else { 1 };
    }
    if start < line.len() {
        written.push(' ');
        written.push_str(line.slice(start..line.len()));
    }
    let slip =
        Slip::new(line.cut..line.len(), "statements follow one another without a sign", "no sign stands between them");
    let help = if written.is_empty() { "remove the sign".to_owned() } else { format!("write `{}`", written.trim()) };
    let space = if line.has_space_before(line.cut) { "" } else { " " };
    Some(slip.help(help).fix(if written.is_empty() { written } else { format!("{space}{}", written.trim()) }))
}

/// `k += 2`.
fn counted_on(line: &Line<'_>) -> Option<Slip> {
    let name = line.cut.checked_sub(1).filter(|at| line.is_word(*at))?;
    let sign = line.text(line.cut);
    if !["+", "-", "*", "/"].contains(&sign) || line.text(line.cut + 1) != "=" {
        return None;
    }
    let (word, value) = (line.text(name), line.slice(line.cut + 2..line.len()));
    let slip = Slip::new(name..line.len(), "a variable cannot be changed", "a `let` can give its name again");
    (!value.is_empty()).then(|| slip.fix(format!("let {word} = {word} {sign} {value}")))
}

/// `filters ** 2`.
fn power(line: &Line<'_>) -> Option<Slip> {
    if (line.text(line.cut), line.text(line.cut + 1)) != ("*", "*") {
        return None;
    }
    let (base, exponent) = (line.cut.checked_sub(1)?, line.cut + 2);
    let slip = Slip::new(base..exponent + 1, "there is no power", "`*` stands between two numbers");
    let is_square = line.text(exponent) == "2" && (line.is_word(base) || line.is_whole(base));
    Some(if is_square {
        slip.fix(format!("{0} * {0}", line.text(base)))
    } else {
        slip.help("write a power as a product: `filters * filters`")
    })
}

/// `let k = 3 if stride == 2 else 1`.
fn chosen_behind(line: &Line<'_>) -> Option<Slip> {
    if line.text(line.cut) != "if" {
        return None;
    }
    let other = (line.cut..line.len()).find(|at| line.text(*at) == "else")?;
    let start = (0..line.cut).rfind(|at| matches!(line.text(*at), "=" | "(" | ","))? + 1;
    let [value, condition, last] =
        [start..line.cut, line.cut + 1..other, other + 1..line.len()].map(|part| line.slice(part));
    let slip = Slip::new(
        start..line.len(),
        "the condition stands before the values",
        "a value is chosen by `if … then … else …`",
    );
    Some(slip.fix(format!("if {condition} then {value} else {last}")))
}

/// `conv 3x3 (64) + skip`.
fn sum_of_tensors(line: &Line<'_>) -> Option<Slip> {
    let is_sum = line.text(line.cut) == "+" && (line.before(1) == ")" || line.is_word(line.cut.checked_sub(1)?));
    is_sum.then(|| Slip::new(line.cut..line.cut + 1, "tensors are not added by `+`", "it adds numbers").help(JOIN))
}

/// `3x3 conv (64)`.
fn size_before(line: &Line<'_>) -> Option<Slip> {
    let at = line.cut;
    let is_before = line.is_size(at) && line.is_word(at + 1);
    let slip = Slip::new(at..at + 2, "a size stands behind its layer", "a statement begins with a name");
    is_before.then(|| slip.fix(format!("{} {}", line.text(at + 1), line.text(at))))
}

/// `"""text"""`, `"s{step}" { … }`, `"left" { … }`.
fn text_first(line: &Line<'_>) -> Option<Slip> {
    if !line.is(0, Kind::Text) {
        return None;
    }
    let inside = line.text(0).trim_matches('"');
    if line.text(1) == "{" {
        let variable = inside.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(word, _)| word.trim());
        let slip = Slip::new(0..1, "a label is a word, and not calculated", "expected a word without quotes");
        return Some(match variable {
            Some(variable) if crate::lang::is_name(variable) => slip
                .help(format!("number the layers: `unit {variable} + 1 {{ … }}`"))
                .fix(format!("unit {variable} + 1")),
            _ if crate::lang::is_name(inside) => slip.fix(inside),
            _ => slip.help("number the layers: `unit 1 { … }`"),
        });
    }
    let text = line.slice(0..line.len());
    let is_comment = line.len() == 1 || text.starts_with("\"\"\"");
    let slip = Slip::new(0..line.len(), "a text says nothing here", "a comment begins with `//`");
    (is_comment && !text.contains('\n')).then(|| slip.fix(format!("// {}", text.trim_matches('"').trim())))
}

/// `/* text */`.
fn block_comment(line: &Line<'_>) -> Option<Slip> {
    if (line.text(0), line.text(1)) != ("/", "*") {
        return None;
    }
    let text = line.slice(0..line.len());
    let slip = Slip::new(0..line.len(), "a comment begins with `//`, on every line", "there is no other");
    let is_whole = text.ends_with("*/") && !text.contains('\n');
    let inside = text.trim_matches(['/', '*', ' ']);
    Some(if is_whole { slip.fix(format!("// {inside}")) } else { slip.help("write `//` before each line of it") })
}

/// `if stride == 2:`, and no brace behind a header.
fn body_without_braces(line: &Line<'_>) -> Option<Slip> {
    let is_header = matches!(line.text(0), "if" | "for" | "else" | "elif" | "unit");
    let colon = line.outside(0..line.len(), |at| line.text(at) == ":").first().copied();
    let has_brace = (0..line.len()).any(|at| line.text(at) == "{");
    if !is_header || has_brace {
        return None;
    }
    let end = colon.unwrap_or(line.len());
    let header = line.slice(0..end);
    let tokens = colon.map_or(0..line.len(), |colon| colon..colon + 1);
    let slip = Slip::new(tokens, format!("what `{}` guards stands in braces", line.text(0)), "no `{` follows");
    let header = match (line.text(0), line.text(3), line.text(4)) {
        ("for", "range", "(") if line.is_whole(5) => format!("for {} in 0..{}", line.text(1), line.text(5)),
        _ => header.replacen("elif", "else if", 1),
    };
    Some(slip.help(format!("write `{header} {{ … }}`")))
}

/// `unit { … }`.
fn unit_without_number(line: &Line<'_>) -> Option<Slip> {
    let is_bare = line.text(0) == "unit" && line.text(1) == "{";
    let slip = Slip::new(0..1, "a unit has a number", "names are made of it");
    is_bare.then(|| slip.help("write `unit 1 { … }`").fix("unit 1"))
}

/// `join sum { … }`.
fn join_of_another_kind(line: &Line<'_>) -> Option<Slip> {
    if line.text(0) != "join" {
        return None;
    }
    let kind = match line.text(1).to_lowercase().as_str() {
        "sum" | "plus" | "residual" | "eltwise" => "add",
        "cat" | "concatenate" | "stack" | "append" => "concat",
        "mul" | "product" | "times" | "gate" | "scale" => "multiply",
        _ => return None,
    };
    let message = format!("no join is called `{}`", line.text(1));
    Some(Slip::new(1..2, message, "expected `add`, `concat` or `multiply`").fix(kind))
}

/// `let k = if stride == 2 3 else 1`.
fn without_then(line: &Line<'_>) -> Option<Slip> {
    let start = (0..line.len()).find(|at| line.text(*at) == "if" && *at > 0)?;
    let is_word = |at: usize| line.is_word(at) && !["and", "or", "not", "if", "else", "then"].contains(&line.text(at));
    let is_value = |at: usize| is_word(at) || line.is(at, Kind::Number) || line.is(at, Kind::Text);
    let has_then = (start..line.len()).any(|at| line.text(at) == "then");
    let at = (start + 1..line.len()).find(|at| is_value(*at) && is_value(at + 1)).filter(|_| !has_then)?;
    let slip = Slip::new(at..at + 2, "no `then` follows the condition", "a value is chosen by `if … then … else …`");
    Some(slip.fix(format!("{} then {}", line.text(at), line.text(at + 1))))
}

/// `conv(64, 3x3)`.
fn size_inside(line: &Line<'_>) -> Option<Slip> {
    let at = (0..line.len()).find(|at| line.is_size(*at) && *at > 0 && matches!(line.text(at - 1), "(" | "," | "="))?;
    let open = line.bracket_around(at)?;
    let (name, close) = (open.checked_sub(1).filter(|at| line.is_word(*at))?, line.close_of(open)?);
    let commas = line.outside(open + 1..close, |at| line.text(at) == ",");
    let mut starts: Vec<_> = [open + 1].into_iter().chain(commas.iter().map(|comma| comma + 1)).collect();
    starts.retain(|start| *start < close);
    let ends = |start: usize| commas.iter().copied().find(|comma| *comma >= start).unwrap_or(close);
    let others: Vec<_> = starts
        .into_iter()
        .filter(|start| !(*start..ends(*start)).contains(&at))
        .map(|start| line.slice(start..ends(start)))
        .collect();
    let arguments = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
    let slip = Slip::new(name..close + 1, "a size stands before the brackets", "height and width of the kernel");
    Some(slip.fix(format!("{} {}{arguments}", line.text(name), line.text(at))))
}

/// `let first = sizes[0]`.
fn indexed(line: &Line<'_>) -> Option<Slip> {
    let is_expression = matches!(line.text(0), "let" | "if" | "for" | "require" | "unit");
    is_expression.then(|| item_of_a_list(line)).flatten()
}

/// `sizes[0]`.
fn item_of_a_list(line: &Line<'_>) -> Option<Slip> {
    let open = (1..line.len())
        .find(|at| line.text(*at) == "[" && line.is_word(at - 1) && line.text(at.wrapping_sub(2)) != ".")?;
    let close = line.close_of(open)?;
    let (list, number) = (line.text(open - 1), line.slice(open + 1..close));
    let slip = Slip::new(open - 1..close + 1, "a list is asked with `item`", "no bracket follows a name");
    (!number.is_empty() && !number.contains(':')).then(|| slip.fix(format!("item({list}, {number})")))
}

/// `kernel = (3, 3)`.
fn tuple(line: &Line<'_>) -> Option<Slip> {
    let is_open = |at: &usize| line.text(*at) == "(" && *at > 0 && matches!(line.text(at - 1), "=" | "," | "(");
    let open = (0..line.len()).filter(is_open).find(|open| {
        let close = line.close_of(*open).unwrap_or(*open);
        !line.outside(open + 1..close, |at| line.text(at) == ",").is_empty()
    })?;
    let close = line.close_of(open)?;
    let slip = Slip::new(open..close + 1, "several values are a list", "round brackets hold one value");
    Some(slip.fix(format!("[{}]", line.slice(open + 1..close))))
}

/// `conv(filters: 64)`.
fn named_with_a_colon(line: &Line<'_>) -> Option<Slip> {
    let is_named =
        |at: &usize| line.text(*at) == ":" && *at > 1 && line.is_word(at - 1) && matches!(line.text(at - 2), "(" | ",");
    let at = (0..line.len()).find(is_named)?;
    let written = format!("{} = {}", line.text(at - 1), line.text(at + 1));
    let slip = Slip::new(at - 1..at + 2, "an argument is given with `=`", "`:` stands before a parameter's type");
    Some(slip.fix(written))
}

/// `x.shape[1]`.
fn shape(line: &Line<'_>) -> Option<Slip> {
    let dot = (1..line.len()).find(|at| line.text(*at) == "." && matches!(line.text(at + 1), "shape" | "size"))?;
    let slip = |end| Slip::new(dot - 1..end, "a tensor has no fields", "what it is has names of its own");
    let open = dot + 2;
    let name = match (matches!(line.text(open), "[" | "("), line.text(open + 1)) {
        (true, "1") => "channels",
        (true, "2") => "height",
        (true, "3") => "width",
        _ => return Some(slip(open).help("`channels`, `height` and `width` are those of the current tensor")),
    };
    let close = line.close_of(open)?;
    Some(slip(close + 1).fix(name))
}
