"""What the tools count of whole networks, by their own entry points and as their documentation calls them.

    python tools.py             # tools.json
    python tools.py NAME...     # these networks of it; the others are kept

Needs torch, torchvision, timm, fvcore, ptflops, thop, torchinfo, calflops and DeepSpeed. `models` are torchvision's classes
with other numbers; `networks` are what architectures/ has from torchvision and timm, under their own names.
"""

import copy
import json
import sys
from pathlib import Path

import torch
import torchvision
from family import TIMM, TORCHVISION, image_shape, torch_model
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

HERE = Path(__file__).resolve().parent

# TOML descriptions are torchvision's too.
MORE = "resnet18 resnet34 resnet50 resnet101 resnet152 vgg16 vgg19 vgg19_bn".split()
NETWORKS = [*MORE, *TORCHVISION, *TIMM]

NOTE = (
    "What the tools report, in evaluation: PyTorch 2.15 (FlopCounterMode; train: forward and backward of the sum; "
    "training-saved-bytes: storages that saved_tensors_hooks sees, parameters apart), torchvision 0.29 and timm 1.0 "
    "models, fvcore 0.1.5.post20221221, ptflops 0.7.5 (ptflops: pytorch back end with count_functional off; "
    "ptflops-functional: as it is called without settings; macs-bias: aten back end; batch 1 times the batch), thop "
    "0.1.1.post2209072238, torchinfo 1.8.0, DeepSpeed 0.19.8, with which calflops 0.3.2 agrees everywhere. Left out: train "
    "of grouped convolutions, which PyTorch multiplies by the groups; training-saved-bytes with dropout, whose mask is "
    "four bytes on the CPU and one on a GPU. Made by tools.py."
)


def stub():
    """calflops imports what only language models need."""
    import types

    for name in ("transformers", "accelerate", "accelerate.utils"):
        sys.modules[name] = types.ModuleType(name)
    for name in ("AutoTokenizer", "AutoConfig", "AutoModel"):
        setattr(sys.modules["transformers"], name, None)
    sys.modules["accelerate"].init_empty_weights = None
    for name in ("calculate_maximum_sizes", "convert_bytes", "is_timm_available", "is_transformers_available"):
        setattr(sys.modules["accelerate.utils"], name, lambda *_: False)


def ptflops(model, image, **settings):
    from ptflops import get_model_complexity_info

    return get_model_complexity_info(model, image, print_per_layer_stat=False, as_strings=False, **settings)[0]


def forward(network, shape):
    """What PyTorch and the tools count of the forward pass, for images of `shape`, batch included."""
    from calflops import calculate_flops
    from deepspeed.profiling.flops_profiler import get_model_profile
    from fvcore.nn import ActivationCountAnalysis, FlopCountAnalysis
    from thop import profile
    from torchinfo import summary

    batch, *image = shape
    image, x = tuple(image), torch.ones(*shape, device="meta")
    # Some leave their hooks behind: each has a network of its own.
    model = lambda: copy.deepcopy(network)
    out = {}
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model()(x)
    out["flops"] = counter.get_total_flops()
    out["macs-bias"] = batch * ptflops(model(), image, backend="aten")
    for name, analysis in {"fvcore": FlopCountAnalysis, "activations-fvcore": ActivationCountAnalysis}.items():
        try:
            out[name] = analysis(model(), x).unsupported_ops_warnings(False).total()
        except TypeError:
            # Tracing makes tensors of what a module computes of sizes, which convolutions on `meta` do not take.
            traced = model().to_empty(device="cpu"), torch.zeros(*shape)
            out[name] = analysis(*traced).unsupported_ops_warnings(False).total()
    out["ptflops"] = batch * ptflops(model(), image, backend_specific_config={"count_functional": False})
    out["thop"] = int(profile(model(), (x,), verbose=False)[0])
    out["torchinfo"] = summary(model(), input_data=x, device="meta", verbose=0).total_mult_adds
    # These replace functions of PyTorch, which call each other in Python on `meta` and not on a processor.
    model = lambda: copy.deepcopy(network).to_empty(device="cpu")
    x = torch.zeros(*shape)
    out["ptflops-functional"] = batch * ptflops(model(), image)
    quiet = {"as_string": False, "print_profile": False, "warm_up": 0}
    out["deepspeed"] = int(get_model_profile(model(), args=[x], **quiet)[0])
    quiet = {"output_as_string": False, "print_results": False}
    calflops = int(calculate_flops(model(), args=[x], **quiet)[0])
    assert calflops == out["deepspeed"], (calflops, out["deepspeed"])
    return out


