//! The interactive parts of pages. The server draws each island with plain links and forms. The browser
//! hydrates it once its WebAssembly has loaded; from then on the island moves without loading pages.
//!
//! Every visitor of a page downloads what its island uses, so it uses little. A feature for each page leaves the
//! islands of other pages out.

pub mod browser;
mod checked;
#[cfg(any(feature = "ssr", feature = "page-contacts"))]
pub mod contacts;
#[cfg(any(feature = "ssr", feature = "page-dashboard"))]
pub mod live;
pub mod page_data;
