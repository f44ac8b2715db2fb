//! What a generated file has to `use`, in the order in which rustfmt sorts it.

use super::layout::{self, Code};
use super::quote::{RustIdent, RustType};
use std::collections::BTreeSet;

/// The imports of one file.
#[derive(Debug, Default)]
pub(super) struct Imports {
    names: BTreeSet<(Module, Code)>,
}

/// The modules that generated code imports from, in rustfmt's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Module {
    Layers,
    Weights,
    Modules,
    Conv,
    Pool,
    Nn,
    Prelude,
    Activation,
    Functions,
    Ops,
}

/// What the generated crate's own `layers` module can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Helper {
    Fresh,
    Scaled,
    Normal,
    Uniform,
    Unbiased,
    ChannelConv,
    DropPath,
    LayerScale,
    AdaptiveMaxPool,
    Blur,
    PathSoftmax,
}

impl Helper {
    /// Its name in generated code.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fresh => "Fresh",
            Self::Scaled => "Scaled",
            Self::Normal => "normal",
            Self::Uniform => "uniform",
            Self::Unbiased => "Unbiased",
            Self::ChannelConv => "ChannelConv",
            Self::DropPath => "DropPath",
            Self::LayerScale => "LayerScale",
            Self::AdaptiveMaxPool => "adaptive_max_pool2d",
            Self::Blur => "blur",
            Self::PathSoftmax => "path_softmax",
        }
    }

    /// Whether it is a module, of which others have fields.
    pub(super) fn is_module(self) -> bool {
        match self {
            Self::ChannelConv | Self::DropPath | Self::LayerScale => true,
            Self::Fresh
            | Self::Scaled
            | Self::Normal
            | Self::Uniform
            | Self::Unbiased
            | Self::AdaptiveMaxPool
            | Self::Blur
            | Self::PathSoftmax => false,
        }
    }

    /// Whether it says how layers are drawn, and is none.
    pub(super) fn is_of_fresh(self) -> bool {
        match self {
            Self::Fresh | Self::Scaled | Self::Normal | Self::Uniform => true,
            Self::Unbiased
            | Self::ChannelConv
            | Self::DropPath
            | Self::LayerScale
            | Self::AdaptiveMaxPool
            | Self::Blur
            | Self::PathSoftmax => false,
        }
    }

    const ALL: [Self; 11] = [
        Self::Fresh,
        Self::Scaled,
        Self::Normal,
        Self::Uniform,
        Self::Unbiased,
        Self::ChannelConv,
        Self::DropPath,
        Self::LayerScale,
        Self::AdaptiveMaxPool,
        Self::Blur,
        Self::PathSoftmax,
    ];
}

impl Module {
    const OWN: [Self; 2] = [Self::Layers, Self::Weights];
    const BURN: [Self; 8] =
        [Self::Modules, Self::Conv, Self::Pool, Self::Nn, Self::Prelude, Self::Activation, Self::Functions, Self::Ops];

    fn path(self) -> &'static str {
        match self {
            Self::Layers => "crate::layers",
            Self::Weights => "crate::weights",
            Self::Modules => "burn::module",
            Self::Conv => "burn::nn::conv",
            Self::Pool => "burn::nn::pool",
            Self::Nn => "burn::nn",
            Self::Prelude => "burn::prelude",
            Self::Activation => "burn::tensor::activation",
            Self::Functions => "burn::tensor::module",
            Self::Ops => "burn::tensor::ops",
        }
    }
}

impl Imports {
    fn add(&mut self, module: Module, name: &'static str) {
        self.names.insert((module, Code::new(format_args!("{name}"))));
    }

    fn with_config(&mut self, module: Module, name: &'static str) {
        self.add(module, name);
        self.names.insert((module, Code::new(format_args!("{}", RustType::new(name).config()))));
    }

    pub(super) fn prelude(&mut self) {
        self.add(Module::Prelude, "*");
    }

    /// One name of `burn::nn`.
    pub(super) fn nn(&mut self, name: &'static str) {
        self.add(Module::Nn, name);
    }

    /// A layer of `burn::nn` and its configuration.
    pub(super) fn layer(&mut self, name: &'static str) {
        self.with_config(Module::Nn, name);
    }

