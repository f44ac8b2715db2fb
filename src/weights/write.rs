//! Weights to safetensors files, under the dialect's own names and in its own layout.

use super::supply::{Supply, supplied};
use super::{Entry, Misfit, Weights, expected, oihw_to_hwio};
use crate::valid::Checked;
use ::safetensors::tensor::{Dtype, Metadata, TensorInfo};
use std::io::{self, Write};

/// Headers are filled with blanks to a multiple of this many bytes, so that tensors are aligned.
const ALIGNMENT: usize = 8;

/// How many values are written at once.
const CHUNK: usize = 1 << 14;

/// Why no file of weights was written, or not all of it.
#[derive(Debug)]
pub enum SaveError {
    /// The weights are not the network's.
    Misfit(Misfit),
    /// The file could not be written.
    Io(io::Error),
}

impl From<io::Error> for SaveError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Misfit> for SaveError {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit)
    }
}

/// The bytes of a safetensors file with `weights`, which are those of `checked`, as float32.
///
/// # Errors
/// That a tensor is missing or has another shape.
pub fn write(checked: &Checked, weights: &Weights) -> Result<Vec<u8>, Misfit> {
    let mut bytes = Vec::new();
    match save(checked, weights, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(SaveError::Misfit(misfit)) => Err(misfit),
        Err(SaveError::Io(error)) => unreachable!("memory takes what it is given: {error}"),
    }
}

/// Writes the weights of `checked` that `supply` gives as a safetensors file, float32, ordered by name as the library of
/// the format orders them. One tensor is in memory at a time. The same weights give the same bytes.
///
/// # Errors
/// That a tensor is missing, has another shape or cannot be read, or that the file cannot be written.
pub fn save(checked: &Checked, mut supply: impl Supply, out: &mut impl Write) -> Result<(), SaveError> {
    let mut entries = expected(checked);
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    out.write_all(&header(&entries)?)?;
    for entry in entries {
        let tensor = supplied(checked, &entry, &mut supply)?;
        match entry.permuted {
            Some(extent) => write_values(&oihw_to_hwio(&tensor.values, extent), out)?,
            None => write_values(&tensor.values, out)?,
        }
    }
    Ok(())
}

/// Writes float32 values, little-endian.
pub(crate) fn write_values(values: &[f32], out: &mut impl Write) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(4 * CHUNK.min(values.len()));
    values.chunks(CHUNK).try_for_each(|chunk| {
        bytes.clear();
        bytes.extend(chunk.iter().flat_map(|value| value.to_le_bytes()));
        out.write_all(&bytes)
    })
}

/// The header of a file with `entries`, its length before it.
fn header(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut end = 0;
    let infos = entries.iter().map(|entry| {
        let shape: Vec<_> = entry
            .shape
            .iter()
            .map(|&side| usize::try_from(side))
            .collect::<Result<_, _>>()
            .map_err(io::Error::other)?;
        let start = end;
        end += 4 * shape.iter().product::<usize>();
        Ok((entry.name.clone(), TensorInfo { dtype: Dtype::F32, shape, data_offsets: (start, end) }))
    });
    let infos = infos.collect::<io::Result<Vec<_>>>()?;
    let metadata = Metadata::new(None, infos).map_err(io::Error::other)?;
    let mut text = serde_json::to_vec(&metadata)?;
    text.resize(text.len().next_multiple_of(ALIGNMENT), b' ');
    Ok([&(text.len() as u64).to_le_bytes()[..], &text].concat())
}
