//! The schema for editors is what the compiler knows: it takes what compiles, and refuses what no compiler needs to see.

use crate::convert::{drawn_tables, without_definitions};
use crate::describe::shipped;
use crate::language::fenced;
use resnetc::schema;
use resnetc::source::Source;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What the schema says of each description, by its name.
fn verdicts(descriptions: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in descriptions {
        std::fs::write(folder.path().join(name).with_extension("toml"), text).unwrap();
    }
    let printed = crate::python::script("schema.py", &[&path(FILE), folder.path()]);
    let verdicts: BTreeMap<_, _> = printed
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .map(|(name, said)| (name.into(), said.into()))
        .collect();
    assert_eq!(verdicts.len(), descriptions.len());
    verdicts
}

fn compiles(text: &str) -> bool {
    resnetc::compile(&Source::new("test.toml", text)).is_ok()
}

const FILE: &str = "grammar/resnet.schema.json";

#[test]
fn the_file_is_what_the_command_prints() {
    let output = assert_cmd::Command::cargo_bin("resnetc").unwrap().arg("schema").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), schema::text());
    let written = std::fs::read_to_string(path(FILE)).unwrap_or_default();
    if written != schema::text() && std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(path(FILE), schema::text()).unwrap();
    } else {
        assert!(
            written == schema::text(),
            "{FILE} is not what `resnetc schema` prints; `INSTA_UPDATE=always` writes it"
        );
    }
}

#[test]
fn it_takes_every_description_that_ships_and_every_example() {
    let mut all = BTreeMap::new();
    for file in shipped().into_iter().chain([path("tests/strangers/attention.toml")]) {
        if file.extension().is_some_and(|extension| extension == "toml") {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            all.insert(name, std::fs::read_to_string(&file).unwrap());
        }
    }
    let files = all.len();
    for page in ["README.md", "grammar/README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        for (language, text, line) in fenced(page) {
            if language == "toml" {
                all.insert(format!("{}_{line}", page.replace(['/', '.'], "_")), text);
            }
        }
    }
    assert!(files > 25 && all.len() > files + 2, "{files} files, {} in all", all.len());
    for (name, said) in verdicts(&all) {
        assert_eq!(said, "valid", "{name}");
    }
}

#[test]
fn it_takes_whatever_compiles() {
    let mut all = BTreeMap::new();
    for (number, text) in drawn_tables(300).into_iter().enumerate() {
        let bare = without_definitions(&text);
        assert_ne!(bare, text);
        if compiles(&bare) {
            all.insert(format!("bare_{number}"), bare);
        }
        all.insert(format!("drawn_{number}"), text);
    }
    assert!(all.keys().filter(|name| name.starts_with("bare")).count() > 30, "{}", all.len());
    for (name, said) in verdicts(&all) {
        assert_eq!(said, "valid", "{name}\n{}", all[&name]);
    }
}