def train(network, shape):
    with FlopCounterMode(display=False) as counter:
        copy.deepcopy(network)(torch.ones(*shape, device="meta")).sum().backward()
    return counter.get_total_flops()


def saved(model, shape):
    """What a training step keeps for the backward pass, in bytes."""
    model.train()
    own = {t.untyped_storage().data_ptr() for t in [*model.parameters(), *model.buffers()]}
    seen = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            seen[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(torch.ones(*shape))
    return sum(size for size, _ in seen.values())


def counts(model, shape):
    """All of it. Most tools look at shapes alone: the network is on the device `meta`, where nothing is computed."""
    model = model.eval().to("meta")
    out = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "buffers": sum(b.numel() for k, b in model.named_buffers() if k.endswith(("running_mean", "running_var"))),
    }
    out |= forward(model, shape)
    if not any(isinstance(m, nn.Conv2d) and m.groups > 1 for m in model.modules()):
        out["train"] = train(model, shape)
    return out


def models():
    """torchvision's classes with other numbers: the name that the test describes, the network, the images, whether saved bytes are told."""
    from torchvision.models import resnet, vgg

    residual = lambda block, blocks, **more: lambda: resnet.ResNet(block, blocks, **more)
    plain = lambda letter, norm: lambda: vgg.VGG(vgg.make_layers(vgg.cfgs[letter], batch_norm=norm))
    bottleneck, basic = resnet.Bottleneck, resnet.BasicBlock
    grouped = {"groups": 32, "width_per_group": 4}
    return {
        "bottleneck 2,2,2,2": (residual(bottleneck, [2, 2, 2, 2]), (1, 3, 224, 224), True),
        "basic 1,1,1,1 of 225 x 193, batch 2": (residual(basic, [1, 1, 1, 1]), (2, 3, 225, 193), True),
        "32x4d 2,2,2,2 of 225 x 193": (residual(bottleneck, [2, 2, 2, 2], **grouped), (1, 3, 225, 193), True),
        "vgg13_bn of 225 x 193": (plain("B", True), (1, 3, 225, 193), False),
        "vgg11 of 225 x 193": (plain("A", False), (1, 3, 225, 193), False),
    }


def network(name):
    if name in MORE:
        return torchvision.models.get_model(name, weights=None).eval()
    return torch_model(name)[0]


def main():
    stub()
    path = HERE / "tools.json"
    wanted = sys.argv[1:] or [*models(), *NETWORKS]
    found = json.loads(path.read_text())
    for name, (make, shape, keeps) in models().items():
        if name in wanted:
            figures = counts(make(), shape)
            if keeps:
                figures["training-saved-bytes"] = saved(make(), shape)
            write(path, found, "models", models(), name, figures)
    for name in NETWORKS:
        if name in wanted:
            write(path, found, "networks", NETWORKS, name, counts(network(name), image_shape(name)))


def write(path, found, table, order, name, figures):
    found.setdefault(table, {})[name] = figures
    found[table] = {name: found[table][name] for name in order if name in found[table]}
    found["note"] = NOTE
    path.write_text(json.dumps(found, indent=1) + "\n")
    print(name, figures, flush=True)


if __name__ == "__main__":
    main()
