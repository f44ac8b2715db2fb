


def {{ name }}(include_top={% if defaults.include_top %}True{% else %}False{% endif %}, input_shape=({{ defaults.height }}, {{ defaults.width }}, {{ defaults.channels }}), pooling=
{%- match defaults.pooling -%}
{%- when None -%}None
{%- when Some(PoolKind::Average) -%}"avg"
{%- when Some(PoolKind::Maximum) -%}"max"
{%- endmatch -%}
, classes={% if let Some(classes) = defaults.classes %}{{ classes }}{% else %}None{% endif %}, weights=None):
    """Builds the network with fresh weights, or with those of a file.

    Args:
{%- if top.is_empty() %}
        include_top: must be false, the description has no top.
{%- else if defaults.classes.is_none() %}
        include_top: whether the pooling and flattening of the description is there.
{%- else %}
        include_top: whether the classifier is there.
{%- endif %}
        input_shape: height, width and channels of an image
{%- match defaults.made_for -%}
{%- when None -%}.
{%- when Some(MadeFor::Size) -%}, {{ defaults.height }} and {{ defaults.width }} and any
            channels: the description asks for the size of its maps, so that another
            size is another network.
{%- when Some(MadeFor::Channels) -%}, any sides and {{ defaults.channels }}:
            the description asks for the channels of the input, so that others are
            another network.
{%- when Some(MadeFor::Both) -%}, always as by
            default: the description asks for the size of its maps and for the channels
            of the input, so that another input is another network.
{%- endmatch %}
{%- if defaults.is_poolable %}
        pooling: without a top, what becomes of the last feature map: None keeps it,
            "avg" and "max" pool it to a vector.
{%- else %}
        pooling: must be None, what there is without a top is no feature map.
{%- endif %}
{%- if defaults.classes.is_some() %}
        classes: how many classes the top tells apart.
{%- else %}
        classes: must be None, the description has no classifier.
{%- endif %}
        weights: the path of a safetensors file, see
            `load_weights_from_safetensors`.

    Returns:
        A `keras.Model` of batch x height x width x channels
{%- if defaults.classes.is_some() %} to batch x classes{% endif -%}.
    """
    if keras.config.image_data_format() != "channels_last":
        raise ValueError("the image data format must be channels_last")
    if pooling not in (None, "avg", "max"):
        raise ValueError(f'pooling is {pooling!r}, expected None, "avg" or "max"')
{%- if !defaults.is_poolable %}
    if pooling is not None:
        raise ValueError("there is no feature map to be pooled: pooling must be None")
{%- endif %}
{%- if top.is_empty() %}
    if include_top:
        raise ValueError("the description has no top: include_top must be False")
{%- endif %}
{%- if defaults.classes.is_none() %}
    if classes is not None:
        raise ValueError("the description has no classifier: classes must be None")
{%- endif %}
{%- match defaults.made_for -%}
{%- when None -%}
{%- when Some(MadeFor::Size) %}
    if tuple(input_shape[:2]) != ({{ defaults.height }}, {{ defaults.width }}):
        raise ValueError(
            f"input_shape is {input_shape}, expected ({{ defaults.height }}, {{ defaults.width }}, channels): "
            "the description asks for the size of its maps; compile it for another"
        )
{%- when Some(MadeFor::Channels) %}
    if input_shape[2] != {{ defaults.channels }}:
        raise ValueError(
            f"input_shape is {input_shape}, expected (height, width, {{ defaults.channels }}): "
            "the description asks for the channels of the input"
        )
{%- when Some(MadeFor::Both) %}
    if tuple(input_shape) != ({{ defaults.height }}, {{ defaults.width }}, {{ defaults.channels }}):
        raise ValueError(
            f"input_shape is {input_shape}, expected ({{ defaults.height }}, {{ defaults.width }}, {{ defaults.channels }}): "
            "the description asks for the size of its maps; compile it for another"
        )
{%- endmatch %}
{%- if defaults.is_sized %}
    if None in tuple(input_shape):
        raise ValueError(
            f"input_shape is {input_shape}: some layers must know height and width"
        )
{%- endif %}
    inputs = keras.Input(input_shape, name={{ input }})
    x = inputs
{%- for statement in stem %}
{% call write::line(statement) %}{% endcall %}
{%- endfor %}
{%- for stage in stages %}
    # Stage {{ stage.number }}: {% for side in stage.shape %}{{ side }}{% if !loop.last %} x {% endif %}{% endfor %} by default.
{%- for call in stage.calls %}
{%- if let Some(repeat) = call.repeat %}
    for {{ repeat.variable }} in range({% if !repeat.from.is(0) || !repeat.step.is(1) %}{{ repeat.from }}, {% endif %}{{ repeat.to }}{% if !repeat.step.is(1) %}, {{ repeat.step }}{% endif %}):
        x = {{ call.block }}(x
{%- else %}
    x = {{ call.block }}(x
{%- endif -%}
{%- if let Some(value) = call.positional %}, {% call write::argument(value) %}{% endcall %}{% endif -%}
{%- for (keyword, value) in call.keywords %}, {{ keyword }}={% call write::argument(value) %}{% endcall %}{% endfor -%}
)
{%- endfor %}
{%- endfor %}
{%- for statement in neck %}
{% call write::line(statement) %}{% endcall %}
{%- endfor %}
{%- if !top.is_empty() %}
    if include_top:
{%- for statement in top %}
{% call write::line(statement) %}{% endcall %}
{%- endfor %}
    elif pooling == "avg":
{%- else %}
    if pooling == "avg":
{%- endif %}
{% call write::line(pools[0]) %}{% endcall %}
    elif pooling == "max":
{% call write::line(pools[1]) %}{% endcall %}
    model = keras.Model(inputs, x, name="{{ name }}")
    if weights is not None:
        load_weights_from_safetensors(model, weights, include_top)
    return model
