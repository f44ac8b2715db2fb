"""Runs an ONNX file on images with ONNX Runtime and saves what it gives.

usage: run_onnx.py JOB.json ANSWER.json

The job is {"model", "images", "places", "folder"}: the file, images N x C x H x W as
.npy, and the place of each output. The value of place p goes to FOLDER/p.npy. The answer
is {"version"}, {"absent"} where something is not installed as it should be, or {"failed"}.
"""

import json
import sys
from pathlib import Path


def first_line(error):
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def run(job):
    try:
        import numpy as np
        import onnxruntime
    except Exception as error:
        return {"absent": first_line(error)}
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(job["model"], providers=providers)
    (given,) = session.get_inputs()
    values = session.run(None, {given.name: np.load(job["images"])})
    for place, value in zip(job["places"], values, strict=True):
        np.save(Path(job["folder"], f"{place}.npy"), value)
    return {"version": f"ONNX Runtime {onnxruntime.__version__}"}


if __name__ == "__main__":
    job, answer = map(Path, sys.argv[1:])
    try:
        said = run(json.loads(job.read_text()))
    except Exception as error:
        said = {"failed": f"{type(error).__name__}: {first_line(error)}"}
    answer.write_text(json.dumps(said))
