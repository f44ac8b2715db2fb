//! Ops that are fields: modules of burn, and those of the generated crate.

use super::super::flow::FORWARD;
use super::super::imports::{Helper, Imports};
use super::super::layout::{Code, Expr};
use super::super::quote::{RustIdent, RustType};
use super::super::view::InitView;
use super::number::Numbers;
use crate::ir::op::{
    AdaptivePool, AvgPool, BatchNorm, ChannelConv, Conv2d, DropPath, Dropout, GroupNorm, LayerNorm, LayerScale, Linear,
    MaxPool, RunningVariance, unusual_scale,
};
use crate::ir::shape::Window;
use crate::ir::{Init, Label, Sides};
use crate::outline::Field;

/// What burn's norms have unless they are told.
const EPSILON: f64 = 1e-5;
const MOMENTUM: f64 = 0.1;

/// A module.
#[derive(Debug)]
pub(in super::super) struct Layer {
    /// What the field is called if nothing else is.
    pub(in super::super) name: RustIdent,
    pub(in super::super) ty: RustType,
    pub(in super::super) init: Expr,
    /// The method that sends a value through it.
    pub(in super::super) method: &'static str,
    /// Whether it begins a statement of its own.
    pub(in super::super) begins: bool,
    /// Whether it is made on a device.
    pub(in super::super) takes_device: bool,
}

impl Layer {
    fn new(name: RustIdent, ty: &'static str, init: Expr) -> Self {
        Self { name, ty: RustType::new(ty), init, method: FORWARD, begins: true, takes_device: true }
    }

    /// A layer that a person writes around the one before it.
    fn inline(self) -> Self {
        Self { begins: false, ..self }
    }

    /// A layer without weights.
    fn bare(self) -> Self {
        Self { takes_device: false, ..self }
    }
}

fn code(text: &'static str) -> Code {
    Code::new(format_args!("{text}"))
}

fn call(text: &'static str) -> Expr {
    Expr::Atom(code(text))
}

/// A pair of numbers.
fn pair<T: std::fmt::Display>([first, second]: [T; 2]) -> Code {
    Code::new(format_args!("[{first}, {second}]"))
}

/// A configuration, what it is told, and what makes a layer of it.
fn chain<const N: usize>(function: &'static str, arguments: [Code; N], calls: Vec<Expr>) -> Expr {
    Expr::Chain(Box::new(made(function, arguments)), calls)
}

/// The call that makes a layer with fresh weights of its configuration.
fn fresh(init: Init, usual: Init, imports: &mut Imports) -> Expr {
    if init == usual {
        return call("fresh(device)");
    }
    Expr::Call(code("drawn"), vec![Expr::Atom(drawn(init, imports)), call("device")])
}

/// How a layer is drawn that is not drawn as the dialect says.
fn drawn(init: Init, imports: &mut Imports) -> Code {
    let init = InitView(init);
    if init.names_initializers() {
        imports.nn("Initializer");
    }
    init.helpers().for_each(|helper| imports.helper(helper));
    init.closure()
}

/// A module of the generated crate.
fn made<const N: usize>(function: &'static str, arguments: [Code; N]) -> Expr {
    Expr::Call(code(function), arguments.map(Expr::Atom).into())
}

pub(super) fn convolution(
    numbers: &mut Numbers<'_>,
    conv: Conv2d,
    classes: Option<&Code>,
    imports: &mut Imports,
) -> Layer {
    imports.convolution("Conv2d");
    imports.helper(Helper::Fresh);
    let inputs = numbers.get(Field::Inputs, 0).code;
    let (name, filters) = match classes {
        Some(classes) => (RustIdent::new("classifier"), classes.clone()),
        None => (RustIdent::numbered("conv", numbers.item.unit), numbers.get(Field::Filters, conv.filters).code),
    };
    let [height, width] = numbers.pair(Field::Kernel, conv.window.kernel).map(|side| side.code);
    let mut calls = Vec::new();
    let [rows, columns] = numbers.pair(Field::Stride, conv.window.stride);
    if !(rows.is(1) && columns.is(1)) {
        calls.push(Expr::atom(format_args!("with_stride([{}, {}])", rows.code, columns.code)));
    }
    calls.extend(dilation(numbers, conv.window));
    calls.extend(explicit_padding(numbers, conv.window.padding, imports));
    let groups = numbers.get(Field::Groups, conv.groups);
    if !groups.is(1) {
        calls.push(Expr::atom(format_args!("with_groups({})", groups.code)));
    }
    if !conv.bias {
        calls.push(call("with_bias(false)"));
    }
    calls.push(fresh(conv.init, numbers.dialect.convolution_init.of_layer(conv.bias), imports));
    Layer::new(name, "Conv2d", chain("Conv2dConfig::new", [pair([inputs, filters]), pair([height, width])], calls))
}

