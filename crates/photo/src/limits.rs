//! What a file may cost before any of it is decoded.

/// The default of [`Limits::bytes`]: 10 MiB.
pub const DEFAULT_MAX_BYTES: usize = 10 << 20;

/// The default of [`Limits::pixels`]: what the cameras of phones make.
pub const DEFAULT_MAX_PIXELS: u64 = 50_000_000;

/// The default of [`Limits::side_pixels`], which is also the longest side of a WebP, and one more.
pub const DEFAULT_MAX_SIDE_PIXELS: u32 = 16_384;

/// The default of [`Limits::memory_bytes`]: 50 megapixels with transparency, and some room.
pub const DEFAULT_MAX_MEMORY_BYTES: u64 = 210 << 20;

/// What a file may cost. All of it is compared with the header, before the file is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of the file.
    pub bytes: usize,
    /// The most pixels: width times height.
    pub pixels: u64,
    /// The most pixels of the width, and of the height.
    pub side_pixels: u32,
    /// The most bytes that decoding may allocate for pixels.
    ///
    /// A pixel takes 1 to 19 bytes, depending on the kind of the file: a progressive JPEG keeps all coefficients until its
    /// last scan, and a PNG may have 16 bits in each of four channels. So the most pixels of such a kind are fewer
    /// than [`Limits::pixels`].
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: DEFAULT_MAX_BYTES,
            pixels: DEFAULT_MAX_PIXELS,
            side_pixels: DEFAULT_MAX_SIDE_PIXELS,
            memory_bytes: DEFAULT_MAX_MEMORY_BYTES,
        }
    }
}
