//! The small commands, through the binary: `check`, `expand`, `explain`, `new`, `completions`.

use assert_cmd::Command;
use resnetc::diagnostic::Code;
use serde_json::Value;

const GOOD: &str = "name = \"r\"\ndialect = \"torchvision\"\ndepth = 18\n";
const BAD: &str = "name = \"r\"\ndialect = \"torchvision\"\ndepht = 18\n";

struct Answer {
    code: i32,
    out: String,
    err: String,
}

fn resnetc(arguments: &[&str], input: &str) -> Answer {
    let output = Command::cargo_bin("resnetc").unwrap().args(arguments).write_stdin(input).output().unwrap();
    Answer {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn check_is_silent_where_nothing_is_wrong() {
    let answer = resnetc(&["check", "-"], GOOD);
    assert_eq!((answer.code, answer.out.as_str(), answer.err.as_str()), (0, "", ""));
}

#[test]
fn check_says_what_is_wrong_and_exits_with_1() {
    let answer = resnetc(&["check", "-"], BAD);
    let expected = "error[E0201]: a description has no key `depht`
 --> <stdin>:3:1
  |
3 | depht = 18
  | ^^^^^ expected `name`, `dialect`, `depth`, `input`, `stem`, `block`, `stage`, `head`, `expect`, `budget` or `definitions`
  |
  = help: write `depth`

";
    assert_eq!((answer.code, answer.out.as_str(), answer.err.as_str()), (1, "", expected));
}

#[test]
fn check_goes_through_every_file() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("good.toml"), GOOD).unwrap();
    std::fs::write(path("bad.toml"), BAD).unwrap();
    std::fs::write(path("bytes.toml"), [0xff, 0xfe]).unwrap();
    let (good, bad, bytes, none) = (path("good.toml"), path("bad.toml"), path("bytes.toml"), path("none.toml"));

    let answer = resnetc(&["check", &bad, &good, &bad], "");
    assert_eq!(answer.code, 1);
    assert_eq!(answer.err.matches("E0201").count(), 2);

    let answer = resnetc(&["check", &none, &bad, &bytes, &good], "");
    assert_eq!(answer.code, 2, "a file that cannot be read outweighs one that is wrong");
    assert_eq!(answer.err.matches("E0201").count(), 1);
    assert!(answer.err.contains(&format!("cannot read {none}")), "{}", answer.err);
    assert!(answer.err.contains(&format!("{bytes} is not UTF-8")), "{}", answer.err);
}

#[test]
fn check_gives_one_json_array_for_the_run() {
    let folder = folder();
    let bad = folder.path().join("bad.toml").to_str().unwrap().to_owned();
    std::fs::write(&bad, BAD).unwrap();
    let answer = resnetc(&["check", "--message-format", "json", &bad, "-", &bad], BAD);
    assert_eq!((answer.code, answer.err.as_str()), (1, ""));
    let json: Value = serde_json::from_str(&answer.out).unwrap();
    let files: Vec<_> = json.as_array().unwrap().iter().map(|object| object["file"].as_str().unwrap()).collect();
    assert_eq!(files, [bad.as_str(), "<stdin>", bad.as_str()]);
    assert_eq!(json[1]["code"], "E0201");
    assert_eq!(json[1]["fix"]["replacement"], "depth");

    let answer = resnetc(&["check", "--message-format", "json", "-"], GOOD);
    assert_eq!((answer.code, answer.out.as_str()), (0, "[]\n"));
}

#[test]
fn check_raises_the_limit_on_request() {
    let many = "name = \"r\"\ndialect = \"torchvision\"\n[input]\nchannels = 3\nsize = [8, 8]\n[stem]\nkind = \"none\"\n\
                [[stage]]\nkind = \"plain\"\nfilters = 4\nblocks = 20\n";
    assert_eq!(resnetc(&["check", "-"], many).code, 0);
    let answer = resnetc(&["check", "--limit", "100", "-"], many);
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("E0603") && answer.err.contains("--limit 1000"), "{}", answer.err);
}

