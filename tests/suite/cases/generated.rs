//! Descriptions whose generated programs were wrong.

use crate::describe;
use crate::keras::write as keras_package;
use crate::networks::compile;
use resnetc::back::{File, burn, keras};
use resnetc::ir::graph::Fixed;
use resnetc::valid::Checked;

fn compiled(file: &str) -> Checked {
    resnetc::compile(&super::source(file)).unwrap()
}

/// A network of this name, in a dialect of that.
fn called(name: &str, dialect: &str) -> Checked {
    compile(&format!(
        "use dialect {dialect}\ndialect {dialect} extends torchvision {{}}\n\
         network {name} {{\n input 3 x 8 x 8\n stem cifar(4)\n stage basic(4)\n head classifier(2, pool = avg)\n}}\n"
    ))
}

/// What stands in a table of a file that is TOML.
fn table(files: &[File], file: &str) -> toml::Table {
    let found = files.iter().find(|one| one.path.ends_with(&format!("/{file}"))).unwrap();
    found.text.parse().unwrap_or_else(|error| panic!("{}: {error}\n{}", found.path, found.text))
}

/// Whether installers take `name` (PEP 508: letters, digits, `.`, `-` and `_`, the first and the last a letter or a digit).
fn is_project(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric();
    let inside = |byte: u8| is_word(byte) || b"._-".contains(&byte);
    name.bytes().all(inside) && name.bytes().next().is_some_and(is_word) && name.bytes().last().is_some_and(is_word)
}

#[test]
fn a_name_of_any_length_gives_manifests_that_are_toml() {
    let mut networks = vec![compiled("keras_name_of_64_letters.toml")];
    for length in 1..=64 {
        networks.push(called(&"x".repeat(length), "d"));
        networks.push(called(&format!("x{}", "_".repeat(length - 1)), &"d".repeat(length)));
    }
    for network in networks {
        let name = &network.graph().name;
        let project = table(&keras::emit(&network).unwrap(), "pyproject.toml");
        assert_eq!(project["tool"]["setuptools"]["packages"], toml::Value::Array(vec![name.as_str().into()]));
        assert_eq!(project["tool"]["setuptools"]["package-dir"][name].as_str(), Some("."));
        assert_eq!(project["project"]["description"].as_str(), Some(&*format!("The network {name}, for Keras 3")));
        assert!(is_project(project["project"]["name"].as_str().unwrap()), "{name}");
        let crates = burn::emit(&network).unwrap();
        let package = table(&crates, "Cargo.toml");
        assert!(is_project(package["package"]["name"].as_str().unwrap()), "{name}");
        assert_eq!(package["package"]["description"].as_str(), Some(&*format!("The network {name}, for burn")));
        table(&crates, "rustfmt.toml");
    }
}

/// A network of these statements, with blocks of its own.
fn of(input: &str, statements: &str, block: &str) -> Checked {
    compile(&format!(
        "use dialect torchvision\nnetwork n {{ input {input} {statements} }}\nblock own(filters: channels, stride: integer = 1) {{ {block} }}\n"
    ))
}

#[test]
fn what_a_description_asks_of_its_input_is_known() {
    const FREE: Fixed = Fixed { channels: false, size: false };
    const SIZE: Fixed = Fixed { size: true, ..FREE };
    const CHANNELS: Fixed = Fixed { channels: true, ..FREE };
    let plain = "stem cifar(4) stage own(4)";
    for (statements, block, fixed) in [
        (plain, "conv 3x3 (filters, padding = [height % 2, 1, width % 2, 1])", SIZE),
        (plain, "if width > 4 { conv 3x3 (filters) } norm", SIZE),
        (plain, "let tall = height conv 3x3 (filters) norm", SIZE),
        (plain, "require height % 2 == 0 else \"even\" conv 3x3 (filters) norm", SIZE),
        (plain, "join add { a { conv 3x3 (filters) } b if height > 1 {} }", SIZE),
        (
            plain,
            "conv 3x3 (filters) join multiply { a {} b { global_pool if height == 1 { act } act(sigmoid) } }",
            FREE,
        ),
        (plain, "conv 3x3 (filters) flatten linear(max(floor(channels / 2), 1))", SIZE),
        (plain, "conv 3x3 (channels) norm act", FREE),
        ("stem none stage own(4)", "conv 3x3 (channels) norm act", CHANNELS),
        ("stem none stage own(4)", "norm act conv 3x3 (filters) conv 3x3 (channels)", FREE),
        ("stem none stage own(6)", "max_pool 2x2 (stride = 2) split(3, 1) conv 3x3 (filters)", CHANNELS),
        ("stem none stage own(6)", "conv 3x3 (filters, groups = 3)", CHANNELS),
        ("stem none stage own(6)", "if height > 2 { conv 3x3 (filters) } else { conv 1x1 (channels) }", SIZE),
        ("stem none stage basic(6)", "conv 3x3 (filters)", CHANNELS),
        ("stem cifar(4) stage basic(6)", "conv 3x3 (filters)", FREE),
    ] {
        let statements =
            if statements.contains("own") { statements.to_owned() } else { format!("{statements} stage own(4)") };
        assert_eq!(of("3 x 8 x 8", &statements, block).graph().fixed, fixed, "{statements}: {block}");
    }
}

