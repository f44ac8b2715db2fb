//! Texts and files that reached the terminal, a table or memory as they are.

use super::path;
use resnetc::back;
use resnetc::diagnostic::visible;
use resnetc::source::Source;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const CASES: [&str; 3] = ["ansi_layer_name.resnet", "csv_formula_layer_name.resnet", "pipe_in_layer_name.resnet"];

/// Names that mean something to whoever shows them, without the quote that would end them in a description.
const NAMES: [&str; 9] = [
    "\u{1b}]0;PWN\u{7}\u{1b}[31m",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "+1|2",
    "-2+3",
    "<script>alert(1)</script>&amp;<!-- -->",
    "`|*_x_*[a](b)\\|%%{init: {}}%%;-->",
    "\u{202e}gnp.exe\u{2066}\u{200b}\u{9b}31m\u{2028}\u{85}",
    "\t\r=1",
];

fn resnetc(arguments: &[&str], at: &Path) -> Output {
    // What asks for an answer that never comes is a failure, and no reason to wait for ever.
    let mut command = Command::new("timeout");
    command.arg("600").arg(env!("CARGO_BIN_EXE_resnetc")).args(arguments).current_dir(at);
    command.stdin(Stdio::null()).output().unwrap()
}

fn texts(output: &Output) -> [String; 2] {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8(bytes.clone()).unwrap())
}

/// The case with another name for its layers.
fn named(name: &str) -> String {
    let text = fs::read_to_string(path("pipe_in_layer_name.resnet")).unwrap();
    let text = text.replace("\"{block}|{role}\"", &format!("\"{name}{{block}}{{role}}\""));
    // A placeholder is not what is tried here.
    text.replace("{init: {}}", "init")
}

/// Asserts that `text` has nothing that a terminal obeys and no line that begins as only ours may.
fn assert_shown(text: &str, what: &str) {
    for (number, line) in text.lines().enumerate() {
        assert!(!line.contains(visible::acts), "{what}, line {}: {line:?}", number + 1);
        assert!(!line.starts_with("forged") && !line.starts_with("error: forged"), "{what}: {line}");
    }
}

/// The fields of a line of CSV (RFC 4180).
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => field.extend(letters.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(std::mem::take(&mut field)),
            letter => field.push(letter),
        }
    }
    assert!(!is_quoted, "{line}");
    fields.push(field);
    fields
}

fn assert_csv(text: &str, what: &str) {
    let columns = fields(text.lines().next().unwrap()).len();
    for line in text.lines() {
        let fields = fields(line);
        assert_eq!(fields.len(), columns, "{what}: {line}");
        for field in fields {
            let is_number = field.trim_end_matches(" %").replace(',', "").parse::<f64>().is_ok() || field == "-";
            assert!(is_number || !field.trim_start().starts_with(['=', '+', '-', '@']), "{what}: {field}");
        }
    }
}

fn assert_markdown(text: &str, what: &str) {
    let mut columns = None;
    for line in text.lines() {
        // A bar after an odd number of backslashes is text.
        let bars = line.split('|').rev().skip(1).filter(|before| {
            let backslashes = before.chars().rev().take_while(|letter| *letter == '\\').count();
            backslashes % 2 == 0
        });
        if line.starts_with('|') {
            let bars = bars.count();
            assert_eq!(*columns.get_or_insert(bars), bars, "{what}: {line}");
        } else {
            columns = None;
        }
        assert!(!line.contains('<') && !line.contains("&script") && !line.contains("&amp;<"), "{what}: {line}");
    }
}

