//! Weights in safetensors files, under the dialect's own names and in its own layout.

use super::misfit::{Differences, Misfit, Unreadable};
use super::{Entry, Tensor, Weights, expected, hwio_to_oihw, oihw_to_hwio};
use crate::ir::{Parameter, ParameterKind};
use crate::valid::Checked;
use ::safetensors::tensor::{Dtype, SafeTensors, TensorView};
use half::{bf16, f16};
use std::collections::BTreeMap;

/// Reads the weights of `checked` from the bytes of a safetensors file. F64, F16 and BF16 become float32.
///
/// # Errors
/// That the bytes are no such file, or everything in which its tensors differ from the network's, at once.
pub fn read(checked: &Checked, bytes: &[u8]) -> Result<Weights, Misfit> {
    if let Some(other) = other_format(bytes) {
        return Err(Misfit::Unreadable(other));
    }
    let file =
        SafeTensors::deserialize(bytes).map_err(|error| Misfit::Unreadable(Unreadable::Corrupt(error.to_string())))?;
    let mut found: BTreeMap<&str, TensorView<'_>> = file.iter().collect();
    let mut differences = Differences { network: checked.graph().name.clone(), ..Differences::default() };
    let fitting: Vec<_> = expected(checked)
        .into_iter()
        .filter_map(|entry| {
            let view = found.remove(entry.name.as_str());
            fit(entry, view, &mut differences)
        })
        .collect();
    let ignored = &checked.graph().dialect.names.parameters.ignored;
    let unexpected = found.into_keys().filter(|name| !ignored.iter().any(|suffix| name.ends_with(suffix)));
    differences.unexpected = unexpected.map(str::to_owned).collect();
    if !differences.is_empty() {
        return Err(Misfit::Different(differences));
    }
    Ok(fitting.into_iter().map(|(entry, view, kind)| load(entry, &view, kind)).collect())
}

/// What the file's first bytes say it is, where that is something else that weights are kept in.
fn other_format(bytes: &[u8]) -> Option<Unreadable> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => {
            // The name of the archive's first member: `metadata.json` in Keras's, `…/data.pkl` in torch's.
            let keras = bytes.get(30..).is_some_and(|name| name.starts_with(b"metadata.json"));
            Some(if keras { Unreadable::KerasArchive } else { Unreadable::Pickle })
        }
        [0x80, 2..=5, ..] if bytes.get(2..8) != Some(&[0; 6]) => Some(Unreadable::Pickle),
        [0x89, b'H', b'D', b'F', ..] => Some(Unreadable::Hdf5),
        _ => None,
    }
}

/// The float types that can be read.
#[derive(Debug, Clone, Copy)]
enum Float {
    Single,
    Double,
    Half,
    Brain,
}

impl Float {
    fn new(dtype: Dtype) -> Option<Self> {
        match dtype {
            Dtype::F32 => Some(Self::Single),
            Dtype::F64 => Some(Self::Double),
            Dtype::F16 => Some(Self::Half),
            Dtype::BF16 => Some(Self::Brain),
            _ => None,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "float64 is rounded to the nearest float32")]
    fn values(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Self::Single => bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
            Self::Double => bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes) as f32).collect(),
            Self::Half => bytes.as_chunks().0.iter().map(|&bytes| f16::from_le_bytes(bytes).to_f32()).collect(),
            Self::Brain => bytes.as_chunks().0.iter().map(|&bytes| bf16::from_le_bytes(bytes).to_f32()).collect(),
        }
    }
}

/// The entry with its tensor, if that is what is expected; otherwise the difference is noted.
fn fit<'a>(
    entry: Entry,
    view: Option<TensorView<'a>>,
    differences: &mut Differences,
) -> Option<(Entry, TensorView<'a>, Float)> {
    let Some(view) = view else {
        differences.missing.push((entry.name, entry.shape));
        return None;
    };
    let shape: Vec<_> = view.shape().iter().map(|&side| side as u64).collect();
    if !fits(&entry, &shape) {
        differences.misshapen.push((entry.name, entry.shape, shape));
        return None;
    }
    let Some(kind) = Float::new(view.dtype()) else {
        differences.mistyped.push((entry.name, format!("{:?}", view.dtype())));
        return None;
    };
    Some((entry, view, kind))
}

/// Whether a tensor of `shape` is what `entry` expects. Layer scales have dimensions of 1 after their channels in one
/// library and none in another.
fn fits(entry: &Entry, shape: &[u64]) -> bool {
    let sides = |shape: &[u64]| shape.iter().copied().filter(|side| *side != 1).collect::<Vec<_>>();
    let loosely = entry.parameter.kind == ParameterKind::Gain && sides(shape) == sides(&entry.shape);
    shape == entry.shape || loosely
}

fn load(entry: Entry, view: &TensorView<'_>, kind: Float) -> (Parameter, Tensor) {
    let values = kind.values(view.data());
    let values = match entry.permuted {
        Some(extent) => hwio_to_oihw(&values, extent),
        None => values,
    };
    (entry.parameter, Tensor { shape: entry.ir_shape, values })
}

/// Whether `weights` has a tensor for every parameter of `checked`, in its shape.
///
/// # Errors
/// Everything that is missing or has another shape.
pub fn fit_in_memory(checked: &Checked, weights: &Weights) -> Result<(), Misfit> {
    let mut differences = Differences { network: checked.graph().name.clone(), ..Differences::default() };
    for entry in expected(checked) {
        match weights.get(entry.parameter) {
            None => differences.missing.push((entry.name, entry.ir_shape)),
            Some(tensor) if tensor.shape != entry.ir_shape => {
                differences.misshapen.push((entry.name, entry.ir_shape, tensor.shape.clone()));
            }
            Some(_) => {}
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(Misfit::Different(differences)) }
}

/// The bytes of a safetensors file with `weights`, which are those of `checked`, as float32. The same weights give the
/// same bytes.
///
/// # Errors
/// That a tensor is missing or has another shape.
pub fn write(checked: &Checked, weights: &Weights) -> Result<Vec<u8>, Misfit> {
    fit_in_memory(checked, weights)?;
    let tensors: Vec<_> = expected(checked)
        .into_iter()
        .filter_map(|entry| {
            let shape = entry.shape.iter().filter_map(|&side| usize::try_from(side).ok()).collect();
            Some((entry.name, shape, stored(weights.get(entry.parameter)?, entry.permuted)))
        })
        .collect();
    let corrupt = |error: ::safetensors::SafeTensorError| Misfit::Unreadable(Unreadable::Corrupt(error.to_string()));
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, Vec::clone(shape), bytes)?)))
        .collect();
    ::safetensors::serialize(views.map_err(corrupt)?, None).map_err(corrupt)
}

fn stored(tensor: &Tensor, permuted: Option<[u64; 4]>) -> Vec<u8> {
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    match permuted {
        Some(extent) => bytes(&oihw_to_hwio(&tensor.values, extent)),
        None => bytes(&tensor.values),
    }
}
