//! Kith, a self-hosted contact manager. One crate, compiled twice: with `ssr` into the server,
//! with `hydrate` into the WebAssembly that wakes the server's pages up in the browser.
//!
//! # Layout
//!
//! Both halves hold what they say to each other and what either may draw:
//! - [`contact`]: contacts on the wire; [`place`]: the addresses of pages; [`error`]: what a
//!   person may be told when something goes wrong.
//! - [`api`]: the server functions, the door from the browser to the server.
//! - [`components`]: pieces that pages share.
//! - [`islands`]: the parts of pages that come alive. Only these, and what they use, weigh in
//!   the browser.
//!
//! The server alone has:
//! - [`app`] and [`pages`]: the document and the pages around the islands.
//! - [`server`]: everything behind them.
#![recursion_limit = "256"]

pub mod api;
pub mod components;
pub mod contact;
pub mod error;
pub mod islands;
pub mod place;

#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod server;

/// Prepares the islands of the page. `src/pages/wake.js` calls this, and then each island.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
