"""Runs generated packages on arrays.

usage: keras_run.py FOLDER JOBS.json

A job is {"name", "weights", "input", "output", "saved", "arguments"}: the package, a
safetensors file, N x C x H x W float32 in an .npy, where the result goes (a map as N x C
x H x W too), where the model is saved, if it is, and further arguments of the package's
function.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

import keras
import numpy as np


def main(folder, jobs):
    sys.path.insert(0, folder)
    for job in json.loads(Path(jobs).read_text()):
        x = np.load(job["input"]).transpose(0, 2, 3, 1)
        function = getattr(import_module(job["name"]), job["name"])
        model = function(input_shape=x.shape[1:], weights=job["weights"], **job["arguments"])
        y = keras.ops.convert_to_numpy(model(x, training=False))
        if "saved" in job:
            model.save(job["saved"])
        np.save(job["output"], np.ascontiguousarray(y.transpose(0, 3, 1, 2) if y.ndim == 4 else y))
        keras.utils.clear_session()


if __name__ == "__main__":
    main(*sys.argv[1:])