#[test]
fn expand_prints_the_long_form() {
    let input = "# comment\nname = \"tiny\"\ndialect = \"keras\"\n[input]\nchannels = 1\nsize = [28, 30]\n[stem]\n\
                 kind = \"cifar\"\n[block]\nkind = \"bottleneck\"\nshortcut = \"C\"\n[[stage]]\nfilters = 8\nblocks = 2\n\
                 [[stage]]\nkind = \"vgg\"\nfilters = 16\nblocks = 1\nnorm = true\n[head]\npool = \"max\"\nclasses = 7\n";
    let expected = "name = \"tiny\"
dialect = \"keras\"

[input]
channels = 1
size = [28, 30]

[stem]
kind = \"cifar\"

[[stage]]
kind = \"bottleneck\"
filters = 8
shortcut = \"C\"
blocks = 2

[[stage]]
kind = \"vgg\"
filters = 16
norm = true
blocks = 1

[head]
classes = 7
pool = \"max\"
";
    let answer = resnetc(&["expand", "-"], input);
    assert_eq!((answer.code, answer.out.as_str(), answer.err.as_str()), (0, expected, ""));
}

#[test]
fn expand_prints_a_program_as_a_program() {
    let input = "// Two stages.
use dialect torchvision
network tiny(classes = 10) {
    let base = 8
    input 3 x 32 x 32
    stem cifar(base)
    stage basic(base) * 2
    stage basic(2 * base, gate = se(4)) stride 2
    head classifier(classes, pool = avg)
}
";
    let expected = "use dialect torchvision

network tiny {
    input 3 x 32 x 32
    stem cifar(filters = 8)
    stage basic(filters = 8) * 2
    stage basic(filters = 16, gate = se(4)) * 1 stride 2
    head classifier(classes = 10, pool = avg)
}
";
    let answer = resnetc(&["expand", "-"], input);
    assert_eq!((answer.code, answer.out.as_str(), answer.err.as_str()), (0, expected, ""));
}

#[test]
fn expand_refuses_what_does_not_compile() {
    let answer = resnetc(&["expand", "-"], BAD);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""));
    assert!(answer.err.starts_with("error[E0201]"));
    assert_eq!(resnetc(&["expand", "no such file"], "").code, 2);
}

#[test]
fn explain_prints_the_page_of_a_code() {
    for code in Code::ALL {
        let answer = resnetc(&["explain", code.number()], "");
        assert_eq!((answer.code, answer.out.as_str()), (0, code.page()));
    }
    for spelling in ["e0302", "0302"] {
        assert_eq!(resnetc(&["explain", spelling], "").out, Code::MapVanishes.page());
    }
}

#[test]
fn explain_lists_the_codes() {
    let answer = resnetc(&["explain"], "");
    assert_eq!(answer.code, 0);
    assert_eq!(answer.out.lines().count(), Code::ALL.len());
    assert!(answer.out.contains("E0207  a depth that no table has\n"));
}

#[test]
fn explain_proposes_the_nearest_code() {
    let answer = resnetc(&["explain", "E0299"], "");
    assert_eq!((answer.code, answer.out.as_str()), (2, ""));
    assert_eq!(answer.err, "error: there is no code `E0299`: the nearest is `E0209`\n");
    let answer = resnetc(&["explain", "shapes"], "");
    assert_eq!(answer.err, "error: there is no code `shapes`: `resnetc explain` lists them\n");
}

