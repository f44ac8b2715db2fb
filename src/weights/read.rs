//! Weights from safetensors files, under the dialect's own names and in its own layout.
//!
//! The header alone says whether a file fits, so that is known before anything is loaded; then a tensor is read when it is
//! asked for.

use super::fault::{Count, Fault};
use super::header::{self, Header, interrupted};
use super::misfit::{Differences, Misfit};
use super::supply::Supply;
use super::{Entry, Tensor, Weights, collect, expected, hwio_to_oihw};
use crate::ir::{Parameter, ParameterKind};
use crate::valid::Checked;
use ::safetensors::tensor::{Dtype, TensorInfo};
use half::{bf16, f16};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

/// How much of a file is read at once, in bytes: a multiple of every float's size.
const CHUNK: usize = 1 << 16;

/// Reads the weights of `checked` from the bytes of a safetensors file. F64, F16 and BF16 become float32.
///
/// # Errors
/// That the bytes are no such file, or everything in which its tensors differ from the network's, at once.
pub fn read(checked: &Checked, bytes: &[u8]) -> Result<Weights, Misfit> {
    collect(checked, open(checked, Cursor::new(bytes))?)
}

/// Opens a safetensors file of the weights of `checked`: its header is read and held against the network.
///
/// # Errors
/// That it is no such file, or everything in which its tensors differ from the network's, at once.
pub fn open<R: Read + Seek>(checked: &Checked, mut source: R) -> Result<Reader<R>, Misfit> {
    let Header { tensors: found, start, end } = header::read(&mut source)?;
    let mut is_expected = vec![false; found.len()];
    let mut differences = Differences { network: checked.graph().name.clone(), ..Differences::default() };
    let mut tensors = BTreeMap::new();
    for entry in expected(checked) {
        let place = found.binary_search_by(|(name, _)| name.as_str().cmp(&entry.name)).ok();
        place.and_then(|place| is_expected.get_mut(place)).into_iter().for_each(|mark| *mark = true);
        let info = place.and_then(|place| found.get(place)).map(|(_, info)| info);
        if let Some((entry, float, info)) = fit(entry, info, &mut differences) {
            let permuted = entry.permuted;
            let start = start + info.data_offsets.0 as u64;
            tensors.insert(entry.parameter, Stored { float, start, shape: entry.ir_shape, permuted });
        }
    }
    let ignored = &checked.graph().dialect.names.parameters.ignored;
    let is_ignored = |name: &str| ignored.iter().any(|suffix| name.ends_with(suffix.as_str()));
    let others = found.into_iter().zip(is_expected).filter(|(_, is_expected)| !is_expected).map(|(tensor, _)| tensor);
    let (ignored, unexpected): (Vec<_>, Vec<_>) = others.partition(|(name, _)| is_ignored(name));
    let ignored = ignored.into_iter().map(|(name, _)| name).collect();
    differences.unexpected = unexpected.into_iter().map(|(name, info)| (name, shape_of(&info))).collect();
    if !differences.is_empty() {
        return Err(Misfit::Different(differences));
    }
    // Only now is anything read that is larger than a header.
    header::ends(&mut source, end)?;
    Ok(Reader { source, tensors, ignored })
}

/// A file of weights that fits its network; tensors are read when they are asked for.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    tensors: BTreeMap<Parameter, Stored>,
    ignored: Vec<String>,
}

/// Where in a file a tensor is, and what it becomes.
#[derive(Debug)]
struct Stored {
    float: Float,
    start: u64,
    shape: Vec<u64>,
    permuted: Option<[u64; 4]>,
}

impl<R> Reader<R> {
    /// The names of tensors that the file has and that mean nothing for inference.
    #[must_use]
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The types of the file's tensors, each once.
    #[must_use]
    pub fn floats(&self) -> Vec<Float> {
        let mut floats: Vec<_> = self.tensors.values().map(|stored| stored.float).collect();
        floats.sort_unstable();
        floats.dedup();
        floats
    }
}

impl<R: Read + Seek> Reader<R> {
    /// The values of the file that `checked`, whose weights it has, cannot use. Everything is read, and nothing kept.
    ///
    /// # Errors
    /// That the file cannot be read on.
    pub fn faults(&mut self, checked: &Checked) -> Result<Vec<Fault>, Misfit> {
        let mut faults = Vec::new();
        for Entry { parameter, name, shape, .. } in expected(checked) {
            let Some(Stored { float, start, .. }) = self.tensors.get(&parameter) else { continue };
            self.source.seek(SeekFrom::Start(*start)).map_err(interrupted)?;
            let mut count = Count::default();
            let take = |values: &mut Vec<f32>| {
                count.take(values, parameter.kind);
                values.clear();
            };
            float.each(&mut self.source, shape.iter().product(), take).map_err(interrupted)?;
            faults.extend(count.faults(&name, &shape));
        }
        Ok(faults)
    }
}

