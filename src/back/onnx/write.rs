//! Protobuf with the weights streamed: everything but their values is encoded first, so that every length is known.

use super::node::Lowered;
use super::proto::{GRAPH, Graph, INITIALIZER, Model, RAW_DATA, Tensor};
use crate::valid::Checked;
use crate::weights::{Entry, SaveError, Supply, supplied, write_values};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use std::io::Write;

/// The largest message that protobuf's readers take, in bytes.
pub(super) const MOST: u64 = (1 << 31) - 1;

/// A tensor of the file.
pub(super) struct Stored {
    pub tensor: Tensor,
    pub values: Values,
}

/// Where its values come from.
pub(super) enum Values {
    Parameter(Entry),
    Own(Vec<u8>),
}

impl Values {
    fn bytes(&self) -> u64 {
        match self {
            Self::Parameter(entry) => 4 * entry.ir_shape.iter().product::<u64>(),
            Self::Own(bytes) => bytes.len() as u64,
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

impl Stored {
    fn length(&self) -> u64 {
        self.tensor.encoded_len() as u64 + framed(RAW_DATA, self.values.bytes())
    }
}

/// How many bytes [`model`] writes for the graph: all but a few of the file.
pub(super) fn length(graph: &Graph, tensors: &[Stored]) -> u64 {
    graph.encoded_len() as u64 + tensors.iter().map(|stored| framed(INITIALIZER, stored.length())).sum::<u64>()
}

pub(super) fn model(
    network: &Checked,
    mut supply: impl Supply,
    model: &Model,
    Lowered { graph, tensors }: &Lowered,
    out: &mut impl Write,
) -> Result<(), SaveError> {
    out.write_all(&model.encode_to_vec())?;
    out.write_all(&header(GRAPH, length(graph, tensors)))?;
    out.write_all(&graph.encode_to_vec())?;
    for stored in tensors {
        out.write_all(&header(INITIALIZER, stored.length()))?;
        out.write_all(&stored.tensor.encode_to_vec())?;
        out.write_all(&header(RAW_DATA, stored.values.bytes()))?;
        match &stored.values {
            Values::Parameter(entry) => write_values(&supplied(network, entry, &mut supply)?.values, out)?,
            Values::Own(bytes) => out.write_all(bytes)?,
        }
    }
    Ok(())
}
