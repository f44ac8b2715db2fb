//! Images that a command is given, and the network for them.

use super::files::Opened;
use super::npy::{self, Array, Unreadable};
use super::say::granted;
use super::{Failure, Global, files, memory, say};
use resnetc::Options;
use resnetc::diagnostic::{Code, Refusal};
use resnetc::source::Source;
use resnetc::valid::Checked;
use std::io::BufReader;
use std::path::Path;

/// The array in a file; `-` is standard input.
pub(super) fn read(file: &Path, global: Global) -> Result<Array, Failure> {
    let read = match files::open(file)? {
        Opened::File(bytes, length) => npy::read(&mut BufReader::new(bytes), Some(length), memory::free()),
        Opened::Stream(mut bytes) => npy::read(&mut bytes, None, memory::free()),
    };
    read.map_err(|error| match error {
        Unreadable::Faulty(why) => say::refused(unreadable(why), Some(file), global),
        Unreadable::Large(bytes) => say::refused(memory::short("the input", bytes), Some(file), global),
        Unreadable::Io(error) => files::unreadable(file, error),
    })
}

/// [`read`], of finite numbers alone.
pub(super) fn finite(file: &Path, global: Global) -> Result<Array, Failure> {
    let images = read(file, global)?;
    let odd = images.values.iter().enumerate().find(|(_, value)| !value.is_finite());
    let refused = odd.map_or(Ok(()), |(place, value)| {
        Err(Refusal::new(Code::InputDoesNotFit, "the input is not of finite numbers throughout")
            .note(format!("at {:?} it has {value}", images.indices(place)))
            .help("`numpy.isfinite(X)` finds the others"))
    });
    granted(refused, Some(file), global)?;
    Ok(images)
}

fn unreadable(why: String) -> Refusal {
    Refusal::new(Code::InputDoesNotFit, "the input cannot be read as an array of floats").note(why)
}

/// The network for images of the array's size.
pub(super) fn compile(source: &Source, images: &Array, file: &Path, global: Global) -> Result<Checked, Failure> {
    let options = Options { input: None, limit: global.limit };
    let channels = files::compiled(source, &options, global)?.input_shape().channels();
    let input = Some(granted(fit(&images.shape, channels), Some(file), global)?);
    say::answered(resnetc::compile_with(source, &Options { input, ..options }), source, global)
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
