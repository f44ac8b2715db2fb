{%- if needs.zero_channels %}


@keras.saving.register_keras_serializable(package="{{ name }}")
class ZeroChannels(layers.Layer):
    """Zeros before and after the channels of a map."""

    def __init__(self, before, after, **options):
        super().__init__(**options)
        self.before = before
        self.after = after

    def call(self, inputs):
        beside = (self.before, self.after)
        return keras.ops.pad(inputs, ((0, 0), (0, 0), (0, 0), beside))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + self.before + self.after)

    def get_config(self):
        return {**super().get_config(), "before": self.before, "after": self.after}
{%- endif %}
{%- if needs.max_padding %}


@keras.saving.register_keras_serializable(package="{{ name }}")
class MaxPadding(layers.ZeroPadding2D):
    """Padding for a max pool that may read negatives: minus infinity, not zero."""

    def call(self, inputs):
        around = ((0, 0), *self.padding, (0, 0))
        return keras.ops.pad(inputs, around, constant_values=-float("inf"))
{%- endif %}
{%- if let Some(kind) = needs.adaptive_pool %}


@keras.saving.register_keras_serializable(package="{{ name }}")
class Adaptive{% call write::pool_word(kind) %}{% endcall %}Pool(layers.Layer):
    """Pools a map to a fixed size.

    Of n cells along a side of length s, cell i covers floor(i * s / n) up to
    ceil((i + 1) * s / n), as in PyTorch; cells may overlap.
    """

    def __init__(self, size, **options):
        super().__init__(**options)
        self.size = (size, size) if isinstance(size, int) else tuple(size)

    def call(self, inputs):
        _, height, width, _ = inputs.shape
        rows = [inputs[:, rows] for rows in self._cells(height, self.size[0])]
        x = keras.ops.stack([keras.ops.{% call reduction(kind) %}{% endcall %}(row, axis=1) for row in rows], axis=1)
        columns = [x[:, :, columns] for columns in self._cells(width, self.size[1])]
        return keras.ops.stack([keras.ops.{% call reduction(kind) %}{% endcall %}(column, axis=2) for column in columns], axis=2)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "size": self.size}

    @staticmethod
    def _cells(length, count):
        ends = [-(-(cell + 1) * length // count) for cell in range(count)]
        return [slice(cell * length // count, end) for cell, end in enumerate(ends)]
{%- endif %}
{%- if needs.dots %}


def layer_name(name):
    """The name of a layer that has weights: PyTorch takes no dots in it."""
    return name.replace(".", ":") if keras.backend.backend() == "torch" else name
{%- endif %}
{%- if let Some(convolution) = needs.convolution %}


def conv2d(filters, kernel_size, *, name, **options):
    """A convolution as in the dialect{% if convolution.no_bias %}, without bias{% endif %}."""
    return layers.Conv2D(
        filters,
        kernel_size,
{%- if convolution.no_bias %}
        use_bias=False,
{%- endif %}
        kernel_initializer={% call initializer(convolution.init) %}{% endcall %},
        name={% call named() %}{% endcall %},
        **options,
    )
{%- endif %}
{%- if needs.norm %}


def batch_norm(*, name, **options):
    """A batch norm; its moving statistics are weights like the others."""
    return layers.BatchNormalization(name=layer_name(name), **options)
{%- endif %}
{%- if let Some(init) = needs.linear %}
{%- if *init == Init::UniformFanIn %}


def linear(inputs, units, *, name, **options):
    """A linear layer, drawn from plus or minus 1 / sqrt(inputs), the bias too."""
    bound = inputs**-0.5
    return layers.Dense(
        units,
        kernel_initializer=keras.initializers.RandomUniform(-bound, bound),
        bias_initializer=keras.initializers.RandomUniform(-bound, bound),
        name={% call named() %}{% endcall %},
        **options,
    )
{%- else %}


def linear(units, *, name, **options):
    """A linear layer as in the dialect."""
    return layers.Dense(
        units,
        kernel_initializer={% call initializer(init) %}{% endcall %},
        name={% call named() %}{% endcall %},
        **options,
    )
{%- endif %}
{%- endif %}
{%- macro reduction(kind) -%}
{%- match kind -%}
{%- when PoolKind::Average -%}mean
{%- when PoolKind::Maximum -%}max
{%- endmatch -%}
{%- endmacro -%}
{%- macro named() -%}
{%- if needs.dots -%}layer_name(name){%- else -%}name{%- endif -%}
{%- endmacro -%}
{%- macro initializer(init) -%}
{%- match init -%}
{%- when Init::KaimingNormalFanOut -%}keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")
{%- when Init::KaimingNormalFanIn -%}keras.initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
{%- when Init::GlorotUniform -%}"glorot_uniform"
{%- when Init::UniformFanIn -%}keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
{%- endmatch -%}
{%- endmacro -%}
