//! How far two values are apart.

use crate::cli::npy::Array;
use resnetc::ir::op::Activation;
use resnetc::ir::{NodeId, Op};
use resnetc::valid::Checked;

/// The most by which two outputs of float32 may differ: of three times their root mean square.
pub(super) const TOLERANCE: f64 = 1e-5;

/// Where two values differ most.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    /// The largest difference of two elements, as a part of three times the values' root mean square; infinite where one is
    /// no number and the other is, or where the shapes differ.
    pub(super) value: f64,
    /// The indices of the element, N first.
    pub(super) at: Vec<u64>,
    /// What the one and the other have there.
    pub(super) elements: [f32; 2],
    /// The shapes, where they differ; then nothing is compared.
    pub(super) shapes: Option<[Vec<u64>; 2]>,
}

/// The least probability that is told from none.
const LEAST: f32 = 1e-30;

/// The difference of two values of a node. Probabilities are compared by their logarithms: the logits that a softmax read, less what it
/// divides by, so that rounding counts as it does in logits. What it divides by says nothing about their size, which is taken without it.
pub(super) fn of_node(network: &Checked, node: NodeId, left: &Array, right: &Array) -> Difference {
    if matches!(network.layer(node).node.op, Op::Activation(Activation::Softmax)) {
        difference(left, right, logarithm, of_logits)
    } else {
        difference(left, right, f64::from, of_values)
    }
}

/// The difference of two values by what `seen` makes of their elements, whose size is `size`.
fn difference(left: &Array, right: &Array, seen: fn(f32) -> f64, size: fn(&Array) -> f64) -> Difference {
    if left.shape != right.shape {
        let shapes = Some([left.shape.clone(), right.shape.clone()]);
        return Difference { value: f64::INFINITY, at: Vec::new(), elements: [0.0; 2], shapes };
    }
    let mut worst = Difference { value: 0.0, at: vec![0; left.shape.len()], elements: [0.0; 2], shapes: None };
    let scale = 3.0 * size(left).max(size(right));
    for (place, (&one, &other)) in left.values.iter().zip(&right.values).enumerate() {
        let value = apart(seen(one), seen(other), scale);
        if place == 0 || value > worst.value {
            worst = Difference { value, at: left.indices(place), elements: [one, other], shapes: None };
        }
    }
    worst
}

fn apart(one: f64, other: f64, scale: f64) -> f64 {
    let apart = (one - other).abs();
    if apart.is_finite() {
        // Equal zeros have no scale.
        return if apart > 0.0 { apart / scale } else { 0.0 };
    }
    // Two infinities of one sign, or two that are no numbers, are alike.
    if one.is_nan() && other.is_nan() || one.total_cmp(&other).is_eq() { 0.0 } else { f64::INFINITY }
}

/// The logarithm of a probability; of what is no number, none.
fn logarithm(probability: f32) -> f64 {
    f64::from(if probability < LEAST { LEAST } else { probability }).ln()
}

/// The root mean square of what is finite.
fn of_values(array: &Array) -> f64 {
    root_mean_square(array.values.iter().map(|&value| f64::from(value)))
}

/// The same of the logits that gave these probabilities, each image's with a mean of 0.
fn of_logits(array: &Array) -> f64 {
    let images = array.shape.first().and_then(|images| usize::try_from(*images).ok()).unwrap_or(1);
    let each = array.values.len().checked_div(images).unwrap_or(0).max(1);
    root_mean_square(array.values.chunks(each).flat_map(|image| {
        let mean = image.iter().map(|&value| logarithm(value)).sum::<f64>() / count(image.len());
        image.iter().map(move |&value| logarithm(value) - mean)
    }))
}

fn root_mean_square(values: impl Iterator<Item = f64>) -> f64 {
    let finite = values.filter(|value| value.is_finite());
    let (number, sum) = finite.fold((0, 0.0), |(number, sum), value| (number + 1, sum + value * value));
    (sum / count(number.max(1))).sqrt()
}

