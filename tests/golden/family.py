"""What torchvision, timm and keras.applications say of the networks that architectures/ has from them.

    python family.py counts     # family.json: parameters, multiply-accumulates, tensors
    python family.py logits     # family_logits.json: outputs in float64, weights and image filled as fill.py does

A Python that has torch, torchvision and timm writes their networks, one that has Keras the others; what a file has
already is kept. Names after the verb restrict it to those networks.
"""

import hashlib
import importlib.util
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import numpy as np
from fill import _uniform, fill

HERE = Path(__file__).resolve().parent
SIDES = {"efficientnet_b3": 300}  # of the image; 224 for the others

TORCHVISION = """resnext50_32x4d resnext101_32x8d wide_resnet50_2 wide_resnet101_2 densenet121 densenet169 mobilenet_v2
    efficientnet_b0 efficientnet_b3 regnet_x_400mf regnet_y_400mf regnet_x_3_2gf regnet_y_1_6gf convnext_tiny
    convnext_small vgg11 vgg13 vgg11_bn""".split()
TIMM = """resnet26 resnet50d resnet101d resnet200d resnet50t resnet14t seresnet50 seresnext50_32x4d ecaresnet50d
    resnetv2_50 resnetv2_101 resnetv2_50d resnetaa50 resnetblur50 resnetrs50 skresnet50 res2net50_26w_4s""".split()
KERAS = {"keras_resnet50v2": "ResNet50V2", "keras_resnet101v2": "ResNet101V2", "keras_resnet152v2": "ResNet152V2"}
NETWORKS = [*TORCHVISION, *TIMM, *KERAS]

# With fill's weights these hardly see their first layers, or never clip: their norm weights are times GAIN, in float32.
GAIN = np.float32(1.25)
GAINED = {"mobilenet_v2", "efficientnet_b0", "efficientnet_b3"}

COUNTS = (
    "parameters: trainable. total_parameters: with running means and variances, without num_batches_tracked and "
    "buffers outside of the state dict. macs: of convolutions and linear layers for one image; blur_macs: of the fixed "
    "filters of blur pools, as depthwise convolutions, not in macs. drops: rates above 0 of the dropout and stochastic "
    "depth that run, in order. tensors_sha256: of the lines 'name 64x3x7x7\\n', sorted; Keras's names are <layer>/<variable>, in Keras's layouts. Made by family.py."
)
LOGITS = (
    "What torchvision, timm and Keras give in float64, with weights and one image filled as fill.py does; norm weights "
    "times gain where it is given. Keras's networks without their softmax. Made by family.py."
)


def image_shape(name):
    side = SIDES.get(name, 224)
    return (1, 3, side, side)


def shape_text(shape):
    return "x".join(map(str, shape)) or "scalar"


def keras_fill(name, shape):
    """`fill` for a Keras variable `<layer>/<leaf>` in its own layout: HWIO, or [in, out]."""
    leaf = name.rsplit("/", 1)[-1]
    if leaf == "kernel":
        torch_shape = (shape[3], shape[2], shape[0], shape[1]) if len(shape) == 4 else shape[::-1]
        s = 2 * _uniform(name, int(np.prod(shape))) - 1
        values = (s * np.sqrt(6 / np.prod(torch_shape[1:], dtype=np.int64))).astype(np.float32).reshape(torch_shape)
        return values.transpose((2, 3, 1, 0) if len(shape) == 4 else (1, 0))
    u = _uniform(name, int(np.prod(shape)))
    small = 0.1 * (2 * u - 1)
    values = {"gamma": 0.5 + 0.5 * u, "moving_variance": 0.5 + u}.get(leaf, small)
    return values.astype(np.float32).reshape(shape)


def torch_model(name):
    import timm
    import torchvision

    if name in TORCHVISION:
        source = f"torchvision {torchvision.__version__.split('+')[0]} torchvision.models.{name}"
        return torchvision.models.get_model(name, weights=None).eval(), source
    return timm.create_model(name, pretrained=False).eval(), f"timm {timm.__version__} timm.create_model('{name}')"


def torch_tensors(model):
    state = model.state_dict()
    return [(key, tuple(value.shape)) for key, value in state.items() if not key.endswith("num_batches_tracked")]


