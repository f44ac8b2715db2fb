"""The moments of the fresh weights of generated packages.

usage: keras_init.py FOLDER NAME...

Prints, for each package of FOLDER that is named, its tensors with their count, mean, root mean
square and ends, as JSON.
"""

import json
import sys
from importlib import import_module

import keras
import numpy as np


def moments(values):
    values = np.asarray(values, dtype=np.float64)
    return {
        "count": values.size,
        "mean": values.mean(),
        "deviation": np.sqrt(np.square(values).mean()),
        "low": values.min(),
        "high": values.max(),
    }


def main(folder, *names):
    sys.path.insert(0, folder)
    found = {}
    for name in names:
        keras.utils.set_random_seed(5)
        package = import_module(name)
        model = getattr(package, name)()
        found[name] = {
            layer.name.replace(":", ".") + package.SUFFIXES[weight.name]: moments(weight)
            for layer in model.layers
            for weight in layer.weights
        }
        keras.utils.clear_session()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
