//! What comes alive in the browser. Each island is drawn by the server, works there as plain
//! links and forms, and is taken over once its WebAssembly has arrived; from then on it moves
//! without loading pages.
//!
//! Whatever a module here uses is downloaded by every visitor, so it uses little.

pub mod browser;
mod checked;
pub mod contacts;
pub mod live;
