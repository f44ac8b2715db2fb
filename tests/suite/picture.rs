//! Pictures: what is drawn of a network, and that every format says it in its own language.

use crate::browser::Browser;
use crate::describe::{architectures, shipped};
use crate::networks;
use crate::random::{network as random_network, series};
use crate::structure::words;
use assert_cmd::Command;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use resnetc::back::picture::{self, Depth, Drawing, Fork, Line, Options, Role, Step, dot, draw, mermaid, svg};
use resnetc::ir::{NodeId, Op};
use resnetc::report;
use resnetc::source::Source;
use resnetc::valid::Checked;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

const WIDTH: u32 = 1080;
const DEPTHS: [Depth; 3] = [Depth::Stage, Depth::Block, Depth::Layer];

fn shipped_network(file: &str) -> Checked {
    networks::compile_file(&architectures().join(file))
}

fn drawing(file: &str) -> Drawing {
    draw(&shipped_network(file), Options::default()).unwrap()
}

/// A network as small as one with a projection can be.
const TINY: &str = "\
use dialect torchvision

network tiny {
    input 3 x 8 x 8
    stem cifar(4)
    stage basic(4) * 2
    stage basic(8, gate = se) * 1 stride 2
    head classifier(2, pool = avg)
}
";

/// What is drawn, as lines.
fn outline(drawing: &Drawing) -> String {
    let mut out = format!("{}: {}\n", drawing.name, drawing.subtitle);
    for band in &drawing.bands {
        out += &format!("{} ({}), {}\n", band.title, band.what, band.cost);
        for run in &band.runs {
            out += &format!("  {} x {}, {} to {}\n", run.caption, run.times, run.input, run.output());
            lines(&run.body, 4, &mut out);
        }
    }
    out
}

fn lines(steps: &[Step], indent: usize, out: &mut String) {
    for step in steps {
        match step {
            Step::Cell(cell) => {
                let notes: String = cell.notes.iter().map(|note| format!(" · {note}")).collect();
                *out += &format!("{:indent$}[{}{notes}] {}\n", "", cell.title, cell.output);
            }
            Step::Fork(fork) => {
                for branch in &fork.branches {
                    *out += &format!("{:indent$}{:?}\n", "", branch.line);
                    lines(&branch.steps, indent + 2, out);
                }
                let notes: String = fork.cell.notes.iter().map(|note| format!(" · {note}")).collect();
                *out += &format!("{:indent$}({}{notes}) {}\n", "", fork.cell.title, fork.cell.output);
            }
        }
    }
}

#[test]
fn what_is_drawn_of_the_family() {
    for file in ["resnet50.toml", "densenet121.resnet", "efficientnet_b0.resnet", "skresnet50.resnet", "vgg16.toml"] {
        let text = std::fs::read_to_string(architectures().join(file)).unwrap();
        let name = file.split('.').next().unwrap();
        insta::assert_snapshot!(format!("drawing_{name}"), format!("{text}\n==>\n{}", outline(&drawing(file))));
    }
}

#[test]
fn a_small_network_in_every_format() {
    let network = resnetc::compile(&Source::new("tiny.resnet", TINY)).unwrap();
    let picture = svg(&network, Options::default(), WIDTH).unwrap();
    let stages = Options { depth: Depth::Stage, unfold: false };
    let shown = [
        ("drawing", outline(&draw(&network, Options::default()).unwrap())),
        ("dot", dot(&network, Options::default()).unwrap()),
        ("mermaid", mermaid(&network, Options::default()).unwrap()),
        ("svg", picture.replace(picture::CSS.trim_end(), "…")),
        ("stages", mermaid(&network, stages).unwrap()),
    ];
    insta::with_settings!({filters => vec![(r"resnetc \d+\.\d+\.\d+", "resnetc VERSION")]}, {
        for (name, text) in shown {
            insta::assert_snapshot!(format!("tiny_{name}"), format!("{TINY}\n==>\n{text}"));
        }
    });
}

