//! The report as a reader sees it: opened in a browser, at the width of a screen and of a phone.

use crate::browser::{Browser, Screen};
use crate::describe::architectures;
use assert_cmd::Command;
use resnetc::analysis::{analyse, memory};
use resnetc::back::picture::{Options, draw};
use resnetc::source::Source;
use resnetc::valid::Checked;
use serde_json::{Value, json};
use std::path::Path;

const SCREEN: Screen = Screen { width: 1280, dark: false, scripts: true };
const PHONE: Screen = Screen { width: 400, dark: true, scripts: true };

fn network(file: &str) -> Checked {
    let path = architectures().join(file);
    resnetc::compile(&Source::new(file, std::fs::read_to_string(path).unwrap())).unwrap()
}

/// The report of an architecture, written to `folder` by the program.
fn write(file: &str, folder: &Path) -> std::path::PathBuf {
    let mut command = Command::cargo_bin("resnetc").unwrap();
    command.current_dir(folder).arg("report").arg(architectures().join(file)).assert().success();
    folder.join(file.split('.').next().unwrap()).with_extension("html")
}

/// What `resnetc flops --format json` prints.
fn flops(file: &str) -> Value {
    let mut command = Command::cargo_bin("resnetc").unwrap();
    let output = command.arg("flops").arg(architectures().join(file)).args(["--format", "json"]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What is shown where elements `selector` are, keyed by their attribute `key`: the digits of their part `part`.
fn shown(browser: &mut Browser, selector: &str, key: &str, part: &str) -> Value {
    browser.evaluate(&format!(
        "Object.fromEntries([...document.querySelectorAll('{selector}')].map(e => \
         [e.dataset.{key}, Number(e.querySelector('{part}').innerText.replaceAll(',', ''))]))"
    ))
}

/// The elements that reach beyond the page's right edge and are not in something that scrolls.
const BEYOND: &str = "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() \
     && !e.closest('.picture') && e.getBoundingClientRect().right > innerWidth + 1) \
     .map(e => e.tagName + '.' + e.className + ': ' + e.getBoundingClientRect().right)";

#[test]
fn a_report_shows_the_figures_of_flops_and_every_box_at_two_widths() {
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::start();
    for file in ["resnet50.toml", "densenet121.resnet", "cifar_resnet20.toml", "res2net50_26w_4s.resnet"] {
        let path = write(file, folder.path());
        let cost = flops(file);
        let network = network(file);
        let drawing = draw(&network, Options::default()).unwrap();
        for screen in [SCREEN, PHONE] {
            // Nothing but the page itself is asked for.
            assert_eq!(browser.open(&path, screen), [format!("file://{}", path.display())], "{file}");
            assert_eq!(browser.evaluate("document.documentElement.scrollWidth"), screen.width, "{file}");
            assert_eq!(browser.evaluate(BEYOND), json!([]), "{file}");
            // All of it open, nothing overflows either.
            browser.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)");
            assert_eq!(browser.evaluate(BEYOND), json!([]), "{file}");

            let figures = shown(&mut browser, "[data-figure]", "figure", "data");
            let expected = json!({
                "trainable-parameters": cost["parameters"]["trainable"],
                "non-trainable-parameters": cost["parameters"]["non_trainable"],
                "total-parameters": cost["parameters"]["total"],
                "macs": cost["macs"],
                "flops": cost["flops"],
                "activations": cost["activations"],
                "weights-bytes": cost["memory"]["weights_bytes"],
                "inference-peak-bytes": cost["memory"]["inference_peak_bytes"],
                "training-saved-bytes": cost["memory"]["training_saved_bytes"],
                "receptive-field": cost["receptive_field"]["size"],
            });
            assert_eq!(figures, expected, "{file}");
            let conventions = shown(&mut browser, "[data-convention]", "convention", ".number");
            assert_eq!(conventions, cost["conventions"], "{file}");

            // One of the two pictures is there, with every box.
            let pictures = "[...document.querySelectorAll('.picture')].filter(e => e.checkVisibility())";
            assert_eq!(browser.evaluate(&format!("{pictures}.length")), 1, "{file}");
            let boxes = browser.evaluate(&format!("{pictures}[0].querySelectorAll('.cell').length"));
            assert_eq!(boxes, drawing.boxes(), "{file}");
            let layers = browser.evaluate("document.querySelectorAll('#layers tbody tr').length");
            assert_eq!(layers, cost["layers"].as_array().unwrap().len() - 1, "{file}: all but the input");
        }
    }
}

#[test]
fn the_texts_of_a_picture_lie_in_their_boxes_and_clear_of_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::start();
    for file in ["resnet50.toml", "efficientnet_b0.resnet", "cifar_resnet20.toml", "skresnet50.resnet", "vgg16.toml"] {
        browser.open(&write(file, folder.path()), SCREEN);
        let outside = browser.evaluate(
            "[...document.querySelectorAll('.wide .cell')].filter(e => { \
               const box = e.querySelector('rect').getBoundingClientRect(); \
               return [...e.querySelectorAll('text')].some(t => { const r = t.getBoundingClientRect(); \
                 return r.left < box.left || r.right > box.right || r.top < box.top || r.bottom > box.bottom + 1 }) }) \
             .map(e => e.textContent)",
        );
        assert_eq!(outside, json!([]), "{file}");
        let touching = browser.evaluate(
            "(() => { const rects = [...document.querySelectorAll('.wide .cell > rect, .wide .shape, .wide .title, \
               .wide .cost, .wide .caption')].map(e => [e, e.getBoundingClientRect()]); \
             return rects.flatMap(([e, a], at) => rects.slice(at + 1).filter(([f, b]) => \
               a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3) \
               .map(([f]) => [e.textContent || e.parentNode.textContent, f.textContent || f.parentNode.textContent])) })()",
        );
        assert_eq!(touching, json!([]), "{file}");
    }
}

