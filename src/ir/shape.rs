//! Shapes without the batch dimension, and the arithmetic of sliding windows.

use crate::limits;
use serde::Serialize;
use std::fmt;

/// What flows along an edge, the batch dimension N left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A feature map: C, H, W.
    Map {
        /// C.
        channels: u64,
        /// H.
        height: u64,
        /// W.
        width: u64,
    },
    /// A vector of features.
    Vector(u64),
}

impl Shape {
    /// Elements per image.
    #[must_use]
    pub fn elements(self) -> u128 {
        match self {
            Self::Map { channels, height, width } => u128::from(channels) * u128::from(height) * u128::from(width),
            Self::Vector(features) => u128::from(features),
        }
    }

    /// Channels of a map, features of a vector.
    #[must_use]
    pub fn channels(self) -> u64 {
        match self {
            Self::Map { channels, .. } => channels,
            Self::Vector(features) => features,
        }
    }

    /// Height times width; 1 for a vector.
    #[must_use]
    pub fn positions(self) -> u128 {
        match self {
            Self::Map { height, width, .. } => u128::from(height) * u128::from(width),
            Self::Vector(_) => 1,
        }
    }

    /// Height and width of a map.
    #[must_use]
    pub fn size(self) -> Option<[u64; 2]> {
        match self {
            Self::Map { height, width, .. } => Some([height, width]),
            Self::Vector(_) => None,
        }
    }

    /// The shape, if it is within the limits.
    ///
    /// # Errors
    /// Which limit it exceeds.
    pub fn within_limits(self) -> Result<Self, ShapeError> {
        match self {
            Self::Map { channels, .. } if channels > limits::CHANNELS => Err(ShapeError::Channels(channels)),
            Self::Map { height, width, .. } if height.max(width) > limits::SIDE => {
                Err(ShapeError::Side(height.max(width)))
            }
            Self::Vector(features) if features > limits::FEATURES => Err(ShapeError::Features(features.into())),
            Self::Map { .. } | Self::Vector(_) => Ok(self),
        }
    }

    /// The dimensions after N: C, H, W or the features.
    #[must_use]
    pub fn dimensions(self) -> Vec<u64> {
        match self {
            Self::Map { channels, height, width } => vec![channels, height, width],
            Self::Vector(features) => vec![features],
        }
    }
}

impl fmt::Display for Shape {
    /// `64 x 56 x 56`: channels, height, width.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map { channels, height, width } => write!(f, "{channels} x {height} x {width}"),
            Self::Vector(features) => write!(f, "{features}"),
        }
    }
}

/// Four-sided padding, in elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
pub struct Sides {
    /// Rows above.
    pub top: u64,
    /// Rows below.
    pub bottom: u64,
    /// Columns before.
    pub left: u64,
    /// Columns after.
    pub right: u64,
}

impl Sides {
    /// The same on all four sides.
    #[must_use]
    pub const fn all(by: u64) -> Self {
        Self { top: by, bottom: by, left: by, right: by }
    }

    /// Whether nothing is added.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }
}

/// A window that slides over a map in both dimensions. Pairs are height, width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Window {
    /// Kernel size.
    pub kernel: [u64; 2],
    /// Step.
    pub stride: [u64; 2],
    /// Distance between kernel elements, 1 for a dense kernel.
    pub dilation: [u64; 2],
    /// Padding around the map.
    pub padding: Sides,
    /// Whether a last window may start inside the padded map and end outside; torch's and Caffe's rule, under which it
    /// must not start in the padding after the map.
    pub ceil: bool,
}

impl Window {
    /// The output's height and width.
    ///
    /// Along each axis, with k = dilation (kernel - 1) + 1: floor((before + size + after - k) / stride) + 1, ceil in
    /// place of floor in ceil mode (torch's Conv2d and MaxPool2d, ONNX's Conv and MaxPool).
    ///
    /// # Errors
    /// [`ShapeError::Vanishes`] where no window fits.
    pub fn slide(&self, [height, width]: [u64; 2]) -> Result<[u64; 2], ShapeError> {
        let Sides { top, bottom, left, right } = self.padding;
        let [extent_height, extent_width] = self.extent();
        let [stride_height, stride_width] = self.stride;
        let vertical = self.along(height, extent_height, stride_height, [top, bottom]);
        let horizontal = self.along(width, extent_width, stride_width, [left, right]);
        match (vertical, horizontal) {
            (Some(height), Some(width)) => Ok([height, width]),
            _ => Err(ShapeError::Vanishes { size: [height, width], window: *self }),
        }
    }