fn dilation(numbers: &mut Numbers<'_>, window: Window) -> Option<Expr> {
    let [rows, columns] = numbers.pair(Field::Dilation, window.dilation);
    let is_dense = rows.is(1) && columns.is(1);
    (!is_dense).then(|| Expr::atom(format_args!("with_dilation([{}, {}])", rows.code, columns.code)))
}

/// The call that pads a window, where there is something to pad.
fn explicit_padding(numbers: &mut Numbers<'_>, sides: Sides, imports: &mut Imports) -> Option<Expr> {
    let mut side = |side: u64| numbers.get(Field::Padding, side);
    let (top, left, bottom, right) = (side(sides.top), side(sides.left), side(sides.bottom), side(sides.right));
    if [&top, &left, &bottom, &right].iter().all(|side| side.is(0)) {
        return None;
    }
    imports.nn("PaddingConfig2d");
    let sides = made("PaddingConfig2d::Explicit", [top, left, bottom, right].map(|side| side.code));
    Some(Expr::Call(code("with_padding"), vec![sides]))
}

pub(super) fn batch_norm(numbers: &mut Numbers<'_>, norm: BatchNorm, imports: &mut Imports) -> Layer {
    imports.layer("BatchNorm");
    let channels = numbers.get(Field::Inputs, 0).code;
    let mut calls: Vec<_> = epsilon(numbers, norm.epsilon).into_iter().collect();
    if norm.momentum.to_bits() != MOMENTUM.to_bits() {
        calls.push(Expr::atom(format_args!("with_momentum({:?})", norm.momentum)));
    }
    let config = chain("BatchNormConfig::new", [channels], calls);
    let layer = normalisation(numbers, "BatchNorm", config, norm.scale, imports);
    match norm.running_variance {
        RunningVariance::Biased => layer,
        RunningVariance::Unbiased => {
            imports.helper(Helper::Unbiased);
            Layer { method: "forward_unbiased", ..layer }
        }
    }
}

pub(super) fn layer_norm(numbers: &mut Numbers<'_>, norm: LayerNorm, imports: &mut Imports) -> Layer {
    imports.layer("LayerNorm");
    let channels = numbers.get(Field::Inputs, 0).code;
    let calls = epsilon(numbers, norm.epsilon).into_iter().collect();
    let config = chain("LayerNormConfig::new", [channels], calls);
    normalisation(numbers, "LayerNorm", config, norm.scale, imports)
}

pub(super) fn group_norm(numbers: &mut Numbers<'_>, norm: GroupNorm, imports: &mut Imports) -> Layer {
    imports.layer("GroupNorm");
    let (groups, channels) = (numbers.get(Field::Groups, norm.groups).code, numbers.get(Field::Inputs, 0).code);
    let calls = epsilon(numbers, norm.epsilon).into_iter().collect();
    let config = chain("GroupNormConfig::new", [groups, channels], calls);
    normalisation(numbers, "GroupNorm", config, norm.scale, imports)
}

fn epsilon(numbers: &mut Numbers<'_>, epsilon: f64) -> Option<Expr> {
    let epsilon = numbers.real(Field::Epsilon, epsilon, Some(EPSILON))?;
    Some(Expr::atom(format_args!("with_epsilon({epsilon})")))
}

/// A norm that `config` configures, with factors that begin as `scale`.
fn normalisation(numbers: &Numbers<'_>, ty: &'static str, config: Expr, scale: f64, imports: &mut Imports) -> Layer {
    let init = match unusual_scale(scale) {
        None => call("init(device)"),
        Some(scale) => {
            imports.helper(Helper::Scaled);
            Expr::atom(format_args!("scaled({scale:?}, device)"))
        }
    };
    let init = match config {
        Expr::Chain(head, mut calls) => {
            calls.push(init);
            Expr::Chain(head, calls)
        }
        other => other,
    };
    Layer::new(RustIdent::numbered("norm", numbers.item.unit), ty, init).inline()
}

pub(super) fn layer_scale(numbers: &mut Numbers<'_>, scale: LayerScale, imports: &mut Imports) -> Layer {
    imports.helper(Helper::LayerScale);
    let channels = numbers.get(Field::Inputs, 0).code;
    let begins_as = numbers.real(Field::Init, scale.init, None).unwrap_or_else(|| code("1.0"));
    let init = made("LayerScale::new", [channels, begins_as, code("device")]);
    Layer::new(RustIdent::numbered("scale", numbers.item.unit), "LayerScale", init).inline()
}

pub(super) fn channel_conv(numbers: &mut Numbers<'_>, conv: ChannelConv, imports: &mut Imports) -> Layer {
    imports.helper(Helper::ChannelConv);
    let kernel = numbers.get(Field::Kernel, conv.kernel).code;
    let init = if conv.init.kernel == numbers.dialect.channel_conv_init.kernel {
        made("ChannelConv::new", [kernel, code("device")])
    } else {
        made("ChannelConv::drawn", [kernel, drawn(conv.init, imports), code("device")])
    };
    Layer::new(RustIdent::numbered("conv", numbers.item.unit), "ChannelConv", init)
}

