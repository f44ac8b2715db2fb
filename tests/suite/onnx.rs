//! Asks ONNX and ONNX Runtime about single ops, in one Python process for many of them.

#![cfg_attr(not(feature = "live"), expect(dead_code, reason = "without the live model only shapes are asked for"))]

use crate::python::python;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// A tensor that goes into a node.
pub enum Input {
    /// Zeros of this shape; only shapes are asked for.
    Shape(Vec<u64>),
    Floats(Vec<u64>, Vec<f32>),
    Integers(Vec<i64>),
}

/// One node, or several of which each reads the one before as its first input.
pub struct Case {
    nodes: Vec<Node>,
}

struct Node {
    op: &'static str,
    attributes: Vec<(&'static str, Value)>,
    inputs: Vec<Input>,
}

/// What ONNX says about it.
#[derive(Debug, serde::Deserialize)]
pub struct Answer {
    /// The output's shape, where inference finds one.
    pub shape: Option<Vec<i64>>,
    /// The output, if it was asked for.
    pub values: Option<Vec<f32>>,
}

/// The answers for `cases`, in their order; with `run`, values too.
pub fn ask(cases: &[Case], run: bool) -> Vec<Answer> {
    let cases: Vec<_> = cases.iter().map(Case::json).collect();
    let request = json!({ "run": run, "cases": cases }).to_string();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/onnx_ops.py");
    let mut child = Command::new(python())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(request.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let written = writer.join().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && written.is_ok(),
        "onnx_ops.py failed: {error}\nrun `make test` to set up Python"
    );
    let answers: Vec<Answer> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), cases.len());
    answers
}

impl Case {
    /// A node whose first input is the graph's.
    pub fn new(op: &'static str, attributes: Vec<(&'static str, Value)>, inputs: Vec<Input>) -> Self {
        Self { nodes: vec![Node { op, attributes, inputs }] }
    }

    /// And then another, with what it reads beside the value so far.
    pub fn then(mut self, op: &'static str, attributes: Vec<(&'static str, Value)>, inputs: Vec<Input>) -> Self {
        self.nodes.push(Node { op, attributes, inputs });
        self
    }

    /// What its first node is called.
    #[cfg(feature = "live")]
    pub fn op(&self) -> &'static str {
        self.nodes[0].op
    }

    fn json(&self) -> Value {
        let node = |node: &Node| {
            let attributes: Map<String, Value> =
                node.attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            let inputs: Vec<_> = node.inputs.iter().map(Input::json).collect();
            json!({ "op": node.op, "attributes": attributes, "inputs": inputs })
        };
        Value::Array(self.nodes.iter().map(node).collect())
    }
}

impl Input {
    fn json(&self) -> Value {
        match self {
            Self::Shape(shape) => json!({ "shape": shape }),
            Self::Floats(shape, values) => json!({ "shape": shape, "values": values }),
            Self::Integers(values) => json!({ "shape": [values.len()], "values": values, "integer": true }),
        }
    }
}