#[test]
fn what_asks_for_nothing_is_the_same_network_for_another_input() {
    let ops =
        |network: &Checked| network.layers().skip(1).map(|layer| format!("{:?}", layer.node.op)).collect::<Vec<_>>();
    let mut free = 0;
    for path in describe::shipped() {
        let source = resnetc::source::Source::new("shipped", std::fs::read_to_string(&path).unwrap());
        let at = |input: [u64; 3]| {
            let options = resnetc::Options { input: Some(input), ..resnetc::Options::default() };
            let source = resnetc::source::Source::new(path.to_str().unwrap(), source.text().to_owned());
            resnetc::compile_with(&source, &options).unwrap()
        };
        let own = at([3, 224, 224]);
        let fixed = own.graph().fixed;
        if !fixed.size {
            assert_eq!(ops(&own), ops(&at([3, 256, 160])), "{}", path.display());
            free += 1;
        }
        if !fixed.channels {
            assert_eq!(ops(&own), ops(&at([5, 224, 224])), "{}", path.display());
        }
    }
    assert!(free > 20, "what ships is convolutional: {free}");
}

/// What calls of a package say, each refused or a shape.
fn called_in_keras(network: &Checked, calls: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    keras_package(network, folder.path());
    let name = &network.graph().name;
    let script = format!(
        "from {name} import {name}\n\
         for call in {calls:?}:\n    \
             try:\n        print(eval(call).output.shape)\n    \
             except Exception as error:\n        print(type(error).__name__, error)\n"
    );
    std::fs::write(folder.path().join("call.py"), script).unwrap();
    crate::python::module("call", &[], folder.path()).lines().map(str::to_owned).collect()
}

#[test]
fn a_package_of_a_fixed_size_says_so() {
    let network = compiled("height_decides_padding.resnet");
    let package = keras::emit(&network).unwrap();
    let text = &package.iter().find(|file| file.path.ends_with("__init__.py")).unwrap().text;
    assert!(text.contains("input_shape: height, width and channels of an image, 32 and 32 and any"), "{text}");
    let refused = |found: &str| {
        let size = "expected (32, 32, channels): the description asks for the size of its maps; compile it for another";
        format!("ValueError input_shape is {found}, {size}")
    };
    let calls = [
        "odd(include_top=False)",
        "odd(include_top=False, input_shape=(32, 32, 1))",
        "odd(include_top=False, input_shape=(33, 32, 3))",
        "odd(include_top=False, input_shape=(None, None, 3))",
        "odd(include_top=False, classes=10)",
    ];
    let map = "(None, 16, 16, 8)";
    assert_eq!(
        called_in_keras(&network, &calls),
        [
            map.to_owned(),
            map.to_owned(),
            refused("(33, 32, 3)"),
            refused("(None, None, 3)"),
            "ValueError the description has no classifier: classes must be None".to_owned()
        ]
    );
    let model = burn::emit(&network).unwrap();
    let model = &model.iter().find(|file| file.path.ends_with("src/model.rs")).unwrap().text;
    assert!(model.contains("/// If the images are not 32 x 32: the description asks for the size of its maps."));
    assert!(model.contains("assert_eq!(\n            input.dims()[2..],\n            [32, 32],\n"), "{model}");
    // What asks for nothing takes any size.
    let free = called("free", "d");
    let found = called_in_keras(&free, &["free(input_shape=(None, None, 3))", "free(input_shape=(9, 11, 1))"]);
    assert_eq!(found, ["(None, 2)"; 2]);
    assert!(!burn::emit(&free).unwrap().iter().any(|file| file.text.contains("# Panics\n    /// If the images")));
}

#[test]
fn a_package_refuses_what_it_cannot_do() {
    let both = of("4 x 8 x 8", "stem none stage own(4)", "if height > 1 { conv 3x3 (channels) } global_pool flatten");
    let calls = ["n(False)", "n(False, (8, 8, 3))", "n(False, pooling='avg')", "n(True)"];
    assert_eq!(
        called_in_keras(&both, &calls),
        [
            "(None, 4)",
            "ValueError input_shape is (8, 8, 3), expected (8, 8, 4): the description asks for the size of its maps; \
             compile it for another",
            "ValueError there is no feature map to be pooled: pooling must be None",
            "ValueError the description has no top: include_top must be False",
        ]
    );
    let sized = of("3 x 8 x 8", "stem cifar(4) stage own(4)", "conv 1x1 (filters) blur");
    let found = called_in_keras(&sized, &["n(False, (None, None, 3))", "n(False, (9, 9, 3))"]);
    assert_eq!(found[0], "ValueError input_shape is (None, None, 3): some layers must know height and width");
    assert_eq!(found[1], "(None, 5, 5, 4)");
    let channels = of("3 x 8 x 8", "stem none stage own(4)", "conv 1x1 (2 * channels)");
    let found = called_in_keras(&channels, &["n(False, (9, 9, 3))", "n(False, (9, 9, 1))"]);
    assert_eq!(found[0], "(None, 9, 9, 6)");
    assert_eq!(
        found[1],
        "ValueError input_shape is (9, 9, 1), expected (height, width, 3): the description asks for the channels of the input"
    );
}