#[test]
fn no_name_of_a_layer_means_anything_to_whoever_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::copy(path("ansi_machine_name.toml"), at.join("machine.toml")).unwrap();
    let other = fs::read_to_string(path("pipe_in_layer_name.resnet")).unwrap().replace("3x3", "5x5");
    fs::write(at.join("other.resnet"), other).unwrap();
    let cases = CASES.map(|case| fs::read_to_string(path(case)).unwrap());
    for (number, text) in cases.into_iter().chain(NAMES.map(named)).enumerate() {
        fs::write(at.join("net.resnet"), &text).unwrap();
        let source = Source::new("net.resnet", text);
        let network = resnetc::compile(&source).unwrap_or_else(|report| panic!("{number}: {report:?}"));
        let commands: &[&[&str]] = &[
            &["summary", "net.resnet"],
            &["flops", "net.resnet", "--by", "layer", "--memory", "--machine", "machine.toml"],
            &["weights", "list", "net.resnet"],
            &["diff", "net.resnet", "other.resnet"],
            &["sweep", "net.resnet", "--set", "input.size=8,9"],
        ];
        for command in commands {
            let formats: &[&str] = match command[0] {
                "sweep" => &["table", "csv", "markdown", "jsonl"],
                _ => &["table", "csv", "markdown", "json"],
            };
            for format in formats {
                let what = format!("{number}: {command:?} {format}");
                let output = resnetc(&[command, &["--format", format][..]].concat(), at);
                let [out, err] = texts(&output);
                assert!(output.status.code().is_some_and(|code| code < 2), "{what}: {err}");
                assert_shown(&out, &what);
                assert_shown(&err, &what);
                match *format {
                    "csv" => assert_csv(&out, &what),
                    "markdown" => assert_markdown(&out, &what),
                    "json" => drop(serde_json::from_str::<Value>(&out).unwrap()),
                    _ => {}
                }
            }
        }
        for format in ["svg", "dot", "mermaid"] {
            let [out, _] = texts(&resnetc(&["graph", "net.resnet", "--depth", "layer", "--format", format], at));
            assert_shown(&out, format);
            assert!(out.ends_with('\n'), "{format}");
            assert!(!out.contains("<script"), "{format}");
        }
        let [out, _] = texts(&resnetc(&["report", "net.resnet", "-o", "-"], at));
        assert_shown(&out, "report");
        assert!(!out.contains("<script>alert"));
        // In JSON, in weight files and in generated code the name is what it is.
        let [out, _] = texts(&resnetc(&["summary", "net.resnet", "--format", "json"], at));
        let json: Value = serde_json::from_str(&out).unwrap();
        let paths: Vec<_> =
            json["layers"].as_array().unwrap().iter().map(|row| row["path"].as_str().unwrap()).collect();
        let names: Vec<_> = network.layers().map(|layer| layer.name).collect();
        assert_eq!(paths, names);
        // Keras takes no slash in a name, and says so.
        let packages = back::keras::emit(&network).into_iter().flatten();
        for file in back::burn::emit(&network).unwrap().into_iter().chain(packages) {
            assert_shown(&file.text, &file.path);
        }
    }
}

