use crate::ir::shape::{Shape, ShapeError, Sides, Window};
use serde::Serialize;

/// A fixed low-pass filter before subsampling (Zhang, arXiv 1904.11486): each channel is convolved with the normalised
/// outer product of the binomial coefficients of `window.kernel`, over a map that is padded by reflection (the border
/// itself not repeated). It has no parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Blur {
    /// Square kernel, stride and padding; see [`Blur::new`].
    pub window: Window,
}

impl Blur {
    /// A filter of `size` x `size` with this stride, padded by (stride + size - 2) / 2 on every side, as timm does.
    #[must_use]
    pub fn new(size: u64, stride: u64) -> Self {
        let padding = Sides::all(stride.saturating_add(size).saturating_sub(2) / 2);
        Self { window: Window { kernel: [size; 2], stride: [stride; 2], dilation: [1; 2], padding, ceil: false } }
    }

    pub(super) fn infer(self, input: Shape) -> Result<Shape, ShapeError> {
        let Shape::Map { channels, height, width } = input else { return Err(ShapeError::NotAMap(input)) };
        if self.window.padding.top.max(self.window.padding.left) >= height.min(width) {
            // Reflection needs a row for each row of padding, beside the border.
            return Err(ShapeError::Vanishes { size: [height, width], window: self.window });
        }
        let [height, width] = self.window.slide([height, width])?;
        Ok(Shape::Map { channels, height, width })
    }

    /// The filter's row: binomial coefficients over their sum, which is a power of two.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "binomial coefficients of a small kernel are exact")]
    pub fn row(self) -> Vec<f64> {
        let [size, _] = self.window.kernel;
        let mut row = vec![1_u64];
        for _ in 1..size.min(MOST) {
            let inner = row.windows(2).map(|pair| pair.iter().sum());
            row = std::iter::once(1).chain(inner).chain([1]).collect();
        }
        let sum: u64 = row.iter().sum();
        row.into_iter().map(|coefficient| coefficient as f64 / sum as f64).collect()
    }

    pub(super) fn macs(self, output: Shape) -> u128 {
        let [height, width] = self.window.kernel;
        output.elements() * u128::from(height) * u128::from(width)
    }
}

/// The largest filter: beyond it coefficients would leave float32.
pub const MOST: u64 = 15;
