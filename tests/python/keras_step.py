"""The running statistics of generated packages after one step of training.

usage: keras_step.py FOLDER IMAGES.npy NAME...

Each package of FOLDER that is named is one batch norm. Prints its moving means and variances
after one call that trains, and after one step of `fit`, as JSON.
"""

import json
import sys
from importlib import import_module

import keras
import numpy as np


def statistics(model):
    (norm,) = (layer for layer in model.layers if hasattr(layer, "moving_variance"))
    values = (norm.moving_mean, norm.moving_variance)
    return [float(x) for value in values for x in keras.ops.convert_to_numpy(value)]


def main(folder, images, *names):
    sys.path.insert(0, folder)
    x = np.load(images).transpose(0, 2, 3, 1)
    found = {}
    for name in names:
        build = getattr(import_module(name), name)
        called, fitted = build(), build()
        called(x, training=True)
        fitted.compile(optimizer="sgd", loss="mse")
        fitted.fit(x, x, batch_size=len(x), epochs=1, verbose=0)
        found[name] = {"call": statistics(called), "fit": statistics(fitted)}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