/// A file of weights whose header is `header`, padded, with `data` bytes behind it.
fn safetensors(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

#[test]
fn no_name_of_a_file_or_a_tensor_and_no_text_means_anything_to_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    const NAME: &str = "\u{1b}[31mred\nerror: forged\u{202e}\u{9b}5m";
    let net = format!("{NAME}.resnet");
    let good = fs::read_to_string(path("pipe_in_layer_name.resnet")).unwrap();
    fs::write(at.join(&net), &good).unwrap();
    let wrong = good.replace("filters > 0 else \"ok\"", "filters > 9 else \"\u{1b}[31mno\u{202e}\u{9b}\"");
    fs::write(at.join("wrong.resnet"), wrong).unwrap();
    let tensor = json_text(&format!("{NAME}.weight"));
    let weights = format!("{{{tensor}:{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}}}");
    fs::write(at.join("w.safetensors"), safetensors(&weights, 4)).unwrap();
    let typed = weights.replace("F32", "\\u001b[31mF99\\nerror: forged");
    fs::write(at.join("typed.safetensors"), safetensors(&typed, 4)).unwrap();
    let header = "{'descr': '\u{1b}[31m', 'fortran_order': False, 'shape': (1,)}\n";
    let npy = [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes()].concat();
    fs::write(at.join("x.npy"), npy).unwrap();
    let case = path("ansi_tensor_name.safetensors").display().to_string();
    let missing = format!("{NAME}.toml");
    let set = format!("input.{NAME}=1");
    let argument = format!("--{NAME}");
    let value = format!("stage.1.gate={NAME}");
    let commands: &[&[&str]] = &[
        &["check", "wrong.resnet"],
        &["check", &missing],
        &["flops", &net],
        &["flops", &missing],
        &["summary", "wrong.resnet"],
        &["weights", "check", &net, "w.safetensors"],
        &["weights", "check", &net, "typed.safetensors"],
        &["weights", "check", &net, &case],
        &["weights", "check", &net, &missing],
        &["weights", "list", &net, "--names", NAME],
        &["weights", "convert", &net, "w.safetensors", "-o", "out.safetensors"],
        &["verify", &net, "--input", "x.npy"],
        &["verify", &net, "--input", &missing],
        &["sweep", &net, "--set", &set],
        &["sweep", &net, "--set", &value, "--format", "csv"],
        &["sweep", &net, "--set", &value, "--format", "markdown"],
        &["sweep", &net, "--set", &value, "--format", "jsonl"],
        &["explain", NAME],
        &["new", NAME, "--depth", "18"],
        &["new", "--depth", "18", "--kind", NAME],
        &["new", "--depth", "18", "-o", &net],
        &["graph", &net, "-o", &missing],
        &["graph", &net, "-o", &net],
        &["convert", &net, "-o", &net],
        &["build", &net, "-o", NAME],
        &["build", &net, "-o", NAME, "--check"],
        &["report", &net, "-o", "p.html", "--force", &argument],
        &["fmt", &net, "--check"],
        &["diff", &net, &missing],
        &[&argument],
    ];
    for command in commands {
        for format in ["human", "json"] {
            let arguments = [&["--message-format", format], *command].concat();
            let output = resnetc(&arguments, at);
            let [out, err] = texts(&output);
            assert_shown(&out, &format!("{command:?} {format}"));
            assert_shown(&err, &format!("{command:?} {format}"));
            assert!(output.status.code().is_some_and(|code| code < 3), "{command:?}: {err}");
        }
    }
}

fn json_text(text: &str) -> String {
    Value::from(text).to_string()
}

#[test]
fn a_description_is_shown_by_a_terminal_and_kept_by_a_pipe() {
    let case = path("ansi_layer_name.resnet");
    let output = resnetc(&["expand", case.to_str().unwrap()], Path::new("."));
    let expanded = texts(&output)[0].clone();
    assert!(expanded.contains("\u{1b}]0;PWN"), "what is piped is the same description");
    let code = "import os, pty, sys\nread = []\ndef each(fd):\n    data = os.read(fd, 1024)\n    read.append(data)\n    \
                return data\npty.spawn(sys.argv[1:], each)\n";
    let mut command = Command::new(crate::python::python());
    command.args(["-c", code, env!("CARGO_BIN_EXE_resnetc"), "expand"]).arg(case);
    let shown = command.stdin(Stdio::null()).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap().replace("\r\n", "\n");
    assert!(shown.contains("\\u{1b}]0;PWN\\u{7}"), "{shown}");
    assert_shown(&shown, "a terminal");
}

/// A description of the library, where nothing is hostile.
fn architecture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("architectures").join(name)
}

