//! Every mistake has a fixture: what was written and what is answered, side by side.

use resnetc::diagnostic::{Code, Diagnostic, Report, render};
use resnetc::source::Source;
use std::collections::BTreeSet;
use std::path::PathBuf;

fn fixtures() -> Vec<(String, Source)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let file = path.file_name().unwrap().to_str().unwrap();
        (name, Source::new(file, std::fs::read_to_string(&path).unwrap()))
    };
    let is_description = |path: &PathBuf| path.extension().is_some_and(|end| end == "toml" || end == "resnet");
    files.into_iter().filter(is_description).map(read).collect()
}

fn refused(source: &Source) -> Report {
    match resnetc::compile(source) {
        Ok(_) => panic!("{} compiles", source.name()),
        Err(report) => report,
    }
}

/// Input and output in one text; control characters of the input are shown, as a terminal would not.
fn beside(source: &Source, answer: &str) -> String {
    let input: String =
        source.text().chars().map(|c| if c == '\n' { "\n".to_owned() } else { c.escape_debug().to_string() }).collect();
    let input = input.replace("\\\"", "\"").replace("\\'", "'");
    format!("{}\n\n{}\n\n{}", input.trim_end(), "=".repeat(80), answer.trim_end())
}

#[test]
fn every_mistake_is_answered_as_its_fixture_says() {
    for (name, source) in fixtures() {
        let answer = render::text(&refused(&source), &source, false);
        insta::with_settings!({ snapshot_path => "../diagnostics", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, beside(&source, &answer));
        });
    }
}

#[test]
fn json_says_the_same_as_the_text() {
    for (name, source) in fixtures() {
        let report = refused(&source);
        let json = render::json(&report, &source);
        let objects = json.as_array().unwrap();
        assert_eq!(objects.len(), report.diagnostics().len());
        for (object, diagnostic) in objects.iter().zip(report.diagnostics()) {
            assert_eq!(object["code"], diagnostic.code.number());
            assert_eq!(object["message"], diagnostic.message);
            let text = &source.text()[object["primary"]["start"].as_u64().unwrap() as usize..];
            let line =
                source.text().lines().nth(object["primary"]["line"].as_u64().unwrap() as usize - 1).unwrap_or("");
            let column = object["primary"]["column"].as_u64().unwrap() as usize;
            let rest: String = line.chars().skip(column - 1).collect();
            assert!(text.starts_with(rest.trim_end()), "{name}: line {line} and column {column} miss the span");
        }
    }
    let shown = ["everything_in_one_run", "residual_add_loses_channels", "unknown_key_in_stage"];
    for (name, source) in fixtures().into_iter().filter(|(name, _)| shown.contains(&name.as_str())) {
        let json = format!("{:#}", render::json(&refused(&source), &source));
        insta::with_settings!({ snapshot_path => "../diagnostics", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{name}.json"), beside(&source, &json));
        });
    }
}

/// What remains of `diagnostic` after its own fix.
fn after_fix(diagnostic: &Diagnostic, source: &Source) -> Option<Report> {
    let fix = diagnostic.fix.as_ref()?;
    resnetc::compile(&Source::new(source.name(), fix.apply(source))).err()
}

#[test]
fn a_proposed_fix_mends_its_error() {
    let mut fixed = 0;
    for (name, source) in fixtures() {
        let report = refused(&source);
        let diagnostics = report.diagnostics();
        for diagnostic in &diagnostics {
            if diagnostic.fix.is_none() {
                continue;
            }
            fixed += 1;
            let remains = after_fix(diagnostic, &source);
            if diagnostics.len() == 1 {
                let text = remains.map(|remains| render::text(&remains, &source, false));
                assert_eq!(text, None, "{name}: the fix does not compile");
            } else if !matches!(diagnostic.code, Code::Syntax | Code::DslSyntax) {
                // One fix can mend several.
                let Some(remains) = remains else { continue };
                let again = remains.diagnostics().into_iter().filter(|other| other.message == diagnostic.message);
                assert_eq!(again.count(), 0, "{name}: {} remains", diagnostic.message);
                assert!(remains.diagnostics().len() < diagnostics.len(), "{name}: the fix makes another error");
            }
        }
    }
    assert!(fixed > 50, "only {fixed} fixes");
}