#[test]
fn light_and_dark_differ_and_each_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = write("resnet18.toml", folder.path());
    let mut browser = Browser::start();
    // The contrast of what is written to what it is written on (WCAG 2, 1.4.3: 4.5 to 1).
    let contrast = "(() => { const luminance = c => { const [r, g, b] = c.match(/[0-9.]+/g).map(v => { v /= 255; \
         return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }); return 0.2126 * r + 0.7152 * g + 0.0722 * b }; \
         const on = (text, ground, paint) => { const [a, b] = [getComputedStyle(document.querySelector(text))[paint], \
           getComputedStyle(document.querySelector(ground))[paint == 'color' ? 'backgroundColor' : 'fill']].map(luminance); \
           return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) }; \
         return [on('h1', 'body', 'color'), on('header .soft', 'body', 'color'), on('.figures small', '.figures div', 'color'), \
           ...[0, 1, 2, 3].flatMap(h => [on(`.wide .h${h} .op`, `.wide .h${h} .weighted rect`, 'fill'), \
             on(`.wide .h${h} .extra`, `.wide .h${h} .weighted rect`, 'fill'), \
             on(`.wide .h${h} .shape`, `.wide .h${h} .frame`, 'fill'), on(`.wide .h${h} .title`, `.wide .h${h} .frame`, 'fill')])] })()";
    let mut grounds = Vec::new();
    for dark in [false, true] {
        browser.open(&path, Screen { dark, ..SCREEN });
        grounds.push(browser.evaluate("getComputedStyle(document.body).backgroundColor"));
        for (at, ratio) in browser.evaluate(contrast).as_array().unwrap().iter().enumerate() {
            assert!(ratio.as_f64().unwrap() >= 4.5, "dark {dark}, pair {at}: {ratio}");
        }
    }
    assert_ne!(grounds[0], grounds[1]);
}

#[test]
fn the_peak_that_is_shown_is_where_the_curve_is_highest() {
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::start();
    for file in ["resnet50.toml", "densenet121.resnet", "vgg16.toml"] {
        let network = network(file);
        let peak = memory::inference_peak(&network);
        browser.open(&write(file, folder.path()), SCREEN);
        assert_eq!(browser.evaluate("document.querySelector('[data-peak]').innerText"), network.name(peak.node));
        // What lives then, added up, is the peak.
        let live = browser.evaluate(
            "[...document.querySelectorAll('.live td.number')].map(e => Number(e.innerText.replaceAll(',', ''))) \
             .reduce((sum, bytes) => sum + bytes)",
        );
        assert_eq!(u128::from(live.as_u64().unwrap()), analyse(&network, 1).memory.inference_peak_bytes, "{file}");
        // The dot stands on the step of the curve that touches the top.
        let touches = browser.evaluate(
            "(() => { const dot = document.querySelector('.dot').getBoundingClientRect(); \
             const svg = document.querySelector('.plot svg'); const plot = svg.getBoundingClientRect(); \
             const x = ((dot.left + dot.right) / 2 - plot.left) / plot.width * svg.viewBox.baseVal.width; \
             const at = svg.createSVGPoint(); at.x = x; at.y = 3; \
             return svg.querySelector('.area').isPointInFill(at) && Math.abs((dot.top + dot.bottom) / 2 - plot.top) < 1 })()",
        );
        assert_eq!(touches, true, "{file}");
    }
}

#[test]
#[ignore = "writes the pictures of the documentation: `make pictures`"]
fn the_reports_of_the_documentation() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let to = std::env::var_os("RESNETC_PICTURES").map_or(folder.path().to_owned(), |to| root.join(to));
    let mut browser = Browser::start();
    for (file, dark) in [("resnet50.toml", false), ("densenet121.resnet", true)] {
        browser.open(&write(file, folder.path()), Screen { dark, ..SCREEN });
        // Down to the end of the memory's curve.
        let end = browser.evaluate("Math.ceil(document.querySelector('.timeline').getBoundingClientRect().bottom) + 8");
        let png = browser.photograph(SCREEN.width, end.as_u64().unwrap().try_into().unwrap());
        assert!(png.len() < 400_000, "{file}: {} bytes", png.len());
        std::fs::write(to.join(format!("report-{}.png", file.split('.').next().unwrap())), png).unwrap();
    }
}

#[test]
fn a_report_needs_no_script() {
    let folder = tempfile::tempdir().unwrap();
    let path = write("resnet18.toml", folder.path());
    let text = std::fs::read_to_string(&path).unwrap();
    for word in ["<script", "javascript:", "http://", "https://", "@import"] {
        assert!(!text.replace("http://www.w3.org/2000/svg", "").contains(word), "{word}");
    }
    let mut browser = Browser::start();
    browser.open(&path, Screen { scripts: false, ..SCREEN });
    assert_eq!(browser.evaluate("document.querySelectorAll('[data-figure] data').length"), 10);
}
