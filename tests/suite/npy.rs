//! NumPy's `.npy` files, as the tests write and read them.

use std::path::Path;

/// Writes a float32 array in NumPy's format.
pub fn write(path: &Path, shape: &[u64], values: &[f32]) {
    // A tuple of one needs its comma.
    let sides: Vec<_> = shape.iter().map(|side| format!("{side},")).collect();
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sides.join(" "));
    let header = format!("{header:117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(header.bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    std::fs::write(path, bytes).unwrap();
}

/// The header and the values of a float32 array in C order.
pub fn read(path: &Path) -> (String, Vec<f32>) {
    let bytes = std::fs::read(path).unwrap();
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!((10 + length) % 64, 0, "the data is aligned as NumPy aligns it");
    let header = String::from_utf8(bytes[10..10 + length].to_vec()).unwrap();
    let values = bytes[10 + length..].as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    (header, values)
}