#[test]
fn a_thousand_layers_fold_to_five_blocks() {
    let drawing = drawing("cifar_resnet1202.toml");
    let runs: Vec<_> = drawing.bands.iter().flat_map(|band| &band.runs).map(|run| run.times).collect();
    assert_eq!(runs, [1, 200, 1, 199, 1, 199, 1]);
    let captions: Vec<_> = drawing.bands[2].runs.iter().map(|run| run.caption.as_str()).collect();
    assert_eq!(captions, ["block 1", "blocks 2-200"]);
    let unfolded = Options { unfold: true, ..Options::default() };
    let drawing = draw(&shipped_network("cifar_resnet1202.toml"), unfolded).unwrap();
    assert_eq!(drawing.bands.iter().map(|band| band.runs.len()).collect::<Vec<_>>(), [1, 200, 200, 200, 1]);
}

/// The lines of the shortcuts of each run of blocks, the outermost ones.
fn shortcuts(file: &str) -> Vec<Vec<Line>> {
    let drawing = drawing(file);
    let runs = drawing.bands.iter().filter(|band| band.stage.is_some()).flat_map(|band| &band.runs);
    let of = |run: &picture::Run| {
        let forks = run.body.iter().filter_map(|step| match step {
            Step::Fork(Fork { branches, .. }) => Some(branches),
            Step::Cell(_) => None,
        });
        forks.flatten().map(|branch| branch.line).filter(|line| *line != Line::Column).collect()
    };
    runs.map(of).collect()
}

#[test]
fn shortcuts_are_solid_where_they_are_the_identity_and_dotted_where_the_paper_dots_them() {
    use Line::{Identity, Shortcut};
    let alternating = |stages: usize| [Shortcut, Identity].map(|line| vec![line]).into_iter().cycle().take(2 * stages);
    // Stage 1 of a bottleneck projects to four times the channels, of a basic block it does not.
    assert_eq!(shortcuts("resnet50.toml"), alternating(4).collect::<Vec<_>>());
    let basic: Vec<_> = std::iter::once(vec![Identity]).chain(alternating(3)).collect();
    for file in ["resnet34.toml", "resnet34_a.toml"] {
        assert_eq!(shortcuts(file), basic, "{file}");
    }
    // Option C projects always.
    assert!(shortcuts("resnet34_c.toml").iter().all(|lines| *lines == [Shortcut]));
    assert!(shortcuts("plain34.toml").iter().all(Vec::is_empty));
    assert!(shortcuts("densenet121.resnet").iter().all(|lines| *lines == [Identity]));
}

fn nodes(steps: &[Step], joins: bool, out: &mut Vec<NodeId>) {
    for step in steps {
        match step {
            Step::Cell(cell) => out.extend(&cell.nodes),
            Step::Fork(fork) => {
                for branch in &fork.branches {
                    nodes(&branch.steps, joins, out);
                }
                if joins {
                    out.extend(&fork.cell.nodes);
                }
            }
        }
    }
}

/// Every layer is drawn once, each alone where layers are asked for.
fn check_whole(network: &Checked) {
    for depth in [Depth::Block, Depth::Layer] {
        let drawing = draw(network, Options { depth, unfold: true }).unwrap();
        let mut drawn = Vec::new();
        for run in drawing.bands.iter().flat_map(|band| &band.runs) {
            nodes(&run.body, true, &mut drawn);
        }
        let all: BTreeSet<_> = drawn.iter().copied().collect();
        assert_eq!((drawn.len(), all.len()), (network.order().len(), network.order().len()), "{depth:?}");
        if depth == Depth::Layer {
            let joins = network.layers().filter(|layer| layer.operands.len() > 1).count();
            assert_eq!(drawing.boxes() + joins, network.order().len());
        }
    }
}

/// All that a drawing folds is there as often as it says.
fn check_folded(network: &Checked) {
    let folded = draw(network, Options::default()).unwrap();
    let unfolded = draw(network, Options { unfold: true, ..Options::default() }).unwrap();
    for (folded, unfolded) in folded.bands.iter().zip(&unfolded.bands) {
        assert_eq!(folded.runs.iter().map(|run| run.times).sum::<usize>(), unfolded.runs.len());
        assert_eq!(
            folded.output(),
            unfolded
                .output()
                .map(|output| picture::Shapes { first: folded.output().unwrap().first, last: output.last })
        );
    }
}

