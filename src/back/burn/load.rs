//! The statements that load weights into the fields of a struct.

use super::layout::{Code, Expr};
use super::quote::RustIdent;

/// A field that has weights.
#[derive(Debug)]
pub(super) enum Load {
    /// A layer.
    Layer { method: Method, name: Code, field: RustIdent, optional: bool },
    /// A struct of layers that the block's own `load` fills.
    Part { field: RustIdent, optional: bool, loads: Vec<Load> },
    /// Blocks with a `load` of their own: what they are called, by `index`.
    Blocks { field: RustIdent, names: Vec<Code>, counts: bool },
    /// One block of a list.
    Block { field: RustIdent, index: usize, names: Vec<Code> },
}

/// The method of the generated `Weights` that loads a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    Convolution,
    BatchNorm,
    LayerNorm,
    GroupNorm,
    LayerScale,
    ChannelConv,
    Linear,
    /// A linear layer whose input axis is a flattened map: C, H, W.
    LinearOfMap([u64; 3]),
}

impl Load {
    /// The statement, at `indent`, for a field of `owner`.
    pub(super) fn write(&self, indent: usize, owner: &Code) -> Code {
        match self {
            Self::Layer { method, name, field, optional } => {
                let call = |indent: usize, target: Code| {
                    let function = Code::new(format_args!("weights.{}", method.name()));
                    let arguments = [Some(name.clone()), Some(target), method.extra()];
                    statement(indent, function, arguments.into_iter().flatten())
                };
                if *optional {
                    let inner = call(indent + 4, Code::new(format_args!("{field}")));
                    if_some(indent, owner, field, &[inner])
                } else {
                    call(indent, Code::new(format_args!("&mut {owner}.{field}")))
                }
            }
            Self::Part { field, optional: true, loads } => {
                let owner_of_parts = Code::new(format_args!("{field}"));
                let inner: Vec<_> = loads.iter().map(|load| load.write(indent + 4, &owner_of_parts)).collect();
                if_some(indent, owner, field, &inner)
            }
            Self::Part { field, optional: false, loads } => {
                let owner = Code::new(format_args!("{owner}.{field}"));
                let lines = loads.iter().map(|load| load.write(indent, &owner));
                join(indent, lines)
            }
            Self::Blocks { field, names, counts } => {
                let function = Code::new(format_args!("block.load"));
                let call = statement(indent + 4, function, block_arguments(names));
                let (margin, inner) = (" ".repeat(indent), " ".repeat(indent + 4));
                if *counts {
                    Code::new(format_args!(
                        "for (index, block) in {owner}.{field}.iter_mut().enumerate() {{\n{inner}{call}\n{margin}}}"
                    ))
                } else {
                    Code::new(format_args!("for block in &mut {owner}.{field} {{\n{inner}{call}\n{margin}}}"))
                }
            }
            Self::Block { field, index, names } => {
                let function = Code::new(format_args!("{owner}.{field}[{index}].load"));
                statement(indent, function, block_arguments(names))
            }
        }
    }

    /// Calls `see` with the method of every layer.
    pub(super) fn methods(&self, see: &mut impl FnMut(Method)) {
        match self {
            Self::Layer { method, .. } => see(*method),
            Self::Part { loads, .. } => loads.iter().for_each(|load| load.methods(see)),
            Self::Blocks { .. } | Self::Block { .. } => {}
        }
    }
}

impl Method {
    /// Whether it is for a linear layer.
    pub(super) fn is_linear(self) -> bool {
        matches!(self, Self::Linear | Self::LinearOfMap(_))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Convolution => "conv2d",
            Self::BatchNorm => "batch_norm",
            Self::LayerNorm => "layer_norm",
            Self::GroupNorm => "group_norm",
            Self::LayerScale => "layer_scale",
            Self::ChannelConv => "channel_conv",
            Self::Linear => "linear",
            Self::LinearOfMap(_) => "linear_of_map",
        }
    }

    fn extra(self) -> Option<Code> {
        match self {
            Self::Convolution
            | Self::BatchNorm
            | Self::LayerNorm
            | Self::GroupNorm
            | Self::LayerScale
            | Self::ChannelConv
            | Self::Linear => None,
            Self::LinearOfMap([channels, height, width]) => {
                Some(Code::new(format_args!("[{channels}, {height}, {width}]")))
            }
        }
    }
}

fn block_arguments(names: &[Code]) -> impl Iterator<Item = Code> {
    std::iter::once(Code::new(format_args!("weights"))).chain(names.iter().cloned())
}

fn statement(indent: usize, function: Code, arguments: impl Iterator<Item = Code>) -> Code {
    Expr::Call(function, arguments.map(Expr::Atom).collect()).line(indent, format_args!(""), ";")
}

fn if_some(indent: usize, owner: &Code, field: &RustIdent, inner: &[Code]) -> Code {
    let lines = join(indent + 4, inner.iter().cloned());
    let (margin, open) = (" ".repeat(indent), " ".repeat(indent + 4));
    Code::new(format_args!("if let Some({field}) = &mut {owner}.{field} {{\n{open}{lines}\n{margin}}}"))
}

fn join(indent: usize, lines: impl Iterator<Item = Code>) -> Code {
    let margin = format!("\n{}", " ".repeat(indent));
    let lines: Vec<_> = lines.map(|line| line.to_string()).collect();
    Code::new(format_args!("{}", lines.join(&margin)))
}
