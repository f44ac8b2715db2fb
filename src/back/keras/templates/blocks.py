{%- for block in blocks %}


def {{ block.name }}(x{% for parameter in block.parameters %}
{%- if parameter.keyword_only && (loop.first || !block.parameters[loop.index0 - 1].keyword_only) %}, *{% endif -%}
, {{ parameter.name }}{% if let Some(default) = parameter.default %}={% call write::argument(default) %}{% endcall %}{% endif %}
{%- endfor %}):
    """A block of kind `{{ block.kind.name }}`{% if let Some([form, forms]) = block.kind.form %}, form {{ form }} of {{ forms }}{% endif %}.

    Args:
        x: the feature map, batch x height x width x channels.
{%- for parameter in block.parameters %}
        {{ parameter.name }}: {% match parameter.meaning -%}
{%- when Meaning::Filters(roles) -%}output channels of
{%- if roles.is_empty() %} its convolutions{% endif -%}
{%- for role in roles %} `{{ role }}`{% if !loop.last %},{% endif %}{% endfor -%}
{%- if let Some(Argument::None) = parameter.default %}, which not every one has{% endif -%}.
{%- when Meaning::Stride -%}the step, in both dimensions.
{%- when Meaning::Dilation -%}distance between the elements of a dilated kernel.
{%- when Meaning::Padding -%}zeros on each side of the map.
{%- when Meaning::Groups -%}groups of the grouped convolution.
{%- when Meaning::Before -%}zero channels before the shortcut's.
{%- when Meaning::After -%}zero channels after the shortcut's.
{%- when Meaning::Kernel -%}the size of a window, in both dimensions.
{%- when Meaning::Start -%}the first channel of a slice.
{%- when Meaning::Length -%}channels of a slice.
{%- when Meaning::Paths -%}paths of a softmax over paths.
{%- when Meaning::Rate -%}the probability of dropping in training.
{%- when Meaning::Init -%}what the factors of a layer scale begin with.
{%- when Meaning::Epsilon -%}what a norm adds to the variance.
{%- when Meaning::Block -%}what the names of its layers begin with.
{%- when Meaning::Layer(role) -%}the name of its layer `{{ role }}`
{%- if let Some(Argument::None) = parameter.default %}, which is left out without{% endif -%}.
{%- when Meaning::Flag(roles) -%}whether it has
{%- for role in roles %} `{{ role }}`{% if !loop.last %},{% endif %}{% endfor -%}.
{%- when Meaning::Shortcut(roles) -%}whether the shortcut is
{%- for role in roles %} `{{ role }}`{% if !loop.last %},{% endif %}{% endfor -%}.
{%- endmatch -%}
{%- endfor %}

    Returns:
        The feature map
{%- if let Some(channels) = block.channels %}, with `{{ channels }}` channels{% endif -%}.
{%- if let Some(stride) = block.stride %}
        Its sides are divided by `{{ stride }}` and rounded up.
{%- endif %}
    """
{%- for statement in block.body %}
{% call write::line(statement) %}{% endcall %}
{%- endfor %}
    return x
{%- endfor %}
