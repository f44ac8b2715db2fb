"""Loads the models that keras_run.py saved, knowing nothing but their packages.

usage: keras_load.py FOLDER JOBS.json

FOLDER and JOBS are those of keras_run.py, which ran in another process. Each model is loaded,
by what its package registers, and run on the same input; not a bit may differ.
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
        import_module(job["name"])
        model = keras.saving.load_model(job["saved"])
        x = np.load(job["input"]).transpose(0, 2, 3, 1)
        y = keras.ops.convert_to_numpy(model(x, training=False))
        y = y.transpose(0, 3, 1, 2) if y.ndim == 4 else y
        assert np.array_equal(y, np.load(job["output"])), f"{job['name']} is another model after a save"
        keras.utils.clear_session()


if __name__ == "__main__":
    main(*sys.argv[1:])
