//! The runtimes, each asked the same way.

use super::case::{Case, Outcome};
use super::python;
use crate::cli::{Failure, say, write};
use resnetc::back::onnx::{EmitError, emit_showing};
use resnetc::back::{self, Unsupported};
use resnetc::ir::Shape;
use resnetc::valid::Checked;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Something that runs a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runtime {
    /// The live model.
    Live,
    /// The generated Keras package on one of Keras's back ends.
    Keras(Backend),
    /// The ONNX file on ONNX Runtime.
    Onnx,
}

/// A back end of Keras.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backend {
    Jax,
    TensorFlow,
    Torch,
    /// The one that the environment names.
    Named,
}

/// Where the environment says on what Keras is to run.
const KERAS_BACKEND: &str = "KERAS_BACKEND";

impl Runtime {
    pub(super) fn all() -> Vec<Self> {
        let named = std::env::var_os(KERAS_BACKEND).is_some_and(|name| !name.is_empty());
        let backends = if named { &[Backend::Named][..] } else { &[Backend::Jax, Backend::TensorFlow, Backend::Torch] };
        let keras = backends.iter().map(|backend| Self::Keras(*backend));
        [Self::Live].into_iter().chain(keras).chain([Self::Onnx]).collect()
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Live => "live".to_owned(),
            Self::Keras(backend) => format!("keras on {}", backend.name()),
            Self::Onnx => "onnx".to_owned(),
        }
    }

    /// Whether both run what one back end wrote.
    pub(super) fn is_like(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// Whether resnetc itself is what computes.
    pub(super) fn is_own(self) -> bool {
        matches!(self, Self::Live)
    }

    /// Runs the case; the values of the nodes at `places` come back, where it can show them.
    pub(super) fn run(self, case: &Case, places: &[usize]) -> Result<Outcome, Failure> {
        match self {
            Self::Live => live(case, places),
            Self::Keras(backend) => keras(case, places, backend),
            Self::Onnx => onnx(case, places),
        }
    }
}

impl Backend {
    fn name(self) -> String {
        match self {
            Self::Jax => "jax".to_owned(),
            Self::TensorFlow => "tensorflow".to_owned(),
            Self::Torch => "torch".to_owned(),
            Self::Named => std::env::var(KERAS_BACKEND).unwrap_or_default(),
        }
    }
}

#[cfg(feature = "live")]
use crate::cli::live::verify::run as live;

#[cfg(not(feature = "live"))]
#[expect(clippy::unnecessary_wraps, reason = "with the live model it can fail")]
fn live(_: &Case, _: &[usize]) -> Result<Outcome, Failure> {
    Ok(Outcome::Absent("this resnetc was built without it".to_owned()))
}

fn keras(case: &Case, places: &[usize], backend: Backend) -> Result<Outcome, Failure> {
    let network = &case.network;
    let module = match package(case)? {
        Ok(module) => module,
        Err(unsupported) => return Ok(inexpressible(network, unsupported)),
    };
    let layers: Map<_, _> = places.iter().filter_map(|&place| shown(network, place)).collect();
    let job = |folder: &Path| {
        json!({
            "module": module,
            "name": network.graph().name,
            "weights": case.weights_file(),
            "images": case.images_file(),
            "layers": layers,
            "last": case.last(),
            "folder": folder,
        })
    };
    python::run(case, include_str!("run_keras.py"), job, &[(KERAS_BACKEND, &backend.name())])
}

/// The file of the Keras package, which is written when it is first asked for.
fn package(case: &Case) -> Result<Result<&PathBuf, &Unsupported>, Failure> {
    if case.package.get().is_none() {
        let folder = case.folder.path().join("package");
        let written = match back::keras::emit(&case.network) {
            Ok(texts) => {
                let own = folder.join(&case.network.graph().name);
                make(&own)?;
                for file in texts {
                    write::atomic(&folder.join(file.path), file.text.as_bytes())?;
                }
                Ok(own.join("__init__.py"))
            }
            Err(unsupported) => Err(unsupported),
        };
        case.package.set(written).expect("it was empty just now");
    }
    Ok(case.package.get().expect("it was written").as_ref())
}

/// The name of the layer at `place`, with the place and the shape that its value has in Keras.
fn shown(network: &Checked, place: usize) -> Option<(String, Value)> {
    let node = *network.order().get(place)?;
    let shape = match network.shape(node) {
        Shape::Map { channels, height, width } => vec![height, width, channels],
        Shape::Vector(features) => vec![features],
    };
    Some((network.name(node).to_owned(), json!({ "place": place, "shape": shape })))
}

fn onnx(case: &Case, places: &[usize]) -> Result<Outcome, Failure> {
    let network = &case.network;
    let file = case.folder.path().join("model.onnx");
    let places: Vec<_> = places.iter().copied().filter(|&place| place != case.last() && place != 0).collect();
    let shown: Vec<_> = places.iter().filter_map(|&place| network.order().get(place).copied()).collect();
    let weights =
        File::open(case.weights_file()).map_err(|error| Failure::unasked("cannot read the weights", error))?;
    let emitted = resnetc::weights::open(network, weights)
        .map_err(EmitError::Misfit)
        .and_then(|supply| write::whole(&file, |mut out| emit_showing(network, &shown, supply, &mut out)));
    match emitted {
        Ok(()) => {}
        Err(EmitError::Unsupported(unsupported)) => return Ok(inexpressible(network, &unsupported)),
        Err(EmitError::TooLarge(bytes)) => {
            return Ok(Outcome::Absent(format!("the file would have {bytes} bytes, more than 2 GiB")));
        }
        Err(EmitError::Misfit(misfit)) => {
            return Err(say::refused(misfit, None, case.global));
        }
        Err(EmitError::Io(error)) => return Err(Failure::unasked("cannot write to the temporary folder", error)),
    }
    let places: Vec<_> = [case.last()].into_iter().chain(places).collect();
    let images = case.images_file();
    let job = |folder: &Path| json!({ "model": file, "images": images, "places": places, "folder": folder });
    python::run(case, include_str!("run_onnx.py"), job, &[])
}

fn make(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::unasked("cannot write to the temporary folder", error))
}

fn inexpressible(network: &Checked, unsupported: &Unsupported) -> Outcome {
    Outcome::Absent(format!("it cannot express `{}`: {}", network.name(unsupported.node), unsupported.reason))
}