#[test]
fn everything_that_is_written_can_be_piped() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let net = architecture("cifar_resnet20.toml");
    let net = net.to_str().unwrap();
    fs::copy(net, at.join("lay.toml")).unwrap();
    let network = resnetc::compile(&Source::new("n.toml", fs::read_to_string(net).unwrap())).unwrap();
    let weights = crate::networks::filled(&network);
    fs::write(at.join("w.safetensors"), resnetc::weights::write(&network, &weights).unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(at.join("fifo")).status().unwrap().success());
    let commands: &[&[&str]] = &[
        &["graph", net, "-o"],
        &["graph", net, "--format", "dot", "-o"],
        &["report", net, "-o"],
        &["convert", net, "-o"],
        &["new", "--depth", "18", "-o"],
        &["weights", "convert", net, "w.safetensors", "--to", "keras", "-o"],
    ];
    for command in commands {
        let run = |path: &str| resnetc(&[command, &[path][..]].concat(), at);
        let whole = run("-");
        assert_eq!(whole.status.code(), Some(0), "{command:?}: {:?}", texts(&whole));
        assert!(whole.stdout.len() > 300, "{command:?}");
        assert!(!at.join("-").exists());
        let out = run("/dev/stdout");
        assert_eq!((out.status.code(), out.stdout == whole.stdout), (Some(0), true), "{command:?}");
        assert_eq!(run("/dev/null").status.code(), Some(0), "{command:?}");
        assert!(fs::symlink_metadata("/dev/null").unwrap().file_type() != fs::metadata(net).unwrap().file_type());
        let mut reader =
            Command::new("bash").args(["-c", "timeout 600 cat fifo > got"]).current_dir(at).spawn().unwrap();
        assert_eq!(run("fifo").status.code(), Some(0), "{command:?}");
        assert!(reader.wait().unwrap().success() && fs::read(at.join("got")).unwrap() == whole.stdout, "{command:?}");
        // A reader that has read enough is no failure.
        let line = format!("{} {} {{}} | head -c 1", env!("CARGO_BIN_EXE_resnetc"), command.join(" "));
        let script = format!("set -o pipefail; timeout 600 {}", line.replace("{}", "/dev/stdout"));
        let piped = Command::new("bash").args(["-c", &script]).current_dir(at).output().unwrap();
        assert_eq!(piped.status.code(), Some(0), "{command:?}: {:?}", texts(&piped));
        let substituted =
            format!("timeout 600 {} {} >(cat > got; echo >> done)", env!("CARGO_BIN_EXE_resnetc"), command.join(" "));
        assert!(Command::new("bash").args(["-c", &substituted]).current_dir(at).status().unwrap().success());
        let begun = Instant::now();
        while !at.join("done").exists() {
            assert!(begun.elapsed() < Duration::from_secs(600), "{command:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        fs::remove_file(at.join("done")).unwrap();
        assert!(fs::read(at.join("got")).unwrap() == whole.stdout, "{command:?}");
        let full = run("/dev/full");
        assert_eq!(full.status.code(), Some(2), "{command:?}");
    }
}

#[test]
fn a_build_follows_no_link_and_overwrites_no_edit() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let net = architecture("cifar_resnet20.toml");
    let build = |more: &[&str]| {
        let arguments = ["build", net.to_str().unwrap(), "--target", "keras", "--target", "burn", "-o", "out"];
        resnetc(&[&arguments[..], more].concat(), at)
    };
    fs::create_dir_all(at.join("out")).unwrap();
    fs::create_dir_all(at.join("elsewhere")).unwrap();
    let package = at.join("out/cifar_resnet20");
    symlink("../elsewhere", &package).unwrap();
    let refused = build(&[]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        texts(&refused)[1].contains("out/cifar_resnet20 is a link, which is not followed"),
        "{:?}",
        texts(&refused)
    );
    assert_eq!(fs::read_dir(at.join("elsewhere")).unwrap().count(), 0);
    assert_eq!(build(&["--force"]).status.code(), Some(0));
    assert_eq!(fs::read_dir(at.join("elsewhere")).unwrap().count(), 0);
    assert!(package.symlink_metadata().unwrap().is_dir());
    assert_eq!((build(&[]).status.code(), build(&["--check"]).status.code()), (Some(0), Some(0)));

    // Each file that was edited, in whatever language, is left alone.
    let files =
        ["__init__.py", "__main__.py", "pyproject.toml", "Cargo.toml", "rustfmt.toml", "src/lib.rs", "src/model.rs"];
    for name in files {
        let file = package.join(name);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}\n")).unwrap();
        let refused = build(&[]);
        assert_eq!(refused.status.code(), Some(2), "{name}");
        assert!(
            texts(&refused)[1].contains(&format!("{name} was edited after resnetc wrote it")),
            "{:?}",
            texts(&refused)
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("{text}\n"));
        let checked = build(&["--check"]);
        assert_eq!(
            (checked.status.code(), texts(&checked)[0].clone()),
            (Some(1), format!("edited out/cifar_resnet20/{name}\n"))
        );
        fs::write(&file, &text).unwrap();
    }
    // What another version wrote is stale, and may be overwritten.
    let file = package.join("__main__.py");
    fs::write(&file, "# Generated by resnetc 0.0.1 from `x`, dialect y, graph z. Edit the description instead.\n")
        .unwrap();
    assert_eq!(texts(&build(&["--check"]))[0], "stale out/cifar_resnet20/__main__.py\n");
    assert_eq!(build(&[]).status.code(), Some(0));

    // A link to a file is replaced, and the file stays.
    fs::write(at.join("mine"), "mine").unwrap();
    fs::remove_file(&file).unwrap();
    symlink(at.join("mine"), &file).unwrap();
    assert_eq!((build(&[]).status.code(), build(&["--force"]).status.code()), (Some(2), Some(0)));
    assert_eq!(fs::read_to_string(at.join("mine")).unwrap(), "mine");
    assert!(file.symlink_metadata().unwrap().is_file());
}

