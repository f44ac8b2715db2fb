"""Holds generated packages against what the compiler says about them.

usage: keras_counts.py FOLDER EXPECTED.json

EXPECTED is {package: {"parameters", "layers": {name: shape}, "weighted": [name]}}, a shape
being H, W, C or one number. Prints how many packages and layers agree.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

import keras


def draw_zeros():
    """Lets initialisers draw zeros: no value is looked at, and drawing takes longest."""
    zeros = keras.initializers.Zeros()
    for initializer in (
        keras.initializers.GlorotUniform,
        keras.initializers.RandomUniform,
        keras.initializers.VarianceScaling,
    ):
        initializer.__call__ = lambda _, shape, dtype=None: zeros(shape, dtype)


def main(folder, expected):
    draw_zeros()
    sys.path.insert(0, folder)
    layers = 0
    expected = json.loads(Path(expected).read_text())
    for name, package in expected.items():
        model = getattr(import_module(name), name)()
        found = {layer.name: layer for layer in model.layers}
        assert model.count_params() == package["parameters"], (name, model.count_params(), package["parameters"])
        assert set(package["weighted"]) <= found.keys(), (name, set(package["weighted"]) - found.keys())
        for layer, shape in package["layers"].items():
            # Keras has no convolution with both a stride and a dilation: it strides afterwards.
            layer = f"{layer}_subsample" if f"{layer}_subsample" in found else layer
            if layer in found:
                size = list(found[layer].output.shape[1:])
                # A pooled map may be kept without its sides of 1.
                sides = [[side for side in sides if side != 1] for sides in (size, shape)]
                assert size == shape or sides[0] == sides[1], (name, layer, size, shape)
                layers += 1
        keras.utils.clear_session()
    print(f"{len(expected)} packages, {layers} layers")


if __name__ == "__main__":
    main(*sys.argv[1:])
