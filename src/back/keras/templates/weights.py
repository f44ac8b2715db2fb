


def load_weights(model, path, include_top=True):
    """Loads a safetensors file in the names and layouts of the dialect.

    Raises:
        ValueError: says everything that is missing, unexpected or misshapen.
    """
    try:
        from safetensors.numpy import load_file
    except ImportError as error:
        raise ImportError("weights need `pip install safetensors`") from error
    tensors = load_file(path)
    problems = []
    values = []
    for layer in model.layers:
        for variable in layer.weights:
{%- if needs.dots %}
            name = layer.name.replace(":", ".") + SUFFIXES[variable.name]
{%- else %}
            name = layer.name + SUFFIXES[variable.name]
{%- endif %}
{%- if weights.torch %}
            axes = FILE_AXES[len(variable.shape)]
            shape = tuple(variable.shape[axis] for axis in axes)
{%- else %}
            shape = tuple(variable.shape)
{%- endif %}
            tensor = tensors.pop(name, None)
            if tensor is None:
                problems.append(f"missing: {name} {shape}")
            elif tensor.shape != shape:
                problems.append(f"misshapen: {name} {tensor.shape}, expected {shape}")
            else:
{%- if weights.torch %}
                values.append((variable, np.transpose(tensor, np.argsort(axes))))
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
        variable.assign(tensor)