impl<R: Read + Seek> Supply for Reader<R> {
    fn tensor(&mut self, parameter: Parameter) -> Result<Option<Tensor>, Misfit> {
        let Some(stored) = self.tensors.get(&parameter) else { return Ok(None) };
        let count = stored.shape.iter().product::<u64>();
        self.source.seek(SeekFrom::Start(stored.start)).map_err(interrupted)?;
        let values = stored.float.read(&mut self.source, count).map_err(interrupted)?;
        let values = match stored.permuted {
            Some(extent) => hwio_to_oihw(&values, extent),
            None => values,
        };
        Ok(Some(Tensor { shape: stored.shape.clone(), values }))
    }
}

/// The float types that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Float {
    /// Float32.
    Single,
    /// Float64, rounded to the nearest float32.
    Double,
    /// Float16.
    Half,
    /// Bfloat16.
    Brain,
}

impl fmt::Display for Float {
    /// As safetensors calls it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Single => "F32",
            Self::Double => "F64",
            Self::Half => "F16",
            Self::Brain => "BF16",
        })
    }
}

impl Float {
    fn new(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F32 => Some(Self::Single),
            Dtype::F64 => Some(Self::Double),
            Dtype::F16 => Some(Self::Half),
            Dtype::BF16 => Some(Self::Brain),
            _ => None,
        }
    }

    fn bytes(self) -> u64 {
        match self {
            Self::Double => 8,
            Self::Single => 4,
            Self::Half | Self::Brain => 2,
        }
    }

    /// The next `count` values of `source`.
    fn read(self, source: &mut impl Read, count: u64) -> io::Result<Vec<f32>> {
        let mut all = Vec::with_capacity(usize::try_from(count).map_err(io::Error::other)?);
        self.each(source, count, |values| all.append(values))?;
        Ok(all)
    }

    /// Hands on the next `count` values of `source`, some at a time, to be taken out.
    fn each(self, source: &mut impl Read, count: u64, mut take: impl FnMut(&mut Vec<f32>)) -> io::Result<()> {
        let mut left = usize::try_from(count * self.bytes()).map_err(io::Error::other)?;
        let (mut buffer, mut values) = (vec![0; CHUNK], Vec::new());
        while left > 0 {
            let chunk = buffer.get_mut(..left.min(CHUNK)).unwrap_or_default();
            source.read_exact(chunk)?;
            self.append(chunk, &mut values);
            left -= chunk.len();
            take(&mut values);
        }
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, reason = "float64 is rounded to the nearest float32")]
    fn append(self, bytes: &[u8], values: &mut Vec<f32>) {
        match self {
            Self::Single => values.extend(bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes))),
            Self::Double => values.extend(bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes) as f32)),
            Self::Half => values.extend(bytes.as_chunks().0.iter().map(|&bytes| f16::from_le_bytes(bytes).to_f32())),
            Self::Brain => values.extend(bytes.as_chunks().0.iter().map(|&bytes| bf16::from_le_bytes(bytes).to_f32())),
        }
    }
}

fn shape_of(info: &TensorInfo) -> Vec<u64> {
    info.shape.iter().map(|&side| side as u64).collect()
}

/// The entry and what the file has of it, if that is what is expected; otherwise the difference is noted.
fn fit<'a>(
    entry: Entry,
    info: Option<&'a TensorInfo>,
    differences: &mut Differences,
) -> Option<(Entry, Float, &'a TensorInfo)> {
    let Some(info) = info else {
        differences.missing.push((entry.name, entry.shape));
        return None;
    };
    let shape = shape_of(info);
    if !fits(&entry, &shape) {
        differences.misshapen.push((entry.name, entry.shape, shape));
        return None;
    }
    let Some(float) = Float::new(info.dtype) else {
        differences.mistyped.push((entry.name, format!("{:?}", info.dtype)));
        return None;
    };
    Some((entry, float, info))
}

/// Whether a tensor of `shape` is what `entry` expects. Layer scales have dimensions of 1 after their channels in one
/// library and none in another.
fn fits(entry: &Entry, shape: &[u64]) -> bool {
    let sides = |shape: &[u64]| shape.iter().copied().filter(|side| *side != 1).collect::<Vec<_>>();
    let loosely = entry.parameter.kind == ParameterKind::Gain && sides(shape) == sides(&entry.shape);
    shape == entry.shape || loosely
}
