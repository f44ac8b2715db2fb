//! The one permutation between torch's layouts and Keras's.
//!
//! Seen as O, I, H, W, every kernel takes the same way: a convolution is one already; a linear layer that reads a
//! flattened map of C, H, W is [out, C, H, W]; any other linear layer is [out, in, 1, 1]. Keras has H, W, I, O of each.

/// How many outputs are moved together: as many float32 as a cache line has.
const TOGETHER: usize = 16;

/// O, I, H, W to H, W, I, O.
#[must_use]
pub fn oihw_to_hwio(values: &[f32], extent: [u64; 4]) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    pairs(extent, |oihw, hwio| {
        if let (Some(&value), Some(place)) = (values.get(oihw), out.get_mut(hwio)) {
            *place = value;
        }
    });
    out
}

/// H, W, I, O to O, I, H, W.
#[must_use]
pub fn hwio_to_oihw(values: &[f32], extent: [u64; 4]) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    pairs(extent, |oihw, hwio| {
        if let (Some(&value), Some(place)) = (values.get(hwio), out.get_mut(oihw)) {
            *place = value;
        }
    });
    out
}

/// Where each value stands in O, I, H, W and in H, W, I, O.
fn pairs(extent: [u64; 4], mut visit: impl FnMut(usize, usize)) {
    let [outputs, inputs, positions] = matrix(extent);
    for first in (0..outputs).step_by(TOGETHER) {
        for input in 0..inputs {
            for position in 0..positions {
                for output in first..outputs.min(first + TOGETHER) {
                    visit(
                        (output * inputs + input) * positions + position,
                        (position * inputs + input) * outputs + output,
                    );
                }
            }
        }
    }
}

/// O, I and H x W of an extent O, I, H, W whose tensor is in memory.
fn matrix([outputs, inputs, height, width]: [u64; 4]) -> [usize; 3] {
    [outputs, inputs, height * width]
        .map(|size| usize::try_from(size).expect("a tensor in memory has dimensions that fit into memory"))
}