#[test]
fn a_file_says_why_it_cannot_be_written() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let net = architecture("cifar_resnet20.toml");
    let net = net.to_str().unwrap();
    fs::write(at.join("mine.svg"), "mine").unwrap();
    symlink("mine.svg", at.join("link.svg")).unwrap();
    symlink("nowhere", at.join("dangling.svg")).unwrap();
    fs::create_dir(at.join("folder.svg")).unwrap();
    let long = format!("{}.svg", "x".repeat(301));
    let table = [
        ("mine.svg", "mine.svg exists and was not generated by resnetc"),
        ("link.svg", "link.svg is a link, which is not followed"),
        ("dangling.svg", "dangling.svg is a link, which is not followed"),
        ("folder.svg", "cannot write folder.svg: it is a folder"),
        ("none/x.svg", "cannot write none/x.svg: there is no folder `none`"),
        ("mine.svg/x.svg", "cannot write mine.svg/x.svg: a part of its path is no folder"),
        (&long, "its name is longer than the file system allows"),
    ];
    for (name, expected) in table {
        let output = resnetc(&["graph", net, "-o", name], at);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(texts(&output)[1].contains(expected), "{name}: {}", texts(&output)[1]);
    }
    for name in ["link.svg", "dangling.svg"] {
        assert_eq!(resnetc(&["graph", net, "-o", name, "--force"], at).status.code(), Some(0));
        assert!(at.join(name).symlink_metadata().unwrap().is_file());
    }
    assert_eq!(fs::read_to_string(at.join("mine.svg")).unwrap(), "mine");
    assert!(!at.join("nowhere").exists());
    let text = fs::read_to_string(at.join("link.svg")).unwrap();
    assert_eq!(resnetc(&["graph", net, "-o", "link.svg"], at).status.code(), Some(0));
    fs::write(at.join("link.svg"), text.replace("stage", "part")).unwrap();
    let output = resnetc(&["graph", net, "-o", "link.svg"], at);
    assert!(texts(&output)[1].contains("link.svg was edited after resnetc wrote it"), "{:?}", texts(&output));
    let output = resnetc(&["build", net, "-o", &long], at);
    assert!(texts(&output)[1].contains("its name is longer than the file system allows"), "{:?}", texts(&output));
    let output = resnetc(&["build", net, "-o", "-"], at);
    assert!(texts(&output)[1].contains("`./-` is a folder of this name"), "{:?}", texts(&output));
    assert!(!at.join("-").exists());
}