#[test]
fn all_that_ships_is_drawn_whole_in_every_format_and_the_same_every_time() {
    for path in shipped() {
        let network = networks::compile_file(&path);
        check_whole(&network);
        check_folded(&network);
        for depth in DEPTHS {
            let options = Options { depth, unfold: false };
            let text = svg(&network, options, WIDTH).unwrap();
            assert_eq!(text, svg(&networks::compile_file(&path), options, WIDTH).unwrap());
            check_mermaid(&mermaid(&network, options).unwrap());
            assert!(text.contains("<svg xmlns"));
        }
        assert_eq!(report::html(&network).unwrap(), report::html(&network).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_network_of_series_and_branches_is_drawn_whole(
        first in series(true), second in series(true), blocks in 1..4_u32, width in 200..3000_u32,
    ) {
        let network = random_network(&[("first", &first, blocks), ("second", &second, 3)]);
        check_whole(&network);
        check_folded(&network);
        for depth in DEPTHS {
            let options = Options { depth, unfold: false };
            check_mermaid(&mermaid(&network, options).unwrap());
            let text = svg(&network, options, width).unwrap();
            for outside in ["<rect x=\"-", "\"card\" x=\"-", "\"frame\" x=\"-"] {
                prop_assert!(!text.contains(outside), "a place left of the picture: {}", text);
            }
        }
    }
}

#[test]
fn norm_and_activation_stand_in_the_box_of_their_layer() {
    let drawing = drawing("resnet50.toml");
    let mut cells = Vec::new();
    for run in drawing.bands.iter().flat_map(|band| &band.runs) {
        collect(&run.body, &mut cells);
    }
    assert!(cells.iter().all(|(role, title)| *role != Role::Small || title == "flatten"), "{cells:?}");
    let network = shipped_network("resnet50.toml");
    let weighted = network.layers().filter(|layer| matches!(layer.node.op, Op::Conv2d(_) | Op::Linear(_))).count();
    let drawing = draw(&network, Options { unfold: true, ..Options::default() }).unwrap();
    // Beside them the input, the max pool and the mean.
    assert_eq!(drawing.boxes(), weighted + 3);
}

fn collect(steps: &[Step], out: &mut Vec<(Role, String)>) {
    for step in steps {
        match step {
            Step::Cell(cell) => out.push((cell.role, cell.title.clone())),
            Step::Fork(fork) => fork.branches.iter().for_each(|branch| collect(&branch.steps, out)),
        }
    }
}

/// What Graphviz says of a text: how many nodes and edges it has.
fn graphviz(text: &str) -> [usize; 2] {
    let mut process = std::process::Command::new("gc")
        .args(["-n", "-e"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("there is no Graphviz: run `make test`, which installs it, or `apt-get install graphviz`");
    process.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && error.is_empty(), "{error}\n{text}");
    let counts = String::from_utf8(output.stdout).unwrap();
    let mut counts = counts.split_whitespace().map_while(|word| word.parse().ok());
    [counts.next().unwrap(), counts.next().unwrap()]
}

#[test]
fn graphviz_reads_every_box_and_edge() {
    for file in ["resnet50.toml", "densenet121.resnet", "res2net50_26w_4s.resnet", "vgg16.toml"] {
        let network = shipped_network(file);
        let options = Options { depth: Depth::Layer, unfold: true };
        let edges: usize = network.layers().map(|layer| layer.operands.len()).sum();
        assert_eq!(graphviz(&dot(&network, options).unwrap()), [network.order().len(), edges], "{file}");
    }
}

/// Holds a text against the part of Mermaid's language that is written; it must end every subgraph that it begins.
fn check_mermaid(text: &str) {
    let mut open = 0;
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("%% "));
    assert_eq!(lines.next(), Some("flowchart TB"));
    for line in lines {
        let mut rest = line.trim_start();
        if rest == "end" {
            open -= 1;
        } else if let Some(inside) = rest.strip_prefix("subgraph ") {
            open += 1;
            rest = identifier(inside);
            rest = bracketed(rest, "[", "]");
            assert_eq!(rest, "", "{line}");
        } else if let Some(title) = rest.strip_prefix("accTitle: ") {
            assert!(!title.contains(['<', '>', '{', '}', ';', '#']), "{line}");
        } else if !rest.starts_with("classDef ") {
            rest = identifier(rest);
            let arrows = [" -->", " -.->"];
            if let Some(after) = arrows.iter().find_map(|arrow| rest.strip_prefix(arrow)) {
                rest = if after.starts_with('|') { bracketed(after, "|", "|") } else { after };
                rest = identifier(rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}")));
            } else {
                let shapes = [("([", "])"), ("((", "))"), ("[", "]")];
                let (begin, end) = shapes.into_iter().find(|(begin, _)| rest.starts_with(begin)).unwrap();
                rest = bracketed(rest, begin, end);
                rest = rest.strip_prefix(":::weighted").unwrap_or(rest);
            }
            assert_eq!(rest, "", "{line}");
        }
    }
    assert_eq!(open, 0, "{text}");
}

fn identifier(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
    assert_ne!(rest, text, "{text}");
    rest
}

/// What follows a quoted string between two signs.
fn bracketed<'t>(text: &'t str, begin: &str, end: &str) -> &'t str {
    let inside = text.strip_prefix(begin).and_then(|text| text.strip_prefix('"')).unwrap_or_else(|| panic!("{text}"));
    let (words, rest) = inside.split_once('"').unwrap_or_else(|| panic!("{text}"));
    let plain = words.replace("<br/>", "");
    let plain: String = plain
        .split('#')
        .enumerate()
        .map(|(at, piece)| if at == 0 { piece } else { piece.trim_start_matches(|c: char| c.is_ascii_digit()) })
        .map(|piece| piece.strip_prefix(';').unwrap_or(piece))
        .collect();
    assert!(plain.chars().all(|c| c.is_ascii_alphanumeric() || " .,:/+_-()".contains(c)), "{text}");
    rest.strip_prefix(end).unwrap_or_else(|| panic!("{text}"))
}

