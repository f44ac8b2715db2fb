//! How near numbers are to what other libraries give.

use serde_json::Value;

/// The largest difference, in units of three times the expected values' root mean square.
pub fn difference(expected: &[f32], found: &[f32]) -> f64 {
    assert_eq!(expected.len(), found.len());
    let square: f64 = expected.iter().map(|&value| f64::from(value).powi(2)).sum();
    let scale = 3.0 * (square / expected.len() as f64).sqrt();
    let differences = expected.iter().zip(found).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
    differences.fold(0.0, f64::max) / scale.max(1e-30)
}

/// Compares each image's logits with the library's in float64: the first 16, the norm, the largest.
pub fn assert_golden(name: &str, golden: &Value, logits: &[f32]) {
    assert_eq!(logits.len(), 1000 * golden["argmax"].as_array().unwrap().len());
    for (image, logits) in logits.chunks(1000).enumerate() {
        let norm = golden["logits_l2"][image].as_f64().unwrap();
        let bound = 5e-6 * 3.0 * norm / 1000_f64.sqrt();
        for (at, logit) in logits[..16].iter().enumerate() {
            let expected = golden["logits_first_16"][image][at].as_f64().unwrap();
            assert!(
                (f64::from(*logit) - expected).abs() < bound,
                "{name} image {image} logit {at}: {logit} {expected}"
            );
        }
        let found = logits.iter().map(|&logit| f64::from(logit).powi(2)).sum::<f64>().sqrt();
        assert!((found / norm - 1.0).abs() < 1e-6, "{name} image {image}: {found} {norm}");
        let largest = (0..1000).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
        assert_eq!(largest as u64, golden["argmax"][image].as_u64().unwrap(), "{name} image {image}");
    }
}
