//! `[expect]` and `[budget]`: what is refused, what is said, and where another input makes a promise void.

use crate::describe::file;
use resnetc::Options;
use resnetc::diagnostic::{Code, Report, render};
use resnetc::source::Source;

fn compile_at(text: &str, input: Option<[u64; 3]>) -> Result<(), Report> {
    let options = Options { input, ..Options::default() };
    resnetc::compile_with(&Source::new("net.toml", text), &options).map(|_| ())
}

fn refused(text: &str) -> (Report, String) {
    let report = compile_at(text, None).unwrap_err();
    let rendered = render::text(&report, &Source::new("net.toml", text), false);
    (report, rendered)
}

/// resnet18 with its figures replaced.
fn expecting(promises: &str) -> String {
    let text = file("resnet18");
    text.split("\n# torchvision").next().unwrap().to_owned() + promises
}

#[test]
fn an_expectation_that_is_not_met_states_both_figures_and_their_difference() {
    let text = expecting("[expect]\nparameters = 11_689_511\nmacs = 1_814_073_346\n");
    let (report, rendered) = refused(&text);
    let messages: Vec<_> = report.diagnostics().iter().map(|error| (error.code, error.message.clone())).collect();
    assert_eq!(
        messages,
        [
            (Code::ExpectationNotMet, "`parameters` is 11689511, and the network has 11689512 (1 more)".to_owned()),
            (Code::ExpectationNotMet, "`macs` is 1814073346, and the network has 1814073344 (2 fewer)".to_owned()),
        ]
    );
    insta::assert_snapshot!(format!("{text}---\n{rendered}"));
}

#[test]
fn the_fix_of_an_expectation_makes_it_met() {
    let mut text = expecting("[expect]\nparameters = 1\ntotal_parameters = 2\nmacs = 3\n");
    for remaining in [3, 2, 1] {
        let report = compile_at(&text, None).unwrap_err();
        assert_eq!(report.diagnostics().len(), remaining);
        let source = Source::new("net.toml", text.clone());
        text = report.diagnostics()[0].fix.as_ref().unwrap().apply(&source);
    }
    assert_eq!(compile_at(&text, None), Ok(()));
    assert!(text.ends_with("[expect]\nparameters = 11689512\ntotal_parameters = 11699112\nmacs = 1814073344\n"));
}

#[test]
fn a_figure_of_another_meaning_is_recognised() {
    for (promise, note) in [
        ("parameters = 11_699_112", "the total with batch-norm statistics, which is `total_parameters`"),
        ("total_parameters = 11_689_512", "the number without batch-norm statistics, which is `parameters`"),
        ("macs = 3_628_146_688", "what the convention `flops` counts: 2 x macs"),
        ("macs = 1_819_065_856", "what the convention `fvcore` counts: macs, 2 per output of batch norm"),
    ] {
        let (_, rendered) = refused(&expecting(&format!("[expect]\n{promise}\n")));
        assert!(rendered.contains(note), "{rendered}");
    }
}

#[test]
fn a_budget_that_is_exceeded_names_the_costliest_stage() {
    let text = file("custom_resnet38")
        .replace("max_parameters = 12_000_000", "max_parameters = 5_000_000")
        .replace("max_macs = 2_500_000_000", "max_macs = 1_000_000_000")
        .replace("max_memory = 60_000_000", "max_memory = 20_000_000");
    let (report, rendered) = refused(&text);
    assert_eq!(report.diagnostics().iter().map(|error| error.code).collect::<Vec<_>>(), [Code::OverBudget; 3]);
    insta::assert_snapshot!(format!("{text}---\n{rendered}"));
}

#[test]
fn the_head_of_a_vgg_is_named_where_its_parameters_exceed_the_budget() {
    let text = file("vgg16") + "\n[budget]\nmax_parameters = 100_000_000\n";
    let (_, rendered) = refused(&text);
    // 25088 x 4096 + 4096 + 4096 x 4096 + 4096 + 4096 x 1000 + 1000 of 138,357,544.
    assert!(rendered.contains("the head has most of it: 123642856, which is 89.4 %"), "{rendered}");
}

#[test]
fn memory_is_laid_to_the_part_that_holds_the_peak_where_that_outweighs_the_weights() {
    let text = expecting("[budget]\nmax_memory = 1\n").replace("size = [224, 224]", "size = [2240, 2240]");
    let (_, rendered) = refused(&text);
    // At the max pool: 4 x (3 x 2240^2 + 64 x 1120^2 + 64 x 560^2); and 4 x 9,664 bytes of the stem's weights.
    assert!(rendered.contains("the stem has most of it: 461657856, which is 90.8 %"), "{rendered}");
    assert!(
        rendered.contains("461619200 bytes at the peak of inference, which is at `maxpool` and counted there"),
        "{rendered}"
    );
    assert!(rendered.contains("use fewer `filters` in the stem, or raise `max_memory` to 508415648"), "{rendered}");
}

#[test]
fn a_budget_that_is_just_met_is_met() {
    let text = expecting("[budget]\nmax_parameters = 11_689_512\nmax_macs = 1_814_073_344\nmax_memory = 51_412_640\n");
    // 4 x 11,699,112 bytes of weights and 4,616,192 at the peak of inference.
    assert_eq!(compile_at(&text, None), Ok(()));
    for figure in ["11_689_512", "1_814_073_344", "51_412_640"] {
        let less: u64 = figure.replace('_', "").parse::<u64>().unwrap() - 1;
        let (report, _) = refused(&text.replace(figure, &less.to_string()));
        assert_eq!(report.diagnostics().len(), 1);
    }
}

const BROKEN: &str = "[expect]\nparameters = 1\ntotal_parameters = 1\nmacs = 1\n\
                      [budget]\nmax_parameters = 1\nmax_macs = 1\nmax_memory = 1\n";

/// The promises that break at `input`, in the order in which they are written.
fn broken(text: &str, input: [u64; 3]) -> Vec<String> {
    let Err(report) = compile_at(text, Some(input)) else { return Vec::new() };
    let name = |message: &str| message.split('`').nth(1).unwrap().to_owned();
    report.diagnostics().iter().map(|error| name(&error.message)).collect()
}

const PARAMETERS: [&str; 3] = ["parameters", "total_parameters", "max_parameters"];

#[test]
fn promises_hold_at_the_input_of_the_description() {
    let text = expecting(BROKEN);
    let all = ["parameters", "total_parameters", "macs", "max_parameters", "max_macs", "max_memory"];
    assert_eq!(broken(&text, [3, 224, 224]), all);
}

#[test]
fn another_size_voids_what_depends_on_size() {
    assert_eq!(broken(&expecting(BROKEN), [3, 225, 224]), PARAMETERS);
}

#[test]
fn other_channels_void_every_promise() {
    assert_eq!(broken(&expecting(BROKEN), [1, 224, 224]), [""; 0]);
}

#[test]
fn a_pool_to_a_fixed_size_keeps_the_parameters_of_a_linear_layer_and_a_flatten_does_not() {
    let promises = |name: &str| file(name).split("[expect]").next().unwrap().to_owned() + BROKEN;
    assert_eq!(broken(&promises("vgg16"), [3, 256, 256]), PARAMETERS);
    assert_eq!(broken(&promises("keras_vgg16"), [3, 256, 256]), [""; 0]);
    let no_top = expecting(BROKEN).replace("pool = \"avg\"\nclasses = 1000", "pool = \"none\"");
    assert_eq!(broken(&no_top, [3, 256, 256]), PARAMETERS);
}
