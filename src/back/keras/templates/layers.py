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
{%- if needs.window_pool %}


@keras.saving.register_keras_serializable(package="{{ name }}")
class WindowPool(layers.Layer):
    """A pool as in PyTorch: padding is no part of the map, and may be uneven.

    With `ceil` a last window may end after the padded map. A mean is over what a window
    sees of the map; with `count_padding`, of the padded map, whose padding is zeros.
    """

    def __init__(
        self,
        kind,
        pool_size,
        strides,
        padding=0,
        dilation_rate=1,
        ceil=False,
        count_padding=False,
        **options,
    ):
        super().__init__(**options)
        self.kind = kind
        self.pool_size = self._pair(pool_size)
        self.strides = self._pair(strides)
        self.padding = tuple(self._pair(sides) for sides in self._pair(padding))
        self.dilation_rate = self._pair(dilation_rate)
        self.ceil = ceil
        self.count_padding = count_padding

    def call(self, inputs):
        return self._pool(self._pool(inputs, 1), 2)

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return (batch, self._windows(height, 0), self._windows(width, 1), channels)

    def get_config(self):
        return {
            **super().get_config(),
            "kind": self.kind,
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "ceil": self.ceil,
            "count_padding": self.count_padding,
        }

    @staticmethod
    def _pair(value):
        return (value, value) if isinstance(value, int) else tuple(value)

    def _windows(self, length, side):
        """How many windows there are along a side."""
        stride, (before, after) = self.strides[side], self.padding[side]
        extent = self.dilation_rate[side] * (self.pool_size[side] - 1) + 1
        steps = length + before + after - extent + (stride - 1 if self.ceil else 0)
        windows = steps // stride + 1
        outside = self.ceil and (windows - 1) * stride >= length + before
        return windows - 1 if outside else windows

    def _pool(self, x, axis):
        """Pools along an axis: first what the windows begin with, then what follows."""
        side, length = axis - 1, x.shape[axis]
        stride, (before, after) = self.strides[side], self.padding[side]
        offsets = [self.dilation_rate[side] * at for at in range(self.pool_size[side])]
        starts = [stride * window for window in range(self._windows(length, side))]
        around = [(0, 0)] * 4
        around[axis] = (before, max(starts[-1] + offsets[-1] + 1 - before - length, 0))
        outside = 0.0 if self.kind == "mean" else -float("inf")
        x = keras.ops.pad(x, around, constant_values=outside)
        pooled = None
        for offset in offsets:
            at = [slice(None)] * 4
            at[axis] = slice(offset, offset + starts[-1] + 1, stride)
            part = x[tuple(at)]
            if pooled is None:
                pooled = part
            elif self.kind == "mean":
                pooled = pooled + part
            else:
                pooled = keras.ops.maximum(pooled, part)
        if self.kind == "max":
            return pooled
        seen = range(length + before + after)
        if not self.count_padding:
            seen = range(before, before + length)
        counts = [sum(start + at in seen for at in offsets) for start in starts]
        shape = [1] * 4
        shape[axis] = len(starts)
        shares = [1.0 / max(count, 1) for count in counts]
        shares = keras.ops.convert_to_tensor(shares, dtype=pooled.dtype)
        return pooled * keras.ops.reshape(shares, shape)
{%- endif %}
{%- for kind in needs.adaptive_pools %}


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
        x = keras.ops.stack([keras.ops.{% call write::reduction(kind) %}{% endcall %}(row, axis=1) for row in rows], axis=1)
        columns = [x[:, :, columns] for columns in self._cells(width, self.size[1])]
        return keras.ops.stack([keras.ops.{% call write::reduction(kind) %}{% endcall %}(column, axis=2) for column in columns], axis=2)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "size": self.size}

    @staticmethod
    def _cells(length, count):
        ends = [-(-(cell + 1) * length // count) for cell in range(count)]
        return [slice(cell * length // count, end) for cell, end in enumerate(ends)]
{%- endfor %}
{%- if needs.blur %}


@keras.saving.register_keras_serializable(package="{{ name }}")
class Blur(layers.Layer):
    """A fixed low-pass filter, binomial; the map is padded by reflection."""

    def __init__(self, size, strides, padding, **options):
        super().__init__(**options)
        self.size = size
        self.strides = strides
        self.padding = tuple(self._pair(sides) for sides in self._pair(padding))

    def call(self, inputs):
        around = ((0, 0), *self.padding, (0, 0))
        x = keras.ops.pad(inputs, around, mode="reflect")
        last = self.size - 1
        row = [math.comb(last, at) / 2**last for at in range(self.size)]
        row = keras.ops.convert_to_tensor(row, dtype=x.dtype)
        kernel = keras.ops.reshape(keras.ops.outer(row, row), (self.size, self.size, 1, 1))
        kernel = keras.ops.tile(kernel, (1, 1, inputs.shape[-1], 1))
        return keras.ops.depthwise_conv(
            x, kernel, self.strides, padding="valid", data_format="channels_last"
        )

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        padding = zip(sides, self.padding, strict=True)
        padded = [side + sum(around) for side, around in padding]
        sides = [(side - self.size) // self.strides + 1 for side in padded]
        return (batch, *sides, channels)

    def get_config(self):
        config = {"size": self.size, "strides": self.strides, "padding": self.padding}
        return {**super().get_config(), **config}

    @staticmethod
    def _pair(value):
        return (value, value) if isinstance(value, int) else tuple(value)
{%- endif %}
{%- if needs.slice %}


@keras.saving.register_keras_serializable(package="{{ name }}")
class ChannelSlice(layers.Layer):
    """A run of channels."""

    def __init__(self, start, length, **options):
        super().__init__(**options)
        self.start = start
        self.length = length

    def call(self, inputs):
        return inputs[..., self.start : self.start + self.length]

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.length)

    def get_config(self):
        return {**super().get_config(), "start": self.start, "length": self.length}
{%- endif %}
{%- if needs.path_softmax %}


@keras.saving.register_keras_serializable(package="{{ name }}")
class PathSoftmax(layers.Layer):
    """A softmax over paths: each has an equal run of the channels."""

    def __init__(self, paths, **options):
        super().__init__(**options)
        self.paths = paths

    def call(self, inputs):
        _, height, width, channels = inputs.shape
        shape = (-1, height, width, self.paths, channels // self.paths)
        x = keras.ops.softmax(keras.ops.reshape(inputs, shape), axis=-2)
        return keras.ops.reshape(x, (-1, height, width, channels))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "paths": self.paths}
{%- endif %}
{%- if needs.layer_scale %}


@keras.saving.register_keras_serializable(package="{{ name }}")
class LayerScale(layers.Layer):
    """A learned factor for each channel."""

    def __init__(self, init, **options):
        super().__init__(**options)
        self.init = init

    def build(self, input_shape):
        initializer = keras.initializers.Constant(self.init)
        self.gain = self.add_weight(
            name="gain", shape=(input_shape[-1],), initializer=initializer
        )

    def call(self, inputs):
        return inputs * self.gain

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "init": self.init}
{%- endif %}
{%- if needs.unbiased %}


@keras.saving.register_keras_serializable(package="{{ name }}")
class BatchNormalization(layers.BatchNormalization):
    """A batch norm whose moving variance is the population's, as PyTorch has it.

    Of m values of a channel it takes m / (m - 1) of the batch's variance.
    """

    def call(self, inputs, training=None, mask=None):
        kept = self.moving_variance * self.momentum
        outputs = super().call(inputs, training=training, mask=mask)
        if training and self.trainable:
            count = keras.ops.size(inputs) // inputs.shape[-1]
            others = keras.ops.cast(keras.ops.maximum(count - 1, 1), kept.dtype)
            added = self.moving_variance - kept
            self.moving_variance.assign(self.moving_variance + added / others)
        return outputs
{%- endif %}
{%- if needs.dots %}


def layer_name(name):
    """The name of a layer that has weights: PyTorch takes no dots in it."""
    return name.replace(".", ":") if keras.backend.backend() == "torch" else name
{%- endif %}
{%- if let Some(convolution) = needs.convolution %}
{%- if needs.conv2d %}


def conv2d(filters, kernel_size, *, name, **options):
    """A convolution as in the dialect{% if convolution.no_bias %}, without bias{% endif %}."""
    return layers.Conv2D(
        filters,
        kernel_size,
{%- if convolution.no_bias %}
        use_bias=False,
{%- endif %}
        kernel_initializer={% call write::initializer(convolution.init) %}{% endcall %},
        name={% call named() %}{% endcall %},
        **options,
    )
{%- endif %}
{%- if needs.depthwise_conv2d %}


def depthwise_conv2d(kernel_size, depth_multiplier=1, *, name, **options):
    """A convolution of each channel by itself, drawn as one of that many groups."""
    return layers.DepthwiseConv2D(
        kernel_size,
        depth_multiplier=depth_multiplier,
{%- if convolution.no_bias %}
        use_bias=False,
{%- endif %}
        depthwise_initializer={% call depthwise_initializer(convolution.init) %}{% endcall %},
        name={% call named() %}{% endcall %},
        **options,
    )
{%- endif %}
{%- endif %}
{%- if let Some(init) = needs.channel_conv %}


def channel_conv(x, kernel_size, *, {% if needs.channel_convs %}kernel_initializer=None, {% endif %}name):
    """A convolution along the channels of a map of 1 x 1, without bias."""
    convolution = layers.Conv1D(
        1,
        kernel_size,
        padding="same",
        use_bias=False,
        kernel_initializer={% if needs.channel_convs %}kernel_initializer or {% endif %}{% call write::initializer(init) %}{% endcall %},
        name={% call named() %}{% endcall %},
    )
    x = layers.Reshape((x.shape[-1], 1), name=f"{name}_sequence")(x)
    x = convolution(x)
    return layers.Reshape((1, 1, x.shape[1]), name=f"{name}_map")(x)
{%- endif %}
{%- if needs.norm %}


def batch_norm(*, name, **options):
    """A batch norm; its moving statistics are weights like the others."""
    return {% if !needs.unbiased %}layers.{% endif %}BatchNormalization(name=layer_name(name), **options)
{%- endif %}
{%- if let Some(init) = needs.linear %}


def linear(units, *, name, **options):
    """A linear layer as in the dialect."""
    return layers.Dense(
        units,
        kernel_initializer={% call write::initializer(init) %}{% endcall %},
        name={% call named() %}{% endcall %},
        **options,
    )
{%- endif %}
{%- if needs.drawn_bias %}


def uniform_fan_in(inputs, kernel_size=1, groups=1):
    """Draws a bias uniformly within 1 / sqrt(fan in of the kernel) of zero."""
    is_square = isinstance(kernel_size, int)
    height, width = (kernel_size, kernel_size) if is_square else kernel_size
    bound = (inputs // groups * height * width) ** -0.5
    return keras.initializers.RandomUniform(-bound, bound)
{%- endif %}
{#- One kernel for each channel and depth_multiplier outputs of it; Keras's own word where the dialect has it. -#}
{%- macro depthwise_initializer(init) -%}
{%- match init -%}
{%- when Draw::GlorotUniform -%}"glorot_uniform"
{%- when other -%}{% call write::of_channels(other, "depth_multiplier", "") %}{% endcall %}
{%- endmatch -%}
{%- endmacro -%}
{%- macro named() -%}
{%- if needs.dots -%}layer_name(name){%- else -%}name{%- endif -%}
{%- endmacro -%}
