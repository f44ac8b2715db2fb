//! The part of ONNX's protobuf messages that is written (onnx/onnx.proto, IR version 9).

use prost::Message;

/// `TensorProto.DataType` of float32.
pub(super) const FLOAT: i32 = 1;
/// `TensorProto.DataType` of int64.
pub(super) const INT64: i32 = 7;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Model {
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    #[prost(string, tag = "2")]
    pub producer_name: String,
    #[prost(string, tag = "3")]
    pub producer_version: String,
    #[prost(string, tag = "6")]
    pub doc_string: String,
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSet>,
    #[prost(message, repeated, tag = "14")]
    pub metadata: Vec<Entry>,
}

/// The field of [`Model`] that holds the [`Graph`]; it is written by itself, since the weights in it are streamed.
pub(super) const GRAPH: u32 = 7;

#[derive(Clone, PartialEq, Message)]
pub(super) struct OperatorSet {
    #[prost(string, tag = "1")]
    pub domain: String,
    #[prost(int64, tag = "2")]
    pub version: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Entry {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Graph {
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<Node>,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<Value>,
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<Value>,
    #[prost(message, repeated, tag = "13")]
    pub value_info: Vec<Value>,
}

/// The field of [`Graph`] that holds each [`Tensor`].
pub(super) const INITIALIZER: u32 = 5;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Node {
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    #[prost(string, tag = "3")]
    pub name: String,
    #[prost(string, tag = "4")]
    pub op_type: String,
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Attribute {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub s: Option<Vec<u8>>,
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    #[prost(int32, tag = "20")]
    pub kind: i32,
}

impl Attribute {
    pub(super) fn float(name: &str, value: f32) -> Self {
        Self { name: name.to_owned(), f: Some(value), kind: 1, ..Self::default() }
    }

    pub(super) fn integer(name: &str, value: i64) -> Self {
        Self { name: name.to_owned(), i: Some(value), kind: 2, ..Self::default() }
    }

    pub(super) fn text(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), s: Some(value.into()), kind: 3, ..Self::default() }
    }

    pub(super) fn integers(name: &str, values: impl IntoIterator<Item = i64>) -> Self {
        Self { name: name.to_owned(), ints: values.into_iter().collect(), kind: 7, ..Self::default() }
    }
}

/// A tensor without its values.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Tensor {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    pub data_type: i32,
    #[prost(string, tag = "8")]
    pub name: String,
}

/// The field of [`Tensor`] that holds its values, little-endian.
pub(super) const RAW_DATA: u32 = 9;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, tag = "2")]
    pub kind: Option<ValueType>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ValueType {
    #[prost(message, optional, tag = "1")]
    pub tensor: Option<TensorType>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorType {
    #[prost(int32, tag = "1")]
    pub element: i32,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Dimensions>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Dimensions {
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Dimension {
    #[prost(int64, optional, tag = "1")]
    pub value: Option<i64>,
    #[prost(string, optional, tag = "2")]
    pub parameter: Option<String>,
}

impl Value {
    /// A float32 value of N images, each of these dimensions.
    pub(super) fn of_images(name: &str, dimensions: impl IntoIterator<Item = i64>) -> Self {
        let batch = Dimension { value: None, parameter: Some("N".to_owned()) };
        let rest = dimensions.into_iter().map(|side| Dimension { value: Some(side), parameter: None });
        let shape = Dimensions { dim: std::iter::once(batch).chain(rest).collect() };
        let tensor = TensorType { element: FLOAT, shape: Some(shape) };
        Self { name: name.to_owned(), kind: Some(ValueType { tensor: Some(tensor) }) }
    }
}
