//! Pictures that the tests make, and what becomes of them.

mod files;
mod hostile;
mod limits;
mod metadata;
mod orientation;
mod pixels;
mod refused;

use crate::Picture;

/// The pixels of a result, as a browser would decode them.
fn decoded(picture: &Picture) -> image::RgbImage {
    let image = image::load_from_memory_with_format(&picture.bytes, image::ImageFormat::Jpeg);
    let image = image.expect("a JPEG").into_rgb8();
    assert_eq!(
        (image.width(), image.height()),
        (picture.width, picture.height)
    );
    image
}

/// Whether a pixel has about this colour: a JPEG keeps none exactly.
fn is_about(image: &image::RgbImage, x: u32, y: u32, color: [u8; 3]) -> bool {
    let pixel = image.get_pixel(x, y).0;
    let far = |(ours, wanted): (&u8, &u8)| ours.abs_diff(*wanted) > 12;
    !pixel.iter().zip(&color).any(far)
}
