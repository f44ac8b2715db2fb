"""The generated keras_resnet50 and keras.applications' ResNet50 with the same weights.

usage: keras_weights.py FOLDER

Prints the largest difference of their outputs, and what the loader says about a file that
does not fit.
"""

import json
import pickle
import sys
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
from safetensors.numpy import save_file


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


def other_types(load, model, path):
    """Floats of every width are read, and integers are none."""
    for dtype in ("float16", "bfloat16", "float64"):
        tensors = {name: values.astype(dtype) for name, values in random_weights(model).items()}
        save_file(tensors, path)
        load(model, path)
        for layer in model.layers:
            for variable in layer.weights:
                expected = tensors[f"{layer.name}/{variable.name}"].astype(np.float32)
                assert variable.dtype == "float32"
                assert np.array_equal(variable.numpy(), expected), (dtype, layer.name)
    tensors = {name: values.astype(np.float32) for name, values in tensors.items()}
    tensors["conv1_conv/bias"] = np.zeros(64, np.int32)
    save_file(tensors, path)
    print(refused(load, model, path).replace(path, "FILE"))
    save({"conv1_conv/bias": ("F8_E4M3", [64], bytes(64))}, path)
    print(refused(load, model, path).replace(path, "FILE"))


def save(tensors, path):
    """Writes a safetensors file of any types, from what its header says and bytes."""
    header, data = {}, b""
    for name, (dtype, shape, values) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    header = json.dumps(header).encode()
    Path(path).write_bytes(len(header).to_bytes(8, "little") + header + data)


def other_files(load, model, path):
    """Files that are no safetensors, but what else weights come in."""
    import h5py

    model.save(f"{path}.keras")
    model.save_weights(f"{path}.weights.h5")
    with h5py.File(f"{path}.h5", "w") as file:
        file["conv1_conv"] = np.zeros(3)
    Path(f"{path}.pkl").write_bytes(pickle.dumps({"conv1_conv/bias": np.zeros(64)}))
    with zipfile.ZipFile(f"{path}.pth", "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps({}))
    Path(f"{path}.txt").write_text("conv1_conv/bias = 0\n")
    Path(f"{path}.empty").write_bytes(b"")
    for ending in ("keras", "weights.h5", "h5", "pkl", "pth", "txt", "empty"):
        print(refused(load, model, f"{path}.{ending}").replace(path, "FILE"))
    # The length of a header may be what a pickle, or an archive, begins with.
    for length in (0x80, 0x04034B50 & 0xFFFF):
        text = json.dumps({"__metadata__": {"note": ""}}).encode()
        text = text.replace(b'""', b'"' + b"x" * (length - len(text)) + b'"')
        assert len(text) == length
        Path(f"{path}.real").write_bytes(length.to_bytes(8, "little") + text)
        assert "does not fit" in refused(load, model, f"{path}.real")


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
    from keras_resnet50 import load_weights_from_safetensors as load

    refused(load, ours, path)
    for weight, value in zip(ours.weights, before):
        assert np.array_equal(weight.numpy(), value), "a file that does not fit changed a weight"
    other_types(load, ours, path)
    other_files(load, ours, f"{place.name}/weights")
    print(refused(keras_resnet50, pooling="mean"))


if __name__ == "__main__":
    main(sys.argv[1])
