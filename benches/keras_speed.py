"""Times generated ResNet-50 packages against keras.applications.ResNet50.

usage: KERAS_BACKEND=tensorflow python benches/keras_speed.py RESNETC [ROUNDS]

RESNETC is the compiler. Built are ResNet-50 of the dialects keras and torchvision, each also with its batch norms
folded. All are compiled (by tf.function or jax.jit; PyTorch runs them as they are) and run on the same images, in turns
within one run: a round times each model once, and a ratio is the median over the rounds of keras.applications' time by the
model's in the same round.
Before anything is timed the outputs are compared: those of the keras dialect have keras.applications' weights, those of
torchvision are compared with their folded form.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import keras
import numpy as np
from safetensors.numpy import save_file

ARCHITECTURES = Path(__file__).resolve().parent.parent / "architectures"


def build(resnetc, description, place, *options):
    """Writes a package below a folder of its own, and gives its module."""
    subprocess.run(
        [resnetc, "build", description, "--target", "keras", "-o", place, *options],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return import_module(Path(description).stem)


def variants(resnetc, name, place):
    """The package of a description, and that of the same with its norms folded."""
    description = ARCHITECTURES / f"{name}.toml"
    folded = Path(place) / f"{name}_folded.toml"
    folded.write_text(description.read_text().replace(f'name = "{name}"', f'name = "{name}_folded"'))
    return build(resnetc, description, place), build(resnetc, folded, place, "--fold-batch-norm")


def randomise(model):
    """Weights with which no value grows or dies, and no norm is the identity."""
    generator = np.random.default_rng(7)
    for variable in model.weights:
        shape = tuple(variable.shape)
        values = generator.standard_normal(shape, dtype=np.float32)
        if variable.name == "kernel":
            values *= np.sqrt(1 / np.prod(shape[:-1]))
        elif variable.name == "gamma":
            values = 0.75 + 0.1 * values
        elif variable.name == "moving_variance":
            values = 0.5 + np.abs(values)
        else:
            values *= 0.1
        variable.assign(values)


def tensors(model, module):
    """The weights as a file of the dialect has them."""
    found = {}
    for layer in model.layers:
        for variable in layer.weights:
            values = keras.ops.convert_to_numpy(variable)
            if hasattr(module, "FILE_AXES"):
                values = values.transpose(module.FILE_AXES[values.ndim])
            found[layer.name.replace(":", ".") + module.SUFFIXES[variable.name]] = np.ascontiguousarray(values)
    return found


def fold(model, norm_of, folded):
    """Gives a folded model the weights of its whole one."""
    for layer in folded.layers:
        if not layer.weights:
            continue
        origin = model.get_layer(layer.name)
        kernel, *bias = origin.get_weights()
        bias = bias[0] if bias else np.zeros(kernel.shape[-1], np.float32)
        norm = norm_of.get(layer.name)
        if norm is not None:
            gamma, beta, mean, variance = norm.get_weights()
            factor = gamma / np.sqrt(variance + norm.epsilon)
            kernel, bias = kernel * factor, (bias - mean) * factor + beta
        layer.set_weights([kernel, bias])


def norms(model):
    """Which norm follows each convolution."""
    found = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            found[layer.input._keras_history.operation.name] = layer
    return found


def compiled(model):
    """A function from images to outputs, both arrays."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        function = tf.function(lambda x: model(x, training=False), reduce_retracing=True)
        return lambda x: function(x).numpy()
    if backend == "jax":
        import jax

        variables = [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]
        function = jax.jit(lambda weights, x: model.stateless_call(*weights, x, training=False)[0])
        return lambda x: np.asarray(function(variables, x))
    import torch

    def run(x):
        with torch.inference_mode():
            return keras.ops.convert_to_numpy(model(x, training=False))

    return run


def close(found, expected, of):
    """Asserts that outputs are the same but for rounding."""
    difference = np.abs(found - expected).max() / np.sqrt(np.mean(np.square(expected, dtype=np.float64)))
    assert difference < 1e-4, f"{of} differs by {difference:.1e}"
    return difference


def models(resnetc, place):
    """keras.applications' model, then the generated ones by name; their outputs agree."""
    applications = keras.applications.ResNet50(weights=None)
    randomise(applications)
    found = {"keras.applications": applications}
    x = np.random.default_rng(1).standard_normal((2, 224, 224, 3), dtype=np.float32)
    for name in ("keras_resnet50", "resnet50"):
        module, folded_module = variants(resnetc, name, place)
        whole, folded = getattr(module, name)(), getattr(folded_module, f"{name}_folded")()
        if name == "keras_resnet50":
            path = f"{place}/weights.safetensors"
            save_file(tensors(applications, module), path)
            module.load_weights_from_safetensors(whole, path)
            expected = compiled(applications)(x)
            print(f"{name}: {close(compiled(whole)(x), expected, name):.1e} from keras.applications")
        else:
            randomise(whole)
        fold(whole, norms(whole), folded)
        distance = close(compiled(folded)(x), compiled(whole)(x), f"{name}, folded,")
        print(f"{name}, folded: {distance:.1e} from {name}")
        found |= {name: whole, f"{name}, folded": folded}
    return found


def main(resnetc, rounds=15):
    """Prints the median time of each model, and its speed as a multiple of keras.applications'."""
    print(f"Keras {keras.__version__} on {keras.backend.backend()}, {rounds} rounds")
    with tempfile.TemporaryDirectory() as place:
        sys.path.insert(0, place)
        functions = {name: compiled(model) for name, model in models(resnetc, place).items()}
    for batch in (1, 8):
        x = np.random.default_rng(batch).standard_normal((batch, 224, 224, 3), dtype=np.float32)
        times = {name: [] for name in functions}
        for function in functions.values():
            function(x), function(x)
        for number in range(int(rounds)):
            # Turns begin with another model each round.
            order = list(functions)
            order = order[number % len(order) :] + order[: number % len(order)]
            for name in order:
                start = time.perf_counter()
                functions[name](x)
                times[name].append(time.perf_counter() - start)
        theirs = times["keras.applications"]
        for name, ours in times.items():
            ratio = statistics.median(their / our for their, our in zip(theirs, ours, strict=True))
            print(f"batch {batch}  {name:24} {1000 * statistics.median(ours):8.1f} ms  {ratio:5.2f}x")


if __name__ == "__main__":
    main(*sys.argv[1:])