    /// Height and width that the kernel covers, gaps included: dilation (kernel - 1) + 1.
    #[must_use]
    pub fn extent(&self) -> [u64; 2] {
        let [kernel_height, kernel_width] = self.kernel;
        let [dilation_height, dilation_width] = self.dilation;
        [(kernel_height, dilation_height), (kernel_width, dilation_width)]
            .map(|(kernel, dilation)| dilation.saturating_mul(kernel.saturating_sub(1)).saturating_add(1))
    }

    /// The output's height and width of a pool, each of whose windows must see something of the map.
    ///
    /// # Errors
    /// [`ShapeError::Vanishes`] where no window fits, [`ShapeError::OnlyPadding`] where one lies wholly in padding.
    pub fn pool(&self, size: [u64; 2]) -> Result<[u64; 2], ShapeError> {
        let windows = self.slide(size)?;
        let Sides { top, left, .. } = self.padding;
        let axes = self.kernel.into_iter().zip(self.stride).zip(self.dilation).zip([top, left]);
        for (axis, ((((kernel, stride), dilation), before), (size, windows))) in
            Axis::BOTH.into_iter().zip(axes.zip(size.into_iter().zip(windows)))
        {
            // Between the first and the last window of a dense kernel there is always something of the map.
            let step = if dilation == 1 { windows.saturating_sub(1).max(1) } else { 1 };
            let blind = (0..windows).step_by(usize::try_from(step).unwrap_or(usize::MAX)).find(|window| {
                let start = window.saturating_mul(stride);
                // The first element at or behind the map's first place.
                let skipped = before.saturating_sub(start).div_ceil(dilation.max(1));
                skipped >= kernel
                    || start.saturating_add(skipped.saturating_mul(dilation)) >= before.saturating_add(size)
            });
            if let Some(window) = blind {
                return Err(ShapeError::OnlyPadding { axis, size, window: *self, blind: window, windows });
            }
        }
        Ok(windows)
    }

    fn along(&self, size: u64, extent: u64, stride: u64, [before, after]: [u64; 2]) -> Option<u64> {
        let padded = size.checked_add(before)?.checked_add(after)?;
        let slack = if self.ceil { stride.checked_sub(1)? } else { 0 };
        let windows = padded.checked_add(slack)?.checked_sub(extent)?.checked_div(stride)? + 1;
        let starts_outside = self.ceil && (windows - 1).checked_mul(stride)? >= size + before;
        Some(windows - u64::from(starts_outside)).filter(|windows| *windows > 0)
    }
}

/// A direction in which windows slide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Along the height.
    Vertical,
    /// Along the width.
    Horizontal,
}

impl Axis {
    /// Height, then width, as pairs are.
    pub const BOTH: [Self; 2] = [Self::Vertical, Self::Horizontal];

    /// What `pair`, height and width, has along it.
    #[must_use]
    pub fn of<T: Copy>(self, [height, width]: [T; 2]) -> T {
        match self {
            Self::Vertical => height,
            Self::Horizontal => width,
        }
    }
}

/// Why an op has no output shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeError {
    /// No window fits into the map.
    Vanishes {
        /// Height and width of the input.
        size: [u64; 2],
        /// The window that does not fit.
        window: Window,
    },
    /// A pool's window sees nothing of the map.
    OnlyPadding {
        /// Along which axis.
        axis: Axis,
        /// The map's extent along it.
        size: u64,
        /// The window.
        window: Window,
        /// Which of its places it is, from 0.
        blind: u64,
        /// How many places there are.
        windows: u64,
    },
    /// The groups do not divide the channels.
    Groups {
        /// Groups of the convolution.
        groups: u64,
        /// Its input channels.
        inputs: u64,
        /// Its output channels.
        outputs: u64,
    },
    /// Operands of a join that do not go together.
    Differ {
        /// The first operand.
        left: Shape,
        /// The second.
        right: Shape,
    },
    /// A slice that the channels do not have.
    Slice {
        /// Its first channel.
        start: u64,
        /// Its channels.
        length: u64,
        /// The channels that there are.
        channels: u64,
    },
    /// A kernel along the channels of even size.
    Even(u64),
    /// A map of 1 x 1 was expected.
    NotPooled(Shape),
    /// A map was expected.
    NotAMap(Shape),
    /// Another number of operands was expected.
    Operands {
        /// What the op takes.
        expected: usize,
        /// What it has.
        found: usize,
    },
    /// More channels than the limit.
    Channels(u64),
    /// A vector longer than the limit.
    Features(u128),
    /// A side larger than the limit.
    Side(u64),
    /// A zero where none may be.
    Zero(&'static str),
}
