//! burn source: a crate that defines the network as a person would.
//!
//! In: a [`Checked`] network. Out: the files of a crate for burn 0.22: a struct a block, a list of blocks a stage, a
//! readable `forward`, weights from a safetensors file in the dialect's own names and layouts, and a `main` that runs.
//! Guaranteed: the same network gives the same bytes; rustfmt with the configuration that the crate carries changes
//! nothing; neither rustc nor clippy warns; and no text of the description becomes code.

mod block;
mod body;
mod flow;
mod imports;
mod layers;
mod layout;
mod load;
mod merge;
mod model;
mod ops;
mod quote;
mod support;
mod view;
mod weights;

use super::names::Names;
use super::{File, Unsupported};
use crate::ir::{NodeId, Shape};
use crate::outline::{self, Field, Outline};
use crate::valid::{self, Checked};
use askama::Template;
use block::Block;
use imports::{Foreign, Helper, Imports};
use layout::Code;
use quote::{Comment, RustIdent, RustStr, RustType};
use std::collections::BTreeSet;
use view::{CargoView, LibView, MainView, ModuleView, RustfmtView};

/// The files of the crate for `network`, below a folder of the network's name.
///
/// # Errors
/// The first node that cannot be part of a struct and its `forward`.
pub fn emit(network: &Checked) -> Result<Vec<File>, Unsupported> {
    let header = Comment::new(&super::header(network));
    if let Some((node, reason)) = network.layers().find_map(|layer| Some((layer.id, support::refusal(&layer)?))) {
        return Err(Unsupported { node, reason: reason.to_owned() });
    }
    let merged = valid::check(merge::padding(network.graph().clone())).map_err(|_| stray(network.output()))?;
    let outline = outline::outline(&merged, &Field::ALL).map_err(stray)?;
    Writer { network: &merged, header, files: Vec::new() }.write(&outline)
}

fn stray(node: NodeId) -> Unsupported {
    let reason = "its block is not made of branches that part and join; put it into a block of its own";
    Unsupported { node, reason: reason.to_owned() }
}

/// The modules of the crate, sorted as rustfmt sorts them.
fn modules(blocks: &[Block<'_>], helpers: &BTreeSet<Helper>, has_weights: bool) -> Vec<ModuleView> {
    let module = |name: RustIdent| ModuleView { name, is_public: true, is_idle: false };
    let mut modules: Vec<_> = blocks.iter().map(|block| module(block.module.clone())).collect();
    modules.push(module(RustIdent::new("model")));
    modules.push(ModuleView { is_idle: !has_weights, ..module(RustIdent::new("weights")) });
    if !helpers.is_empty() {
        // Fields of public structs are of these types.
        let is_public = helpers.iter().any(|helper| helper.is_module());
        modules.push(ModuleView { is_public, ..module(RustIdent::new("layers")) });
    }
    modules.sort_by_cached_key(|module| module.name.rank());
    modules
}

struct Writer<'a> {
    network: &'a Checked,
    header: Comment,
    files: Vec<File>,
}

impl Writer<'_> {
    fn write(mut self, outline: &Outline) -> Result<Vec<File>, Unsupported> {
        let name = &self.network.graph().name;
        let package = RustIdent::of_crate(name);
        let mut blocks: Vec<Block<'_>> = Vec::new();
        let (mut types, mut modules) = (Names::default(), Names::default());
        for (definition, calls) in outline.definitions.iter().zip(outline.uses()) {
            blocks.push(Block::new(definition, calls, &mut types, &mut modules));
        }
        let mut methods = BTreeSet::new();
        let ty = RustType::of_network(name, &mut types);
        let mut files = Vec::new();
        for block in &mut blocks {
            let view = block.view(self.network, &self.header)?;
            methods.extend(block.methods.iter().copied());
            files.push((format!("src/{}.rs", block.module), view));
        }
        let model = model::model(self.network, outline, &blocks, (ty.clone(), types), &self.header)?;
        methods.extend(model.methods);
        let imports = blocks.iter().map(|block| &block.imports).chain([&model.imports]);
        let helpers: BTreeSet<_> = imports.flat_map(Imports::helpers).collect();
        self.cargo(&package)?;
        self.file("rustfmt.toml", &RustfmtView { header: self.header.clone() })?;
        let modules = self::modules(&blocks, &helpers, !methods.is_empty());
        let config = model.view.classes.map(|_| ty.config());
        let exports: Vec<_> = std::iter::once(ty.clone()).chain(config).collect();
        self.lib(modules, &package, &ty, &exports)?;
        self.main(package, ty)?;
        self.file("src/model.rs", &model.view)?;
        for (path, view) in &files {
            self.file(path, view)?;
        }
        if !helpers.is_empty() {
            self.file("src/layers.rs", &layers::view(self.network, &self.header, &methods, &helpers))?;
        }
        self.file("src/weights.rs", &weights::view(self.network, &self.header, &methods))?;
        Ok(self.files)
    }

    fn file(&mut self, path: &str, view: &impl Template) -> Result<(), Unsupported> {
        let text = view.render().map_err(|error| Unsupported {
            node: self.network.output(),
            reason: format!("the template of `{path}` fails: {error}"),
        })?;
        self.files.push(File { path: format!("{}/{path}", self.network.graph().name), text });
        Ok(())
    }

    fn cargo(&mut self, package: &RustIdent) -> Result<(), Unsupported> {
        let name = &self.network.graph().name;
        let description = RustStr::new(&format!("The network {name}, for burn"));
        self.file("Cargo.toml", &CargoView { header: self.header.clone(), package: package.clone(), description })
    }

    fn lib(
        &mut self,
        modules: Vec<ModuleView>,
        package: &RustIdent,
        network: &RustType,
        exports: &[RustType],
    ) -> Result<(), Unsupported> {
        let names: Vec<_> = exports.iter().map(|ty| Code::new(format_args!("{ty}"))).collect();
        let view = LibView {
            header: self.header.clone(),
            doc: layout::paragraph(0, &format!("The network `{}` for burn.", self.network.graph().name)),
            package: package.clone(),
            input: self.input()?,
            modules,
            network: network.clone(),
            exports: layout::import(&Code::new(format_args!("model")), &names),
        };
        self.file("src/lib.rs", &view)
    }

    fn main(&mut self, package: RustIdent, network: RustType) -> Result<(), Unsupported> {
        let follows = Foreign::before(&package);
        let view = MainView { header: self.header.clone(), package, follows, network, input: self.input()? };
        self.file("src/main.rs", &view)
    }

    /// C, H, W of the input.
    fn input(&self) -> Result<[u64; 3], Unsupported> {
        match self.network.graph().input().map(|id| self.network.shape(id)) {
            Some(Shape::Map { channels, height, width }) => Ok([channels, height, width]),
            Some(Shape::Vector(_)) | None => Err(stray(self.network.output())),
        }
    }
}