#[expect(clippy::cast_precision_loss, reason = "an array in memory has fewer than 2^53 elements")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is compared is exact")]
mod tests {
    use super::{Difference, logarithm, of_logits, of_values};
    use crate::cli::npy::Array;

    fn difference(left: &Array, right: &Array) -> Difference {
        super::difference(left, right, f64::from, of_values)
    }

    fn array(shape: &[u64], values: &[f32]) -> Array {
        Array { shape: shape.to_vec(), values: values.to_vec() }
    }

    #[test]
    fn the_largest_difference_is_told_with_its_place() {
        let left = array(&[1, 2, 1, 2], &[1.0, -1.0, 1.0, -1.0]);
        let right = array(&[1, 2, 1, 2], &[1.0, -1.0, 1.5, -1.0]);
        let value = 0.5 / (3.0 * (5.25_f64 / 4.0).sqrt());
        assert_eq!(
            difference(&left, &right),
            Difference { value, at: vec![0, 1, 0, 0], elements: [1.0, 1.5], shapes: None }
        );
    }

    #[test]
    fn what_is_no_number_equals_only_what_is_none_either() {
        let left = array(&[1, 3], &[f32::NAN, f32::INFINITY, 1.0]);
        assert_eq!(difference(&left, &left).value, 0.0);
        let right = array(&[1, 3], &[f32::NAN, f32::NEG_INFINITY, 1.0]);
        assert_eq!(difference(&left, &right).value, f64::INFINITY);
        let right = array(&[1, 3], &[0.0, f32::INFINITY, 1.0]);
        assert_eq!(difference(&left, &right).value, f64::INFINITY);
    }

    #[test]
    fn probabilities_differ_as_the_logits_that_they_are_made_of() {
        let difference = |left: &Array, right: &Array| super::difference(left, right, logarithm, of_logits);
        let softmax = |logits: [f32; 3]| {
            let powers = logits.map(f32::exp);
            array(&[1, 3], &powers.map(|power| power / powers.iter().sum::<f32>()))
        };
        let found = difference(&softmax([6.0, -6.0, 0.0]), &softmax([6.0, -6.0, 1e-2]));
        let expected = 1e-2 / (3.0 * 24.0_f64.sqrt());
        assert!((found.value / expected - 1.0).abs() < 1e-2, "{found:?} {expected}");
        assert_eq!(found.at, [0, 2]);
        assert!(found.elements.iter().all(|element| (0.0..=1.0).contains(element)), "{found:?}");
    }

    #[test]
    fn probabilities_that_do_not_add_up_are_no_rounding() {
        let difference = |left: &[f32], right: &[f32]| {
            super::difference(&array(&[1, 2], left), &array(&[1, 2], right), logarithm, of_logits).value
        };
        assert!(difference(&[0.75, 0.25], &[1.5, 0.5]) > 0.1);
        assert!(difference(&[0.75, 0.25], &[0.75, -0.25]) > 0.1);
        assert_eq!(difference(&[0.75, 0.25], &[0.75, f32::NAN]), f64::INFINITY);
        assert_eq!(difference(&[1.0, 0.0], &[1.0, 0.0]), 0.0);
    }

    #[test]
    fn zeros_differ_from_anything_else() {
        let zeros = array(&[2], &[0.0, -0.0]);
        assert_eq!(difference(&zeros, &zeros).value, 0.0);
        assert!(difference(&zeros, &array(&[2], &[0.0, 1e-30])).value > 0.1);
    }

    #[test]
    fn what_has_another_shape_is_another_value() {
        for [one, another] in [[&[2, 3][..], &[3, 2]], [&[1, 6, 1, 1], &[1, 6]]] {
            let found = difference(&array(one, &[0.0; 6]), &array(another, &[0.0; 6]));
            assert_eq!((found.value, found.shapes), (f64::INFINITY, Some([one.to_vec(), another.to_vec()])));
        }
    }
}
