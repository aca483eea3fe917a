#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod crop;
mod decode;
mod encode;
mod error;
mod format;
mod header;
mod limits;
mod prepare;
#[cfg(test)]
mod tests;

pub use crop::Crop;
pub use error::PhotoError;
pub use format::Foreign;
pub use format::Format;
pub use limits::{
    DEFAULT_MAX_BYTES, DEFAULT_MAX_MEMORY_BYTES, DEFAULT_MAX_PIXELS, DEFAULT_MAX_SIDE_PIXELS,
    Limits,
};
pub use prepare::{
    LARGE_SIDE_PIXELS, MEDIA_TYPE, Picture, Prepared, SMALL_SIDE_PIXELS, prepare, prepare_within,
};
