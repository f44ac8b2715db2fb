


def read_safetensors(path):
    """Gives the tensors of a safetensors file by name."""
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError as error:
        raise ImportError("weights need `pip install safetensors`") from error
    with open(path, "rb") as file:
        start = file.read(9)
    for signature, kind in OTHER_FILES.items():
        # What begins so may be the length of a header, which begins with a brace.
        if start.startswith(signature) and not start.endswith(b"{"):
            raise ValueError(f"{path} is {kind}, expected a safetensors file")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file: {error}") from error
    except (AttributeError, TypeError) as error:
        raise ValueError(f"{path} has tensors that numpy cannot hold: {error}") from error


def load_weights_from_safetensors(model, path, include_top=True):
    """Loads a safetensors file in the names and layouts of the dialect.

    Floats of any width become what the model's variables are.

    Args:
        model: what `{{ name }}` returned.
        path: the file.
        include_top: whether tensors of the top have to have a place in the model.

    Raises:
        ValueError: says everything that is missing, unexpected or misshapen; no weight
            is assigned then.
    """
    tensors = read_safetensors(path)
    problems = []
    values = []
    for layer in model.layers:
        for variable in layer.weights:
{%- if needs.dots %}
            name = layer.name.replace(":", ".") + SUFFIXES[variable.name]
{%- else %}
            name = layer.name + SUFFIXES[variable.name]
{%- endif %}
{%- if weights.torch && needs.depthwise %}
            shape = tuple(variable.shape)
            if isinstance(layer, layers.DepthwiseConv2D) and len(shape) == 4:
                # A file has the kernels of all channels on one axis.
                shape = (*shape[:2], 1, shape[2] * shape[3])
            axes = FILE_AXES[len(shape)]
            shape = tuple(shape[axis] for axis in axes)
{%- else if weights.torch %}
            axes = FILE_AXES[len(variable.shape)]
            shape = tuple(variable.shape[axis] for axis in axes)
{%- else %}
            shape = tuple(variable.shape)
{%- if needs.grouped %}
            groups = layer.groups if isinstance(layer, layers.Conv2D) else 1
            if len(shape) == 4 and 1 < groups == layer.input.shape[-1]:
                # A file has a kernel for each channel on an axis of its own.
                shape = (*shape[:2], groups, shape[3] // groups)
{%- endif %}
{%- endif %}
            tensor = tensors.pop(name, None)
{%- if weights.torch && needs.layer_scale %}
            if isinstance(layer, LayerScale) and np.shape(tensor)[1:] == (1, 1):
                # PyTorch multiplies a map by channels x 1 x 1.
                tensor = tensor[:, 0, 0]
{%- endif %}
            if tensor is None:
                problems.append(f"missing: {name} {shape}")
            elif tensor.shape != shape:
                problems.append(f"misshapen: {name} {tensor.shape}, expected {shape}")
            elif tensor.dtype.kind in "biuc":
                problems.append(f"no float: {name} {tensor.dtype}")
            else:
{%- if weights.torch && needs.depthwise %}
                tensor = np.transpose(tensor, np.argsort(axes))
                values.append((variable, tensor.reshape(variable.shape)))
{%- else if weights.torch %}
                values.append((variable, np.transpose(tensor, np.argsort(axes))))
{%- else if needs.grouped %}
                values.append((variable, tensor.reshape(variable.shape)))
{%- else %}
                values.append((variable, tensor))
{%- endif %}
    for name in tensors:
{%- if !weights.ignored.is_empty() %}
        if name.endswith(IGNORED):
            continue
{%- endif %}
{%- if !weights.top.is_empty() %}
        if name in TOP and not include_top:
            continue
{%- endif %}
        problems.append(f"unexpected: {name}")
    if problems:
        problems = "\n  ".join(sorted(problems))
        raise ValueError(f"{path} does not fit {model.name}:\n  {problems}")
    for variable, tensor in values:
        variable.assign(tensor.astype(variable.dtype))
