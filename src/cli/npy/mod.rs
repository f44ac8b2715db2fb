//! NumPy's `.npy` files (the format of numpy.lib.format, versions 1 to 3): float arrays in, float32 arrays out.
//!
//! Nothing is trusted: the header is read by hand, its numbers are checked against the file's length before anything is
//! allocated, and sizes never wrap. No more is read than the header says, and nothing where the first bytes are no array's.

mod header;

use half::f16;
use header::{Float, Header};
use std::fmt;
use std::io::{self, Read};

/// An array of float32, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Array {
    pub(super) shape: Vec<u64>,
    pub(super) values: Vec<f32>,
}

impl Array {
    /// The indices of the element that stands at `place` in row-major order.
    pub(super) fn indices(&self, place: usize) -> Vec<u64> {
        let mut rest = place as u64;
        let mut at: Vec<_> = self.shape.iter().rev().map(|&side| (rest % side.max(1), rest /= side.max(1)).0).collect();
        at.reverse();
        at
    }
}

/// What every such file begins with.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// The most that NumPy itself reads of a header.
const HEADER_BYTES: u32 = 10_000;

/// How much is read at once, in bytes: a multiple of every float's size.
const CHUNK: u64 = 1 << 16;

/// Why there is no array.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It is no array of floats, or not all of one; why.
    Faulty(String),
    /// It needs so many bytes, which are more than there are.
    Large(u128),
    /// Reading failed.
    Io(io::Error),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Faulty(why) => f.write_str(why),
            Self::Large(bytes) => write!(f, "it needs {bytes} bytes"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl From<String> for Unreadable {
    fn from(why: String) -> Self {
        Self::Faulty(why)
    }
}

/// Reads an array of float16, float32 or float64, of either byte order and of C or Fortran order. `length` is that of the file, where
/// it is known; without it nothing is taken that needs more than `free` bytes.
pub(super) fn read(source: &mut impl Read, length: Option<u64>, free: Option<u128>) -> Result<Array, Unreadable> {
    let (header, before) = header(source)?;
    let size = header.shape.iter().try_fold(header.float.bytes(), |size, &side| size.checked_mul(side));
    let wrong = |found: &str| {
        Unreadable::Faulty(format!("its header says shape {:?}, but {found} of data follow", header.shape))
    };
    let size = match (size, length.map(|length| length.saturating_sub(before))) {
        (Some(size), None) => size,
        (Some(size), Some(found)) if size == found => size,
        (_, Some(found)) => return Err(wrong(&format!("{found} bytes"))),
        (None, None) => return Err(wrong("fewer bytes")),
    };
    // As float32, and twice that where the order is changed.
    let needed = u128::from(size / header.float.bytes()) * if header.fortran { 8 } else { 4 };
    if free.is_some_and(|free| needed > free) {
        return Err(Unreadable::Large(needed));
    }
    let mut values = Vec::new();
    let (mut left, mut buffer) = (size, Vec::new());
    while left > 0 {
        buffer.clear();
        let chunk = left.min(CHUNK);
        source.by_ref().take(chunk).read_to_end(&mut buffer).map_err(Unreadable::Io)?;
        if (buffer.len() as u64) < chunk {
            return Err(wrong(&format!("{} bytes", size - left + buffer.len() as u64)));
        }
        values.extend(header.float.values(&buffer, header.big_endian));
        left -= chunk;
    }
    if source.read(&mut [0]).map_err(Unreadable::Io)? > 0 {
        return Err(wrong(&format!("more than {size} bytes")));
    }
    let values = if header.fortran { row_major(&values, &header.shape) } else { values };
    Ok(Array { shape: header.shape, values })
}

/// What the header says, and how many bytes it has with all before it.
fn header(source: &mut impl Read) -> Result<(Header, u64), Unreadable> {
    let mut next = |count: u64| {
        let mut bytes = Vec::new();
        source.by_ref().take(count).read_to_end(&mut bytes).map_err(Unreadable::Io)?;
        Ok::<_, Unreadable>(bytes)
    };
    let cut = || Unreadable::Faulty("it ends within its header".to_owned());
    if next(MAGIC.len() as u64)? != MAGIC {
        return Err(Unreadable::Faulty("it is no .npy file".to_owned()));
    }
    let [major, minor] = *next(2)?.first_chunk().ok_or_else(cut)?;
    let (length, size) = match (major, minor) {
        (1, 0) => (u32::from(u16::from_le_bytes(*next(2)?.first_chunk().ok_or_else(cut)?)), 2),
        (2 | 3, 0) => (u32::from_le_bytes(*next(4)?.first_chunk().ok_or_else(cut)?), 4),
        _ => return Err(format!("it is of version {major}.{minor}; expected 1.0, 2.0 or 3.0").into()),
    };
    if length > HEADER_BYTES {
        return Err(
            format!("its header has {length} bytes, and an array of numbers needs less than {HEADER_BYTES}").into()
        );
    }
    let bytes = next(length.into())?;
    if bytes.len() as u64 != u64::from(length) {
        return Err(cut());
    }
    // Version 3 is UTF-8, those before are Latin-1.
    let text =
        if major == 3 { String::from_utf8(bytes).ok() } else { Some(bytes.into_iter().map(char::from).collect()) };
    let text = text.ok_or_else(|| "its header is not text".to_owned())?;
    Ok((Header::parse(&text, major < 3)?, MAGIC.len() as u64 + 2 + size + u64::from(length)))
}

/// The bytes of a `.npy` file with a float32 array in C order.
pub(super) fn write(shape: &[u64], values: &[f32]) -> Vec<u8> {
    let sides: Vec<_> = shape.iter().map(|side| format!("{side},")).collect();
    let dictionary = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sides.join(" "));
    // Magic, version and length take 10 bytes; a newline ends the header, and the data begins at a multiple of 64.
    let length = (10 + dictionary.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = [MAGIC, b"\x01\x00"].concat();
    bytes.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend(dictionary.bytes());
    bytes.resize(10 + length - 1, b' ');
    bytes.push(b'\n');
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

impl Float {
    fn bytes(self) -> u64 {
        match self {
            Self::Half => 2,
            Self::Single => 4,
            Self::Double => 8,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "float64 is rounded to the nearest float32")]
    fn values(self, data: &[u8], big_endian: bool) -> Vec<f32> {
        match (self, big_endian) {
            (Self::Half, false) => map(data, |bytes| f16::from_le_bytes(bytes).to_f32()),
            (Self::Half, true) => map(data, |bytes| f16::from_be_bytes(bytes).to_f32()),
            (Self::Single, false) => map(data, f32::from_le_bytes),
            (Self::Single, true) => map(data, f32::from_be_bytes),
            (Self::Double, false) => map(data, |bytes| f64::from_le_bytes(bytes) as f32),
            (Self::Double, true) => map(data, |bytes| f64::from_be_bytes(bytes) as f32),
        }
    }
}

fn map<const N: usize>(data: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    data.as_chunks::<N>().0.iter().map(|&bytes| value(bytes)).collect()
}

/// Values in column-major order as row-major.
fn row_major(values: &[f32], shape: &[u64]) -> Vec<f32> {
    let sides: Vec<_> = shape.iter().map(|&side| usize::try_from(side).unwrap_or(usize::MAX)).collect();
    let strides: Vec<_> = sides
        .iter()
        .scan(1_usize, |stride, side| {
            let own = *stride;
            *stride = own.saturating_mul(*side);
            Some(own)
        })
        .collect();
    let mut index = vec![0_usize; sides.len()];
    let mut out = Vec::with_capacity(values.len());
    for _ in values {
        let at: usize = index.iter().zip(&strides).map(|(index, stride)| index * stride).sum();
        out.extend(values.get(at));
        for (index, side) in index.iter_mut().zip(&sides).rev() {
            *index += 1;
            if *index < *side {
                break;
            }
            *index = 0;
        }
    }
    out
}
