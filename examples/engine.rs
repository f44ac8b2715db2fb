//! Runs a description on the engine as often as lines come in, and prints the milliseconds of each pass: what
//! `benches/engine_speed.py` measures. With `layers` as third argument it prints what each step takes, once.

#![expect(clippy::cast_precision_loss, reason = "figures to be read")]

use resnetc::engine::{Engine, Options};
use resnetc::ir::Shape;
use resnetc::source::Source;
use resnetc::weights::{self, Fresh};
use std::io::{BufRead, Write};
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, batch, rest @ ..] = &arguments[..] else {
        eprintln!("engine DESCRIPTION BATCH [layers]");
        std::process::exit(2);
    };
    let batch: usize = batch.parse().expect("a batch is a number");
    let text = std::fs::read_to_string(path).expect("the description is there");
    let checked = resnetc::compile(&Source::new(path, text)).expect("the description compiles");
    let fresh = Fresh::varied(&checked, weights::SEED);
    let (network, map) = resnetc::pass::fold_batch_norm(checked);
    let weights = weights::collect(&network, map.over(fresh)).expect("the weights are the network's");
    let start = Instant::now();
    let mut options = Options::default();
    if let Some(threads) = std::env::var_os("THREADS") {
        options.threads = threads.to_str().and_then(|text| text.parse().ok()).expect("THREADS is a number");
    }
    let engine = Engine::new(&network, &weights, options).expect("the weights are the network's");
    let shape: Vec<u64> = std::iter::once(batch as u64).chain(network.input_shape().dimensions()).collect();
    let images = weights::images(&shape, 1).values;
    let mut output = engine.run(&images, batch);
    eprintln!(
        "ready after {:.0} ms, {} planned bytes",
        start.elapsed().as_secs_f64() * 1e3,
        engine.planned_bytes(batch)
    );
    if rest.first().is_some_and(|word| word == "check") {
        let plain = Engine::new(&network, &weights, Options { winograd: false, ..options }).expect("as above");
        let direct = plain.run(&images, batch);
        let most = direct.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let error = direct.iter().zip(&output).fold(0.0_f32, |most, (one, other)| most.max((one - other).abs()));
        println!("{error} of {most}");
        return;
    }
    if rest.first().is_some_and(|word| word == "layers") {
        let times = engine.times(&images, batch, 20);
        for (id, seconds) in engine.steps().zip(times) {
            let head = network.layer(id);
            let macs = head.node.op.macs(head.input, head.output) as f64 * batch as f64;
            let size = |shape: Shape| shape.dimensions().iter().map(u64::to_string).collect::<Vec<_>>().join("x");
            println!(
                "{:40} {:>14} {:>14} {:8.3} ms {:7.1} GFLOP/s",
                head.name,
                size(head.input),
                size(head.output),
                seconds * 1e3,
                2e-9 * macs / seconds
            );
        }
        return;
    }
    for _ in std::io::stdin().lock().lines() {
        let start = Instant::now();
        output = engine.run(&images, batch);
        println!("{:.4}", start.elapsed().as_secs_f64() * 1e3);
        std::io::stdout().flush().expect("somebody reads");
    }
    assert!(output.iter().all(|value| value.is_finite()));
}