pub(super) fn max_pool(numbers: &mut Numbers<'_>, pool: MaxPool, imports: &mut Imports) -> Layer {
    imports.pool("MaxPool2d");
    let mut calls = strides_and_padding(numbers, pool.window, imports);
    calls.extend(dilation(numbers, pool.window));
    if pool.window.ceil {
        calls.push(call("with_ceil_mode(true)"));
    }
    calls.push(call("init()"));
    let [height, width] = numbers.pair(Field::Kernel, pool.window.kernel).map(|side| side.code);
    let init = chain("MaxPool2dConfig::new", [pair([height, width])], calls);
    Layer::new(RustIdent::new("max_pool"), "MaxPool2d", init).bare()
}

pub(super) fn avg_pool(numbers: &mut Numbers<'_>, pool: AvgPool, imports: &mut Imports) -> Layer {
    imports.pool("AvgPool2d");
    let mut calls = strides_and_padding(numbers, pool.window, imports);
    let is_padded = calls.iter().any(|call| matches!(call, Expr::Call(..)));
    if is_padded && !pool.count_padding {
        calls.push(call("with_count_include_pad(false)"));
    }
    if pool.window.ceil {
        calls.push(call("with_ceil_mode(true)"));
    }
    calls.push(call("init()"));
    let [height, width] = numbers.pair(Field::Kernel, pool.window.kernel).map(|side| side.code);
    let init = chain("AvgPool2dConfig::new", [pair([height, width])], calls);
    Layer::new(RustIdent::new("avg_pool"), "AvgPool2d", init).bare()
}

/// What burn's pools have to be told: they step by their kernel and pad nothing unless they are.
fn strides_and_padding(numbers: &mut Numbers<'_>, window: Window, imports: &mut Imports) -> Vec<Expr> {
    let kernel = numbers.pair(Field::Kernel, window.kernel);
    let [rows, columns] = numbers.pair(Field::Stride, window.stride);
    let is_default = [&rows, &columns].into_iter().eq(&kernel);
    let strides = (!is_default).then(|| Expr::atom(format_args!("with_strides([{}, {}])", rows.code, columns.code)));
    strides.into_iter().chain(explicit_padding(numbers, window.padding, imports)).collect()
}

pub(super) fn adaptive_pool(pool: AdaptivePool, imports: &mut Imports) -> Layer {
    imports.pool("AdaptiveAvgPool2d");
    let [height, width] = pool.output;
    let init = chain("AdaptiveAvgPool2dConfig::new", [pair([height, width])], vec![call("init()")]);
    Layer::new(RustIdent::new("avg_pool"), "AdaptiveAvgPool2d", init).bare()
}

pub(super) fn dropout(numbers: &mut Numbers<'_>, dropout: Dropout, imports: &mut Imports) -> Layer {
    imports.layer("Dropout");
    let init = chain("DropoutConfig::new", [rate(numbers, dropout.rate)], vec![call("init()")]);
    Layer::new(RustIdent::numbered("dropout", numbers.item.unit), "Dropout", init).inline().bare()
}

fn rate(numbers: &mut Numbers<'_>, rate: f64) -> Code {
    numbers.real(Field::Rate, rate, None).unwrap_or_else(|| code("0.0"))
}

pub(super) fn drop_path(numbers: &mut Numbers<'_>, path: DropPath, imports: &mut Imports) -> Layer {
    imports.helper(Helper::DropPath);
    let init = made("DropPath::new", [rate(numbers, path.rate)]);
    Layer::new(RustIdent::numbered("drop_path", numbers.item.unit), "DropPath", init).inline().bare()
}

pub(super) fn linear(
    numbers: &mut Numbers<'_>,
    linear: Linear,
    classes: Option<&Code>,
    imports: &mut Imports,
) -> Layer {
    imports.layer("Linear");
    imports.helper(Helper::Fresh);
    let inputs = numbers.get(Field::Inputs, 0).code;
    let (name, features) = if let Some(classes) = classes {
        (RustIdent::new("classifier"), classes.clone())
    } else {
        // In a head it is one of the layers before the classifier.
        let is_hidden = [Label::HEAD, Label::CLASSIFIER].contains(&numbers.item.branch);
        let word = if is_hidden { "hidden" } else { "linear" };
        (RustIdent::numbered(word, numbers.item.unit), numbers.get(Field::Filters, linear.features).code)
    };
    let mut calls = Vec::new();
    if !linear.bias {
        calls.push(call("with_bias(false)"));
    }
    calls.push(fresh(linear.init, numbers.dialect.linear_init.of_layer(linear.bias), imports));
    Layer::new(name, "Linear", chain("LinearConfig::new", [inputs, features], calls))
}
