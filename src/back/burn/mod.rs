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
mod layout;
mod load;
mod merge;
mod model;
mod ops;
mod quote;
mod view;

use super::{File, Unsupported};
use crate::ir::dialect::{Init, Layout};
use crate::ir::{NodeId, Shape};
use crate::outline::{self, Call, Field, Outline};
use crate::valid::{self, Checked};
use askama::Template;
use block::Block;
use load::Method;
use quote::{Comment, RustIdent, RustStr, RustType};
use view::{CargoView, InitView, LayersView, LayoutView, LibView, MainView, RustfmtView, WeightsView};

/// The numbers of ops that the generated code writes.
const FIELDS: &[Field] = &[
    Field::Inputs,
    Field::Filters,
    Field::Stride,
    Field::Dilation,
    Field::Padding,
    Field::Groups,
    Field::Before,
    Field::After,
];

/// The files of the crate for `network`, below a folder of the network's name.
///
/// # Errors
/// The first node that cannot be part of a struct and its `forward`.
pub fn emit(network: &Checked) -> Result<Vec<File>, Unsupported> {
    let header = Comment::new(&super::header(network));
    let merged = valid::check(merge::padding(network.graph().clone())).map_err(|_| stray(network.output()))?;
    let outline = outline::outline(&merged, FIELDS).map_err(stray)?;
    Writer { network: &merged, header, files: Vec::new() }.write(&outline)
}

fn stray(node: NodeId) -> Unsupported {
    let reason = "its block is not made of branches that part and join; put it into a block of its own";
    Unsupported { node, reason: reason.to_owned() }
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
        let mut blocks: Vec<_> = outline.definitions.iter().map(Block::new).collect();
        let mut methods = Vec::new();
        let taken: Vec<_> = blocks.iter().map(|block| block.ty.clone()).collect();
        let ty = RustType::of_network(name, &taken);
        let mut files = Vec::new();
        for (at, block) in blocks.iter_mut().enumerate() {
            let Some(first) = first_call(outline, at) else { continue };
            let view = block.view(self.network, first, &self.header);
            methods.append(&mut block.methods);
            files.push((format!("src/{}.rs", block.module), view));
        }
        let mut model = model::model(self.network, outline, &blocks, ty.clone(), &self.header);
        methods.append(&mut model.methods);
        let has_adaptive_max = model.imports.has_layer("adaptive_max_pool2d")
            || blocks.iter().any(|block| block.imports.has_layer("adaptive_max_pool2d"));
        self.cargo(&package)?;
        self.file("rustfmt.toml", &RustfmtView { header: self.header.clone() })?;
        self.lib(&blocks, &package, &ty)?;
        self.main(package, ty)?;
        self.file("src/model.rs", &model.view)?;
        for (path, view) in &files {
            self.file(path, view)?;
        }
        self.layers(&methods, has_adaptive_max)?;
        self.weights(&methods)?;
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

    fn lib(&mut self, blocks: &[Block<'_>], package: &RustIdent, network: &RustType) -> Result<(), Unsupported> {
        let view = LibView {
            header: self.header.clone(),
            doc: layout::paragraph(0, &format!("The network `{}` for burn.", self.network.graph().name)),
            package: package.clone(),
            input: self.input()?,
            modules: model::modules(blocks),
            network: network.clone(),
        };
        self.file("src/lib.rs", &view)
    }

    fn main(&mut self, package: RustIdent, network: RustType) -> Result<(), Unsupported> {
        let view = MainView { header: self.header.clone(), package, network, input: self.input()? };
        self.file("src/main.rs", &view)
    }

    /// C, H, W of the input.
    fn input(&self) -> Result<[u64; 3], Unsupported> {
        match self.network.graph().input().map(|id| self.network.shape(id)) {
            Some(Shape::Map { channels, height, width }) => Ok([channels, height, width]),
            Some(Shape::Vector(_)) | None => Err(stray(self.network.output())),
        }
    }

    fn layers(&mut self, methods: &[Method], has_adaptive_max: bool) -> Result<(), Unsupported> {
        let dialect = &self.network.graph().dialect;
        let linear = |method: &Method| matches!(method, Method::Linear | Method::LinearOfMap(_));
        let convolution = methods.contains(&Method::Convolution).then(|| init(dialect.convolution_init));
        let linear = methods.iter().any(linear).then(|| init(dialect.linear_init));
        self.file("src/layers.rs", &LayersView { header: self.header.clone(), convolution, linear, has_adaptive_max })
    }

    fn weights(&mut self, methods: &[Method]) -> Result<(), Unsupported> {
        let dialect = &self.network.graph().dialect;
        let names = &dialect.names.parameters;
        let view = WeightsView {
            header: self.header.clone(),
            dialect: Comment::new(&dialect.name),
            layout: match dialect.names.layout {
                Layout::Torch => LayoutView::Torch,
                Layout::Keras => LayoutView::Keras,
            },
            kernel: RustStr::new(&names.kernel),
            bias: RustStr::new(&names.bias),
            scale: RustStr::new(&names.scale),
            shift: RustStr::new(&names.shift),
            mean: RustStr::new(&names.mean),
            variance: RustStr::new(&names.variance),
            ignored: names.ignored.iter().map(|suffix| RustStr::new(suffix)).collect(),
            has_convolution: methods.contains(&Method::Convolution),
            has_norm: methods.contains(&Method::BatchNorm),
            has_linear: methods.iter().any(|method| matches!(method, Method::Linear | Method::LinearOfMap(_))),
            has_linear_of_map: methods.iter().any(|method| matches!(method, Method::LinearOfMap(_))),
        };
        self.file("src/weights.rs", &view)
    }
}

fn first_call(outline: &Outline, definition: usize) -> Option<&Call> {
    outline.stages.iter().flat_map(|stage| &stage.calls).find(|call| call.definition == definition)
}

fn init(init: Init) -> InitView {
    match init {
        Init::KaimingNormalFanOut => InitView::KaimingNormalFanOut,
        Init::KaimingNormalFanIn => InitView::KaimingNormalFanIn,
        Init::GlorotUniform => InitView::GlorotUniform,
        Init::UniformFanIn => InitView::UniformFanIn,
    }
}
