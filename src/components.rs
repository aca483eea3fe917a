//! Components that pages and islands share. Each renders the same on the server and in the browser.

pub mod avatar;
pub mod clock;
#[cfg(feature = "ssr")]
mod conflict;
#[cfg(feature = "ssr")]
mod detail_actions;
#[cfg(feature = "ssr")]
pub mod detail_fields;
#[cfg(feature = "ssr")]
mod detail_sections;
#[cfg(feature = "ssr")]
pub mod drawn;
pub mod dynamic;
pub mod erased_signal;
pub mod error_text;
#[cfg(feature = "ssr")]
mod form_inputs;
pub mod icon;
#[cfg(feature = "ssr")]
pub mod label;
pub mod reactive_text;
pub mod view;
