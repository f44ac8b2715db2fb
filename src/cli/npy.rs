//! NumPy's `.npy` files (the format of numpy.lib.format, versions 1 to 3): float arrays in, float32 arrays out.
//!
//! Nothing is trusted: the header is read by hand, its numbers are checked against the file's length before anything is
//! allocated, and sizes never wrap.

use half::f16;

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
const HEADER_BYTES: usize = 10_000;

/// Reads an array of float16, float32 or float64, of either byte order and of C or Fortran order.
pub(super) fn read(bytes: &[u8]) -> Result<Array, String> {
    let (header, data) = split(bytes)?;
    let header = Header::parse(header)?;
    let expected = header.shape.iter().try_fold(header.float.bytes(), |size, &side| size.checked_mul(side));
    if expected != Some(data.len() as u64) {
        return Err(format!("its header says shape {:?}, but {} bytes of data follow", header.shape, data.len()));
    }
    let values = header.float.values(data, header.big_endian);
    let values = if header.fortran { row_major(&values, &header.shape) } else { values };
    Ok(Array { shape: header.shape, values })
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

/// The header's text and the data after it.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    let cut = || "it ends within its header".to_owned();
    let rest = bytes.strip_prefix(MAGIC).ok_or("it is no .npy file")?;
    let ([major, _], rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
    let (length, rest) = if *major == 1 {
        let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
        (usize::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        (usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX), rest)
    };
    if length > HEADER_BYTES {
        return Err(format!("its header has {length} bytes, and an array of numbers needs less than {HEADER_BYTES}"));
    }
    let (header, data) = rest.split_at_checked(length).ok_or_else(cut)?;
    Ok((std::str::from_utf8(header).map_err(|_| "its header is not text")?, data))
}

/// A float type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Float {
    Half,
    Single,
    Double,
}

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    float: Float,
    big_endian: bool,
    fortran: bool,
    shape: Vec<u64>,
}

impl Header {
    /// Reads the dictionary that NumPy writes: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
    fn parse(text: &str) -> Result<Self, String> {
        let after = |key: &str| {
            let (_, rest) = text.split_once(&format!("'{key}':")).ok_or_else(|| format!("its header lacks `{key}`"))?;
            Ok::<_, String>(rest.trim_start())
        };
        let quoted = after("descr")?.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
        let descr = quoted.map(|(descr, _)| descr).ok_or("its elements are records, not floats")?;
        let (big_endian, float) = match descr {
            "<f2" | "|f2" => (false, Float::Half),
            "<f4" => (false, Float::Single),
            "<f8" => (false, Float::Double),
            ">f2" => (true, Float::Half),
            ">f4" => (true, Float::Single),
            ">f8" => (true, Float::Double),
            other => return Err(format!("its elements are `{other}`; expected float32: `X.astype(\"float32\")`")),
        };
        let order = after("fortran_order")?;
        let fortran = match (order.starts_with("True"), order.starts_with("False")) {
            (true, _) => true,
            (_, true) => false,
            _ => return Err("its header has no order".to_owned()),
        };
        let tuple = after("shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (sides, _) = tuple.ok_or("its header has no shape")?;
        let sides = sides.split(',').map(str::trim).filter(|side| !side.is_empty());
        let shape: Result<Vec<u64>, _> = sides.map(str::parse).collect();
        let shape = shape.map_err(|_| "its header's shape is not made of numbers")?;
        Ok(Self { float, big_endian, fortran, shape })
    }
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
