"""Runs a generated Keras package on images and saves what some of its layers give.

usage: run_keras.py JOB.json ANSWER.json

The job is {"module", "name", "weights", "images", "layers", "last", "folder"}: the
package's file, its name, a safetensors file and images N x C x H x W as .npy; by the names
of layers their places and the shapes of their values, and the place of the last value,
which is what the package's model gives. The value of place p goes to FOLDER/p.npy, a map as N x C x H x W. The answer is {"version"}, {"absent"}
where something is not installed as it should be, or {"failed"}.
"""

import importlib.util
import json
import sys
from pathlib import Path


def load(module, name):
    """The package in a file, whatever else is called like it."""
    spec = importlib.util.spec_from_file_location(name, module)
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)
    return getattr(package, name)


def shown(keras, model, layers):
    """The places of `layers` with their values, but for those that Keras computes otherwise.

    One may have the activation inside that follows it, and one may be the first of
    several layers that only together give its value: its shape is another then.
    """
    for layer in model.layers:
        known = layers.get(layer.name.replace(":", "."))
        activation = getattr(layer, "activation", keras.activations.linear)
        inside = activation is not keras.activations.linear
        if known is None or inside and not isinstance(layer, keras.layers.Activation):
            continue
        if list(layer.output.shape[1:]) == known["shape"]:
            yield known["place"], layer.output


def first_line(error):
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def run(job):
    try:
        import keras
        import numpy as np
        import safetensors.numpy  # noqa: F401
    except Exception as error:
        return {"absent": first_line(error)}
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    x = np.load(job["images"]).transpose(0, 2, 3, 1)
    function = load(job["module"], job["name"])
    model = function(input_shape=x.shape[1:], weights=job["weights"])
    values = dict(shown(keras, model, job["layers"])) | {job["last"]: model.output}
    values = keras.Model(model.inputs, values)(x, training=False)
    for place, value in values.items():
        value = keras.ops.convert_to_numpy(value)
        value = value.transpose(0, 3, 1, 2) if value.ndim == 4 else value
        np.save(Path(job["folder"], f"{place}.npy"), np.ascontiguousarray(value))
    return {"version": f"Keras {keras.__version__}"}


if __name__ == "__main__":
    job, answer = map(Path, sys.argv[1:])
    try:
        said = run(json.loads(job.read_text()))
    except Exception as error:
        said = {"failed": f"{type(error).__name__}: {first_line(error)}"}
    answer.write_text(json.dumps(said))
