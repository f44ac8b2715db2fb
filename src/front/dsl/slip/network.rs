//! Slips in the statements of a network.

use super::{Kind, Line, Slip};

pub(super) fn find(line: &Line<'_>) -> Option<Slip> {
    let known: [fn(&Line<'_>) -> Option<Slip>; 8] =
        [input, in_quotes, stage, layer_as_block, dialect, constant, loops, layers];
    known.iter().find_map(|slip| slip(line))
}

/// `input (3, 32, 32)`, `input 3x32x32`, `input 1 x 3 x 32 x 32`, `input 32 x 32`.
fn input(line: &Line<'_>) -> Option<Slip> {
    if line.text(0) != "input" {
        return None;
    }
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'x');
    let is_sign = |text: &str| ["(", ")", "[", "]", ",", "=", ":", "*"].contains(&text);
    if !(1..line.len()).all(|at| is_plain(line.text(at)) || is_sign(line.text(at))) {
        return None;
    }
    let is_digits = |side: &&str| !side.is_empty() && side.bytes().all(|byte| byte.is_ascii_digit());
    let sides: Vec<_> = (1..line.len()).flat_map(|at| line.text(at).split('x')).filter(is_digits).collect();
    let label = "expected channels x height x width";
    let slip = |message: &str| Slip::new(0..line.len(), message, label);
    match sides.as_slice() {
        [channels, height, width] => Some(
            slip("an input is three numbers with `x` and spaces between them")
                .fix(format!("input {channels} x {height} x {width}")),
        ),
        [_, channels, height, width] => {
            Some(slip("an input has no batch: it is one image").fix(format!("input {channels} x {height} x {width}")))
        }
        [height, width] => Some(
            slip("an input has channels, before its height and width").fix(format!("input 3 x {height} x {width}")),
        ),
        _ => None,
    }
}

/// `stem "cifar"`.
fn in_quotes(line: &Line<'_>) -> Option<Slip> {
    let is_quoted = matches!(line.text(0), "stem" | "stage" | "head") && line.is(1, Kind::Text);
    let name = line.text(1).trim_matches('"');
    let slip = Slip::new(1..2, "a block is named without quotes", "expected a word");
    (is_quoted && crate::lang::is_name(name)).then(|| slip.fix(name))
}

/// `stage 3 basic(64)`, `stage basic(64) x 2`, `stage basic(64) stride = 2 * 3`, `stages basic 64`.
fn stage(line: &Line<'_>) -> Option<Slip> {
    let first = line.text(0);
    if !first
        .trim_end_matches('s')
        .trim_end_matches(|letter: char| letter.is_ascii_digit())
        .eq_ignore_ascii_case("stage")
    {
        return None;
    }
    let mut at = 1;
    at += usize::from(matches!(line.text(at), ":" | "="));
    let (mut times, mut stride) = (None, None);
    if line.is_whole(at) {
        times = Some(line.text(at));
        at += 1 + usize::from(matches!(line.text(at + 1), "*" | "x"));
    }
    let name = line.text(at);
    if !line.is_word(at) {
        return None;
    }
    at += 1;
    let arguments = if line.text(at) == "(" {
        let close = line.close_of(at)?;
        let arguments = line.slice(at..close + 1).to_owned();
        at = close + 1;
        arguments
    } else if line.is_whole(at) {
        at += 1;
        format!("({})", line.text(at - 1))
    } else if line.text(at) == "," && line.is_whole(at + 1) {
        at += 2;
        format!("({})", line.text(at - 1))
    } else {
        String::new()
    };
    while at < line.len() {
        let is_count = |text: &str| {
            text.len() > 1 && text.starts_with('x') && text.bytes().skip(1).all(|byte| byte.is_ascii_digit())
        };
        let is_sign = matches!(line.text(at), "*" | "x" | "times") || line.text(at) == "," && times.is_none();
        if is_sign && line.is_whole(at + 1) {
            times = Some(line.text(at + 1));
            at += 2;
        } else if is_count(line.text(at)) {
            times = line.text(at).strip_prefix('x');
            at += 1;
        } else if matches!(line.text(at), "stride" | "strides") {
            at += 1 + usize::from(matches!(line.text(at + 1), "=" | ":"));
            stride = line.is_whole(at).then(|| line.text(at));
            at += 1;
            stride?;
        } else if matches!(line.text(at), "(" | ")" | ",") {
            at += 1;
        } else {
            return None;
        }
    }
    let times = times.map(|times| format!(" * {times}")).unwrap_or_default();
    let stride = stride.map(|stride| format!(" stride {stride}")).unwrap_or_default();
    let slip = Slip::new(
        0..line.len(),
        "a stage is a block, its number and its stride, in this order",
        "`stage CALL * N stride S`",
    );
    Some(slip.fix(format!("stage {name}{arguments}{times}{stride}")))
}

/// `stem conv 3x3 (64)`.
fn layer_as_block(line: &Line<'_>) -> Option<Slip> {
    let place = line.text(0);
    if !matches!(place, "stem" | "stage" | "head") || !line.is_size(2) {
        return None;
    }
    let layer = line.slice(1..line.len());
    let message = format!("`{}` is a layer, and a {place} is a block", line.text(1));
    let slip = Slip::new(1..line.len(), message, "a block is made of layers");
    Some(slip.help(format!(
        "define one beside the network, `block my_{place}() {{ {layer} }}`, and write `{place} my_{place}`"
    )))
}

/// `dialect torchvision`, `dialect = torchvision`, `use torchvision`.
pub(super) fn dialect(line: &Line<'_>) -> Option<Slip> {
    let first = line.text(0);
    if !matches!(first, "use" | "dialect") {
        return None;
    }
    let is_name = |at: &usize| {
        let word = line.text(*at).trim_matches('"');
        (line.is_word(*at) || line.is(*at, Kind::Text)) && word != "dialect" && crate::lang::is_name(word)
    };
    let name = (1..line.len()).find(is_name)?;
    let is_all = name + 1 == line.len() && name <= 3;
    let slip = Slip::new(0..line.len(), "a dialect is used by its name", "expected `use dialect` and a name");
    is_all.then(|| slip.fix(format!("use dialect {}", line.text(name).trim_matches('"'))))
}

/// `classes = 10`.
fn constant(line: &Line<'_>) -> Option<Slip> {
    let is_constant = line.cut == 0 && line.is_word(0) && line.text(1) == "=" && line.len() > 2;
    let slip = Slip::new(0..line.len(), "a constant is declared with `let`", "expected a statement of a network");
    is_constant.then(|| slip.fix(format!("let {}", line.slice(0..line.len()))))
}

/// `for … { stage … }`.
fn loops(line: &Line<'_>) -> Option<Slip> {
    let word = line.text(0);
    if !matches!(word, "for" | "if" | "while" | "repeat") {
        return None;
    }
    let slip = Slip::new(0..1, format!("a network has no `{word}`"), "it lists its stages");
    Some(
        slip.help("write each stage on a line of its own: `stage basic(64) * 2`; loops and conditions stand in blocks"),
    )
}

/// `conv 3x3 (64)` in a network.
fn layers(line: &Line<'_>) -> Option<Slip> {
    let is_called = line.len() == 1 || line.is_size(1) || line.text(1) == "(" || line.text(1) == ".";
    if line.cut > 0 || !line.is_word(0) || !is_called || matches!(line.text(0), "input" | "expect" | "budget" | "let") {
        return None;
    }
    let layer = line.slice(0..line.len());
    let layer = if line.len() == 1 || layer.contains(['\n', '{']) { "conv 3x3 (64) norm act" } else { layer };
    let slip =
        Slip::new(0..1, format!("no statement of a network begins with `{}`", line.text(0)), "layers stand in blocks");
    let help = format!("define a block beside the network, `block my_stem() {{ {layer} }}`, and write `stem my_stem`");
    Some(slip.help(help))
}

/// `parameters: 25557032`, `parameters = 25_557_032`, `parameters = 25.6M`.
pub(super) fn setting(line: &Line<'_>) -> Option<Slip> {
    let name = line.text(0);
    if line.cut == 0 && line.is_word(0) && line.text(1) == ":" && line.len() > 2 {
        let slip = Slip::new(0..line.len(), "a setting is written with `=`", "expected `name = value`");
        return Some(slip.fix(format!("{name} = {}", line.slice(2..line.len()))));
    }
    let at = (0..line.len()).find(|at| line.is(*at, Kind::Number) && !line.is_whole(*at))?;
    let slip = Slip::new(at..at + 1, "a figure is a whole number", "expected digits alone");
    let text = line.text(at);
    let digits: String = text.chars().filter(|letter| *letter != '_').collect();
    if digits != text && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(slip.fix(digits));
    }
    Some(slip.help("write it exactly: `25557032`"))
}