#[test]
fn no_more_is_read_than_the_first_bytes_allow() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let net = architecture("cifar_resnet20.toml");
    let net = net.to_str().unwrap();
    fs::create_dir(at.join("folder")).unwrap();
    fs::write(at.join("empty"), "").unwrap();
    // Claims of a terabyte, with nothing behind them.
    let tensor = "{\"conv1.weight\":{\"dtype\":\"F32\",\"shape\":[274877906944],\"data_offsets\":[0,1099511627776]}}";
    fs::write(at.join("claim"), safetensors(tensor, 16)).unwrap();
    fs::write(at.join("cut"), &safetensors(tensor, 0)[..40]).unwrap();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1024, 3, 16384, 16384)}\n";
    let npy = [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes()].concat();
    fs::write(at.join("claim.npy"), &npy).unwrap();
    let cases = [
        ("/dev/zero", "E0702", "E0703"),
        ("/dev/urandom", "E0702", "E0703"),
        ("empty", "E0702", "E0703"),
        ("folder", "Is a directory", "Is a directory"),
        ("missing", "No such file", "No such file"),
        ("claim", "E0701", "E0703"),
        ("cut", "E0702", "E0703"),
        ("claim.npy", "E0702", "E0703"),
    ];
    for (file, weights, images) in cases {
        let found = texts(&resnetc(&["weights", "check", net, file], at))[1].clone();
        assert!(found.contains(weights), "{file}: {found}");
        let found = texts(&resnetc(&["verify", net, "--input", file], at))[1].clone();
        assert!(found.contains(images), "{file}: {found}");
    }
    // The same through a pipe that never ends: an answer comes all the same.
    for (file, code) in [("claim", "E0701"), ("cut", "E0702")] {
        let line =
            format!("cat {file} /dev/zero | timeout 600 {} weights check {net} -", env!("CARGO_BIN_EXE_resnetc"));
        let output = Command::new("bash").args(["-c", &line]).current_dir(at).output().unwrap();
        assert!(texts(&output)[1].contains(code), "{file}: {:?}", texts(&output));
    }
    let line =
        format!("cat claim.npy /dev/zero | timeout 600 {} verify {net} --input -", env!("CARGO_BIN_EXE_resnetc"));
    let output = Command::new("bash").args(["-c", &line]).current_dir(at).output().unwrap();
    assert!(texts(&output)[1].contains("E0607"), "{:?}", texts(&output));
    // Through a pipe that ends, what fits does.
    let network = resnetc::compile(&Source::new("n.toml", fs::read_to_string(net).unwrap())).unwrap();
    let bytes = resnetc::weights::write(&network, &crate::networks::filled(&network)).unwrap();
    for (cut, code) in [(0, 0), (1, 1)] {
        fs::write(at.join("w"), &bytes[..bytes.len() - cut]).unwrap();
        let line = format!("cat w | timeout 600 {} weights check {net} -", env!("CARGO_BIN_EXE_resnetc"));
        let output = Command::new("bash").args(["-c", &line]).current_dir(at).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{:?}", texts(&output));
    }
}

#[test]
fn a_header_has_a_limit_and_is_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let net = architecture("cifar_resnet20.toml");
    let net = net.to_str().unwrap();
    let limit = resnetc::limits::WEIGHTS_HEADER as usize;
    let filled = |length: usize| {
        format!("{{\"__metadata__\":{{\"a\":\"{}\"}}}}", "x".repeat(length - "{\"__metadata__\":{\"a\":\"\"}}".len()))
    };
    fs::write(at.join("large"), safetensors(&filled(limit + 1), 0)).unwrap();
    fs::write(at.join("most"), safetensors(&filled(limit), 0)).unwrap();
    let found = texts(&resnetc(&["weights", "check", net, "large"], at))[1].clone();
    assert!(found.contains("E0705") && found.contains("67108865 bytes, and at most 67108864 are read"), "{found}");
    let found = texts(&resnetc(&["weights", "check", net, "most"], at))[1].clone();
    assert!(found.contains("E0701") && found.contains("missing"), "{found}");
    // As many tensors as fit, none of them the network's: each is named once, and nothing is quadratic.
    let tensor = |number: usize| format!("\"t{number}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}");
    let tensors: Vec<_> = (0..200_000).map(tensor).collect();
    fs::write(at.join("many"), safetensors(&format!("{{{}}}", tensors.join(",")), 0)).unwrap();
    let output = resnetc(&["weights", "convert", net, "many", "-o", "x"], at);
    assert!(texts(&output)[1].contains("200000 unexpected"), "{:?}", texts(&output));
    fs::write(at.join("twice"), safetensors(&format!("{{{},{}}}", tensor(1), tensor(1)), 0)).unwrap();
    let found = texts(&resnetc(&["weights", "check", net, "twice"], at))[1].clone();
    assert!(found.contains("there are two tensors `t1`"), "{found}");
}

