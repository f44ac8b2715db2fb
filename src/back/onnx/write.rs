//! Protobuf with the weights streamed: everything but their values is encoded first, so that every length is known.

use super::proto::{GRAPH, Graph, INITIALIZER, Model, RAW_DATA, Tensor};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use std::io::{self, Write};

/// The largest message that protobuf's readers take, in bytes.
pub(super) const MOST: u64 = (1 << 31) - 1;

/// A tensor of the file.
pub(super) struct Stored<'v> {
    pub tensor: Tensor,
    pub values: Values<'v>,
}

/// Where its values come from.
pub(super) enum Values<'v> {
    Floats(&'v [f32]),
    Own(Vec<u8>),
}

impl Values<'_> {
    fn bytes(&self) -> u64 {
        match self {
            Self::Floats(values) => 4 * values.len() as u64,
            Self::Own(bytes) => bytes.len() as u64,
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Floats(values) => values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes())),
            Self::Own(bytes) => out.write_all(bytes),
        }
    }
}

/// The key and length of a field that holds `length` bytes.
fn header(field: u32, length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_key(field, WireType::LengthDelimited, &mut bytes);
    encode_varint(length, &mut bytes);
    bytes
}

fn framed(field: u32, length: u64) -> u64 {
    (key_len(field) + encoded_len_varint(length)) as u64 + length
}

impl Stored<'_> {
    fn length(&self) -> u64 {
        self.tensor.encoded_len() as u64 + framed(RAW_DATA, self.values.bytes())
    }
}

/// How many bytes [`model`] writes for the graph: all but a few of the file.
pub(super) fn length(graph: &Graph, tensors: &[Stored<'_>]) -> u64 {
    graph.encoded_len() as u64 + tensors.iter().map(|stored| framed(INITIALIZER, stored.length())).sum::<u64>()
}

pub(super) fn model(model: &Model, graph: &Graph, tensors: &[Stored<'_>], out: &mut impl Write) -> io::Result<()> {
    out.write_all(&model.encode_to_vec())?;
    out.write_all(&header(GRAPH, length(graph, tensors)))?;
    out.write_all(&graph.encode_to_vec())?;
    for stored in tensors {
        out.write_all(&header(INITIALIZER, stored.length()))?;
        out.write_all(&stored.tensor.encode_to_vec())?;
        out.write_all(&header(RAW_DATA, stored.values.bytes()))?;
        stored.values.write(out)?;
    }
    Ok(())
}