#[test]
fn new_writes_a_starting_file_from_block_counts() {
    let answer = resnetc(&["new", "--blocks", "2,3,5,2", "--kind", "bottleneck"], "");
    let expected = "# 38 layers, as the papers count them: the stem, 12 blocks, the classifier.
name = \"resnet_2_3_5_2\"
dialect = \"torchvision\"  # torchvision | keras | paper | timm

[input]
channels = 3
size = [224, 224]  # height, width

[stem]
kind = \"imagenet\"  # imagenet | cifar | deep | densenet | mobile | patchify | preact_cifar | preact_deep | preact_imagenet | regnet_stem | none
filters = 64

[block]  # what every stage has unless it says otherwise
kind = \"bottleneck\"  # basic | bottleneck | convnext | dense | inverted_residual | mbconv | plain | preact_basic | preact_bottleneck | regnet | res2net_bottleneck | sk_bottleneck | vgg
shortcut = \"B\"  # A | B | C | D | none

# Each stage: its filters, how many blocks it has, and the stride of the first of them.
[[stage]]
filters = 64
blocks = 2
stride = 1

[[stage]]
filters = 128
blocks = 3
stride = 2

[[stage]]
filters = 256
blocks = 5
stride = 2

[[stage]]
filters = 512
blocks = 2
stride = 2

[head]
pool = \"avg\"  # avg | max | none
classes = 1000  # without it there is no classifier
";
    assert_eq!((answer.code, answer.out.as_str(), answer.err.as_str()), (0, expected, ""));
}

#[test]
fn new_writes_files_that_compile() {
    let table: [&[&str]; 9] = [
        &["--depth", "18"],
        &["--depth", "34", "--kind", "plain"],
        &["net", "--depth", "200", "--dialect", "keras"],
        &["--depth", "1202", "--stem", "cifar"],
        &["--depth", "20", "--stem", "cifar", "--shortcut", "B", "--classes", "100"],
        &["--blocks", "1", "--stem", "none", "--input", "1x28x30", "--classes", "2"],
        &["--blocks", "1,1,2,2,2", "--kind", "vgg", "--stem", "none"],
        &["--blocks", "3,4,6,3", "--kind", "basic", "--shortcut", "A", "--dialect", "paper"],
        &["--blocks", "2,2", "--kind", "plain", "--stem", "cifar"],
    ];
    for arguments in table {
        let answer = resnetc(&[&["new"], arguments].concat(), "");
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{arguments:?}");
        assert_eq!(resnetc(&["check", "-"], &answer.out).code, 0, "{arguments:?}");
    }
    let layers = |arguments: &[&str]| resnetc(arguments, "").out.lines().next().unwrap().to_owned();
    assert!(layers(&["new", "--depth", "101"]).starts_with("# 101 layers"));
    assert!(layers(&["new", "--depth", "110", "--stem", "cifar"]).starts_with("# 110 layers"));
}

#[test]
fn new_names_the_neighbours_of_a_depth_that_no_table_has() {
    let answer = resnetc(&["new", "--depth", "42"], "");
    assert_eq!((answer.code, answer.out.as_str()), (1, ""));
    assert!(answer.err.contains("E0207") && answer.err.contains("the nearest are 34 and 50"), "{}", answer.err);
    let answer = resnetc(&["new", "--depth", "20"], "");
    assert!(answer.err.contains("20 is a depth with another stem"), "{}", answer.err);
    let answer = resnetc(&["new", "--depth", "21", "--stem", "cifar"], "");
    assert!(answer.err.contains("the nearest are 20 and 26"), "{}", answer.err);
}

#[test]
fn new_refuses_what_would_not_compile() {
    let codes = [
        (vec!["new", "match", "--depth", "18"], "E0206"),
        (vec!["new", "--depth", "50", "--kind", "basic"], "E0210"),
        (vec!["new", "--depth", "50", "--dialect", "tensorflow"], "E0204"),
        (vec!["new", "--blocks", "2,2", "--kind", "plain", "--shortcut", "B"], "E0204"),
        (vec!["new", "--blocks", "0"], "E0205"),
    ];
    for (arguments, code) in codes {
        let answer = resnetc(&arguments, "");
        assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{arguments:?}");
        assert!(answer.err.starts_with(&format!("error[{code}]")), "{arguments:?}: {}", answer.err);
    }
    for usage in
        [vec!["new"], vec!["new", "--depth", "18", "--blocks", "1"], vec!["new", "--depth", "18", "--input", "3"]]
    {
        assert_eq!(resnetc(&usage, "").code, 2, "{usage:?}");
    }
}

