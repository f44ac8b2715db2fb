"""Compares generated packages with keras.applications, layer by layer.

usage: keras_structure.py FOLDER

FOLDER holds the packages keras_resnet50, keras_resnet101, keras_resnet152, keras_vgg16
and keras_vgg19. Prints how many models and layers were compared; any difference ends it.
"""

import sys

import keras

# What does not change a layer: how it is called where nobody calls it, and its dtype policy.
IRRELEVANT = {"dtype", "quantization_config", "registered_name", "build_config"}


def draw_zeros():
    """Lets initialisers draw zeros: no value is compared, and drawing takes longest."""
    zeros = keras.initializers.Zeros()
    keras.initializers.GlorotUniform.__call__ = lambda _, shape, dtype=None: zeros(shape, dtype)


def describe(model, names):
    """For every layer its class, name, output shape, parameters and configuration."""
    rows = []
    for layer in model.layers:
        config = {key: value for key, value in layer.get_config().items() if key not in IRRELEVANT}
        if config.get("axis") == len(layer.output.shape) - 1:
            config["axis"] = -1
        if not names:
            config.pop("name")
        inputs = [tensor.shape for tensor in layer.input] if isinstance(layer.input, list) else layer.input.shape
        rows.append((type(layer).__name__, inputs, layer.output.shape, layer.count_params(), config))
    return rows


def compare(name, ours, theirs, counts, names=True, **options):
    # Without a top keras.applications leaves the size open unless it is given.
    options = {"input_shape": (224, 224, 3), **options}
    keras.utils.clear_session()
    expected = describe(theirs(weights=None, **options), names)
    keras.utils.clear_session()
    found = describe(ours(**options), names)
    for mine, other in zip(found, expected):
        assert mine == other, f"{name} {options}\n  generated {mine}\n  keras.applications {other}"
    assert len(found) == len(expected), (name, options, len(found), len(expected))
    counts.append(len(found))


def main(folder):
    draw_zeros()
    sys.path.insert(0, folder)
    from keras_resnet50 import keras_resnet50
    from keras_resnet101 import keras_resnet101
    from keras_resnet152 import keras_resnet152
    from keras_vgg16 import keras_vgg16
    from keras_vgg19 import keras_vgg19

    applications = keras.applications
    counts = []
    compare("ResNet50", keras_resnet50, applications.ResNet50, counts)
    for options in (
        {"include_top": False},
        {"include_top": False, "pooling": "avg"},
        {"include_top": False, "pooling": "max"},
        {"classes": 10},
        {"include_top": False, "input_shape": (97, 64, 1)},
        {"input_shape": (193, 224, 4), "classes": 7},
    ):
        compare("ResNet50", keras_resnet50, applications.ResNet50, counts, **options)
    compare("ResNet101", keras_resnet101, applications.ResNet101, counts)
    compare("ResNet101", keras_resnet101, applications.ResNet101, counts, include_top=False, pooling="max")
    compare("ResNet152", keras_resnet152, applications.ResNet152, counts)
    compare("ResNet152", keras_resnet152, applications.ResNet152, counts, include_top=False, pooling="avg")
    for name, ours, theirs in (("VGG16", keras_vgg16, applications.VGG16), ("VGG19", keras_vgg19, applications.VGG19)):
        compare(name, ours, theirs, counts)
        compare(name, ours, theirs, counts, classes=10, input_shape=(64, 96, 3))
        compare(name, ours, theirs, counts, include_top=False)
        # keras.applications leaves the name of this pool to chance.
        compare(name, ours, theirs, counts, names=False, include_top=False, pooling="avg")
    print(f"{len(counts)} models, {sum(counts)} layers")


if __name__ == "__main__":
    main(sys.argv[1])
