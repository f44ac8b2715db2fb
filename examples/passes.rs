//! A live model with folded batch norms that runs a pass for each line that comes in and prints how long it took, in milliseconds: what
//! `benches/inference_speed.py` measures. The first line says how long after the start the first output was there.
//!
//! usage: passes DESCRIPTION BATCH [plain], the last for burn's own ops in place of the engine

use burn::tensor::{Device, Tensor, TensorData};
use resnetc::source::Source;
use resnetc::weights::{self, Fresh};
use std::error::Error;
use std::io::BufRead;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, batch, rest @ ..] = &arguments[..] else { return Err("usage: passes DESCRIPTION BATCH [plain]".into()) };
    let checked =
        resnetc::compile(&Source::new(path, std::fs::read_to_string(path)?)).map_err(|_| "it does not compile")?;
    let (batch, sides) = (batch.parse::<u64>()?, checked.input_shape().dimensions());
    let fresh = Fresh::new(&checked, weights::SEED);
    let (folded, map) = resnetc::pass::fold_batch_norm(checked);
    let device = Device::flex();
    let model = if rest.is_empty() {
        folded.instantiate_from(&device, map.over(fresh))
    } else {
        let weights = weights::collect(&folded, map.over(fresh)).map_err(|_| "weights are drawn for each parameter")?;
        folded.instantiate_with(&device, weights).map(|model| model.with_engine(None))
    };
    let model = model.map_err(|refusal| refusal.message)?;
    let shape: Vec<u64> = std::iter::once(batch).chain(sides).collect();
    let images = weights::images(&shape, 1);
    let shape: Vec<usize> = shape.into_iter().map(usize::try_from).collect::<Result<_, _>>()?;
    let images = Tensor::<4>::from_data(TensorData::new(images.values, shape), &device);
    let pass = || {
        let start = Instant::now();
        let _ = model.forward(images.clone()).into_data();
        start.elapsed().as_secs_f64() * 1e3
    };
    let _ = pass();
    println!("ready {:.3}", start.elapsed().as_secs_f64() * 1e3);
    for line in std::io::stdin().lock().lines() {
        line?;
        println!("{:.4}", pass());
    }
    Ok(())
}
