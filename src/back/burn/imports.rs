//! What a generated file has to `use`, in the order in which rustfmt sorts it.

use super::layout::Code;
use super::quote::RustType;
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
    Conv,
    Pool,
    Nn,
    Prelude,
    Activation,
    Ops,
}

impl Module {
    const ALL: [Self; 7] = [Self::Layers, Self::Conv, Self::Pool, Self::Nn, Self::Prelude, Self::Activation, Self::Ops];

    fn path(self) -> &'static str {
        match self {
            Self::Layers => "crate::layers",
            Self::Conv => "burn::nn::conv",
            Self::Pool => "burn::nn::pool",
            Self::Nn => "burn::nn",
            Self::Prelude => "burn::prelude",
            Self::Activation => "burn::tensor::activation",
            Self::Ops => "burn::tensor::ops",
        }
    }
}

impl Imports {
    fn add(&mut self, module: Module, name: &'static str) {
        self.names.insert((module, Code::new(format_args!("{name}"))));
    }

    pub(super) fn prelude(&mut self) {
        self.add(Module::Prelude, "*");
    }

    pub(super) fn nn(&mut self, name: &'static str) {
        self.add(Module::Nn, name);
    }

    pub(super) fn layers(&mut self, name: &'static str) {
        self.add(Module::Layers, name);
    }

    /// Whether the crate's own layer `name` is imported.
    pub(super) fn has_layer(&self, name: &'static str) -> bool {
        self.names.contains(&(Module::Layers, Code::new(format_args!("{name}"))))
    }

    pub(super) fn activation(&mut self, name: &'static str) {
        self.add(Module::Activation, name);
    }

    pub(super) fn pad_mode(&mut self) {
        self.add(Module::Ops, "PadMode");
    }

    /// A pool and its configuration.
    pub(super) fn pool(&mut self, name: &'static str) {
        self.add(Module::Pool, name);
        self.names.insert((Module::Pool, Code::new(format_args!("{}", RustType::new(name).config()))));
    }

    pub(super) fn convolution(&mut self) {
        self.add(Module::Conv, "Conv2d");
        self.add(Module::Conv, "Conv2dConfig");
        self.layers("Fresh");
    }

    pub(super) fn linear(&mut self) {
        self.nn("Linear");
        self.nn("LinearConfig");
        self.layers("Fresh");
    }

    /// What stands between `use` and the semicolon, a line each.
    pub(super) fn lines(&self) -> Vec<Code> {
        Module::ALL.into_iter().filter_map(|module| self.line(module)).collect()
    }

    fn line(&self, module: Module) -> Option<Code> {
        let path = module.path();
        let names: Vec<_> =
            self.names.iter().filter(|(of, _)| *of == module).map(|(_, name)| name.to_string()).collect();
        match names.as_slice() {
            [] => None,
            [name] => Some(Code::new(format_args!("{path}::{name}"))),
            several => Some(Code::new(format_args!("{path}::{{{}}}", several.join(", ")))),
        }
    }
}
