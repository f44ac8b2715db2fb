{%- macro initializer(init) -%}
{%- match init -%}
{%- when Draw::KaimingNormalFanOut -%}keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")
{%- when Draw::KaimingNormalFanIn -%}keras.initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
{%- when Draw::GlorotUniform -%}"glorot_uniform"
{%- when Draw::UniformFanIn -%}keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
{%- when Draw::UniformFanOut -%}keras.initializers.VarianceScaling(1 / 3, "fan_out", "uniform")
{%- when Draw::Normal(deviation) | Draw::TruncNormal(deviation) -%}keras.initializers.RandomNormal(stddev={{ self::real(deviation) }})
{%- when Draw::Zero -%}"zeros"
{%- endmatch -%}
{%- endmacro -%}
{#- What a kernel for each channel is drawn from, with so many outputs of each; Keras's fans are of all channels, and of those outputs. -#}
{%- macro of_channels(init, multiplier, operand) -%}
{%- match init -%}
{%- when Draw::KaimingNormalFanOut -%}keras.initializers.VarianceScaling(2.0 / {{ multiplier }}, "fan_in", "untruncated_normal")
{%- when Draw::KaimingNormalFanIn -%}keras.initializers.VarianceScaling(2.0 * {{ multiplier }}, "fan_out", "untruncated_normal")
{%- when Draw::GlorotUniform -%}keras.initializers.VarianceScaling(2 * {{ multiplier }} / (1 + {{ multiplier }} * {{ operand }}.shape[-1]), "fan_out", "uniform")
{%- when Draw::UniformFanIn -%}keras.initializers.VarianceScaling({{ multiplier }} / 3, "fan_out", "uniform")
{%- when Draw::UniformFanOut -%}keras.initializers.VarianceScaling(1 / (3 * {{ multiplier }}), "fan_in", "uniform")
{%- when other -%}{% call initializer(other) %}{% endcall %}
{%- endmatch -%}
{%- endmacro -%}
{%- macro drawn(drawn, operand) -%}
{%- match drawn.kernel -%}
{%- when KernelDraw::Made -%}
{%- when KernelDraw::Usual -%}
{%- when KernelDraw::So(init, None) %}, kernel_initializer={% call initializer(init) %}{% endcall %}
{%- when KernelDraw::So(init, Some(multiplier)) %}, depthwise_initializer={% call of_channels(init, multiplier, operand) %}{% endcall %}
{%- endmatch -%}
{%- match drawn.bias -%}
{%- when None -%}
{%- when Some(BiasFan::Inputs) %}, bias_initializer=uniform_fan_in({{ operand }}.shape[-1])
{%- when Some(BiasFan::Groups(kernel, None)) %}, bias_initializer=uniform_fan_in({{ operand }}.shape[-1], {{ kernel }})
{%- when Some(BiasFan::Groups(kernel, Some(groups))) %}, bias_initializer=uniform_fan_in({{ operand }}.shape[-1], {{ kernel }}, {{ groups }})
{%- when Some(BiasFan::Kernel(kernel)) %}, bias_initializer=uniform_fan_in(1, {{ kernel }})
{%- endmatch -%}
{%- endmacro -%}
{#- The package's own functions make names that every back end of Keras takes; Keras's layers are told one. -#}
{%- macro drawn_name(drawn, name) -%}
{%- if drawn.kernel != KernelDraw::Made && drawn.dots -%}layer_name({{ name }}){%- else -%}{{ name }}{%- endif -%}
{%- endmacro -%}
{%- macro scaled(scale) -%}
{%- if let Some(scale) = scale %}, gamma_initializer={% if scale.0 == 0.0 %}"zeros"{% else %}keras.initializers.Constant({{ scale }}){% endif %}{% endif -%}
{%- endmacro -%}
{%- macro sides(padding) -%}
{%- match padding -%}
{%- when Padding::Even(pair) -%}{{ pair }}
{%- when Padding::Sides([top, bottom, left, right]) -%}(({{ top }}, {{ bottom }}), ({{ left }}, {{ right }}))
{%- endmatch -%}
{%- endmacro -%}
{%- macro activated(activation) -%}
{%- if let Some(activation) = activation %}, activation="{% call function(activation) %}{% endcall %}"{% endif -%}
{%- endmacro -%}
{%- macro function(activation) -%}
{%- match activation -%}
{%- when Activation::Relu -%}relu
{%- when Activation::Relu6 -%}relu6
{%- when Activation::Silu -%}silu
{%- when Activation::Gelu -%}gelu
{%- when Activation::Sigmoid -%}sigmoid
{%- when Activation::HardSigmoid -%}hard_sigmoid
{%- when Activation::HardSwish -%}hard_silu
{%- when Activation::Softmax -%}softmax
{%- endmatch -%}
{%- endmacro -%}
{%- macro named(name, dots) -%}
{%- if *dots -%}layer_name({{ name }}){%- else -%}{{ name }}{%- endif -%}
{%- endmacro -%}
{%- macro pool_word(kind) -%}
{%- match kind -%}
{%- when PoolKind::Average -%}Average
{%- when PoolKind::Maximum -%}Max
{%- endmatch -%}
{%- endmacro -%}
{%- macro call(layer, name, operand) -%}
{%- match layer -%}
{%- when Layer::Conv2d(conv) -%}
{%- match conv.outputs -%}
{%- when Outputs::Filters(filters, _) -%}
{% if conv.drawn.kernel == KernelDraw::Made %}conv2d{% else %}layers.Conv2D{% endif %}({{ filters }}, {{ conv.kernel }}
{%- when Outputs::Depthwise(multiplier) -%}
{% if conv.drawn.kernel == KernelDraw::Made %}depthwise_conv2d{% else %}layers.DepthwiseConv2D{% endif %}({{ conv.kernel }}
{%- if let Some(multiplier) = multiplier %}, depth_multiplier={{ multiplier }}{% endif -%}
{%- endmatch -%}
{%- if let Some(strides) = conv.strides %}, strides={{ strides }}{% endif -%}
{%- match conv.same -%}
{%- when Same::Never -%}
{%- when Same::Always %}, padding="same"
{%- when Same::Unstrided(stride) %}, padding="valid" if {{ stride }} > 1 else "same"
{%- endmatch -%}
{%- if let Some(dilation) = conv.dilation %}, dilation_rate={{ dilation }}{% endif -%}
{%- if let Outputs::Filters(_, Some(groups)) = conv.outputs %}, groups={{ groups }}{% endif -%}
{% call activated(conv.activation) %}{% endcall %}
{%- if conv.no_bias %}, use_bias=False{% endif -%}
{%- call drawn(conv.drawn, operand) %}{% endcall %}, name={% call drawn_name(conv.drawn, name) %}{% endcall %})
{%- when Layer::BatchNorm { epsilon, momentum, scale, own } -%}
{% match own %}{% when Own::Function %}batch_norm{% when Own::Class %}BatchNormalization{% when Own::Keras %}layers.BatchNormalization{% endmatch %}(
{%- if let Some(momentum) = momentum %}momentum={{ momentum }}, {% endif -%}
epsilon={{ epsilon }}{% call scaled(scale) %}{% endcall %}, name={{ name }})
{%- when Layer::LayerNorm { epsilon, scale, dots } -%}
layers.LayerNormalization(epsilon={{ epsilon }}{% call scaled(scale) %}{% endcall %}, name={% call named(name, dots) %}{% endcall %})
{%- when Layer::GroupNorm { groups, epsilon, scale, dots } -%}
layers.GroupNormalization({{ groups }}, epsilon={{ epsilon }}{% call scaled(scale) %}{% endcall %}, name={% call named(name, dots) %}{% endcall %})
{%- when Layer::LayerScale { init, dots } -%}
LayerScale({{ init }}, name={% call named(name, dots) %}{% endcall %})
{%- when Layer::Activation(activation) -%}
layers.Activation("{% call function(activation) %}{% endcall %}", name={{ name }})
{%- when Layer::MaxPool { pool, strides } -%}
layers.MaxPooling2D({{ pool }}, strides={{ strides }}, name={{ name }})
{%- when Layer::AveragePool { pool, strides, same } -%}
layers.AveragePooling2D({{ pool }}, strides={{ strides }}{% if *same %}, padding="same"{% endif %}, name={{ name }})
{%- when Layer::WindowPool(pool) -%}
WindowPool("{% call reduction(pool.kind) %}{% endcall %}", {{ pool.pool }}, strides={{ pool.strides }}
{%- if !pool.padding.is_zero() %}, padding={% call sides(pool.padding) %}{% endcall %}{% endif -%}
{%- if let Some(dilation) = pool.dilation %}, dilation_rate={{ dilation }}{% endif -%}
{%- if pool.ceil %}, ceil=True{% endif -%}
{%- if pool.count_padding %}, count_padding=True{% endif -%}
, name={{ name }})
{%- when Layer::GlobalPool { kind, keep } -%}
layers.Global{% call pool_word(kind) %}{% endcall %}Pooling2D({% if *keep %}keepdims=True, {% endif %}name={{ name }})
{%- when Layer::AdaptivePool { kind, output } -%}
Adaptive{% call pool_word(kind) %}{% endcall %}Pool({{ output }}, name={{ name }})
{%- when Layer::Blur { size, strides, padding } -%}
Blur({{ size }}, strides={{ strides }}, padding={% call sides(padding) %}{% endcall %}, name={{ name }})
{%- when Layer::Dense { units, no_bias, activation, drawn } -%}
{% if drawn.kernel == KernelDraw::Made %}linear{% else %}layers.Dense{% endif %}({{ units }}
{%- call activated(activation) %}{% endcall %}{% if *no_bias %}, use_bias=False{% endif -%}
{%- call drawn(drawn, operand) %}{% endcall %}, name={% call drawn_name(drawn, name) %}{% endcall %})
{%- when Layer::ChannelsFirst -%}
layers.Permute((3, 1, 2), name={{ name }})
{%- when Layer::Flatten -%}
layers.Flatten(name={{ name }})
{%- when Layer::Dropout(rate) -%}
layers.Dropout({{ rate }}, name={{ name }})
{%- when Layer::DropPath { rate, map } -%}
layers.Dropout({{ rate }}, noise_shape=(None, {% if *map %}1, 1, {% endif %}1), name={{ name }})
{%- when Layer::ZeroPadding(padding) -%}
layers.ZeroPadding2D({% call sides(padding) %}{% endcall %}, name={{ name }})
{%- when Layer::MaxPadding(padding) -%}
MaxPadding({% call sides(padding) %}{% endcall %}, name={{ name }})
{%- when Layer::ZeroChannels { before, after } -%}
ZeroChannels({{ before }}, {{ after }}, name={{ name }})
{%- when Layer::Slice { start, length } -%}
ChannelSlice({{ start }}, {{ length }}, name={{ name }})
{%- when Layer::PathSoftmax(paths) -%}
PathSoftmax({{ paths }}, name={{ name }})
{%- endmatch -%}
{%- endmacro -%}
{%- macro reduction(kind) -%}
{%- match kind -%}
{%- when PoolKind::Average -%}mean
{%- when PoolKind::Maximum -%}max
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
{{ target }} = {% call call(layer, name, operand) %}{% endcall %}({{ operand }})
{%- when Line::ChannelConv { target, operand, kernel, init, name } -%}
{{ target }} = channel_conv({{ operand }}, {{ kernel }}
{%- if let Some(init) = init %}, kernel_initializer={% call initializer(init) %}{% endcall %}{% endif -%}
, name={{ name }})
{%- when Line::Join { kind, target, operands, name } -%}
{{ target }} = layers.{% match kind -%}
{%- when Join::Add -%}Add
{%- when Join::Multiply -%}Multiply
{%- when Join::Concatenate -%}Concatenate
{%- endmatch -%}
(name={{ name }})([{% for operand in operands %}{{ operand }}{% if !loop.last %}, {% endif %}{% endfor %}])
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