#[test]
fn new_overwrites_only_by_force() {
    let folder = folder();
    let path = folder.path().join("net.toml").to_str().unwrap().to_owned();
    let answer = resnetc(&["new", "--depth", "18", "-o", &path], "");
    assert_eq!((answer.code, answer.out.as_str()), (0, ""));
    let first = std::fs::read_to_string(&path).unwrap();
    let answer = resnetc(&["new", "--depth", "34", "-o", &path], "");
    assert_eq!(answer.code, 2);
    assert_eq!(answer.err, format!("error: {path} is there already: `--force` overwrites it\n"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
    assert_eq!(resnetc(&["new", "--depth", "34", "-o", &path, "--force"], "").code, 0);
    assert!(std::fs::read_to_string(&path).unwrap().contains("resnet34"));
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let answer = resnetc(&["completions", shell], "");
        assert_eq!(answer.code, 0);
        for command in ["check", "expand", "explain", "new", "completions"] {
            assert!(answer.out.contains(command), "{shell}: {command}");
        }
    }
    assert_eq!(resnetc(&["completions", "tcsh"], "").code, 2);
}

#[test]
fn usage_is_2_and_help_is_0() {
    assert_eq!(resnetc(&[], "").code, 2);
    assert_eq!(resnetc(&["chek"], "").code, 2);
    assert_eq!(resnetc(&["check"], "").code, 2);
    assert_eq!(resnetc(&["--help"], "").code, 0);
    assert_eq!(resnetc(&["--version"], "").out, format!("resnetc {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn build_overwrites_only_what_it_wrote() {
    let folder = folder();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/architectures/resnet18.toml");
    let out = folder.path().join("out").to_str().unwrap().to_owned();
    let build = |more: &[&str]| {
        let arguments = ["build", file, "--target", "keras", "--target", "keras", "-o", &out];
        resnetc(&[&arguments[..], more].concat(), "")
    };
    let wrote = build(&[]);
    assert_eq!((wrote.code, wrote.out.lines().count()), (0, 3), "{}", wrote.err);
    assert_eq!((build(&["--check"]).code, build(&[]).code), (0, 0));
    let package = folder.path().join("out/resnet18/__init__.py");
    std::fs::write(&package, "# what was Generated by resnetc, and then mended by me\n").unwrap();
    let stale = build(&["--check"]);
    assert_eq!(stale.code, 1);
    assert!(stale.out.starts_with("stale "), "{}", stale.out);
    assert_eq!(build(&[]).code, 2);
    assert_eq!((build(&["--force"]).code, build(&["--check"]).code), (0, 0));
}

#[cfg(unix)]
#[test]
fn fmt_writes_where_a_link_leads_and_keeps_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder();
    let [file, link] = ["there.resnet", "link.resnet"].map(|name| folder.path().join(name));
    std::fs::write(&file, "network   tiny { input 3 x 32 x 32 }").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&file, &link).unwrap();
    let answer = resnetc(&["fmt", link.to_str().unwrap()], "");
    assert_eq!((answer.code, answer.err.as_str()), (0, ""));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "network tiny { input 3 x 32 x 32 }\n");
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_description_that_is_too_long_is_told_so_wherever_it_is_cut() {
    for before in 0..4 {
        for letter in ["\u{e4}", "\u{20ac}", "\u{1f600}"] {
            let text = format!("{GOOD}#{}{}", "x".repeat(before), letter.repeat(1 << 19));
            let answer = resnetc(&["check", "-"], &text);
            assert!(answer.code == 1 && answer.err.contains("E0601"), "{before} {letter}: {}", answer.err);
        }
    }
    // What is cut by nobody is no text.
    let output =
        Command::cargo_bin("resnetc").unwrap().args(["check", "-"]).write_stdin([0xe2, 0x82]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
