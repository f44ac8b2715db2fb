//! Whether a network fits into memory, asked before anything is allocated.

use crate::diagnostic::{Code, Refusal};
use crate::valid::Checked;
use crate::weights;
use std::collections::HashMap;
use std::hint::black_box;

/// Bytes that a forward pass of `batch` images may need, the weights included: the largest sum of live values, the
/// largest convolution's input and kernel once more (flex copies both to channels-last), all in float32.
#[must_use]
pub fn estimate(checked: &Checked, batch: u64) -> u128 {
    let mut readers: HashMap<_, usize> = HashMap::new();
    for layer in checked.layers() {
        for operand in layer.operands {
            *readers.entry(operand).or_default() += 1;
        }
    }
    let (mut live, mut peak) = (0_u128, 0_u128);
    for layer in checked.layers() {
        live += layer.output.elements();
        peak = peak.max(live + layer.input.elements());
        for operand in layer.operands {
            let left = readers.entry(operand).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 {
                live -= checked.shape(operand).elements();
            }
        }
    }
    weights::bytes(checked).saturating_mul(2).saturating_add(peak.saturating_mul(4).saturating_mul(batch.into()))
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