/// The elements of a document and the names of their attributes, as its parser has them: SVG's as XML, HTML's as a page.
const STRUCTURE: &str = "(text, type) => { const parsed = new DOMParser().parseFromString(text, type); \
     if (parsed.querySelector('parsererror')) return 'no document: ' + text; \
     const walk = document.createTreeWalker(parsed, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT); \
     const found = []; while (walk.nextNode()) { const e = walk.currentNode; \
       found.push(e.nodeName + (e.attributes ? [...e.attributes].map(a => a.name) : '')) } return found.join(' ') }";

#[test]
fn no_word_or_text_changes_the_structure_of_a_picture_or_a_report() {
    const CASES: usize = 300;
    let mut runner = TestRunner::deterministic();
    let mut browser = Browser::start();
    let mut structure = |text: &str, kind: &str| {
        let text = serde_json::to_string(text).unwrap();
        browser.evaluate(&format!("({STRUCTURE})({text}, '{kind}')"))
    };
    let compile = |text: String| resnetc::compile(&Source::new("words.resnet", text)).ok();
    let options = Options { unfold: true, ..Options::default() };
    let mut held = 0;
    for _ in 0..CASES {
        let words = words().new_tree(&mut runner).unwrap().current();
        let Some(network) = compile(words.description()) else { continue };
        let benign = compile(words.benign().description()).unwrap();
        let pictures = [&network, &benign].map(|network| svg(network, options, WIDTH).unwrap());
        let [found, expected] = pictures.each_ref().map(|text| structure(text, "image/svg+xml"));
        assert_eq!(found, expected, "{}", pictures[0]);
        let reports = [&network, &benign].map(|network| report::html(network).unwrap());
        let [found, expected] = reports.each_ref().map(|text| structure(text, "text/html"));
        assert_eq!(found, expected, "{}", reports[0]);
        let [found, expected] = [&network, &benign].map(|network| graphviz(&dot(network, options).unwrap()));
        assert_eq!(found, expected);
        check_mermaid(&mermaid(&network, options).unwrap());
        held += 1;
    }
    assert!(held > CASES / 8, "{held} of {CASES} descriptions");
}

