"""How torchvision, timm and keras.applications draw the fresh weights of the networks that architectures/ has from them.

    python init.py              # init.json

A Python that has torch, torchvision and timm writes their networks, one that has Keras the others; what a file has
already is kept. Names restrict it to those networks.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
from family import KERAS, TIMM, TORCHVISION

HERE = Path(__file__).resolve().parent
SEEDS = 3

ALSO_TORCHVISION = "resnet18 resnet34 resnet50 resnet101 resnet152 vgg16 vgg19 vgg19_bn".split()
ALSO_KERAS = {
    "keras_resnet50": "ResNet50",
    "keras_resnet101": "ResNet101",
    "keras_resnet152": "ResNet152",
    "keras_vgg16": "VGG16",
    "keras_vgg19": "VGG19",
}
ALL_KERAS = {**KERAS, **ALSO_KERAS}
NETWORKS = [*TORCHVISION, *ALSO_TORCHVISION, *TIMM, *ALL_KERAS]

# What a tensor begins as where nothing is said of it, by the end of its name and whether it has one dimension.
USUAL = {
    ("weight", True): 1.0,
    ("bias", True): 0.0,
    ("running_mean", True): 0.0,
    ("running_var", True): 1.0,
    ("gamma", True): 1.0,
    ("beta", True): 0.0,
    ("moving_mean", True): 0.0,
    ("moving_variance", True): 1.0,
}

ABOUT = (
    f"Fresh weights of torchvision, timm and keras.applications, over the seeds 0 to {SEEDS - 1}. drawn: standard "
    "deviation about 0, and the largest absolute value, of each tensor of several values. constant: tensors of one value, "
    "where that is not 1 for a factor or variance of a norm, or 0 for a shift, mean or bias. Made by init.py."
)


def torch_tensors(name, seed):
    import timm
    import torch
    import torchvision

    torch.manual_seed(seed)
    if name in TIMM:
        model = timm.create_model(name, pretrained=False)
    else:
        model = torchvision.models.get_model(name, weights=None)
    for key, value in model.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            yield key, value.numpy()


def keras_tensors(name, seed):
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    model = getattr(keras.applications, ALL_KERAS[name])(weights=None)
    for layer in model.layers:
        for weight in layer.weights:
            yield f"{layer.name}/{weight.name}", np.asarray(weight)


def moments(name):
    sums = {}
    for seed in range(SEEDS):
        for key, values in (keras_tensors if name in ALL_KERAS else torch_tensors)(name, seed):
            values = values.astype(np.float64)
            old = sums.get(key, (0, 0.0, np.inf, -np.inf, values.ndim))
            low, high = min(old[2], values.min()), max(old[3], values.max())
            sums[key] = (old[0] + values.size, old[1] + np.square(values).sum(), low, high, values.ndim)
    drawn, constant = {}, {}
    for key, (count, squares, low, high, rank) in sums.items():
        if low < high:
            drawn[key] = [float(f"{one:.6g}") for one in (np.sqrt(squares / count), max(-low, high))]
        elif USUAL.get((key.replace("/", ".").rsplit(".", 1)[-1], rank == 1)) != low:
            constant[key] = float(f"{low:.6g}")
    return {"drawn": drawn, "constant": constant}


def main():
    path = HERE / "init.json"
    known = json.loads(path.read_text())["networks"] if path.exists() else {}
    for name in sys.argv[1:] or NETWORKS:
        try:
            known[name] = moments(name)
        except ImportError as missing:
            print(f"{name}: {missing}")
            continue
        print(name, len(known[name]["drawn"]), len(known[name]["constant"]), flush=True)
        networks = {name: known[name] for name in NETWORKS if name in known}
        lines = ["{", f' "about": {json.dumps(ABOUT)},', f' "seeds": {SEEDS},', ' "networks": {']
        for at, (network, parts) in enumerate(networks.items()):
            lines.append(f"  {json.dumps(network)}: {{")
            for part, tensors in parts.items():
                rows = ",\n".join(f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in tensors.items())
                lines.append(f'   "{part}": {{\n{rows}\n   }}' + ("," if part == "drawn" else ""))
            lines.append("  }" + ("," if at + 1 < len(networks) else ""))
        path.write_text("\n".join([*lines, " }", "}"]) + "\n")


if __name__ == "__main__":
    main()
