//! Kith, a self-hosted contact manager. One crate, compiled with `ssr` into the server, and with `hydrate` into
//! the WebAssembly that wakes the server's pages up in the browser. A release has such a file for each page,
//! compiled with `page-contacts` or `page-dashboard`.
//!
//! # Layout
//!
//! Modules stand on floors. A module imports from its own floor and from those below; a test in
//! `xtask` holds this.
//! - [`web`] (server only): HTTP, and the pages that the server draws.
//! - [`islands`]: the interactive parts of pages. The browser downloads only these and what they use.
//!   [`components`]: what pages and islands share.
//! - [`api`]: the server functions, by which the browser calls the use cases.
//! - [`services`] (server only): the use cases, without HTTP and without Leptos.
//! - [`model`]: what both halves share.
#![recursion_limit = "256"]

pub mod api;
pub mod components;
pub mod islands;
pub mod model;

#[cfg(feature = "ssr")]
pub mod services;
#[cfg(feature = "ssr")]
pub mod web;

/// Prepares the islands of the page. `src/web/pages/wake.js` calls this, and then each island.
#[cfg(feature = "browser")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
