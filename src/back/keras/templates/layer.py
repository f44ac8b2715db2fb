{%- macro sides(padding) -%}
{%- match padding -%}
{%- when Padding::Even(pair) -%}{{ pair }}
{%- when Padding::Sides([top, bottom, left, right]) -%}(({{ top }}, {{ bottom }}), ({{ left }}, {{ right }}))
{%- endmatch -%}
{%- endmacro -%}
{%- macro activated(activation) -%}
{%- if let Some(activation) = activation %}, activation="{{ activation.name() }}"{% endif -%}
{%- endmacro -%}
{%- macro pool_word(kind) -%}
{%- match kind -%}
{%- when PoolKind::Average -%}Average
{%- when PoolKind::Maximum -%}Max
{%- endmatch -%}
{%- endmacro -%}
{%- macro call(layer, name) -%}
{%- match layer -%}
{%- when Layer::Conv2d(conv) -%}
{% if conv.made %}conv2d{% else %}layers.Conv2D{% endif %}({{ conv.filters }}, {{ conv.kernel }}
{%- if let Some(strides) = conv.strides %}, strides={{ strides }}{% endif -%}
{%- match conv.same -%}
{%- when Same::Never -%}
{%- when Same::Always %}, padding="same"
{%- when Same::Unstrided(stride) %}, padding="valid" if {{ stride }} > 1 else "same"
{%- endmatch -%}
{%- if let Some(dilation) = conv.dilation %}, dilation_rate={{ dilation }}{% endif -%}
{%- if let Some(groups) = conv.groups %}, groups={{ groups }}{% endif -%}
{% call activated(conv.activation) %}{% endcall %}
{%- if conv.no_bias %}, use_bias=False{% endif -%}
, name={{ name }})
{%- when Layer::BatchNorm { epsilon, momentum, made } -%}
{% if *made %}batch_norm{% else %}layers.BatchNormalization{% endif %}(
{%- if let Some(momentum) = momentum %}momentum={{ momentum }}, {% endif -%}
epsilon={{ epsilon }}, name={{ name }})
{%- when Layer::Activation(activation) -%}
layers.Activation("{{ activation.name() }}", name={{ name }})
{%- when Layer::MaxPool { pool, strides } -%}
layers.MaxPooling2D({{ pool }}, strides={{ strides }}, name={{ name }})
{%- when Layer::GlobalPool { kind, keep } -%}
layers.Global{% call pool_word(kind) %}{% endcall %}Pooling2D({% if *keep %}keepdims=True, {% endif %}name={{ name }})
{%- when Layer::AdaptivePool { kind, output } -%}
Adaptive{% call pool_word(kind) %}{% endcall %}Pool({{ output }}, name={{ name }})
{%- when Layer::Dense { units, activation, made, init } -%}
{%- if *made -%}
linear({% if *init == Init::UniformFanIn %}x.shape[-1], {% endif %}{{ units }}
{%- else -%}
layers.Dense({{ units }}
{%- endif -%}
{% call activated(activation) %}{% endcall %}, name={{ name }})
{%- when Layer::ChannelsFirst -%}
layers.Permute((3, 1, 2), name={{ name }})
{%- when Layer::Flatten -%}
layers.Flatten(name={{ name }})
{%- when Layer::Dropout(rate) -%}
layers.Dropout({{ rate }}, name={{ name }})
{%- when Layer::ZeroPadding(padding) -%}
layers.ZeroPadding2D({% call sides(padding) %}{% endcall %}, name={{ name }})
{%- when Layer::MaxPadding(padding) -%}
MaxPadding({% call sides(padding) %}{% endcall %}, name={{ name }})
{%- when Layer::ZeroChannels { before, after } -%}
ZeroChannels({{ before }}, {{ after }}, name={{ name }})
{%- endmatch -%}
{%- endmacro -%}
{%- macro line(statement) -%}
{{ statement.indent }}
{%- match statement.line -%}
{%- when Line::Keep { target, value } -%}
{{ target }} = {{ value }}
{%- when Line::If(condition) -%}
if {% match condition -%}
{%- when Condition::Flag(flag) -%}{{ flag }}
{%- when Condition::Strided(stride) -%}{{ stride }} > 1
{%- when Condition::Named(name) -%}{{ name }} is not None
{%- endmatch -%}:
{%- when Line::Layer { target, operand, name, layer } -%}
{{ target }} = {% call call(layer, name) %}{% endcall %}({{ operand }})
{%- when Line::Add { target, operands, name } -%}
{{ target }} = layers.Add(name={{ name }})([{% for operand in operands %}{{ operand }}{% if !loop.last %}, {% endif %}{% endfor %}])
{%- endmatch -%}
{%- endmacro -%}
{%- macro argument(value) -%}
{%- match value -%}
{%- when Argument::None -%}None
{%- when Argument::True -%}True
{%- when Argument::False -%}False
{%- when Argument::Number(number) -%}{{ number }}
{%- when Argument::Real(real) -%}{{ real }}
{%- when Argument::Text(text) -%}{{ text }}
{%- endmatch -%}
{%- endmacro -%}
