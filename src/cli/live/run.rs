//! The run: an array in, an array or a summary out.

use super::model::{self, array, tensor};
use crate::cli::npy::{self, Array};
use crate::cli::output::{self, Format, Grid};
use crate::cli::run::Arguments;
use crate::cli::{Failure, Global, files, images, say, write};
use resnetc::engine::size;
use serde_json::{Value, json};
use std::path::Path;

/// How many of a vector's largest values the summary shows.
const TOP: usize = 5;

pub(in crate::cli) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    if arguments.file == Path::new("-") && arguments.input == Path::new("-") {
        return Err(Failure::unasked("cannot read both", "FILE and --input are standard input"));
    }
    if let Some(output) = &arguments.output {
        write::ours(output, arguments.force)?;
    }
    let options = model::options(arguments.engine)?;
    let source = files::read_description(&arguments.file)?;
    let images = images::read(&arguments.input, global)?;
    let checked = images::compile(&source, &images, &arguments.input, global)?;
    if arguments.weights.is_none() {
        say::note("without --weights, the weights are fresh, from a fixed seed", global);
    }
    let name = checked.graph().name.clone();
    let batch = images.shape.first().copied().unwrap_or(1);
    let model =
        model::load(checked, arguments.weights.as_deref(), arguments.fold_batch_norm, batch, Some(options), global)?;
    let output = array(model.forward(tensor(images)));
    let odd = output.values.iter().filter(|value| !value.is_finite()).count();
    if odd > 0 {
        say::warning(&format!("{odd} of {} values are not finite", output.values.len()), global);
    }
    match &arguments.output {
        Some(path) => write::atomic(path, &npy::write(&output.shape, &output.values)),
        None => output::print(&summary(&name, &output, arguments.format)?),
    }
}

/// What came out: of vectors the largest values of each image, of maps their range.
fn summary(name: &str, output: &Array, format: Format) -> Result<String, Failure> {
    let vectors = output.shape.len() == 2;
    let images = size(output.shape.first().copied().unwrap_or(1));
    let size = output.values.len().checked_div(images).unwrap_or(1).max(1);
    let per_image: Vec<_> = output.values.chunks(size).collect();
    let grid = if vectors { largest(&per_image) } else { ranges(&per_image) };
    if format == Format::Table {
        let shape = output.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
        return Ok(format!("{name}: {shape}\n{}", grid.render(format).unwrap_or_default()));
    }
    if let Some(text) = grid.render(format) {
        return Ok(text);
    }
    let images: Vec<_> = per_image.iter().map(|values| of_image(values, vectors)).collect();
    output::json(&json!({ "name": name, "shape": output.shape, "images": images }))
}

fn of_image(values: &[f32], vector: bool) -> Value {
    if vector {
        let top: Vec<_> = top(values).iter().map(|(index, value)| json!({ "index": index, "value": value })).collect();
        json!({ "top": top })
    } else {
        let [minimum, mean, maximum] = range(values);
        json!({ "minimum": minimum, "mean": mean, "maximum": maximum })
    }
}

fn largest(images: &[&[f32]]) -> Grid {
    let mut rows = Vec::new();
    for (image, values) in images.iter().enumerate() {
        for (rank, (index, value)) in top(values).into_iter().enumerate() {
            rows.push(vec![image.to_string(), (rank + 1).to_string(), index.to_string(), value.to_string()]);
        }
    }
    Grid { header: vec!["image", "rank", "index", "value"], rows, numeric: vec![true; 4] }
}

fn ranges(images: &[&[f32]]) -> Grid {
    let row = |(image, values): (usize, &&[f32])| {
        let [minimum, mean, maximum] = range(values);
        vec![image.to_string(), minimum.to_string(), mean.to_string(), maximum.to_string()]
    };
    let rows = images.iter().enumerate().map(row).collect();
    Grid { header: vec!["image", "minimum", "mean", "maximum"], rows, numeric: vec![true; 4] }
}

/// The largest values and where they are, largest first.
fn top(values: &[f32]) -> Vec<(usize, f32)> {
    let mut ranked: Vec<_> = values.iter().copied().enumerate().collect();
    ranked.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    ranked.truncate(TOP);
    ranked
}

/// Minimum, mean and maximum.
fn range(values: &[f32]) -> [f64; 3] {
    let values = values.iter().map(|&value| f64::from(value));
    let (minimum, maximum) =
        values.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    #[expect(clippy::cast_precision_loss, reason = "a map in memory has fewer than 2^53 values")]
    let count = values.len().max(1) as f64;
    [minimum, values.sum::<f64>() / count, maximum]
}