/// A description that compiles, and one edit.
fn edited(from: &str, to: &str) -> String {
    const GOOD: &str = "name = \"good\"
dialect = \"torchvision\"
[input]
channels = 3
size = [64, 64]
[stem]
kind = \"imagenet\"
filters = 64
[block]
kind = \"bottleneck\"
gate = \"se(reduction = 4)\"
[[stage]]
filters = 16
blocks = 2
[[stage]]
kind = \"regnet\"
filters = 64
group_width = 16
blocks = 1
stride = 2
[head]
classes = 10
dropout = 0.5
[budget]
max_macs = 1_000_000_000
";
    assert!(compiles(GOOD) && GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

/// > What the schema refuses, the compiler refuses; shapes, and what `definitions` define, only the compiler knows.
#[test]
fn it_refuses_what_is_wrong_and_says_where() {
    let edits = [
        ("name = \"good\"", "name = \"a-b\"", "$.name: 'a-b' does not match"),
        ("name = \"good\"", "name = \"good\"\ndepht = 50", "$: Additional properties are not allowed ('depht' was"),
        ("\"torchvision\"", "\"pytorch\"", "$.dialect: 'pytorch' is not one of ['torchvision', "),
        ("dialect = \"torchvision\"", "", "$: 'dialect' is a required property"),
        ("channels = 3", "channels = 0", "$.input.channels: 0 is less than the minimum of 1"),
        ("[64, 64]", "64", "$.input.size: 64 is not of type 'array'"),
        ("[64, 64]", "[64]", "$.input.size: [64] is too short"),
        ("\"imagenet\"", "\"imagnet\"", "$.stem.kind: 'imagnet' is not one of ['imagenet', "),
        (
            "filters = 64\n[block]",
            "filter = 64\n[block]",
            "$.stem: Additional properties are not allowed ('filter' was",
        ),
        ("\"bottleneck\"", "\"bottelneck\"", "$.block.kind: 'bottelneck' is not one of"),
        ("gate = \"se(reduction = 4)\"", "gate = \"se(divisr = 4)\"", "$.block.gate: "),
        ("gate = \"se(reduction = 4)\"", "gate = \"sa\"", "$.block.gate: 'sa' "),
        (
            "gate = \"se(reduction = 4)\"",
            "gates = \"se\"",
            "$.block: Additional properties are not allowed ('gates' was",
        ),
        ("filters = 16", "filters = -16", "$.stage[0].filters: -16 is less than the minimum of 1"),
        ("filters = 16", "filters = \"16\"", "$.stage[0].filters: '16' is not of type 'integer'"),
        ("filters = 16", "", "$.stage[0]: 'filters' is a required property"),
        (
            "filters = 16",
            "filters = 16\ngroup_width = 8",
            "$.stage[0]: Additional properties are not allowed ('group_width'",
        ),
        ("group_width = 16", "", "$.stage[1]: 'group_width' is a required property"),
        (
            "group_width = 16",
            "group_width = 16\nexpansion = 2",
            "$.stage[1]: Additional properties are not allowed ('expan",
        ),
        ("\"regnet\"", "\"regnets\"", "$.stage[1].kind: 'regnets' is not one of"),
        ("blocks = 2", "", "$.stage[0]: 'blocks' is a required property"),
        ("blocks = 2", "blocks = 10_001", "$.stage[0].blocks: 10001 is greater than the maximum of 10000"),
        ("kind = \"bottleneck\"", "", "$.stage[0]: 'kind' is a required property"),
        ("dropout = 0.5", "dropout = 1.0", "$.head.dropout: 1.0 "),
        ("classes = 10", "kind = \"mobilenet\"\npool = \"avg\"", "$.head: Additional properties are not allowed ("),
        ("max_macs = 1_000_000_000", "max_mac = 1", "$.budget: Additional properties are not allowed ('max_mac' was"),
        ("blocks = 2", "blocks = \"2\"", "$.stage[0].blocks: '2' is not of type 'integer'"),
        ("gate = \"se(reduction = 4)\"", "blocks = 2", "$.block: False schema does not allow 2"),
        ("[input]", "depth = 50\n[input]", "$: False schema does not allow"),
    ];
    let texts: Vec<_> = edits.iter().map(|(from, to, _)| edited(from, to)).collect();
    for text in &texts {
        assert!(!compiles(text), "the compiler refuses it, too\n{text}");
    }
    let named = texts.iter().enumerate().map(|(number, text)| (format!("{number:02}"), text.clone()));
    for (said, (from, to, expected)) in verdicts(&named.collect()).values().zip(edits) {
        assert!(said.starts_with(expected), "{from} -> {to}: {said}");
    }
}

#[test]
fn of_the_wrong_descriptions_of_the_diagnostics_it_takes_these() {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(path("tests/diagnostics")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "toml") {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&file).unwrap();
            all.insert(name, text);
        }
    }
    assert!(all.len() > 80);
    let said: Vec<_> = verdicts(&all).into_iter().filter(|(_, said)| said == "valid").map(|(name, _)| name).collect();
    // Shapes and their limits, sums, words that are reserved, what is inherited, and depths: 6n + 2 is beyond a schema.
    let expected = [
        "cifar_depth_between_two",
        "classifier_without_classes",
        "depth_with_another_block",
        "dropout_is_not_a_number",
        "feature_map_shrinks_to_nothing",
        "imagenet_stem_on_a_tiny_input",
        "limit_of_channels_by_expansion",
        "limit_of_nodes",
        "limit_of_nodes_before_expansion",
        "name_is_a_keyword_of_python",
        "name_is_a_keyword_of_rust",
        "name_is_name_of_generated_code",
        "plain_stage_inherits_a_shortcut",
        "pool_of_a_vgg_meets_a_single_row",
        "pool_size_without_pool",
        "pool_size_without_the_key_pool",
        "residual_add_loses_channels",
        "residual_add_loses_channels_of_the_stage_before",
        "stem_pool_in_padding",
        "toml_layer_among_definitions",
        "width_comes_out_as_zero",
        // To a schema 1.0 is a whole number.
        "wrong_type_in_expect",
    ];
    assert_eq!(said, expected);
}

