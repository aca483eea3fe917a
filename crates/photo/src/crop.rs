//! Which square of a picture is kept.

use image::metadata::Orientation;

/// The smallest part of the shorter side that a crop keeps: less is a mistake.
const MIN_SIZE: f64 = 1.0 / 64.0;

/// The square of a picture that is kept, in fractions of the picture's shorter side, as the picture is seen upright.
///
/// A form without JavaScript knows nothing of the picture, so each part may be left out, and no value is an error:
/// what is out of the picture is moved into it, and what is no number is left out.
///
/// | picture of 3000 × 2000 | square |
/// |---|---|
/// | `Crop::default()` | 2000 pixels in the middle, from 500 to 2500 |
/// | `x: Some(0.0)` | 2000 pixels on the left |
/// | `x: Some(9.0)` | 2000 pixels on the right |
/// | `size: Some(0.5)` | 1000 pixels in the middle |
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Crop {
    /// Where the square begins, from the left. The default centres it.
    pub x: Option<f64>,
    /// Where the square begins, from the top. The default centres it.
    pub y: Option<f64>,
    /// The side of the square, at most 1, which is the default.
    pub size: Option<f64>,
}

/// A square in whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Square {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) side: u32,
}

impl Crop {
    /// The square of an upright picture of this size, whose sides are not 0.
    pub(crate) fn square(self, width: u32, height: u32) -> Square {
        let shorter = f64::from(width.min(height));
        let size = number(self.size).unwrap_or(1.0).clamp(MIN_SIZE, 1.0);
        let side = pixels(shorter * size).max(1);
        let begin = |wanted: Option<f64>, length: u32| {
            let room = length - side;
            number(wanted).map_or(room / 2, |wanted| {
                pixels((wanted * shorter).clamp(0.0, f64::from(room)))
            })
        };
        Square {
            x: begin(self.x, width),
            y: begin(self.y, height),
            side,
        }
    }
}

impl Square {
    /// The same square in the picture as it is stored, of this size, which is seen upright after `orientation`.
    pub(crate) fn stored(self, orientation: Orientation, width: u32, height: u32) -> Self {
        let Self { x, y, side } = self;
        let from_right = |distance: u32| width - distance - side;
        let from_bottom = |distance: u32| height - distance - side;
        let (x, y) = match orientation {
            Orientation::NoTransforms => (x, y),
            Orientation::FlipHorizontal => (from_right(x), y),
            Orientation::FlipVertical => (x, from_bottom(y)),
            Orientation::Rotate180 => (from_right(x), from_bottom(y)),
            Orientation::Rotate90 => (y, from_bottom(x)),
            Orientation::Rotate90FlipH => (y, x),
            Orientation::Rotate270 => (from_right(y), x),
            Orientation::Rotate270FlipH => (from_right(y), from_bottom(x)),
        };
        Self { x, y, side }
    }
}

fn number(value: Option<f64>) -> Option<f64> {
    value.filter(|value| !value.is_nan())
}

/// A length that is not negative and not longer than a side, in whole pixels.
fn pixels(length: f64) -> u32 {
    length.round() as u32
}
