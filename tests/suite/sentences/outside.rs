//! Sentences of which a program alone shows nothing: bytes, options, what is printed.

use resnetc::diagnostic::Report;
use resnetc::source::Source;
use resnetc::{Options, dialect, library, limits, schema};

const TINY: &str = "use dialect torchvision\nnetwork n { input 4 x 16 x 16 stem none stage basic(4) }\n";

fn compile(text: &str) -> Result<(), Report> {
    resnetc::compile(&Source::new("case.resnet", text)).map(|_| ())
}

fn code(report: &Report) -> &'static str {
    report.diagnostics()[0].code.number()
}

/// What `resnetc check` says of a file with these bytes, with more `arguments`.
fn check(bytes: &[u8], arguments: &[&str]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.resnet");
    std::fs::write(&file, bytes).unwrap();
    let mut command = assert_cmd::Command::cargo_bin("resnetc").unwrap();
    let output = command.arg("check").arg(&file).args(arguments).output().unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

/// > The text is UTF-8, at most 1 MiB.
#[test]
fn a_text_is_utf_8_and_at_most_a_mebibyte() {
    let filled = |bytes: usize| {
        let line = format!("// {}\n", "ä".repeat(4_000));
        let mut text = TINY.to_owned();
        while text.len() + line.len() < bytes {
            text.push_str(&line);
        }
        text.extend(std::iter::repeat_n('\n', bytes - text.len()));
        text
    };
    assert_eq!(filled(1 << 20).len(), 1 << 20);
    compile(&filled(1 << 20)).unwrap();
    assert_eq!(code(&compile(&filled((1 << 20) + 1)).unwrap_err()), "E0601");
    assert!(check(TINY.as_bytes(), &[]).0);
    assert!(check(&[TINY.as_bytes(), "// ä".as_bytes()].concat(), &[]).0);
    let (is_right, said) = check(&[TINY.as_bytes(), b"// \xff"].concat(), &[]);
    assert!(!is_right && said.contains("UTF-8"), "{said}");
}

/// > [resnet.schema.json](resnet.schema.json), which `resnetc schema` prints, tells an editor every key, block, parameter and dialect.
#[test]
fn the_schema_has_every_name() {
    let schema = schema::text();
    let has = |name: &str| schema.contains(&format!("\"{name}\""));
    for key in [
        "name",
        "dialect",
        "depth",
        "definitions",
        "input",
        "channels",
        "size",
        "stem",
        "block",
        "stage",
        "head",
        "kind",
        "blocks",
        "expect",
        "parameters",
        "total_parameters",
        "macs",
        "budget",
        "max_parameters",
        "max_macs",
        "max_memory",
    ] {
        assert!(has(key), "{key}");
    }
    assert!(dialect::NAMES.iter().all(|name| has(name)));
    for place in [library::Place::Stem, library::Place::Stage, library::Place::Head] {
        for name in library::names(place) {
            assert!(has(name), "{name}");
            let parameters = &library::find(name).unwrap().signature.parameters;
            assert!(parameters.iter().all(|parameter| has(&parameter.name.value)), "a parameter of {name}");
        }
    }
}

/// > `resnetc fmt` lays a text out.
#[test]
fn a_text_is_laid_out() {
    let text = "use   dialect torchvision\nnetwork n{\ninput 4 x 16 x 16 stem none\n\n\n\n stage basic( 4 )\n}\n\n";
    let laid_out = resnetc::front::dsl::format(&Source::new("case.resnet", text), &mut Report::default()).unwrap();
    let expected = "use dialect torchvision
network n {
    input 4 x 16 x 16 stem none

    stage basic(4)
}
";
    assert_eq!(laid_out, expected);
}

/// > Each has its own error, and is checked before anything is expanded or allocated.
#[test]
fn nothing_is_expanded_before_the_limits_are_checked() {
    // What these say would fill any memory.
    let most = u64::from(u32::MAX);
    for (text, expected) in [
        (TINY.replace("basic(4)", &format!("basic(4) * {most}")), "E0604"),
        (
            TINY.replace("basic(4)", "basic(4) * 10000 ").replace("stage", &"stage basic(4) * 10000 ".repeat(10_000)),
            "E0601",
        ),
        (TINY.replace("4 x 16 x 16", &format!("4 x {most} x {most}")), "E0606"),
        (TINY.replace("4 x 16 x 16", &format!("{most} x 16 x 16")), "E0605"),
        (TINY.replace("basic(4)", &format!("basic({most})")), "E0605"),
        (TINY.replace("basic(4)", &format!("basic({}4{})", "(".repeat(70), ")".repeat(70))), "E0602"),
    ] {
        assert_eq!(code(&compile(&text).unwrap_err()), expected, "{}", &text[..100]);
    }
}

/// > `--limit` raises that on nodes.
#[test]
fn the_limit_on_nodes_is_raised() {
    let text = TINY.replace("stage basic(4)", "stage basic(4) * 8000 stage basic(4) * 8000");
    let (source, nodes) = (Source::new("case.resnet", &text), 16_000 * 7);
    assert!(nodes > limits::NODES);
    assert_eq!(code(&resnetc::compile(&source).unwrap_err()), "E0603");
    let with = |limit| resnetc::compile_with(&source, &Options { limit, ..Options::default() });
    assert_eq!(with(nodes).unwrap().order().len(), 1 + nodes);
    assert_eq!(code(&with(nodes - 1).unwrap_err()), "E0603");
    assert!(!check(text.as_bytes(), &[]).0);
    assert!(check(text.as_bytes(), &["--limit", "200000"]).0);
}

/// > A label has at most 24 characters. A run reports the first 100 mistakes, and how many others it met before it stopped.
#[test]
fn a_hundred_mistakes_are_reported() {
    let block = |statements: &str| format!("block own() {{\n{statements}act\n}}\n{}", TINY.replace("basic(4)", "own"));
    let label = |length: usize| block(&format!("{} {{ act }}\n", "a".repeat(length)));
    compile(&label(24)).unwrap();
    assert!(compile(&label(25)).unwrap_err().has_errors());
    // What does not parse is all met at once.
    let text = block(&"conv 3x3 (4 4)\n".repeat(130));
    let report = compile(&text).unwrap_err();
    assert_eq!((report.diagnostics().len(), report.count()), (100, 130));
    let line = |error: &resnetc::diagnostic::Diagnostic| text[..error.primary.span.range().start].lines().count();
    assert_eq!(report.diagnostics().into_iter().map(line).collect::<Vec<_>>(), (2..102).collect::<Vec<_>>());
    let (_, said) = check(text.as_bytes(), &[]);
    assert!(said.contains("and 30 more"), "{said}");
    let report = compile(&block(&"cnv 3x3 (4)\n".repeat(130))).unwrap_err();
    assert_eq!(report.diagnostics().len(), 100);
}