#[test]
fn one_mistake_is_one_error() {
    let several = [
        "awkward_text",
        "dsl_assignment_without_let",
        "dsl_curly_else_if",
        "dsl_everything_in_one_run",
        "dsl_missing_operand",
        "dsl_several_syntax_errors",
        "dsl_times_sign",
        "dsl_unknown_layer_of_another_library",
        "dsl_unused_parameter",
        "dsl_words_of_elsewhere",
        "empty_file",
        "everything_in_one_run",
        "huge_numbers",
        "limit_of_channels",
        "limit_of_sides",
        "misspelt_choice",
        "negative_numbers",
        "only_a_comment",
        "toml_several_errors",
        "dsl_labels_of_a_join",
        "dsl_block_with_a_size",
        "wrong_type_at_the_root",
        "wrong_type_in_head",
        "wrong_type_in_input",
        "wrong_type_in_stage",
        "zeros",
    ];
    for (name, source) in fixtures().into_iter().filter(|(name, _)| !several.contains(&name.as_str())) {
        let report = refused(&source);
        assert_eq!(report.diagnostics().len(), 1, "{name}:\n{}", render::text(&report, &source, false));
    }
}

#[test]
fn messages_keep_the_house_style() {
    for (name, source) in fixtures() {
        for diagnostic in refused(&source).diagnostics() {
            let texts = [&diagnostic.message, &diagnostic.primary.text].into_iter().chain(&diagnostic.notes);
            for text in texts.chain(&diagnostic.help) {
                let first = text.chars().next().unwrap();
                let acronym = text.starts_with("CIFAR") || text.starts_with("TOML");
                assert!(!first.is_uppercase() || acronym, "{name}: {text}");
                assert!(
                    !text.ends_with('.')
                        && !text
                            .split(|letter: char| !letter.is_alphabetic())
                            .any(|word| ["you", "your"].contains(&word)),
                    "{name}: {text}"
                );
            }
        }
    }
}

/// The examples of a page that are fenced as `toml,KIND` or `resnet,KIND`.
fn examples(page: &str, kind: &str) -> Vec<Source> {
    let fenced = |language: &str| -> Vec<_> {
        let fence = format!("```{language},{kind}\n");
        let texts = page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap());
        texts.map(|text| Source::new(format!("{kind}.{language}"), text)).collect()
    };
    [fenced("toml"), fenced("resnet")].concat()
}

/// What is said about a description, whether it compiles or not.
fn said(source: &Source) -> Report {
    resnetc::compile(source).map_or_else(|report| report, |network| network.warnings)
}

#[test]
fn every_page_says_what_its_code_means() {
    for code in Code::ALL {
        let page = code.page();
        assert!(page.starts_with(&format!("# {}: {}\n", code.number(), code.title())), "{}", code.number());
        assert!(page.contains("\n## Wrong\n") && page.contains("\n## Right\n"), "{}", code.number());
        assert!(page.len() > 200, "{} says too little", code.number());
    }
}

#[test]
fn the_wrong_example_of_a_page_is_wrong_and_the_right_one_right() {
    for code in Code::ALL {
        for source in examples(code.page(), "wrong") {
            let report = said(&source);
            assert_eq!(report.has_errors(), code.number().starts_with('E'), "{}", code.number());
            let codes: Vec<_> = report.diagnostics().iter().map(|diagnostic| diagnostic.code).collect();
            assert_eq!(codes, [*code], "{}\n{}", code.number(), render::text(&report, &source, false));
        }
        for source in examples(code.page(), "right") {
            let report = said(&source);
            assert!(report.is_empty(), "{}\n{}", code.number(), render::text(&report, &source, false));
        }
    }
}

#[test]
fn every_code_that_a_description_can_provoke_has_a_fixture_or_a_page_that_does() {
    let of_fixtures = fixtures().into_iter().flat_map(|(_, source)| {
        refused(&source).diagnostics().into_iter().map(|diagnostic| diagnostic.code).collect::<Vec<_>>()
    });
    let of_pages = Code::ALL.iter().copied().filter(|code| !examples(code.page(), "wrong").is_empty());
    let provoked: BTreeSet<_> = of_fixtures.chain(of_pages).collect();
    let others: Vec<_> = Code::ALL.iter().filter(|code| !provoked.contains(code)).map(|code| code.number()).collect();
    // Graphs that no description makes, a limit that takes a megabyte, targets, the other language, weights: tested where they arise.
    let elsewhere = ["E0401", "E0501", "E0502", "E0601", "E0607", "E0701", "E0702", "E0703", "E0704", "E0705"];
    assert_eq!(others, elsewhere);
}