/// What tombi says of each description, by its name: the messages of a whole run, warnings among them.
fn linted(descriptions: &BTreeMap<String, String>) -> BTreeMap<String, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(path(FILE), folder.path().join("schema.json")).unwrap();
    for (name, text) in descriptions {
        let text = format!("#:schema schema.json\n{text}");
        std::fs::write(folder.path().join(name).with_extension("toml"), text).unwrap();
    }
    let output = std::process::Command::new(crate::python::program("tombi"))
        .args(["lint", "--offline", "--quiet", "--diagnostics-format", "json-lines"])
        .args(["--diagnostics-file", "said.jsonl", "."])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "{stderr}");
    let mut all: BTreeMap<_, _> = descriptions.keys().map(|name| (name.clone(), Vec::new())).collect();
    for line in std::fs::read_to_string(folder.path().join("said.jsonl")).unwrap_or_default().lines() {
        let said: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = Path::new(said["path"].as_str().unwrap()).file_stem().unwrap().to_str().unwrap();
        all.get_mut(name).unwrap().push(said["message"].as_str().unwrap().to_owned());
    }
    all
}

#[test]
fn tombi_has_nothing_to_say_of_what_ships() {
    let toml = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "toml");
    let shipped = shipped().into_iter().filter(toml).chain([path("tests/strangers/attention.toml")]);
    let all: BTreeMap<_, _> = shipped
        .map(|file| (file.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&file).unwrap()))
        .collect();
    assert!(all.contains_key("resnet50") && all.len() > 25, "{} files", all.len());
    for (name, said) in linted(&all) {
        assert_eq!(said, [""; 0], "{name}");
    }
}

/// > `tombi lint --offline FILE` says the same on the command line.
#[test]
fn tombi_refuses_what_is_wrong() {
    let edits = [
        ("name = \"good\"", "name = \"a-b\"", "does not match the pattern"),
        ("name = \"good\"", "name = \"good\"\ndepht = 50", "\"depht\" is not allowed"),
        ("\"torchvision\"", "\"pytorch\"", "found \"pytorch\""),
        ("dialect = \"torchvision\"", "", "\"dialect\" is required"),
        ("channels = 3", "channels = 0", "found 0"),
        ("[64, 64]", "[64]", "array must contain at least 2 values"),
        ("filters = 64\n[block]", "filter = 64\n[block]", "\"filter\" is not allowed"),
        ("gate = \"se(reduction = 4)\"", "gate = \"se(divisr = 4)\"", "\"se(divisr = 4)\" does not match"),
        ("gate = \"se(reduction = 4)\"", "gates = \"se\"", "\"gates\" is not allowed"),
        ("filters = 16", "filters = \"16\"", "expected a value of type Integer"),
        ("group_width = 16", "", "\"group_width\" is required"),
        ("filters = 16", "filters = 16\ngroup_width = 8", "\"group_width\" is not allowed"),
        ("\"regnet\"", "\"regnets\"", "found \"regnets\""),
        ("kind = \"bottleneck\"", "", "\"kind\" is required"),
        ("classes = 10", "kind = \"mobilenet\"\npool = \"avg\"", "\"pool\" is not allowed"),
        ("[input]", "depth = 50\n[input]", "the schema matches no values"),
    ];
    let named = edits.iter().enumerate().map(|(number, (from, to, _))| (format!("{number:02}"), edited(from, to)));
    for (said, (from, to, expected)) in linted(&named.collect()).values().zip(edits) {
        assert!(said.iter().any(|message| message.contains(expected)), "{from} -> {to}: {said:?}");
    }
    let good = linted(&BTreeMap::from([("good".to_owned(), edited("name", "name"))]));
    assert_eq!(good["good"], [""; 0]);
}
