//! The header of a safetensors file: the tensors that it says it has, read in time and memory that are linear in its length.

use super::misfit::{Misfit, Unreadable};
use crate::limits;
use ::safetensors::SafeTensorError;
use ::safetensors::tensor::TensorInfo;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

/// The bytes before a file's header, which are its length.
const PREFIX: u64 = 8;

/// What a header says.
pub(super) struct Header {
    /// Tensors by name, in the order of their names.
    pub(super) tensors: Vec<(String, TensorInfo)>,
    /// Where in the file they begin.
    pub(super) start: u64,
    /// Where the file ends.
    pub(super) end: u64,
}

/// Reads the header of `source`. A length that its first bytes cannot mean is refused before anything else is read.
pub(super) fn read(source: &mut (impl Read + Seek)) -> Result<Header, Misfit> {
    source.rewind().map_err(interrupted)?;
    // As much as tells a file of another kind, and the length of the header if it is none.
    let mut begin = Vec::new();
    source.by_ref().take(64).read_to_end(&mut begin).map_err(interrupted)?;
    if let Some(other) = other_format(&begin) {
        return Err(Misfit::Unreadable(other));
    }
    let &prefix = begin.first_chunk().ok_or_else(|| corrupt(&SafeTensorError::HeaderTooSmall))?;
    let length = u64::from_le_bytes(prefix);
    // What begins like JSON has one; a length of as many letters would be no less out of bounds.
    let is_headed = begin.get(prefix.len()).is_some_and(|first| matches!(first, b'{' | b' '));
    if length > limits::WEIGHTS_HEADER {
        let too_large = if is_headed {
            Misfit::Unreadable(Unreadable::LargeHeader(length))
        } else {
            corrupt(&SafeTensorError::HeaderTooLarge)
        };
        return Err(too_large);
    }
    source.seek(SeekFrom::Start(PREFIX)).map_err(interrupted)?;
    let mut text = Vec::new();
    source.by_ref().take(length).read_to_end(&mut text).map_err(interrupted)?;
    if (text.len() as u64) < length {
        return Err(corrupt(&SafeTensorError::InvalidHeaderLength));
    }
    let Tensors(mut tensors) = serde_json::from_slice(&text).map_err(|error| corrupt(&error))?;
    drop(text);
    let start = PREFIX + length;
    let end = start.saturating_add(laid_out(&mut tensors)?);
    tensors.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
    let twice = tensors.array_windows().find(|[(left, _), (right, _)]| left == right);
    match twice {
        Some([(name, _), _]) => Err(corrupt(&format!("there are two tensors `{name}`"))),
        None => Ok(Header { tensors, start, end }),
    }
}

/// The bytes of the tensors, which follow each other without a gap, each as many as its shape and its type need.
fn laid_out(tensors: &mut [(String, TensorInfo)]) -> Result<u64, Misfit> {
    tensors.sort_unstable_by_key(|(_, info)| info.data_offsets);
    let mut end = 0;
    for (name, info) in tensors {
        let elements = info.shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
        let bits = elements.and_then(|elements| elements.checked_mul(info.dtype.bitsize()));
        let bits = bits.ok_or_else(|| corrupt(&SafeTensorError::ValidationOverflow))?;
        let (from, to) = info.data_offsets;
        if from != end || to < from {
            return Err(corrupt(&SafeTensorError::InvalidOffset(name.clone())));
        }
        if bits % 8 != 0 || to - from != bits / 8 {
            return Err(corrupt(&SafeTensorError::TensorInvalidInfo));
        }
        end = to;
    }
    Ok(end as u64)
}

/// That the file does not end where its header says, if it does not.
pub(super) fn ends(source: &mut (impl Read + Seek), end: u64) -> Result<(), Misfit> {
    let mut rest = Vec::new();
    source.seek(SeekFrom::Start(end.saturating_sub(1))).map_err(interrupted)?;
    source.by_ref().take(2).read_to_end(&mut rest).map_err(interrupted)?;
    if rest.len() == 1 { Ok(()) } else { Err(corrupt(&SafeTensorError::MetadataIncompleteBuffer)) }
}

/// The entries of a header that are tensors.
struct Tensors(Vec<(String, TensorInfo)>);

impl<'de> Deserialize<'de> for Tensors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Tensors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tensors, A::Error> {
                let mut tensors = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        tensors.push((name, map.next_value()?));
                    }
                }
                Ok(Tensors(tensors))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

pub(super) fn corrupt(why: &impl ToString) -> Misfit {
    Misfit::Unreadable(Unreadable::Corrupt(why.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
pub(super) fn interrupted(error: io::Error) -> Misfit {
    corrupt(&error)
}

/// What the file's first bytes say it is, where that is something else that weights are kept in.
fn other_format(bytes: &[u8]) -> Option<Unreadable> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => {
            // The name of the archive's first member: `metadata.json` in Keras's, `…/data.pkl` in torch's.
            let keras = bytes.get(30..).is_some_and(|name| name.starts_with(b"metadata.json"));
            Some(if keras { Unreadable::KerasArchive } else { Unreadable::Pickle })
        }
        [0x80, 2..=5, ..] if bytes.get(2..8) != Some(&[0; 6]) => Some(Unreadable::Pickle),
        [0x89, b'H', b'D', b'F', ..] => Some(Unreadable::Hdf5),
        _ => None,
    }
}