#[test]
fn no_view_holds_text_that_does_not_know_its_quoting() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for view in ["back/picture/svg/view.rs", "back/picture/flow.rs", "report/view.rs"] {
        let text = std::fs::read_to_string(root.join(view)).unwrap();
        let fields = text.lines().filter(|line| line.trim_start().starts_with("pub(super) ") && line.ends_with(','));
        for line in fields {
            for word in line.split(|c: char| !c.is_alphanumeric() && c != '_') {
                assert!(!["String", "str", "Cow", "char"].contains(&word), "{view}: {line}");
            }
        }
    }
}

#[test]
fn the_pictures_of_the_documentation_are_those_of_this_version() {
    for (file, name) in [("resnet50.toml", "resnet50"), ("densenet121.resnet", "densenet121")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(format!("graph-{name}.svg"));
        let file = architectures().join(file).display().to_string();
        let (_, text, _) = resnetc(&["graph", &file], Path::new("."));
        assert!(text == std::fs::read_to_string(&path).unwrap(), "{} is stale: run `make pictures`", path.display());
    }
}

fn resnetc(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let output = Command::cargo_bin("resnetc").unwrap().current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn graph_prints_or_writes_in_the_language_of_the_files_ending() {
    let folder = tempfile::tempdir().unwrap();
    let file = architectures().join("resnet18.toml").display().to_string();
    let begin = |arguments: &[&str]| {
        let (code, out, err) = resnetc(&[&["graph", &file], arguments].concat(), folder.path());
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        out.lines().next().unwrap_or_default().split(" from ").next().unwrap().to_owned()
    };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(begin(&[]), format!("<!-- Generated by resnetc {version}"));
    assert_eq!(begin(&["--format", "dot"]), format!("// Generated by resnetc {version}"));
    assert_eq!(begin(&["--format", "mermaid", "--depth", "stage"]), format!("%% Generated by resnetc {version}"));
    for (name, sign) in [("a.svg", "<!--"), ("a.dot", "//"), ("a.gv", "//"), ("a.mmd", "%%"), ("a.mermaid", "%%")] {
        // What was written here is written anew.
        for _ in 0..2 {
            assert_eq!(begin(&["-o", name]), "");
        }
        assert!(std::fs::read_to_string(folder.path().join(name)).unwrap().starts_with(sign), "{name}");
    }
    std::fs::write(folder.path().join("mine.svg"), "<svg/>").unwrap();
    let (code, _, err) = resnetc(&["graph", &file, "-o", "mine.svg"], folder.path());
    assert_eq!(code, 2);
    assert!(err.contains("mine.svg exists and was not generated by resnetc"), "{err}");
    assert_eq!(begin(&["-o", "mine.svg", "--force"]), "");
    let (code, _, err) = resnetc(&["graph", &file, "-o", "a.png"], folder.path());
    assert_eq!(code, 2);
    assert!(err.starts_with("error: cannot tell what a.png is to be: end its name in .svg"), "{err}");
    let (code, _, err) = resnetc(&["graph", &file, "-o", "none/a.svg"], folder.path());
    assert_eq!((code, err.as_str()), (2, "error: cannot write none/a.svg: there is no folder `none`\n"));
}

#[test]
fn report_writes_a_page_called_after_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let file = architectures().join("resnet18.toml").display().to_string();
    let report = |arguments: &[&str]| resnetc(&[&["report", &file], arguments].concat(), folder.path());
    assert_eq!(report(&[]), (0, "wrote resnet18.html\n".to_owned(), String::new()));
    assert_eq!(report(&["-o", "page.html"]), (0, "wrote page.html\n".to_owned(), String::new()));
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert_eq!(report(&["-o", "-"]), (0, page, String::new()));
    // Written here, written anew; the rest is its author's.
    assert_eq!(report(&[]).0, 0);
    std::fs::write(folder.path().join("page.html"), "<p>mine</p>").unwrap();
    assert_eq!(report(&["-o", "page.html"]).0, 2);
}
