"""The generated keras_resnet50 and keras.applications' ResNet50 with the same weights.

usage: keras_weights.py FOLDER

Prints the largest difference of their outputs, and what the loader says about a file that
does not fit.
"""

import sys
import tempfile

import keras
import numpy as np
from safetensors.numpy import load_file, save_file


def random_weights(model):
    """Random tensors under the names of the dialect; variances are positive."""
    generator = np.random.default_rng(2)
    tensors = {}
    for layer in model.layers:
        for variable in layer.weights:
            shape = tuple(variable.shape)
            values = generator.standard_normal(shape, dtype=np.float32)
            if variable.name == "kernel":
                values *= np.sqrt(2 / np.prod(shape[:-1]))
            elif variable.name == "gamma":
                values = 0.75 + 0.1 * values
            elif variable.name == "moving_variance":
                values = 0.5 + np.abs(values)
            else:
                values = 0.1 * values
            tensors[f"{layer.name}/{variable.name}"] = values.astype(np.float32)
    return tensors


def adopt(model, tensors):
    for layer in model.layers:
        layer.set_weights([tensors[f"{layer.name}/{variable.name}"] for variable in layer.weights])


def run(model, x):
    return keras.ops.convert_to_numpy(model(x, training=False))


def refused(function, *arguments, **options):
    try:
        function(*arguments, **options)
    except ValueError as error:
        return str(error)
    raise AssertionError("it was taken")


def main(folder):
    sys.path.insert(0, folder)
    from keras_resnet50 import keras_resnet50

    place = tempfile.TemporaryDirectory()
    path = f"{place.name}/weights.safetensors"
    theirs = keras.applications.ResNet50(weights=None)
    tensors = random_weights(theirs)
    save_file(tensors, path)
    adopt(theirs, tensors)
    x = np.random.default_rng(1).standard_normal((2, 224, 224, 3), dtype=np.float32)
    ours = keras_resnet50(weights=path)
    expected, found = run(theirs, x), run(ours, x)
    print(np.abs(found - expected).max() / np.sqrt(np.mean(np.square(expected))))

    body = keras.applications.ResNet50(weights=None, include_top=False, pooling="max", input_shape=(97, 64, 3))
    adopt(body, tensors)
    x = x[:, :97, :64]
    found = run(keras_resnet50(include_top=False, pooling="max", input_shape=(97, 64, 3), weights=path), x)
    expected = run(body, x)
    print(np.abs(found - expected).max() / np.sqrt(np.mean(np.square(expected))))

    ours.save(f"{place.name}/model.keras")
    loaded = keras.saving.load_model(f"{place.name}/model.keras")
    for saved, mine in zip(loaded.weights, ours.weights):
        assert np.array_equal(saved.numpy(), mine.numpy()), saved.path

    del tensors["conv1_bn/gamma"]
    tensors["conv2_block1_0_conv/kernel"] = np.zeros((1, 1, 64, 255), np.float32)
    tensors["conv9_conv/kernel"] = np.zeros((1,), np.float32)
    save_file(tensors, path)
    before = [weight.numpy() for weight in ours.weights]
    print(refused(keras_resnet50, weights=path, classes=10).replace(path, "FILE"))
    from keras_resnet50 import load_weights

    refused(load_weights, ours, path)
    for weight, value in zip(ours.weights, before):
        assert np.array_equal(weight.numpy(), value), "a file that does not fit changed a weight"
    print(refused(keras_resnet50, pooling="mean"))
    assert load_file(path)


if __name__ == "__main__":
    main(sys.argv[1])