#[test]
fn every_diagnostic_is_json_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let text = "// 1 // 2\nuse dialect torchvision\nnetwork r {\n    let unused = 3\n    input 3 x 32 x 32\n    stem cifar(8)\n    \
                stage basic(8)\n    head classifier(10, pool = avg)\n}\n";
    fs::write(at.join("warn.resnet"), text).unwrap();
    fs::write(at.join("wrong.resnet"), text.replace("basic(8)", "basik(8)")).unwrap();
    let severities = |text: &str| {
        let arrays =
            text.lines().map(|line| serde_json::from_str::<Vec<Value>>(line).unwrap_or_else(|_| panic!("{text}")));
        let objects: Vec<_> = arrays.flatten().collect();
        for object in &objects {
            let keys: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, ["code", "file", "fix", "help", "message", "notes", "primary", "secondary", "severity"]);
        }
        objects.into_iter().map(|object| object["severity"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // Beside an answer a warning stands on standard error.
    let answers: &[&[&str]] = &[
        &["flops", "warn.resnet"],
        &["summary", "warn.resnet", "--format", "json"],
        &["graph", "warn.resnet"],
        &["expand", "warn.resnet"],
        &["weights", "list", "warn.resnet"],
        &["diff", "warn.resnet", "warn.resnet"],
        &["build", "warn.resnet", "--target", "keras"],
        &["report", "warn.resnet", "-o", "-"],
    ];
    for command in answers {
        let output = resnetc(&[command, &["--message-format", "json"][..]].concat(), at);
        let [out, err] = texts(&output);
        assert_eq!(output.status.code(), Some(0), "{command:?}: {err}");
        let said = severities(&err);
        assert!(!said.is_empty() && said.iter().all(|severity| severity == "warning"), "{command:?}: {err}");
        assert!(!out.is_empty() && !out.contains("W0101"), "{command:?}");
    }
    let output = resnetc(&["convert", "warn.resnet", "--message-format", "json"], at);
    assert_eq!(severities(&texts(&output)[1]), ["warning"]);
    // In place of one, errors stand where it would.
    let failures: &[(&[&str], i32)] = &[
        (&["flops", "wrong.resnet"], 1),
        (&["flops", "missing.resnet"], 2),
        (&["check", "missing.resnet"], 2),
        (&["check", "missing.resnet", "wrong.resnet"], 2),
        (&["flopz"], 2),
        (&["flops"], 2),
        (&["flops", "warn.resnet", "--batch", "0"], 2),
        (&["explain", "E9999"], 2),
        (&["graph", "missing.resnet"], 2),
        (&["graph", "warn.resnet", "-o", "none/x.svg"], 2),
        (&["sweep", "warn.resnet", "--set", "x=1"], 2),
        (&["weights", "check", "warn.resnet", "/dev/null"], 1),
        (&["fmt", "missing.resnet"], 2),
        (&["diff", "missing.resnet", "warn.resnet"], 2),
    ];
    for (command, code) in failures {
        for asked in [&["--message-format", "json"][..], &["--message-format=json"]] {
            let output = resnetc(&[command, asked].concat(), at);
            let [out, err] = texts(&output);
            assert_eq!(output.status.code(), Some(*code), "{command:?}: {out}{err}");
            let said = severities(&out);
            assert!(said.iter().any(|severity| severity == "error"), "{command:?}: {out}");
            assert!(severities(&err).iter().all(|severity| severity == "warning"), "{command:?}: {err}");
        }
    }
    assert_eq!(resnetc(&["--help", "--message-format", "json"], at).status.code(), Some(0));
}

#[test]
fn only_one_place_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap();
            let is_rust = name.ends_with(".rs");
            for (word, places) in [
                ("anstream::", &["src/cli/say.rs"][..]),
                ("println!(", &["src/cli/say.rs"]),
                ("print!(", &["src/cli/say.rs"]),
                ("io::stdout()", &["src/cli/output.rs", "src/cli/sweep.rs"]),
            ] {
                assert!(!is_rust || places.contains(&name) || !text.contains(word), "{name} has {word}");
            }
        }
    }
}

#[test]
fn an_array_that_numpy_refuses_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = "network net { use dialect torchvision input 2 x 6 x 5 stem none stage own() head none }\n\
                block own() { conv 1x1 (3) as last }\n";
    fs::write(folder.path().join("net.resnet"), text).unwrap();
    let case = path("npy_lenient_shape.npy").display().to_string();
    let output = resnetc(&["verify", "net.resnet", "--input", &case], folder.path());
    let [out, err] = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{out}{err}");
    assert!(err.contains("error[E0703]") && err.contains("not verified"), "{err}");
}
