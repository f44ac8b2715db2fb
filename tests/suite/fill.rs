//! Deterministic tensors, filled from their name alone: the Rust side of `tests/golden/fill.py`, with the leaves of
//! Keras's names beside PyTorch's.

/// The values of the tensor `name` with PyTorch's shape `shape`, row-major.
pub fn fill(name: &str, shape: &[u64]) -> Vec<f32> {
    let count: u64 = shape.iter().product();
    let seed = u64::from(crc32(name.as_bytes())) << 32;
    let leaf = name.rsplit(['.', '/']).next().unwrap_or(name);
    let fan_in: u64 = shape.iter().skip(1).product();
    (0..count)
        .map(|i| {
            let u = (splitmix64(seed.wrapping_add(i)) >> 40) as f64 / f64::from(1 << 24);
            let s = 2.0 * u - 1.0;
            let value = match leaf {
                "weight" | "kernel" if shape.len() >= 2 => s * (6.0 / fan_in as f64).sqrt(),
                "weight" | "gamma" => 0.5 + 0.5 * u,
                "bias" | "beta" | "running_mean" | "moving_mean" => 0.1 * s,
                "running_var" | "moving_variance" => 0.5 + u,
                _ => s,
            };
            value as f32
        })
        .collect()
}

fn splitmix64(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[test]
fn fill_is_the_one_of_fill_py() {
    // `fill("conv1.weight", (64, 3, 7, 7)).ravel()[:3]` and `fill("bn1.running_var", (64,))[:2]` in Python.
    assert_eq!(fill("conv1.weight", &[64, 3, 7, 7])[..3], EXPECTED_WEIGHT);
    assert_eq!(fill("bn1.running_var", &[64])[..2], EXPECTED_VARIANCE);
}

const EXPECTED_WEIGHT: [f32; 3] = [-0.09903936, -0.19180939, -0.015481284];
const EXPECTED_VARIANCE: [f32; 2] = [0.92700726, 0.79512405];
