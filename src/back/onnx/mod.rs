//! ONNX: the graph with its weights in one file, batch dimension `N`, for any runtime of operator set 20 or later.
//!
//! Nodes and values are called like the network's layers, tensors as in a weight file of its dialect. Images are N, C, H,
//! W; kernels O, I, H, W whatever the dialect's files have. Output 0 is the head's.

mod node;
mod proto;
mod write;

use super::{Unsupported, fingerprint, header};
use crate::ir::NodeId;
use crate::valid::Checked;
use crate::weights::{Misfit, SaveError, Supply};
use std::io::{self, Write};

/// The version of ONNX's operators that a file is written in.
pub const OPERATORS: i64 = 20;
/// Who an ONNX file says that it is from.
pub const PRODUCER: &str = "resnetc";
const IR_VERSION: i64 = 9;

/// Why no file was written, or not all of it.
#[derive(Debug)]
pub enum EmitError {
    /// ONNX cannot express a layer.
    Unsupported(Unsupported),
    /// The weights are not the network's.
    Misfit(Misfit),
    /// The file would be larger than protobuf can be: this many bytes.
    TooLarge(u64),
    /// The file could not be written.
    Io(io::Error),
}

impl From<SaveError> for EmitError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Misfit(misfit) => Self::Misfit(misfit),
            SaveError::Io(error) => Self::Io(error),
        }
    }
}

impl From<io::Error> for EmitError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Writes `network` with the weights that `supply` gives. The same weights give the same bytes. A tensor is in memory at a
/// time, and a few times the size of the graph.
///
/// # Errors
/// See [`EmitError`]; what does not lie at the file or the weights is found before anything is written.
pub fn emit(network: &Checked, supply: impl Supply, out: &mut impl Write) -> Result<(), EmitError> {
    emit_showing(network, &[], supply, out)
}

/// [`emit`], with the values of the nodes `shown` as further outputs, in their order.
///
/// # Errors
/// As [`emit`].
pub fn emit_showing(
    network: &Checked,
    shown: &[NodeId],
    supply: impl Supply,
    out: &mut impl Write,
) -> Result<(), EmitError> {
    let lowered = node::lower(network, shown).map_err(EmitError::Unsupported)?;
    let entry = |key: &str, value: String| proto::Entry { key: key.to_owned(), value };
    let model = proto::Model {
        ir_version: IR_VERSION,
        producer_name: PRODUCER.to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: header(network),
        opset_import: vec![proto::OperatorSet { domain: String::new(), version: OPERATORS }],
        metadata: vec![
            entry("resnetc.graph", fingerprint(network)),
            entry("resnetc.dialect", network.graph().dialect.name.clone()),
        ],
    };
    let bytes = write::length(&lowered.graph, &lowered.tensors);
    if bytes > write::MOST {
        return Err(EmitError::TooLarge(bytes));
    }
    Ok(write::model(network, supply, &model, &lowered, out)?)
}
