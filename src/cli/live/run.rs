//! The run: an array in, an array or a summary out.

use super::model;
use super::npy::{self, Array};
use crate::cli::files::{granted, read};
use crate::cli::output::{self, Format, Grid};
use crate::cli::run::Arguments;
use crate::cli::{Failure, Global, files};
use burn::tensor::{Device, Tensor, TensorData};
use resnetc::diagnostic::{Code, Refusal};
use resnetc::valid::Checked;
use resnetc::{Options, source::Source};
use serde_json::{Value, json};
use std::path::Path;

/// How many of a vector's largest values the summary shows.
const TOP: usize = 5;

pub(in crate::cli) fn run(arguments: &Arguments, global: Global) -> Result<(), Failure> {
    if arguments.file == Path::new("-") && arguments.input == Path::new("-") {
        return Err(Failure::unasked("cannot read both", "FILE and --input are standard input"));
    }
    model::start_threads(arguments.threads)?;
    let source = files::read_description(&arguments.file)?;
    let images = npy::read(&read(&arguments.input)?).map_err(unreadable);
    let images = granted(images, Some(&arguments.input), global)?;
    let checked = compile(&source, &images, &arguments.input, global)?;
    if arguments.weights.is_none() {
        anstream::eprintln!("note: without --weights, the weights are fresh, from a fixed seed");
    }
    let name = checked.graph().name.clone();
    let batch = images.shape.first().copied().unwrap_or(1);
    let model = model::load(checked, arguments.weights.as_deref(), arguments.fold_batch_norm, batch, global)?;
    let sides = sides::<4>(&images.shape);
    let images = Tensor::<4>::from_data(TensorData::new(images.values, sides), &Device::flex());
    let data = model.forward(images).into_data();
    let shape = data.shape().iter().map(|&side| side as u64).collect();
    let output = Array { shape, values: data.iter::<f32>().collect() };
    match &arguments.output {
        Some(path) => files::write_atomic(path, &npy::write(&output.shape, &output.values)),
        None => files::print(&summary(&name, &output, arguments.format)?),
    }
}

fn unreadable(why: String) -> Refusal {
    Refusal::new(Code::InputDoesNotFit, "the input cannot be read as an array of floats").note(why)
}

/// The network for images of the array's size.
fn compile(source: &Source, images: &Array, file: &Path, global: Global) -> Result<Checked, Failure> {
    let options = Options { input: None, limit: global.limit };
    let channels = files::compiled(source, &options, global)?.input_shape().channels();
    let input = Some(granted(fit(&images.shape, channels), Some(file), global)?);
    files::answered(resnetc::compile_with(source, &Options { input, ..options }), source, global)
}

/// C, H, W of an array N, C, H, W whose C is `channels`.
fn fit(shape: &[u64], channels: u64) -> Result<[u64; 3], Refusal> {
    let refuse = || {
        Refusal::new(Code::InputDoesNotFit, format!("the input has shape {shape:?}"))
            .note(format!("expected [N, {channels}, H, W]: images, channels, height, width"))
    };
    match *shape {
        _ if shape.contains(&0) => Err(refuse().help("give at least one image of at least one pixel")),
        [_, found, height, width] if found == channels => Ok([found, height, width]),
        [_, _, _, last] if last == channels => {
            Err(refuse().help("this looks like N, H, W, C: write `X.transpose(0, 3, 1, 2)`"))
        }
        [first, _, _] if first == channels => Err(refuse().help("for a single image write `X[None]`")),
        [_, _, last] if last == channels => {
            Err(refuse().help("this looks like a single image H, W, C: write `X.transpose(2, 0, 1)[None]`"))
        }
        [_, found, _, _] => {
            Err(refuse().help(format!("give it {channels} channels, or describe a network of {found}")))
        }
        _ => Err(refuse().help("give it four dimensions")),
    }
}

/// The shape as burn counts.
fn sides<const D: usize>(shape: &[u64]) -> [usize; D] {
    let mut sides = [1; D];
    for (side, &value) in sides.iter_mut().zip(shape) {
        *side = usize::try_from(value).unwrap_or(usize::MAX);
    }
    sides
}

/// What came out: of vectors the largest values of each image, of maps their range.
fn summary(name: &str, output: &Array, format: Format) -> Result<String, Failure> {
    let vectors = output.shape.len() == 2;
    let images = usize::try_from(output.shape.first().copied().unwrap_or(1)).unwrap_or(usize::MAX);
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
