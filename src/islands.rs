//! The interactive parts of pages. The server draws each island with plain links and forms. The browser
//! hydrates it once its WebAssembly has loaded; from then on the island moves without loading pages.
//!
//! Every visitor downloads what a module here uses, so it uses little.

pub mod browser;
mod checked;
pub mod contacts;
pub mod live;
