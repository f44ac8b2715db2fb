//! Every limit of the reference is exact: what it says is accepted, and one more is refused with the code beside it.

use crate::language::{cells, list_of, read};
use resnetc::diagnostic::Code;
use resnetc::limits;
use resnetc::source::Source;
use std::fmt::Write;

/// A limit: what the reference calls it, the number, the code, and a description that needs so much of it.
struct Limit {
    what: &'static str,
    most: u64,
    code: &'static str,
    text: fn(usize) -> String,
}

/// A network of one block, `b`, of these statements.
fn block(statements: &str) -> String {
    description("input 3 x 8 x 8", &format!("block b() {{ {statements} }}"))
}

/// A network of the block `b` on this input, with these items.
fn description(inside: &str, items: &str) -> String {
    format!("use dialect torchvision\nnetwork n {{\n{inside}\nstem none\nstage b\n}}\n{items}\n")
}

/// A network of these statements.
fn network(statements: &str) -> String {
    description(&format!("input 3 x 8 x 8\n{statements}"), "block b() { act }")
}

fn times(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

/// `item` so often, between commas.
fn list(item: &str, count: usize) -> String {
    vec![item; count].join(", ")
}

/// A text of so many words and signs, with white space between any two.
fn words(count: usize) -> String {
    let frame = "use dialect torchvision network n { input 3 x 8 x 8 stem none stage b } block b ( ) { if index < 0 { \
                 FILL } act }";
    let fill = count - (frame.split_whitespace().count() - 1);
    let lines: Vec<_> = vec!["act"; fill].chunks(100).map(|line| line.join(" ")).collect();
    frame.replace("FILL", &lines.join("\n"))
}

/// A text of so many bytes.
fn bytes(count: usize) -> String {
    let mut text = block("act");
    while count - text.len() > 1_000 {
        let _ = writeln!(text, "//{}", "x".repeat(900));
    }
    let rest = count - text.len();
    text + "//" + &"x".repeat(rest - 3) + "\n"
}

/// Values in a list of four lists: they, and what is in them.
fn values(count: usize) -> String {
    let one = list("1", 249);
    block(&format!("let a = [{one}]\nlet c = [{}]\nif len([a, a, a, c]) > 4 {{ act }}\nact", list("1", count - 751)))
}

/// Steps of a network's own statements: each expression is one, and each value of a list, itself included.
fn network_steps(count: usize) -> String {
    let mut text = format!("let a = [{}]\n", list("1", 249));
    // Three sides of the input; the list. Then sums of two lists, then what is left.
    let mut left = count - 3 - (1 + 249 + 250);
    for at in 0..left / 1_513 {
        let _ = writeln!(text, "let s{at} = len([a, a, a]) + len([a, a, a])");
    }
    left %= 1_513;
    let mut at = 0;
    while left > 0 {
        // A sum of n numbers takes 2n - 1.
        let terms = left.min(399).div_ceil(2);
        let terms = if 2 * terms - 1 > left { terms - 1 } else { terms };
        let _ = writeln!(text, "let r{at} = {}", vec!["1"; terms].join(" + "));
        (at, left) = (at + 1, left - (2 * terms - 1));
    }
    network(&text)
}

const LIMITS: &[Limit] = &[
    Limit { what: "bytes of a description", most: limits::SOURCE_BYTES as u64, code: "E0601", text: bytes },
    Limit { what: "words and signs of the DSL", most: limits::TOKENS as u64, code: "E0601", text: words },
    Limit {
        what: "bytes of a line of the DSL",
        most: limits::LINE as u64,
        code: "E0601",
        text: |n| block("act") + "//" + &"x".repeat(n - 2),
    },
    Limit {
        what: "parts between two brackets: arguments, parameters, choices, items",
        most: limits::PARTS as u64,
        code: "E0601",
        // The last comma begins no part.
        text: |n| block(&format!("let a = [{},]\nlet b = max({})\nact", list("1", n), list("1", n))),
    },
    Limit {
        what: "bytes of a text in quotes",
        most: limits::TEXT as u64,
        code: "E0601",
        text: |n| block(&format!("require index < 1 else \"{}\"\nact", "x".repeat(n))),
    },
    Limit {
        what: "names that a block or the network knows at once: parameters and variables",
        most: limits::NAMES as u64,
        code: "E0601",
        text: |n| {
            let lets = times(n - 1, |at| format!("let a{at}_ = 1\n"));
            description(&format!("{lets}let a = 1\ninput 3 x 8 x 8"), &format!("block b(p_ = 1) {{ {lets}act }}"))
        },
    },
    Limit {
        what: "dialects of a description; tables of names",
        most: limits::TABLES as u64,
        code: "E0601",
        text: |n| block("act") + &times(n, |at| format!("dialect d{at} extends torchvision {{}}\n")),
    },
    Limit {
        what: "rows of a table of names",
        most: limits::ROWS as u64,
        code: "E0601",
        text: |n| {
            let rows = times(n - 1, |at| format!("x{at}.conv \"{{block}}\"\n"));
            block("act") + &format!("names t extends torchvision {{\n{rows}for b {{ main.conv \"{{block}}\" }} }}")
        },
    },
    Limit {
        what: "brackets in brackets, tables in tables",
        most: limits::NESTING as u64,
        code: "E0602",
        // The network's own are the first.
        text: |n| network(&format!("let a = {}1{}", "(".repeat(n - 1), ")".repeat(n - 1))),
    },
    Limit {
        what: "blocks that call each other, one inside the other",
        most: limits::CALLS as u64,
        code: "E0602",
        text: |n| {
            let calls = times(n - 2, |at| format!("block b{at}() {{ b{}() }}\n", at + 1));
            block("b0()") + &calls + &format!("block b{}() {{ act }}", n - 2)
        },
    },
    Limit {
        what: "links of a chain of `extends`",
        most: limits::CHAIN as u64,
        code: "E0602",
        text: |n| {
            let links = times(n - 1, |at| format!("dialect d{} extends d{at} {{}}\n", at + 1));
            let text = block("act") + "dialect d0 extends torchvision {}\n" + &links;
            text.replace("use dialect torchvision", &format!("use dialect d{}", n - 1))
        },
    },
    Limit {
        what: "operands of an expression, those around it included",
        most: limits::OPERANDS as u64,
        code: "E0602",
        text: |n| {
            let sum = |count: usize| vec!["1"; count].join(" + ");
            // The brackets are one operand of a hundred.
            let inner = format!("{} + ({})", sum(99), sum(n - 100));
            network(&format!("let a = {}\nlet b = {inner}", sum(n)))
        },
    },
    Limit {
        what: "layers and joins of a network",
        most: limits::NODES as u64,
        code: "E0603",
        // A join is one, too.
        text: |n| block(&format!("join add {{ a {{ act }} b {{}} }} for i in 0..{} {{ act }}", n - 2)),
    },
    Limit {
        what: "blocks of a stage",
        most: limits::BLOCKS,
        code: "E0604",
        text: |n| block("if number == 0 { act }").replace("stage b", &format!("stage b * {n}")),
    },
    Limit {
        what: "channels of a map, outputs of a linear layer",
        most: limits::CHANNELS,
        code: "E0605",
        text: |n| block(&format!("zero_channels(after = {}) conv 1x1 (8) flatten linear({n})", n - 3)),
    },
    Limit {
        what: "features of a vector",
        most: limits::FEATURES,
        code: "E0605",
        // 4,294,967,295 is 65,537 times 65,535; the number after it is a power of 2.
        text: |n| {
            let input = if n % 65_537 == 0 { "input 65537 x 65535 x 1" } else { "input 65536 x 65536 x 1" };
            description(input, "block b() { flatten }")
        },
    },
    Limit {
        what: "height and width",
        most: limits::SIDE,
        code: "E0606",
        text: |n| description("input 1 x 1 x 1", &format!("block b() {{ pad([0, 0, 0, {}]) }}", n - 1)),
    },
    Limit {
        what: "values that a list, or a block with arguments, holds, those in lists in it included",
        most: limits::VALUES as u64,
        code: "E0608",
        text: values,
    },
    Limit {
        what: "steps of evaluation before the first layer",
        most: limits::FIRST_WORK as u64,
        code: "E0608",
        // The loop, its two bounds, each repetition, the layer and the default of its parameter.
        text: |n| block(&format!("for i in 0..{} {{}} act", n - 5)),
    },
    Limit {
        what: "steps of evaluation that each layer adds",
        most: limits::WORK as u64,
        code: "E0608",
        text: |n| block(&format!("act for i in 0..{} {{}}", limits::FIRST_WORK + n - 5)),
    },
    Limit {
        what: "steps of evaluation of the network's own statements",
        most: limits::NETWORK_WORK as u64,
        code: "E0608",
        text: network_steps,
    },
    Limit {
        what: "placeholders of a template",
        most: limits::PLACES as u64,
        code: "E0205",
        text: |n| {
            let row = format!("main.conv \"{}\"", "{stage}".repeat(n));
            block("act") + &format!("names t extends torchvision {{ {row} }}")
        },
    },
];

fn refusal(text: String) -> Option<Code> {
    resnetc::compile(&Source::new("limit.resnet", text)).err().map(|report| report.diagnostics()[0].code)
}

#[test]
fn every_limit_of_the_reference_is_exact() {
    let rows = cells(list_of(&read("grammar/README.md"), "limits"));
    let written: Vec<_> = rows.iter().map(|row| (row[0].clone(), row[1].replace(',', ""), row[2].clone())).collect();
    let known: Vec<_> = LIMITS
        .iter()
        .map(|limit| (limit.what.replace('`', ""), limit.most.to_string(), limit.code.to_owned()))
        .collect();
    assert_eq!(written, known);
    for Limit { what, most, code, text } in LIMITS {
        let most = usize::try_from(*most).unwrap();
        assert_eq!(refusal(text(most)), None, "{what}: {most}");
        assert_eq!(refusal(text(most + 1)).map(Code::number), Some(*code), "{what}: {most} and one");
    }
}

#[test]
fn what_a_limit_counts_counts_everywhere() {
    let refused = |text: String| refusal(text).map(Code::number);
    // A name of a network counts as one of a block does.
    let lets = |count: usize| times(count, |at| format!("let a{at}_ = 1\n"));
    assert_eq!(refused(network(&lets(256))), None);
    assert_eq!(refused(network(&lets(257))), Some("E0601"));
    assert_eq!(refused(block(&(lets(256) + "act"))), None);
    assert_eq!(refused(block(&(lets(257) + "act"))), Some("E0601"));
    // Parts of what a text declares.
    let choices = |count: usize| times(count, |at| format!("c{at}, "));
    let own = |count: usize| {
        description("input 3 x 8 x 8", &format!("block b(p_: one_of({}) = c0) {{ act }}", choices(count)))
    };
    assert_eq!(refused(own(256)), None);
    assert_eq!(refused(own(257)), Some("E0601"));
    // Tables of names, as dialects.
    let tables = |count: usize| block("act") + &times(count, |at| format!("names t{at} extends torchvision {{}}\n"));
    assert_eq!(refused(tables(64)), None);
    assert_eq!(refused(tables(65)), Some("E0601"));
    // Outputs of a linear layer, which the limit on channels is of.
    assert_eq!(refused(block("flatten linear(1048576)")), None);
    assert_eq!(refused(block("flatten linear(1048577)")), Some("E0605"));
    // A label, a role, the name of a network.
    let label = |length: usize| block(&format!("{} {{ act }} act as {}", "l".repeat(length), "r".repeat(length)));
    assert_eq!(refused(label(24)), None);
    assert_eq!(refused(label(25)), Some("E0102"));
    let name = |length: usize| block("act").replace("network n", &format!("network {}", "n".repeat(length)));
    assert_eq!(refused(name(64)), None);
    assert_eq!(refused(name(65)), Some("E0206"));
}

#[test]
fn the_limit_of_nodes_is_that_of_the_command_line() {
    let text = |count: usize| Source::new("nodes.resnet", block(&format!("for i in 0..{count} {{ act }}")));
    for limit in [1, 2, 999] {
        let options = resnetc::Options { limit, ..resnetc::Options::default() };
        assert!(resnetc::compile_with(&text(limit), &options).is_ok(), "{limit}");
        let report = resnetc::compile_with(&text(limit + 1), &options).unwrap_err();
        assert_eq!(report.diagnostics()[0].code, Code::TooManyNodes, "{limit}");
    }
}