def torch_counts(name):
    import torch
    from torch import nn
    from torch.utils.flop_counter import FlopCounterMode

    model, source = torch_model(name)
    macs, blur_macs, drops = [], [], []

    def count(layer, _, output):
        if isinstance(layer, (nn.Conv1d, nn.Conv2d)):
            macs.append(output.numel() * layer.in_channels // layer.groups * int(np.prod(layer.kernel_size)))
        elif isinstance(layer, nn.Linear):
            macs.append(output.numel() * layer.in_features)
        elif type(layer).__name__.startswith("BlurPool"):
            blur_macs.append(output.numel() * layer.filt.shape[-2] * layer.filt.shape[-1])
        elif type(layer).__name__ in ("Dropout", "StochasticDepth"):
            drops.append(layer.p)

    for layer in model.modules():
        layer.register_forward_hook(count)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(image_shape(name)))
    assert counter.get_total_flops() == 2 * sum(macs + blur_macs), "a convolution or product outside of layers"
    tensors = torch_tensors(model)
    trainable = sum(one.numel() for one in model.parameters() if one.requires_grad)
    total = sum(int(np.prod(shape)) for _, shape in tensors)
    return source, trainable, total, sum(macs), sum(blur_macs), drops, tensors


def torch_output(name):
    import torch

    model, _ = torch_model(name)
    gain = GAIN if name in GAINED else np.float32(1)
    values = {}
    for key, shape in torch_tensors(model):
        is_norm = key.endswith(".weight") and len(shape) == 1
        values[key] = torch.from_numpy(fill(key, shape) * (gain if is_norm else np.float32(1)))
    missing, unexpected = model.load_state_dict(values, strict=False)
    assert not unexpected and all(one.endswith("num_batches_tracked") for one in missing), (missing, unexpected)
    with torch.no_grad():
        return model.double()(torch.from_numpy(fill("input", image_shape(name))).double()).numpy()


def keras_model(name, dtype, activation="softmax"):
    import keras

    keras.config.set_floatx(dtype)
    keras.utils.clear_session()
    model = getattr(keras.applications, KERAS[name])(weights=None, classifier_activation=activation)
    return model, f"keras {keras.__version__} keras.applications.{KERAS[name]}"


def keras_variables(model):
    return {f"{layer.name}/{one.name}": one for layer in model.layers for one in layer.weights}


def keras_counts(name):
    model, source = keras_model(name, "float32")
    kernels = [layer for layer in model.layers if getattr(layer, "kernel", None) is not None]
    places = [int(np.prod(layer.output.shape[1:-1])) for layer in kernels]
    macs = sum(count * int(np.prod(layer.kernel.shape)) for count, layer in zip(places, kernels))
    trainable = sum(int(np.prod(one.shape)) for one in model.trainable_weights)
    tensors = [(key, tuple(one.shape)) for key, one in keras_variables(model).items()]
    return source, trainable, model.count_params(), macs, 0, [], tensors


def keras_output(name):
    model, _ = keras_model(name, "float64", None)
    for key, one in keras_variables(model).items():
        one.assign(keras_fill(key, tuple(one.shape)).astype("float64"))
    return np.asarray(model(fill("input", image_shape(name)).transpose(0, 2, 3, 1).astype("float64"), training=False))


def counts(name):
    source, trainable, total, macs, blur_macs, drops, tensors = (keras_counts if name in KERAS else torch_counts)(name)
    entry = {"source": source, "input": list(image_shape(name)[1:])}
    entry |= {"parameters": trainable, "total_parameters": total, "macs": macs}
    if blur_macs:
        entry["blur_macs"] = blur_macs
    if any(drops):
        entry["drops"] = [rate for rate in drops if rate > 0]
    lines = sorted(f"{key} {shape_text(shape)}\n" for key, shape in tensors)
    return entry | {"tensors": len(tensors), "tensors_sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}


def logits(name):
    values = (keras_output if name in KERAS else torch_output)(name)
    assert values.shape == (1, 1000) and values.dtype == np.float64, (values.shape, values.dtype)
    entry = {"gain": float(GAIN)} if name in GAINED else {}
    first, norm = values[:, :16].tolist(), np.linalg.norm(values, axis=1).tolist()
    return entry | {"logits_first_16": first, "logits_l2": norm, "argmax": values.argmax(axis=1).tolist()}


def main():
    verb, *names = sys.argv[1:]
    make, file, note = {
        "counts": (counts, "family.json", COUNTS),
        "logits": (logits, "family_logits.json", LOGITS),
    }[verb]
    path = HERE / file
    entries = json.loads(path.read_text())["networks"] if path.exists() else {}
    has_torch = importlib.util.find_spec("torch") is not None
    for name in names or NETWORKS:
        if (name in KERAS) != has_torch:
            entries[name] = make(name)
            print(name, entries[name], flush=True)
            networks = {one: entries[one] for one in NETWORKS if one in entries}
            path.write_text(json.dumps({"note": note, "networks": networks}, indent=1) + "\n")


if __name__ == "__main__":
    main()
