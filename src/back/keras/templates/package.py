{%- import "layer.py" as write -%}
# {{ header }}
"""{{ name }}, a Keras 3 model.

Feature maps are batch x height x width x channels. Layers and weights are called as
in the dialect `{{ dialect }}`.
"""

{% if needs.blur -%}
import math
{% endif -%}
{%- if needs.recursion.is_some() -%}
import sys
{% endif -%}
{%- if needs.blur || needs.recursion.is_some() %}
{% endif -%}
import keras
{%- if weights.torch %}
import numpy as np
{%- endif %}
from keras import layers
{%- if let Some(frames) = needs.recursion %}

# Keras follows the layers of a model by recursion, a frame each.
sys.setrecursionlimit(max(sys.getrecursionlimit(), {{ frames }}))
{%- endif %}

# What a weight file appends to a layer's name for each of its variables.
SUFFIXES = {
{%- for (variable, suffix) in weights.suffixes %}
    {{ variable }}: {{ suffix }},
{%- endfor %}
}
{%- if weights.torch %}
# Which axes of a kernel are a file's: convolutions out, in, height, width; linear
# layers out, in.
FILE_AXES = {4: (3, 2, 0, 1), {% if needs.channel_conv.is_some() %}3: (2, 1, 0), {% endif %}2: (1, 0), 1: (0,)}
{%- endif %}
{%- if !weights.ignored.is_empty() %}
# Endings of tensors that a file may have and that mean nothing here.
IGNORED = ({% for ending in weights.ignored %}{{ ending }},{% if !loop.last %} {% endif %}{% endfor %})
{%- endif %}
{%- if !weights.top.is_empty() %}
# The tensors of the top, passed over where there is none.
TOP = ({% for tensor in weights.top %}{{ tensor }}{% if !loop.last %}, {% endif %}{% endfor %})
{%- endif %}
# What other files of weights begin with.
OTHER_FILES = {
    b"PK\x03\x04": "a zip archive, as torch.save and model.save write it",
    b"\x80": "a pickle",
    b"\x89HDF": "HDF5",
}
{%- include "layers.py" -%}
{%- include "blocks.py" -%}
{%- include "network.py" -%}
{%- include "weights.py" %}


def main():
    """Prints the layers of the network."""
    {{ name }}().summary()


if __name__ == "__main__":
    main()
