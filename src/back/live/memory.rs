//! Whether a network fits into memory, asked before anything is allocated.

use crate::analysis::memory::inference_peak;
use crate::diagnostic::{Code, Refusal};
use crate::engine::BLOCK;
use crate::ir::Op;
use crate::valid::{Checked, Layer};
use crate::weights;
use std::hint::black_box;

/// Bytes that inference of `batch` images may need on the engine: the weights as they are packed, four times as large where a convolution
/// may go through Winograd's transforms, and the largest tensor of them as it is read, folded and packed, the largest sum of live
/// values, and what fills channels up to whole blocks. All of it float32.
#[must_use]
pub fn estimate(checked: &Checked, batch: u64) -> u128 {
    let largest = checked.parameters().map(|(_, shape)| shape.into_iter().map(u128::from).product::<u128>()).max();
    let filling: u128 = checked.layers().map(|layer| of_filling(&layer)).sum();
    let values = inference_peak(checked).elements.saturating_add(filling);
    let copies = largest.unwrap_or_default().saturating_mul(4 * 3);
    let transformed: u128 = checked.layers().map(|layer| of_transforms(&layer)).sum();
    weights::bytes(checked).saturating_add(copies + transformed).saturating_add(of_batch(values, batch))
}

/// Elements by which a layer's value is more on the engine than in the analysis: whole blocks of channels, and copies of what is only
/// seen otherwise.
fn of_filling(layer: &Layer<'_>) -> u128 {
    let channels = layer.output.channels();
    let filling = u128::from(channels.next_multiple_of(BLOCK as u64) - channels) * layer.output.positions();
    let is_view = matches!(layer.node.op, Op::Slice(_) | Op::Flatten(_));
    filling + if is_view { layer.output.elements() } else { 0 }
}

/// Bytes by which a layer's transformed weights may be more than the weights: 36 in place of 9.
fn of_transforms(layer: &Layer<'_>) -> u128 {
    match &layer.node.op {
        Op::Conv2d(conv) if conv.window.kernel == [3, 3] && conv.window.stride == [1, 1] && conv.groups == 1 => {
            4 * 27 * u128::from(layer.input.channels()) * u128::from(conv.filters)
        }
        _ => 0,
    }
}

/// Bytes that a forward pass of `batch` images by burn's own ops may need: the weights twice (as tensors and, while they are loaded or a
/// convolution lays them out anew, as a copy), the largest sum of live values, and the largest layer's operand and
/// value once more, of which burn makes copies. All of it float32.
#[must_use]
pub fn estimate_plain(checked: &Checked, batch: u64) -> u128 {
    let copies = checked.layers().map(|layer| layer.input.elements() + layer.output.elements()).max();
    let values = inference_peak(checked).elements.saturating_add(copies.unwrap_or_default());
    weights::bytes(checked).saturating_mul(2).saturating_add(of_batch(values, batch))
}

fn of_batch(elements: u128, batch: u64) -> u128 {
    elements.saturating_mul(4).saturating_mul(batch.into())
}

/// Refuses more bytes than are `free`, where that is known, or than this machine would give in one piece; nothing is
/// kept.
///
/// # Errors
/// That there are not that many.
pub fn affordable(bytes: u128, free: Option<u128>) -> Result<(), Refusal> {
    let probe = usize::try_from(bytes).ok().filter(|_| free.is_none_or(|free| bytes <= free)).and_then(|bytes| {
        let mut probe = Vec::<u8>::new();
        probe.try_reserve_exact(bytes).ok()?;
        // Without this the allocation might be optimised away, and with it the answer.
        black_box(&probe);
        Some(())
    });
    probe.ok_or_else(|| {
        let mebibytes = |bytes: u128| bytes.div_ceil(1 << 20);
        let message = match free {
            Some(free) => format!("the network needs about {} MiB, and {} are free", mebibytes(bytes), mebibytes(free)),
            None => format!("the network needs about {} MiB", mebibytes(bytes)),
        };
        Refusal::new(Code::TooMuchMemory, message)
            .note("that is its weights and the largest values that are live at once")
            .help("use fewer filters, smaller images or a smaller batch")
    })
}
