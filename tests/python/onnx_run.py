"""Answers for each ONNX file that a line of standard input names, with an output path and a number of images after it.

The file passes onnx.checker with full shape inference; ONNX Runtime runs it on images filled as fill.py does; output 0 is
written as .npy. Printed is a JSON line: the inferred shape of every node's value (the batch dimension is its name), and the names
and shapes of the tensors.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))
from fill import fill


def shape(value):
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


def answer(path, output, images):
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    tensors = {one.name: list(one.dims) for one in model.graph.initializer}
    del model.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    values = {one.name: shape(one) for one in [*inferred.input, *inferred.value_info, *inferred.output]}
    shapes = {one.name: shape(one) for one in inferred.input}
    shapes |= {node.name: values[node.output[0]] for node in inferred.node}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    values = fill("input", (images, *given.shape[1:]))
    np.save(output, session.run(None, {given.name: values})[0])
    return {"shapes": shapes, "tensors": tensors, "outputs": [one.name for one in inferred.output]}


for line in sys.stdin:
    path, output, images = line.rstrip("\n").split("\t")
    print(json.dumps(answer(path, output, int(images))), flush=True)
