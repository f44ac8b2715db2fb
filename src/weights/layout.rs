//! The one permutation between torch's layouts and Keras's.
//!
//! Seen as O, I, H, W, every kernel takes the same way: a convolution is one already; a linear layer that reads a
//! flattened map of C, H, W is [out, C, H, W]; any other linear layer is [out, in, 1, 1]. Keras has H, W, I, O of each.

/// O, I, H, W to H, W, I, O.
#[must_use]
pub fn oihw_to_hwio(values: &[f32], extent: [u64; 4]) -> Vec<f32> {
    let [outputs, inputs, positions] = matrix(extent);
    let mut out = Vec::with_capacity(values.len());
    if outputs > 0 {
        for position in 0..positions {
            for input in 0..inputs {
                let start = input * positions + position;
                out.extend(values.iter().skip(start).step_by(inputs * positions));
            }
        }
    }
    out
}

/// H, W, I, O to O, I, H, W.
#[must_use]
pub fn hwio_to_oihw(values: &[f32], extent: [u64; 4]) -> Vec<f32> {
    let [outputs, inputs, positions] = matrix(extent);
    let mut out = Vec::with_capacity(values.len());
    if positions > 0 {
        for output in 0..outputs {
            for input in 0..inputs {
                let start = input * outputs + output;
                out.extend(values.iter().skip(start).step_by(inputs * outputs));
            }
        }
    }
    out
}

/// O, I and H x W of an extent O, I, H, W whose tensor is in memory.
fn matrix([outputs, inputs, height, width]: [u64; 4]) -> [usize; 3] {
    [outputs, inputs, height * width]
        .map(|size| usize::try_from(size).expect("a tensor in memory has dimensions that fit into memory"))
}