    /// A convolution alone.
    pub(super) fn conv(&mut self, name: &'static str) {
        self.add(Module::Conv, name);
    }

    /// A convolution and its configuration.
    pub(super) fn convolution(&mut self, name: &'static str) {
        self.with_config(Module::Conv, name);
    }

    /// A pool and its configuration.
    pub(super) fn pool(&mut self, name: &'static str) {
        self.with_config(Module::Pool, name);
    }

    pub(super) fn helper(&mut self, helper: Helper) {
        self.add(Module::Layers, helper.name());
    }

    /// What of the crate's own layers is imported.
    pub(super) fn helpers(&self) -> impl Iterator<Item = Helper> {
        let is_there =
            |helper: &Helper| self.names.contains(&(Module::Layers, Code::new(format_args!("{}", helper.name()))));
        Helper::ALL.into_iter().filter(is_there)
    }

    pub(super) fn weights(&mut self, name: &'static str) {
        self.add(Module::Weights, name);
    }

    /// One name of `burn::module`.
    pub(super) fn module(&mut self, name: &'static str) {
        self.add(Module::Modules, name);
    }

    pub(super) fn activation(&mut self, name: &'static str) {
        self.add(Module::Activation, name);
    }

    /// A function of `burn::tensor::module`.
    pub(super) fn function(&mut self, name: &'static str) {
        self.add(Module::Functions, name);
    }

    /// One name of `burn::tensor::ops`.
    pub(super) fn ops(&mut self, name: &'static str) {
        self.add(Module::Ops, name);
    }

    /// What stands between `use` and the semicolon.
    pub(super) fn lines(&self) -> Vec<Code> {
        self.lines_with(std::iter::empty())
    }

    /// The same, with the types of blocks and their configurations from the blocks' modules.
    pub(super) fn lines_with<'b>(&self, blocks: impl Iterator<Item = (&'b RustIdent, &'b RustType)>) -> Vec<Code> {
        let own = Module::OWN.into_iter().filter_map(|module| {
            let name = module.path().trim_start_matches("crate::");
            Some((RustIdent::new(name), self.line(module)?))
        });
        let block = |(module, ty): (&RustIdent, &RustType)| {
            let names = [ty, &ty.config()].map(|ty| Code::new(format_args!("{ty}")));
            Some((module.clone(), layout::import(&Code::new(format_args!("crate::{module}")), &names)?))
        };
        let mut lines: Vec<_> = blocks.filter_map(block).chain(own).collect();
        lines.sort_by_cached_key(|(module, _)| module.rank());

        let single = self.names.iter().filter(|(of, _)| *of == Module::Nn).count() == 1;
        let mut modules = Module::BURN;
        // rustfmt puts a single name, which begins with a capital, before the modules of the same parent.
        modules.sort_by_key(|module| if single && *module == Module::Nn { (Module::Modules, 1) } else { (*module, 0) });
        let foreign = modules.into_iter().filter_map(|module| self.line(module));
        lines.into_iter().map(|(_, line)| line).chain(foreign).collect()
    }

    fn line(&self, module: Module) -> Option<Code> {
        let names: Vec<_> = self.names.iter().filter(|(of, _)| *of == module).map(|(_, name)| name.clone()).collect();
        layout::import(&Code::new(format_args!("{}", module.path())), &names)
    }
}

/// The crates that the file which runs the network uses, in rustfmt's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Foreign {
    Burn,
    Npyz,
    Std,
}

impl Foreign {
    /// The last one that rustfmt sorts before `package`.
    pub(super) fn before(package: &RustIdent) -> Option<Self> {
        let all = [(Self::Burn, "burn"), (Self::Npyz, "npyz"), (Self::Std, "std")];
        all.into_iter().rev().find(|(_, name)| RustIdent::new(name).rank() < package.rank()).map(|(foreign, _)| foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::Helper;
    use crate::back::burn::quote::TYPES;

    #[test]
    fn no_block_is_called_like_what_the_crate_brings_itself() {
        for helper in Helper::ALL {
            let name = helper.name();
            assert!(name.starts_with(char::is_lowercase) || TYPES.contains(&name), "{name}");
        }
    }
}
