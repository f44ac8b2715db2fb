"""Ops, as ONNX and ONNX Runtime have them: what the Rust tests compare shapes and numbers with.

Reads one JSON object from standard input: {"run": bool, "cases": [case, …]}. A case is a list of nodes, mostly of one:

    {"op": "Conv", "attributes": {…}, "inputs": [{"shape": […], "values": […]}, …]}

The first input of the first node is the graph's, the others are initializers; a later node reads the one before it and
then its inputs. Values are float32, or int64 where "integer" is true, and
may be left out where only the shape is asked for.

Writes a JSON list with one object a case: {"shape": […] or null} as onnx.shape_inference gives it (strict, with data
propagation), null where it has none; with "run" also {"values": […]} as ONNX Runtime computes them.
"""

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# From this opset on, MaxPool in ceil mode drops a window that would start in the padding after the map.
OPSET = 22


def array(tensor: dict) -> np.ndarray:
    """The values of an input, zeros where it has none."""
    dtype = np.int64 if tensor.get("integer") else np.float32
    values = tensor.get("values")
    if values is None:
        return np.zeros(tensor["shape"], dtype)
    return np.array(values, dtype).reshape(tensor["shape"])


def model_of(case: list) -> onnx.ModelProto:
    """The model that is the case's nodes in a row."""
    nodes, initializers = [], []
    value = "input"
    first = case[0]["inputs"][0]
    for at, node in enumerate(case):
        names = [value]
        for tensor in node["inputs"][1:] if at == 0 else node["inputs"]:
            names.append(f"constant{len(initializers)}")
            initializers.append(numpy_helper.from_array(array(tensor), names[-1]))
        value = "output" if at == len(case) - 1 else f"value{at}"
        nodes.append(helper.make_node(node["op"], names, [value], **node["attributes"]))
    graph = helper.make_graph(
        nodes,
        "case",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, first["shape"])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)


def inferred(model: onnx.ModelProto) -> list[int] | None:
    """The output's shape by ONNX shape inference."""
    try:
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError:
        return None
    return [side.dim_value for side in model.graph.output[0].type.tensor_type.shape.dim]


def computed(model: onnx.ModelProto, case: list) -> list[float]:
    """The output's values by ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {"input": array(case[0]["inputs"][0])})
    return output.ravel().astype(float).tolist()


def main() -> None:
    request = json.load(sys.stdin)
    answers = []
    for case in request["cases"]:
        model = model_of(case)
        answer = {"shape": inferred(model)}
        if request["run"]:
            answer["values"] = computed(model, case)
        answers.append(answer)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
