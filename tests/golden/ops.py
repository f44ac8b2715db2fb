"""What the tools count for one op, and what PyTorch keeps of it for the backward pass.

Each network is a 1x1 convolution without bias, the op, and another 1x1 convolution; what is written is the difference to
the network without the op (for saved bytes: the whole). Needs torch, fvcore, ptflops, thop, torchinfo, calflops.

    python ops.py > tools_ops.json
"""

import contextlib
import io
import json
import sys

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

C, SIZE, BATCH = 12, (9, 8), 2


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x):
        return x * self.pool(x)


class Product(nn.Module):
    def forward(self, x):
        return x * x


class Blur(nn.Module):
    def __init__(self, stride):
        super().__init__()
        row = torch.tensor([0.25, 0.5, 0.25])
        self.register_buffer("filter", torch.outer(row, row).expand(C, 1, 3, 3).contiguous())
        self.stride, self.pad = stride, (stride + 1) // 2

    def forward(self, x):
        return F.conv2d(F.pad(x, (self.pad,) * 4, mode="reflect"), self.filter, stride=self.stride, groups=C)


class ChannelConv(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x):
        return self.conv(self.pool(x).flatten(2).transpose(1, 2)).transpose(1, 2).unsqueeze(3)


class LastAxis(nn.Module):
    """A module over the last axis, at each position of a map."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class LayerScale(nn.Module):
    def __init__(self):
        super().__init__()
        self.gamma = nn.Parameter(torch.full((C, 1, 1), 0.1))

    def forward(self, x):
        return x * self.gamma


class PathSoftmax(nn.Module):
    def forward(self, x):
        return F.softmax(x.reshape(x.shape[0], 2, C // 2, *SIZE), dim=1).reshape(x.shape)


class Slice(nn.Module):
    def forward(self, x):
        return x[:, 2:7]


class Concat(nn.Module):
    def forward(self, x):
        return torch.cat([x, x], 1)


class DropPath(nn.Module):
    def forward(self, x):
        noise = x.new_empty((x.shape[0], 1, 1, 1)).bernoulli_(0.8).div_(0.8)
        return x * noise if self.training else x


OPS = {
    "relu": lambda: nn.ReLU(True),
    "relu6": lambda: nn.ReLU6(True),
    "silu": lambda: nn.SiLU(True),
    "gelu": lambda: nn.GELU(),
    "sigmoid": lambda: nn.Sigmoid(),
    "hard_sigmoid": lambda: nn.Hardsigmoid(True),
    "hard_swish": lambda: nn.Hardswish(True),
    "batch_norm": lambda: nn.BatchNorm2d(C),
    "layer_norm": lambda: LastAxis(nn.LayerNorm(C)),
    "group_norm": lambda: nn.GroupNorm(3, C),
    "avg_pool": lambda: nn.AvgPool2d(3, 2, 1),
    "adaptive_avg_pool": lambda: nn.AdaptiveAvgPool2d(1),
    "blur 1": lambda: Blur(1),
    "blur 2": lambda: Blur(2),
    "pool, channel_conv": lambda: ChannelConv(),
    "linear": lambda: LastAxis(nn.Linear(C, 5)),
    "layer_scale": lambda: LayerScale(),
    "path_softmax": lambda: PathSoftmax(),
    "slice": lambda: Slice(),
    "concat": lambda: Concat(),
    "drop_path": lambda: DropPath(),
    "multiply": lambda: Product(),
    "pool, gate": lambda: Gate(),
}


def network(op):
    layers = [nn.Conv2d(3, C, 1, bias=False)]
    shape = torch.ones(1, C, *SIZE)
    if op is not None:
        layers.append(op())
        with torch.no_grad():
            shape = layers[1].eval()(shape)
    layers.append(nn.Conv2d(shape.shape[1], 4, 1, bias=False))
    return nn.Sequential(*layers)


def counts(model):
    from calflops import calculate_flops
    from fvcore.nn import ActivationCountAnalysis, FlopCountAnalysis
    from ptflops.pytorch_engine import get_flops_pytorch
    from thop import profile
    from torchinfo import summary

    model.eval()
    x = torch.ones(1, 3, *SIZE)
    out = {}
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x)
    out["flops"] = counter.get_total_flops()
    out["fvcore"] = FlopCountAnalysis(model, x).unsupported_ops_warnings(False).total()
    out["activations-fvcore"] = ActivationCountAnalysis(model, x).unsupported_ops_warnings(False).total()
    settings = {"count_functional": False}
    macs, _ = get_flops_pytorch(model, (3, *SIZE), print_per_layer_stat=False, extra_config=settings)
    out["ptflops"] = macs
    out["thop"] = int(profile(model, (x,), verbose=False)[0])
    out["torchinfo"] = summary(model, input_size=(1, 3, *SIZE), verbose=0).total_mult_adds
    flops, _, _ = calculate_flops(
        model, input_shape=(1, 3, *SIZE), print_results=False, print_detailed=False, output_as_string=False
    )
    out["deepspeed"] = int(flops)
    with FlopCounterMode(display=False) as counter:
        model(x).sum().backward()
    out["train"] = counter.get_total_flops()
    return out


def saved(model):
    model.train()
    own = {t.untyped_storage().data_ptr() for t in [*model.parameters(), *model.buffers()]}
    seen = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            seen[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(torch.ones(BATCH, 3, *SIZE))
    return sum(size for size, _ in seen.values())


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


def main():
    stub()
    found = {}
    with contextlib.redirect_stdout(io.StringIO()):
        torch.manual_seed(0)
        base = counts(network(None))
        for name, op in OPS.items():
            model = network(op)
            found[name] = {**counts(model), "training-saved-bytes": saved(network(op))}
    json.dump({"base": base, "ops": found}, sys.stdout, indent=1)


main()
